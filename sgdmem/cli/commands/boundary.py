"""The command that traces the boundary of stability."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sgdmem.cli.arguments.algorithm import (
    PICTURES,
    AlgorithmName,
    method_name,
    output_option,
    read_method,
    set_option,
    size_option,
)
from sgdmem.cli.arguments.axes import read_window
from sgdmem.cli.arguments.outputs import output_path, write_table, written_before
from sgdmem.cli.arguments.problem import map_problem, problem_options, read_batch_size
from sgdmem.cli.commands.draw import draw_file

if TYPE_CHECKING:
    from sgdmem.phase_diagrams.maps.labelled_arrays import LabelledArrays

_DATA = (".csv", ".nc")


@click.command("boundary")
@click.argument("algorithm", type=AlgorithmName())
@click.option("--x", "x_axis", required=True, metavar="NAME=LOW:HIGH[:SCALE]")
@click.option("--y", "y_axis", required=True, metavar="NAME=LOW:HIGH[:SCALE]")
@set_option
@problem_options()
@output_option(
    "A picture (.png, .svg, .pdf; the data beside it as .nc), or data (.csv, .nc).  "
    "[ALGORITHM-boundary.png]"
)
@size_option
@click.option(
    "--resolution", type=int, default=100, metavar="N", help="Of the map that finds it.  [100]"
)
@click.option(
    "--tolerance", type=float, default=1e-10, metavar="T", help="As a share of the axes.  [1e-10]"
)
def boundary_command(
    algorithm: str,
    x_axis: str,
    y_axis: str,
    settings: tuple[str, ...],
    output: str | None,
    size: Any,
    resolution: int,
    tolerance: float,
    **options: Any,
) -> None:
    """Trace the boundary of where ALGORITHM is stable over two of its parameters.

    Every point is enclosed between two algorithms, one proved to be stable and one proved not to
    be, and is labelled with the condition that binds there. SCALE is log, or log1m for equal ratios
    of 1 - x, as of momenta. batch_size, tau1 and tau2 may be
    parameters too.

    \b
      sgdmem boundary heavy-ball --x learning_rate=0.01:10:log \\
             --y momentum=0:0.99 --power-law 1.5 --batch-size 32 -o edge.pdf
      sgdmem boundary heavy-ball --x learning_rate=0.01:10:log \\
             --y batch_size=1:1e5:log --set momentum=0.9 --power-law 1.5 \\
             -o edge.csv
    """
    from sgdmem.phase_diagrams.maps.boundary import labelled_boundary

    name = output or f"{method_name(algorithm)}-boundary.png"
    path = output_path(name, PICTURES + _DATA, ".cusps.csv" if name.endswith(".csv") else ".nc")
    (x, x_scale), (y, y_scale) = read_window(x_axis, "--x"), read_window(y_axis, "--y")
    family, values = read_method(algorithm, settings)
    boundary = labelled_boundary(
        family,
        map_problem(options, family, [x[0], y[0]]),
        read_batch_size(options),
        x=x,
        y=y,
        log=[name for (name, *_), scale in ((x, x_scale), (y, y_scale)) if scale == "log"],
        log1m=[name for (name, *_), scale in ((x, x_scale), (y, y_scale)) if scale == "log1m"],
        resolution=resolution,
        tolerance=tolerance,
        progress=sys.stderr.isatty(),
        **values,
    )
    written = " and ".join(map(str, _write(boundary, path, size)))
    curves = len(set(boundary.curve.values.tolist()))
    found = (
        f"{boundary.sizes['point']} points on {curves} curve{'' if curves == 1 else 's'}, "
        f"{boundary.sizes['cusp']} cusps"
    )
    nothing = (
        "no edge of stability is in this window, or none that is decided on both sides and that "
        "a coarse map shows (--resolution)"
    )
    click.echo(f"wrote {written}: {found if curves else nothing}")


def _write(boundary: LabelledArrays, path: Path, size: Any) -> list[Path]:
    if path.suffix == ".csv":
        written = [path]
        _write_csv(boundary, "point", path)
        written.append(path.with_suffix(".cusps.csv"))  # also an empty one: no old one stays
        with written_before(path):
            _write_csv(boundary, "cusp", written[1])
        return written
    from sgdmem.phase_diagrams.maps.map_file import write_map_file

    data = path.with_suffix(".nc")
    write_map_file(boundary, data)
    if path.suffix == ".nc":
        return [data]
    with written_before(data):
        draw_file(boundary, path, size=size)
    return [path, data]


def _write_csv(boundary: LabelledArrays, dim: str, path: Path) -> None:
    columns = {
        name: x.values.tolist() for name, x in boundary.variables.items() if x.dims == (dim,)
    }
    write_table(path, columns, zip(*columns.values(), strict=True))
