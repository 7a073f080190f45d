"""The stable side of a boundary's curves, against the verdicts of a map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem import Spectrum, phase_diagram, stability_boundary
from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.phase_diagrams.pictures.boundary_picture import draw_boundary
from sgdmem.phase_diagrams.pictures.stable_side import stable_side


@pytest.mark.parametrize(
    ("x", "y", "batch_size", "log"),
    [
        pytest.param((-0.5, 5), (-1.3, 1.3), np.inf, (), id="a triangle with acute corners"),
        pytest.param((0.02, 5), (0, 0.99), 2, ("learning_rate",), id="a logarithmic axis"),
    ],
)
def test_it_is_where_a_map_is_stable(x: Any, y: Any, batch_size: float, log: Any) -> None:
    problem = Spectrum([1, 0.5])
    window: dict[str, Any] = {"x": ("learning_rate", *x), "y": ("momentum", *y)}
    edge = stability_boundary("heavy-ball", problem, batch_size, **window, log=log, resolution=12)
    axes = draw_boundary(edge)
    (rates, momenta), side = stable_side(axes, edge)
    rates = np.sqrt(rates[1:] * rates[:-1]) if log else (rates[1:] + rates[:-1]) / 2
    momenta = (momenta[1:] + momenta[:-1]) / 2
    ends: dict[str, Any] = {"x": ("learning_rate", rates), "y": ("momentum", momenta)}
    stable = phase_diagram("heavy-ball", problem, batch_size, **ends).stable.values == 1
    assert side.any() and (side != stable).mean() < 0.01  # cells on the curve
    (name,) = artists(axes)["region-name"]
    column, row = (int(60 * share) for share in name.get_position())
    assert name.get_text() == "stable" and stable[row, column]
    assert "region-name" not in artists(draw_boundary(edge.drop_vars("stable_learning_rate")))
