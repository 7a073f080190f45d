r"""Second moments of the states of all modes, stepped together.

Of an algorithm only P and Q matter here, with whatever weight decay is in P. So the state of mode i
is one that makes :math:`Q/(P-\lambda_iQ)`: that of the observable canonical form in powers of
:math:`x-1`, which keeps roots near 1 apart from it. Its first entry is read. Everything is whitened
as in `sgdmem.numeric.moments.sampled_moments`; entries are in units, powers of 2, in which the
noise of a single mode makes moments near 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, around_one, half_plane_polynomial

_MOST_DOUBLINGS = 80
_REFINEMENTS = 2
_LEAST_UNIT = 2.0**-10  # over the largest one of a mode
_NOTHING = 1e-20  # of a power of state matrices, against the first one


@dataclass(frozen=True)
class ModeStates:
    """State matrices of N modes, of size m.

    Attributes
    ----------
    S, errors : ndarray, shape (N, m, m)
        With bounds of the errors of their entries.
    kicks, kick_errors : ndarray, shape (N, m)
        What a whitened gradient of 1 adds to the state.
    reading : ndarray, shape (N,)
        Times the first entry of the state: the whitened w.
    """

    S: Array
    errors: Array
    kicks: Array
    kick_errors: Array
    reading: Array

    @classmethod
    def of(cls, form: HalfPlaneForm, eigenvalues: Array, diagonal: Array) -> ModeStates:
        """Return those of one algorithm, in balls of shape (1, 1).

        ``diagonal`` holds the products :math:`p_{ii}` of single modes, see `mode_pairs`.
        """
        S, kicks = _state_matrices(form, Ball(eigenvalues))
        made = [
            _doubled(one[None], np.multiply.outer(kick, kick) / p).diagonal()
            for one, kick, p in zip(S.mid, kicks.mid, diagonal, strict=True)
        ]
        size = np.sqrt(np.abs(made))
        least = _LEAST_UNIT * size.max(axis=1, keepdims=True)  # what kicks hardly reach is rounded
        unit = 2.0 ** np.round(np.log2(np.maximum(size, least)))
        turn = unit[:, None, :] / unit[:, :, None]
        parts = S.mid * turn, S.rad * turn, kicks.mid / unit, kicks.rad / unit
        return cls(*parts, unit[:, 0])

    @property
    def shape(self) -> tuple[int, int]:
        """N, m."""
        return self.kicks.shape

    def moved(self, X: Array) -> Array:
        """Return S X S^T for moments X of shape (N m, N m), symmetric."""
        return congruence(self.S, X)

    def kicked(self, C: Array) -> Array:
        """Return what gradients with the whitened second moments C add to the moments."""
        size = self.kicks.size
        both = self.kicks[:, :, None, None] * self.kicks
        return np.asarray((C[:, None, :, None] * both).reshape(size, size))

    def read(self, X: Array) -> Array:
        """Return the second moments of the whitened w."""
        m = self.shape[1]
        return X[::m, ::m] * np.multiply.outer(self.reading, self.reading)

    def summed(self, X: Array, steps: int = 1) -> Array:
        """Return the sum over k >= 0 of the moments X after k times so many steps."""
        powers = np.linalg.matrix_power(self.S, steps)
        total = np.zeros_like(X)
        for _ in range(1 + _REFINEMENTS):
            left = X + congruence(powers, total) - total
            total = total + _doubled(powers, left)
            total = (total + total.T) / 2
        return total


def congruence(S: Array, X: Array) -> Array:
    """Return S X S^T for moments X of shape (N m, N m), symmetric."""
    N, m, _ = S.shape
    half = (S @ X.reshape(N, m, -1)).reshape(N * m, -1)
    return np.asarray((S @ half.T.reshape(N, m, -1)).reshape(N * m, -1))


def _doubled(S: Array, X: Array) -> Array:
    """Return the sum over k >= 0 of S^k X (S^k)^T."""
    first = np.abs(S).max()
    for _ in range(_MOST_DOUBLINGS):
        X, S = X + congruence(S, X), S @ S
        if not np.abs(S).max() > _NOTHING * first:
            break
    return X


def _state_matrices(form: HalfPlaneForm, eigenvalues: Ball) -> tuple[Ball, Ball]:
    """Return S_i and lambda_i q, in the observable canonical form of polynomials in x - 1."""
    chi = around_one(half_plane_polynomial(form, eigenvalues))
    q = around_one([x[0, 0] for x in form.Q])
    M, N = len(q) - 1, eigenvalues.mid.size
    S = Ball(np.tile(np.eye(M + 1) + np.eye(M + 1, k=1), (N, 1, 1)), np.zeros((N, M + 1, M + 1)))
    for k in range(M + 1):
        entry = (1.0 if k == 0 else 0.0) - chi[M - k]
        S.mid[:, k, 0], S.rad[:, k, 0] = entry.mid.ravel(), entry.rad.ravel()
    kicks = [eigenvalues * q[M - k] for k in range(M + 1)]
    return S, Ball(*(np.stack([getattr(x, part) for x in kicks], 1) for part in ("mid", "rad")))
