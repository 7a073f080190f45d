"""The command line: each command reads its arguments, makes one API call and prints the result."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

from sgdmem._version import __version__
from sgdmem.cli.command_table import CommandGroup
from sgdmem.cli.process.exits import ended


def main(arguments: Sequence[str], own_process: bool = False) -> None:
    """Run the command line and exit, with a code that says how it ended."""
    sys.exit(ended(lambda: _run(list(arguments)), own_process))


def _run(arguments: list[str]) -> Any:
    """Run a command, which returns its exit code or None.

    Not by click's own ``main``, for which the end of any file is an interrupt and a closed pipe an
    exit code of 1.
    """
    completion = os.environ.get("_SGDMEM_COMPLETE")
    if completion:
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, "sgdmem", "_SGDMEM_COMPLETE", completion)
    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = _note  # type: ignore[assignment]
        with cli.make_context("sgdmem", arguments) as context:
            return cli.invoke(context)


def _note(message: Warning | str, *_: Any) -> None:
    """Show a warning as the notes on data are shown."""
    click.echo(f"note: {' '.join(str(message).split())}", err=True)


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="sgdmem")
def cli() -> None:
    """Exact answers about stochastic gradient methods with memory.

    Is this algorithm stable on this problem at this batch size? How far can the learning rate be
    pushed? Show me the derivation.

    \b
      sgdmem stable heavy-ball --set learning_rate=0.1 --set momentum=0.9 \\
             --power-law 1.5 --batch-size 32
      sgdmem largest-learning-rate heavy-ball --set momentum=0.9 \\
             --power-law 1.5 --batch-size 32
      sgdmem derive heavy-ball -o heavy-ball.pdf
      sgdmem phase-diagram heavy-ball --x learning_rate=0.01:4:200 \\
             --y momentum=0:0.99:200 --power-law 1.5 --batch-size 32 \\
             -o heavy-ball.png
      sgdmem explore --serve
      sgdmem verify
      sgdmem check proof.json

    ALGORITHM is a name that `sgdmem algorithms` lists, or a method of your own,
    path/to/file.py:function or module:function: that runs your code.

    Numbers may be written as 0.1, 1e-3 or 1/3 and are taken exactly. Exit code 2 means bad input.
    """
