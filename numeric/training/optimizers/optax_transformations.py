"""Gradient transformations of optax, from steps that they make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.training.optimizers.impulse_responses import Inputs
from sgdmem.symbolic.errors import InputError

_PLUMBING = {"chain", "with_extra_args_support", "named_chain", "stateless"}
_CLIPPING = "leave clipping out to ask about steps that it does not change"
_INSIDE = "ask about the transformation inside"
_BATCH = "ask about the optimizer inside, and a larger batch"
_INSTEAD = {  # names of optax, or how they begin
    "clip": _CLIPPING,
    "adaptive_grad_clip": _CLIPPING,
    "per_example": _CLIPPING,
    "add_noise": "leave the noise out: gradients of batches have their own",
    "MultiSteps": _BATCH,
    "apply_every": _BATCH,
    "multi_transform": "ask about the transformation of one label",
    "partition": "ask about the transformation of one label",
    "masked": _INSIDE,
    "apply_if_finite": _INSIDE,
    "conditionally": _INSIDE,
    "lookahead": _INSIDE,
    "schedule_free": "ask about schedulefree.SGDScheduleFree of PyTorch",
    **dict.fromkeys(
        [
            f"scale_by_{x}"
            for x in ("adam", "amsgrad", "belief", "nov", "radam", "rms", "rss", "stddev", "yogi")
        ],
        "ask about torch.optim.AdamW, RMSprop or Adagrad, whose sizes of gradients are frozen",
    ),
}
_OTHERWISE = "ask about optax.sgd"


class OptaxSteps:
    """The steps of a transformation; a `Stepper`.

    Attributes
    ----------
    name : str
        "optax: trace, scale", the transformations in it.
    """

    def __init__(self, transformation: Any) -> None:
        self._transformation = transformation
        self._compiled: Any = None
        self._parts = _parts(transformation)
        self.name = f"optax: {', '.join(self._parts) or type(transformation).__name__}"

    def steps(self, size: int, count: int, inputs: Inputs, start: float = 0.0) -> Iterator[Array]:
        """Yield the updates, in double precision."""
        import jax

        double = jax if hasattr(jax, "enable_x64") else jax.experimental
        with double.enable_x64(True):
            state = self._transformation.init(_tree(np.full((size, 3), start)))
            self._compiled = self._compiled or jax.jit(self._transformation.update)
            for t in range(count):
                gradients, points = map(_tree, inputs(t))
                changes, state = self._compiled(gradients, state, points)
                yield np.column_stack([np.asarray(changes[key]) for key in ("matrix", "vector")])

    def refusal(self, seen: str) -> InputError:
        """Return the error about what was seen."""
        hints = [
            text
            for name in self._parts
            for known, text in _INSTEAD.items()
            if name.startswith(known)
        ]
        hint = hints[0] if hints else _OTHERWISE
        return InputError(f"{self.name} cannot be read as a linear method: {seen}; {hint}")


def _tree(array: Array) -> dict[str, Array]:
    return {"matrix": array[:, :2], "vector": array[:, 2]}


def _parts(transformation: Any) -> list[str]:
    """Return the names of the transformations in one, as far as functions tell theirs."""
    found: list[str] = []
    seen: set[int] = set()

    def look(value: Any, depth: int) -> None:
        if isinstance(value, (list, tuple)):
            for entry in value:
                look(entry, depth)
            return
        if not callable(value) or id(value) in seen or depth > 20:
            return
        seen.add(id(value))
        name = getattr(value, "__qualname__", "")
        first, _, last = name.partition(".<locals>.")
        if last.rpartition(".")[2] in {"update", "update_fn"} and first not in _PLUMBING:
            found.append(first)
        for cell in getattr(value, "__closure__", None) or ():
            try:
                look(cell.cell_contents, depth + 1)
            except ValueError:  # empty
                continue

    look(transformation.update, 0)
    return found or [type(transformation).__name__]
