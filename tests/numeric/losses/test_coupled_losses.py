"""Mean losses under a coupling between modes, against literal moments and exact fractions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import Noise, Problem, Spectrum, heavy_ball, losses, nesterov, sgd, stability
from sgdmem.methods import propagators, schedule
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from tests import draws, naive

MATRIX = [[2, 0.5, 0], [0, 1, 3], [0.25, 0, 1]]


def exact_losses(
    alg: naive.Raw,
    lams: list[Any],
    c2: list[Any],
    steps: int,
    B: int,
    tau2: Any,
    T: Any,
    label: Any,
) -> list[Fraction]:
    """Return L_0 ... L_steps by powers of the dense second-moment operator in fractions."""
    A = naive.second_moment_operator(alg, lams, B, 1, tau2, T, number=Fraction)
    size = len(alg.b) + 1
    pairs = [(i, j) for i in range(size) for j in range(i, size)]
    v = [-Fraction(alg.alpha), *map(Fraction, alg.c)]
    stirred = np.array(
        [Fraction(label) / B * Fraction(lam) * v[i] * v[j] for lam in lams for i, j in pairs]
    )
    state = np.array([Fraction(c) * (pair == (0, 0)) for c in c2 for pair in pairs])
    found = []
    for _ in range(steps + 1):
        at_w = zip(lams, state[:: len(pairs)], strict=True)
        found.append(sum((Fraction(lam) * m for lam, m in at_w), start=Fraction(0)) / 2)
        state = A @ state + stirred
    return found


def random_method(rng: np.random.Generator, memory: int) -> naive.Raw:
    """Return one without zeros, so that those of a memory share machine code."""
    parts = [rng.uniform(-0.7, 0.7, size) for size in (memory, memory, memory)]
    D = rng.uniform(-0.5, 0.5, (memory, memory)).tolist()
    return naive.Raw(
        rng.uniform(0.1, 0.5), parts[0].tolist(), parts[1].tolist(), D, parts[2].tolist()
    )


@pytest.mark.parametrize(("memory", "shrink"), [(0, 0.25), (1, 0), (2, 0.25)])
def test_losses_are_those_of_literal_moments(
    memory: int, shrink: float, rng: np.random.Generator
) -> None:
    for _ in range(15):
        modes, decay = int(rng.integers(1, 5)), float(rng.choice([0.0, 0.25]))
        alg, lams = random_method(rng, memory), rng.uniform(0.1, 1, modes).tolist()
        c2, label = rng.uniform(0, 2, modes).tolist(), float(rng.choice([0.0, 0.7]))
        T, tau2 = draws.random_coupling(rng, modes)
        noise = Noise.coupled(T, tau2, label_variance=label)
        problem = Problem(Spectrum(lams), noise, target=c2, weight_decay=decay)
        found = losses(replace(Algorithm(*alg), shrink=shrink), problem, 3, 12)
        more = {"label_variance": label, "weight_decay": decay, "shrink": shrink}
        expected = naive.moment_recursion(alg, lams, c2, 12, 3, 0, tau2, T, **more)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_exact_fractions() -> None:
    alg = naive.Raw(Fraction(3, 8), [Fraction(1, 4)], [Fraction(-1, 2)], [[Fraction(1, 2)]], [1])
    lams, c2 = [Fraction(1), Fraction(1, 2), Fraction(1, 8)], [1, 2, 3]
    tau2 = [-1, 1, Fraction(1, 2)]
    problem = Problem(Spectrum(lams), Noise.coupled(MATRIX, tau2, label_variance="0.5"), c2)
    found = losses(Algorithm(*alg), problem, 3, 40)
    expected = exact_losses(alg, lams, c2, 40, 3, tau2, MATRIX, Fraction(1, 2))
    np.testing.assert_allclose(found, np.array(expected, dtype=float), rtol=1e-14)


@pytest.mark.parametrize("method", [sgd("0.2"), heavy_ball("0.1", "0.5"), nesterov("0.1", "0.8")])
def test_one_value_in_every_place_is_tau1(method: Algorithm) -> None:
    spectrum, c2 = Spectrum([1, 0.5, 0.1], weights=[1, 2, 3]), [1.0, 2.0, 0.5]

    def found(noise: Noise) -> Any:
        return losses(method, Problem(spectrum, noise, c2), 4, 300)

    tau2 = [-1, 1, 0.5]
    plain = found(Noise(1.5, tau2, label_variance="0.1"))
    blocks = found(Noise.coupled([(3, 1.5)], tau2, label_variance="0.1"))
    assert (blocks == plain).all()
    matrix = found(Noise.coupled(np.full((3, 3), 1.5), tau2, label_variance="0.1"))
    np.testing.assert_allclose(matrix, plain, rtol=1e-13)
    # at i = j only the difference of T and tau2 matters
    single, own = Spectrum([1, 0.5, 0.1]), np.full((3, 3), 1.5) + np.diag([2.5, 0.5, 1])
    plain, shifted = (
        losses(method, Problem(single, noise, c2), 4, 300)
        for noise in (Noise(1.5, tau2), Noise.coupled(own, [1.5] * 3))
    )
    np.testing.assert_allclose(shifted, plain, rtol=1e-13)


def test_blocks_are_matrices_and_multiplicities_copies() -> None:
    falling = schedule("heavy-ball", learning_rate=lambda t: 0.5 / (t + 2), momentum=0.5)
    spectrum, c2 = Spectrum([1, 0.5, 0.2, 0.1], weights=[1, 2, 1, 1]), [1.0, 2.0, 0.5, 1]
    blocks = Noise.coupled([(2, 2), (1, 0), (1, 3)], tau2=-1, label_variance="0.1")
    dense = [[2, 2, 2, 0, 0], [2, 2, 2, 0, 0], [2, 2, 2, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 3]]
    listed = Spectrum([1, 0.5, 0.5, 0.2, 0.1])
    matrix = Noise.coupled(dense, tau2=-1, label_variance="0.1")
    np.testing.assert_allclose(
        losses(falling, Problem(spectrum, blocks, c2), 4, 200),
        losses(falling, Problem(listed, matrix, [1, 2, 2, 0.5, 1]), 4, 200),
        rtol=1e-13,
    )


@pytest.mark.parametrize("decay", [0, 0.05])
def test_the_loss_tends_to_the_floor_or_grows(decay: float) -> None:
    noise = Noise.coupled(MATRIX, [-1, 1, 0], label_variance="0.3")
    problem = Problem(Spectrum([1, 0.5, 0.1]), noise, [1, 1, 1], weight_decay=decay)
    for method in (sgd("0.1"), nesterov("0.1", "0.8"), replace(sgd("0.1"), shrink="0.01")):
        critical = stability(method, problem, 4).critical_batch_size
        found = losses(method, problem, 1.2 * critical, 20_000)
        floor = stability(method, problem, 1.2 * critical).loss_floor
        assert found[-1] == pytest.approx(floor, rel=1e-10)
        assert losses(method, problem, 0.8 * critical, 20_000)[-1] > 1e3


def test_a_floor_without_tau1(rng: np.random.Generator) -> None:
    """Then no mode hears another, and each rests by itself: sigma^2 s^w / (2 (B + tau2 s))."""
    noise = Noise(0, -1, label_variance="0.3")
    problem = Problem(Spectrum([1, 0.5, 0.1]), noise, [1, 1, 1])
    verdict = stability(nesterov("0.1", "0.8"), problem, 4)
    each = [
        stability(nesterov("0.1", "0.8"), Problem(Spectrum([lam]), noise), 4).loss_floor
        for lam in (1, 0.5, 0.1)
    ]
    assert verdict.loss_floor == pytest.approx(sum(each), rel=1e-14)
    assert losses(nesterov("0.1", "0.8"), problem, 4, 5000)[-1] == pytest.approx(
        sum(each), rel=1e-12
    )
    alone = Noise.coupled(np.zeros((3, 3)), -1, label_variance="0.3")
    coupled = replace(problem, noise=alone)
    assert stability(nesterov("0.1", "0.8"), coupled, 4).loss_floor == verdict.loss_floor


def test_long_lists_keep_their_eigenvalues() -> None:
    count = 3000
    law = Problem.power_law(1.5, zeta=0.5, count=count)
    listed = law.spectrum.eigenvalues
    target = law.target.masses(law.spectrum) / listed  # type: ignore[union-attr]
    noise = Noise.coupled([(1000, 1), (2000, 2)])
    problem = Problem(Spectrum(listed), noise, target)
    found = losses(sgd("0.1"), problem, 8, 50)
    parts = ((slice(1000), 1), (slice(1000, None), 2))  # blocks do not hear each other
    each = [Problem(Spectrum(listed[x]), Noise(tau1), target[x]) for x, tau1 in parts]
    expected = sum(losses(sgd("0.1"), part, 8, 50, method="recursion") for part in each)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    with pytest.raises(InputError, match="tau1 and tau2, got a coupling matrix: use losses"):
        propagators(sgd("0.1"), problem, 8, 50)
    quiet, law_alone = (losses(sgd("0.1"), x, np.inf, 50) for x in (problem, law))
    np.testing.assert_allclose(quiet, law_alone, rtol=1e-12)


def test_blocks_of_all_sizes(rng: np.random.Generator) -> None:
    """Constant ones and dense ones, below and beyond the 16 modes of a vector, side by side."""
    dense = [rng.uniform(0.3, 1, (n, n)) for n in (2, 16, 33)]
    parts = [*(0.5 * np.ones((20, 20)), np.ones((1, 1)), np.full((17, 17), 0.3)), *dense]
    n = sum(map(len, parts))
    T, first = np.zeros((n, n)), 0
    for part in parts:
        T[first : first + len(part), first : first + len(part)] = part
        first += len(part)
    lams, target = -np.sort(-rng.uniform(0.1, 1, n)), rng.uniform(0, 1, n)
    noise = Noise.coupled(T, tau2="0.2", label_variance="0.1")
    found = losses(sgd("0.25"), Problem(Spectrum(lams), noise, target), 80, 40)
    moments, expected = target.copy(), []
    for _ in range(41):
        expected.append(lams @ moments / 2)
        stirred = lams * (T @ (lams * moments) + 0.1) - 0.2 * lams**2 * moments
        moments = (1 - lams / 4) ** 2 * moments + stirred / 80 / 16
    assert found == pytest.approx(np.array(expected), rel=1e-12)
