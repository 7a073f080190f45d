"""Methods as transformations of optax, against optax's own and against trajectories."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem.methods import averaged_sgd, heavy_ball, nesterov, schedule, sgd, torch_sgd, trajectory
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

from sgdmem.training import linear_memory, linear_memory_eval_params  # noqa: E402

STEPS = 30
START = {"a": np.array([[1.0, -2.0]]), "b": np.array([0.3])}


@pytest.fixture(autouse=True)
def double_precision() -> Any:
    with jax.enable_x64(True):
        yield


def slope(w: Any) -> Any:
    return jax.tree.map(lambda x: jax.numpy.tanh(2 * x) + 0.1 * jax.numpy.cos(9 * x), w)


def run(transform: Any, steps: int = STEPS, *, compiled: bool = True) -> list[np.ndarray]:
    """Return w in a row after each step."""

    def step(params: Any, state: Any) -> Any:
        updates, state = transform.update(slope(params), state, params)
        return optax.apply_updates(params, updates), state

    advance = jax.jit(step) if compiled else step
    params = jax.tree.map(jax.numpy.asarray, START)
    state, found = transform.init(params), []
    for _ in range(steps):
        params, state = advance(params, state)
        w = linear_memory_eval_params(state, params) if hasattr(state, "shift") else params
        found.append(np.concatenate([np.ravel(x) for x in jax.tree.leaves(w)]))
    return found


def of_trajectory(rule: Any, steps: int = STEPS) -> Any:
    start = np.concatenate([np.ravel(x) for x in START.values()])
    return trajectory(rule, lambda w, step: np.asarray(slope(w)), start, steps)[1:]


def falling(t: Any) -> Any:
    return 1 - 1 / (t + 2)


RULES: list[Any] = [
    nesterov(0.1, 0.9),
    averaged_sgd(0.1, 0.2),
    Algorithm(0.1, (0.2, -0.1), (-0.1, 0.1), ((0.5, 0.3), (-0.2, 0.6)), (0.3, 0.2), 0.01),
    schedule("nesterov", learning_rate=0.1, momentum=falling),
]


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_takes_the_steps_of_trajectory(rule: Any) -> None:
    found = run(linear_memory(rule))
    assert np.abs(np.array(found) - of_trajectory(rule)).max() <= 3e-15


def test_does_the_same_without_compilation_and_in_a_loop_of_compiled_code() -> None:
    transform = linear_memory(RULES[-1], 0.5)
    params = jax.tree.map(jax.numpy.asarray, START)

    def step(carried: Any, _: Any) -> Any:
        params, state = carried
        updates, state = transform.update(slope(params), state)
        return (optax.apply_updates(params, updates), state), None

    (params, state), _ = jax.lax.scan(step, (params, transform.init(params)), length=STEPS)
    w = linear_memory_eval_params(state, params)
    last = np.concatenate([np.ravel(x) for x in jax.tree.leaves(w)])
    assert np.abs(run(transform, compiled=False)[-1] - last).max() <= 1e-15
    assert np.abs(run(transform)[-1] - last).max() <= 1e-15


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (sgd(1), {}),
        (heavy_ball(1, 0.9), {"momentum": 0.9}),
        (torch_sgd(1, 0.9, nesterov=True), {"momentum": 0.9, "nesterov": True}),
    ],
)
def test_takes_the_steps_of_optax(rule: Any, options: dict[str, Any]) -> None:
    rates = optax.exponential_decay(0.1, 10, 0.5)
    found = run(linear_memory(rule, rates), 200)
    assert np.abs(np.array(found) - run(optax.sgd(rates, **options), 200)).max() <= 1e-14


def test_floats_stay_short_and_bad_input_gets_one_line() -> None:
    transform = linear_memory(heavy_ball, 0.1, momentum=0.9)
    w = jax.numpy.ones(3, jax.numpy.bfloat16)
    updates, state = transform.update(w, transform.init(w))
    assert updates.dtype == state.u[0].dtype == jax.numpy.bfloat16
    with pytest.raises(InputError, match="update needs params"):
        linear_memory(RULES[2]).update(w, linear_memory(RULES[2]).init(w))
    with pytest.raises(InputError, match="rule must be"):
        linear_memory(1.0)
