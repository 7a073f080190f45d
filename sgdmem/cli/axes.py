"""How the axes of maps are given."""

from __future__ import annotations

import math

import click

from sgdmem.symbolic.errors import shown

_FARTHEST = 1e100
_MOST_VALUES = 10**7  # of an axis


def read_axis(text: str, option: str) -> tuple[tuple[str, list[float]], bool]:
    """Return the (name, values) of NAME=LOW:HIGH:COUNT[:log], and whether it is logarithmic."""
    import numpy as np

    name, numbers, logarithmic = _split(text)
    form = f"{option} expects NAME=LOW:HIGH:COUNT or NAME=LOW:HIGH:COUNT:log, got {shown(text)}"
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
        raise click.UsageError(
            f"{option} expects NAME=LOW:HIGH or NAME=LOW:HIGH:log, got {shown(text)}"
        )
    return (name, *read_range(numbers, option)), logarithmic


def read_panels(text: str) -> tuple[str, list[str]]:
    """Return the (name, values) of NAME=VALUE,VALUE,…."""
    name, values, _ = _split(text)
    if not values:
        raise click.UsageError(f"--panels expects NAME=VALUE,VALUE,…, got {shown(text)}")
    return name, [value.strip() for value in values.split(",")]


def _split(text: str) -> tuple[str, str, bool]:
    """Return the name of an axis, what is said of it, and whether it is logarithmic."""
    name, _, numbers = text.partition("=")
    logarithmic = numbers.endswith(":log")
    return name.strip().replace("-", "_"), numbers.removesuffix(":log"), logarithmic


def read_range(text: str, option: str) -> tuple[float, float]:
    """Return the two ends of LOW:HIGH."""
    from sgdmem.symbolic.algebra.scalars import as_scalar, to_float

    parts = text.split(":")
    if len(parts) != 2:
        raise click.UsageError(f"{option} expects two numbers separated by ':', got {shown(text)}")
    low, high = (to_float(as_scalar(part, option)) for part in parts)
    if not math.isfinite(high - low):
        raise click.UsageError(f"{option}: the range of floating-point numbers ends before {text}")
    if low >= high:
        raise click.UsageError(f"{option}: LOW must be below HIGH, got {shown(text)}")
    return low, high
