"""The named algorithms: textbook updates step by step, and the theory sheet's P, Q and rates."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from sgdmem.symbolic.algebra.routh import summands
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.equivalence import equivalent
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.errors import InputError, UndefinedError
from sgdmem.symbolic.zoo import averaging as averages
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo import past_gradients, several_momenta, several_sequences
from sgdmem.symbolic.zoo.averaging import averaged_sgd, averaging
from sgdmem.symbolic.zoo.families_by_name import FAMILIES, find_family
from sgdmem.symbolic.zoo.general_algorithm import general
from tests.strategies import EIGENVALUES, ENTRIES, raw_algorithms

STEPS = 4
Path = list[tuple[Fraction, ...]]  # w and then the auxiliary vectors, step by step
MOMENTA = ENTRIES.filter(lambda x: x != 0)


def gradient(y: Fraction) -> Fraction:
    """Return the gradient of a loss that is not quadratic: these identities hold for every loss."""
    return y**2 / 3 + 2 * y / 3 - 1


def path(algorithm: Algorithm, *start: Fraction, steps: int = STEPS) -> Path:
    """Run eq. (3) literally from (w, u...); return the states after each step."""
    w, *u = start
    found: Path = []
    for _ in range(steps):
        g = gradient(w + sum(x * y for x, y in zip(algorithm.a, u, strict=True)))
        w, u = (
            w - algorithm.alpha * g + sum(x * y for x, y in zip(algorithm.b, u, strict=True)),
            [
                c * g + sum(x * y for x, y in zip(row, u, strict=True))
                for c, row in zip(algorithm.c, algorithm.D, strict=True)
            ],
        )
        found.append((w, *u))
    return found


def textbook(update: Callable[..., tuple[Fraction, ...]], *start: Fraction) -> Path:
    found, state = [], start
    for _ in range(STEPS):
        state = update(*state)
        found.append(state)
    return found


ZERO, ONE = Fraction(0), Fraction(1)


@given(ENTRIES)
def test_sgd(η: Fraction) -> None:
    assert path(named.sgd(η), ONE) == textbook(lambda w: (w - η * gradient(w),), ONE)


@given(ENTRIES, ENTRIES)
def test_heavy_ball(η: Fraction, β: Fraction) -> None:
    def update(w: Fraction, v: Fraction) -> tuple[Fraction, ...]:
        v = β * v - η * gradient(w)
        return w + v, v

    assert path(named.heavy_ball(η, β), ONE, ONE) == textbook(update, ONE, ONE)


@given(ENTRIES, ENTRIES)
def test_nesterov(η: Fraction, β: Fraction) -> None:
    def update(w: Fraction, v: Fraction) -> tuple[Fraction, ...]:
        v = β * v - η * gradient(w + β * v)
        return w + v, v

    assert path(named.nesterov(η, β), ONE, ONE) == textbook(update, ONE, ONE)


@given(ENTRIES, ENTRIES, ENTRIES)
def test_qhm(η: Fraction, β: Fraction, ν: Fraction) -> None:
    def update(w: Fraction, v: Fraction) -> tuple[Fraction, ...]:
        g = gradient(w)
        v = β * v + (1 - β) * g
        return w - η * ((1 - ν) * g + ν * v), v

    assert path(named.qhm(η, β, ν), ONE, ONE) == textbook(update, ONE, ONE)


@given(ENTRIES, MOMENTA, ENTRIES)
def test_torch_sgd(η: Fraction, μ: Fraction, τ: Fraction) -> None:
    def update(w: Fraction, u: Fraction) -> tuple[Fraction, ...]:
        u = μ * u + (1 - τ) * gradient(w)
        return w - η * u, u

    def nesterov_update(w: Fraction, u: Fraction) -> tuple[Fraction, ...]:
        g = gradient(w)
        u = μ * u + g
        return w - η * (g + μ * u), u

    assert path(named.torch_sgd(η, μ, τ), ONE, ONE) == textbook(update, ONE, ONE)
    nesterov = named.torch_sgd(η, μ, nesterov=True)
    assert path(nesterov, ONE, ONE) == textbook(nesterov_update, ONE, ONE)
    # Without momentum PyTorch keeps no buffer and ignores the dampening.
    assert named.torch_sgd(η, 0, τ) == named.torch_sgd(η) == named.sgd(η)


@given(ENTRIES, MOMENTA, ENTRIES)
def test_first_step_of_pytorch_is_not_damped(η: Fraction, μ: Fraction, τ: Fraction) -> None:
    g = gradient(ONE)
    buffer, w = g, ONE - η * g  # torch.optim.SGD clones the first gradient into its buffer
    expected = [(w, buffer)]
    for _ in range(STEPS - 1):
        buffer = μ * buffer + (1 - τ) * gradient(w)
        w -= η * buffer
        expected.append((w, buffer))
    assert path(named.torch_sgd(η, μ, τ), ONE, τ / μ * g) == expected


@given(ENTRIES, ENTRIES)
def test_sgdm(η: Fraction, β: Fraction) -> None:
    def update(w: Fraction, m: Fraction) -> tuple[Fraction, ...]:
        m = β * m + (1 - β) * gradient(w)
        return w - η * m, m

    assert path(named.sgdm(η, β), ONE, ONE) == textbook(update, ONE, ONE)


@given(ENTRIES, ENTRIES, ENTRIES)
def test_two_rate(α1: Fraction, α2: Fraction, β: Fraction) -> None:
    def update(w: Fraction, v: Fraction) -> tuple[Fraction, ...]:
        g = gradient(w)
        v = β * v + g
        return w - α1 * v - α2 * g, v

    assert path(named.two_rate(α1, α2, β), ONE, ONE) == textbook(update, ONE, ONE)


@given(ENTRIES, st.lists(ENTRIES, min_size=1, max_size=4))
def test_aggmo(η: Fraction, momenta: list[Fraction]) -> None:
    def update(w: Fraction, *velocities: Fraction) -> tuple[Fraction, ...]:
        g = gradient(w)
        moved = [β * v - g for β, v in zip(momenta, velocities, strict=True)]
        return w + η * sum(moved, ZERO) / len(momenta), *moved

    start = [ONE, *(Fraction(n) for n in range(len(momenta)))]
    assert path(named.aggmo(η, momenta), *start) == textbook(update, *start)


@pytest.mark.slow
@given(raw_algorithms(most=3), ENTRIES)
def test_averaging_of_any_algorithm(raw: Any, γ: Fraction) -> None:
    base = Algorithm(*raw)
    averaged = averaging(base, γ)
    assert averaged.memory == base.memory + 1
    start = [Fraction(n + 1, 3) for n in range(base.memory + 1)]
    mean = Fraction(1, 5)
    expected = []
    for z, *u in path(base, *start, steps=3):
        mean = (1 - γ) * mean + γ * z
        expected.append((mean, z - mean, *u))
    found = path(averaged, Fraction(1, 5), start[0] - Fraction(1, 5), *start[1:], steps=3)
    assert found == expected
    assert equivalent(base, averaged)  # the same stability and the same noise summand


def test_uniform_averaging_is_a_run_of_changing_averages() -> None:
    z, points = ONE, [ONE]
    w, u = ONE, ZERO
    for t in range(STEPS):
        step = averaged_sgd("1/3", Fraction(1, t + 2))
        ((w, u),) = path(step, w, u, steps=1)
        z -= gradient(z) / 3
        points.append(z)
        assert w == sum(points, ZERO) / len(points)


@given(ENTRIES, ENTRIES, ENTRIES)
def test_memory_one(rate: Fraction, q0: Fraction, damping: Fraction) -> None:
    algorithm = named.memory_one(rate, q0, damping)
    D, _, Q, _ = algorithm.polynomials
    assert (damping - 1, 1) == D
    assert Q[0] == q0 and -sum(Q) == damping * rate
    if damping:
        assert algorithm.effective_learning_rate == rate


# The theory sheet, section 2


def test_table_of_the_theory_sheet() -> None:
    α, β, ν, τ, a1, a2, γ = sympy.symbols("alpha beta nu tau alpha_1 alpha_2 gamma", positive=True)
    x = sympy.Symbol("x")
    table: list[tuple[Algorithm, Any, Any, Any]] = [  # D, Q, alpha_eff
        (named.sgd(α), 1, -α, α),
        (named.heavy_ball(α, β), x - β, -α * x, α / (1 - β)),
        (named.nesterov(α, β), x - β, -α * ((1 + β) * x - β), α / (1 - β)),
        (named.torch_sgd(α, β, τ), x - β, -α * (1 - τ) * x, α * (1 - τ) / (1 - β)),
        (named.torch_sgd(α, β, nesterov=True), x - β, -α * ((1 + β) * x - β), α / (1 - β)),
        (named.qhm(α, β, ν), x - β, -α * ((1 - ν * β) * x - β * (1 - ν)), α),
        (named.sgdm(α, β), x - β, -α * (1 - β) * x, α),
        (named.two_rate(a1, a2, β), x - β, -(a1 + a2) * x + a2 * β, a2 + a1 / (1 - β)),
        (averaged_sgd(α, γ), x - 1 + γ, -α * (x - 1 + γ), α),
        (named.aggmo(α, [β, ν]), (x - β) * (x - ν), None,
         α / 2 * (1 / (1 - β) + 1 / (1 - ν))),
    ]  # fmt: skip
    for algorithm, D, Q, rate in table:
        polynomials = algorithm.polynomials
        found_D, found_P, found_Q = (
            sum(sympy.sympify(c) * x**n for n, c in enumerate(polynomial))
            for polynomial in (polynomials.D, polynomials.P, polynomials.Q)
        )
        assert sympy.expand(found_D - D) == 0, algorithm.name
        assert sympy.expand(found_P - (x - 1) * D) == 0, algorithm.name
        if Q is not None:
            assert sympy.expand(found_Q - Q) == 0, algorithm.name
        assert sympy.cancel(algorithm.effective_learning_rate - rate) == 0, algorithm.name


@given(
    st.fractions("1/10", 2, max_denominator=10),
    st.fractions("1/10", "19/10", max_denominator=10),
    EIGENVALUES,
)
def test_averaging_changes_only_the_noise_at_the_output(
    η: Fraction, γ: Fraction, lam: Fraction
) -> None:
    g, s = 1 - γ, 1 - η * lam
    assume(abs(s) < 1)
    averaged = averaged_sgd(η, γ)
    assert averaged.noise_summand(lam) == named.sgd(η).noise_summand(lam)
    at_output = lam * summands(averaged.half_plane_form, lam).output_noise
    closed = (lam * η * γ) ** 2 * (1 + g * s) / ((1 - g * s) * (1 - g**2) * (1 - s**2))
    assert at_output == closed


def test_general() -> None:
    assert [str(x) for x in general(1, shifted=True).entries] == [
        *("alpha", "beta", "gamma", "delta", "a")
    ]
    assert [str(x) for x in general(2).entries] == [
        *("alpha", "b_1", "b_2", "c_1", "c_2", "D_11", "D_12", "D_21", "D_22", "0", "0")
    ]
    assert general(0).memory == 0
    for bad in (-1, 21, 1.0, True, "2"):
        with pytest.raises(InputError, match="memory must be an integer from 0 to 20"):
            general(bad)  # type: ignore[arg-type]


def test_families() -> None:
    assert find_family("heavy_ball") is find_family("heavy-ball") is named.heavy_ball
    assert find_family(named.sgd) is named.sgd
    for name, family in FAMILIES.items():
        assert family.name == name
    modules = (named, averages, past_gradients, several_momenta, several_sequences)
    written = {x.name for module in modules for x in vars(module).values() if type(x) is Family}
    assert written == set(FAMILIES)
    assert named.torch_sgd.missing(["momentum"]) == ["learning_rate"]
    with pytest.raises(InputError, match="unknown algorithm 'adam'; known are ademamix, aggmo"):
        find_family("adam")
    with pytest.raises(InputError, match="; Adam is not linear in the gradients"):
        find_family("Adam")
    with pytest.raises(InputError, match=r"two-rate$"):
        find_family("speedy")
    with pytest.raises(InputError, match=r'as "heavy-ball" .* one algorithm, .*critical_scale'):
        find_family(named.heavy_ball("0.1", "0.9"))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"of sgd: it has learning_rate; heavy-ball, .* have mom"):
        named.sgd.missing(["momentum"])
    with pytest.raises(InputError, match="unknown parameter 'beta' of heavy-ball"):
        named.heavy_ball.missing(["beta"])


def test_names_and_numbers() -> None:
    algorithm = named.heavy_ball("0.1", 0.5)
    assert algorithm.name == "heavy_ball(learning_rate=0.1, momentum=0.5)"
    assert algorithm.floats and algorithm.effective_learning_rate == 0.2
    assert named.heavy_ball(np.float64(0.5), np.array(0.5)).floats
    assert named.aggmo(1, list(np.array([0.5, 0.25]))).floats
    assert not named.aggmo(1, ["0.5", "0.25"]).floats
    assert named.aggmo(1, "0.5") == named.aggmo(1, ["0.5"])
    assert named.sgd(0.1) != named.sgd("0.1")


def test_refused() -> None:
    for arguments in ({}, {"dampening": "0.1", "momentum": "0.9"}, {"momentum": 0}):
        with pytest.raises(InputError, match="nesterov=True needs a momentum and zero dampening"):
            named.torch_sgd("0.1", nesterov=True, **arguments)
    for flag in ("yes", 1, "true"):
        with pytest.raises(InputError, match="nesterov must be True or False"):
            named.torch_sgd("0.1", "0.9", nesterov=flag)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="momenta must hold at least one"):
        named.aggmo(1, [])
    with pytest.raises(InputError, match=r"momenta\[1\]"):
        named.aggmo(1, [0, "fast"])
    with pytest.raises(InputError, match="learning_rate must be finite"):
        named.sgd(float("inf"))
    with pytest.raises(UndefinedError, match="D has the eigenvalue 1"):
        _ = named.heavy_ball(1, 1).effective_learning_rate
