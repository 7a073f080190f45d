"""What a loop over lanes uses, read from its source, and code for lanes that are left over."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from dataclasses import dataclass


@dataclass
class Rows:
    """What a loop uses of an array that is given.

    Attributes
    ----------
    base
        What is added to the number of a lane in the second index, or None.
    count
        How many rows are reached: the first index is a number.
    """

    base: ast.expr | None
    count: int = 0
    written: bool = False


def used_rows(body: list[ast.stmt], index: str, on_stack: Container[str]) -> dict[str, Rows]:
    """Return what a loop uses of the arrays that are given."""
    found: dict[str, Rows] = {}
    for node in _nodes(body):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            name = node.value.id
            if name in on_stack:
                continue
            if not isinstance(node.slice, ast.Tuple):
                raise TypeError(f"lanes are along the second axis of {name}")
            row, column = node.slice.elts
            some = found.setdefault(name, Rows(without(column, index)))
            some.count = max(some.count, ast.literal_eval(row) + 1)
            some.written |= isinstance(node.ctx, ast.Store)
    return found


def without(column: ast.expr, index: str) -> ast.expr | None:
    """Return what is added to the number of a lane, before it, or None."""
    if isinstance(column, ast.Name) and column.id == index:
        return None
    if (
        isinstance(column, ast.BinOp)
        and isinstance(column.op, ast.Add)
        and isinstance(column.right, ast.Name)
        and column.right.id == index
    ):
        return column.left
    raise TypeError(f"an index of lanes must be {index}, or a sum that ends in it")


def read_names(body: list[ast.stmt]) -> set[str]:
    """Return the names that are read."""
    return {x.id for x in _nodes(body) if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Load)}


def gathered_flags(body: list[ast.stmt]) -> set[str]:
    """Return the flags from outside that one lane is enough to set: ``flag = flag | …``."""
    found = set()
    for statement in body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.BinOp):
            (target,), value = statement.targets, statement.value
            if (
                isinstance(target, ast.Name)
                and isinstance(value.op, ast.BitOr)
                and isinstance(value.left, ast.Name)
                and value.left.id == target.id
            ):
                found.add(target.id)
    return found


def _nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    for statement in body:
        yield from ast.walk(statement)


_COPY = """\
define internal void @{name}(
  ptr %here, ptr %there, i64 %width, i64 %rows, i64 %stride, i64 %left
) noinline {{
entry:
  %last = sub i64 %left, 1
  br label %row
row:
  %r = phi i64 [0, %entry], [%r.next, %next]
  %far = mul i64 %r, %stride
  %near = mul i64 %r, %width
  br label %lane
lane:
  %l = phi i64 [0, %row], [%l.next, %lane]
  %inside = icmp slt i64 %l, %last
  %least = select i1 %inside, i64 %l, i64 %last
  %far.place = add i64 %far, %least
  %near.place = add i64 %near, %l
  %far.at = getelementptr double, ptr %there, i64 %far.place
  %near.at = getelementptr double, ptr %here, i64 %near.place
  %value = load double, ptr %{source}
  store double %value, ptr %{target}
  %l.next = add i64 %l, 1
  %more = icmp slt i64 %l.next, %{end}
  br i1 %more, label %lane, label %next
next:
  %r.next = add i64 %r, 1
  %again = icmp slt i64 %r.next, %rows
  br i1 %again, label %row, label %end
end:
  ret void
}}
"""
# Into a copy all lanes are filled, those beyond with the last member; back go the members alone.
COPIES = _COPY.format(name="copy_in", source="far.at", target="near.at", end="width")
COPIES += _COPY.format(name="copy_out", source="near.at", target="far.at", end="left")
