"""The command ``sgdmem algorithms``: the algorithms that have a name."""

from __future__ import annotations

import click


@click.command("algorithms")
def algorithms_command() -> None:
    """List the algorithms that have a name, with their parameters."""
    from sgdmem.symbolic.zoo.families_by_name import FAMILIES

    for name, family in sorted(FAMILIES.items()):
        parameters = ", ".join(
            key if x.is_required else f"{key}={x.default}" for key, x in family.parameters.items()
        )
        summary = family.summary.replace("`", "")
        click.echo(f"{name}({parameters})\n    {summary}\n    {family.update}")
        if family.reference is not None:
            click.echo(f"    {family.reference}")
