"""Deep linear networks: real steps against torch, exact noise against batches, modes by theory."""

from __future__ import annotations

import math
from itertools import islice
from typing import Any

import numpy as np
import pytest

from sgdmem.errors import InputError
from sgdmem.systems import DeepLinearNetwork, DeepLinearRun, deep_linear_run

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)) * [2, 1, 0.5]
Y = X @ RNG.normal(size=(3, 2)) + 0.3 * RNG.normal(size=(40, 2))
TILTED = DeepLinearNetwork(
    RNG.normal(size=(2, 3)), 3, [4, 5], covariance=np.cov(X.T), label_variance=0.4
)
USUAL: dict[str, Any] = {"target": [2, 1], "depth": 2}
OF_DATA = DeepLinearNetwork.from_data(X, Y, 3, [4, 5])


@pytest.mark.parametrize("network", [TILTED, OF_DATA], ids=["Gaussian", "data"])
@pytest.mark.parametrize("batch_size", [1, 7, math.inf])
def test_steps_are_those_of_torch(network: DeepLinearNetwork, batch_size: float) -> None:
    torch = pytest.importorskip("torch")
    if batch_size == math.inf and network.rows is None:
        pytest.skip("torch has no expectations")
    start = network.random_start(0.5, 2, seed=3)
    ours = deep_linear_run(network, start, 0.02, batch_size, 30, record=[1, 30], seed=5)
    if batch_size == math.inf:
        batches: Any = [(np.stack([X, X]), np.stack([Y, Y]))] * 30
    else:
        batches = islice(network.batches(batch_size, 2, seed=5), 30)
    models = []
    for run in range(2):
        layers = [
            torch.nn.Linear(W.shape[2], W.shape[1], bias=False, dtype=torch.float64) for W in start
        ]
        for layer, W in zip(layers, start, strict=True):
            layer.weight.data = torch.tensor(W[run])
        model = torch.nn.Sequential(*layers)
        models.append((model, torch.optim.SGD(model.parameters(), lr=0.02)))
    for x, y in batches:
        for run, (model, optimizer) in enumerate(models):
            optimizer.zero_grad()
            residuals = model(torch.tensor(x[run])) - torch.tensor(y[run])
            (residuals**2).sum(1).mean().div(2).backward()
            optimizer.step()
    for run, (model, _) in enumerate(models):
        for layer, W in zip(model, ours.weights, strict=True):
            assert layer.weight.detach().numpy() == pytest.approx(W[-1, run], rel=1e-10)


@pytest.mark.parametrize("network", [TILTED, OF_DATA], ids=["Gaussian", "data"])
def test_noise_of_modes_is_that_of_batches(network: DeepLinearNetwork) -> None:
    R, rate, B = 12_000, 1e-7, 3
    start = [np.repeat(W, R, axis=0) for W in network.random_start(0.7, seed=2)]
    run = deep_linear_run(network, start, rate, B, 1, record=[0, 1], seed=1)
    moved = (run.strengths[1] - run.strengths[0]) / rate
    exact = run.diffusions[0, 0] ** 2 / rate
    assert moved.var(axis=0) == pytest.approx(exact, rel=0.07)
    x, y = next(iter(network.batches(B, R, seed=4)))
    G = np.swapaxes(x @ np.swapaxes(run.products[0], 1, 2) - y, 1, 2) @ x / B
    along = np.einsum("ia,rij,ja->ra", network.left, G, network.right)
    assert along.var(axis=0) == pytest.approx(run.gradient_variances[0, 0], rel=0.07)


