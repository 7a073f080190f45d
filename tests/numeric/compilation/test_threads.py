"""Pieces of work in several threads."""

from __future__ import annotations

import os
from threading import get_ident

import pytest

from sgdmem.numeric.compilation.threads import pieces, work_in_threads


@pytest.mark.parametrize("threads", [None, 1, 2, 7])
@pytest.mark.parametrize("size", [0, 1, 5, 100])
def test_every_piece_once(threads: int | None, size: int) -> None:
    counts = [0] * size
    advanced: list[int] = []

    def work(piece: slice) -> None:
        for k in range(piece.start, piece.stop):
            counts[k] += 1

    work_in_threads(work, pieces(0, size, 3), threads, advanced.append)
    assert counts == [1] * size
    assert sum(advanced) == size


@pytest.mark.parametrize("threads", [1, 3])
def test_a_failure_is_raised_and_the_rest_dropped(threads: int) -> None:
    seen: list[int] = []

    def work(piece: slice) -> None:
        seen.append(piece.start)
        if piece.start == 4:
            raise ZeroDivisionError("four")

    with pytest.raises(ZeroDivisionError, match="four"):
        work_in_threads(work, pieces(0, 1000, 1), threads)
    assert len(seen) < 1000


def test_work_within_work_needs_no_other_thread() -> None:
    counts: list[int] = []

    def inner(piece: slice) -> None:
        counts.append(piece.stop - piece.start)

    work_in_threads(lambda piece: work_in_threads(inner, pieces(0, 9, 1), 40), pieces(0, 50, 1), 40)
    assert sum(counts) == 450


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_threads_after_a_fork() -> None:
    test_every_piece_once(2, 100)
    child = os.fork()
    if not child:
        failed = True
        try:
            test_every_piece_once(2, 100)
            failed = False
        finally:
            os._exit(failed)
    assert os.waitpid(child, 0)[1] == 0


def test_progress_is_told_by_the_calling_thread() -> None:
    callers = set()
    work_in_threads(lambda piece: None, pieces(0, 50, 1), 4, lambda count: callers.add(get_ident()))
    assert callers == {get_ident()}
