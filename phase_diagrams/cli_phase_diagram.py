"""The commands that map stability, and that draw a map again from its file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sgdmem.phase_diagrams.cli_arguments import (
    AlgorithmName,
    map_arguments,
    output_path,
    problem_options,
    read_axis,
    read_panels,
    set_option,
)

if TYPE_CHECKING:
    import xarray

    from sgdmem.numeric.cuda import Device

PICTURES = (".png", ".svg", ".pdf")
_QUANTITIES = ("reason", "effective_learning_rate", "critical_eigenvalue", "critical_batch_size")


@click.command("phase-diagram", short_help="Map stability over two parameters.")
@click.argument("algorithm", type=AlgorithmName())
@click.option("--x", "x_axis", required=True, metavar="NAME=LOW:HIGH:COUNT[:log]")
@click.option("--y", "y_axis", required=True, metavar="NAME=LOW:HIGH:COUNT[:log]")
@click.option("--panels", metavar="NAME=V,V,…", help="A third parameter: a map for each value.")
@set_option
@problem_options()
@click.option(
    "--quantity",
    type=click.Choice(_QUANTITIES),
    help="What to draw instead of the verdict.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    help=".png, .svg or .pdf  [ALGORITHM.png]",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "auto"]),
    default="cpu",
    help="Where maps of 1000 points or more are computed; auto: on a GPU if there is one.  [cpu]",
)
def phase_diagram_command(
    algorithm: str,
    x_axis: str,
    y_axis: str,
    panels: str | None,
    settings: tuple[str, ...],
    quantity: str | None,
    output: str | None,
    device: Device,
    **problem: Any,
) -> None:
    """Map where ALGORITHM is stable over two of its parameters.

    Writes a picture and, beside it, the data as netCDF (.nc), from which `sgdmem draw` draws it
    again. batch_size, tau1 and tau2 may be parameters too.

    \b
      sgdmem phase-diagram heavy-ball --x learning_rate=0.01:4:200 --y momentum=0:0.99:200 \\
             --power-law 1.5 --batch-size 32 -o heavy-ball.png
      sgdmem phase-diagram nesterov --x learning_rate=0.01:4:200:log --y momentum=0:0.99:200 \\
             --panels batch_size=1,8,64 --power-law 1.5 -o nesterov.pdf
    """
    from sgdmem.phase_diagrams.diagram import phase_diagram

    path = output_path(output or f"{algorithm}.png", PICTURES)
    (x, _), (y, _) = read_axis(x_axis, "--x"), read_axis(y_axis, "--y")
    third = None if panels is None else read_panels(panels)
    axes = [axis for axis, _ in filter(None, (x, y, third))]
    arguments = map_arguments(problem, settings, algorithm, axes)
    diagram = phase_diagram(
        algorithm,
        x,
        y,
        panels=third,
        quantities=() if quantity is None else (quantity,),
        device=device,
        progress=sys.stderr.isatty(),
        **arguments,
    )
    data = path.with_suffix(".nc")
    diagram.to_netcdf(data, engine="scipy")
    draw_file(diagram, path, quantity)
    share = float((diagram.stable == 1).mean())
    click.echo(f"wrote {path} and {data}: {share:.1%} of {diagram.stable.size} points are stable")


@click.command("draw", short_help="Draw a map or a boundary again from its file.")
@click.argument("file", type=click.Path())
@click.option("--quantity", metavar="NAME", help="A quantity that the file has.")
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help=".png, .svg or .pdf")
def draw_command(file: str, quantity: str | None, output: str | None) -> None:
    """Draw a phase diagram or a boundary from its FILE (.nc) without computing it again.

    \b
      sgdmem draw heavy-ball.nc -o heavy-ball.svg
      sgdmem draw heavy-ball.nc --quantity noise_sum -o noise.png
    """
    import xarray

    source = Path(file)
    path = output_path(output or str(source.with_suffix(".png")), PICTURES)
    if not source.is_file():
        raise click.UsageError(f"there is no file {file}")
    try:
        data = xarray.load_dataset(source, engine="scipy")
    except Exception as error:
        raise click.UsageError(f"{file} is no netCDF file of a map: {error}") from None
    if "stable" not in data and "condition" not in data:
        raise click.UsageError(f"{file} holds neither a phase diagram nor a boundary")
    draw_file(data, path, quantity)
    click.echo(f"wrote {path}")


def draw_file(data: xarray.Dataset, path: Path, quantity: str | None = None) -> None:
    """Write the picture of a map, of a series of maps, or of a boundary."""
    from sgdmem.phase_diagrams.boundary_picture import draw_boundary
    from sgdmem.phase_diagrams.picture import draw, draw_series

    if "condition" in data:
        if quantity is not None:
            raise click.UsageError("--quantity belongs to maps, not to boundaries")
        figure = draw_boundary(data).figure
    elif data.stable.ndim == 2:
        figure = draw(data, quantity=quantity or "stable").figure
    else:
        figure = draw_series(data, quantity=quantity or "stable")
    figure.savefig(path, dpi=200)
