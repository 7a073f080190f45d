"""The names of diagrams, and where they are computed and drawn, without loading all that.

For the name "my-diagram" a module has ``my_diagram_data(problem=None, *, ...)``, which returns a
dataset. Those of curves are drawn by ``draw_my_diagram(data, ax)`` beside it, which returns what
the legend adds.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

_MAPS = "diagram_parts"
DIAGRAMS = {  # with their modules, beside this one
    "learning-rate-momentum": _MAPS,
    "damping-effective-rate": _MAPS,
    "batch-size-learning-rate": _MAPS,
    "regimes": _MAPS,
    "spectral-zones": "spectral_zones",
    "batch-sharpness": "stochastic_edge",
    "marginal-momentum": "marginal_momentum",
    "mem-sgd": "mem_sgd",
    "spectral-conflict": "spectral_conflict",
    "sparse-phases": "sparse_phases",
    "adaptive-methods": "adaptive_methods",
    "dana-phases": "dana_phases",
    "deep-linear": "deep_linear",
    "kaczmarz": "kaczmarz",
    "associative-memory": "associative_memory",
    "associative-memory-batches": "associative_memory",
}
MAPS = {name for name, module in DIAGRAMS.items() if module == _MAPS}


def computed_by(name: str) -> Callable[..., Any]:
    """Return the function that computes a diagram."""
    return _found(name, f"{_stem(name)}_data")


def drawn_by(name: str) -> Callable[..., Any]:
    """Return the function that draws the dataset of a diagram of curves on axes."""
    return _found(name, f"draw_{_stem(name)}")


def options_of(name: str) -> dict[str, Any]:
    """Return the options of a diagram with their defaults, but those of a family.

    Examples
    --------
    >>> options_of("kaczmarz")
    {'steps': 1000, 'learning_rate': 1, 'probabilities': 'norms', 'blocks': 1, 'points': 200}
    """
    parameters = inspect.signature(computed_by(name)).parameters.values()
    return {
        one.name: one.default
        for one in parameters
        if one.name not in ("problem", "progress") and one.kind is not one.VAR_KEYWORD
    }


def _stem(name: str) -> str:
    return name.replace("-", "_")


def _found(name: str, function: str) -> Callable[..., Any]:
    module = import_module(f"sgdmem.phase_diagrams.systems.{DIAGRAMS[name]}")
    found: Callable[..., Any] = getattr(module, function)
    return found
