"""Ctrl-C in a process of the command line: it ends, whatever libraries make of an interrupt."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_PATIENCE = 1.0  # seconds in which what is interrupted ends
_heard: list[threading.Timer] = []


def was_interrupted() -> bool:
    """Whether there was an interrupt, of which an error may be the consequence."""
    return bool(_heard)


@contextmanager
def heeded_interrupts() -> Iterator[None]:
    """Let interrupts be raised while something runs, if the process ends at once by them else.

    What is interrupted can clean up. Libraries catch interrupts while they are imported, and
    nothing is raised out of what C calls: an interrupt that had no effect is sent again.
    """
    before, hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
    if before in (signal.SIG_IGN, signal.default_int_handler, None):
        yield
        return
    sys.unraisablehook = _quiet
    signal.signal(signal.SIGINT, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = hook
        for timer in _heard:
            timer.cancel()


def _raise(*_: Any) -> None:
    again = threading.Timer(_PATIENCE, _send_again)
    again.daemon = True
    again.start()
    _heard.append(again)
    raise KeyboardInterrupt


def _send_again() -> None:
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # ends a sleep, too


def _quiet(lost: Any) -> None:
    if not isinstance(lost.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(lost)
