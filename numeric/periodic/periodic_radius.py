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

import contextlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arnoldi import leading_pair
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.arithmetic.memory import require_memory
from sgdmem.numeric.losses.schedule import Steps, read_schedule
from sgdmem.numeric.periodic.float_modes import FloatModes
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError

_SOLVED = 4  # size of states up to which sums of powers are solutions of linear systems
_MOST_DOUBLINGS = 80
_NOTHING = 1e-20  # of a power of state matrices
_TOLERANCE = 1e-11
_MOST_WORK = 2e10  # numbers that responses are multiplied by
MOST_STEPS = 10_000


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
    return radius_of_steps(steps, given, noise, whole(workers, "workers", 1))


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
    modes = FloatModes.of(steps, problem, noise)
    places = modes.eigenvalues
    pairs = pairs_of_modes(places.size, noise)
    start = np.tile((pairs[0] == pairs[1]).astype(float), (len(steps), 1))
    _require_possible(len(steps), pairs[0].size, steps.b.shape[1] + 1)
    if not _growth(steps, problem, modes) < 1:
        return math.inf, start
    if noise.is_quiet:
        return 0.0, start
    products = _products(steps, _state_matrices(steps, problem, places), places, pairs, workers)
    if not np.isfinite(products).all():  # so close to the edge that powers never fade
        return math.inf, start
    products *= modes.parts  # of laws, that have no pairs
    feed = _covariance(noise, modes.weights, pairs)
    share = float(noise.share)

    def applied(C: Array) -> Array:
        heard = np.einsum("tsp,sp->tp", products, C)
        return share * np.array([feed(row) for row in heard])

    radius, leading, _ = leading_pair(applied, start, _TOLERANCE)
    return max(radius, 0.0), leading


def growth_without_noise(steps: Steps, problem: Problem, noise: BatchNoise) -> float:
    """Return a number that is below 1 where every mode dies out over a period, see `FloatModes`."""
    return _growth(steps, problem, FloatModes.of(steps, problem, noise))


def _growth(steps: Steps, problem: Problem, modes: FloatModes) -> float:
    products = _product(_state_matrices(steps, problem, modes.listed))
    return modes.growth(np.abs(np.linalg.eigvals(products)).max(axis=-1))


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
            f"period must be shorter for {pairs:,} pairs of modes, got {steps:,}: every step is "
            "compared with every other one"
        )
    what = f"a period of {steps:,} steps"
    require_memory(8.0 * (steps**2 * pairs + 6 * pairs * size**2), what)


def _product(S: Array) -> Array:
    """Return S_{T-1} ... S_0 of every mode."""
    found: Array = S[0]
    for one in S[1:]:
        found = one @ found
    return found


def _products(
    steps: Steps, S: Array, eigenvalues: Array, pairs: tuple[Array, Array], workers: int
) -> Array:
    """Return p(t, s) of pairs of modes, shape (T, T, pairs).

    What one of several workers does to all others by the average of a period is 1 / workers of
    what it does to itself, and so is what they all do: their noise is independent.
    """
    T, (i, j) = len(steps), pairs
    v = np.column_stack([-steps.alpha, steps.c])
    r = np.column_stack([np.ones(T), steps.a])
    both = eigenvalues[i] * eigenvalues[j]
    found = np.empty((T, T, i.size))
    for s in range(T):
        after = _product(np.roll(S, -(s + 1), axis=0))
        kick = np.broadcast_to(np.outer(v[s], v[s]), (i.size, v.shape[1], v.shape[1]))
        every, alone = summed_powers(after[i], after[j], kick), (workers - 1) * kick
        for k in range(1, T + 1):
            t = (s + k) % T
            alone = alone * (t > 0)
            found[t, s] = both / workers * ((every + alone) @ r[t] @ r[t])
            turned = S[t][j].transpose(0, 2, 1)
            every, alone = S[t][i] @ every @ turned, S[t][i] @ alone @ turned
    return found


def summed_powers(left: Array, right: Array, X: Array) -> Array:
    """Return the sum over m >= 0 of left^m X (right^m)^T, of matrices in the last two axes."""
    size = X.shape[-1]
    if size <= _SOLVED:
        both = left[..., :, None, :, None] * right[..., None, :, None, :]
        system = np.eye(size**2) - both.reshape(*both.shape[:-4], size**2, size**2)
        entries = X.reshape(*X.shape[:-2], size**2, 1)
        with contextlib.suppress(np.linalg.LinAlgError):  # some power has the eigenvalue 1
            return np.asarray(np.linalg.solve(system, entries)).reshape(X.shape)
    for _ in range(_MOST_DOUBLINGS):
        with np.errstate(over="ignore", invalid="ignore"):
            X = X + left @ X @ np.swapaxes(right, -1, -2)
            left, right = left @ left, right @ right
        if not max(np.abs(left).max(), np.abs(right).max()) > _NOTHING:
            break
    return X


def _covariance(
    noise: BatchNoise, weights: Array, pairs: tuple[Array, Array]
) -> Callable[[Array], Array]:
    """Return what gives the whitened covariance of one sample's gradient from second moments."""
    i, j = pairs
    N = weights.size
    samples = noise.samples
    if samples is not None:

        def of_samples(heard: Array) -> Array:
            matrix = np.zeros((N, N))
            matrix[i, j] = matrix[j, i] = heard
            return np.asarray(samples.covariance(matrix)[i, j])

        return of_samples
    tau2 = noise.tau2_values * np.ones(N)
    blocks = [np.asarray(block.entries.mid) for block in noise.coupling or ()]
    sizes = [block.size for block in noise.coupling or ()]

    def of_modes(heard: Array) -> Array:
        weighted = weights * heard
        if not blocks:
            return np.asarray(float(noise.tau1) * weighted.sum() - tau2 * heard)
        parts = np.split(weighted, np.cumsum(sizes)[:-1])
        told = [
            np.full(part.size, float(T) * part.sum()) if T.ndim == 0 else T @ part
            for T, part in zip(blocks, parts, strict=True)
        ]
        return np.asarray(np.concatenate(told) - tau2 * heard)

    return of_modes
