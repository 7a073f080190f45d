"""Exact answers about stochastic gradient methods with memory.

Every public name is in the table below and is imported when it is first used, so that
``import sgdmem`` and ``sgdmem --help`` stay light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sgdmem._version import __version__

_PUBLIC = {
    # describe
    "symbolic.algorithm": ["Algorithm"],
    "symbolic.named": [
        *["sgd", "heavy_ball", "nesterov", "qhm", "torch_sgd", "sgdm", "two_rate", "memory_one"],
        *["aggmo", "averaging", "averaged_sgd", "general"],
    ],
    # what can go wrong
    "symbolic.errors": ["SgdmemError", "InputError", "UndefinedError", "UndecidedError"],
}
_HOME = {name: module for module, names in _PUBLIC.items() for name in names}
__all__ = ["__version__", *_HOME]  # noqa: PLE0604

if TYPE_CHECKING:
    from sgdmem.symbolic.algorithm import Algorithm as Algorithm


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sgdmem' has no attribute {name!r}")
    value = getattr(import_module(f"sgdmem.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
