r"""Counting problem: how much the polygon of a symbol may rise with M poles.

On a logarithmic scale :math:`\rho` of distances the polygon G of theorem C begins at 0 and has the
slope n - 1; n begins at 1 or more, rises at each zero of Q and falls at each root of P. Where n = 2
it ends at most at :math:`(\nu-1)` times the begin of the stretch, where n is 3 or more at most at
0.
With M zeros and M + 1 roots its largest value at :math:`\rho=1` is

.. math:: h_M=1-\frac1{1+(\nu-1)+\dots+(\nu-1)^M}.

Method: a linear program for each order of the zeros and roots, M up to 3, by scipy. A zero at 0
stands for one that Q does not have, or that is far away.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from sgdmem.numeric.acceleration.real_root_algorithms import rate_exponent
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Counting problem",
    "docs/theory/larger-memory-stationary, theorem C",
    tolerance=1e-7,
    reason="linear programs are solved to 1e-7",
)


def claim(exponent: float, memory: int) -> float:
    """Return h_M."""
    return rate_exponent(exponent, memory)


def check(claim: Claim = claim) -> list[Case]:
    """Compare over all orders."""
    return [
        Case(
            f"nu = {nu:g}, memory {M}",
            max(_largest_rise(nu, steps) for steps in _orders(M)),
            claim(nu, M),
        )
        for M in (1, 2, 3)
        for nu in (1.25, 1.5, 2.0, 3.0, 5.0)
    ]


def _orders(memory: int) -> Iterator[list[int]]:
    """Return all orders of M zeros, +1, and M + 1 roots, -1."""
    length = 2 * memory + 1
    for zeros in combinations(range(length), memory):
        yield [1 if place in zeros else -1 for place in range(length)]


def _largest_rise(nu: float, steps: list[int]) -> float:
    """Return the largest G(1); the unknowns are the places of the roots, in this order."""
    from scipy.optimize import linprog

    count = len(steps)
    places = np.vstack([np.zeros(count), np.eye(count), np.zeros(count)])  # 0, the places, 1
    ends = np.array([0.0] * (count + 1) + [1.0])  # their constant parts
    rows, bounds = [], []

    def at_most(row: Array, constant: float) -> None:
        rows.append(row)
        bounds.append(-constant)

    height, constant, n = np.zeros(count), 0.0, 1
    for stretch in range(count + 1):
        length = places[stretch + 1] - places[stretch]
        gap = ends[stretch + 1] - ends[stretch]
        at_most(-length, -gap)  # in order
        height = height + (n - 1) * length
        constant += (n - 1) * gap
        if n == 2:
            at_most(height - (nu - 1) * places[stretch], constant - (nu - 1) * ends[stretch])
        elif n > 2:
            at_most(height, constant)
        if stretch < count:
            n += steps[stretch]
    found = linprog(-height, A_ub=np.array(rows), b_ub=bounds, bounds=(0, 1))
    return float(constant - found.fun)


PERTURBED: dict[str, Claim] = {
    "0.01 less": lambda exponent, memory: claim(exponent, memory) - 0.01,
    "S_M in place of S_(M + 1)": lambda exponent, memory: claim(exponent, memory - 1),
    "as with memory without end": lambda exponent, memory: min(1.0, exponent - 1),
}
