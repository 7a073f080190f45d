"""What the commands have in common: how a spectrum, the noise, parameters and axes are given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from sgdmem.numeric.spectrum import Spectrum

_F = TypeVar("_F", bound=Callable[..., Any])


def problem_options(features: bool = False) -> Callable[[_F], _F]:
    """Add the options that describe the spectrum and the noise."""
    options = [
        click.option("--power-law", metavar="NU", help="Eigenvalues scale * k^-NU."),
        click.option("--scale", metavar="S", help="Largest eigenvalue of the power law.  [1]"),
        click.option("--count", type=int, metavar="N", help="Its length.  [infinite]"),
        click.option("--spectrum", "path", metavar="FILE", help="Eigenvalues: .npy .npz .csv .txt"),
        click.option("--batch-size", default="inf", metavar="B", show_default=True),
        click.option("--tau1", metavar="T", help="Noise: tau1 Tr(HM)H - tau2 HMH.  [1]"),
        click.option("--tau2", metavar="T", help="0 is the usual bound, -1 Gaussian data.  [0]"),
    ]
    if features:
        help_text = "A data matrix, one row a sample: its spectrum, tau1 and tau2 are estimated."
        options.append(click.option("--features", metavar="FILE", help=help_text))

    def add(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


set_option = click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A parameter of the algorithm."
)


def read_spectrum(problem: dict[str, Any]) -> Spectrum:
    """Return the spectrum that the `problem_options` describe."""
    from sgdmem.numeric.spectrum import Spectrum

    path, exponent = problem["path"], problem["power_law"]
    if (path is None) == (exponent is None):
        raise click.UsageError("give either --power-law NU or --spectrum FILE")
    if path is not None:
        if problem["scale"] is not None or problem["count"] is not None:
            raise click.UsageError("--scale and --count belong to --power-law")
        return Spectrum.load(path)
    return Spectrum.power_law(exponent, problem["scale"] or 1, problem["count"])


def noise_arguments(problem: dict[str, Any]) -> dict[str, Any]:
    """Return batch_size, tau1 and tau2 as keywords, without those that were not given."""
    given = {key: problem[key] for key in ("tau1", "tau2") if problem[key] is not None}
    return {"batch_size": problem["batch_size"], **given}


def read_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Return the parameters given by ``--set NAME=VALUE``; commas make a list."""
    values: dict[str, Any] = {}
    for setting in settings:
        name, sign, text = setting.partition("=")
        name = name.strip().replace("-", "_")
        if not sign or not name:
            raise click.UsageError(f"--set expects NAME=VALUE, got {setting!r}")
        if text.lower() in ("true", "false"):
            values[name] = text.lower() == "true"
        else:
            values[name] = text.split(",") if "," in text else text
    return values


def read_axis(text: str, option: str) -> tuple[tuple[str, list[float]], bool]:
    """Return the (name, values) of NAME=LOW:HIGH:COUNT[:log], and whether it is logarithmic."""
    import numpy as np

    from sgdmem.phase_diagrams.diagram import MOST_POINTS

    name, sign, numbers = text.partition("=")
    form = f"{option} expects NAME=LOW:HIGH:COUNT or NAME=LOW:HIGH:COUNT:log, got {text!r}"
    logarithmic = numbers.endswith(":log")
    parts = numbers.removesuffix(":log").split(":")
    if not sign or len(parts) != 3 or not parts[2].isdecimal() or int(parts[2]) == 0:
        raise click.UsageError(form)
    low, high = read_range(":".join(parts[:2]), option)
    count = int(parts[2])
    if count > MOST_POINTS:
        raise click.UsageError(f"{option}: COUNT must be at most {MOST_POINTS}, got {count}")
    if logarithmic and low <= 0:
        raise click.UsageError(f"{option}: a logarithmic axis needs LOW > 0, got {low}")
    values = np.geomspace(low, high, count) if logarithmic else np.linspace(low, high, count)
    return (name.strip().replace("-", "_"), values.tolist()), logarithmic


def read_range(text: str, option: str) -> tuple[float, float]:
    """Return the two ends of LOW:HIGH."""
    from sgdmem.symbolic.scalars import as_scalar, to_float

    parts = text.split(":")
    if len(parts) != 2:
        raise click.UsageError(f"{option} expects two numbers separated by ':', got {text!r}")
    low, high = (to_float(as_scalar(part, option)) for part in parts)
    if not math.isfinite(high - low):
        raise click.UsageError(f"{option}: the range of floating-point numbers ends before {text}")
    if low >= high:
        raise click.UsageError(f"{option}: LOW must be below HIGH, got {text!r}")
    return low, high
