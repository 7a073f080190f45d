r"""Collapse of features: with two layers, from :math:`\eta\sigma^2=2Bs^*` on, to first order.

The diffusion takes s to 0, whatever was learned, if :math:`\eta((\kappa-1)\lambda s^{*2}+
\sigma^2)>2Bs^*`.
Real SGD agrees to first order: the label noise from which it moves small s towards 0 is
:math:`\sigma^2=2Bs^*/\eta\,(1+O(\eta))`. Without label noise the diffusion may still end at 0:
with :math:`k=B/((\kappa-1)\eta\lambda s^*)<\frac12` it ends at the target with the probability
:math:`I_{s/s^*}(\frac12-k,1+k)`, an incomplete beta function; with 1 from :math:`k=\frac12` on.

Method: bisection of the diffusion's own verdict; the mean logarithm of real steps of SGD at the
saddle, over Gaussian batches, extrapolated to small rates; scale functions by quadrature.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.systems.deep_linear.laws import survives
from sgdmem.numeric.systems.deep_linear.mode import DeepLinearMode
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Collapse of features",
    "of our own, about arXiv 2604.06366",
    tolerance=2e-4,
    reason="real steps at rates of 0.002 to 0.0005, extrapolated",
)
_LAM, _TARGET = 0.8, 1.5


def claim(rate: float, B: int, kurtosis: float, s: float) -> tuple[float, float]:
    """Return the label noise from which features die, and what survives without it."""
    from scipy.special import betainc

    k = B / ((kurtosis - 1) * rate * _LAM * _TARGET)
    most = 2 * B * _TARGET / rate - (kurtosis - 1) * _LAM * _TARGET**2
    return most, float(betainc(0.5 - k, 1 + k, s / _TARGET)) if k < 0.5 else 1.0


def check(claim: Claim = claim) -> list[Case]:
    """Compare thresholds for six settings, real ones for three batch sizes, and six chances."""
    cases = []
    for rate, B, kurtosis in ((0.1, 1, 3), (0.1, 1, 1.5), (0.7, 2, 3), (0.3, 4, 9)):
        low, high = 0.0, 1e3
        for _ in range(60):
            middle = (low + high) / 2
            alive = survives(DeepLinearMode(2, _TARGET, _LAM, rate, B, middle, kurtosis))
            low, high = (middle, high) if alive else (low, middle)
        label = f"threshold, rate {rate}, B = {B}, kurtosis {kurtosis}"
        cases.append(Case(label, low, claim(rate, B, kurtosis, 1.0)[0]))
    for B in (1, 2, 8):
        rates = (0.002, 0.001, 0.0005)
        found = [rate * _real_threshold(rate, B) for rate in rates]
        limit = (found[0] - 6 * found[1] + 8 * found[2]) / 3
        theory = 1e-9 * claim(1e-9, B, 3, 1.0)[0]
        cases.append(Case(f"real SGD, B = {B}, rate times threshold", limit, theory))
    for rate, B in ((2.0, 1), (3.0, 1), (9.0, 2)):
        for s in (0.1, 0.9):
            mode = DeepLinearMode(2, _TARGET, _LAM, rate, B)
            label = f"chance without label noise, rate {rate}, B = {B}, from {s}"
            cases.append(Case(label, _chance(mode, s), claim(rate, B, 3, s)[1]))
    return cases


def _real_threshold(rate: float, B: int) -> float:
    """Return the label noise at which the mean of log |1 + rate (s* h + c)| is 0, near s = 0."""
    from numpy.polynomial.hermite_e import hermegauss
    from scipy.optimize import brentq
    from scipy.special import roots_genlaguerre

    x, p = roots_genlaguerre(40, B / 2 - 1)  # half a chi-square of B degrees of freedom
    h, p = (2 * _LAM * x / B)[:, None], (p / p.sum())[:, None]
    z, q = hermegauss(40)

    def growth(variance: float) -> float:
        step = rate * (_TARGET * h + np.sqrt(variance * h / B) * z)
        return float((p * q * np.log(np.abs(1 + step))).sum())

    return float(brentq(growth, 0.5 * B * _TARGET / rate, 8 * B * _TARGET / rate, xtol=1e-9))


def _chance(mode: DeepLinearMode, start: float) -> float:
    """Return how likely the target is reached rather than 0, by sums in log s / (s* - s)."""
    z = np.linspace(-120.0, 25.0, 145_001)
    s = mode.target / (1 + np.exp(-z))
    stretch = s / (1 + np.exp(z))  # ds / dz
    slope = 2 * mode.drift(s) / mode.diffusion(s) ** 2 * stretch
    exponent = np.append(0, (slope[1:] + slope[:-1]).cumsum()) * (z[1] - z[0]) / 2
    density = np.exp(exponent.max() - exponent) * stretch
    below = density[s < start].sum() + density[np.searchsorted(s, start)] / 2
    return float(below / density.sum())


PERTURBED: dict[str, Claim] = {
    "twice the label noise": lambda rate, B, kurtosis, s: (
        2 * claim(rate, B, kurtosis, s)[0],
        claim(rate, B, kurtosis, s)[1],
    ),
    "the data's noise left out": lambda rate, B, kurtosis, s: (
        2 * B * _TARGET / rate,
        claim(rate, B, kurtosis, s)[1],
    ),
    "features that never die of data": lambda rate, B, kurtosis, s: (
        claim(rate, B, kurtosis, s)[0],
        1.0,
    ),
    "an even chance": lambda rate, B, kurtosis, s: (claim(rate, B, kurtosis, s)[0], s / _TARGET),
}
