"""From the optimizer object and the network to a verdict, and back to an optimizer.

It needs PyTorch, or for optax JAX, and imports them when a name is first used::

    pip install 'sgdmem[torch]'
    pip install 'sgdmem[jax]'
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sgdmem.symbolic.errors import MissingPackageError

_HOMES = {  # module of numeric/training that has the name
    "AM1": "methods.accelerated_memory",
    "AM2": "methods.accelerated_memory",
    "DANA": "methods.accelerated_memory",
    "LinearMemory": "methods.linear_memory",
    "linear_memory": "methods.optax_linear_memory",
    "linear_memory_eval_params": "methods.optax_linear_memory",
    "LinearOptimizer": "optimizers.linear_optimizer",
    "from_optimizer": "optimizers.from_optimizer",
    "linearized": "networks.linearized",
    "verdict": "networks.verdict_in_place",
    "TrainingVerdict": "networks.training_verdict",
    "TrainingRecord": "watching.training_record",
    "Watch": "watching.watching",
    "lightning_callback": "watching.watch_callbacks",
    "transformers_callback": "watching.watch_callbacks",
    "sharpness": "networks.sharpness",
    "batch_sharpness": "networks.sharpness",
    "sharpness_edges": "networks.sharpness",
}
_EXTRAS = {"torch": ("PyTorch", "torch"), "jax": ("JAX", "jax"), "optax": ("optax", "jax")}

__all__ = [*_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    try:
        module = import_module(f"sgdmem.numeric.training.{home}")
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
