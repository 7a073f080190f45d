"""What the text of a kernel means: plain Python on NumPy's numbers of 64 bits."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sgdmem.numeric.compilation.kernel_words import fma, on_stack


class _Numbers(ast.NodeTransformer):
    """Makes NumPy's numbers of the literals, of 64 bits."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            return node
        return _called("integer" if isinstance(node.value, int) else "float64", node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return _called("int64", node) if node.attr == "size" else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.value, ast.Attribute):
            return _called("int64", node)  # of a shape
        self.generic_visit(node)
        name = ast.unparse(node.value)
        return _called("int64", node) if name == "flags" and _is_read(node) else node


def _is_read(node: ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Load)


def _called(name: str, node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), [node], [])


def turns(*ends: int) -> Iterator[Any]:
    """Make the integers of a range, of 64 bits."""
    return map(np.int64, range(*ends))


def integer(value: int) -> Any:
    """Return an integer of 64 bits; -2**63 is written as the negative of what is one too large."""
    return np.uint64(value).astype(np.int64)


def in_plain_python(source: str) -> Callable[..., None]:
    """Return the kernel as Python runs it."""
    tree = ast.parse(source)
    body = [x for x in tree.body if isinstance(x, ast.FunctionDef | ast.Assign)]
    for function in body:
        if isinstance(function, ast.FunctionDef):
            function.decorator_list = []
    names: dict[str, Any] = {
        **{"lanes": turns, "range": turns, "on_stack": on_stack},
        **{"fma": lambda *given: np.float64(fma(*given)), "sqrt": np.sqrt},
        **{"copysign": np.copysign, "inf": np.float64(math.inf), "nan": np.float64(math.nan)},
        **{"int64": np.int64, "float64": np.float64, "integer": integer},
    }
    turned: ast.Module = _Numbers().visit(ast.Module(list(body), []))
    module = ast.fix_missing_locations(turned)
    exec(compile(module, "<kernel>", "exec"), names)
    found: Callable[..., None] = names["kernel"]

    def quiet(*arguments: Any) -> None:
        with np.errstate(all="ignore"):
            found(*(np.int64(x) if type(x) is int else x for x in arguments))

    return quiet
