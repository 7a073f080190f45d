"""How methods that repeat themselves are given: cycles of parameters, Lookahead, local steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sgdmem.cli.arguments.algorithm import Setting, is_given, read_settings
from sgdmem.symbolic.errors import shown

if TYPE_CHECKING:
    from sgdmem.symbolic.algorithms.algorithm import Algorithm
    from sgdmem.symbolic.algorithms.family import Family

_F = TypeVar("_F", bound=Callable[..., Any])
_MOST_STEPS = 10_000  # of a period
_NAME = re.compile(r"[A-Za-z_]\w*")
_OF_LOOKAHEAD = "lookahead_rate"  # also a parameter that may vary
_OPTIONS = ("cycles", "lookahead", "lookahead_rate", "lookahead_reset", "local_steps", "workers")


def periodic_options(command: _F) -> _F:
    """Add the options of methods that repeat themselves."""
    options = [
        click.option(
            "--cycle",
            "cycles",
            multiple=True,
            type=Setting(),
            metavar="NAME=V,V,…",
            help="A parameter that takes these values in turn, one a step: 0.1,0.5. V*COUNT stays "
            "for some steps, FROM:TO:COUNT goes there evenly; V may be a name, see --set.",
        ),
        click.option(
            "--lookahead",
            type=int,
            metavar="K",
            help="Slow weights that go a part of the way to the others after each K steps.",
        ),
        click.option(
            "--lookahead-rate", metavar="R", help="What part of the way, from 0 to 1.  [1/2]"
        ),
        click.option(
            "--lookahead-reset", is_flag=True, help="Set momentum to 0 at the end of a round."
        ),
        click.option(
            "--local-steps",
            type=int,
            metavar="H",
            help="Steps that each of the --workers takes by itself before they are averaged.",
        ),
        click.option("--workers", type=int, metavar="K", help="How many they are."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def take_periodic(options: dict[str, Any]) -> dict[str, Any] | None:
    """Take the options of `periodic_options` out of others; None where none of them is given.

    Raises
    ------
    click.UsageError
        For some that need others.
    """
    found = {name: options.pop(name) for name in _OPTIONS}
    for name in ("lookahead_rate", "lookahead_reset"):
        if found["lookahead"] is None and is_given(found[name]):
            raise click.UsageError(f"--{name.replace('_', '-')} belongs to --lookahead K")
    if (found["local_steps"] is None) != (found["workers"] is None):
        raise click.UsageError("--local-steps H and --workers K belong together")
    return found if any(map(is_given, found.values())) else None


@dataclass(frozen=True)
class Ramp:
    """Some values of a cycle, from one number, or parameter, evenly to another."""

    first: str
    last: str
    count: int

    @property
    def names(self) -> set[str]:
        """The parameters."""
        return {x for x in (self.first, self.last) if _NAME.fullmatch(x)}

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """Return them, exactly; what is the same at all steps as it was given."""
        from sgdmem.symbolic.algebra.scalars import as_scalar

        if self.first == self.last:
            return [given.get(self.first, self.first)] * self.count
        first, last = (as_scalar(given.get(x, x), "--cycle") for x in (self.first, self.last))
        parts = max(self.count - 1, 1)
        return [first + (last - first) * Fraction(k, parts) for k in range(self.count)]


@dataclass(frozen=True)
class PeriodicMethod:
    """A function of parameters that returns the algorithms of a period.

    Attributes
    ----------
    family : Family
    cycles : dict
        Of its parameters that repeat values.
    lookahead, lookahead_reset
        Steps of a round, or None.
    local_steps, workers : int
    scaled : str
        The parameter in cycles whose values are multiplied by ``factor``.
    factor : Fraction
    """

    family: Family[...]
    cycles: Mapping[str, Sequence[Ramp]]
    lookahead: int | None
    lookahead_reset: bool
    local_steps: int | None
    workers: int
    scaled: str = ""
    factor: Fraction = Fraction(1)

    @property
    def __name__(self) -> str:
        parts = [self.family.display_name, *(f"cycles of {name}" for name in self.cycles)]
        if self.lookahead is not None:
            parts.append(f"Lookahead of {self.lookahead} steps")
        if self.local_steps is not None:
            parts.append(f"averaged after {self.local_steps} steps")
        return ", ".join(parts).replace("_", " ")

    def __call__(self, **values: Any) -> list[Algorithm]:
        """Return the algorithms of a period."""
        from sgdmem.numeric.periodic.repeated_methods import cyclic, lookahead
        from sgdmem.symbolic.algebra.scalars import as_scalar

        rate = values.pop(_OF_LOOKAHEAD, Fraction(1, 2))
        named = {x for ramps in self.cycles.values() for ramp in ramps for x in ramp.names}
        own = {name: x for name, x in values.items() if name not in named}
        missing = [name for name in sorted(named) if name not in values]
        missing += self.family.missing([*own, *self.cycles])
        if missing:
            raise click.UsageError(f"{self.family.name} needs --set {missing[0]}=VALUE")
        for name, ramps in self.cycles.items():
            own[name] = [x for ramp in ramps for x in ramp.values(values)]
            if name == self.scaled:
                own[name] = [self.factor * as_scalar(x, name) for x in own[name]]
        found = cyclic(self.family, **own)
        if self.lookahead is not None:
            found = lookahead(found, self.lookahead, rate, reset=self.lookahead_reset)
        if self.local_steps is None:
            return found
        if self.local_steps % len(found):
            raise click.UsageError(
                f"--local-steps must be a multiple of {len(found)}, the steps after which the "
                f"others begin again, got {self.local_steps}"
            )
        return found * (self.local_steps // len(found))

    def pushed(self, values: Mapping[str, Any]) -> str:
        """Return the parameter to push where none is named.

        It is what a cycle names without a value, the learning rate, the only one in cycles, or
        the only one that has no value.
        """
        named = {x for ramps in self.cycles.values() for ramp in ramps for x in ramp.names}
        own = {*values, *self.cycles} - named - {_OF_LOOKAHEAD}
        missing, unnamed = self.family.missing(own), sorted(named - {*values})
        some = unnamed or [*self.cycles] or missing or [*self.family.parameters]
        if "learning_rate" in some or ("learning_rate" in missing and not unnamed):
            return "learning_rate"
        if not some:
            raise click.UsageError(f"{self.family.name} names no parameter that could be pushed")
        if len(some) > 1:
            raise click.UsageError(f"say by --parameter which of {', '.join(some)} to push")
        return some[0]

    def peak(self, name: str, values: Mapping[str, Any]) -> Fraction:
        """Return the largest value of a parameter in its cycle."""
        from sgdmem.symbolic.algebra.scalars import as_scalar

        found = [x for ramp in self.cycles[name] for x in ramp.values(values)]
        return Fraction(max(as_scalar(x, name) for x in found))

    def scale(self, name: str, factor: float) -> PeriodicMethod:
        """Return the method whose cycle of a parameter is multiplied."""
        return replace(self, scaled=name, factor=Fraction(factor))


def read_periodic(
    algorithm: str | Family[...], settings: Sequence[str], options: Mapping[str, Any]
) -> tuple[PeriodicMethod, dict[str, Any]]:
    """Return what the options of `take_periodic` make of a method, and parameters that are given.

    Those are the ones of ``--set``, which may be names in cycles, and the rate of Lookahead.
    """
    from sgdmem.symbolic.zoo.families_by_name import find_family

    family, values = find_family(algorithm), read_settings(settings)
    cycles: dict[str, list[Ramp]] = {}
    for text in options["cycles"]:
        name, sign, items = text.partition("=")
        name = name.strip().replace("-", "_")
        if not sign or not name or not items:
            raise click.UsageError(f"--cycle expects NAME=V,V,…, got {shown(text)}")
        if name in cycles:
            raise click.UsageError(f"--cycle gives {name} twice")
        family.missing([name])
        if name in values:
            raise click.UsageError(f"{name} is given by --set and by --cycle")
        cycles[name] = [_ramp(item.strip(), text) for item in items.split(",")]
    for name in ("lookahead", "local_steps"):
        steps = options[name]
        if steps is not None and not 1 <= steps <= _MOST_STEPS:
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option} must be from 1 to {_MOST_STEPS:,}, got {steps}")
    if options["workers"] is not None and options["workers"] < 1:
        raise click.UsageError(f"--workers must be at least 1, got {options['workers']}")
    if options["lookahead_rate"] is not None:
        values[_OF_LOOKAHEAD] = options["lookahead_rate"]
    method = PeriodicMethod(
        family, cycles, options["lookahead"], options["lookahead_reset"], options["local_steps"],
        options["workers"] or 1,
    )  # fmt: skip
    return method, values


def _ramp(item: str, text: str) -> Ramp:
    """Return the values of V, V*COUNT or FROM:TO:COUNT."""
    parts = item.split(":")
    if len(parts) == 1:
        value, times, number = item.partition("*")
        parts = [value, value, number if times else "1"]
    if len(parts) != 3 or not parts[2].strip().isdecimal() or int(parts[2]) == 0:
        raise click.UsageError(
            f"--cycle: each value is V, V*COUNT or FROM:TO:COUNT, got {shown(item)} in "
            f"{shown(text)}"
        )
    if int(parts[2]) > _MOST_STEPS:
        raise click.UsageError(f"--cycle: a period has at most {_MOST_STEPS:,} steps, got {item}")
    return Ramp(_value(parts[0].strip()), _value(parts[1].strip()), int(parts[2]))


def _value(text: str) -> str:
    from sgdmem.numeric.spectra.text_lines import is_number
    from sgdmem.symbolic.algebra.scalars import as_scalar

    if not _NAME.fullmatch(text) or is_number(text):  # nan is no name
        as_scalar(text, "--cycle")
    return text


def refuse_others(
    options: Mapping[str, Any], because: str = "--cycle, --lookahead or --local-steps"
) -> None:
    """Refuse options that have no meaning beside others, by default those of repeated methods.

    Their values are given under the options' own names, such as "--rate".
    """
    for option, value in options.items():
        if is_given(value):
            raise click.UsageError(f"{option} has no use with {because}")
