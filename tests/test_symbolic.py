"""What is derived from an algorithm, against brute force and against the papers' closed forms."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.numeric.mode_summands import rational_algorithm
from sgdmem.symbolic import named
from sgdmem.symbolic.algorithm import Algorithm
from sgdmem.symbolic.conversions import convert
from sgdmem.symbolic.equivalence import (
    change_of_variables,
    effective_learning_rates,
    equivalent,
)
from sgdmem.symbolic.errors import InputError, UndefinedError
from sgdmem.symbolic.poles import boundary_polynomial, noiseless_intervals
from sgdmem.symbolic.polynomials import evaluate
from sgdmem.symbolic.regions import complex_range, memory_one_summand, regions
from sgdmem.symbolic.schur import conditions, is_schur, uniform_conditions
from sgdmem.symbolic.trajectory import step_recurrence, trajectory
from tests import draws, naive

FRACTIONS = st.fractions(-2, 2, max_denominator=20)
LAM = sympy.Symbol("lambda", positive=True)


def random_algorithm(rng: np.random.Generator, memory: int) -> naive.Raw:
    return draws.random_algorithm(rng, memory, numbers="fraction")


@pytest.mark.parametrize("memory", range(6))
def test_polynomials_and_summand_equal_brute_force(memory: int, rng: np.random.Generator) -> None:
    compared = 0
    for _ in range(30):
        raw = random_algorithm(rng, memory)
        algorithm = Algorithm(*raw)
        P, Q = naive.P_and_Q(raw)
        assert list(algorithm.polynomials.P) == P
        assert [*algorithm.polynomials.Q, 0][: len(Q)] == Q
        lam = Fraction(int(rng.integers(1, 50)), int(rng.integers(1, 50)))
        assert is_schur(algorithm, lam) == naive.is_schur(raw, lam)
        if naive.is_schur(raw, lam):
            compared += 1
            assert algorithm.noise_summand(lam) == naive.noise_summand_exact(raw, lam)
    assert compared > 0


@pytest.mark.parametrize("memory", [1, 2, 3, 4])
def test_general_algorithm_equals_brute_force_by_substitution(
    memory: int, rng: np.random.Generator
) -> None:
    general = named.general(memory, shifted=True)
    P, Q = general.polynomials.P, general.polynomials.Q
    symbolic_rate = general.effective_learning_rate
    arguments = list(general.entries)
    for _ in range(3):
        raw = random_algorithm(rng, memory)
        numeric = Algorithm(*raw)
        entries = [sympy.Rational(x.numerator, x.denominator) for x in numeric.entries]
        values = dict(zip(arguments, entries, strict=True))
        for symbolic, number in zip((*P, *Q), (*numeric.polynomials.P, *numeric.polynomials.Q),
                                    strict=True):  # fmt: skip
            assert sympy.sympify(symbolic).subs(values) == number
        try:
            rate = numeric.effective_learning_rate
        except UndefinedError:
            continue
        assert symbolic_rate.subs(values) == rate
        lam = Fraction(1, 7)
        if naive.is_schur(raw, lam):
            exact = naive.noise_summand_exact(raw, lam)
            named_values = {str(symbol): value for symbol, value in values.items()}
            assert general.substitute(named_values).noise_summand(lam) == exact


@pytest.mark.parametrize("memory", range(4))
def test_both_formulas_of_the_effective_learning_rate(memory: int) -> None:
    first, second = effective_learning_rates(named.general(memory, shifted=True))
    assert sympy.cancel(sympy.sympify(first) - second) == 0


def test_effective_learning_rates_of_the_papers() -> None:
    a, b, nu, t, a1, a2 = sympy.symbols("alpha beta nu tau alpha1 alpha2", positive=True)
    for algorithm, expected in [
        (named.heavy_ball(a, b), a / (1 - b)),
        (named.nesterov(a, b), a / (1 - b)),
        (named.torch_sgd(a, b, t), a * (1 - t) / (1 - b)),
        (named.torch_sgd(a, b, nesterov=True), a / (1 - b)),
        (named.qhm(a, b, nu), a),
        (named.sgdm(a, b), a),
        (named.two_rate(a1, a2, b), a2 + a1 / (1 - b)),
        (named.aggmo(a, [b, nu]), a / 2 * (1 / (1 - b) + 1 / (1 - nu))),
        (named.averaged_sgd(a, nu), a),
    ]:
        assert sympy.cancel(algorithm.effective_learning_rate - expected) == 0


def step(algorithm: Algorithm, state: list[Fraction], lam: Fraction) -> list[Fraction]:
    matrix = naive.state_matrix(
        naive.Raw(algorithm.alpha, algorithm.b, algorithm.c, algorithm.D, algorithm.a), lam
    )
    return [sum((x * y for x, y in zip(row, state, strict=True)), Fraction(0)) for row in matrix]


@given(FRACTIONS, FRACTIONS, FRACTIONS, st.fractions(0, 3, max_denominator=9))
def test_named_algorithms_follow_their_textbook_updates(
    rate: Fraction, beta: Fraction, other: Fraction, lam: Fraction
) -> None:
    w, v = Fraction(1), Fraction(0)
    methods = {
        "heavy_ball": named.heavy_ball(rate, beta),
        "nesterov": named.nesterov(rate, beta),
        "qhm": named.qhm(rate, beta, other),
        "two_rate": named.two_rate(rate, other, beta),
        "sgdm": named.sgdm(rate, beta),
    }
    if beta != 0:
        methods["torch"] = named.torch_sgd(rate, beta, other)
        methods["torch_nesterov"] = named.torch_sgd(rate, beta, nesterov=True)
    for name, algorithm in methods.items():
        w, v = Fraction(1), Fraction(0)
        state = [w, v]
        for _ in range(4):
            g = lam * (w + beta * v) if name == "nesterov" else lam * w
            if name in ("heavy_ball", "nesterov"):
                v = beta * v - rate * g
                w = w + v
            elif name == "qhm":
                v = beta * v + (1 - beta) * g
                w = w - rate * ((1 - other) * g + other * v)
            elif name == "two_rate":
                v = beta * v + g
                w = w - rate * v - other * g
            elif name == "sgdm":
                v = beta * v + (1 - beta) * g
                w = w - rate * v
            else:
                v = beta * v + (1 - (other if name == "torch" else 0)) * g
                w = w - rate * (v if name == "torch" else g + beta * v)
            state = step(algorithm, state, lam)
            assert state == [w, v]


@given(st.lists(FRACTIONS, min_size=1, max_size=4), FRACTIONS, FRACTIONS)
def test_aggmo_and_averaging_follow_their_updates(
    momenta: list[Fraction], rate: Fraction, gamma: Fraction
) -> None:
    lam, K = Fraction(3, 7), len(momenta)
    algorithm = named.aggmo(rate, momenta)
    averaged = named.averaging(algorithm, gamma)
    w, velocities, mean = Fraction(1), [Fraction(0)] * K, Fraction(1)
    state = [w, *velocities]
    averaged_state = [mean, w - mean, *velocities]
    for _ in range(4):
        velocities = [m * v - lam * w for m, v in zip(momenta, velocities, strict=True)]
        w += rate / K * sum(velocities)
        mean = (1 - gamma) * mean + gamma * w
        state = step(algorithm, state, lam)
        averaged_state = step(averaged, averaged_state, lam)
        assert state == [w, *velocities]
        assert averaged_state == [mean, w - mean, *velocities]


@pytest.mark.parametrize("memory", range(5))
def test_theorem_1_both_ways(memory: int, rng: np.random.Generator) -> None:
    for _ in range(5):
        raw = random_algorithm(rng, memory)
        algorithm = Algorithm(*raw)
        p, q = algorithm.to_recurrence()
        assert sum(p) == 1
        back = Algorithm.from_recurrence(p, q)
        assert back.to_recurrence() == (p, q)
        assert not any(back.a)
        lam = Fraction(2, 9)
        path = trajectory([algorithm] * (memory + 4), lam)
        for t in range(4):
            expected = sum((p[m] + lam * q[m]) * path[t + m] for m in range(memory + 1))
            assert path[t + memory + 1] == expected


def test_proposition_1_counterexamples() -> None:
    still = Algorithm(0, b=1, c=1, D=0, a=1)
    moving = Algorithm(1, b=0, c=0, D=0, a=1)
    path = [sympy.Poly(w, LAM) for w in trajectory([still, moving], LAM)]
    assert [w.degree() for w in path[1:]] == [0, 2]
    steps = [Algorithm(2, 1, 1, 1), Algorithm(3, 0, 1, 1), Algorithm(3, 1, 1, 1)]
    assert trajectory(steps, Fraction(1, 2))[:3] == [1, 0, 0]
    assert trajectory(steps, Fraction(1, 2))[3] != 0


@given(st.lists(st.tuples(FRACTIONS, FRACTIONS, FRACTIONS, FRACTIONS), min_size=4, max_size=4))
def test_recurrence_of_changing_steps(entries: list[tuple[Fraction, ...]]) -> None:
    steps = [Algorithm(alpha, b or 1, c, D) for alpha, b, c, D in entries]
    lam = Fraction(5, 7)
    path = trajectory(steps, lam)
    for t in range(3):
        kappa, q1, q0 = step_recurrence(steps[t], steps[t + 1])
        step_to = (1 + kappa + lam * q1) * path[t + 1] + (lam * q0 - kappa) * path[t]
        assert path[t + 2] == step_to


@pytest.mark.parametrize("memory", [1, 2, 3])
def test_change_of_variables(memory: int, rng: np.random.Generator) -> None:
    raw = random_algorithm(rng, memory)
    first = Algorithm(*raw)
    matrix: Any = sympy.Matrix  # SymPy ships no types
    while True:
        T: Any = matrix(memory, memory, rng.integers(-4, 5, memory**2).tolist())
        if T.det() != 0:
            break

    def row(values: Any) -> Any:
        return matrix([list(map(sympy.Rational, map(str, values)))])

    D: Any = matrix([[sympy.Rational(str(x)) for x in r] for r in first.D])
    second = Algorithm(
        first.alpha,
        list(row(first.b) * T.inv()),
        list(T * row(first.c).T),
        T * D * T.inv(),
        list(row(first.a) * T.inv()),
    )
    assert equivalent(first, second, losses="all")
    found = change_of_variables(first, second)
    if found is not None:  # None only where c does not reach all of the memory
        assert matrix(found) == T
    assert change_of_variables(first, first.scaled(2)) is None


def test_equivalence_tells_algorithms_apart() -> None:
    heavy, torch = named.heavy_ball("0.1", "0.9"), named.torch_sgd("0.1", "0.9")
    assert equivalent(heavy, torch, losses="all")
    assert not equivalent(heavy, named.nesterov("0.1", "0.9"))
    assert equivalent(named.sgd("0.5"), named.averaged_sgd("0.5", "0.1"))
    assert not equivalent(named.sgd("0.5"), named.averaged_sgd("0.5", "0.1"), losses="all")
    with pytest.raises(InputError, match="losses"):
        equivalent(heavy, torch, losses="some")  # type: ignore[arg-type]


def test_conversions() -> None:
    eta, beta, nu = sympy.symbols("eta beta nu", positive=True)
    heavy = convert(named.sgdm(eta, beta), "heavy-ball")
    assert heavy["momentum"] == beta
    assert sympy.expand(heavy["learning_rate"] - eta * (1 - beta)) == 0
    quasi = convert(named.qhm(eta, beta, nu), "two-rate")
    again = named.two_rate(**quasi)
    assert equivalent(named.qhm(eta, beta, nu), again)
    found = convert(named.nesterov("0.1", "0.9"), "qhm")
    assert equivalent(named.qhm(**found), named.nesterov("0.1", "0.9"))
    coordinates = convert(named.nesterov("0.1", "0.9"), "memory-one")
    assert coordinates["q0"] == Fraction(9, 100)
    with pytest.raises(InputError, match="no heavy-ball"):
        convert(named.nesterov("0.1", "0.9"), "heavy-ball")
    with pytest.raises(InputError, match="fix momentum"):
        convert(named.sgd("0.1"), "qhm")


@pytest.mark.parametrize("memory", range(5))
def test_conditions_are_positive_exactly_when_schur(memory: int, rng: np.random.Generator) -> None:
    outcomes = set()
    for _ in range(60):
        raw = random_algorithm(rng, memory)
        lam = Fraction(int(rng.integers(1, 40)), 20)
        holds = all(value > 0 for value in conditions(Algorithm(*raw), lam))
        assert holds == naive.is_schur(raw, lam)
        outcomes.add(holds)
    assert outcomes == {True, False}


@given(FRACTIONS, FRACTIONS, FRACTIONS, st.fractions("1/10", 3, max_denominator=20))
def test_theorem_6_1(rate: Fraction, q0: Fraction, damping: Fraction, largest: Fraction) -> None:
    algorithm = named.memory_one(rate, q0, damping)
    reduced = uniform_conditions(algorithm, largest) == []
    closed = (
        0 < damping <= 2  # the paper's theorem leaves out damping = 2
        and rate > 0
        and q0 > -damping / largest
        and largest * (2 * q0 + damping * rate) < 4 - 2 * damping
    )
    assert reduced == closed
    grid = [largest * Fraction(i, 40) for i in (*range(1, 41), Fraction(1, 1000))]
    pointwise = all(is_schur(algorithm, lam) for lam in grid)
    assert pointwise == closed


def test_equation_25_and_the_complex_range() -> None:
    a, q, d = sympy.symbols("alpha q delta", positive=True)
    numerator, denominator = memory_one_summand(a, q, d, LAM)
    closed = (
        LAM
        * ((2 - d) * d * a + LAM * q * (2 * q + d * a))
        / ((d + LAM * q) * (4 - 2 * d - LAM * (2 * q + d * a)))
    )
    assert sympy.cancel(numerator / denominator - closed) == 0
    point = {a: sympy.Integer(5), q: sympy.Rational(1, 3), d: sympy.Rational(1, 10)}
    ends = [float(end.subs(point)) for end in complex_range(a, q, d)]
    root = sympy.sqrt((1 - d) * a - q)
    expected = [d * (sympy.sqrt(a) + s * root) ** 2 / (d * a + q) ** 2 for s in (-1, 1)]
    assert sorted(ends) == pytest.approx([float(value.subs(point)) for value in expected])


def test_equation_26() -> None:
    a, q, d = sympy.symbols("alpha q delta", positive=True)
    summands = [region.summand for region in regions(a, q, d, LAM)]
    closed = [a * LAM / 2, d * a / (2 * q), q * LAM / 2 / (1 - q * LAM / 2)]
    for found, expected in zip(summands, closed, strict=True):
        assert sympy.cancel(found - expected) == 0


@pytest.mark.parametrize("memory", range(6))
def test_poles_and_intervals(memory: int, rng: np.random.Generator) -> None:
    several = 0
    for _ in range(25):
        raw = random_algorithm(rng, memory)
        algorithm = Algorithm(*raw)
        polynomial = boundary_polynomial(algorithm)
        assert len(polynomial) == memory + 2
        intervals = noiseless_intervals(algorithm)
        several += len(intervals) > 1
        ends = [end for interval in intervals for end in interval]
        assert all(high - low <= high / 10**30 for low, high in ends)
        for lower, upper in intervals:
            for share in (Fraction(1, 1000), Fraction(1, 2), Fraction(999, 1000)):
                lam = lower[1] + share * (upper[0] - lower[1])
                assert naive.is_schur(raw, lam)
        for lam in (Fraction(int(n), 97) for n in rng.integers(1, 1000, 20)):
            inside = any(lower[1] < lam < upper[0] for lower, upper in intervals)
            assert inside == naive.is_schur(raw, lam)


def test_denominator_of_the_summand_is_the_boundary_polynomial() -> None:
    a, q, d = sympy.symbols("alpha q delta", positive=True)
    algorithm = named.memory_one(a, q, d)
    polynomial = evaluate([sympy.sympify(c) for c in boundary_polynomial(algorithm)], LAM)
    _, denominator = sympy.fraction(sympy.cancel(algorithm.noise_summand(LAM)))
    ratio = sympy.cancel(polynomial / denominator)
    assert LAM not in ratio.free_symbols


def test_bad_descriptions() -> None:
    for arguments, word in [
        ((1, [1], [1], [[1, 2]]), "D must be square"),
        ((1, [1, 2], [1], [[1]]), "b must have length 1"),
        ((1, [1], [1], [[1]], [1, 2]), "a must have length 1"),
        ((float("nan"),), "alpha must be finite"),
        (("fast",), "alpha must be a number"),
        ((1j,), "alpha must be a real number"),
        ((True,), "alpha must be a number"),
        ((sympy.I,), "alpha must be real"),
        ((sympy.oo,), "alpha must be a finite"),
    ]:
        with pytest.raises(InputError, match=word):
            Algorithm(*arguments)
    with pytest.raises(InputError, match="p must sum to exactly 1"):
        Algorithm.from_recurrence([1, 1], [0, 1])
    with pytest.raises(InputError, match="nesterov=True needs a momentum"):
        named.torch_sgd(0.1, 0, nesterov=True)
    with pytest.raises(UndefinedError):
        _ = named.heavy_ball(1, 1).effective_learning_rate
    with pytest.raises(InputError, match="free symbols"):
        rational_algorithm(named.general(1))


def test_exact_values_and_equality() -> None:
    assert named.sgd(0.5) == named.sgd(Fraction(1, 2)) == named.sgd("0.5")
    assert named.sgd(0.1) != named.sgd("0.1")
    assert hash(named.sgd(0.5)) == hash(named.sgd("0.5"))
    assert named.sgd(np.float32(0.1)) == named.sgd(float(np.float32(0.1)))
    assert named.heavy_ball(np.array(0.5), 0.5).memory == 1
    root = sympy.sqrt(2)
    assert named.sgd(root / 2).noise_summand(root).equals(sympy.Integer(1))
    assert eval(repr(named.heavy_ball(0.1, 0.9)), {"Algorithm": Algorithm}) == named.heavy_ball(
        0.1, 0.9
    )
    assert "pmatrix" in named.heavy_ball(0.1, 0.9)._repr_latex_()
