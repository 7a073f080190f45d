r"""Survival of deep features: with L > 2 and :math:`s^*>0` none dies; with :math:`s^*=0` all do.

That is of the diffusion: long steps may jump over 0. Towards 0 the stationary density falls as
:math:`e^{-cs^{-q}}`, q = 1 - 2/L, with :math:`c=2\lambda s^*/(Lq\,\eta D(0))`. Without a target,
label noise alone makes :math:`s^{-q}/(L-2)` a Bessel process of dimension (2L-3)/(L-2) > 2: in the
end :math:`s^{-2q}/((L-2)^2\eta D(0)t)` has the chi-square law of as many degrees of freedom, and s
falls as :math:`t^{-L/(2(L-2))}`.

Method: quadrature of drift and diffusion far below the target; the Fokker-Planck equation of modes
without target, after a long time.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.systems.deep_linear.evolution import mode_law
from sgdmem.numeric.systems.deep_linear.laws import potential_slope
from sgdmem.numeric.systems.deep_linear.mode import DeepLinearMode
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Survival of deep features",
    "of our own, about arXiv 2604.06366",
    tolerance=5e-3,
    reason="powers beside the exponential; finite volumes, and a start that is not forgotten yet",
)


def claim(depth: int, drive: float) -> tuple[float, float]:
    r"""Return c for :math:`2\lambda s^*/(\eta D(0))`, and the degrees of freedom."""
    return drive / (depth - 2), (2 * depth - 3) / (depth - 2)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for four depths, and two quantiles."""
    from scipy.integrate import quad
    from scipy.stats import chi2

    cases = []
    for depth in (3, 4, 6, 12):
        q = 1 - 2 / depth
        mode = DeepLinearMode(depth, 1.2, 0.8, 0.3, 2, 1.5)
        ends = np.log([1e-6 ** (1 / q), 1e-4 ** (1 / q)])
        rise = quad(lambda y, mode=mode: potential_slope(mode, np.array(y)), *ends)[0]
        fall = -rise / np.diff(np.exp(-q * ends))[0]
        drive = 2 * 0.8 * 1.2 / (0.3 * float(mode.gradient_variance(0.0)))
        cases.append(Case(f"L = {depth}, fall towards 0", float(fall), claim(depth, drive)[0]))
        mode = DeepLinearMode(depth, 0, 1e-6, 0.3, 2, 1e6, 1)
        time = 1e4
        law = mode_law(mode, 1.0, [time], tolerance=2e-4)
        scale = (depth - 2) ** 2 * 0.3 * 0.5 * time
        freedom = claim(depth, 1.0)[1]
        for share in (0.2, 0.5, 0.8):
            s = (scale * float(chi2.ppf(1 - share, freedom))) ** (-1 / (2 * q))
            label = f"L = {depth}, no target, quantile of {share}"
            cases.append(Case(label, float(law.cdf(s)[0, 0]), share))
    return cases


PERTURBED: dict[str, Claim] = {
    "half of c": lambda depth, drive: (claim(depth, drive)[0] / 2, claim(depth, drive)[1]),
    "one layer more": lambda depth, drive: claim(depth + 1, drive),
    "Brownian motion that is reflected": lambda depth, drive: (claim(depth, drive)[0], 1.0),
    "three degrees always": lambda depth, drive: (claim(depth, drive)[0], 3.0),
}
