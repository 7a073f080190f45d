"""From the optimizer object and the network to a verdict, and back to an optimizer.

It needs PyTorch, or for optax JAX, and imports them when a name is first used::

    pip install 'sgdmem[torch]'
    pip install 'sgdmem[jax]'
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sgdmem.symbolic.errors import MissingPackageError

_HOMES = {  # module of numeric/ that has the name
    "AM1": "training.methods.accelerated_memory",
    "AM2": "training.methods.accelerated_memory",
    "DANA": "training.methods.accelerated_memory",
    "LinearMemory": "training.methods.linear_memory",
    "linear_memory": "training.methods.optax_linear_memory",
    "linear_memory_eval_params": "training.methods.optax_linear_memory",
    "LinearOptimizer": "training.optimizers.linear_optimizer",
    "from_optimizer": "training.optimizers.from_optimizer",
    "linearized": "training.networks.linearized",
    "verdict": "training.networks.verdict_in_place",
    "TrainingVerdict": "training.networks.training_verdict",
    "TrainingRecord": "training.watching.training_record",
    "Watch": "training.watching.watching",
    "lightning_callback": "training.watching.watch_callbacks",
    "transformers_callback": "training.watching.watch_callbacks",
    "sharpness": "training.networks.sharpness",
    "batch_sharpness": "training.networks.sharpness",
    "sharpness_edges": "verdicts.sharpness_edges",
}
_EXTRAS = {"torch": ("PyTorch", "torch"), "jax": ("JAX", "jax"), "optax": ("optax", "jax")}

__all__ = [*_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    try:
        module = import_module(f"sgdmem.numeric.{home}")
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
