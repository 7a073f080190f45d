"""Verdicts on random questions, counted."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

import sgdmem
from benchmarks.verdict_questions import (
    FAMILIES,
    LIST_KINDS,
    exact,
    infinite_law,
    law_sum,
    list_question,
    rows_question,
)
from benchmarks.verdict_tally import ANSWERS, Counts
from sgdmem import Algorithm, Noise, Problem, Spectrum, stability
from sgdmem.numeric.compiled_maps.joint_verdicts import judge_jointly
from tests import draws, naive
from tests.exact_verdicts import (
    ExactMethod,
    ExactNoise,
    inverse_of,
    rational,
    samples_are_stable,
)


def random_lists(rng: np.random.Generator, counts: Counts) -> None:
    """Batches of algorithms, and some of them one by one."""
    for kind in LIST_KINDS:
        algorithms, problem, known = list_question(kind, rng, int(rng.integers(7)))
        summands = [known.summands(exact(x)) for x in algorithms]
        for size in [math.inf, *map(float, 10 ** rng.uniform(-2, 5, 19))]:
            inverse = inverse_of(size)
            outcome = judge_jointly(algorithms, problem, problem.noise.at(size))
            for i, s in enumerate(summands):
                truth = known.is_stable(s, inverse) if size < math.inf else s is not None
                case = (algorithms[i].blocks, problem, size)
                counts.add(kind, "together", ANSWERS[int(outcome.stable[i])], truth, case)
                if i < 1:
                    verdict = stability(algorithms[i], problem, size)
                    counts.add(kind, "single", verdict.stable, truth, case)


def random_maps(rng: np.random.Generator, counts: Counts) -> None:
    """Points of maps: machine code, and exact answers to what it leaves open."""
    for family, second, (low, high), fixed in FAMILIES:
        lam = [float(f"{x:.6g}") for x in 10 ** rng.uniform(-2, 0, int(rng.integers(1, 6)))]
        tau2 = [-1, 0, Fraction(1, 2), 1][rng.integers(4)]
        problem, known = Problem(Spectrum(lam), Noise(1, tau2)), ExactNoise(lam, 1, tau2)
        own = fixed
        if second:
            others = rng.uniform(low, high, 20).tolist()
            rates, size = (10 ** rng.uniform(-2, 1, 20)).tolist(), float(10 ** rng.uniform(-1, 3))
            axes: dict[str, Any] = {"x": ("learning_rate", rates), "y": (second, others)}
            found = sgdmem.phase_diagram(family, problem, size, **axes, **fixed)
            stable = found.stable.transpose("learning_rate", second).values
            for (i, rate), (j, other) in product(enumerate(rates), enumerate(others)):
                algorithm = family(learning_rate=rate, **{second: other}, **fixed)
                truth = known.is_stable(known.summands(exact(algorithm)), inverse_of(size))
                case = (algorithm.blocks, problem, size)
                counts.add("map", "map", ANSWERS[int(stable[i, j])], truth, case)
            own = {second: float(rng.uniform(0, 0.99)), **fixed}
        rates, sizes = (10 ** rng.uniform(-2, 0.7, 30)).tolist(), 10 ** rng.uniform(-2, 3, 300)
        axes = {"x": ("learning_rate", rates), "y": ("batch_size", sizes.tolist())}
        found = sgdmem.phase_diagram(family, problem, **axes, **own)
        stable = found.stable.transpose("learning_rate", "batch_size").values
        for i, rate in enumerate(rates):
            algorithm = family(learning_rate=rate, **own)
            s = known.summands(exact(algorithm))
            for j, size in enumerate(sizes.tolist()):
                truth = known.is_stable(s, inverse_of(size))
                case = (algorithm.blocks, problem, size)
                counts.add("map", "map", ANSWERS[int(stable[i, j])], truth, case)


def random_rows(rng: np.random.Generator, counts: Counts) -> None:
    """Rows of data, drawn either way."""
    for _ in range(4):
        X, shares, rows, options = rows_question(rng)
        memory = int(rng.integers(0, 3 if X.shape[1] < 3 else 2))
        problem = Problem.from_data(X.astype(float), **options)
        alg = draws.random_algorithm(rng, memory, numbers="fraction")
        alg = naive.scaled(alg, Fraction(1, int(2 ** rng.integers(2, 9))))
        for size in [int(x) for x in rng.integers(1, len(rows), 3)]:
            noise = noise_of(size, len(rows), options["replacement"])
            truth = samples_are_stable(ExactMethod(*alg), rows, shares, rational(noise))
            verdict = stability(Algorithm(*alg), problem, size)
            counts.add("data", "single", verdict.stable, truth, (alg, rows, options, size))


def noise_of(size: Any, n: int, replacement: bool) -> Fraction:
    """Return the covariance of a batch's mean over that of one row."""
    B = Fraction(size)
    return 1 / B if replacement else (n - B) / (B * (n - 1))


def random_laws(rng: np.random.Generator, counts: Counts) -> None:
    """Power laws, infinite and of whole exponents with an end."""
    for _ in range(2):
        alg, exponent, total, algorithm, problem = infinite_law(rng)
        for size in map(float, 10 ** rng.uniform(-2, 4, 8)):
            truth = bool(total < size)
            answer = stability(algorithm, problem, size).stable
            counts.add("infinite law", "single", answer, truth, (alg, exponent, size))
        size = float(10 ** rng.uniform(-1, 3))
        law_tau2 = [Fraction(-1), Fraction(1, 2), Fraction(1)][rng.integers(3)]
        damped = law_sum(alg, exponent, Fraction(1), law_tau2 / Fraction(size))
        if damped is not None:
            noisy = Problem(problem.spectrum, Noise(1, law_tau2))
            answer, truth = stability(algorithm, noisy, size).stable, bool(damped < size)
            counts.add("infinite law", "single", answer, truth, (alg, exponent, law_tau2, size))
    exponent, number = int(rng.integers(1, 4)), int(rng.integers(2, 60))
    lam = [Fraction(1, k**exponent) for k in range(1, number + 1)]
    tau2 = [-1, 0, Fraction(1, 2), 1][rng.integers(4)]
    problem = Problem(Spectrum.power_law(exponent, count=number), Noise(1, tau2))
    known = ExactNoise(lam, 1, tau2)
    draws_of = [draws.random_algorithm(rng, 2) for _ in range(16)]
    algorithms = [Algorithm(*naive.scaled(alg, Fraction(1, 4))) for alg in draws_of]
    summands = [known.summands(exact(x)) for x in algorithms]
    for size in map(float, 10 ** rng.uniform(-2, 4, 6)):
        outcome = judge_jointly(algorithms, problem, problem.noise.at(size))
        for i, s in enumerate(summands):
            truth = known.is_stable(s, inverse_of(size))
            case = (algorithms[i].blocks, exponent, number, tau2, size)
            counts.add("finite law", "together", ANSWERS[int(outcome.stable[i])], truth, case)
