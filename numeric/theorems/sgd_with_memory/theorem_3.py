r"""Theorem 3: phases of the loss on a power law, for algorithms with a = 0.

The loss tends to 0 if :math:`U_\Sigma < 1` and diverges if :math:`U_\Sigma > 1`. In the first case

.. math::
    L_t \sim \frac{C_V}{2(1-U_\Sigma)}t^{-\zeta}\quad(\zeta<\xi),\qquad
    L_t \sim \frac{V_\Sigma C_U}{2(1-U_\Sigma)^2}t^{-\xi}\quad(\zeta>\xi).

Method: exact losses on the infinite spectrum, extrapolated as in Theorem 8; and their growth at
batch sizes a little below and above the critical one, where U_Sigma = 1.
"""

from __future__ import annotations

from functools import cache

from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.losses.loss_series import LossAsymptotics
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.sgd_with_memory.theorem_8 import EXPONENTS, limit_case
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.zoo import named_algorithms as named

STATEMENT = Statement(
    "Theorem 3",
    "arXiv 2410.04228, Theorem 3",
    tolerance=3e-4,
    reason="extrapolation from t <= 2^17 with slow corrections, of order t^-0.3 and slower",
)

_ALGORITHMS = (
    named.sgd("0.5"),
    named.heavy_ball("0.2", "0.6"),
    named.qhm("0.5", "0.8", "0.7"),
    named.aggmo("0.2", [0, "0.5", "0.8"]),
)
_BATCH_SHARES = (0.7, 0.9, 1.1, 1.4)  # of the critical batch size
_STEPS = 20_000


def claim(found: LossAsymptotics) -> float:
    """Return what t^min(zeta, xi) L_t tends to, for U_Sigma < 1."""
    rest = 1 - found.noise_sum
    if found.regime == "signal-dominated":
        return found.signal_constant / (2 * rest)
    return found.signal_sum * found.noise_constant / (2 * rest**2)


def check(claim: Claim = claim) -> list[Case]:
    """Compare limits in both phases, and count wrong predictions of divergence."""
    cases = [limit_case(algorithm, *pair, claim) for algorithm in _ALGORITHMS for pair in EXPONENTS]
    return cases + [_growth(index, share) for index in range(4) for share in _BATCH_SHARES]


@cache
def _growth(index: int, share: float) -> Case:
    """Return whether the loss has grown from one third of the time to the end."""
    algorithm, (nu, zeta) = _ALGORITHMS[index], EXPONENTS[index]
    problem = Problem.power_law(nu, zeta)
    batch_size = share * stability(algorithm, problem).critical_batch_size
    found = losses(algorithm, problem, batch_size, _STEPS)
    grew = not found[_STEPS] < found[_STEPS // 3]
    noise_sum = stability(algorithm, problem, batch_size).noise_sum
    label = f"{algorithm.name} at {share} of the critical batch size: grows"
    return Case(label, float(grew), float(noise_sum > 1))


def _phase(signal: float, noise: float) -> Claim:
    return lambda found: (signal if found.regime == "signal-dominated" else noise) * claim(found)


PERTURBED: dict[str, Claim] = {
    "the factor 1/2 dropped": _phase(2.0, 2.0),
    "1 - U not squared": lambda found: (
        claim(found) * (1 if found.regime == "signal-dominated" else 1 - found.noise_sum)
    ),
    "the signal without the factor 1/(1 - U)": lambda found: (
        claim(found) * (1 - found.noise_sum if found.regime == "signal-dominated" else 1)
    ),
    "the noise 2 % off": _phase(1.0, 1.02),
}
