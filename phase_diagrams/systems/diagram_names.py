"""The names of diagrams of curves, and where they are computed and drawn, without loading that."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

# Modules beside this one. That of "my-diagram" has `my_diagram_data(problem=None, *, …)`, which
# returns a dataset, and `draw_my_diagram(data, ax)`, which returns what the legend adds.
CURVES = {
    "kaczmarz": "kaczmarz",
}


def computed_by(name: str) -> Callable[..., Any]:
    """Return the function that computes a diagram."""
    return _found(name, f"{_stem(name)}_data")


def drawn_by(name: str) -> Callable[..., Any]:
    """Return the function that draws a diagram's dataset on axes."""
    return _found(name, f"draw_{_stem(name)}")


def _stem(name: str) -> str:
    return name.replace("-", "_")


def _found(name: str, function: str) -> Callable[..., Any]:
    module = import_module(f"sgdmem.phase_diagrams.systems.{CURVES[name]}")
    found: Callable[..., Any] = getattr(module, function)
    return found
