"""Verdicts close to the boundary of stability and on it, counted."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

import sgdmem
from benchmarks.verdict_questions import (
    FAMILIES,
    LIST_KINDS,
    exact,
    infinite_law,
    list_question,
    rows_question,
)
from benchmarks.verdict_tally import ANSWERS, Counts
from sgdmem import Algorithm, Noise, Problem, Spectrum, certify, stability
from sgdmem.numeric.compiled_maps.joint_verdicts import judge_jointly
from sgdmem.symbolic.errors import UndecidedError
from tests import draws, naive
from tests.exact_verdicts import (
    ExactMethod,
    ExactNoise,
    inverse_of,
    rational,
    samples_are_stable,
)


def critical(stable_at: Callable[[Fraction], bool], low: Fraction, high: Fraction) -> Fraction:
    """Return where `stable_at` becomes true, between low and high, to 2**-64 relative."""
    while high > low * (1 + Fraction(1, 2**64)):
        middle = (low + high) / 2 if high < 4 * low else _geometric(low, high)
        low, high = (low, middle) if stable_at(middle) else (middle, high)
    return high


def _geometric(low: Fraction, high: Fraction) -> Fraction:
    ratio = (high / low).numerator.bit_length() - (high / low).denominator.bit_length()
    return low * Fraction(2) ** max(1, ratio // 2)


def beside(value: Fraction, rng: np.random.Generator) -> list[Any]:
    """Return numbers on both sides, from 1e-6 to 1e-16 away, as floats and as fractions."""
    found: list[Any] = []
    for digits in rng.permutation(np.arange(6, 17))[:6]:
        for sign in (-1, 1):
            number = value * (1 + sign * Fraction(1, 10 ** int(digits)))
            found.append(float(number) if rng.random() < 0.5 else number)
    return found


def adversarial_lists(rng: np.random.Generator, counts: Counts) -> None:
    """Batch sizes close to the critical one, and rates close to where a root leaves the circle."""
    for kind in LIST_KINDS:
        algorithms, problem, known = list_question(kind, rng, int(rng.integers(7)))
        for algorithm in algorithms[:4]:
            s = known.summands(exact(algorithm))
            if s is not None:
                ends = Fraction(1, 10**9), Fraction(10**12)

                def stable_at(B: Fraction, s: Any = s, known: ExactNoise = known) -> bool:
                    return known.is_stable(s, inverse_of(B))

                if stable_at(ends[0]) or not stable_at(ends[1]):
                    continue
                for size in beside(critical(stable_at, *ends), rng):
                    answers = {"single": stability(algorithm, problem, size).stable}
                    outcome = judge_jointly([algorithm], problem, problem.noise.at(size))
                    answers["together"] = ANSWERS[int(outcome.stable[0])]
                    truth = stable_at(Fraction(size))
                    for judge, answer in answers.items():
                        counts.add(kind, judge, answer, truth, (algorithm.blocks, problem, size))
            elif algorithm.shrink == 0:

                def fails_at(
                    scale: Fraction, algorithm: Any = algorithm, known: ExactNoise = known
                ) -> bool:
                    return known.summands(exact(algorithm.scaled(scale))) is None

                low = Fraction(1, 2**20)
                if fails_at(low):
                    continue
                for scale in beside(critical(fails_at, low, Fraction(1)), rng):
                    moved = algorithm.scaled(Fraction(scale))
                    truth = known.summands(exact(moved)) is not None
                    verdict = stability(moved, problem)
                    case = (moved.blocks, problem)
                    counts.add("noiseless", "single", verdict.stable, truth, case)


def adversarial_maps(rng: np.random.Generator, counts: Counts) -> None:
    """Maps whose batch sizes are close to the critical ones of their rates."""
    for family, second, _, fixed in FAMILIES:
        lam = [float(f"{x:.6g}") for x in 10 ** rng.uniform(-2, 0, int(rng.integers(1, 6)))]
        tau2 = [-1, 0, Fraction(1, 2), 1][rng.integers(4)]
        problem, known = Problem(Spectrum(lam), Noise(1, tau2)), ExactNoise(lam, 1, tau2)
        own = {second: float(rng.uniform(0, 0.99)), **fixed} if second else fixed
        rates, sizes, places, summands = [], list[Any](), list[slice](), []
        for rate in (10 ** rng.uniform(-2, 0.4, 30)).tolist():
            s = known.summands(exact(family(learning_rate=rate, **own)))

            def stable_at(B: Fraction, s: Any = s, known: ExactNoise = known) -> bool:
                return known.is_stable(s, inverse_of(B))

            ends = Fraction(1, 10**9), Fraction(10**12)
            if s is None or stable_at(ends[0]) or not stable_at(ends[1]):
                continue
            near = [x for _ in range(3) for x in beside(critical(stable_at, *ends), rng)]
            near = sorted(set(near) - set(sizes))  # an axis has no number twice
            rates.append(rate)
            summands.append(s)
            places.append(slice(len(sizes), len(sizes) + len(near)))
            sizes += near
        if not rates:
            continue
        axes: dict[str, Any] = {"x": ("learning_rate", rates), "y": ("batch_size", sizes)}
        found = sgdmem.phase_diagram(family, problem, **axes, **own)
        stable = found.stable.transpose("learning_rate", "batch_size").values
        for i, (s, some) in enumerate(zip(summands, places, strict=True)):
            for code, size in zip(stable[i, some], sizes[some], strict=True):
                truth = known.is_stable(s, inverse_of(size))
                case = (family, rates[i], own, problem, size)
                counts.add("map", "map", ANSWERS[int(code)], truth, case)


def adversarial_laws(rng: np.random.Generator, counts: Counts) -> None:
    """The same on an infinite power law."""
    alg, exponent, total, algorithm, problem = infinite_law(rng)
    if total == mpmath.inf:
        return
    with mpmath.workdps(50):
        value = Fraction(int(total * 10**25), 10**25)
    for size in beside(value, rng):
        if abs(Fraction(size) / value - 1) > Fraction(1, 10**18):
            case = (alg, exponent, size)
            _ask(counts, "infinite law", algorithm, problem, size, bool(size > value), case)


def adversarial_rows(rng: np.random.Generator, counts: Counts) -> None:
    """The same on rows drawn with replacement."""
    X, shares, rows, options = rows_question(rng)
    options["replacement"] = True
    if X.shape[1] > 2:
        return
    problem = Problem.from_data(X.astype(float), **options)
    alg = naive.scaled(
        draws.random_algorithm(rng, int(rng.integers(2)), numbers="fraction"), Fraction(1, 64)
    )
    method = ExactMethod(*alg)

    def stable_at(B: Fraction) -> bool:
        return samples_are_stable(method, rows, shares, rational(1 / B))

    low, high = Fraction(1, 10**4), Fraction(10**6)
    if stable_at(low) or not stable_at(high):
        return
    for size in beside(critical(stable_at, low, high), rng):
        case = (alg, rows, options, size)
        _ask(counts, "data", Algorithm(*alg), problem, size, stable_at(Fraction(size)), case)


def _ask(
    counts: Counts, kind: str, algorithm: Algorithm, problem: Problem, size: Any, truth: bool,
    case: Any,
) -> None:  # fmt: skip
    """Count the verdict, and the claim of a proof where floats leave it open."""
    answer = stability(algorithm, problem, size).stable
    counts.add(kind, "single", answer, truth, case)
    if answer is None:
        try:
            claim = certify(algorithm, problem, size).stable
        except UndecidedError:
            claim = None
        counts.add(kind, "certify", claim, truth, case)


def boundary_lists(rng: np.random.Generator, counts: Counts) -> None:
    """Exactly on the boundary: the noise sum 1, a mode without damping, a root at -1."""
    for kind in LIST_KINDS:
        algorithms, problem, known = list_question(kind, rng, int(rng.integers(7)))
        for algorithm in algorithms[:6]:
            s = known.summands(exact(algorithm))
            if s is not None and sum(s) > 0:
                spectrum = problem.spectrum
                size = Fraction(int(10 ** rng.uniform(0, 4)), 10)
                inverse = inverse_of(size)
                if known.T is None and (shares := known.damped(s, inverse)) is not None:
                    total = sum((w * x for w, x in zip(known.weights, shares, strict=True)))
                    tau1 = Fraction(int(total.q), int(total.p))
                    least = max(known.own)
                    if tau1 >= Fraction(int(least.p), int(least.q)) and tau1 < 10**100:
                        on = Problem(spectrum, Noise(tau1, known.tau2))
                        verdict = stability(algorithm, on, size)
                        case = (algorithm.blocks, on, size)
                        counts.add(kind, "noise sum 1", verdict.stable, False, case)
                elif known.T is not None and (shares := known.damped(s, inverse)) is not None:
                    u, v = rng.integers(1, 9, (2, len(s))).tolist()
                    total = sum((x * p * q for x, p, q in zip(shares, u, v, strict=True)))
                    ratio = Fraction(int(total.q), int(total.p))
                    T = [[ratio * p * q for q in v] for p in u]
                    if ratio < 10**98 and all(T[i][i] >= x for i, x in enumerate(known.tau2)):
                        on = Problem(spectrum, Noise.coupled(T, known.tau2))
                        verdict = stability(algorithm, on, size)
                        case = (algorithm.blocks, on, size)
                        counts.add(kind, "noise sum 1", verdict.stable, False, case)
                worst = min(t * x for t, x in zip(known.own, s, strict=True))
                if worst < 0:
                    size = Fraction(-int(worst.p), int(worst.q))
                    verdict = stability(algorithm, problem, size)
                    case = (algorithm.blocks, problem, size)
                    counts.add(kind, "no damping", verdict.stable, False, case)
            P, Q = exact(algorithm).polynomials
            for root in (1, -1):
                at = [sum(x * root**k for k, x in enumerate(poly[::-1])) for poly in (P, Q)]
                if at[1] != 0 and (edge := at[0] / at[1] - rational(known.weight_decay)) > 0:
                    lam = Fraction(int(edge.p), int(edge.q))
                    if 1e-50 < lam < 1e50:
                        on = Problem(
                            Spectrum([lam]), Noise(1, -1), weight_decay=problem.weight_decay
                        )
                        verdict = stability(algorithm, on, 8)
                        case = (algorithm.blocks, on, Fraction(8))
                        counts.add(kind, "root at ±1", verdict.stable, False, case)
