"""Verdicts against exact arithmetic, counted: right, undecided, wrong.

``python -m benchmarks.verdict_counts random --seeds 0:20 -o counts.jsonl`` appends a line for each
seed, and goes on where the file ends; ``adversarial`` asks at relative distances of 1e-6 to 1e-16
of the boundary, ``boundary`` on it. ``report`` adds up what a file has. The oracle is
``tests.exact_verdicts``, in rational numbers, and on infinite power laws ``tests.naive``, to 40
digits.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

import mpmath
import numpy as np

import sgdmem
from benchmarks.measuring import table
from sgdmem import Algorithm, Noise, Problem, Spectrum, stability
from sgdmem.numeric.compiled_maps.family_judge import judge_jointly
from tests import draws, naive
from tests.exact_verdicts import (
    ExactMethod,
    ExactNoise,
    inverse_of,
    rational,
    samples_are_stable,
)

Tally = Counter[tuple[str, str, str]]  # kind, judge, answer
RIGHT, UNDECIDED, WRONG = "right", "undecided", "wrong"
LIST_KINDS = ("two-parameter", "by mode", "coupled", "decay", "shrink", "multiplicities")
_STABLE = {1: True, 0: False, -1: None}


class Counts:
    """What came out, by kind and judge, and the cases that are wrong or undecided."""

    def __init__(self) -> None:
        self.tally: Tally = Counter()
        self.cases: list[str] = []

    def add(self, kind: str, judge: str, answer: bool | None, truth: bool, case: Any) -> None:
        """Count one."""
        result = UNDECIDED if answer is None else RIGHT if answer is truth else WRONG
        self.tally[kind, judge, result] += 1
        if result == WRONG or (result == UNDECIDED and len(self.cases) < 20):
            self.cases.append(f"{result}: {kind}, {judge}: {case!r}")


def exact(algorithm: Any) -> ExactMethod:
    """Return the matrix of an algorithm for the oracle."""
    return ExactMethod(*algorithm.blocks)


def list_question(
    kind: str, rng: np.random.Generator, memory: int
) -> tuple[list[Any], Problem, ExactNoise]:
    """Draw algorithms of one memory, and a list of eigenvalues with noise."""
    draw = draws.random_problem(rng, memory)
    lam, modes = list(draw.eigenvalues), len(draw.eigenvalues)
    tau1: Any = [1, 1, 1, Fraction(1, 2), 3][rng.integers(5)]
    tau2: Any = [-1, 0, Fraction(1, 2), 1, -5][rng.integers(5)]
    tau2 = min(tau1, tau2)
    T: Any = None
    counts: Any = None
    decay: Any = 0
    if kind == "by mode":
        tau2 = [min(tau1, Fraction(int(x), 4)) for x in rng.integers(-12, 5, modes)]
    elif kind == "coupled":
        T, tau2 = draws.random_coupling(rng, modes)
    elif kind == "decay":
        decay = Fraction(10 ** rng.uniform(-4, 0) * float(max(lam))).limit_denominator(10**6)
    elif kind == "multiplicities":
        counts = [[1, 2, 1.5, 10, 1000][i] for i in rng.integers(0, 5, modes)]
    noise = Noise(tau1, tau2) if T is None else Noise.coupled(T, tau2)
    problem = Problem(Spectrum(lam, counts), noise, weight_decay=decay)
    shrink: Any = 0
    if kind == "shrink":
        shrink = Fraction(10 ** rng.uniform(-4, -0.3)).limit_denominator(1000)
    algorithms = [Algorithm(*draw.alg, shrink)]
    while len(algorithms) < 48:
        alg = draws.random_algorithm(rng, memory)
        for _ in range(6):  # towards stability, mostly
            S = naive.state_matrix(naive.mapped(alg, float), float(max(lam)) + float(decay))
            if rng.random() < 0.2 or np.abs(np.linalg.eigvals(np.array(S))).max() < 1:
                break
            alg = naive.scaled(alg, Fraction(1, 4))
        algorithms.append(Algorithm(*alg, shrink))
    known = ExactNoise(lam, tau1, tau2, T, counts, decay)
    return algorithms, problem, known


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
                counts.add(kind, "together", _STABLE[int(outcome.stable[i])], truth, case)
                if i < 1:
                    verdict = stability(algorithms[i], problem, size)
                    counts.add(kind, "single", verdict.stable, truth, case)


FAMILIES: tuple[tuple[Any, str, tuple[float, float], dict[str, Any]], ...] = (
    (sgdmem.heavy_ball, "momentum", (-0.9, 1.02), {}),
    (sgdmem.nesterov, "momentum", (-0.9, 1.02), {}),
    (sgdmem.qhm, "momentum", (0, 1.01), {"nu": Fraction(7, 10)}),
    (sgdmem.aggmo, "", (0, 0), {"momenta": ("0", "0.9", "0.99")}),
)


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
                counts.add("map", "map", _STABLE[int(stable[i, j])], truth, case)
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
                counts.add("map", "map", _STABLE[int(stable[i, j])], truth, case)


def rows_question(rng: np.random.Generator) -> tuple[Any, list[Any], list[Any], dict[str, Any]]:
    """Draw rows of whole numbers that span the space, weights and a way of drawing."""
    while True:
        n, d = int(rng.integers(3, 7)), int(rng.integers(1, 4))
        X = rng.integers(-4, 5, (n, d))
        if d <= n and np.linalg.matrix_rank(X) == d and np.all(np.any(X != 0, axis=1)):
            break
    options: dict[str, Any] = {"replacement": bool(rng.random() < 0.6)}
    shares: list[Any] = [Fraction(1, n)] * n
    if options["replacement"] and rng.random() < 0.5:
        weights = rng.integers(1, 5, n).tolist()
        options["weights"] = weights
        shares = [Fraction(w, sum(weights)) for w in weights]
    return X, shares, X.tolist(), options


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


def law_sum(alg: naive.Raw, exponent: Any, scale: Any, damping: Fraction) -> Any:
    """Return the sum of s / (1 + damping s) over an infinite power law; inf where unstable.

    None where the oracle does not know.
    """
    if not naive.is_schur(alg, scale):
        return mpmath.inf
    top, denominator = naive.noise_summand_fraction(alg)
    bottom = [x + damping * y for x, y in zip_longest(denominator, top, fillvalue=Fraction(0))]
    for polynomial in (denominator, bottom):  # a pole between eigenvalues ends the proof
        roots = np.roots([float(x) for x in polynomial[::-1]])
        near = (roots.real > 0) & (roots.real < 1.001 * float(scale))
        if np.any(near & (np.abs(roots.imag) < 1e-3 * np.abs(roots))):
            return None
    try:
        return naive.power_law_sum_mp((top, bottom), exponent, scale, digits=30)
    except (ValueError, ArithmeticError):
        return None


def infinite_law(rng: np.random.Generator) -> tuple[Any, Any, Any, Any, Problem]:
    """Draw an algorithm that is stable without noise, and a law, with its sum at tau2 = 0."""
    while True:
        alg = draws.random_algorithm(rng, int(rng.integers(4)), numbers="fraction")
        if naive.effective_learning_rate(alg) < 0:
            alg = naive.scaled(alg, -1)
        for _ in range(8):
            if naive.is_schur(alg, 1):
                break
            alg = naive.scaled(alg, Fraction(1, 2))
        exponent = [1.25, 1.5, 2.0, 3.0][rng.integers(4)]
        total = law_sum(alg, exponent, Fraction(1), Fraction(0))
        if total is not None:
            return alg, exponent, total, Algorithm(*alg), Problem(Spectrum.power_law(exponent))


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
            counts.add("finite law", "together", _STABLE[int(outcome.stable[i])], truth, case)


# Close to the boundary ---------------------------------------------------------------------------


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
                    answers["together"] = _STABLE[int(outcome.stable[0])]
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
                counts.add("map", "map", _STABLE[int(code)], truth, case)


def adversarial_laws(rng: np.random.Generator, counts: Counts) -> None:
    """The same on an infinite power law."""
    alg, exponent, total, algorithm, problem = infinite_law(rng)
    if total == mpmath.inf:
        return
    with mpmath.workdps(50):
        value = Fraction(int(total * 10**25), 10**25)
    for size in beside(value, rng):
        if abs(Fraction(size) / value - 1) > Fraction(1, 10**18):
            answer = stability(algorithm, problem, size).stable
            case = (alg, exponent, size)
            counts.add("infinite law", "single", answer, bool(size > value), case)


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
        answer = stability(Algorithm(*alg), problem, size).stable
        case = (alg, rows, options, size)
        counts.add("data", "single", answer, stable_at(Fraction(size)), case)


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


PARTS: dict[str, tuple[tuple[Callable[[np.random.Generator, Counts], None], int], ...]] = {
    "random": ((random_lists, 1), (random_maps, 1), (random_rows, 10), (random_laws, 4)),
    "adversarial": (
        (adversarial_lists, 1),
        (adversarial_maps, 1),
        (adversarial_laws, 1),
        (adversarial_rows, 2),
    ),
    "boundary": ((boundary_lists, 6),),
}
_START = {"random": 10**6, "adversarial": 2 * 10**6, "boundary": 3 * 10**6}


def count(what: str, seed: int) -> Counts:
    """Return the counts of one seed."""
    rng, counts = np.random.default_rng(_START[what] + seed), Counts()
    for part, times in PARTS[what]:
        for _ in range(times):
            part(rng, counts)
    return counts


def run(what: str, seeds: range, path: Path) -> None:
    """Append a line for each seed that the file has not."""
    lines = path.read_text().splitlines() if path.exists() else []
    known = {(x["what"], x["seed"]) for x in map(json.loads, lines)}
    for seed in seeds:
        if (what, seed) not in known:
            counts = count(what, seed)
            tally = [[*key, number] for key, number in counts.tally.items()]
            line = {"what": what, "seed": seed, "counts": tally, "cases": counts.cases}
            with path.open("a") as file:
                file.write(json.dumps(line) + "\n")


def report(path: Path) -> str:
    """Return tables of what a file has."""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    parts = []
    for what in PARTS:
        total: Tally = Counter()
        mine = [record for record in records if record["what"] == what]
        for record in mine:
            for kind, judge, result, number in record["counts"]:
                for key in ((kind, judge), ("all", "")):
                    total[*key, result] += number
        names = sorted({key[:2] for key in total}, key=lambda x: (x[0] == "all", x))
        rows = [
            [*name, *(f"{total[*name, result]:,}" for result in (RIGHT, UNDECIDED, WRONG))]
            for name in names
        ]
        head = ["kind", "judge", RIGHT, UNDECIDED, WRONG]
        seeds = sorted(record["seed"] for record in mine)
        parts.append(f"{what}, {len(seeds)} seeds\n\n{table(head, rows)}")
        parts += [case for record in mine for case in record["cases"] if case.startswith(WRONG)]
    return "\n\n".join(parts)


def main() -> None:
    """Run, or report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*PARTS, "report"])
    parser.add_argument("--seeds", default="0:1")
    parser.add_argument("-o", "--output", type=Path, default=Path("verdict_counts.jsonl"))
    options = parser.parse_args()
    if options.what == "report":
        print(report(options.output))
    else:
        run(options.what, range(*map(int, options.seeds.split(":"))), options.output)


if __name__ == "__main__":
    main()
