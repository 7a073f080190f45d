"""Seeds, threads, overflow, what is recorded, and bad input of simulations."""

from __future__ import annotations

import copy
import math
import pickle
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sgdmem import Algorithm, InputError, Noise, Problem, Spectrum, aggmo, heavy_ball, nesterov, sgd
from sgdmem.numeric.simulation import runs as simulation_runs
from sgdmem.numeric.simulation.monte_carlo import Simulation, simulate

COUPLED = Problem(Spectrum([1, 2]), Noise.coupled([[2, 1], [1, 2]]), target=[1, 1])
FEW = Problem(Spectrum([1, 0.5, 0.1], weights=[1, 2, 1]), target=[1, 1, 1])
MANY = Problem(Spectrum.power_law(1.5, count=30), target=np.ones(30))


@pytest.mark.parametrize("batch", [4, 100])
@pytest.mark.parametrize("data", [MANY, np.arange(12.0).reshape(4, 3) ** 0.5])
def test_the_same_whatever_threads_and_chunks(
    data: Any, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if data is not MANY:
        data = Problem.from_data(data)
        data = replace(data, target=np.ones(len(data.spectrum)))
    question = aggmo("0.05", ["0", "0.5", "0.8"]), data, batch, 50
    first = simulate(*question, seeds=5, threads=1, seed=7).losses
    assert np.array_equal(simulate(*question, seeds=5, threads=3, seed=7).losses, first)
    assert np.array_equal(simulate(*question, seeds=3, seed=7).losses, first[:3])
    monkeypatch.setattr(simulation_runs, "_CHUNK", 100)
    assert np.array_equal(simulate(*question, seeds=5, seed=7).losses, first)
    assert not np.array_equal(simulate(*question, seeds=5, seed=8).losses[:, 1:], first[:, 1:])
    assert len({*first[:, -1]}) == 5


@pytest.mark.parametrize("chunk", [100, 10**6])
@pytest.mark.parametrize("method", [sgd(30), nesterov(30, "0.9"), heavy_ball("0.1", -3)])
def test_overflow_is_infinite(
    method: Algorithm, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation_runs, "_CHUNK", chunk)
    found = simulate(method, FEW, 2, 1000, seeds=3)
    assert not np.isnan(found.losses).any()
    for run in found.losses:
        beyond = int(np.isinf(run).argmax())
        assert 0 < beyond < 1000
        assert np.isinf(run[beyond:]).all()
    assert (found.mean[-1], found.standard_error[-1]) == (math.inf, math.inf)
    assert found.to_dict()["mean"][-1] is None


def test_memory_that_overflows_unseen_is_no_harm() -> None:
    unseen = Algorithm("0.5", b=0, c=1, D=3)
    found = simulate(unseen, FEW, 8, 1000, seeds=2)
    assert found.losses[:, -1].max() < 1e-10


def test_losses_that_vanish_and_starts_that_overflow() -> None:
    one = Problem(Spectrum([1]), target=[1])
    assert not simulate(sgd("0.9"), one, 10**6, 5000, seeds=1).losses[0, -1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        huge = Problem(Spectrum([1, 1e300]), target=[1, 1e300])
        found = simulate(sgd("0.9"), huge, 1, 3)
    assert np.isinf(found.losses).all()


def test_what_is_recorded() -> None:
    assert simulate(sgd(1), FEW, 8, 3).steps.tolist() == [0, 1, 2, 3]
    long = simulate(sgd("0.5"), FEW, 8, 20_000, seeds=2)
    assert (long.steps[0], long.steps[1], long.steps[-1]) == (0, 1, 20_000)
    assert 150 < long.steps.size < 205
    assert long.losses.shape == (2, long.steps.size)
    some = simulate(sgd("0.5"), FEW, 8, 20_000, seeds=2, record=[20, 3, 20])
    assert some.steps.tolist() == [3, 20]
    assert np.array_equal(some.losses[:, 0], long.losses[:, 3])
    whole = simulate(sgd("0.5"), Problem(FEW.spectrum, target=[2, 0, 4]), "8", 0, seeds=1)
    assert whole.mean == pytest.approx([1.2], rel=1e-15)
    assert whole.standard_error.tolist() == [math.inf]


def test_it_says_what_came_out() -> None:
    found = simulate(sgd("0.5"), FEW, 8.0, 10.0, seeds=2)  # type: ignore[arg-type]
    assert str(found).startswith("2 runs of 10 steps: mean loss 0.")
    single = str(Simulation(found.steps, found.losses[:1]))
    assert single.startswith("1 run of 10 steps: loss 0.") and "+-" not in single


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"algorithm": "sgd"}, "an Algorithm or a Schedule is needed"),
        ({"problem": 3}, "problem must be a Problem, a Spectrum"),
        ({"problem": Spectrum.power_law(2)}, "at most 1,000,000 modes .*: give a count"),
        ({"problem": Spectrum([1], [1e7])}, "spectrum must have at most 1,000,000 modes"),
        ({"problem": Spectrum([1, 2, 3], [1, 1, 1.5])}, "integer multiplicities .* got 1.5"),
        ({"problem": Spectrum([1, 2])}, "problem must have a target"),
        ({"problem": COUPLED}, "noise of a coupling cannot be simulated: no features"),
        ({"problem": np.tri(3)}, "problem must have a target"),
        ({"start": [1, 1, 1]}, r"start belongs to a Problem\.from_data"),
        ({"problem": np.tri(3), "start": [1, 1]}, r"start must have shape \(3,\)"),
        ({"problem": np.tri(3), "start": ["x"]}, r"start\[0\] must be a number"),
        ({"steps": -1}, "steps must be an integer from 0 to 100,000,000, got -1"),
        ({"steps": 1.5}, "steps must be an integer"),
        ({"batch_size": 0}, "batch_size must be an integer from 1 to .*, got 0"),
        ({"batch_size": 2.5}, "batch_size must be an integer .* got 2.5"),
        ({"batch_size": math.inf}, r"batch_size must be finite: .* losses\(\)"),
        ({"seeds": 0}, "seeds must be an integer from 1 to .* got 0"),
        ({"seeds": 10**8}, "seeds must be an integer from 1 to"),
        ({"seed": -1}, "seed must be an integer >= 0, got -1"),
        ({"record": []}, r"record must be a list of numbers of steps, got \[\]"),
        ({"record": [0, 11]}, r"record\[1\] must be an integer from 0 to 10, got 11"),
        ({"record": 5}, "record must be a list of numbers of steps, got 5"),
        ({"threads": 0}, "threads must be an integer >= 1, got 0"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    question = {"algorithm": sgd(1), "problem": FEW, "batch_size": 8, "steps": 10}
    with pytest.raises(InputError, match=message):
        simulate(**{**question, **changes})


def test_a_start_stands_for_the_target() -> None:
    X = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]])
    plain = simulate(sgd("0.1"), X, 2, 20, start=[1, 2])
    aimed = simulate(sgd("0.1"), Problem.from_data(X, X @ [1, 1]), 2, 20, start=[1, 2])
    assert np.array_equal(aimed.losses, plain.losses)


def test_simulations_are_pickled_and_copied() -> None:
    found = simulate(sgd("0.5"), FEW, 8, 10, seeds=2)
    for other in (pickle.loads(pickle.dumps(found)), copy.copy(found), copy.deepcopy(found)):
        assert np.array_equal(other.losses, found.losses)
        assert np.array_equal(other.standard_error, found.standard_error)
        assert str(other) == str(found)
