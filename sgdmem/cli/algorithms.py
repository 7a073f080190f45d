"""The command ``sgdmem algorithms``: the algorithms that have a name."""

from __future__ import annotations

import click


@click.command("algorithms", short_help="List the algorithms that have a name.")
def algorithms_command() -> None:
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
