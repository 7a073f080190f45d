"""schedulefree.SGDScheduleFree against its real steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem.errors import InputError

torch = pytest.importorskip("torch")
schedulefree = pytest.importorskip("schedulefree")
from sgdmem.training import from_optimizer  # noqa: E402
from tests.numeric.training.real_steps import (  # noqa: E402
    START,
    flat,
    parameters,
    read_points,
    real,
)

STEPS = 200
CASES: list[dict[str, Any]] = [
    {"lr": 0.1},
    {"lr": 0.1, "momentum": 0.6, "warmup_steps": 30, "foreach": False},
    {"lr": 0.1, "warmup_steps": 20, "r": 1.0, "weight_lr_power": 1.0, "weight_decay": 0.02},
    {"lr": 0.1, "weight_lr_power": 0},
    {"lr": 0.0},
]


def averages(optimizer: Any) -> Any:
    """Return x and u = z - x."""
    optimizer.eval()
    moved = [p for group in optimizer.param_groups for p in group["params"]]
    x = flat(moved)
    z = flat(optimizer.state[p]["z"] for p in moved)
    optimizer.train()
    return x, (z - x)[None]


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("options", CASES)
def test_averages_of_real_steps(options: dict[str, Any], groups: int) -> None:
    first, second = parameters()
    listed = [{"params": [first]}, {"params": [second], "lr": 0.3 * options["lr"]}]
    if groups == 2 and (options.get("weight_decay") or not options["lr"]):
        pytest.skip("refused")
    optimizer = schedulefree.SGDScheduleFree([first, second] if groups == 1 else listed, **options)
    optimizer.train()
    read = from_optimizer(optimizer, steps=STEPS)
    points = real(optimizer, STEPS // 2)
    x, u = averages(optimizer)
    again = from_optimizer(optimizer, steps=STEPS // 2)
    now = from_optimizer(optimizer)
    assert read_points(now, START, 1)[1] == pytest.approx(read_points(again, START, 1)[1])
    assert "the share of the newest point in the average falls" in str(now)
    real(optimizer, STEPS // 2, first=STEPS // 2)
    end, _ = averages(optimizer)
    found = read_points(read, START, STEPS)
    assert abs(found[STEPS // 2] - x).max() <= 1e-13
    assert abs(found[-1] - end).max() <= 1e-13
    if groups == 2:  # u moves as w does
        u = u / np.repeat([1, 0.3], [4, 3])
    found = read_points(again, x, STEPS // 2, u, first=STEPS // 2)
    assert abs(found[-1] - end).max() <= 1e-13
    assert np.isfinite(points).all()


def test_weights_keep_the_largest_rate_under_a_scheduler() -> None:
    optimizer = schedulefree.SGDScheduleFree(parameters(), lr=0.1, warmup_steps=10)
    optimizer.train()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 40, 0.3)
    real(optimizer, 50, [scheduler])
    x, u = averages(optimizer)
    read = from_optimizer(optimizer, scheduler, 100)
    real(optimizer, 100, [scheduler], first=50)
    found = read_points(read, x, 100, u, first=50)
    assert abs(found[-1] - averages(optimizer)[0]).max() <= 1e-13


def test_refusals() -> None:
    first, second = parameters()
    groups = [{"params": [first]}, {"params": [second], "lr": 0.2}]
    with pytest.raises(
        InputError, match=r"weight_decay must be 0 where groups of schedulefree\.SGDS"
    ):
        from_optimizer(schedulefree.SGDScheduleFree(groups, lr=0.1, weight_decay=0.1))
    optimizer = schedulefree.SGDScheduleFree([{"params": [p]} for p in (first, second)], lr=0.1)
    optimizer.train()
    real(optimizer, 1)
    optimizer.param_groups[1]["weight_sum"] *= 2
    with pytest.raises(InputError, match="have averages of different weights"):
        from_optimizer(optimizer)
    adam = schedulefree.AdamWScheduleFree([first])
    with pytest.raises(
        InputError, match=r"AdamWScheduleFree is not a linear method: it divides by"
    ):
        from_optimizer(adam)
