"""The targets of an evaluator against each other, and against exact arithmetic."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

import mpmath
import numpy as np
import pytest
import sympy

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.exported_code.evaluator import Evaluator, evaluator
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.families_by_name import USUAL_FAMILIES
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
from tests import draws, naive

MEMORIES = [  # compiling takes half a minute for the largest
    pytest.param(memory, marks=pytest.mark.slow if memory <= 3 else pytest.mark.exhaustive)
    for memory in range(9)
]


@lru_cache
def recurrences(memory: int) -> Evaluator:
    """Return the evaluator of all algorithms of a memory, by the coefficients of (8)."""
    p, q = ([f"{x}{i}" for i in range(n)] for x, n in (("p", memory), ("q", memory + 1)))

    def recurrence(**values: Any) -> Algorithm:
        first = [values[name] for name in p]
        return Algorithm.from_recurrence([*first, 1 - sum(first)], [values[x] for x in q])

    return evaluator(recurrence, [*p, *q])


def random_points(memory: int, count: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw algorithms and eigenvalues, most of them stable, some close to the boundary."""
    rows: list[list[float]] = []
    while len(rows) < count:
        alg = draws.random_algorithm(rng, memory)
        p, q = Algorithm(*alg).to_recurrence()
        scale = 10 ** rng.uniform(-3, 0.3)
        rows.append([scale, *map(float, p[:-1]), *map(float, q)])
    names = ["lam", *recurrences(memory).parameters]
    return dict(zip(names, np.array(rows).T, strict=True))


def exact_values(memory: int, points: dict[str, np.ndarray]) -> list[Any]:
    columns = zip(*(column.tolist() for column in points.values()), strict=True)
    return [
        recurrences(memory)(**dict(zip(points, row, strict=True)), target="exact")
        for row in columns
    ]


def compare_targets(memory: int, count: int, rng: np.random.Generator) -> tuple[int, float]:
    """Check every target on random points; return how many are stable, and the largest error."""
    points = random_points(memory, count, rng)
    run = recurrences(memory)
    exact = exact_values(memory, points)
    ball = run(**points, target="ball")
    floats = [run(**points, target=target) for target in ("numba", "numpy")]
    largest = 0.0
    for i, value in enumerate(exact):
        if math.isinf(value):
            # nearly every point is farther from the boundary than rounding reaches
            assert ball.mid[i] == math.inf or math.isnan(ball.mid[i])
            continue
        if math.isnan(ball.mid[i]):
            continue
        assert abs(Fraction(ball.mid[i]) - value) <= Fraction(ball.rad[i])
        for found in floats:
            error = abs(Fraction(float(found[i])) - value)
            assert error <= 2 * Fraction(ball.rad[i])
            largest = max(largest, float(error / value) / max(1e-16, ball.rad[i] / ball.mid[i]))
    for i in range(0, count, 50):
        point = {name: float(column[i]) for name, column in points.items()}
        found = run(**point, target="mpmath", digits=60)
        if math.isinf(exact[i]):
            assert found == mpmath.inf
        else:
            with mpmath.workdps(60):
                expected = mpmath.mpf(exact[i].numerator) / exact[i].denominator
                assert abs(found / expected - 1) < mpmath.mpf(10) ** -30
    undecided = int(np.isnan(ball.mid).sum())
    assert undecided <= count // 10
    return sum(not math.isinf(value) for value in exact), largest


@pytest.mark.parametrize("memory", range(4))
def test_parity(memory: int, rng: np.random.Generator) -> None:
    stable, _ = compare_targets(memory, 100, rng)
    assert stable > 30


@pytest.mark.parametrize("memory", MEMORIES)
def test_parity_on_many_points(memory: int, rng: np.random.Generator) -> None:
    """With all memories, the exhaustive ones included, 10,000 points."""
    stable, _ = compare_targets(memory, 1112, rng)
    assert stable > 250


@pytest.mark.parametrize("memory", [0, 1, 2, 3, pytest.param(8, marks=pytest.mark.exhaustive)])
def test_exact_values_are_those_of_the_oracle(memory: int, rng: np.random.Generator) -> None:
    names = recurrences(memory).parameters
    for _ in range(20):
        alg = draws.random_algorithm(rng, memory, numbers="fraction")._replace(a=[0] * memory)
        lam = Fraction(int(rng.integers(1, 30)), 20)
        p, q = Algorithm(*alg).to_recurrence()
        values = dict(zip(names, [*p[:-1], *q], strict=True))
        found = recurrences(memory)(lam, target="exact", **values)
        schur = naive.is_schur(alg, lam)
        assert found == (naive.noise_summand_exact(alg, lam) if schur else math.inf)


