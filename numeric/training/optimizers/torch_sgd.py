"""torch.optim.SGD as a method."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.training.optimizers.linear_optimizer import LinearOptimizer
from sgdmem.numeric.training.optimizers.parameter_groups import (
    Groups,
    Request,
    one_decay,
    read_groups,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.named_algorithms import torch_sgd

_KEYS = ("momentum", "dampening", "nesterov", "weight_decay", "maximize")
UNDAMPED = (
    "its first step is not damped: ask with steps=... for a schedule that has it, or call step() "
    "once before"
)


def read_sgd(request: Request) -> LinearOptimizer:
    r"""Return what ``torch.optim.SGD`` does.

    Its buffer is multiplied by the present rate: with the learning rates :math:`\eta_t`, the
    momentum :math:`\mu_t` and the dampening d

    .. math:: \alpha_t=\eta_t(1-d),\quad b_t=-\eta_t\mu_t,\quad c=1-d,\quad D_t=\mu_t

    or :math:`\alpha_t=\eta_t(1+\mu_t)`, :math:`b_t=-\eta_t\mu_t^2`, :math:`c=1` with
    ``nesterov``. Where there is no buffer yet :math:`\alpha_0=\eta_0` and :math:`c_0=1`; where the
    momentum is 0 the buffer stays as it is.

    Raises
    ------
    InputError
        If groups differ in more than the rate, or in that with weight decay.
    """
    groups = read_groups(request, _KEYS)
    decay = one_decay(request, groups)
    undamped = _begins_undamped(request, groups)
    method: Algorithm | Schedule
    if request.steps is None:
        row = groups.options[0]
        nesterov = bool(row["nesterov"])
        method = torch_sgd(row["lr"], row["momentum"], row["dampening"], nesterov)
    else:
        dampening = groups.column("dampening")
        if undamped:
            dampening[0] = 0.0
        nesterov = bool(groups.constant("nesterov"))
        table = sgd_table(groups.rates, groups.column("momentum"), dampening, nesterov)
        method = request.method(*table)
    notes = []
    if undamped and request.steps is None:
        notes.append(UNDAMPED)
    return LinearOptimizer(
        method,
        request.name,
        groups.parameters,
        () if groups.alike else groups.ratios,
        decay,
        bool(groups.constant("maximize")),
        tuple(notes),
    )


def _begins_undamped(request: Request, groups: Groups) -> bool:
    first = groups.options[0]
    if not first["momentum"] or not first["dampening"]:
        return False
    absent = [request.state(p).get("momentum_buffer") is None for p in groups.parameters]
    if any(absent) and not all(absent):
        raise InputError(
            f"{request.name} with dampening has made a step with some of its parameters only: "
            "leave the others out, or call step() with all their gradients once"
        )
    return all(absent)


def sgd_table(
    rate: Array, momentum: Array, dampening: Any = 0.0, nesterov: bool = False
) -> tuple[Array, int]:
    """Return the entries of SGD with these rates and momenta, one step a row, and the memory.

    Examples
    --------
    >>> sgd_table(np.array([0.1, 0.1]), np.array([0.5, 0.0]))[0]
    array([[ 0.1 , -0.05,  1.  ,  0.5 ,  0.  ],
           [ 0.1 , -0.  ,  0.  ,  1.  ,  0.  ]])
    """
    used = momentum != 0
    if not used.any():
        return rate[:, None], 0
    kept = np.where(used, 1 - dampening, 0.0)
    ahead = 1 + momentum if nesterov else np.where(used, kept, 1.0)
    behind = momentum**2 if nesterov else momentum
    held = np.where(used, momentum, 1.0)  # without momentum the buffer is not touched
    return np.column_stack([rate * ahead, -rate * behind, kept, held, np.zeros(rate.size)]), 1
