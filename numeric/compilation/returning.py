"""Arrays that come back from a GPU, piece by piece, through pinned memory that is used again."""

from __future__ import annotations

from collections.abc import Sequence
from threading import local
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.cuda import empty_on_device, new_event, pinned
from sgdmem.numeric.compilation.threads import pieces, work_in_threads

_COPIED = 2**17  # numbers that a thread copies at a time: into pages that are new, which is slow
_rooms = local()


class Returning:
    """Arrays to be filled; a piece comes back while the GPU works on the next one.

    Attributes
    ----------
    wholes : sequence of ndarray, shape (n,) or empty
        Empty ones are not asked for.
    room : int
        Numbers of a piece, at most.
    stream
        In whose order the GPU works.
    """

    def __init__(self, wholes: Sequence[Array], room: int, stream: Any) -> None:
        self.wholes, self.stream = wholes, stream
        self._there = [empty_on_device((min(room, x.size),), x.dtype) for x in wholes]
        self._waiting: tuple[Any, list[tuple[Array, Array]]] | None = None
        self._turn = 0

    def part(self, piece: slice) -> list[Any]:
        """Return arrays of the GPU for a piece, to be filled before it is sent."""
        return self._there

    def send(self, piece: slice) -> None:
        """Let a piece come back once it is filled, and take in the one before it."""
        here, members = [], piece.stop - piece.start
        for k, (whole, there) in enumerate(zip(self.wholes, self._there, strict=True)):
            if whole.size:
                room = _pinned(2 * k + self._turn, there.nbytes)
                place = room[: members * whole.itemsize].view(whole.dtype)
                there[:members].copy_to_host(place, self.stream)
                here.append((whole[piece], place))
        filled = new_event()
        filled.record(self.stream)
        self.wait()
        self._waiting, self._turn = (filled, here), 1 - self._turn

    def wait(self) -> None:
        """Take in what has been sent last."""
        if self._waiting is None:
            return
        filled, here = self._waiting
        filled.synchronize()
        for whole, place in here:

            def copy(some: slice, whole: Array = whole, place: Array = place) -> None:
                whole[some] = place[some]

            work_in_threads(copy, pieces(0, whole.size, _COPIED))
        self._waiting = None


def _pinned(key: int, size: int) -> Array:
    """Return pinned memory of this thread, the same for the same key, of so many bytes or more."""
    known: dict[int, Array] = vars(_rooms).setdefault("known", {})
    if key not in known or known[key].size < size:
        known[key] = pinned(size, np.uint8)
    return known[key]
