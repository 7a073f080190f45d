"""Methods whose P and Q share a factor: the proposition says what is left, and what is hidden."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
import sympy
from flint import fmpq

from sgdmem import Algorithm, Noise, Problem, Spectrum, derive, heavy_ball, method, stability
from sgdmem.errors import DerivationError
from sgdmem.symbolic.algebra.scalars import fraction_of, to_sympy
from sgdmem.symbolic.algorithms.reduction import reduced
from sgdmem.symbolic.derivations.documents.text import derivation_text
from sgdmem.symbolic.derivations.read_subject import read_subject
from sgdmem.symbolic.derivations.sections.minimal_conditions import (
    hidden_conditions,
    noiseless_conditions,
)
from sgdmem.symbolic.derivations.sections.proof import proof
from sgdmem.symbolic.derivations.sections.reduced_method import what_cancels
from sgdmem.symbolic.derivations.statements.conditions import Conditions
from sgdmem.symbolic.derivations.statements.reduced_subject import ReducedSubject, what_is_left
from sgdmem.symbolic.derivations.statements.same_method import SameMethod
from sgdmem.symbolic.stability.hidden_modes import keeps_a_hidden_mode
from sgdmem.symbolic.zoo.families_by_name import find_family
from tests import naive

# mypy: allow-untyped-defs


@method
def averaged_ball(x, v, z, gradient, *, learning_rate, momentum, rate):
    v = momentum * v - learning_rate * gradient(z)
    z = z + v
    return (1 - rate) * x + rate * z, v, z


@method
def drift(w, v, gradient, *, learning_rate, theta):
    """A velocity that no gradient reaches."""
    return w - learning_rate * gradient(w) + v, theta * v


@method(losses="quadratic")
def mu2_sgd(x, w, x_last, d, gradient, *, learning_rate, beta, rate):
    """K. Levy, arXiv 2304.04172, with constant weights: STORM's gradients at an average."""
    d = gradient(x) + (1 - beta) * (d - gradient(x_last))
    w = w - learning_rate * d
    return (1 - rate) * x + rate * w, w, x, d


@method
def carried(x, v, z, gradient, *, learning_rate, momentum):
    """An output that keeps its first distance from the iterates."""
    v = momentum * v - learning_rate * gradient(z)
    new = z + v
    return x + new - z, v, new


@method
def adan(w, m, v, g_last, gradient, *, eta, beta_1, beta_2):
    """Adan without its denominator, arXiv 2208.06677."""
    g = gradient(w)
    m = (1 - beta_1) * m + beta_1 * g
    v = (1 - beta_2) * v + beta_2 * (g - g_last)
    return w - eta * (m + (1 - beta_2) * v), m, v, g


CASES: dict[str, Any] = {
    **{name: name for name in ("pid", "storm", "averaged-sgd")},
    "averaged_ball": averaged_ball,
    "drift": drift,
    "mu2_sgd": mu2_sgd,
    "carried": carried,
}


@cache
def left_of(name: str) -> ReducedSubject:
    found = what_is_left(read_subject(CASES[name], {}, "2410.04228"))
    assert isinstance(found, ReducedSubject)
    return found


@pytest.mark.parametrize(
    ("name", "factor", "words"),
    [
        ("pid", "x (x - \\beta)", "which are not read where gradients are taken. They die out by"),
        ("storm", "x - (1 - a)", "taken, but at the weights. It dies out if and only if"),
        ("averaged-sgd", "x - (1 - \\gamma)", "It dies out by itself"),
        ("drift", "x - \\theta", "which no gradient excites. It dies out if and only if $-1 <"),
        ("mu2_sgd", "\\xi - (1 - \\beta)", "if and only if $0 < \\beta < 2$"),
        ("carried", "\\xi - 1", "never dies out, so that the method as a whole is stable for no"),
    ],
)
def test_what_cancels_is_said(name: str, factor: str, words: str) -> None:
    left = left_of(name)
    (said,) = what_cancels(left)
    assert isinstance(said, SameMethod) and words in said.rule
    assert left.letters.renaming.printed(left.writer.line(left.common)) == factor


