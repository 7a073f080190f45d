"""Pictures of maps: what colours are where, series, and drawing again from a file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.image import BboxImage

from sgdmem import (
    InputError,
    Noise,
    Problem,
    Spectrum,
    draw,
    methods,
    phase_diagram,
    sgd,
    stability,
    stability_boundary,
)
from sgdmem.phase_diagrams.pictures import map_colours, map_picture
from sgdmem.phase_diagrams.pictures.series_picture import draw_series
from sgdmem.pictures import artists, draw_boundary, draw_root_locus
from tests.cli.running import run
from tests.picture_checks import colour_at, is_colour, legend_words

GREY, ORANGE, BLUE, LIGHT_BLUE = "#b0b0b8", "#d55e00", "#0072b2", "#cfe6f5"
SETTINGS: dict[str, Any] = {
    "x": ("learning_rate", np.geomspace(0.01, 10, 40)),
    "y": ("momentum", np.linspace(0, 0.95, 30)),
    "problem": Spectrum([1, 0.5, 0.1]),
}


@pytest.fixture(scope="module")
def diagram() -> xarray.Dataset:
    names = ["reason", "critical_batch_size", "critical_eigenvalue"]
    return phase_diagram("heavy-ball", **SETTINGS, batch_size=2, quantities=names)


def test_colours_say_what_the_verdict_is(diagram: xarray.Dataset) -> None:
    axes = draw(diagram, annotate=False)
    assert axes.get_xscale() == "log" and axes.get_yscale() == "linear"
    assert is_colour(colour_at(axes, 8, 0.5), GREY)
    assert is_colour(colour_at(axes, 1.6, 0.7), ORANGE)
    stable = colour_at(axes, 0.02, 0.1)
    assert not is_colour(stable, GREY) and not is_colour(stable, ORANGE)
    words = ["diverges without noise", "diverges by noise", "edge, guessed between points"]
    assert legend_words(axes) == words


def test_what_is_stable_without_a_noise_sum_is_no_hole(diagram: xarray.Dataset) -> None:
    told = diagram.noise_sum.where(diagram.learning_rate > 0.03)
    axes = draw(diagram.assign(noise_sum=told), annotate=False)
    assert is_colour(colour_at(axes, 0.02, 0.1), LIGHT_BLUE)
    assert not is_colour(colour_at(axes, 0.05, 0.1), LIGHT_BLUE)


def test_reasons_have_colours(diagram: xarray.Dataset) -> None:
    axes = draw(diagram, quantity="reason", annotate=False)
    assert is_colour(colour_at(axes, 8, 0.5), GREY)
    colours = [colour_at(axes, 1.6, momentum) for momentum in (0.66, 0.68, 0.7, 0.72)]
    assert any(is_colour(colour, ORANGE) for colour in colours)  # others are on a hatch
    assert is_colour(colour_at(axes, 0.02, 0.1), BLUE)


def test_flags_are_named_by_their_values(diagram: xarray.Dataset) -> None:
    axes = draw(diagram, quantity="noiseless", annotate=False)
    names = set(legend_words(axes))
    assert names == {"stable", "unstable", "edge, guessed between points"}
    assert is_colour(colour_at(axes, 8, 0.5), GREY)
    assert is_colour(colour_at(axes, 1.6, 0.7), BLUE)


def test_numbers_of_many_sizes_have_a_logarithmic_scale(diagram: xarray.Dataset) -> None:
    axes = draw(diagram, quantity="critical_batch_size")
    assert type(axes.collections[0].norm).__name__ == "LogNorm"
    (pattern,) = artists(axes)["pattern"]
    assert pattern.get_paths() and is_colour(np.array(axes.collections[0].cmap(np.nan)[:3]), GREY)
    (bar,) = (ax for ax in axes.figure.axes if ax is not axes)
    assert bar.get_ylabel() == "critical batch size; crossed: infinite"
    linear = draw(diagram, quantity="margin")
    assert type(linear.collections[0].norm).__name__ == "Normalize"


def test_coupled_noise_has_a_radius() -> None:
    problem = Problem(Spectrum([2, 1]), Noise.coupled([[1, 0.5], [0.5, 1]]))
    x, y = ("learning_rate", [0.1, 0.9]), ("momentum", [0, 0.5])
    found = phase_diagram("heavy-ball", problem, 8, x=x, y=y)
    assert draw(found).figure.axes[1].get_ylabel() == "noise radius where stable"
    window: dict[str, Any] = {"x": ("learning_rate", 0.1, 4), "y": ("batch_size", 1, 8)}
    edge = stability_boundary("sgd", Spectrum([2, 1]), **window, resolution=4)
    coupled = edge.assign()
    coupled.attrs = found.attrs | {name: edge.attrs[name] for name in ("x", "y")}
    for each, word in ((edge, "sum"), (coupled, "radius")):
        assert f"the noise {word}" in [x.get_label() for x in draw_boundary(each).lines]


@pytest.mark.slow
def test_a_series_has_a_panel_for_each_value_and_one_scale() -> None:
    panels = ("batch_size", [1, 2, 4, 8])
    series = phase_diagram("heavy-ball", **SETTINGS, panels=panels)
    figure = draw_series(series, annotate=False)
    maps = figure.axes[:4]
    assert [ax.get_title() for ax in maps] == [f"batch size $B$ = {b}" for b in panels[1]]
    assert len(figure.axes) == 5  # and a colour bar
    assert {ax.collections[0].get_clim() for ax in maps} == {(-0.5, 4.5)}
    assert len(draw(series, annotate=False).axes) == 5
    with pytest.raises(InputError, match="ax must be None for a series"):
        draw(series, maps[0])


@pytest.mark.slow
def test_a_series_with_full_batches_has_one_scale_of_noise_sums() -> None:
    series = phase_diagram(
        "heavy-ball",
        Spectrum.power_law(1.5),
        x=("learning_rate", [0.001, 0.1, 1]),
        y=("momentum", [0, 0.9]),
        panels=("batch_size", [8, "inf"]),
    )
    maps = [artists(ax)["map"][0] for ax in draw(series, quantity="noise_sum").axes[:2]]
    assert maps[0].norm is maps[1].norm and maps[0].norm.vmin == 0


def test_axes_have_the_letters_of_the_family() -> None:
    axes: dict[str, Any] = {"x": ("learning_rate", [0.1, 0.2]), "y": ("beta", [0, 0.5])}
    shown = draw(phase_diagram("snag", Spectrum([1]), **axes, alpha="0.5", gamma="0.1"))
    assert shown.get_xlabel() == r"learning rate $\eta$" and shown.get_ylabel() == r"$\beta$"
    assert r"$\alpha$" in shown.get_title() and "label" not in shown.get_title()


def test_unknown_quantities_are_refused(diagram: xarray.Dataset) -> None:
    with pytest.raises(
        InputError, match="quantity must be among stable, noiseless, noise_sum, margin"
    ):
        draw(diagram, quantity="speed")


def test_what_is_no_map_is_refused_and_files_are_read(
    diagram: xarray.Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "m.nc"
    diagram.to_netcdf(path, engine="scipy")
    assert draw(str(path)).get_title() == draw(diagram).get_title()
    edge = xarray.Dataset({"condition": ("piece", [0])})
    for other, message in (
        (stability(sgd("0.1"), Spectrum([1]), 1), r"data must be .* got a Verdict"),
        (tmp_path / "no.nc", "there is no file"),
        (xarray.Dataset(), r"data must be .* got a Dataset"),
    ):
        with pytest.raises(InputError, match=message):
            draw(other)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"ax must be matplotlib Axes, .* got 'a.png'; .*savefig"):
        draw(diagram, "a.png")
    with pytest.raises(InputError, match=r"got a boundary: sgdmem.draw draws it"):
        draw_series(edge)


@pytest.mark.slow
def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    axes = ["--x", "learning_rate=0.01:9:12:log", "--y", "momentum=0:0.9:9", "--power-law", "2"]
    panels = ["--panels", "batch_size=1,8", "--quantity", "effective_learning_rate"]
    picture = tmp_path / "maps.png"
    method = ["qhm", "--set", "nu=0.7"]
    code, out, _ = run(capsys, "phase-diagram", *method, *axes, *panels, "-o", str(picture))
    assert code == 0 and "of 216 points are stable" in out
    again = tmp_path / "again.png"
    data = str(picture.with_suffix(".nc"))
    quantity = ["--quantity", "effective_learning_rate"]
    assert run(capsys, "draw", data, *quantity, "-o", str(again))[0] == 0
    assert again.read_bytes() == picture.read_bytes()
    edge = tmp_path / "edge.svg"
    window = ["--x", "learning_rate=0.1:6", "--y", "momentum=0:0.9", "--resolution", "8"]
    assert (
        run(capsys, "boundary", "heavy-ball", *window, "--power-law", "2", "-o", str(edge))[0] == 0
    )
    new, damaged = tmp_path / "new.nc", tmp_path / "damaged.nc"
    new.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    damaged.write_bytes(b"CDF\x01" + b"\xff" * 100)
    for bad, message in (
        (["no.nc"], "there is no file"),
        ([data, "-o", "x.doc"], "-o must end in .png, .svg or .pdf"),
        ([data, "--quantity", "speed"], "quantity must be among"),
        ([str(edge.with_suffix(".nc")), "--quantity", "margin"], "quantity belongs to maps"),
        ([str(picture)], "is no netCDF file of a map or a diagram\n"),
        ([str(new)], "is netCDF of version 4"),
        ([str(damaged)], "is netCDF that cannot be read: damaged"),
    ):
        code, _, err = run(capsys, "draw", *bad)
        assert code == 2 and message in err
    assert run(capsys, "draw", str(edge.with_suffix(".nc")), "-o", str(tmp_path / "e.pdf"))[0] == 0
    code, _, err = run(capsys, "phase-diagram", "sgd", *axes, "--panels", "batch_size")
    assert code == 2 and "--panels expects NAME=VALUE" in err


def test_axes_in_any_order_are_drawn_in_order(diagram: xarray.Dataset) -> None:
    mixed = diagram.isel(learning_rate=[5, 39, 0, 12, 12, 30], momentum=[20, 3, 3, 29])
    axes = draw(mixed)
    assert axes.get_xlim()[0] < axes.get_xlim()[1]
    values = mixed.drop_duplicates("learning_rate").sortby("learning_rate").learning_rate.values
    shown = axes.collections[0].get_coordinates()[0, :, 0]
    assert len(shown) == len(values) + 1 and (np.diff(shown) > 0).all()


def test_an_edge_is_straight_where_it_is_a_power() -> None:
    spectrum = Spectrum([1], weights=[10**6])  # B in proportion to the rate
    x, y = np.geomspace(1e-5, 1e-2, 12), np.geomspace(1, 4096, 5)
    diagram = phase_diagram("sgd", spectrum, x=("learning_rate", x), y=("batch_size", y))
    (edge,) = artists(draw(diagram))["edge"]
    places = edge.get_transform() - edge.axes.transData
    ends = [places.transform(path.vertices) for path in edge.get_paths()]
    rates, sizes = np.concatenate(ends).T
    assert len(rates) > 5 and np.ptp(np.log(sizes / rates)) < 0.1


def test_large_maps_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_picture, "_MOST_CELLS", 20)  # of 2000, to be quick
    whole = phase_diagram(
        "sgd",
        Spectrum([1]),
        x=("learning_rate", np.linspace(0.1, 3, 45)),
        y=("batch_size", [1, 2, 3]),
    )
    axes = draw(whole, quantity="noise_sum")
    found = np.ma.getdata(axes.collections[0].get_array())
    np.testing.assert_array_equal(found[:, :3], whole.noise_sum.values[:, [1, 4, 7]])


@cache
def fine_map() -> Any:
    rates, momenta = np.geomspace(0.01, 10, 90), 1 - np.geomspace(1, 1e-3, 70)
    axes: Any = {"x": ("learning_rate", rates), "y": ("momentum", momenta)}
    return phase_diagram("heavy-ball", SETTINGS["problem"], 8, quantities=["reason"], **axes)


@pytest.mark.parametrize(
    "quantity", ["stable", *(pytest.param(x, marks=pytest.mark.slow) for x in ("reason", "margin"))]
)
def test_many_cells_are_an_image_of_the_same_colours(
    quantity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = fine_map()
    pictures, name = [], "kinds" if quantity == "reason" else "map"
    for many in (1, 10**6):
        monkeypatch.setattr(map_colours, "_MANY_CELLS", many)
        drawn = draw(given, quantity=quantity, annotate=False)
        assert isinstance(artists(drawn)[name][0], BboxImage) == (many == 1)
        canvas: Any = FigureCanvasAgg(drawn.figure)
        canvas.draw()
        pictures.append(np.asarray(canvas.buffer_rgba())[..., :3].astype(float))
    differs = np.abs(pictures[0] - pictures[1]).max(axis=2) > 16
    assert differs.mean() < 0.02  # of a cell's border, half a pixel
    uneven = given.isel(learning_rate=np.arange(90) ** 2 // 90)
    monkeypatch.setattr(map_colours, "_MANY_CELLS", 1)
    drawn = draw(uneven, quantity=quantity, annotate=False)
    assert isinstance(artists(drawn)[name][0], QuadMesh)


def test_lines_and_patterns_of_large_maps_know_fewer_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends = np.arange(12.0), np.arange(8.0)
    mask = np.add.outer(np.arange(7), np.arange(11)) > 7
    areas = []
    for most in (100, 4):
        monkeypatch.setattr(map_colours, "_MOST_FOR_LINES", most)
        drawn = map_colours.hatch(Figure().add_subplot(), ends, mask, "//", "white")
        (path,) = drawn.get_paths()
        areas.append(path.get_extents().bounds)
    assert areas == [(2, 0, 9, 7), (3, 0, 8, 7)]  # blocks of 2 x 3 cells have the look of one


def test_infinite_batches_are_no_axis() -> None:
    sizes = ("batch_size", [1, 2, float("inf")])
    found = phase_diagram("sgd", Spectrum([1]), x=("learning_rate", [0.1, 1]), y=sizes)
    with pytest.raises(InputError, match="batch_size = inf has no place on an axis"):
        draw(found)


def test_a_single_row_has_no_names() -> None:
    found = phase_diagram("heavy-ball", Spectrum([1]), 8, x=SETTINGS["x"], y=("momentum", [0.9]))
    assert "region-name" not in artists(draw(found))


def test_the_label_of_a_critical_eigenvalue_is_off_the_real_axis() -> None:
    axes = draw_root_locus(methods.delayed_sgd(1, 3), Spectrum([1]), size="column")
    figure = axes.figure
    figure.canvas.draw()
    (text,) = artists(axes)["critical-eigenvalue"]
    low = axes.transData.inverted().transform(text.get_window_extent())[0, 1]
    assert low > 0.1  # where the locus and the roots of P and Q are
