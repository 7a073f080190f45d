"""The picture of Kaczmarz: exact losses below the guarantee, and near what layers can come to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem import Problem, Spectrum
from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.symbolic.errors import InputError
from sgdmem.systems import diagram_data, kaczmarz, named_diagram, worst_losses


def test_losses_are_below_the_guarantee() -> None:
    found = artists(named_diagram("kaczmarz", steps=100))
    names = "guarantee", "power", "slowest", "last-iterate"
    guarantee, power, slowest, proved = (np.array(found[x][0].get_ydata()) for x in names)
    losses = np.array([line.get_ydata() for line in found["loss"]])
    assert len(losses) == 6
    assert (losses < guarantee).all() and (guarantee <= power * (1 + 1e-12)).all()
    assert (losses < slowest).all() and (slowest < proved).all()
    assert proved[[0, -1]] == pytest.approx([0.6376 / 2, 0.6376 / 101], rel=1e-4)
    assert losses[:, -1].max() > 0.9 * slowest[-1]


def test_a_system_of_ones_own() -> None:
    problem = kaczmarz([[1.0, 0], [3.0, 4.0]])
    found = artists(named_diagram("kaczmarz", problem, steps=9, learning_rate="0.5"))
    (line,) = found["loss"]
    assert line.get_ydata() == pytest.approx(worst_losses(problem, 9, 0.5).losses[1:])
    assert "slowest" not in found
    with pytest.raises(InputError, match="curvatures up to 1, got one of 25"):
        named_diagram("kaczmarz", Problem.from_data([[[1.0, 0], [3.0, 4.0]]]))
    wrong: list[dict[str, Any]] = [{"steps": 1}, {"learning_rate": 2}, {"points": 1}]
    for options in wrong:
        with pytest.raises(InputError, match=next(iter(options))):
            named_diagram("kaczmarz", problem, **options)


ROWS = np.array([[1.0, 0, 2], [3, 4, 0], [0.1, 0, 0.3], [0, 0.5, 0.2]])


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"probabilities": "uniform"},
        {"probabilities": [1, 2, 3, 4]},
        {"blocks": 2},
        {"blocks": [[0, 2], [1], [3]], "probabilities": np.array([1, 2, 1])},
    ],
)
def test_rows_are_drawn_as_the_constructor_says(options: dict[str, Any]) -> None:
    """Rows of data, of any length, are divided by their norms, whatever else is asked."""
    expected = worst_losses(kaczmarz(ROWS, **options), 9).losses[1:]
    for problem in (ROWS, Problem.from_data(ROWS)):
        found = diagram_data("kaczmarz", problem, steps=9, **options).loss[0]
        assert found.values == pytest.approx(expected)


def test_probabilities_of_a_problem_are_kept() -> None:
    problem = kaczmarz(ROWS, probabilities=[1, 0, 3, 4])
    found = diagram_data("kaczmarz", problem, steps=9).loss[0]
    assert found.values == pytest.approx(worst_losses(problem, 9).losses[1:])


@pytest.mark.parametrize(
    ("problem", "options", "message"),
    [
        (None, {"blocks": 2}, "belong to a problem of rows"),
        (None, {"probabilities": [1, 2]}, "belong to a problem of rows"),
        (Spectrum([1]), {}, "one of samples"),
        (ROWS, {"blocks": 5}, "blocks must be an integer from 1 to 4, got 5"),
        (ROWS, {"probabilities": "big"}, "probabilities must be"),
        (kaczmarz(ROWS, blocks=2), {"blocks": 2}, "samples of one output, got 2 outputs"),
    ],
)
def test_other_rows_and_options(problem: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        diagram_data("kaczmarz", problem, steps=9, **options)
