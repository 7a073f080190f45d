"""Gauss rules of discrete measures and their error bounds, and rules that keep clear of poles."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.numeric.spectra.power_law_quadrature import HEAD, LongLaw
from sgdmem.numeric.spectra.quadrature import (
    REACH,
    Rule,
    bounded_rule,
    chebyshev_moments,
    gauss_error,
    gauss_rule_of_moments,
)
from tests import naive

Measure = tuple[Array, Array]


def random_measure(rng: np.random.Generator, kind: str, size: int = 120) -> Measure:
    """Draw nodes that reach from -1 to 1, in any order, and positive weights."""
    nodes = rng.uniform(-1, 1, size)
    weights = 10 ** rng.uniform(-3, 0, size)
    if kind == "crowded":  # like the eigenvalues of a steep power law in a panel
        nodes = 2 * rng.uniform(0, 1, size) ** 3 - 1
    if kind == "repeated":
        nodes, weights = rng.choice(nodes[:30], size), np.ones(size)
    nodes[:2] = -1, 1
    return nodes, weights


KINDS = pytest.mark.parametrize("kind", ["even", "crowded", "repeated"])


def error_of(
    measure: Measure, rule: Measure, function: Callable[[Any], Any], digits: int = 40
) -> float:
    """Return how much a rule errs for a function of mpmath's numbers."""
    with mpmath.workdps(digits):
        first, second = (
            mpmath.fsum(mpmath.mpf(w) * function(mpmath.mpf(x)) for x, w in zip(*both, strict=True))
            for both in ((part.tolist() for part in pair) for pair in (measure, rule))
        )
        return float(abs(first - second))


def with_a_pole(pole: complex) -> Callable[[Any], Any]:
    """Return 1 / (x - pole), scaled to be at most 1 on the disk of radius `REACH`."""
    size = mpmath.mpf(abs(pole)) - REACH
    return lambda x: size / (x - mpmath.mpmathify(pole))


def gauss_rule(nodes: Array, weights: Array, points: int) -> tuple[Array, Array]:
    return gauss_rule_of_moments(chebyshev_moments(nodes, weights, 2 * points))


def bound_of(measure: Measure, rule: Measure, points: int) -> float:
    moments = chebyshev_moments(*measure, 2 * points)
    return gauss_error(moments, float(np.abs(measure[1]).sum()), *rule, REACH)


# Gauss rules -------------------------------------------------------------------------------------


@KINDS
@pytest.mark.parametrize("points", [1, 2, 5, 16])
def test_gauss_rules_are_exact_for_polynomials(
    kind: str, points: int, rng: np.random.Generator
) -> None:
    nodes, weights = random_measure(rng, kind)
    theta, omega = gauss_rule(nodes, weights, points)
    assert (omega > 0).all()
    assert (np.abs(theta) <= 1).all()
    assert (np.diff(theta) > 0).all()
    for degree in range(2 * points):
        shift = rng.uniform(-1, 1)
        found, expected = (
            (w * (x - shift) ** degree).sum() for x, w in ((theta, omega), (nodes, weights))
        )
        size = (weights * np.abs(nodes - shift) ** degree).sum()
        assert abs(found - expected) <= 1e-13 * size


def test_as_many_points_as_nodes_are_the_nodes(rng: np.random.Generator) -> None:
    nodes = np.cos(np.pi * np.arange(8) / 7)
    weights = rng.uniform(0.1, 1, 8)
    theta, omega = gauss_rule(nodes, weights, 8)
    assert theta == pytest.approx(nodes[::-1], abs=1e-13)
    assert omega == pytest.approx(weights[::-1], rel=1e-11)


