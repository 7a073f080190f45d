"""Random recurrences of a given memory, drawn by the roots of P - lambda Q, and their family.

A recurrence is described by p_0 ... p_(M-1) and q_0 ... q_M; p_M is what is missing to a sum of 1.
The numbers are short enough that p_M and P - lambda Q are floats too: every method is given exactly
the same algorithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgdmem.numeric.exported_code.evaluator import Evaluator, evaluator
from sgdmem.symbolic.algorithms.algorithm import Algorithm

Array = NDArray[np.float64]
UNIT = 2.0**-44  # of the coefficients of P and P - lambda Q; those reach 2^8 at memory 8


@lru_cache
def recurrences(memory: int) -> Evaluator:
    """Return the evaluator of all recurrences of a memory."""
    p = [f"p{m}" for m in range(memory)]
    q = [f"q{m}" for m in range(memory + 1)]

    def recurrence(**values: Any) -> Algorithm:
        first = [values[name] for name in p]
        return Algorithm.from_recurrence([*first, 1 - sum(first)], [values[name] for name in q])

    return evaluator(recurrence, [*p, *q])


def random_recurrence(
    memory: int, rng: np.random.Generator, largest: float | None = None
) -> dict[str, float]:
    """Draw an eigenvalue and a recurrence that is stable there.

    The roots of P - lambda Q are random in a disk of radius 0.8, but if ``largest`` is given one
    root, or a conjugate pair, has that modulus.
    """
    lam = 2.0 ** -float(rng.integers(8))
    P = _rounded([1.0, *_roots(memory, rng, 0.95)])
    P[1] -= P.sum()  # P(1) = 0
    Q = (P - _rounded(_roots(memory + 1, rng, 0.8, largest))) / lam
    names = ["lam", *recurrences(memory).parameters]
    # lowest power first; P has -p_m, and the leading coefficients cancel in Q
    values = [lam, *-P[:1:-1][:memory], *Q[:0:-1]]
    return dict(zip(names, map(float, values), strict=True))


def _roots(
    count: int, rng: np.random.Generator, radius: float, largest: float | None = None
) -> list[complex]:
    found: list[complex] = []
    while len(found) < count:
        size = largest if largest and not found else radius * float(np.sqrt(rng.random()))
        if count - len(found) > 1 and rng.random() < 0.6:
            root = size * np.exp(1j * rng.uniform(0.2, np.pi - 0.2))
            found += [root, root.conjugate()]
        else:
            found.append(size * float(rng.choice([-1, 1])))
    return found


def _rounded(roots: Sequence[complex]) -> Array:
    return np.round(np.real(np.poly(roots)) / UNIT) * UNIT


def columns(points: list[dict[str, float]]) -> dict[str, Array]:
    """Return arrays of the values with the same name."""
    return {name: np.array([point[name] for point in points]) for name in points[0]}


def polynomials(point: dict[str, float]) -> tuple[Array, Array]:
    """Return P and Q, highest power first, Q with as many coefficients as P."""
    p = [value for name, value in point.items() if name.startswith("p")]
    q = [value for name, value in point.items() if name.startswith("q")]
    return np.array([1, sum(p) - 1, *(-x for x in reversed(p))]), np.array([0, *reversed(q)])
