"""What a paper prints: one proposition, its conditions minimal and complete, then the proof."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy

from sgdmem import Algorithm, InputError, derive, heavy_ball, method
from sgdmem.errors import DerivationError
from sgdmem.methods import general
from sgdmem.symbolic.derivations.checks.read_back import ReadBack
from sgdmem.symbolic.derivations.derivation import Derivation
from sgdmem.symbolic.derivations.documents import pdf
from sgdmem.symbolic.derivations.read_subject import read_subject
from sgdmem.symbolic.derivations.sections.minimal_conditions import noiseless_conditions
from sgdmem.symbolic.derivations.sections.published import published
from sgdmem.symbolic.derivations.sections.same_as import same_as
from sgdmem.symbolic.derivations.statements.assumptions import Interval, follows, minimal
from sgdmem.symbolic.derivations.statements.conditions import Conditions
from sgdmem.symbolic.derivations.statements.published_update import PublishedUpdate
from sgdmem.symbolic.derivations.statements.same_method import SameMethod
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.expressions.factoring import factored
from sgdmem.symbolic.zoo.families_by_name import find_family
from tests import naive
from tests.symbolic.derivations.test_derivations import LATEX

PRINTED = ("heavy-ball", "qhm", "aggmo", "nesterov", "general 2")
FOUND: dict[str, Derivation] = {}


def printed(name: str) -> Derivation:
    if name not in FOUND:
        FOUND[name] = derive(general(2) if name == "general 2" else name)
    return FOUND[name]


def of(name: str) -> Subject:
    return read_subject(name, {}, "2410.04228")


def before_the_proof(name: str) -> str:
    return printed(name).markdown().partition("**Proof.**")[0]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "heavy-ball",
            [
                r"Let $\alpha > 0$ and $0 \le \beta < 1$.",
                r"v & \leftarrow \beta v - \alpha \nabla L(w), \\",
                r"P(x) = (x - 1) (x - \beta), \qquad Q(x) = - \alpha x, \qquad "
                r"\alpha_{\mathrm{eff}} = \frac{\alpha}{1 - \beta}.",
                r"\alpha \lambda_{\max} < 2 (1 + \beta).",
                r"\alpha' = \frac{\alpha}{1 - \beta}, \quad \beta' = \beta, \quad \nu' = 1.",
            ],
        ),
        pytest.param(
            "aggmo",
            [
                r"w & \leftarrow w + \frac{\alpha}{K} \sum_i v_i.",
                r"Q(x) = - \frac{\alpha x}{2} (2 x - \beta_1 - \beta_2)",
                r"\alpha \lambda_{\max} (2 + \beta_1 + \beta_2) < 4 (1 + \beta_1) (1 + \beta_2).",
            ],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "nesterov",
            [
                r"Q(x) = - \alpha ((1 + \beta) x - \beta)",
                r"\alpha \lambda_{\max} (1 + 2 \beta) < 2 (1 + \beta).",
                r"U_\Sigma = \frac{\tau_1}{B} \sum_k",
                r"\nu' = \beta.",
            ],
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            "general 2",
            [
                r"P(x) = (x - 1) (x^{2} - (D_{11} + D_{22}) x + D_{11} D_{22} - D_{12} D_{21})",
                r"{(1 - D_{11}) (1 - D_{22}) - D_{12} D_{21}}.",
                r"\hat a_0 > 0, \qquad \hat a_1 > 0, \qquad \hat a_3 > 0, \qquad "
                r"\hat a_1 \hat a_2 - \hat a_0 \hat a_3 > 0.",
            ],
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_what_is_printed_is_what_a_person_writes(name: str, lines: list[str]) -> None:
    text = before_the_proof(name)
    for line in lines:
        assert line in text
    kinds = [part.kind for part in printed(name).parts]
    assert kinds == sorted(kinds, reverse=True) and {*kinds} == {"proposition", "proof"}


def conditions(name: str) -> tuple[Subject, Conditions]:
    subject = of(name)
    found = noiseless_conditions(subject)
    assert isinstance(found, Conditions)
    return subject, found


def inside(subject: Subject, rng: random.Random) -> dict[Any, Fraction]:
    """Return parameters of which what is assumed holds, and a largest eigenvalue."""
    point = {}
    for symbol in (*subject.parameters, subject.largest):
        value = Fraction(rng.randint(1, 99), rng.choice((3, 30, 100)))
        interval = subject.intervals.get(symbol)
        point[symbol] = Fraction(str(interval.inside(sympy.Rational(value)))) if interval else value
    return point


def stable(subject: Subject, point: dict[Any, Fraction]) -> bool:
    """Whether all of 24 eigenvalues up to the largest are, by an independent test."""
    values = {symbol: sympy.Rational(value) for symbol, value in point.items()}
    member = subject.algorithm.map(lambda x: Fraction(str(sympy.sympify(x).xreplace(values))))
    alg, top = naive.Raw(*member.blocks[:5]), point[subject.largest]
    return all(naive.is_schur(alg, top * Fraction(k, 24)) for k in range(24, 0, -1))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("heavy-ball", 40),
        *(
            pytest.param(name, 300, marks=pytest.mark.exhaustive)
            for name in ("sgd", "heavy-ball", "qhm", "aggmo", "nesterov", "two-rate", "memory-one")
        ),
    ],
)
def test_conditions_hold_exactly_where_roots_are_in_the_unit_circle(name: str, count: int) -> None:
    subject, found = conditions(name)
    rng = random.Random(name)
    seen = {True: 0, False: 0}
    while sum(seen.values()) < count:
        point = inside(subject, rng)
        holds = all(bool(x.subs(point)) for x in found.inequalities)
        assert holds is stable(subject, point), point
        seen[holds] += 1
    assert min(seen.values()) > count / 20


@pytest.mark.parametrize(
    "name",
    [
        "heavy-ball",
        pytest.param("memory-one", marks=pytest.mark.slow),
        *(
            pytest.param(name, marks=pytest.mark.exhaustive)
            for name in ("qhm", "aggmo", "two-rate", "nesterov")
        ),
    ],
)
def test_no_condition_can_be_left_out_and_each_is_as_strict_as_it_should_be(name: str) -> None:
    subject = of(name)
    found = noiseless_conditions(subject)
    assert isinstance(found, Conditions)
    symbols = [*subject.parameters, subject.letters.eigenvalue]
    found.check(subject.names, symbols)
    for k, relation in enumerate(found.inequalities):
        others = [x for i, x in enumerate(found.inequalities) if i != k]
        with pytest.raises(DerivationError):
            replace(found, inequalities=others).check(subject.names, symbols)
        loose = {"<": sympy.Le, ">": sympy.Ge, "<=": sympy.Lt, ">=": sympy.Gt}[relation.rel_op]
        changed = [
            loose(x.lhs, x.rhs, evaluate=False) if x is relation else x for x in found.inequalities
        ]
        with pytest.raises(DerivationError, match=r"where they should|do not imply"):
            replace(found, inequalities=changed).check(subject.names, symbols)


def test_that_none_was_left_out_is_proved() -> None:
    """Of general memory 1 points alone see it in half of the cases."""
    subject = read_subject(general(1), {}, "2410.04228")
    found = noiseless_conditions(subject)
    assert isinstance(found, Conditions) and len(found.inequalities) == 5
    symbols = [*subject.parameters, subject.letters.eigenvalue]
    found.check(subject.names, symbols)
    for relation in found.inequalities:
        others = [x for x in found.inequalities if x is not relation]
        with pytest.raises(DerivationError, match="do not imply"):
            replace(found, inequalities=others).check(subject.names, symbols)


def test_what_follows_from_assumptions_is_left_out() -> None:
    a, b = sympy.symbols("a b", real=True)
    known = {a: Interval(0, low_open=True), b: Interval(0, 1, high_open=True)}
    assert follows(1 - b + a * b, known) and not follows(b, known) and not follows(1 - a, known)
    assert minimal([(1 + b, False), (2 + 2 * b - a, True), (9 - a, True)], known) == [
        (2 * b - a + 2, True)
    ]
    top = sympy.Symbol("top", positive=True)
    bounds = [(2 - b, False), (4 - 2 * b - a * b * top, True), (a * b, True), (b, True)]
    assert minimal(bounds, {}) == [bounds[1], (a, True), (b, True)]
    # a multiple that may be 0 keeps nothing positive
    known = {a: Interval(0), b: Interval(0)}
    x = sympy.Symbol("x", real=True)
    assert minimal([(a * x, True), (x, True)], known) == [(a, True), (x, True)]
    both = [(sympy.expand(a + b - a * (1 - x)), True), (x, True)]
    assert minimal(both, known) == both
    for bound in (a * x, both[0][0]):
        assert minimal([(bound, False), (x, True)], known) == [(x, True)]


@pytest.mark.slow
def test_parameters_of_unusual_sizes_are_found() -> None:
    @method
    def stiff(w, v, gradient, *, eta, k):  # type: ignore[no-untyped-def]
        v = 5000 * k * v - eta * gradient(w)
        return w + v, v

    assert r"k < \frac{1}{5000}" in derive(stiff).latex()

    @method
    def upwards(w, gradient, *, kappa):  # type: ignore[no-untyped-def]
        return w + kappa * gradient(w)

    assert r"\kappa < 0" in derive(upwards).latex()
    remark = noiseless_conditions(read_subject(Algorithm(-1), {}, "2410.04228"))
    assert "stable on no interval $0 <" in remark.rule


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "nesterov",
            "On quadratic losses the points at which gradients are taken are those of QHM",
        ),
        ("memory-one", r"On every loss the method is QHM"),
        ("memory-one", r"$\nu'$ where $1 - \delta \ne 0$:"),
        ("heavy-ball", r"$\nu'$:"),
    ],
)
def test_where_a_method_is_another_one_is_said(name: str, words: str) -> None:
    (same,) = same_as(of(name))
    assert words in same.rule


def test_gradients_at_several_points_are_one_on_quadratics_only() -> None:
    @method(losses="quadratic")
    def symmetric(w, v, gradient, *, lr, beta):  # type: ignore[no-untyped-def]
        v = beta * v - lr / 2 * (gradient(w + v) + gradient(w - v))
        return w + v, v

    (same,) = same_as(read_subject(symmetric, {}, "2410.04228"))
    assert same.rule.startswith("On quadratic losses the method is heavy ball")


@pytest.mark.parametrize("name", ["heavy-ball", "aggmo"])
def test_a_wrong_update_is_found(name: str) -> None:
    subject = of(name)
    update = published(subject)
    assert isinstance(update, PublishedUpdate)
    ReadBack(subject).check(update, update.rows(subject.writer))
    for place, (left, right) in enumerate(update.lines):
        lines = [*update.lines]
        lines[place] = (left, right.replace(" + ", " - ") if " + " in right else f"2 ({right})")
        wrong = replace(update, lines=tuple(lines))
        with pytest.raises(DerivationError, match="the published update is not the method"):
            ReadBack(subject).check(wrong, wrong.rows(subject.writer))


def test_numbers_stand_in_the_update_and_flags_choose() -> None:
    update = published(read_subject(find_family("nesterov").fix(momentum="9/10"), {}, "pytorch"))
    assert update is not None
    assert update.lines[0][1] == (r"\frac{9}{10} v - \gamma \nabla f(\theta + \frac{9}{10} v)")
    torch = find_family("torch-sgd").fix(momentum="1/2", nesterov=True)
    update = published(read_subject(torch, {}, "pytorch"))  # its dampening is 0
    assert update is not None
    assert update.lines[0][1] == r"\frac{1}{2} u + \nabla f(\theta)"


def test_what_cancels_is_left_out_before_a_method_is_compared() -> None:
    pid = of("pid")
    (statement,) = same_as(pid)
    assert isinstance(statement, SameMethod) and statement.family.name == "qhm"
    assert statement.check(pid.names, pid.parameters) == 3
    assert list(same_as(of("aggmo"))) == []


def test_another_method_is_not_the_same() -> None:
    subject = of("heavy-ball")
    (statement,) = same_as(subject)
    assert isinstance(statement, SameMethod)
    symbols = subject.parameters
    assert statement.check(subject.names, symbols) == 3
    for name, value in statement.values.items():
        wrong = replace(statement, values={**statement.values, name: value / 2})
        with pytest.raises(DerivationError, match="QHM is another method"):
            wrong.check(subject.names, symbols)


def test_forms() -> None:
    with pytest.raises(InputError, match="form must be 'proposition' or 'full', got 'short'"):
        derive("sgd", form="short")  # type: ignore[arg-type]


@LATEX
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("heavy-ball", marks=pytest.mark.slow),
        *(pytest.param(x, marks=pytest.mark.exhaustive) for x in PRINTED[1:]),
    ],
)
def test_propositions_are_of_one_page_without_overfull_lines(name: str) -> None:
    derivation = printed(name)
    source = derivation.latex(bibliography="derivation")
    page = r"\end{proposition}\typeout{ends on page \thepage}"
    source = source.replace(r"\end{proposition}", page)
    _, log = pdf.typeset(source, derivation.bibtex(), "derivation")
    assert re.findall(r"ends on page (\d)", log)[-1] == "1"
    assert not re.findall(r"Overfull \\hbox", log) and "undefined" not in log


@LATEX
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("heavy-ball", marks=pytest.mark.slow),
        *(pytest.param(x, marks=pytest.mark.exhaustive) for x in PRINTED[1:]),
    ],
)
def test_nothing_is_too_wide_for_two_columns(name: str) -> None:
    """Columns are those of the article class, 229.5 pt; others' are wider."""
    derivation = derive(general(2) if name == "general 2" else name, columns=2)
    _, log = pdf.typeset(
        derivation.latex(bibliography="derivation"), derivation.bibtex(), "derivation"
    )
    assert r"\documentclass[twocolumn]" in derivation.latex()
    assert not re.findall(r"Overfull \\hbox", log) and "undefined" not in log


