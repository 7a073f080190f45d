"""The picture of losses: curves, predicted power laws, simulated means."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem import InputError, Noise, Problem, Spectrum
from sgdmem.numeric.acceleration.compare_methods import predicted_exponent
from sgdmem.phase_diagrams.pictures.loss_picture import predicted_law
from sgdmem.pictures import artists, draw_losses
from tests.picture_checks import legend_words, pdf_bytes, svg_ids, texts_outside

LAW = Problem.power_law(2, zeta="0.5")
FINITE = Problem.power_law(2, zeta="0.5", count=50)
RULES: dict[str, Any] = {
    "SGD": sgdmem.sgd("0.5"),
    "too fast": sgdmem.sgd("1.99"),
    "AM1": sgdmem.methods.accelerated(LAW, 16),
}


@pytest.fixture(scope="module")
def axes() -> Any:
    return draw_losses(RULES, LAW, 16, 3000)


def test_curves_are_the_losses(axes: Any) -> None:
    for rule, line in zip(RULES.values(), artists(axes)["loss"], strict=True):
        t, drawn = line.get_data()
        exact = sgdmem.losses(rule, LAW, 16, 3000)
        assert drawn == pytest.approx(exact[t.astype(int)])
    assert t[0] == 1 and t[-1] == 3000


def test_noise_by_mode_predicts_nothing() -> None:
    for noise in (Noise(tau2=[1] * 49 + [0]), Noise.coupled([(20, 1), (30, 2)])):
        assert predicted_law(RULES["SGD"], replace(FINITE, noise=noise), 16) is None


def test_slopes(axes: Any) -> None:
    sgd, am1 = artists(axes)["prediction"]  # none of the rule that diverges

    def slope(line: Any) -> float:
        t, loss = line.get_data()
        return float(-np.log(loss[-1] / loss[0]) / np.log(t[-1] / t[0]))

    assert slope(sgd) == pytest.approx(0.5)  # zeta, Theorem 3
    assert slope(am1) == pytest.approx(0.5 * (1 + 0.95 / 2))  # eq. (27)
    # the constant of Theorem 3, E Gamma(zeta + 1) (2 alpha)^-zeta / (2 (1 - U))
    k = np.arange(1, 10**6 + 1.0)
    lam = k**-2
    noise_sum = (0.5 * lam / (2 - 0.5 * lam)).sum() / 16
    constant = math.gamma(1.5) / (2 * (1 - noise_sum))
    t, loss = sgd.get_data()
    assert loss == pytest.approx(constant * t**-0.5, rel=1e-4)
    t, loss = am1.get_data()  # meets the exact curve in the middle of the last decade
    exact = sgdmem.losses(RULES["AM1"], LAW, 16, 3000)
    middle = round(3000 / math.sqrt(10))
    assert np.interp(np.log(middle), np.log(t), np.log(loss)) == pytest.approx(
        math.log(exact[middle]), abs=1e-6
    )


def test_given_exponents_replace_the_predicted_ones() -> None:
    axes = draw_losses(RULES, LAW, 16, 300, exponents={"SGD": None, "too fast": 2})
    labels = [line.get_label() for line in artists(axes)["loss"]]
    assert labels == ["SGD", "too fast, $t^{-2}$", "AM1, $t^{-0.738}$"]


@pytest.mark.slow
@pytest.mark.parametrize(("memory", "method"), [(1, "AM1"), (2, "AM2"), (3, "AM3")])
def test_accelerations_agree_with_the_comparison_of_methods(memory: int, method: str) -> None:
    own = {"damping_exponent": 1} if memory == 1 else {}
    problem = sgdmem.Problem.power_law(2, "0.5")
    rule = sgdmem.methods.accelerated(problem, 16, memory=memory, **own)
    law = predicted_law(rule, LAW, 16)
    assert law is not None and law.constant is None
    assert law.exponent == pytest.approx(predicted_exponent(method, problem))


@pytest.mark.slow
def test_a_floor_belongs_to_the_prediction() -> None:
    noise = sgdmem.Noise(label_variance="0.1")
    noisy = sgdmem.Problem.power_law(2, "0.5", noise=noise)
    law = predicted_law(sgdmem.sgd("0.5"), noisy, 16)
    assert law is not None
    assert law.floor == sgdmem.stability(sgdmem.sgd("0.5"), noisy, 16).loss_floor > 0
    axes = sgdmem.pictures.draw_losses({"SGD": sgdmem.sgd("0.5")}, noisy, 16, 100_000)
    (line,) = sgdmem.pictures.artists(axes)["prediction"]
    exact = sgdmem.losses(sgdmem.sgd("0.5"), noisy, 16, 100_000)[-1]
    assert line.get_ydata()[-1] == pytest.approx(exact, rel=0.05)
    assert predicted_law(sgdmem.methods.accelerated(noisy, 16), noisy, 16) is None


def test_nothing_is_predicted_where_nothing_is_known() -> None:
    jacobi = sgdmem.methods.jacobi_heavy_ball(0.5, -0.5, 1)
    assert predicted_law(jacobi, LAW, 16) is None
    assert predicted_law(sgdmem.sgd("0.5"), Problem(Spectrum([1, 2]), target=[1, 1]), 16) is None
    assert predicted_law(sgdmem.sgd("0.5"), Problem.power_law(1, "0.5"), 16) is None


def test_nothing_is_predicted_for_a_schedule_that_diverges() -> None:
    rules = {"AM1": sgdmem.methods.accelerated(LAW, 1000)}
    assert "prediction" in artists(draw_losses(rules, LAW, 1000, 500))
    assert "prediction" not in artists(draw_losses(rules, LAW, 1, 500))


def test_curves_that_cannot_be_seen_are_said_to_be() -> None:
    rules = {"slow": sgdmem.sgd("0.1"), "wild": sgdmem.sgd(300)}
    axes = draw_losses(rules, LAW, math.inf, 50)
    labels = [line.get_label() for line in artists(axes)["loss"]]
    assert labels == ["slow, $t^{-0.5}$", "wild: above the picture"]


def test_simulations() -> None:
    finite = replace(FINITE, noise=Noise(tau2=-1))
    record = [1, 10, 100]
    runs = sgdmem.simulate(RULES["SGD"], finite, 16, 100, seeds=4, record=record)
    axes = draw_losses({"SGD": RULES["SGD"]}, finite, 16, 100, simulations={"SGD": runs})
    (points,) = artists(axes)["simulation"]
    assert points.get_xdata() == pytest.approx(record)
    assert points.get_ydata() == pytest.approx(runs.mean)
    labels = legend_words(axes)
    assert labels[1:] == ["predicted power law", "simulated mean", "no linear method"]


def test_no_curve_is_where_no_linear_method_can_be() -> None:
    problem = sgdmem.Problem(sgdmem.Spectrum([1], weights=[200]), Noise(tau2=-1), target=[1])
    axes = draw_losses({"SGD": sgdmem.sgd("1/202")}, problem, 1, 400)
    (bound,), (curve,) = artists(axes)["bound"], artists(axes)["loss"]
    t, height = bound.get_data()
    assert (np.interp(t, *curve.get_data()) > height).all()
    assert height[t == 100] == pytest.approx(50, rel=1e-5)  # half of 200 - 100 modes
    assert t[-1] == 400
    assert height[-1] > axes.get_ylim()[0]


def test_a_single_run_and_a_run_that_diverges() -> None:
    rule = sgdmem.sgd(3)
    runs = sgdmem.simulate(rule, FINITE, 1, 3000, seeds=1)
    axes = draw_losses({"fast": rule}, FINITE, 1, 3000, simulations={"fast": runs})
    start = sgdmem.losses(rule, FINITE, math.inf, 1)[0]
    assert axes.get_ylim()[1] == pytest.approx(3 * start)
    assert np.isfinite(artists(axes)["simulation"][0].get_ydata()).all()
    assert texts_outside(axes.figure) == []


@pytest.mark.slow
def test_looks_and_files(axes: Any) -> None:
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert "signal-dominated" in axes.get_title()
    assert texts_outside(axes.figure) == []
    assert {"loss", "loss-2", "loss-3", "prediction"} <= set(svg_ids(axes.figure))
    assert pdf_bytes(axes.figure) == b"%PDF-%%EOF"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rules": {}}, "rules must be a dictionary"),
        ({"rules": [sgdmem.sgd(1)]}, "rules must be a dictionary"),
        ({"rules": {"x": 1}}, "an Algorithm or a Schedule is needed"),
        ({"steps": 1}, "steps must be"),
        ({"exponents": {"x": 1}}, "exponents must be of the rules SGD, too fast, AM1, got one"),
        ({"exponents": [1]}, "exponents must be a dictionary"),
        ({"exponents": {"SGD": -1}}, "must be positive and finite"),
        ({"exponents": {"SGD": 0}}, "must be positive and finite"),
        ({"simulations": {"SGD": 1}}, "must be a Simulation"),
        ({"batch_size": -1}, "batch_size must be positive"),
        ({"problem": Spectrum([1, 2])}, "problem must have a target"),
    ],
)
def test_bad_input(change: dict[str, Any], message: str) -> None:
    question = {"rules": RULES, "problem": LAW, "steps": 100, "batch_size": 16}
    with pytest.raises(InputError, match=message):
        draw_losses(**{**question, **change})


def test_long_runs_on_data_are_estimated(rng: np.random.Generator) -> None:
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    problem = Problem.from_data(X, y)
    axes = draw_losses({"SGD": sgdmem.sgd("0.001")}, problem, 4, 100_000)
    (line,) = artists(axes)["loss"]
    assert line.get_label() == "SGD, estimated from step 513"
    t, loss = line.get_data()
    assert np.allclose(loss, sgdmem.losses(sgdmem.sgd("0.001"), problem, 4, 100_000)[t], rtol=1e-7)
    (short,) = artists(draw_losses({"SGD": sgdmem.sgd("0.001")}, problem, 4, 1000))["loss"]
    assert short.get_label() == "SGD"
