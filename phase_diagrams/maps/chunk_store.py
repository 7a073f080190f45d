"""A diagram on disk, chunk by chunk, as a zarr group: what was computed once is there to stay."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from errno import EIO
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.maps.axes import axis_attributes
from sgdmem.phase_diagrams.maps.chunk_faults import (
    FILES,
    chunk_file,
    damaged_descriptions,
    described_files,
    description_file,
    fault_of,
    listed_files,
    shortened,
)
from sgdmem.phase_diagrams.maps.chunk_files import write_chunk
from sgdmem.phase_diagrams.maps.digests import DIGEST
from sgdmem.phase_diagrams.maps.quantities import NOT_YET, SUMS, VERDICTS, Quantity
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.files.whole_files import to_disk

if TYPE_CHECKING:
    import xarray

CHUNK = 1024  # points along each of the two last axes
_MARK = "stable"  # is written last: a chunk that has it was complete
_IDENTITY, _CHUNKS = "identity", "chunks"  # attributes of the group, with `FILES`
_LONG = 8  # bytes of a float
_ALL = {"write_empty_chunks": True}  # of nothing but NaN, too: a chunk that is missing is lost

Chunk = tuple[int, ...]  # its place along each axis


@dataclass(frozen=True)
class ChunkStore:
    """The chunks of a diagram.

    Attributes
    ----------
    path : Path
        The folder of the zarr group.
    variables : tuple of str
    sizes : mapping
        The length of each axis.
    chunk : tuple of int
        The length of a chunk along each axis.
    """

    path: Path
    variables: tuple[str, ...]
    sizes: Mapping[str, int]
    chunk: Chunk

    @property
    def chunks(self) -> Iterator[Chunk]:
        """All chunks, the last axis fastest."""
        return product(*(range(-(-n // c)) for n, c in zip(self._lengths, self.chunk, strict=True)))

    def missing(self) -> dict[Chunk, list[str]]:
        """Return the chunks that are not on disk yet, with what is wrong with those that were."""
        found = {}
        for chunk in self.chunks:
            faults = self.faults(chunk)
            if faults:
                files = (self.path / chunk_file(name, chunk) for name in self.variables)
                found[chunk] = faults if any(file.exists() for file in files) else []
        return found

    def faults(self, chunk: Chunk) -> list[str]:
        """Return what is wrong with the files of a chunk; nothing if it is complete."""
        files = (chunk_file(name, chunk) for name in self.variables)
        return [fault for file in files if (fault := fault_of(self.path, file))]

    def require_writable(self) -> None:
        """Raise InputError unless chunks can be written."""
        names = ["", *self.variables]
        folders = [*names, *(f"{name}/c" for name in self.variables)]
        for folder in (self.path / folder for folder in folders):
            if folder.exists() and not os.access(folder, os.W_OK):
                raise InputError(f"store {self.path} may not be written, and is not complete")

    def slices(self, chunk: Chunk) -> dict[str, slice]:
        """Return which values of each axis belong to a chunk."""
        return {
            name: slice(place * length, min((place + 1) * length, size))
            for (name, size), place, length in zip(
                self.sizes.items(), chunk, self.chunk, strict=True
            )
        }

    def points(self, chunk: Chunk) -> int:
        """Return how many points a chunk has."""
        return math.prod(x.stop - x.start for x in self.slices(chunk).values())

    def write(self, chunk: Chunk, found: Mapping[str, Array]) -> None:
        """Write the results of a chunk; each file appears at once, that of the verdicts last."""
        try:
            for name in sorted(found, key=lambda name: name == _MARK):
                write_chunk(self.path, name, chunk, found[name])
        except OSError as error:
            why = error.strerror or str(error)
            raise OSError(error.errno or EIO, why, str(self.path)) from error

    def dataset(self) -> xarray.Dataset:
        """Return the diagram; values are read when they are used."""
        return _opened(self.path)

    @property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(self.sizes.values())


def open_store(
    path: Path,
    places: Mapping[str, Sequence[float]],
    variables: Mapping[str, Quantity],
    attributes: Mapping[str, str],
    identity: Mapping[str, str],
    chunk: int | None,
) -> ChunkStore:
    """Return the store of a diagram: a new one, or the one that is there already.

    Parameters
    ----------
    path
        Of a zarr group.
    places
        The axes' values.
    attributes
        Of the dataset.
    identity
        What the diagram is about, by catchwords: a store that has others is another diagram's.
    chunk
        The length of a chunk along the two last axes; by default what the store has, or 1024.

    Raises
    ------
    InputError
        If the path is taken by something else, by another diagram, or by other chunks.

    Warns
    -----
    UserWarning
        If what an array says of itself, or the values of an axis, were damaged: they are written
        again.
    """
    sizes = {name: len(values) for name, values in places.items()}
    if path.exists():
        lengths = _open(path, sizes, identity, chunk)
        if lengths is not None:
            _mend(path, places, variables, lengths)
            return ChunkStore(path, tuple(variables), sizes, lengths)
        _discard(path)  # nothing had been computed
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"store {path} may not be written: its folder takes nothing new")
    length = CHUNK if chunk is None else chunk
    shape = tuple(sizes.values())
    lengths = (*(1 for _ in shape[:-2]), *(min(length, size) for size in shape[-2:]))
    # made beside and moved: what has the name is whole
    young = path.with_name(f"{path.name}.{uuid4().hex}.new")
    try:
        _create(young, places, variables, lengths, attributes, identity)
        young.rename(path)
    except BaseException as error:
        _discard(young)
        if not isinstance(error, OSError) or not path.exists():
            raise
        known = _open(path, sizes, identity, chunk)  # another process was faster
        if known is None:
            raise
        lengths = known
    return ChunkStore(path, tuple(variables), sizes, lengths)


def _create(
    path: Path,
    places: Mapping[str, Sequence[float]],
    variables: Mapping[str, Quantity],
    lengths: Chunk,
    attributes: Mapping[str, str],
    identity: Mapping[str, str],
) -> None:
    """Make a zarr group without chunks."""
    group = _zarr().open_group(path, mode="w-", zarr_format=3)
    _create_arrays(group, [*places, *variables], places, variables, lengths)
    for name, values in places.items():
        group[name].with_config(_ALL)[:] = np.array(values, dtype=float)
    own = {_IDENTITY: json.dumps(dict(identity)), _CHUNKS: json.dumps(lengths)}
    group.attrs.update({**attributes, **own})
    _list_files(group, path, [*places, *variables])
    for file in path.rglob("*"):
        if file.is_file():
            to_disk(file)


def _create_arrays(
    group: Any,
    names: Iterable[str],
    places: Mapping[str, Sequence[float]],
    variables: Mapping[str, Quantity],
    lengths: Chunk,
) -> None:
    """Make arrays; chunks that are written have checksums, and those that are there stay."""
    codecs = import_module("zarr.codecs")
    checked = [codecs.ZstdCodec(), codecs.Crc32cCodec()]
    # noise sums hardly compress: their leading bytes do, in a third of Zstd's time
    shuffled = [
        codecs.BloscCodec(cname="lz4", clevel=1, shuffle="shuffle", typesize=8),
        codecs.Crc32cCodec(),
    ]
    for name in names:
        if name in places:
            size = (len(places[name]),)
            group.create_array(
                name,
                shape=size,
                chunks=size,
                dtype=float,
                compressors=checked,
                dimension_names=[name],
                attributes=axis_attributes(name),
            )
        else:
            quantity = variables[name]
            group.create_array(
                name,
                shape=tuple(map(len, places.values())),
                chunks=lengths,
                dtype=quantity.dtype,
                fill_value=NOT_YET if quantity.flags else np.nan,
                compressors=shuffled if np.dtype(quantity.dtype).itemsize == _LONG else checked,
                dimension_names=list(places),
                attributes=quantity.attributes,
            )


def _list_files(group: Any, path: Path, names: Sequence[str]) -> None:
    group.attrs.update({FILES: json.dumps(described_files(path, names))})


def _mend(
    path: Path,
    places: Mapping[str, Sequence[float]],
    variables: Mapping[str, Quantity],
    lengths: Chunk,
) -> None:
    """Write again what arrays say of themselves, and the values of axes, where it is damaged."""
    group, names = _zarr().open_group(path, mode="r+"), [*places, *variables]
    broken = damaged_descriptions(path, names)
    faults = [f"{description_file(name)} is damaged" for name in broken]
    for name in broken:
        (path / description_file(name)).unlink(missing_ok=True)
    if broken:
        _create_arrays(group, broken, places, variables, lengths)
        _list_files(group, path, names)
    for name, values in places.items():
        exact = np.array(values, dtype=float)
        fault = fault_of(path, chunk_file(name, [0]))
        if not fault and not np.array_equal(group[name][:], exact):
            fault = f"{chunk_file(name, [0])} has other values"
        if fault:
            group[name].with_config(_ALL)[:] = exact
            faults.append(fault)
    if faults:
        warnings.warn(f"store {path}: {shortened(faults)}, and is written again", stacklevel=2)


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
        return _opened(path)
    broken = damaged_descriptions(path, names)
    _require_none((f"{description_file(name)} is damaged" for name in broken), path)
    group = _zarr().open_group(path, mode="r")
    axes = [name for name in names if name and group[name].metadata.dimension_names == (name,)]
    _require_none((fault_of(path, chunk_file(name, [0])) for name in axes), path)
    found, lengths = _opened(path), tuple(json.loads(group.attrs[_CHUNKS]))
    sizes = {str(name): size for name, size in found[_MARK].sizes.items()}
    store = ChunkStore(path, tuple(map(str, found.data_vars)), sizes, lengths)
    absent = []
    for chunk in store.chunks:
        if (path / chunk_file(_MARK, chunk)).exists():
            _require_none(store.faults(chunk), path)
        else:
            absent.append(f"{chunk_file(_MARK, chunk)} is missing")
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


def _opened(path: Path) -> xarray.Dataset:
    import xarray

    _zarr()
    try:
        found = xarray.open_dataset(path, engine="zarr", consolidated=False, chunks=None)
    except Exception:  # whatever its readers raise
        raise InputError(f"{path} is no zarr group of a map") from None
    if not set(VERDICTS).issubset(found.data_vars):
        raise InputError(f"{path} holds no phase diagram")
    for name in (_IDENTITY, _CHUNKS, FILES):
        found.attrs.pop(name, None)
    names, first = {*map(str, found.data_vars)}, (*VERDICTS, *SUMS)
    return found[[*(x for x in first if x in names), *sorted(names.difference(first))]]


def _open(
    path: Path, sizes: Mapping[str, int], identity: Mapping[str, str], chunk: int | None
) -> Chunk | None:
    """Return the chunks of a store that is there; None if it is another diagram's without any."""
    zarr = _zarr()
    try:
        attributes = zarr.open_group(path, mode="r").attrs
        known, lengths = json.loads(attributes[_IDENTITY]), tuple(json.loads(attributes[_CHUNKS]))
        damaged = damaged_descriptions(path, [""])
    except Exception:  # whatever zarr raises at other files
        damaged = [""]
    if damaged:
        raise InputError(
            f"store {path} is there, and no phase diagram, or its {description_file('')} is "
            "damaged: name another one, or delete it"
        )
    for key in [*identity, *known]:
        was, now = known.get(key), identity.get(key)
        if was != now:
            if not any((path / _MARK / "c").glob("**/*")):
                return None
            differs = "" if str(was).startswith(DIGEST) else f" was {was!r}, now it is {now!r}"
            raise InputError(
                f"store {path} holds another diagram: {key}{differs or ' differs'}; name another "
                "path, or delete it"
            )
    most = [min(chunk, size) for size in list(sizes.values())[-2:]] if chunk else None
    if most and tuple(most) != lengths[-2:]:
        raise InputError(
            f"store {path} has chunks of {' x '.join(map(str, lengths[-2:]))}, not of {chunk}: "
            "leave chunk out to go on, or name another path"
        )
    return lengths


def _discard(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _zarr() -> Any:
    try:
        return import_module("zarr")
    except ImportError:
        raise InputError(
            "store needs zarr, which is not installed: pip install 'sgdmem[storage]'"
        ) from None
