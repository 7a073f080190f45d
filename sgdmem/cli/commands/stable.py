"""The command ``sgdmem stable``: the verdict on an algorithm."""

from __future__ import annotations

import sys
from typing import Any

import click

from sgdmem.cli.arguments.algorithm import (
    AlgorithmName,
    asked_without_heaviest,
    built,
    heaviest_text,
    json_option,
    method_name,
    output_option,
    print_json,
    read_method,
    set_option,
    without_heaviest_option,
)
from sgdmem.cli.arguments.periodic import (
    periodic_options,
    read_periodic,
    refuse_others,
    take_periodic,
)
from sgdmem.cli.arguments.problem import problem_options, read_batch_size, read_problem
from sgdmem.cli.arguments.uncertain import measured_spectrum, print_robust, take_intervals

_EXIT_CODES = {True: 0, False: 1, None: 3}


@click.command("stable")
@click.argument("algorithm", required=False, type=AlgorithmName())
@click.option(
    "--algorithm", "named", type=AlgorithmName(), metavar="NAME", help="Names it as an option."
)
@set_option
@periodic_options
@click.option("--alpha", metavar="A", help="Instead of a name, the memory-1 matrix")
@click.option("--beta", metavar="B", help="[[-alpha, beta], [gamma, delta]]:")
@click.option("--gamma", metavar="C", help="w gains beta u - alpha g,")
@click.option("--delta", metavar="D", help="u becomes gamma g + delta u.")
@problem_options()
@without_heaviest_option
@json_option
@click.option("--rate", "with_rate", is_flag=True, help="How fast, too: factors per step.")
@click.option(
    "--certify", is_flag=True, help="Prove it in exact arithmetic; exit as with --exit-code."
)
@output_option("The proof, .json, which `sgdmem check` checks again.")
@click.option("--exit-code", is_flag=True, help="Exit with 0 stable, 1 unstable, 3 undecided.")
def stable_command(
    algorithm: str | None,
    named: str | None,
    settings: tuple[str, ...],
    alpha: str | None,
    beta: str | None,
    gamma: str | None,
    delta: str | None,
    without_heaviest: int | None,
    as_json: bool,
    with_rate: bool,
    certify: bool,
    output: str | None,
    exit_code: bool,
    **options: Any,
) -> int:
    """Decide whether ALGORITHM is stable, and say why.

    Name an algorithm and set its parameters, or give the four entries of a memory-1 matrix.
    Parameters, --batch-size, --tau1, --tau2 and eigenvalues in the file may be intervals LOW:HIGH:
    all, some or none is stable.

    \b
      sgdmem stable heavy-ball --set learning_rate=0.1 --set momentum=0.9 \\
             --power-law 1.5 --batch-size 32
      sgdmem stable --alpha 0.1 --beta 0.9 --gamma -0.1 --delta 0.9 \\
             --spectrum eigenvalues.csv --batch-size 32
      sgdmem stable sgd --set learning_rate=0.01 --data table.csv \\
             --target-column label --batch-size 32
      sgdmem stable sgd --cycle learning_rate=0.1*9,2 --local-steps 10 \\
             --workers 8 --spectrum eigenvalues.csv --batch-size 32
      sgdmem stable nesterov --set learning_rate=0.1 --set momentum=0.9 \\
             --power-law 1.7 --batch-size 8 --certify -o proof.json
      sgdmem stable sgd --set learning_rate=0.1:0.3 --power-law 1.5 \\
             --batch-size 8:64
    """
    if algorithm is not None and named is not None:
        raise click.UsageError("ALGORITHM and --algorithm exclude each other")
    algorithm = algorithm or named
    from sgdmem.numeric.compilation.progress import shown_passes
    from sgdmem.numeric.verdicts.stability import is_stable, stability

    matrix: dict[str, Any] = {"alpha": alpha, "beta": beta, "gamma": gamma, "delta": delta}
    given = [key for key, value in matrix.items() if value is not None]
    if algorithm is None and (len(given) < len(matrix) or settings):
        raise click.UsageError(
            "give ALGORITHM with --set NAME=VALUE, or all of --alpha --beta --gamma --delta"
        )
    if algorithm is not None and given:
        raise click.UsageError(f"{method_name(algorithm)} and --{given[0]} exclude each other")
    periodic = take_periodic(options)
    if certify:
        from sgdmem.cli.commands.proofs import print_proof, proof_path

        refuse_others({"--rate": with_rate, "--without-heaviest": without_heaviest}, "--certify")
        if take_intervals(settings, dict(options))[1] or measured_spectrum(options):
            raise click.UsageError(
                "--certify is about single values: of an interval all is proved without it"
            )
        path = proof_path(output)
        method, workers = _exact_method(algorithm, settings, matrix, periodic)
        return _EXIT_CODES[print_proof(method, options, path, as_json, workers)]
    if output is not None:
        raise click.UsageError("-o is the file of a proof, and belongs to --certify")
    if periodic is not None:
        _require_named(algorithm)
        refuse_others({"--rate": with_rate, "--without-heaviest": without_heaviest})
        stable = _print_periodic(algorithm, settings, periodic, as_json, options)
        return _EXIT_CODES[stable] if exit_code else 0
    numbers, intervals = take_intervals(settings, options)
    measured = measured_spectrum(options)
    if intervals or measured:
        if algorithm is None:
            raise click.UsageError("intervals are of an ALGORITHM with a name")
        refuse_others({"--rate": with_rate, "--without-heaviest": without_heaviest}, "an interval")
        stable = print_robust(algorithm, numbers, intervals, options, as_json, measured)
        return _EXIT_CODES[stable] if exit_code else 0
    with shown_passes(sys.stderr.isatty()):
        problem, batch_size = read_problem(options), read_batch_size(options)
        if algorithm is None:
            verdict = is_stable(**matrix, problem=problem, batch_size=batch_size)
        else:
            verdict = stability(built(*read_method(algorithm, settings)), problem, batch_size)
        said = verdict.to_dict() if as_json else str(verdict)
        rate = verdict.rate if with_rate else None
        scale = None
        if without_heaviest is not None:
            if problem.samples is None:
                raise click.UsageError("--without-heaviest belongs to --data")
            with asked_without_heaviest():
                scale = verdict.rows.critical_scale_without(without_heaviest)
    if isinstance(said, dict):
        if rate is not None:
            said["rate"] = rate.to_dict()
        if scale is not None:
            said["critical_scale_without_heaviest"] = scale
        print_json(said)
    else:
        click.echo(said)
        if rate is not None:
            click.echo(f"  {rate}")
        if without_heaviest is not None and scale is not None:
            click.echo(
                f"  without {heaviest_text(without_heaviest)} it most the learning rate may be "
                f"multiplied by up to {scale:.6g}"
            )
    return _EXIT_CODES[verdict.stable] if exit_code else 0


