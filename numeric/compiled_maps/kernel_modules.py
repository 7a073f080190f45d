"""Sources of modules with one kernel, for processors and for GPUs."""

from __future__ import annotations

from collections.abc import Sequence

_MATH = "from math import copysign, inf"
_WORDS = "from sgdmem.numeric.compilation.kernel_words import lanes, machine_code, on_stack"


def compiled_module(signature: str, definition: str, body: Sequence[str]) -> str:
    """Return the source of a module for `sgdmem.numeric.compilation.kernel_compiler`."""
    # Numbers that are no numbers must stay so, and sums keep their order: only contraction.
    mark = f'@machine_code("{signature}", contract=True)'
    head = [_MATH, "", "from numpy import int64", _WORDS, "", "", mark, definition]
    return "\n".join([*head, *indented(1, body), ""])


def cuda_module(definition: str, body: Sequence[str]) -> str:
    """Return the source of a module with a flat kernel for `numba.cuda`."""
    head = [_MATH, "", "from numba import cuda", "", "", definition]
    return "\n".join([*head, *indented(1, body), ""])


def indented(depth: int, lines: Sequence[str]) -> list[str]:
    """Return lines so many levels deeper."""
    return ["    " * depth + line for line in lines]
