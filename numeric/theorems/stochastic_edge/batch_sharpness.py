r"""Batch Sharpness at the edge: of isotropic features it goes from one plateau to the other.

As a ratio of means, :math:`E g^TH_Bg/E|g|^2` at the edge :math:`a^*` is

.. math:: a^*\frac{1+3(d+1)/B+(d^2+3d+4)/B^2}{1+(d+1)/B}.

Method: Gaussian moments of four and six factors are counted pairing by pairing (Isserlis), over all
indices of samples and coordinates; the edge is that of the dense map of second moments.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Dynamics
from sgdmem.numeric.theorems.stochastic_edge.isotropic_edge import claim as edge
from sgdmem.numeric.theorems.stochastic_edge.measured_edge import edge_of_operator
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball

STATEMENT = Statement(
    "Batch Sharpness at the edge",
    "arXiv 2604.14108; sgdmem, docs/systems/stochastic-edge.md",
    tolerance=1e-9,
    reason="the edge is found by bisection of a dense radius, the moments are counted exactly",
)


def claim(sharpness: float, dimension: int, batch_size: int) -> float:
    """Return the ratio of means where the Hessian is ``sharpness`` times the identity."""
    d, B = dimension, batch_size
    second = 1 + (d + 1) / B
    return sharpness * (1 + 3 * (d + 1) / B + (d * d + 3 * d + 4) / B**2) / second


def check(claim: Claim = claim) -> list[Case]:
    """Compare with counted moments at the measured edge."""
    cases = []
    for rate, momentum in ((0.1, 0.9), (0.5, 0.0)):
        dynamics = Dynamics.of(heavy_ball(rate, momentum))
        for dimension, batch_size in ((1, 1), (1, 4), (2, 1), (2, 3), (3, 2)):
            found = edge_of_operator(dynamics, np.ones(dimension), 1.0, -1.0, batch_size)
            ratio = _moment(3, dimension, batch_size) / _moment(2, dimension, batch_size)
            theory = claim(edge(rate, momentum, dimension, batch_size), dimension, batch_size)
            label = f"eta {rate}, beta {momentum}, d {dimension}, B {batch_size}"
            cases.append(Case(label, found * ratio, theory))
    return cases


@cache
def _moment(power: int, dimension: int, batch_size: int) -> float:
    """Return the first diagonal entry of E (X^T X / B)^power of standard normal X."""
    total = 0.0
    for samples in itertools.product(range(batch_size), repeat=power):
        for inner in itertools.product(range(dimension), repeat=power - 1):
            ends = (0, *inner, 0)
            factors = [
                (sample, coordinate)
                for k, sample in enumerate(samples)
                for coordinate in ends[k : k + 2]
            ]
            total += sum(all(a == b for a, b in pairs) for pairs in _pairings(factors))
    return float(total / batch_size**power)


def _pairings(
    factors: list[tuple[int, int]],
) -> Iterator[list[tuple[tuple[int, int], tuple[int, int]]]]:
    if not factors:
        yield []
        return
    first, *others = factors
    for place, other in enumerate(others):
        for rest in _pairings(others[:place] + others[place + 1 :]):
            yield [(first, other), *rest]


PERTURBED: dict[str, Claim] = {
    "the sharpness itself": lambda a, d, B: a,
    "the trace over B beside it": lambda a, d, B: a * (1 + d / B),
    "d^2 + 3d + 3": lambda a, d, B: claim(a, d, B) - a / B**2 / (1 + (d + 1) / B),
}
