r"""Long runs of one algorithm on samples: all moments are one vector, which a matrix moves.

With the matrix A of one step and the row :math:`\ell` that reads the loss, the rows
:math:`\ell A^j`, j < m, give m losses at once, and :math:`A^m` makes m steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.moments.sampled_moments import FLUSHED, SampledMoments

_LARGEST = 2000  # moments
_MOST = 1024  # steps at once
_TOO_LARGE = 1e100  # entries of a power of the matrix
_CANCELLING = 4.0  # radius of the sizes of a state matrix, whose own is about 1
Step: TypeAlias = tuple[Array, Array, Array]  # what `SampledMoments.step` takes


def matrix_pays(moments: SampledMoments, step: Step, steps: int) -> bool:
    """Whether a matrix costs less than steps one by one: each of its columns is a step.

    And whether it is as accurate: the state matrices must hold no large numbers that cancel.
    """
    size = _size(moments)
    if size > _LARGEST or steps <= 8 * size:
        return False
    sizes = np.abs(moments.state_matrices(*step))  # whose radius no units of u change
    return bool(np.isfinite(sizes).all() and np.abs(np.linalg.eigvals(sizes)).max() < _CANCELLING)


def losses_by_matrix(
    moments: SampledMoments,
    step: Step,
    steps: int,
    advance: Callable[[int], None] = lambda count: None,
) -> Array:
    """Return the losses before steps 0 ... ``steps``, inf from where they leave the range.

    Parameters
    ----------
    moments : SampledMoments
        At the start.
    """
    power, state = step_matrix(moments, *step), _vector(moments)
    size = power.shape[0]
    rows = np.zeros((1, size))
    diagonal = np.zeros_like(moments.second)
    places = np.arange(len(diagonal))
    diagonal[places, 0, places, 0] = 0.5
    second = _upper(diagonal)
    rows[0, : second.size] = second
    if moments.means is not None and moments.pull is not None:
        reading = np.zeros_like(moments.means)
        reading[:, :, 0] = -moments.pull
        rows[0, second.size : -1] = reading.ravel()
    found = np.full(steps + 1, np.inf)
    while len(rows) < _MOST and steps > 2 * len(rows) * size and np.abs(power).max() < _TOO_LARGE:
        rows = np.concatenate([rows, rows @ power])
        power = power @ power
    for first in range(0, steps + 1, len(rows)):
        last = min(first + len(rows), steps + 1)
        found[first:last] = (rows @ state)[: last - first]
        finite = np.isfinite(found[first:last])
        if not finite.all():
            found[first + int(finite.argmin()) :] = np.inf
            break
        state = power @ state
        state[np.abs(state) < FLUSHED] = 0.0
        advance(last - first)
    return found


def step_matrix(moments: SampledMoments, still: Array, v: Array, r: Array) -> Array:
    """Return the matrix of a step on the vector of second moments, means and 1."""
    size, shape = _size(moments), moments.second.shape
    whole = shape[0] * shape[1]
    upper = np.triu_indices(whole)
    count = upper[0].size
    A = np.zeros((size, size))

    def moved(second: Array, means: Array | None) -> SampledMoments:
        found = replace(moments, second=second.reshape(shape), means=means)
        found.step(still, v, r)
        return found

    for column, (i, j) in enumerate(zip(*upper, strict=True)):
        unit = np.zeros((whole, whole))
        unit[i, j] = unit[j, i] = 1.0
        A[:count, column] = _upper(moved(unit, None).second)
    if moments.means is not None:
        nothing, zero = np.zeros((whole, whole)), np.zeros(moments.means.shape)
        A[:, -1] = _vector(moved(nothing, zero))
        stirred = moments.samples.covariance(np.zeros((shape[0],) * 2), zero[:, :, 0])
        # of the size of residuals: then differences lose no more than a sum would; of samples that
        # are all alike what is left of their covariance is rounding, which may be negative
        pull = 0.0 if moments.pull is None else float(np.vdot(moments.pull, moments.pull))
        scale = float(np.sqrt((abs(np.trace(stirred)) + pull) / shape[0])) or 1.0
        for column in range(zero.size):
            unit = zero.copy()
            unit.flat[column] = scale
            after = _vector(moved(nothing, unit)) - A[:, -1]
            A[:-1, count + column] = after[:-1] / scale
    return A


def _size(moments: SampledMoments) -> int:
    whole = moments.second.shape[0] * moments.second.shape[1]
    means = 0 if moments.means is None else moments.means.size + 1
    return int(whole * (whole + 1) // 2 + means)


def _vector(moments: SampledMoments) -> Array:
    second = _upper(moments.second)
    return second if moments.means is None else np.concatenate([second, moments.means.flat, [1.0]])


def _upper(second: Array) -> Array:
    """Return the moments of pairs of places i <= j."""
    whole = second.shape[0] * second.shape[1]
    return np.asarray(second.reshape(whole, whole)[np.triu_indices(whole)])
