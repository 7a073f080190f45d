"""The command ``sgdmem largest-learning-rate``: how far a parameter can be pushed."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from sgdmem.cli.arguments.algorithm import (
    AlgorithmName,
    asked_without_heaviest,
    heaviest_text,
    json_option,
    print_json,
    read_method,
    set_option,
    without_heaviest_option,
)
from sgdmem.cli.arguments.axes import read_range
from sgdmem.cli.arguments.periodic import (
    periodic_options,
    read_periodic,
    refuse_others,
    take_periodic,
)
from sgdmem.cli.arguments.problem import problem_options, read_batch_size, read_problem

if TYPE_CHECKING:
    from sgdmem.numeric.verdicts.learning_rate import LargestLearningRate
    from sgdmem.numeric.verdicts.limiting_rows import LimitingRows
    from sgdmem.symbolic.algorithms.family import Family

_INSIDE = 0.999  # of the largest value: where rows are asked for


@click.command("largest-learning-rate")
@click.argument("algorithm", type=AlgorithmName())
@set_option
@click.option("--parameter", metavar="NAME", help="Push another parameter.  [learning_rate]")
@click.option("--search", metavar="LOW:HIGH", help="Where to look for its values.")
@periodic_options
@problem_options()
@without_heaviest_option
@json_option
def largest_learning_rate_command(
    algorithm: str,
    settings: tuple[str, ...],
    parameter: str | None,
    search: str | None,
    without_heaviest: int | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Find the largest stable learning rate of ALGORITHM (or another parameter).

    Of a cycle of learning rates it is the largest peak: all rates are multiplied.

    \b
      sgdmem largest-learning-rate heavy-ball --set momentum=0.9 \\
             --power-law 1.5 --batch-size 32
      sgdmem largest-learning-rate nesterov --set momentum=0.9 --data X.npy \\
             --batch-size 8
      sgdmem largest-learning-rate heavy-ball --set momentum=0.9 \\
             --cycle learning_rate=1:10:20,10:1:20 --power-law 1.5 \\
             --count 100 --batch-size 32
    """
    from sgdmem.numeric.compilation.progress import shown_passes
    from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate
    from sgdmem.numeric.verdicts.verdict import unsettled_text

    periodic = take_periodic(options)
    if periodic is not None:
        refuse_others({"--search": search, "--without-heaviest": without_heaviest})
        _print_periodic(algorithm, settings, parameter, periodic, as_json, options)
        return
    bounds = None if search is None else read_range(search, "--search")
    family, values = read_method(algorithm, settings)
    with shown_passes(sys.stderr.isatty()):
        result = largest_learning_rate(
            family,
            read_problem(options),
            read_batch_size(options),
            parameter=None if parameter is None else parameter.replace("-", "_"),
            search=bounds,
            **values,
        )
        rows = _limiting_rows(family, values, result)
        scale = None
        if without_heaviest is not None:
            if rows is None or math.isfinite(result.searched[1]):
                raise click.UsageError(
                    "--without-heaviest needs --data with noise, a stable value, and a parameter "
                    "that multiplies the gradient"
                )
            with asked_without_heaviest():
                scale = rows.critical_scale_without(without_heaviest) * _INSIDE * float(result)
    if as_json:
        without = {} if scale is None else {"largest_without_heaviest": scale}
        print_json(
            {
                "parameter": result.parameter,
                "largest": float(result),
                "ends_with_search": result.ends_with_search(float(result)),
                "stable_intervals": [list(interval) for interval in result.intervals],
                "estimated": result.is_estimated,
                "unsettled": result.unsettled,
                "searched": [end if math.isfinite(end) else None for end in result.searched],
                "spectrum": str(result.problem.spectrum),
                "weight_decay": float(result.problem.weight_decay),
                **result.noise.to_dict(),
                "limiting_rows": None if rows is None else rows.to_dict(),
            }
            | without
        )
        return
    if result.intervals:
        word, end = ("estimated ", f"; {result.noise.origin}") if result.is_estimated else ("", "")
        click.echo(f"{word}largest stable {result.parameter}: {_largest(result)}{end}")
    else:
        click.echo(f"no value of {result.parameter} is stable: {result.reason or 'none was found'}")
    click.echo(f"  {result.problem.spectrum}; {result.noise}")
    for low, high in result.intervals:
        cut = " (where the search ended)" if result.ends_with_search(high) else ""
        click.echo(f"  stable for {low:.12g} < {result.parameter} < {high:.12g}{cut}")
    if result.unsettled:
        click.echo(f"  {unsettled_text(result.unsettled)}")
    if math.isfinite(result.searched[1]):
        click.echo(f"  searched from {result.searched[0]:g} to {result.searched[1]:g}")
    if rows is not None:
        click.echo(f"  limiting rows: {rows}")
    if without_heaviest is not None:
        which = heaviest_text(without_heaviest)
        click.echo(f"  without {which} it most: {result.parameter} below {scale:.6g}")


