"""The update as it is written in the source of a function, in the notation of `Update`."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

_SUM, _PRODUCT, _POWER, _ATOM = range(4)
_OPERATORS = {
    ast.Add: ("+", _SUM),
    ast.Sub: ("-", _SUM),
    ast.Mult: ("", _PRODUCT),
    ast.Div: ("/", _PRODUCT),
    ast.Pow: ("^", _POWER),
}


class _NotWritten(Exception):
    """The notation has no words for a part of the source."""


def update_lines(
    function: Callable[..., Any],
    vectors: Sequence[str],
    gradient: str,
    parameters: Collection[str] = (),
) -> tuple[list[str], set[str]] | None:
    """Return the assignments of an update function as lines, and the names that they assign.

    Parameters
    ----------
    function
        It assigns, and returns the new vectors.
    vectors
        Their names, the iterate first.
    gradient
        What the gradient function is called.
    parameters
        Names of others that it may use; numbers from around it are written out.

    Returns
    -------
    lines, names
        None where there is no source, or it has loops, branches, calls of other functions, or
        names of anything else.

    Examples
    --------
    >>> def heavy_ball(w, v, gradient, *, learning_rate, momentum):
    ...     v = momentum * v - learning_rate * gradient(w)
    ...     return w + v, v
    >>> update_lines(heavy_ball, ["w", "v"], "gradient", ["learning_rate", "momentum"])[0]
    ['v <- momentum v - learning_rate gradient(w)', 'w <- w + v']
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef):
        return None
    written = _Writer(gradient, {*vectors, *parameters}, _numbers_around(function))
    try:
        assigned = [
            assignments for statement in tree.body[0].body
            if (assignments := written.statement(statement, vectors))
        ]  # fmt: skip
    except _NotWritten:
        return None
    names = {name for assignments in assigned for name, _, _ in assignments}
    return [line for assignments in assigned for line in in_sequence(assignments)], names


def _numbers_around(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the numbers that a function uses from outside, by name."""
    around = inspect.getclosurevars(function)
    known = {**around.globals, **around.nonlocals}
    return {key: x for key, x in known.items() if type(x) in (int, float) and x >= 0}


Assignment = tuple[str, str, set[str]]  # what is assigned, its text, and the names that it reads


def in_sequence(assignments: Sequence[Assignment]) -> list[str]:
    """Return assignments that happen at once as lines that happen one after the other.

    In their order if no line reads what an earlier one has changed, else in the first one in
    which none does. Where vectors change places there is no such order, and one line assigns all.

    Examples
    --------
    >>> in_sequence([("w", "w - d", {"w", "d"}), ("w_last", "w", {"w"})])
    ['w_last <- w', 'w <- w - d']
    >>> in_sequence([("v", "w", {"w"}), ("w", "v", {"v"})])
    ['v, w <- w, v']
    """
    waiting, lines = list(assignments), []
    while waiting:
        for one in waiting:
            if not any(one[0] in reads for _, _, reads in waiting if reads is not one[2]):
                break
        else:
            targets, texts, _ = zip(*assignments, strict=True)
            return [f"{', '.join(targets)} <- {', '.join(texts)}"]
        waiting.remove(one)
        lines.append(f"{one[0]} <- {one[1]}")
    return lines


class _Writer:
    def __init__(self, gradient: str, known: set[str], numbers: Mapping[str, Any]) -> None:
        self.gradient = gradient
        self.known = known
        self.numbers = numbers

    def statement(self, node: ast.stmt, vectors: Sequence[str]) -> list[Assignment]:
        """Return what a statement assigns at once; nothing of a docstring or what is printed."""
        if isinstance(node, ast.Expr | ast.Pass):
            return []
        if isinstance(node, ast.Return) and node.value is not None:
            values = _elements(node.value)
            return self._assigned(vectors, values)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            whole = ast.BinOp(ast.Name(node.target.id), node.op, node.value)
            return self._assigned([node.target.id], [whole])
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            return self._assigned(_names(node.target), [node.value])
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            names = _names(node.targets[0])
            return self._assigned(names, _elements(node.value) if len(names) > 1 else [node.value])
        raise _NotWritten

    def _assigned(self, names: Sequence[str], values: Sequence[ast.expr]) -> list[Assignment]:
        if len(names) != len(values):
            raise _NotWritten
        found = [
            (name, self.text(value), _read(value))
            for name, value in zip(names, values, strict=True)
            if not (isinstance(value, ast.Name) and value.id == name)
        ]
        self.known.update(names)
        return found

    def text(self, node: ast.expr, around: int = _SUM) -> str:
        """Return an expression, in parentheses where what is around it binds more closely."""
        text, binds = self._written(node)
        return f"({text})" if binds < around else text

    def _written(self, node: ast.expr) -> tuple[str, int]:
        if isinstance(node, ast.Name) and node.id in self.known:
            return node.id, _ATOM
        if isinstance(node, ast.Name) and node.id in self.numbers:
            return str(self.numbers[node.id]), _ATOM
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return str(node.value), _ATOM
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return f"-{self.text(node.operand, _PRODUCT)}", _SUM
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return self._operation(node)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "sqrt":
            return self._written(ast.BinOp(node.args[0], ast.Pow(), ast.Constant(0.5)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            if node.func.id == self.gradient and len(node.args) == 1:
                return f"gradient({self.text(node.args[0])})", _ATOM
            if node.func.id == "Fraction" and len(node.args) == 2:
                return self._written(ast.BinOp(node.args[0], ast.Div(), node.args[1]))
        raise _NotWritten

    def _operation(self, node: ast.BinOp) -> tuple[str, int]:
        sign, binds = _OPERATORS[type(node.op)]
        left, right = node.left, node.right
        if isinstance(node.op, ast.Pow):
            return f"{self.text(left, _ATOM)}^{self.text(right, _ATOM)}", _POWER
        if isinstance(node.op, ast.Mult) and self._begins_with_number(right):
            left, right = right, left  # numbers come first
            if self._begins_with_number(right):
                raise _NotWritten  # two numbers side by side would look like one
        if isinstance(node.op, ast.Mult) and isinstance(left, ast.UnaryOp):
            return f"-{self.text(ast.BinOp(left.operand, node.op, right), _PRODUCT)}", _SUM
        if isinstance(node.op, ast.Mult) and isinstance(getattr(left, "op", None), ast.Div):
            return f"({self.text(left)}) {self.text(right, binds)}", binds
        closer = isinstance(node.op, ast.Sub | ast.Div)
        second = self.text(right, binds + 1 if closer else binds)
        return f"{self.text(left, binds)} {sign} {second}".replace("  ", " "), binds

    def _begins_with_number(self, factor: ast.expr) -> bool:
        return self.text(factor, _PRODUCT)[0].isdecimal()


def _elements(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _names(node: ast.expr) -> list[str]:
    targets = _elements(node)
    if not all(isinstance(target, ast.Name) for target in targets):
        raise _NotWritten
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _read(node: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
