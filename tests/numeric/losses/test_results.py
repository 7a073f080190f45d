"""What is said of losses is a value: it can be pickled, copied and sent away."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from sgdmem import (
    Noise,
    Problem,
    Spectrum,
    heavy_ball,
    loss_asymptotics,
    sgd,
)
from sgdmem.methods import momentary_stability, propagators

PROBLEM = Problem(Spectrum([1, 0.5, 0.1]), Noise(tau2=-1), [1, 2, 3])
LAW = Problem.power_law(1.5, 0.5)
METHOD = heavy_ball("0.1", "0.5")


@pytest.fixture(params=["pickle", "copy", "deepcopy"])
def copied(request: pytest.FixtureRequest) -> Any:
    if request.param == "pickle":
        return lambda value: pickle.loads(pickle.dumps(value))
    return getattr(copy, request.param)


def test_propagators(copied: Any) -> None:
    found = propagators(METHOD, PROBLEM, 4, 50)
    early = copied(found)  # before anything is computed from it
    expected = found.losses()
    for other in (early, copied(found)):
        assert np.array_equal(other.losses(), expected)
        assert np.array_equal(other.U_prime, found.U_prime)


@pytest.mark.parametrize("problem", [LAW, Problem.power_law(2, 1)])  # with neighbours at zeta = 1
def test_asymptotics(copied: Any, problem: Problem) -> None:
    found = loss_asymptotics(METHOD, problem, 16)
    other = copied(found)
    assert other == found
    times = [10.0, 1e6]
    assert np.array_equal(other.loss(times), found.loss(times))
    assert np.array_equal(other.error(times), found.error(times))
    assert str(other) == str(found)


def test_momentary_stability(copied: Any) -> None:
    found = momentary_stability([sgd("0.1"), sgd(3)], PROBLEM, 8, 100)
    other = copied(found)
    assert other == found
    assert str(other) == str(found)
    assert np.array_equal(other.noise_sums, found.noise_sums)
    first, second = found.verdicts[0], other.verdicts[0]
    assert second.critical_batch_size == first.critical_batch_size