def _largest(result: LargestLearningRate) -> str:
    if result.ends_with_search(float(result)):
        return f"beyond {result:.12g}, where the search ended; --search LOW:HIGH looks further"
    return f"{result:.12g}"


def _limiting_rows(
    family: Family[...], values: Mapping[str, Any], result: LargestLearningRate
) -> LimitingRows | None:
    """Return the rows at nearly the largest value; None where nothing is stable or drawn."""
    from sgdmem.numeric.verdicts.stability import verdict_of

    if result.noise.samples is None or result.noise.is_quiet or not result.intervals:
        return None
    low, high = result.intervals[-1]
    member = family(**values, **{result.parameter: max(low, _INSIDE * high)})
    verdict = verdict_of(member, result.problem, result.noise)
    return verdict.rows if math.isfinite(verdict.noise_sum) else None


def _print_periodic(
    algorithm: Any,
    settings: tuple[str, ...],
    parameter: str | None,
    periodic: Any,
    as_json: bool,
    options: Any,
) -> None:
    """Print up to which learning rate, or parameter, a method is stable that repeats itself."""
    from fractions import Fraction

    from sgdmem.numeric.periodic.largest_value import largest_periodic_value

    method, values = read_periodic(algorithm, settings, periodic)
    name = method.pushed(values) if parameter is None else parameter.replace("-", "_")
    if name in values:
        raise click.UsageError(f"{name} is to be found, and --set gives it")
    peak = name in method.cycles
    unit = float(method.peak(name, values)) if peak else 1.0
    if not unit > 0:
        raise click.UsageError(f"--cycle: the largest {name} must be positive, got {unit:g}")

    def rule(value: float) -> Any:
        if peak:
            return method.scale(name, value / unit)(**values)
        return method(**values, **{name: Fraction(value)})

    problem, batch_size = read_problem(options), read_batch_size(options)
    found = largest_periodic_value(rule, problem, batch_size, workers=method.workers)
    noise = problem.noise.at(batch_size)
    what = f"peak {name}" if peak else name
    if as_json:
        print_json(
            {
                "parameter": name,
                "largest": found.value if math.isfinite(found.value) else None,
                "proved": found.is_proved,
                "estimated": noise.is_estimated,
                "method": method.__name__,
                "workers": method.workers,
                "spectrum": str(problem.spectrum),
                "weight_decay": float(problem.weight_decay),
                **noise.to_dict(),
            }
        )
        return
    word = "estimated largest" if noise.is_estimated else "largest"
    if not found.value:
        click.echo(f"no value of {what} was found that is stable")
    elif math.isinf(found.value):
        click.echo(f"no end of stability was found for {what}")
    else:
        how = "computed in floats"
        if found.is_proved:
            how = "proved stable just below and unstable just above"
        click.echo(f"{word} stable {what}: {found.value:.12g} ({how})")
    click.echo(f"  {method.__name__}; {problem.spectrum}; {noise}")