@pytest.mark.parametrize(
    ("name", "count"),
    [
        *((name, 20) for name in ("storm", "drift")),
        *(pytest.param(name, 300, marks=pytest.mark.slow) for name in CASES if name != "carried"),
    ],
)
def test_what_is_printed_is_what_verdicts_say(name: str, count: int) -> None:
    """Conditions, the summand and the noise sum in letters, against verdicts on numbers."""
    left, rng = left_of(name), random.Random(name)
    found = noiseless_conditions(left)
    assert isinstance(found, Conditions)
    summand = sympy.lambdify([*left.parameters, left.letters.eigenvalue], left.summand)
    seen: dict[tuple[bool, bool], int] = {}
    for _ in range(count):
        values = {x: _inside(left, x, rng) for x in left.parameters}
        top = Fraction(rng.randint(1, 99), rng.choice((30, 100)))
        point = {**values, left.largest: to_sympy(top)}
        noiseless = all(bool(x.xreplace(point)) for x in found.inequalities)
        spectrum, batch = [top, top / 3, top / 7], Fraction(rng.randint(1, 40), 8)
        tau2 = rng.choice((-1, 0, 1))
        problem = Problem(Spectrum(spectrum), noise=Noise(tau1=1, tau2=tau2))
        member = left.whole.member({x: _flint(v) for x, v in values.items()})
        verdict = stability(member, problem, batch)
        expected = noiseless
        if noiseless:
            s = [
                fraction_of(summand(*(values[x] for x in left.parameters), lam)) for lam in spectrum
            ]
            damped = [1 + tau2 * x / batch for x in s]
            total = sum(x / batch / y for x, y in zip(s, damped, strict=True))
            expected = min(damped) > 0 and total < 1
            if min(damped) > 0:
                assert verdict.noise_sum == pytest.approx(float(total), rel=1e-9)
        assert verdict.stable is expected, (values, top, batch, tau2)
        seen[noiseless, expected] = seen.get((noiseless, expected), 0) + 1
    assert len(seen) == 3 and min(seen.values()) >= count / 20


def _flint(value: Any) -> Any:
    return fmpq(int(value.p), int(value.q))


def _inside(left: ReducedSubject, symbol: Any, rng: random.Random) -> Any:
    value = sympy.Rational(rng.randint(1, 99), rng.choice((33, 100)))
    interval = left.intervals.get(symbol)
    return value * rng.choice((1, 1, -1)) if interval is None else interval.inside(value)


@pytest.mark.slow
def test_a_mode_that_never_dies_out_is_unstable_for_verdicts_and_propositions() -> None:
    left = left_of("carried")
    assert left.judged is left and left.whole.stable_point is None
    found = noiseless_conditions(left)
    assert isinstance(found, Conditions) and found.rule.startswith("Without noise what is left is")
    member = carried(learning_rate="0.1", momentum="0.5")
    verdict = stability(member, Spectrum([1]), 10)
    assert verdict.stable is False and "a factor that P and Q share" in verdict.explanation
    assert "share" not in stability(heavy_ball(100, "0.5"), Spectrum([1]), 10).explanation
    assert stability(reduced(member)[0], Spectrum([1]), 10).stable is True
    text = derive(carried).markdown()
    assert r"\max_k \rho(\tilde S_{\lambda_k}) < 1" in text and r"U_\Sigma" not in text


def hidden(rng: random.Random, kind: str, retention: Fraction) -> Algorithm:
    """Return a random method of memory 1 with one more mode that cancels."""
    alpha, b, c, D, a, *more = (Fraction(rng.randint(-20, 20), 20) for _ in range(8))
    alpha, x, y = abs(alpha) + Fraction(1, 10), more[0], more[1]
    shares = {"unreached": ((b, x), (c, 0), (a, y)), "unread": ((b, 0), (c, x), (a, 0))}[kind]
    rows = ((D, y), (0, retention)) if kind == "unreached" else ((D, 0), (y, retention))
    return Algorithm(alpha, *shares[:2], rows, shares[2])


