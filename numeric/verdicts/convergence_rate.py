r"""How fast: the factors by which distances and second moments fall at each step, in the long run.

Without noise that is the largest modulus of a root of :math:`P-\lambda Q` over the spectrum, with
noise the spectral radius of the operator that takes all second moments a step further. Both are
found by discounting. Divide the state by s at each step,

.. math:: S_0\to S_0/s,\quad v\to v/s,\quad\text{that is}\quad
    1-\text{shrink}\to(1-\text{shrink})/s,\ (\alpha,b,c,D)\to(\alpha,b,c,D)/s:

an algorithm again, whose roots are those of the former over s, and whose second moments are those
of the former over :math:`s^{2t}`, noise included. So it is stable exactly if the rate without noise
is below s, and that of second moments below :math:`s^2`: the noise sum of the discounted algorithm
falls as s grows, and is 1 at the root of the rate. What is proved of stability proves bounds of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.bisection import bisect
from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.judges.float_problem import FloatProblem
from sgdmem.numeric.judges.judge import Judge, unit_of
from sgdmem.numeric.noise_sums.long_memory import LONGEST_IN_FLOATS
from sgdmem.numeric.noise_sums.mode_summands import (
    ModeForm,
    decayed_form,
    form_under,
    midpoint_form,
    rational_algorithm,
)
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.polynomials import multiply
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, to_half_plane
from sgdmem.symbolic.algebra.scalars import as_scalar, is_list, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.stability.poles import noiseless_intervals
from sgdmem.symbolic.stability.schur import is_schur_form

_MOST_EIGENVALUES = 100_000
_LEAST = 1e-9  # a rate that is as good as 0
_NEAR = 1e-4  # relative, of the largest roots that are looked at exactly
_ACCURACY = 1e-13  # relative, of a rate without noise
_WIDTHS = tuple(10.0**-k for k in range(11, 2, -1))  # relative, of bounds that are tried
_LARGEST = 1e6  # a rate that is as good as infinite
_SAMPLED = 129  # eigenvalues of an interval that is looked at


@dataclass(frozen=True)
class ConvergenceRate:
    """Factors per step, in the long run and from almost every start; below 1 where it is stable.

    Attributes
    ----------
    noiseless : float
        For distances without noise: the largest modulus of a root of P - lambda Q.
    noiseless_interval : (float, float)
        Bounds of it, proved by exact arithmetic.
    mean_square : float
        For second moments with noise, and so for the mean loss: the square of the former, for full
        batches. Above what the loss rests at, where it does not fall to 0.
    mean_square_interval : (float, float)
        Bounds of it, proved; of a noise that was fitted they are those of the fit.
    is_estimated : bool
        Whether the noise was fitted to data, or is the reference of shuffled epochs.
    """

    noiseless: float
    noiseless_interval: Interval
    mean_square: float
    mean_square_interval: Interval
    is_estimated: bool = False

    @property
    def steps_per_digit(self) -> float:
        """Steps in which the mean loss falls to a tenth; inf where it does not."""
        rate = self.mean_square
        return math.log(0.1) / math.log(rate) if 0 < rate < 1 else 0.0 if rate < 1 else math.inf

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values; an infinite number becomes None."""
        return {
            "noiseless": self.noiseless,
            "noiseless_interval": list(self.noiseless_interval),
            "mean_square": _finite(self.mean_square),
            "mean_square_interval": [*map(_finite, self.mean_square_interval)],
            "steps_per_digit": _finite(self.steps_per_digit),
            "estimated": self.is_estimated,
        }

    def __str__(self) -> str:
        word = "estimated rates" if self.is_estimated else "rates"
        steps = self.steps_per_digit
        falls = f": a tenth in {steps:.6g} steps" if math.isfinite(steps) else ""
        return (
            f"{word} per step: distances without noise {self.noiseless:.8g}, "
            f"second moments {self.mean_square:.8g}{falls}"
        )


