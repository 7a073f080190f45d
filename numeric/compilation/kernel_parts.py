"""Parts of kernels, functions that are written out where they are called.

Numbers are given by value. What a part uses in an index, or as an array, is written as it is given,
so that lanes see which rows these are.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from copy import deepcopy

from sgdmem.numeric.compilation.lane_loops import names_given


def is_marked(node: ast.stmt, word: str) -> bool:
    """Whether a statement is a function with the decorator ``@word`` or ``@word(...)``."""
    marks = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    called = (x.func if isinstance(x, ast.Call) else x for x in marks)
    return any(isinstance(x, ast.Name) and x.id == word for x in called)


def without_parts(
    kernel: ast.FunctionDef,
    parts: Mapping[str, ast.FunctionDef],
    constants: Mapping[str, float],
) -> ast.FunctionDef:
    """Return a kernel whose calls of parts are statements before what they are called in."""
    writer = _Writer(parts, constants)
    return ast.FunctionDef(**{**vars(kernel), "body": writer.statements(kernel.body)})


class _Writer(ast.NodeTransformer):
    """Writes statements; what one of them calls goes before it."""

    def __init__(
        self, parts: Mapping[str, ast.FunctionDef], constants: Mapping[str, float]
    ) -> None:
        self._parts, self._constants = parts, constants
        self._before: list[ast.stmt] = []
        self._count = 0

    def statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Return statements with what goes before each."""
        found: list[ast.stmt] = []
        for statement in body:
            outside, self._before = self._before, []
            one = deepcopy(statement)
            match one:
                case ast.If() | ast.For():
                    if isinstance(one, ast.If):
                        one.test = self.visit(one.test)
                    else:
                        one.iter = self.visit(one.iter)
                    one.body, one.orelse = self.statements(one.body), self.statements(one.orelse)
                case ast.Assign(value=ast.Call(func=ast.Name(id=name)) as call) if (
                    name in self._parts
                ):
                    self.generic_visit(call)
                    one.value = self._written(call, name)
                    one.targets = [self.visit(x) for x in one.targets]
                case ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call) if (
                    name in self._parts
                ):
                    self.generic_visit(call)
                    if self._write(call, name) is not None:
                        raise TypeError(f"{name} returns something that is not used")
                    found += self._before
                    self._before = outside
                    continue
                case _:
                    one = self.visit(one)
            found += [*self._before, one]
            self._before = outside
        return found

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Put a part before the statement, and its result in the place of the call."""
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Name) and node.func.id in self._parts):
            return node
        value = self._written(node, node.func.id)
        if isinstance(value, ast.Tuple):
            raise TypeError(f"{node.func.id} is no single number: {ast.unparse(node)[:80]}")
        return value

    def _written(self, call: ast.Call, name: str) -> ast.expr:
        """Write a part, and return its result."""
        result = self._write(call, name)
        if result is None:
            raise TypeError(f"the part {name} does not end in what it returns")
        return result

    def _write(self, call: ast.Call, name: str) -> ast.expr | None:
        """Write a part with names of its own; return its result, if it has one."""
        part, given = self._parts[name], call.args
        if call.keywords:
            raise TypeError(f"parts of kernels have no named arguments: {ast.unparse(call)[:80]}")
        arguments = [x.arg for x in part.args.args]
        body = [x for x in part.body if not _is_text(x)]
        last = body[-1].value if isinstance(body[-1], ast.Return) else None
        body = body if last is None else body[:-1]
        if len(arguments) != len(given):
            raise TypeError(f"{name} takes {len(arguments)} numbers, not {len(given)}")
        self._count += 1
        stem = f"{name}.{self._count}."  # no name of Python has a dot
        own = names_given(body).union(arguments)
        names: dict[str, ast.expr] = {x: ast.Name(stem + x) for x in own}
        as_given = _names_in_indices(part)
        if as_given & names_given(body):
            raise TypeError(f"the part {name} changes an index")
        for argument, value in zip(arguments, given, strict=True):
            if argument in as_given:
                names[argument] = value
            else:
                self._before.append(_assigned(stem + argument, value))
        for statement in body:
            if not isinstance(statement, ast.Assign | ast.AugAssign):
                raise TypeError(f"a part assigns and returns: {ast.unparse(statement)[:80]}")
            if last is not None and _fills_in(statement):
                raise TypeError(f"the part {name} fills in entries and returns something")
        rename = _Names(name, names, self._constants)
        self._before += self.statements([rename.visit(deepcopy(x)) for x in body])
        return None if last is None else self.visit(rename.visit(deepcopy(last)))


class _Names(ast.NodeTransformer):
    """Gives names of a part to this use of it, and constants of its module their values."""

    def __init__(
        self, part: str, names: Mapping[str, ast.expr], constants: Mapping[str, float]
    ) -> None:
        self._part, self._names, self._constants = part, names, constants

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._names:
            value = self._names[node.id]
            return ast.Name(value.id, node.ctx) if isinstance(value, ast.Name) else deepcopy(value)
        if node.id in self._constants:
            return ast.Constant(self._constants[node.id])
        raise TypeError(f"{node.id} may have no value in {self._part}")

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(x) for x in node.args]
        return node


def _names_in_indices(part: ast.FunctionDef) -> set[str]:
    """Return the names of arrays, and of what is in their indices."""
    indexed = [x for x in ast.walk(part) if isinstance(x, ast.Subscript)]
    return {x.id for node in indexed for x in ast.walk(node) if isinstance(x, ast.Name)}


def _fills_in(statement: ast.stmt) -> bool:
    """Whether it assigns to an entry of an array."""
    return any(
        isinstance(x, ast.Subscript) and isinstance(x.ctx, ast.Store) for x in ast.walk(statement)
    )


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _assigned(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)
