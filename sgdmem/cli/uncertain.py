"""Intervals in the place of numbers on the command line, LOW:HIGH."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from sgdmem.cli.arguments import print_json, read_method
from sgdmem.cli.problem import read_batch_size, read_problem

_OPTIONS = ("batch_size", "tau1", "tau2")
Intervals = dict[str, tuple[str, str]]


def take_intervals(
    settings: Sequence[str], options: dict[str, Any]
) -> tuple[tuple[str, ...], Intervals]:
    """Return the settings that are numbers, and intervals by name, taken out of the options."""
    found: Intervals = {}
    plain = []
    for setting in settings:
        name, _, value = setting.partition("=")
        if ":" in value:
            found[name.strip().replace("-", "_")] = _ends(name, value)
        else:
            plain.append(setting)
    for name in _OPTIONS:
        given = options.get(name)
        if isinstance(given, str) and ":" in given:
            found[name], options[name] = _ends(f"--{name.replace('_', '-')}", given), None
    return tuple(plain), found


def _ends(name: str, text: str) -> tuple[str, str]:
    low, _, high = (part.strip() for part in text.partition(":"))
    if not low or not high or ":" in high:
        raise click.UsageError(f"{name} expects a number, or an interval LOW:HIGH, got {text!r}")
    return low, high


def print_robust(
    algorithm: Any,
    settings: Sequence[str],
    intervals: Intervals,
    options: dict[str, Any],
    as_json: bool,
) -> bool | None:
    """Print whether all, some or none of some intervals is stable; return True, None or False."""
    from sgdmem.numeric.certificates.robust import robust_stability

    family, values = read_method(algorithm, settings)
    missing = [name for name in family.missing(values) if name not in intervals]
    if missing:
        raise click.UsageError(f"{family.name} needs --set {missing[0]}=VALUE")
    problem, batch_size = read_problem(options), read_batch_size(options)
    found = robust_stability(family, problem, batch_size, intervals=intervals, **values)
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(str(found))
    return found.stable
