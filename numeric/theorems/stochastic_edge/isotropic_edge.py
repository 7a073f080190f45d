r"""Isotropic edge: d Gaussian features of one variance bound the sharpness of the heavy ball.

The edge of stability in mean square is at

.. math:: a^* = \frac{2(1-\beta)/\eta}{(d+1)/B+(1-\beta)/(1+\beta)},

which is :math:`2(1+\beta)/\eta` for full batches; noise halves it at the crossover
:math:`B^*=(d+1)(1+\beta)/(1-\beta)`, and for far smaller batches the trace of the Hessian is
near :math:`2(1-\beta)B/\eta`.

Method: the spectral radius of the dense map of the second moments of all d modes reaches 1, by
bisection.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Dynamics
from sgdmem.numeric.theorems.stochastic_edge.measured_edge import LETTERS, edge_of_operator
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball

STATEMENT = Statement(
    "Isotropic edge",
    "arXiv 2604.14108, linear stability; sgdmem, docs/systems/stochastic-edge.md",
    tolerance=1e-9,
    reason="radii of matrices up to 24 by 24",
)


def claim(learning_rate: float, momentum: float, dimension: int, batch_size: float) -> float:
    """Return the sharpness at the edge."""
    noise = (dimension + 1) / batch_size
    return 2 * (1 - momentum) / learning_rate / (noise + (1 - momentum) / (1 + momentum))


def check(claim: Claim = claim) -> list[Case]:
    """Compare with the radius of the map; the last batch size is the crossover."""
    cases = []
    for rate, momentum in LETTERS:
        dynamics = Dynamics.of(heavy_ball(rate, momentum))
        for dimension in (1, 3, 8):
            crossover = (dimension + 1) * (1 + momentum) / (1 - momentum)
            for batch_size in (1.0, 64.0, crossover):
                found = edge_of_operator(dynamics, np.ones(dimension), 1.0, -1.0, batch_size)
                theory = claim(rate, momentum, dimension, batch_size)
                label = f"eta {rate}, beta {momentum}, d {dimension}, B {batch_size:.6g}"
                cases.append(Case(label, found, theory))
            halved = (1 + momentum) / rate  # half of the edge of full batches
            cases.append(Case(f"{label}, half of full batches", found, halved))
    return cases


PERTURBED: dict[str, Claim] = {
    "d in place of d + 1": lambda eta, beta, d, B: claim(eta, beta, d - 1, B),
    "the plateau of small batches alone": lambda eta, beta, d, B: (
        2 * (1 - beta) / eta * B / (d + 1)
    ),
    "1 - beta and 1 + beta exchanged": lambda eta, beta, d, B: claim(eta, -beta, d, B),
}
