"""Verdicts on networks in place, against what they are made of."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import sgdmem

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from sgdmem.numeric.training.networks.linearized import linearized  # noqa: E402
from sgdmem.numeric.training.networks.verdict_in_place import verdict  # noqa: E402
from sgdmem.numeric.training.optimizers.from_optimizer import from_optimizer  # noqa: E402


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def trained(steps: int = 400) -> tuple[Any, Any, Any, Any]:
    """Return a network that is nearly fitted, its loss and its data."""
    model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    x, loss = torch.randn(30, 3), torch.nn.MSELoss()
    y = torch.stack([x.sum(1).tanh(), x[:, 0]], 1)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()
    return model, loss, x, y


def test_it_is_the_verdict_on_the_linearised_problem() -> None:
    model, loss, x, y = trained()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=1e-3)
    found = verdict(model, loss, (x, y), optimizer, 5)
    problem = linearized(model, loss, (x, y), optimizer)
    expected = sgdmem.stability(sgdmem.torch_sgd(0.1, 0.9), problem, 5)
    assert found.radius == expected.noise_sum and found.stable is expected.stable
    assert not expected.is_estimated
    limit = sgdmem.largest_learning_rate("torch-sgd", problem, 5, momentum=0.9)
    assert found.largest_learning_rate == pytest.approx(limit, rel=1e-6)
    assert found.critical_batch_size == pytest.approx(expected.critical_batch_size)
    assert found.sharpness_edge == pytest.approx(38, rel=1e-3)
    assert found.gradient_outside == 0 and found.trace_share == 1


def test_the_words_of_the_edge() -> None:
    model, loss, x, y = trained()
    sharpness = verdict(model, loss, (x, y), torch.optim.SGD(model.parameters(), 1), 30).sharpness
    for options, formula, edge in (
        ({}, "2/lr", 2),
        ({"momentum": 0.9}, "2(1+β)/lr", 3.8),
        ({"momentum": 0.5, "nesterov": True}, "2(1+β)/((1+2β) lr)", 1.5),
    ):
        rate = 1.1 * edge / sharpness
        optimizer = torch.optim.SGD(model.parameters(), rate, **options)
        found = verdict(model, loss, (x, y), optimizer, 30)  # the full batch
        assert found.edge_formula == formula and found.stable is False
        assert f"exceeds its full-batch edge = {formula} = " in str(found)
        assert found.largest_learning_rate == pytest.approx(edge / found.gauss_newton_sharpness)
        assert found.batch_sharpness_error == 0


def test_a_method_may_be_tried_without_an_optimizer() -> None:
    model, loss, x, y = trained()
    real = verdict(model, loss, (x, y), torch.optim.SGD(model.parameters(), 0.1, 0.9), 5)
    tried = verdict(Named(model), loss, (x, y), sgdmem.torch_sgd(0.1, 0.9), 5)
    assert tried.radius == real.radius and tried.sharpness == pytest.approx(real.sharpness)


class Named(nn.Module):
    """A model that returns a dict, as those of transformers may."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return {"logits": self.inner(x)}


def test_of_a_loader_it_takes_batches() -> None:
    model, loss, x, y = trained()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    pairs = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(pairs, batch_size=8, shuffle=True)
    found = verdict(model, loss, loader, optimizer)
    mean = np.mean([1 / 8, 1 / 8, 1 / 8, 1 / 6])
    whole = verdict(model, loss, loader, optimizer, drop_last=True)
    assert found.radius == pytest.approx(8 * mean * whole.radius, rel=1e-5)
    assert "one of 6" in str(found)
    with pytest.raises(sgdmem.InputError, match="batch_size must be given"):
        verdict(model, loss, (x, y), optimizer)


def test_a_sum_over_the_batch_is_so_many_times_the_mean() -> None:
    model, loss, x, y = trained()
    mean = verdict(model, loss, (x, y), torch.optim.SGD(model.parameters(), 0.1), 5)
    summed = torch.nn.MSELoss(reduction="sum")
    small = torch.optim.SGD(model.parameters(), 0.1 / 10)  # 5 samples of 2 outputs
    found = verdict(model, summed, (x, y), small, 5)
    assert found.radius == pytest.approx(mean.radius, rel=1e-5)
    assert found.sharpness == pytest.approx(10 * mean.sharpness, rel=1e-2)
    ragged = [verdict(model, summed, (x, y), small, 7, drop_last=drop) for drop in (True, False)]
    assert ragged[0].radius == ragged[1].radius


