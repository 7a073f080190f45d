"""From the optimizer object and the network to a verdict, and back to an optimizer.

It needs PyTorch, or for optax JAX, and imports them when a name is first used::

    pip install 'sgdmem[torch]'
    pip install 'sgdmem[jax]'
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sgdmem.symbolic.errors import MissingPackageError

_HOMES = {  # module of numeric/training, or another one, that has the name
    "AM1": "accelerated_memory",
    "AM2": "accelerated_memory",
    "DANA": "accelerated_memory",
    "LinearMemory": "linear_memory",
    "linear_memory": "optax_linear_memory",
    "linear_memory_eval_params": "optax_linear_memory",
    "LinearOptimizer": "linear_optimizer",
    "from_optimizer": "from_optimizer",
    "linearized": "linearized",
    "verdict": "verdict_in_place",
    "TrainingVerdict": "training_verdict",
    "TrainingRecord": "training_record",
    "Watch": "watching",
    "lightning_callback": "watch_callbacks",
    "transformers_callback": "watch_callbacks",
    "sharpness": "sharpness",
    "batch_sharpness": "sharpness",
    "sharpness_edges": "sharpness",
}
_EXTRAS = {"torch": ("PyTorch", "torch"), "jax": ("JAX", "jax"), "optax": ("optax", "jax")}

__all__ = [*_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    try:
        module = import_module(home if "." in home else f"sgdmem.numeric.training.{home}")
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        package, extra = _EXTRAS[error.name]
        raise MissingPackageError(
            f"sgdmem.training.{name} needs {package}, which is not installed: "
            f"pip install 'sgdmem[{extra}]'"
        ) from None
    return getattr(module, name)


def __dir__() -> list[str]:
    return __all__