def test_fragments_share_a_bibliography(tmp_path: Path) -> None:
    shared, ball = tmp_path / "paper.bib", printed("heavy-ball")
    shared.write_text("@book{astrom, title = {Mine}}\n")
    paths = [tmp_path / "ball.tex", tmp_path / "again.tex"]
    for path in paths:
        saved = ball.save(path, fragment=True, level="subsection", bibliography=shared)
        assert saved == [path, shared]
    entries = re.findall(r"@\w+{(\w+),", shared.read_text())
    assert sorted(entries) == ["astrom", "ma2019", "polyak1964", "yarotsky2024"]
    assert "{Mine}" in shared.read_text()  # what is there stays
    text = paths[0].read_text()
    assert r"\subsection{Heavy ball}" in text and r"\documentclass" not in text
    ball.save(paths[0], bibliography=shared)
    assert r"\bibliography{paper}" in paths[0].read_text()
    for options, message in (
        ({"level": "chapter", "fragment": True}, "level must be one of section, subsection"),
        ({"level": "section"}, "of a fragment"),
        ({"bibliography": tmp_path / "paper.txt"}, r"must end in \.bib"),
        ({"bibliography": tmp_path / "no" / "paper.bib"}, "a folder that does not exist"),
    ):
        with pytest.raises(InputError, match=message):
            ball.save(paths[0], **options)
    with pytest.raises(InputError, match="columns must be 1 or 2, got 3"):
        derive("sgd", columns=3)


