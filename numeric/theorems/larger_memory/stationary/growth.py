r"""Growth of learning rates: at bounded noise the largest one is of the order :math:`T^{h_M}`.

The largest effective learning rate of a method of memory M whose noise sum is at most a constant
and whose D has no eigenvalue within 1/T of 1 (but for that of w itself) is between two multiples of

.. math:: T^{h_M},\qquad h_M=1-\frac1{1+(\nu-1)+\dots+(\nu-1)^M}.

Method: methods of real poles and zeros are searched for the largest rate at a noise sum of 1/2, on
the nodes of `stability`, without its error bounds. Compared is the slope of the logarithm of the
rate over :math:`\log T`, :math:`T=10^3` to :math:`10^{15}`.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from sgdmem.numeric.acceleration.best_stationary import fastest_roots
from sgdmem.numeric.acceleration.bounded_noise import bounded_power_law, resolved_problem
from sgdmem.numeric.acceleration.real_root_algorithms import rate_exponent
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Growth of learning rates",
    "docs/theory/larger-memory",
    tolerance=0.02,
    reason="at T = 1e3 rates are not yet powers",
)
_HORIZONS = (1e3, 1e9, 1e15)
_CASES = [(1.5, 1), (2.0, 1), (3.0, 1), (2.0, 2), (3.0, 2)]
_LEVEL = 0.5


def claim(nu: float, memory: int) -> float:
    """Predict the exponent."""
    return rate_exponent(nu, memory)


def check(claim: Claim = claim) -> list[Case]:
    """Compare slopes."""
    cases = []
    for nu, memory in _CASES:
        rates = [log_rate(nu, memory, T) for T in _HORIZONS]
        slope = float(np.polyfit(np.log(_HORIZONS), rates, 1)[0])
        # differences, and not relative ones: exponents are of the order of 1
        cases.append(Case(f"exponent {nu:g}, memory {memory}", slope - claim(nu, memory), 0.0))
    return cases


@cache
def log_rate(nu: float, memory: int, horizon: float) -> float:
    """Return the logarithm of the largest rate that is found."""
    problem, _ = bounded_power_law(Problem.power_law(nu), _LEVEL)
    resolved = resolved_problem(problem.spectrum, problem.noise.at(1), horizon)
    roots, gain = fastest_roots(nu, memory, resolved, horizon)
    return float(roots.log_rates(np.array([gain]))[0])


PERTURBED: dict[str, Claim] = {
    "0.03 more": lambda *x: claim(*x) + 0.03,
    "0.03 less": lambda *x: claim(*x) - 0.03,
    "that of the memory before": lambda nu, memory: claim(nu, memory - 1),
    "min(1, nu - 1), as without a bound on the memory": lambda nu, memory: rate_exponent(
        nu, math.inf
    ),
}
