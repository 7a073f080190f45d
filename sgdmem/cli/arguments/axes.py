"""How the axes of maps are given."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from sgdmem.symbolic.errors import shown

if TYPE_CHECKING:
    from sgdmem.numeric.arithmetic.scales import Scale

_FARTHEST = 1e100
_MOST_VALUES = 10**7  # of an axis


def read_axis(text: str, option: str) -> tuple[str, list[float]]:
    """Return the (name, values) of NAME=LOW:HIGH:COUNT, and :log or :log1m."""
    from sgdmem.numeric.arithmetic.scales import evenly

    name, numbers, scale = _split(text)
    form = f"{option} expects NAME=LOW:HIGH:COUNT, or with :log or :log1m, got {shown(text)}"
    parts = numbers.split(":")
    if len(parts) != 3 or not parts[2].isdecimal() or int(parts[2]) == 0:
        raise click.UsageError(form)
    low, high = read_range(":".join(parts[:2]), option)
    if max(abs(low), abs(high)) > _FARTHEST or (scale == "log" and low < 1 / _FARTHEST):
        raise click.UsageError(f"{option}: a picture reaches from 1e-100 to 1e100, got {numbers}")
    count = int(parts[2])
    if count > _MOST_VALUES:
        raise click.UsageError(f"{option}: COUNT must be at most {_MOST_VALUES:,}, got {count}")
    _check(option, low, high, scale)
    return name, evenly(low, high, count, scale).tolist()


def read_window(text: str, option: str) -> tuple[tuple[str, float, float], Scale]:
    """Return the (name, low, high) of NAME=LOW:HIGH, and the scale that :log or :log1m say."""
    name, numbers, scale = _split(text)
    if not numbers:
        raise click.UsageError(
            f"{option} expects NAME=LOW:HIGH, or with :log or :log1m, got {shown(text)}"
        )
    low, high = read_range(numbers, option)
    _check(option, low, high, scale)
    return (name, low, high), scale


def _check(option: str, low: float, high: float, scale: Scale) -> None:
    if scale == "log" and low <= 0:
        raise click.UsageError(f"{option}: a logarithmic axis needs LOW > 0, got {low}")
    if scale == "log1m" and high >= 1:
        raise click.UsageError(f"{option}: an axis of log(1 - x) needs HIGH < 1, got {high}")


def read_panels(text: str) -> tuple[str, list[str]]:
    """Return the (name, values) of NAME=VALUE,VALUE,…."""
    name, values, _ = _split(text)
    if not values:
        raise click.UsageError(f"--panels expects NAME=VALUE,VALUE,…, got {shown(text)}")
    return name, [value.strip() for value in values.split(",")]


def _split(text: str) -> tuple[str, str, Scale]:
    """Return the name of an axis, what is said of it, and its scale."""
    name, _, numbers = text.partition("=")
    said, _, last = numbers.rpartition(":")
    name, scale = name.strip().replace("-", "_"), last if last in ("log", "log1m") else "linear"
    return name, numbers if scale == "linear" else said, scale  # type: ignore[return-value]


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
