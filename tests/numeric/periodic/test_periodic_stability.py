"""Verdicts on methods that repeat themselves, against dense operators and direct simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem import Noise, Problem, Spectrum
from sgdmem.errors import InputError, UndecidedError
from sgdmem.methods import (
    cyclic,
    largest_periodic_value,
    lookahead,
    periodic_radius,
    periodic_stability,
    repeated,
    trajectory,
)
from sgdmem.numeric.periodic import periodic_proof
from tests import naive
from tests.numeric.periodic.test_periodic_radius import NOISES, radius, random_cycle, raw

LAMS = [1.0, 0.6, 0.2]


def random_question(rng: Any, index: int) -> tuple[Any, Any, float, float]:
    """Return a cycle, a problem, a batch size and the growth of its moments over a period."""
    noise = dict(NOISES[index % len(NOISES)])
    T = noise.pop("T", None)
    made = Noise.coupled(T, noise["tau2"]) if T else Noise(**noise)
    cycle = random_cycle(rng, int(rng.integers(1, 6)), int(rng.integers(0, 3)), index % 2 == 0)
    cycle = [one.scaled(float(rng.choice([1, 2, 4, 8]))) for one in cycle[:1] * len(cycle)] + cycle
    decay, size = 0.05 * (index % 3 == 0), float(rng.choice([1, 2, 8, 64]))
    problem = Problem(Spectrum(LAMS), made, weight_decay=decay)
    return cycle, problem, size, growth(cycle, size, noise, T, decay)


def growth(cycle: Any, size: float, noise: Any, T: Any, decay: float = 0.0) -> float:
    return radius(
        [
            naive.second_moment_operator(
                raw(one), LAMS, size, noise.get("tau1", 1), noise["tau2"], T,
                weight_decay=decay, shrink=float(one.shrink),
            )
            for one in cycle
        ]
    )  # fmt: skip


def judge(seed: int, count: int) -> dict[Any, int]:
    rng, words = np.random.default_rng(seed), {True: 0, False: 0, None: 0}
    for index in range(count):
        cycle, problem, size, grown = random_question(rng, index)
        verdict = periodic_stability(cycle, problem, size)
        words[verdict.stable] += 1
        assert verdict.stable in (grown < 1, None), (cycle, grown)
        assert verdict.is_proved
        low, high = verdict.radius_interval
        assert low * (1 - 1e-9) <= verdict.radius <= high * (1 + 1e-9)
    return words


def test_verdicts_against_the_dense_operator() -> None:
    words = judge(0, 40)
    assert words[True] > 5 and words[False] > 5 and not words[None]


@pytest.mark.exhaustive
def test_a_thousand_verdicts_against_the_dense_operator() -> None:
    words = judge(1, 1000)
    assert words[None] == 0


@pytest.mark.parametrize("index", range(6))
def test_near_the_edge_it_is_proved_on_both_sides(index: int) -> None:
    cycle, problem, _, _ = random_question(np.random.default_rng(index), index)
    critical = periodic_radius(cycle, problem, 1)
    if np.isinf(critical):
        cycle = [one.scaled(0.1) for one in cycle]
        critical = periodic_radius(cycle, problem, 1)
    for factor, stable in ((1 - 1e-8, False), (1 + 1e-8, True)):
        verdict = periodic_stability(cycle, problem, critical * factor)
        assert verdict.stable is stable and verdict.is_proved
        assert bool(verdict) is stable
    low, high = periodic_stability(cycle, problem, critical).radius_interval
    assert low == pytest.approx(1, abs=1e-9) and high - low < 1e-8


@pytest.mark.parametrize(("outputs", "workers"), [(1, 1), (1, 3), (2, 1)])
def test_samples_are_proved_on_both_sides_of_the_edge(outputs: int, workers: int) -> None:
    """The edge is that of the dense operator of one worker, see test_periodic_radius."""
    rng = np.random.default_rng(outputs)
    problem = Problem.from_data(rng.standard_normal((9, outputs, 3)) / 2)
    cycle = random_cycle(rng, 3, 1, True)
    critical = periodic_radius(cycle, problem, 1, workers=workers)
    for factor, stable in ((1 - 1e-8, False), (1 + 1e-8, True), (0.5, False), (2, True)):
        verdict = periodic_stability(cycle, problem, critical * factor, workers=workers)
        assert verdict.stable is stable and verdict.is_proved
        low, high = verdict.radius_interval
        assert low <= verdict.radius <= high * (1 + 1e-9) and high < low * (1 + 1e-6)
    wild = periodic_stability([one.scaled(4000) for one in cycle], problem, 4)
    assert wild.stable is False and wild.is_proved and np.isinf(wild.radius)


def test_what_is_left_open_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).standard_normal((9, 3)) / 2
    cycle = [sgdmem.heavy_ball(0.3, 0.5), sgdmem.heavy_ball(0.1, 0.5)]
    problem = Problem.from_data(X)
    critical = periodic_radius(cycle, problem, 1)
    verdict = periodic_stability(cycle, problem, critical)
    assert verdict.stable is None and not verdict.is_proved
    with pytest.raises(UndecidedError, match="the radius of the noise over a period lies"):
        bool(verdict)
    monkeypatch.setattr(periodic_proof, "_MOST_PRODUCTS", 0)
    assert "computed in floats" in str(periodic_stability(cycle, problem, 2 * critical))
    assert periodic_stability(cycle, problem, 1.01 * critical).critical_batch_size == critical


def test_long_spectra_are_decided_in_floats() -> None:
    """A mode that hardly moves over a period is not one that is near the edge."""
    cycle = [sgdmem.sgd("0.01"), sgdmem.sgd("0.02")]
    for count in (5000, None):
        verdict = periodic_stability(cycle, Problem.power_law(1.5, count=count), 8)
        assert verdict.stable is True
        noiseless = periodic_stability(cycle, Problem.power_law(1.5, count=count))
        assert noiseless.stable is True
    critical = periodic_radius(cycle, Problem.power_law(1.5), 1)
    assert periodic_stability(cycle, Problem.power_law(1.5), critical).stable is None
    assert periodic_stability(cycle, Problem.power_law(1.5), 0.99 * critical).stable is False


def test_without_noise_it_is_exact() -> None:
    # (1 - 4/3)(1 - 4) = 1: a mode that neither dies out nor grows
    cycle = [sgdmem.sgd("4/3"), sgdmem.sgd(4)]
    found = periodic_stability(cycle, Spectrum([1]))
    assert found.stable is False and found.is_proved and np.isinf(found.radius)
    less = periodic_stability([sgdmem.sgd("1.3333333333"), sgdmem.sgd(4)], Spectrum([1]))
    assert less.stable is True and less.is_proved
    assert "does not come to rest" in str(found)


def test_how_far_all_rates_may_go() -> None:
    cycle = [sgdmem.sgd("0.2"), sgdmem.sgd("1.5")]
    verdict = periodic_stability(cycle, Spectrum(LAMS), 4)
    scale = verdict.critical_scale
    for factor, stable in ((1 - 1e-6, True), (1 + 1e-6, False)):
        scaled = [one.scaled(scale * factor) for one in cycle]
        assert periodic_stability(scaled, Spectrum(LAMS), 4).stable is stable
    assert periodic_stability([sgdmem.sgd(-1)], Spectrum(LAMS), 4).critical_scale == 0
    assert f"{scale:.6g}" in str(verdict)


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("inner", [sgdmem.sgd("0.4"), sgdmem.nesterov("0.3", "0.8")])
def test_lookahead_is_what_its_words_say(inner: Any, reset: bool) -> None:
    steps, eta, lam = 3, 0.4, 0.7
    rounds = lookahead(inner, steps, "0.4", reset=reset)
    assert len(rounds) == steps and rounds[0].memory == inner.memory + 1
    b, c, D, a = (np.array(x, dtype=float) for x in (inner.b, inner.c, inner.D, inner.a))
    w = phi = 1.0
    u, seen = np.zeros(inner.memory), []
    for t in range(12):
        seen.append(w)
        g = lam * (w + a @ u)
        w, u = w - float(inner.alpha) * g + b @ u, c * g + D @ u
        if t % steps == steps - 1:
            w = phi = phi + eta * (w - phi)
            u = 0 * u if reset else u
    found = trajectory(repeated(rounds), lambda point, step: lam * point, [1.0], 11)
    assert np.ravel(found)[: len(seen)] == pytest.approx(seen, abs=1e-14)


def test_lookahead_with_rate_one_is_the_inner_method() -> None:
    inner = sgdmem.heavy_ball("0.3", "0.8")
    radius = periodic_radius(lookahead(inner, 4, 1), Spectrum(LAMS), 4)
    assert radius == pytest.approx(sgdmem.stability(inner, Spectrum(LAMS), 4).noise_sum, rel=1e-9)
    with pytest.raises(InputError, match="reset must be True or False"):
        lookahead(inner, 4, 1, reset=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [2, 5])
@pytest.mark.parametrize("index", [0, 3, 5])
def test_workers_that_are_averaged(workers: int, index: int) -> None:
    """Against the dense operator of moments of one worker and of two."""
    rng = np.random.default_rng(index)
    noise = dict(NOISES[index])
    T = noise.pop("T", None)
    made = Noise.coupled(T, noise["tau2"]) if T else Noise(**noise)
    cycle = random_cycle(rng, 3, index % 3, True)
    problem = Problem(Spectrum(LAMS), made)
    critical = periodic_radius(cycle, problem, 1, workers=workers)

    def grown(size: float) -> float:
        operators = []
        for t, one in enumerate(cycle):
            pairs = (LAMS, size, noise.get("tau1", 1), noise["tau2"], T)
            noisy = naive.second_moment_operator(raw(one), *pairs, shrink=float(one.shrink))
            quiet = naive.second_moment_operator(
                raw(one), LAMS, 1e300, *pairs[2:], shrink=float(one.shrink)
            )
            zero = np.zeros_like(noisy)
            step = np.block([[noisy, zero], [zero, quiet]])  # a worker's own, and of two
            if t == len(cycle) - 1:
                eye, share = np.eye(len(noisy)), 1 / workers
                mean = np.hstack([share * eye, (1 - share) * eye])
                step = np.vstack([mean, mean]) @ step
            operators.append(step)
        return radius(operators)

    assert grown(critical) == pytest.approx(1, abs=1e-7)
    one = periodic_radius(cycle, problem, 1)
    assert one / workers < critical < one
    for factor, stable in ((1 - 1e-6, False), (1 + 1e-6, True)):
        verdict = periodic_stability(cycle, problem, critical * factor, workers=workers)
        assert verdict.stable is stable and verdict.is_proved
    with pytest.raises(InputError, match="workers must be an integer from 1 to 1,0"):
        periodic_radius(cycle, problem, 1, workers=0)


# Cycles, and how far they go -------------------------------------------------------------------


def test_cycles_of_parameters() -> None:
    found = cyclic("heavy-ball", learning_rate=["0.1", "0.2"], momentum=[0, "0.5", "0.9"])
    assert len(found) == 6
    assert found[4] == sgdmem.heavy_ball("0.1", "0.5") and found[5] == sgdmem.heavy_ball(
        "0.2", "0.9"
    )
    assert cyclic("aggmo", learning_rate=1, momenta=["0.5", "0.9"]) == [
        sgdmem.aggmo(1, ["0.5", "0.9"])
    ]

    def own(rate: Any) -> Any:
        return sgdmem.Algorithm(rate / 3)

    assert cyclic(own, rate=["0.1", 1])[0].alpha * 30 == 1  # exact, as what is fixed is
    for values, message in (
        ({"learning_rate": []}, "learning_rate must have at least one value"),
        ({"speed": 1}, "unknown parameter 'speed'"),
        ({}, "sgd needs a value for learning_rate"),
        ({"learning_rate": [1] * 10_001}, "period must be an integer from 1 to 10,000"),
    ):
        with pytest.raises(InputError, match=message):
            cyclic("sgd", **values)


def test_lookahead_of_a_cycle() -> None:
    one, two = sgdmem.heavy_ball("0.1", "0.5"), sgdmem.heavy_ball("0.2", "0.5")
    found = lookahead([one, two], 3, "0.4")
    first, second = lookahead(one, 3, "0.4"), lookahead(two, 3, "0.4")
    expected = [first[0], second[1], first[2], second[0], first[1], second[2]]
    assert found == expected


def test_the_largest_value() -> None:
    spectrum = Spectrum(LAMS)

    def rule(peak: float) -> Any:
        return cyclic("sgd", learning_rate=["0.2", peak])

    found = largest_periodic_value(rule, spectrum, 4)
    assert found.is_proved
    for factor, stable in ((1 - 1e-8, True), (1 + 1e-8, False)):
        verdict = periodic_stability(rule(found.value * factor), spectrum, 4)
        assert verdict.stable is stable
    # without noise (1 - 0.2)(1 - peak) >= -1: peak = 2.25 at eigenvalue 1
    assert largest_periodic_value(rule, spectrum).value == pytest.approx(2.25, rel=1e-9)
    nothing = largest_periodic_value(lambda rate: [sgdmem.sgd(-rate)], spectrum, 4)
    assert nothing == (0.0, False)


def test_verdicts_as_text_and_as_values() -> None:
    verdict = periodic_stability(cyclic("sgd", learning_rate=["0.1", "0.1", 2]), Spectrum(LAMS), 4)
    said = verdict.to_dict()
    assert said["noise_sum"] == verdict.radius and said["problem"]["period"] == 3
    assert said["problem"]["algorithm"] == "2 times sgd(learning_rate=0.1), sgd(learning_rate=2)"
    assert str(verdict).splitlines()[1].startswith(f"  {said['problem']['algorithm']}, on eigen")
    wild = periodic_stability([sgdmem.sgd(9)], Spectrum(LAMS), 4).to_dict()
    assert wild["noise_sum"] is None and wild["stable"] is False


def test_what_an_estimate_leaves_open() -> None:
    X = np.random.default_rng(0).standard_normal((60, 3))
    fitted = Problem.from_data(X, noise=Noise.fit(X))
    one = sgdmem.sgd("0.1")
    for size in (0.05, 0.15, 8):
        judged, exact = (
            periodic_stability([one] * 2, fitted, size),
            sgdmem.stability(one, fitted, size),
        )
        assert judged.is_estimated and not judged.is_proved
        assert judged.stable is exact.stable
        word = {True: "estimated stable", None: "estimated undecided", False: "estimated NOT"}
        assert str(judged).startswith(word[judged.stable])
    assert periodic_stability([one], fitted, 8).radius_interval[0] < judged.radius
