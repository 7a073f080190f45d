"""What the kernels that sum and test modes must hold, against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from sgdmem import Algorithm
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import NOISE, PEAK, RADIUS, STATE
from sgdmem.symbolic.programs.map_program import map_program
from tests import draws, naive
from tests.exact_verdicts import ExactMethod, rational
from tests.numeric.compiled_maps.plain_kernels import Kernel

TIGHT = 1 + 1e-6  # radii are rounded, and errors of the second order left out
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
    columns = []
    for _, row in members(memory):
        numbers = [*row, *([TAU2] if damped else [])]
        column = []
        for k, x in enumerate(numbers):
            off = radius if place in (None, k) else 0.0
            mid = float(x * (1 + sign * (-1) ** k * Fraction(off) * Fraction(99, 100)))
            gap = float(abs(Fraction(mid) - x)) * (1 + 1e-15)
            column.append((mid, max(gap, abs(mid) * off)))
        columns.append(column)
    return np.ascontiguousarray(np.array(columns).transpose(2, 1, 0))


def judged(judge: Kernel, numbers: Array, rule: tuple[Any, ...]) -> Array:
    """Return the rows of a kernel."""
    assert (NOISE, RADIUS, PEAK, STATE) == (0, 1, 2, 3)
    first, nothing = 3, np.full((*numbers.shape[:2], 3), np.nan)
    numbers = np.concatenate([nothing, numbers], axis=2)
    found = np.full((4, numbers.shape[2]), np.nan)
    judge(*numbers, *rule, found, first, numbers.shape[2])
    assert np.isnan(found[:, :first]).all()
    return found[:, first:]


def check_judge(memory: int, damped: bool, judge: Kernel) -> None:
    """Sums are held, whichever number is not exact, and every claim about stability is true."""
    size = len(map_program(memory, damped).inputs)
    shares = {lam: exact_shares(memory, damped, lam) for lam in LAM}
    count = len(members(memory))
    truth = [all(shares[lam][k] is not None for lam in LAM) for k in range(count)]
    first = [shares[LAM[0]][k] is not None for k in range(count)]
    totals = [
        sum(
            (Fraction(w) * lam * (shares[lam][k] or 0)
             for lam, w in zip(LAM, WEIGHTS, strict=True)),
            Fraction(0),
        )
        for k in range(count)
    ]  # fmt: skip
    peaks = [max(float(lam * (shares[lam][k] or 0)) for lam in LAM) for k in range(count)]
    plain = rule(0.0, [])
    cases: list[tuple[float, int | None, int]] = [(0.0, None, 1)]
    cases += [(1e-6, place, sign) for place in (None, *range(size)) for sign in (-1, 1)]
    for radius, place, sign in cases:
        found = judged(judge, rows_of(memory, damped, radius, place, sign), plain)
        for k in range(count):
            noise, rad, peak, state = found[:, k].tolist()
            assert state in (-1, 0, 1)
            assert state != 1 or truth[k]
            assert state != -1 or not first[k]
            edge = is_on_edge(k, damped)
            tiny = k == SPECIAL.index(TINY)
            if radius == 0 and not (damped and tiny):  # whose damping has no bound
                assert state == (0 if edge else 1 if truth[k] else 0 if first[k] else -1)
            if state == 1 and tiny:
                assert noise <= rad < 1e-140
            elif state == 1:
                room = Fraction(rad) * Fraction(TIGHT) + 16 * Fraction(UNIT) * abs(totals[k])
                assert abs(Fraction(noise) - totals[k]) <= room
                assert rad <= (1e-11 if radius == 0 else 1e-2) * noise
                if damped:
                    assert abs(peak / peaks[k] - 1) < (1e-11 if radius == 0 else 1e-3)
    _check_one_member(memory, damped, judge)
    _check_rounding(memory, damped, judged(judge, rows_of(memory, damped, 0.0, None, 1), plain))
    _check_spread(memory, damped, judge)
    _check_disks(memory, damped, judge)


def _check_one_member(memory: int, damped: bool, judge: Kernel) -> None:
    """A stable one: its sum is the same alone; of what is hardly known nothing is said."""
    numbers = rows_of(memory, damped, 0.0, None, 1)
    alone = np.ascontiguousarray(numbers[:, :, :1])
    among = judged(judge, numbers, rule(0.0, []))[:, :1]
    for disks in (True, False):
        assert (judged(judge, alone, rule(0.0, [], disks)) == among).all()
    for row in range(2 * memory + 3):
        wide = alone.copy()
        wide[1, row] = 3 * np.abs(wide[0, row]) + 1
        assert judged(judge, wide, rule(0.0, []))[STATE, 0] == 0


def _check_rounding(memory: int, damped: bool, found: Array) -> None:
    """Errors of two Horner schemes at each node are counted: 2n roundings of every term."""
    mapped = map_program(memory, damped)
    assert mapped.fraction is not None
    for k, (_, row) in enumerate(members(memory)):
        if found[STATE, k] != 1 or k < len(SPECIAL):
            continue
        numbers = [*row, *([TAU2] if damped else [])]
        every = mapped.fraction.run(dict(zip(mapped.inputs, numbers, strict=True)))
        parts: list[Any] = [every[: memory + 1], every[memory + 1 :]]
        least = Fraction(0)
        for lam, w in zip(LAM, WEIGHTS, strict=True):
            top, bottom = (sum(c * lam**i for i, c in enumerate(part)) for part in parts)
            sizes = [sum(abs(c) * lam**i for i, c in enumerate(part)) for part in parts]
            each = [(2 * len(part) - 2) * size for part, size in zip(parts, sizes, strict=True)]
            least += Fraction(w) * lam / bottom * (each[0] + top / bottom * each[1] + 2 * top)
        assert float(found[RADIUS, k]) >= float(least) * UNIT * 0.999


def _check_spread(memory: int, damped: bool, judge: Kernel) -> None:
    """Nodes that err: the sum is that of any eigenvalues so near."""
    spread = 1e-7
    found = judged(judge, rows_of(memory, damped, 0.0, None, 1), rule(spread, []))
    for sign in (-1, 1):
        moved = [lam * (1 + sign * Fraction(999, 1000) * Fraction(spread)) for lam in LAM]
        for k in range(len(members(memory))):
            if found[STATE, k] != 1 or k < len(SPECIAL):
                continue
            total = Fraction(0)
            for lam, w in zip(moved, WEIGHTS, strict=True):
                share = exact_shares(memory, damped, lam)[k]
                assert share is not None
                total += Fraction(w) * lam * share
            gap = abs(Fraction(float(found[NOISE, k])) - total)
            assert gap <= Fraction(float(found[RADIUS, k])) * Fraction(TIGHT)
    assert (found[STATE] == 1).sum() > 3


def _check_disks(memory: int, damped: bool, judge: Kernel) -> None:
    """What lies in disks must not change sides, and bounds the error of the quadrature there."""
    mapped, numbers = map_program(memory, damped), rows_of(memory, damped, 0.0, None, 1)
    count = len(members(memory))
    errors = (1e-3, 2e-3)
    # points of disks that are far from the eigenvalues, and reach to both sides
    disks = [(0.3, 0.01, errors[0]), (0.04, 0.001, errors[1])]
    found = judged(judge, numbers, rule(0.0, disks))
    alone = judged(judge, numbers, rule(0.0, []))
    for k in range(count):
        if found[STATE, k] != 1 or k < len(SPECIAL):
            continue
        excess = Fraction(0)
        values = {x: Ball(numbers[0, i, k : k + 1], numbers[1, i, k : k + 1])
                  for i, x in enumerate(mapped.inputs)}  # fmt: skip
        wide = 0.0
        for center, reach, error in disks:
            ends = [exact_shares(memory, damped, Fraction(center) + sign * Fraction(reach))[k]
                    for sign in (-1, 0, 1)]  # fmt: skip
            assert None not in ends
            excess += Fraction(error) * max(x for x in ends if x is not None)
            ball = mapped.recursion.run({"lam": Ball(np.array([center]), reach), **values})[0]
            wide += error * float(ball.magnitude[0])
        more = float(found[RADIUS, k] - alone[RADIUS, k])
        assert float(excess) <= more * TIGHT
        assert abs(more / wide - 1) < 1e-6
    assert (found[STATE] == 1).sum() > 3
    # a disk that is larger: what is open is told, and nothing that is false
    for reach in (0.5, 5.0, 1e3):
        far = judged(judge, numbers, rule(0.0, [(1.0, reach, 0.0)]))
        for k in range(count):
            some = [exact_shares(memory, damped, Fraction(1) + Fraction(reach) * x)[k]
                    for x in (Fraction(1), Fraction(1, 2), Fraction(1, 10))]  # fmt: skip
            assert far[STATE, k] != 1 or None not in some
            assert far[STATE, k] == -1 or alone[STATE, k] != -1
            assert far[STATE, k] != -1 or alone[STATE, k] == -1
    # the first disk alone: what it leaves open is no verdict, nor is one of the others
    for place in (0, 1):
        edge = rule(0.0, [], whole=False)
        if place:
            edge = rule(0.0, [(1.5, 1e-9, 0.0)], whole=False)
        states = judged(judge, numbers, edge)[STATE]
        at = exact_shares(memory, damped, Fraction(3, 2)) if place else [Fraction(1)] * count
        for k in range(count):
            if is_on_edge(k, damped):
                assert states[k] == 0
            elif exact_shares(memory, damped, Fraction(1))[k] is None:
                assert states[k] == -1
            elif at[k] is None:
                assert states[k] == 0
