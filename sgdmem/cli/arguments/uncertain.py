"""Intervals in the place of numbers on the command line, LOW:HIGH."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from sgdmem.cli.arguments.algorithm import print_json, read_method
from sgdmem.cli.arguments.problem import read_batch_size, read_problem

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


def measured_spectrum(options: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Return the spectrum of --spectrum FILE and the ends of its eigenvalues; None of numbers."""
    path = options["path"]
    if path is None:
        return None
    from sgdmem.numeric.spectra.files import load_band

    known = load_band(path)
    if known is None:
        return None
    from sgdmem.numeric.arithmetic.inputs import number
    from sgdmem.numeric.regions.intervals import read_band
    from sgdmem.numeric.spectra.spectrum import Spectrum
    from sgdmem.symbolic.errors import InputError

    if options["positive_part"]:
        raise click.UsageError("--positive-part has no use with intervals of eigenvalues")
    try:
        low, high = ([number(x, "an eigenvalue") for x in ends] for ends in known[:2])
        middles = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
        spectrum = Spectrum(middles, known[2])
        return spectrum, read_band((low, high), spectrum)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def print_robust(
    algorithm: Any,
    settings: Sequence[str],
    intervals: Mapping[str, Any],
    options: dict[str, Any],
    as_json: bool,
    measured: tuple[Any, Any] | None = None,
) -> bool | None:
    """Print whether all, some or none of some intervals is stable; return True, None or False."""
    from sgdmem.numeric.regions.robust import robust_stability

    family, values = read_method(algorithm, settings)
    missing = [name for name in family.missing(values) if name not in intervals]
    if missing:
        raise click.UsageError(f"{family.name} needs --set {missing[0]}=VALUE")
    spectrum, band = measured or (None, None)
    if band is not None:
        intervals = {**intervals, "eigenvalues": band}
    problem, batch_size = read_problem(options, spectrum=spectrum), read_batch_size(options)
    found = robust_stability(family, problem, batch_size, intervals=intervals, **values)
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(str(found))
    return found.stable
