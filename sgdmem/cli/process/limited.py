"""Work that may take any time, in a process of its own, which is killed when its time is over."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")
_LATE = 5.0  # seconds


def within(seconds: float, work: Callable[..., _T], *arguments: Any) -> _T:
    """Return what a function of a module returns, or raise what it raises.

    One operation on long numbers cannot be interrupted from within.

    Raises
    ------
    TimeoutError
        If it takes longer.
    MemoryError
        If the process has ended without an answer: it is killed where memory ends.
    """
    import multiprocessing

    how: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    answer, sending = how.Pipe(duplex=False)
    process = how.Process(target=_send, args=(sending, seconds, work, arguments), daemon=True)
    process.start()
    sending.close()
    try:
        if not answer.poll(seconds):
            raise TimeoutError
        found, error = answer.recv()
    except EOFError:
        raise MemoryError from None
    finally:
        process.kill()
        process.join()
    if error is not None:
        raise error
    return found  # type: ignore[no-any-return]


def _send(
    sending: Any, seconds: float, work: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the other process says it
    if sys.platform != "win32":  # it ends also if the other process was killed
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds + _LATE)
    try:
        sending.send((work(*arguments), None))
    except Exception as error:
        sending.send((None, error))
