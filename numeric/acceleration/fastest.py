r"""The best parameters of a family: those with the smallest rate of convergence.

The rate of a method without noise is bounded from below. All roots of :math:`P-\lambda Q` being
within radius :math:`\rho<1`, its value at 1 is between :math:`(1-\rho)^{M+1}` and
:math:`(1+\rho)^{M+1}`, and it is :math:`-\lambda Q(1)`, so that eigenvalues with the ratio
:math:`\kappa` need

.. math:: \rho\ge\frac{\kappa^{1/(M+1)}-1}{\kappa^{1/(M+1)}+1}:

the rate of gradient descent for M = 0, and Polyak's for M = 1. If all eigenvalues between the ends
occur no memory helps beyond Polyak's rate: starting at u = 0, w is a polynomial of degree t at most
in the eigenvalue that is 1 at 0, and no such polynomial is smaller than Chebyshev's. Noise only
slows second moments down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.judges.float_problem import FloatProblem
from sgdmem.numeric.noise_sums.mode_summands import rational_algorithm
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.verdicts.convergence_rate import (
    ConvergenceRate,
    condition_number,
    convergence_rate,
    finite_problem,
    require_full_batches,
    require_physical,
)
from sgdmem.numeric.verdicts.discounting import LEAST, interval_sample, largest_roots, moment_root
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import Family, FamilyLike
from sgdmem.symbolic.algorithms.parameters import RATE_UNIT, Parameter
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.families_by_name import find_family

_POINTS = 24  # where a search begins, for each parameter
_TRIED = 4  # the best of them that are followed
_ROUNDS, _PATIENT = 12, 6  # searches from the best point found, as long as they help
_HELPS = 1e-10
_MOST_MODES = 512  # eigenvalues that a search looks at without noise
_BAD = 1e3  # more than any rate
_ROUGH = 1e-10  # relative accuracy of rates with noise in a search
_OPTIMAL = 1e-4  # of all steps, that a search may leave above a bound
_WORST = 1e14  # the largest condition number: rates are within some 1e-14 of 1 beyond


@dataclass(frozen=True)
class Fastest:
    """The best parameters that were found.

    Attributes
    ----------
    parameters : mapping
        Values of those that were looked for.
    algorithm : Algorithm
        With them.
    rate : ConvergenceRate
        Of this algorithm, with proved bounds.
    lower_bound : float
        Proved: no method of this memory has a smaller rate of second moments, whatever its
        parameters.
    """

    parameters: Mapping[str, float]
    algorithm: Algorithm
    rate: ConvergenceRate
    lower_bound: float

    @property
    def is_optimal(self) -> bool:
        """Whether no method of this memory is faster by one step in 10,000: proved by the bound.

        Otherwise the parameters are the best ones that a numerical search found.
        """
        rate, bound = self.rate.mean_square_interval[1], self.lower_bound
        if rate >= 1 or bound <= LEAST**2:
            return rate <= 4 * LEAST**2  # as good as 0
        return math.log(rate / bound) <= _OPTIMAL * min(1, -math.log(bound))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values."""
        return {
            "parameters": dict(self.parameters),
            "optimal": self.is_optimal,
            "lower_bound": self.lower_bound,
            "rate": self.rate.to_dict(),
        }

    def __str__(self) -> str:
        values = ", ".join(f"{name} = {value:.8g}" for name, value in self.parameters.items())
        how = (
            f"proved: no method of memory {self.algorithm.memory} is faster"
            if self.is_optimal
            else f"estimated by a search; proved that no rate of second moments is below "
            f"{self.lower_bound:.6g}"
        )
        return f"{values}\n  {self.rate}\n  {how}"


