"""A Watch for the Trainers of Lightning and Hugging Face, where these are installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sgdmem.numeric.training.watching.watching import Watch
from sgdmem.symbolic.errors import MissingPackageError


def lightning_callback(watch: Watch) -> Any:
    """Return a Callback of Lightning that steps a Watch with each step of the first optimizer.

    What was measured is kept in Lightning's checkpoints.

    Raises
    ------
    MissingPackageError
        Where Lightning is not installed.
    """
    base = _found("Callback", "lightning.pytorch", "pytorch_lightning")
    return type("LightningWatch", (_LightningHooks, base), {})(watch)


def transformers_callback(watch: Watch) -> Any:
    """Return a TrainerCallback of Hugging Face that steps a Watch with the Trainer.

    Raises
    ------
    MissingPackageError
        Where transformers is not installed.
    """
    base = _found("TrainerCallback", "transformers")
    return type("TransformersWatch", (_TransformersHooks, base), {})(watch)


class _LightningHooks:
    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def on_train_batch_end(self, trainer: Any, *others: Any) -> None:
        """Take the optimizer, and count if a step was made: gradients may be accumulated."""
        self.watch.optimizer = self.watch.optimizer or trainer.optimizers[0]
        _follow(self.watch, trainer.global_step, trainer.is_global_zero)

    def state_dict(self) -> dict[str, Any]:
        """Return what goes into a checkpoint."""
        return self.watch.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.watch.load_state_dict(state)


class _TransformersHooks:
    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Take the optimizer, and count the step."""
        self.watch.optimizer = self.watch.optimizer or given["optimizer"]
        _follow(self.watch, state.global_step, state.is_world_process_zero)


def _follow(watch: Watch, steps: int, first_process: bool) -> None:
    """Step a Watch to so many steps, in one of several processes only."""
    if first_process and steps > watch.steps:
        watch.step(steps)


def _found(name: str, *modules: str) -> Any:
    for module in modules:
        try:
            return getattr(import_module(module), name)
        except ModuleNotFoundError:
            continue
    raise MissingPackageError(f"a callback for {modules[0]} needs it, and it is not installed")