def test_weights_of_both_signs_with_the_moments_of_a_positive_measure() -> None:
    fine = np.linspace(-1, 1, 40)
    weights = np.where(np.arange(40) % 2, -0.5, 1.5)  # like 1/2 each, up to the ends
    theta, omega = gauss_rule(fine, weights, 5)
    assert (omega > 0).all()
    for degree in range(10):
        expected = (weights * fine**degree).sum()
        assert (omega * theta**degree).sum() == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize(
    ("nodes", "points"),
    [
        ([-1.0, 0.3, 1.0], 5),
        ([0.5], 2),
        ([-1.0, 1.0], 16),
        ([*(1 - 1e-16 * np.arange(20)), *(1e-14 * np.arange(20) - 1)], 16),
        ([*np.linspace(0.999, 1, 30), *np.linspace(-1, -0.999, 30)], 16),
    ],
)
def test_fewer_nodes_than_points(nodes: list[float], points: int) -> None:
    """Also nodes so close together that rounding cannot tell them apart."""
    x, weights = np.array(nodes), np.linspace(1, 2, len(nodes))
    theta, omega = gauss_rule(x, weights, points)
    assert theta.size == omega.size <= points
    assert (omega >= 0).all()
    assert (np.abs(theta) <= 1 + 1e-9).all()
    for degree in range(2 * points):
        expected = (weights * x**degree).sum()
        assert (omega * theta**degree).sum() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    tail = (REACH + (REACH**2 - 1) ** 0.5) ** (-2 * points)
    assert bound_of((x, weights), (theta, omega), points) < (7 * tail + 1e-9) * weights.sum()


def test_chebyshev_moments_are_exact(rng: np.random.Generator) -> None:
    nodes, weights = (Fraction(int(k), 64) for k in rng.integers(-64, 65, 40)), np.ones(40)
    before, now = [Fraction(1)] * 40, list(nodes)
    moments = chebyshev_moments(np.array(list(map(float, now))), weights, 32)
    x = list(now)
    assert moments[0] == 40
    for k in range(1, 32):
        assert moments[k] == pytest.approx(float(sum(now)), abs=40 * k**2 * 2.0**-52)
        before, now = now, [2 * t * b - a for t, b, a in zip(x, now, before, strict=True)]


# Error bounds ------------------------------------------------------------------------------------


@KINDS
@pytest.mark.parametrize("points", [2, 5, 8, 16])
def test_the_error_bound_holds(kind: str, points: int, rng: np.random.Generator) -> None:
    """And is of use: not more than 1e4 times too large."""
    measure = random_measure(rng, kind)
    rule = gauss_rule(*measure, points)
    bound = bound_of(measure, rule, points)
    worst = 0.0
    for distance in (1e-3, 0.1, 0.3, 1):
        for angle in (0, np.pi, *rng.uniform(0, 2 * np.pi, 3)):
            pole = (REACH + distance) * np.exp(1j * angle)
            worst = max(worst, error_of(measure, rule, with_a_pole(complex(pole))))
    assert worst <= bound <= 1e4 * worst


@KINDS
def test_the_error_bound_of_any_rule(kind: str, rng: np.random.Generator) -> None:
    """It measures what the rule does, so it holds for a bad one and sees every change."""
    measure = random_measure(rng, kind)
    theta, omega = gauss_rule(*measure, 8)
    for change in (1e-12, 1e-6, 1e-2):
        changes = [(theta * (1 - change), omega), (theta, omega * (1 + change * theta))]
        for rule in [*changes, (theta[1:], omega[1:])]:
            bound = bound_of(measure, rule, 8)
            for pole in (1.9, -1.9, 1.9j, -2 + 1j):
                assert error_of(measure, rule, with_a_pole(pole)) <= bound
    assert bound_of(measure, (theta, omega * (1 + 1e-9)), 8) > 1e-9 * measure[1].sum()


def test_a_measure_that_is_no_number_has_no_bound() -> None:
    x = np.linspace(-1, 1, 9)
    theta, omega = gauss_rule(x, np.ones(9), 3)
    assert not bound_of((x, np.full(9, np.nan)), (theta, omega), 3) < np.inf


# Rules that keep clear of poles ------------------------------------------------------------------

# eigenvalues of k^-1.5 around number 1000 are 4.7e-8 apart
PLACE = 1000.5**-1.5


def near(pole: complex) -> Callable[[Ball], tuple[Array, Array]]:
    """Bound g = 1 / |lam - pole|^2, and g = 1, on disks."""

    def bound(disks: Ball) -> tuple[Array, Array]:
        room = np.abs(disks.mid - pole) - disks.rad
        square = np.where(room > 0, room, np.nan) * (
            np.abs(disks.mid - pole.conjugate()) - disks.rad
        )
        return np.where(square > 0, 1 / square, np.inf), np.ones(room.shape)

    return bound


def exact_sum(law: LongLaw, pole: complex) -> Any:
    """Return the sum of lam / |lam - pole|^2."""
    x, y = Fraction(pole.real), Fraction(pole.imag)
    bottom = [x**2 + y**2, -2 * x, Fraction(1)]
    return naive.power_law_sum_mp(([0, Fraction(1)], bottom), law.law.exponent, digits=20)


