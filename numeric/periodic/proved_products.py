r"""What a kick at one step of a period does to all later steps, mode by mode, with proved bounds.

A mode's state moves by :math:`S_t` at step t of T. After a kick along :math:`v_s` it is heard as
:math:`r_t^T\Phi(t,s+1)v_s`, and

.. math:: p_{ij}(t,s)=\lambda_i\lambda_j\sum_mr_t^T\Phi_i(t+mT,s+1)v_s\;
    r_t^T\Phi_j(t+mT,s+1)v_s=\lambda_i\lambda_jr_t^TX_tr_t

with the periodic solution of :math:`X_{t+1}=S_{i,t}X_tS_{j,t}^T`, with :math:`v_sv_s^T` more at
t = s. Floats :math:`\tilde X_t` are near it: if the equations leave at most e of them, in norm,
:math:`r^T\tilde X_tr` is within :math:`e\sqrt{r^TW_{i,t}r\,r^TW_{j,t}r}` (Cauchy and Schwarz),
:math:`W_i` being the solution for the pair i, i with I more at each step. And floats
:math:`\tilde W_0\succ0` with :math:`\tilde W_{t+1}-S_t\tilde W_tS_t^T\succeq(1-\delta)I` prove
that the product of a period is strictly Schur, and :math:`W\preceq\tilde W/(1-\delta)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.definiteness import is_definite
from sgdmem.numeric.periodic.moments_over_a_period import summed_powers


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


Pairs = tuple[Array, Array]  # the modes of each pair, by place


def proved_products(
    states: CycleStates, eigenvalues: Ball, workers: int = 1, pairs: Pairs | None = None
) -> Ball | None:
    """Return p(t, s) of pairs of modes, shape (T, T, pairs); by default of each with itself.

    None where modes are not proved to die out. Of several workers the kicks of each are heard by
    itself until the period ends.

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
    i, j = (np.arange(N), np.arange(N)) if pairs is None else pairs
    W, left = _periodic(S, np.eye(S.mid.shape[-1]))
    if not (left < 1).all() or not all(is_definite(w, 0.0) for w in W[0]):
        return None
    point = r[:, None, :, None]
    spread = _heard(Ball(W), point).upper / (1 - left) * (1 + 1e-9)
    spread = np.sqrt(spread[:, i] * spread[:, j]) * (1 + 1e-9)
    kick = (v[:, :, None] * v[:, None, :])[:, None]
    both = S[:, i], S[:, j]
    every = _from_each(_summed_after(S.mid, kick.mid, (i, j)), both, kick)
    found, errors = _heard_at_all(every, point)
    if workers > 1:  # independent kicks of all are averaged after the period
        once = np.broadcast_to(kick.mid, (T, i.size, *kick.mid.shape[2:]))
        alone, lost = _heard_at_all(_from_each(once, both, kick, closes=False), point)
        found, errors = (found + alone * (workers - 1)) / workers, np.maximum(errors, lost)
    enclosed = Ball(found.mid, found.rad + errors[None, :, :] * spread[:, None, :])
    return enclosed * (eigenvalues[i] * eigenvalues[j])


def _periodic(S: Ball, source: Array) -> tuple[Array, Array]:
    """Return floats near W, and how much the equations leave at most, of each mode."""
    T = len(S.mid)
    turned = np.swapaxes(S.mid, -1, -2)
    total, product = np.zeros_like(S.mid[0]), np.broadcast_to(source, S.mid[0].shape)
    with np.errstate(all="ignore"):
        for t in range(T):
            total, product = S.mid[t] @ total @ turned[t] + source, S.mid[t] @ product
    W = [_doubled(product, total)]
    with np.errstate(all="ignore"):
        for t in range(T - 1):
            W.append(S.mid[t] @ W[t] @ turned[t] + source)
    every = np.array(W)
    missing = _sandwiched(S, Ball(every)) + source - Ball(np.roll(every, -1, axis=0))
    return every, norms(missing).max(axis=0)


def _summed_after(S: Array, kick: Array, pairs: Pairs) -> Array:
    """Return floats near X just after each kick, shape (T, pairs, m, m)."""
    T, (i, j) = len(S), pairs
    product = S[(np.arange(T) + 1) % T]
    with np.errstate(all="ignore"):
        for k in range(2, T + 1):
            product = S[(np.arange(T) + k) % T] @ product
        left = product[:, i]
        return summed_powers(left, product[:, j], np.broadcast_to(kick, left.shape))


def _from_each(
    X: Array, states: tuple[Ball, Ball], kick: Ball, closes: bool = True
) -> Iterator[tuple[Array, Array, Array]]:
    """Yield steps t for each s, X there, and what its equation left; it ends where it began.

    If it does not close, no period follows, and X is 0 there.
    """
    T, first = len(X), X
    places = np.arange(T)
    left = np.zeros(X.shape[:2]) if closes else norms(kick - Ball(first))
    for k in range(1, T + 1):
        t = (places + k) % T
        if not closes:
            X = X * (places + k < T)[:, None, None, None]
        yield t, X, left
        moved = times(times(states[0][t], Ball(X)), turned(states[1][t]))
        if k < T:
            X = moved.mid
            left = np.maximum(left, norms(moved - Ball(X)))
        elif closes:
            left = np.maximum(left, norms(moved + kick - Ball(first)))
            yield t, X, left


def _heard_at_all(steps: Iterable[tuple[Array, Array, Array]], point: Ball) -> tuple[Ball, Array]:
    """Return r^T X r, shape (T, T, N), and the norms of what the equations left, shape (T, N)."""
    T, P = len(point.mid), 0
    for t, X, missing in steps:
        heard, left = _heard(Ball(X), point[t]), missing
        if not P:
            P = heard.mid.shape[1]
            mid, rad = np.empty((T, T, P)), np.empty((T, T, P))
        mid[t, np.arange(T)], rad[t, np.arange(T)] = heard.mid, heard.rad
    return Ball(mid, rad), left


def _heard(X: Ball, point: Ball) -> Ball:
    """Return r^T X r, shape (T, N)."""
    return times(turned(point), times(X, point))[:, :, 0, 0]


def _doubled(A: Array, X: Array) -> Array:
    """Return the sum over m >= 0 of A^m X (A^m)^T, symmetric, in floats."""
    with np.errstate(all="ignore"):
        X = summed_powers(A, A, X)
        return np.asarray((X + np.swapaxes(X, -1, -2)) / 2)


def norms(matrices: Ball) -> Array:
    """Return upper bounds of the norms of matrices, of the last two axes."""
    with np.errstate(over="ignore"):  # then they are infinite
        squares = np.square(matrices.magnitude).sum(axis=(-2, -1))
    return np.asarray(np.sqrt(squares) * (1 + 1e-12))


def times(left: Ball, right: Ball) -> Ball:
    """Return products of matrices, of the last two axes."""
    return (left[..., :, None, :] * turned(right)[..., None, :, :]).sum()


def turned(matrices: Ball) -> Ball:
    """Return transposed matrices, of the last two axes."""
    rad = np.broadcast_to(matrices.rad, matrices.mid.shape)
    return Ball(np.swapaxes(matrices.mid, -1, -2), np.swapaxes(rad, -1, -2))


def _sandwiched(S: Ball, X: Ball) -> Ball:
    return times(times(S, X), turned(S))
