"""Interrupts a command at lines of the command line's own code, one run for each.

Run as a program, with a folder, a number and a command's arguments, it prints a line of JSON: how
the command ends when it is left alone, and then when it is interrupted at so many lines evenly, at
each of the last so many lines, and while Python ends. Each run is a copy of this process, in which
all has been imported.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import signal
import sys
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click.utils

import sgdmem.__main__ as command_line
from sgdmem.cli.main import main

_FOLDER = os.path.join(os.path.dirname(command_line.__file__), "cli")
_FILES = {command_line.__file__, click.utils.__file__}
_ATEXIT, _FINALIZED = "when functions for the end are called", "when modules are cleared"


class _Lines:
    """What, told of every line by `sys.settrace`, interrupts at the nth, and writes down where."""

    def __init__(self, at: int | None, known: Path) -> None:
        self.at, self.known = at, known
        self.count = 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if not (file.startswith(_FOLDER) or file in _FILES):
            return None
        if event == "line":
            if self.count == self.at or self.at is None:
                place = f"{os.path.basename(file)}:{frame.f_lineno}"
                with open(self.known, "a") as told:
                    told.write(place + "\n")
            if self.count == self.at:
                sys.settrace(None)
                signal.raise_signal(signal.SIGINT)
            self.count += 1
        return self


class _LastOfAll:
    """What interrupts when it is deleted, which is when Python clears its modules."""

    def __init__(self) -> None:
        self.interrupt = partial(os.kill, os.getpid(), signal.SIGINT)

    def __del__(self) -> None:
        self.interrupt()


def run_to_the_end(at: int | str | None, known: Path) -> NoReturn:
    """Run the command as a process of its own, interrupted there."""
    if at == _ATEXIT:
        atexit.register(signal.raise_signal, signal.SIGINT)
    if at == _FINALIZED:
        sys.modules["last_of_all"] = _LastOfAll()  # type: ignore[assignment]
    if not isinstance(at, str):
        sys.settrace(_Lines(at, known))
    command_line.main()
    raise AssertionError


def main_of_copies(folder: Path, count: int, arguments: list[str]) -> None:
    """Start the copies; this returns in none of them."""
    sys.argv[1:] = arguments
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main(arguments)
    out, err, known = (folder / name for name in ("out", "err", "known"))
    ends: list[dict[str, Any]] = []
    places: list[int | str | None] = [None]
    while places:
        at = places.pop(0)
        child = os.fork()
        if not child:
            for number, path in ((1, out), (2, err)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            run_to_the_end(at, known)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        lines = [] if isinstance(at, str) else known.read_text().splitlines()
        texts = [path.read_text() for path in (out, err)]
        ends.append({"place": lines[-1] if lines else at, "code": code, "texts": texts})
        if at is None:
            first = max(0, len(lines) - count)
            evenly = range(0, first, max(1, first // count))
            places = [*evenly, *range(first, len(lines)), _ATEXIT, _FINALIZED]
            ends[0]["place"] = None
        if lines:
            known.unlink()
    print(json.dumps(ends))  # noqa: T201  it is a program


if __name__ == "__main__":
    main_of_copies(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