def found_and_spread(rule: Rule, pole: complex) -> tuple[Any, float]:
    """Return the same by the rule, and what its nodes err."""
    with mpmath.workdps(40):
        z = mpmath.mpc(pole)
        found, spread = mpmath.mpf(0), mpmath.mpf(0)
        parts = (rule.nodes.mid, np.broadcast_to(rule.nodes.rad, rule.nodes.mid.shape))
        for lam, rad, weight in zip(*(part.tolist() for part in parts), rule.weights, strict=True):
            f = lam / abs(lam - z) ** 2
            found += mpmath.mpf(float(weight)) * f
            # |f'| <= f (1 / lam + 2 / |lam - z|)
            spread += abs(float(weight)) * f * (1 / lam + 2 / abs(lam - z)) * rad
    return found, float(1.001 * spread)


@pytest.mark.parametrize(("height", "share"), [(1e-5, 1e-10), (1e-6, 1e-5)])
def test_a_pole_close_to_a_power_law(height: float, share: float) -> None:
    law, pole = LongLaw(PowerLaw(1.5, 1.0, None)), complex(PLACE, height)
    rule, (bounds, ones) = bounded_rule(law, HEAD, near(pole))
    assert len(rule.disks.mid) > len(law.rule(HEAD, law.edges(HEAD)).disks.mid)
    assert (ones == 1).all()
    exact, (found, spread) = exact_sum(law, pole), found_and_spread(rule, pole)
    error = float((rule.errors * bounds).sum())
    assert abs(found - exact) <= error + spread
    assert error < share * exact


def test_weights_are_positive_but_at_the_ends_of_the_law() -> None:
    law = LongLaw(PowerLaw(1.5, 1.0, 20_000))
    rule, _ = bounded_rule(law, HEAD, near(complex(PLACE, 1e-6)))
    negative = rule.nodes.mid[rule.weights < 0]
    places = negative ** (-1 / 1.5)
    assert len(negative) == 6
    assert (np.minimum(abs(places - HEAD), abs(places - 20_000)) < 3).all()
    assert rule.head == HEAD
    assert (rule.weights[:HEAD] == 1).all()


def test_a_far_pole_needs_no_halving() -> None:
    law = LongLaw(PowerLaw(1.5, 1.0, None))
    edges = law.edges(HEAD)
    rule, (bounds, _) = bounded_rule(law, HEAD, near(complex(-1, 0)))
    assert np.isfinite(bounds).all()
    assert len(rule.disks.mid) == len(law.rule(HEAD, edges).disks.mid)


@pytest.mark.parametrize(
    ("head", "pole"),
    [
        (HEAD, complex(-1e-40, 1e-41)),  # the panels go on towards 0 until it is far from the last
        # where eigenvalues are close to each other, so are poles that need no more of them
        (4096, complex(1.001, (HEAD / 4096) ** 0.8) / 4096**2),
    ],
)
def test_poles_close_to_the_ends_of_a_rule(head: int, pole: complex) -> None:
    law = LongLaw(PowerLaw(2.0, 1.0, None))
    rule, (bounds, _) = bounded_rule(law, head, near(pole))
    assert np.isfinite(bounds).all()
    with mpmath.workdps(40):  # the sum of 1 / (k^2 - c^2) is (1 - pi c cot(pi c)) / (2 c^2)
        c = mpmath.pi / mpmath.sqrt(mpmath.mpc(pole))
        exact = mpmath.im(c * mpmath.cot(c)) / (2 * pole.imag)
    found, spread = found_and_spread(rule, pole)
    error = float((rule.errors * bounds).sum())
    assert abs(found - exact) <= error + spread
    assert error < 1e-9 * exact


@pytest.mark.parametrize("pole", [complex(PLACE), complex(1e-30), complex(0)])
def test_no_bound_at_a_pole_within_a_panel(pole: complex) -> None:
    """Where halving does not help, as at 0 itself, the bound stays infinite."""
    law = LongLaw(PowerLaw(1.5, 1.0, None))
    with np.errstate(all="ignore"):
        rule, (bounds, _) = bounded_rule(law, HEAD, near(pole))
    assert np.isinf(bounds).any()
    assert len(rule.disks.mid) < 300
