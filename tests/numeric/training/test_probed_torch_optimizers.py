"""Optimizers of PyTorch that nobody knows, against their real steps, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem.errors import InputError

torch = pytest.importorskip("torch")
from sgdmem.training import from_optimizer  # noqa: E402
from tests.numeric.training.real_steps import START, parameters, read_points, real  # noqa: E402

S = torch.optim.lr_scheduler
STEPS = 200
Base: Any = torch.optim.Optimizer


class AggMo(Base):
    """Several velocities, and both kinds of weight decay."""

    def __init__(
        self,
        params: Any,
        lr: float,
        betas: Any = (0.0, 0.7, 0.9),
        decay: float = 0,
        pull: float = 0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "decay": decay, "pull": pull})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                g = p.grad + group["decay"] * p
                p.mul_(1 - group["lr"] * group["pull"])
                for i, beta in enumerate(group["betas"]):
                    v = self.state[p].setdefault(i, torch.zeros_like(p))
                    v.mul_(beta).sub_(g)
                    p.add_(v, alpha=group["lr"] / len(group["betas"]))


CHANGES: dict[str, Any] = {  # of a gradient at a point, and what was kept
    "sign": lambda g, p, kept: g.sign(),
    "mean": lambda g, p, kept: g - g.mean(),
    "abs": lambda g, p, kept: g.abs(),
    "cubes": lambda g, p, kept: g**3,
    "anchor": lambda g, p, kept: g + p - kept["start"],
    "pull": lambda g, p, kept: g + 0.1 * p.sum(),
    "shape": lambda g, p, kept: g * (1 + p.ndim),
    "nan": lambda g, p, kept: g / 0,
    "drift": lambda g, p, kept: g + 1,
    "closure": lambda g, p, kept: None,
    "delay": lambda g, p, kept: kept["seen"][-40] if len(kept["seen"]) >= 40 else 0 * g,
    "long delay": lambda g, p, kept: kept["seen"][-60] if len(kept["seen"]) >= 60 else g,
    "momentum": lambda g, p, kept: (
        kept.update(v=(0.5 + 0.3 * (len(kept["seen"]) % 2)) * kept.get("v", 0) + g) or kept["v"]
    ),
}


class Changed(Base):
    """SGD with something done to the gradient."""

    def __init__(self, params: Any, lr: float, change: str) -> None:
        super().__init__(params, {"lr": lr, "change": change})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                kept = self.state[p]
                kept.setdefault("start", p.clone())
                kept.setdefault("seen", []).append(p.grad.clone())
                change = CHANGES[group["change"]](p.grad, p, kept)
                p.add_(change, alpha=-group["lr"])


@pytest.mark.parametrize(
    ("options", "memory"),
    [
        ({}, 2),
        ({"betas": (0.5, 0.8, 0.95)}, 3),
        ({"betas": (0.9,), "decay": 0.03}, 1),
        ({"decay": 0.02, "pull": 0.3}, 2),
        ({"betas": (0,), "decay": 0.02}, 0),
    ],
)
@pytest.mark.parametrize("scheduled", [True, pytest.param(False, marks=[pytest.mark.exhaustive])])
def test_probed_optimizers_make_the_real_steps(options: Any, memory: int, scheduled: bool) -> None:
    optimizer = AggMo(parameters(), 0.05, **options)
    schedulers = [S.CosineAnnealingLR(optimizer, 150)] if scheduled else []
    read = from_optimizer(optimizer, schedulers, STEPS)
    assert read.method.memory == memory
    assert [id(p) for p in read.parameters] == [id(p) for p in optimizer.param_groups[0]["params"]]
    points = real(optimizer, STEPS, schedulers)
    assert abs(points - read_points(read, START, STEPS)).max() <= 1e-13


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "sign",
            "twice the gradient does not give twice the step; ask about torch.optim.SGD, or t",
        ),
        ("mean", "the step of a weight depends on the gradients of others"),
        ("abs", "the opposite gradient does not give the opposite step"),
        ("cubes", "twice the gradient does not give twice the step"),
        ("anchor", "its steps depend on the weights, and not by weight decay"),
        ("pull", "the step of a weight depends on the gradients of others"),
        ("shape", "weights with the same gradients make different steps"),
        ("nan", "its steps are not finite"),
        ("drift", "it moves where all gradients are 0"),
        ("closure", "its step fails on plain arrays"),
        ("delay", "it remembers more than 23 vectors"),
        ("long delay", "it remembers more than 23 vectors"),
        ("momentum", "what it remembers changes from step to step"),
    ],
)
def test_refusals(change: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        from_optimizer(Changed(parameters(), 0.1, change))
    assert "Changed cannot be read as a linear method: " in str(caught.value)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_groups_and_steps() -> None:
    first, second = parameters()
    groups = [{"params": [first]}, {"params": [second], "lr": 0.2}]
    with pytest.raises(InputError, match="AggMo differ in lr: of optimizers that are read from th"):
        from_optimizer(AggMo(groups, 0.1))
    groups[1] = {"params": [second], "pull": 0.2}
    with pytest.raises(InputError, match=r"AggMo differ in pull, 0\.0 and 0\.2: one method moves"):
        from_optimizer(AggMo(groups, 0.1))
    optimizer = AggMo([first, second], 0.1)
    with pytest.raises(InputError, match="steps must be at most 10,000 for"):
        from_optimizer(optimizer, steps=10_001)
    assert not optimizer.state and np.array_equal(first.detach().ravel(), START[:4])
