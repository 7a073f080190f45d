"""Memory 1: eq. (25), the complex range and eq. (26), each derived, against the printed forms."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.systems.memory_one import complex_range, memory_one_summand, regions
from sgdmem.symbolic.zoo import named_algorithms as named
from tests import naive
from tests.strategies import EIGENVALUES, ENTRIES

α, q, δ, λ = sympy.symbols("alpha_eff q_0 delta lambda", positive=True)


def test_equation_25() -> None:
    numerator, denominator = memory_one_summand(α, q, δ, λ)
    inner = (2 - δ) * δ * α + λ * q * (2 * q + δ * α)
    assert sympy.expand(numerator - λ * inner) == 0
    outer = (δ + λ * q) * (4 - 2 * δ - λ * (2 * q + δ * α))
    assert sympy.expand(denominator - outer) == 0
    # In the paper's arrangement, not multiplied out.
    assert denominator.func is sympy.Mul and len(denominator.args) == 2
    assert numerator.is_Mul and all(term.is_Mul for term in (numerator / λ).args)


@given(ENTRIES, ENTRIES, ENTRIES, EIGENVALUES)
def test_equation_25_at_random_points(
    rate: Fraction, q0: Fraction, damping: Fraction, lam: Fraction
) -> None:
    algorithm = named.memory_one(rate, q0, damping)
    raw = naive.Raw(*(getattr(algorithm, key) for key in ("alpha", "b", "c", "D", "a")))
    if naive.is_schur(raw, lam):
        arguments = [sympy.Rational(x.numerator, x.denominator) for x in (rate, q0, damping, lam)]
        numerator, denominator = memory_one_summand(*arguments)
        exact = naive.noise_summand_exact(raw, lam)
        assert numerator / denominator == sympy.sympify(exact)


@cache
def symbolic_range() -> tuple[Any, Any]:
    return complex_range(α, q, δ)


def test_complex_range_in_the_printed_form() -> None:
    root = sympy.sqrt((1 - δ) * α - q)
    for sign, found in zip((-1, 1), symbolic_range(), strict=True):
        printed = δ * (sympy.sqrt(α) + sign * root) ** 2 / (δ * α + q) ** 2
        assert sympy.simplify(found - printed) == 0


@pytest.mark.slow
@given(
    st.fractions("1/10", 4, max_denominator=10),
    st.fractions("1/10", "9/10", max_denominator=10),
    st.fractions(0, "9/10", max_denominator=10),
)
def test_roots_are_complex_exactly_in_the_range(
    rate: Fraction, damping: Fraction, share: Fraction
) -> None:
    q0 = share * (1 - damping) * rate  # below (1 - delta) alpha_eff
    low, high = (float(end.subs({α: rate, q: q0, δ: damping})) for end in symbolic_range())
    assert 0 < low < high
    algorithm = named.memory_one(rate, q0, damping)
    for lam, complex_roots in ((low, False), (low, True), (high, True), (high, False)):
        outward = 1 if (lam == low) == complex_roots else -1
        eigenvalue = Fraction(lam * (1 + outward * 1e-6))
        P, Q = algorithm.polynomials[1:3]
        c0, c1 = (P[n] - eigenvalue * Q[n] for n in range(2))
        assert (c1**2 - 4 * c0 < 0) == complex_roots


def test_no_complex_range_for_large_q0() -> None:
    low, high = complex_range(1, Fraction(3, 4), Fraction(1, 2))
    assert not low.is_real and not high.is_real
    P, Q = named.memory_one(1, 0.75, 0.5).polynomials[1:3]
    for lam in np.geomspace(1e-6, 1e6, 200):
        c0, c1 = P[0] - Fraction(lam) * Q[0], P[1] - Fraction(lam) * Q[1]
        assert c1**2 - 4 * c0 >= 0


def test_equation_26() -> None:
    found = regions(α, q, δ, λ)
    printed = [
        (0, δ / q, α * λ / 2),
        (δ / q, δ * α / q**2, δ * α / q / 2),
        (δ * α / q**2, 2 / q, (q * λ / 2) / (1 - q * λ / 2)),
    ]
    for region, expected in zip(found, printed, strict=True):
        for part, value in zip(region, expected, strict=True):
            assert sympy.cancel(part - value) == 0


@pytest.mark.parametrize("q0", [0.01, 1, 30])
@pytest.mark.parametrize("ratio", [1e4, 1e6])
def test_equation_26_holds_within_a_factor_2(q0: float, ratio: float) -> None:
    # delta and delta alpha_eff / q0 small and alpha_eff / q0 large, in units of q0.
    rate, damping = q0 * ratio, 1 / ratio**2
    algorithm = named.memory_one(rate, q0, damping)
    inside = []
    values = {α: rate, q: q0, δ: damping}
    for region in regions(α, q, δ, λ):
        begins, ends = float(region.begins.subs(values)), float(region.ends.subs(values))
        start = begins or ends * 1e-4
        for lam in np.geomspace(start, ends, 12)[:-1]:
            simple = float(region.summand.subs({**values, λ: lam}))
            quotient = algorithm.noise_summand(float(lam)) / simple
            assert 0.45 < quotient < 2.2
            if start * 5 < lam < ends / 5:
                inside.append(quotient)
    assert len(inside) > 10
    assert abs(np.median(inside) - 1) < 0.05


def test_regions_meet() -> None:
    low, middle, high = regions(α, q, δ, λ)
    assert low.ends == middle.begins and middle.ends == high.begins
    assert sympy.cancel(low.summand.subs(λ, low.ends) - middle.summand) == 0
    small = sympy.series(high.summand, λ, 0, 2).removeO().subs(λ, high.begins)
    assert sympy.cancel(small - middle.summand) == 0


def test_complex_range_on_a_line() -> None:
    """Theorem 6.2 with q_1 = 0: from delta^2 / (4 |q_0|) on."""
    assert complex_range("1/2", "-2/5", "4/5") == (sympy.Rational(2, 5), sympy.oo)


def test_regions_of_what_is_no_number() -> None:
    with pytest.raises(InputError, match="q0 must be a real number or a SymPy expression"):
        regions(1, None, 1, 1)