def fastest(
    family: FamilyLike, problem: Any, batch_size: Any = math.inf, *, length: int = 2, **fixed: Any
) -> Fastest:
    """Return the parameters of a family with the smallest rate of convergence on a problem.

    That is the rate of second moments, so with full batches the one of distances.

    Parameters
    ----------
    family : function or str
        As in `largest_learning_rate`.
    problem : Problem, Spectrum, data or number
        As in `convergence_rate`; a number is a condition number, of eigenvalues from its inverse to
        1. For a largest eigenvalue L divide learning rates by L.
    batch_size : positive number or inf
        See `stability`.
    length : int
        How many numbers a list of parameters has.
    **fixed
        Values of the other parameters, such as ``momentum=0.9``.

    Returns
    -------
    Fastest
        The rate is proved for the parameters; that no others are better is only where
        ``is_optimal`` says so. The search is deterministic: Nelder and Mead's from the best of some
        evenly spread points, repeated until that does not help.

    Raises
    ------
    InputError
        As `convergence_rate`, if the family or a parameter is unknown, or all have values, and for
        condition numbers above 1e14.

    Examples
    --------
    >>> from sgdmem import sgd
    >>> found = fastest("sgd", 9)
    >>> round(found.parameters["learning_rate"], 6), round(found.rate.noiseless, 6)
    (1.8, 0.8)
    >>> found.is_optimal
    True
    """
    build, names = _read(family, length, fixed)
    kappa = condition_number(problem)
    ends: tuple[float, float]
    if kappa is not None:
        require_full_batches(batch_size)
        lam, ends = interval_sample(1 / kappa, 1), (1 / float(kappa), 1.0)
        rate = _noiseless(lam)
        finish = convergence_rate
        given: Any = kappa
    else:
        given = finite_problem(as_problem(problem))
        rate, finish = _on_problem(given, batch_size), convergence_rate
        decay = to_float(given.weight_decay)
        values = given.spectrum.eigenvalues
        ends = float(values.min()) + decay, float(values.max()) + decay

    if ends[1] > _WORST * ends[0]:
        raise InputError(
            f"problem must have a condition number of at most {_WORST:g} for a search, got "
            f"{ends[1] / ends[0]:.3g}: rates are too close to 1 in floating point"
        )

    def objective(point: Array) -> float:
        try:
            algorithm = rational_algorithm(build(**_values(names, point, ends)))
            found = rate(algorithm)
        except (InputError, ArithmeticError, ValueError, np.linalg.LinAlgError):
            return _BAD
        return min(found, _BAD) if found == found else _BAD

    noisy = kappa is None and not given.noise.at(batch_size).is_quiet
    best = _least(objective, [_start(x, ends) for x in names.values()], noisy)
    parameters = _values(names, best, ends)
    algorithm = build(**parameters)
    found = finish(algorithm, given, batch_size)
    return Fastest(parameters, algorithm, found, _bound(algorithm, ends, kappa is not None))


def _read(
    family: FamilyLike, length: int, fixed: Mapping[str, Any]
) -> tuple[Callable[..., Algorithm], dict[str, Parameter]]:
    """Return the family as a function of the numbers that are looked for, and these."""
    constructor: Family[...] = find_family(family).fix(**fixed)
    lists = [x for x in constructor.parameters.values() if x.is_required and x.kind == "list"]
    if lists:
        constructor = constructor.spread(whole(length, "length", 1, 20))
    left = {name: x for name, x in constructor.parameters.items() if x.is_required}
    whole_ones = [name for name, x in left.items() if x.kind != "number"]
    if whole_ones:
        raise InputError(f"{constructor.name} needs a value for {', '.join(whole_ones)}")
    if not left:
        raise InputError(f"all parameters of {constructor.name} have values: none is left to try")
    return constructor.varying([*left], {}), left


def _noiseless(lam: Array) -> Callable[[Algorithm], float]:
    if lam.size > _MOST_MODES:
        lam = lam[np.unique(np.linspace(0, lam.size - 1, _MOST_MODES).astype(int))]
    return lambda algorithm: float(largest_roots(algorithm, lam).max())


