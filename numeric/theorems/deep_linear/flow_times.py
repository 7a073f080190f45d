r"""Times of gradient flow: a closed form, :math:`(F(x)-F(x_0))/(\lambda s^{*2-2/L})`.

Here :math:`x=(s/s^*)^{1/L}` and :math:`F=-\frac{x^{2-L}}{L-2}+\frac{x^2}2\,{}_2F_1(1,\frac2L;1+
\frac2L;x^L)`, with log x in place of the power if L = 2. So the plateau lasts
:math:`\log(1/s_0)/(2\lambda s^*)` with two layers, and
:math:`s_0^{-(1-2/L)}/((L-2)\lambda s^*)` with more, to leading order.

Method: the differential equation of gradient flow, integrated step by step.
"""

from __future__ import annotations

import math

import numpy as np

from sgdmem.numeric.systems.deep_linear.mode import DeepLinearMode
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Times of gradient flow",
    "arXiv 2604.06366, gradient flow of one mode; the closed form is our own",
    tolerance=1e-7,
    reason="steps of the differential equation, relative errors of 1e-11",
)


def claim(depth: int, lam: float, target: float, start: float, end: float) -> float:
    """Return the time."""
    from scipy.special import hyp2f1

    def F(s: float) -> float:
        x = (s / target) ** (1 / depth)
        power = math.log(x) if depth == 2 else -(x ** (2 - depth)) / (depth - 2)
        series = float(hyp2f1(1, 2 / depth, 1 + 2 / depth, s / target))
        value: float = power + x**2 / 2 * series
        return value

    time: float = (F(end) - F(start)) / (lam * target ** (2 - 2 / depth))
    return time


def check(claim: Claim = claim) -> list[Case]:
    """Compare for five depths, from three starts to three ends."""
    from scipy.integrate import solve_ivp

    cases = []
    for depth in (2, 3, 4, 5, 10):
        for start, end in ((1e-4, 0.1), (1e-3, 0.75), (0.2, 1.4)):
            mode = DeepLinearMode(depth, 1.5, 0.8)
            path = solve_ivp(  # time as a function of log s
                lambda y, t, mode=mode: 1 / mode.drift(np.exp([y]), "log"),
                (math.log(start), math.log(end)),
                [0.0],
                rtol=1e-11,
                atol=1e-12,
            )
            label = f"L = {depth}, from {start:g} to {end:g}"
            cases.append(Case(label, float(path.y[0, -1]), claim(depth, 0.8, 1.5, start, end)))
    return cases


PERTURBED: dict[str, Claim] = {
    "the logistic curve for all depths": lambda depth, *rest: claim(2, *rest),
    "one layer less": lambda depth, *rest: claim(max(depth - 1, 2), *rest),
    "the plateau alone": lambda depth, lam, target, start, end: (
        math.log(end / start) / (2 * lam * target)
        if depth == 2
        else (start ** (2 / depth - 1) - end ** (2 / depth - 1)) / ((depth - 2) * lam * target)
    ),
}
