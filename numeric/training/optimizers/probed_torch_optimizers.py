"""Other optimizers of PyTorch, from steps that a copy makes on small tensors."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Iterator
from copy import deepcopy

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.training.optimizers.impulse_responses import Inputs
from sgdmem.numeric.training.optimizers.parameter_groups import Groups, Request, read_groups
from sgdmem.symbolic.errors import InputError

_OF_SCHEDULERS = {"initial_lr", "base_momentum", "max_momentum", "max_lr", "min_lr"}


class TorchSteps:
    """The steps of an optimizer like the one that was given; a `Stepper`.

    Attributes
    ----------
    name : str
    groups : Groups
    """

    groups: Groups

    def __init__(self, request: Request) -> None:
        self.name = request.name
        self._class = type(request.optimizer)
        groups = request.optimizer.param_groups
        keys = {key for group in groups for key in group} - {"params", "lr"} - _OF_SCHEDULERS
        self.groups = read_groups(request, sorted(keys))
        if not self.groups.alike:
            raise InputError(
                f"groups of {self.name} differ in lr: of optimizers that are read from their steps "
                "ask about one of them, from_optimizer(optimizer, group=...)"
            )
        group = groups[self.groups.chosen[0]]
        taken = inspect.signature(self._class).parameters
        self._options = {k: v for k, v in group.items() if k in taken and k != "params"}

    def steps(self, size: int, count: int, inputs: Inputs, start: float = 0.0) -> Iterator[Array]:
        """Yield the changes of weights that are put to their places before each step."""
        torch = sys.modules["torch"]
        matrix, vector = (
            torch.nn.Parameter(torch.full(shape, start, dtype=torch.float64))
            for shape in ((size, 2), (size,))
        )
        optimizer = self._class([matrix, vector], **deepcopy(self._options))
        getattr(optimizer, "train", lambda: None)()
        rows = self.groups.options
        for t in range(count):
            row = rows[min(t, len(rows) - 1)]
            optimizer.param_groups[0].update({k: row[k] for k in self._changing()})
            gradients, points = inputs(t)
            for p, columns in ((matrix, slice(0, 2)), (vector, 2)):
                p.data.copy_(torch.from_numpy(np.ascontiguousarray(points[:, columns])))
                p.grad = torch.from_numpy(np.array(gradients[:, columns]))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                optimizer.step()
            after = np.column_stack([matrix.detach().numpy(), vector.detach().numpy()])
            yield after - points

    def _changing(self) -> list[str]:
        first = self.groups.options[0]
        return [k for k in first if any(row[k] != first[k] for row in self.groups.options)]

    def refusal(self, seen: str) -> InputError:
        """Return the error about what was seen."""
        return InputError(
            f"{self.name} cannot be read as a linear method: {seen}; ask about "
            "torch.optim.SGD, or torch.optim.AdamW with its second moment frozen"
        )
