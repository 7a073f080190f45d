r"""Panels of eigenvalues on which the moments of all steps are smooth enough for a Gauss rule.

The moments of a mode are sums of products :math:`\prod_s x_i(s)\,\overline{x_j(s)}` of roots of its
characteristic polynomial: they decay and oscillate. Between two eigenvalues the logarithm of such a
product changes by some complex number :math:`2\omega`; a Gauss rule of n nodes integrates
:math:`e^{\omega x}` on [-1, 1] with an error of about :math:`(e|\omega|/4n)^{2n}`, relative to its
value in the middle, :math:`e^{-|\Re\omega|}` of the largest one. Panels are halved until this,
times what is left of the mode by then, is a rounding error at all times.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.spectra.list_quadrature import POINTS
from sgdmem.numeric.spectra.quadrature import RATIO

_LARGEST_ERROR = 1e-18
_SEGMENTS = 80  # of the steps, at least, each with the roots of its first step
_MOST_SEGMENTS = 500
_MOST_LOOKED_AT = 10**6  # steps
_SAME = 0.1  # relative changes of an entry within a segment
_NEGLIGIBLE = 20.0  # logarithm of a root's product below the largest one of a panel
_SMALL_ROOT = 1e-3  # over the largest one: it is gone after a few steps, whatever its angle
_MOST_HALVINGS = 24


def mode_panels(
    schedule: Schedule,
    steps: int,
    top: float,
    smallest: float,
    count: Callable[[Array], Array],
    weight_decay: float = 0.0,
) -> Array:
    """Return the ends of panels, from the largest eigenvalue down to 0.

    Parameters
    ----------
    schedule, steps
        What is done to the modes.
    top, smallest : float
        The largest eigenvalue, and one below which all share a panel.
    count
        Returns how many eigenvalues are larger than each of some numbers; panels with no more
        eigenvalues than nodes are not halved.
    weight_decay : float
        By which eigenvalues of the drift are larger.
    """
    edges = falling_edges(top, smallest)[:-1]
    roots = _RootTable(schedule, steps, weight_decay)
    left_over = roots.sizes(edges).max(axis=0)
    for _ in range(_MOST_HALVINGS):
        inside = np.diff(count(edges))
        candidates = np.flatnonzero(inside > POINTS)
        if candidates.size == 0:
            break
        left, right = edges[candidates], edges[candidates + 1]
        wide = roots.error(left, right, left_over) > _LARGEST_ERROR
        if not wide.any():
            break
        middles = np.sqrt(left[wide] * right[wide])
        edges = np.unique(np.append(edges, middles))[::-1]
    return np.append(edges, 0.0)


def falling_edges(top: float, smallest: float) -> Array:
    """Return ends of panels that fall by a factor of 3 to about ``smallest``, and then to 0."""
    size = max(0, int(np.ceil(np.log(top / smallest) / np.log(RATIO))))
    return np.append(top * RATIO ** -np.arange(size + 1.0), 0.0)


class _RootTable:
    """Logarithms of products of roots at some times, for any eigenvalues."""

    def __init__(self, schedule: Schedule, steps: int, weight_decay: float) -> None:
        begins = _segments(schedule, max(steps, 1))
        self.ends = np.append(begins[1:], max(steps, 1))
        self.lengths = self.ends - begins
        firsts = begins[:1] if schedule.stationary is not None else begins
        still, self.push = schedule.some_steps(firsts).state_matrices
        self.still = still + weight_decay * self.push

    def sizes(self, eigenvalues: Array) -> Array:
        """Return the logarithms of what is left of w at all times."""
        return self._logarithms(eigenvalues)[0]

    def error(self, left: Array, right: Array, left_over: Array) -> Array:
        """Return about how far Gauss rules between these eigenvalues err, relative to others.

        ``left_over`` is the logarithm of what is left of the slowest mode at all times.
        """
        ends = np.stack([left, np.sqrt(left * right), right])
        sizes, angles = self._logarithms(ends)  # (3, panels, times), with one more axis for roots
        # what is that small does not matter, and the root may even be 0 at an end
        sizes = np.maximum(sizes, sizes.max(axis=0) - _NEGLIGIBLE)
        change = np.abs(np.diff(sizes, axis=0)).sum(axis=0) / 2
        turn = np.abs(np.diff(angles, axis=0)).sum(axis=0).max(axis=-1) / 2
        omega = np.hypot(2 * change, 2 * turn)
        largest = 2 * (sizes.max(axis=0) - left_over)
        with np.errstate(divide="ignore"):
            exponent = largest - 2 * change + 2 * POINTS * np.log(np.e * omega / (4 * POINTS))
        exponent = np.where(self.ends < POINTS, -np.inf, exponent)  # polynomials of degree 2t
        return np.exp(np.minimum(exponent.max(axis=-1), 0.0))  # type: ignore[no-any-return]

    def _logarithms(self, eigenvalues: Array) -> tuple[Array, Array]:
        matrices = self.still + eigenvalues[..., None, None, None] * self.push
        roots = np.linalg.eigvals(matrices)
        size = np.abs(roots)
        largest = size.max(axis=-1)
        angles = np.where(size < _SMALL_ROOT * largest[..., None], 0.0, np.abs(np.angle(roots)))
        angles = np.sort(angles, axis=-1)
        with np.errstate(divide="ignore"):
            rates = np.maximum(np.log(largest), -700.0)
        shape = (*eigenvalues.shape, self.lengths.size)
        sizes = np.cumsum(np.broadcast_to(rates, shape) * self.lengths, axis=-1)
        turned = np.broadcast_to(angles, (*shape, angles.shape[-1])) * self.lengths[:, None]
        return sizes, np.cumsum(turned, axis=-2)


def _segments(schedule: Schedule, steps: int) -> Array:
    """Return the steps at which segments begin: in logarithmic steps, and where entries change."""
    begins = np.append(0, np.geomspace(1, steps, _SEGMENTS).round())
    if schedule.stationary is None:
        begins = np.append(begins, _changes(schedule, steps))
    return np.unique(begins[begins < steps])


def _changes(schedule: Schedule, steps: int) -> list[float]:
    """Return steps at which an entry is no longer what it was at the one before in this list."""
    t = np.arange(0.0, steps, max(1, steps // _MOST_LOOKED_AT))
    table = schedule.some_steps(t).table
    small = 1e-6 * np.abs(table).max(axis=0)
    found: list[float] = []
    place, window = 0, 64
    while place < t.size and len(found) < _MOST_SEGMENTS:
        far = np.abs(table[place : place + window] - table[place])
        moved = (far > _SAME * np.abs(table[place]) + small).any(axis=1)
        if moved.any():
            place += int(moved.argmax())
            found.append(float(t[place]))
            window = 64
        elif place + window >= t.size:
            break
        else:
            window *= 4
    return found
