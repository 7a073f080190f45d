"""How far can a parameter be pushed? The largest stable learning rate of any family."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.arithmetic.intervals import Interval, positive_intervals
from sgdmem.numeric.compilation.progress import shown_passes
from sgdmem.numeric.judges.float_problem import FloatProblem
from sgdmem.numeric.judges.judge import unit_of
from sgdmem.numeric.noise_sums.mode_summands import form_under, midpoint_form, rational_algorithm
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import verdict_of
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.families_by_name import find_family

_LARGEST_SHARE = 1e6  # of a rate in a search, over 1 / (largest eigenvalue)
_DIMENSIONLESS = 2.0  # end of the search for a parameter without units, such as a momentum
_PROBES = (2, 3, Fraction(1, 7), Fraction(1, 1000), 1000)  # where a family's form is looked at
_MANY = 4096  # algorithms evaluated at once


class LargestLearningRate(float):
    """The upper end of the last stable interval; a float that also knows the other intervals.

    Attributes
    ----------
    intervals : tuple of (float, float)
        Every stable interval of the parameter that was found, ascending.
    parameter : str
        The parameter that was pushed.
    searched : (float, float)
        Where its values were looked for; an interval that ends there may go on.
    problem : Problem
        What it was found for.
    noise : BatchNoise
        The problem's noise at the batch size (estimated, when a data matrix was given).
    reason : str
        Why nothing is stable, as far as it is known; otherwise empty.
    unsettled : float
        About how far, relative, the radius at the ends may be above what was found, where all
        passes over the data did not settle it; otherwise 0.
    """

    intervals: tuple[Interval, ...]
    parameter: str
    searched: tuple[float, float]
    problem: Problem
    noise: BatchNoise
    reason: str
    unsettled: float

    def __new__(  # noqa: D102 - described above
        cls,
        intervals: Sequence[Interval],
        parameter: str,
        searched: tuple[float, float],
        problem: Problem,
        noise: BatchNoise,
        reason: str = "",
        unsettled: float = 0.0,
    ) -> LargestLearningRate:
        self = super().__new__(cls, intervals[-1][1] if intervals else 0.0)
        self.intervals, self.parameter, self.searched = tuple(intervals), parameter, searched
        self.problem, self.noise, self.reason = problem, noise, reason
        self.unsettled = unsettled
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:  # what pickle and copy make it from
        fields = ("intervals", "parameter", "searched", "problem", "noise", "reason", "unsettled")
        return tuple(getattr(self, field) for field in fields)

    @property
    def is_estimated(self) -> bool:
        """Whether the noise was fitted to data, or is the reference of shuffled epochs."""
        return self.noise.is_estimated

    def ends_with_search(self, end: float) -> bool:
        """Whether the end of an interval is only where the search ended."""
        return end in self.searched and end != 0.0


def largest_learning_rate(
    family: FamilyLike,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    parameter: str | None = None,
    search: tuple[float, float] | None = None,
    progress: bool = False,
    **fixed: Any,
) -> LargestLearningRate:
    """Return the largest stable value of a family's learning rate, or of another parameter.

    Parameters
    ----------
    family : function or str
        A constructor such as `heavy_ball`, any function of named parameters that returns an
        `Algorithm`, or a command-line name ("heavy-ball").
    problem, batch_size
        See `stability`.
    parameter : str, optional
        The parameter to push; by default ``learning_rate``, or the only one that is not fixed.
    search : (float, float), optional
        Where to look. Not needed when the parameter multiplies the gradient (it is then found from
        the poles of the noise summand); by default from 0 to 2 for a parameter of P, such as a
        momentum, and to 10^6 / (largest eigenvalue) for another one.
    progress : bool
        As in `stability`.
    **fixed
        Values of the other parameters, such as ``momentum=0.9``.

    Returns
    -------
    LargestLearningRate
        A float; 0.0 if nothing in the searched range is stable. ``.intervals`` lists all stable
        intervals, since stability can be lost and come back. ``.is_estimated`` says whether it is
        of a fitted noise, or for shuffled epochs of their reference, batches drawn anew.

    Raises
    ------
    InputError
        If the family or a parameter is unknown or missing, or an argument is not in its domain.

    Notes
    -----
    The ends are found by root finding in floating point, to about 1e-13 relative (1e-8 where the
    noise is that of samples), and may themselves fall on either side; an interval is missed only if
    it leaves no trace in a scan of several hundred points, on samples a dozen, and golden section
    (`positive_intervals`). Call `stability` for a proved verdict at a value. If the parameter seems
    to multiply the gradient, this is looked at in a dozen values.

    Examples
    --------
    Polyak's 2 (1 + momentum) / largest eigenvalue with full batches, and what noise leaves of it:

    >>> spectrum = Spectrum([4, 1, 0.25])
    >>> round(largest_learning_rate("heavy-ball", spectrum, momentum=0.9), 12)
    0.95
    >>> round(largest_learning_rate("heavy-ball", spectrum, 8, momentum=0.9), 6)
    0.239807
    """
    build, name = _read_family(family, parameter, fixed)
    with shown_passes(progress):
        return _pushed(build, name, as_problem(problem), batch_size, search)


def _pushed(
    build: Callable[[Any], Algorithm],
    name: str,
    given: Problem,
    batch_size: Any,
    search: tuple[float, float] | None,
) -> LargestLearningRate:
    noise, unit = given.noise.at(batch_size), unit_of(given.spectrum)
    if search is None and _multiplies_gradient(build, _PROBES):
        verdict = verdict_of(build(1 / unit), given, noise)
        scales = [
            (to_float(Fraction(low) / unit), to_float(Fraction(high) / unit))
            for low, high in verdict.stable_scales
        ]
        inside = [low + (high - low) * share for low, high in scales for share in (0.1, 0.5, 0.99)]
        if _multiplies_gradient(build, inside):
            reason, off = ("", verdict.unsettled) if scales else (verdict.explanation, 0.0)
            return LargestLearningRate(scales, name, (0.0, math.inf), given, noise, reason, off)
    low, high = _default_search(build, given.spectrum) if search is None else _read_search(search)
    spectrum, member = given.spectrum, build
    if _shrinks(build):
        spectrum = spectrum.held()
    if unit != 1:  # as plain floats, squares of its eigenvalues have to be in range
        spectrum, member = spectrum.scaled(1 / unit), lambda value: build(value).scaled(unit)
    quick = FloatProblem.of(spectrum, noise if noise.is_physical else noise.cautious)

    def margin(values: Array) -> Array:
        return _margins(quick, member, values)

    found, ends = _search(margin, low, high), (low, high)
    unsettled = 0.0
    for end in {end for interval in found for end in interval} - {*ends, 0.0}:
        form = midpoint_form(form_under(noise, [rational_algorithm(member(end))]))
        unsettled = max(unsettled, quick.unsettled(form, 1.0))
    return LargestLearningRate(found, name, ends, given, noise, "", unsettled)


def _read_family(
    family: FamilyLike, parameter: str | None, fixed: dict[str, Any]
) -> tuple[Callable[[Any], Algorithm], str]:
    """Return the family as a function of the parameter to push, and that parameter's name."""
    if not isinstance(parameter, str | None):
        raise InputError(f"parameter must be a name, got {shown(parameter)}")
    constructor = find_family(family)
    if parameter is None:
        missing = constructor.missing(fixed)
        if "learning_rate" in missing:
            parameter = "learning_rate"
        elif len(missing) == 1:
            parameter = missing[0]
        else:
            raise InputError(
                f"say which parameter of {constructor.name} to push with parameter=…: "
                f"{', '.join(missing) or 'all have values'}"
            )
    pushed = parameter
    build = constructor.varying([pushed], fixed)
    return lambda value: build(**{pushed: value}), pushed


