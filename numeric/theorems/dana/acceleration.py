r"""Acceleration by DANA: with decaying rates the exponent of the loss is 2 - 1/nu times SGD's.

.. math:: L_t\sim t^{-(2-1/\nu)\min(\zeta,\,2-1/\nu)},\qquad\nu=2\alpha>1,\qquad
    \zeta=1+\frac{\beta-1/2}\alpha,\qquad\kappa_3=\frac1\nu,

on the population, where no floor and no random W take part; :math:`\zeta>2-1/\nu` is where noise
decides.

Method: exact losses of 500,000 steps, one sample each. Their relative corrections are powers of
:math:`t^{-(1-1/\nu)}`, the rate of SGD in the accelerated one; two of them are fitted along with
the exponent. Without that slopes of the last decade are within .03 for :math:`\nu\ge2` up to
:math:`\zeta=2-1/\nu`, and some .1 away for :math:`\nu=1.4`.
"""

from __future__ import annotations

from functools import cache

from sgdmem.numeric.acceleration.dana_schedule import Dana
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.systems.random_features import population
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.extrapolation import fitted_exponent

STATEMENT = Statement(
    "Acceleration by DANA",
    "arXiv 2505.16098, loss exponents of DANA-decaying; its abstract",
    tolerance=0.02,
    reason="corrections of a third order in t^-(1 - 1/nu) are left out",
)
_STEPS = 500_000


def claim(nu: float, zeta: float) -> float:
    """Return the exponent."""
    return (2 - 1 / nu) * min(zeta, 2 - 1 / nu)


def check(claim: Claim = claim) -> list[Case]:
    """Compare exponents, of targets for which signal decides and for which noise does."""
    cases = []
    for alpha, beta in (
        *((0.7, 0.3), (0.8, 0.4), (1.0, 0.1), (1.0, 0.5), (1.0, 0.7), (1.5, 0.4)),
        *((0.8, 1.2), (1.0, 1.5), (1.5, 1.5)),
    ):
        nu, zeta = 2 * alpha, 1 + (beta - 0.5) / alpha
        exponent = _measured(alpha, beta)
        cases.append(Case(f"alpha = {alpha}, beta = {beta}", exponent, claim(nu, zeta)))
    return cases


@cache
def _measured(alpha: float, beta: float) -> float:
    nu, zeta = 2 * alpha, 1 + (beta - 0.5) / alpha
    scale = 1 - 1 / nu  # below 1 / trace
    rule = Dana.of(0.375 * scale, 0.1 * scale, 1 / nu, 1 + max(2 * zeta, 2 - 2 / nu))
    return fitted_exponent(losses(rule, population(alpha, beta), 1, _STEPS), 1 - 1 / nu)


PERTURBED: dict[str, Claim] = {
    "that of SGD": lambda nu, zeta: min(zeta, 2 - 1 / nu),
    "twice that of SGD": lambda nu, zeta: 2 * min(zeta, 2 - 1 / nu),
    "as if there were no noise": lambda nu, zeta: (2 - 1 / nu) * zeta,
}
