"""schedulefree.SGDScheduleFree as a method."""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.training.optimizers.linear_optimizer import LinearOptimizer
from sgdmem.numeric.training.optimizers.parameter_groups import (
    Groups,
    Request,
    one_decay,
    read_groups,
)
from sgdmem.symbolic.errors import InputError

_SHARED = ("momentum", "weight_decay", "warmup_steps", "r", "weight_lr_power", "k")


def read_schedule_free(request: Request) -> LinearOptimizer:
    r"""Return what ``SGDScheduleFree`` does: SGD z, its weighted average x, gradients between.

    w is x, where the optimizer is in its mode ``eval()``, and u = z - x. Gradients are taken, and
    the parameters are in the mode ``train()``, at :math:`y=x+(1-\beta)u`:

    .. math::
        \alpha_t=\eta_tc_t,\quad b_t=c_t,\quad \gamma_t=-\eta_t(1-c_t),\quad
        D_t=1-c_t,\quad a=1-\beta

    where :math:`\gamma` is the entry c of eq. (3) and :math:`c_t` the share of the newest z: its
    weight :math:`(k+1)^r\max_{s\le t}\eta_s^p` over the sum of all weights. In warm-up the rate
    grows linearly.

    Raises
    ------
    InputError
        For groups that differ in more than the rate, or in that with weight decay.
    """
    groups = read_groups(request, _SHARED)
    _require_one_average(request, groups)
    decay = one_decay(request, groups)
    rates, shares = _shares(groups)
    beta = groups.column("momentum")
    table = np.column_stack([rates * shares, shares, -rates * (1 - shares), 1 - shares, 1 - beta])
    notes = ["the weights of the method are the average, as in the mode eval()"]
    if request.steps is None:
        notes.append(
            f"the share of the newest point in the average falls from step to step, and is "
            f"{shares[0]:.4g} now: ask with steps=... for a schedule"
        )
    return LinearOptimizer(
        request.method(table, 1),
        request.name,
        groups.parameters,
        () if groups.alike else groups.ratios,
        decay,
        notes=tuple(notes),
    )


def _require_one_average(request: Request, groups: Groups) -> None:
    """Raise InputError if the averages of groups are not the same: weights are powers of rates."""
    sums = [
        group["weight_sum"] / float(group["lr_max"]) ** group["weight_lr_power"]
        for group in (request.optimizer.param_groups[i] for i in groups.chosen)
        if group["lr_max"] > 0
    ]
    if sums and max(sums) - min(sums) > 1e-9 * max(sums):
        raise InputError(
            f"groups of {request.name} have averages of different weights: their rates were not "
            "always in proportion; ask about one of them, from_optimizer(optimizer, group=...)"
        )


def _shares(groups: Groups) -> tuple[Array, Array]:
    """Return the rates with warm-up, and the shares of the newest z in the average."""
    options = groups.options[0]
    count = options["k"] + 1 + np.arange(groups.rates.size)
    warm = options["warmup_steps"]
    rates = groups.rates * (np.minimum(count / warm, 1) if warm else 1.0)
    largest = np.maximum.accumulate(np.maximum(rates, options["lr_max"]))
    weights = count ** options["r"] * largest ** options["weight_lr_power"]
    sums = options["weight_sum"] + np.cumsum(weights)
    return rates, np.divide(weights, sums, out=np.zeros(rates.size), where=sums != 0)
