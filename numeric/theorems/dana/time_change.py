r"""Time change of DANA: at t its signal has fallen as far as that of SGD at theta(t).

.. math::
    V_t\sim\vartheta(t)^{-\zeta},\qquad
    \vartheta(t)=1+2\gamma_2t+\Bigl(\int_0^t\sqrt{\gamma_{3,s}}\,ds\Bigr)^2
    \sim t^{\max(1,2-\kappa_3)}.

With :math:`\kappa_3=0`, DANA-constant, that is :math:`t+\gamma_3t^2`, and at the paper's
:math:`\gamma_3` like :math:`t+t^2/d`; noise bounds it, see *Slowest decay of DANA*.

Method: exact losses of full batches on the population, 200,000 steps; powers of
:math:`t^{-|1-\kappa_3|}` are fitted along with the exponent.
"""

from __future__ import annotations

import math

from sgdmem.numeric.acceleration.dana_schedule import Dana
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.systems.random_features import population
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.extrapolation import fitted_exponent

STATEMENT = Statement(
    "Time change of DANA",
    "arXiv 2505.16098, the time change of DANA",
    tolerance=0.005,
    reason="corrections of a third order in t^-|1 - kappa_3| are left out",
)
_STEPS = 200_000


def claim(rule: Dana, zeta: float) -> float:
    """Return the exponent of the signal, from how the time change grows far away."""
    least, most = rule.time_change([1e30, 1e40])
    return zeta * math.log10(most / least) / 10


def check(claim: Claim = claim) -> list[Case]:
    """Compare decays from none, DANA-constant, to such that momentum plays no part."""
    cases = []
    for alpha, beta, kappa in (
        *((1.0, 0.3, 0.0), (0.4, 0.3, 0.2), (0.7, 0.3, 0.3), (1.0, 0.3, 0.5), (0.7, 0.6, 0.5)),
        *((1.0, 0.3, 1.3), (1.0, 0.3, 1.6)),
    ):
        rule = Dana.of(0.3, 0.1, kappa, 6.0)
        found = losses(rule, population(alpha, beta), math.inf, _STEPS)
        exponent = fitted_exponent(found, abs(1 - kappa))
        theory = claim(rule, 1 + (beta - 0.5) / alpha)
        cases.append(Case(f"alpha = {alpha}, beta = {beta}, kappa_3 = {kappa}", exponent, theory))
    return cases


PERTURBED: dict[str, Claim] = {
    "no momentum": lambda rule, zeta: zeta,
    "the integral, not its square": lambda rule, zeta: zeta * max(1.0, 1 - rule.kappa_3 / 2),
    "2 - 2 kappa_3": lambda rule, zeta: zeta * max(1.0, 2 - 2 * rule.kappa_3),
}