@pytest.mark.parametrize("name", USUAL_FAMILIES)
def test_named_families(name: str, rng: np.random.Generator) -> None:
    """Also those whose gradients are taken elsewhere (a != 0)."""
    run = evaluator(name)
    for _ in range(20):
        values: dict[str, Any] = {
            key: Fraction(int(rng.integers(1, 19)), 20) for key in run.parameters
        }
        lam = Fraction(int(rng.integers(1, 40)), 10)
        expected = USUAL_FAMILIES[name](**values).noise_summand(lam)
        found = run(lam, target="exact", **values)
        assert found == expected or math.isinf(found)
        assert run(float(lam), **values) == pytest.approx(float(found), rel=1e-12)


def test_arrays_are_broadcast() -> None:
    run = evaluator("heavy-ball")
    found = run([[1], [2]], learning_rate=0.1, momentum=[0, 0.5, 0.9])
    assert found.shape == (2, 3)
    expected = heavy_ball(0.1, 0.5).noise_summand(2)
    assert found[1, 1] == pytest.approx(float(expected), rel=1e-15)
    assert isinstance(run(1, learning_rate=0.1, momentum=0), float)


@pytest.mark.parametrize("target", ["numba", "numpy"])
def test_numbers_that_are_no_numbers(target: Any) -> None:
    run = evaluator("heavy-ball")
    found = run(1.0, learning_rate=[np.nan, np.inf, -1.0, 0.0, 4.0], momentum=0.5, target=target)
    assert math.isnan(found[0])
    assert math.isnan(found[1]) or math.isinf(found[1])
    assert np.isinf(found[2:4]).all()
    assert found[4] == math.inf or math.isnan(found[4])


def test_a_ball_near_the_boundary_is_undecided() -> None:
    run = evaluator("sgd")
    found = run(2, target="ball", learning_rate=Ball(np.array([1.0]), np.array([1e-9])))
    assert np.isnan(found.mid)
    assert np.isinf(found.rad)
    assert run(2, target="ball", learning_rate=2).mid == math.inf
    assert run(2, target="exact", learning_rate=1) == math.inf  # on the boundary itself


def test_the_compiled_function_is_usable_elsewhere() -> None:
    run = evaluator("heavy-ball")
    assert run.scalar(1.0, 0.1, 0.9) == run(1.0, learning_rate=0.1, momentum=0.9)
    assert "def summand(v_lam, v_learning_rate, v_momentum)" in run.source()


@pytest.mark.slow
def test_calls_need_no_numba() -> None:
    code = (
        "import sys; from sgdmem.methods import evaluator; "
        "print(evaluator('heavy-ball')(1, learning_rate=0.1, momentum=0.9), 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[1] == "False"


def test_values_at_which_a_family_is_another_algorithm() -> None:
    run = evaluator("torch-sgd", ["learning_rate", "momentum", "dampening"])
    with pytest.raises(InputError, match="torch-sgd is another algorithm at momentum=0"):
        run(1, learning_rate=0.1, momentum=[0, 0.5], dampening=0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evaluator("heavy"), "unknown algorithm 'heavy'"),
        (lambda: evaluator("heavy-ball", momenta=1), "unknown parameter 'momenta'"),
        (lambda: evaluator(lambda rate: heavy_ball(rate, max(rate, 0))), "does not take symbols"),
        (lambda: evaluator(lambda rate: rate), "what <lambda> returns must be an Algorithm"),
        (lambda: evaluator("sgd")(1), "sgd needs a value for learning_rate"),
        (lambda: evaluator("sgd")(1, rate=1), "unknown parameter 'rate' of sgd"),
        (lambda: evaluator("sgd")(0, learning_rate=1), "lam must be positive"),
        (lambda: evaluator("sgd")([1, np.nan], learning_rate=1), "lam must be positive"),
        (lambda: evaluator("sgd")(1, learning_rate="a"), "learning_rate must be a number"),
        (lambda: evaluator("sgd")([1, 2], learning_rate=[1, 2, 3]), "cannot be broadcast"),
        (
            lambda: evaluator("sgd")(1, learning_rate=1, target=cast(Any, "c")),
            "target must be one of",
        ),
        (lambda: evaluator("sgd")(sympy.sqrt(2), learning_rate=1, target="exact"), "rational"),
    ],
)
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