@pytest.mark.slow
def test_conditions_of_coefficients_that_are_fractions() -> None:
    h, m = sympy.symbols("h m", real=True)
    divided = Algorithm(h / (1 - m), m, -h / (1 - m), m)
    found = derive(divided).markdown().partition("**Proof.**")[0]
    assert r"h > 0, \qquad m < 1, \qquad h \lambda_{\max} < 2 (1 + m) (1 - m)" in found
    numbers = derive(heavy_ball("1/10", "9/10")).markdown()
    assert r"\lambda_{\max} < 38" in numbers


@pytest.mark.slow
def test_a_step_of_another_length_than_published_is_in_matrices() -> None:
    def late(w, past, gradient, *, learning_rate, delay: int = 2):  # type: ignore[no-untyped-def]
        *kept, last = past
        return w - learning_rate * gradient(last), (w, *kept)

    family = method(lengths={"past": "delay"})(late)
    for delay in (2, 3):
        assert derive(family.fix(delay=delay)).checked > 10


def test_factors_are_those_of_sympy() -> None:
    """Of random rational functions, with roots too: products are the same, factors irreducible."""
    rng, letters = random.Random(5), sympy.symbols("a b lambda", real=True)

    def polynomial() -> Any:
        powers = (sympy.Mul(*(x ** rng.randint(0, 2) for x in letters)) for _ in range(3))
        return sympy.Add(*(rng.choice((-3, -1, 1, 2)) * x for x in powers))

    for _ in range(8):
        fraction = polynomial() ** 2 * polynomial() / (6 * polynomial() + letters[0])
        number, factors = factored(fraction)
        product = number * sympy.Mul(*(factor**power for factor, power in factors))
        assert sympy.cancel(product - fraction) == 0
        parts = sympy.fraction(sympy.cancel(fraction))
        known = {
            (min(x, -x, key=str), sign * power)
            for part, sign in zip(parts, (1, -1), strict=True)
            for x, power in sympy.factor_list(part)[1]
        }
        assert {(min(x, -x, key=str), power) for x, power in factors} == known
    root = sympy.sqrt(letters[0])
    number, factors = factored((root * letters[1] - root) / 2)
    product = number * sympy.Mul(*(factor**power for factor, power in factors))
    assert product == root * (letters[1] - 1) / 2
    assert factored(sympy.Integer(0)) == (0, [])


def test_what_follows_from_intervals_holds_at_their_points() -> None:
    rng, (a, b, c) = random.Random(6), sympy.symbols("a b c", real=True)
    known = {a: Interval(0, 1, high_open=True), b: Interval(1, low_open=True), c: Interval(-1, 2)}
    yes = 0
    for _ in range(60):
        value = sympy.Add(*(rng.randint(-1, 2) * x for x in (a, b, c, a * b, b * c, 1, b**2)))
        answer, weak = follows(value, known), follows(value, known, strict=False)
        assert weak or not answer
        yes += answer
        points = ({a: x, b: y, c: z} for x in (0, 0.5, 0.99) for y in (1.01, 9) for z in (-1, 0, 2))
        signs = [value.subs(point) for point in points]
        assert not answer or all(x > 0 for x in signs)
        assert not weak or all(x >= 0 for x in signs)
    assert yes > 5
