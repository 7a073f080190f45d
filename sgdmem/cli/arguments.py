"""What the commands have in common: how algorithms, spectra, noise and axes are given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

_F = TypeVar("_F", bound=Callable[..., Any])
_FARTHEST = 1e100
_MOST_VALUES = 10**7  # of an axis


class AlgorithmName(click.types.StringParamType):
    """The name of an algorithm; the shell completes it."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin with what was typed."""
        from sgdmem.symbolic.algorithms.named import FAMILIES

        return [CompletionItem(name) for name in sorted(FAMILIES) if name.startswith(incomplete)]


class Setting(click.types.StringParamType):
    """NAME=VALUE; the shell completes the names of the algorithm's parameters."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the parameters that begin with what was typed, with a sign of equality."""
        import inspect

        from sgdmem.symbolic.algorithms.named import FAMILIES

        given = [ctx.params.get("algorithm"), ctx.params.get("named"), *ctx.args]
        family = next((FAMILIES[name] for name in given if name in FAMILIES), None)
        names = [] if family is None else inspect.signature(family).parameters
        return [CompletionItem(f"{name}=") for name in names if name.startswith(incomplete)]


def problem_options(simulated: bool = False) -> Callable[[_F], _F]:
    """Add the options that describe the spectrum and the noise.

    Parameters
    ----------
    simulated
        Whether features are drawn, so that tau1 and tau2 follow from them.
    """
    file = click.Path()  # so that the shell completes file names
    length = "[infinite]" if not simulated else "Needed with --power-law."
    batch = "[inf: full batches, without noise]" if not simulated else "Needed: samples in a batch."
    tau1 = "[1]" if not simulated else "[by the data: Gaussian 1]"
    tau2 = "[0]" if not simulated else "[by the data: Gaussian -1]"
    options = [
        click.option("--power-law", metavar="NU", help="Eigenvalues scale * k^-NU."),
        click.option("--scale", metavar="S", help="Largest eigenvalue of the power law.  [1]"),
        click.option("--count", type=int, metavar="N", help=f"Its length.  {length}"),
        click.option(
            "--spectrum",
            "path",
            type=file,
            metavar="FILE",
            help="Eigenvalues: .npy .npz .csv .txt",
        ),
        click.option(
            "--features",
            type=file,
            metavar="FILE",
            help="A data matrix, one sample a row: spectrum, tau1 and tau2 are estimated.",
        ),
        click.option("--batch-size", metavar="B", help=batch),
        click.option(
            "--tau1", metavar="T", help=f"Noise covariance tau1 Tr(HM)H - tau2 HMH.  {tau1}"
        ),
        click.option(
            "--tau2", metavar="T", help=f"-1: Gaussian data. A list T,T,…: by eigenvalue.  {tau2}"
        ),
        click.option(
            "--coupling",
            type=file,
            metavar="FILE",
            help="A matrix T in place of tau1: how the modes' noise is coupled.",
        ),
    ]

    def add(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    type=Setting(),
    metavar="NAME=VALUE",
    help="A parameter of the algorithm.",
)


def target_options(command: _F) -> _F:
    """Add the options that describe the target."""
    zeta = click.option(
        "--zeta", metavar="Z", help="A power-law target: energy lambda^Z below lambda."
    )
    squares = click.option(
        "--target",
        "squares",
        type=click.Path(),
        metavar="FILE",
        help="Or the squares of the start's coefficients, one for each eigenvalue.",
    )
    return zeta(squares(command))


def read_target(zeta: str | None, squares: str | None) -> Any:
    """Return the target of --zeta Z or --target FILE."""
    from sgdmem.numeric.problems.target import power_law_target
    from sgdmem.numeric.spectra.files import load_columns

    if (zeta is None) == (squares is None):
        raise click.UsageError("give one of --zeta Z and --target FILE")
    return power_law_target(zeta) if squares is None else load_columns(squares)[0]


def read_data(problem: dict[str, Any]) -> Any:
    """Return the spectrum or the matrix of features that the `problem_options` describe."""
    from sgdmem.numeric.spectra.spectrum import Spectrum

    path, exponent, features = problem["path"], problem["power_law"], problem["features"]
    if sum(value is not None for value in (path, exponent, features)) != 1:
        raise click.UsageError("give one of --power-law NU, --spectrum FILE and --features FILE")
    if exponent is not None:
        scale = 1 if problem["scale"] is None else problem["scale"]
        return Spectrum.power_law(exponent, scale, problem["count"])
    if problem["scale"] is not None or problem["count"] is not None:
        raise click.UsageError("--scale and --count belong to --power-law")
    return Spectrum.load(path) if path is not None else read_features(features)


def read_features(path: str) -> Any:
    """Return the data matrix of a file; a single column is refused, it may be a spectrum."""
    from sgdmem.numeric.spectra.files import load_matrix

    matrix = load_matrix(Path(path))
    if matrix.ndim == 2 and matrix.shape[1] == 1:
        raise click.UsageError(
            f"--features: {path} has a single column; eigenvalues are given with --spectrum"
        )
    return matrix


def noise_arguments(problem: dict[str, Any]) -> dict[str, Any]:
    """Return batch_size, tau1, tau2 and coupling as keywords, without those not given."""
    names = ("batch_size", "tau1", "tau2", "coupling")
    given = {name: problem[name] for name in names if problem[name] is not None}
    if "," in given.get("tau2", ""):
        given["tau2"] = given["tau2"].split(",")
    if "coupling" in given:
        from sgdmem.numeric.spectra.files import load_matrix

        if "tau1" in given:
            raise click.UsageError("--tau1 and --coupling exclude each other")
        given["coupling"] = load_matrix(Path(given["coupling"]))
    return given


