"""Schedules: of families whose parameters change, of lists, by hand, and as values."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import InputError, Problem, losses
from sgdmem.methods import accelerated, compare_methods, jacobi_heavy_ball, schedule
from sgdmem.numeric.schedules.schedule import Schedule, listed_schedule, read_schedule
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo import named_algorithms as named


def test_a_schedule_is_its_family_at_every_step() -> None:
    chosen = schedule(
        "qhm", learning_rate=lambda t: 1 / (t + 1), momentum="0.5", nu=lambda t: t / 9
    )
    for t in (0, 1, 7):
        expected = named.qhm(Fraction(1, t + 1), "0.5", Fraction(t, 9))
        found = chosen.at(t)
        np.testing.assert_allclose(
            np.array(found.entries, float), np.array(expected.entries, float), atol=1e-15
        )
    rates = chosen.steps(0, 5).effective_learning_rates
    np.testing.assert_allclose(rates, 1 / np.arange(1, 6))


def test_constant_and_listed_schedules() -> None:
    assert schedule("sgd", learning_rate="0.1").stationary == named.sgd("0.1")
    assert read_schedule(named.sgd(1)).at(10**9) == named.sgd(1)
    listed = listed_schedule([named.sgd(1), named.sgd("0.5")])
    assert [float(listed.at(t).alpha) for t in (0, 1, 5)] == [1.0, 0.5, 0.5]


def test_functions_of_a_single_step_are_explained() -> None:
    rates = np.array([0.1, 0.2])
    for parameters in ({}, {"momentum": lambda t: t / (t + 3)}):
        family = "heavy-ball" if parameters else "sgd"
        with pytest.raises(InputError, match=r"learning_rate must be .*, such as lambda t: rates"):
            schedule(family, learning_rate=rates, **parameters)
    assert schedule("sgd", learning_rate=lambda t: rates[t.astype(int)]).at(1) == named.sgd(0.2)
    with pytest.raises(InputError, match=r"np.where\(t < 10, 0.1, 0.01\) instead of an if"):
        schedule("sgd", learning_rate=lambda t: 0.1 if t < 2 else 0.2).steps(0, 5)
    with pytest.raises(InputError, match=r"such as np\.sqrt, take arrays"):
        schedule("sgd", learning_rate=lambda t: math.sqrt(t)).steps(0, 5)
    lists = schedule("aggmo", learning_rate=lambda t: 0.1 / (t + 1), momenta=[0, "0.9"])
    assert lists.memory == 2  # a parameter that is a list may be one


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, "x", lambda t: [t, 1.0, 2.0]), "must return 5 entries for memory 1, .* got 3 of them"),
        ((0, "x", lambda t: 0.5), "must return 1 entries for memory 0, .* got 0.5"),
        ((0, "x", lambda t: [t[:2]]), r"entry 0 has shape \(2,\) for 4 steps"),
        ((0, "x", lambda t: ["a"]), "must return numbers, but entry 0 is 'a'"),
        ((-1, "x", lambda t: []), "memory must be an integer >= 0, got -1"),
        ((0, "x", [0.5]), r"evaluate must be a function .* schedule\(\) makes"),
    ],
)
def test_schedules_by_hand(arguments: Any, message: str) -> None:
    made = Schedule(1, "mine", lambda t: [0.1, 0.9, -0.1 / (t + 1), 0.9, 0.0])
    assert made.at(1) == Algorithm(0.1, 0.9, -0.05, 0.9)
    with pytest.raises(InputError, match=message):
        Schedule(*arguments).steps(0, 4)


# Schedules are values ----------------------------------------------------------------------------


def falling(t: Any) -> Any:
    return 0.5 / np.sqrt(1 + t)


def rising(t: Any) -> Any:
    return 1 - 1 / (t + 2)


def by_hand(t: Any) -> Any:
    return [falling(t), rising(t), -0.1, 0.5, 0.0]


MADE: dict[str, Callable[[], Schedule]] = {
    "of a name": lambda: schedule("sgd", learning_rate=falling),
    "with a list": lambda: schedule("aggmo", learning_rate=falling, momenta=[0, "0.9"]),
    "of a function": lambda: schedule(named.heavy_ball, learning_rate="0.1", momentum=rising),
    "constant": lambda: schedule("heavy-ball", learning_rate="0.1", momentum="0.5"),
    "listed": lambda: listed_schedule([named.nesterov("0.1", "0.5"), named.nesterov("0.2", "0.5")]),
    "by hand": lambda: Schedule(1, "by hand", by_hand, acceleration=1.5),
    "accelerated": lambda: accelerated(Problem.power_law(1.5), 16),
    "accelerated, memory 2": lambda: accelerated(Problem.power_law(1.5), 16, memory=2),
    "Jacobi": lambda: jacobi_heavy_ball(0.5, -0.5, 1),
}


@pytest.mark.parametrize("name", MADE)
def test_schedules_are_pickled_and_copied(name: str) -> None:
    chosen, problem = MADE[name](), Problem.power_law(1.5, 0.5)
    expected = losses(chosen, problem, 16, 50)
    for other in (pickle.loads(pickle.dumps(chosen)), copy.copy(chosen), copy.deepcopy(chosen)):
        assert np.array_equal(other.steps(0, 50).table, chosen.steps(0, 50).table)
        assert np.array_equal(losses(other, problem, 16, 50), expected)
        assert (other.name, other.stationary) == (chosen.name, chosen.stationary)
        assert other.acceleration == chosen.acceleration


@pytest.mark.parametrize(
    "chosen",
    [
        schedule("heavy-ball", learning_rate="0.1", momentum=lambda t: t / (t + 3)),
        Schedule(0, "mine", lambda t: [0.5]),
    ],
    ids=lambda x: x.name,
)
def test_a_lambda_is_copied_but_not_pickled(chosen: Schedule) -> None:
    with pytest.raises(InputError, match=r"(heavy-ball|mine) .* functions of a module instead of"):
        pickle.dumps(chosen)
    assert copy.deepcopy([chosen])[0].at(3) == chosen.at(3)


def test_compared_methods_are_pickled() -> None:
    (found,) = compare_methods(Problem.power_law(2, 0.4), 10, 1000, methods=["AM1"])
    other = pickle.loads(pickle.dumps(found))
    assert np.array_equal(other.losses, found.losses) and str(other) == str(found)
    assert other.rule.at(7) == found.rule.at(7)
