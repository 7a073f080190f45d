"""The files that a command writes: whether they can be, and how tables are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from sgdmem.cli.arguments.own_methods import files_that_were_run
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.files.marks import marked_text
from sgdmem.symbolic.files.outputs import require_free
from sgdmem.symbolic.files.whole_files import write_text


def output_path(output: str, endings: Sequence[str], *beside: str) -> Path:
    """Return the file that -o names, or the usual one: asked before the work is done.

    It can be written, and so can those of the endings ``beside``, the numbers of a picture.
    """
    path = Path(output)
    if path.suffix not in endings:
        *others, last = endings
        known = f"{', '.join(others)} or {last}" if others else last
        raise click.UsageError(f"-o must end in {known}, got {shown(str(path))}")
    more = [other for ending in beside if (other := path.with_suffix(ending)) != path]
    is_named = click.get_current_context().params.get("output") is not None
    require_outputs([path] if is_named else [], more if is_named else [path, *more])
    return path


def require_outputs(named: Sequence[Path], unnamed: Sequence[Path], option: str = "-o") -> None:
    """Raise a usage error unless all that the command writes is free, see `require_free`.

    What it reads are the paths among its arguments, and files of one's own that were run.
    """
    context = click.get_current_context()
    read: list[tuple[str, str]] = [("ALGORITHM", file) for file in files_that_were_run()]
    for parameter in context.command.params:
        given = context.params.get(parameter.name or "")
        if parameter.name != "output" and isinstance(parameter.type, click.Path) and given:
            read.append((parameter.opts[0], given))
    try:
        require_free(named, unnamed, read)
    except InputError as error:
        raise click.UsageError(f"{option}: {error}") from None


@contextmanager
def written_before(file: Path) -> Iterator[None]:
    """Say of a first file, where a second one cannot be written, that it is there."""
    try:
        yield
    except BaseException:
        click.echo(f"note: {file} is written", err=True)
        raise


def write_table(path: str | Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a .csv file, which says that sgdmem wrote it."""
    import csv
    from io import StringIO

    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, marked_text(file.getvalue()))
