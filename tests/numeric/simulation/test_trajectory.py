"""Trajectories on any loss, with the caller's gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sgdmem import InputError, nesterov, sgd, torch_sgd
from sgdmem.numeric.simulation.trajectory import trajectory

Array = np.ndarray[Any, np.dtype[Any]]


def test_trajectories_by_hand() -> None:
    def gradient(w: Array, step: int) -> Array:
        return np.asarray(np.sin(w) + 0.1 * step)

    w, v, expected = np.array([1.0, -2.0]), np.zeros(2), []
    for t in range(30):
        expected.append(w)
        v = 0.9 * v - 0.1 * gradient(w + 0.9 * v, t)
        w = w + v
    found = trajectory(nesterov("0.1", "0.9"), gradient, expected[0], 30)
    assert found == pytest.approx(np.array([*expected, w]), abs=1e-14)
    assert np.array_equal(trajectory(sgd(1), gradient, [1, -2], 0), [[1, -2]])


def test_trajectories_end_where_floats_do() -> None:
    found = trajectory(sgd(2), lambda w, step: w**3, [3.0], 20)
    assert not np.isfinite(found[-1]).any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gradient": 1}, "gradient must be a function"),
        ({"gradient": lambda w, step: w[:1]}, r"gradient must return shape \(2,\), got \(1,\)"),
        ({"gradient": lambda w, step: "x"}, "gradient must return numbers, got 'x' at step 0"),
        ({"gradient": lambda w, step: ["a", 0]}, "gradient must return numbers"),
        ({"w0": 1.0}, "w0 must be a vector"),
        ({"w0": []}, "w0 must be a vector"),
        ({"w0": [1j, 0]}, "w0 must be real"),
        ({"w0": [math.nan, 0]}, "w0 must be finite"),
        ({"u0": [1, 2]}, r"u0 must have shape \(1, 2\)"),
        ({"steps": None}, "steps must be an integer"),
    ],
)
def test_bad_trajectories(changes: dict[str, Any], message: str) -> None:
    given = {"gradient": lambda w, step: w, "w0": [1.0, 2.0], "steps": 3, **changes}
    with pytest.raises(InputError, match=message):
        trajectory(torch_sgd("0.1", "0.9"), **given)