def read_settings(settings: Sequence[str], algorithm: str | None = None) -> dict[str, Any]:
    """Return the parameters given by ``--set NAME=VALUE``; commas make a list.

    They are checked against the parameters of ``algorithm``, so that none is taken for an argument
    of a function.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, sign, text = setting.partition("=")
        name = name.strip().replace("-", "_")
        if not sign or not name:
            raise click.UsageError(f"--set expects NAME=VALUE, got {setting!r}")
        if name in values:
            raise click.UsageError(f"--set gives {name} twice")
        if text.lower() in ("true", "false"):
            values[name] = text.lower() == "true"
        else:
            values[name] = text.split(",") if "," in text else text
    if algorithm is not None:
        from sgdmem.symbolic.algorithms.families import missing_parameters
        from sgdmem.symbolic.algorithms.named import find_family

        missing_parameters(find_family(algorithm), list(values))
    return values


def read_axis(text: str, option: str) -> tuple[tuple[str, list[float]], bool]:
    """Return the (name, values) of NAME=LOW:HIGH:COUNT[:log], and whether it is logarithmic."""
    import numpy as np

    name, numbers, logarithmic = _split(text)
    form = f"{option} expects NAME=LOW:HIGH:COUNT or NAME=LOW:HIGH:COUNT:log, got {text!r}"
    parts = numbers.split(":")
    if len(parts) != 3 or not parts[2].isdecimal() or int(parts[2]) == 0:
        raise click.UsageError(form)
    low, high = read_range(":".join(parts[:2]), option)
    if max(abs(low), abs(high)) > _FARTHEST or (logarithmic and low < 1 / _FARTHEST):
        raise click.UsageError(f"{option}: a picture reaches from 1e-100 to 1e100, got {numbers}")
    count = int(parts[2])
    if count > _MOST_VALUES:
        raise click.UsageError(f"{option}: COUNT must be at most {_MOST_VALUES:,}, got {count}")
    if logarithmic and low <= 0:
        raise click.UsageError(f"{option}: a logarithmic axis needs LOW > 0, got {low}")
    values = np.geomspace(low, high, count) if logarithmic else np.linspace(low, high, count)
    return (name, values.tolist()), logarithmic


def read_window(text: str, option: str) -> tuple[tuple[str, float, float], bool]:
    """Return the (name, low, high) of NAME=LOW:HIGH[:log], and whether it is logarithmic."""
    name, numbers, logarithmic = _split(text)
    if not numbers:
        raise click.UsageError(f"{option} expects NAME=LOW:HIGH or NAME=LOW:HIGH:log, got {text!r}")
    return (name, *read_range(numbers, option)), logarithmic


def read_panels(text: str) -> tuple[str, list[str]]:
    """Return the (name, values) of NAME=VALUE,VALUE,…."""
    name, values, _ = _split(text)
    if not values:
        raise click.UsageError(f"--panels expects NAME=VALUE,VALUE,…, got {text!r}")
    return name, [value.strip() for value in values.split(",")]


def _split(text: str) -> tuple[str, str, bool]:
    """Return the name of an axis, what is said of it, and whether it is logarithmic."""
    name, _, numbers = text.partition("=")
    logarithmic = numbers.endswith(":log")
    return name.strip().replace("-", "_"), numbers.removesuffix(":log"), logarithmic


def map_arguments(
    problem: dict[str, Any], settings: Sequence[str], algorithm: str, axes: Sequence[str]
) -> dict[str, Any]:
    """Return the keywords of a map: spectrum, noise, and parameters that do not vary."""
    arguments = {"spectrum": _read_spectrum(problem, algorithm, axes), **noise_arguments(problem)}
    for axis in axes:
        if axis in arguments:
            raise click.UsageError(f"{axis} cannot both vary and have a fixed value")
    return {**arguments, **read_settings(settings, algorithm)}


def _read_spectrum(problem: dict[str, Any], algorithm: str, axes: Sequence[str]) -> Any:
    """Return the spectrum, or a function of the axis ``nu`` if it is the exponent of a power law.

    An algorithm's own nu, QHM's, goes first.
    """
    import inspect

    from sgdmem.numeric.spectra.spectrum import Spectrum
    from sgdmem.symbolic.algorithms.named import find_family

    if "nu" not in axes or "nu" in inspect.signature(find_family(algorithm)).parameters:
        return read_data(problem)
    if any(problem[name] is not None for name in ("power_law", "path", "features")):
        raise click.UsageError("nu cannot both vary and be given by the spectrum")
    scale = 1 if problem["scale"] is None else problem["scale"]
    count = problem["count"]
    return lambda nu: Spectrum.power_law(nu, scale, count)


def output_path(output: str, endings: Sequence[str]) -> Path:
    """Return the file that -o names, in a folder that exists."""
    path = Path(output)
    if path.suffix not in endings:
        *others, last = endings
        known = f"{', '.join(others)} or {last}" if others else last
        raise click.UsageError(f"-o must end in {known}, got {path}")
    if not path.parent.is_dir():
        raise click.UsageError(f"-o: there is no folder {path.parent}")
    return path


def read_range(text: str, option: str) -> tuple[float, float]:
    """Return the two ends of LOW:HIGH."""
    from sgdmem.symbolic.algebra.scalars import as_scalar, to_float

    parts = text.split(":")
    if len(parts) != 2:
        raise click.UsageError(f"{option} expects two numbers separated by ':', got {text!r}")
    low, high = (to_float(as_scalar(part, option)) for part in parts)
    if not math.isfinite(high - low):
        raise click.UsageError(f"{option}: the range of floating-point numbers ends before {text}")
    if low >= high:
        raise click.UsageError(f"{option}: LOW must be below HIGH, got {text!r}")
    return low, high
