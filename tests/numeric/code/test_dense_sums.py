"""Noise sums of a family in plain floats, against the summands and single verdicts."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import InputError, Spectrum, stability
from sgdmem.methods import evaluator
from sgdmem.symbolic.algorithms.named import FAMILIES, heavy_ball
from tests.numeric.code.test_evaluator import random_points, recurrences

EIGENVALUES = np.array([1.0, 0.7, 0.7, 0.3, 0.02, 1e-4, 1e-7])


@pytest.mark.parametrize(
    "memory", [0, 1, 2, 3, 4, *(pytest.param(m, marks=pytest.mark.slow) for m in (5, 6, 7, 8))]
)
def test_sums_are_sums_of_summands(memory: int, rng: np.random.Generator) -> None:
    points = random_points(memory, 60, rng)
    scale = points.pop("lam")
    run = recurrences(memory)
    for place in range(60):
        values = {name: column[place] for name, column in points.items()}
        lams = EIGENVALUES * scale[place]
        found = run.noise_sums(lams, threads=1, **values)
        each = run(lams, **values, target="ball")
        if np.isnan(each.mid).any():
            continue  # too close to the boundary for floats
        if np.isinf(each.mid).any():
            assert found == math.inf
        else:
            assert abs(found - each.mid.sum()) <= 4 * each.rad.sum() + 1e-13 * found


def test_arrays_are_broadcast_over_threads(rng: np.random.Generator) -> None:
    run = evaluator("heavy-ball")
    rates, momenta = rng.uniform(0.1, 5, (40, 1)), rng.uniform(0, 0.95, 30)
    sums = run.noise_sums(EIGENVALUES, learning_rate=rates, momentum=momenta)
    assert sums.shape == (40, 30)
    alone = run.noise_sums(EIGENVALUES, learning_rate=rates, momentum=momenta, threads=1)
    assert np.array_equal(sums, alone)
    verdict = stability(heavy_ball(Fraction(rates[3, 0]), Fraction(momenta[5])),
                        Spectrum(EIGENVALUES), 1)  # fmt: skip
    assert sums[3, 5] == pytest.approx(verdict.noise_sum, rel=1e-13)


@pytest.mark.parametrize("name", FAMILIES)
def test_named_families(name: str) -> None:
    run = evaluator(name)
    values: dict[str, Any] = {key: 0.25 + 0.05 * k for k, key in enumerate(run.parameters)}
    spectrum = Spectrum(EIGENVALUES)
    exact = [run(float(lam), target="exact", **values) for lam in EIGENVALUES]
    assert run.noise_sums(spectrum, **values) == pytest.approx(float(sum(exact)), rel=1e-13)


EXTREME = {
    "sgd": {"learning_rate": [1e-40, 1e-29, 1e-3, 1.5, 2 - 2**-10]},
    "heavy-ball": {
        "learning_rate": [1e-40, 1e-29, 0.1, 3.5 - 2**-10],
        "momentum": [0.75],
    },
    # the leading coefficient of the denominator vanishes with the momentum
    "qhm": {
        "learning_rate": [1e-25, 0.1, 1.5],
        "momentum": [0.0, 1e-200, 1e-70, 1e-30, 0.5],
        "nu": [1e-20, 0.7],
    },
}


@pytest.mark.parametrize("name", EXTREME)
@pytest.mark.parametrize("size", [1, 7, 4999])
def test_poles_far_and_near(name: str, size: int) -> None:
    run = evaluator(name)
    eigenvalues = np.arange(1.0, size + 1) ** -1.5
    grid = np.meshgrid(*EXTREME[name].values(), indexing="ij")
    points: dict[str, Any] = dict(zip(EXTREME[name], (axis.ravel() for axis in grid), strict=True))
    found = run.noise_sums(eigenvalues, **points)
    for place, total in enumerate(found):
        values = {key: column[place] for key, column in points.items()}
        each = [float(run(float(lam), target="exact", **values)) for lam in eigenvalues[:20]]
        each += list(run(eigenvalues[20:], **values)) if size > 20 else []
        assert total == pytest.approx(math.fsum(each), rel=1e-12)


@pytest.mark.parametrize("memory", [1, 2])
def test_no_number_stays_none(memory: int, rng: np.random.Generator) -> None:
    points: dict[str, Any] = random_points(memory, 5, rng)
    points.pop("lam")
    values: dict[str, Any] = {name: np.full(3, column[0]) for name, column in points.items()}
    values["q0"] = np.array([math.nan, math.inf, 1e200])
    found = recurrences(memory).noise_sums([1.0, 0.5], **values)
    assert not (found < math.inf).any()
    assert math.isnan(found[0])


def test_multiplicities_count() -> None:
    run = evaluator("sgd")
    twice = run.noise_sums(Spectrum([1, 0.5], weights=[2, 3]), learning_rate=0.5)
    assert twice == pytest.approx(2 * run(1, learning_rate=0.5) + 3 * run(0.5, learning_rate=0.5))


@pytest.mark.parametrize(
    ("spectrum", "changes", "message"),
    [
        ([1, -1], {}, "eigenvalues"),
        ([], {}, "must not be empty"),
        ([1], {"threads": 0}, "threads must be a positive integer, got 0"),
        ([1], {"threads": 1.5}, "threads must be a positive integer"),
        ([1], {"momentum": 0.5}, "unknown parameter 'momentum'"),
        ([1], {"learning_rate": "fast"}, "learning_rate must be a number"),
    ],
)
def test_bad_input(spectrum: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluator("sgd").noise_sums(spectrum, **{"learning_rate": 0.5, **changes})


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(InputError, match=r"learning_rate \(2,\), momentum \(3,\)"):
        evaluator("heavy-ball").noise_sums([1], learning_rate=[1, 2], momentum=[0, 0.1, 0.2])
