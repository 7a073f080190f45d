"""Transformations of optax against their real steps, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem.errors import InputError
from sgdmem.methods import trajectory

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
from sgdmem.training import from_optimizer  # noqa: E402

STEPS, SIZE = 200, 5
_A = np.random.default_rng(1).standard_normal((SIZE, SIZE)) / 3
_NOISE = np.random.default_rng(3).standard_normal((STEPS, SIZE))
START = np.random.default_rng(2).standard_normal(SIZE)


def gradient(w: Any, step: int) -> Any:
    return _A.T @ np.tanh(_A @ w) + 0.2 * w + 0.3 * _NOISE[step] * (1 + np.sin(w))


def real(transformation: Any) -> Any:
    """Return the points of real steps in double precision."""
    with jax.enable_x64(True):
        update = jax.jit(transformation.update)
        state, points = transformation.init(jax.numpy.asarray(START)), [START]
        for t in range(STEPS):
            change, state = update(gradient(points[-1], t), state, points[-1])
            points.append(points[-1] + np.asarray(change))
    return np.array(points)


def cosine() -> Any:
    return optax.cosine_decay_schedule(0.1, 150)


def chain(*parts: Any) -> Any:
    return optax.chain(*parts, optax.scale(-0.05))


CASES: dict[str, tuple[Any, int]] = {
    "sgd": (optax.sgd(0.1), 0),
    "momentum": (optax.sgd(0.1, 0.9), 1),
    "nesterov": (optax.sgd(0.1, 0.9, nesterov=True), 1),
    "optimistic": (optax.optimistic_gradient_descent(0.1, 1.0, 0.5), 1),
    "two traces": (chain(optax.trace(0.8), optax.trace(0.5)), 2),
    "equal traces": (chain(optax.trace(0.6), optax.trace(0.6)), 2),
    "three": (chain(optax.trace(0.7), optax.trace(0.3, nesterov=True), optax.trace(-0.5)), 3),
    "slow": (chain(optax.ema(0.999, debias=False)), 1),
    "debiased": (chain(optax.ema(0.9)), 1),
    "optimistic trace": (
        chain(optax.scale_by_optimistic_gradient(1.0, 1.0), optax.trace(0.8)),
        1,
    ),
    "schedule after": (optax.sgd(cosine(), 0.9), 1),
    "schedule before": (optax.chain(optax.scale_by_schedule(cosine()), chain(optax.trace(0.9))), 1),
    "schedule alone": (optax.sgd(cosine()), 0),
    "warm-up from 0": (optax.sgd(optax.warmup_cosine_decay_schedule(0, 0.1, 20, 150), 0.9), 1),
    "stairs": (optax.sgd(optax.piecewise_constant_schedule(0.1, {30: 0.5, 60: 0.1}), 0.5), 1),
    "decay": (optax.chain(optax.add_decayed_weights(0.03), optax.sgd(0.1, 0.9)), 1),
    "decay alone": (optax.chain(optax.add_decayed_weights(0.03), optax.sgd(cosine())), 0),
    "decoupled": (chain(optax.trace(0.9), optax.add_decayed_weights(0.03)), 1),
    "decoupled by schedule": (
        optax.chain(
            optax.trace(0.9), optax.add_decayed_weights(0.3), optax.scale_by_learning_rate(cosine())
        ),
        1,
    ),
    "both": (
        optax.chain(
            optax.add_decayed_weights(0.02), optax.trace(0.9), chain(optax.add_decayed_weights(0.3))
        ),
        1,
    ),
    "every second": (optax.chain(optax.apply_every(2), optax.sgd(0.1)), 1),
    "injected": (optax.inject_hyperparams(optax.sgd)(0.1, momentum=0.9), 1),
    "nothing": (optax.set_to_zero(), 0),
}  # fmt: skip


ESSENTIAL = {"optimistic", "three", "schedule before", "decoupled by schedule", "both"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(x, marks=[] if x in ESSENTIAL else [pytest.mark.exhaustive]) for x in CASES],
)
def test_transformations_make_the_real_steps(name: str) -> None:
    transformation, memory = CASES[name]
    read = from_optimizer(transformation, steps=STEPS)
    assert read.method.memory == memory

    def decayed(w: Any, t: int) -> Any:
        return gradient(w, t) + read.weight_decay * w

    points = real(transformation)
    assert abs(points - trajectory(read.method, decayed, START, STEPS)).max() <= 1e-13
    assert all(entry.startswith("it was read") for entry in read.notes)


def test_known_methods_are_recognised_by_what_they_do() -> None:
    found = from_optimizer(CASES["nesterov"][0]).method
    expected = sgdmem.torch_sgd(0.1, 0.9, nesterov=True)
    for lam in (0.1, 1.0, 5.0):
        assert found.noise_summand(lam) == pytest.approx(expected.noise_summand(lam), rel=1e-12)
    read = from_optimizer(CASES["both"][0])
    assert read.weight_decay == pytest.approx(0.02) and read.method.shrink == pytest.approx(0.015)


def test_without_steps_a_schedule_is_what_it_is_after_the_burn_in() -> None:
    read = from_optimizer(CASES["schedule after"][0])
    rate = 0.05 * (1 + np.cos(np.pi * 32 / 150))
    assert float(read.method.alpha) == pytest.approx(rate, rel=1e-12)
    assert "its rate changes from step to step: this is step 32" in str(read)
    assert "its first steps are others" in str(from_optimizer(CASES["optimistic"][0]))
    assert str(from_optimizer(CASES["momentum"][0])).startswith("optax: trace, scale: ")


REFUSALS: dict[str, tuple[Any, str]] = {
    "norm": (
        optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1)),
        "optax: clip_by_global_norm, identity, scale cannot be read as a linear method: twice the "
        "gradient does not give twice the step; leave clipping out to ask about steps that it does "
        "not change",
    ),
    "clip": (optax.chain(optax.clip(1e6), optax.sgd(0.1)), "a much larger gradient does not give"),
    "adam": (optax.adam(0.1), "ask about torch.optim.AdamW, RMSprop or Adagrad, whose sizes of gr"),
    "adagrad": (optax.adagrad(0.1), "twice the gradient does not give twice the step"),
    "lion": (optax.lion(0.1), "scale_by_lion, add_decayed_weights, scale cannot be read"),
    "sign": (optax.sign_sgd(0.1), "scale_by_sign, scale cannot be read as a linear method"),
    "norms": (optax.chain(optax.normalize_by_update_norm(), optax.scale(-1)), "twice the gradient"),
    "centred": (optax.chain(optax.centralize(), optax.sgd(0.1)), "depends on the gradients of oth"),
    "noise": (optax.noisy_sgd(0.1, key=0), "it moves where all gradients are 0; leave the noise"),
    "masked": (optax.masked(optax.trace(0.9), {"a": True}), "its step fails on plain arrays"),
    "by shape": (
        optax.chain(
            optax.masked(optax.trace(0.9), lambda p: jax.tree.map(lambda x: x.ndim > 1, p)),
            optax.scale(-1.0),
        ),
        "weights with the same gradients make different steps; ask about the transformation inside",
    ),
    "momentum": (
        optax.inject_hyperparams(optax.sgd)(0.1, momentum=optax.linear_schedule(0.1, 0.9, 50)),
        "what it remembers changes from step to step",
    ),
    "line search": (optax.lbfgs(), "its step fails on plain arrays"),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(x, marks=[] if x in {"norm", "adam", "by shape"} else [pytest.mark.exhaustive])
        for x in REFUSALS
    ],
)
def test_refusals(name: str) -> None:
    transformation, message = REFUSALS[name]
    with pytest.raises(InputError) as caught:
        from_optimizer(transformation)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_averages_that_keep_their_start_are_refused() -> None:
    import optax.contrib

    with pytest.raises(InputError, match="it keeps the weights that it began with; ask about sch"):
        from_optimizer(optax.contrib.schedule_free_sgd(0.1))


def test_bad_calls() -> None:
    with pytest.raises(InputError, match="scheduler must be left out for optax"):
        from_optimizer(optax.sgd(0.1), object())
    with pytest.raises(InputError, match="steps must be at most 10,000 for optax: identity, scale"):
        from_optimizer(optax.sgd(0.1), steps=20_000)
