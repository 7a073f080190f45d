"""Accelerated optimizers: the schedules they are, and that they train."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem import Problem
from sgdmem.methods import am1, am2, dana
from sgdmem.symbolic.errors import InputError

torch = pytest.importorskip("torch")

from sgdmem.training import AM1, AM2, DANA  # noqa: E402

MADE = [(AM1, am1, 0.5), (AM2, am2, 0.2), (DANA, dana, 0.5)]


@pytest.mark.parametrize(("optimizer", "schedule", "rate"), MADE)
def test_is_its_schedule_and_beats_sgd_on_a_power_law(
    optimizer: Any, schedule: Any, rate: float
) -> None:
    """On the loss sum of k^-2 w_k^2 / 2, without noise, at eigenvalues up to 1."""
    eigenvalues = torch.arange(1, 201, dtype=torch.float64) ** -2
    w = torch.nn.Parameter(torch.ones(200, dtype=torch.float64))
    made = optimizer([w], rate, Problem.power_law(2), weight_decay=0.0)
    assert np.array_equal(made.rule.steps(0, 30).table, schedule(2).steps(0, 30).table)
    for _ in range(2000):
        w.grad = eigenvalues * w.detach()
        made.step()
    loss = float((eigenvalues * w.detach() ** 2).sum())
    sgd = float((eigenvalues * (1 - eigenvalues) ** 4000).sum())  # with the rate 1
    assert loss < sgd / 2


def test_bad_input_gets_one_line() -> None:
    with pytest.raises(InputError, match=r"exponent must be above 1, got 0\.5"):
        AM1([torch.nn.Parameter(torch.ones(1))], 0.1, 0.5)
    with pytest.raises(InputError, match="lr must be"):
        DANA([torch.nn.Parameter(torch.ones(1))], -0.1)
