"""Losses of methods whose auxiliary vectors cancel, against recursions of 60 digits."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest

from sgdmem import InputError, Problem, Spectrum, heavy_ball, losses, stability
from sgdmem.methods import accelerated, best_stationary, propagators
from sgdmem.numeric.acceleration.real_root_algorithms import (
    chain_entries,
    interlace,
    real_root_entries,
)
from sgdmem.numeric.losses.momentary_stability import momentary_stability
from sgdmem.numeric.moments.conditioning import error_gains, orthogonal_realisation
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algorithms.algorithm import Algorithm

LAM, SQUARES = [1.0, 0.35, 0.19, 0.125], [1.0, 0.5, 2.0, 4.0]
FOUR = Problem(Spectrum(LAM), target=SQUARES)
_BITS = 200


def long_losses(rows: Sequence[Sequence[Any]], memory: int, B: int, steps: int) -> list[float]:
    """Eqs. (12)-(16) with full matrices of balls; one row of entries a step, the last one stays."""
    before, flint.ctx.prec = flint.ctx.prec, _BITS
    try:
        moments = [flint.arb_mat(memory + 1, memory + 1) for _ in LAM]
        for M, square in zip(moments, SQUARES, strict=True):
            M[0, 0] = square
        found = []
        for t in range(steps + 1):
            level = sum(lam * M[0, 0] for lam, M in zip(LAM, moments, strict=True))
            found.append(float(level) / 2)
            alpha, b, c, D, _, _ = Blocks.of_row(
                [_ball(x) for x in rows[min(t, len(rows) - 1)]], memory
            )
            v = flint.arb_mat([[-alpha], *([x] for x in c)])
            still = flint.arb_mat([[1, *b], *([0, *row] for row in D)])
            read = flint.arb_mat([[1, *[0] * memory]])
            for k, lam in enumerate(LAM):
                S = still + v * read * flint.arb(lam)
                noise = v * v.transpose() * (lam * level / B)
                moments[k] = S * moments[k] * S.transpose() + noise
        return found
    finally:
        flint.ctx.prec = before


def _ball(x: Any) -> Any:
    exact = Fraction(x)
    return flint.arb(flint.fmpq(exact.numerator, exact.denominator))


def of_row(row: Sequence[Any], memory: int) -> Algorithm:
    return Algorithm(*Blocks.of_row(row, memory), floats=True)


def close_poles(distance: str) -> tuple[list[Fraction], list[Fraction], Fraction]:
    """Four poles near 1e-2, and zeros that do not lie between them."""
    poles = [Fraction("0.01") + k * Fraction(distance) for k in (3, 2, 1, 0)]
    zeros = [Fraction(x) for x in ("0.05", "0.021", "0.02", "0.018")]
    return poles, zeros, Fraction("0.1")


@pytest.mark.parametrize("distance", ["1e-3", "1e-5", "1e-8"])
def test_poles_close_together(distance: str) -> None:
    roots = close_poles(distance)
    fractions, chain = (of_row(f(*roots), 4) for f in (real_root_entries, chain_entries))
    assert fractions.polynomials == chain.polynomials
    expected = long_losses([chain.entries], 4, 8, 40)
    for algorithm in (fractions, chain):
        found = losses(algorithm, FOUR, 8, 40)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        np.testing.assert_allclose(propagators(algorithm, FOUR, 8, 40).losses(), expected, 1e-11)
    gains = [
        float(error_gains(Schedule.constant(x).steps(0, 1), 1000)[0])
        for x in (fractions, chain, orthogonal_realisation(fractions, 1000))
    ]
    assert gains[0] > 100 and gains[1] < 10 and gains[2] == pytest.approx(1, abs=0.05)


def test_long_runs_of_both_realisations_agree() -> None:
    roots = close_poles("1e-8")
    power_law = Problem.power_law(1.5, zeta=0.5)
    found, expected = (
        losses(of_row(f(*roots), 4), power_law, 8, 20_000)
        for f in (real_root_entries, chain_entries)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_schedules_that_cancel_are_refused() -> None:
    def rule(entries: Any) -> Schedule:
        row = [float(x) for x in entries(*close_poles("1e-5"))]
        return Schedule(4, "mine", lambda t: [row[0] / (1 + t / 100), *row[1:]])

    with pytest.raises(InputError, match="mine cancels huge numbers at step 0"):
        losses(rule(real_root_entries), FOUR, 8, 40)
    chain = rule(chain_entries)
    expected = long_losses(chain.steps(0, 40).table[:, :-1].tolist(), 4, 8, 40)
    np.testing.assert_allclose(losses(chain, FOUR, 8, 40), expected, rtol=1e-12)


def test_vectors_that_depend_on_others_are_left_out() -> None:
    D = [["0.5", 0, 0], [0, "0.5", 0], [0, 0, "0.9"]]
    alike = Algorithm("0.1", b=[1, -1, 1], c=[1, 1, "-0.1"], D=D)
    assert orthogonal_realisation(alike, 10).memory == 2
    expected = long_losses([alike.entries], 3, 8, 10)
    for b in ([1, -1, 1], [1, "-1.0000001", 1]):
        algorithm = Algorithm("0.1", b, alike.c, D)
        assert error_gains(Schedule.constant(algorithm).steps(0, 1), 10)[0] > 0
        np.testing.assert_allclose(losses(algorithm, FOUR, 8, 10), expected, rtol=1e-5)


def test_what_has_decayed_is_not_negative() -> None:
    # had been -1e-323 at some steps
    problem = Problem(
        Spectrum([0.9115526943734882, 0.1943180644295089, 0.2697578836368762]), target=[1, 1, 1]
    )
    algorithm = heavy_ball(1.8452018483956398, 0.5249880422311284)
    found = losses(algorithm, problem, 50, 2000)
    assert (found >= 0).all() and found[-1] == 0 and found[100] > 0


def test_interlacing_is_strict() -> None:
    assert interlace([0.5, 0.1], [1, 0.2])
    assert not interlace([0.5, 0.1], [1, 0.1]) and not interlace([0.5, 0.3], [1, 0.2])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nu", "memory", "horizon"), [(1.5, 5, 100), (1.5, 5, 1000), (1.05, 4, 1e4)]
)
def test_best_stationary(nu: float, memory: int, horizon: float) -> None:
    problem = Problem.power_law(nu, zeta=0.5)
    found = best_stationary(problem, 16, memory=memory, horizon=horizon)
    assert stability(found, problem, 16).stable
    expected = long_losses([found.entries], memory, 16, 40)
    np.testing.assert_allclose(losses(found, FOUR, 16, 40), expected, rtol=1e-11)
    assert (losses(found, problem, 16, 3000) > 0).all()


def grid(nus: Sequence[float]) -> list[Any]:
    quick = {(1.0001, 3), (1.1, 5), (1.25, 6), (1.5, 4)}
    return [
        pytest.param(nu, M, marks=[] if (nu, M) in quick else pytest.mark.exhaustive)
        for nu in nus
        for M in range(1, 7)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nu", "memory"), grid([1.0001, 1.003, 1.05, 1.1, 1.2, 1.25, 1.5, 2, 3, 4])
)
def test_schedules_of_every_memory(nu: float, memory: int) -> None:
    problem = Problem.power_law(nu, zeta=0.5)
    rule = accelerated(problem, 16, memory=memory)
    steps = rule.steps(0, 40)
    expected = long_losses(steps.table[:, :-1].tolist(), memory, 16, 40)
    np.testing.assert_allclose(losses(rule, FOUR, 16, 40), expected, rtol=1e-10)
    places = np.geomspace(1, 1e6, 50).round() - 1
    assert (rule.some_steps(places).effective_learning_rates > 0).all()
    assert momentary_stability(rule, problem, 16, 10**6, count=20).first_unstable is None
    found = losses(rule, problem, 16, 3000)
    assert (found > 0).all() and found.argmax() == 0
