"""The commands ``sgdmem plot``: root loci, noise summands, losses and named diagrams."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click
from click.shell_completion import CompletionItem

from sgdmem.cli.arguments.algorithm import (
    PICTURES,
    AlgorithmName,
    built,
    is_own,
    method_name,
    picture_option,
    read_method,
    read_settings,
    set_option,
    size_option,
)
from sgdmem.cli.arguments.outputs import output_path, write_table, written_before
from sgdmem.cli.arguments.own_methods import own_method
from sgdmem.cli.arguments.problem import (
    has_problem,
    problem_options,
    read_batch_size,
    read_problem,
    read_target,
    target_options,
)
from sgdmem.cli.commands.draw import draw_file

if TYPE_CHECKING:
    from sgdmem.symbolic.algorithms.family import Family

_UNUSED = ("coupling", "label_variance", "weight_decay")
_OF_NOISE = ("batch_size", "tau1", "tau2", *_UNUSED)
Size: TypeAlias = Any  # as the functions that draw take it
# arguments of `named_diagram` and of what it calls
_NO_OPTIONS = ("name", "problem", "ax", "annotate", "explained", "size", "progress")


class DiagramName(click.types.StringParamType):
    """The name of a diagram, which the shell completes."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return a known name."""
        from sgdmem.phase_diagrams.systems.diagram_names import DIAGRAMS

        return str(click.Choice([*DIAGRAMS]).convert(value, param, ctx))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin with what was typed."""
        from sgdmem.phase_diagrams.systems.diagram_names import DIAGRAMS

        return [CompletionItem(name) for name in DIAGRAMS if name.startswith(incomplete)]


class DiagramCommand(click.Command):
    """A command whose help ends with the names of diagrams, and the options of each."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write them."""
        from sgdmem.phase_diagrams.systems.diagram_names import DIAGRAMS, options_of

        with formatter.section("Names, with what --set may give"):
            formatter.write_dl([(name, ", ".join(options_of(name))) for name in DIAGRAMS])


@click.group("plot")
def plot_command() -> None:
    """Draw what is known of an algorithm, and write the numbers (.csv, .nc) beside the picture.

    \b
      sgdmem plot root-locus heavy-ball --set learning_rate=0.1 \\
             --set momentum=0.9 --power-law 1.5
      sgdmem plot noise-summand nesterov --set learning_rate=0.1 \\
             --set momentum=0.9 --power-law 1.5 --batch-size 32 -o noise.pdf
      sgdmem plot losses sgd heavy-ball --set learning_rate=0.1 \\
             --set momentum=0.9 --power-law 1.5 --zeta 0.5 --batch-size 32 \\
             -o losses.svg
      sgdmem plot diagram batch-size-learning-rate -o edges.png
    """


@plot_command.command("root-locus", short_help="The roots of P - lambda Q.")
@click.argument("algorithm", type=AlgorithmName())
@set_option
@problem_options(unused=_OF_NOISE)
@picture_option("ALGORITHM-root-locus.png")
@size_option
def root_locus_command(
    algorithm: str, settings: tuple[str, ...], output: str | None, size: Size, **options: Any
) -> None:
    """Draw the roots of P - lambda Q for all eigenvalues up to the largest one.

    \b
      sgdmem plot root-locus heavy-ball --set learning_rate=0.1 \\
             --set momentum=0.9 --power-law 1.5 --scale 40 -o locus.png
    """
    from sgdmem.numeric.verdicts.root_locus import root_locus
    from sgdmem.phase_diagrams.pictures.root_locus_picture import draw_root_locus

    path = output_path(output or f"{method_name(algorithm)}-root-locus.png", PICTURES, ".csv")
    _refuse(options, _OF_NOISE, "a root locus has no noise")
    method = built(*read_method(algorithm, settings))
    problem = read_problem(options)
    axes = draw_root_locus(method, problem, size=size)
    locus = root_locus(method, problem.spectrum.largest)
    rows = (
        (lam, number, root.real, root.imag)
        for lam, roots in zip(locus.eigenvalues.tolist(), locus.branches.tolist(), strict=True)
        for number, root in enumerate(roots, 1)
    )
    _write(axes, path, ("eigenvalue", "branch", "real", "imaginary"), rows)


