"""Numbers as rational ones: exactly as they are given, or with few digits."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.certificates.proof import text
from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.errors import InputError, shown


def dyadic(values: Array, digits: int) -> list[list[str]]:
    """Return a matrix of floats, rounded to binary digits relative to the largest.

    Examples
    --------
    >>> dyadic(np.array([[1.0, 0.3]]), 4)
    [['1', '1/4']]
    """
    unit = Fraction(2) ** (int(np.frexp(np.abs(values).max())[1]) - digits)
    return [[text(round(Fraction(x) / unit) * unit) for x in line] for line in values.tolist()]


def rational(value: Any, name: str) -> Fraction:
    """Return the rational number that is given; InputError for an irrational one.

    Examples
    --------
    >>> rational("0.1", "alpha"), rational(0.5, "alpha")
    (Fraction(1, 10), Fraction(1, 2))
    """
    found = as_scalar(value, name)
    if isinstance(found, Fraction):
        return found
    raise InputError(
        f"{name} must be rational, for a proof in exact arithmetic, got {shown(value)}: a decimal "
        "such as '0.1' is, too"
    )


def rounded_ball(value: Any, bits: int) -> Any:
    """Return a rational number of FLINT near a ball, with so many binary digits.

    Examples
    --------
    >>> from flint import arb
    >>> rounded_ball(arb("0.3"), 4)
    9/32
    """
    from flint import ctx, fmpq

    with ctx.workprec(bits):
        digits, power = (+value.mid()).mid().man_exp()
    return fmpq(digits) * (fmpq(2) ** int(power) if power >= 0 else 1 / fmpq(2) ** int(-power))