def convergence_rate(
    algorithm: Algorithm, problem: Any, batch_size: Any = math.inf
) -> ConvergenceRate:
    """Return by which factors distances and second moments fall at each step, in the long run.

    Parameters
    ----------
    algorithm : Algorithm
        Without free symbols, stable or not.
    problem : Problem, Spectrum, data or number
        With finitely many eigenvalues, up to 100,000. A number is a condition number: then all
        eigenvalues from its inverse to 1 are meant, without noise.
    batch_size : positive number or inf
        See `stability`.

    Raises
    ------
    InputError
        For infinitely many eigenvalues, whose small ones make every rate 1, for tau2 above tau1,
        and for a batch size with a condition number.

    Notes
    -----
    Bounds come from the exact test at single eigenvalues, and from verdicts on the discounted
    algorithm; at a condition number from the intervals of `noiseless_intervals`, so that they hold
    for all eigenvalues between the ends.

    Examples
    --------
    Polyak's heavy ball at condition number 100 has the rate (10 - 1) / (10 + 1):

    >>> from sgdmem import Spectrum, heavy_ball
    >>> polyak = heavy_ball(Fraction(400, 121), Fraction(81, 121))
    >>> round(convergence_rate(polyak, 100).noiseless, 12), round(9 / 11, 12)
    (0.818181818182, 0.818181818182)
    >>> found = convergence_rate(heavy_ball("0.1", "0.9"), Spectrum([4, 1, 0.25]), 8)
    >>> round(found.noiseless, 6), round(found.mean_square, 6)
    (0.948683, 0.935183)
    """
    method = rational_algorithm(algorithm)
    kappa = condition_number(problem)
    if kappa is not None:
        require_full_batches(batch_size)
        bounds = _interval_rate(method, 1 / kappa, Fraction(1))
        return _of(bounds, _squared(bounds), False)
    given = as_problem(problem)
    return rate_of(method, given, given.noise.at(batch_size))


def rate_of(algorithm: Algorithm, problem: Problem, noise: BatchNoise) -> ConvergenceRate:
    """Return the rates of an algorithm; ``noise`` is the problem's at the batch size."""
    algorithm, problem = rational_algorithm(algorithm), finite_problem(problem, algorithm)
    require_physical(noise)
    bounds = _noiseless_rate(algorithm, problem)
    if noise.is_quiet:
        return _of(bounds, _squared(bounds), noise.is_estimated)
    root, moments = _moment_rate(algorithm, problem, noise, bounds)
    found = _of(bounds, moments, noise.is_estimated)
    return replace(found, mean_square=min(max(root * root, moments[0]), moments[1]))


def condition_number(problem: Any) -> Fraction | None:
    """Return a number that stands for a problem; None for a problem.

    Raises
    ------
    InputError
        For a number below 1.
    """
    if isinstance(problem, (Problem, Spectrum)) or is_list(problem):
        return None
    try:
        as_scalar(problem, "problem")
    except InputError:
        return None
    kappa = number(problem, "problem")
    if kappa < 1:
        raise InputError(f"a condition number must be at least 1, got {shown(problem)}")
    return kappa


def require_full_batches(batch_size: Any) -> None:
    """Raise InputError unless the batch size is infinite, as with a condition number."""
    if batch_size != math.inf:
        raise InputError(
            f"batch_size must be inf with a condition number, which has no noise, got "
            f"{shown(batch_size)}: give a problem"
        )


def require_physical(noise: BatchNoise) -> None:
    """Raise InputError for the noise of no data, under which moments need not stay positive."""
    if not noise.is_physical and not noise.is_quiet:
        raise InputError("tau2 must be at most tau1 for a rate: the noise is no covariance")


