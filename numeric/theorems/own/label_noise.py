r"""Label noise: where the mean loss of a stable method comes to rest.

Independent noise of the labels, of variance :math:`\sigma^2`, adds :math:`\sigma^2\lambda_i/B` to
that of mode i. With :math:`f_i=s_i/(1+\tau_{2,i}s_i/B)`, and :math:`f^w_i` the same with the sum of
squares read at w in place of that at the gradient's point, the mean loss tends to

.. math:: L_\infty=\frac1{2B}\sum_if^w_iy_i,\qquad y=\sigma^2+\tfrac1BT\,\mathrm{diag}(f)\,y,

that is for :math:`T_{ij}=\tau_1>0` to
:math:`\frac{\sigma^2}{2\tau_1}\,\frac{U_\Sigma}{1-U'_\Sigma}`.

Method: the fixed point of the map of all second moments as one dense linear system, for random
algorithms of memory 0 to 3 with and without a look-ahead, spectra and tau2 by mode.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import (
    Array,
    Dynamics,
    second_moment_matrix,
    spectral_radius,
    stable_algorithm,
)

STATEMENT = Statement(
    "Label noise",
    "sgdmem, theory page on losses",
    tolerance=1e-12,
    reason="rounding of systems whose radius is below 0.99",
)

_COUPLINGS = ("tau1 = 3/2", "tau1 = 0", "full")
_MODES = 3


def claim(
    dynamics: Dynamics,
    lam: Array,
    coupling: Array,
    tau2: Array,
    batch_size: float,
    at_w: bool = True,
) -> float:
    """Return the floor for a label variance of 1."""
    s = dynamics.noise_summand(lam)
    f, read = s / (batch_size + tau2 * s), dynamics.noise_summand(lam, at_w)
    read = read / (batch_size + tau2 * s)
    tau1 = coupling[0, 0]
    if tau1 > 0 and (coupling == tau1).all():
        output_sum, noise_sum = tau1 * read.sum(), tau1 * f.sum()
        return float(output_sum / (2 * tau1 * (1 - noise_sum)))
    return float(read @ np.linalg.solve(np.eye(len(lam)) - coupling * f, np.ones(len(lam))) / 2)


def check(claim: Claim = claim) -> list[Case]:
    """Compare floors with fixed points, at a random batch size above the critical one."""
    rng = np.random.default_rng(11)
    return [
        _case(rng, memory, kind, shifted, claim)
        for memory in range(4)
        for kind in _COUPLINGS
        for shifted in ((False, True) if memory else (False,))
    ]


def _case(rng: np.random.Generator, memory: int, kind: str, shifted: bool, claim: Claim) -> Case:
    lam = 10 ** rng.uniform(-1, 0, _MODES)
    dynamics = Dynamics.of(stable_algorithm(rng, memory, lam, shifted))
    coupling = rng.uniform(0.2, 2, (_MODES, _MODES))
    if kind != "full":
        coupling = np.full((_MODES, _MODES), 0.0 if kind == "tau1 = 0" else 1.5)
    tau2 = np.diag(coupling) - rng.uniform(0, 2, _MODES)
    batch_size = rng.uniform(0.5, 2)
    while True:
        matrix = second_moment_matrix(dynamics, lam, coupling, tau2, batch_size)
        if spectral_radius(matrix) < 0.99:
            break
        batch_size *= 2
    first, second = np.triu_indices(memory + 1)
    stirred = np.outer(lam, dynamics.v[first] * dynamics.v[second]) / batch_size
    moments = np.linalg.solve(np.eye(len(matrix)) - matrix, stirred.ravel())
    computed = float(lam @ moments.reshape(stirred.shape)[:, 0] / 2)
    label = f"memory {memory}, {kind}, {'with' if shifted else 'without'} a look-ahead"
    return Case(label, computed, claim(dynamics, lam, coupling, tau2, batch_size))


PERTURBED: dict[str, Claim] = {
    "read at the gradient's point": lambda dynamics, lam, coupling, tau2, B: claim(
        dynamics, lam, coupling, tau2, B, at_w=False
    ),
    "tau2 forgotten": lambda dynamics, lam, coupling, tau2, B: claim(
        dynamics, lam, coupling, 0 * tau2, B
    ),
    "the feedback forgotten": lambda dynamics, lam, coupling, tau2, B: claim(
        dynamics, lam, 0 * coupling, tau2, B
    ),
    "twice": lambda *case: 2 * claim(*case),
}
