"""Maps under weight decay of both kinds, and of tau2 > tau1: single verdicts and exact sums."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import (
    Algorithm,
    Noise,
    Problem,
    Spectrum,
    aggmo,
    heavy_ball,
    phase_diagram,
    sgd,
    stability,
)
from sgdmem.numeric.compiled_maps import joint_verdicts
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.joint_verdicts import judge_jointly
from sgdmem.numeric.compiled_maps.points import Outcomes, ScatteredPoints
from sgdmem.numeric.judges.stability_rule import REASONS
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.symbolic.algorithms.constructors import as_family
from tests import naive

NAMES = ("learning_rate", "momentum")
LAWS = [Spectrum.power_law(1.5), Spectrum.power_law(0.8), Spectrum([1, "1/3", "1/3", 1e-3])]


def two_buffers(learning_rate: Any, momentum: Any) -> Algorithm:
    """Return a method of memory 2."""
    return aggmo(learning_rate, [momentum, "0.9"])


def judge_and_points(
    build: Any, problem: Problem, batch_size: Any, rng: np.random.Generator, count: int = 60
) -> tuple[FamilyJudge, ScatteredPoints]:
    rates = rng.uniform(0.01, 4, count).tolist()
    momenta = rng.uniform(0, 0.99, count).tolist()
    axes = {name: [*map(Fraction, x)] for name, x in zip(NAMES, (rates, momenta), strict=True)}
    compiled = family_program(build, axes)
    assert compiled is not None
    judge = FamilyJudge(as_family(build), compiled, problem, batch_size)
    return judge, ScatteredPoints(axes, NAMES)


def noted_left(monkeypatch: pytest.MonkeyPatch) -> list[Algorithm]:
    """Return where members are noted that machine code leaves to slower arithmetic."""
    left: list[Algorithm] = []

    def judge_slowly(algorithms: Sequence[Algorithm], *given: Any) -> Outcomes:
        left.extend(algorithms)
        return judge_jointly(algorithms, *given)

    monkeypatch.setattr(joint_verdicts, "judge_jointly", judge_slowly)
    return left


@pytest.mark.parametrize("build", [heavy_ball, two_buffers])
@pytest.mark.parametrize("law", LAWS, ids=["law", "squares", "list"])
@pytest.mark.parametrize(
    ("decay", "tau2"), [("0.01", 0), (1, -1), ("1e-5", "0.5"), ("1e-3", 2), ("0.01", 20)]
)
def test_one_by_one(
    build: Any,
    law: Spectrum,
    decay: Any,
    tau2: Any,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nearly all points are judged together, as they are one by one."""
    problem = Problem(law, Noise(tau2=tau2), weight_decay=decay)
    judge, points = judge_and_points(build, problem, 64, rng, 30)
    single = replace(judge, compiled=None).judge(points)
    assert ({-1, 1} if problem.noise.largest_tau2 > 1 else {0, 1}) <= {*single.stable.tolist()}
    left = noted_left(monkeypatch)
    found = judge.judge(points)
    assert len(left) <= (0 if build is heavy_ball else 6)
    assert found.stable.tolist() == single.stable.tolist()
    np.testing.assert_allclose(found.noise_sum, single.noise_sum, rtol=1e-11)
    np.testing.assert_allclose(found.margin, single.margin, rtol=1e-10, atol=1e-11)


def shrinking(build: Any, share: Any) -> Any:
    """Return a family with decoupled weight decay: w shrinks by the learning rate times that."""

    def family(learning_rate: Any, momentum: Any) -> Algorithm:
        blocks = build(learning_rate, momentum).blocks
        return Algorithm(*blocks._replace(shrink=learning_rate * Fraction(share)))

    return family


