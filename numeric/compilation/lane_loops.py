"""What a loop over lanes uses, read from its source, and code for lanes that are left over."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

# Lanes at a time. Two vectors, as the widest are, hide the latency of operations in a row; a long
# body has enough of them, and takes long to compile.
WIDE, NARROW = 16, 8


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


def entries(body: list[ast.stmt]) -> list[tuple[str, ast.Subscript]]:
    """Return what a loop reads and writes in arrays, with their names."""
    return [
        (x.value.id, x)
        for x in _nodes(body)
        if isinstance(x, ast.Subscript) and isinstance(x.value, ast.Name)
    ]


def used_rows(
    body: list[ast.stmt],
    used: list[tuple[str, ast.Subscript]],
    index: str,
    flat: Container[str],
) -> dict[str, Rows]:
    """Return what a loop uses of the arrays that are given, from its `entries`."""
    found: dict[str, Rows] = {}
    changing = names_given(body) | {index}
    for name, node in used:
        if name in flat:
            continue
        if not isinstance(node.slice, ast.Tuple):
            raise TypeError(f"lanes are along the second axis of {name}")
        row, column = node.slice.elts
        base = without(column, index)
        some = found.setdefault(name, Rows(base))
        if text_of(base) != text_of(some.base) or read_names([base]) & changing:
            raise TypeError(f"lanes of {name} begin at several places: {ast.unparse(node)}")
        some.count = max(some.count, natural(row) + 1)
        some.written |= isinstance(node.ctx, ast.Store)
    return found


def flat_rows(
    body: list[ast.stmt], used: list[tuple[str, ast.Subscript]], index: str, flat: Container[str]
) -> dict[tuple[str, str], ast.expr | None]:
    """Return where rows of flat arrays begin, by the arrays' names and the texts of these."""
    found: dict[tuple[str, str], ast.expr | None] = {}
    changing = names_given(body) | {index}
    for name, node in used:
        if name in flat:
            base = without(node.slice, index)
            if read_names([base]) & changing:
                raise TypeError(f"a row of {name} begins at what lanes change: {ast.unparse(node)}")
            found[name, text_of(base)] = base
    return found


def text_of(base: ast.expr | None) -> str:
    """Return the text of what is added to the number of a lane."""
    return "" if base is None else ast.unparse(base)


def natural(node: ast.expr) -> int:
    """Return an index that is a literal."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, int):
        raise TypeError(f"in lanes this is a natural number, written out: {ast.unparse(node)}")
    return node.value


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


def is_whole(end: ast.expr) -> bool:
    """Whether loops over lanes that begin and end so are made of whole vectors: ``16 * n``."""
    match end:
        case ast.Constant(value=int() as number):
            return number % WIDE == 0
        case ast.BinOp(left=ast.Constant(value=int() as number), op=ast.Mult()):
            return number % WIDE == 0
    return False


def read_names(body: Iterable[ast.AST | None]) -> set[str]:
    """Return the names that are read."""
    return {x.id for x in _nodes(body) if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Load)}


def names_given(body: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names to which statements assign, at any depth."""
    found: set[str] = set()
    for node in body:
        match node:
            case ast.Name(id=name):
                found.add(name)
            case ast.Assign(targets=inner) | ast.Tuple(elts=inner):
                found |= names_given(inner)
            case ast.AugAssign(target=target):
                found |= names_given([target])
            case ast.For(target=target, body=inner):
                found |= names_given([target, *inner])
            case ast.If(body=inner, orelse=others):
                found |= names_given([*inner, *others])
    return frozenset(found)


def gathered_names(body: list[ast.stmt]) -> set[str]:
    """Return what lanes gather outside: flags that one sets, ``flag = flag | …``, and sums."""
    found: set[str] = set()
    given: set[str] = set()
    others: list[ast.AST] = []
    for statement in body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.BinOp(op=ast.BitOr() | ast.Add(), left=ast.Name(id=left), right=more),
            ) if left == name and name not in given:
                found.add(name)
                others.append(more)
            case ast.AugAssign(
                target=ast.Name(id=name), op=ast.BitOr() | ast.Add(), value=more
            ) if name not in given:
                found.add(name)
                others.append(more)
            case _:
                given |= names_given([statement])
                others.append(statement)
    if found and found & (read_names(others) | given):
        raise TypeError(f"lanes gather something and use it otherwise: {', '.join(found)}")
    return found


def _nodes(body: Iterable[ast.AST | None]) -> Iterator[ast.AST]:
    for node in body:
        if node is not None:
            yield from ast.walk(node)


_COPY = """\
define internal void @{name}(
  ptr %here, ptr %there, i64 %width, i64 %rows, i64 %stride, i64 %left
) noinline nounwind {{
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
