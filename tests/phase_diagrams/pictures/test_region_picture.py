"""Pictures of proved regions: their boxes over a map, and alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import sgdmem
from sgdmem import InputError, Spectrum
from sgdmem.phase_diagrams.maps.map_file import read_map_file, write_map_file
from sgdmem.pictures import artists
from sgdmem.proofs import ProvedRegion, prove_region

AXES: dict[str, Any] = {"x": ("learning_rate", 0.1, 4, "log"), "y": ("momentum", 0, 0.9)}


@pytest.fixture(scope="module")
def region() -> ProvedRegion:
    return prove_region("heavy-ball", Spectrum([1, 0.5]), 4, goal=0.2, **AXES)


@pytest.fixture(scope="module")
def merged(region: ProvedRegion) -> xarray.Dataset:
    diagram = sgdmem.phase_diagram(
        "heavy-ball",
        Spectrum([1, 0.5]),
        4,
        x=("learning_rate", np.geomspace(0.1, 4, 7)),
        y=("momentum", np.linspace(0, 0.9, 5)),
    )
    return diagram.merge(region.to_dataset(), combine_attrs="override")


def test_boxes_over_a_map(merged: xarray.Dataset, region: ProvedRegion) -> None:
    axes = sgdmem.draw(merged)
    found = artists(axes)
    for name, flag in (("open", -1), ("proved-stable", 1), ("proved-unstable", 0)):
        assert len(found[name][0].get_paths()) == (region.verdicts == flag).sum()
    first = np.flatnonzero(region.verdicts == -1)[0]
    corners = found["open"][0].get_paths()[0].vertices
    assert corners.min(axis=0).tolist() == region.low[first].tolist()
    assert corners.max(axis=0).tolist() == region.high[first].tolist()


def test_a_picture_ends_where_the_proof_does_and_says_what_is_proved(
    merged: xarray.Dataset, region: ProvedRegion
) -> None:
    for size in (None, "column"):
        axes = sgdmem.draw(merged, size=size)
        assert axes.get_xlim() == (0.1, 4) and axes.get_ylim() == (0, 0.9)
        (legend,) = axes.figure.legends
        words = [text.get_text() for text in legend.get_texts()]
        shares = (region.stable_share, region.unstable_share, region.open_share)
        for name, share in zip(("proved stable", "proved unstable", "open"), shares, strict=True):
            assert f"{name}: {share:.1%}" in words
        assert "Computed at points: noise sums, why it diverges." in legend.get_title().get_text()


def test_the_same_colours_mean_the_same_alone_and_over_a_map(
    merged: xarray.Dataset, region: ProvedRegion
) -> None:
    shown = []
    for data in (merged, region.to_dataset()):
        (legend,) = sgdmem.draw(data).figure.legends
        texts = [text.get_text().partition(":")[0] for text in legend.get_texts()]
        both = zip(texts, legend.legend_handles, strict=True)
        names = ("proved stable", "proved unstable", "open")
        shown.append({name: h.get_facecolor() for name, h in both if name in names})
    assert shown[0] == shown[1] and len(set(shown[0].values())) == 3


def test_little_that_is_open_is_not_nothing(region: ProvedRegion) -> None:
    data = region.to_dataset()
    data.proved.attrs["open_share"] = 1e-5
    words = [text.get_text() for text in sgdmem.draw(data).figure.legends[0].get_texts()]
    assert "open: < 0.1%" in words


@pytest.mark.slow
def test_where_the_method_is_another_one_nothing_is_said(merged: xarray.Dataset) -> None:
    region = prove_region("torch-sgd", Spectrum([1, 0.5]), 4, goal=0.2, **AXES, dampening="0.5")
    apart = merged.assign_attrs()
    apart["proved"] = merged.proved.assign_attrs(nothing_said_of="momentum = 0")
    for data in (region.to_dataset(), apart):
        title = sgdmem.draw(data).figure.legends[0].get_title().get_text()
        assert title.endswith("Nothing is said of momentum = 0.")


def test_a_region_alone_and_from_its_file(tmp_path: Path, region: ProvedRegion) -> None:
    path = tmp_path / "region.nc"
    write_map_file(region.to_dataset(), path)
    assert read_map_file(path).proved.values.tolist() == region.verdicts.tolist()
    axes = sgdmem.draw(path, size="column")
    counts = {name: len(some[0].get_paths()) for name, some in artists(axes).items()}
    flags = {"stable": 1, "unstable": 0, "open": -1}
    assert counts == {name: int((region.verdicts == flag).sum()) for name, flag in flags.items()}
    assert axes.get_xscale() == "log" and axes.get_xlim() == (0.1, 4.0)
    assert "batch size 4" in axes.get_title()


def test_a_map_keeps_its_boxes_in_its_file(tmp_path: Path, merged: xarray.Dataset) -> None:
    path = tmp_path / "map.nc"
    write_map_file(merged, path)
    assert "open" in artists(sgdmem.draw(path))


def test_a_region_of_another_map_is_refused(merged: xarray.Dataset, region: ProvedRegion) -> None:
    attributes = {**merged.proved.attrs, "y": "nu"}
    other = merged.assign(proved=merged.proved.assign_attrs(attributes))
    with pytest.raises(InputError, match="the proved region is over learning_rate and nu, and the"):
        sgdmem.draw(other)
