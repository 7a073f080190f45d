"""Random algorithms, spectra, couplings and batch sizes on which the library is compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from tests.naive import (
    Matrix,
    Number,
    Raw,
    effective_learning_rate,
    mapped,
    scaled,
    second_moment_radius,
    solve,
    state_matrix,
)

KINDS = (
    "generic",
    "complex",
    "near_circle",
    "heavy_ball",
    "aggmo",
    "two_rate",
    "averaging",
    "ill_conditioned",
)


class Problem(NamedTuple):
    """A random question: does this algorithm converge on this spectrum with this noise?"""

    alg: Raw
    eigenvalues: list[Number]
    tau1: Number
    tau2: Number
    kind: str


def _rounding(rng: np.random.Generator, numbers: str | None) -> Callable[[float], Number]:
    """Return a rounding to fractions with a denominator as small as allowed, or to short floats."""
    if (numbers or rng.choice(["fraction", "float"])) == "fraction":
        limit = int(rng.choice([6, 60, 1000]))
        return lambda x: Fraction(x).limit_denominator(max(limit, int(4 / abs(x)))) if x else 0
    bits = int(rng.choice([6, 20, 53]))

    def shorten(x: float) -> float:
        mantissa, exponent = math.frexp(x)
        return math.ldexp(round(math.ldexp(mantissa, bits)), exponent - bits)

    return shorten


def random_algorithm(
    rng: np.random.Generator, memory: int, kind: str | None = None, numbers: str | None = None
) -> Raw:
    """Draw an algorithm of one of the KINDS; entries are Fractions or floats (``numbers``).

    Nothing makes it stable: D may have roots outside the unit circle and the step may be too long.
    """
    q = _rounding(rng, numbers)
    return mapped(_draw(rng, memory, kind or str(rng.choice(KINDS)), q), type(q(1.0)))


def _draw(rng: np.random.Generator, memory: int, kind: str, q: Callable[[float], Number]) -> Raw:
    step = q(10 ** rng.uniform(-2, 0.5))
    if memory == 0:
        return Raw(step, [], [], [], [])
    many = range(memory)
    damping = [q(10 ** rng.uniform(-2.5, 0) * rng.choice([1, 1, 1, 1.7])) for _ in many]
    momenta = [1 - x for x in damping]
    diagonal: Matrix = [[momenta[i] if i == j else 0 for j in many] for i in many]
    ahead = rng.random() < 0.5  # a != 0
    zeros: list[Number] = [0] * memory
    if kind == "heavy_ball":  # a cascade of equal velocities; the first one moves w
        beta = momenta[0]
        D = [[beta if i == j else (1 - beta if j == i + 1 else 0) for j in many] for i in many]
        a = [beta, *zeros[1:]] if ahead else zeros
        return Raw(step if memory == 1 else 0, D[0], [*zeros[1:], -step], D, a)
    if kind == "aggmo":
        b = [beta / memory for beta in momenta]
        return Raw(step, b, [-step] * memory, diagonal, b if ahead else zeros)
    if kind == "two_rate":
        rates = [q(rng.uniform(-0.2, 1)) * x * step for x in damping]
        b = [-rate * beta for rate, beta in zip(rates, momenta, strict=True)]
        a = [q(x) * step for x in rng.normal(size=memory)] if ahead else zeros
        return Raw(step + sum(rates), b, [1] * memory, diagonal, a)
    if kind == "averaging":  # of the iterates z of an algorithm with one memory less; u_0 = z - w
        base = _draw(rng, memory - 1, str(rng.choice(KINDS)), q)
        gamma = damping[0]
        return Raw(
            gamma * base.alpha,
            [gamma, *(gamma * x for x in base.b)],
            [-(1 - gamma) * base.alpha, *base.c],
            [[1 - gamma, *((1 - gamma) * x for x in base.b)], *([0, *row] for row in base.D)],
            [1, *base.a],
        )
    if kind == "ill_conditioned":  # other coordinates of the memory
        plain = _draw(rng, memory, str(rng.choice(["generic", "complex", "near_circle"])), q)
        return _other_coordinates(rng, plain)
    b, c, a = ([q(x) for x in rng.normal(size=memory)] for _ in range(3))
    if kind == "generic":
        size = rng.uniform(0.3, 1.2) / math.sqrt(memory)
        D = [[q(x) for x in row] for row in rng.normal(scale=size, size=(memory, memory))]
    else:  # blocks of rotations and numbers, shrunk a little or very little
        D = [list(zeros) for _ in many]
        least = -6 if kind == "near_circle" else -1
        for i in range(0, memory, 2):
            radius = 1 - q(10 ** rng.uniform(least, least / 3))
            slope = q(rng.normal())  # a rational point of the circle
            cosine, sine = (1 - slope**2) / (1 + slope**2), 2 * slope / (1 + slope**2)
            if i + 1 == memory:
                D[i][i] = radius if rng.random() < 0.7 else -radius
            else:
                D[i][i], D[i][i + 1] = radius * cosine, -radius * sine
                D[i + 1][i], D[i + 1][i + 1] = radius * sine, radius * cosine
            if i:
                D[i - 1][i] = q(rng.normal())
    if kind == "near_circle" and rng.random() < 0.7:  # a memory that matters little
        small = q(10 ** rng.uniform(-4, -1))
        b = [x * small for x in b]
    return Raw(step, b, c, D, a if ahead else zeros)


def _other_coordinates(rng: np.random.Generator, alg: Raw) -> Raw:
    """Return the algorithm for the memory u' = W^-1 u, W badly conditioned."""
    memory = len(alg.b)
    shear = np.triu(rng.integers(-9, 10, size=(memory, memory)), 1) + np.eye(memory, dtype=int)
    powers = 2 ** rng.integers(0, 11, size=(memory, 1))
    W = (powers * shear).astype(object)
    inverse = np.array(solve(W.tolist(), np.eye(memory).tolist()), object).T
    b, c, D, a = (np.array(part, object) for part in mapped(alg, Fraction)[1:])
    moved = Raw(alg.alpha, b @ W, inverse @ c, inverse @ D @ W, a @ W)
    return mapped(moved, type(alg.alpha))


