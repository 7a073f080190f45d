r"""Rate of Kaczmarz: the mean loss of the last iterate is :math:`O(1/t)`, of every instance.

For any start, Hessians :math:`0\preceq H_i\preceq1` that can all be fitted, and relaxation
:math:`\eta<2`,

.. math:: E L(w_t)\le\frac{C_\eta}{t+1}|w_0-w_*|^2,

with C = 0.6376 for the greedy step: faster than the paper's :math:`t^{-3/4}`. It is at least 0.227,
which layers come to. The proof is that of `sgdmem.numeric.systems.kaczmarz_rate`.

Method: exact losses from the worst start, of systems of all kinds, and of slow ones; what the
largest ratio exceeds 1 by.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.kaczmarz import kaczmarz
from sgdmem.numeric.systems.kaczmarz_rate import last_iterate_constant
from sgdmem.numeric.systems.kaczmarz_start import worst_losses
from sgdmem.numeric.systems.kaczmarz_worst import layered_system
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.kaczmarz.instances import systems

STATEMENT = Statement(
    "Rate of Kaczmarz",
    "of our own, about arXiv 2604.09909",
    tolerance=1e-12,
    reason="an inequality, in floats: what counts is the excess",
)

_STEPS, _MANY = 60, 400
_constant = cache(last_iterate_constant)


def claim(t: Array, rate: float) -> Array:
    """Return the bounds."""
    return _constant(rate) / (t + 1)


def check(claim: Claim = claim) -> list[Case]:
    """Look for an excess, at three rates; slow systems are slow for the greedy step."""
    cases = []
    for label, rate, exact in _losses():
        excess = float((exact / claim(np.arange(exact.size), rate)).max()) - 1
        cases.append(Case(f"{label}, rate {rate}", max(excess, 0.0), 0.0))
    return cases


@cache
def _losses() -> list[tuple[str, float, Array]]:
    found = [
        (label, rate, worst_losses(problem, _STEPS, rate).losses)
        for label, problem in systems()
        for rate in (0.5, 1.0, 1.6)
    ]
    for width, layers in ((1, (1.0,)), (12, (0.66, 2.455)), (4, (0.7, 1.5, 4.6))):
        slow = layered_system(_MANY, width, layers)
        problem = kaczmarz(slow.A, probabilities=slow.probabilities)
        found.append((f"{len(layers)} layers", 1.0, worst_losses(problem, _MANY).losses))
    return found


PERTURBED: dict[str, Claim] = {
    "0.45 / (t + 1)": lambda t, rate: 0.45 / (t + 1),
    "as t to the -5/4": lambda t, rate: claim(t, rate) * (t + 1) ** -0.25,
    "by e to the -t / 50": lambda t, rate: claim(t, rate) * np.exp(-t / 50),
}
