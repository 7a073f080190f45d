"""Groups of arrays on disk, made and opened again: each knows what it is about."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import numpy as np

from sgdmem.phase_diagrams.stores.chunk_store import MARK, Chunk, ChunkStore
from sgdmem.phase_diagrams.stores.digests import DIGEST
from sgdmem.phase_diagrams.stores.faults import (
    FILES,
    chunk_file,
    damaged_descriptions,
    described_files,
    description_file,
    fault_of,
    listed_files,
    shortened,
)
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.files.whole_files import to_disk

CHUNK = 1024  # points along each of the two last axes
IDENTITY, CHUNKS = "identity", "chunks"  # attributes of the group, with `FILES`
_LONG = 8  # bytes of a float
_ALL = {"write_empty_chunks": True}  # of nothing but NaN, too: a chunk that is missing is lost

Coordinates = Mapping[str, tuple[Any, ...]]  # dimension, values and attributes of each axis


class Variable(Protocol):
    """What an array says of itself."""

    @property
    def dtype(self) -> Any:
        """Of its values."""

    @property
    def fill_value(self) -> Any:
        """What stands where a chunk is missing."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What is said beside the values."""


def open_store(
    path: Path,
    axes: Coordinates,
    variables: Mapping[str, Variable],
    derived: Collection[str],
    attributes: Mapping[str, str],
    identity: Mapping[str, str],
    chunk: int | None,
) -> ChunkStore:
    """Return the store of a diagram: a new one, or the one that is there already.

    Parameters
    ----------
    path
        Of a zarr group.
    axes
        The axes' names, values and attributes.
    variables
        What a group has at each point; that of the name "stable" tells whether a chunk is there.
    derived
        The variables that need not be kept; a store that has them is filled with them.
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
    sizes = {name: len(values) for name, (_, values, _) in axes.items()}
    if path.exists():
        lengths = _open(path, sizes, identity, chunk)
        if lengths is not None:
            listed = listed_files(path)
            variables = {
                name: x
                for name, x in variables.items()
                if name not in derived or description_file(name) in listed
            }
            _mend(path, axes, variables, lengths)
            return ChunkStore(path, tuple(variables), sizes, lengths)
        _discard(path)  # nothing had been computed
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"store {path} may not be written: its folder takes nothing new")
    variables = {name: x for name, x in variables.items() if name not in derived}
    length = CHUNK if chunk is None else chunk
    shape = tuple(sizes.values())
    lengths = (*(1 for _ in shape[:-2]), *(min(length, size) for size in shape[-2:]))
    # made beside and moved: what has the name is whole
    young = path.with_name(f"{path.name}.{uuid4().hex}.new")
    try:
        _create(young, axes, variables, lengths, attributes, identity)
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
    axes: Coordinates,
    variables: Mapping[str, Variable],
    lengths: Chunk,
    attributes: Mapping[str, str],
    identity: Mapping[str, str],
) -> None:
    """Make a zarr group without chunks."""
    group = zarr().open_group(path, mode="w-", zarr_format=3)
    _create_arrays(group, [*axes, *variables], axes, variables, lengths)
    for name, (_, values, _) in axes.items():
        group[name].with_config(_ALL)[:] = values
    own = {IDENTITY: json.dumps(dict(identity)), CHUNKS: json.dumps(lengths)}
    group.attrs.update({**attributes, **own})
    _list_files(group, path, [*axes, *variables])
    for file in path.rglob("*"):
        if file.is_file():
            to_disk(file)


def _create_arrays(
    group: Any,
    names: Iterable[str],
    axes: Coordinates,
    variables: Mapping[str, Variable],
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
        if name in axes:
            _, values, attributes = axes[name]
            group.create_array(
                name,
                shape=values.shape,
                chunks=values.shape,
                dtype=float,
                compressors=checked,
                dimension_names=[name],
                attributes=attributes,
            )
        else:
            kind = variables[name]
            group.create_array(
                name,
                shape=tuple(len(values) for _, values, _ in axes.values()),
                chunks=lengths,
                dtype=kind.dtype,
                fill_value=kind.fill_value,
                compressors=shuffled if np.dtype(kind.dtype).itemsize == _LONG else checked,
                dimension_names=list(axes),
                attributes=dict(kind.attributes),
            )


def _list_files(group: Any, path: Path, names: Sequence[str]) -> None:
    group.attrs.update({FILES: json.dumps(described_files(path, names))})


def _mend(
    path: Path,
    axes: Coordinates,
    variables: Mapping[str, Variable],
    lengths: Chunk,
) -> None:
    """Write again what arrays say of themselves, and the values of axes, where it is damaged."""
    group, names = zarr().open_group(path, mode="r+"), [*axes, *variables]
    broken = damaged_descriptions(path, names)
    faults = [f"{description_file(name)} is damaged" for name in broken]
    for name in broken:
        (path / description_file(name)).unlink(missing_ok=True)
    if broken:
        _create_arrays(group, broken, axes, variables, lengths)
        _list_files(group, path, names)
    for name, (_, exact, _) in axes.items():
        fault = fault_of(path, chunk_file(name, [0]))
        if not fault and not np.array_equal(group[name][:], exact):
            fault = f"{chunk_file(name, [0])} has other values"
        if fault:
            group[name].with_config(_ALL)[:] = exact
            faults.append(fault)
    if faults:
        warnings.warn(f"store {path}: {shortened(faults)}, and is written again", stacklevel=2)


def _open(
    path: Path, sizes: Mapping[str, int], identity: Mapping[str, str], chunk: int | None
) -> Chunk | None:
    """Return the chunks of a store that is there; None if it is another diagram's without any."""
    library = zarr()
    try:
        attributes = library.open_group(path, mode="r").attrs
        known, lengths = json.loads(attributes[IDENTITY]), tuple(json.loads(attributes[CHUNKS]))
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
            if not any((path / MARK / "c").glob("**/*")):
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


def zarr() -> Any:
    """Return the library, InputError if it is not installed."""
    try:
        return import_module("zarr")
    except ImportError:
        raise InputError(
            "store needs zarr, which is not installed: pip install 'sgdmem[storage]'"
        ) from None
