"""Pieces of work in several threads, for machine code that leaves Python's lock alone."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

_MOST_THREADS = 32  # that are kept; only as many are started as were ever busy at a time


def pieces(first: int, last: int, size: int) -> Iterator[slice]:
    """Cut a range into slices of some size, the last one maybe shorter."""
    for start in range(first, last, size):
        yield slice(start, min(start + size, last))


def work_in_threads(
    work: Callable[[slice], object],
    tasks: Iterable[slice],
    threads: int | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> None:
    """Do all tasks; the calling thread works too, and waits only for those that have begun.

    Parameters
    ----------
    work
        Called with each task, by any thread.
    tasks
        Slices of what is to be done.
    threads
        By default as many as there are processors.
    advance
        Called by this thread with the lengths of what has been done since.

    Raises
    ------
    Exception
        The first one of ``work``; tasks that have not begun are dropped then.

    Examples
    --------
    >>> squares = [0] * 10
    >>> def work(piece):
    ...     squares[piece] = [k * k for k in range(piece.start, piece.stop)]
    >>> work_in_threads(work, pieces(0, 10, 3))
    >>> squares
    [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]
    """
    left, done = deque(tasks), deque[int]()
    failures: list[BaseException] = []

    def report() -> None:
        while done:
            advance(done.popleft())

    def run(between: Callable[[], None]) -> None:
        try:
            while True:
                try:
                    task = left.popleft()
                except IndexError:
                    return
                work(task)
                done.append(task.stop - task.start)
                between()
        except BaseException as failure:
            left.clear()
            failures.append(failure)

    workers = min(threads or processors(), len(left))
    others = [_pool().submit(run, lambda: None) for _ in range(workers - 1)]
    run(report)
    for other in others:
        if not other.cancel():
            other.result()
    if failures:
        raise failures[0]
    report()


@cache
def _pool() -> ThreadPoolExecutor:
    """Return threads that are kept: to start one takes longer than many a task."""
    return ThreadPoolExecutor(max(_MOST_THREADS, processors()))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork


@cache
def processors() -> int:
    """Return how many processors there are."""
    return os.cpu_count() or 1  # it reads a file
