"""A network with the optimizer that trains it, as scripts have them."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.training.networks.network import Network
from sgdmem.numeric.training.optimizers.from_optimizer import from_optimizer
from sgdmem.numeric.training.optimizers.linear_optimizer import LinearOptimizer
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError


def read_optimizer(optimizer: Any) -> LinearOptimizer:
    """Return an optimizer as a method; without weight decay where that is not the same for all.

    Weights are often decayed and biases not, which no one method does. A note says so.

    Raises
    ------
    InputError
        As `from_optimizer`, where decay is not the reason.
    """
    if isinstance(optimizer, LinearOptimizer):
        return optimizer
    if isinstance(optimizer, Algorithm | Schedule):  # a method to be tried
        return LinearOptimizer(optimizer, getattr(optimizer, "name", None) or "a method")
    try:
        return from_optimizer(optimizer)
    except InputError:
        groups = getattr(optimizer, "param_groups", ())
        decay = max((float(group.get("weight_decay") or 0) for group in groups), default=0)
        if not decay:
            raise
        without = copy(optimizer)
        without.param_groups = [{**group, "weight_decay": 0.0} for group in groups]
        try:
            found = from_optimizer(without)
        except InputError:
            found = None
        if found is None:
            raise
    note = (
        f"its weight decay, up to {decay:g}, is left out: it is not the same for all parameters, "
        "and hardly matters for stability where it is far below the curvatures"
    )
    return replace(found, notes=(*found.notes, note))


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network, and its optimizer as a method.

    Attributes
    ----------
    network : Network
        Of the parameters that the optimizer moves.
    read : LinearOptimizer or None
    """

    network: Network
    read: LinearOptimizer | None

    @classmethod
    def of(
        cls, model: Any, loss: Any, data: Any, optimizer: Any, batch_size: Any, at_once: int
    ) -> TrainedNetwork:
        """Return it; a loss that is a sum over the batch becomes the mean of so many times each.

        Raises
        ------
        InputError
            For bad input, for an optimizer that climbs, and without the batch size of such a sum.
        """
        read = None if optimizer is None else read_optimizer(optimizer)
        network = Network.of(model, loss, data, read.parameters if read else (), at_once)
        if network.loss.reduction == "sum":
            if batch_size is None:
                raise InputError(
                    "batch_size must be given for a loss that is a sum over the batch: its "
                    "curvature grows with it"
                )
            factor = min(whole(batch_size, "batch_size", 1), len(network))
            vars(network)["loss"] = replace(network.loss, scale=network.loss.scale * factor)
        if read is not None and read.maximize:
            raise InputError(
                "optimizer climbs the loss (maximize=True), which is convex in the outputs: no "
                "rate is stable. Give the loss that it makes small"
            )
        return cls(network, read)

    @property
    def root(self) -> Any:
        """The root of the preconditioner as a flat vector; None where it is 1."""
        network, read = self.network, self.read
        if read is None or not read.preconditioner:
            return None
        known = {id(p): D for p, D in zip(read.parameters, read.preconditioner, strict=True)}
        values = network.parameters.values()
        parts = [torch.as_tensor(known[id(p)]).to(p).expand_as(p) for p in values]
        return network.flat(parts).detach().sqrt()

    @property
    def weights(self) -> Array:
        """The present parameters as a flat vector, in the coordinates of the preconditioner."""
        root, found = self.root, self.network.flat(self.network.parameters.values()).detach()
        return np.asarray((found if root is None else found / root).cpu().numpy(), dtype=float)

    @property
    def decays(self) -> bool:
        """Whether weights decay, in the gradient or outside of it."""
        if self.read is None:
            return False
        method = self.read.method
        first = method.at(0) if isinstance(method, Schedule) else method
        return self.read.weight_decay != 0 or first.shrink != 0
