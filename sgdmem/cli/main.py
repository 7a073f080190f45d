"""The command line: each command reads its arguments, makes one API call and prints the result."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sgdmem._version import __version__
from sgdmem.cli.arguments import (
    AlgorithmName,
    noise_arguments,
    problem_options,
    read_data,
    read_features,
    read_range,
    read_settings,
    set_option,
)
from sgdmem.cli.boundary import boundary_command
from sgdmem.cli.derive import derive_command
from sgdmem.cli.explore import explore_command
from sgdmem.cli.phase_diagram import draw_command, phase_diagram_command
from sgdmem.cli.plot import plot_command
from sgdmem.cli.simulate import simulate_command
from sgdmem.cli.verify import verify_command

if TYPE_CHECKING:
    pass

_USAGE_ERROR, _INTERRUPTED = 2, 130
_EXIT_CODES = {True: 0, False: 1, None: 3}

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_algorithm = click.argument("algorithm", type=AlgorithmName())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a usage error is one line on stderr and exit code 2."""
    from sgdmem.symbolic.errors import SgdmemError

    try:
        code = cli.main(arguments, prog_name="sgdmem", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
        sys.exit(_USAGE_ERROR)
    except click.ClickException as error:
        _fail(error.format_message())
    except SgdmemError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(_INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> None:
    click.echo(f"sgdmem: {' '.join(message.split())}", err=True)
    sys.exit(_USAGE_ERROR)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="sgdmem")
def cli() -> None:
    """Exact answers about stochastic gradient methods with memory.

    Is this algorithm stable on this problem at this batch size? How far can the learning rate be
    pushed? Show me the derivation.

    \b
      sgdmem stable heavy-ball --set learning_rate=0.1 --set momentum=0.9 \\
                    --power-law 1.5 --batch-size 32
      sgdmem largest-learning-rate heavy-ball --set momentum=0.9 --power-law 1.5 --batch-size 32
      sgdmem derive heavy-ball -o heavy-ball.pdf
      sgdmem phase-diagram heavy-ball --x learning_rate=0.01:4:200 --y momentum=0:0.99:200 \\
                    --power-law 1.5 --batch-size 32 -o heavy-ball.png
      sgdmem explore --serve
      sgdmem verify

    Numbers may be written as 0.1, 1e-3 or 1/3 and are taken exactly. Exit code 2 means bad input.
    """


cli.add_command(boundary_command)
cli.add_command(derive_command)
cli.add_command(draw_command)
cli.add_command(explore_command)
cli.add_command(phase_diagram_command)
cli.add_command(plot_command)
cli.add_command(simulate_command)
cli.add_command(verify_command)


@cli.command(short_help="Decide whether an algorithm is stable, and say why.")
@click.argument("algorithm", required=False, type=AlgorithmName())
@click.option(
    "--algorithm", "named", type=AlgorithmName(), metavar="NAME", help="Names it as an option."
)
@set_option
@click.option("--alpha", metavar="A", help="Instead of a name, the memory-1 matrix")
@click.option("--beta", metavar="B", help="[[-alpha, beta], [gamma, delta]]:")
@click.option("--gamma", metavar="C", help="w gains beta u - alpha g,")
@click.option("--delta", metavar="D", help="u becomes gamma g + delta u.")
@problem_options()
@_json_option
@click.option("--exit-code", is_flag=True, help="Exit with 0 stable, 1 unstable, 3 undecided.")
def stable(
    algorithm: str | None,
    named: str | None,
    settings: tuple[str, ...],
    alpha: str | None,
    beta: str | None,
    gamma: str | None,
    delta: str | None,
    as_json: bool,
    exit_code: bool,
    **problem: Any,
) -> int:
    """Decide whether ALGORITHM is stable, and say why.

    Name an algorithm and set its parameters, or give the four entries of a memory-1 matrix.

    \b
      sgdmem stable heavy-ball --set learning_rate=0.1 --set momentum=0.9 \\
                    --power-law 1.5 --batch-size 32
      sgdmem stable --alpha 0.1 --beta 0.9 --gamma -0.1 --delta 0.9 \\
                    --spectrum eigenvalues.csv --batch-size 32
    """
    if algorithm is not None and named is not None:
        raise click.UsageError("ALGORITHM and --algorithm exclude each other")
    algorithm = algorithm or named
    from sgdmem.numeric.verdicts.stability import is_stable, stability
    from sgdmem.symbolic.algorithms.families import missing_parameters
    from sgdmem.symbolic.algorithms.named import find_family

    matrix: dict[str, Any] = {"alpha": alpha, "beta": beta, "gamma": gamma, "delta": delta}
    given = [key for key, value in matrix.items() if value is not None]
    if algorithm is None and (len(given) < len(matrix) or settings):
        raise click.UsageError(
            "give ALGORITHM with --set NAME=VALUE, or all of --alpha --beta --gamma --delta"
        )
    arguments: dict[str, Any] = {"spectrum": read_data(problem), **noise_arguments(problem)}
    if algorithm is None:
        verdict = is_stable(**matrix, **arguments)
    else:
        if given:
            raise click.UsageError(f"{algorithm} and --{given[0]} exclude each other")
        family = find_family(algorithm)
        values = read_settings(settings)
        missing = missing_parameters(family, list(values))
        if missing:
            raise click.UsageError(f"{algorithm} needs --set {missing[0]}=VALUE")
        verdict = stability(family(**values), **arguments)
    _print(verdict, as_json)
    return _EXIT_CODES[verdict.stable] if exit_code else 0


@cli.command("largest-learning-rate", short_help="Push the learning rate to its limit.")
@_algorithm
@set_option
@click.option("--parameter", metavar="NAME", help="Push another parameter.  [learning_rate]")
@click.option("--search", metavar="LOW:HIGH", help="Where to look for its values.")
@problem_options()
@_json_option
def largest_learning_rate_command(
    algorithm: str,
    settings: tuple[str, ...],
    parameter: str | None,
    search: str | None,
    as_json: bool,
    **problem: Any,
) -> None:
    """Find the largest stable learning rate of ALGORITHM (or another parameter).

    \b
      sgdmem largest-learning-rate heavy-ball --set momentum=0.9 --power-law 1.5 --batch-size 32
      sgdmem largest-learning-rate nesterov --set momentum=0.9 --features X.npy --batch-size 8
    """
    from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate

    bounds = None if search is None else read_range(search, "--search")
    result = largest_learning_rate(
        algorithm,
        read_data(problem),
        parameter=None if parameter is None else parameter.replace("-", "_"),
        search=bounds,
        **noise_arguments(problem),
        **read_settings(settings, algorithm),
    )
    if as_json:
        _print_json(
            {
                "parameter": result.parameter,
                "largest": float(result),
                "stable_intervals": [list(interval) for interval in result.intervals],
                "searched": [end if math.isfinite(end) else None for end in result.searched],
                "spectrum": str(result.spectrum),
                **result.noise.to_dict(),
            }
        )
        return
    if result.intervals:
        click.echo(f"largest stable {result.parameter}: {result:.12g}")
    else:
        click.echo(f"no value of {result.parameter} is stable: {result.reason or 'none was found'}")
    click.echo(f"  {result.spectrum}; {result.noise}")
    for low, high in result.intervals:
        cut = " (where the search ended)" if result.ends_with_search(high) else ""
        click.echo(f"  stable for {low:.12g} < {result.parameter} < {high:.12g}{cut}")
    if math.isfinite(result.searched[1]):
        click.echo(f"  searched from {result.searched[0]:g} to {result.searched[1]:g}")


@cli.command(short_help="Describe the spectrum and the noise of data.")
@click.option("--features", type=click.Path(), metavar="FILE", help="A data matrix.")
@click.option("--spectrum", "path", type=click.Path(), metavar="FILE", help="Eigenvalues.")
@click.option("--first", type=int, default=1, metavar="K", help="First rank of the fit.  [1]")
@click.option("--last", type=int, metavar="K", help="Last rank of the fit.  [all]")
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write eigenvalues (.csv).")
@_json_option
def spectrum(
    features: str | None,
    path: str | None,
    first: int,
    last: int | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Describe the spectrum and the gradient noise of data.

    Fits a power law to the eigenvalues and, for a data matrix of least squares, estimates tau1 and
    tau2.

    \b
      sgdmem spectrum --features X.npy -o eigenvalues.csv
    """
    from sgdmem.numeric.problems.data_summary import summarize
    from sgdmem.numeric.spectra.spectrum import Spectrum

    if (features is None) == (path is None):
        raise click.UsageError("give either --features FILE or --spectrum FILE")
    data = Spectrum.load(path) if features is None else read_features(features)
    summary = summarize(data, first, last)
    if output is not None:
        if Path(output).suffix != ".csv":
            raise click.UsageError(f"-o writes a .csv file, got {output}")
        summary.spectrum.save(output)
    if as_json:
        _print_json(summary.to_dict())
    else:
        click.echo(str(summary))


@cli.command(short_help="List the algorithms that have a name.")
def algorithms() -> None:
    """List the algorithms that have a name, with their parameters."""
    import inspect

    from sgdmem.symbolic.algorithms.named import FAMILIES

    for name, family in sorted(FAMILIES.items()):
        parameters = ", ".join(
            str(p).split(":")[0] + ("" if p.default is p.empty else f"={p.default}")
            for p in inspect.signature(family).parameters.values()
        )
        summary = (family.__doc__ or "").split("\n")[0].replace("`", "")
        click.echo(f"{name}({parameters})\n    {summary}")


def _print(verdict: Any, as_json: bool) -> None:
    if as_json:
        _print_json(verdict.to_dict())
    else:
        click.echo(str(verdict))


def _print_json(value: dict[str, Any]) -> None:
    import json

    click.echo(json.dumps(value, indent=2, allow_nan=False))
