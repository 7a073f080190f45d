"""LinearMemory, the optimizer that is made of a method, as a method again."""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.training.optimizers.linear_optimizer import LinearOptimizer
from sgdmem.numeric.training.optimizers.parameter_groups import Request, one_decay, read_groups
from sgdmem.symbolic.errors import InputError


def read_linear_memory(request: Request) -> LinearOptimizer:
    r"""Return the method :math:`(\eta\alpha,\eta b,c,D,\eta a,\eta s)` of a rule and a rate.

    Its steps go on from those that were made.

    Raises
    ------
    InputError
        For groups that differ in more than the rate, or in that with either weight decay; if the
        rate changes where a is not 0, since the tensors hold the points of gradients then; if
        parameters have made different numbers of steps of a schedule.
    """
    groups = read_groups(request, ("weight_decay", "maximize"))
    rule: Schedule = request.optimizer.rule
    made = {int(request.state(p).get("step", 0)) for p in groups.parameters}
    if len(made) > 1 and rule.stationary is None:
        raise InputError(
            f"{request.name} has made between {min(made)} and {max(made)} steps of its schedule "
            "with its parameters: ask about those that began together"
        )
    entries = rule.steps(min(made), min(made) + len(groups.rates))
    rates, M = groups.rates, rule.memory
    if entries.a.any() and (rates != rates[0]).any():
        raise InputError(
            f"lr of {request.name} must stay where gradients are taken at w + a u with a that is "
            "not 0: its tensors hold these points, which do not follow the rate"
        )
    decay = one_decay(request, groups)
    if not groups.alike and entries.shrink.any():
        raise InputError(
            f"shrink must be 0 where groups of {request.name} differ in lr: w would shrink by "
            "another share in each; ask about one of them, from_optimizer(optimizer, group=...)"
        )
    scaled = np.zeros(entries.table.shape[1], dtype=bool)
    scaled[: 1 + M] = scaled[(M + 1) ** 2 :] = True  # alpha and b; a and shrink
    table = np.where(scaled, entries.table * rates[:, None], entries.table)
    notes = ["its tensors hold w + a u, where gradients are taken"] if entries.a.any() else []
    if rule.stationary is None and request.steps is None:
        notes.append(f"its values change from step to step: these are those of step {min(made)}")
    return LinearOptimizer(
        request.method(table if entries.shrink.any() else table[:, :-1], M),
        request.name,
        groups.parameters,
        () if groups.alike else groups.ratios,
        decay,
        bool(groups.constant("maximize")),
        tuple(notes),
    )
