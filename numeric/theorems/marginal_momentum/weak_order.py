r"""Order of approximation: mean losses of SGDM and SGD differ by a power of the learning rate.

SGD has the averaged rates of the theorem, which are smaller than those of SGDM near the end.

With :math:`1-\beta\propto\eta^a`, noise of the scale :math:`\eta^{-1/2}` and :math:`O(1/\eta)`
steps, Theorem 4.5 has a weak approximation of order :math:`(1-a)/2`; on quadratics the mean loss
shows the order :math:`1-a`, within that bound.

Method: exact mean losses of three modes at the time :math:`3/\eta` for
:math:`\eta=2^{-7},\dots,2^{-17}`, at the batch size :math:`8\eta`; the power of their difference is
extrapolated by those that are left, of :math:`\eta^{1-a}` and of :math:`\eta`.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.systems.marginal_momentum import sgdm_and_sgd
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.extrapolation import expand

STATEMENT = Statement(
    "Order of approximation",
    "arXiv 2307.15196, Theorem 4.5, and what quadratics show of it",
    tolerance=0.02,
    reason="powers of eta beyond the third are left in an extrapolated slope",
)

_HALVINGS = range(7, 18)


def claim(index: float) -> float:
    """Return the power of the learning rate for 1 - beta ~ eta^index."""
    return 1 - index


def check(claim: Claim = claim) -> list[Case]:
    """Compare with extrapolated slopes for several indices and constants."""
    return [
        Case(f"1 - beta = {constant} eta^{index}", _slope(index, constant), claim(index))
        for index in (0.0, 0.25, 0.5)
        for constant in (0.5, 1.0 if index else 0.1)
    ]


@cache
def _slope(index: float, constant: float) -> float:
    noise = Noise(tau1=1, tau2=-1)
    problem = Problem(Spectrum([1, 0.5, 0.1]), noise, target=[1, 1, 1])
    rates = 2.0 ** -np.array(_HALVINGS)
    gaps = []
    for rate in rates:
        momentum, steps = 1 - constant * rate**index, round(3 / rate)
        rules = sgdm_and_sgd(np.full(steps, rate), momentum)
        ends = [losses(rule, problem, 8 * rate, steps)[-1] for rule in rules]
        gaps.append(abs(ends[0] - ends[1]))
    slopes = np.diff(np.log2(gaps)) / -np.diff(np.array(_HALVINGS))
    left = sorted({i * (1 - index) + j - (1 - index) for i in range(4) for j in range(2)})
    powers = [power for power in left if power > 0.05][:4]
    return float(expand(1 / rates[1:], slopes, powers)[0])


PERTURBED: dict[str, Claim] = {
    "the bound, (1 - a) / 2": lambda a: (1 - a) / 2,
    "one order whatever a": lambda a: 1.0,
    "1 - a / 2": lambda a: 1 - a / 2,
}
