"""The command that maps stability."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
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
from sgdmem.cli.arguments.axes import read_axis, read_panels
from sgdmem.cli.arguments.outputs import output_path, written_before
from sgdmem.cli.arguments.periodic import (
    periodic_options,
    read_periodic,
    refuse_others,
    take_periodic,
)
from sgdmem.cli.arguments.problem import map_problem, problem_options, read_batch_size, read_problem
from sgdmem.cli.commands.draw import draw_file

if TYPE_CHECKING:
    from sgdmem.numeric.compilation.cuda import Device
    from sgdmem.numeric.regions.proved_region import ProvedRegion
    from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled

_FINE = 40  # points of a map whose colours are those of proved boxes nearly everywhere
_TOGETHER = 10**7  # points of a large map that are read at once
_QUANTITIES = (
    "reason",
    "effective_learning_rate",
    "critical_eigenvalue",
    "critical_batch_size",
    "loss_floor",
    "regime",
    "loss_exponent",
)


@click.command("phase-diagram")
@click.argument("algorithm", type=AlgorithmName())
@click.option("--x", "x_axis", required=True, metavar="NAME=LOW:HIGH:COUNT[:SCALE]")
@click.option("--y", "y_axis", required=True, metavar="NAME=LOW:HIGH:COUNT[:SCALE]")
@click.option("--panels", metavar="NAME=V,V,…", help="A third parameter: a map for each value.")
@set_option
@periodic_options
@problem_options()
@click.option(
    "--quantity",
    type=click.Choice(_QUANTITIES),
    metavar="NAME",
    help=f"What to draw instead of the verdict: {', '.join(_QUANTITIES)}.",
)
@click.option("--zeta", metavar="Z", help="Exponent of the target, for regimes and exponents.")
@click.option(
    "--edges/--no-edges",
    default=None,
    help="Trace the exact edges of stability for the picture, or guess them between points.  "
    "[traced where that is quick]",
)
@click.option(
    "--certify",
    is_flag=True,
    help="Prove what holds between the points, too, and draw where nothing is proved.",
)
@click.option(
    "--goal", metavar="SHARE", help="With --certify: of the area, what may stay open.  [0.02]"
)
@output_option(".png, .svg or .pdf  [ALGORITHM.png]")
@size_option
@click.option(
    "--zarr",
    "stored",
    is_flag=True,
    help="Write the data chunk by chunk to a folder (.zarr): what was interrupted goes on there.",
)
@click.option(
    "--verdicts-only",
    is_flag=True,
    help="Leave out noise sums and margins: far less data, and no colours of the noise sum.",
)
@click.option("--chunk", type=int, metavar="N", help="Points of a chunk along x and y.  [1024]")
@click.option(
    "--cluster", metavar="ADDRESS", help="A dask scheduler whose workers compute the chunks."
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "auto"]),
    default="cpu",
    help="Where maps of 100 points or more are computed; auto: on a GPU if there is one.  [cpu]",
)
def phase_diagram_command(
    algorithm: str,
    x_axis: str,
    y_axis: str,
    panels: str | None,
    settings: tuple[str, ...],
    quantity: str | None,
    zeta: str | None,
    edges: bool | None,
    certify: bool,
    goal: str | None,
    output: str | None,
    size: Any,
    stored: bool,
    verdicts_only: bool,
    chunk: int | None,
    cluster: str | None,
    device: Device,
    **options: Any,
) -> None:
    """Map where ALGORITHM is stable over two of its parameters.

    Writes a picture and, beside it, the data as netCDF (.nc), from which `sgdmem draw` draws it
    again. SCALE is log, or log1m for equal ratios of 1 - x, as of momenta. batch_size, tau1 and
    tau2 may be parameters too, and nu and zeta, the exponents of the spectrum and of the target.
    Large maps are kept with --zarr: the same command goes on where it was interrupted.

    \b
      sgdmem phase-diagram heavy-ball --x learning_rate=0.01:4:200 \\
             --y momentum=0:0.99:200 --power-law 1.5 --batch-size 32 \\
             -o heavy-ball.png
      sgdmem phase-diagram nesterov --x learning_rate=0.01:4:200:log \\
             --y momentum=0:0.99:200 --panels batch_size=1,8,64 \\
             --power-law 1.5 -o nesterov.pdf
      sgdmem phase-diagram sgd --x nu=0.3:4:300 --y zeta=0.05:2.5:300 \\
             --quantity regime --set learning_rate=0.5 --batch-size 16 \\
             -o regimes.png
      sgdmem phase-diagram heavy-ball --x learning_rate=0.01:4:20000 \\
             --y momentum=0:0.99:20000 --power-law 1.5 --batch-size 32 \\
             --zarr -o large.png
      sgdmem phase-diagram heavy-ball --x learning_rate=0.01:4:200 \\
             --y momentum=0:0.99:200 --power-law 1.5 --batch-size 4 \\
             --certify -o proved.png
      sgdmem phase-diagram sgd --x low=0.02:1.9:40 --y peak=0.1:6:40 \\
             --cycle learning_rate=low*4,peak --power-law 1.5 \\
             --count 20 --batch-size 32 -o cycles.png
    """
    from sgdmem.phase_diagrams.maps.labelled_arrays import as_dataset
    from sgdmem.phase_diagrams.maps.labelled_diagram import labelled_diagram
    from sgdmem.phase_diagrams.maps.map_file import write_map_file

    for option, value in (("--chunk", chunk), ("--cluster", cluster)):
        if value is not None and not stored:
            raise click.UsageError(f"{option} needs --zarr, the folder that the chunks go to")
    beside = () if stored else (".nc",)  # a store knows what it is a map of
    path = output_path(output or f"{method_name(algorithm)}.png", PICTURES, *beside)
    x, y = read_axis(x_axis, "--x"), read_axis(y_axis, "--y")
    third = None if panels is None else read_panels(panels)
    axes = [axis for axis, _ in filter(None, (x, y, third))]
    periodic = take_periodic(options)
    if periodic is not None:
        refuse_others(
            {
                "--quantity": quantity, "--zeta": zeta, "--edges": edges, "--zarr": stored,
                "--device": device != "cpu", "--certify": certify, "--goal": goal,
                "--verdicts-only": verdicts_only,
            }
        )  # fmt: skip
        _map_periodic(algorithm, settings, periodic, options, path, size, x=x, y=y, panels=third)
        return
    if goal is not None and not certify:
        raise click.UsageError("--goal needs --certify: it is how much of the area may stay open")
    if certify and (stored or panels is not None):
        raise click.UsageError("--certify excludes --zarr and --panels")
    if certify and quantity is not None:
        raise click.UsageError("--certify is of stability alone, and excludes --quantity")
    if certify and min(len(values) for _, values in (x, y)) < _FINE:
        raise click.UsageError(
            f"--certify is drawn over the colours of a map: {_FINE} points or more along each axis"
        )
    family, values = read_method(algorithm, settings)
    problem, batch_size = map_problem(options, family, axes, zeta), read_batch_size(options)
    data = path.with_suffix(".zarr" if stored else ".nc")
    region = _proved(family, problem, batch_size, goal, x=x, y=y, **values) if certify else None
    with _client(cluster) as client, _said_to_go_on(data if stored else None):
        diagram = labelled_diagram(
            family,
            problem,
            batch_size,
            x=x,
            y=y,
            panels=third,
            quantities=() if quantity is None else (quantity,),
            verdicts_only=verdicts_only,
            device=device,
            store=data if stored else None,
            chunk=chunk,
            client=client,
            edges=edges,
            progress=sys.stderr.isatty(),
            **values,
        )
    if region is not None:
        diagram = as_dataset(diagram).merge(region.to_dataset(), combine_attrs="override")
    if not stored:
        write_map_file(diagram, data)
    _draw_map(diagram, path, data, quantity, size)
    if region is not None:
        click.echo(f"  {region}")


def _proved(
    family: Any, problem: Any, batch_size: Any, goal: str | None, **options: Any
) -> ProvedRegion:
    """Return what is proved between the first and the last values of two axes."""
    import numpy as np

    from sgdmem.numeric.arithmetic.scales import scale_of
    from sgdmem.numeric.regions.prove_region import prove_region

    if callable(problem):
        raise click.UsageError("--certify is of a problem that stays the same")
    ranges: dict[str, Any] = {}
    for label in ("x", "y"):
        name, values = options.pop(label)
        ranges[label] = (name, min(values), max(values), scale_of(np.array(values)))
    how: dict[str, Any] = {"progress": sys.stderr.isatty()}
    if goal is not None:
        how["goal"] = goal
    return prove_region(family, problem, batch_size, **how, **ranges, **options)


def _map_periodic(
    algorithm: Any,
    settings: tuple[str, ...],
    periodic: Any,
    options: Any,
    path: Path,
    size: Any,
    **axes: Any,
) -> None:
    """Write the map of a method that repeats itself."""
    from sgdmem.phase_diagrams.maps.map_file import write_map_file
    from sgdmem.phase_diagrams.maps.periodic_diagram import periodic_phase_diagram

    method, values = read_periodic(algorithm, settings, periodic)
    varied = [name for name, _ in filter(None, axes.values())]
    if "batch_size" in varied and options["batch_size"] is not None:
        raise click.UsageError("batch_size cannot both vary and have a fixed value")
    diagram = periodic_phase_diagram(
        method,
        read_problem(options),
        read_batch_size(options),
        workers=method.workers,
        progress=sys.stderr.isatty(),
        **axes,
        **values,
    )
    data = path.with_suffix(".nc")
    write_map_file(diagram, data)
    _draw_map(diagram, path, data, None, size)


def _draw_map(diagram: Labelled, path: Path, data: Path, quantity: str | None, size: Any) -> None:
    from sgdmem.numeric.arithmetic.shares import percent

    with written_before(data):
        draw_file(diagram, path, quantity, size)
    stable, undecided = _shares(diagram.stable)
    told = f"{percent(stable)} of {diagram.stable.size} points are stable"
    told += f", {percent(undecided)} undecided" if undecided else ""
    click.echo(f"wrote {path} and {data}: {told}")


@contextmanager
def _said_to_go_on(store: Path | None) -> Iterator[None]:
    """Say on an interrupt that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        if store is not None:
            click.echo(f"the same command goes on from what is in {store}", err=True)
        raise


def _client(address: str | None) -> Any:
    """Return a context with a client of a dask cluster, or with None."""
    if address is None:
        return nullcontext()
    try:
        return import_module("dask.distributed").Client(address)
    except ImportError:
        raise click.UsageError(
            "--cluster needs dask, which is not installed: pip install 'sgdmem[distributed]'"
        ) from None
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--cluster: no scheduler at {address}: {error}") from None


def _shares(stable: Any) -> tuple[float, float]:
    """Return shares of stable and undecided points, reading a few rows of a large map at a time."""
    rows = str(stable.dims[-2])
    stored = getattr(stable, "encoding", {})
    chunk = stored.get("preferred_chunks", {}).get(rows, 1)  # each is read once
    step = chunk * max(1, _TOGETHER * stable.sizes[rows] // stable.size // chunk)
    starts = range(0, stable.sizes[rows], step)
    parts = (stable.isel({rows: slice(start, start + step)}).values for start in starts)
    every = [[int((part == flag).sum()) for flag in (1, -1)] for part in parts]
    first, second = (sum(counts) / stable.size for counts in zip(*every, strict=True))
    return first, second
