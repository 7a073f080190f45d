"""The verb for uncertain input: whether all, some or none of what it may be is stable."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.regions.asked import Asked
from sgdmem.numeric.regions.box_search import BoxSearch
from sgdmem.numeric.regions.intervals import (
    read_band,
    read_interval,
    read_intervals,
    spectrum_of_intervals,
)
from sgdmem.numeric.regions.noise_extremes import noise_extremes
from sgdmem.numeric.regions.robust_verdict import RobustVerdict
from sgdmem.numeric.regions.uncertain import OF_NOISE, require_two_parameters
from sgdmem.symbolic.algebra.scalars import interval_ends
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.families_by_name import find_family

_MOST_BOXES = 10**5


def robust_stability(
    family: FamilyLike,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    intervals: Mapping[str, Any] | None = None,
    most_boxes: int = _MOST_BOXES,
    **fixed: Any,
) -> RobustVerdict:
    r"""Decide whether all, some or none of what uncertain numbers may be is stable.

    Where `stability` asks about numbers, this asks about intervals: of the method's parameters, of
    the batch size, of the noise and of measured eigenvalues, all at once and independent of each
    other.

    Parameters
    ----------
    family : function or str
        As for `prove_region`.
    problem : Problem, Spectrum or list of eigenvalues
        As for `prove_region`; the entries of a list may be intervals of mpmath or FLINT. Noise that
        was fitted counts with two standard errors and its misfit.
    batch_size : positive number or inf
        Unless it is one of the intervals.
    intervals : mapping of str to (low, high)
        Of parameters of the family, "batch_size", "tau1", "tau2"; "eigenvalues" is a pair of
        arrays, a confidence band, with as many entries as the spectrum. Numbers as they are given:
        a decimal text is that decimal. An interval of mpmath or FLINT does, too.
    most_boxes : int
        How many boxes of parameters to judge at most.
    **fixed
        The family's other parameters.

    Returns
    -------
    RobustVerdict

    Raises
    ------
    InputError
        For a noise of another kind, a family that is no rational function, or an argument that is
        not in its domain.

    Notes
    -----
    With more batch noise, that is a smaller batch, a larger tau1 or a smaller tau2, a method is
    never more stable, so that only the ends of these intervals count; the others are cut until each
    box is decided. The noise sum adds up terms of single eigenvalues, and so its largest value over
    a band is the sum of their largest values.

    Examples
    --------
    >>> print(robust_stability("sgd", [2, 1], 4, intervals={"learning_rate": ("0.1", "0.5")}))
    all: stable for all of learning_rate from 0.1 to 0.5
      sgd(learning_rate from 0.1 to 0.5) on eigenvalues [2, 1]; batch size 4, tau1 = 1, tau2 = 0
    >>> found = robust_stability(
    ...     "sgd", [2, 1], 4, learning_rate=0.5, intervals={"eigenvalues": ([1, 0.5], [4, 1])}
    ... )
    >>> found.extent, [float(x) for x in found.unstable_point["eigenvalues"]]
    ('some', [4.0, 1.0])
    """
    started = time.monotonic()
    given = read_intervals(intervals)
    spectrum, band = spectrum_of_intervals(problem)
    known = as_problem(problem if spectrum is None else spectrum)
    if "eigenvalues" in given:
        band = read_band(given.pop("eigenvalues"), known.spectrum)
    read = {name: read_interval(name, ends) for name, ends in given.items()}
    require_two_parameters(known.noise)
    _require_numbers({**fixed, "batch_size": batch_size})
    constructor = find_family(family)
    noises = noise_extremes(known.noise, batch_size, read)
    own = {name: ends for name, ends in read.items() if name not in OF_NOISE}
    most = whole(most_boxes, "most_boxes", 1)
    search = BoxSearch(constructor, fixed, known, own, band, noises, most)
    found = search.verdict()
    asked = Asked(constructor, fixed, known, batch_size, read, band)
    return RobustVerdict(
        **vars(found),
        seconds=time.monotonic() - started,
        asked=asked.what_varies,
        question=asked.question,
        problem=asked.problem(),
        intervals=asked.intervals(),
        is_estimated=asked.is_estimated,
    )


def _require_numbers(values: Mapping[str, Any]) -> None:
    """Raise InputError where an interval is given in the place of a number."""
    for name, value in values.items():
        ends = interval_ends(value, name)
        if ends is not None and ends[0] < ends[1]:
            raise InputError(
                f"{name} is the interval {shown(value)}: put it into intervals=, as "
                f'intervals={{"{name}": ...}}'
            )
