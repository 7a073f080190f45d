"""Maps, boundaries and diagrams of curves written to files, and read from them."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled, LabelledArray, LabelledArrays
from sgdmem.phase_diagrams.maps.netcdf import write_netcdf
from sgdmem.phase_diagrams.maps.stored_map import read_stored_map
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.files.marks import append_mark, require_unchanged
from sgdmem.symbolic.files.whole_files import whole_file

if TYPE_CHECKING:
    import os

    import xarray

_NETCDF, _HDF5 = b"CDF", b"\x89HDF"
_OF_SCIPY = {  # of `scipy.io.netcdf_file`, by which it would no longer be read
    *("fp", "filename", "use_mmap", "mode", "maskandscale", "dimensions", "variables"),
    *("version_byte", "close", "createDimension", "createVariable", "flush", "sync"),
}


def write_map_file(found: Labelled, path: str | os.PathLike[str]) -> None:
    """Write arrays to a netCDF file; names of letters that it does not have, too."""
    with whole_file(path) as young:
        with open(young, "wb") as file:
            write_netcdf(_plainly_named(_arrays(found)), file)
        append_mark(young)


def _arrays(found: Labelled) -> LabelledArrays:
    """Return the arrays of what may be a dataset, each with what is said of its coordinates."""
    if isinstance(found, LabelledArrays):
        return found
    from xarray.conventions import encode_dataset_coordinates

    variables, attrs = encode_dataset_coordinates(found)
    arrays = {
        str(name): LabelledArray(str(name), tuple(map(str, x.dims)), x.values, dict(x.attrs))
        for name, x in variables.items()
    }
    return LabelledArrays(arrays, {str(key): value for key, value in attrs.items()})


def _plain(name: str) -> str:
    return "".join(x if x.isascii() else _code(x) for x in name)


def _plain_attribute(name: str) -> str:
    """Return a name that is none of scipy's: attributes of a file are those of its object there."""
    own = name.startswith("_") or name in _OF_SCIPY
    return _code(name[0]) + _plain(name[1:]) if own else _plain(name)


def _code(letter: str) -> str:
    return f"_u{ord(letter):04x}_"


def _as_given(name: str) -> str:
    return re.sub(r"_u([0-9a-f]{4,6})_", lambda found: chr(int(found[1], 16)), name)


def _plainly_named(found: LabelledArrays) -> LabelledArrays:
    variables = {
        (name := _plain(given)): replace(x, name=name, dims=tuple(map(_plain, x.dims)))
        for given, x in found.variables.items()
    }
    return LabelledArrays(variables, {_plain_attribute(k): x for k, x in found.attrs.items()})


def _named_as_given(found: xarray.Dataset) -> xarray.Dataset:
    names = {*map(str, found.variables), *map(str, found.dims)}
    renamed = found.rename({name: _as_given(name) for name in names if _as_given(name) != name})
    renamed.attrs = {_as_given(str(key)): value for key, value in found.attrs.items()}
    return renamed


def read_map_file(path: str | os.PathLike[str]) -> xarray.Dataset:
    """Return a map, a boundary or a diagram from a netCDF file (.nc), a map from a .zarr group.

    Raises
    ------
    InputError
        If there is no such file, it holds none of them, or it is not as sgdmem wrote it.
    """
    source = Path(path)
    if not source.exists():
        raise InputError(f"there is no file {shown(str(path))}")
    if source.is_dir():
        return read_stored_map(source)
    if not source.is_file():
        raise InputError(f"{source} is no regular file")
    require_unchanged(source)
    import xarray

    data = source.read_bytes()
    if data.startswith(_HDF5):
        raise InputError(
            f"{source} is netCDF of version 4, and only version 3 is read: write it by xarray's "
            'to_netcdf(…, engine="scipy")'
        )
    if not data.startswith(_NETCDF):
        raise InputError(f"{source} is no netCDF file of a map or a diagram")
    try:  # scipy does not let go of a damaged file
        found = xarray.load_dataset(BytesIO(data), engine="scipy", decode_times=False)
    except Exception:  # whatever xarray's reader raises of it
        raise InputError(
            f"{source} is netCDF that cannot be read: damaged, or not of sgdmem"
        ) from None
    kinds = {"stable", "condition", "summand", "proved"}
    if not kinds & {*found.data_vars} and "diagram" not in found.attrs:
        raise InputError(f"{source} holds no phase diagram, boundary, region or named diagram")
    return _named_as_given(found)
