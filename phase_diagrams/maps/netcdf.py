"""The netCDF of version 3 with offsets of 64 bits, with all that xarray and SciPy would write.

To import them takes longer than all else that a command does.
Words of the format are those of its specification ("NetCDF Classic Format Specification", Unidata).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.maps.labelled_arrays import LabelledArray, LabelledArrays

_DIMENSION, _VARIABLE, _ATTRIBUTE = 10, 11, 12
_TYPES = {"S1": 2, "i1": 1, "i2": 3, "i4": 4, "f4": 5, "f8": 6}  # by NumPy's names
_NARROW = {"i8": "i4", "b1": "i1"}  # of what the format has no type for
_FILL = {"i1": b"\x81", "S1": b"\0"}  # behind values whose bytes are no multiple of four
_LONGEST = 2**32 - 1  # what is said of variables that are longer, which readers find by dimensions
_AT_ONCE = 1 << 20  # values that are turned round together


class _Written(NamedTuple):
    """A variable as the file has it."""

    name: str
    dims: tuple[str, ...]
    data: Array
    kind: str
    attributes: bytes

    @property
    def length(self) -> int:
        """The bytes of its values, with those behind them."""
        size = self.data.size * self.data.itemsize
        return size + -size % 4


def write_netcdf(found: LabelledArrays, file: IO[bytes]) -> None:
    """Write arrays of numbers and of words.

    Raises
    ------
    ValueError
        For numbers that the format does not have, such as complex ones and large integers.
    """
    sizes, written = dict(found.sizes), []
    for x in found.variables.values():
        one = _encoded(x)
        sizes |= dict(zip(one.dims, one.data.shape, strict=True))
        written.append(one)
    # an axis without values is one that may grow, and comes last
    written.sort(key=lambda one: 0 in one.data.shape[:1])
    places = {name: place for place, name in enumerate(sizes)}
    lengths = [_name(name) + _int(size) for name, size in sizes.items()]
    start = [b"CDF\2", _int(0), _listed(_DIMENSION, lengths), _attributes(found.attrs)]
    known = [_known(one, places) for one in written]
    head = b"".join(start) + _listed(_VARIABLE, (one + bytes(8) for one in known))
    begin, described = len(head), []
    for one, about in zip(written, known, strict=True):
        described.append(about + struct.pack(">q", begin))
        begin += one.length
    file.write(b"".join(start) + _listed(_VARIABLE, described))
    for one in written:
        for part in _turned(one.data):
            file.write(part)
        file.write(_FILL.get(one.kind, b"\0") * (-one.data.nbytes % 4))


def _encoded(given: LabelledArray) -> _Written:
    """Return numbers and words in types of the format, with what tells how to read them."""
    data, dims, about = given.values, given.dims, dict(given.attrs)
    if data.dtype.kind == "U":
        words = [word.encode() for word in data.ravel().tolist()]
        data = np.array(words, dtype=bytes).reshape(data.shape)
        dims = (*dims, f"string{data.itemsize}")
        data = data.reshape(*data.shape, 1).view("S1")
        about["_Encoding"] = "utf-8"
    else:
        data = _narrow(data)
    if data.dtype.kind == "f":
        about.setdefault("_FillValue", np.array(np.nan, dtype=data.dtype))
    return _Written(given.name, dims, data, data.dtype.str[1:], _attributes(about))


def _narrow(values: Array) -> Array:
    """Return numbers in a type of the format."""
    kind = values.dtype.str[1:]
    narrow = values.astype(_NARROW.get(kind, kind))
    if narrow.dtype.str[1:] not in _TYPES or ((narrow != values).any() and kind in _NARROW):
        raise ValueError(f"netCDF of version 3 has no {values.dtype}")
    return narrow


def _known(one: _Written, places: Mapping[str, int]) -> bytes:
    """Return what the head of the file says of a variable, but for where it begins."""
    dims = b"".join(_int(places[name]) for name in one.dims)
    size = 0 if 0 in one.data.shape[:1] else min(one.length, _LONGEST)
    return b"".join(
        [_name(one.name), _int(len(one.dims)), dims, one.attributes, _int(_TYPES[one.kind]),
         struct.pack(">I", size)]
    )  # fmt: skip


def _attributes(given: Mapping[str, Any]) -> bytes:
    return _listed(_ATTRIBUTE, (_name(name) + _value(value) for name, value in given.items()))


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        data = value.encode() or b"\0"
        return _int(_TYPES["S1"]) + _int(len(data)) + _padded(data)
    numbers = _narrow(np.atleast_1d(value))
    kind = numbers.dtype.str[1:]
    return _int(_TYPES[kind]) + _int(numbers.size) + _padded(numbers.astype(f">{kind}").tobytes())


def _turned(data: Array) -> Iterator[bytes]:
    """Return the bytes of values, the highest first, in parts."""
    flat = data.ravel()
    for start in range(0, flat.size, _AT_ONCE):
        part = flat[start : start + _AT_ONCE]
        yield part.astype(part.dtype.newbyteorder(">")).tobytes()


def _listed(tag: int, given: Iterable[bytes]) -> bytes:
    parts = [*given]
    return _int(tag) + _int(len(parts)) + b"".join(parts) if parts else bytes(8)


def _name(name: str) -> bytes:
    return _int(len(name.encode())) + _padded(name.encode())


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _int(number: int) -> bytes:
    return struct.pack(">i", number)
