"""How large mini-batches are: any positive number, or infinite."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import Any

from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.problems.coupling import LARGEST
from sgdmem.symbolic.algebra.scalars import is_symbolic
from sgdmem.symbolic.errors import InputError, shown


def is_infinite(value: Any) -> bool:
    """Whether a batch size is infinite, in whatever form it is given.

    Examples
    --------
    >>> is_infinite("inf"), is_infinite(math.inf), is_infinite(32)
    (True, True, False)
    """
    if isinstance(value, str):
        return value.strip().lower() in ("inf", "infinity", "oo")
    if is_symbolic(value):
        return bool(value.is_infinite and value.is_extended_positive)
    return isinstance(value, (Real, Decimal)) and value == math.inf


def inverse_batch_size(value: Any) -> Fraction:
    """Return 1 / B exactly, 0 for the full batch.

    Raises
    ------
    InputError
        For a batch size that is not positive, or finite and not from 1e-100 to 1e100.
    """
    if is_infinite(value):
        return Fraction(0)
    size = number(value, "batch_size")
    if size <= 0:
        raise InputError(f"batch_size must be positive or infinite, got {shown(value)}")
    if not 1 / LARGEST <= size <= LARGEST:
        raise InputError(f"batch_size must be infinite or from 1e-100 to 1e100, got {shown(value)}")
    return 1 / size
