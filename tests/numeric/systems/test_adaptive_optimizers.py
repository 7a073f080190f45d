"""torch's own optimizers on the constructed problem, in double precision."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem.numeric.theorems.adaptive_methods.ends import ray_rates
from sgdmem.systems import adaptive_problem, adaptive_run, small_rate_solution

torch = pytest.importorskip("torch")
optim = torch.optim
PROBLEM = adaptive_problem([1, -1, 1, 1, -1, 1, 1])
TINY = 1e-300


def trained(optimizer: Any, rates: Any, problem: Any = PROBLEM, **options: Any) -> Any:
    """Return all iterates of an optimizer, from 0."""
    X = torch.tensor(problem.X, dtype=torch.float64)
    y = torch.tensor(problem.y, dtype=torch.float64)
    w = torch.zeros(X.shape[1], dtype=torch.float64, requires_grad=True)
    method = optimizer([w], lr=rates[0], **options)
    points = [w.detach().numpy().copy()]
    for rate in rates:
        method.param_groups[0]["lr"] = rate
        method.zero_grad()
        (0.5 * ((X @ w - y) ** 2).mean()).backward()
        method.step()
        points.append(w.detach().numpy().copy())
    return np.array(points)


def away(points: Any) -> float:
    """Return the largest distance from the line of signs, relative to the longest iterate."""
    s = np.sign(PROBLEM.transposed(PROBLEM.y))
    along = np.outer(points @ s, s) / (s @ s)
    return float(np.abs(points - along).max() / np.abs(points).max())


@pytest.mark.parametrize(
    ("optimizer", "rates", "options"),
    [
        (optim.Adagrad, [0.1] * 300, {}),
        (optim.Adagrad, ray_rates("adagrad", PROBLEM), {}),
        (optim.RMSprop, ray_rates("rmsprop", PROBLEM), {"alpha": 0.9}),
        (optim.Adam, ray_rates("adam", PROBLEM), {"betas": (0.5, 0.9)}),
    ],
)
def test_they_end_at_signs(optimizer: Any, rates: Any, options: Any) -> None:
    signs = PROBLEM.sign_solution()
    assert signs is not None
    points = trained(optimizer, rates, eps=TINY, **options)
    assert np.abs(points[-1] - signs.astype(float)).max() < 1e-12
    assert away(points) < 1e-12
    assert {PROBLEM.test_error(w, "0.6") for w in points[1::20]} == {Fraction(2, 5)}


def test_rmsprop_ends_at_signs_where_labels_nearly_balance() -> None:
    """The ray of 9 labels 1 and 8 labels -1 is unstable at larger rates."""
    problem = adaptive_problem([1] * 9 + [-1] * 8)
    signs = problem.sign_solution()
    assert signs is not None
    far = []
    for factor in (1, 5):
        rates = factor * ray_rates("rmsprop", problem)
        end = trained(optim.RMSprop, rates, problem, alpha=0.9, eps=TINY)[-1]
        far.append(np.abs(end - signs.astype(float)).max())
    assert far[0] < 1e-12 < 1e-4 < far[1]


def test_small_rates_where_most_labels_are_not_one() -> None:
    problem = adaptive_problem([1, 1, -1, -1, -1])
    falling = np.append(np.full(800, 5e-4), 5e-4 * np.geomspace(1, 1e-3, 300))
    for optimizer, method, rates, options in (
        (optim.Adagrad, "adagrad", np.full(4000, 0.02), {}),
        (optim.RMSprop, "rmsprop", falling, {"alpha": 0.9}),
        (optim.Adam, "adam", falling, {"betas": (0.5, 0.9)}),
    ):
        end = trained(optimizer, rates, problem, eps=TINY, **options)[-1]
        limit = small_rate_solution(problem, method).astype(float)
        assert np.abs(end - limit)[:3].max() < 0.02


@pytest.mark.parametrize(
    ("optimizer", "method", "options"),
    [
        (optim.Adagrad, "adagrad", {"eps": 1e-3}),
        (optim.RMSprop, "rmsprop", {"alpha": 0.9, "eps": 1e-3}),
        (optim.Adam, "adam", {"betas": (0.8, 0.9), "eps": 1e-3}),
    ],
)
def test_our_steps_are_theirs(optimizer: Any, method: str, options: Any) -> None:
    ours = adaptive_run(PROBLEM, method, [0.001] * 60, epsilon=1e-3, betas=(0.8, 0.9))
    assert trained(optimizer, [0.001] * 60, **options) == pytest.approx(ours, abs=1e-12)


@pytest.mark.parametrize(
    ("optimizer", "options", "stays"),
    [
        (optim.Adam, {"eps": TINY, "amsgrad": True}, True),
        (optim.Adamax, {"eps": TINY}, True),
        (optim.NAdam, {"eps": TINY}, True),
        (optim.AdamW, {"eps": TINY, "weight_decay": 0.1}, True),
        (optim.Rprop, {}, True),
        (optim.Adam, {"eps": TINY, "weight_decay": 0.1}, False),
        (optim.RAdam, {"eps": TINY}, False),  # its first steps are those of momentum
        (optim.SGD, {}, False),
    ],
)
def test_which_others_stay_on_the_ray(optimizer: Any, options: Any, stays: bool) -> None:
    found = away(trained(optimizer, [0.002] * 40, **options))
    assert found < 1e-10 if stays else found > 1e-3


def test_sgd_ends_at_the_least_norm() -> None:
    points = trained(optim.SGD, [0.25] * 2000, momentum=0.5)
    assert np.abs(points[-1] - PROBLEM.minimum_norm().astype(float)).max() < 1e-12
