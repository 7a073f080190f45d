"""Noise of the labels: the floor of a loss, against the exact fixed point of all moments."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import Noise, Problem, Spectrum, heavy_ball, losses, nesterov, sgd, stability
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from tests import draws, naive

LABEL = Fraction(3, 10)


def random_noise(rng: np.random.Generator, modes: int) -> tuple[Noise, tuple[Any, Any], Any]:
    """Return a noise with labels, and its tau1, tau2 and T."""
    kind = rng.choice(["plain", "no tau1", "by mode", "unphysical", "coupled"])
    tau1 = 0 if kind == "no tau1" else Fraction(int(rng.integers(1, 9)), 4)
    tau2: Any = tau1 - Fraction(int(rng.integers(0, 9)), 4)
    if kind == "unphysical":
        tau2 = tau1 + Fraction(1, 2)
    if kind == "by mode":
        tau2 = [tau1 - Fraction(int(k), 4) for k in rng.integers(0, 9, size=modes)]
    if kind == "coupled":
        T, tau2 = draws.random_coupling(rng, modes)
        return Noise.coupled(T, tau2, label_variance=LABEL), (1, tau2), T
    return Noise(tau1, tau2, label_variance=LABEL), (tau1, tau2), None


def test_floors_are_exact(rng: np.random.Generator) -> None:
    found: dict[str, int] = {}
    shifted = 0
    while sum(found.values()) < 60:
        modes = int(rng.integers(1, 4))
        alg = draws.random_algorithm(rng, int(rng.integers(0, 3)))
        eigenvalues = rng.integers(1, 32, size=modes) / 32
        noise, taus, T = random_noise(rng, modes)
        problem = Problem(Spectrum(eigenvalues), noise)
        critical = stability(Algorithm(*alg), problem, 1).critical_batch_size
        if not critical < 1e6:
            continue
        B = Fraction(max(critical, 0.1)) * Fraction(str(rng.choice([1.02, 1.5, 20])))
        verdict = stability(Algorithm(*alg), problem, B)
        assert verdict.stable
        expected = naive.resting_loss(alg, eigenvalues.tolist(), B, *taus, LABEL, T)
        low, high = verdict.loss_floor_interval
        assert Fraction(low) <= expected <= Fraction(high)
        assert high - low <= 1e-12 / (1 - verdict.noise_sum) * high
        assert verdict.loss_floor == pytest.approx(float(expected), rel=1e-12)
        kind = "coupled" if T is not None else "no tau1" if taus[0] == 0 else "tau1"
        found[kind], shifted = found.get(kind, 0) + 1, shifted + any(alg.a)
    assert min(found[kind] for kind in ("coupled", "no tau1", "tau1")) > 5
    assert shifted > 5


def test_the_closed_form() -> None:
    noise = Noise(tau1=2, tau2=-1, label_variance=LABEL)
    verdict = stability(nesterov("0.1", "0.8"), Problem(Spectrum([1, 0.5, 0.1]), noise), 8)
    output = verdict.output_noise_sum
    assert output is not None
    assert output != verdict.noise_sum
    expected = float(LABEL) * output / (2 * 2 * (1 - verdict.noise_sum))
    assert verdict.loss_floor == pytest.approx(expected, rel=1e-14)


def test_multiplicities_blocks_and_units() -> None:
    plain = Problem(Spectrum([1, 0.5], weights=[2, 3]), Noise(label_variance=LABEL))
    listed = Problem(Spectrum([1, 1, 0.5, 0.5, 0.5]), Noise(label_variance=LABEL))
    expected = stability(heavy_ball("0.1", "0.9"), listed, 16).loss_floor
    tiny = Problem(Spectrum([1e-80, 0.5e-80], weights=[2, 3]), plain.noise)
    blocks = Noise.coupled([(5, 1)], label_variance=LABEL)
    matrix = Noise.coupled(np.ones((2, 2)), label_variance=LABEL)
    for problem, rate in (
        (plain, "0.1"),
        (tiny, "1e79"),
        (Problem(listed.spectrum, blocks), "0.1"),
        (Problem(plain.spectrum, matrix), "0.1"),
    ):
        floor = stability(heavy_ball(rate, "0.9"), problem, 16).loss_floor
        assert floor == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("nu", [1.5, 3])
def test_infinite_power_laws_are_limits_of_finite_ones(nu: float) -> None:
    def floor(count: int | None) -> float:
        noise = Noise(tau2=-1, label_variance=LABEL)
        problem = Problem.power_law(nu, count=count, noise=noise)
        low, high = stability(nesterov("0.05", "0.9"), problem, 8).loss_floor_interval
        assert high - low < 1e-11 * high
        return high

    gaps = [1 - floor(count) / floor(None) for count in (10**3, 10**5)]
    assert 0 < gaps[1] < gaps[0]
    # what is cut off is the tail of the trace, proportional to N^(1 - nu)
    assert gaps[0] / gaps[1] == pytest.approx(100 ** (nu - 1), rel=0.02)


@pytest.mark.parametrize("method", [sgd("0.3"), heavy_ball("0.1", "0.8"), nesterov("0.1", "0.8")])
@pytest.mark.parametrize("taus", [(1, 0), (1, -1), (0, -2), (1, [1, 0, -1])])
def test_long_runs_come_to_rest_at_the_floor(method: Algorithm, taus: tuple[Any, Any]) -> None:
    noise = Noise(*taus, label_variance=LABEL)
    problem = Problem(Spectrum([1, 0.5, 0.1]), noise, target=[1, 2, 3])
    found = losses(method, problem, 4, 5000)
    assert found[-1] == pytest.approx(stability(method, problem, 4).loss_floor, rel=1e-12)


def test_only_the_floor_depends_on_labels() -> None:
    question = heavy_ball("0.1", "0.9"), Spectrum([4, 1, 0.25])
    plain = stability(question[0], Problem(question[1]), 8)
    noisy = stability(question[0], Problem(question[1], Noise(label_variance=2)), 8)
    for name in ("stable", "reason", "noise_sum", "critical_batch_size", "stable_scales"):
        assert getattr(noisy, name) == getattr(plain, name)
    assert "the mean loss tends to 0" in plain.explanation
    assert f"comes to rest at {noisy.loss_floor:.6g} above the least one, 1," in noisy.explanation
    said = json.loads(json.dumps(noisy.to_dict()))
    assert (said["loss_floor"], said["problem"]["label_variance"]) == (noisy.loss_floor, 2)
    quiet = stability(question[0], Problem(question[1], Noise(label_variance=2)))
    assert (quiet.loss_floor, quiet.stable) == (0, True)
    assert "tends to the least one, 1, from every start" in quiet.explanation
    unstable = stability(question[0], Problem(question[1], Noise(label_variance=2)), 2)
    assert (unstable.stable, unstable.loss_floor) == (False, math.inf)


def test_infinitely_many_modes_without_a_trace() -> None:
    problem = Problem.power_law(0.8, noise=Noise(tau1=0, label_variance=1))
    verdict = stability(sgd("0.5"), problem, 8)
    assert (verdict.stable, verdict.loss_floor) == (True, math.inf)
    assert "label noise makes the sum of their losses infinite" in verdict.explanation
    assert verdict.to_dict()["loss_floor"] is None


def test_noises_with_labels() -> None:
    noise = Noise(tau2=-1, label_variance="0.25")
    assert str(noise) == "tau1 = 1, tau2 = -1, label variance 0.25"
    assert noise.vary(tau1=2).label_variance == Fraction(1, 4)
    assert Noise.coupled(2, label_variance=1) == Noise(2, label_variance=1) != Noise(2)
    assert noise.at(8).to_dict()["label_variance"] == 0.25
    fitted = Noise.fit(np.random.default_rng(0).normal(size=(500, 3)))
    assert fitted.vary(label_variance=1).estimate == fitted.estimate
    for bad, message in ((-1, "label_variance must be >= 0"), ("x", "label_variance")):
        with pytest.raises(InputError, match=message):
            Noise(label_variance=bad)
    with pytest.raises(InputError, match="label_variance cannot vary by itself: samples"):
        Noise.sampled(np.eye(2)).vary(label_variance=1)
