r"""Slowest decay of DANA: momentum makes noise like t^(1/nu - kappa_3), bounded from 1/nu on.

.. math:: U'_\Sigma(t)-U'_\Sigma(\text{SGD})\sim\gamma_{3,t}\,\#\{k:\gamma_2\lambda_k>\Delta_t\}
    \sim t^{1/\nu-\kappa_3},\qquad\nu=2\alpha>1:

:math:`\kappa_3=1/2\alpha` is the slowest decay whose steps stay stable, on infinitely many modes;
on d of them the number stops at d, and :math:`\gamma_3\asymp1/d` needs none: DANA-constant.

Method: noise sums by the verdict on the algorithms of the steps :math:`10^{10}` and
:math:`10^{12}`, which need not be below 1.
"""

from __future__ import annotations

from sgdmem.numeric.acceleration.dana_schedule import Dana
from sgdmem.numeric.systems.random_features import population
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.zoo.named_algorithms import sgd

STATEMENT = Statement(
    "Slowest decay of DANA",
    "arXiv 2505.16098, why kappa_3 = 1 / 2 alpha",
    tolerance=0.005,
    reason="growth over two decades of steps, with corrections that fall like 1/t^(1 - 1/nu)",
)


def claim(nu: float, kappa: float) -> float:
    """Return how much the noise grows from the earlier step to the later one."""
    return float(100 ** (1 / nu - kappa))


def check(claim: Claim = claim) -> list[Case]:
    """Compare decays that are too slow, just right and faster."""
    cases = []
    for alpha, kappa in ((1.0, 0.3), (1.0, 0.5), (1.0, 0.7), (0.7, 0.5), (1.5, 0.2), (1.5, 1 / 3)):
        problem, rule = population(alpha, 0.7), Dana.of(0.3, 0.03, kappa, 4.0)
        still = stability(sgd(0.3), problem, 1).noise_sum
        early, late = (
            stability(rule.at(t), problem, 1).noise_sum - still for t in (10**10, 10**12)
        )
        label = f"alpha = {alpha}, kappa_3 = {kappa:.3g}"
        cases.append(Case(label, late / early, claim(2 * alpha, kappa)))
    return cases


PERTURBED: dict[str, Claim] = {
    "the number of modes that momentum reaches": lambda nu, kappa: (
        100 ** ((1 - kappa / 2) * 2 / nu - kappa)
    ),
    "without the decay": lambda nu, kappa: 100 ** (1 / nu),
    "bounded from 1 / alpha on": lambda nu, kappa: 100 ** (2 / nu - kappa),
    "always bounded": lambda nu, kappa: min(1.0, 100 ** (1 / nu - kappa)),
}
