"""Questions about stability that exact arithmetic answers: lists, families, data and power laws.

The oracle is ``tests.exact_verdicts``, in rational numbers, and on infinite power laws
``tests.naive``, to 40 digits.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import zip_longest
from typing import Any

import mpmath
import numpy as np

import sgdmem
from sgdmem import Algorithm, Noise, Problem, Spectrum
from tests import draws, naive
from tests.exact_verdicts import ExactMethod, ExactNoise

LIST_KINDS = ("two-parameter", "by mode", "coupled", "decay", "shrink", "multiplicities")
FAMILIES: tuple[tuple[Any, str, tuple[float, float], dict[str, Any]], ...] = (
    (sgdmem.heavy_ball, "momentum", (-0.9, 1.02), {}),
    (sgdmem.nesterov, "momentum", (-0.9, 1.02), {}),
    (sgdmem.qhm, "momentum", (0, 1.01), {"nu": Fraction(7, 10)}),
    (sgdmem.aggmo, "", (0, 0), {"momenta": ("0", "0.9", "0.99")}),
)


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
