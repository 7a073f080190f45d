r"""Decay towards the start: SGD that is drawn back by C / t is not limited by noise.

With :math:`\lambda_k=k^{-\nu}`, :math:`\sum_{\lambda_k\le\lambda}\lambda_kc_k^2\asymp
\lambda^\zeta`, and SGD of a small learning rate, of which :math:`w-w_0` is multiplied by
:math:`1-C/(t+t_0)` after each step (Theorem J0; `anchored`), the loss is of the order

.. math:: t^{-\varpi},\qquad\varpi=\min\Bigl(\zeta,\,2,\,2-\frac1\nu+2C\Bigr)

and for :math:`\zeta>2`, :math:`2C>1/\nu` it tends to :math:`C^2` times what does not depend on C.
Proved is that the loss is not larger.

Method: exact losses on the spectrum without end, by the recursion of second moments. Compared are
exponents between two late times, and ratios of losses for two C.
"""

from __future__ import annotations

import math
from functools import cache

from sgdmem.numeric.acceleration.anchored import anchored
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.symbolic.zoo.named_algorithms import sgd

STATEMENT = Statement(
    "Decay towards the start",
    "docs/theory/larger-memory-limits, Theorem J0",
    tolerance=0.015,
    reason="at these times losses are not yet powers",
)
_TIMES = (20_000, 80_000)
_CASES = (  # nu, zeta, C: the least is in each place once or more
    *((2.0, 3.0, 0.1), (2.0, 3.0, 0.25), (2.0, 3.0, 1.0), (2.0, 1.0, 0.25)),
    *((3.0, 1.5, 0.1), (3.0, 3.0, 0.05), (1.5, 3.0, 0.4), (1.5, 3.0, 0.1)),
)
_SMOOTH = ((2.0, 3.0), (3.0, 3.0), (1.5, 3.0))


def claim(nu: float, zeta: float, C: float) -> tuple[float, float]:
    """Return the exponent, and the factor of C of losses at a smooth target."""
    return min(zeta, 2.0, 2 - 1 / nu + 2 * C), C**2


def check(claim: Claim = claim) -> list[Case]:
    """Compare exponents, and losses for C = 1 and 2."""
    cases = []
    for nu, zeta, C in _CASES:
        early, late = losses_at(nu, zeta, C)
        exponent = math.log(early / late) / math.log(_TIMES[1] / _TIMES[0])
        label = f"nu = {nu:g}, zeta = {zeta:g}, C = {C:g}"
        cases.append(Case(label, exponent, claim(nu, zeta, C)[0]))
    for nu, zeta in _SMOOTH:
        small, large = losses_at(nu, zeta, 1.0)[1], losses_at(nu, zeta, 2.0)[1]
        ratio = claim(nu, zeta, 2.0)[1] / claim(nu, zeta, 1.0)[1]
        cases.append(Case(f"nu = {nu:g}, zeta = {zeta:g}: C = 2 over 1", large / small, ratio))
    return cases


@cache
def losses_at(nu: float, zeta: float, C: float) -> tuple[float, float]:
    """Return exact losses at two late times."""
    problem = Problem.power_law(nu, zeta=zeta)
    found = losses(anchored(sgd("0.3"), C), problem, 3, _TIMES[1])
    return float(found[_TIMES[0]]), float(found[_TIMES[1]])


PERTURBED: dict[str, Claim] = {
    "2 - 1/nu, as without a decay": lambda nu, zeta, C: (min(zeta, 2 - 1 / nu), C**2),
    "2 - 1/nu + C": lambda nu, zeta, C: (min(zeta, 2, 2 - 1 / nu + C), C**2),
    "without the limit 2": lambda nu, zeta, C: (min(zeta, 2 - 1 / nu + 2 * C), C**2),
    "losses proportional to C": lambda nu, zeta, C: (claim(nu, zeta, C)[0], C),
}
