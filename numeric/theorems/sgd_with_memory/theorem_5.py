r"""Theorem 5: the propagators on a power law are power laws.

.. math:: V_t, V'_t \sim E\,\Gamma(\zeta+1)(2\alpha_{\rm eff}t)^{-\zeta},\qquad
    U_t, U'_t \sim \frac{\tau_1}{B}\alpha_{\rm eff}^2\frac{\Lambda^{1/\nu}}{\nu}
    \Gamma(\xi)(2\alpha_{\rm eff}t)^{-\xi},\qquad \xi = 2 - \frac1\nu

For the pure law the next terms are of relative order exactly 1/t (this library's addition). The
factors are 1 + A/t; with rho of Theorem 4 and :math:`\kappa = a^T(1-D)^{-1}c`

.. math::
    A_{V'} &= -\tfrac14\zeta(\zeta+1)(1+\tau_2/B) + \zeta(1-\zeta)\rho/2\alpha_{\rm eff},\qquad
    A_V = A_{V'} - \zeta\kappa/\alpha_{\rm eff}\\
    A_{U'} &= \xi + 2\xi\rho/\alpha_{\rm eff}
    - \tfrac12\xi(\xi+1)[\rho/\alpha_{\rm eff} + \tfrac12(1+\tau_2/B)],\qquad
    A_U = A_{U'} - \xi\kappa/\alpha_{\rm eff}.

Method: the propagators on the infinite spectrum up to t = 2^16, extrapolated in powers of 1/t.
"""

from __future__ import annotations

from functools import cache

from sgdmem.numeric.losses.asymptotics import loss_asymptotics
from sgdmem.numeric.losses.loss_series import LossAsymptotics
from sgdmem.numeric.losses.propagators import propagators
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.extrapolation import expand, late_times
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo import named_algorithms as named

STATEMENT = Statement(
    "Theorem 5",
    "arXiv 2410.04228, Theorem 5; the next terms are sgdmem's",
    tolerance=2e-5,
    reason="extrapolation from t <= 2^16; the constants alone agree to 1e-9",
)

_ALGORITHMS = (
    named.sgd("0.5"),
    named.heavy_ball("0.2", "0.6"),
    named.nesterov("0.2", "0.6"),
    named.aggmo("0.2", [0, "0.5", "0.8"]),
    Algorithm("0.3", "0.4", "-0.2", "0.5", "0.3"),
)
_EXPONENTS = ((1.5, 0.5), (2.0, 1.2), (2.5, 2.2), (1.3, 0.8))  # nu and zeta
_NOISE = ((-1.0, 20.0), (1.0, 40.0))  # tau2 and batch size
_LAST = 2**16
_ENERGY, _SCALE = 2.0, 0.8


def claim(found: LossAsymptotics) -> list[tuple[float, float]]:
    """Return the constants and the relative 1/t terms of V, V', U and U'."""
    C_V, C_U = found.signal_constant, found.noise_constant
    return list(zip((C_V, C_V, C_U, C_U), found.first_orders, strict=True))


def check(claim: Claim = claim) -> list[Case]:
    """Compare constants and next terms."""
    cases = []
    for index, algorithm in enumerate(_ALGORITHMS):
        for nu, zeta in _EXPONENTS:
            measured, found = _measured(index, nu, zeta)
            pairs = zip(("V", "V'", "U", "U'"), measured, claim(found), strict=True)
            for name, (limit, next_term), (constant, order) in pairs:
                label = f"{name} of {algorithm.name or 'memory 1'}, nu {nu:g}, zeta {zeta:g}"
                cases.append(Case(label, limit, constant))
                cases.append(Case(f"1/t in {label}", 1 + next_term, 1 + order))
    return cases


@cache
def _measured(
    index: int, nu: float, zeta: float
) -> tuple[list[tuple[float, float]], LossAsymptotics]:
    """Return limits and relative 1/t terms of the four propagators, and what they should be."""
    tau2, batch_size = _NOISE[index % 2]
    problem = Problem.power_law(nu, zeta, scale=_SCALE, energy=_ENERGY, noise=Noise(tau2=tau2))
    question = _ALGORITHMS[index], problem, batch_size
    found = propagators(*question, _LAST)
    times = late_times(_LAST, 1.3)
    measured = []
    for values, decay in (
        *((values, zeta) for values in (found.V, found.V_prime)),
        *((values, 2 - 1 / nu) for values in (found.U, found.U_prime)),
    ):
        c = expand(times, values[times] * times**decay, [1, 2, 3, 4])
        measured.append((float(c[0]), float(c[1] / c[0])))
    return measured, loss_asymptotics(*question)


def _changed(constants: tuple[float, ...], orders: tuple[float, ...]) -> Claim:
    def perturbed(found: LossAsymptotics) -> list[tuple[float, float]]:
        return [
            (factor * constant, order + more)
            for (constant, order), factor, more in zip(claim(found), constants, orders, strict=True)
        ]

    return perturbed


PERTURBED: dict[str, Claim] = {
    "2 alpha_eff replaced by alpha_eff in V": _changed((2.0, 2.0, 1.0, 1.0), (0.0,) * 4),
    "the noise constant halved": _changed((1.0, 1.0, 0.5, 0.5), (0.0,) * 4),
    "other 1/t terms": _changed((1.0,) * 4, (0.1, 0.0, 0.0, 0.0)),
    "constants 1 % off": _changed((1.01,) * 4, (0.0,) * 4),
}