def finite_problem(problem: Problem, algorithm: Algorithm | None = None) -> Problem:
    """Return the problem with its eigenvalues in a list; InputError where there are too many."""
    spectrum = problem.spectrum
    decays = problem.weight_decay > 0 or (algorithm is not None and algorithm.shrink != 0)
    if spectrum.is_infinite:
        why = "" if decays else ", whose small ones make every rate 1 (see loss_asymptotics)"
        raise InputError(
            f"problem must have finitely many eigenvalues for a rate, got {spectrum}{why}: give "
            f"the first ones, count=..."
        )
    if spectrum.count is not None and spectrum.count > _MOST_EIGENVALUES:
        raise InputError(
            f"problem must have at most {_MOST_EIGENVALUES:,} eigenvalues for a rate, got "
            f"{spectrum}"
        )
    return replace(problem, spectrum=spectrum.listed()) if spectrum.law is not None else problem


def discounted(algorithm: Algorithm, factor: Any) -> Algorithm:
    """Return the algorithm whose state is divided by a factor at each step.

    Examples
    --------
    >>> from sgdmem import sgd
    >>> half = discounted(sgd("0.5"), Fraction(1, 2))
    >>> half.alpha, half.shrink
    (Fraction(1, 1), Fraction(-1, 1))
    """
    s = Fraction(factor)
    alpha, b, c, D, a, shrink = algorithm.blocks
    return Algorithm(
        alpha / s,
        b=[x / s for x in b],
        c=[x / s for x in c],
        D=[[x / s for x in row] for row in D],
        a=a,
        shrink=1 - (1 - shrink) / s,
    )


def discounted_form(algorithm: Algorithm, factor: float, noise: BatchNoise) -> ModeForm:
    """Return the half-plane form of the discounted algorithm, in floats."""
    M = algorithm.memory
    if M > LONGEST_IN_FLOATS:
        return midpoint_form(form_under(noise, [discounted(algorithm, factor)]))
    det_D, _, Q, _ = algorithm.polynomials
    d, q = (
        [np.array([[to_float(x) * factor ** (k - power)]]) for k, x in enumerate(row)]
        for row, power in ((det_D, M), (Q, M + 1))
    )
    shrink = 1 - (1 - to_float(algorithm.shrink)) / factor
    q_hat = to_half_plane(q)
    moving = multiply((-1, 1), q_hat)
    *fixed, decay = multiply((2 - shrink, shrink), to_half_plane(d))
    return HalfPlaneForm(tuple(fixed), moving[:-1], -moving[-1], q_hat, q_hat, decay)


def largest_roots(algorithm: Algorithm, drift: Array) -> Array:
    """Return the largest modulus of a root of P - lambda Q for each lambda, in plain floats."""
    still, v, r = map(np.array, algorithm.blocks.map(to_float).state)
    S = still + drift[:, None, None] * np.outer(v, r)
    if len(v) <= 2:  # also where two roots coincide
        trace = np.trace(S, axis1=1, axis2=2)
        room = (trace / 2) ** 2 - np.linalg.det(S)
        with np.errstate(invalid="ignore"):
            real = np.abs(trace / 2) + np.sqrt(np.maximum(room, 0))
            found = np.where(room < 0, np.sqrt((trace / 2) ** 2 - room), real)
        return np.asarray(found if len(v) == 2 else np.abs(trace))
    return np.asarray(np.abs(np.linalg.eigvals(S)).max(axis=1))


def moment_root(
    algorithm: Algorithm, quick: FloatProblem, least: float, accuracy: float = _ACCURACY
) -> float:
    """Return the root of the rate of second moments, in plain floats, from ``least`` on."""
    from scipy.optimize import brentq

    def margin(s: float) -> float:
        form = discounted_form(algorithm, s, quick.noise)
        return max(float(quick.margin(form, np.ones(1))[0]), -1.0)

    low = max(least, _LEAST)
    if margin(low * (1 + 1e-12)) > 0:
        return low
    high = max(1.0, low)
    while not margin(high) > 0:
        low, high = high, 2 * high
        if high > _LARGEST:
            return math.inf
    return float(brentq(margin, low, high, rtol=max(accuracy, 1e-15), xtol=1e-300))


# Proofs -------------------------------------------------------------------------------------------


