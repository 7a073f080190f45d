r"""Second moments over a period of steps: one step after another, in machine code if they are long.

Noise moves the moments of a pair of modes by :math:`X\to S_{t,i}XS_{t,j}^T+C_tv_tv_t^T`. What is
heard of them is :math:`r_t^TX_tr_t`, and where the same noise comes back in every period they
are the same after it, too.
"""

from __future__ import annotations

import contextlib

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.lane_loops import WIDE
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.periodic.period_source import period_source

_SOLVED = 4  # size of states up to which sums of powers are solutions of linear systems
_MOST_DOUBLINGS = 80
_NOTHING = 1e-20  # of a power of state matrices
_COMPILED, _SMALL = 64, 8  # steps from which on, and size up to which, machine code pays


class MomentsOverAPeriod:
    """What is heard at each step when the same noise comes in every period.

    Parameters
    ----------
    still : ndarray, shape (T, m, m)
        What state matrices of steps are without eigenvalues.
    v, r : ndarray, shape (T, m)
        Where noise enters, and where the gradient is taken.
    eigenvalues : ndarray, shape (N,)
        With weight decay: state matrices are still + eigenvalue v r^T, a period of which is within
        the unit circle.
    pairs : two arrays of int, shape (N,)
        Modes whose moments are followed.
    workers : int
        So many make the steps of a period by themselves, and go on from their average: what comes
        of the noise of each is 1 / workers of it, from the end of the period on.
    """

    def __init__(
        self,
        still: Array,
        v: Array,
        r: Array,
        eigenvalues: Array,
        pairs: tuple[Array, Array],
        workers: int,
    ) -> None:
        self._still, self._v, self._r = (np.ascontiguousarray(x, float) for x in (still, v, r))
        self._i, self._j = pairs
        self._S = still[:, None] + eigenvalues[:, None, None] * (
            v[:, None, :, None] * r[:, None, None]
        )
        whole = product(self._S)
        self._powers, self._workers = (whole[self._i], whole[self._j]), workers
        self._padded = -(-self._i.size // WIDE) * WIDE
        self._each = np.zeros((2, self._padded))
        self._each[:, : self._i.size] = eigenvalues[self._i], eigenvalues[self._j]

    def heard(self, C: Array) -> Array:
        """Return what is heard, shape (T, N), of noise with these covariances, shape (T, N)."""
        size = self._v.shape[1]
        X = np.zeros((self._i.size, size, size))
        self._run(C, X, np.empty_like(C))  # the noise of one period
        X = np.ascontiguousarray(summed_powers(*self._powers, X / self._workers))
        heard = np.empty(C.shape)
        self._run(C, X, heard)
        return heard

    def _run(self, C: Array, X: Array, heard: Array) -> None:
        """Take the moments X through a period."""
        if len(C) >= _COMPILED and X.shape[1] <= _SMALL:
            self._run_code(C, X, heard)
            return
        for t, (v, r) in enumerate(zip(self._v, self._r, strict=True)):
            heard[t] = X @ r @ r
            left, right = self._S[t][self._i], self._S[t][self._j].transpose(0, 2, 1)
            X[:] = left @ X @ right + C[t][:, None, None] * np.outer(v, v)

    def _run_code(self, C: Array, X: Array, heard: Array) -> None:
        (T, pairs), size = C.shape, X.shape[1]
        given, state = np.zeros((T, self._padded)), np.zeros((size**2, self._padded))
        told = np.empty_like(given)
        given[:, :pairs], state[:, :pairs] = C, X.reshape(pairs, -1).T
        still = self._still.reshape(T, -1)
        run = load_code(period_source(self._still)).run
        run(still, self._v, self._r, self._each, given.ravel(), state, told.ravel())
        heard[:], X[:] = told[:, :pairs], state[:, :pairs].T.reshape(X.shape)


def product(S: Array) -> Array:
    """Return S_{T-1} ... S_0 of every mode."""
    found: Array = S[0]
    with np.errstate(over="ignore", invalid="ignore"):
        for one in S[1:]:
            found = one @ found
    return found


def product_radii(S: Array) -> Array:
    """Return the largest moduli of eigenvalues of S_{T-1} ... S_0 of every mode.

    Examples
    --------
    >>> product_radii(np.array([[[[1e300]]], [[[1e300]]], [[[1e-320]]], [[[1e-280]]]])).round(3)
    array([1.])
    """
    whole, scale = product(S), 0.0
    if not np.isfinite(whole).all():  # on the way: sizes are kept apart
        whole = np.eye(S.shape[-1])
        for one in S:
            whole = one @ whole
            size = np.abs(whole).max(axis=(-2, -1), keepdims=True)
            size[size == 0] = 1
            whole, scale = whole / size, scale + np.log(size[:, 0, 0])
    with np.errstate(over="ignore"):
        return np.asarray(np.abs(np.linalg.eigvals(whole)).max(axis=-1) * np.exp(scale))


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
