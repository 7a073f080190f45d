"""Intervals as they are given: of parameters, and of measured eigenvalues."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from sgdmem.numeric.arithmetic.arrays import list_entries
from sgdmem.numeric.arithmetic.inputs import enclosure, number
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.numeric.problems.coupling import LARGEST
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import interval_ends, is_list, to_float
from sgdmem.symbolic.errors import InputError, shown

_LARGEST_EIGENVALUE = Fraction(10**300)
_ROUNDING = Fraction(1, 2**50)  # of eigenvalues, which are the nearest floats

Interval: TypeAlias = tuple[Any, Any]  # Fractions; a batch size may be infinite
Band: TypeAlias = tuple[Sequence[Fraction], Sequence[Fraction]]


def read_interval(name: str, given: Any) -> Interval:
    """Return the exact ends of an interval, which may be equal.

    Raises
    ------
    InputError
        If it is no pair of numbers in order, or no interval of mpmath or FLINT.

    Examples
    --------
    >>> read_interval("momentum", ("0.5", 1))
    (Fraction(1, 2), Fraction(1, 1))
    """
    low, high = _ends(name, given)
    if not low <= high:
        raise InputError(f"{name} must have its low end first, got {shown(given)}")
    if low <= 0 and name == "batch_size":
        raise InputError(f"batch_size must be positive, got {shown(given)}")
    if low < 0 and name == "tau1":
        raise InputError(f"tau1 must be >= 0, got {shown(given)}")
    for end in (low, high):
        if end != math.inf and abs(end) > LARGEST:
            raise InputError(f"{name} must be at most 1e100 in size, got {shown(given)}")
    return low, high


def read_intervals(given: Any) -> dict[str, Any]:
    """Return intervals by name as they are given; InputError if they are no mapping of names."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise InputError(
            'intervals must be a mapping from names to (low, high), such as {"learning_rate": '
            f"(0.1, 0.3)}}, got {shown(given)}"
        )
    return dict(given)


def _ends(name: str, given: Any) -> Interval:
    if not is_list(given):
        ends = interval_ends(given, name)
        if ends is None:
            raise InputError(f"{name} must be an interval (low, high), got {shown(given)}")
        return ends
    pair = list(given)
    if len(pair) != 2:
        raise InputError(f"{name} must be an interval (low, high), got {shown(given)}")
    infinite = [name == "batch_size" and is_infinite(end) for end in pair]
    low, high = (
        math.inf if x else number(end, name) for x, end in zip(infinite, pair, strict=True)
    )
    return low, high


def read_band(given: Any, spectrum: Spectrum) -> Band:
    """Return the ends of intervals of eigenvalues, as many as a spectrum has.

    Raises
    ------
    InputError
        If they are no such pair of lists, not in order, or not positive.
    """
    columns = list(given) if is_list(given) else []
    if len(columns) != 2 or not all(map(is_list, columns)):
        raise InputError(
            f"eigenvalues must be a pair (low, high) of lists of numbers, got {shown(given)}"
        )
    low, high = (
        [number(x, "eigenvalues") for x in list_entries(c, "eigenvalues")] for c in columns
    )
    if spectrum.law is not None and spectrum.law.count is None:
        raise InputError(
            f"eigenvalues cannot be intervals on {spectrum}: give a list of those that were "
            "measured in the place of the power law"
        )
    own = spectrum.listed().eigenvalues.tolist()
    count = len(own)
    if len(low) != count or len(high) != count:
        raise InputError(
            f"eigenvalues must have an interval for each of the {count} eigenvalues of the "
            f"problem, got {len(low)} and {len(high)} ends"
        )
    for index, (start, end) in enumerate(zip(low, high, strict=True)):
        said = f"{to_float(start):g} to {to_float(end):g}"
        if start > end:
            raise InputError(f"eigenvalues[{index}] must have its low end first, got {said}")
        if not 1 / _LARGEST_EIGENVALUE <= start <= end <= _LARGEST_EIGENVALUE:
            raise InputError(
                f"eigenvalues[{index}] must lie in an interval of positive numbers, from 1e-300 to "
                f"1e300, got {said}"
            )
        if not (1 - _ROUNDING) * start <= own[index] <= (1 + _ROUNDING) * end:
            raise InputError(
                f"eigenvalues[{index}] must lie in an interval that contains it: {own[index]:.6g} "
                f"is not in {said}"
            )
    return low, high


def spectrum_of_intervals(problem: Any) -> tuple[Spectrum | None, Band | None]:
    """Return the middles and the ends of a list of eigenvalues that has intervals; else None."""
    if not is_list(problem) or len(getattr(problem, "shape", (1,))) != 1:
        return None, None
    entries = list(problem)
    if not any(_is_interval(x) for x in entries):
        return None, None
    known = [enclosure(x, "eigenvalues") for x in entries]
    band = [x - r for x, r in known], [x + r for x, r in known]
    spectrum = Spectrum([x for x, _ in known])
    return spectrum, read_band(band, spectrum)


def _is_interval(value: Any) -> bool:
    ends = None if is_list(value) else interval_ends(value, "eigenvalues")
    return ends is not None and ends[0] < ends[1]
