"""A progress bar on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


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
