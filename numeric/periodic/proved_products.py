r"""What a kick at one step of a period does to all later steps, mode by mode, with proved bounds.

A mode's state moves by :math:`S_t` at step t of T. After a kick along :math:`v_s` it is heard as
:math:`r_t^T\Phi(t,s+1)v_s`, and

.. math:: p(t,s)=\lambda^2\sum_{m\ge0}\bigl(r_t^T\Phi(t+mT,s+1)v_s\bigr)^2=\lambda^2r_t^TX_tr_t,

where :math:`X_{s+1}=\sum_mA^mv_sv_s^TA^{mT}` with the product A of a whole period. A float
:math:`\tilde X` is near it: with :math:`\|v_sv_s^T+A\tilde XA^T-\tilde X\|\le e` it is within
:math:`eW` of X, :math:`W=\sum_mA^mA^{mT}`; and a float :math:`\tilde W\succ0` with
:math:`\tilde W-A\tilde WA^T\succeq(1-\delta)I` proves that A is strictly Schur and that
:math:`W\preceq\tilde W/(1-\delta)`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.definiteness import is_definite

_MOST_DOUBLINGS = 80
_NOTHING = 1e-20  # of a power of state matrices


class CycleStates(NamedTuple):
    """How the states of all modes move through a period of T steps.

    Attributes
    ----------
    matrices : Ball of shape (T, N, m, m)
    pushes, points : Ball of shape (T, m)
        What a gradient pushes, and where it is taken.
    """

    matrices: Ball
    pushes: Ball
    points: Ball

    @classmethod
    def of(cls, entries: Ball, memory: int, drift: Ball) -> CycleStates:
        """Return them, given entries of shape (T, any) in the order of `Steps.table`.

        With the curvature of each mode, shape (N,), and weight decay.
        """
        T, M = len(entries.mid), memory
        one, none = Ball(np.ones((T, 1))), Ball(np.zeros((T, M)))
        alpha, b, c = entries[:, :1], entries[:, 1 : M + 1], entries[:, M + 1 : 2 * M + 1]
        D = entries[:, 2 * M + 1 : 2 * M + 1 + M * M]
        v = _joined([-alpha, c])
        r = _joined([one, entries[:, -1 - M : -1]])
        top = _joined([1 - entries[:, -1:], b])[:, None, :]
        rows = [_joined([none[:, i : i + 1], D[:, i * M : (i + 1) * M]])[:, None] for i in range(M)]
        still = Ball(
            np.concatenate([row.mid for row in (top, *rows)], axis=1),
            np.concatenate([row.rad for row in (top, *rows)], axis=1),
        )
        pushed = v[:, :, None] * r[:, None, :]
        return cls(still[:, None] + drift[:, None, None] * pushed[:, None], v, r)


def _joined(parts: list[Ball]) -> Ball:
    """Return balls side by side, along the last axis."""
    mid = np.concatenate([part.mid for part in parts], axis=-1)
    rad = [np.broadcast_to(part.rad, part.mid.shape) for part in parts]
    return Ball(mid, np.concatenate(rad, axis=-1))


def proved_products(states: CycleStates, eigenvalues: Ball, workers: int = 1) -> Ball | None:
    """Return p(t, s) of every mode, shape (T, T, N); None where modes are not proved to die out.

    Of several workers the kicks of each are heard by itself until the period ends.

    Examples
    --------
    SGD, of which it is known: (lambda rate)^2 / (1 - (1 - lambda rate)^2).

    >>> entries = Ball(np.array([[0.5, 0.0]]))
    >>> one = Ball(np.array([1.0]))
    >>> found = proved_products(CycleStates.of(entries, 0, one), one)
    >>> float(found.mid[0, 0, 0]), bool(found.rad[0, 0, 0] < 1e-14)
    (0.3333333333333333, True)
    """
    S, v, r = states
    T, N = S.mid.shape[:2]
    found_mid, found_rad = np.empty((T, T, N)), np.empty((T, T, N))
    square = eigenvalues * eigenvalues
    after = _whole_periods(S)
    kick = (v[:, :, None] * v[:, None, :])[:, None]
    X = _summed_after(after, kick)
    if X is None:
        return None
    places = np.arange(T)
    one = Ball(np.broadcast_to(kick.mid, X.mid.shape), np.broadcast_to(kick.rad, X.mid.shape))
    for k in range(1, T + 1):
        t = (places + k) % T
        point = r[t][:, None, :, None]
        heard = _heard(X, point)
        if workers > 1:  # independent kicks of all are averaged after the period
            alone = _heard(one, point) * (places + k < T)[:, None]
            heard = (heard + alone * (workers - 1)) / workers
            one = _sandwiched(S[t], one)
        heard = heard * square
        found_mid[t, places], found_rad[t, places] = heard.mid, heard.rad
        X = _sandwiched(S[t], X)
    return Ball(found_mid, found_rad)


def _heard(X: Ball, point: Ball) -> Ball:
    """Return r^T X r, shape (T, N)."""
    return _times(_turned(point), _times(X, point))[:, :, 0, 0]


def _whole_periods(S: Ball) -> Ball:
    """Return the products of whole periods that begin after each step, shape (T, N, m, m)."""
    T = len(S.mid)
    found = S[(np.arange(T) + 1) % T]
    for k in range(2, T + 1):
        found = _times(S[(np.arange(T) + k) % T], found)
    return found


def _summed_after(A: Ball, kick: Ball) -> Ball | None:
    """Return the sums over m >= 0 of A^m kick (A^m)^T, of all steps and modes, enclosed."""
    eye = np.broadcast_to(np.eye(A.mid.shape[-1]), A.mid.shape)
    W = _doubled(A.mid, eye)
    X = _doubled(A.mid, np.broadcast_to(kick.mid, A.mid.shape))
    if not (np.isfinite(W).all() and np.isfinite(X).all()):
        return None
    lost = _norms(_sandwiched(A, Ball(W)) + eye - Ball(W))
    if not (lost < 1).all() or not all(is_definite(w, 0.0) for w in W.reshape(-1, *W.shape[-2:])):
        return None
    error = _norms(_sandwiched(A, Ball(X)) + kick - Ball(X))
    size = np.sqrt(np.diagonal(W, axis1=-2, axis2=-1).clip(min=0))
    spread = (error / (1 - lost))[..., None, None] * size[..., :, None] * size[..., None, :]
    return Ball(X, spread * (1 + 1e-9))


def _doubled(A: Array, X: Array) -> Array:
    """Return the sum over m >= 0 of A^m X (A^m)^T, in floats."""
    with np.errstate(all="ignore"):
        for _ in range(_MOST_DOUBLINGS):
            X = X + A @ X @ np.swapaxes(A, -1, -2)
            A = A @ A
            if not np.abs(A).max() > _NOTHING:
                break
        return np.asarray((X + np.swapaxes(X, -1, -2)) / 2)


def _norms(matrices: Ball) -> Array:
    """Return upper bounds of the norms of matrices, shape (T, N)."""
    return np.asarray(np.sqrt(np.square(matrices.magnitude).sum(axis=(-2, -1))) * (1 + 1e-12))


def _times(left: Ball, right: Ball) -> Ball:
    return (left[..., :, None, :] * _turned(right)[..., None, :, :]).sum()


def _turned(matrices: Ball) -> Ball:
    rad = np.broadcast_to(matrices.rad, matrices.mid.shape)
    return Ball(np.swapaxes(matrices.mid, -1, -2), np.swapaxes(rad, -1, -2))


def _sandwiched(S: Ball, X: Ball) -> Ball:
    return _times(_times(S, X), _turned(S))
