"""The command ``sgdmem simulate``: simulated losses beside the expected ones."""

from __future__ import annotations

import math
import sys
from typing import Any

import click

from sgdmem.cli.arguments.algorithm import (
    AlgorithmName,
    built,
    json_option,
    output_option,
    print_json,
    read_method,
    set_option,
)
from sgdmem.cli.arguments.outputs import output_path, write_table
from sgdmem.cli.arguments.problem import problem_options, read_problem, read_target, target_options

_LARGEST_SHOWN = 1e4  # score; beyond, digits say nothing
_DIVERGED = 1e3  # times the loss at the start
_COLUMNS = ("steps", "mean", "standard_error", "expected", "z")


@click.command("simulate")
@click.argument("algorithm", type=AlgorithmName())
@set_option
@problem_options(simulated=True)
@target_options
@click.option("--steps", type=int, default=1000, metavar="T", help="Length of a run.  [1000]")
@click.option("--seeds", type=int, default=16, metavar="K", help="Number of runs.  [16]")
@click.option("--seed", type=int, default=0, metavar="S", help="Another one: other runs.  [0]")
@click.option(
    "--points", type=click.IntRange(1), default=20, metavar="P", help="Losses to show.  [20]"
)
@output_option("Write the table (.csv).")
@json_option
def simulate_command(
    algorithm: str,
    settings: tuple[str, ...],
    zeta: str | None,
    squares: str | None,
    steps: int,
    seeds: int,
    seed: int,
    points: int,
    output: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Simulate runs of ALGORITHM with mini-batches, beside the expected mean loss.

    Eigenvalues stand for Gaussian features: the expected loss is exact, with tau1 = 1, tau2 = -1.
    The rows of a data matrix are drawn as they are, and the expected loss is exact, too, but for
    --shuffle, where it is that of rows drawn anew for each batch. Losses
    are those above the least one. Options --tau1, --tau2 and --fit-noise change the expected loss
    only; with other values than those of the features it is approximate. --label-variance is that
    of the labels of Gaussian features. Losses have heavy tails: with few runs or small batches z is
    beyond 3 more often than usual.

    \b
      sgdmem simulate heavy-ball --set learning_rate=0.1 --set momentum=0.9 \\
             --power-law 1.5 --count 1000 --zeta 0.5 --batch-size 32 \\
             -o losses.csv
    """
    from sgdmem.numeric.losses.loss_recursion import losses
    from sgdmem.numeric.problems.noise import Noise
    from sgdmem.numeric.simulation.batches import MOST_MODES
    from sgdmem.numeric.simulation.monte_carlo import simulate, spread_steps

    path = None if output is None else output_path(output, [".csv"])
    if options["coupling"] is not None:
        raise click.UsageError("--coupling cannot be simulated: give the data with --data")
    if options["label_variance"] is not None and options["data"] is not None:
        raise click.UsageError(
            "--label-variance: data have labels of their own, give --labels or --target-column"
        )
    if options["batch_size"] is None:
        raise click.UsageError("a simulation needs --batch-size B")
    method = built(*read_method(algorithm, settings))
    gaussian = Noise(tau1=1, tau2=-1)  # of Gaussian features
    problem = read_problem(options, read_target(zeta, squares, options), otherwise=gaussian)
    spectrum = problem.spectrum
    if options["power_law"] is not None and (spectrum.is_infinite or spectrum.count > MOST_MODES):
        raise click.UsageError(
            f"only a finite power law can be simulated: add --count N, up to {MOST_MODES:,}"
        )
    question = method, problem, options["batch_size"], steps
    samples = problem.noise.samples
    sampled = samples is not None and not samples.drawing.shuffle
    exact = sampled or (options["data"] is None and _is_gaussian(problem.noise))
    recorded = None if steps < 1 else spread_steps(steps, points)
    shown = sys.stderr.isatty()
    runs = simulate(*question, seeds=seeds, seed=seed, record=recorded, progress=shown)
    expected = losses(*question, progress=shown)
    columns = [runs.steps, runs.mean, runs.standard_error, expected[runs.steps]]
    table = {name: column.tolist() for name, column in zip(_COLUMNS, columns, strict=False)}
    table["z"] = runs.z_scores(expected).tolist()
    if path is not None:
        write_table(path, table, zip(*table.values(), strict=True))
    if as_json:
        added = {name: list(map(_number_or_none, table[name])) for name in ("expected", "z")}
        print_json({**runs.to_dict(), **added})
        return
    how = "exact" if exact else "approximate"
    if problem.noise.at(options["batch_size"]).is_reference:
        how = "that of batches drawn anew; shuffled epochs may rest far lower"
    click.echo(f"{seeds} run{'s' if seeds > 1 else ''}; the expected loss is {how}")
    click.echo(f"{'steps':>9} {'mean loss':>13} {'standard error':>15} {'expected':>13} {'z':>6}")
    for step, mean, error, mean_loss, z in zip(*table.values(), strict=True):
        click.echo(
            f"{step:>9} {mean:>13.6g} {_finite(error):>15} {mean_loss:>13.6g} {_score(z):>6}"
        )
    if not max(table["mean"][-1], table["expected"][-1]) < _DIVERGED * float(expected[0]):
        click.echo("the run diverges: z says nothing, the mean is that of a few large losses")


def _is_gaussian(noise: Any) -> bool:
    """Whether the expected loss has the tau1 and tau2 of Gaussian features, however written."""
    tau2 = noise.tau2 if isinstance(noise.tau2, tuple) else (noise.tau2,)
    return noise.tau1 == 1 and set(tau2) == {-1}


def _finite(error: float) -> str:
    return f"{error:.2g}" if math.isfinite(error) else ""


def _score(z: float) -> str:
    if math.isnan(z):
        return ""
    return f"{z:.2f}" if abs(z) < _LARGEST_SHOWN else f"{z:.1e}"


def _number_or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
