"""Generated kernels, run as plain Python and NumPy's numbers."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from sgdmem.numeric.compilation.kernel_words import lanes, on_stack

Kernel: TypeAlias = Callable[..., Any]


def tree_of(source: str) -> ast.Module:
    """Return a generated module without what compiles it."""
    tree = ast.parse(source)
    kept = [x for x in tree.body if not isinstance(x, ast.ImportFrom)]
    for node in kept:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
    return ast.Module(kept, [])


def function_of(tree: ast.Module, name: str) -> Kernel:
    """Return a function of a generated module, in Python and NumPy's numbers."""
    known: dict[str, Any] = {"copysign": np.copysign, "inf": math.inf, "nan": math.nan,
                             "int64": np.int64, "on_stack": on_stack, "lanes": lanes}  # fmt: skip
    exec(compile(tree, "generated", "exec"), known)
    found: Kernel = known[name]

    def quiet(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return found(*arguments)

    return quiet
