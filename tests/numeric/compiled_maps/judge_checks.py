"""What the kernels that sum and test modes must hold, against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import NOISE, PEAK, RADIUS, STATE
from sgdmem.symbolic.programs.map_program import map_program
from tests.numeric.compiled_maps.judge_questions import (
    LAM,
    SPECIAL,
    TINY,
    WEIGHTS,
    at_node,
    exact_shares,
    is_on_edge,
    members,
    rows_of,
    rule,
)
from tests.numeric.compiled_maps.plain_kernels import Kernel

TIGHT = 1 + 1e-6  # radii are rounded, and errors of the second order left out


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
    """One is judged as among others; of what is hardly known nothing is said."""
    numbers = rows_of(memory, damped, 0.0, None, 1)
    count = numbers.shape[2]
    numbers[0, 2 * memory + 3 :] *= 1 + 1e-3 * np.arange(count)
    numbers[1] += 1e-9 * np.arange(count) * np.abs(numbers[0])
    nodes, weights, *rest = rule(0.0, [(0.3, 0.01, 1e-3)])
    every = []
    for shift in range(4):  # whichever node has the largest summand
        turned = [np.concatenate([np.roll(x[:4], shift), x[4:]]) for x in (nodes, weights)]
        every.append((*turned, *rest))
    together = [judged(judge, numbers, rule) for rule in every]
    for k in range(count):
        one, turn = np.ascontiguousarray(numbers[:, :, k : k + 1]), k % 4
        found, here = judged(judge, one, every[turn])[:, 0], together[turn][:, k]
        assert found[STATE] == here[STATE]
        assert here[STATE] == -1 or np.array_equal(found, here, True)
    sure = together[0][STATE] == 1
    for found in together:
        assert np.allclose(found[:, sure], together[0][:, sure], rtol=1e-12, atol=0)
    alone = np.ascontiguousarray(numbers[:, :, :1])
    few, many = (judged(judge, alone, rule(0.0, [], whole)) for whole in (False, True))
    assert (few == many).all()
    for row in range(2 * memory + 3):
        wide = alone.copy()
        wide[1, row] = 3 * np.abs(wide[0, row]) + 1
        assert judged(judge, wide, rule(0.0, []))[STATE, 0] == 0


def _check_rounding(memory: int, damped: bool, found: Array) -> None:
    """Errors of two Horner schemes at each node are counted."""
    for k in range(len(SPECIAL), len(members(memory))):
        if found[STATE, k] == 1:
            terms = [at_node(memory, damped, k, lam)[1] for lam in LAM]
            least = sum(float(x) * w for x, w in zip(terms, WEIGHTS, strict=True))
            assert float(found[RADIUS, k]) >= least * UNIT * 0.999


def _check_spread(memory: int, damped: bool, judge: Kernel) -> None:
    """Nodes that err: the sum is that of any eigenvalues so near, of each by itself."""
    spread, numbers = 1e-7, rows_of(memory, damped, 0.0, None, 1)
    nodes, _, *rest = rule(spread, [])
    off = Fraction(999, 1000) * Fraction(spread)
    for place in range(len(LAM)):
        only = np.where(np.arange(nodes.size) == place, 1.0, 0.0)
        found = judged(judge, numbers, (nodes, only, *rest))
        for sign in (-1, 1):
            lam = LAM[place] * (1 + sign * off)
            for k, share in enumerate(exact_shares(memory, damped, lam)):
                if found[STATE, k] == 1 and k >= len(SPECIAL):
                    assert share is not None
                    gap = abs(Fraction(float(found[NOISE, k])) - lam * share)
                    assert gap <= Fraction(float(found[RADIUS, k])) * Fraction(TIGHT)
                    usual = spread * float(at_node(memory, damped, k, LAM[place])[2])
                    assert usual <= found[RADIUS, k] * TIGHT <= 1.02 * usual
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