@plot_command.command("noise-summand", short_help="Which eigenvalues make the noise.")
@click.argument("algorithm", type=AlgorithmName())
@set_option
@problem_options(unused=_UNUSED)
@picture_option("ALGORITHM-noise-summand.png")
@size_option
def noise_summand_command(
    algorithm: str, settings: tuple[str, ...], output: str | None, size: Size, **options: Any
) -> None:
    """Draw the noise summand by eigenvalue, and the share of the noise sum.

    \b
      sgdmem plot noise-summand memory-one --set effective_learning_rate=100 \\
             --set q0=0.5 --set damping=1e-4 --power-law 1.5 --batch-size 8 \\
             -o noise.png
    """
    from sgdmem.phase_diagrams.pictures.noise_data import noise_summand_data

    path = output_path(output or f"{method_name(algorithm)}-noise-summand.png", PICTURES, ".nc")
    _refuse(options, _UNUSED, "it is drawn for tau1 and tau2")
    method = built(*read_method(algorithm, settings))
    problem, batch_size = read_problem(options), read_batch_size(options)
    _write_data(noise_summand_data(method, problem, batch_size), path, size)


@plot_command.command("losses", short_help="Mean losses with the predicted power laws.")
@click.argument("algorithms", nargs=-1, required=True, type=AlgorithmName())
@set_option
@problem_options()
@target_options
@click.option("--steps", type=int, default=1000, metavar="T", help="How many.  [1000]")
@click.option("--am1", is_flag=True, help="Add the accelerated schedule AM1.")
@click.option("--am2", is_flag=True, help="Add AM2, that of memory 2.")
@click.option("--restarted", is_flag=True, help="Add AM2 that restarts in blocks.")
@click.option(
    "--anchored", "drawn_back", is_flag=True, help="Add AM1 that is drawn back to its start."
)
@picture_option("losses.png")
@size_option
def losses_command(
    algorithms: tuple[str, ...],
    settings: tuple[str, ...],
    zeta: str | None,
    squares: str | None,
    steps: int,
    am1: bool,
    am2: bool,
    restarted: bool,
    drawn_back: bool,
    output: str | None,
    size: Size,
    **options: Any,
) -> None:
    """Draw the exact mean losses of ALGORITHMS, each with those parameters of --set that it has.

    \b
      sgdmem plot losses sgd heavy-ball --set learning_rate=0.1 \\
             --set momentum=0.9 --am1 --power-law 1.5 --zeta 0.5 \\
             --batch-size 32 --steps 10000 -o losses.png
    """
    from sgdmem.phase_diagrams.pictures.artists import artists
    from sgdmem.phase_diagrams.pictures.loss_picture import draw_losses

    path = output_path(output or "losses.png", PICTURES, ".csv")
    problem = read_problem(options, read_target(zeta, squares, options))
    batch_size = read_batch_size(options)
    rules = _rules(algorithms, read_settings(settings))
    if am1 or am2 or restarted or drawn_back:
        from sgdmem.numeric.acceleration.accelerated import accelerated
        from sgdmem.numeric.acceleration.anchored import anchored

        if am1:
            rules["AM1"] = accelerated(problem, batch_size)
        if am2:
            rules["AM2"] = accelerated(problem, batch_size, memory=2)
        if restarted:
            rules["restarted AM2"] = accelerated(problem, batch_size, memory=2, restarts=True)
        if drawn_back:
            rules["anchored AM1"] = anchored(accelerated(problem, batch_size))
    axes = draw_losses(rules, problem, batch_size, steps, size=size)
    rows = (
        (name, int(step), loss)
        for name, line in zip(rules, artists(axes)["loss"], strict=True)
        for step, loss in zip(*map(list, line.get_data()), strict=True)
    )
    _write(axes, path, ("method", "step", "loss"), rows)


