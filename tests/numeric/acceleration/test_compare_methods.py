"""Methods side by side."""

from __future__ import annotations

from typing import Any

import pytest

from sgdmem.numeric.acceleration.compare_methods import (
    METHODS,
    applicable_methods,
    compare_methods,
    predicted_exponent,
)
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.errors import InputError

LAW = Problem.power_law(2, 0.5)


@pytest.mark.exhaustive
def test_where_the_signal_dominates() -> None:
    rows = {row.method: row for row in compare_methods(Problem.power_law(2, 0.4), 10, 10**5)}
    assert tuple(rows) == METHODS
    # theory, last local exponents at t = 1e5 and beyond
    measured = {"SGD": 0.4, "AM1": 0.599, "AM2": 0.663, "AM3": 0.691}
    for method, exponent in measured.items():
        assert rows[method].exponent == pytest.approx(exponent, abs=0.025)
        assert rows[method].exponent == pytest.approx(rows[method].predicted, abs=0.03)
    assert rows["AM2"].losses[-1] == pytest.approx(4.2e-4, rel=0.02)
    assert rows["AM3"].losses[-1] == pytest.approx(4.2e-4, rel=0.02)
    assert rows["restarted AM2"].losses[-1] == pytest.approx(5e-4, rel=0.1)
    assert rows["anchored AM1"].exponent == pytest.approx(0.6, abs=0.01)
    assert 1 < rows["anchored AM1"].losses[-1] / rows["AM1"].losses[-1] < 1.2
    assert rows["corner"].losses[-1] == pytest.approx(5e-4, rel=0.05)
    assert rows["AM2"].losses[-1] < rows["AM1"].losses[-1] < rows["SGD"].losses[-1]
    assert rows["SGD"].predicted < rows["best stationary"].exponent  # not yet its limit
    for row in rows.values():
        assert row.losses.argmax() == 0


def test_predictions() -> None:
    signal, noise = Problem.power_law(2, 0.4), Problem.power_law(2, 2)
    assert predicted_exponent("SGD", signal) == 0.4
    assert predicted_exponent("AM1", noise) == pytest.approx(2.25)
    assert predicted_exponent("anchored AM1", signal) == pytest.approx(0.6)
    for problem in (noise, Problem.power_law(2, 3)):  # the bias of the decay
        assert predicted_exponent("anchored AM1", problem) == pytest.approx(3)
    for method in ("AM2", "restarted AM2"):
        assert predicted_exponent(method, noise) == pytest.approx(2.5)
    steep = Problem.power_law(3, 0.25)
    assert predicted_exponent("AM3", steep) == pytest.approx(0.4833, abs=1e-4)
    assert predicted_exponent("corner", signal) == pytest.approx(0.76)


def test_corner_is_left_out_where_it_is_no_advantage() -> None:
    assert tuple(applicable_methods(LAW)) == METHODS
    chosen = applicable_methods(Problem.power_law(1.5, 2))
    assert chosen == [method for method in METHODS if method != "corner"]
    (row,) = compare_methods(Problem.power_law(2, 2), 10, 1000, methods=["SGD"])
    assert str(row).startswith("SGD  ")


@pytest.mark.parametrize(
    ("problem", "steps", "methods", "message"),
    [
        (Problem.power_law(1, 0.5), 1000, None, "exponent nu above 1"),
        (Problem.power_law(2), 1000, None, "target"),
        (Problem(Spectrum([2, 1]), target=[1, 1]), 1000, None, "two exponents"),
        (LAW, 10, None, "steps"),
        (LAW, 1000, ["Adam"], "unknown method"),
        (LAW, 1000, "SGD", r"methods must be a list such as .*, got 'SGD'"),
        (LAW, 1000, 3, "methods must be a list"),
        (LAW, 1000, [], "methods must be a list"),
        (Problem.power_law(2, 2), 1000, ["corner"], "methods must be without 'corner' where"),
    ],
)
def test_what_is_refused(problem: Any, steps: int, methods: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare_methods(problem, 1, steps, methods=methods)