def random_problem(
    rng: np.random.Generator, memory: int | None = None, kind: str | None = None
) -> Problem:
    """Draw a memory M = 0 ... 5, an algorithm, 1 ... 6 eigenvalues, tau1 = 1 and tau2.

    Many draws are rescaled, (alpha, c) by a power of 1/2 and perhaps a sign, until
    every P - lam Q is Schur, where that is possible: about two thirds are stable without noise.
    """
    q = _rounding(rng, None)
    memory = int(rng.integers(6)) if memory is None else memory
    kind = kind or str(rng.choice(KINDS))
    alg = _draw(rng, memory, kind, q)
    modes = int(rng.integers(1, 7))
    shape = rng.choice(["spread", "power", "equal", "uniform"])
    if shape == "power":
        lams = np.arange(1, modes + 1) ** -rng.uniform(0.5, 3)
    elif shape == "equal":
        lams = np.ones(modes)
    else:
        lams = rng.uniform(0.1, 1, modes) if shape == "uniform" else 10 ** rng.uniform(-4, 0, modes)
    size = 10 ** rng.choice([0, 0, 0, rng.uniform(-3, 3)])
    eigenvalues = sorted((q(float(lam * size)) for lam in lams), reverse=True)
    if rng.random() < 0.4:
        if effective_learning_rate(alg) < 0:
            alg = scaled(alg, -1)
        for _ in range(40):
            S = np.array([state_matrix(mapped(alg, float), float(lam)) for lam in eigenvalues])
            if np.abs(np.linalg.eigvals(S)).max() < 1:
                break
            alg = scaled(alg, Fraction(1, 2))
    alg = mapped(alg, type(eigenvalues[0]))
    return Problem(alg, eigenvalues, 1, [-1, 0, 0.5, 1][rng.integers(4)], kind)


def random_coupling(rng: np.random.Generator, modes: int) -> tuple[Matrix, list[float]]:
    """Draw T >= 0 (of rank 1, in blocks, sparse or full) and tau2_i <= T_ii, short floats."""
    T = rng.integers(1, 16, size=(modes, modes)) / 4
    shape = rng.choice(["rank 1", "blocks", "sparse", "full"])
    if shape == "rank 1":
        T = np.outer(T[0], T[-1])
    elif shape == "blocks":
        label = rng.integers(1, 4, size=modes)
        T = np.where(label[:, None] == label, label[:, None] / 2, 0.0)
    elif shape == "sparse":
        T = T * (rng.random((modes, modes)) < 0.4)
    return T.tolist(), (np.diag(T) - rng.integers(0, 12, size=modes) / 4).tolist()


