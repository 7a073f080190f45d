"""The diagram of a deep linear network: flow within its band, peaks on it, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem import InputError, draw
from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.phase_diagrams.systems.deep_linear import _end
from sgdmem.systems import DeepLinearMode, diagram_data, named_diagram


@pytest.mark.slow
def test_flow_is_within_its_band_and_peaks_are_on_it() -> None:
    data = diagram_data("deep-linear", depth=2, targets=[1, 3], points=9)
    assert data.target.values.tolist() == [3, 1]
    s0, s, t = 0.01, data.flow.values * [[3], [1]], data.time.values
    for target, row in zip((3, 1), s, strict=True):  # the logistic function, for depth 2
        growth = np.exp(2 * target * t)
        assert row == pytest.approx(target * s0 * growth / (target - s0 + s0 * growth), rel=1e-6)
    inner = (data.flow > 0.1) & (data.flow < 0.9)
    assert ((data.low < data.flow) & (data.flow < data.high)).where(inner, True).all()
    inside = (data.low < data.network) & (data.network < data.high)
    assert inside.isel(time=slice(1, None)).mean() > 0.6
    halves = [np.log((target - s0) / s0) / (2 * target) for target in (3, 1)]
    assert data.peak_time.values == pytest.approx(halves, rel=1e-3)


def test_noise_of_labels_moves_peaks_beyond_the_target() -> None:
    data = diagram_data("deep-linear", depth=2, targets=[3, 1], points=2, label_variance=1)
    assert data.peak.values == pytest.approx([(3 - np.sqrt(5 / 9)) / 4, 1])
    assert data.peak_time.values[1] == np.inf


def test_what_is_drawn() -> None:
    found = artists(named_diagram("deep-linear", depth=3, targets="2", points=3))
    assert {name: len(some) for name, some in found.items()} == {
        **{"law": 1, "flow": 1, "network": 1, "peak": 1}
    }
    assert found["peak"][0].get_ydata() == pytest.approx([4 / 7], rel=1e-3)


def test_negative_strengths_are_in_the_picture() -> None:
    data = diagram_data("deep-linear", depth=2, targets="2", points=3)
    assert draw(data).get_ylim()[0] == 0
    data["network"][0, 1] = -0.7
    assert draw(data).get_ylim()[0] < -0.7


def test_what_the_message_asks_for_is_enough() -> None:
    modes = [DeepLinearMode(3, target) for target in (4, 3, 2)]
    assert _end(modes, 2.4e-11, 0.002) <= 2000
    assert _end(modes, 0.01, 3.1e-6) <= 3.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"targets": [2, "0.01"]}, "targets must be above start, 0.01"),
        ({"depth": 1}, "depth must be"),
        ({"batch_size": "0.5"}, "batch_size must be"),
        ({"learning_rate": "1e-9"}, "^learning_rate must be at least 3.1e-06, for a million steps"),
        ({"learning_rate": "3e-6"}, "start must be at least 0.011, or learning_rate must be at"),
        ({"start": "1e-30"}, "^start must be at least 2.4e-11, for a million steps"),
        ({"start": "1e-30", "learning_rate": "1e-9"}, "^start and learning_rate must be larger"),
        ({"problem": [1]}, "problem is chosen by the diagram: deep-linear"),
    ],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        named_diagram("deep-linear", **options)
