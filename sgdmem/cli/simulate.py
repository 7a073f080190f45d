"""The command ``sgdmem simulate``: simulated losses beside the expected ones."""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path
from typing import Any

import click

from sgdmem.cli.arguments import (
    AlgorithmName,
    noise_arguments,
    problem_options,
    read_data,
    read_settings,
    read_target,
    set_option,
    target_options,
)

_LARGEST_SHOWN = 1e4  # score; beyond, digits say nothing
_DIVERGED = 1e3  # times the loss at the start
_GAUSSIAN = {"tau1": 1, "tau2": -1}  # the noise of Gaussian features
_COLUMNS = ("steps", "mean", "standard_error", "expected", "z")


@click.command("simulate", short_help="Simulate runs, beside their expected loss.")
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
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write the table (.csv).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
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
    **problem: Any,
) -> None:
    """Simulate runs of ALGORITHM with mini-batches, beside the expected mean loss.

    Eigenvalues stand for Gaussian features: the expected loss is exact, with tau1 = 1, tau2 = -1.
    The rows of a data matrix are drawn with replacement: the expected loss is approximate, with
    estimated tau1 and tau2. Options --tau1 and --tau2 change the expected loss only; with other
    values than those of the features it is approximate. Losses have heavy tails: with few runs or
    small batches z is beyond 3 more often than usual.

    \b
      sgdmem simulate heavy-ball --set learning_rate=0.1 --set momentum=0.9 \\
             --power-law 1.5 --count 1000 --zeta 0.5 --batch-size 32 -o losses.csv
    """
    from sgdmem.numeric.losses.recursion import losses
    from sgdmem.numeric.simulation.monte_carlo import simulate, spread_steps
    from sgdmem.numeric.simulation.samples import MOST_MODES
    from sgdmem.symbolic.algorithms.families import missing_parameters
    from sgdmem.symbolic.algorithms.named import find_family

    if output is not None and Path(output).suffix != ".csv":
        raise click.UsageError(f"-o writes a .csv file, got {output}")
    noise = noise_arguments(problem)
    if "coupling" in noise:
        raise click.UsageError("--coupling cannot be simulated: give the data with --features")
    if "batch_size" not in noise:
        raise click.UsageError("a simulation needs --batch-size B")
    values = read_settings(settings, algorithm)
    missing = missing_parameters(find_family(algorithm), list(values))
    if missing:
        raise click.UsageError(f"{algorithm} needs --set {missing[0]}=VALUE")
    target = read_target(zeta, squares)
    method = find_family(algorithm)(**values)
    data = read_data(problem)
    gaussian = problem["features"] is None
    if problem["power_law"] is not None and (data.is_infinite or data.count > MOST_MODES):
        raise click.UsageError(
            f"only a finite power law can be simulated: add --count N, up to {MOST_MODES:,}"
        )
    question = method, data, target, steps, noise.pop("batch_size")
    if gaussian:
        noise = {**_GAUSSIAN, **noise}
    exact = gaussian and _is_gaussian(noise)
    recorded = None if steps < 1 else spread_steps(steps, points)
    shown = sys.stderr.isatty()
    runs = simulate(*question, seeds=seeds, seed=seed, record=recorded, progress=shown)
    expected = losses(*question, **noise, progress=shown)
    columns = [runs.steps, runs.mean, runs.standard_error, expected[runs.steps]]
    table = {name: column.tolist() for name, column in zip(_COLUMNS, columns, strict=False)}
    table["z"] = runs.z_scores(expected).tolist()
    if output is not None:
        _write(output, table)
    if as_json:
        added = {name: list(map(_number_or_none, table[name])) for name in ("expected", "z")}
        click.echo(json.dumps({**runs.to_dict(), **added}, indent=2, allow_nan=False))
        return
    click.echo(f"{seeds} runs; the expected loss is {'exact' if exact else 'approximate'}")
    click.echo(f"{'steps':>9} {'mean loss':>13} {'standard error':>15} {'expected':>13} {'z':>6}")
    for step, mean, error, mean_loss, z in zip(*table.values(), strict=True):
        click.echo(f"{step:>9} {mean:>13.6g} {error:>15.2g} {mean_loss:>13.6g} {_score(z):>6}")
    if not max(table["mean"][-1], table["expected"][-1]) < _DIVERGED * float(expected[0]):
        click.echo("the run diverges: z says nothing, the mean is that of a few large losses")


def _is_gaussian(noise: dict[str, Any]) -> bool:
    """Whether the expected loss has the tau1 and tau2 of Gaussian features, however written."""
    from sgdmem.symbolic.algebra.scalars import as_scalar

    for name, value in _GAUSSIAN.items():
        given = noise[name] if isinstance(noise[name], list) else [noise[name]]
        if any(as_scalar(x, name) != value for x in given):
            return False
    return True


def _score(z: float) -> str:
    if math.isnan(z):
        return ""
    return f"{z:.2f}" if abs(z) < _LARGEST_SHOWN else f"{z:.1e}"


def _write(path: str, table: dict[str, list[float]]) -> None:
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))


def _number_or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
