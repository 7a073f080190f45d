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
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.noise_sums.mode_summands import rational_algorithm
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.rate_bounds import (
    rate_between,
    rate_of_modes,
    rate_of_moments,
    squared,
)
from sgdmem.symbolic.algebra.scalars import as_scalar, is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown

_MOST_EIGENVALUES = 100_000
_TOLD = 1e-5  # relative, of the bounds of a number of steps that is printed as one


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
        return _steps(self.mean_square)

    @property
    def steps_per_digit_interval(self) -> Interval:
        """Bounds of them: far apart where the rate can hardly be told from 1."""
        low, high = map(_steps, self.mean_square_interval)
        return low, high

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values; an infinite number becomes None."""
        return {
            "noiseless": self.noiseless,
            "noiseless_interval": list(self.noiseless_interval),
            "mean_square": _finite(self.mean_square),
            "mean_square_interval": [*map(_finite, self.mean_square_interval)],
            "steps_per_digit": _finite(self.steps_per_digit),
            "steps_per_digit_interval": [*map(_finite, self.steps_per_digit_interval)],
            "estimated": self.is_estimated,
        }

    def __str__(self) -> str:
        word = "estimated rates" if self.is_estimated else "rates"
        steps, (low, high) = self.steps_per_digit, self.steps_per_digit_interval
        falls = f": a tenth in {steps:.6g} steps" if math.isfinite(high) else ""
        if max(1, low * (1 + _TOLD)) < high and math.isfinite(low):  # fewer figures are known
            figures = 2 + max(1, round(-math.log10(1 - low / high)))
            ends = f"{low:.{figures}g} to {high:.{figures}g}"
            falls = f": a tenth in {ends if math.isfinite(high) else f'at least {low:.3g}'} steps"
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
        bounds = rate_between(method, 1 / kappa, Fraction(1))
        return _of(bounds, squared(bounds), False)
    given = as_problem(problem)
    return rate_of(method, given, given.noise.at(batch_size))


def rate_of(algorithm: Algorithm, problem: Problem, noise: BatchNoise) -> ConvergenceRate:
    """Return the rates of an algorithm; ``noise`` is the problem's at the batch size."""
    algorithm, problem = rational_algorithm(algorithm), finite_problem(problem, algorithm)
    require_physical(noise)
    bounds = rate_of_modes(algorithm, problem)
    if noise.is_quiet:
        return _of(bounds, squared(bounds), noise.is_estimated)
    root, moments = rate_of_moments(algorithm, problem, noise, bounds)
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


def _of(noiseless: Interval, moments: Interval, estimated: bool) -> ConvergenceRate:
    middles = [sum(x) / 2 if math.isfinite(x[1]) else x[1] for x in (noiseless, moments)]
    return ConvergenceRate(middles[0], noiseless, middles[1], moments, estimated)


def _steps(rate: float) -> float:
    return math.log(0.1) / math.log(rate) if 0 < rate < 1 else 0.0 if rate < 1 else math.inf


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
