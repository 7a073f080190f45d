r"""Ends without label noise: every feature, as under gradient flow, but faster.

The distance from the target falls, in the median, as :math:`e^{-(r+\eta(\kappa-1)r^2/(2B))t}` with
:math:`r=L\lambda s^{*2-2/L}`, the rate of gradient flow; from below it never reaches the target.

Method: the Fokker-Planck equation; medians of the distance at two late times.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.systems.deep_linear.evolution import mode_law
from sgdmem.numeric.systems.deep_linear.mode import DeepLinearMode
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Ends without label noise",
    "arXiv 2604.06366, the stationary distribution; the rate is our own",
    tolerance=5e-3,
    reason="finite volumes, and distances that are not small yet",
)


def claim(r: float, rate: float, kurtosis: float, B: float) -> tuple[float, float]:
    """Return the rate of the median distance, and the share that ends at the target."""
    return r + rate * (kurtosis - 1) * r**2 / (2 * B), 1.0


def check(claim: Claim = claim) -> list[Case]:
    """Compare for three depths, two batch sizes and two kinds of inputs."""
    cases = []
    for depth in (2, 3, 5):
        for B, kurtosis in ((1, 3), (4, 9)):
            rate, mode = 0.03, DeepLinearMode(depth, 1.1, 0.9, 0.03, B, 0, kurtosis)
            r = depth * 0.9 * 1.1 ** (2 - 2 / depth)
            speed, share = claim(r, rate, kurtosis, B)
            law = mode_law(mode, 1.0, [4 / r, 7 / r], tolerance=0.005)
            gaps = np.log1p(-law.s / mode.target)
            medians = [float(np.interp(0.5, row, gaps)) for row in law.values]
            found = (medians[0] - medians[1]) * r / 3
            label = f"L = {depth}, B = {B}, kurtosis {kurtosis}"
            cases.append(Case(f"{label}, rate", found, speed))
            near = 1 - float(law.cdf(0.98 * mode.target)[-1, 0])
            cases.append(Case(f"{label}, share near the target", near, share))
    return cases


PERTURBED: dict[str, Claim] = {
    "the rate of gradient flow": lambda r, rate, kurtosis, B: (r, 1.0),
    "slower": lambda r, rate, kurtosis, B: (2 * r - claim(r, rate, kurtosis, B)[0], 1.0),
    "a tenth dies": lambda r, rate, kurtosis, B: (claim(r, rate, kurtosis, B)[0], 0.9),
}
