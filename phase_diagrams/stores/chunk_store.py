"""The chunks of arrays on disk: which are there, and how they are written."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from errno import EIO
from itertools import product
from pathlib import Path

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.stores.chunk_files import frame_of, write_chunk
from sgdmem.phase_diagrams.stores.faults import chunk_file, fault_of
from sgdmem.phase_diagrams.stores.frames import Frame
from sgdmem.symbolic.errors import InputError

MARK = "stable"  # is written last: a chunk that has it was complete

Chunk = tuple[int, ...]  # its place along each axis


@dataclass(frozen=True)
class ChunkStore:
    """The chunks of arrays that share their axes.

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

    def frames(self) -> dict[str, Frame]:
        """Return memory in which large chunks of floats are computed best, by variable."""
        every = {name: frame_of(self.path, name) for name in self.variables}
        return {name: frame for name, frame in every.items() if frame is not None}

    def write(
        self, chunk: Chunk, found: Mapping[str, Array], frames: Mapping[str, Frame] | None = None
    ) -> None:
        """Write the results of a chunk; each file appears at once, that of the verdicts last."""
        known = frames or {}
        try:
            for name in sorted(found, key=lambda name: name == MARK):
                write_chunk(self.path, name, chunk, found[name], known.get(name))
        except OSError as error:
            why = error.strerror or str(error)
            raise OSError(error.errno or EIO, why, str(self.path)) from error

    @property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(self.sizes.values())
