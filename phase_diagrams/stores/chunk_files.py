"""Files of chunks, written as zarr writes them, without its copies of the numbers."""

from __future__ import annotations

import json
import math
import os
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.threads import pieces
from sgdmem.phase_diagrams.stores.faults import checksum, chunk_file, description_file
from sgdmem.phase_diagrams.stores.frames import Frame

_SHUFFLES = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}
_LEAST, _MOST = 2**20, 2**31 - 2**12  # bytes of chunks in frames; Blosc's have a largest size
_MOSTLY = 0.5  # of what is finite: less compresses well
_SAMPLED, _PART = 4096, 2**17  # values that are looked at first, and at a time


class _Layout(NamedTuple):
    """What an array says of its chunks."""

    shape: tuple[int, ...]
    fill_value: Any
    dtype: Any
    compressor: Any  # of numcodecs
    is_blosc: bool


def frame_of(path: Path, name: str) -> Frame | None:
    """Return memory for a chunk of a variable, if it is one of floats for which that pays."""
    layout = _layout(*_described(path, name))
    size = layout.dtype.itemsize * math.prod(layout.shape)
    if layout.dtype != np.dtype("<f8") or not layout.is_blosc or not _LEAST <= size <= _MOST:
        return None
    return Frame(layout.shape)


def write_chunk(
    path: Path, name: str, place: tuple[int, ...], values: Array, frame: Frame | None = None
) -> None:
    """Write a chunk of a variable, which appears under its name when it is whole.

    A chunk at an end of the array may have fewer values than others; what is missing is filled.
    Finite values in a ``frame`` hardly compress, and are written as they are.
    """
    described = _described(path, name)
    file = path / chunk_file(name, place)
    file.parent.mkdir(parents=True, exist_ok=True)
    young = file.with_name(f"{file.name}.{uuid4().hex}.partial")
    try:
        own = frame if frame is not None and frame.holds(values) else None
        is_dense = own is not None and _share_of_finite(values) >= _MOSTLY
        data = b"" if is_dense else _compressed(described, values)
        if own is not None and len(data) <= values.nbytes:
            own.write(young, data or None)
        else:
            with young.open("wb") as written:
                written.write(data)
                written.write(checksum(data))
        os.replace(young, file)
    except BaseException:
        young.unlink(missing_ok=True)
        raise


def _share_of_finite(values: Array) -> float:
    flat = values.reshape(-1)
    return float(np.isfinite(flat[:: 1 + flat.size // _SAMPLED]).mean())


def _compressed(described: tuple[str, int], values: Array) -> bytes:
    layout = _layout(*described)
    if values.shape != layout.shape:
        whole = np.full(layout.shape, layout.fill_value, dtype=layout.dtype)
        whole[tuple(map(slice, values.shape))] = values
        values = whole
    values = np.ascontiguousarray(values, dtype=layout.dtype)
    if values.size >= _SAMPLED and _is_constant(values.reshape(-1)):
        return _constant(*described, values.flat[0].tobytes())
    return bytes(layout.compressor.encode(values))


def _is_constant(flat: Array) -> bool:
    """Return whether all values have the same bits; a few places tell of most that have not."""
    flat = flat.view(f"i{flat.itemsize}")
    parts = [flat[:: flat.size // _SAMPLED], *(flat[x] for x in pieces(0, flat.size, _PART))]
    return all((part == flat[0]).all() for part in parts)


@lru_cache(maxsize=16)
def _constant(file: str, changed: int, value: bytes) -> bytes:
    """Return a chunk of one value: far from the edge of stability all are."""
    layout = _layout(file, changed)
    values = np.full(layout.shape, np.frombuffer(value, layout.dtype)[0])
    return bytes(layout.compressor.encode(values))


def _described(path: Path, name: str) -> tuple[str, int]:
    file = path / description_file(name)
    return str(file), file.stat().st_mtime_ns


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
    return _Layout(shape, described["fill_value"], dtype, compressor, codec["name"] == "blosc")
