"""Names in regions and along curves: they are inside, have room, and touch nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import sgdmem
from sgdmem import Spectrum, draw
from sgdmem.phase_diagrams.pictures.palette import ink
from sgdmem.phase_diagrams.pictures.placement import _in_two_lines, name_curves, name_regions
from sgdmem.pictures import artists, draw_boundary, draw_series
from tests.picture_checks import canvas_of, overlapping, plane_edge, texts_outside

SETTINGS: dict[str, Any] = {
    "x": ("learning_rate", np.geomspace(0.01, 10, 60)),
    "y": ("momentum", np.linspace(0, 0.95, 50)),
    "problem": Spectrum([1, 0.5, 0.1]),
}


def cells_under(axes: Any, text: Any, x: Any, y: Any) -> tuple[slice, slice]:
    """Return the cells of a map that a text covers."""
    canvas = canvas_of(axes.figure)
    box = text.get_window_extent(canvas.get_renderer()).transformed(axes.transData.inverted())
    columns = np.searchsorted(x, [box.x0, box.x1])
    rows = np.searchsorted(y, [box.y0, box.y1])
    return slice(max(rows[0] - 1, 0), rows[1] + 1), slice(max(columns[0] - 1, 0), columns[1] + 1)


@pytest.mark.slow
def test_names_cover_only_their_regions() -> None:
    diagram = sgdmem.phase_diagram("heavy-ball", **SETTINGS, batch_size=2)
    axes = draw(diagram)
    texts = {text.get_text().replace("\n", " "): text for text in artists(axes)["region-name"]}
    assert set(texts) == {"stable", "diverges without noise", "diverges by noise"}
    stable = diagram.stable.values
    quiet = sgdmem.phase_diagram("heavy-ball", **SETTINGS)
    masks = {
        "stable": stable == 1,
        "diverges without noise": quiet.stable.values == 0,
        "diverges by noise": (stable == 0) & (quiet.stable.values == 1),
    }
    for name, text in texts.items():
        under = masks[name][cells_under(axes, text, SETTINGS["x"][1], SETTINGS["y"][1])]
        assert under.size > 4 and under.mean() > 0.97, name  # the corners of a box are empty
    assert overlapping(list(texts.values())) == []
    assert texts_outside(axes.figure) == []
    assert "region-name" not in artists(draw(diagram, annotate=False))


@pytest.mark.slow
def test_series_name_the_regions_of_each_panel() -> None:
    series = sgdmem.phase_diagram("heavy-ball", **SETTINGS, panels=("batch_size", [1, 1000]))
    figure = draw_series(series)
    small, large = figure.axes[:2]
    names = [
        {text.get_text().replace("\n", " ") for text in artists(ax)["region-name"]}
        for ax in (small, large)
    ]
    assert "diverges by noise" in names[0] and "diverges by noise" not in names[1]
    assert "stable" in names[0] & names[1]
    assert sum(map(len, names)) == len(artists(figure)["region-name"])
    assert "region-name" not in artists(draw_series(series, annotate=False))


def test_reasons_are_named() -> None:
    diagram = sgdmem.phase_diagram("heavy-ball", **SETTINGS, batch_size=2, quantities=["reason"])
    names = {
        text.get_text().replace("\n", " ")
        for text in artists(draw(diagram, quantity="reason"))["region-name"]
    }
    quiet = "diverges without noise"
    assert {"stable", quiet} <= names <= {"stable", quiet, "diverges by noise"}


@pytest.mark.parametrize("falling", [False, True])
def test_the_roomiest_place(falling: bool) -> None:
    ax = Figure(figsize=(6, 4)).add_subplot()
    ax.set(xlim=(1, 1000), ylim=(0, 1), xscale="log")
    edges = np.geomspace(1, 1000, 301), np.linspace(0, 1, 201)
    mask = np.zeros((200, 300), dtype=bool)
    mask[100:200, 200:300] = True  # the upper right, one third wide: from 100 to 1000
    mask[0:6, 0:300] = True  # a strip that is too low for words
    if falling:
        edges, mask = (edges[0][::-1], edges[1]), mask[:, ::-1]
    (text,) = name_regions(ax, edges, {"here": mask}).values()
    x, y = text.get_position()
    assert 2 / 3 + 0.05 < x < 1 - 0.05 and 0.55 < y < 0.95


def test_small_regions_have_no_names() -> None:
    ax = Figure(figsize=(6, 4)).add_subplot()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    edges = np.linspace(0, 1, 101), np.linspace(0, 1, 101)
    mask = np.zeros((100, 100), dtype=bool)
    mask[50:54, 50:54] = True
    assert name_regions(ax, edges, {"too small": mask}) == {}
    assert name_regions(ax, edges, {"nothing": mask & False}) == {}


def test_taken_places_are_avoided() -> None:
    ax = Figure(figsize=(6, 4)).add_subplot()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    edges = np.linspace(0, 1, 101), np.linspace(0, 1, 101)
    everywhere = {"a name": np.ones((100, 100), dtype=bool)}
    (alone,) = name_regions(ax, edges, everywhere).values()
    assert alone.get_position() == pytest.approx((0.5, 0.5), abs=0.03)
    size = np.array([6 * 0.775, 4 * 0.77]) * 72 * 0.85
    box = np.random.default_rng(1).uniform(0.4, 0.6, (500, 2)) * size
    (beside,) = name_regions(ax, edges, everywhere, [box]).values()
    assert np.abs(np.array(beside.get_position()) - 0.5).max() > 0.12


@pytest.mark.slow
def test_curves_are_named_beside_themselves() -> None:
    edge = plane_edge()
    axes = draw_boundary(edge)
    found = artists(axes)
    names = {text.get_text() for text in found["curve-name"]}
    assert names == {"a root at x = 1", "a root at x = -1", "two complex roots"}
    canvas_of(axes.figure)  # moves the axes to make room
    colours = {line.get_label(): line.get_color() for line in found["boundary"]}
    for text in found["curve-name"]:
        place = axes.transAxes.transform(text.get_position())
        gaps = [
            (np.linalg.norm(dense(axes, line) - place, axis=1).min(), line.get_color())
            for line in found["boundary"]
        ]
        gap, colour = min(gaps)
        assert 12 < gap < 35  # pixels: beside the curve, not on it
        assert colour == colours[text.get_text()]
        assert text.get_color() == ink(colour)
    assert texts_outside(axes.figure) == []
    assert "curve-name" not in artists(draw_boundary(edge, annotate=False))


def dense(axes: Any, line: Any) -> Any:
    """Return a line in pixels, without gaps."""
    points = axes.transData.transform(line.get_xydata())
    places = np.linspace(0, len(points) - 1, 2000)
    return np.column_stack([np.interp(places, range(len(points)), x) for x in points.T])


def test_a_name_without_room_is_left_out() -> None:
    ax = Figure(figsize=(3, 2)).add_subplot()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    short = np.array([0.5, 0.52]), np.array([0.5, 0.5])
    long = np.array([0.0, 1.0]), np.array([0.5, 0.5])
    name_curves(ax, {"a name that is far too long for it " * 3: [long]}, {})
    assert len(ax.texts) == 0
    name_curves(ax, {"long": [long], "short": [short]}, {"short": "black"}, ["long"])
    assert {text.get_text() for text in ax.texts} <= {"short"}


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("stable", "stable"),
        ("noise-dominated", "noise-\ndominated"),
        ("stable at $B = 1, 8$", "stable at\n$B = 1, 8$"),
        ("a root at x = -1", "a root\nat x = -1"),
    ],
)
def test_names_are_broken_outside_of_formulas(name: str, lines: str) -> None:
    assert _in_two_lines(name) == lines


def test_names_of_artists_are_unique_in_a_figure() -> None:
    series = sgdmem.phase_diagram("heavy-ball", **SETTINGS, panels=("batch_size", [1, 8]))
    found = artists(draw_series(series))
    ids = [artist.get_gid() for some in found.values() for artist in some]
    assert len(ids) == len(set(ids)) and len(found["map"]) == 2
