"""A network with its loss and data, as a function of the parameters that are trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.training.networks.output_loss import OutputLoss
from sgdmem.numeric.training.networks.refused_modules import (
    failed,
    refuse_modules,
    refuse_outputs,
    unwrapped,
)
from sgdmem.numeric.training.networks.training_data import TrainingData
from sgdmem.symbolic.errors import InputError, shown

_AT_ONCE = 128  # samples in one pass through a network


@dataclass(frozen=True, eq=False)
class Network:
    """A model that makes the outputs of each sample from that sample alone, and is trained.

    Vectors of parameters are flat, in the order of ``parameters``.

    Attributes
    ----------
    model : torch.nn.Module
    parameters : dict
        Those that are trained, by name; shared ones once.
    data : TrainingData
    loss_function : function
        Of outputs and targets of a batch.
    at_once : int
        How many samples go through the model together.
    """

    model: Any
    parameters: dict[str, Any]
    data: TrainingData
    loss_function: Any
    at_once: int = _AT_ONCE

    @classmethod
    def of(
        cls,
        model: Any,
        loss: Any,
        data: Any,
        parameters: Sequence[Any] = (),
        at_once: int = _AT_ONCE,
    ) -> Network:
        """Return it; with some parameters, if these are given, in place of all that need gradients.

        Raises
        ------
        InputError
            For a model whose outputs are random, or depend on other samples, for parameters that
            are not its own, and for numbers below single precision.
        """
        module = unwrapped(model)
        refuse_modules(module)
        own = {name: p for name, p in module.named_parameters() if p.requires_grad}
        if parameters:
            chosen = {id(p) for p in parameters}
            own = {name: p for name, p in own.items() if id(p) in chosen}
            if len(own) < len(chosen):
                raise InputError(
                    "optimizer must have parameters of the model alone, that need gradients: "
                    f"{len(chosen) - len(own)} of {len(chosen)} are not"
                )
        if not own:
            raise InputError("model must have a parameter that needs gradients, and has none")
        kinds = {p.dtype for p in own.values()}
        if len(kinds) > 1 or not kinds <= {torch.float32, torch.float64}:
            raise InputError(
                "model must have parameters in single or double precision (under AMP they are), "
                f"got {', '.join(sorted(str(k).removeprefix('torch.') for k in kinds))}"
            )
        if len({p.device for p in own.values()}) > 1:
            raise InputError("model must be on one device: gather it there first")
        at_once = whole(at_once, "at_once", 1)
        found = cls(module, own, TrainingData.of(data), loss, at_once)
        inputs = found.data.piece(slice(0, 3), found.device)[0]
        try:
            refuse_outputs(found.outputs_at, inputs)
        except InputError:
            raise
        except Exception as error:  # whatever a model may raise
            raise failed("model", f"inputs {_kinds(inputs)}", error) from error
        return found

    @property
    def device(self) -> Any:
        """Where the parameters are."""
        return next(iter(self.parameters.values())).device

    @property
    def dtype(self) -> Any:
        """Their precision."""
        return next(iter(self.parameters.values())).dtype

    @cached_property
    def size(self) -> int:
        """How many numbers the parameters are."""
        return sum(p.numel() for p in self.parameters.values())

    @cached_property
    def variables(self) -> dict[str, Any]:
        """The parameters as derivatives are taken in them: of the same values.

        On a CPU convolutions are faster with channels last.
        """
        if self.device.type != "cpu":
            return self.parameters
        return {
            name: _channels_last(p) if p.ndim == 4 else p for name, p in self.parameters.items()
        }

    def __len__(self) -> int:
        return len(self.data)

    @cached_property
    def loss(self) -> OutputLoss:
        """The loss of single samples."""
        targets = self.data.piece(slice(None), self.device)[1]
        return OutputLoss.of(self.loss_function, self.all_outputs, targets)

    @cached_property
    def all_outputs(self) -> Any:
        """The outputs of all samples, shape (n, ...)."""
        with torch.no_grad():
            parts = [self.outputs_at(x) for _, x, _ in self.data.pieces(self.at_once, self.device)]
        return torch.cat(parts)

    @property
    def outputs(self) -> int:
        """K, how many numbers the outputs of a sample are."""
        return int(self.all_outputs[0].numel())

    def outputs_at(self, inputs: Any, parameters: Any = None) -> Any:
        """Return the outputs of some samples, at these parameters or others."""
        keywords = inputs if isinstance(inputs, dict) else {}
        arguments = () if keywords else inputs if isinstance(inputs, tuple) else (inputs,)
        values = self.variables if parameters is None else parameters
        with _twice_differentiable():
            found = torch.func.functional_call(self.model, values, arguments, keywords)
        logits = found.get("logits") if isinstance(found, dict) else getattr(found, "logits", None)
        found = found if logits is None else logits
        if not torch.is_tensor(found) or not found.ndim:
            raise InputError(
                f"model must return a tensor of outputs, got {shown(found)}: "
                "wrap the model in one that returns it"
            )
        return found

    def tensor(self, array: Any) -> Any:
        """Return an array with the precision of the parameters, where these are."""
        return torch.as_tensor(array, dtype=self.dtype, device=self.device)

    def flat(self, tensors: Any) -> Any:
        """Return tensors like the parameters as one vector; 0 where one is None.

        Derivatives in parameters that are not heard are None.
        """
        pairs = zip(tensors, self.parameters.values(), strict=True)
        return torch.cat([(torch.zeros_like(p) if t is None else t).reshape(-1) for t, p in pairs])

    def shaped(self, vector: Any) -> dict[str, Any]:
        """Return a flat vector in the shapes of the parameters."""
        sizes = [p.numel() for p in self.variables.values()]
        parts = zip(self.variables.items(), vector.split(sizes), strict=True)
        return {name: torch.empty_like(p).copy_(part.reshape(p.shape)) for (name, p), part in parts}


def _channels_last(parameter: Any) -> Any:
    copied = parameter.detach().contiguous(memory_format=torch.channels_last)
    return copied.requires_grad_()


def _kinds(inputs: Any) -> str:
    parts = [x for x in tree_leaves(inputs) if torch.is_tensor(x)]
    return ", ".join(f"{tuple(x.shape)} of {x.dtype}" for x in parts)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Take derivatives in full precision, whatever AMP and ``no_grad`` say around."""
    cpu, gpu = (torch.autocast(kind, enabled=False) for kind in ("cpu", "cuda"))
    with torch.enable_grad(), cpu, gpu:
        yield


@contextmanager
def _twice_differentiable() -> Iterator[None]:
    """Fused attention has no second derivatives."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    with sdpa_kernel(SDPBackend.MATH):
        yield
