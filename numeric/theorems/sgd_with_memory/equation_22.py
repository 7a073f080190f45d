r"""Equation (22): the effective learning rate, for D without the eigenvalue 1.

.. math:: \alpha_{\rm eff} = \alpha - b^T(1-D)^{-1}c = -Q(1)/P'(1)

Method: with a constant gradient g an algorithm with D strictly stable moves, after a while, by
:math:`-\alpha_{\rm eff}\,g` a step. Eq. (3) is run with g = 1 until the memory has settled, for
random algorithms of memory 0 to 4 and for the named ones, whose rates in closed form are a third
formula.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import MEMORIES, Dynamics, random_algorithm
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.equivalence import effective_learning_rates
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.averaging import averaged_sgd

STATEMENT = Statement(
    "Equation (22)",
    "arXiv 2410.04228, eq. (22)",
    tolerance=1e-12,
    reason="rounding of some hundred steps in double precision, and cancellation in small rates",
)

_STEPS = 400  # a memory with momentum 0.9 has settled to 1e-18
_DRAWS = 3  # of each memory

_NAMED = {
    "sgd": (named.sgd(0.5), 0.5),
    "heavy ball": (named.heavy_ball(0.1, 0.9), 0.1 / 0.1),
    "nesterov": (named.nesterov(0.3, 0.75), 0.3 / 0.25),
    "qhm": (named.qhm(0.25, 0.5, 0.75), 0.25),
    "sgdm": (named.sgdm(0.25, 0.875), 0.25),
    "torch, dampened": (named.torch_sgd(0.5, 0.75, 0.25), 0.5 * 0.75 / 0.25),
    "torch, nesterov": (named.torch_sgd(0.5, 0.75, nesterov=True), 0.5 / 0.25),
    "two rates": (named.two_rate(0.25, 0.125, 0.5), 0.125 + 0.25 / 0.5),
    "memory one": (named.memory_one(2.0, 0.5, 0.25), 2.0),
    "aggmo": (named.aggmo(0.5, (0.0, 0.5, 0.75)), 0.5 / 3 * (1 + 2 + 4)),
    "averaged sgd": (averaged_sgd(0.5, 0.25), 0.5),
}


def claim(algorithm: Algorithm) -> tuple[float, float]:
    """Return the effective learning rate by the matrix and by the polynomials."""
    by_matrix, by_polynomials = effective_learning_rates(algorithm)
    return float(by_matrix), float(by_polynomials)


def check(claim: Claim = claim) -> list[Case]:
    """Compare the speed under a constant gradient with both formulas."""
    rng = np.random.default_rng(22)
    algorithms = {
        f"memory {memory}, draw {draw}": random_algorithm(rng, memory)
        for memory in MEMORIES
        for draw in range(_DRAWS)
    }
    algorithms |= {name: algorithm for name, (algorithm, _) in _NAMED.items()}
    cases = []
    for name, algorithm in algorithms.items():
        by_matrix, by_polynomials = claim(algorithm)
        speed = _speed(algorithm)
        cases.append(Case(f"{name}: matrix", speed, by_matrix))
        cases.append(Case(f"{name}: polynomials", speed, by_polynomials))
    for name, (algorithm, closed_form) in _NAMED.items():
        cases.append(Case(f"{name}: closed form", closed_form, claim(algorithm)[0]))
    return cases


def _speed(algorithm: Algorithm) -> float:
    """Return how far w moves against the gradient 1 in the last of many steps."""
    still, v, _ = Dynamics.of(algorithm)
    u = np.zeros(algorithm.memory)
    for _ in range(_STEPS):
        u = v[1:] + still[1:, 1:] @ u
    return float(-v[0] - still[0, 1:] @ u)


def _other_inverse(algorithm: Algorithm, sign: int) -> float:
    still, v, _ = Dynamics.of(algorithm)
    unit = np.eye(algorithm.memory)
    return float(-v[0] - still[0, 1:] @ np.linalg.solve(unit + sign * still[1:, 1:], v[1:]))


PERTURBED: dict[str, Claim] = {
    "1 + D in place of 1 - D": lambda x: (_other_inverse(x, 1), claim(x)[1]),
    "memory enters with the opposite sign": lambda x: (
        2 * float(x.alpha) - claim(x)[0],
        claim(x)[1],
    ),
    "-Q(1) without P'(1)": lambda x: (claim(x)[0], -float(sum(x.polynomials.Q))),
    "alpha alone": lambda x: (float(x.alpha),) * 2,
}
