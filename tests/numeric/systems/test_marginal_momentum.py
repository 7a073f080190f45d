"""SGD with and without momentum: against literal runs, and at the ends of what is allowed."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import pytest

import sgdmem
from sgdmem.numeric.systems.marginal_momentum import (
    averaged_rates,
    endpoint_variances,
    sgdm_and_sgd,
    svag,
)
from sgdmem.symbolic.errors import InputError
from tests.draws import batch_gradients

RUNS = 20_000


@pytest.mark.slow
def test_losses_of_literal_runs() -> None:
    """Definition 3.3 with changing parameters on Gaussian features: 80 z-scores of mean losses."""
    scores = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        λ = np.sort(rng.uniform(0.1, 1, 3))[::-1]
        rates, momenta = rng.uniform(0.02, 0.1, 8), rng.uniform(0, 0.9, 8)
        batch_size = int(rng.integers(2, 7))
        spectrum = sgdmem.Spectrum(list(λ))
        problem = sgdmem.Problem(spectrum, sgdmem.Noise(tau2=-1), target=[1, 1, 1])
        averaged = averaged_rates(rates, momenta)
        for rule, eta, beta in zip(
            sgdm_and_sgd(rates, momenta), (rates, averaged), (momenta, 0 * momenta), strict=True
        ):
            exact = sgdmem.losses(rule, problem, batch_size, 8)
            w, m = np.ones((RUNS, 3)), np.zeros((RUNS, 3))
            for step in range(8):
                X = rng.normal(size=(RUNS, batch_size, 3)) * np.sqrt(λ)
                g = batch_gradients(X, w)
                m = beta[step] * m + (1 - beta[step]) * g
                w = w - eta[step] * m
                if step in (3, 7):
                    loss = (λ * w**2).sum(1) / 2
                    error = loss.std() / math.sqrt(RUNS)
                    scores.append((loss.mean() - exact[step + 1]) / error)
    assert len(scores) == 80
    assert (np.abs(scores) > 3).sum() <= 1, scores
    assert 0.7 < np.std(scores) < 1.3


def test_variances_of_literal_runs() -> None:
    rng = np.random.default_rng(7)
    method = sgdmem.methods.aggmo(0.3, [0.5, 0.8])
    w, v = np.zeros(RUNS), np.zeros((RUNS, 2))
    for _ in range(30):
        v = np.array([0.5, 0.8]) * v - rng.normal(size=(RUNS, 1))
        w = w + 0.3 / 2 * v.sum(axis=1)
    found = endpoint_variances(method, 30, settled=False)
    assert w.var() == pytest.approx(found[-1], rel=5 * math.sqrt(2 / RUNS))


def test_constant_parameters_are_those_of_the_theorem() -> None:
    rates = averaged_rates([0.01] * 2000, 0.9)
    assert rates[0] == pytest.approx(0.01, rel=1e-12)
    assert rates[-1] == pytest.approx(0.001)


def test_svag_of_one_changes_nothing() -> None:
    method = sgdmem.methods.sgdm("0.1", "0.9")
    assert svag(method, 64, 1) == (method, 64.0)


def test_svag_makes_the_verdicts_alike() -> None:
    """The largest rates of SGDM and SGD are far apart at a large batch, and not after SVAG."""
    spectrum = sgdmem.Spectrum([1, 0.5, 0.1])
    apart = []
    for scale in (1, 30):
        scales = []
        for method in (sgdmem.methods.sgdm("0.1", "0.9"), sgdmem.sgd("0.1")):
            changed, batch_size = svag(method, 100, scale)
            scales.append(sgdmem.stability(changed, spectrum, batch_size).critical_scale)
        apart.append(scales[0] / scales[1])
    assert apart[0] > 5 and apart[1] == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: averaged_rates([0.1, 0.2], [0.9]), "momenta must be one, or one for each of"),
        (lambda: averaged_rates([0.1], 1), "momenta must be from 0 to 1"),
        (lambda: averaged_rates(["a"], 0.5), "learning_rates"),
        (lambda: averaged_rates(0.1, 0.5), "learning_rates must be a list"),
        (lambda: averaged_rates([[0.1, 0.2], [0.1, 0.2]], 0.5), "learning_rates must be a list"),
        (lambda: averaged_rates([0.1], 10**400), "momenta must be from 0 to 1"),
        (lambda: svag(cast("Any", "sgd"), 8, 2), "method must be an Algorithm"),
        (lambda: svag(sgdmem.sgd(1), 8, 1e300), "scale must be from"),
        (lambda: endpoint_variances(sgdmem.sgd(1), 1e300), "steps must be an integer from"),
        (lambda: too_many_steps(), "steps must be at most 5, one for each learning rate"),
        (lambda: svag(sgdmem.sgd(1), 8, 0.5), "scale must be at least 1, got 0.5"),
        (lambda: svag(sgdmem.sgd(1), 0, 2), "batch_size must be positive"),
        (lambda: endpoint_variances(sgdmem.heavy_ball(1, 1), 3), "must forget its buffers"),
        (lambda: endpoint_variances(sgdmem.sgd(1), -1), "steps must be"),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def too_many_steps() -> None:
    problem = sgdmem.Problem(sgdmem.Spectrum([1]), target=[1])
    sgdmem.losses(sgdm_and_sgd([0.1] * 5, 0.9)[1], problem, 8, 7)
