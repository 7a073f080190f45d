r"""Variances without curvature: steps of SGDM are quieter, its endpoint is not.

Under independent gradients of variance :math:`\sigma^2` one step varies by
:math:`(1-\beta)/(1+\beta)` of what a step of SGD does, but after k steps w has the variance

.. math:: \eta^2\sigma^2\Bigl[k-\frac{2\beta(1-\beta^k)}{1-\beta^2}\Bigr],\qquad
    \eta^2\sigma^2\Bigl[k-\frac{2\beta(1-\beta^k)}{1-\beta}
    +\frac{\beta^2(1-\beta^{2k})}{1-\beta^2}\Bigr]

with a momentum that has settled, and with one that begins at 0: less than that of SGD,
:math:`\eta^2\sigma^2k`, by a bounded number.

Method: `endpoint_variances` propagates the covariance of (w, m); it is also summed from the
responses of w to each gradient, in fractions.
"""

from __future__ import annotations

from fractions import Fraction

from sgdmem.numeric.systems.marginal_momentum import endpoint_variances
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.symbolic.zoo.named_algorithms import sgdm

STATEMENT = Statement(
    "Variances without curvature",
    "arXiv 2307.15196, section 4.1",
    tolerance=1e-11,
    reason="covariances in floats, at momenta up to 0.99",
)


def claim(momentum: Fraction, steps: int, settled: bool) -> Fraction:
    """Return the variance of w after some steps, for learning rate and gradients of 1."""
    gone, square = 1 - momentum**steps, 1 - momentum**2
    if settled:
        return steps - 2 * momentum * gone / square
    left = momentum**2 * (1 - momentum ** (2 * steps)) / square
    return steps - 2 * momentum * gone / (1 - momentum) + left


def check(claim: Claim = claim) -> list[Case]:
    """Compare for several momenta, numbers of steps, and both starts."""
    cases = []
    for momentum in (Fraction(0), Fraction(1, 2), Fraction(9, 10), Fraction(99, 100)):
        for steps in (1, 7, 200):
            for settled in (True, False):
                found = endpoint_variances(sgdm(1, momentum), steps, settled=settled)[-1]
                label = f"beta {momentum}, {steps} steps, {'settled' if settled else 'from 0'}"
                theory = float(claim(momentum, steps, settled))
                cases.append(Case(label, float(found), theory))
            literal = sum((1 - momentum ** (j + 1)) ** 2 for j in range(steps))
            theory = float(claim(momentum, steps, False))
            cases.append(Case(f"beta {momentum}, {steps} responses", float(literal), theory))
    return cases


PERTURBED: dict[str, Claim] = {
    "as SGD": lambda beta, k, settled: Fraction(k),
    "1 - beta below, settled": lambda beta, k, settled: (
        k - 2 * beta * (1 - beta**k) / (1 - beta) if settled else claim(beta, k, settled)
    ),
    "steps of (1 - beta) / (1 + beta), independent": lambda beta, k, settled: (
        k * (1 - beta) / (1 + beta)
    ),
}
