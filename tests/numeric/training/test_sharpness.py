"""Curvatures of the loss, against dense Hessians and all batches there are."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import sgdmem

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.autograd import Function  # noqa: E402

from sgdmem.numeric.training.networks.loss_curvature import (  # noqa: E402
    LossCurvature,
    extreme_curvatures,
    mean_batch_sharpness,
)
from sgdmem.numeric.training.networks.network import Network  # noqa: E402
from sgdmem.numeric.training.networks.sharpness import (  # noqa: E402
    batch_sharpness,
    sharpness,
)
from sgdmem.numeric.verdicts.sharpness_edges import sharpness_edges  # noqa: E402
from tests.numeric.training.test_linearized import (  # noqa: E402
    CLASSES,
    LOSSES,
    double_precision,
    loss_hessian,
    mlp,
)

Array = np.ndarray[Any, np.dtype[Any]]
in_double = double_precision


def example(name: str = "squares") -> tuple[Any, Any, Any, Any]:
    loss, y = LOSSES[name]
    x, model = torch.randn(9, 4), mlp(3)
    return model, loss, x, torch.randn(9, 3) if y is None else y


def gradient(model: Any, loss: Any, x: Any, y: Any) -> Array:
    parts = torch.autograd.grad(loss(model(x), y), list(model.parameters()))
    return np.asarray(torch.cat([p.flatten() for p in parts]).numpy())


@pytest.mark.parametrize("at_once", [4, 128])
@pytest.mark.parametrize("name", [name for name in LOSSES if "sum" not in name])
def test_products_are_those_of_the_dense_hessian(name: str, at_once: int) -> None:
    model, loss, x, y = example(name)
    network = Network.of(model, loss, (x, y), at_once=at_once)
    root = torch.rand(network.size) + 0.5
    dense = loss_hessian(model, loss, x, y)
    v, r = np.random.default_rng(0).normal(size=network.size), root.numpy()
    found = LossCurvature(network).product(torch.as_tensor(v)).numpy()
    assert found == pytest.approx(dense @ v, rel=1e-9, abs=1e-12)
    found = LossCurvature(network, root).product(torch.as_tensor(v)).numpy()
    assert found == pytest.approx(r * (dense @ (r * v)), rel=1e-9, abs=1e-12)
    assert all(p.grad is None for p in model.parameters())


def test_both_ends_and_a_cheap_second_time() -> None:
    model, loss, x, y = example("smooth classes")
    network = Network.of(model, loss, (x, y))
    sizes = np.linalg.eigvalsh(loss_hessian(model, loss, x, y))
    assert sizes[0] < 0  # not that of Gauss and Newton
    found = extreme_curvatures(network, accuracy=1e-9, smallest=1e-9)
    assert found.largest == pytest.approx(sizes[-1], abs=1e-9 * sizes[-1])
    assert found.smallest == pytest.approx(sizes[0], abs=1e-9 * sizes[-1])
    rough = extreme_curvatures(network, accuracy=0.1)
    assert math.isnan(rough.smallest) and rough.products < found.products
    assert min(abs(sizes - rough.largest)) <= rough.errors[0] <= 0.1 * rough.largest
    with torch.no_grad():
        for p in model.parameters():
            p += 1e-4 * torch.randn_like(p)
    cold = extreme_curvatures(network, accuracy=1e-2)
    warm = extreme_curvatures(network, accuracy=1e-2, start=found.directions)
    assert warm.products < cold.products
    assert warm.largest == pytest.approx(sizes[-1], rel=1e-2)


def test_restarts_of_a_long_iteration(monkeypatch: pytest.MonkeyPatch) -> None:
    model, loss, x, y = example("smooth classes")
    network = Network.of(model, loss, (x, y))
    sizes = np.linalg.eigvalsh(loss_hessian(model, loss, x, y))
    monkeypatch.setattr("sgdmem.numeric.training.networks.loss_curvature._KEPT", 6)
    found = extreme_curvatures(network, accuracy=1e-4, smallest=1e-4)
    assert found.products > 6
    assert found.largest == pytest.approx(sizes[-1], rel=1e-6)
    assert found.smallest == pytest.approx(sizes[0], abs=1e-4 * sizes[-1])
    monkeypatch.setattr("sgdmem.numeric.training.networks.loss_curvature._MOST_PRODUCTS", 8)
    with pytest.raises(sgdmem.InputError, match=r"1e-12 .* not reached after 8 products"):
        extreme_curvatures(network, accuracy=1e-12)


@pytest.mark.parametrize("replacement", [True, False])
def test_batch_sharpness_is_the_mean_over_all_batches(replacement: bool) -> None:
    model, loss, x, y = example("smooth classes")
    root = torch.rand(Network.of(model, loss, (x, y)).size) + 0.5
    r, values = root.numpy(), []
    singles = [slice(i, i + 1) for i in range(9)]
    slopes = np.stack([r * gradient(model, loss, x[i], y[i]) for i in singles])
    curved = np.stack([r[:, None] * loss_hessian(model, loss, x[i], y[i]) * r for i in singles])
    all_pairs: Any = itertools.product(range(9), repeat=2)
    for pair in all_pairs if replacement else itertools.combinations(range(9), 2):
        some = list(pair)
        g = slopes[some].mean(axis=0)
        values.append(g @ curved[some].mean(axis=0) @ g / (g @ g))
    network = Network.of(model, loss, (x, y))
    mean, error = mean_batch_sharpness(network, root, 2, 150, replacement=replacement)
    assert abs(mean - np.mean(values)) < 4 * error
    assert error == pytest.approx(np.std(values) / 150**0.5, rel=0.2)
    whole = mean_batch_sharpness(network, root, math.inf, 5)
    g = slopes.mean(axis=0)
    expected = g @ curved.mean(axis=0) @ g / (g @ g)
    assert whole[0] == pytest.approx(expected, rel=1e-10)
    assert whole[1] == 0


def test_a_sum_over_the_batch_and_weights() -> None:
    model, _, x, y = example()
    add = torch.nn.MSELoss(reduction="sum")
    expected = np.linalg.eigvalsh(loss_hessian(model, add, x, y))[-1] * 3 / 9
    found = sharpness(model, add, (x, y), batch_size=3, accuracy=1e-8)
    assert found == pytest.approx(expected, rel=1e-8)
    each = batch_sharpness(model, add, (x, y), None, 3, batches=20)
    mean = torch.nn.MSELoss()
    assert each[0] == pytest.approx(
        9 * batch_sharpness(model, mean, (x, y), None, 3, batches=20)[0]
    )
    weights = torch.nn.CrossEntropyLoss(weight=torch.tensor([0.2, 1, 3], dtype=torch.float64))
    largest = np.linalg.eigvalsh(loss_hessian(model, weights, x, CLASSES))[-1]
    assert sharpness(model, weights, (x, CLASSES)) == pytest.approx(largest, rel=1e-3)


def test_under_frozen_adam_it_is_that_of_the_scaled_hessian() -> None:
    model, loss, x, y = example()
    adam = torch.optim.Adam(model.parameters(), lr=1e-2, eps=1e-3)
    for _ in range(3):
        adam.zero_grad()
        loss(model(x), y).backward()
        adam.step()
    state = [adam.state[p]["exp_avg_sq"].flatten() for p in model.parameters()]
    D = (torch.cat(state).numpy() / (1 - 0.999**3)) ** 0.5 + 1e-3
    dense = loss_hessian(model, loss, x, y) / np.sqrt(np.outer(D, D))
    found = sharpness(model, loss, (x, y), adam, accuracy=1e-6)
    assert found == pytest.approx(np.linalg.eigvalsh(dense)[-1], rel=1e-6)
    edges = sharpness_edges(sgdmem.training.from_optimizer(adam).method)
    assert edges.full_batch == pytest.approx(38 / 1e-2)
    assert edges.small_batch == pytest.approx(2 / 1e-2)


def test_edges_of_methods() -> None:
    for method, edges in (
        (sgdmem.torch_sgd(0.1, 0.0), (20, 20)),
        (sgdmem.torch_sgd(0.1, 0.9), (38, 2)),
        (sgdmem.torch_sgd(0.1, 0.5, nesterov=True), (15, 10)),
    ):
        found = sharpness_edges(method)
        assert (found.full_batch, found.small_batch) == pytest.approx(edges, rel=1e-9)
    assert sharpness_edges(sgdmem.torch_sgd(0.1, 0.9), 0.5).full_batch == pytest.approx(37.5)


class Once(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return 2 * x

    @staticmethod
    @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, slope: Any) -> Any:
        return 2 * slope


class Twofold(nn.Module):
    def forward(self, x: Any) -> Any:
        return Once.apply(torch.tanh(x))


def test_layers_without_second_derivatives_and_without_gradients() -> None:
    x, y = torch.randn(6, 4), torch.randn(6, 2)
    with pytest.raises(sgdmem.InputError, match=r"must have second derivatives.*once"):
        model = torch.nn.Sequential(mlp(), Twofold(), torch.nn.Linear(2, 2))
        sharpness(model, torch.nn.MSELoss(), (x, y))
    with pytest.raises(sgdmem.InputError, match=r"must have second derivatives.*not implemented"):
        sharpness(torch.nn.EmbeddingBag(3, 2), torch.nn.MSELoss(), ((x > 0).long(), y))
    recurrent = torch.nn.LSTM(4, 2)
    model = Last(recurrent)
    found = sharpness(model, torch.nn.MSELoss(), (x[:, None], y), accuracy=1e-8)
    dense = torch.autograd.functional.hessian(
        lambda w: torch.nn.functional.mse_loss(
            torch.func.functional_call(model, _shaped(model, w), (x[:, None],)), y
        ),
        torch.cat([p.detach().flatten() for p in model.parameters()]),
    )
    assert found == pytest.approx(np.linalg.eigvalsh(dense.numpy())[-1], rel=1e-8)
    fitted = torch.nn.Linear(4, 2)
    nothing = batch_sharpness(fitted, torch.nn.MSELoss(), (x, fitted(x).detach()), None, 2)
    assert math.isnan(nothing[0])
    with torch.no_grad():  # as in the hooks of trainers
        assert sharpness(fitted, torch.nn.MSELoss(), (x, y)) > 0
    flat = sharpness(fitted, lambda out, y: (out - 100).abs().mean(), (x, y))
    assert flat == 0


class Last(nn.Module):
    def __init__(self, recurrent: Any) -> None:
        super().__init__()
        self.recurrent = recurrent

    def forward(self, x: Any) -> Any:
        return self.recurrent(x.transpose(0, 1))[0][-1]


def _shaped(model: Any, vector: Any) -> Any:
    parts = vector.split([p.numel() for p in model.parameters()])
    named = zip(model.named_parameters(), parts, strict=True)
    return {name: part.reshape(p.shape) for (name, p), part in named}


def test_batches_that_are_refused() -> None:
    model, loss, x, y = example()
    with pytest.raises(sgdmem.InputError, match="batch_size"):
        batch_sharpness(model, loss, (x, y), None, 10, replacement=False)
