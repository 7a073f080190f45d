"""Sums over a spectrum in machine code, and maps made of them, against exact arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

import mpmath
import numpy as np
import pytest

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import NOISE, PEAK, RADIUS, ROWS, STATE
from sgdmem.numeric.compiled_maps.node_sums import evaluate_pieces
from sgdmem.numeric.compiled_maps.points import Points
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.compression import quickened
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.phase_diagrams.maps.diagram import phase_diagram
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
from tests import draws, naive
from tests.asking import noisy
from tests.numeric.judges.test_law_gaps import windowed

Build = Callable[..., Algorithm]
EIGENVALUES = [1.0, 0.71875, 0.25, 0.01171875]
WEIGHTS = [1, 2, 1, 30]
SHORT = Spectrum(EIGENVALUES, WEIGHTS)


@dataclass(frozen=True)
class Sums:
    """Outcome for P members; arrays of shape (P,).

    Attributes
    ----------
    noise, radius : ndarray
        The noise sum without the factor tau1 / B, and a bound of its error; meaningful where
        ``state`` is 1.
    peak : ndarray
        The largest s / (1 + (tau2/B) s) of a mode; 0 where tau2 is 0.
    state : ndarray of int8
        1 where every mode is certainly strictly Schur and damped, -1 where the largest eigenvalue
        certainly is not, 0 where it is open.
    """

    noise: Array
    radius: Array
    peak: Array
    state: Array


def random_family(memory: int, rng: np.random.Generator) -> Build:
    recurrence = draws.random_recurrences(rng, memory)
    return lambda rate, mix: Algorithm.from_recurrence(*recurrence(rate, mix))


def raw(algorithm: Algorithm) -> naive.Raw:
    return naive.Raw(*(getattr(algorithm, key) for key in ("alpha", "b", "c", "D", "a")))


def summed(
    build: Build,
    values: Mapping[str, Sequence[Fraction]],
    spectrum: Spectrum,
    spread: float = 0,
    device: Literal["cpu", "cuda"] = "cpu",
) -> Sums:
    """Sum over the members with these parameters; ``share`` is tau2 / B."""
    own = {name: column for name, column in values.items() if name != "share"}
    found = family_program(build, own)
    assert found is not None
    balls = [
        Ball.exactly(values[name]) for name in (*found[0].parameters, *list(values)[len(own) :])
    ]
    mid = np.array([ball.mid for ball in balls])
    rad = np.array([ball.rad for ball in balls]) + spread * np.abs(mid)
    out = np.empty((ROWS, mid.shape[1]))

    def read(piece: slice) -> Array:
        return np.array([mid[:, piece], rad[:, piece]])

    def write(piece: slice, rows: Array) -> None:
        out[:, piece] = rows

    damped, spectra = "share" in values, [quickened(spectrum.compressed), spectrum.compressed]
    evaluate_pieces(found[0], mid.shape[1], spectra, damped, device, read, write)
    state = np.where(np.isfinite(out[RADIUS]), out[STATE], np.minimum(out[STATE], 0))
    return Sums(out[NOISE], out[RADIUS], out[PEAK], state.astype(np.int8))


def random_members(count: int, damped: bool, rng: np.random.Generator) -> dict[str, list[Fraction]]:
    """Draw members, with tau2 / B of both signs if ``damped``."""
    values = {"rate": 10 ** rng.uniform(-2, 0.7, count), "mix": rng.uniform(0, 1, count)}
    if damped:
        values["share"] = rng.choice([-1, 0.1], count) * 10 ** rng.uniform(-2, 0.5, count)
    # not floats: their rounding has to be bounded as well
    return {
        name: [Fraction(x).limit_denominator(999) for x in column.tolist()]
        for name, column in values.items()
    }


def exact_summands(algorithm: Algorithm) -> list[Fraction] | None:
    """Return s of every eigenvalue; None unless all are stable."""
    eigenvalues = list(map(Fraction, EIGENVALUES))
    if not all(naive.is_schur(raw(algorithm), lam) for lam in eigenvalues):
        return None
    return [algorithm.noise_summand(lam) for lam in eigenvalues]


def compare(build: Build, values: dict[str, list[Fraction]], sums: Sums) -> tuple[int, int]:
    """Check every member; return how many are stable, and how many of these are left open."""
    stable = open_ = 0
    for k, state in enumerate(sums.state.tolist()):
        member = {name: column[k] for name, column in values.items()}
        share = member.pop("share", Fraction(0))
        s = exact_summands(build(**member))
        good = s is not None and all(1 + share * x > 0 for x in s)
        assert state != (-1 if good else 1)
        if s is None or not good:
            continue
        exact = [x / (1 + share * x) for x in s]
        stable += 1
        open_ += state == 0
        if state == 1:
            total = sum(w * x for w, x in zip(WEIGHTS, exact, strict=True))
            assert abs(Fraction(sums.noise[k]) - total) <= Fraction(sums.radius[k])
            assert sums.radius[k] <= 1e-2 * sums.noise[k]
            if "share" in values:
                assert sums.peak[k] == pytest.approx(float(max(exact)), rel=1e-11)
    return stable, open_


MEMORIES = pytest.mark.parametrize(
    "memory",
    [
        *(0, 1),
        *(pytest.param(M, marks=pytest.mark.slow) for M in (2, 5)),
        *(pytest.param(M, marks=pytest.mark.exhaustive) for M in (3, 4, 6, 7)),
    ],
)


@MEMORIES
@pytest.mark.parametrize("damped", [False, True])
def test_the_error_bound_holds(memory: int, damped: bool, rng: np.random.Generator) -> None:
    """With 6 and 7 the largest memory that has a fraction, and the first without."""
    build = random_family(memory, rng)
    values = random_members(60, damped, rng)
    stable, open_ = compare(build, values, summed(build, values, SHORT))
    assert stable > 15
    assert open_ <= stable // 10


@pytest.mark.parametrize("damped", [False, True])
def test_parameters_that_are_not_known_exactly(damped: bool, rng: np.random.Generator) -> None:
    """The bound holds for all parameters within their radii, which are a few roundings."""
    build, values = random_family(1, rng), random_members(100, damped, rng)
    sums = summed(build, values, SHORT, spread=1.1e-15)
    signs = {name: rng.choice([-1, 1], 100).tolist() for name in values}
    moved = {
        name: [
            x * (1 + sign * Fraction(1, 10**15))
            for x, sign in zip(column, signs[name], strict=True)
        ]
        for name, column in values.items()
    }
    stable, open_ = compare(build, moved, sums)
    assert stable > 20
    assert open_ <= stable // 10


# Compressed spectra ------------------------------------------------------------------------------


def members_away_from_the_edge(count: int) -> dict[str, list[Fraction]]:
    return {
        "learning_rate": [Fraction(1 + 3 * k, 4 * count) for k in range(count)],
        "momentum": [Fraction(k, count + 1) for k in range(count)],
    }


@pytest.mark.parametrize("count", [20, 40, 1000, 5000])
def test_the_error_bound_on_a_list(count: int, rng: np.random.Generator) -> None:
    """Of short numbers, each of them often, so that the sum is known."""
    lam = np.ceil(4096 * rng.uniform(0, 1, count) ** 3) / 4096
    distinct, times = np.unique(lam, return_counts=True)
    values = members_away_from_the_edge(8)
    sums = summed(heavy_ball, values, Spectrum(lam))
    assert (sums.state == 1).all()
    for k, (rate, momentum) in enumerate(zip(*values.values(), strict=True)):
        with mpmath.workdps(30):
            top, bottom = (
                [mpmath.mpf(x.numerator) / x.denominator for x in reversed(polynomial)]
                for polynomial in naive.noise_summand_fraction(raw(heavy_ball(rate, momentum)))
            )
            total = mpmath.fsum(
                n * mpmath.polyval(top, x) / mpmath.polyval(bottom, x)
                for x, n in zip(distinct.tolist(), times.tolist(), strict=True)
            )
            assert abs(sums.noise[k] - total) <= sums.radius[k]
        assert sums.radius[k] <= 1e-10 * sums.noise[k]


@pytest.mark.parametrize("exponent", [1.1, 1.5, 3])
def test_the_error_bound_on_an_infinite_law(exponent: float) -> None:
    values = members_away_from_the_edge(4)
    sums = summed(heavy_ball, values, Spectrum.power_law(exponent))
    assert (sums.state == 1).all()
    for k, (rate, momentum) in enumerate(zip(*values.values(), strict=True)):
        fraction = naive.noise_summand_fraction(raw(heavy_ball(rate, momentum)))
        total = naive.power_law_sum_mp(fraction, exponent, digits=20)
        assert abs(sums.noise[k] - total) <= sums.radius[k]
        assert sums.radius[k] <= 1e-10 * sums.noise[k]


@pytest.mark.parametrize("place", [100, 1000])
@pytest.mark.parametrize("count", [None, 10**5])
def test_instability_between_eigenvalues_does_not_count(place: int, count: int | None) -> None:
    """Not even within a disk; what is not told from an eigenvalue is left open."""
    method, begin, end = windowed(place**-1.5, 0.5 / place)
    law = Spectrum.power_law(1.5, count=count)
    middle = math.sqrt(begin * end)
    scales = [Fraction(middle * (place + k / 40) ** 1.5) for k in range(80)]
    lam = [scale * np.arange(1.0, 2000) ** -1.5 for scale in map(float, scales)]
    hits = [((x > begin) & (x < end)).any() for x in lam]
    assert 0 < sum(hits) < 60
    for spectrum in (law, law.listed()) if count else (law,):
        sums = summed(method.scaled, {"factor": scales}, spectrum)
        assert (sums.state != np.where(hits, 1, -1)).all()
        assert (sums.state == 0).any()


# Close to a boundary -----------------------------------------------------------------------------


def around(value: Fraction, count: int) -> list[Fraction]:
    """Return values at distances of 1e-12 to 1e-18, to both sides."""
    steps = [Fraction(10 ** (-12 - 6 * k / (count // 2))) for k in range(count // 2)]
    return [value * (1 + sign * step) for step in steps for sign in (-1, 1)]


def last_stable(build: Build) -> Fraction:
    """Return a rate between which and the next float stability without noise ends."""

    def holds(rate: Fraction) -> bool:
        algorithm = raw(build(rate=rate, mix=Fraction(1, 2)))
        return all(naive.is_schur(algorithm, lam) for lam in EIGENVALUES)

    low, high = Fraction(1, 100), Fraction(1, 100)
    while holds(high):
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def check_boundary(found: Any, truth: Callable[[int, int], bool], rng: np.random.Generator) -> None:
    stable = found.stable.values
    decided = rng.permutation(np.argwhere(stable >= 0))[:40].tolist()
    wrong = [place for place in decided if bool(stable[tuple(place)]) != truth(*place)]
    assert not wrong
    for flag, least in ((0, 0.2), (1, 0.2), (-1, 0)):
        assert least <= (stable == flag).mean() <= 0.65


CLOSE = pytest.mark.parametrize(
    "memory",
    [
        1,
        *(pytest.param(M, marks=pytest.mark.slow) for M in (0, 2)),
        *(pytest.param(M, marks=pytest.mark.exhaustive) for M in (3, 4, 6)),
    ],
)


@CLOSE
def test_never_wrong_where_noiseless_stability_ends(memory: int, rng: np.random.Generator) -> None:
    build = random_family(memory, rng)
    rates, mixes = around(last_stable(build), 40), around(Fraction(1, 2), 26)
    found = phase_diagram(build, SHORT, x=("rate", rates), y=("mix", mixes))

    def truth(row: int, column: int) -> bool:
        algorithm = raw(build(rate=rates[column], mix=mixes[row]))
        return all(naive.is_schur(algorithm, lam) for lam in EIGENVALUES)

    check_boundary(found, truth, rng)


@pytest.mark.slow
@CLOSE
@pytest.mark.parametrize("tau2", [0, -1])
def test_never_wrong_where_the_noise_sum_is_1(
    memory: int, tau2: int, rng: np.random.Generator
) -> None:
    build = random_family(memory, rng)
    rates = around(last_stable(build) / 3, 40)
    summands = lru_cache(lambda rate: exact_summands(build(rate=rate, mix=Fraction(1, 2))))

    def holds(rate: Fraction, size: Fraction) -> bool:
        s = summands(rate)
        if s is None or size <= -tau2 * max(s):
            return False
        return sum(w * x / (size + tau2 * x) for w, x in zip(WEIGHTS, s, strict=True)) < 1

    low, high = Fraction(0), Fraction(1)
    while not holds(rates[20], high):
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(rates[20], middle) else (middle, high)
    sizes = around(low, 26)
    found = phase_diagram(
        lambda rate: build(rate=rate, mix=Fraction(1, 2)),
        noisy(SHORT, tau2=tau2),
        x=("rate", rates),
        y=("batch_size", sizes),
    )
    check_boundary(found, lambda row, column: holds(rates[column], sizes[row]), rng)


def test_never_wrong_where_the_damping_ends(rng: np.random.Generator) -> None:
    """Without tau1 nothing else can fail."""
    rates = around(Fraction(1), 40)

    def largest(rate: Fraction) -> Fraction:
        summands = [heavy_ball(rate, "0.5").noise_summand(Fraction(x)) for x in EIGENVALUES]
        return Fraction(max(summands))

    sizes = around(largest(rates[20]), 26)
    found = phase_diagram(
        "heavy-ball",
        noisy(SHORT, tau1=0, tau2=-1),
        x=("learning_rate", rates),
        y=("batch_size", sizes),
        momentum="0.5",
    )
    check_boundary(found, lambda row, column: largest(rates[column]) < sizes[row], rng)


# Progress ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("momenta", [26, 1700])
def test_progress_counts_every_point(momenta: int) -> None:
    """Also with points that are left to single verdicts."""
    points = Points(
        {
            "momentum": [Fraction(k, momenta) for k in range(momenta)],
            "learning_rate": [Fraction(k, 10) for k in range(40)],
        },
        ["learning_rate", "momentum"],
    )
    counts: list[int] = []
    compiled = family_program(heavy_ball, points.axes)
    found = FamilyJudge(heavy_ball, compiled, Problem(SHORT), 60).judge(points, counts.append)
    assert sum(counts) == len(points) == found.stable.size
    totals = np.cumsum(counts)
    assert (totals >= 0).all()
    assert (totals <= len(points)).all()
    assert min(counts) < 0  # those with the rate 0 are taken back
    assert len(counts) > (3 if momenta == 1700 else 2)
