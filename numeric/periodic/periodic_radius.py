r"""Whether a schedule that repeats itself is stable in mean square.

Step t of T has the state matrix :math:`S_t=S_{0,t}+(\lambda+\omega)v_tr_t^T` of each mode. Products
of responses over whole periods are

.. math:: p_{ij}(t,s)=\lambda_i\lambda_j\sum_{m:\,t+mT>s}r_t^T\Phi_i(t+mT,s+1)v_s\;
    r_t^T\Phi_j(t+mT,s+1)v_s,\qquad \Phi(t,s)=S_{t-1}\cdots S_s,

and noise with the covariance :math:`\kappa\mathcal M` of gradients feeds back

.. math:: (\mathcal TC)_t=\kappa\,\mathcal M\Bigl(\sum_sp(t,s)\circ C_s\Bigr).

Second moments die out from every start exactly if all :math:`S_{T-1}\cdots S_0` are strictly Schur
and the radius of this positive map is below 1: the argument of the theory page "The exact
condition" for the state of a whole period.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arnoldi import leading_pair
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.arithmetic.memory import require_memory
from sgdmem.numeric.periodic.float_modes import FloatModes
from sgdmem.numeric.periodic.moments_over_a_period import MomentsOverAPeriod, product_radii
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.schedules.schedule import Steps, read_schedule
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError

_TOLERANCE = 1e-11
_MOST_WORK = 1e11  # steps squared, times pairs of modes and the cube of the size of a state
_LOOKS = 8  # applications of the map before its radius is found
MOST_STEPS = 10_000
MOST_WORKERS = 10**9


def periodic_radius(
    rule: Any,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    period: int | None = None,
    workers: int = 1,
) -> float:
    """Return the radius of the noise of a schedule that repeats its first steps for ever.

    Below 1 the mean loss tends to rest (to its least value where some w fits), above 1 it grows:
    in mean square, from almost every start. Infinite where the method without noise does not tend
    to rest. In plain floats: found by iteration, not proved. For one algorithm at all steps it is
    ``stability(...).noise_sum``, but for noise of two parameters with tau2 other than 0, where both
    are on the same side of 1.

    Parameters
    ----------
    rule : list of Algorithm, or Schedule
        Rates that go up and down, restarts, cycles of momentum.
    problem : Problem, Spectrum or data
        Infinite laws are summed by a rule.
    batch_size : number > 0
    period : int, optional
        After so many steps it begins again, up to 10**4; of a list its length.
    workers : int
        So many make the steps of a period by themselves, with batches of their own, and go on from
        their average (local SGD; its vectors are averaged too).

    Returns
    -------
    float
        Proportional to the share of noise in a batch: with replacement the critical batch size is
        ``periodic_radius(rule, problem, 1)``.

    Raises
    ------
    InputError
        For spectra without a trace, batches of several sizes, tau2 above tau1, and what takes too
        long.

    Examples
    --------
    SGD whose rate is too large for itself at every third step:

    >>> from sgdmem import Spectrum, sgd
    >>> jumps = [sgd(0.1), sgd(0.1), sgd(2.2)]
    >>> problem = Spectrum([1, 0.5, 0.25])
    >>> radius = periodic_radius(jumps, problem, 64)
    >>> round(radius, 3), round(periodic_radius(jumps, problem, 1) / 64, 3)
    (0.926, 0.926)
    """
    given = as_problem(problem)
    noise = given.noise.at(batch_size)
    require_periodic_problem(given, noise)
    steps = read_schedule(rule).steps(0, period_of(rule, period))
    return radius_of_steps(steps, given, noise, whole(workers, "workers", 1, MOST_WORKERS))


def period_of(rule: Any, period: int | None) -> int:
    """Return the number of steps after which a rule begins again: of a list its length."""
    if period is None and is_list(rule):
        period = len(list(rule))
    if period is None and isinstance(rule, Algorithm):
        period = 1
    if period is None:
        raise InputError(
            "period must be given for a schedule: after how many steps it begins again"
        )
    return whole(period, "period", 1, MOST_STEPS)


def radius_of_steps(steps: Steps, problem: Problem, noise: BatchNoise, workers: int = 1) -> float:
    """Return what `periodic_radius` does, of the steps of a period."""
    return leading_noise(steps, problem, noise, workers)[0]


def pairs_of_modes(size: int, noise: BatchNoise) -> tuple[Array, Array]:
    """Return whose second moments feed the noise: of each mode, or of all pairs with samples."""
    if noise.samples is not None:
        return np.triu_indices(size)
    return np.arange(size), np.arange(size)


def leading_noise(
    steps: Steps, problem: Problem, noise: BatchNoise, workers: int = 1
) -> tuple[float, Array]:
    """Return the radius, and the covariances that belong to it, shape (T, pairs of modes)."""
    given, start = _noise_map(steps, problem, noise, workers)
    if not callable(given):
        return given, start
    radius, leading, _ = leading_pair(given, start, _TOLERANCE)
    return max(radius, 0.0), leading


def noise_dies_out(steps: Steps, problem: Problem, noise: BatchNoise, workers: int = 1) -> bool:
    """Whether the radius is below 1, often seen before it is known.

    A positive map multiplies some entry of a positive array by its radius at most, and some by
    its radius at least.
    """
    given, x = _noise_map(steps, problem, noise, workers)
    if not callable(given):
        return given < 1
    start = x
    for _ in range(_LOOKS if noise.samples is None else 0):
        image = given(x)
        if not image.min() > 0:
            break
        ratios = image / x
        if ratios.max() < 1 or ratios.min() > 1:
            return bool(ratios.max() < 1)
        x = image / image.max()
    return leading_pair(given, start, _TOLERANCE)[0] < 1


def _noise_map(
    steps: Steps, problem: Problem, noise: BatchNoise, workers: int
) -> tuple[Callable[[Array], Array] | float, Array]:
    """Return the map whose radius is that of the noise, or the radius, and where to begin."""
    modes = FloatModes.of(steps, problem, noise)
    places = modes.eigenvalues
    pairs = pairs_of_modes(places.size, noise)
    start = np.tile((pairs[0] == pairs[1]).astype(float), (len(steps), 1))
    _require_possible(len(steps), pairs[0].size, steps.b.shape[1] + 1)
    if not _growth(steps, problem, modes) < 1:
        return math.inf, start
    if noise.is_quiet:
        return 0.0, start
    T = len(steps)
    v, r = np.column_stack([-steps.alpha, steps.c]), np.column_stack([np.ones(T), steps.a])
    still, drift = steps.state_matrices[0], places + float(problem.weight_decay)
    moments = MomentsOverAPeriod(still, v, r, drift, pairs, workers)
    both = places[pairs[0]] * places[pairs[1]] * modes.parts  # of laws, that have no pairs
    if not np.isfinite(moments.heard(start)).all():  # so close to the edge: powers never fade
        return math.inf, start
    feed = _covariance(noise, modes.weights, pairs)
    share = float(noise.share)

    def applied(C: Array) -> Array:
        heard = both * moments.heard(C)
        return share * feed(heard)

    return applied, start


def growth_without_noise(steps: Steps, problem: Problem, noise: BatchNoise) -> float:
    """Return a number that is below 1 where every mode dies out over a period, see `FloatModes`."""
    return _growth(steps, problem, FloatModes.of(steps, problem, noise))


def _growth(steps: Steps, problem: Problem, modes: FloatModes) -> float:
    return modes.growth(product_radii(_state_matrices(steps, problem, modes.listed)))


def _state_matrices(steps: Steps, problem: Problem, eigenvalues: Array) -> Array:
    """Return those of all steps and modes, shape (T, N, m, m)."""
    still, moved = steps.state_matrices
    drift = eigenvalues + float(problem.weight_decay)
    return np.asarray(still[:, None] + drift[:, None, None] * moved[:, None])


def require_periodic_problem(problem: Problem, noise: BatchNoise) -> None:
    """Raise InputError for a problem on which repeated schedules are not judged."""
    if problem.spectrum.diverges and not noise.is_quiet:
        raise InputError(
            "problem must have eigenvalues with a finite sum for a schedule that repeats itself, "
            f"got {problem.spectrum}: with any noise the mean loss grows"
        )
    if problem.spectrum.is_infinite and noise.by_mode:
        raise InputError("problem must have finitely many eigenvalues for noise given mode by mode")
    if noise.epoch is not None:
        raise InputError(
            "problem must have batches of one size for a schedule that repeats itself: "
            "drop_last=True"
        )
    if not noise.is_physical or not _is_covariance(problem, noise):
        raise InputError(
            "tau2 must be at most tau1, times the multiplicity of each eigenvalue, for a schedule "
            "that repeats itself: the noise is no covariance"
        )


def _is_covariance(problem: Problem, noise: BatchNoise) -> bool:
    """Whether modes that count for less than one do not take away more noise than they make."""
    if problem.spectrum.law is not None or float(problem.spectrum.weights.min()) >= 1:
        return True
    weights = problem.spectrum.weights
    size = weights.size
    feed = _covariance(noise, weights, (np.arange(size), np.arange(size)))
    return all(feed(unit)[k] >= 0 for k, unit in enumerate(np.eye(size)))


def _require_possible(steps: int, pairs: int, size: int) -> None:
    if float(steps) ** 2 * pairs * size**3 > _MOST_WORK:
        raise InputError(
            f"period must be shorter for {pairs:,} pairs of modes, got {steps:,}: it takes too long"
        )
    what = f"a period of {steps:,} steps"
    require_memory(8.0 * pairs * (90 * steps + 6 * size**2), what)


def _covariance(
    noise: BatchNoise, weights: Array, pairs: tuple[Array, Array]
) -> Callable[[Array], Array]:
    """Return what gives the whitened covariance of one sample's gradient from second moments.

    Of each step: those of modes stand along the last axis.
    """
    i, j = pairs
    N = weights.size
    samples = noise.samples
    if samples is not None:

        def of_samples(heard: Array) -> Array:
            matrices = np.zeros((*heard.shape[:-1], N, N))
            matrices[..., i, j] = matrices[..., j, i] = heard
            flat = matrices.reshape(-1, N, N)
            return np.array([samples.covariance(x)[i, j] for x in flat]).reshape(heard.shape)

        return of_samples
    tau2 = noise.tau2_values * np.ones(N)
    blocks = [np.asarray(block.entries.mid) for block in noise.coupling or ()]
    sizes = [block.size for block in noise.coupling or ()]

    def of_modes(heard: Array) -> Array:
        weighted = weights * heard
        if not blocks:
            return np.asarray(float(noise.tau1) * _total(weighted) - tau2 * heard)
        parts = np.split(weighted, np.cumsum(sizes)[:-1], axis=-1)
        told = [
            float(T) * _total(part) * np.ones_like(part) if T.ndim == 0 else part @ T.T
            for T, part in zip(blocks, parts, strict=True)
        ]
        return np.asarray(np.concatenate(told, axis=-1) - tau2 * heard)

    return of_modes


def _total(x: Array) -> Array:
    return np.asarray(x.sum(axis=-1, keepdims=True))
