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
    is_open = region.verdicts == -1
    assert len(found["open"][0].get_paths()) == is_open.sum()
    assert len(found["proved-boxes"][0].get_paths()) == (~is_open).sum()
    first = np.flatnonzero(is_open)[0]
    corners = found["open"][0].get_paths()[0].vertices
    assert corners.min(axis=0).tolist() == region.low[first].tolist()
    assert corners.max(axis=0).tolist() == region.high[first].tolist()
    words = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert f"open: {region.open_share:.1%}; elsewhere proved" in words


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
