"""The explorer's page on data, against verdicts on the rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem import InputError, Noise, Problem, explore, stability
from sgdmem.phase_diagrams.explorer import drawn_samples
from sgdmem.phase_diagrams.explorer.explorer import Explorer
from tests.javascript import evaluate

VERDICTS = """(states) => states.map((state) => {
    const found = verdict({ ...state, spectrum: START.spectrum });
    const { stable, reason, noise_sum, error, critical_batch_size, scale } = found;
    return { stable, reason, noise_sum, error, critical_batch_size, scale };
})"""


@pytest.fixture
def small_grids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn_samples, "_POINTS", (21, 9))


@pytest.fixture
def tiny_grids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn_samples, "_POINTS", (5, 3))


def ask(page: Explorer, states: list[dict[str, Any]]) -> Any:
    return evaluate(page.computation, VERDICTS, [{"tau1": 1, "tau2": 0, **x} for x in states])


@pytest.mark.slow
@pytest.mark.usefixtures("small_grids")
@pytest.mark.parametrize("replacement", [True, False])
def test_page_and_verdicts(replacement: bool, rng: np.random.Generator) -> None:
    X = rng.normal(size=(40, 3)) * [1, 0.5, 0.1]
    X[0] *= 4
    problem = Problem.from_data(X, replacement=replacement)
    page = explore(["sgd", "heavy-ball"], problem, batch_size=8)
    states: list[Any] = []
    for _ in range(60):
        family = int(rng.integers(2))
        low, high = (getattr(page.methods[family].parameters[0], x) for x in ("low", "high"))
        values = [float(low * (high / low) ** rng.random()), float(rng.uniform(0, 0.99))]
        size = float(np.round(10 ** rng.uniform(0, 1.5), 3))
        states.append({"family": family, "values": values[: family + 1], "batch_size": size})
    decided = 0
    for state, found in zip(states, ask(page, states), strict=True):
        values = state["values"]
        method = sgdmem.heavy_ball(*values) if state["family"] else sgdmem.sgd(*values)
        verdict = stability(method, problem, state["batch_size"])
        if found["stable"] is not None:
            decided += 1
            assert found["stable"] == verdict.stable
        if math.isfinite(verdict.noise_sum) and verdict.noise_sum < 10:
            # of a coarse grid; cells that reach beyond noiseless stability say so by their error
            assert abs(found["noise_sum"] - verdict.noise_sum) <= found["error"]
            assert found["error"] <= 0.4 * verdict.noise_sum
            critical = verdict.critical_batch_size
            assert found["critical_batch_size"] == pytest.approx(critical, rel=0.1)
    assert decided > 50


def test_epochs_with_a_smaller_last_batch(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """At the points of the grid the page has the radius of the ordered batches."""
    monkeypatch.setattr(drawn_samples, "_EPOCH_POINTS", (17, 4))
    X = rng.normal(size=(22, 3)) * [1, 0.5, 0.1]
    problem = Problem.from_data(X, drop_last=False)
    page = explore("heavy-ball", problem, batch_size=10)
    assert page.start["drawn"]["epoch"] == "epochs of 2 batches of 10 and one of 2"
    rates, momenta = map(drawn_samples._values, page.methods[0].parameters, (17, 4))
    values = [[float(rate), float(momentum)] for rate in rates[9:17] for momentum in momenta[:3]]
    states = [{"family": 0, "batch_size": 10, "values": pair} for pair in values]
    compared = 0
    for pair, found in zip(values, ask(page, states), strict=True):
        verdict = stability(sgdmem.heavy_ball(*pair), problem, 10)
        assert found["critical_batch_size"] is None
        assert found["stable"] in (None, verdict.stable)
        if 0.4 < verdict.noise_sum < 2:  # there it is no mere reference
            assert found["noise_sum"] == pytest.approx(verdict.noise_sum, rel=2e-3)
            compared += 1
    assert compared > 2
    with pytest.raises(InputError, match=r"2 or more parameters on data in epochs of .*, and sgd"):
        explore("sgd", problem, 4)


@pytest.mark.usefixtures("tiny_grids")
def test_what_the_page_says(rng: np.random.Generator) -> None:
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    page = explore("heavy-ball", Problem.from_data(X, y, replacement=False), batch_size=8)
    assert page.start["drawn"]["count"] == 40 and page.start["drawn"]["rests"]
    (found,) = ask(page, [{"family": 0, "values": [1e9, 0.5], "batch_size": 8}])
    assert found["reason"] == "noiseless"  # beyond the grid, where no sum is asked
    (found,) = ask(page, [{"family": 0, "values": [1e-9, 0.5], "batch_size": 8}])
    assert found["stable"] is None
    (found,) = ask(page, [{"family": 0, "values": [0.1, 0.5], "batch_size": 40}])
    assert found["noise_sum"] == 0 and found["stable"]
    codes = evaluate(page.computation, "(state) => noiseShares(state)", {"batch_size": math.inf})
    assert codes == [0, 0]


@pytest.mark.usefixtures("tiny_grids")
def test_methods_and_problems(rng: np.random.Generator) -> None:
    X = rng.normal(size=(40, 3))
    page = explore(None, X)
    assert [method.name for method in page.methods] == ["sgd", "heavy-ball", "nesterov"]
    largest = Problem.from_data(X).spectrum.largest
    assert page.methods[0].parameters[0].high == pytest.approx(4 / largest, rel=0.01)
    given = explore("sgd", X, ranges={"learning_rate": (0.1, 0.2)})
    assert given.methods[0].parameters[0].high == 0.2
    with pytest.raises(InputError, match="1 or more parameters on data, and heavy ball has 0"):
        explore(sgdmem.heavy_ball("0.1", "0.9"), X)
    with pytest.raises(InputError, match="up to 2 parameters on data, and qhm has 3"):
        explore("qhm", X)
    assert len(explore(sgdmem.qhm.fix(nu="0.7"), X).methods) == 1
    with pytest.raises(InputError, match="without label_variance"):
        explore("sgd", Problem.from_hessian(np.eye(2), Noise(label_variance=1)))
    modelled = explore("sgd", Problem.from_data(X, noise=Noise(tau2=-1)))
    assert "drawn" not in modelled.start and modelled.start["tau2"] == -1
