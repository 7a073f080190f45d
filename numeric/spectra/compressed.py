"""A spectrum compressed to a few nodes with positive weights, with error bounds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.rounding import UNIT

_NEAR_TOP = (0.0, 1 / 81, 1 / 27, 1 / 9, 1 / 3, 2 / 3)  # ends of intervals below the largest one
_RATIO = 3.0  # between the ends of the further intervals


@dataclass(frozen=True, eq=False, repr=False)
class CompressedSpectrum:
    r"""Nodes and weights that stand for a spectrum in sums over it.

    Made by `Spectrum.compress`. For a summand :math:`f(\lambda) = \lambda g(\lambda)`

    .. math::
        \Bigl|\sum_k w_k f(\lambda_k) - \sum_i \omega_i f(\theta_i)\Bigr|
        \le \sum_j \epsilon_j \sup_{D_j} |g|

    with complex disks :math:`D_j` around the panels, so it is close to 0 unless g has a pole in one
    of them. It is at most ``relative_error`` of the sum if g > 0 and the suprema are at most 4
    times the mean of g over the spectrum, weighted by the eigenvalues.

    ``Spectrum(nodes, weights)`` is a spectrum of the nodes, for use elsewhere. Verdicts on it are
    verdicts on the nodes; those on the spectrum itself compress it on their own, with proofs.

    Attributes
    ----------
    nodes, weights : ndarray, shape (n,)
        Positive; the largest nodes are eigenvalues themselves.
    relative_error : float
        What was asked for.
    node_spread : float
        Bound of the relative errors of the nodes.
    eigenvalues, spreads : ndarray, shape (h,)
        The nodes that are eigenvalues, the largest one first, and bounds of their errors.
    centers, reaches, errors : ndarray, shape (d,)
        The disks that cover all other eigenvalues, and the errors for a g bounded by 1 on each.
    """

    nodes: Array
    weights: Array
    relative_error: float
    node_spread: float
    eigenvalues: Array
    spreads: Array
    centers: Array
    reaches: Array
    errors: Array

    def __post_init__(self) -> None:
        for array in (self.nodes, self.weights):
            array.flags.writeable = False

    def __len__(self) -> int:
        return int(self.nodes.size)

    def __repr__(self) -> str:
        return f"CompressedSpectrum({len(self)} nodes, relative error {self.relative_error:g})"

    def disks(self, one_by_one: bool) -> tuple[Array, Array, Array]:
        """Return centers, reaches and errors of disks that cover all eigenvalues.

        The largest eigenvalue comes first. The others that the quadrature leaves alone are disks of
        their own, or lie in a few intervals, which is quicker but needs a pole to be farther away.
        """
        centers, reaches = self.eigenvalues, self.spreads
        if not one_by_one:
            ends = self._interval_ends
            if ends.size < centers.size:
                middles, halves = (ends[:-1] + ends[1:]) / 2, (ends[:-1] - ends[1:]) / 2
                centers = np.concatenate([centers[:1], middles])
                reaches = np.concatenate([reaches[:1], halves + 4 * UNIT * ends[0]])
        return (
            np.concatenate([centers, self.centers]),
            np.concatenate([reaches, self.reaches]),
            np.concatenate([np.zeros(centers.size), self.errors]),
        )

    @cached_property
    def _interval_ends(self) -> Array:
        top = float((self.eigenvalues + self.spreads).max())
        low = float((self.eigenvalues - self.spreads).min())
        ends = [top * (1 - share) for share in _NEAR_TOP]
        while ends[-1] > low:
            ends.append(ends[-1] / _RATIO)
        return np.array(ends)
