"""How a run of the command line ends: its exit code, and one line where there is no answer.

What a command prints is held until it is whole, and then printed at once. A verdict's codes, 0, 1
and 3, are kept for verdicts that were printed: what fails otherwise, also on a pipe that was
closed, has a code of its own.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

import click

from sgdmem.cli.process.interrupts import heeded_interrupts, was_interrupted

USAGE_ERROR, FAULT, UNDELIVERED, INTERRUPTED = 2, 70, 74, 130  # 70 and 74 as in sysexits.h
_LONGEST = 300  # word, such as the path of a file
TRACEBACK_VARIABLE = "SGDMEM_TRACEBACK"


class _Held(io.TextIOWrapper):
    """What is printed, as text or bytes, held until it is delivered, when stdout is as it was."""

    def __init__(self) -> None:
        self.stream = sys.stdout
        self.held = io.BytesIO()
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        super().__init__(self.held, encoding, errors="backslashreplace")

    def deliver(self) -> None:
        """Print it."""
        self.flush()
        answer = self.held.getvalue()
        has_bytes = hasattr(sys.stdout, "buffer")
        click.echo(answer if has_bytes else answer.decode(self.encoding), nl=False)
        self.held.seek(0)
        self.held.truncate()


@contextmanager
def printed_at_once() -> Iterator[None]:
    """Print, of what runs until it is interrupted, all when it comes."""
    held: Any = sys.stdout
    with redirect_stdout(held.stream):
        held.deliver()
        yield


def ended(run: Callable[[], Any], own_process: bool = False) -> int:
    """Run a command, and return the exit code; what went wrong is said in a line on stderr.

    A process of the command line's own ends with it, whatever interrupts come then.
    """
    if sys.stderr is None:  # closed by the caller
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  to the end of the process
    if sys.stdout is None:  # the first file written would take its number
        return _said("stdout is closed: no answer can be printed", UNDELIVERED)
    with suppress(AttributeError, OSError):  # a stream in its place, of tests
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    answer = _Held()
    try:
        with heeded_interrupts(own_process) as let_finish:
            with redirect_stdout(answer):
                code = _code_of(run)
            let_finish()
            answer.deliver()
    except BaseException as error:
        return _failed(error)
    return code


def _code_of(run: Callable[[], Any]) -> int:
    try:
        code = run()
    except click.exceptions.Exit as stopped:  # after a help text
        return stopped.exit_code
    return code if isinstance(code, int) else 0


def _failed(error: BaseException) -> int:
    """Say why there is no answer, and return the exit code."""
    from sgdmem.cli.arguments.own_methods import failure_of_own
    from sgdmem.symbolic.errors import SgdmemError

    if was_interrupted() or isinstance(error, KeyboardInterrupt | click.Abort):
        return _said("interrupted", INTERRUPTED, "")
    if isinstance(error, OSError) and _is_of_output(error):
        _discard_output()
        if isinstance(error, BrokenPipeError):  # its reader has gone, and wants no more
            return UNDELIVERED
        return _said(f"the answer could not be printed: {error.strerror}", UNDELIVERED)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.ctx.get_help() if error.ctx else "")
        return USAGE_ERROR
    if isinstance(error, click.ClickException):
        return _said(error.format_message(), USAGE_ERROR)
    told = str(error) if isinstance(error, SgdmemError) else failure_of_own(error)
    if told is None and isinstance(error, OSError):
        told = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    if told is not None:
        return _said(told, USAGE_ERROR)
    if os.environ.get(TRACEBACK_VARIABLE):
        from traceback import print_exception

        print_exception(error)
    if isinstance(error, MemoryError):
        return _said("there is not enough memory for this", FAULT)
    name = type(error).__name__
    return _said(
        f"a fault of sgdmem, not of what it was given: {name}: {error}; please report it, with "
        f"what {TRACEBACK_VARIABLE}=1 shows",
        FAULT,
    )


def _said(message: str, code: int, who: str = "sgdmem: ") -> int:
    with suppress(OSError):  # stderr may be full, too
        click.echo(f"{who}{_brief(message)}", err=True)
    return code


def _brief(message: str) -> str:
    """Return a message on one line, without the most of words that fill a screen."""
    words = (word if len(word) <= _LONGEST else f"{word[:80]}…" for word in message.split())
    return " ".join(words)


def _is_of_output(error: OSError) -> bool:
    """Whether it is stdout or stderr that could not be written, and not a file."""
    from traceback import walk_tb

    frames = [frame.f_code for frame, _ in walk_tb(error.__traceback__)]
    return error.filename is None and click.echo.__code__ in frames


def _discard_output() -> None:
    """Let Python, when it ends, try no more to write what is left."""
    with suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
