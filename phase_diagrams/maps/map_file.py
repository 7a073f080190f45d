"""Maps and boundaries read from the files that they were written to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sgdmem.phase_diagrams.maps.chunk_store import read_stored
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    import os

    import xarray


def read_map_file(path: str | os.PathLike[str]) -> xarray.Dataset:
    """Return a map or a boundary from a netCDF file (.nc) or a zarr group (.zarr).

    Raises
    ------
    InputError
        If there is no such file, or it holds neither.
    """
    source = Path(path)
    if not source.exists():
        raise InputError(f"there is no file {shown(str(path))}")
    if source.is_dir():
        return read_stored(source)
    import xarray

    try:
        found = xarray.load_dataset(source, engine="scipy")
    except Exception as error:  # whatever xarray's reader raises at other files
        raise InputError(f"{source} is no netCDF file of a map: {error}") from None
    if "stable" not in found and "condition" not in found:
        raise InputError(f"{source} holds neither a phase diagram nor a boundary")
    return found
