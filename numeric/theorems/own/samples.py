r"""Batches of given samples: the operator whose radius decides, and that of a smaller last batch.

With samples of the curvatures :math:`H_s`, their mean :math:`\Lambda` and the share
:math:`\kappa=1/B` the mean loss vanishes from every start exactly if the modes do without noise and

.. math:: \mathcal T(C)=\kappa\bigl[\mathbb E_s[H_s(h\circ C)H_s]-\Lambda(h\circ C)\Lambda\bigr],
    \qquad h_{ij}=\sum_{t\ge0}g_i(t)g_j(t),

has a radius below 1. Where an epoch has T batches with the shares :math:`\kappa_1\dots\kappa_T`, in
this order, :math:`C_t=\kappa_t\mathcal M\bigl(\sum_sh^{(t-s-1)}\circ C_s\bigr)` on T matrices takes
its place: :math:`h^{(k)}` has the responses of ages k, k + T, k + 2T, ..., and
:math:`\mathcal M(N)=\mathbb E_s[H_sNH_s]-\Lambda N\Lambda`.

Method: the factor on all shares at which the ordered product of the maps of all second moments, as
dense matrices in no basis of eigenvectors, has radius 1, for random algorithms of memory 0 to 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Array, Dynamics, spectral_radius, stable_algorithm

STATEMENT = Statement(
    "Batches of samples",
    "sgdmem, theory page on finite data",
    tolerance=1e-9,
    reason="rounding where a radius crosses 1",
)

_MODES, _SAMPLES = 2, 5
_SHARES = {"one size": (1.0,), "a smaller last batch": (0.25, 0.25, 1.0)}


class Question(NamedTuple):
    """An algorithm on rows, and the shares of the batches of an epoch."""

    dynamics: Dynamics
    rows: Array
    shares: tuple[float, ...]


def claim(question: Question, is_mean: bool = False, is_diagonal: bool = False) -> float:
    """Return the factor on all shares at which the mean loss no longer vanishes."""
    (still, v, r), rows, shares = question
    if is_mean:
        shares = (float(np.mean(shares)),)
    lam, axes = np.linalg.eigh(rows.T @ rows / len(rows))
    x, T = rows @ axes, len(shares)
    S = Dynamics(still, v, r).matrix(lam)
    size = len(v)
    h = np.empty((T, _MODES, _MODES))
    for i in range(_MODES):
        for j in range(_MODES):
            pair = np.kron(S[i], S[j])
            periods = np.eye(size**2) - np.linalg.matrix_power(pair, T)
            state = np.linalg.solve(periods, np.kron(v, v))
            for k in range(T):
                h[k, i, j] = np.kron(r, r) @ state
                state = pair @ state
    places = T * _MODES**2
    operator = np.zeros((places, places))
    for place in range(places):
        C = np.zeros((T, _MODES, _MODES))
        C.flat[place] = 1.0
        s = place // _MODES**2
        for t in range(T):
            N = h[(t - s - 1) % T] * C[s]
            image = (x * np.einsum("ni,ij,nj->n", x, N, x)[:, None]).T @ x / len(x)
            image = shares[t] * (image - lam[:, None] * N * lam)
            if is_diagonal:
                image = np.diag(np.diag(image))
            operator[t * _MODES**2 : (t + 1) * _MODES**2, place] = image.ravel()
    return 1 / float(spectral_radius(operator))


def check(claim: Claim = claim) -> list[Case]:
    """Compare factors."""
    rng = np.random.default_rng(13)
    return [
        _case(rng, memory, kind, shifted, claim)
        for memory in range(3)
        for kind in _SHARES
        for shifted in ((False, True) if memory else (False,))
    ]


def _case(rng: np.random.Generator, memory: int, kind: str, shifted: bool, claim: Claim) -> Case:
    rows = rng.normal(size=(_SAMPLES, _MODES))
    curvatures = np.einsum("ni,nj->nij", rows, rows)
    mean = curvatures.mean(axis=0)
    algorithm = stable_algorithm(rng, memory, np.linalg.eigvalsh(mean), shifted)
    still, v, r = dynamics = Dynamics.of(algorithm)
    moved = np.outer(v, r)
    step = np.kron(np.eye(_MODES), still) + np.kron(mean, moved)
    kicks = [np.kron(H - mean, moved) for H in curvatures]
    noise = sum(np.kron(kick, kick) for kick in kicks) / _SAMPLES

    def excess(logarithm: float) -> float:
        product = np.eye(len(step) ** 2)
        for share in _SHARES[kind]:
            product = (np.kron(step, step) + np.exp(logarithm) * share * noise) @ product
        return float(spectral_radius(product)) - 1

    low, high = -1.0, 1.0
    while excess(low) > 0:
        low -= 2
    while excess(high) < 0:
        high += 2
    computed = float(np.exp(brentq(excess, low, high, xtol=1e-13, rtol=1e-14)))
    label = f"memory {memory}, {kind}, {'with' if shifted else 'without'} a look-ahead"
    return Case(label, computed, claim(Question(dynamics, rows, _SHARES[kind])))


PERTURBED: dict[str, Claim] = {
    "the mean of the shares": lambda question: claim(question, is_mean=True),
    "the noise of single modes": lambda question: claim(question, is_diagonal=True),
}
