r"""Long runs of moments by few exponentials: the map of a period within a small space.

The space is spanned by moments that were stepped exactly, in which fast modes are still alive, and
by the discounted sums :math:`(1-xA)^{-1}z` of the last ones for some x up to the inverse of the
growth of A, in which slow modes stand out (a rational Krylov space). The eigenvalues of A within an
orthonormal basis of it, Ritz values, are the exponentials' bases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.moments.moment_map import MomentMap, Moments

_SLOWEST = 1e-9  # discounts come as near to the growth as this
_RATIO = 1.5  # of the distances of two discounts
_FASTEST = 20.0  # over the periods made: what is faster is gone
_SETTLED = 1e-9  # relative change of a sum's direction: slower discounts would add nothing
_KEPT = 1e-13  # of the singular values of the space
_GROWING = 1e-9  # relative: a Ritz value so much above the growth is spurious


@dataclass(frozen=True)
class Exponentials:
    """A sum of exponentials, real parts of coefficients times powers of complex bases.

    Attributes
    ----------
    bases : ndarray, shape (n,)
        By which parts are multiplied in a period.
    coefficients : ndarray, shape (T, n)
        At each step of a period.
    """

    bases: Array
    coefficients: Array

    def at(self, t: Array) -> Array:
        """Return the sum at whole numbers t >= 0; inf beyond the range of floats."""
        sizes, phases = np.abs(self.bases), np.angle(self.bases)
        total = np.zeros(t.shape)
        t, step = np.divmod(t, len(self.coefficients))
        step = step.astype(int)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            for size, phase, factors in zip(sizes, phases, self.coefficients.T, strict=True):
                log = np.log(size) * t if size else np.where(t > 0, -np.inf, 0.0)
                # numbers as large as t lose the phase only where the base is not slow
                turned = np.cos(phase * t + np.angle(factors)[step])
                total += np.abs(factors)[step] * np.exp(log) * turned
        return np.where(np.isfinite(total), total, np.inf)


def reduced_losses(
    mapping: MomentMap, now: Moments, before: Sequence[Moments], periods: float, growth: float
) -> Exponentials:
    """Return exponentials for the losses of ``now`` and after.

    Parameters
    ----------
    now : Moments
        With the constant 1, or less those at which the method rests.
    before : sequence of Moments
        Some of the last ones at which a period began.
    periods : float
        How many were made: what they left behind is gone.
    growth : float
        The radius of the map on what is moved.
    """
    unit = float(np.abs(now.second).max()) or 1.0  # squares may leave the range of floats
    now = now.scaled(unit)
    space = _Space(now)
    columns = [_direction(space.packed(x)) for x in (*before, now)]
    columns += _slow_sums(mapping, space, now, periods, growth)
    wide, triangle = np.linalg.qr(np.column_stack(columns))
    turned, sizes, _ = np.linalg.svd(triangle)
    basis = wide @ turned[:, sizes > _KEPT * sizes[0]]
    parts = [space.unpacked(x) for x in basis.T]
    losses, after = zip(*map(mapping.moved, parts), strict=True)
    moved = np.column_stack(list(map(space.packed, after)))
    bases, vectors = np.linalg.eig(basis.T @ moved)
    shares = np.linalg.solve(vectors, (basis.T @ space.packed(now)).astype(complex))
    coefficients = (np.array(losses).T @ vectors) * shares
    kept = np.abs(bases) <= growth * (1 + _GROWING)
    return Exponentials(bases[kept], unit * coefficients[:, kept])


def _slow_sums(
    mapping: MomentMap, space: _Space, now: Moments, periods: float, growth: float
) -> list[Array]:
    found: list[Array] = []
    distance, guess = min(0.5, _FASTEST / periods), None
    while distance > _SLOWEST:
        total, guess = mapping.summed(now, (1 - distance) / growth, guess)
        found.append(_direction(space.packed(total)))
        if len(found) > 1 and np.linalg.norm(found[-1] - found[-2]) < _SETTLED:
            break
        distance /= _RATIO
    return found


def _direction(vector: Array) -> Array:
    scaled = vector / (np.abs(vector).max() or 1.0)
    return np.asarray(scaled / (np.linalg.norm(scaled) or 1.0))


class _Space:
    """Moments as vectors, in which second moments, means and the constant weigh alike."""

    def __init__(self, moments: Moments) -> None:
        size = float(np.linalg.norm(moments.second)) or 1.0
        means = 0.0 if moments.means is None else float(np.linalg.norm(moments.means))
        self.shapes = moments.second.shape, None if moments.means is None else moments.means.shape
        self.scales = size / means if means else 1.0, size

    def packed(self, moments: Moments) -> Array:
        """Return the vector of moments."""
        means = np.zeros(0) if moments.means is None else moments.means.ravel() * self.scales[0]
        return np.concatenate([moments.second.ravel(), means, [moments.constant * self.scales[1]]])

    def unpacked(self, vector: Array) -> Moments:
        """Return the moments of a vector."""
        second, means = self.shapes
        count = int(np.prod(second))
        return Moments(
            vector[:count].reshape(second),
            None if means is None else vector[count:-1].reshape(means) / self.scales[0],
            float(vector[-1] / self.scales[1]),
        )
