"""Sums over all eigenvalues for each pixel: the machine code of a family against C and its peers.

Memory 1 in two forms: heavy ball, whose summand is a quotient of two linear polynomials, and
QHM, where no coefficient vanishes and both are quadratic. C, NumPy, JAX and PyTorch are handed the
coefficients of each pixel; the library derives them from the parameters and tests every pixel for
stability within its time.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol, lambdify

from benchmarks.c_code import FAST, PLAIN, library
from benchmarks.machine import processors
from benchmarks.measuring import least_seconds, short, table
from benchmarks.peers import NEEDS, Sums, numpy_sums, peer_sums, use_threads
from sgdmem.numeric.code.evaluator import evaluator
from sgdmem.numeric.code.pole_groups import pole_groups
from sgdmem.symbolic.algorithms.named import find_family
from sgdmem.symbolic.stability.noise_fraction import noise_fraction

Array = NDArray[np.float64]
EXPONENT, EIGENVALUES, AGREEMENT = 1.5, 10_000, 1e-12
OURS, BEST_C, TRANSLATED = "sgdmem", "C, best variant", "C, our loop translated"
# For each family the variants in C: how many divisions they do for one eigenvalue, and how many
# multiplications and multiply-adds.
VARIANTS = {
    "heavy-ball": {
        "short_in_order": (1, 1),
        "short_ones": (1, 1),
        "short_pairs": (1 / 2, 5 / 2),
        "short_fours": (1 / 4, 13 / 4),
    },
    "qhm": {
        "long_in_order": (1, 4),
        "long_ones": (1, 4),
        "long_pairs": (1 / 2, 11 / 2),
        "long_fours": (1 / 4, 25 / 4),
        "long_pairs_squares": (1 / 2, 9 / 2),
        "long_fours_squares": (1 / 4, 21 / 4),
    },
}
OUR_OPERATIONS = {"heavy-ball": (1 / 4, 6 / 4), "qhm": (1 / 2, 7 / 2)}
TRANSLATIONS = {"heavy-ball": "short_groups", "qhm": "long_pairs_monic"}


@dataclass(frozen=True)
class Dense:
    """Pixels of a family with memory 1, and eigenvalues.

    The rows of ``coefficients`` are K, g, s1 and s2 of ``dense.c``.
    """

    family: str
    parameters: dict[str, Array]
    coefficients: Array
    eigenvalues: Array

    @property
    def evaluations(self) -> int:
        return int(self.coefficients.shape[1] * self.eigenvalues.size)


def dense(family: str, pixels: int, rng: np.random.Generator) -> Dense:
    """Draw pixels that are stable at every eigenvalue."""
    ranges = {"learning_rate": (0.01, 1.9), "momentum": (0.0, 0.95), "nu": (0.1, 0.9)}
    names = evaluator(family).parameters
    values = {name: rng.uniform(*ranges[name], pixels) for name in names}
    symbols = [Symbol(name) for name in names]
    top, bottom = noise_fraction(find_family(family)(*symbols).half_plane_form)
    formula = lambdify(symbols, [*map(as_expression, top), *map(as_expression, bottom)])
    n0, n1, d0, d1, d2 = (x + np.zeros(pixels) for x in formula(*values.values()))
    coefficients = np.array([n0 / d0, n1 / n0, d1 / d0, d2 / d0])
    return Dense(family, values, coefficients, np.arange(1.0, EIGENVALUES + 1) ** -EXPONENT)


def as_expression(element: Any) -> Any:
    return element.as_expr() if hasattr(element, "as_expr") else element


def c_sums(problem: Dense, threads: int) -> Iterator[tuple[str, Sums]]:
    """Yield all variants of ``dense.c`` that use that many threads."""
    squares = np.concatenate([problem.eigenvalues, problem.eigenvalues**2])
    for flags in (PLAIN, FAST) if threads == 1 else (FAST,):
        for variant in VARIANTS[problem.family]:
            yield f"{variant}, {flags}", _c_call(variant, flags, problem, squares, threads)


def translated(problem: Dense, threads: int) -> Sums:
    """Return the library's loop in C, which is handed what the library works out beforehand."""
    data = problem.eigenvalues
    if problem.family == "heavy-ball":
        data = pole_groups(data, data)
    return _c_call(TRANSLATIONS[problem.family], FAST, problem, data, threads)


def _c_call(variant: str, flags: str, problem: Dense, data: Array, threads: int) -> Sums:
    function = getattr(library("dense.c", flags), variant)
    function.argtypes = [*[ctypes.c_long] * 2, *[ctypes.c_void_p] * 3, ctypes.c_int]
    count = data.shape[1] if data.ndim == 2 else problem.eigenvalues.size

    def call() -> Array:
        out = np.empty(problem.coefficients.shape[1])
        arrays = (array.ctypes.data for array in (problem.coefficients, data, out))
        function(out.size, count, *arrays, threads)
        return out

    return call


def our_sums(problem: Dense, threads: int) -> Sums:
    run = evaluator(problem.family)
    return lambda: run.noise_sums(problem.eigenvalues, threads=threads, **problem.parameters)


