r"""The radius of the noise operator of samples, between proved bounds.

In whitened coordinates (theory page "Finite data") the operator on symmetric matrices is

.. math:: \mathcal T(C)=\kappa\mathcal M(h\circ C),\qquad
    \mathcal M(N)=\sum_iw_iH_iNH_i-N,

with the products h > 0 of pairs of modes (`mode_pairs`). It maps positive semidefinite matrices to
such, and is similar to the symmetric :math:`A=\kappa\sqrt h\circ\mathcal M(\sqrt h\circ\cdot)`:
every Rayleigh quotient of A is a lower bound of the radius, and :math:`\mathcal T(C)\preceq\mu C`
for one positive definite C proves the upper bound :math:`\mu`. Both come from Lanczos' method on A,
started at :math:`\sqrt h\circ I`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.problems.samples import Samples

_MOST_STEPS = 60
_INVARIANT, _SETTLED = 1e-13, 1e-2  # of the largest Ritz value: what is left over
_SHARES = np.geomspace(0.3, 3e-9, 9)  # of the identity in the matrix that proves the upper bound
_ROOM = np.geomspace(1e-11, 1e-3, 9)  # relative; more is added to an upper bound until it is proved


def sampled_radius(
    samples: Samples, products: Array, done: Callable[[float, float], bool]
) -> Interval:
    r"""Return bounds of the radius for :math:`\kappa=1`, for exact ``products`` of pairs.

    Parameters
    ----------
    samples : Samples
    products : array of shape (N, N)
        lambda_i lambda_j h_ij.
    done
        Asked with a lower and an upper bound whether they are close enough.
    """
    krylov = _Krylov(samples, np.sqrt(products))
    low, high = 0.0, np.inf
    for _ in range(min(_MOST_STEPS, products.shape[0] * (products.shape[0] + 1) // 2)):
        finished = krylov.step()
        low = max(low, krylov.lower_bound())
        if done(low, high):
            break
        if finished or krylov.has_settled():
            high = min(high, krylov.upper_bound())
            if finished or done(low, high):
                break
    else:
        high = min(high, krylov.upper_bound())
    return low, max(low, high)


@dataclass
class _Krylov:
    """An orthonormal basis of matrices X_j, and M(sqrt(h) X_j)."""

    samples: Samples
    root: Array
    basis: list[Array] = field(default_factory=list)
    images: list[Array] = field(default_factory=list)
    diagonal: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        start = np.diag(np.diag(self.root))
        self.start = float(np.linalg.norm(start))
        self.basis.append(start / self.start)

    def step(self) -> bool:
        """Take a step; return whether the space is invariant, to rounding."""
        X = self.basis[-1]
        image = self.samples.covariance(self.root * X)
        self.images.append(image)
        rest = self.root * image
        self.diagonal.append(float(np.vdot(X, rest)))
        for _ in range(2):  # once more, for orthogonality to rounding
            for other in self.basis:
                rest = rest - np.vdot(other, rest) * other
        norm = float(np.linalg.norm(rest))
        values, vectors = np.linalg.eigh(
            np.diag(self.diagonal) + np.diag(self.beside, 1) + np.diag(self.beside, -1)
        )
        self._largest, self._coefficients = float(values[-1]), vectors[:, -1]
        self._residual = norm * abs(vectors[-1, -1])
        if norm <= _INVARIANT * float(np.abs(values).max()):
            return True
        self.beside.append(norm)
        self.basis.append(rest / norm)
        return False

    @property
    def _error(self) -> float:
        """Of A at the Ritz vector: rounding in the images, and in their combination."""
        size = float(np.linalg.norm(self._coefficients, 1))
        return self.samples.rounding * float(self.root.max()) ** 2 * size

    def lower_bound(self) -> float:
        """Return the Rayleigh quotient of the Ritz vector, less its error."""
        X, image = self._combined()
        value = float(np.vdot(X, self.root * image)) / float(np.vdot(X, X))
        return max(0.0, value - self._error - 1e-12 * abs(value))

    def has_settled(self) -> bool:
        """Whether an upper bound is worth its while."""
        return bool(self._residual < _SETTLED * self._largest)

    def _combined(self) -> tuple[Array, Array]:
        """Return the Ritz vector X, and M(sqrt(h) X)."""
        X, image = np.zeros_like(self.root), np.zeros_like(self.root)
        for c, x, y in zip(self._coefficients, self.basis, self.images, strict=False):
            X, image = X + c * x, image + c * y
        return X, image

    def upper_bound(self) -> float:
        """Return the best bound that C = Ritz vector + share of the identity proves."""
        X, image = self._combined()
        sign = 1.0 if np.trace(X) >= 0 else -1.0
        C, TC = sign * X / self.root, sign * image
        identity, T_identity = np.eye(len(C)), self.images[0] * self.start
        unit = np.trace(C) / len(C)
        error = self.samples.rounding
        size = float(np.linalg.norm(self._coefficients, 1)) * float(self.root.max())
        best, chosen = np.inf, None
        for weight in _SHARES * unit:
            D, TD = C + weight * identity, TC + weight * T_identity
            try:
                L = np.linalg.cholesky(D)
                value = float(np.linalg.eigvalsh(np.linalg.solve(L, np.linalg.solve(L, TD).T))[-1])
            except np.linalg.LinAlgError:
                continue
            if value < best:
                best, chosen = value, (D, TD, weight)
        if chosen is None:
            return np.inf
        D, TD, weight = chosen
        slack = error * (size + weight * float(np.linalg.norm(np.diag(self.root) ** 2)))
        if not is_definite(D, 0.0):
            return np.inf
        for room in _ROOM:
            value = best * (1 + float(room))
            rounding = 4 * UNIT * (value * np.abs(D) + np.abs(TD)).sum(axis=1).max()
            if is_definite(value * D - TD, slack + float(rounding)):
                return value
        return np.inf


def is_definite(S: Array, slack: float) -> bool:
    """Whether S and whatever is within ``slack`` of it, in norm, is proved positive definite.

    By the success of a Cholesky decomposition (S. M. Rump, BIT 46 (2006)).
    """
    size = len(S)
    shift = slack + 2 * (size + 3) * UNIT * float(np.abs(np.diag(S)).sum()) + 1e-300
    try:
        np.linalg.cholesky(S - shift * np.eye(size))
    except np.linalg.LinAlgError:
        return False
    return True
