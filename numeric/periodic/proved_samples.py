r"""Bounds of the radius of the noise of samples over a period, proved by matrix inequalities.

In whitened coordinates covariances :math:`C_t` of the T steps feed

.. math:: (\mathcal TC)_t=\kappa\mathcal M\Bigl(\sum_sp(t,s)\circ C_s\Bigr),\qquad
    \mathcal M(N)=\sum_iw_iH_iNH_i-N,

a map that preserves positive semidefinite ones. For one :math:`C\succ0` in floats, near the
leading ones, :math:`\mathcal TC\preceq\mu C` proves the upper bound :math:`\mu` of its radius, and
:math:`\mathcal TC\succeq\mu C` the lower one. As :math:`\mathcal M` is positive, what a matrix errs
by, e in norm, its image errs by at most :math:`e\,|\mathcal M(I)|`.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.definiteness import is_definite
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.problems.samples import Samples

_ROOM = np.geomspace(1e-12, 1e-1, 12)  # relative, between the radius and a bound that is tried
_SHARES = (0.0, 1e-8, 1e-5, 1e-2)  # of the identity in what proves an upper bound


def sampled_bounds(products: Ball, leading: Array, samples: Samples, share: float) -> Interval:
    r"""Return bounds of the radius; 0 or inf where none is proved.

    Parameters
    ----------
    products : Ball of shape (T, T, N)
        p(t, s) of all N pairs of modes, in the order of ``numpy.triu_indices``.
    leading : ndarray, shape (T, N)
        Covariances near the leading ones, in floats.
    share : float
        The factor :math:`\kappa`, to rounding.
    """
    size = int(samples.eigenvalues.size)
    C = _matrices(leading, size)
    trace = float(np.trace(C, axis1=1, axis2=2).sum())
    if not np.isfinite(C).all() or trace == 0:
        return 0.0, np.inf
    C = C * (len(C) * size / trace)
    image = _Image(products, samples, share)
    own = image(C)
    radius = max(float(np.trace(own[0].sum(axis=0))) / (len(C) * size), 1e-300)
    low = high = None
    if all(is_definite(c, 0.0) for c in C):
        low = next((x for x in radius * (1 - _ROOM) if _dominates(own, C, x, -1.0)), None)
    unit = np.broadcast_to(np.eye(size), C.shape)
    of_unit = None
    for part in _SHARES:
        of_unit = image(unit) if part and of_unit is None else of_unit
        D, TD = C + part * unit, own
        if of_unit is not None:
            rounding = 4 * UNIT * _size(own[0] + part * np.abs(of_unit[0]))
            TD = own[0] + part * of_unit[0], own[1] + part * of_unit[1] + rounding
            # D is rounded, and the image that of the exact sum
            TD = TD[0], TD[1] + 2 * UNIT * _size(D).max() * image.norm
        if all(is_definite(d, 0.0) for d in D):
            high = next((x for x in radius * (1 + _ROOM) if _dominates(TD, D, x, 1.0)), None)
        if high is not None:
            break
    return float(low or 0.0), float(np.inf if high is None else high)


def _dominates(image: tuple[Array, Array], C: Array, bound: float, sign: float) -> bool:
    """Whether bound C - T C, or its opposite, is proved positive definite at every step."""
    TC, errors = image
    rounding = 4 * UNIT * (bound * _size(C) + _size(TC))
    return all(
        is_definite(sign * (bound * c - tc), float(error))
        for c, tc, error in zip(C, TC, errors + rounding, strict=True)
    )


class _Image:
    """What the map makes of covariances, and bounds of what the floats err by, in norm."""

    def __init__(self, products: Ball, samples: Samples, share: float) -> None:
        self.products, self.samples, self.share = products, samples, share
        self.size = int(samples.eigenvalues.size)
        unit = samples.images.of_identity
        self.unit = float(np.linalg.norm(unit)) + samples.rounding * self.size**0.5
        # of the map, from norms of covariances to those of their images
        largest = Ball(products.mid, products.rad).magnitude.sum(axis=1).max()
        self.norm = share * self.unit * float(largest) * self.size * (1 + 1e-9)

    def __call__(self, C: Array) -> tuple[Array, Array]:
        """Return the images, shape (T, N, N), and bounds of their errors, shape (T,)."""
        places = np.triu_indices(self.size)
        vectors = C[:, places[0], places[1]].T
        mid, rad = (np.swapaxes(x, 1, 2) for x in (self.products.mid, self.products.rad))
        heard = (Ball(mid, rad) * vectors).sum()
        matrices, spread = _matrices(heard.mid, self.size), _size(_matrices(heard.rad, self.size))
        told = np.array([self.samples.covariance(N) for N in matrices]) * self.share
        errors = self.samples.rounding * _size(matrices) + spread * self.unit
        rounding = 4 * UNIT * _size(told)
        return told, np.asarray((self.share * errors + rounding) * (1 + 1e-9))


def _matrices(entries: Array, size: int) -> Array:
    """Return symmetric matrices from their upper triangles."""
    found = np.zeros((len(entries), size, size))
    i, j = np.triu_indices(size)
    found[:, i, j] = found[:, j, i] = entries
    return found


def _size(matrices: Array) -> Array:
    """Return upper bounds of the norms of matrices."""
    return np.asarray(np.sqrt(np.square(matrices).sum(axis=(1, 2))) * (1 + 1e-12))
