"""Chunks handed to a cluster: each once, many at a time, and never all."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from sgdmem.phase_diagrams.stores.chunk_store import Chunk
from sgdmem.phase_diagrams.stores.filling import _answers


class Cluster:
    """Takes tasks as a client of dask does, and does each when its outcome is asked for."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.sizes: list[int] = []
        self.most, self.cancelled = 0, -1
        self.left: deque[Callable[[], Chunk]] = deque()
        self.distributed = SimpleNamespace(as_completed=self.as_completed)

    def nthreads(self) -> dict[str, int]:
        return {"a": self.threads - 1, "b": 1}

    def map(self, function: Callable[[Chunk], Chunk], chunks: list[Chunk], *, pure: bool) -> Any:
        assert not pure  # a chunk may be asked for again
        self.sizes.append(len(chunks))
        return [lambda chunk=chunk: function(chunk) for chunk in chunks]

    def cancel(self, futures: list[Any]) -> None:
        self.cancelled = len(futures)

    def as_completed(self, futures: list[Any], *, with_results: bool) -> Cluster:
        assert with_results
        self.update(futures)
        return self

    def update(self, futures: list[Any]) -> None:
        self.left.extend(futures)
        self.most = max(self.most, len(self.left))

    def count(self) -> int:
        return len(self.left)

    @property
    def futures(self) -> list[Any]:
        return [*self.left]

    def __iter__(self) -> Iterator[tuple[Any, Chunk]]:
        while self.left:
            future = self.left.popleft()
            yield future, future()


@pytest.mark.parametrize("count", [0, 1, 7, 100])
def test_each_chunk_is_computed_once_and_few_messages_are_sent(count: int) -> None:
    cluster, chunks, computed = Cluster(threads=2), [(k,) for k in range(count)], list[Chunk]()

    def compute(chunk: Chunk) -> Chunk:
        computed.append(chunk)
        return chunk

    found = list(_answers(cluster.distributed, cluster, compute, iter(chunks)))
    assert found == computed == chunks
    assert len(cluster.sizes) == -(-count // 8) and cluster.most <= 2 * 8
    assert cluster.cancelled == 0


def test_what_fails_ends_the_others() -> None:
    cluster = Cluster(threads=2)

    def compute(chunk: Chunk) -> Chunk:
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        list(_answers(cluster.distributed, cluster, compute, iter([(k,) for k in range(40)])))
    assert cluster.cancelled == 15
