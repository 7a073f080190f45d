"""Numbers of any kind as the caller gives them: exact fractions, or floats with their errors."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.symbolic.algebra.scalars import Scalar, as_scalar, is_symbolic, to_float
from sgdmem.symbolic.errors import InputError

_DIGITS = 40
_UNTOLD = Fraction(1, 10**300)


def number(value: Any, name: str) -> Fraction:
    """Return a number without free symbols exactly; irrational SymPy numbers to 40 digits."""
    scalar = as_scalar(value, name)
    if is_symbolic(scalar):
        if scalar.free_symbols:
            raise InputError(f"{name} must be a number, got {scalar}")
        scalar, _ = enclose(scalar)
    return scalar  # type: ignore[no-any-return]


def enclose(value: Scalar) -> tuple[Fraction, Fraction]:
    """Return a rational number near a constant, and a bound on their distance.

    Rational numbers are their own; an irrational SymPy number is rounded to 40 digits, and one that
    is too close to zero to be told from it by 400 digits is enclosed by 0 +- 1e-300.
    """
    if isinstance(value, Fraction):
        return value, Fraction(0)
    from sympy import Rational
    from sympy.core.evalf import PrecisionExhausted

    if value.is_Rational:
        return as_scalar(value, "value"), Fraction(0)
    try:
        number = value.evalf(_DIGITS, strict=True, maxn=400)
    except PrecisionExhausted:
        return Fraction(0), Fraction(0 if value.equals(0) else _UNTOLD)
    rounded = as_scalar(Rational(number), "value")
    return rounded, abs(rounded) / 10 ** (_DIGITS - 2)


def positive(value: Any, name: str) -> Fraction:
    """Return a positive number; see `number`."""
    scalar = number(value, name)
    if scalar <= 0:
        raise InputError(_not_positive(name, value))
    return scalar


def positive_float(value: Any, name: str) -> float:
    """Return the float nearest to a positive number, which must not overflow or underflow."""
    number = to_float(positive(value, name))
    if number == 0 or math.isinf(number):
        raise InputError(f"{name} must be within the range of floating-point numbers, got {value}")
    return number


def _not_positive(name: str, value: Any) -> str:
    advice = " (drop zero eigenvalues: they never move)" if value == 0 and "[" in name else ""
    return f"{name} must be positive and finite, got {value}{advice}"


def is_whole(value: Any) -> bool:
    """Whether a value is an int, Python's or NumPy's, and no truth value."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def whole(value: Any, name: str, least: int, most: int | None = None, beyond: str = "") -> int:
    """Return an integer within bounds; a whole float such as 10.0 is one.

    Parameters
    ----------
    value, name
        What is given, and what to call it in an error message.
    least, most : int
        The bounds; ``most`` is None where there is no upper one.
    beyond : str
        What helps with a larger number, for the message.

    Raises
    ------
    InputError
        For anything else.

    Examples
    --------
    >>> whole(10.0, "steps", 0)
    10
    """
    entire = isinstance(value, (float, np.floating)) and value.is_integer()
    known = is_whole(value) or entire
    if known and least <= value and (most is None or value <= most):
        return int(value)
    bounds = f">= {least}" if most is None else f"from {least} to {most:,}"
    advice = f": {beyond}" if beyond and known and value > least else ""
    raise InputError(f"{name} must be an integer {bounds}, got {value!r}{advice}")


def is_list(value: Any) -> bool:
    """Whether a value is several numbers rather than one; a zero-dimensional array is one."""
    single = isinstance(value, (str, bytes)) or getattr(value, "shape", None) == ()
    return not single and hasattr(value, "__iter__")


def positive_list(values: Any, name: str) -> tuple[Array, Array]:
    """Return nearest floats and radii of a one-dimensional list of positive numbers."""
    if not is_list(values):
        raise InputError(f"{name} must be a list of positive numbers, got {values!r}")
    if hasattr(values, "__array__"):  # an array, or a Series or tensor
        values = unmasked(values, name)
    else:
        values = list(values)
        if set(map(type, values)) == {float}:  # not through fractions, one by one
            values = np.array(values)
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise InputError(f"{name} must be a list of numbers, got shape {values.shape}")
        if values.size and values.dtype.kind in "fiu":
            mid = values.astype(np.float64)
            bad = ~(np.isfinite(mid) & (mid > 0))
            if bad.any():
                index = int(bad.argmax())
                raise InputError(_not_positive(f"{name}[{index}]", values[index]))
            if values.dtype.kind == "f":
                return mid, _distances(values, mid)
            if (values < 2**53).all():
                return mid, np.zeros(mid.size)
    entries = [positive(value, f"{name}[{i}]") for i, value in enumerate(values)]
    if not entries:
        raise InputError(f"{name} must not be empty")
    ball = Ball.exactly(entries)
    beyond = ~(np.isfinite(ball.mid) & (ball.mid > 0))
    if beyond.any():
        index = int(beyond.argmax())
        raise InputError(
            f"{name}[{index}] must be within the range of floating-point numbers, "
            f"got {values[index]}"
        )
    return ball.mid, ball.rad


def unmasked(values: Any, name: str) -> Array:
    """Return an array; InputError if some of its entries are masked."""
    if np.ma.is_masked(values):
        raise InputError(f"{name} must not have masked entries: drop or fill them")
    return np.asarray(values)


def read_reals(values: Any, name: str) -> Array:
    """Return an array of finite floats; InputError for anything else."""
    try:
        array = unmasked(values, name)
        if np.iscomplexobj(array):
            raise TypeError
        array = array.astype(float)
    except InputError:
        raise
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} must hold real numbers, got {values!r}") from None
    if not np.isfinite(array).all():
        raise InputError(f"{name} must hold finite numbers, got {values!r}")
    return array


def _distances(values: Array, mid: Array) -> Array:
    """Return upper bounds of |values - mid|, zero except for floats longer than 64 bits."""
    if values.dtype.itemsize <= 8:
        return np.zeros(mid.size)
    gap = np.abs(values - mid)  # exact: the bits that mid had no room for
    return np.where(gap > 0, np.nextafter(gap.astype(np.float64), np.inf), 0.0)
