"""Methods of the literature: each is what was published, and does what its paper says."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import sgdmem
from sgdmem import methods
from sgdmem.methods import convert, equivalent
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.tracing.method import check_update, traced_family
from sgdmem.symbolic.zoo.families_by_name import FAMILIES, USUAL_FAMILIES
from tests.symbolic.zoo import published_steps as steps

ZOO = [x for name, x in FAMILIES.items() if name not in USUAL_FAMILIES]
OTHERWISE: dict[str, Callable[..., Any]] = {  # as written by the tests, parameters in this order
    "triple-momentum": steps.triple_momentum,
    "asgd": steps.asgd,
    "mass": steps.mass,
    "schedule-free": steps.schedule_free,
    "pid": steps.pid,
    "ademamix": steps.ademamix,
    "dana-step": steps.dana_step,
    "optimistic": steps.optimistic,
    "past-extragradient": steps.past_extragradient,
    "storm": steps.storm,
}


def symbolic(family: Family[...]) -> Any:
    """Return the member with symbols, numbered, and three for a whole number."""
    values = {
        name: 3 if x.kind == "whole" else sympy.Symbol(f"p_{k}", real=True)
        for k, (name, x) in enumerate(family.parameters.items())
    }
    return family(**values)


def test_there_are_thirteen() -> None:
    assert len(ZOO) == 13
    for family in ZOO:
        assert getattr(methods, family.name.replace("-", "_")) is family


@pytest.mark.parametrize("name", OTHERWISE)
def test_methods_are_as_the_tests_write_them(name: str) -> None:
    options: dict[str, Any] = {"losses": "quadratic"} if name == "storm" else {}
    family, described = traced_family(OTHERWISE[name], **options)
    check_update(described)
    assert equivalent(symbolic(family), symbolic(FAMILIES[name]), losses="all")


@pytest.mark.parametrize("family", ZOO, ids=str)
def test_they_are_steps(family: Family[...]) -> None:
    """What `method` checks of one's own functions, they pass."""
    assert family.symbolic().effective_learning_rate != 0


def test_snag_is_asgd_in_other_letters() -> None:
    rate, alpha, beta, gamma = sympy.symbols("eta alpha beta gamma", real=True)
    snag = methods.snag(learning_rate=rate, alpha=alpha, beta=beta, gamma=gamma)
    asgd = methods.asgd(alpha=1 - alpha, beta=1 - beta, gamma=gamma * rate, delta=rate)
    assert equivalent(snag, asgd, losses="all")


@pytest.mark.parametrize("window", [1, 2, 5])
def test_windows_and_delays(window: int) -> None:
    member = methods.aggregated_gradient(learning_rate=1, window=window)
    assert member.memory == window - 1
    assert (Fraction(-1, window),) * window == member.polynomials.Q
    late = methods.delayed_sgd(learning_rate=1, delay=window)
    edge = 2 * np.sin(np.pi / (2 * (2 * window + 1)))  # the closed form
    for factor, stable in ((0.999, True), (1.001, False)):
        verdict = sgdmem.stability(late, sgdmem.Spectrum([edge * factor]))
        assert verdict.stable is stable


@pytest.mark.parametrize("condition", [2, 10, 1000])
def test_the_rate_of_triple_momentum(condition: int) -> None:
    """Its published parameters give 1 - sqrt(m / L) over the whole spectrum."""
    rho = 1 - condition**-0.5
    member = methods.triple_momentum(
        alpha=1 + rho,
        beta=rho**2 / (2 - rho),
        gamma=rho**2 / ((1 + rho) * (2 - rho)),
        delta=rho**2 / (1 - rho**2),
    )
    _, P, Q, _ = member.polynomials
    radii = []
    for lam in np.geomspace(1 / condition, 1, 50):
        chi = [float(p - Fraction(lam) * q) for p, q in zip(P, (*Q, 0), strict=True)]
        radii.append(max(abs(np.roots(chi[::-1]))))
    assert max(radii) == pytest.approx(rho, rel=1e-6)


@pytest.mark.parametrize(
    "name",
    ["pid", *(pytest.param(x, marks=pytest.mark.exhaustive) for x in ("asgd", "mass", "snag"))],
)
def test_what_is_qhm(name: str) -> None:
    member = FAMILIES[name].symbolic()
    assert equivalent(sgdmem.qhm(**convert(member, "qhm")), member)


def test_the_same_under_other_names() -> None:
    rate, beta, share = sympy.symbols("learning_rate beta rate", real=True)
    assert convert(methods.schedule_free.symbolic(), "qhm") == {
        "learning_rate": rate, "momentum": 1 - share, "nu": beta,
    }  # fmt: skip
    assert convert(methods.storm.symbolic(), "sgd") == {"learning_rate": rate}
    popov, daskalakis = methods.past_extragradient.symbolic(), methods.optimistic.symbolic()
    assert equivalent(popov, daskalakis) and not equivalent(popov, daskalakis, losses="all")


@pytest.mark.exhaustive
@pytest.mark.parametrize("family", ZOO, ids=str)
def test_each_has_a_derivation(family: Family[...]) -> None:
    """In which the published update is read back, and found to be the method."""
    assert sgdmem.derive(family).checked > 20
