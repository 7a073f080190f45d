"""From the optimizer object of another library to a method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.training.optimizers.frozen_moments import (
    read_adadelta,
    read_adagrad,
    read_adam,
    read_rmsprop,
)
from sgdmem.numeric.training.optimizers.linear_memory_reading import read_linear_memory
from sgdmem.numeric.training.optimizers.linear_optimizer import LinearOptimizer
from sgdmem.numeric.training.optimizers.optax_transformations import OptaxSteps
from sgdmem.numeric.training.optimizers.parameter_groups import Request
from sgdmem.numeric.training.optimizers.probed_method import probed
from sgdmem.numeric.training.optimizers.probed_torch_optimizers import TorchSteps
from sgdmem.numeric.training.optimizers.refused_optimizers import REFUSED
from sgdmem.numeric.training.optimizers.schedule_free import read_schedule_free
from sgdmem.numeric.training.optimizers.torch_sgd import read_sgd
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

MOST_STEPS = 10**6
_OPTIONS = {"lr", "momentum", "betas"}
_READERS: dict[str, Callable[[Request], LinearOptimizer]] = {
    "torch.optim.SGD": read_sgd,
    "torch.optim.Adam": read_adam,
    "torch.optim.AdamW": read_adam,  # until PyTorch 2.6 a class of its own
    "torch.optim.Adamax": read_adam,
    "torch.optim.RMSprop": read_rmsprop,
    "torch.optim.Adagrad": read_adagrad,
    "torch.optim.Adadelta": read_adadelta,
    "schedulefree.SGDScheduleFree": read_schedule_free,
    "sgdmem.LinearMemory": read_linear_memory,
}


def from_optimizer(
    optimizer: Any,
    scheduler: Any = None,
    steps: int | None = None,
    *,
    every: int = 1,
    group: int | None = None,
) -> LinearOptimizer:
    """Return the method that an optimizer of another library is.

    Nothing of the optimizer or the scheduler is changed.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        See :doc:`/training/optimizers` for what becomes of which.
    scheduler : scheduler of torch.optim.lr_scheduler, or list of them, optional
        What sets the rate and the momentum of coming steps. A list is stepped in its order.
    steps : int, optional
        For a Schedule of so many steps from now on, up to 10**6; the last values stay after them.
        Without it the method is an Algorithm of the present values.
    every : int
        How many steps of the optimizer lie between two of the scheduler: the number of batches if
        it is stepped once an epoch.
    group : int, optional
        Which group of parameters is asked about, if they differ in more than their rates, such as
        weights with decay and biases without.

    Returns
    -------
    LinearOptimizer

    Raises
    ------
    InputError
        For what is no linear method of bounded memory, with what can be asked instead; if groups of
        parameters differ in more than their rates; if a scheduler depends on metrics.

    Examples
    --------
    >>> import torch
    >>> weights = torch.nn.Parameter(torch.zeros(3))
    >>> optimizer = torch.optim.SGD([weights], lr=0.1, momentum=0.9, weight_decay=0.01)
    >>> read = from_optimizer(optimizer)
    >>> read.method.memory, read.method.effective_learning_rate, read.weight_decay
    (1, 1.0000000000000002, 0.01)
    >>> falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)
    >>> from_optimizer(optimizer, falling, steps=100).method.steps(0, 3).alpha
    array([0.1       , 0.09997533, 0.09990134])
    """
    if steps is not None:
        steps = whole(steps, "steps", 1, MOST_STEPS)
    schedulers = () if scheduler is None else tuple(scheduler) if is_list(scheduler) else scheduler
    if not isinstance(schedulers, tuple):
        schedulers = (schedulers,)
    if callable(getattr(optimizer, "init", None)) and hasattr(optimizer, "update"):
        if schedulers or group is not None:
            name = "scheduler" if schedulers else "group"
            raise InputError(f"{name} must be left out for optax: it has no such object")
        return probed(OptaxSteps(optimizer), steps)
    if not hasattr(optimizer, "param_groups") or not hasattr(optimizer, "state"):
        raise InputError(
            f"optimizer must be one of torch.optim or a transformation of optax, got "
            f"{shown(optimizer)}"
        )
    inner = getattr(optimizer, "optimizer", None)
    if getattr(inner, "param_groups", None) is optimizer.param_groups:  # Lightning, accelerate
        optimizer = inner
    count = len(optimizer.param_groups)
    if group is not None and whole(group, "group", 0) >= count:
        raise InputError(f"group must be below {count}, the number of groups, got {group}")
    key, name = _names(type(optimizer))
    request = Request(optimizer, name, schedulers, steps, whole(every, "every", 1), group)
    if key in REFUSED:
        raise InputError(f"{name} is not a linear method: {REFUSED[key]}")
    found = _READERS.get(key, _read_steps)(request)
    hooks = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")
    if any(getattr(optimizer, name, None) for name in hooks):
        found = replace(found, notes=(*found.notes, "hooks of its steps were not looked at"))
    moved = found.parameters[0]
    for parameters in optimizer.param_groups:
        if any(p is moved for p in parameters["params"]):
            options = {key: parameters[key] for key in _OPTIONS & parameters.keys()}
            found = replace(found, options=options)
    return found


def _read_steps(request: Request) -> LinearOptimizer:
    stepper = TorchSteps(request)
    found = probed(stepper, request.steps)
    return replace(found, parameters=stepper.groups.parameters)


def _names(cls: type) -> tuple[str, str]:
    """Return the name of the class that defines the step, and what to call it in messages.

    Examples
    --------
    >>> _names(InputError)
    ('sgdmem.InputError', 'sgdmem.InputError')
    """
    home = next((base for base in cls.__mro__ if "step" in vars(base)), cls)
    library = _library(home)
    called = next(base for base in cls.__mro__ if _library(base) == library)
    return f"{library}.{home.__name__}", f"{library}.{called.__name__}"


def _library(cls: type) -> str:
    first = cls.__module__.split(".")[0]
    return "torch.optim" if first == "torch" else first
