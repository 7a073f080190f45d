"""Members and spectra about which the kernels that sum and test modes are asked, in fractions."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from sgdmem import Algorithm
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.programs.map_program import map_program
from tests import draws, naive
from tests.exact_verdicts import ExactMethod, rational

# on the edge at 1, and that of damping; beyond them; away from the minimum; of an inverse beyond
# the range
HALF, EDGE, UNDAMPED, TINY = Fraction(1, 2), Fraction(2), Fraction(8, 7), Fraction(1, 10**150)
SPECIAL = [HALF, EDGE, UNDAMPED, Fraction(5, 2), Fraction(3, 2), -HALF, TINY]
LAM = [Fraction(1), Fraction(7, 10), Fraction(6, 10), Fraction(3, 10), Fraction(1, 50)]
WEIGHTS = [1.0, 2.0, 3.0, 1.0, 0.5]
TAU2 = Fraction(-3, 4)  # tau2 / B


@cache
def members(memory: int) -> list[tuple[naive.Raw, list[Fraction]]]:
    """Return algorithms, stable at 1 and not, with the numbers of their half-plane forms."""
    rng, found = np.random.default_rng(memory), []
    for rate in SPECIAL:  # SGD with a memory that does nothing
        zeros, D = [0] * memory, (np.eye(memory, dtype=int).astype(object) / Fraction(2)).tolist()
        alg = naive.mapped(naive.Raw(rate, zeros, zeros, D, zeros), Fraction)
        found.append((alg, [Fraction(x) for x in Algorithm(*alg).half_plane_form.at_gradient.row]))
    if memory:  # two complex roots outside, SGD with heavy momentum
        b, c, D = [-2, *zeros[1:]], [1, *zeros[1:]], [[Fraction(2), *D[0][1:]], *D[1:]]
        alg = naive.mapped(naive.Raw(1, b, c, D, zeros), Fraction)
        found.append((alg, [Fraction(x) for x in Algorithm(*alg).half_plane_form.at_gradient.row]))
    for k in range(10):
        alg = draws.random_algorithm(rng, memory, ("generic", "heavy_ball", "aggmo")[k % 3])
        if naive.effective_learning_rate(alg) < 0:
            alg = naive.scaled(alg, -1)
        for _ in range(k % 5):
            if not naive.is_schur(naive.mapped(alg, Fraction), Fraction(3, 2)):
                alg = naive.scaled(naive.mapped(alg, Fraction), Fraction(1, 4))
        alg = naive.mapped(alg, Fraction)
        row = Algorithm(*alg).half_plane_form.at_gradient.row
        found.append((alg, [Fraction(x) for x in row]))
    return found


@cache
def exact_shares(memory: int, damped: bool, lam: Fraction) -> list[Fraction | None]:
    """Return s / (1 + (tau2/B) s) / lambda of each member; None where it is not stable, damped."""
    found: list[Fraction | None] = []
    for alg, _ in members(memory):
        s = ExactMethod(*alg).summand(rational(lam), rational(0))
        share = Fraction(0) if s is None else Fraction(int(s.p), int(s.q))
        damping = 1 + (TAU2 * share if damped else 0)
        found.append(None if s is None or damping <= 0 else share / damping / lam)
    return found


def is_on_edge(member: int, damped: bool) -> bool:
    """Whether a member is just not stable at 1."""
    return member == SPECIAL.index(EDGE) or (damped and member == SPECIAL.index(UNDAMPED))


def rule(
    spread: float, disks: list[tuple[float, float, float]], whole: bool = True
) -> tuple[Any, ...]:
    """Return nodes, weights, spread, and disks after that of the largest eigenvalue."""
    nodes, weights = [float(x) for x in LAM], list(WEIGHTS)
    padding = -len(nodes) % 4
    nodes, weights = nodes + nodes[-1:] * padding, weights + [0.0] * padding
    points = [(float(x), float(x) * spread + 1e-17, 0.0) for x in LAM[1:]]
    every = [(1.0, spread, 0.0), *(points if whole else []), *disks]
    columns = [np.array(column) for column in zip(*every, strict=True)]
    return (np.array(nodes), np.array(weights), spread, *columns)


def rows_of(memory: int, damped: bool, radius: float, place: int | None, sign: int) -> Array:
    """Return numbers of the members and bounds of their errors, off by as much, all or one."""
    columns: list[list[tuple[float, float]]] = []
    for _, row in members(memory):
        numbers = [*row, *([TAU2] if damped else [])]
        column = []
        for k, x in enumerate(numbers):
            off = radius if place in (None, k) and columns else 0.0  # the first one is exact
            mid = float(x * (1 + sign * (-1) ** k * Fraction(off) * Fraction(99, 100)))
            gap = float(abs(Fraction(mid) - x)) * (1 + 1e-15)
            column.append((mid, max(gap, abs(mid) * off)))
        columns.append(column)
    return np.ascontiguousarray(np.array(columns).transpose(2, 1, 0))


@cache
def at_node(memory: int, damped: bool, member: int, lam: Fraction) -> tuple[Fraction, ...]:
    """Return w g, and what 2n roundings of each term and an error of the node make of it."""
    mapped = map_program(memory, damped)
    assert mapped.fraction is not None
    numbers = [*members(memory)[member][1], *([TAU2] if damped else [])]
    every: Any = mapped.fraction.run(dict(zip(mapped.inputs, numbers, strict=True)))
    parts = every[: memory + 1], every[memory + 1 :]
    top, bottom = (sum(c * lam**i for i, c in enumerate(part)) for part in parts)
    sizes = [sum(abs(c) * lam**i for i, c in enumerate(part)) for part in parts]
    moved = [sum(i * abs(c) * lam**i for i, c in enumerate(part)) for part in parts]
    each = [(2 * len(part) - 2) * size for part, size in zip(parts, sizes, strict=True)]
    g = top / bottom
    rounded = (each[0] + g * each[1]) / bottom + 2 * g
    return lam * g, lam * rounded, lam * ((moved[0] + g * moved[1]) / bottom + g)
