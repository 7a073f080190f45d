"""Adam and others against their real steps, with the averages held where they were read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem.errors import InputError

torch = pytest.importorskip("torch")
from sgdmem.training import from_optimizer  # noqa: E402
from tests.numeric.training.real_steps import (  # noqa: E402
    flat,
    parameters,
    read_points,
    real,
)

S = torch.optim.lr_scheduler
optim = torch.optim
MADE, STEPS = 10, 200


def moved(optimizer: Any) -> list[Any]:
    return [p for group in optimizer.param_groups for p in group["params"]]


def held(optimizer: Any) -> Callable[[int], None]:
    """Return what sets the averages so that they are the same again after the next step."""
    group = optimizer.param_groups[0]
    kept = {p: {k: v.clone() for k, v in optimizer.state[p].items()} for p in moved(optimizer)}
    beta2: Any = group["betas"][1] if "betas" in group else None

    def before(t: int) -> None:
        for p in moved(optimizer):
            old, new, g = kept[p], optimizer.state[p], p.grad
            if "exp_inf" in new:
                new["exp_inf"] = old["exp_inf"] / beta2
            elif "max_exp_avg_sq" in new:
                bias = (1 - beta2 ** (float(new["step"]) + 1)) / (1 - beta2 ** float(old["step"]))
                new["max_exp_avg_sq"].copy_(old["max_exp_avg_sq"] * bias)
                new["exp_avg_sq"].fill_(-1e3)
            elif "exp_avg_sq" in new:
                bias = (1 - beta2 ** (float(new["step"]) + 1)) / (1 - beta2 ** float(old["step"]))
                wanted = old["exp_avg_sq"] * bias
                new["exp_avg_sq"].copy_((wanted - (1 - beta2) * g**2) / beta2)
            elif "acc_delta" in new:
                rho = group["rho"]
                new["square_avg"].copy_((old["square_avg"] - (1 - rho) * g**2) / rho)
                new["acc_delta"].copy_(old["acc_delta"])
            elif "square_avg" in new:
                a, wanted, sign = group["alpha"], old["square_avg"], -1 if group["maximize"] else 1
                if group["centered"]:
                    mean = a * new["grad_avg"] + (1 - a) * sign * g
                    wanted = wanted - old["grad_avg"] ** 2 + mean**2
                new["square_avg"].copy_((wanted - (1 - a) * g**2) / a)
            else:
                new["sum"].copy_(old["sum"] - g**2)

    return before


def memory(optimizer: Any, read: Any) -> Any:
    """Return the auxiliary vector at present."""
    if not read.method.memory:
        return None
    key = "exp_avg" if "betas" in optimizer.param_groups[0] else "momentum_buffer"
    u = [optimizer.state[p][key] for p in read.parameters]
    if key == "momentum_buffer":  # of what was divided
        rates = [group["lr"] for group in optimizer.param_groups for _ in group["params"]]
        divided = zip(u, read.preconditioner, rates, strict=True)
        u = [x / d * rate / rates[0] for x, d, rate in divided]
    return flat(u)[None]


CASES: list[tuple[Any, dict[str, Any]]] = [
    (optim.Adam, {"lr": 0.02}),
    (optim.Adam, {"lr": 0.02, "amsgrad": True, "foreach": True}),
    (optim.Adam, {"lr": 0.002, "maximize": True, "betas": (0.5, 0.9)}),
    (optim.Adam, {"lr": 0.02, "betas": (0.0, 0.9), "eps": 0.1}),
    (optim.AdamW, {"lr": 0.02, "weight_decay": 0.3}),
    (optim.AdamW, {"lr": 0.02, "weight_decay": 0.3, "betas": (0.0, 0.9)}),
    (optim.AdamW, {"lr": 0.002, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
    (optim.AdamW, {"lr": torch.tensor(0.02).double(), "foreach": False}),
    (optim.Adamax, {"lr": 0.02}),
    (optim.RMSprop, {"lr": 0.01}),
    (optim.RMSprop, {"lr": 0.01, "momentum": 0.8, "alpha": 0.9}),
    (optim.RMSprop, {"lr": 0.01, "momentum": 0.8, "centered": True, "foreach": True}),
    (optim.RMSprop, {"lr": 0.001, "centered": True, "maximize": True}),
    (optim.Adagrad, {"lr": 0.05}),
    (optim.Adagrad, {"lr": 0.05, "lr_decay": 0.01, "initial_accumulator_value": 0.1}),
    (optim.Adadelta, {"lr": 1.0}),
    (optim.Adadelta, {"lr": 0.1, "maximize": True, "eps": 1e-3}),
]


def started(cls: Any, options: dict[str, Any]) -> tuple[Any, Any]:
    optimizer = cls(parameters(), **options)
    points = real(optimizer, MADE)
    for p in moved(optimizer):
        if "exp_inf" in optimizer.state[p]:
            optimizer.state[p]["exp_inf"] *= 30  # above every gradient to come
    return optimizer, points[-1]


@pytest.mark.parametrize(
    ("cls", "options", "groups"),
    [
        pytest.param(cls, options, n, marks=[pytest.mark.exhaustive] if n == 2 and i % 10 else [])
        for i, (cls, options) in enumerate(CASES)
        for n in (1, 2)
        if n == 1 or cls is not optim.AdamW
    ],
)
def test_frozen_optimizers_make_the_real_steps(cls: Any, options: Any, groups: int) -> None:
    optimizer, w0 = started(cls, options)
    if groups == 2:
        first, second = optimizer.param_groups[0]["params"]
        optimizer.param_groups[0]["params"] = [first]
        lr = 0.5 * optimizer.param_groups[0]["lr"]
        optimizer.param_groups.append({**optimizer.param_groups[0], "params": [second], "lr": lr})
    read = from_optimizer(optimizer, steps=STEPS)
    assert "frozen at the present values" in str(read)
    assert all(
        d.shape == p.shape for d, p in zip(read.preconditioner, read.parameters, strict=True)
    )
    u0 = memory(optimizer, read)
    points = real(optimizer, STEPS, first=MADE, before=held(optimizer))
    found = read_points(read, w0, STEPS, u0, first=MADE)
    assert np.isfinite(points).all()
    assert abs(points - found).max() <= 1e-13 * max(1, abs(points).max())


@pytest.mark.parametrize("cls", [optim.Adam, optim.AdamW, optim.RMSprop])
def test_frozen_optimizers_under_a_schedule(cls: Any) -> None:
    options = {"weight_decay": 0.2} if cls is optim.AdamW else {}
    options |= {"momentum": 0.5} if cls is optim.RMSprop else {}
    optimizer = cls(parameters(), lr=0.01, **options)
    scheduler = S.OneCycleLR(optimizer, 0.03, total_steps=STEPS + 20)  # cycles beta1, too
    w0 = real(optimizer, MADE, [scheduler])[-1]
    read = from_optimizer(optimizer, scheduler, STEPS)
    steps = read.method.steps(0, STEPS)
    assert len({round(x, 12) for x in steps.D.ravel()}) > 50
    u0 = memory(optimizer, read)
    points = real(optimizer, STEPS, [scheduler], first=MADE, before=held(optimizer))
    found = read_points(read, w0, STEPS, u0, first=MADE)
    assert abs(points - found).max() <= 1e-13 * max(1, abs(points).max())


def test_present_values() -> None:
    optimizer, _ = started(optim.AdamW, {"lr": 0.5, "weight_decay": 0.125})
    read = from_optimizer(optimizer)
    assert read.method == sgdmem.Algorithm(
        0.5 * (1 - 0.9), b=-0.5 * 0.9, c=1 - 0.9, D=0.9, shrink=0.0625
    )
    factor = 1 / (1 - 0.9**11)
    assert f"the next step's rate is {factor:.4g} times as large" in str(read)
    state = optimizer.state[read.parameters[0]]
    divisor = (state["exp_avg_sq"] / (1 - 0.999**10)).sqrt() + 1e-8
    assert abs(read.preconditioner[0] * divisor - 1).max() < 1e-15
    rmsprop, _ = started(optim.RMSprop, {"lr": 0.5, "momentum": 0.5})
    assert from_optimizer(rmsprop).method == sgdmem.torch_sgd(0.5, 0.5)
    adam, _ = started(optim.Adam, {"lr": 0.5})
    assert from_optimizer(adam).method == sgdmem.methods.sgdm(0.5, 0.9)


def unequal(cls: Any, **options: Any) -> Any:
    optimizer, _ = started(cls, {"lr": 0.1, **options})
    optimizer.state[optimizer.param_groups[0]["params"][0]]["step"] += 3
    return optimizer


def half(cls: Any) -> Any:
    optimizer, _ = started(cls, {"lr": 0.1})
    del optimizer.state[optimizer.param_groups[0]["params"][0]]
    return optimizer


def zero() -> Any:
    optimizer, _ = started(optim.Adam, {"lr": 0.1, "eps": 0})
    optimizer.state[optimizer.param_groups[0]["params"][1]]["exp_avg_sq"][0] = 0
    return optimizer


def decayed_groups() -> Any:
    optimizer, _ = started(optim.AdamW, {"lr": 0.1})
    group = optimizer.param_groups[0]
    *rest, last = group["params"]
    optimizer.param_groups.append({**group, "params": [last], "lr": 0.2})
    group["params"] = rest
    return optimizer


REFUSALS: list[tuple[Any, str]] = [
    (
        lambda: from_optimizer(optim.Adam(parameters())),
        "no step yet with any of its parameters: call",
    ),
    (
        lambda: from_optimizer(optim.Adagrad(parameters())),
        "torch.optim.Adagrad has made no step yet",
    ),
    (lambda: from_optimizer(half(optim.RMSprop)), "no step yet with all of its parameters"),
    (
        lambda: from_optimizer(unequal(optim.AdamW), steps=5),
        "torch.optim.AdamW has made between 10 an",
    ),
    (lambda: from_optimizer(unequal(optim.Adagrad, lr_decay=0.1)), "between 10 and 13 steps"),
    (lambda: from_optimizer(zero()), "divides parameter 1 by sizes that are not all positive"),
    (lambda: from_optimizer(decayed_groups()), "weight_decay must be 0 where groups of torch.opt"),
    *(
        (
            lambda cls=cls: from_optimizer(started(cls, {"lr": 0.1, "weight_decay": 0.1})[0]),
            f"weight_decay of torch.optim.{cls.__name__} must be 0, got 0.1: it is in the gradien",
        )
        for cls in (optim.Adam, optim.Adamax, optim.RMSprop, optim.Adagrad, optim.Adadelta)
    ),
]


@pytest.mark.parametrize(("ask", "message"), REFUSALS)
def test_refusals(ask: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        ask()
    assert "\n" not in str(caught.value)


def test_different_counts_matter_with_steps_alone() -> None:
    assert from_optimizer(unequal(optim.AdamW)).method.shrink != 0
    assert from_optimizer(unequal(optim.Adagrad)).method == sgdmem.sgd(0.1)
    old = unequal(optim.AdamW)
    for state in old.state.values():
        state["step"] += 1000
    assert from_optimizer(old, steps=5).method.stationary is not None
