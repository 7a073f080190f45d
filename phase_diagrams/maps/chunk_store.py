"""A diagram on disk, chunk by chunk, as a zarr group: what was computed once is there to stay."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from sgdmem.phase_diagrams.maps.dataset_description import axis_attributes
from sgdmem.phase_diagrams.maps.digests import DIGEST
from sgdmem.phase_diagrams.maps.quantities import NOT_YET, VERDICT, Quantity
from sgdmem.symbolic.errors import InputError

if TYPE_CHECKING:
    import xarray

CHUNK = 1024  # points along each of the two last axes
_MARK = "stable"  # is written last: a chunk that has it is complete
_IDENTITY = "identity"

Chunk = tuple[int, ...]  # its place along each axis


@dataclass(frozen=True)
class ChunkStore:
    """The chunks of a diagram.

    Attributes
    ----------
    path : Path
        The folder of the zarr group.
    sizes : mapping
        The length of each axis.
    chunk : tuple of int
        The length of a chunk along each axis.
    """

    path: Path
    sizes: Mapping[str, int]
    chunk: Chunk

    @property
    def chunks(self) -> Iterator[Chunk]:
        """All chunks, the last axis fastest."""
        return product(*(range(-(-n // c)) for n, c in zip(self._lengths, self.chunk, strict=True)))

    @property
    def missing(self) -> Iterator[Chunk]:
        """The chunks that are not on disk yet."""
        return (chunk for chunk in self.chunks if not self.has(chunk))

    def has(self, chunk: Chunk) -> bool:
        """Whether a chunk is complete."""
        return (self.path / _MARK / "c" / "/".join(map(str, chunk))).exists()

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

    def write(self, chunk: Chunk, found: xarray.Dataset) -> None:
        """Write the results of a chunk; each file appears at once, that of the verdicts last."""
        group = _zarr().open_group(self.path, mode="r+")
        where = tuple(self.slices(chunk).values())
        for name in sorted(found.data_vars, key=lambda name: name == _MARK):
            group[name][where] = found[name].transpose(*self.sizes).values

    def dataset(self) -> xarray.Dataset:
        """Return the diagram; values are read when they are used."""
        return read_stored(self.path)

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
    """
    sizes = {name: len(values) for name, values in places.items()}
    if path.exists():
        known = _open(path, sizes, identity, chunk)
        if known is not None:
            return known
        _discard(path)  # nothing had been computed
    length = CHUNK if chunk is None else chunk
    shape = tuple(sizes.values())
    lengths = (*(1 for _ in shape[:-2]), *(min(length, size) for size in shape[-2:]))
    # made beside and moved: what has the name is whole
    young = path.with_name(f"{path.name}.{uuid4().hex}.new")
    try:
        _create(
            young, places, variables, {**attributes, _IDENTITY: json.dumps(dict(identity))}, lengths
        )
        young.rename(path)
    except BaseException as error:
        _discard(young)
        if not isinstance(error, OSError) or not path.exists():
            raise
        known = _open(path, sizes, identity, chunk)  # another process was faster
        if known is not None:
            return known
    return ChunkStore(path, sizes, lengths)


def _create(
    path: Path,
    places: Mapping[str, Sequence[float]],
    variables: Mapping[str, Quantity],
    attributes: Mapping[str, str],
    lengths: Chunk,
) -> None:
    """Make a zarr group without chunks; what is written later has checksums."""
    zarr = _zarr()
    codecs = import_module("zarr.codecs")
    group = zarr.open_group(path, mode="w-", zarr_format=3)
    for name, values in places.items():
        group.create_array(name, data=np.array(values, dtype=float), dimension_names=[name])
        group[name].attrs.update(axis_attributes(name))
    for name, quantity in variables.items():
        group.create_array(
            name,
            shape=tuple(map(len, places.values())),
            chunks=lengths,
            dtype=quantity.dtype,
            fill_value=NOT_YET if quantity.flags else np.nan,
            compressors=[codecs.ZstdCodec(), codecs.Crc32cCodec()],
            dimension_names=list(places),
            attributes=quantity.attributes,
        )
    group.attrs.update(attributes)


def read_stored(path: Path) -> xarray.Dataset:
    """Return a diagram from its zarr group; values are read when they are used.

    Raises
    ------
    InputError
        If it is none.
    """
    import xarray

    _zarr()
    try:
        found = xarray.open_dataset(path, engine="zarr", consolidated=False, chunks=None)
    except Exception as error:
        raise InputError(f"{path} is no zarr group of a map: {error}") from None
    if not set(VERDICT).issubset(found.data_vars):
        raise InputError(f"{path} holds no phase diagram")
    found.attrs.pop(_IDENTITY, None)
    return found[[*VERDICT, *sorted(set(map(str, found.data_vars)).difference(VERDICT))]]


def _open(
    path: Path, sizes: Mapping[str, int], identity: Mapping[str, str], chunk: int | None
) -> ChunkStore | None:
    """Return a store that is there; None if it is another diagram's without any chunk."""
    try:
        group = _zarr().open_group(path, mode="r")
        known = json.loads(group.attrs[_IDENTITY])
        lengths = tuple(group[_MARK].chunks)
    except (OSError, LookupError, ValueError):
        raise InputError(f"store {path} is there, and no phase diagram: name another one") from None
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
    return ChunkStore(path, sizes, lengths)


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
