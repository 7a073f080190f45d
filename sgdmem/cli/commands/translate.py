"""The command ``sgdmem translate``: one method in another's parameters."""

from __future__ import annotations

from typing import Any

import click

from sgdmem.cli.arguments.algorithm import (
    AlgorithmName,
    json_option,
    method_name,
    print_json,
    read_settings,
    set_option,
    symbolic_member,
)


@click.command("translate")
@click.argument("algorithm", type=AlgorithmName())
@set_option
@click.option("--to", "target", type=AlgorithmName(), metavar="ALGORITHM", help="Which other one.")
@click.option(
    "--fix",
    "fixed",
    multiple=True,
    metavar="NAME=VALUE",
    help="With --to: a parameter of that one that is not to be found.",
)
@json_option
def translate_command(
    algorithm: Any, settings: tuple[str, ...], target: Any, fixed: tuple[str, ...], as_json: bool
) -> None:
    """Write ALGORITHM in the parameters of another one, exactly.

    The two have the same recurrence on quadratics, and so the same stability and noise, or take
    the same iterates on every loss. What returns another point than that of its gradients, such
    as an average, is the other one where it takes gradients. Parameters that are not set stay
    symbols. Without --to the simplest of sgd, heavy-ball, nesterov, qhm and memory-one is taken
    that has it.

    \b
      sgdmem translate nesterov --to qhm
      sgdmem translate asgd
      sgdmem translate torch-sgd --set learning_rate=0.1 \\
             --set momentum=0.9 --set dampening=0.5 --to heavy-ball
      sgdmem translate my_method.py:nag
    """
    from sgdmem.symbolic.algorithms.equivalence import equivalent
    from sgdmem.symbolic.algorithms.printing import value_text
    from sgdmem.symbolic.zoo.conversions import convert
    from sgdmem.symbolic.zoo.families_by_name import find_family
    from sgdmem.symbolic.zoo.translations import SIMPLEST, same_as

    if fixed and target is None:
        raise click.UsageError("--fix belongs to --to")
    member = symbolic_member(algorithm, settings)
    name = method_name(algorithm)
    if target is not None:
        family = find_family(target)
        found = family, convert(member, family, **read_settings(fixed))
    else:
        others = [x for x in SIMPLEST if x != name.replace("_", "-")]
        known = same_as(member, others)
        if known is None:
            raise click.UsageError(f"{name} is none of {', '.join(others)}: name another by --to")
        found = known
    family, values = found
    alike = equivalent(member, family(**values), "all")
    every = alike and family.losses == find_family(algorithm).losses == "all"
    shown = {key: value_text(value) for key, value in values.items()}
    if as_json:
        losses = "all" if every else "quadratic"
        print_json(
            {"algorithm": name, "family": family.name, "parameters": shown, "losses": losses}
        )
        return
    where = "on every loss" if every else "on quadratics"
    if not alike:  # the output hears noise in another way
        where += ", where it takes gradients,"
    click.echo(f"{name} is {family.name} {where} with")
    width = max(map(len, shown), default=0)
    for key, text in shown.items():
        click.echo(f"  {key:<{width}} = {text}")
