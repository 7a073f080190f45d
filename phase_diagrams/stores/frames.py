"""Memory in which a chunk of floats lies as in its file, so that it is written as it is."""

from __future__ import annotations

import math
import mmap
import os
import struct
from errno import EINVAL
from pathlib import Path

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.stores.faults import CHECKSUM, checksum

_HEAD = struct.Struct("<BBBBIII")  # of Blosc
_STORED = (2, 1, 0b100011, 8)  # its versions, floats that are not compressed, and their length
_BLOCK = 8192
_LONG = 2**20  # bytes for which it pays not to copy them
_PAGE = 4096  # of memory and of disks
_DIRECTLY = getattr(os, "O_DIRECT", 0)  # past the operating system's copy, where there is this way


class Frame:
    """A chunk of floats with what stands before and behind them in its file.

    Attributes
    ----------
    values : ndarray
        The floats; what is in them at first is not said.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._size = 8 * math.prod(shape)
        whole = _HEAD.size + self._size
        memory = mmap.mmap(-1, -(-(whole + CHECKSUM) // _PAGE) * _PAGE)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            memory.madvise(mmap.MADV_HUGEPAGE)
        self._memory = np.frombuffer(memory, np.uint8)
        self.values = self._memory[_HEAD.size : whole].view(float).reshape(shape)

    def holds(self, values: Array) -> bool:
        """Return whether values are those in this memory."""
        here = self.values
        same = values.__array_interface__["data"] == here.__array_interface__["data"]
        return same and values.shape == here.shape and values.strides == here.strides

    def write(self, file: Path, data: bytes | None = None) -> None:
        """Write the chunk to a file that is not there yet: as it is, or ``data`` in its place.

        These are no longer than the chunk, which is gone then.
        """
        if data is None:
            end = _HEAD.size + self._size
            _HEAD.pack_into(
                self._memory.data, 0, *_STORED, self._size, min(_BLOCK, self._size), end
            )
        else:
            end = len(data)
            self._memory[:end] = np.frombuffer(data, np.uint8)
        length = end + CHECKSUM
        self._memory[end:length] = np.frombuffer(checksum(self._memory[:end]), np.uint8)
        if not self._is_written_directly(file, length):
            with file.open("wb") as written:
                written.write(self._memory[:length].data)

    def _is_written_directly(self, file: Path, length: int) -> bool:
        """Write without a copy in the memory of the operating system, if disk and system can."""
        whole = self._memory[: -(-length // _PAGE) * _PAGE]
        if not _DIRECTLY or whole.size < _LONG:
            return False
        try:
            target = os.open(file, os.O_WRONLY | os.O_CREAT | _DIRECTLY, 0o666)
        except OSError as error:
            if error.errno == EINVAL:
                return False
            raise
        try:
            done = 0
            while done < whole.size:
                done += os.write(target, whole[done:].data)
                if done % _PAGE:  # only what is cut off may begin inside a page
                    return False
            os.ftruncate(target, length)
        except OSError as error:
            if error.errno == EINVAL:
                return False
            raise
        finally:
            os.close(target)
        return True
