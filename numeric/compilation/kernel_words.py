"""The words of kernels that are compiled without Numba, and what they mean in plain Python.

A kernel is a function of numbers and of contiguous arrays that returns nothing. It is never called
as it is: `sgdmem.numeric.compilation.kernel_compiler` reads its source.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])

lanes = range  # a loop whose turns do not depend on each other


def machine_code(signature: str, contract: bool = False) -> Callable[[_Kernel], _Kernel]:
    """Mark a kernel.

    Parameters
    ----------
    signature
        The types of its arguments, ``"f8[:,::1], i8[::1], f8, i8, b1"``: floats, integers of 64
        bits, flags, and arrays of them (flags in arrays are ``i1``, integers of 8 bits).
    contract
        Whether a product and a sum may be rounded once.
    """
    return lambda kernel: kernel


def part(function: _Kernel) -> _Kernel:
    """Mark a function that kernels of the same source call, and parts after it.

    It assigns, in straight lines, and returns a number or a tuple of them, or nothing if it fills
    in entries of arrays. What it uses in an index does not change in it.
    """
    return function


def on_stack(size: int) -> Array:
    """Return an array of so many floats, a literal; what they are is not said.

    Nor is it after a loop over lanes up to the next multiple of 16, where vectors end.
    """
    return np.full(size, np.nan)


def shaped(flat: Array, shape: tuple[int, ...]) -> Array:
    """Return the beginning of a flat array with a shape; whoever calls sees that it is there."""
    return flat[: math.prod(shape)].reshape(shape)


def fma(x: float, y: float, z: float) -> float:
    """Return x y + z, rounded once."""
    if not math.isfinite(z):
        return z if math.isfinite(x) and math.isfinite(y) else x * y + z
    if not (math.isfinite(x) and math.isfinite(y)):
        return x * y
    exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
    try:
        return float(exact) if exact else x * y + z  # with its sign
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def bits_of(x: float) -> int:
    """Return the 64 bits of a float as an integer."""
    return int(np.float64(x).view(np.int64))


def float_of(bits: int) -> float:
    """Return the float of 64 bits."""
    return float(np.int64(bits).view(np.float64))


def calling(signature: str) -> Callable[[Any, tuple[Any, ...]], None]:
    """Return a function (address, (arguments)) that calls machine code with such arguments."""
    return lambda address, arguments: address(*arguments)