def _require_named(algorithm: Any) -> None:
    if algorithm is None:
        raise click.UsageError("what repeats itself is an ALGORITHM with a name")


def _exact_method(
    algorithm: Any, settings: tuple[str, ...], matrix: dict[str, Any], periodic: Any
) -> tuple[Any, int]:
    """Return an algorithm or the steps of a period, and how many workers."""
    from sgdmem.numeric.verdicts.stability import matrix_algorithm

    if periodic is not None:
        _require_named(algorithm)
        method, values = read_periodic(algorithm, settings, periodic)
        return method(**values), method.workers
    named = matrix_algorithm(**matrix) if algorithm is None else None
    return named or built(*read_method(algorithm, settings)), 1


def _print_periodic(
    algorithm: Any, settings: tuple[str, ...], periodic: Any, as_json: bool, options: Any
) -> bool | None:
    """Print the verdict on a method that repeats itself, and return it."""
    from sgdmem.numeric.periodic.periodic_stability import periodic_stability

    method, values = read_periodic(algorithm, settings, periodic)
    problem, batch_size = read_problem(options), read_batch_size(options)
    verdict = periodic_stability(method(**values), problem, batch_size, workers=method.workers)
    if as_json:
        print_json(verdict.to_dict())
    else:
        click.echo(str(verdict))
    return verdict.stable
