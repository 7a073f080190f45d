"""Ctrl-C in a process of the command line: it ends, whatever libraries make of an interrupt.

Until an answer is whole an interrupt leaves none; from then on the answer is printed, and with it
its exit code, which a signal would replace while Python ends.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_PATIENCE = 1.0  # seconds in which what is interrupted ends, or its answer is printed
_heard: list[threading.Timer] = []


def was_interrupted() -> bool:
    """Whether there was an interrupt, of which an error may be the consequence."""
    return bool(_heard)


@contextmanager
def heeded_interrupts(own_process: bool = False) -> Iterator[Callable[[], None]]:
    """Let interrupts be raised while something runs, if the process ends at once by them else.

    What is interrupted can clean up. Libraries catch interrupts while they are imported, and
    nothing is raised out of what C calls: an interrupt that had no effect is sent again.

    Yields what is to be called when an answer is whole: no interrupt is raised from then on. A
    process of the command line's own waits until it is printed, unless nobody reads it, and
    ignores interrupts when this is over.
    """
    before, hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
    if before in (signal.SIG_IGN, signal.default_int_handler, None):
        yield lambda: None
        return
    late: list[threading.Timer] = []

    def wait(*interrupt: Any) -> None:
        late.append(_started(lambda: before(*interrupt)))  # type: ignore[operator]

    def let_finish() -> None:
        signal.signal(signal.SIGINT, wait if own_process else before)

    sys.unraisablehook = _quiet
    signal.signal(signal.SIGINT, _raise)
    try:
        yield let_finish
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN if own_process else before)
        if not own_process:
            sys.unraisablehook = hook
        for timer in (*_heard, *late):
            timer.cancel()


def _raise(*_: Any) -> None:
    _heard.append(_started(_send_again))
    raise KeyboardInterrupt


def _started(action: Callable[[], Any]) -> threading.Timer:
    timer = threading.Timer(_PATIENCE, action)
    timer.daemon = True
    timer.start()
    return timer


def _send_again() -> None:
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # ends a sleep, too


def _quiet(lost: Any) -> None:
    changed = "race condition" in str(lost.exc_value)  # what heeds them, as one came
    if not (isinstance(lost.exc_value, KeyboardInterrupt) or changed):
        sys.__unraisablehook__(lost)