def _on_problem(problem: Problem, batch_size: Any) -> Callable[[Algorithm], float]:
    """Return the rate on a problem: the root of that of second moments."""
    noise, decay = problem.noise.at(batch_size), to_float(problem.weight_decay)
    require_physical(noise)
    noiseless = _noiseless(np.unique(problem.spectrum.eigenvalues) + decay)
    if noise.is_quiet:
        return noiseless
    quick = FloatProblem.of(problem.spectrum, noise)
    return lambda algorithm: moment_root(algorithm, quick, noiseless(algorithm), _ROUGH)


# Coordinates in which parameters are searched ----------------------------------------------------


def _values(
    names: Mapping[str, Parameter], point: Array, ends: tuple[float, float]
) -> dict[str, float]:
    return {
        name: _value(parameter, float(x), ends)
        for (name, parameter), x in zip(names.items(), point, strict=True)
    }


def _kind(parameter: Parameter) -> str:
    usual = parameter.usual
    if usual.low > 0:
        return "ratio"
    return "kept" if usual.low == 0 and 0.9 <= usual.high <= 1 else "plain"


def _value(parameter: Parameter, x: float, ends: tuple[float, float]) -> float:
    """Return a parameter's value: in units, by ratios, or close to 1 by ratios of what is lost."""
    unit = 1 / ends[1] if parameter.unit == RATE_UNIT else 1.0
    kind = _kind(parameter)
    return unit * (math.exp(x) if kind == "ratio" else 1 - math.exp(-x) if kind == "kept" else x)


def _start(parameter: Parameter, ends: tuple[float, float]) -> tuple[float, float]:
    """Return the coordinates between which a search begins."""
    usual, kappa = parameter.usual, ends[1] / ends[0]
    kind = _kind(parameter)
    if kind == "ratio":
        most = max(usual.high, kappa) if parameter.unit == RATE_UNIT else usual.high
        return math.log(min(usual.low, 1 / kappa)), math.log(most)
    if kind == "kept":
        return 0.0, max(3.0, math.log(kappa))
    return usual.low, usual.high


def _least(
    objective: Callable[[Array], float], box: list[tuple[float, float]], smooth: bool
) -> Array:
    """Return the point of the smallest value that searches find.

    A value that is not ``smooth`` has its minimum at a kink, where a search may stop too early.
    """
    from scipy.optimize import minimize
    from scipy.stats import qmc

    count, (low, high) = len(box), np.array(box).T
    tried, patience = (1, 1) if smooth else (_TRIED, _PATIENT)
    spread = qmc.Halton(count, scramble=False).random(_POINTS * count + 1)[1:]
    points = low + (high - low) * spread
    order = np.argsort([objective(point) for point in points], kind="stable")

    def followed(point: Array, size: float) -> Array:
        simplex = np.vstack([point, point + size * np.diag(high - low)])
        options = {
            "initial_simplex": simplex,
            "xatol": 1e-6 if smooth else 1e-12,
            "fatol": _ROUGH if smooth else 1e-13,
            "maxiter": 200 * count,
        }
        return np.asarray(minimize(objective, point, method="Nelder-Mead", options=options).x)

    ends = [followed(points[k], 0.1) for k in order[:tried]]
    best = min(ends, key=objective)
    for turn in range(_ROUNDS):
        point = followed(best, 10.0 ** -(1 + turn % _PATIENT))
        gained = objective(best) - objective(point)
        best = point if gained > 0 else best
        if gained <= _HELPS and turn >= patience:
            break
    return best


def _bound(algorithm: Algorithm, ends: tuple[float, float], between: bool) -> float:
    """Return a lower bound of the rate of second moments of all methods of this memory."""
    if algorithm.shrink != 0:
        return 0.0
    memory = min(algorithm.memory, 1) if between else algorithm.memory
    root = (ends[1] / ends[0]) ** (1 / (memory + 1))
    return float(((root - 1) / (root + 1)) ** 2)
