"""The commands, each imported from the module of its name when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

import click

SHORT_HELP = {
    "algorithms": "List the algorithms that have a name.",
    "boundary": "Trace where stability ends, over two parameters.",
    "check": "Check a proof that `sgdmem stable --certify` has written.",
    "derive": "Derive what follows from an algorithm.",
    "draw": "Draw a map, a boundary or a diagram again from its file.",
    "explore": "Make a page with sliders and a live map of stability.",
    "largest-learning-rate": "Push the learning rate to its limit.",
    "phase-diagram": "Map stability over two parameters.",
    "plot": "Draw root loci, noise summands, losses and named diagrams.",
    "simulate": "Simulate runs, beside their expected loss.",
    "spectrum": "Describe the spectrum and the noise of data.",
    "stable": "Decide whether an algorithm is stable, and say why.",
    "translate": "Write an algorithm in another one's parameters.",
    "verify": "Check the theorems by machine.",
}


class Commands(Mapping[str, click.Command]):
    """The commands by name."""

    def __getitem__(self, name: str) -> click.Command:
        short_help = SHORT_HELP[name]
        from sgdmem.cli.arguments.algorithm import ALGORITHM_HELP, AlgorithmName

        word = name.replace("-", "_")
        module = import_module(f"sgdmem.cli.commands.{word}")
        command: click.Command = getattr(module, f"{word}_command")
        command.short_help = short_help
        for each in (command, *getattr(command, "commands", {}).values()):
            if any(isinstance(parameter.type, AlgorithmName) for parameter in each.params):
                each.epilog = ALGORITHM_HELP
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(SHORT_HELP)

    def __len__(self) -> int:
        return len(SHORT_HELP)

    def __contains__(self, name: object) -> bool:
        return name in SHORT_HELP


class CommandGroup(click.Group):
    """A group of these commands, whose help is written without them."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.commands = Commands()  # type: ignore[assignment]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command does."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SHORT_HELP.items()))
