r"""Adam, RMSprop and others of torch.optim, with the sizes of gradients frozen.

They divide by :math:`D_i`, which is made of averaged squares of gradients. As long as these stay
what they are, the optimizer is linear: a method with the preconditioner :math:`1/D_i`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
from sgdmem.numeric.training.optimizers.torch_sgd import sgd_table
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.named_algorithms import sgd, sgdm, torch_sgd

_KEYS = ("eps", "weight_decay", "maximize")
_ROUNDING = 5e-4  # what a note does not tell of a factor
_NOTHING = 1e-17  # what is lost beside 1


def read_adam(request: Request) -> LinearOptimizer:
    r"""Return what Adam, AdamW or Adamax does while its second moment v stays.

    After t steps Adam divides by :math:`D=\sqrt{v/(1-\beta_2^t)}+\epsilon`, Adamax by the largest
    gradients. The rest is `sgdm` of the rate :math:`\eta/(1-\beta_1^{t+1})`: with steps a
    Schedule, without them the rate :math:`\eta` that is left later on.

    Raises
    ------
    InputError
        Before the first step; for weight decay in the gradient; for groups that differ in more
        than the rate.
    """
    decoupled = request.name.endswith("AdamW")  # until PyTorch 2.6
    groups = read_groups(request, (*_KEYS, "betas", "amsgrad", "decoupled_weight_decay"))
    options = groups.options[0]
    amsgrad, eps = bool(options.get("amsgrad")), options["eps"]
    beta2 = options["betas"][1]

    def divisor(state: Any) -> Any:
        if "exp_inf" in state:
            return state["exp_inf"]
        square = state["max_exp_avg_sq" if amsgrad else "exp_avg_sq"]
        return (square / (1 - beta2 ** float(state["step"]))).sqrt() + eps

    shrink = np.zeros(groups.rates.size)
    if options.get("decoupled_weight_decay", decoupled):
        shrink = groups.rates * one_decay(request, groups)
    else:
        _require_no_decay(request, groups)
    counts, beta1 = _steps_made(request, groups), groups.column("betas", 0)
    made = counts[0]
    notes, method = [], sgdm(options["lr"], beta1[0]) if beta1[0] else sgd(options["lr"])
    if request.steps is None:
        found: Algorithm | Schedule = replace(method, shrink=shrink[0])
        factor = 1 / (1 - beta1[0] ** (made + 1))
        if abs(factor - 1) > _ROUNDING:
            notes.append(
                f"the next step's rate is {factor:.4g} times as large, by the bias correction of "
                "the first moment: ask with steps=... for a schedule that has it"
            )
    else:
        if (beta1**made > _NOTHING).any():
            _require_one_count(request, counts)
        rates = groups.rates / (1 - beta1 ** (made + 1 + np.arange(groups.rates.size)))
        found = request.method(*_adam_table(rates, beta1, shrink))
    return _frozen(request, groups, divisor, found, "second moment", notes)


def read_rmsprop(request: Request) -> LinearOptimizer:
    r"""Return what RMSprop does while its averages stay: `torch_sgd` on :math:`1/D`.

    :math:`D=\sqrt v+\epsilon`, or :math:`\sqrt{v-\bar g^2}+\epsilon` if it is centered. Raises as
    `read_adam`.
    """
    groups = read_groups(request, (*_KEYS, "momentum", "centered"))
    options = groups.options[0]

    def divisor(state: Any) -> Any:
        square = state["square_avg"]
        if options["centered"]:
            square = square - state["grad_avg"] ** 2
        return square.sqrt() + options["eps"]

    _require_no_decay(request, groups)
    found: Algorithm | Schedule = torch_sgd(options["lr"], options["momentum"])
    if request.steps is not None:
        found = request.method(*sgd_table(groups.rates, groups.column("momentum")))
    what = "second moment and mean" if options["centered"] else "second moment"
    return _frozen(request, groups, divisor, found, what, [])


def read_adagrad(request: Request) -> LinearOptimizer:
    r"""Return what Adagrad does while its sum of squares stays: SGD on :math:`1/D`.

    The rate of the step after t others is :math:`\eta/(1+t\,\mathrm{lr\_decay})`. Raises as
    `read_adam`.
    """
    groups = read_groups(request, (*_KEYS, "lr_decay"))
    options = groups.options[0]
    _require_no_decay(request, groups)
    made = _steps_made(request, groups)
    if options["lr_decay"]:
        _require_one_count(request, made)
    rates = groups.rates / (1 + (made[0] + np.arange(groups.rates.size)) * options["lr_decay"])
    found: Algorithm | Schedule = sgd(float(rates[0]))
    if request.steps is not None:
        found = request.method(rates[:, None], 0)

    def divisor(state: Any) -> Any:
        return state["sum"].sqrt() + options["eps"]

    return _frozen(request, groups, divisor, found, "sum of squares", [])


def read_adadelta(request: Request) -> LinearOptimizer:
    r"""Return what Adadelta does while both of its averages stay: SGD on :math:`1/D`.

    :math:`D=\sqrt{(v+\epsilon)/(\delta+\epsilon)}`. Raises as `read_adam`.
    """
    groups = read_groups(request, _KEYS)
    _require_no_decay(request, groups)
    eps = groups.options[0]["eps"]
    found: Algorithm | Schedule = sgd(float(groups.rates[0]))
    if request.steps is not None:
        found = request.method(groups.rates[:, None], 0)

    def divisor(state: Any) -> Any:
        return ((state["square_avg"] + eps) / (state["acc_delta"] + eps)).sqrt()

    return _frozen(request, groups, divisor, found, "averages of squares", [])


def _adam_table(rates: Array, beta1: Array, shrink: Array) -> tuple[Array, int]:
    shrinks = [shrink] if shrink.any() else []
    if not beta1.any():
        return np.column_stack([rates, *shrinks]), 0
    columns = [rates * (1 - beta1), -rates * beta1, 1 - beta1, beta1, 0 * beta1, *shrinks]
    return np.column_stack(columns), 1


def _frozen(
    request: Request,
    groups: Groups,
    divisor: Callable[[Any], Any],
    method: Algorithm | Schedule,
    what: str,
    notes: list[str],
) -> LinearOptimizer:
    preconditioner = []
    for i, (p, ratio) in enumerate(zip(groups.parameters, groups.ratios, strict=True)):
        size = divisor(request.state(p))
        if not bool((size > 0).all()) or not bool(size.isfinite().all()):
            raise InputError(
                f"{request.name} divides parameter {i} by sizes that are not all positive numbers: "
                "they need an eps above 0 and finite gradients"
            )
        preconditioner.append(ratio / size)
    notes = [f"its {what} is frozen at the present values, which real steps would change", *notes]
    return LinearOptimizer(
        method,
        request.name,
        groups.parameters,
        tuple(preconditioner),
        maximize=bool(groups.constant("maximize")),
        notes=tuple(notes),
    )


def _steps_made(request: Request, groups: Groups) -> list[float]:
    """Return how many steps the parameters have made, from the fewest to the most.

    Raises
    ------
    InputError
        If some have made none.
    """
    made = {float(request.state(p).get("step", 0)) for p in groups.parameters}
    if 0 in made:
        raise InputError(
            f"{request.name} has made no step yet with {'all' if len(made) > 1 else 'any'} of its "
            "parameters: call step() with gradients once, there is nothing to freeze before"
        )
    return sorted(made)


def _require_one_count(request: Request, made: list[float]) -> None:
    if len(made) > 1:
        raise InputError(
            f"{request.name} has made between {made[0]:g} and {made[-1]:g} steps with its "
            "parameters, which have different rates then: ask without steps, or about those that "
            "began together"
        )


def _require_no_decay(request: Request, groups: Groups) -> None:
    decay = groups.constant("weight_decay")
    _steps_made(request, groups)
    if decay:
        raise InputError(
            f"weight_decay of {request.name} must be 0, got {decay:g}: it is in the gradient, and "
            "so another one for each parameter when divided; AdamW has it outside"
        )
