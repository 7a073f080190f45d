"""The command ``sgdmem spectrum``: what data mean for an optimizer."""

from __future__ import annotations

from typing import Any

import click

from sgdmem.cli.arguments.algorithm import FileName, json_option, output_option, print_json
from sgdmem.cli.arguments.outputs import output_path
from sgdmem.cli.arguments.problem import drop_column_option, read_data


@click.command("spectrum")
@click.option("--data", type=FileName(), metavar="FILE", help="A data matrix.")
@drop_column_option
@click.option("--spectrum", "path", type=FileName(), metavar="FILE", help="Eigenvalues.")
@click.option("--positive-part", is_flag=True, help="Leave out eigenvalues that are not positive.")
@click.option("--first", type=float, metavar="K", help="First rank of the fit.  [all]")
@click.option("--last", type=float, metavar="K", help="Last rank of the fit.  [all]")
@output_option("Write eigenvalues (.csv).")
@json_option
def spectrum_command(
    data: str | None,
    drop_column: tuple[str, ...],
    path: str | None,
    positive_part: bool,
    first: float | None,
    last: float | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Describe the spectrum and the gradient noise of data.

    Fits a power law to the eigenvalues and, for a data matrix of least squares, estimates tau1 and
    tau2.

    \b
      sgdmem spectrum --data X.npy -o eigenvalues.csv
    """
    from sgdmem.numeric.problems.data_summary import summarize
    from sgdmem.numeric.spectra.spectrum import Spectrum

    if (data is None) == (path is None):
        raise click.UsageError("give either --data FILE or --spectrum FILE")
    if data is not None and positive_part:
        raise click.UsageError("--positive-part belongs to --spectrum")
    if data is None and drop_column:
        raise click.UsageError("--drop-column belongs to --data")
    file = None if output is None else output_path(output, [".csv"])
    if data is not None:
        given: Any = read_data(data, dropped=drop_column).rows
    else:
        given = Spectrum.load(path, positive_part=positive_part)
    summary = summarize(given, first, last)
    if file is not None:
        summary.problem.spectrum.save(file)
    if as_json:
        print_json(summary.to_dict())
    else:
        click.echo(str(summary))
