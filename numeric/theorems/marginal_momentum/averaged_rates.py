r"""Averaged rates: in the end SGD with them has heard each gradient as much as SGDM has.

.. math:: \bar\eta_k = \sum_{s\ge k}\eta_s\Bigl(\prod_{\tau=k+1}^s\beta_\tau\Bigr)(1-\beta_k)

Method: Definition 3.3 is run literally in fractions, with a unit gradient at step k and none at the
others, for random schedules; how far w has moved at the end is compared. The learning rates and
momenta of `averaged_rates` give the same floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from sgdmem.numeric.systems.marginal_momentum import averaged_rates
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Averaged rates",
    "arXiv 2307.15196, Theorem 4.5",
    tolerance=1e-13,
    reason="the library's are sums in floats, the literal ones exact",
)

_STEPS = 12


def claim(k: int, rates: Sequence[Fraction], momenta: Sequence[Fraction]) -> Fraction:
    """Return the rate of SGD at step k."""
    total, product = Fraction(0), Fraction(1)
    for s in range(k, len(rates)):
        product *= momenta[s] if s > k else 1
        total += rates[s] * product
    return total * (1 - momenta[k])


def check(claim: Claim = claim) -> list[Case]:
    """Compare with literal runs, and the library's rates with the claim."""
    rng = np.random.default_rng(15196)
    cases = []
    for schedule in range(6):
        rates = [Fraction(int(x), 64) for x in rng.integers(1, 64, _STEPS)]
        momenta = [Fraction(int(x), 64) for x in rng.integers(0, 64, _STEPS)]
        computed = averaged_rates(rates, momenta)
        for k in (0, 3, _STEPS - 2, _STEPS - 1):
            theory = float(claim(k, rates, momenta))
            label = f"schedule {schedule}, step {k}"
            cases.append(Case(label, float(_heard(k, rates, momenta)), theory))
            cases.append(Case(f"{label}, by averaged_rates", float(computed[k]), theory))
    return cases


def _heard(k: int, rates: Sequence[Fraction], momenta: Sequence[Fraction]) -> Fraction:
    w = m = Fraction(0)
    for step, (rate, momentum) in enumerate(zip(rates, momenta, strict=True)):
        m = momentum * m + (1 - momentum) * (step == k)
        w -= rate * m
    return -w


PERTURBED: dict[str, Claim] = {
    "the momentum of the step itself in the product": lambda k, eta, beta: (
        claim(k, eta, beta) * beta[k]
    ),
    "the rate of the step": lambda k, eta, beta: eta[k],
    "without 1 - beta": lambda k, eta, beta: claim(k, eta, beta) / (1 - beta[k]),
}
