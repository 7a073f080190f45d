"""What is no linear method is refused by name; wrappers and our own optimizers are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem.errors import InputError

torch = pytest.importorskip("torch")
from sgdmem.numeric.training.optimizers.refused_optimizers import REFUSED  # noqa: E402
from sgdmem.training import LinearMemory, from_optimizer  # noqa: E402
from tests.numeric.training.real_steps import (  # noqa: E402
    START,
    flat,
    parameters,
    read_points,
    real,
)

OF_TORCH = [name for name in REFUSED if hasattr(torch.optim, name.rpartition(".")[2])]


@pytest.mark.parametrize("name", OF_TORCH)
def test_each_refusal_names_the_class_and_what_to_ask(name: str) -> None:
    weights = torch.nn.Parameter(torch.zeros(2, 2))
    optimizer = getattr(torch.optim, name.rpartition(".")[2])([weights])
    with pytest.raises(InputError) as caught:
        from_optimizer(optimizer)
    said = str(caught.value)
    assert said == f"{name} is not a linear method: {REFUSED[name]}"
    assert "ask about" in said and "\n" not in said


def test_most_of_torch_is_known_one_way_or_the_other() -> None:
    assert len(OF_TORCH) >= 7
    known = {"SGD", "Adam", "AdamW", "Adamax", "RMSprop", "Adagrad", "Adadelta"}
    every = {
        x.__name__
        for x in vars(torch.optim).values()
        if isinstance(x, type) and issubclass(x, torch.optim.Optimizer)
    }
    assert every - known - {name.rpartition(".")[2] for name in REFUSED} == {"Optimizer"}


def test_wrappers_are_looked_into_and_hooks_are_told() -> None:
    class Wrapper:
        def __init__(self, optimizer: Any) -> None:
            self.optimizer, self.state = optimizer, optimizer.state
            self.param_groups = optimizer.param_groups

        def step(self) -> None:
            raise AssertionError

    optimizer = torch.optim.SGD(parameters(), lr=0.1)
    assert from_optimizer(Wrapper(optimizer)).method == sgdmem.sgd(0.1)
    assert from_optimizer(optimizer).notes == ()
    optimizer.register_step_pre_hook(lambda *_: None)
    assert from_optimizer(optimizer).notes == ("hooks of its steps were not looked at",)


RULES: list[tuple[Any, dict[str, Any]]] = [
    (sgdmem.nesterov(1, 0.9), {}),
    (sgdmem.aggmo(1, [0.5, 0.9]), {"weight_decay": 0.02, "maximize": False}),
    (sgdmem.Algorithm(1, (0.2, 0.1), (-0.5, 0.3), ((0.5, 0.2), (0, 0.3)), (0.3, -0.2), 0.01), {}),
    ([sgdmem.Algorithm(1, -0.9, 1, 0.9), sgdmem.torch_sgd(1, 0.9, 0.5)], {}),
    (sgdmem.methods.schedule("qhm", learning_rate=1, momentum=0.9, nu=lambda t: 1 / (1 + t)), {}),
]


@pytest.mark.parametrize(("rule", "options"), RULES)
def test_our_own_optimizer_is_its_rule_again(rule: Any, options: Any) -> None:
    optimizer = LinearMemory(parameters(), rule, 0.05, **options)
    read = from_optimizer(optimizer, steps=200)
    real(optimizer, 120)
    later = from_optimizer(optimizer, steps=80)
    u = np.array(
        [
            flat(optimizer.state[p][f"u_{i + 1}"] for p in read.parameters)
            for i in range(read.method.memory)
        ]
    )
    optimizer.eval()
    middle = flat(read.parameters)
    optimizer.train()
    real(optimizer, 80, first=120)
    optimizer.eval()
    end = flat(read.parameters)
    points = read_points(read, START, 200)
    assert abs(points[120] - middle).max() <= 1e-13
    assert abs(points[-1] - end).max() <= 1e-13
    again = read_points(later, middle, 80, u, first=120)
    assert abs(again[-1] - end).max() <= 1e-13


def test_our_own_optimizer_under_a_scheduler() -> None:
    optimizer = LinearMemory(parameters(), "heavy-ball", 0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 150)
    read = from_optimizer(optimizer, scheduler, 200)
    points = real(optimizer, 200, [scheduler])
    assert abs(points - read_points(read, START, 200)).max() <= 1e-13
    ahead = LinearMemory(parameters(), "nesterov", 0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(ahead, 150)
    with pytest.raises(InputError, match=r"lr of sgdmem\.LinearMemory must stay where gradients"):
        from_optimizer(ahead, scheduler, 5)
    assert "its tensors hold w" in str(from_optimizer(ahead, scheduler))
    shrinking = LinearMemory(
        [{"params": [p], "lr": lr} for p, lr in zip(parameters(), (0.1, 0.2), strict=True)],
        sgdmem.Algorithm(1, shrink=0.1),
    )
    with pytest.raises(InputError, match="shrink must be 0 where groups of sgdm"):
        from_optimizer(shrinking)


def test_one_group_of_several() -> None:
    weights, biases = parameters()
    groups = [{"params": [weights], "weight_decay": 0.125}, {"params": [biases], "lr": 0.25}]
    optimizer = torch.optim.AdamW(groups, lr=0.5, weight_decay=0)
    for p in (weights, biases):
        p.grad = torch.ones_like(p)
    optimizer.step()
    with pytest.raises(InputError, match=r"differ in weight_decay, .*; ask .*from_optimizer\("):
        from_optimizer(optimizer)
    first, second = (from_optimizer(optimizer, group=i) for i in (0, 1))
    assert first.method.shrink == 0.0625 and second.method.shrink == 0
    assert second.method.alpha == sgdmem.methods.sgdm(0.25, 0.9).alpha
    assert [len(x.preconditioner) for x in (first, second)] == [1, 1]
    assert first.parameters[0] is weights and second.parameters[0] is biases
    for bad, message in ((2, "group must be below 2, the number of groups, got 2"), (-1, "group")):
        with pytest.raises(InputError, match=message):
            from_optimizer(optimizer, group=bad)
    complex_ones = torch.optim.SGD([torch.nn.Parameter(torch.zeros(2).cfloat())], lr=0.1)
    with pytest.raises(InputError, match="must have real parameters, got complex ones"):
        from_optimizer(complex_ones)
