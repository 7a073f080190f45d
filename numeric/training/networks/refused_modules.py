"""Models whose outputs are not a function of each sample alone: refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from sgdmem.symbolic.errors import InputError, shown

_MOST_TOLD = 200  # characters of another error
_ALIKE = 1e-3  # relative, of outputs that are the same but for rounding
_WRAPPERS = {"DataParallel", "DistributedDataParallel"}
_SHARDED = {"FullyShardedDataParallel", "FSDPModule"}


def failed(name: str, where: str, error: Exception) -> InputError:
    """Return the error that says where a function of the user failed, in one line."""
    told = " ".join(str(error).split()) or "no message"
    return InputError(f"{name} fails with {where}: {type(error).__name__}: {told[:_MOST_TOLD]}")


def unwrapped(model: Any) -> Any:
    """Return the model itself, out of what trains it on several devices or compiles it.

    Raises
    ------
    InputError
        If it is no module, or its parameters are spread over devices.
    """
    if not isinstance(model, torch.nn.Module):
        raise InputError(f"model must be a torch.nn.Module, got {shown(model)}")
    names = {kind.__name__ for kind in type(model).__mro__}
    if names & _SHARDED:
        raise InputError("model must be whole: that of FullyShardedDataParallel is spread out")
    if names & _WRAPPERS:
        return unwrapped(model.module)
    return getattr(model, "_orig_mod", model)  # of torch.compile


def refuse_modules(model: Any) -> None:
    """Raise InputError for a module that mixes samples, or is random, naming it."""
    for name, module in model.named_modules():
        kind, where = type(module).__name__, f"{name or 'model'} ({type(module).__name__})"
        tracked = getattr(module, "track_running_stats", True)
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and (
            module.training or not tracked
        ):
            raise InputError(
                f"model must not mix the samples of a batch, but {where} takes its statistics from "
                "it: call model.eval(), or use GroupNorm"
            )
        share = getattr(module, "p" if isinstance(module, _DROPOUTS) else "dropout", 0)
        if module.training and isinstance(share, float | int) and share > 0:
            raise InputError(
                f"model must not be random, but {where} drops {share:g} of its units: call "
                "model.eval()"
            )
        if isinstance(module, torch.nn.RReLU) and module.training:
            raise InputError(f"model must not be random, but {where} is: call model.eval()")
        if "Quantized" in kind:
            raise InputError(f"model must have derivatives, but {where} is quantized")


_DROPOUTS = torch.nn.modules.dropout._DropoutNd


def refuse_outputs(outputs: Callable[[Any], Any], inputs: Any) -> None:
    """Raise InputError for outputs that are random or depend on the batch, whatever the module."""
    with torch.no_grad():
        together, again = outputs(inputs), outputs(inputs)
        size = together.abs().max()
        if not torch.isfinite(size):
            raise InputError("model must have finite outputs: training has diverged")
        if ((together - again).abs().max() > _ALIKE * size).item():
            raise InputError("model must not be random: the same samples had two different outputs")
        alone = outputs(_first(inputs))
        if alone.shape != together[:1].shape:
            raise InputError(
                f"model must have the outputs of each sample along the first dimension, got "
                f"{tuple(alone.shape)} for one and {tuple(together.shape)} for {len(together)}"
            )
        if ((together[:1] - alone).abs().max() > _ALIKE * size).item():
            raise InputError(
                "model must not mix the samples of a batch: the outputs of the first sample "
                "are others without the second"
            )


def _first(inputs: Any) -> Any:
    if isinstance(inputs, dict):
        return {key: _first(value) for key, value in inputs.items()}
    if isinstance(inputs, tuple):
        return tuple(map(_first, inputs))
    return inputs[:1]