def checked(problem: Dense, calls: dict[str, Sums]) -> dict[str, Sums]:
    """Return the calls if all their sums are those of NumPy."""
    expected = numpy_sums(problem.coefficients, problem.eigenvalues)
    for name, call in calls.items():
        error = float(np.abs(np.asarray(call()) / expected - 1).max())
        if not error < AGREEMENT:
            raise AssertionError(f"{name} differs from NumPy by {error:.1e} on {problem.family}")
    return calls


def limits() -> dict[str, Callable[[], Any]]:
    """Return calls that do a number of packed operations and nothing else."""
    out = np.empty(1)
    calls: dict[str, Callable[[], Any]] = {}
    for name in ("divisions", "multiply_adds"):
        function = getattr(library("limits.c", PLAIN), name)
        function.argtypes = [ctypes.c_long, ctypes.c_double, ctypes.c_void_p]
        function.restype = ctypes.c_long
        calls[name] = partial(function, 100_000, 1.37, out.ctypes.data)
    return calls


@dataclass(frozen=True)
class Timings:
    """Nanoseconds for one eigenvalue of one pixel, and for one operation of the limits."""

    threads: int
    nanoseconds: dict[str, float]
    variants: dict[str, float]
    limits: dict[str, float]

    @property
    def best(self) -> str:
        """The best variant in C."""
        return min(self.variants, key=lambda name: self.variants[name])


def timings(problem: Dense, threads: int, rounds: int) -> Timings:
    """Check everything that can use that many threads, and time it."""
    use_threads(threads)
    each = 1e9 / problem.evaluations
    variants = checked(problem, dict(c_sums(problem, threads)))
    alone = {name: x * each for name, x in least_seconds(variants, rounds).items()}
    best = min(alone, key=lambda name: alone[name])
    peers = peer_sums(problem.coefficients, problem.eigenvalues)
    if threads < processors():
        peers.pop("JAX, jit", None)  # takes all of them
    ours = {OURS: our_sums(problem, threads), TRANSLATED: translated(problem, threads)}
    calls = {**ours, BEST_C: variants[best], **peers}
    counts = {name: call() for name, call in limits().items()}
    together = least_seconds({**checked(problem, calls), **limits()}, rounds)
    return Timings(
        threads,
        {name: together[name] * each for name in calls},
        alone,
        {name: together[name] / count * 1e9 for name, count in counts.items()},
    )


def report(quick: bool) -> str:
    """Return the tables."""
    rng = np.random.default_rng(4)
    pixels, rounds = 10_000, 1 if quick else 9
    counts = sorted({1, processors()})
    parts = []
    for family in VARIANTS:
        problem = dense(family, pixels, rng)
        parts.append(_text(problem, [timings(problem, count, rounds) for count in counts]))
    return "\n\n".join(parts)


def _text(problem: Dense, found: list[Timings]) -> str:
    pixels, size = problem.coefficients.shape[1], problem.eigenvalues.size
    threads = [f"{x.threads} thread{'s' * (x.threads > 1)}" for x in found]
    head = ["", *(f"{name}, {what}" for name in threads for what in ("ns", "ratio"))]
    names = [OURS, BEST_C, TRANSLATED, "NumPy", *NEEDS]
    rows = [[name, *(cell for x in found for cell in _cells(name, x))] for name in names]
    variants = [
        [f"`{name}`", *(short(x.variants[name]) if name in x.variants else "" for x in found)]
        for name in found[0].variants
    ]
    parts = [
        f"### {problem.family}, {pixels:,} pixels × {size:,} eigenvalues",
        "Time for one eigenvalue of one pixel, and its ratio to sgdmem's.",
        table(head, rows),
        "The variants in C, timed just before; the best of each column went on to the table above:",
        table(["variant and flags", *(f"{name}, ns" for name in threads)], variants),
    ]
    return "\n\n".join([*parts, *_shares(problem.family, found[0])])


def _cells(name: str, found: Timings) -> tuple[str, str]:
    if name in found.nanoseconds:
        value = found.nanoseconds[name]
        return short(value), short(value / found.nanoseconds[OURS])
    return ("takes all cores", "") if find_spec(NEEDS[name]) else ("not installed", "")


def _shares(family: str, found: Timings) -> list[str]:
    """Return how close one thread comes to what a core can do at most."""
    operations = {OURS: OUR_OPERATIONS[family], BEST_C: VARIANTS[family][found.best.split(",")[0]]}
    rows = []
    for name, counts in operations.items():
        least = zip(counts, found.limits.values(), strict=True)
        shares = (f"{count * each / found.nanoseconds[name]:.0%}" for count, each in least)
        rows.append([name, *map(short, counts), *shares])
    alone = " and ".join(
        f"{short(value)} ns for {name.replace('_', '-')}" for name, value in found.limits.items()
    )
    head = ["1 thread", "divisions", "multiply-adds"]
    head += ["of the limit of divisions", "of the limit of multiply-adds"]
    return [
        "What each does for one eigenvalue, and the share of what one core can do at most: "
        f"{alone}, packed, nothing else going on.",
        table(head, rows),
    ]
