"""The scale of 1 - x, for momenta: its values, windows, maps and pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem import InputError, Spectrum
from sgdmem.cli.arguments.axes import read_axis, read_window
from sgdmem.numeric.arithmetic.scales import evenly, scale_of, to_places, to_values
from sgdmem.pictures import artists
from tests.picture_checks import crowded

RATES: Any = ("learning_rate", np.geomspace(0.1, 10, 12))


@pytest.mark.parametrize("scale", ["linear", "log", "log1m"])
def test_values_and_places(scale: Any) -> None:
    values = evenly(0.01, 0.999, 7, scale)
    assert values[[0, -1]].tolist() == [0.01, 0.999] and scale_of(values) == scale
    assert np.diff(to_places(values, scale)) == pytest.approx(np.ptp(to_places(values, scale)) / 6)
    assert to_values(to_places(values, scale), scale) == pytest.approx(values, rel=1e-14)


def test_the_command_line_reads_it() -> None:
    name, values = read_axis("momentum=0:0.999:4:log1m", "--y")
    assert name == "momentum" and values == pytest.approx([0, 0.9, 0.99, 0.999])
    assert read_window("momentum=0:0.9:log1m", "--y") == (("momentum", 0, 0.9), "log1m")
    with pytest.raises(Exception, match=r"needs HIGH < 1, got 1.0"):
        read_window("momentum=0:1:log1m", "--y")


def test_pictures_have_it() -> None:
    momenta = "momentum", evenly(0, 0.999, 10, "log1m")
    diagram = sgdmem.phase_diagram(
        "heavy-ball", Spectrum([1, 0.5]), 8, x=RATES, y=momenta, edges=True
    )
    axes = sgdmem.draw(diagram, size="column")
    assert crowded(axes.figure) == []
    heights = axes.transData.transform([(1, 0.9), (1, 0.99), (1, 0.999)])[:, 1]
    assert np.diff(heights)[0] == pytest.approx(np.diff(heights)[1])
    low, high = axes.get_ylim()
    labels = {
        tick.label1.get_text()
        for tick in axes.yaxis.get_major_ticks()
        if low <= tick.get_loc() <= high
    }
    assert labels == {"0", "0.9", "0.99", "0.999"}
    edge = sgdmem.stability_boundary(
        "heavy-ball",
        *(Spectrum([1, 0.5]), 8),
        x=("learning_rate", 0.1, 10),
        y=("momentum", 0, 0.999),
        log=["learning_rate"],
        log1m=["momentum"],
        resolution=12,
    )
    drawn = sgdmem.pictures.draw_boundary(edge)
    assert drawn.get_yscale() == axes.get_yscale() == "function"
    x, y = artists(axes)["edge"][0].get_data()
    again = np.interp(to_places(y, "log1m"), *_rising(edge))
    assert np.log(x) == pytest.approx(again, abs=2e-2)


def _rising(edge: Any) -> tuple[Any, Any]:
    order = np.argsort(edge.momentum.values)
    y, x = edge.momentum.values[order], edge.learning_rate.values[order]
    return to_places(y, "log1m"), np.log(x)


def test_bad_windows() -> None:
    window: Any = {"x": ("learning_rate", 0.1, 1), "y": ("momentum", 0, 1)}
    with pytest.raises(InputError, match=r"momentum on the scale of log\(1 - momentum\) must end"):
        sgdmem.stability_boundary("heavy-ball", Spectrum([1]), **window, log1m=["momentum"])
    with pytest.raises(InputError, match="log1m must name parameters among"):
        sgdmem.stability_boundary("heavy-ball", Spectrum([1]), **window, log1m=["nu"])
