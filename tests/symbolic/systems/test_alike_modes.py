"""Thresholds in letters against the numeric verdicts of the papers' problems."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sympy import Rational, Symbol, factor, limit, oo, symbols

from sgdmem import InputError, heavy_ball, methods, nesterov, stability
from sgdmem.numeric.systems.sparse_momentum import Activity, sparse_noise
from sgdmem.systems import SparseInputs, alike_threshold, as_stable_as_rand_k, isotropic_features

η, β, a, d, B, p, ρ = symbols("eta beta a d B p rho", positive=True)
FEATURES: dict[str, Any] = {"tau1": 1, "tau2": -1}
Point = dict[Symbol, Rational]


def sparse(activity: Activity) -> dict[str, Any]:
    tau1, tau2 = sparse_noise(p, activity)
    return {"tau1": tau1, "tau2": tau2}


def inputs(at: Point, activity: Activity = "shared") -> Any:
    return SparseInputs(Fraction(str(at[p])), int(at[d]), activity=activity).problem


def features(at: Point) -> Any:
    return isotropic_features(Fraction(str(at[a])), int(at[d]))


# threshold, the symbol it is of, the method and the problem of the library at a point
SYSTEMS: dict[str, tuple[Any, Symbol, Callable[..., Any], Callable[..., Any]]] = {
    "stochastic-edge": (
        alike_threshold(heavy_ball(η, β), a, d, B, of=a, **FEATURES),
        a,
        lambda at: heavy_ball(at[η], at[β]),
        features,
    ),
    "marginal-momentum": (
        alike_threshold(methods.sgdm(η, β), a, d, B, of=η, **FEATURES),
        η,
        lambda at: methods.sgdm(at[η], at[β]),
        features,
    ),
    "sparse-momentum": (
        alike_threshold(methods.sgdm(η, β), p, d, B, of=η, **sparse("shared")),
        η,
        lambda at: methods.sgdm(at[η], at[β]),
        inputs,
    ),
    "independent": (
        alike_threshold(methods.sgdm(η, β), p, d, B, of=η, **sparse("independent")),
        η,
        lambda at: methods.sgdm(at[η], at[β]),
        lambda at: inputs(at, "independent"),
    ),
    "mem-sgd": (
        alike_threshold(as_stable_as_rand_k(η, ρ), a, d, B, of=η, **FEATURES),
        η,
        lambda at: as_stable_as_rand_k(at[η], at[ρ]),
        features,
    ),
}


@pytest.mark.parametrize("points", [8, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SYSTEMS)
def test_thresholds_are_those_of_the_verdicts(
    name: str, points: int, rng: np.random.Generator
) -> None:
    threshold, of, method, problem = SYSTEMS[name]
    for _ in range(points):
        at: Point = {letter: Rational(rng.integers(1, 999), 1000) for letter in (η, β, p, ρ)}
        at |= {a: Rational(rng.integers(1, 5000), 1000), d: Rational(rng.integers(1, 500))}
        at[B] = Rational(rng.integers(1, 10**6), 1000)
        end = threshold.subs({letter: x for letter, x in at.items() if letter != of})
        for share, stable in ((1 - Rational(1, 10**6), True), (1 + Rational(1, 10**6), False)):
            there = {**at, of: end * share}
            found = stability(method(there), problem(there), Fraction(str(at[B])))
            assert found.stable is stable, there


def test_limits_of_the_edge() -> None:
    """Both plateaus of Batch Sharpness, and what full batches leave of rand-k."""
    edge, *_ = SYSTEMS["stochastic-edge"]
    assert factor(limit(edge, B, oo) - 2 * (1 + β) / η) == 0
    assert factor(limit(edge * (d + 1) / B, B, 0) - 2 * (1 - β) / η) == 0
    rate, *_ = SYSTEMS["mem-sgd"]
    assert factor(limit(rate, B, oo) - 2 * ρ / (2 - ρ) / a) == 0


def test_numbers_in_place_of_symbols() -> None:
    """A batch size of 8, and 3 modes, are what the symbols are at these numbers."""
    general = alike_threshold(heavy_ball(η, β), a, d, B, of=a, tau2=-1)
    found = alike_threshold(heavy_ball(η, β), a, 3, 8, of=a, tau2=-1)
    assert factor(found - general.subs({B: 8, d: 3})) == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"method": 3}, "method must be an Algorithm"),
        ({"of": "a"}, "of must be a symbol"),
        ({"count": None}, "count must be"),
        ({"tau1": "x"}, "tau1 must be"),
        ({"eigenvalue": []}, "eigenvalue must be"),
        ({"batch_size": -1}, "batch_size must be positive"),
        ({"batch_size": a}, "batch_size must be positive, and without a"),
    ],
)
def test_bad_arguments(changed: Any, message: str) -> None:
    given = {"method": heavy_ball(η, β), "eigenvalue": a, "count": d, "batch_size": B, "of": a}
    with pytest.raises(InputError, match=message):
        alike_threshold(**{**given, **changed})


def test_one_end_is_needed() -> None:
    with pytest.raises(InputError, match="must be linear in a"):
        alike_threshold(nesterov(η, β), a, d, B, of=a)
