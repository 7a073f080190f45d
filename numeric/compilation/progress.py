"""Progress bars on stderr: of work of a known size, and of passes over data."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_PATIENCE = 1.0  # seconds without a bar, which short questions do not need


@contextmanager
def shown_progress(label: str, total: int | None, shown: bool) -> Iterator[Callable[[int], None]]:
    """Show a progress bar, or nothing; yields a function that takes what has been done since.

    Without a total it counts.
    """
    if not shown:
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    counting = (TextColumn("{task.description}: {task.completed:,.0f}"), TimeElapsedColumn())
    columns = Progress.get_default_columns() if total is not None else counting
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda count: progress.advance(task, count)


class Passes:
    """Passes over data that one question takes: those done, and those that it expects.

    What makes a pass calls `report_pass`; what knows how many are left, `expect_passes`.
    """

    def __init__(self) -> None:
        self.done, self.total, self.begin = 0.0, 0.0, time.monotonic()
        self.bar: Any = None
        self.task: Any = None

    def advance(self, share: float) -> None:
        """Count a part of a pass."""
        self.done += share
        self.total = max(self.total, self.done)
        if self.bar is None and time.monotonic() - self.begin > _PATIENCE:
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task("", total=None)
            self.bar.start()
        if self.bar is not None:
            text = f"passes over the data, {self.done:.0f} of about {self.total:.0f}"
            self.bar.update(self.task, description=text, completed=self.done, total=self.total)

    def expect(self, left: float) -> None:
        """Say how many passes are left, as far as that is known now."""
        self.total = self.done + left


_passes: ContextVar[Passes | None] = ContextVar("passes", default=None)


@contextmanager
def shown_passes(shown: bool) -> Iterator[None]:
    """Show how many passes over data are done and expected, and the time left, inside a block."""
    if not shown or _passes.get() is not None:  # the outer one goes on
        yield
        return
    counted = Passes()
    token = _passes.set(counted)
    try:
        yield
    finally:
        _passes.reset(token)
        if counted.bar is not None:
            counted.bar.stop()


def report_pass(share: float) -> None:
    """Count a part of a pass, where one is shown."""
    passes = _passes.get()
    if passes is not None:
        passes.advance(share)


def expect_passes(left: float) -> None:
    """Say how many passes are left, where they are shown."""
    passes = _passes.get()
    if passes is not None:
        passes.expect(left)