def _read_search(search: tuple[float, float]) -> tuple[float, float]:
    try:
        low, high = (to_float(number(end, "search")) for end in search)
    except (TypeError, ValueError):
        raise InputError(f"search must be two numbers, got {shown(search)}") from None
    if not (low < high and math.isfinite(high - low)):
        raise InputError(f"search must be two ascending finite numbers, got {shown(search)}")
    return low, high


def _default_search(build: Callable[[Any], Algorithm], spectrum: Spectrum) -> tuple[float, float]:
    """Return where to look: a parameter of P has no units, one of Q alone is a rate."""
    try:
        first, second = (rational_algorithm(build(value)).polynomials.D for value in _PROBES[:2])
    except InputError:
        first = second = ()
    return (0.0, _LARGEST_SHARE / spectrum.largest) if first == second else (0.0, _DIMENSIONLESS)


def _search(margin: Callable[[Array], Array], low: float, high: float) -> list[Interval]:
    """Return the stable intervals; the values on both sides of 0 are spaced by ratios."""
    if low > 0 or high < 0:
        return positive_intervals(margin, low, high, logarithmic=False)
    above = positive_intervals(margin, 0.0, high) if high > 0 else []
    below = positive_intervals(lambda x: margin(-x), 0.0, -low) if low < 0 else []
    mirrored = [(-b, -a) for a, b in reversed(below)]
    if mirrored and above and mirrored[-1][1] == 0 == above[0][0] and margin(np.zeros(1))[0] > 0:
        return [*mirrored[:-1], (mirrored[-1][0], above[0][1]), *above[1:]]
    return [(a + 0.0, b + 0.0) for a, b in (*mirrored, *above)]  # without -0.0


