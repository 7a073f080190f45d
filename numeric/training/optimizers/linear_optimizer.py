"""An optimizer of another library, as far as it is linear in the gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.symbolic.algorithms.algorithm import Algorithm


@dataclass(frozen=True, eq=False)
class LinearOptimizer:
    r"""What `from_optimizer` reads: a method, and what it is applied to.

    With a preconditioner :math:`D_i>0` of each parameter the optimizer is the method on
    :math:`w_i/\sqrt{D_i}`, whose gradients are :math:`\sqrt{D_i}\,g_i`.

    Attributes
    ----------
    method : Algorithm or Schedule
        A Schedule where the values of several steps were asked for.
    name : str
        Of the optimizer, as in messages.
    parameters : tuple of tensors
        What it moves, in its order. Empty where this is not known (optax).
    preconditioner : tuple
        A number or a tensor for each parameter; empty if all are 1.
    weight_decay : float
        In the gradient: ``Problem(weight_decay=...)``. Decoupled decay is ``shrink`` of the method.
    maximize : bool
        Whether it climbs the loss: the method is then about the loss times -1.
    notes : tuple of str
        What the reading assumes, in sentences.
    options : dict
        The present ``lr``, and ``momentum`` or ``betas``, of the first group that moves; empty
        for optax.
    """

    method: Algorithm | Schedule
    name: str
    parameters: tuple[Any, ...] = ()
    preconditioner: tuple[Any, ...] = ()
    weight_decay: float = 0.0
    maximize: bool = False
    notes: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def present(self) -> Algorithm:
        """The method of the next step."""
        return self.method.at(0) if isinstance(self.method, Schedule) else self.method

    def __str__(self) -> str:
        parts = [f"{self.name}: {self.method}", *self.notes]
        if self.weight_decay:
            parts.insert(1, f"weight decay {self.weight_decay:g}, in the gradient")
        return "\n".join(parts)
