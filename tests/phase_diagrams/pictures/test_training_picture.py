"""The picture of training that was watched."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sgdmem import InputError
from sgdmem.numeric.training.watching.training_record import TrainingRecord
from sgdmem.pictures import artists, draw_training
from tests.picture_checks import (
    alike_in_print,
    crowded,
    legend_words,
    overlapping,
    svg_ids,
    texts_outside,
)

STEPS = np.arange(200, 4001, 200)


def record(batch_size: float = 8, momentum: float = 0.9) -> TrainingRecord:
    """Return one that looks like that of a network with random labels."""
    found, random = TrainingRecord(), np.random.default_rng(0)
    for step in map(float, STEPS):
        grown = 1 - math.exp(-step / 800)
        radius = (grown + 0.05) * random.uniform(0.95, 1.05)
        found.append(
            step=step,
            batch_size=batch_size,
            loss=math.exp(-step / 1000),
            sharpness=20 * grown,
            full_batch_edge=2 * (1 + momentum) / 0.05,
            batch_sharpness=10 * grown,
            batch_sharpness_error=1,
            small_batch_edge=2 * (1 - momentum) / 0.05,
            radius=math.inf if step == 1000 else radius,
            radius_low=0.95 * radius,
            radius_high=1.05 * radius,
            trace_share=0.95,
            seconds=1,
            step_seconds=0.001,
        )
    return found


@pytest.fixture(scope="module")
def axes() -> Any:
    return draw_training(record())


def test_curves_are_shares_of_their_edges(axes: Any) -> None:
    drawn, given = artists(axes), record()
    assert drawn["sharpness"][0].get_ydata() == pytest.approx(given["sharpness"] / 76)
    assert drawn["batch-sharpness"][0].get_ydata() == pytest.approx(given["batch_sharpness"] / 4)
    assert drawn["loss"][0].get_ydata() == pytest.approx(given["loss"])
    radius = drawn["radius"][0].get_ydata()
    assert np.isnan(radius).tolist() == (STEPS == 1000).tolist()
    assert drawn["beyond"][0].get_xdata().tolist() == [1000]
    assert drawn["edge"][0].get_ydata()[0] == 1 and len(drawn["band"]) == 2
    assert axes.get_title() == "B = 8; radius estimated, 95% of the trace".replace(
        " = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"
    )


def test_a_full_batch_has_no_radius() -> None:
    drawn = artists(draw_training(record(math.inf)))
    assert "radius" not in drawn
    assert drawn["batch-sharpness"][0].get_ydata() == pytest.approx(
        record()["batch_sharpness"] / 76
    )


@pytest.mark.parametrize("width", [3.4, 6.4])
def test_texts_have_room(width: float) -> None:
    from matplotlib.figure import Figure

    axes = Figure(figsize=(width, 0.75 * width), layout="constrained").add_subplot()
    draw_training(record(), ax=axes)
    figure = axes.figure
    assert texts_outside(figure) == []
    numbers = [
        tick.label2
        for tick in artists(axes)["loss"][0].axes.yaxis.get_major_ticks()
        if tick.label2.get_text() and tick.label2.get_window_extent().y0 > 0
    ]
    assert overlapping(numbers) == [] and len(numbers) > 1
    assert crowded(figure) == [] and alike_in_print(figure) == []
    assert len(legend_words(axes)) > 1
    assert {"radius", "loss", "edge"} <= set(svg_ids(figure))


def test_what_is_no_record_is_refused() -> None:
    for given in (TrainingRecord(), [1, 2]):
        with pytest.raises(InputError, match="something measured"):
            draw_training(given)
