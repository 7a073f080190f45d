"""Stores filled chunk by chunk, by this process or on a dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import lru_cache, partial
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path
from threading import Lock, local
from typing import Any, Protocol
from uuid import uuid4

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.stores.chunk_store import Chunk, ChunkStore
from sgdmem.phase_diagrams.stores.frames import Frame
from sgdmem.symbolic.errors import InputError, shown

_unpacking, _own = Lock(), local()
_AHEAD = 4  # chunks for each thread that are handed to a cluster, which never sees millions at once


class Question(Protocol):
    """What is asked at every point. For workers it can be pickled."""

    @property
    def axes(self) -> Mapping[str, Sequence[Any]]:
        """All values of each axis."""

    def values(
        self,
        part: Mapping[str, Sequence[Any]],
        *,
        names: Collection[str],
        room: Mapping[str, Array],
    ) -> dict[str, Array]:
        """Return the answers at some values of each axis, by the names of variables.

        They may be in the arrays of ``room``, which have the shape of the part.
        """


def compute_chunk(
    question: Question, store: ChunkStore, chunk: Chunk, frames: Mapping[str, Frame]
) -> dict[str, Array]:
    """Return the answers of a chunk, those that can be in frames; none if it is there already."""
    if not store.faults(chunk):
        return {}
    slices = store.slices(chunk)
    part = {name: values[slices[name]] for name, values in question.axes.items()}
    shape = tuple(map(len, part.values()))
    room = {name: x.values for name, x in frames.items() if x.values.shape == shape}
    return question.values(part, names=store.variables, room=room)


def fill(
    question: Question,
    store: ChunkStore,
    missing: Iterable[Chunk],
    advance: Callable[[int], None],
) -> None:
    """Compute what is missing, one chunk after the other: one is written while the next is judged.

    Whatever ends it, what has been computed is written.
    """
    both = cycle((store.frames(), store.frames()))
    with ThreadPoolExecutor(1) as writer:
        writing: Future[None] | None = None
        before = 0
        for chunk in missing:
            frames = next(both)
            found = compute_chunk(question, store, chunk, frames)
            if writing is not None:
                writing.result()
                advance(before)
            writing, before = writer.submit(store.write, chunk, found, frames), store.points(chunk)
        if writing is not None:
            writing.result()
            advance(before)


def fill_on_cluster(
    question: Question,
    store: ChunkStore,
    missing: Iterable[Chunk],
    client: Any,
    advance: Callable[[int], None],
) -> None:
    """Compute what is missing on a dask cluster.

    A worker that dies costs the chunks that it was computing: the scheduler gives them, and those
    whose outcome only it knew, to others, which find the finished ones on disk.
    """
    try:
        distributed: Any = import_module("dask.distributed")
    except ImportError:
        raise InputError(
            "client needs dask, which is not installed: pip install 'sgdmem[distributed]'"
        ) from None
    if not isinstance(client, distributed.Client):
        raise InputError(f"client must be a dask.distributed.Client, got {shown(client)}")
    # beside the store, which all workers see: long axes take many megabytes
    packed = store.path.with_name(f"{store.path.name}.{uuid4().hex}.question")
    try:
        packed.write_bytes(import_module("cloudpickle").dumps((question, store)))
        compute = partial(_compute_packed, packed)
        with closing(_answers(distributed, client, compute, iter(missing))) as answers:
            for chunk in answers:
                advance(store.points(chunk))
    finally:
        packed.unlink(missing_ok=True)


def _answers(
    distributed: Any, client: Any, compute: Callable[[Chunk], Chunk], left: Iterator[Chunk]
) -> Generator[Chunk]:
    """Have chunks computed, some for each thread at a time, and yield those that are done.

    They are handed over many at once: one by one each takes twice the time or more.
    """
    many = _AHEAD * max(1, sum(client.nthreads().values()))

    def submitted() -> list[Any]:
        chunks = list(islice(left, many))
        return list(client.map(compute, chunks, pure=False)) if chunks else []

    running = distributed.as_completed(submitted(), with_results=True)
    try:
        running.update(submitted())
        for _, chunk in running:
            yield chunk
            if running.count() <= many:
                running.update(submitted())
    finally:
        client.cancel(list(running.futures))


def _compute_packed(packed: Path, chunk: Chunk) -> Chunk:
    """Compute a chunk on a worker."""
    with _unpacking:  # threads of one worker ask at the same time
        question, store = _unpacked(packed)
    frames = _frames_of(store)
    store.write(chunk, compute_chunk(question, store, chunk, frames), frames)
    return chunk


def _frames_of(store: ChunkStore) -> dict[str, Frame]:
    """Return memory for chunks, the same for all that a thread computes of a store."""
    if getattr(_own, "path", None) != store.path:
        _own.path, _own.frames = store.path, store.frames()
    frames: dict[str, Frame] = _own.frames
    return frames


@lru_cache(maxsize=4)
def _unpacked(packed: Path) -> tuple[Question, ChunkStore]:
    """Return the question, the same object for all chunks: what it has derived stays with it."""
    import pickle

    question, store = pickle.loads(packed.read_bytes())
    return question, store
