r"""The exact verdict: when the second moments of all modes die out, for a finite spectrum.

For :math:`\tau_1 \ge \max(0, \tau_2)` the map of eqs. (12)-(16) has spectral radius below 1 (and
then the mean loss tends to 0 from every start) if and only if, for every eigenvalue,

.. math:: P - \lambda_k Q \text{ is strictly Schur},\quad 1 + \frac{\tau_2}{B}s_k > 0,\quad
    \text{and}\quad U'_\Sigma = \frac{\tau_1}{B}\sum_k\frac{s_k}{1 + (\tau_2/B)s_k} < 1,

where :math:`s_k = \lambda_k^2\sum_t g_t^2` with the impulse response g of
:math:`Q/(P-\lambda_kQ)`.

Method: the spectral radius of the whole map as a dense matrix, for random algorithms of memory 0 to
4, spectra and tau2, at batch sizes of which two lie within 1e-4 of the critical one. Counted are
the wrong verdicts.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim
from sgdmem.numeric.theorems.instances import MEMORIES, Array, Dynamics, spectral_radius
from sgdmem.numeric.theorems.own.counted_verdicts import (
    Question,
    counting_statement,
    random_dynamics,
)

STATEMENT = counting_statement("Exact verdict")

_TAU1 = 1.0
_TAU2 = (-1.0, 0.0, 0.5, 1.0)
_ALGORITHMS, _MODES = 15, 3


def claim(dynamics: Dynamics, eigenvalues: Array, tau2: float, batch_size: float) -> bool:
    """Say whether the three conditions hold (tau1 = 1)."""
    if spectral_radius(dynamics.matrix(eigenvalues)).max() >= 1:
        return False
    s = dynamics.noise_summand(eigenvalues)
    damping = 1 + tau2 / batch_size * s
    return bool((damping > 0).all() and _TAU1 / batch_size * (s / damping).sum() < 1)


def check(claim: Claim = claim) -> list[Case]:
    """Count wrong verdicts for every memory and tau2."""
    return [
        Case(
            f"memory {memory}, tau2 {tau2:g}, {_ALGORITHMS} algorithms",
            sum(q.wrong(partial(claim, q.dynamics, q.eigenvalues, tau2)) for q in questions),
            0,
        )
        for (memory, tau2), questions in _questions().items()
    ]


@cache
def _questions() -> dict[tuple[int, float], list[Question]]:
    rng = np.random.default_rng(1)
    coupling = np.full((_MODES, _MODES), _TAU1)
    return {
        (memory, tau2): [
            Question(*random_dynamics(rng, memory, _MODES), coupling, tau2)
            for _ in range(_ALGORITHMS)
        ]
        for memory in MEMORIES
        for tau2 in _TAU2
    }


def _without_its_sign(dynamics: Dynamics, lam: Array, tau2: float, batch_size: float) -> bool:
    s = dynamics.noise_summand(lam)
    stable = spectral_radius(dynamics.matrix(lam)).max() < 1
    return bool(stable and _TAU1 * (s / (batch_size + tau2 * s)).sum() < 1)


def _without_schur(dynamics: Dynamics, lam: Array, tau2: float, batch_size: float) -> bool:
    s = dynamics.noise_summand(lam)
    room = batch_size + tau2 * s
    return bool((room > 0).all() and _TAU1 * (s / room).sum() < 1)


PERTURBED: dict[str, Claim] = {
    "tau2 forgotten": lambda dynamics, lam, tau2, B: claim(dynamics, lam, 0.0, B),
    "1 + tau2 s / B > 0 forgotten": _without_its_sign,
    "the Schur condition forgotten": _without_schur,
    "a batch size 0.02% larger": lambda dynamics, lam, tau2, B: claim(
        dynamics, lam, tau2, B * 1.0002
    ),
    "U' < 1/2": lambda dynamics, lam, tau2, B: claim(dynamics, lam, tau2, B / 2),
}
