"""Arrays read from their groups on disk, values when they are used."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sgdmem.phase_diagrams.stores.chunk_store import MARK, ChunkStore
from sgdmem.phase_diagrams.stores.faults import (
    FILES,
    chunk_file,
    damaged_descriptions,
    description_file,
    fault_of,
    listed_files,
    shortened,
)
from sgdmem.phase_diagrams.stores.groups import CHUNKS, IDENTITY, zarr
from sgdmem.symbolic.errors import InputError

if TYPE_CHECKING:
    import xarray


def read_stored(path: Path) -> xarray.Dataset:
    """Return a diagram from its zarr group; values are read when they are used.

    Raises
    ------
    InputError
        If it is none, or if a chunk that had been computed is damaged, empty or missing.

    Warns
    -----
    UserWarning
        If chunks have not been computed, or lost their verdicts.
    """
    names = [file.rpartition("/")[0] for file in listed_files(path)]
    if not names:  # it is none of ours, or damaged
        return opened(path)
    broken = damaged_descriptions(path, names)
    _require_none((f"{description_file(name)} is damaged" for name in broken), path)
    group = zarr().open_group(path, mode="r")
    axes = [name for name in names if name and group[name].metadata.dimension_names == (name,)]
    _require_none((fault_of(path, chunk_file(name, [0])) for name in axes), path)
    found, lengths = opened(path), tuple(json.loads(group.attrs[CHUNKS]))
    sizes = {str(name): size for name, size in found[MARK].sizes.items()}
    store = ChunkStore(path, tuple(map(str, found.data_vars)), sizes, lengths)
    absent = []
    for chunk in store.chunks:
        if (path / chunk_file(MARK, chunk)).exists():
            _require_none(store.faults(chunk), path)
        else:
            absent.append(f"{chunk_file(MARK, chunk)} is missing")
    if absent:
        warnings.warn(
            f"store {path}: {shortened(absent)}: the command that made the store computes what is "
            "not there",
            stacklevel=2,
        )
    return found


def _require_none(faults: Iterable[str], path: Path) -> None:
    for fault in filter(None, faults):
        raise InputError(f"{path}: {fault}; the command that made the store computes it again")


def opened(path: Path) -> xarray.Dataset:
    """Return the arrays of a group without looking for faults, the variables in their order."""
    import xarray

    zarr()
    try:
        found = xarray.open_dataset(path, engine="zarr", consolidated=False, chunks=None)
    except Exception:  # whatever its readers raise
        raise InputError(f"{path} is no zarr group of a map") from None
    if MARK not in found:
        raise InputError(f"{path} holds no phase diagram")
    for name in (IDENTITY, CHUNKS, FILES):
        found.attrs.pop(name, None)
    order = {file.rpartition("/")[0]: place for place, file in enumerate(listed_files(path))}
    return found[
        sorted(map(str, found.data_vars), key=lambda name: order.get(str(name), len(order)))
    ]
