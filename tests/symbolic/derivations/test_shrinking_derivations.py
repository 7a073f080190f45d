"""Derivations of methods that shrink w: S, P and Q, where w rests, and what does not exist."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy
from flint import fmpq

from sgdmem import Algorithm, derive, heavy_ball
from sgdmem.errors import DerivationError
from sgdmem.methods import general
from sgdmem.symbolic.derivations.checks.read_back import ReadBack
from sgdmem.symbolic.derivations.derivation import Derivation
from sgdmem.symbolic.derivations.derive import display
from sgdmem.symbolic.derivations.read_subject import read_subject
from sgdmem.symbolic.derivations.sections.resting_point import resting_point
from sgdmem.symbolic.derivations.sections.section_order import all_sections
from sgdmem.symbolic.derivations.statements.equations import Equation, Side
from tests.naive import state_matrix

SIGMA = sympy.Symbol("sigma")
SHAPED = Algorithm(  # takes gradients elsewhere than at w
    "1/10", ("1/3", "1/4"), ("-1/7", "1/5"), ((0, "1/2"), ("1/4", "-1/3")), (1, 2), shrink="1/50"
)
SHRINKING = {
    "sgd": Algorithm(sympy.Symbol("alpha"), shrink=SIGMA),
    "sgd, numbers": Algorithm("1/2", shrink=0.01),
    "heavy ball": Algorithm(*heavy_ball.symbolic().blocks[:5], SIGMA),
    "heavy ball, numbers": Algorithm(*heavy_ball("0.1", "0.9").blocks[:5], "0.001"),
    "general 2": Algorithm(*general(2).blocks[:5], SIGMA),
    "shifted": SHAPED,
    "all at once": Algorithm("1/10", "9/10", "-1/10", "9/10", shrink=1),
    "remembers": Algorithm("1/10", 1, "-1/10", 1, "1/2", shrink="1/10"),
    "gradients do nothing": Algorithm(0, shrink="1/10"),
}
TIERS = {
    **dict.fromkeys(("heavy ball", "general 2", "shifted"), pytest.mark.slow),
    **dict.fromkeys(("all at once", "remembers", "sgd, numbers"), pytest.mark.exhaustive),
}
NAMES = [pytest.param(x, marks=TIERS[x]) if x in TIERS else x for x in SHRINKING]


@cache
def derivation(name: str) -> Derivation:
    return derive(SHRINKING[name], form="full")


@pytest.mark.parametrize("name", NAMES)
def test_every_step_holds_and_what_does_not_exist_is_left_out(name: str) -> None:
    titles = [part.title for part in derivation(name).parts]
    assert derivation(name).checked > 15
    assert titles[3:5] == ["Effective learning rate", "Resting point"]
    assert not {"Edges of stability", "Large effective learning rates"} & set(titles)
    text = derivation(name).markdown()
    why = "$D$ has the eigenvalue 1" if name == "remembers" else "no gradient has a lasting effect"
    assert "It does not exist" in text
    assert why in text
    assert r"\alpha_{\mathrm{eff}}" not in text


def test_what_is_displayed() -> None:
    text = derivation("sgd").markdown()
    for line in (
        r"w_{t+1} = (1 - \sigma) \, w_{t} - \alpha \, \nabla L(w_{t}).",
        r"P(x) = x - 1 + \sigma",
        r"\frac{w_{\mathrm{rest}}}{w_*} = \frac{-\lambda Q(1)}{P(1) - \lambda Q(1)} = "
        r"\frac{\alpha \lambda}{\sigma + \alpha \lambda}.",
        r"s_{\lambda} = \frac{\alpha^{2} \lambda^{2}}{(2 - \sigma - \alpha \lambda) (\sigma + "
        r"\alpha \lambda)}.",
        r"\omega = -P(1)/Q(1)",
        r"finite for $\nu > \frac12$",
    ):
        assert line in text


@pytest.mark.parametrize("name", ["heavy ball, numbers", "shifted"])
def test_where_w_rests_is_where_a_run_ends(name: str) -> None:
    algorithm = SHRINKING[name]
    subject = read_subject(algorithm, {}, "2410.04228")
    lam, minimum = fmpq(1, 3), 2.0
    raw: Any = algorithm.blocks[:5]
    S = np.array(state_matrix(raw, 1 / 3, algorithm.shrink), float)
    v = np.array([-algorithm.alpha, *algorithm.c], float)
    state = np.zeros(len(v))
    for _ in range(20_000):  # the gradient is lam (y - minimum)
        state = S @ state - minimum / 3 * v
    *_, last = (x for x in resting_point(subject) if isinstance(x, Equation))
    found = subject.names.evaluate(last.sides[-1].value, {subject.letters.eigenvalue: lam})
    assert float(found.p) / float(found.q) == pytest.approx(state[0] / minimum, rel=1e-9)


def test_one_wrong_formula_makes_no_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(subject: Any) -> list[Any]:
        sections = all_sections(subject)
        section = next(x for x in sections if x.title == "Resting point")
        equation: Any = section.statements[-2]
        wrong = Side(equation.sides[-1].value * subject.kept)  # as if shrinking came last
        section.statements[-2] = replace(equation, sides=[*equation.sides[:-1], wrong])
        return sections

    monkeypatch.setattr("sgdmem.symbolic.derivations.derive.all_sections", broken)
    with pytest.raises(DerivationError, match="sides 1 and"):
        derive(SHRINKING["sgd"], form="full")


@pytest.mark.parametrize(
    "name", ["sgd", *(pytest.param(x, marks=TIERS["remembers"]) for x in ("general 2", "shifted"))]
)
def test_statements_of_a_method_that_does_not_shrink_are_wrong_of_one_that_does(name: str) -> None:
    shrinking = read_subject(SHRINKING[name], {}, "2410.04228")
    plain = read_subject(Algorithm(*SHRINKING[name].blocks[:5]), {}, "2410.04228")
    refused = set()
    sections = [x for x in all_sections(plain) if x.title in LEFT_BEHIND]
    read_back = ReadBack(shrinking)
    for title, _, statements in display(sections, plain):
        for statement, rows in statements:
            if isinstance(statement, Equation) and all(x.is_read for x in statement.sides):
                try:
                    read_back.check(statement, rows)
                except (DerivationError, KeyError):
                    refused.add(title)
    assert refused == LEFT_BEHIND


LEFT_BEHIND = {"The method", "Characteristic polynomial", "Equivalent recurrence"}
