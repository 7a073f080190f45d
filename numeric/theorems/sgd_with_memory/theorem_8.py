r"""Theorem 8: the loss on a power law for any algorithm, also with a shifted gradient (a not 0).

.. math::
    L_t \sim \frac{1-U'_\Sigma+U_\Sigma}{2(1-U'_\Sigma)}C_Vt^{-\zeta}\quad(\zeta<\xi),\qquad
    L_t \sim \frac{(1-U'_\Sigma+U_\Sigma)V'_\Sigma}{2(1-U'_\Sigma)^2}C_Ut^{-\xi}\quad(\zeta>\xi)

Method: exact losses on the infinite spectrum up to t = 2^17, extrapolated in the powers of 1/t that
the singularities of the generating functions allow; their coefficients are not used.
"""

from __future__ import annotations

from functools import cache

from sgdmem.numeric.losses.asymptotics import loss_asymptotics
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.losses.loss_series import LossAsymptotics
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.extrapolation import expand, late_times, powers_of_the_loss
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.averaging import averaged_sgd

STATEMENT = Statement(
    "Theorem 8",
    "arXiv 2410.04228, Theorem 8",
    tolerance=3e-4,
    reason="extrapolation from t <= 2^17 with slow corrections, of order t^-0.3 and slower",
)

_ALGORITHMS = (
    Algorithm("0.3", "0.4", "-0.2", "0.5", "0.3"),
    Algorithm(
        "0.2", ["0.1", "0.3"], ["-0.2", "0.1"], [["0.5", "0.1"], [0, "0.3"]], ["0.5", "-0.2"]
    ),
    averaged_sgd("0.5", "0.2"),
)
EXPONENTS = ((2.0, 0.6), (1.5, 0.4), (3.0, 0.7), (2.0, 2.3), (1.5, 2.4), (3.0, 2.7))  # nu and zeta
_BATCH_SIZE, _NOISE = 16, Noise(tau2=-1)
_LAST = 2**17


def claim(found: LossAsymptotics) -> float:
    """Return what t^min(zeta, xi) L_t tends to."""
    return found.constant


def check(claim: Claim = claim) -> list[Case]:
    """Compare limits in both phases."""
    return [limit_case(algorithm, *pair, claim) for algorithm in _ALGORITHMS for pair in EXPONENTS]


def limit_case(algorithm: Algorithm, nu: float, zeta: float, claim: Claim) -> Case:
    """Return the extrapolated limit of t^min(zeta, xi) L_t beside the claimed one."""
    limit, found = _limit(algorithm, nu, zeta)
    label = f"{algorithm.name or f'memory {algorithm.memory}'}, nu {nu:g}, zeta {zeta:g}"
    return Case(label, limit, float(claim(found)))


@cache
def _limit(algorithm: Algorithm, nu: float, zeta: float) -> tuple[float, LossAsymptotics]:
    question = algorithm, Problem.power_law(nu, zeta, noise=_NOISE), _BATCH_SIZE
    found = loss_asymptotics(*question)
    times = late_times(_LAST, 2.0)
    values = losses(*question, _LAST)[times] * times**found.exponent
    limit = expand(times, values, powers_of_the_loss(zeta, found.xi, 7))[0]
    return float(limit), found


def _without_output_sum(found: LossAsymptotics) -> float:
    """Theorem 3 as if U_Sigma = U'_Sigma."""
    return found.constant / (1 - found.noise_sum + found.output_noise_sum)


PERTURBED: dict[str, Claim] = {
    "Theorem 3 with a not 0": _without_output_sum,
    "the factor 1/2 dropped": lambda found: 2 * found.constant,
    "1 - U' not there": lambda found: found.constant * (1 - found.noise_sum),
    "2 % off": lambda found: 1.02 * found.constant,
}
