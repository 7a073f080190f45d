"""Groups of parameters of a torch optimizer: what they have in common, and their rates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.schedules.schedule import Schedule, table_schedule
from sgdmem.numeric.training.optimizers.scheduled_options import Options, options_of_steps
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown

_SAME = 1e-12  # schedules of two rates have their own rounding errors


@dataclass(frozen=True)
class Request:
    """What is asked of a torch optimizer.

    Attributes
    ----------
    optimizer : object
    name : str
        "torch.optim.SGD", as in messages.
    schedulers : tuple
    steps : int or None
        None for the present values.
    every : int
        How many steps are made between two of the schedulers.
    group : int or None
        Which group of parameters is asked about; None for all.
    """

    optimizer: Any
    name: str
    schedulers: tuple[Any, ...] = ()
    steps: int | None = None
    every: int = 1
    group: int | None = None

    def method(self, table: Array, memory: int) -> Algorithm | Schedule:
        """Return the algorithms of a table, as `Steps.table`: a Schedule if steps were asked for.

        It is a constant one where they are all the same.
        """
        names = ", ".join(type(scheduler).__name__ for scheduler in self.schedulers)
        name = f"{self.name} with {names}" if names else self.name
        if (table == table[0]).all():
            algorithm = Algorithm(*Blocks.of_row(table[0].tolist(), memory), name=name)
            return algorithm if self.steps is None else Schedule.constant(algorithm)
        return table_schedule(table, memory, name)

    def state(self, parameter: Any) -> dict[str, Any]:
        """What the optimizer remembers of a parameter; nothing before its first step."""
        return self.optimizer.state.get(parameter, {})  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Groups:
    """The groups of an optimizer that move something, which differ in rate alone.

    Attributes
    ----------
    chosen : list of int
        Which ones.
    parameters : tuple of tensors
        Those that ask for gradients.
    options : list of dict
        Of the first group, for each step; one without steps.
    rates : ndarray, shape (T,)
        Learning rates of the first group.
    ratios : tuple of float
        Of each parameter: its rate over that of the first group.
    """

    chosen: list[int]
    parameters: tuple[Any, ...]
    options: list[Options]
    rates: Array
    ratios: tuple[float, ...]

    @property
    def alike(self) -> bool:
        """Whether all rates are the same."""
        return all(ratio == 1 for ratio in self.ratios)

    def column(self, key: str, place: int | None = None) -> Array:
        """Return an option at each step, or one entry of it."""
        values = [row[key] if place is None else row[key][place] for row in self.options]
        return np.array(values, dtype=float)

    def constant(self, key: str) -> Any:
        """Return an option that stays the same.

        Raises
        ------
        InputError
            If it does not.
        """
        first = self.options[0][key]
        for step, row in enumerate(self.options):
            if row[key] != first:
                raise InputError(
                    f"scheduler must leave {key} alone, which goes from {first} to {row[key]} at "
                    f"step {step}"
                )
        return first


def read_groups(request: Request, keys: Sequence[str]) -> Groups:
    """Return what the groups of an optimizer have in common, at each step that is asked for.

    Parameters
    ----------
    request
    keys
        Options besides "lr" that tell what the optimizer does.

    Raises
    ------
    InputError
        If it moves nothing, if groups differ in one of these options, or if their rates do not stay
        in proportion.
    """
    moving = [
        [p for p in group["params"] if p.requires_grad] for group in request.optimizer.param_groups
    ]
    asked = range(len(moving)) if request.group is None else [request.group]
    chosen = [i for i in asked if moving[i]]
    if not chosen:
        raise InputError(f"{request.name} moves nothing: no parameter asks for gradients")
    if any(p.is_complex() for i in chosen for p in moving[i]):
        raise InputError(f"{request.name} must have real parameters, got complex ones")
    rows = options_of_steps(
        request.optimizer, request.schedulers, request.steps or 1, request.every
    )
    for i, step, row in ((i, t, row) for i in chosen[1:] for t, row in enumerate(rows)):
        _require_same(request.name, keys, (chosen[0], i), step, row)
    rates = np.array([[row[i]["lr"] for i in chosen] for row in rows])
    ratios = _proportions(rates, chosen)
    return Groups(
        chosen,
        tuple(p for i in chosen for p in moving[i]),
        [row[chosen[0]] for row in rows],
        rates[:, 0],
        tuple(ratio for i, ratio in zip(chosen, ratios, strict=True) for _ in moving[i]),
    )


def one_decay(request: Request, groups: Groups) -> float:
    """Return the weight decay.

    Raises
    ------
    InputError
        If it is not 0 and rates differ, so that it is another one in the coordinates of each group.
    """
    decay = float(groups.constant("weight_decay"))
    if decay and not groups.alike:
        raise InputError(
            f"weight_decay must be 0 where groups of {request.name} differ in lr, got {decay:g}: "
            "it acts with another strength in each; ask about one of them, "
            "from_optimizer(optimizer, group=...)"
        )
    return decay


def _require_same(
    name: str, keys: Sequence[str], pair: tuple[int, int], step: int, row: list[Options]
) -> None:
    first, other = (row[i] for i in pair)
    for key in keys:
        if first.get(key) != other.get(key):
            when = f" at step {step}" if step else ""
            raise InputError(
                f"groups {pair[0]} and {pair[1]} of {name} differ in {key}, "
                f"{shown(first.get(key))} and {shown(other.get(key))}{when}: one method moves "
                "groups that differ in lr alone; ask about one of them, "
                "from_optimizer(optimizer, group=...)"
            )


def _proportions(rates: Array, chosen: Sequence[int]) -> list[float]:
    """Return the rates of groups over that of the first, which must be the same at each step."""
    told = np.flatnonzero(rates[:, 0])
    reference = rates[told[0] if told.size else 0]
    if not reference.any():  # nothing moves at any of the steps
        reference = np.ones(len(chosen))
    for i, step in _disproportionate(rates, reference):
        found = f"{rates[step, i]:g}, and of group {chosen[0]} {rates[step, 0]:g}"
        raise InputError(
            f"lr of group {chosen[i]} must stay in proportion to that of group {chosen[0]}, but at "
            f"step {step} it is {found}: ask about one of them, "
            "from_optimizer(optimizer, group=...)"
        )
    if not reference.all():
        still = chosen[int(np.argmin(reference != 0))]
        raise InputError(f"lr of group {still} is 0: leave out what does not move")
    return [float(x) for x in reference / reference[0]]


def _disproportionate(rates: Array, reference: Array) -> Iterator[tuple[int, int]]:
    crossed = rates * reference[0] - rates[:, :1] * reference
    size = abs(rates * reference[0]) + abs(rates[:, :1] * reference)
    for step, i in np.argwhere(abs(crossed) > _SAME * size):
        yield int(i), int(step)
