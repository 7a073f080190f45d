"""The command that draws a dataset again from its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sgdmem.cli.arguments.algorithm import PICTURES, FileName, output_option, size_option
from sgdmem.cli.arguments.outputs import output_path


@click.command("draw")
@click.argument("file", type=FileName())
@click.option("--quantity", metavar="NAME", help="A quantity that the file of a map has.")
@output_option(".png, .svg or .pdf  [FILE with .png]")
@size_option
def draw_command(file: str, quantity: str | None, output: str | None, size: Any) -> None:
    """Draw what FILE has (.nc or .zarr) again, without computing it.

    A phase diagram, a boundary, or a named diagram of curves.

    \b
      sgdmem draw heavy-ball.nc --size column -o heavy-ball.pdf
      sgdmem draw heavy-ball.nc --quantity noise_sum -o noise.png
    """
    from sgdmem.phase_diagrams.maps.map_file import read_map_file
    from sgdmem.phase_diagrams.systems.drawing import drawable

    data = read_map_file(file)  # first: a picture given for FILE is no netCDF file
    path = output_path(output or str(Path(file).with_suffix(".png")), PICTURES)
    with drawable(file):
        draw_file(data, path, quantity, size)
    click.echo(f"wrote {path}")


def draw_file(data: Any, path: Path, quantity: str | None = None, size: Any = None) -> None:
    """Write the picture of a dataset."""
    from sgdmem.phase_diagrams.pictures.picture_file import save
    from sgdmem.phase_diagrams.systems.drawing import draw

    save(draw(data, quantity=quantity, size=size), path)