def _multiplies_gradient(build: Callable[[Any], Algorithm], values: Sequence[Any]) -> bool:
    """Whether the parameter is a factor of Q and does not enter P, exactly, at some values."""
    try:
        unit, *others = (rational_algorithm(build(v)) for v in (1, *values))
        pairs = zip(values, others, strict=True)
        return all(_is_multiple(other, unit, Fraction(value)) for value, other in pairs)
    except InputError:
        return False


def _is_multiple(other: Algorithm, unit: Algorithm, factor: Fraction) -> bool:
    """Whether Q is that of the unit times a factor, and P the same: entries mostly tell at once."""
    kept = (other.b, other.D, other.a, other.shrink) == (unit.b, unit.D, unit.a, unit.shrink)
    driven = zip((other.alpha, *other.c), (unit.alpha, *unit.c), strict=False)
    if kept and all(Fraction(x) == factor * Fraction(y) for x, y in driven):
        return True
    found, one = other.polynomials, unit.polynomials
    return (
        found.P == one.P
        and tuple(factor * q for q in one.Q) == found.Q
        and found.Q_output == tuple(factor * q for q in one.Q_output)
    )


def _shrinks(build: Callable[[Any], Algorithm]) -> bool:
    """Whether members shrink w, at some value that is looked at."""
    for value in _PROBES:
        try:
            if build(value).shrink != 0:
                return True
        except InputError:
            continue
    return False


def _margins(problem: FloatProblem, build: Callable[[Any], Algorithm], values: Array) -> Array:
    """Return the margin at every value; the memory may change along the way (momentum 0, say)."""
    margins = np.full(len(values), -np.inf)
    by_memory: dict[int, list[int]] = {}
    algorithms = [rational_algorithm(build(float(value))) for value in values]
    for index, algorithm in enumerate(algorithms):
        by_memory.setdefault(algorithm.memory, []).append(index)
    for places in by_memory.values():
        for start in range(0, len(places), _MANY):
            chosen = places[start : start + _MANY]
            members = [algorithms[index] for index in chosen]
            form = midpoint_form(form_under(problem.noise, members))
            margins[chosen] = problem.margin(form, np.ones(len(chosen)))
    return margins
