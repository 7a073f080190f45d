"""Single numbers of any kind as the caller gives them: exact fractions, or floats."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from sgdmem.symbolic.algebra.scalars import (
    Scalar,
    as_scalar,
    interval_ends,
    is_list,
    is_symbolic,
    to_float,
)
from sgdmem.symbolic.errors import InputError, shown

_DIGITS = 40
_UNTOLD = Fraction(1, 10**300)


def number(value: Any, name: str) -> Fraction:
    """Return a number without free symbols exactly; irrational SymPy numbers to 40 digits."""
    scalar = as_scalar(value, name)
    if is_symbolic(scalar):
        scalar, _ = enclosure(scalar, name)
    return scalar  # type: ignore[no-any-return]


def enclosure(value: Any, name: str) -> tuple[Fraction, Fraction]:
    """Return the middle and the radius of a number, or of an interval of mpmath or FLINT.

    Examples
    --------
    >>> import mpmath
    >>> enclosure(mpmath.mpi(1, 2), "eigenvalue")
    (Fraction(3, 2), Fraction(1, 2))
    """
    ends = interval_ends(value, name)
    if ends is not None:
        return (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2
    scalar = as_scalar(value, name)
    if is_symbolic(scalar) and scalar.free_symbols:
        raise InputError(f"{name} must be a number, got {shown(scalar)}")
    return enclose(scalar)


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
    if scalar.numerator <= 0:
        raise InputError(f"{name} must be positive and finite, got {shown(value)}")
    return scalar


def below_one(value: Any, name: str) -> Fraction:
    """Return a number from 0 to 1, without 1, such as a momentum; see `number`."""
    scalar = number(value, name)
    if not 0 <= scalar < 1:
        raise InputError(f"{name} must be from 0 to 1, without 1, got {shown(value)}")
    return scalar


def positive_float(value: Any, name: str) -> float:
    """Return the float nearest to a positive number, which must not overflow or underflow."""
    if type(value) is float and 0 < value < math.inf:  # at once: maps ask for many
        return value
    number = to_float(positive(value, name))
    if number == 0 or math.isinf(number):
        raise InputError(
            f"{name} must be within the range of floating-point numbers, got {shown(value)}"
        )
    return number


def bounded_float(value: Any, name: str, most: float) -> float:
    """Return a positive float that is far from the ends of their range: from 1/most to most."""
    found = positive_float(value, name)
    if not 1 / most <= found <= most:
        raise InputError(f"{name} must be from {1 / most:g} to {most:g}, got {shown(value)}")
    return found


def lengths(value: Any, name: str) -> tuple[int, ...]:
    """Return the shape of an array, given as one length or a list of them.

    Examples
    --------
    >>> lengths(3, "shape"), lengths([2, 3], "shape")
    ((3,), (2, 3))
    """
    return tuple(whole(n, name, 0, 10**12) for n in (value if is_list(value) else [value]))


def whole(value: Any, name: str, least: int, most: int | None = None, beyond: str = "") -> int:
    """Return an integer within bounds; a whole float such as 10.0 is one, a text is none.

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
    known = None if isinstance(value, str) else _whole_or_none(value, name)
    if known is not None and least <= known and (most is None or known <= most):
        return known
    bounds = f">= {least}" if most is None else f"from {least} to {most:,}"
    advice = f": {beyond}" if beyond and known is not None and known > least else ""
    raise InputError(f"{name} must be an integer {bounds}, got {shown(value)}{advice}")


def _whole_or_none(value: Any, name: str) -> int | None:
    try:
        exact = as_scalar(value, name)
    except InputError:
        return None
    return int(exact) if isinstance(exact, Fraction) and exact.denominator == 1 else None
