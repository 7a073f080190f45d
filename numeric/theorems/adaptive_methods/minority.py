r"""Ends where most labels are -1: the shared weights, in the limit of small rates.

Of a labels 1 and b labels -1, :math:`\rho=a/b\le1`, RMSProp and Adam tend to the weight
:math:`(3-\rho)/8` of the label and :math:`(1+\rho)/8` of both ones, AdaGrad to the end of its flow
:math:`w_j'=g_j/\sqrt{\int g_j^2}`. The test error is 1 - p if the label's weight is at most
twice that of the ones, and else 0, or p.

Method: real steps of the three methods with small rates, three runs each, from which the limit is
extrapolated.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.systems.adaptive_errors import METHODS, small_rate_solution
from sgdmem.numeric.systems.adaptive_methods import adaptive_problem
from sgdmem.numeric.systems.adaptive_steps import adaptive_run
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Ends where most labels are -1",
    "of our own, about arXiv 1705.08292",
    tolerance=2e-3,
    reason="what is left of the order of the rates, which are extrapolated to 0",
)


def claim(method: str, ones: int, others: int) -> tuple[float, float]:
    """Return the weight of the label, and that of the ones."""
    problem = adaptive_problem([1] * ones + [-1] * others)
    end = small_rate_solution(problem, method)
    return float(end[0]), float(end[1])


def check(claim: Claim = claim) -> list[Case]:
    """Compare both weights for three methods; ratios are from 1/6 to 1."""
    cases = []
    for ones, others in ((1, 6), (1, 3), (2, 3), (2, 2)):
        for method in METHODS:
            label, both = _end(method, ones, others)
            expected = claim(method, ones, others)
            name = f"{method}, {ones} labels 1 and {others} -1"
            cases.append(Case(f"{name}, label", 1 + label, 1 + expected[0]))
            cases.append(Case(f"{name}, ones", 1 + both, 1 + expected[1]))
    return cases


@cache
def _end(method: str, ones: int, others: int) -> tuple[float, float]:
    problem = adaptive_problem([1] * ones + [-1] * others)
    first = 0.04 if method == "adagrad" else 8e-4
    rates = first / 2.0 ** np.arange(3)
    ends = []
    for rate in rates:
        if method == "adagrad":
            steps = np.full(int(1.6 / rate**2), rate)
        else:  # with constant rates they would hover
            steps = np.append(np.full(int(0.4 / rate), rate), rate * np.geomspace(1, 1e-4, 400))
        ends.append(adaptive_run(problem, method, steps, betas=("0.5", "0.9"))[-1, :2])
    # what is left goes like the rate, times its logarithm where signs change
    powers = np.column_stack([np.ones(3), rates, rates * np.log(rates)])
    label, both = np.linalg.solve(powers, np.array(ends))[0].tolist()
    return label, both


PERTURBED: dict[str, Claim] = {
    "1/4, as on the ray": lambda method, ones, others: (0.25, 0.25),
    "of least norm": lambda method, ones, others: tuple(
        adaptive_problem([1] * ones + [-1] * others).minimum_norm()[:2].astype(float).tolist()
    ),
    "all of them as RMSProp": lambda method, ones, others: claim("rmsprop", ones, others),
    "all of them as AdaGrad": lambda method, ones, others: claim("adagrad", ones, others),
}
