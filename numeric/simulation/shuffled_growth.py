"""What an epoch of shuffled samples does to second moments, estimated from random orders."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.arnoldi import leading_pair
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, whole
from sgdmem.numeric.arithmetic.memory import require_memory
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.losses.sampled_losses import step_parts
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.numeric.problems.drawing import batch_of_epoch
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.problems.whitened import WhitenedRows
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.errors import InputError

_CLOSE = 1e-9  # a residual


class ShuffledGrowth(NamedTuple):
    """An estimated factor.

    Attributes
    ----------
    value : float
        By which an epoch multiplies the second moments in the end: below 1 the mean loss falls.
    standard_error : float
        From how much the orders differ.
    steps : int
        How many an epoch has.
    """

    value: float
    standard_error: float
    steps: int

    def __str__(self) -> str:
        return (
            f"simulated: an epoch of {self.steps:,} steps multiplies the second moments by "
            f"{self.value:.6g} +- {self.standard_error:.2g}"
        )


def shuffled_growth(
    algorithm: Any,
    problem: Any,
    batch_size: Any,
    orders: int = 200,
    *,
    seed: int = 0,
    progress: bool = False,
) -> ShuffledGrowth:
    r"""Estimate whether a method is stable in mean square with epochs of shuffled samples.

    Batches that go through all samples in a random order, as those of PyTorch's
    ``DataLoader(shuffle=True)``, depend on each other. Epochs do not: with :math:`A_\pi` what one
    epoch in the order :math:`\pi` makes of the state, second moments go to
    :math:`\mathbb E_\pi[A_\pi\Sigma A_\pi^T]`, and stability means that this map has a radius below
    1. The mean is taken over random orders.

    The radius for batches that are drawn anew is only a reference: shuffled SGD was stable at least
    as far in every case that was tried, while with momentum it goes both ways.

    Parameters
    ----------
    algorithm : Algorithm
    problem : Problem
        Of `Problem.from_data`; its labels have no influence. With ``drop_last=False`` the smaller
        last batch of an epoch is made, too, whether it says ``shuffle`` or not.
    batch_size : int
        At most the number of samples.
    orders : int
        How many, at least 2.
    seed : int >= 0
        Where they come from. With the same seed questions for several rates have the same orders,
        so that their answers can be compared.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    ShuffledGrowth
        ``(value, standard_error, steps)``; inf, inf where an epoch leaves the range of floats.

    Raises
    ------
    InputError
        For bad input, and for what does not fit into memory.

    Examples
    --------
    Two samples, one after the other; either order is as good:

    >>> from sgdmem import Problem, sgd
    >>> problem = Problem.from_data([[1.0], [2.0]], shuffle=True)
    >>> growth = shuffled_growth(sgd("0.4"), problem, 1)
    >>> round(growth.value, 9), growth.steps  # ((1 - 0.4)(1 - 1.6))^2
    (0.1296, 2)
    """
    chosen, given = numeric_algorithm(algorithm), as_problem(problem)
    samples = given.samples
    if samples is None:
        raise InputError("problem must have samples to shuffle: Problem.from_data(X)")
    if np.ptp(samples.weights) > 0:
        raise InputError("weights have no place in shuffled epochs: every sample comes once")
    if isinstance(samples.columns, WhitenedRows):
        raise InputError(samples.columns.refusal)
    n = len(samples)
    size = n if is_infinite(batch_size) else batch_of_epoch(number(batch_size, "batch_size"), n)
    count = whole(orders, "orders", 2)
    width = len(samples.eigenvalues) * (chosen.memory + 1)
    require_memory(8.0 * (3 * count + 200) * width**2, f"epochs of {count:,} orders")
    generator = np.random.default_rng(whole(seed, "seed", 0))
    ends = [*range(size, n + 1, size)]
    if not samples.drawing.drop_last and ends[-1] < n:
        ends.append(n)
    made = np.empty((count, width, width))
    with shown_progress("simulating", count, progress) as advance, np.errstate(all="ignore"):
        for k in range(count):
            made[k] = _epoch(chosen, given, generator.permutation(n), ends)
            advance(1)
    if not np.isfinite(made).all() or not np.isfinite((made**2).sum()):
        return ShuffledGrowth(np.inf, np.inf, len(ends))
    return ShuffledGrowth(*_radius(made), len(ends))


def _epoch(algorithm: Algorithm, problem: Problem, order: Array, ends: list[int]) -> Array:
    """Return the matrix of an epoch, on states in whitened coordinates."""
    samples, decay = problem.samples, float(problem.weight_decay)
    assert samples is not None  # they have an order
    lam, columns = samples.eigenvalues, samples.columns
    still, v, r = (part[0] for part in step_parts(Schedule.constant(algorithm).steps(0, 1)))
    N, m = lam.size, v.size
    state = np.eye(m * N).reshape(m, N, m * N)
    for first, last in zip([0, *ends], ends, strict=False):
        at = np.tensordot(r, state, 1)
        Z = columns[order[first:last]].reshape(-1, N)
        gradient = lam[:, None] * (Z.T @ (Z @ at)) / (last - first) + decay * at
        state = np.tensordot(still, state, 1) + v[:, None, None] * gradient
    return state.reshape(m * N, m * N)


def _radius(made: Array) -> tuple[float, float]:
    """Return the radius of the mean of A C A^T, and how well the mean is known there.

    To first order an order adds what it makes of the leading matrix, in the eyes of the adjoint.
    """

    def mean(A: Array, C: Array) -> Array:
        return np.asarray(np.tensordot(A @ C, A, ((0, 2), (0, 2))) / len(A))

    turned = made.transpose(0, 2, 1)
    start = np.eye(made.shape[1])
    value, V, _ = leading_pair(lambda C: mean(made, C), start, _CLOSE)
    if value <= 0:
        return 0.0, 0.0
    _, U, _ = leading_pair(lambda C: mean(turned, C), start, _CLOSE)
    each = np.einsum("kij,kij->k", turned @ U, (made @ V).transpose(0, 2, 1))
    return value, float(each.std(ddof=1) / abs(np.vdot(U, V)) / len(made) ** 0.5)
