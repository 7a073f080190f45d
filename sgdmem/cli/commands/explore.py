"""The command ``sgdmem explore``: a page with sliders and a live map."""

from __future__ import annotations

import sys
from typing import Any

import click

from sgdmem.cli.arguments.algorithm import AlgorithmName, output_option
from sgdmem.cli.arguments.outputs import output_path
from sgdmem.cli.arguments.problem import has_problem, problem_options, read_batch_size, read_problem
from sgdmem.cli.process.exits import printed_at_once

_PORT = 8000


@click.command("explore")
@click.argument("algorithms", nargs=-1, type=AlgorithmName(), metavar="[ALGORITHM]...")
@click.option(
    "--system", metavar="NAME", help="A paper's problem, methods and letters, by its name here."
)
@problem_options()
@output_option("The page.  [explorer.html]")
@click.option(
    "--no-derivations",
    is_flag=True,
    help="Leave out the derivations, which take some seconds the first time.",
)
@click.option("--serve", is_flag=True, help="Serve the page on this machine, until Ctrl-C.")
@click.option("--port", type=int, metavar="N", help=f"Where; 0: any free one.  [{_PORT}]")
def explore_command(
    algorithms: tuple[str, ...],
    system: str | None,
    output: str | None,
    no_derivations: bool,
    serve: bool,
    port: int | None,
    **options: Any,
) -> None:
    """Make a page with sliders for the parameters of ALGORITHMs (without them: of all).

    It shows the map of stability as they move, and for the chosen point the verdict with its
    reason, the roots, the noise summand and the predicted loss; of two methods beside each other,
    too. The derivation of each method is one click away. The page is one file that needs no
    network. The spectrum is what it begins with; without one, infinitely many eigenvalues k^-1.5.
    With --data it decides for drawing the rows, for methods of up to two parameters (without
    ALGORITHMs: sgd, heavy-ball and nesterov), and shows no losses. With --system the page is that
    of a paper: its problem with sliders, its methods and letters; stochastic-edge,
    marginal-momentum, sparse-momentum, mem-sgd or dana.

    \b
      sgdmem explore -o explorer.html
      sgdmem explore --system sparse-momentum -o sparse.html
      sgdmem explore heavy-ball nesterov --spectrum eigenvalues.csv \\
             --batch-size 64 --serve
    """
    from sgdmem.numeric.problems.problem import USUAL_EXPONENT

    if port is not None and not serve:
        raise click.UsageError("--port belongs to --serve")
    if options["coupling"] is not None:
        raise click.UsageError("--coupling: the explorer has the noise of tau1 and tau2 only")
    path = None if serve and output is None else output_path(output or "explorer.html", [".html"])
    given = {name for name, value in options.items() if value not in (None, (), False)}
    if system is not None and given - {"batch_size"}:
        raise click.UsageError("--system has its own problem: only --batch-size goes with it")
    if system is None and not has_problem(options) and options["scale"] is options["count"] is None:
        options["power_law"] = USUAL_EXPONENT
    chosen = {} if options["batch_size"] is None else {"batch_size": read_batch_size(options)}
    chosen["derivations"] = not no_derivations
    problem = read_problem(options) if system is None else None
    if sys.stderr.isatty():
        click.echo("making the page ...", err=True)  # imports alone may take a second
    from sgdmem.phase_diagrams.explorer.explorer import explore

    page = explore(list(algorithms) or None, problem, system=system, **chosen)
    if path is not None:
        page.save(path)
        click.echo(
            f"wrote {path}: {len(page.html.encode()) / 1000:.0f} kB, "
            f"{len(page.methods)} method{'' if len(page.methods) == 1 else 's'}"
        )
    if serve:
        with printed_at_once():
            page.serve(_PORT if port is None else port)
