"""Means and covariances to first order in the rate: against runs, and in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sgdmem.errors import InputError
from sgdmem.numeric.systems.deep_linear.network import DeepLinearNetwork
from sgdmem.numeric.systems.deep_linear.runs import deep_linear_run
from sgdmem.numeric.systems.deep_linear.small_rates import SmallRates, small_rates

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3))
DATA = DeepLinearNetwork.from_data(X, X @ RNG.normal(size=(3, 2)) + RNG.normal(size=(30, 2)), 2, 2)
TWO = DeepLinearNetwork([2, 1], 3, label_variance=0.5)
WIDE = DeepLinearNetwork([2, 1], 2, 3, covariance=[1, 0.5])
ONE_LAYER = DeepLinearNetwork([2, 1], 1)
OTHER: Any = 3
CASES = [
    ("aligned", TWO, TWO.aligned_start([0.2, 0.1])),
    ("random start", WIDE, WIDE.random_start(0.3, seed=1)),
    ("data", DATA, DATA.random_start(0.3, seed=2)),
]


@pytest.mark.parametrize(("network", "start"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
@pytest.mark.slow
def test_runs(network: DeepLinearNetwork, start: list[np.ndarray]) -> None:
    """Each rate errs by as much times the rate: what is left is extrapolated away."""
    times, B, R = [0.5, 1.0, 1.5], 6, 30_000
    exact = small_rates(network, start, B, times)
    repeated = [np.repeat(W, R, axis=0) for W in start]
    means, errors, variances, apart = [], [], [], []
    for rate in (0.02, 0.01):
        record = [round(t / rate) for t in times]
        run = deep_linear_run(network, repeated, rate, B, record[-1], record=record, seed=3)
        s = run.strengths
        means.append((s.mean(axis=1) - exact.flow) / rate)
        errors.append(s.std(axis=1) / math.sqrt(R) / rate)
        variances.append(s.var(axis=1) / rate)
        products = run.products.reshape(len(times), R, -1)
        apart.append((products.var(axis=1).sum(-1) - s.var(axis=1).sum(-1)) / rate)
    left = 2 * means[1] - means[0] - exact.finite_steps - exact.noise
    assert (np.abs(left / np.hypot(2 * errors[1], errors[0])) < 4).all()
    assert (np.abs(exact.noise) > 4 * errors[1]).any()
    found = np.einsum("tkk->tk", exact.covariances)
    assert 2 * variances[1] - variances[0] == pytest.approx(found, rel=0.1, abs=0.01)
    assert 2 * apart[1] - apart[0] == pytest.approx(exact.misalignment, rel=0.1, abs=0.01)


def alone(depth: int, batch_size: float, times: list[float]) -> SmallRates:
    network = DeepLinearNetwork([2], depth)
    return small_rates(network, network.aligned_start(0.1), batch_size, times)


@pytest.mark.parametrize("depth", [2, 3])
def test_one_mode_lags_by_the_logarithm_of_its_speed(depth: int) -> None:
    found = alone(depth, math.inf, [0.5, 1.0, 2.0])
    s = found.flow[:, 0]
    speed = depth * s ** (2 - 2 / depth) * (2 - s)
    per_layer = s ** (1 - 1 / depth) * (2 - s)
    first = 0.1 ** (1 - 1 / depth) * 1.9
    assert found.finite_steps[:, 0] == pytest.approx(
        -speed / 2 * np.log(per_layer / first), rel=1e-4
    )
    assert not found.noise.any() and not found.covariances.any()


def test_other_modes_only_move_the_mean() -> None:
    """Variances along a mode are its own to first order; what noise adds is 8% to 10% more."""
    times = [0.5, 1.0]
    one = alone(2, 4, times)
    network = DeepLinearNetwork([2, 0.5], 2)
    both = small_rates(network, network.aligned_start(0.1), 4, times)
    begin = small_rates(network, network.aligned_start(0.1), 4, [0])
    assert begin.flow == pytest.approx(0.1) and not begin.noise.any()
    assert both.covariances[:, 0, 0] == pytest.approx(one.covariances[:, 0, 0], rel=1e-4)
    assert both.covariances[:, 0, 1] == pytest.approx([0, 0])
    assert (both.noise[:, 0] / one.noise[:, 0] > 1.07).all()
    assert (both.misalignment > 0.01).all() and not one.misalignment.any()


def test_bad_input() -> None:
    with pytest.raises(InputError, match="times must be increasing"):
        small_rates(TWO, TWO.aligned_start(0.1), 4, [2, 1])
    with pytest.raises(InputError, match="start must be of one run"):
        small_rates(TWO, TWO.aligned_start(0.1, 3), 4, [1])
    with pytest.raises(InputError, match="network must have two layers or more"):
        small_rates(ONE_LAYER, ONE_LAYER.aligned_start(0.1), 4, [1])
    with pytest.raises(InputError, match="network must be a DeepLinearNetwork, got 3"):
        small_rates(OTHER, TWO.aligned_start(0.1), 4, [1])
    with pytest.raises(InputError, match=r"times must be up to .* from weights as large as these"):
        small_rates(TWO, TWO.random_start(1e3), 4, [1])
    wide = DeepLinearNetwork([2, 1], 3, 20)
    with pytest.raises(InputError, match="network must have at most 400 weights, got 480"):
        small_rates(wide, wide.aligned_start(0.1), 4, [1])