@pytest.mark.parametrize("build", [heavy_ball, two_buffers])
@pytest.mark.parametrize("law", LAWS, ids=["law", "squares", "list"])
@pytest.mark.parametrize(("decay", "tau2"), [(0, 0), (0, -1), ("0.01", 2)])
def test_families_that_shrink_w(
    build: Any,
    law: Spectrum,
    decay: Any,
    tau2: Any,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are programs; nearly all points are judged together, as they are one by one."""
    problem = Problem(law, Noise(tau2=tau2), weight_decay=decay)
    judge, points = judge_and_points(shrinking(build, "0.01"), problem, 64, rng, 30)
    single = replace(judge, compiled=None).judge(points)
    left = noted_left(monkeypatch)
    found = judge.judge(points)
    assert len(left) <= (1 if build is heavy_ball else 6)
    assert found.stable.tolist() == single.stable.tolist()
    np.testing.assert_allclose(found.noise_sum, single.noise_sum, rtol=1e-11)
    if tau2 == -1:
        places = np.flatnonzero(judge.noiseless(points).stable == 1)[:4]
        for place, size in zip(places, judge.critical_batch_sizes(points, places), strict=True):
            exact = judge.verdict(points, place).critical_batch_size
            assert size == pytest.approx(exact, rel=1e-10)


def test_shrinking_by_exact_moments() -> None:
    """Sums of s = lambda^2 r Y r with Y = S Y S^T + v v^T, solved in fractions, on a list."""
    spectrum, sizes = Spectrum([2, "1/4", "1/50"]), Fraction(3)
    rates, momenta = ([Fraction(k, 8) for k in (1, 3, 9, 18, 24)], [Fraction(k, 7) for k in (0, 5)])
    family = shrinking(heavy_ball, "1/5")
    found = phase_diagram(
        family, spectrum, sizes, x=("learning_rate", rates), y=("momentum", momenta)
    )
    seen = set()
    for (row, column), noise_sum in np.ndenumerate(found.noise_sum.values):
        method = family(rates[column], momenta[row])
        total = Fraction(0)
        for lam in spectrum.exact():
            matrix = naive.state_matrix(naive.Raw(*method.blocks[:5]), lam, method.shrink)
            (a, b), (c, d) = matrix
            v = [-method.alpha, *method.c]
            pairs = [(p, q) for p in (0, 1) for q in (0, 1)]
            rows = [
                [((p, q) == (s, t)) - matrix[p][s] * matrix[q][t] for s, t in pairs]
                for p, q in pairs
            ]
            (Y,) = naive.solve(rows, [[v[p] * v[q] for p, q in pairs]])
            total += lam**2 * Y[0] / sizes
            if not (abs(a * d - b * c) < 1 and abs(a + d) < 1 + a * d - b * c):
                total = Fraction(0)
                break
        stable = 0 < total < 1
        seen.add((stable, total > 0))
        assert found.stable.values[row, column] == stable
        assert noise_sum == (pytest.approx(float(total), rel=1e-12) if total else math.inf)
    assert seen == {(True, True), (False, True), (False, False)}


def test_members_that_shrink_beside_others() -> None:
    """On a law without a trace those that do not shrink w diverge, and are judged apart."""
    law = Spectrum.power_law(0.8)
    decays = [Fraction(k, 100) for k in (-1, 0, 1, 30)]

    def family(learning_rate: Any, decay: Any) -> Algorithm:
        return Algorithm(learning_rate, shrink=learning_rate * decay)

    given: dict[str, Any] = {"x": ("learning_rate", [0.1, 0.9]), "y": ("decay", decays)}
    for batch_size, expected in ((8, [0, 0, 1, 1]), (math.inf, [0, 1, 1, 1])):
        found = phase_diagram(family, law, batch_size, **given, quantities=["reason"])
        assert found.stable.values[:, 0].tolist() == expected
        for (row, column), reason in np.ndenumerate(found.reason.values):
            method = family(Fraction([0.1, 0.9][column]), decays[row])
            verdict = stability(method, law, batch_size)
            assert found.stable.values[row, column] == verdict.stable
            assert REASONS[reason] is verdict.reason
    some = {"learning_rate": [Fraction(1, 10)] * 3, "decay": decays[1:]}
    apart = FamilyJudge(as_family(family), None, Problem(law), 8)
    single = apart.judge(ScatteredPoints(some, ("learning_rate", "decay")))
    assert single.stable.tolist() == [0, 1, 1]


@pytest.mark.parametrize(("decay", "share"), [(0, 0), ("0.3", 0), (0, "0.3"), ("0.2", "0.1")])
def test_margins_on_data_in_plain_floats(decay: Any, share: Any, rng: np.random.Generator) -> None:
    """They know decay of both kinds: along edges they tell where verdicts are asked."""
    problem = Problem.from_data(rng.normal(size=(30, 3)), weight_decay=decay)
    build = shrinking(heavy_ball, share) if share else heavy_ball
    judge, points = judge_and_points(build, problem, 8, rng, 40)
    assert judge.estimates_help
    seen = 0
    for place, margin in enumerate(judge.estimated_margins(points)):
        verdict = judge.verdict(points, place)
        assert (margin > 0) == verdict.stable
        if 0.1 < verdict.noise_sum < 1:
            assert margin == pytest.approx(1 - verdict.noise_sum, rel=0.1)
            seen += 1
    assert seen > 1


def test_a_proof_of_instability_where_tau2_is_above_tau1(rng: np.random.Generator) -> None:
    """Sums of 1 and more are proved not stable in small batches, along an axis of tau2 too."""
    judge, points = judge_and_points(heavy_ball, Problem(LAWS[2]), Fraction(1, 2), rng, 30)
    taus = [Fraction(k, 10) for k in range(0, 30)]
    there = ScatteredPoints({**points.axes, "tau2": taus}, NAMES)
    found, single = (x.judge(there) for x in (judge, replace(judge, compiled=None)))
    assert found.stable.tolist() == single.stable.tolist()
    beyond = np.array(taus) > 1
    assert {-1, 0} <= {*found.stable[beyond].tolist()}


def test_gradient_descent_by_its_formula(rng: np.random.Generator) -> None:
    """s is a^2 lambda^2 / (1 - (1 - a (lambda + w))^2): an exact formula of a list."""
    spectrum, decay = Spectrum([1, "1/4", "1/50"]), Fraction(1, 8)
    problem = Problem(spectrum, Noise(), weight_decay=decay)
    rates = [Fraction(x) for x in rng.uniform(0.01, 2.2, 40).tolist()]
    compiled = family_program(sgd, {"learning_rate": rates})
    found = FamilyJudge(as_family(sgd), compiled, problem, 2).judge(
        ScatteredPoints({"learning_rate": rates}, ("learning_rate",))
    )
    for rate, stable, noise_sum in zip(rates, found.stable, found.noise_sum, strict=True):
        steps = [(1 - rate * (x + decay)) for x in spectrum.exact()]
        if any(abs(x) >= 1 for x in steps):
            assert stable == 0 and math.isinf(noise_sum)
            continue
        pairs = zip(spectrum.exact(), steps, strict=True)
        total = sum(rate**2 * x**2 / (1 - y**2) for x, y in pairs) / 2
        assert stable == (total < 1)
        assert noise_sum == pytest.approx(float(total), rel=1e-12)


def test_a_sum_of_squares_has_nodes() -> None:
    """Sums of lambda^2 / (lambda + c)^2 over all k^-0.8, by their nodes and term by term."""
    law = Spectrum.power_law("0.8").decayed(1)
    short = law.compressed
    terms = PowerLaw(0.8, 1.0, None).eigenvalues(np.arange(1.0, 10**6 + 1)).mid
    for c in (0.01, 1.0):
        found = float((short.weights * (short.nodes / (short.nodes + c)) ** 2).sum())
        listed = float(((terms / (terms + c)) ** 2).sum())
        # beyond, with x = k^-0.8 below 2e-5: x^2 / c^2 (1 - 2 x / c + ...) by an integral
        end = 10**6 + 0.5
        rest = end**-0.6 / 0.6 / c**2 - 2 * end**-1.4 / 1.4 / c**3 + 3 * end**-2.2 / 2.2 / c**4
        near = np.abs(short.centers + c) - short.reaches
        bound = 1.01 * float((short.errors * (short.centers + short.reaches) / near**2).sum())
        assert found == pytest.approx(listed + rest, rel=1e-9)
        assert bound < 1e-11 * found


def test_coupled_noise_is_judged_together(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one by one; what a point is given does not depend on the others, to the last bit."""
    coupling = rng.uniform(0, 1, (9, 9)) * (rng.random((9, 9)) < 0.6) + np.eye(9)
    spectrum = Spectrum(rng.uniform(0.01, 1, 9))
    problem = Problem(spectrum, Noise.coupled(coupling, tau2="0.5"), weight_decay="0.01")
    judge, points = judge_and_points(heavy_ball, problem, 4, rng)
    single = replace(judge, compiled=None).judge(points)
    assert {0, 1} <= {*single.stable.tolist()}
    monkeypatch.setattr(joint_verdicts, "judge_jointly", lambda *_: pytest.fail("one by one"))
    found = judge.judge(points)
    assert found.stable.tolist() == single.stable.tolist()
    np.testing.assert_allclose(found.noise_sum, single.noise_sum, rtol=1e-12)
    some = ScatteredPoints({name: x[5:18] for name, x in points.axes.items()}, NAMES)
    assert judge.judge(some).noise_sum.tolist() == found.noise_sum[5:18].tolist()


@pytest.mark.parametrize("law", LAWS, ids=["law", "squares", "list"])
@pytest.mark.parametrize(
    ("tau1", "tau2", "decay"), [(1, -1, "0.01"), (1, 2, "0.1"), (0, -1, "0.1"), (0, "0.5", 0)]
)
def test_critical_batch_sizes(
    law: Spectrum, tau1: Any, tau2: Any, decay: Any, rng: np.random.Generator
) -> None:
    """They are those of single verdicts, and nearly all are found together."""
    if law.diverges and decay == 0:
        decay = "0.1"
    problem = Problem(law, Noise(tau1, tau2), weight_decay=decay)
    judge, points = judge_and_points(heavy_ball, problem, 1, rng, 25)
    places = np.flatnonzero(judge.noiseless(points).stable == 1)
    found = judge.critical_batch_sizes(points, places)
    assert np.isnan(found).sum() <= 1
    for place, size in zip(places.tolist()[:6], found.tolist(), strict=False):
        if not math.isnan(size):
            single = judge.verdict(points, place).critical_batch_size
            assert size == pytest.approx(single, rel=1e-10)


def test_critical_batch_sizes_of_coupled_noise_are_its_radii(rng: np.random.Generator) -> None:
    noise, spectrum = Noise.coupled(rng.uniform(0, 1, (5, 5)) + np.eye(5)), [1, 0.5, 0.3, 0.2, 0.1]
    rates, momenta = [Fraction(x, 2) for x in (1, 2, 7)], [Fraction(x, 5) for x in (0, 2, 4)]
    axes: dict[str, Any] = {"x": ("learning_rate", rates), "y": ("momentum", momenta)}
    problem = Problem(Spectrum(spectrum), noise)
    found = phase_diagram("heavy-ball", problem, 8, **axes, quantities=["critical_batch_size"])
    for (row, column), size in np.ndenumerate(found.critical_batch_size.values):
        method = heavy_ball(rates[column], momenta[row])
        assert size == pytest.approx(stability(method, problem, 8).critical_batch_size, rel=1e-10)
