"""Edges that are kept with a map: exact curves, which its pictures show."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import sgdmem
from sgdmem import InputError, Noise, Problem, Spectrum, phase_diagram
from sgdmem.pictures import artists, draw_series
from tests.cli.running import run
from tests.picture_checks import legend_words

AXES: dict[str, Any] = {
    "x": ("learning_rate", np.geomspace(0.1, 10, 12)),
    "y": ("momentum", np.linspace(0, 0.9, 10)),
}


def test_the_edge_of_a_picture_is_exact() -> None:
    """Without noise margins jump at the edge: a line guessed between points is far off."""
    off = {}
    for edges in (False, True):
        axes = sgdmem.draw(phase_diagram("heavy-ball", Spectrum([1]), **AXES, edges=edges))
        (edge,) = artists(axes)["edge"]
        path = edge.get_path() if edges else edge.get_paths()[0]
        to_data = edge.get_transform() - axes.transData
        x, y = to_data.transform_path(path).vertices.T
        off[edges] = np.abs(x / (2 * (1 + y)) - 1).max()
    assert off[True] < 1e-5 and off[False] > 0.05


def test_lines_that_are_guessed_join_edges_of_one_kind_and_say_so() -> None:
    axes: dict[str, Any] = {
        "x": ("learning_rate", np.linspace(0, 4, 12)),
        "y": ("momentum", np.linspace(0, 0.9, 12)),
    }
    found = phase_diagram("heavy-ball", Spectrum([4, 1.3, 0.6, 0.05]), 4, **axes)
    kinds = np.where(found.stable == 1, 2, found.noiseless)  # 0 and 1: without noise, by noise
    ax = sgdmem.draw(found, annotate=False)
    edges = artists(ax)["edge"]
    to_grid = np.array([11 / 4, 11 / 0.9])
    met = []
    for path in [path for edge in edges for path in edge.get_paths()]:
        for (start, end), code in zip(pairwise(path.vertices), path.codes[1:], strict=True):
            if code == path.MOVETO:
                continue
            column, row = np.floor((start + end) / 2 * to_grid + 1e-9).astype(int)
            corners = {*kinds[row : row + 2, column : column + 2].ravel().tolist()}
            assert 2 in corners and len(corners) == 2
            met.append(min(corners))
    assert {*met} == {0, 1}
    assert "edge, guessed between points" in legend_words(ax)
    assert all(edge.get_linestyle()[0][1] is not None for edge in edges)


def test_small_maps_have_exact_edges_where_they_are_quick() -> None:
    axes: dict[str, Any] = {"x": ("learning_rate", [0, 2, 4]), "y": ("momentum", [0, 0.5])}
    found = phase_diagram("heavy-ball", Spectrum([4, 1.3, 0.6, 0.05]), 4, **axes, edges=None)
    assert not (found.stable == 1).any()
    assert len(artists(sgdmem.draw(found))["edge"]) == 2


def test_each_map_of_a_series_has_its_own(tmp_path: Path) -> None:
    problem = Problem(Spectrum([1, 0.5]), Noise(tau2=-1))
    every: Any = (("batch_size", [2, 8]), ("tau1", [1, 4]))
    for panels in every:
        series = phase_diagram("heavy-ball", problem, 8, **AXES, panels=panels, edges=True)
        series.to_netcdf(tmp_path / "series.nc", engine="scipy")
        series = xarray.load_dataset(tmp_path / "series.nc", engine="scipy")
        figure = draw_series(series, annotate=False)
        for ax, value in zip(figure.axes, panels[1], strict=False):
            (line,) = artists(ax)["edge"]
            size = value if panels[0] == "batch_size" else 8
            tau1 = value if panels[0] == "tau1" else 1
            for rate, momentum in list(zip(*line.get_data(), strict=True))[::7]:
                for factor, stable in ((1 - 1e-4, True), (1 + 1e-4, False)):
                    method = sgdmem.heavy_ball(rate * factor, momentum)
                    given = Problem(problem.spectrum, Noise(tau1, -1))
                    assert sgdmem.stability(method, given, size).stable is stable


def test_the_command_keeps_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "map.png"
    axes = ["--x", "learning_rate=0.1:10:12:log", "--y", "momentum=0:0.9:10", "--power-law", "2"]
    for more, kept in (([], True), (["--no-edges"], False)):
        done = run(capsys, "phase-diagram", "heavy-ball", *axes, *more, "-o", str(path))
        assert done[0] == 0
        found = xarray.load_dataset(path.with_suffix(".nc"), engine="scipy")
        assert ("edge_curve" in found) is kept


def test_where_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="edges are of maps without store"):
        phase_diagram("heavy-ball", Spectrum([1]), **AXES, store=tmp_path / "m.zarr", edges=True)
    with pytest.raises(InputError, match="edges need two finite values of momentum"):
        phase_diagram("heavy-ball", Spectrum([1]), x=AXES["x"], y=("momentum", [0.5]), edges=True)
    calm = phase_diagram(
        "sgd", Spectrum([1]), x=("learning_rate", [0.1, 1]), y=("batch_size", [2, 4]), edges=True
    )
    assert calm.sizes["edge"] == 0 and "edge" not in artists(sgdmem.draw(calm))