def test_aligned_layers_have_the_noise_of_single_modes() -> None:
    rates = {"covariance": [1, 2, 0.5], "label_variance": 0.3}
    for depth in (1, 2, 3, 5):
        network = DeepLinearNetwork([3, 2, 1], depth, 4 if depth > 1 else None, **rates)
        s = np.array([0.7, 2.5, 0.1])
        start = network.aligned_start(s)
        run = deep_linear_run(network, start, 0.02, 6, 0)
        assert run.strengths[0, 0] == pytest.approx(s)
        assert run.alignment_defects.max() < 1e-7 and run.balance_defects.max() < 1e-14
        lam, gap = network.eigenvalues, s - network.target_strengths
        D = (2 * lam**2 * gap**2 + 0.3 * lam) / 6
        assert run.gradient_variances[0, 0] == pytest.approx(D)
        theory = depth * s ** (2 - 2 / depth) * np.sqrt(0.02 * D)
        assert run.diffusions[0, 0] == pytest.approx(theory)


def test_one_mode_stays_one_number() -> None:
    """Wide layers between one input and one output go on as layers of one neuron do."""
    wide, narrow = (DeepLinearNetwork([2], 3, hidden, label_variance=1) for hidden in (7, 1))
    runs = [deep_linear_run(n, n.aligned_start(0.1, 5), 0.01, 4, 200) for n in (wide, narrow)]
    assert runs[0].strengths == pytest.approx(runs[1].strengths)
    assert runs[0].balance_defects.max() < 1e-12
    assert runs[0].strengths[-1].std() > 0.01


def test_gradient_descent_lowers_the_loss_to_least_squares() -> None:
    run = deep_linear_run(OF_DATA, OF_DATA.random_start(0.5, 3), 0.02, math.inf, 3000)
    assert (np.diff(run.losses, axis=0) < 1e-12).all() and run.losses[-1].max() < 1e-9
    assert run.products[-1] == pytest.approx(np.stack([OF_DATA.target] * 3), abs=1e-4)
    assert run.singular_values[-1, 0] == pytest.approx(OF_DATA.target_strengths, rel=1e-3)
    assert str(OF_DATA).startswith("depth 3, widths 3-4-5-2; 40 rows of data")


def test_losses_are_those_of_batches() -> None:
    run = deep_linear_run(TILTED, TILTED.random_start(0.7), 0.01, 1, 0)
    x, y = next(iter(TILTED.batches(200_000)))
    measured = ((x[0] @ run.products[0, 0].T - y[0]) ** 2).sum(1).mean() / 2
    assert measured == pytest.approx(run.losses[0, 0] + 2 * 0.4 / 2, rel=0.02)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target": [[]]}, "target must be a matrix"),
        ({"depth": 0}, "depth must be"),
        ({"hidden": [2, 2]}, "hidden must be a width or 1 of them"),
        ({"covariance": [1, -1]}, "covariance must be a positive number or 2"),
        ({"covariance": [[1, 0], [1, 1]]}, "covariance must be symmetric"),
        ({"covariance": [[1, 2], [2, 1]]}, "covariance must be positive definite"),
        ({"label_variance": -1}, "label_variance must be 0 or positive"),
    ],
)
def test_bad_networks(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DeepLinearNetwork(**dict(USUAL, **given))


def test_bad_runs() -> None:
    network = DeepLinearNetwork([2, 1], 2)
    start = network.random_start(0.1)

    def run(**given: Any) -> DeepLinearRun:
        usual: dict[str, Any] = {"start": start, "learning_rate": 0.1, "batch_size": 1, "steps": 5}
        return deep_linear_run(network, **{**usual, **given})

    cases: list[tuple[dict[str, Any], str]] = [
        ({"start": start[:1]}, r"start must be 2 arrays of shapes \(R, 2, 2\) and"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"record": [3, 1]}, "record must be increasing"),
        ({"record": [6]}, "record must be"),
        ({"learning_rate": 9, "steps": 60}, "learning_rate must be small enough: with 9, 1 of 1"),
    ]
    for given, message in cases:
        with pytest.raises(InputError, match=message):
            run(**given)
    with pytest.raises(InputError, match="strengths must be 2 numbers"):
        network.aligned_start([1])
    with pytest.raises(InputError, match="hidden must be at least 2"):
        DeepLinearNetwork([2, 1], 2, 1).aligned_start(1)
    with pytest.raises(InputError, match="X and y must have as many rows"):
        DeepLinearNetwork.from_data(X, Y[:3], 2)
