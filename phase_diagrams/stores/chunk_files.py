"""Files of chunks, written as zarr writes them, without its copies of the numbers."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.stores.faults import checksum, chunk_file, description_file

_SHUFFLES = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}


class _Layout(NamedTuple):
    """What an array says of its chunks."""

    shape: tuple[int, ...]
    fill_value: Any
    dtype: Any
    compressor: Any  # of numcodecs


def write_chunk(path: Path, name: str, place: tuple[int, ...], values: Array) -> None:
    """Write a chunk of a variable, which appears under its name when it is whole.

    A chunk at an end of the array may have fewer values than others; what is missing is filled.
    """
    described = path / description_file(name)
    layout = _layout(str(described), described.stat().st_mtime_ns)
    if values.shape != layout.shape:
        whole = np.full(layout.shape, layout.fill_value, dtype=layout.dtype)
        whole[tuple(map(slice, values.shape))] = values
        values = whole
    data = layout.compressor.encode(np.ascontiguousarray(values, dtype=layout.dtype))
    file = path / chunk_file(name, place)
    file.parent.mkdir(parents=True, exist_ok=True)
    young = file.with_name(f"{file.name}.{uuid4().hex}.partial")
    try:
        with young.open("wb") as written:
            written.write(data)
            written.write(checksum(data))
        os.replace(young, file)
    except BaseException:
        young.unlink(missing_ok=True)
        raise


@lru_cache(maxsize=64)
def _layout(file: str, changed: int) -> _Layout:
    """Return what an array says of its chunks; ``changed`` is when its description was."""
    described = json.loads(Path(file).read_bytes())
    order, codec, _ = described["codecs"]  # of bytes, what compresses, checksums
    dtype = np.dtype(described["data_type"])
    if dtype.itemsize > 1:
        dtype = dtype.newbyteorder({"little": "<", "big": ">"}[order["configuration"]["endian"]])
    numcodecs, how = import_module("numcodecs"), codec["configuration"]
    if codec["name"] == "zstd":
        compressor = numcodecs.Zstd(how["level"])
    else:
        compressor = numcodecs.Blosc(
            how["cname"], how["clevel"], _SHUFFLES[how["shuffle"]], how["blocksize"]
        )
    shape = tuple(described["chunk_grid"]["configuration"]["chunk_shape"])
    return _Layout(shape, described["fill_value"], dtype, compressor)