@pytest.mark.parametrize("kind", ["unreached", "unread", "averaged"])
def test_the_dense_operator_is_that_of_what_is_left_and_hidden_modes(kind: str) -> None:
    rng = random.Random(kind)
    seen = set()
    for _ in range(60):
        retention = Fraction(rng.choice((-12, -6, 3, 8, 10, 13)), 10)
        if kind == "averaged":
            base = hidden(rng, "unread", Fraction(0))
            base = Algorithm(base.alpha, base.b[0], base.c[0], base.D[0][0])
            rate = 1 - retention
            ball = (base.b[0], 1 + base.D[0][0], -base.D[0][0])
            whole = averaged_ball(learning_rate=base.alpha, momentum=ball[2], rate=rate)
        else:
            whole = hidden(rng, kind, retention)
        left, factor = reduced(whole)
        assert len(factor) >= 2
        eigenvalues = [Fraction(1), Fraction(1, 3)]
        batch, tau2 = rng.choice((1, 4, 30)), rng.choice((-1, 0, 1))
        args = (eigenvalues, batch, 1, tau2)
        dense = naive.second_moment_radius(naive.Raw(*whole.blocks[:5]), *args)
        small = naive.second_moment_radius(naive.Raw(*left.blocks[:5]), *args)
        if min(abs(dense - 1), abs(small - 1)) < 1e-9:
            continue
        assert (dense < 1) == (small < 1 and abs(retention) < 1)
        seen.add((small < 1, abs(retention) < 1))
        if dense < 1:
            problem = Problem(Spectrum(eigenvalues), noise=Noise(tau1=1, tau2=tau2))
            sums = [stability(x, problem, batch).noise_sum for x in (whole, left)]
            assert sums[0] == pytest.approx(sums[1], rel=1e-12)
    assert len(seen) >= 3


def test_hidden_modes_that_stay_are_told_from_others() -> None:
    rng = random.Random(4)
    for _ in range(100):
        roots = [Fraction(rng.randint(-12, 12), 10) for _ in range(rng.choice((1, 2, 3)))]
        size = len(roots)
        D = [[Fraction(0)] * size for _ in range(size)]
        for i, root in enumerate(roots):
            D[i][i] = root
            D[i][:i] = [Fraction(rng.randint(-3, 3)) for _ in range(i)]
        unread = Algorithm("0.1", [0] * size, [rng.randint(-3, 3) for _ in range(size)], D)
        assert keeps_a_hidden_mode(unread) is any(abs(root) >= 1 for root in roots)


def test_what_is_hidden_is_found() -> None:
    """By the transfer functions from a start and to the gradient, of methods known to hide it."""
    rng = random.Random(3)
    kinds = {}
    for kind in ("unreached", "unread"):
        subject = what_is_left(read_subject(hidden(rng, kind, Fraction(1, 2)), {}, "2410.04228"))
        assert isinstance(subject, ReducedSubject)
        kinds[kind] = subject.is_unreached, subject.is_unread
    assert kinds == {"unreached": (True, False), "unread": (False, True)}


def test_nothing_is_left_out_that_does_not_cancel() -> None:
    whole = Algorithm("0.1", b=("0.5", "0.2"), c=(1, "0.3"), D=(("0.5", 0), (0, "0.25")))
    assert reduced(whole) == (whole, (1,))
    with pytest.raises(DerivationError, match="hold"):
        found = hidden_conditions(left_of("drift"), "")
        replace(found, inequalities=found.inequalities[:1]).check(
            left_of("drift").names, left_of("drift").parameters
        )


def test_the_text_is_about_what_is_left_too() -> None:
    text = derivation_text(find_family("pid").symbolic())
    for line in (
        "F(x) = x^2 - momentum x",
        "P1(x) = (x - 1) (x - momentum)",
        "2*(1 + momentum) - lambda*(learning_rate + 2*derivative*(1 - momentum))",
        "1 + momentum (of F)",
        "F (P1 - lambda_k Q1) is strictly Schur",
    ):
        assert f"  {line}" in text
    assert "F(x)" not in derivation_text(find_family("qhm").symbolic())


def test_names_of_long_coefficients_are_defined_in_the_proof():
    subject = what_is_left(read_subject(adan, {}, "2410.04228"))
    assert not subject.is_short
    rows = []
    for section in proof(subject):
        for statement in section.statements:
            rows += [row for row in getattr(statement, "rows", lambda _: [])(subject.writer)]
    used = {name for row in rows for name in re.findall(r"[dq]_\{\d\}", " ".join(row))}
    defined = {left for left, right in rows if re.fullmatch(r"[dq]_\{\d\}", left)}
    assert not any("{aligned}" in " ".join(row) for row in rows if row[0].startswith("Q("))
    assert used == defined == {*(f"d_{{{k}}}" for k in (0, 1)), *(f"q_{{{k}}}" for k in (0, 1, 2))}
