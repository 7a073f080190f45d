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

import numpy as np
from scipy.optimize import brentq

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import (
    MEMORIES,
    Array,
    Dynamics,
    random_algorithm,
    second_moment_matrix,
    spectral_radius,
    stable_algorithm,
)

STATEMENT = Statement(
    "Per-mode noise",
    "sgdmem, theory page on the exact condition",
    tolerance=0.0,
    reason="verdicts are counted; the radii are more than 1e-7 from 1 and computed to 1e-13",
)

_COUPLINGS = ("rank one", "blocks", "full")
_ALGORITHMS, _MODES = 12, 4
_NEAR = 1e-4


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
    rng = np.random.default_rng(5)
    return [
        Case(
            f"memory {memory}, coupling {kind}, {_ALGORITHMS} algorithms",
            sum(_wrong_verdicts(rng, memory, kind, claim) for _ in range(_ALGORITHMS)),
            0,
        )
        for memory in MEMORIES
        for kind in _COUPLINGS
    ]


def _wrong_verdicts(rng: np.random.Generator, memory: int, kind: str, claim: Claim) -> int:
    """Count disagreements over several batch sizes, for one algorithm, spectrum and coupling."""
    eigenvalues = 10 ** rng.uniform(-1.5, 0, _MODES)
    stable = rng.random() < 0.75
    algorithm = (
        stable_algorithm(rng, memory, eigenvalues) if stable else random_algorithm(rng, memory)
    )
    dynamics = Dynamics.of(algorithm)
    coupling = _random_coupling(rng, kind)
    tau2 = np.diag(coupling) - rng.uniform(0, 3, _MODES) * (rng.random(_MODES) < 0.75)
    s = dynamics.noise_summand(eigenvalues)
    critical = _critical_batch_size(s, coupling, tau2) if stable else None
    if critical is None:  # unstable, or stable, at every batch size
        sizes = [1e-3, 1.0, 1e3, 1e9]
    else:
        sizes = [critical * factor for factor in (1 - _NEAR, 1 + _NEAR, 0.1, 0.5, 2.0)]
    matrices = [second_moment_matrix(dynamics, eigenvalues, coupling, tau2, B) for B in sizes]
    radii = spectral_radius(np.array(matrices))
    return sum(
        claim(dynamics, eigenvalues, coupling, tau2, B) != (radius < 1)
        for B, radius in zip(sizes, radii.tolist(), strict=True)
    )


def _random_coupling(rng: np.random.Generator, kind: str) -> Array:
    if kind == "rank one":
        return np.outer(*rng.uniform(0.2, 2, (2, _MODES)))
    if kind == "blocks":
        label = rng.integers(2, size=_MODES)
        return np.where(label[:, None] == label, rng.uniform(0.5, 2, 2)[label], 0.0)
    return rng.uniform(0, 2, (_MODES, _MODES)) * (rng.random((_MODES, _MODES)) < 0.7)


def _critical_batch_size(s: Array, coupling: Array, tau2: Array) -> float | None:
    floor = max(0.0, float((-tau2 * s).max()))

    def excess(batch_size: float) -> float:
        return float(spectral_radius((s / (batch_size + tau2 * s))[:, None] * coupling)) - 1

    low, high = floor + 1e-6 * s.min(), floor + s.max() * coupling.sum()
    if excess(low) <= 0:  # the floor itself is critical, if there is one
        return floor or None
    return float(brentq(excess, low, 2 * high, xtol=1e-300))


def _largest_row_sum(
    dynamics: Dynamics, eigenvalues: Array, coupling: Array, tau2: Array, batch_size: float
) -> bool:
    row_sums = np.diag(coupling.sum(axis=1))
    return claim(dynamics, eigenvalues, row_sums, tau2, batch_size)


def _without_conditions(
    dynamics: Dynamics, eigenvalues: Array, coupling: Array, tau2: Array, batch_size: float
) -> bool:
    s = dynamics.noise_summand(eigenvalues)
    return bool(spectral_radius((s / (batch_size + tau2 * s))[:, None] * coupling) < 1)


PERTURBED: dict[str, Claim] = {
    "row sums in place of the radius": _largest_row_sum,
    "modes not coupled": lambda dynamics, lam, coupling, tau2, B: claim(
        dynamics, lam, np.diag(np.diag(coupling)), tau2, B
    ),
    "tau2 forgotten": lambda dynamics, lam, coupling, tau2, B: claim(
        dynamics, lam, coupling, 0 * tau2, B
    ),
    "the first two conditions forgotten": _without_conditions,
}
