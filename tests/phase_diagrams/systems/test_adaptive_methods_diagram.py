"""Test errors by p: the curves are those of exact fractions."""

from __future__ import annotations

import numpy as np
import pytest

from sgdmem import draw
from sgdmem.errors import InputError
from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.systems import diagram_data, named_diagram


def test_curves() -> None:
    found = artists(named_diagram("adaptive-methods", points=3, labels="3", p=(0.5, 1)))
    (descent,), (adaptive,) = found["gradient-descent"], found["adaptive"]
    p = 0.75
    q = 1 - p
    assert descent.get_ydata()[1] == pytest.approx(q * p**3 + p * q**3)
    assert adaptive.get_ydata()[1] == pytest.approx(q * (p**3 + 3 * p**2 * q) + p * q**3)
    assert list(found["many-labels"][0].get_ydata()) == [0.5, 0.25, 0]


def test_small_rates_where_they_say_more() -> None:
    """Of 1 and 2 labels both err with 1 - p; of one kind alone the bound is all."""
    data = diagram_data("adaptive-methods", points=5, labels=3, p=(0, 1))
    p = data.p.values
    rest = (1 - p) * 3 * p * (1 - p) ** 2
    found = artists(draw(data))
    for name in ("signs", "adagrad"):
        assert data[name].values[0] - data["adaptive"].values[0] == pytest.approx(rest)
        (line,) = found[name]
        assert np.isnan(line.get_ydata()[[0, -1]]).all()
        assert line.get_ydata()[1:-1] == pytest.approx(data[name].values[0, 1:-1])
    assert np.isnan(data.many_labels.values[:2]).all()  # the bound tends to 0 there


def test_bad_input() -> None:
    with pytest.raises(InputError, match="p must be a pair within 0 and 1"):
        named_diagram("adaptive-methods", p=(0.5, 2))
    with pytest.raises(InputError, match="problem is chosen by the diagram"):
        named_diagram("adaptive-methods", [1, 0.5])
    with pytest.raises(InputError, match="labels must be an integer from 1 to 200"):
        named_diagram("adaptive-methods", labels=["5", 0])
