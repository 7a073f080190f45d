"""Modes and their sums in balls, against state matrices in rational numbers."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy
from flint import fmpq

from sgdmem import Algorithm, Noise, heavy_ball, nesterov, sgd
from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.noise_sums import listed_noise_sum
from sgdmem.numeric.noise_sums.listed_noise_sum import NoiseSums, join, sums_of_modes
from sgdmem.numeric.noise_sums.long_memory import LongForm
from sgdmem.numeric.noise_sums.mode_summands import (
    ball_form,
    disk_bounds,
    float_summands,
    form_under,
    is_schur_to,
    is_unheard,
    members,
    midpoint_form,
    mode_summands,
    no_pull,
    rational_algorithm,
    single,
    take,
)
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from tests import draws, naive
from tests.exact_verdicts import ExactMethod, rational

NONE = Ball(np.array(0.0))
WIDE = Fraction(1, 10**7)  # of an eigenvalue, over it


def drawn(rng: np.random.Generator, memory: int, count: int = 5) -> list[naive.Raw]:
    """Draw algorithms of one memory, most of them stable up to the eigenvalue 1."""
    found: list[naive.Raw] = []
    while len(found) < count:
        alg = draws.random_algorithm(rng, memory, numbers="fraction")
        if naive.effective_learning_rate(alg) < 0 and rng.random() < 0.9:
            alg = naive.scaled(alg, -1)
        for _ in range(int(rng.integers(4))):
            if not naive.is_schur(alg, 1):
                alg = naive.scaled(alg, Fraction(1, 4))
        found.append(alg)
    return found


def exactly(x: Any) -> Fraction:
    """Return a rational number of FLINT."""
    return Fraction(int(x.p), int(x.q))


@cache
def questions() -> list[tuple[list[naive.Raw], Fraction, list[Fraction]]]:
    """Return algorithms of one memory, a decay and eigenvalues, several times."""
    rng = np.random.default_rng(3)
    found: list[tuple[list[naive.Raw], Fraction, list[Fraction]]] = []
    for memory, decay in itertools.product(range(4), (Fraction(0), Fraction(1, 9))):
        lam = [Fraction(x) for x in (1, 0.75, *10 ** rng.uniform(-4, 0, 2))]
        found.append((drawn(rng, memory), decay, lam))
    return found


@cache
def seen_at_w(part: int, place: int, mode: int) -> Fraction:
    """Return s / lambda at w, of a question without decay."""
    algs, _, lam = questions()[part]
    return lam[mode] * Fraction(naive.impulse_response_sums(algs[place], lam[mode]).h_w)


@pytest.mark.parametrize("width", [Fraction(0), WIDE])
def test_modes(width: Fraction) -> None:
    """At both ends of the ball of an eigenvalue the answer is that of exact arithmetic."""
    seen = {-1: 0, 0: 0, 1: 0}
    for part, (algs, decay, lam) in enumerate(questions()):
        form = ball_form([Algorithm(*alg) for alg in algs], decay)
        assert members(form) == len(algs)
        mid = np.array(list(map(float, lam)))
        found = mode_summands(form, Ball(mid, mid * float(width)))
        schur, floats = float_summands(midpoint_form(form), mid[None])
        for row, j in itertools.product(range(len(algs)), range(len(lam))):
            code, noise = int(found.schur[row, j]), found.noise[row, j]
            seen[code] += 1
            method = ExactMethod(*algs[row])
            for share in (-width, Fraction(0), width):
                x = lam[j] * (1 + share * (1 - Fraction(1, 10**9)))
                s = method.summand(rational(x), rational(decay))
                assert code == 0 or (s is None) == (code == -1)
                if code == 1 and s is not None:
                    assert noise.contains(exactly(s) / x)
            assert code == 0 or schur[row, j] == (code == 1)
            if code == 1:
                assert floats[row, j] == pytest.approx(float(noise.mid), rel=1e-6)
                assert float(noise.rad) <= (1e-6 if width == 0 else 1e-2) * float(noise.mid)
                if not decay and row < 2:
                    assert found.output_noise[row, j].contains(seen_at_w(part, row, j))
    assert seen[1] > 60
    assert seen[-1] > 15
    assert seen[0] < 10


def test_modes_on_the_circle_are_open() -> None:
    for algorithm, lam in (
        (sgd(1), 2.0), (heavy_ball(1, "1/2"), 3.0), (heavy_ball(1, 1), 1.0), (sgd("1/3"), 6.0)
    ):  # fmt: skip
        form = ball_form([algorithm])
        assert mode_summands(form, Ball(np.array([lam]))).schur.tolist() == [[0]]
        with np.errstate(divide="ignore", invalid="ignore"):
            schur, _ = float_summands(midpoint_form(form), np.array([[lam]]))
        assert not schur.any() or algorithm == sgd("1/3")  # 1/3 is rounded
        beside = np.array([lam * (1 - 1e-13), lam * (1 + 1e-13)])
        expected = [[0, 0]] if algorithm == heavy_ball(1, 1) else [[1, -1]]
        assert mode_summands(form, Ball(beside)).schur.tolist() == expected


@pytest.mark.parametrize("power", [1, 2])
def test_bounds_on_disks(power: int, rng: np.random.Generator) -> None:
    """Of |f / lambda^power| at points of the circle, by the summand as a fraction."""
    finite = 0
    for algs, decay, _ in questions():
        if decay:
            continue
        tau2 = float(rng.choice([0, -0.5, 0.5]))
        form = ball_form([Algorithm(*alg) for alg in algs])
        centers, shares = 10 ** rng.uniform(-3, 0, 4), np.array([1e-3, 0.1, 1.0, 0.5])
        disks, share2 = Ball(centers, shares * centers), Ball(np.array(tau2))
        for row, alg in enumerate(algs):
            one = take(form, slice(row, row + 1))
            bound, output = disk_bounds(one, disks, share2, power)
            top, bottom = ([float(x) for x in y] for y in naive.noise_summand_fraction(alg))
            whole = np.polyadd(bottom[::-1], tau2 * np.array(top[::-1]))
            angles = np.exp(2j * np.pi * np.arange(16) / 16)
            roots = np.roots(whole)
            for k, (center, share) in enumerate(zip(centers, shares, strict=True)):
                if np.any(np.abs(roots - center) < 0.999 * share * center):
                    assert bound[k] == np.inf  # a pole
                if np.isfinite(bound[k]):
                    finite += 1
                    lam = center * (1 + share * angles[1:-1])
                    if power == 2 and share == 1:
                        continue
                    value = np.polyval(top[::-1], lam) / np.polyval(whole, lam) / lam**power
                    assert np.abs(value).max() <= bound[k] * (1 + 1e-6)
                    if share == 1e-3:
                        assert bound[k] <= np.abs(value).max() * 2
                    if not any(alg.a):
                        assert output[k] == bound[k]
    assert finite > 20


def test_disks_under_decay_and_of_output() -> None:
    """SGD: s / lambda is lambda r^2 / (1 - (1 - r (lambda + w))^2), with r = 1/2."""
    decay, centers, radii = Fraction(1, 2), np.array([0.25, 1.0]), np.array([0.25, 0.125])
    form = ball_form([sgd("1/2")], decay)
    for power, tau2 in itertools.product((1, 2), (0.0, -0.5)):
        bound, output = disk_bounds(form, Ball(centers, radii), Ball(np.array(tau2)), power)
        assert (output == bound).all()
        lam = centers + radii * np.exp(2j * np.pi * np.arange(16)[:, None] / 16)
        g = 0.25 / (1 - (1 - 0.5 * (lam + 0.5)) ** 2)  # s / lambda^2
        value = np.abs(g * lam ** (2 - power) / (1 + tau2 * lam**2 * g)).max(axis=0)
        assert (value <= bound * (1 + 1e-9)).all()
        assert (bound <= 4 * value).all()
    # the pole of the last pivot, lambda + decay = 0, is in a disk: nothing is known
    assert np.isinf(disk_bounds(form, Ball(np.array([0.25]), 0.8), NONE, 1)[0]).all()
    # without decay the last pivot vanishes at 0 and is not divided by
    plain = disk_bounds(ball_form([sgd("1/2")]), Ball(np.array([0.25]), 0.5), NONE)[0]
    assert np.isfinite(plain).all()
    ahead = ball_form([nesterov("1/4", "1/2")])
    noise, output = disk_bounds(ahead, Ball(np.array([0.5]), 0.01), NONE)
    alg = nesterov("1/4", "1/2").blocks[:5]
    sums = naive.impulse_response_sums(naive.Raw(*alg), Fraction(1, 2))
    assert noise[0] == pytest.approx(0.5 * float(sums.h), rel=0.2)
    assert output[0] == pytest.approx(0.5 * float(sums.h_w), rel=0.2)
    assert noise[0] != output[0]


def test_damping_that_vanishes_in_a_disk() -> None:
    """1 + (tau2/B) s = 0 where lambda / (4 - lambda) = 1, at lambda = 2."""
    form = ball_form([sgd("1/2")])
    disks = Ball(np.array([1.9, 1.0]), np.array([0.2, 0.2]))
    bound, _ = disk_bounds(form, disks, Ball(np.array(-1.0)))
    assert np.isfinite(bound).tolist() == [False, True]


def test_forms() -> None:
    plain, ahead = heavy_ball("1/2", "1/2"), nesterov("1/2", "1/2")
    both = ball_form([plain, ahead])
    assert members(both) == 2
    assert both.shifted  # one of them is
    assert both.decay is None
    lam = Ball(np.array([0.5]))
    together = mode_summands(both, lam)
    for k, algorithm in enumerate((plain, ahead)):
        alone, here = (
            mode_summands(ball_form([algorithm]), lam),
            mode_summands(single(both, k), lam),
        )
        for x, y in ((alone.noise, together.noise[k]), (alone.output_noise, here.output_noise)):
            assert x.mid.size == y.mid.size == 1
            assert float(x.mid.ravel()[0]) == float(y.mid.ravel()[0])
    assert members(single(ball_form([plain]), 3)) == 1  # one for all
    shrinking = Algorithm(*plain.blocks[:5], Fraction(1, 10))
    mixed = ball_form([plain, shrinking])
    assert mixed.decay is not None
    assert mixed.decay.mid[0, 0] == mixed.decay.rad[0, 0] == 0 < mixed.decay.mid[1, 0]
    assert ball_form([plain], Fraction(1, 10)).decay is not None
    rounded = rational_algorithm(Algorithm(sympy.sqrt(2) / 4))
    assert not rounded.is_symbolic
    assert abs(Fraction(str(rounded.alpha)) ** 2 - Fraction(1, 8)) < Fraction(1, 10**38)
    assert rational_algorithm(plain) is plain


def test_forms_under_noise() -> None:
    long = Algorithm.from_recurrence([0, *[0] * 10, 1], ["-1/8", *[0] * 11])
    quiet, short = Noise().at(2), heavy_ball("1/2", "1/2")
    assert isinstance(form_under(quiet, [short]), HalfPlaneForm)
    assert isinstance(form_under(quiet, [long]), LongForm)
    assert members(form_under(quiet, [long, long])) == 2
    irrational = Algorithm.from_recurrence([0] * 11 + [1], [-sympy.sqrt(2) / 8, *[0] * 11])
    assert isinstance(form_under(quiet, [long, irrational]), HalfPlaneForm)
    most = Algorithm.from_recurrence([0] * 8 + [1], ["-1/8", *[0] * 8])
    assert isinstance(form_under(quiet, [most]), HalfPlaneForm)
    assert isinstance(
        form_under(quiet, [Algorithm.from_recurrence([0] * 9 + [1], ["-1/8", *[0] * 9])]), LongForm
    )
    epochs = Noise.sampled([[1.0], [2.0], [-1.0]], replacement=False, drop_last=False).at(2)
    assert isinstance(form_under(epochs, [short]), HalfPlaneForm)
    if epochs.epoch is not None:
        assert isinstance(form_under(epochs, [long]), HalfPlaneForm)
    decayed: Any = form_under(quiet, [short], Fraction(1, 3))
    assert decayed.decay is not None


def test_no_pull_and_no_noise() -> None:
    still = Algorithm(1, [1], [1], [[0]])  # w moves back: Q(1) = 0
    moving = heavy_ball("1/2", "1/2")
    assert no_pull(ball_form([moving, still])).tolist() == [False, True]
    assert no_pull(ball_form([still], Fraction(1, 2))).tolist() == [True]
    kept = Algorithm(*still.blocks[:5], Fraction(1, 10))
    assert no_pull(ball_form([kept, still])).tolist() == [False, True]
    silent = Algorithm(0, [1], [0], [["1/2"]])
    zeros = [0] * 11
    long, quiet = (Algorithm.from_recurrence([*zeros, 1], [q, *zeros]) for q in ("-1/8", 0))
    alike = Algorithm.from_recurrence([0, 1], ["-1/4", "-1/4"])  # a coefficient of z is 0
    assert not is_unheard(ball_form([alike]))
    for heard, unheard in ((moving, silent), (long, quiet)):
        for algorithms, answer in (([heard], False), ([heard, unheard], False), ([unheard], True)):
            assert is_unheard(form_under(Noise().at(2), algorithms)) is answer


# Sums over lists ---------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [2**16, 3, 1])
@pytest.mark.parametrize("by_mode", [False, True])
def test_sums_of_lists(block: int, by_mode: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed_noise_sum, "_BLOCK", block)
    rng, seen = np.random.default_rng(0), set()
    for part in (0, 2, 4):
        algs, _, lam = questions()[part]
        weights = [Fraction(int(x)) for x in rng.integers(1, 9, len(lam))]
        tau2 = [Fraction(int(x), 2) for x in rng.integers(-40, 9, len(lam))]
        shares = tau2 if by_mode else [tau2[0]] * len(lam)
        balls = Ball.exactly(shares)
        question = (
            ball_form([Algorithm(*alg) for alg in algs]), Ball.exactly(lam),
            np.array(weights, float), balls if by_mode else balls[0],
        )  # fmt: skip
        sums, every = sums_of_modes(*question), sums_of_modes(*question, only_good=False)
        assert sums.noise.mid.shape == sums.worst.shape == (len(algs),)
        for k, alg in enumerate(algs):
            s = [ExactMethod(*alg).summand(rational(x), rational(0)) for x in lam]
            damping = [
                None if x is None else 1 + t * exactly(x) for x, t in zip(s, shares, strict=True)
            ]
            unstable, stable = None in damping, [x for x in damping if x is not None]
            if sums.schur[k] == 0:  # too close to the circle
                continue
            assert sums.schur[k] == (-1 if unstable else 1)
            negative = any(x <= 0 for x in stable)
            assert sums.damped[k] == every.damped[k] == (-1 if negative else 0 if unstable else 1)
            seen.add((int(sums.schur[k]), int(sums.damped[k])))
            good = [x is not None and x > 0 for x in damping]
            assert sums.worst[k] == (-1 if all(good) else good.index(False))
            least = min(map(float, stable), default=np.inf)
            assert sums.smallest_damping[k] == pytest.approx(least, rel=1e-9)
            factors = [w / x if x else Fraction(0) for w, x in zip(weights, damping, strict=True)]
            terms = [f * exactly(x or fmpq(0)) for f, x in zip(factors, s, strict=True)]
            total = sum((x for x, kept in zip(terms, good, strict=True) if kept), Fraction(0))
            assert sums.noise[k].contains(total)
            assert float(sums.noise.rad[k]) <= 1e-4 * float(total) + 1e-300
            if not unstable:
                assert every.noise[k].contains(sum(terms, Fraction(0)))
            if k < 2:
                at_w = sum(
                    (
                        factors[j] * lam[j] * seen_at_w(part, k, j)
                        for j in range(len(lam))
                        if good[j]
                    ),
                    Fraction(0),
                )
                assert sums.output_noise[k].contains(at_w)
    assert {(1, 1), (1, -1), (-1, 0)} <= seen


def test_a_mode_without_damping_is_open() -> None:
    """1 + (tau2/B) s = 0 exactly: s = lambda / (4 - lambda)."""
    lam = Ball(np.array([1.0, 2.0]))
    for share, code in ((-1.0, 0), (-1.0 - 1e-12, -1), (-1.0 + 1e-12, 1)):
        sums = sums_of_modes(ball_form([sgd("1/2")]), lam, np.ones(2), Ball(np.array(share)))
        assert sums.damped.tolist() == [code]
        assert sums.schur.tolist() == [1]
        assert sums.worst.tolist() == [-1 if code == 1 else 1]


def test_joined_outcomes() -> None:
    def part(schur: int, damped: int, noise: float, least: float, worst: int) -> NoiseSums:
        flags = np.array([schur], np.int8), np.array([damped], np.int8)
        total = Ball(np.array([noise]), np.array([0.5]))
        return NoiseSums(*flags, total, total * 2, np.array([least]), np.array([worst]))

    found = join([part(1, 1, 1, 0.5, -1), part(0, -1, 2, 0.25, 7), part(1, 0, 4, 2, 9)])
    assert (found.schur.tolist(), found.damped.tolist()) == ([0], [-1])
    assert found.noise.mid.tolist() == [7]
    assert found.output_noise.mid.tolist() == [14]
    assert found.noise.rad[0] == pytest.approx(1.5)
    assert found.output_noise.rad[0] == pytest.approx(3)
    assert (found.smallest_damping.tolist(), found.worst.tolist()) == ([0.25], [7])
    assert join([part(1, 1, 1, 1, -1)]).worst.tolist() == [-1]


@pytest.mark.parametrize("decay", [Fraction(0), Fraction(1, 7)])
def test_all_modes_up_to_one_are_stable_together(decay: Fraction) -> None:
    """By the signs of coefficients where these decide, which exact tests of many modes confirm."""
    rng, told = np.random.default_rng(8), 0
    for memory, raw in [(M, alg) for M in (0, 1, 2) for alg in drawn(rng, M, 12)]:
        form = ball_form([Algorithm(*raw)], decay)
        for end in (Fraction(1, 8), Fraction(3), Fraction(20)):
            modes = [end, end * Fraction(1, 1000), *(end * Fraction(k, 20) for k in range(1, 20))]
            every = all(naive.is_schur(raw, x + decay) for x in modes)
            claimed = is_schur_to(form, float(end))
            assert claimed == (every and memory < 2)
            told += claimed
    assert told > 10
