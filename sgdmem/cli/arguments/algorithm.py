"""How algorithms and their parameters are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from sgdmem.symbolic.algorithms.algorithm import Algorithm
    from sgdmem.symbolic.algorithms.family import Family

_F = TypeVar("_F", bound=Callable[..., Any])
PICTURES = (".png", ".svg", ".pdf")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

without_heaviest_option = click.option(
    "--without-heaviest",
    type=int,
    metavar="K",
    help="Also the rate without the K rows of the data that limit it most.",
)


@contextmanager
def asked_without_heaviest() -> Iterator[None]:
    """Say what was asked where the rows that are left out are none of a verdict's."""
    try:
        yield
    except InputError as error:
        raise click.UsageError(f"--without-heaviest: {error}") from None


def heaviest_text(count: int) -> str:
    """Say which rows are left out."""
    return "the row that limits" if count == 1 else f"the {count} rows that limit"


ALGORITHM_HELP = (
    "ALGORITHM is a name that `sgdmem algorithms` lists, or a method of your own, "
    "path/to/file.py:function or module:function: that runs your code."
)


def is_own(name: str) -> bool:
    """Whether a name is that of a function in a file or a module of one's own."""
    return ":" in name or name.endswith(".py")


class AlgorithmName(click.types.StringParamType):
    """The name of an algorithm, which the shell completes, or FILE.py:FUNCTION, which is run."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the name, or the method of a file or a module as a family."""
        if not (isinstance(value, str) and is_own(value)):
            return value
        from sgdmem.cli.arguments.own_methods import own_method

        return own_method(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin with what was typed."""
        from click.shell_completion import CompletionItem

        from sgdmem.symbolic.zoo.families_by_name import FAMILIES

        return [CompletionItem(name) for name in sorted(FAMILIES) if name.startswith(incomplete)]


class Setting(click.types.StringParamType):
    """NAME=VALUE; the shell completes the names of the algorithm's parameters."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the parameters that begin with what was typed, with a sign of equality."""
        from click.shell_completion import CompletionItem

        from sgdmem.symbolic.zoo.families_by_name import FAMILIES

        given = [ctx.params.get("algorithm"), ctx.params.get("named"), *ctx.args]
        family = next((FAMILIES[name] for name in given if name and name in FAMILIES), None)
        names = [] if family is None else family.parameters
        return [CompletionItem(f"{name}=") for name in names if name.startswith(incomplete)]


set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    type=Setting(),
    metavar="NAME=VALUE",
    help="A parameter of the algorithm.",
)


class FileName(click.Path):
    """A path, which the shell completes, and no empty text: that would be the folder."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the path as it was given."""
        if not value:
            self.fail("the name of a file is empty", param, ctx)
        return super().convert(value, param, ctx)


def output_option(text: str) -> Callable[[_F], _F]:
    """Return the option that names the file to be written."""
    return click.option("-o", "--output", type=FileName(), metavar="FILE", help=text)


def picture_option(default: str) -> Callable[[_F], _F]:
    """Return the option that names a picture; the numbers are written beside it."""
    return output_option(f".png, .svg or .pdf; data beside it.  [{default}]")


class FigureSize(click.types.StringParamType):
    """The name of a size of figures, or width and height in inches, as in 6.4x4.8."""

    name = "size"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return what the functions that draw take as their size."""
        from sgdmem.phase_diagrams.pictures.figure_size import SIZES, read_size

        if value in SIZES:
            return value
        try:
            return read_size(value.split("x"))
        except InputError:
            known = ", ".join(SIZES)
            self.fail(f"{shown(value)} is not among {known}, and no WIDTHxHEIGHT in inches")


def size_option(command: _F) -> _F:
    """Add the option of a figure's size."""
    kind = FigureSize()
    text = "Of the picture: column, page, slide, or WIDTHxHEIGHT in inches, such as 3.3x2.5."
    return click.option("--size", type=kind, metavar="SIZE", help=text)(command)


def is_given(value: Any) -> bool:
    """Whether there is a value of an option, perhaps an empty text."""
    return not (value is None or value is False or value == ())


def read_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Return the parameters given by ``--set NAME=VALUE``; commas make a list."""
    values: dict[str, Any] = {}
    for setting in settings:
        name, sign, text = setting.partition("=")
        name = name.strip().replace("-", "_")
        if not sign or not name:
            raise click.UsageError(f"--set expects NAME=VALUE, got {shown(setting)}")
        if name in values:
            raise click.UsageError(f"--set gives {name} twice")
        if text.lower() in ("true", "false"):
            values[name] = text.lower() == "true"
        else:
            values[name] = text.split(",") if "," in text else text
    return values


def method_name(algorithm: str | Family[...]) -> str:
    """Return how a method is called in messages and names of files."""
    return algorithm if isinstance(algorithm, str) else algorithm.name


def read_method(
    algorithm: str | Family[...], settings: Sequence[str]
) -> tuple[Family[...], dict[str, Any]]:
    """Return the family of a name, and those of its parameters that ``--set`` gives."""
    from sgdmem.symbolic.zoo.families_by_name import find_family

    family, values = find_family(algorithm), read_settings(settings)
    family.missing(values)  # none is to be taken for an argument of a function
    return family, values


def built(family: Family[...], values: Mapping[str, Any]) -> Algorithm:
    """Return a member of a family; a usage error if a parameter has no value."""
    missing = family.missing(values)
    if missing:
        raise click.UsageError(f"{family.name} needs --set {missing[0]}=VALUE")
    # what reads no numbers by itself is given exact ones
    return family(**values) if family.reads_exactly else family.fix(**values)()


def symbolic_member(algorithm: str | Family[...], settings: Sequence[str]) -> Algorithm:
    """Return a member of a family; parameters that ``--set`` does not give stay symbols."""
    from sgdmem.symbolic.zoo.families_by_name import find_family

    given, family = read_settings(settings), find_family(algorithm)
    # what reads no numbers by itself is given exact ones
    return family.symbolic(given) if family.reads_exactly else family.fix(**given).symbolic()


def print_json(value: dict[str, Any]) -> None:
    """Print JSON-ready values."""
    import json

    click.echo(json.dumps(value, indent=2, allow_nan=False))
