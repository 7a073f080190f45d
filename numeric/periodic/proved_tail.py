r"""What a kick at one step of a period does to later ones in modes of small eigenvalues, proved.

With the first unit vector e, where :math:`S_{0,t}e=e` and :math:`r_t^Te=1`, matrices

.. math:: \hat W_t=\frac a\lambda ee^T+B_t,\qquad
    R_t=B_{t+1}-S_tB_tS_t^T-a(ev_t^T+v_te^T)-a\lambda v_tv_t^T-v_sv_s^T\delta_{ts}

have :math:`\hat W_{t+1}-S_t\hat W_tS_t^T-v_sv_s^T\delta_{ts}=R_t`. Where all R are positive
definite for :math:`0\le\lambda\le\lambda_*`, and :math:`\hat W_0` is at :math:`\lambda_*`, the
product of a period is strictly Schur for :math:`0<\lambda\le\lambda_*`, and
:math:`p(t,s)\le\lambda a+\lambda^2r_t^TB_tr_t`; where R are negative definite this is a lower
bound. In floats B solves the equations :math:`R_t=\pm\varepsilon I` at :math:`\lambda=0`, which
decide a.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.definiteness import is_definite
from sgdmem.numeric.periodic.proved_products import CycleStates, norms, times, turned
from sgdmem.numeric.schedules.schedule import Steps

_SLACKS = np.geomspace(1e-9, 0.3, 18)  # of the kick: what is proved to be left


class Tail(NamedTuple):
    """Bounds of p(t, s) over the eigenvalue, for all small ones; shape (T, T).

    Attributes
    ----------
    low, high : ndarray
    """

    low: Array
    high: Array


def proved_tail(states: CycleStates, steps: Steps, largest: float, workers: int) -> Tail | None:
    """Return bounds for the modes of eigenvalues up to ``largest``; None where none is proved.

    Parameters
    ----------
    states : CycleStates
        Of one mode, whose eigenvalue is the ball from 0 to ``largest``.
    steps : Steps
        The same steps in floats.
    largest : float
    workers : int
    """
    T = len(steps)
    low, high = np.zeros((T, T)), np.empty((T, T))
    places = {1.0: 0, -1.0: 0}  # of the slacks: they are much the same for all s
    for s in range(T):
        for sign in places:
            place, bound = _bound(states, steps, largest, s, sign, places[sign])
            places[sign] = max(place - 1, 0)
            if bound is None and sign > 0:
                return None
            if sign > 0:
                high[:, s] = bound
            elif bound is not None:
                low[:, s] = np.maximum(bound, 0.0)
    if workers > 1:  # what one does to itself until the period ends is of second order
        alone = _heard_before_the_end(states, largest)
        low, high = low / workers, high / workers + alone * (workers - 1) / workers
    grown = 1 + 1e-12  # of these few roundings
    return Tail(low / grown, high * grown)


def _bound(
    states: CycleStates, steps: Steps, largest: float, s: int, sign: float, first: int
) -> tuple[int, Array | None]:
    """Return bounds of p(t, s) over the eigenvalue, from above or below; None if not proved.

    And the place of the slack that proves them, from the ``first`` one on.
    """
    lam = Ball(largest / 2, largest / 2)
    S, v, r = states.matrices[:, 0], states.pushes, states.points
    T, m = v.mid.shape
    e = np.eye(m)[0]
    for place in range(first, len(_SLACKS)):
        found = _solved(steps, s, sign * float(_SLACKS[place]))
        if found is None:
            break
        a, B = found
        if not a > 0:
            continue
        B_ball = Ball(B)
        moved = times(times(S, B_ball), turned(S))
        kicks = v[:, :, None] * v[:, None, :]
        both = v[:, :, None] * e + v[:, None, :] * e[:, None]
        here = (np.arange(T) == s).astype(float)[:, None, None]
        left = Ball(np.roll(B, -1, axis=0)) - moved - both * a - kicks * (lam * a) - kicks * here
        middle = sign * (left.mid + np.swapaxes(left.mid, 1, 2)) / 2
        spread = norms(Ball(np.zeros_like(left.mid), left.rad)) + norms(Ball(left.mid)) * 1e-15
        if not all(is_definite(x, float(y)) for x, y in zip(middle, spread, strict=True)):
            continue
        start = B[0] + a / largest * np.outer(e, e)
        if sign > 0 and not is_definite(start, 1e-15 * float(np.abs(start).sum())):
            continue
        heard = times(times(r[:, None, :], B_ball), r[:, :, None])[:, 0, 0]
        bound = heard * lam + a
        return place, bound.upper if sign > 0 else bound.lower
    return 0, None


def _solved(steps: Steps, s: int, slack: float) -> tuple[float, Array] | None:
    """Return a and B, in floats; None where w does not move in the long run."""
    S, _ = steps.state_matrices
    T, m = len(S), S.shape[1]
    v = np.column_stack([-steps.alpha, steps.c])
    e = np.eye(m)[0]
    heard = _long_run(S)
    if heard is None:
        return None
    pull = -float(np.einsum("ti,ti->", np.roll(heard, -1, axis=0), v))
    if not pull > 0:
        return None
    after = heard[(s + 1) % T]
    size = slack * float(v[s] @ v[s])
    a = (float(after @ v[s]) ** 2 + size * float((heard**2).sum())) / (2 * pull)
    Q = a * (v[:, :, None] * e + v[:, None, :] * e[:, None]) + size * np.eye(m)
    Q[s] += np.outer(v[s], v[s])
    total, product = np.zeros((m, m)), np.eye(m)
    for t in range(T):
        total, product = S[t] @ total @ S[t].T + Q[t], S[t] @ product
    system = np.eye(m * m) - np.kron(product, product)
    first = np.linalg.lstsq(system, total.ravel(), rcond=1e-11)[0].reshape(m, m)
    B = [(first + first.T) / 2]
    for t in range(T - 1):
        new = S[t] @ B[t] @ S[t].T + Q[t]
        B.append((new + new.T) / 2)
    return a, np.array(B)


def _long_run(S: Array) -> Array | None:
    """Return what is left in w in the end of a state at each step, at lambda = 0; shape (T, m)."""
    period = np.eye(S.shape[1])
    for one in S:
        period = one @ period
    D = period[1:, 1:]
    if D.size and not float(np.abs(np.linalg.eigvals(D)).max()) < 1:
        return None
    last = np.concatenate([[1.0], period[0, 1:] @ np.linalg.inv(np.eye(len(D)) - D)])
    found = [last]  # at step T, and so at 0
    for one in S[:0:-1]:
        found.append(found[-1] @ one)
    return np.array([found[0], *found[:0:-1]])


def _heard_before_the_end(states: CycleStates, largest: float) -> Array:
    """Return bounds of lambda times the squared responses within a period, shape (T, T)."""
    S, v, r = states.matrices[:, 0], states.pushes, states.points
    T = len(v.mid)
    found = np.zeros((T, T))
    for s in range(T):
        y = v[s]
        for t in range(s + 1, T):
            found[t, s] = largest * float((y * r[t]).sum().magnitude) ** 2 * (1 + 1e-12)
            y = (S[t] * y[None, :]).sum()
    return found
