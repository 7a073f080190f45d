r"""Memory stays small: with the rates of Theorem 2.4, :math:`E|m_t|^2=O(\eta_t^2G^2d^2/k^2)`.

.. math:: E|m_t|^2\le\eta_t^2\,\frac{4\alpha}{\alpha-4}\,\frac{d^2}{k^2}G^2

for the :math:`\alpha` that the shift a allows. For long memories and large shifts the 4 cannot be
less.

Method: the largest :math:`E|m_t|^2` that gradients of the size G can make,
:math:`|m_{t+1}|=\sqrt{1-k/d}\,(|m_t|+\eta_tG)`, step by step; the largest ratio to the bound.
"""

from __future__ import annotations

from sgdmem.numeric.systems.mem_sgd import memory_bound, strongly_convex_bound
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Memory stays small",
    "arXiv 1809.07599, the lemma of Theorem 2.4",
    tolerance=0.0,
    reason="an inequality: what counts is the excess",
)


def claim(alpha: float, ratio: float) -> float:
    """Return the bound over the square of the rate times G."""
    return 4 * alpha / (alpha - 4) * ratio**2


def check(claim: Claim = claim) -> list[Case]:
    """Look for an excess at several d / k and shifts."""
    cases = []
    for ratio in (1, 2, 10, 300):
        for shift in (1.5, 3, 7 * ratio, 100 * ratio):
            found = strongly_convex_bound(
                *(3000, 1 / ratio), shift=shift, strong_convexity=1, smoothness=1,
                gradient_bound=1, distance=1,
            )  # fmt: skip
            rates = found.learning_rates
            most = float((memory_bound(rates, 1 / ratio, 1) / rates).max()) ** 2
            excess = most / claim(found.alpha, ratio) - 1
            cases.append(Case(f"d / k = {ratio}, a = {shift}", max(excess, 0.0), 0.0))
    return cases


PERTURBED: dict[str, Claim] = {
    "a quarter": lambda alpha, ratio: claim(alpha, ratio) / 4,
    "3 alpha / (alpha - 4)": lambda alpha, ratio: 0.75 * claim(alpha, ratio),
    "d / k": lambda alpha, ratio: claim(alpha, ratio) / ratio,
}
