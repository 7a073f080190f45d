r"""Per-mode noise: the exact verdict when every pair of modes is coupled in its own way.

Let mode i receive the noise variance
:math:`\frac1B[\lambda_i\sum_jT_{ij}\lambda_jn_j - \tau_{2,i}\lambda_i^2n_i]` with
:math:`n_j = \langle rr^T, M_j\rangle`, :math:`T_{ij}\ge0`, :math:`T_{ii}\ge\tau_{2,i}` (sparse
inputs, masked gradients). The map of all second moments has spectral radius below 1 if and only if

.. math:: P - \lambda_iQ \text{ is strictly Schur},\quad 1 + \tau_{2,i}s_i/B > 0,\quad
    \rho\Bigl(\tfrac1B\,\mathrm{diag}\Bigl(\frac{s_i}{1+\tau_{2,i}s_i/B}\Bigr)T\Bigr) < 1.

Method: the spectral radius of the whole map as a dense matrix, for random algorithms of memory 0 to
4, spectra and couplings of rank one, in blocks and without structure, at batch sizes of which two
lie within 1e-4 of the critical one. Counted are the wrong verdicts.
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

STATEMENT = counting_statement("Per-mode noise")

_COUPLINGS = ("rank one", "blocks", "full")
_ALGORITHMS, _MODES = 12, 4


def claim(
    dynamics: Dynamics, eigenvalues: Array, coupling: Array, tau2: Array, batch_size: float
) -> bool:
    """Say whether the three conditions hold."""
    if spectral_radius(dynamics.matrix(eigenvalues)).max() >= 1:
        return False
    s = dynamics.noise_summand(eigenvalues)
    damping = 1 + tau2 * s / batch_size
    shares = (s / damping / batch_size)[:, None] * coupling
    return bool((damping > 0).all() and spectral_radius(shares) < 1)


def check(claim: Claim = claim) -> list[Case]:
    """Count wrong verdicts for every memory and kind of coupling."""
    return [
        Case(
            f"memory {memory}, coupling {kind}, {_ALGORITHMS} algorithms",
            sum(
                q.wrong(partial(claim, q.dynamics, q.eigenvalues, q.coupling, q.tau2))
                for q in questions
            ),
            0,
        )
        for (memory, kind), questions in _questions().items()
    ]


@cache
def _questions() -> dict[tuple[int, str], list[Question]]:
    rng = np.random.default_rng(5)
    return {
        (memory, kind): [_question(rng, memory, kind) for _ in range(_ALGORITHMS)]
        for memory in MEMORIES
        for kind in _COUPLINGS
    }


def _question(rng: np.random.Generator, memory: int, kind: str) -> Question:
    drawn = random_dynamics(rng, memory, _MODES)
    coupling = _random_coupling(rng, kind)
    tau2 = np.diag(coupling) - rng.uniform(0, 3, _MODES) * (rng.random(_MODES) < 0.75)
    return Question(*drawn, coupling, tau2)


def _random_coupling(rng: np.random.Generator, kind: str) -> Array:
    if kind == "rank one":
        return np.outer(*rng.uniform(0.2, 2, (2, _MODES)))
    if kind == "blocks":
        label = rng.integers(2, size=_MODES)
        return np.where(label[:, None] == label, rng.uniform(0.5, 2, 2)[label], 0.0)
    return rng.uniform(0, 2, (_MODES, _MODES)) * (rng.random((_MODES, _MODES)) < 0.7)


def _without_conditions(
    dynamics: Dynamics, eigenvalues: Array, coupling: Array, tau2: Array, batch_size: float
) -> bool:
    s = dynamics.noise_summand(eigenvalues)
    return bool(spectral_radius((s / (batch_size + tau2 * s))[:, None] * coupling) < 1)


PERTURBED: dict[str, Claim] = {
    "row sums in place of the radius": lambda dynamics, lam, coupling, tau2, B: claim(
        dynamics, lam, np.diag(coupling.sum(axis=1)), tau2, B
    ),
    "modes not coupled": lambda dynamics, lam, coupling, tau2, B: claim(
        dynamics, lam, np.diag(np.diag(coupling)), tau2, B
    ),
    "tau2 forgotten": lambda dynamics, lam, coupling, tau2, B: claim(
        dynamics, lam, coupling, 0 * tau2, B
    ),
    "the first two conditions forgotten": _without_conditions,
}