def straddling_batch_sizes(
    alg: Raw,
    eigenvalues: Sequence[Number],
    tau1: Number,
    tau2: Number,
    rng: np.random.Generator,
    T: Any = None,
) -> list[float]:
    """Return batch sizes 10^-k, k = 1 ... 6, to both sides of the critical one, and far ones.

    The critical one is where the radius of the second-moment operator crosses 1, by false position
    in log B. Without it (unstable or stable at every batch size) only unremarkable ones.
    """

    def log_radius(log_batch: float) -> float:
        radius = second_moment_radius(alg, eigenvalues, math.exp(log_batch), tau1, tau2, T)
        return math.log(max(radius, 1e-300))

    far = [float(10 ** rng.uniform(-1, 4)), math.inf]
    low = high = 0.0
    at_low = at_high = log_radius(0.0)
    if second_moment_radius(alg, eigenvalues, math.inf, tau1, tau2, T) >= 1:
        return far
    while at_high >= 0:
        if high > 50:  # stable by less than floats can tell
            return far
        low, at_low = high, at_high
        high += 2
        at_high = log_radius(high)
    while at_low < 0:
        if low < -50:
            return far
        high, at_high = low, at_low
        low -= 2
        at_low = log_radius(low)
    side = 0
    for _ in range(60):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        at_middle = log_radius(middle)
        if at_middle >= 0:
            low, at_low, at_high = middle, at_middle, at_high / 2 if side == 1 else at_high
            side = 1
        else:
            high, at_high, at_low = middle, at_middle, at_low / 2 if side == -1 else at_low
            side = -1
        if high - low < 1e-9 or abs(at_middle) < 1e-14:
            break
    critical = math.exp(middle)
    near = [critical * (1 + sign * 10.0 ** -rng.integers(1, 7)) for sign in (1, -1)]
    plain = [critical * 10 ** (sign * rng.uniform(0.3, 2)) for sign in (1, -1)]
    return [*near, *plain, far[0], math.inf]


def random_recurrences(
    rng: np.random.Generator, memory: int
) -> Callable[[Any, Any], tuple[list[Any], list[Any]]]:
    """Draw a family of algorithms (p, q of eq. (8)) with two parameters, a rate and a mixture.

    From 0 to 1 it goes from one algorithm to another one, both with roots of D between -0.8 and 0.9
    and the effective learning rate 1; a small positive rate is stable there, a large one is not.
    """
    ends = [_random_recurrence(rng, memory) for _ in range(2)]

    def recurrence(rate: Any, mix: Any) -> tuple[list[Any], list[Any]]:
        p, q = (
            [(1 - mix) * x + mix * y for x, y in zip(*both, strict=True)]
            for both in zip(*ends, strict=True)
        )
        return p, [rate * x for x in q]

    return recurrence


def _random_recurrence(rng: np.random.Generator, memory: int) -> tuple[list[Number], list[Number]]:
    P: list[Number] = [Fraction(-1), Fraction(1)]
    for root in rng.integers(-16, 19, memory):
        P = [x - Fraction(int(root), 20) * y for x, y in zip([0, *P], [*P, 0], strict=True)]
    slope = sum(n * x for n, x in enumerate(P))
    q: list[Number] = [Fraction(int(x), 60) for x in rng.integers(-9, 10, memory)]
    return [-x for x in P[:-1]], [*q, -slope - sum(q)]


def heavy_tailed(rng: np.random.Generator) -> np.ndarray:
    """Return a data matrix of which a few rows may decide."""
    n, d = int(rng.integers(60, 600)), int(rng.integers(2, 8))
    rows = rng.standard_t(3, size=(n, d)) * np.geomspace(1, rng.uniform(0.1, 1), d)
    return np.asarray(rows)


def batch_gradients(X: Any, w: Any) -> Any:
    """Return gradients of least squares with labels that are 0, for runs at w, shape (R, d).

    X has the inputs of their batches, shape (R, B, d).
    """
    return np.einsum("rbd,rb->rd", X, np.einsum("rbd,rd->rb", X, w)) / X.shape[1]