def test_frozen_adam_has_its_edge() -> None:
    model, loss, x, y = trained(20)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    loss(model(x), y).backward()
    optimizer.step()
    found = verdict(model, loss, (x, y), optimizer, 5)
    assert found.edge_formula == "2(1+β)/((1-β) lr)" and "frozen" in str(found)
    assert found.sharpness_edge == pytest.approx(38 / 1e-3)


@pytest.mark.slow
def test_what_the_linear_theory_does_not_know_is_said() -> None:
    torch.manual_seed(1)
    model, x = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh()), torch.randn(40, 2)
    model.append(torch.nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    untrained = verdict(model, torch.nn.MSELoss(), (x, 5 * torch.randn(40, 2)), optimizer, 8)
    assert any("not near a minimum" in text for text in untrained.warnings)
    assert any("negative curvature" in text for text in untrained.warnings)
    few = verdict(model, torch.nn.MSELoss(), (x, torch.randn(40, 2)), optimizer, 8, modes=1)
    assert any("of the trace" in text for text in few.warnings) and few.verdict.is_estimated
    classes = model(x).argmax(1)
    separated = verdict(model, torch.nn.CrossEntropyLoss(), (x, classes), optimizer, 8)
    assert any("no minimum at finite weights" in text for text in separated.warnings)
    smooth = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    assert "no minimum" not in str(verdict(model, smooth, (x, classes), optimizer, 8))


def test_of_a_group_it_has_the_effective_rate() -> None:
    model, loss, x, y = trained()
    optimizer = torch.optim.AdamW(model[2].parameters(), 0.01, weight_decay=0.1)
    optimizer.add_param_group({"params": model[0].parameters(), "weight_decay": 0.0})
    loss(model(x), y).backward()
    optimizer.step()
    found = verdict(model, loss, (x, y), from_optimizer(optimizer, group=0), 5)
    assert found.learning_rate == pytest.approx(0.01) and found.edge_formula == ""
    assert found.batch_sharpness_edge == pytest.approx(2 / 0.01)
    for p in model[0].parameters():
        p.requires_grad = False
    model[2].zero_grad()
    optimizer = torch.optim.SGD(model[0].parameters(), 7.0)  # does not move
    optimizer.add_param_group({"params": model[2].parameters(), "lr": 0.1})
    found = verdict(model, loss, (x, y), optimizer, 5)
    assert found.learning_rate == 0.1 and found.edge_formula == "2/lr"
    assert "said to rest near 20, which is no limit" in str(found)


def test_mixed_precision_and_no_grad_around_change_nothing() -> None:
    model, loss, x, y = trained()
    model, x, y = model.float(), x.float(), y.float()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    expected = verdict(model, loss, (x, y), optimizer, 5).to_dict()
    with torch.autocast("cpu"), torch.no_grad():
        assert verdict(model, loss, (x, y), optimizer, 5).to_dict() == expected


def test_decay_that_differs_between_groups_is_left_out() -> None:
    model, loss, x, y = trained()
    weights, biases = ([p for p in model.parameters() if p.ndim == n] for n in (2, 1))
    results = []
    for decay in (0.5, 0.0):
        groups = [{"params": weights, "weight_decay": decay}, {"params": biases}]
        optimizer = torch.optim.AdamW(groups, 1e-3, weight_decay=0.0)
        optimizer.zero_grad()
        loss(model(x), y).backward()
        before = [p.detach().clone() for p in model.parameters()]
        optimizer.step()
        for p, value in zip(model.parameters(), before, strict=True):
            p.data.copy_(value)
            p.grad = None
        results.append(verdict(model, loss, (x, y), optimizer, 5))
        assert optimizer.param_groups[0]["weight_decay"] == decay
    assert results[0].radius == results[1].radius
    assert results[0].edge_formula == "2(1+β)/((1-β) lr)"
    assert "weight decay, up to 0.5, is left out" in str(results[0])
    assert "left out" not in str(results[1])
    groups = [{"params": weights, "weight_decay": 0.1}, {"params": biases, "momentum": 0.5}]
    with pytest.raises(sgdmem.InputError, match="differ in momentum"):
        verdict(model, loss, (x, y), torch.optim.SGD(groups, 0.1), 5)


def test_it_is_json_ready() -> None:
    model, loss, x, y = trained()
    found = verdict(model, loss, (x, y), torch.optim.SGD(model.parameters(), 0.1), 5)
    written = json.loads(json.dumps(found.to_dict()))
    assert written["sharpness"] == found.sharpness
    assert written["verdict"]["stable"] is found.stable
    assert math.isfinite(written["largest_learning_rate"])