@plot_command.command(
    "diagram", short_help="A diagram that has a name in the field.", cls=DiagramCommand
)
@click.argument("name", type=DiagramName(), metavar="NAME")
@set_option
@problem_options(unused=_UNUSED, batch_size="One, in place of those that the diagram has.")
@picture_option("NAME.png")
@size_option
def diagram_command(
    name: str, settings: tuple[str, ...], output: str | None, size: Size, **options: Any
) -> None:
    """Draw the diagram NAME; --set gives its options and the parameters of its family.

    Points are along each axis of a map, and of a curve; resolution is that of boundaries. Ranges
    and lists are written with commas. The spectrum is that of the diagram, or k^-1.5, if none is
    given. What was computed is written as .nc beside the picture: `sgdmem draw` draws it again.

    \b
      sgdmem plot diagram kaczmarz --set steps=10000 -o kaczmarz.pdf
      sgdmem plot diagram kaczmarz --data rows.csv --set blocks=5 \\
             --set probabilities=uniform -o blocks.pdf
      sgdmem plot diagram learning-rate-momentum --set family=nesterov \\
             --set batch_sizes=1,32,inf --power-law 2 -o nesterov.png
    """
    from sgdmem.phase_diagrams.systems.diagram_names import computed_by
    from sgdmem.phase_diagrams.systems.named_diagrams import diagram_data

    path = output_path(output or f"{name}.png", PICTURES, ".nc")
    problem, chosen = _of_diagram(name, settings, options)
    if "progress" in inspect.signature(computed_by(name)).parameters:
        chosen["progress"] = sys.stderr.isatty()
    _write_data(diagram_data(name, problem, **chosen), path, size)


def _of_diagram(
    name: str, settings: tuple[str, ...], options: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Return the problem, or None, and the options of a diagram."""
    from sgdmem.numeric.problems.problem import USUAL_EXPONENT
    from sgdmem.phase_diagrams.systems.diagram_names import options_of

    _refuse(options, _UNUSED, "named diagrams have tau1 and tau2")
    chosen, usual = read_settings(settings), options_of(name)
    if is_own(str(chosen.get("family", ""))):
        chosen["family"] = own_method(chosen["family"])
    for key in chosen:
        if key in _NO_OPTIONS:
            raise click.UsageError(f"--set {key}: diagrams have no such option")
    if options["batch_size"] is not None:
        if isinstance(usual.get("batch_size"), tuple):
            raise click.UsageError(
                "--batch-size: it varies; --set batch_size=LOW,HIGH is its range"
            )
        if "batch_sizes" in usual:
            chosen["batch_sizes"] = [options["batch_size"]]
        else:
            chosen["batch_size"] = options["batch_size"]
    for key, value in chosen.items():
        if isinstance(usual.get(key), int | float):
            chosen[key] = _counted(value)
    if options["weight_decay"] is not None:
        raise click.UsageError("--weight-decay: diagrams are of problems without it")
    if not has_problem(options):
        if options["scale"] is not None or options["count"] is not None:
            raise click.UsageError("--scale and --count belong to --power-law")
        if options["tau1"] is not None or options["tau2"] is not None:
            options["power_law"] = USUAL_EXPONENT  # what diagrams have where none is given
    return read_problem(options) if has_problem(options) else None, chosen


def _counted(value: Any) -> Any:
    """Return the int that a text such as 500 or 1e3 means, and anything else as it is."""
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return value  # what computes the diagram says what it needs
    return int(number) if number.is_integer() and abs(number) < 2**53 else value


def _rules(names: Sequence[str | Family[...]], values: dict[str, Any]) -> dict[str, Any]:
    """Return each algorithm with those of the values that it takes; every value is of one."""
    from sgdmem.symbolic.zoo.families_by_name import find_family

    rules = {}
    left = set(values)
    for name in names:
        family = find_family(name)
        own = {key: value for key, value in values.items() if key in family.parameters}
        left -= set(own)
        rules[family.display_name] = built(family, own)
    if left:
        raise click.UsageError(
            f"--set {min(left)}: none of {', '.join(map(method_name, names))} has it"
        )
    return rules


def _refuse(options: dict[str, Any], names: Sequence[str], why: str) -> None:
    for name in names:
        if options[name] is not None:
            raise click.UsageError(f"--{name.replace('_', '-')} has no use here: {why}")


def _write_data(found: Any, path: Path, size: Size) -> None:
    """Write a dataset, first, and its picture."""
    from sgdmem.phase_diagrams.maps.map_file import write_map_file

    data = path.with_suffix(".nc")
    write_map_file(found, data)
    with written_before(data):
        draw_file(found, path, size=size)
    click.echo(f"wrote {path} and {data}")


def _write(axes: Any, path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a picture and, beside it, its numbers."""
    from sgdmem.phase_diagrams.pictures.picture_file import save

    save(axes, path)
    data = path.with_suffix(".csv")
    with written_before(path):
        write_table(data, header, rows)
    click.echo(f"wrote {path} and {data}")
