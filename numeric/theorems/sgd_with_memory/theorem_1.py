r"""Theorem 1: matrix iterations (3) and multistep recurrences (8) are the same on quadratics.

1. With stationary parameters and L quadratic, the w of eq. (3) obey

   .. math:: w_{t+M+1} = \sum_{m=0}^M p_m w_{t+m} + \sum_{m=0}^M q_m\nabla L(w_{t+m}),

   where :math:`x^{M+1} - \sum p_mx^m = P`, :math:`\sum q_mx^m = Q`, and so :math:`\sum p_m = 1`.
2. Every such recurrence comes from an algorithm with a = 0, and every start :math:`w_0\dots w_M`
   from some :math:`u_0`.
3. Beyond the paper: for any loss the points :math:`y_t = w_t + a^Tu_t` of the gradient obey it, so
   with a = 0 the w do.

Method: eq. (3) is run literally in fractions, on quadratics and on a cubic, for random algorithms
of memory 0 to 4, and violated equations are counted. For the converse u_0 is adjusted entry by
entry, as in the proof, until w_1 ... w_M are those that were asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import MEMORIES, random_algorithm
from sgdmem.symbolic.algebra.polynomials import dot
from sgdmem.symbolic.algorithms.algorithm import Algorithm

STATEMENT = Statement(
    "Theorem 1",
    "arXiv 2410.04228, Theorem 1; part 3 by the same proof",
    tolerance=0.0,
    reason="exact fractions; violated equations are counted",
)

Gradient = Callable[[Fraction], Fraction]

_ALGORITHMS = 8  # of each memory and part
_EQUATIONS = 3  # of each run


def claim(algorithm: Algorithm) -> tuple[Sequence[Fraction], Sequence[Fraction]]:
    """Return p and q: the coefficients of -P below the leading one, and those of Q."""
    _, P, Q, _ = algorithm.polynomials
    return tuple(-x for x in P[:-1]), Q


def check(claim: Claim = claim) -> list[Case]:
    """Count violated equations for every memory and part."""
    rng = np.random.default_rng(41)
    cases = []
    for memory in MEMORIES:
        counts = {"1, quadratic": 0, "2, converse": 0, "3, any loss": 0, "3, a = 0": 0}
        for _ in range(_ALGORITHMS):
            algorithm = random_algorithm(rng, memory)
            start = [_random_fraction(rng) for _ in range(memory + 1)]
            curvature = _random_fraction(rng)
            recurrence = claim(algorithm)

            def linear(y: Fraction, curvature: Fraction = curvature) -> Fraction:
                return curvature * y

            w, _ = _run(algorithm, linear, start)
            counts["1, quadratic"] += _violations(recurrence, linear, w)
            _, y = _run(algorithm, _of_a_cubic, start)
            counts["3, any loss"] += _violations(recurrence, _of_a_cubic, y)
            unshifted = random_algorithm(rng, memory, shifted=False)
            w, _ = _run(unshifted, _of_a_cubic, start)
            counts["3, a = 0"] += _violations(claim(unshifted), _of_a_cubic, w)
            described = Algorithm.from_recurrence(*recurrence)
            w, _ = _run(described, linear, _reaching(described, linear, start))
            counts["2, converse"] += _violations(claim(described), linear, w)
            counts["2, converse"] += claim(described) != recurrence or w[: memory + 1] != start
        for part, count in counts.items():
            cases.append(Case(f"part {part}, memory {memory}", int(count), 0))
    return cases


def _random_fraction(rng: np.random.Generator) -> Fraction:
    return Fraction(int(rng.integers(1, 9)), int(rng.integers(2, 5)))


def _of_a_cubic(y: Fraction) -> Fraction:
    return y**2 / 3 - y / 2 + 1


def _run(
    algorithm: Algorithm, gradient: Gradient, start: Sequence[Fraction]
) -> tuple[list[Fraction], list[Fraction]]:
    """Step eq. (3) from (w_0, u_0); return w_t and the points y_t of the gradient."""
    w, *u = start
    path, points = [], []
    for _ in range(algorithm.memory + 1 + _EQUATIONS):
        y = w + dot(algorithm.a, u)
        path.append(w)
        points.append(y)
        slope = gradient(y)
        w, u = (
            w - algorithm.alpha * slope + dot(algorithm.b, u),
            [c * slope + dot(row, u) for c, row in zip(algorithm.c, algorithm.D, strict=True)],
        )
    return path, points


def _violations(
    recurrence: tuple[Sequence[Fraction], Sequence[Fraction]],
    gradient: Gradient,
    path: Sequence[Fraction],
) -> int:
    p, q = recurrence
    size = len(p)
    return sum(
        path[t + size]
        != dot(p, path[t : t + size]) + dot(q, [gradient(w) for w in path[t : t + size]])
        for t in range(len(path) - size)
    )


def _reaching(algorithm: Algorithm, gradient: Gradient, path: Sequence[Fraction]) -> list[Fraction]:
    """Return the (w_0, u_0) from which the first iterates are those of ``path``.

    Entry i of u_0 is the first to reach w_(i+1), with weight 1 (b = e_0, D a companion matrix).
    """
    start = [path[0]] + [Fraction(0)] * algorithm.memory
    for i in range(1, algorithm.memory + 1):
        reached, _ = _run(algorithm, gradient, start)
        start[i] = path[i] - reached[i]
    return start


PERTURBED: dict[str, Claim] = {
    "the opposite sign of q": lambda x: (claim(x)[0], tuple(-q for q in claim(x)[1])),
    "p in reverse order": lambda x: (claim(x)[0][::-1], claim(x)[1]),
    "Q at w in place of Q at the gradient's point": lambda x: (
        claim(x)[0],
        x.polynomials.Q_output,
    ),
}
