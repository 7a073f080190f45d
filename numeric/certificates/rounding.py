"""Floats as the texts of rational numbers with few digits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.certificates.proof import text


def dyadic(values: Array, digits: int) -> list[list[str]]:
    """Return a matrix of floats, rounded to binary digits relative to the largest.

    Examples
    --------
    >>> dyadic(np.array([[1.0, 0.3]]), 4)
    [['1', '1/4']]
    """
    unit = Fraction(2) ** (int(np.frexp(np.abs(values).max())[1]) - digits)
    return [[text(round(Fraction(x) / unit) * unit) for x in line] for line in values.tolist()]
