"""Files of maps and boundaries against the writer of xarray and the reader of SciPy."""

from __future__ import annotations

import contextlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import xarray
from xarray.backends import ScipyDataStore

import sgdmem
from sgdmem.phase_diagrams.maps.labelled_arrays import LabelledArrays, as_dataset
from sgdmem.phase_diagrams.maps.map_file import write_map_file
from sgdmem.phase_diagrams.maps.netcdf import _known, _Written, write_netcdf

WORDS = ["root", "größer", ""]
NUMBERS: dict[str, tuple[Any, ...]] = {
    "stable": (("y", "x"), np.array([[1, 0, -1], [-128, 1, 1]], np.int8), {"flags": [0, 1, -1]}),
    "margin": (("y", "x"), [[0.5, -np.inf, np.nan], [1e-300, -0.0, 3]], {"units": "1"}),
    "single": ("x", np.array([0.1, 2, 3], np.float32), {"low": 0.1, "none": "", "odd": np.int8(5)}),
    "count": ("y", [7, -(2**31)]),
    "word": ("x", WORDS),
    "one": ((), 2.5),
    "none": ("cusp", np.empty(0)),
    "no_words": ("cusp", np.array([], str)),
    "x": ("x", [0.1, 0.2, 0.3], {"long_name": "x"}),
    "y": ("y", [1, 2]),
}


def parts(data: bytes) -> Any:
    """Return all that a file has, in no order."""
    found = scipy.io.netcdf_file(BytesIO(data), mmap=False)
    variables = {
        name: (x.dimensions, str(x._attributes), x.data.dtype, x.data.tobytes())
        for name, x in found.variables.items()
    }
    return found.dimensions, str(found._attributes), variables


def by_xarray(found: xarray.Dataset, path: Path) -> bytes:
    with contextlib.closing(ScipyDataStore(str(path), mode="w", lock=False)) as store:
        found.dump_to_store(store)
    return path.read_bytes()


def by_us(found: LabelledArrays) -> bytes:
    file = BytesIO()
    write_netcdf(found, file)
    return file.getvalue()


def test_files_have_what_those_of_xarray_have(tmp_path: Path) -> None:
    found = LabelledArrays.of(NUMBERS, {"x": "learning_rate", "log": "", "tolerance": 1e-10})
    theirs, ours = by_xarray(found.to_dataset(), tmp_path / "theirs.nc"), by_us(found)
    assert len(theirs) == len(ours) and parts(theirs) == parts(ours)
    read, known = (xarray.load_dataset(BytesIO(x), engine="scipy") for x in (ours, theirs))
    assert read.identical(known)
    assert read.word.values.tolist() == WORDS and read.sizes["cusp"] == 0


def test_datasets_keep_coordinates_of_their_own(tmp_path: Path) -> None:
    dataset = as_dataset(LabelledArrays.of(NUMBERS)).assign_coords(word=("x", WORDS), z=3.0)
    write_map_file(dataset, tmp_path / "ours.nc")
    by_xarray(dataset, tmp_path / "theirs.nc")
    read, known = (
        xarray.load_dataset(tmp_path / name, engine="scipy") for name in ("ours.nc", "theirs.nc")
    )
    assert read.identical(known) and {*read.coords} == {"x", "y", "z", "word"}


@pytest.mark.parametrize("values", [[2**31], [1j], np.array([1], np.uint32)])
def test_what_the_format_does_not_have_is_refused(values: Any) -> None:
    with pytest.raises(ValueError, match="netCDF of version 3 has no"):
        by_us(LabelledArrays.of({"large": ("x", values)}))


@pytest.mark.parametrize(("rows", "size"), [(2**14, 2**31), (2**16, 2**32 - 1)])
def test_sizes_of_large_maps_have_32_bits_without_a_sign(rows: int, size: int) -> None:
    values = np.broadcast_to(0.5, (rows, 2**14))
    written = _Written("margin", ("y", "x"), values, "f8", b"")
    assert _known(written, {"x": 0, "y": 1})[-4:] == size.to_bytes(4, "big")


def test_labelled_arrays_are_taken_apart_as_datasets_are() -> None:
    found = LabelledArrays.of(NUMBERS, {"a": "b"})
    dataset = found.to_dataset()
    for parts_of in ({"x": slice(1, None, 2)}, {"y": np.array([1, 0])}, {"y": 1, "x": slice(2)}):
        taken: Any = dataset.isel(parts_of)
        assert found.isel(parts_of).to_dataset().identical(taken.reset_coords(drop=True))
    some = ["stable", "count"]
    assert found[some].to_dataset().identical(dataset[some])
    assert [*found] == [*dataset.data_vars] and {*found.coords} == {*dataset.coords}
    assert found.sizes == dict(dataset.sizes) and "x" in found and "z" not in found
    assert not hasattr(found, "z") and found.margin.size == 6 and found.margin.ndim == 2


def test_maps_and_boundaries_are_datasets() -> None:
    axes: Any = {"x": ("learning_rate", [0.1, 1]), "y": ("momentum", [0, 0.9])}
    diagram = sgdmem.phase_diagram("heavy-ball", sgdmem.Spectrum([1]), **axes, edges=True)
    assert isinstance(diagram, xarray.Dataset) and {*diagram.coords} == {
        "learning_rate",
        "momentum",
    }
    assert diagram.learning_rate.attrs["units"] == "1/eigenvalue"
