"""Titles, labels and legends are in the picture and apart, in a column of a paper as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure
from PIL import Image

import sgdmem
from sgdmem import InputError, Problem, Spectrum
from sgdmem.phase_diagrams.pictures.figure_size import SIZES, letters_of
from sgdmem.phase_diagrams.pictures.surroundings import settle, write_title
from sgdmem.phase_diagrams.systems.named_diagram_data import from_dataset
from sgdmem.phase_diagrams.systems.named_diagrams import diagram_data
from tests.picture_checks import alike_in_print, canvas_of, crowded, plane_edge, texts_outside

COLUMN = (3.25, 2.5)
LAW = Problem.power_law(1.5)


@cache
def small_map() -> Any:
    x, y = ("learning_rate", np.geomspace(0.02, 10, 30)), ("momentum", np.linspace(0, 0.99, 30))
    return sgdmem.phase_diagram("heavy-ball", LAW, 8, x=x, y=y)


def draw_map(**options: Any) -> Any:
    return sgdmem.draw(small_map(), **options)


def draw_edge(**options: Any) -> Any:
    return sgdmem.pictures.draw_boundary(plane_edge(), **options)


def draw_locus(**options: Any) -> Any:
    method = sgdmem.aggmo("0.1", ["0", "0.9", "0.99"])  # wide and low
    return sgdmem.pictures.draw_root_locus(method, Spectrum([50, 1]), **options)


def draw_summand(**options: Any) -> Any:
    method = sgdmem.methods.memory_one(100, "0.5", "1e-4")
    return sgdmem.pictures.draw_noise_summand(method, LAW, 8, **options)


def draw_losses(**options: Any) -> Any:
    problem = Problem.power_law(2, zeta="0.5")
    rules: dict[str, Any] = {
        "SGD": sgdmem.sgd("0.5"),
        "AM1": sgdmem.methods.accelerated(problem, 16),
    }
    rules["heavy ball"] = sgdmem.heavy_ball("0.2", "0.9")
    return sgdmem.pictures.draw_losses(rules, problem, 16, 100, **options)


@cache
def small_diagram() -> Any:
    return from_dataset(diagram_data("damping-effective-rate", points=20, resolution=8))


def draw_named(**options: Any) -> Any:
    return small_diagram().draw(**options)


def draw_series(**options: Any) -> Any:
    axes = {name: (name, small_map()[name].values) for name in ("learning_rate", "momentum")}
    panels = ("batch_size", [1, 8, np.inf])
    series = sgdmem.phase_diagram(
        "heavy-ball", LAW, x=axes["learning_rate"], y=axes["momentum"], panels=panels
    )
    return sgdmem.pictures.draw_series(series, **options)


ALL = [draw_map, draw_edge, draw_locus, draw_summand, draw_losses, draw_named, draw_series]
DEAR = (draw_locus, draw_named, draw_series)
LATER = pytest.mark.exhaustive


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(None, marks=LATER),
        "column",
        pytest.param("page", marks=LATER),
        pytest.param("slide", marks=LATER),
        pytest.param((4, 3), marks=LATER),
    ],
)
@pytest.mark.parametrize(
    "draw", [pytest.param(x, marks=pytest.mark.slow) if x in DEAR else x for x in ALL]
)
def test_all_is_inside_and_apart(draw: Callable[..., Any], size: Any) -> None:
    figure = draw(size=size).figure
    assert crowded(figure) == [] and alike_in_print(figure) == []
    if size in SIZES:
        assert figure.get_figwidth() == SIZES[size][0]
        sizes = {label.get_fontsize() for ax in figure.axes for label in ax.get_xticklabels()}
        assert sizes == {letters_of(size)}
    frame = figure.axes[0].get_window_extent()
    assert frame.height > 0.15 * figure.bbox.height and frame.width > 0.2 * figure.bbox.width


@pytest.mark.exhaustive
@pytest.mark.parametrize("size", ["column", "page", "slide"])
@pytest.mark.parametrize(
    "name",
    [
        *("learning-rate-momentum", "damping-effective-rate", "spectral-zones"),
        *("batch-size-learning-rate", "batch-sharpness", "regimes", "marginal-momentum"),
        *("spectral-conflict", "mem-sgd", "sparse-phases", "dana-phases", "associative-memory"),
        *("kaczmarz", "adaptive-methods"),
    ],
)
def test_named_diagrams_of_every_size(name: str, size: Any) -> None:
    assert crowded(sgdmem.systems.named_diagram(name, size=size).figure) == []


def test_letters_of_the_caller_stay_as_they_are() -> None:
    ax: Any = Figure(figsize=(5, 4), layout="constrained").add_subplot()
    before = dict(rcParams)
    draw_locus(ax=ax, size="column")
    assert dict(rcParams) == before and ax.title.get_fontsize() < 7
    assert ax.figure.get_figwidth() == 5  # only the letters are those of a column


@pytest.mark.parametrize("size", ["poster", (3,), (3, 99), 3, "33"])
def test_bad_sizes(size: Any) -> None:
    with pytest.raises(InputError, match=r"size must be column, page, slide or \(width, height\)"):
        draw_edge(size=size)


def test_files_have_letters(tmp_path: Path) -> None:
    axes, before = draw_edge(size="column"), dict(rcParams)
    axes.set_xlabel("noise sum $U'_\\Sigma$")
    for ending in ("pdf", "svg"):
        sgdmem.pictures.save(axes, tmp_path / f"edge.{ending}")
    assert dict(rcParams) == before
    written = (tmp_path / "edge.pdf").read_bytes()
    assert b"/CIDFontType2" in written and b"/Type3" not in written
    text = (tmp_path / "edge.svg").read_text()
    assert ">two complex roots<" in text and 'width="234pt"' in text
    assert ">\N{PRIME}<" in text and "cmsy" not in text  # a font of TeX, in which a prime is 0


def test_pixels_are_those_of_savefig_drawn_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    axes = draw_edge(size="column")
    figure, draws = axes.figure, []
    canvas, dots, draw = figure.canvas, figure.dpi, Figure.draw

    def counted(self: Any, renderer: Any) -> None:
        draws.append(renderer.dpi)
        draw(self, renderer)

    monkeypatch.setattr(Figure, "draw", counted)
    for opaque in (True, False):
        figure.patch.set_alpha(None if opaque else 0)
        draws.clear()
        sgdmem.pictures.save(axes, tmp_path / "edge.png")
        assert draws == [300] and figure.canvas is canvas and figure.dpi == dots
        with Image.open(tmp_path / "edge.png") as ours:
            assert ours.mode == ("RGB" if opaque else "RGBA")
            assert "written by sgdmem" in ours.info["Comment"]
            assert round(ours.info["dpi"][0]) == 300
            pixels = np.asarray(ours.convert("RGBA"))
        figure.savefig(tmp_path / "theirs.png", dpi=300)
        with Image.open(tmp_path / "theirs.png") as theirs:
            assert np.array_equal(pixels, np.asarray(theirs))


@pytest.mark.slow
def test_title_is_not_broken_within_an_equation() -> None:
    ax: Any = Figure(figsize=COLUMN, layout="constrained").add_subplot()
    draw_summand(ax=ax)
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


def test_a_label_of_one_phrase_a_line_is_settled() -> None:
    """Lines of a word each cannot be made more even, and were tried for ever."""
    axes = Figure(figsize=(3.3, 2), layout="constrained").add_subplot()
    axes.set_ylabel("largest effective rate, rand-k / SGD")
    settle(axes)
    assert axes.get_ylabel() == "largest effective rate,\nrand-k / SGD"


def test_titles_come_apart_at_commas() -> None:
    axes = Figure(figsize=(2.6, 2), layout="constrained").add_subplot()
    write_title(
        axes, r"Nesterov's method, batch size 4, $\tau_1$ = 1, $\tau_2$ = -1; 7 eigenvalues"
    )
    settle(axes)
    lines = axes.get_title().split("\n")
    assert lines[-1] == "7 eigenvalues" and len(lines) > 2
    assert all(line.endswith(",") for line in lines[:-2])
    assert "= −1" in axes.get_title().replace("\N{NO-BREAK SPACE}", " ")