def _noiseless_rate(algorithm: Algorithm, problem: Problem) -> Interval:
    lam = np.unique(problem.spectrum.eigenvalues)
    decay = problem.weight_decay
    roots = largest_roots(algorithm, lam + to_float(decay))
    largest = float(roots.max())
    near = lam[roots >= largest * (1 - _NEAR)]
    exact = [Fraction(x) for x in (near if near.size <= 2 else near[[0, near.size // 2, -1]])]

    def holds(s: float, every: bool = False) -> bool:
        form = decayed_form(discounted(algorithm, s), decay)
        values = map(Fraction, lam.tolist()) if every else exact
        return all(is_schur_form(form, x) for x in values)

    low, high = _bracket(holds, max(largest, _LEAST))
    for width in (0.0, *_WIDTHS):
        if holds(high * (1 + width), every=True):
            return (0.0 if low < _LEAST else low), high * (1 + width)
    return low, math.inf


def _interval_rate(algorithm: Algorithm, smallest: Fraction, largest: Fraction) -> Interval:
    """Return bounds for all eigenvalues between two."""
    lam = interval_sample(smallest, largest)
    start = max(float(largest_roots(algorithm, lam).max()), _LEAST)

    def holds(s: float) -> bool:
        found = noiseless_intervals(discounted(algorithm, s))
        return any(low[1] < smallest and largest < high[0] for low, high in found)

    low, high = _bracket(holds, start)
    return (0.0 if low < _LEAST else low), high


def interval_sample(smallest: Any, largest: Any) -> Array:
    """Return eigenvalues between two, closer together at both ends."""
    low, high = float(smallest), float(largest)
    turn = (1 - np.cos(np.pi * np.arange(_SAMPLED) / (_SAMPLED - 1))) / 2
    return np.unique(np.concatenate([low + (high - low) * turn, np.geomspace(low, high, _SAMPLED)]))


def _bracket(holds: Callable[[float], bool], start: float) -> Interval:
    """Return neighbours around the place from which on something holds, which is near a start."""
    low, high, width = start, start, _ACCURACY
    while not holds(high):
        low, high, width = high, start * (1 + width), 10 * width
    while low == high or holds(low):
        if width >= 1 or start <= _LEAST:
            return 0.0, high
        low, high, width = start * (1 - width), min(low, high), 10 * width
    halvings = max(0, math.ceil(math.log2((high - low) / (_ACCURACY * high) + 1)))
    low, high = bisect(lambda s: not holds(s), low, high, halvings)
    return float(low), float(high)


def _moment_rate(
    algorithm: Algorithm, problem: Problem, noise: BatchNoise, noiseless: Interval
) -> tuple[float, Interval]:
    """Return the root of the rate of second moments, and bounds of that rate."""
    spectrum, unit = problem.spectrum, unit_of(problem.spectrum)
    quick = FloatProblem.of(spectrum if unit == 1 else spectrum.scaled(1 / unit), noise)
    method = algorithm if unit == 1 else algorithm.scaled(unit)
    root = moment_root(method, quick, sum(noiseless) / 2)
    if math.isinf(root):
        return root, (noiseless[0] ** 2, math.inf)

    def stable(s: float) -> bool | None:
        return Judge(discounted(algorithm, s), spectrum, noise).reason.stable

    low, high = 0.0, math.inf
    for width in _WIDTHS:
        if not low and (root * (1 - width) <= noiseless[0] or stable(root * (1 - width)) is False):
            low = max(root * (1 - width), noiseless[0])
        if math.isinf(high) and stable(root * (1 + width)):
            high = root * (1 + width)
        if low and math.isfinite(high):
            break
    return root, _squared((max(low, noiseless[0]), high))


def _squared(bounds: Interval) -> Interval:
    low, high = (end * end for end in bounds)
    return low * (1 - 1e-15), high * (1 + 1e-15)


def _of(noiseless: Interval, moments: Interval, estimated: bool) -> ConvergenceRate:
    middles = [sum(x) / 2 if math.isfinite(x[1]) else x[1] for x in (noiseless, moments)]
    return ConvergenceRate(middles[0], noiseless, middles[1], moments, estimated)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
