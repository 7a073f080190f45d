"""Titles, labels and legends are in the picture and apart, in a column of a paper as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure

import sgdmem
from sgdmem import Problem, Spectrum
from sgdmem.phase_diagrams.pictures.surroundings import settle, write_title
from sgdmem.phase_diagrams.systems.named_diagrams import diagram_data
from tests.picture_checks import canvas_of, plane_edge, texts_outside

COLUMN = (3.3, 2.6)
LAW = Problem.power_law(1.5)


@cache
def small_map() -> Any:
    x, y = ("learning_rate", np.geomspace(0.02, 10, 30)), ("momentum", np.linspace(0, 0.99, 30))
    return sgdmem.phase_diagram("heavy-ball", LAW, 8, x=x, y=y)


def draw_map(ax: Any) -> None:
    sgdmem.draw(small_map(), ax)


def draw_edge(ax: Any) -> None:
    sgdmem.pictures.draw_boundary(plane_edge(), ax)


def draw_locus(ax: Any) -> None:
    method = sgdmem.aggmo("0.1", ["0", "0.9", "0.99"])  # wide and low
    sgdmem.pictures.draw_root_locus(method, Spectrum([50, 1]), ax=ax)


def draw_summand(ax: Any) -> None:
    method = sgdmem.methods.memory_one(100, "0.5", "1e-4")
    sgdmem.pictures.draw_noise_summand(method, LAW, 8, ax=ax)


def draw_losses(ax: Any) -> None:
    problem = Problem.power_law(2, zeta="0.5")
    rules: dict[str, Any] = {
        "SGD": sgdmem.sgd("0.5"),
        "AM1": sgdmem.methods.accelerated(problem, 16),
    }
    rules["heavy ball"] = sgdmem.heavy_ball("0.2", "0.9")
    sgdmem.pictures.draw_losses(rules, problem, 16, 100, ax=ax)


@cache
def small_diagram() -> Any:
    return diagram_data("damping-effective-rate", points=20, resolution=8)


def draw_named(ax: Any) -> None:
    small_diagram().draw(ax)


@pytest.mark.parametrize(
    ("size", "font"),
    [
        pytest.param((6.4, 4.8), 10, id="usual"),
        pytest.param(COLUMN, 10, id="column"),
        pytest.param(COLUMN, 8, id="small", marks=pytest.mark.exhaustive),
    ],
)
@pytest.mark.parametrize(
    "draw", [draw_map, draw_edge, draw_locus, draw_summand, draw_losses, draw_named]
)
def test_all_is_inside_and_apart(
    draw: Callable[[Any], None],
    size: tuple[float, float],
    font: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(rcParams, "font.size", font)
    ax = Figure(figsize=size, layout="constrained").add_subplot()
    draw(ax)
    renderer = canvas_of(ax.figure).get_renderer()
    assert texts_outside(ax.figure) == []
    parts: list[Any] = [ax.title, ax.xaxis.label, ax.get_legend()]
    title, label, legend = (part.get_window_extent(renderer) for part in parts)
    assert legend.y1 <= label.y0 and legend.x0 >= 0 and legend.x1 <= ax.figure.bbox.x1
    vertical = [one.yaxis.label for one in (*ax.figure.axes, *ax.child_axes)]
    for text in vertical:
        assert not text.get_window_extent(renderer).overlaps(title), text.get_text()
    frame = ax.get_window_extent(renderer)
    assert frame.height > 0.15 * ax.figure.bbox.height
    assert frame.width > 0.3 * ax.figure.bbox.width


def test_title_is_not_broken_within_an_equation() -> None:
    ax: Any = Figure(figsize=COLUMN, layout="constrained").add_subplot()
    draw_summand(ax)
    canvas_of(ax.figure)
    lines = ax.title._get_wrapped_text().split("\n")
    assert len(lines) > 2 and not any(line.startswith("=") or line.endswith("=") for line in lines)


def test_a_long_title_stays_inside_at_another_resolution() -> None:
    """It is settled at 100 dots an inch, and drawn at 72."""
    samples = "1,797 samples, drawn afresh for each batch, with replacement"
    ax: Any = Figure((6.4, 4.8), layout="constrained").add_subplot()
    mesh = ax.pcolormesh(np.eye(2))
    ax.figure.colorbar(mesh, ax=ax, label="proved bound of the noise radius where stable")
    write_title(ax, f"heavy ball, batch size 64, {samples}\n61 eigenvalues, 0.0503 to 7.34")
    ax.set(xlabel="x", ylabel="y")
    settle(ax)
    ax.figure.set_dpi(72)
    canvas_of(ax.figure)
    assert texts_outside(ax.figure) == []
