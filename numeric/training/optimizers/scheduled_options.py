"""The options of a torch optimizer at its next steps, under its schedulers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, TypeAlias

from sgdmem.symbolic.errors import InputError, shown

Options: TypeAlias = dict[str, Any]  # of a group: "lr", "momentum", ...; numbers as floats
_METRICS = "ReduceLROnPlateau"


def options_of_steps(
    optimizer: Any, schedulers: Sequence[Any], steps: int, every: int
) -> list[list[Options]]:
    """Return the options of every group at the next ``steps`` steps.

    The schedulers are stepped in copies, one after the other after every ``every`` steps. Tensors
    of parameters and of the state are not copied, and never changed.

    Raises
    ------
    InputError
        For a scheduler whose rates depend on metrics, one of another optimizer, and one that fails.

    Examples
    --------
    >>> class Optimizer:
    ...     param_groups = [{"params": [], "lr": 1, "foreach": None}]
    >>> options_of_steps(Optimizer, [], 2, 1)
    [[{'lr': 1.0, 'foreach': None}], [{'lr': 1.0, 'foreach': None}]]
    """
    for scheduler in schedulers:
        _check_scheduler(optimizer, scheduler)
    if not schedulers:
        return [_options(optimizer)] * steps
    moved, copies = _copies(optimizer, schedulers)
    rows: list[list[Options]] = []
    for t in range(steps):
        if t and t % every == 0:
            _step(copies, t)
            rows.append(_options(moved))
        else:
            rows.append(rows[-1] if rows else _options(moved))
    return rows


def _options(optimizer: Any) -> list[Options]:
    return [
        {key: _plain(value) for key, value in group.items() if key != "params"}
        for group in optimizer.param_groups
    ]


def _plain(value: Any) -> Any:
    """Return a number or a tensor of one as a float; other options as they are."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return tuple(_plain(entry) for entry in value)
    if isinstance(value, (int, float)) or getattr(value, "shape", None) == ():
        return float(value.detach() if hasattr(value, "detach") else value)
    return value


def _check_scheduler(optimizer: Any, scheduler: Any) -> None:
    name = type(scheduler).__name__
    if not callable(getattr(scheduler, "step", None)) or not hasattr(scheduler, "optimizer"):
        raise InputError(
            f"scheduler must be one of torch.optim.lr_scheduler, or a list, got {shown(scheduler)}"
        )
    inner = [scheduler, *getattr(scheduler, "_schedulers", ())]
    if any(base.__name__ == _METRICS for one in inner for base in type(one).__mro__):
        raise InputError(
            f"scheduler {_METRICS} sets rates by metrics that are not known beforehand: leave it "
            "out to ask about the present rates"
        )
    if scheduler.optimizer is not optimizer:
        raise InputError(f"scheduler {name} belongs to another optimizer")


def _copies(optimizer: Any, schedulers: Sequence[Any]) -> tuple[Any, list[Any]]:
    kept = [p for group in optimizer.param_groups for p in group["params"]]
    kept += [x for state in optimizer.state.values() for x in state.values() if _is_tensor(x)]
    memo: dict[int, Any] = {id(tensor): tensor for tensor in kept}
    try:
        return deepcopy((optimizer, list(schedulers)), memo)
    except Exception as error:
        names = ", ".join(type(scheduler).__name__ for scheduler in schedulers)
        raise InputError(f"scheduler {names} cannot be copied: {shown(str(error))}") from None


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "data_ptr")


def _step(schedulers: Sequence[Any], step: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the optimizer's own step is not called in between
        for scheduler in schedulers:
            try:
                scheduler.step()
            except Exception as error:
                name = type(scheduler).__name__
                raise InputError(
                    f"scheduler {name} fails before step {step}: {shown(str(error))}: ask for at "
                    f"most {step} steps"
                ) from None
