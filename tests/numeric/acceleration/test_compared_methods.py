"""Methods side by side."""

from __future__ import annotations

from typing import Any

import pytest

from sgdmem.numeric.acceleration.compared_methods import (
    METHODS,
    compare_methods,
    predicted_exponent,
)
from sgdmem.symbolic.errors import InputError


@pytest.mark.slow
def test_where_the_signal_dominates() -> None:
    rows = {row.method: row for row in compare_methods(2, 0.4, 10, 10**5)}
    assert tuple(rows) == METHODS
    # theory, last local exponents at t = 1e5 and beyond
    measured = {"SGD": 0.4, "AM1": 0.599, "AM2": 0.663, "AM3": 0.691}
    for method, exponent in measured.items():
        assert rows[method].exponent == pytest.approx(exponent, abs=0.025)
        assert rows[method].exponent == pytest.approx(rows[method].predicted, abs=0.03)
    assert rows["AM2"].losses[-1] == pytest.approx(4.2e-4, rel=0.02)
    assert rows["AM3"].losses[-1] == pytest.approx(4.2e-4, rel=0.02)
    assert rows["corner"].losses[-1] == pytest.approx(5e-4, rel=0.05)
    assert rows["AM2"].losses[-1] < rows["AM1"].losses[-1] < rows["SGD"].losses[-1]
    assert rows["SGD"].predicted < rows["best stationary"].exponent  # not yet its limit
    for row in rows.values():
        assert row.losses.argmax() == 0


def test_predictions() -> None:
    assert predicted_exponent("SGD", 2, 0.4) == 0.4
    assert predicted_exponent("AM1", 2, 2) == pytest.approx(2.25)
    assert predicted_exponent("AM2", 2, 2) == pytest.approx(2.5)
    assert predicted_exponent("AM3", 3, 0.25) == pytest.approx(0.4833, abs=1e-4)
    assert predicted_exponent("corner", 2, 0.4) == pytest.approx(0.76)


@pytest.mark.slow
def test_corner_is_left_out_where_it_is_no_advantage() -> None:
    chosen = [row.method for row in compare_methods(1.5, 2, 10, 1000)]
    assert chosen == [method for method in METHODS if method != "corner"]
    assert str(compare_methods(2, 2, 10, 1000, ["SGD"])[0]).startswith("SGD  ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 0.5, 1, 1000), "spectrum_exponent"),
        ((2, 0, 1, 1000), "target_exponent"),
        ((2, 0.5, 1, 10), "steps"),
        ((2, 0.5, 1, 1000, ["Adam"]), "unknown method"),
        ((2, 0.5, 1, 1000, "SGD"), r"methods must be a list such as .*, got 'SGD'"),
        ((2, 0.5, 1, 1000, 3), "methods must be a list"),
    ],
)
def test_what_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare_methods(*arguments)
