"""Derivations: each step is checked, broken ones are refused, and displays say what was checked."""

from __future__ import annotations

import copy
import pickle
import random
import re
import shutil
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import sympy

import sgdmem
from sgdmem import Algorithm, InputError, heavy_ball, nesterov, sgd
from sgdmem.errors import DerivationError, TypesettingError
from sgdmem.methods import general
from sgdmem.symbolic.derivations.checks.read_back import ReadBack
from sgdmem.symbolic.derivations.derivation import Derivation
from sgdmem.symbolic.derivations.documents import pdf
from sgdmem.symbolic.derivations.read_subject import read_subject
from sgdmem.symbolic.derivations.sections.section_order import all_sections
from sgdmem.symbolic.derivations.statements.conditions import Conditions
from sgdmem.symbolic.derivations.statements.equations import Equation, Side
from sgdmem.symbolic.derivations.statements.expansions import Limit, Series
from sgdmem.symbolic.derivations.statements.statement import Section
from sgdmem.symbolic.derivations.typesetting.width import width
from sgdmem.symbolic.zoo.families_by_name import USUAL_FAMILIES

derive = partial(sgdmem.derive, form="full")
SHAPED = Algorithm(
    "1/10", b=("1/3", 1), c=("-1/7", "1/5"), D=((0, "1/2"), ("1/4", "-1/3")), a=(1, 2)
)
SUBJECTS: dict[str, Algorithm] = {
    **{name: family.symbolic() for name, family in USUAL_FAMILIES.items()},
    **{f"general {memory}": general(memory) for memory in (0, 1, 2, 3)},
    "general 1, shifted": general(1, shifted=True),
    "numbers, shifted": SHAPED,
    "heavy ball, numbers": heavy_ball("0.1", "0.9"),
    "heavy ball, floats": heavy_ball(0.1, 0.9),
    "no forgetting": heavy_ball("0.1", 1),
    "one number": nesterov(sympy.Symbol("learning_rate", real=True), "9/10"),
}
QUICK = ("sgd", "heavy-ball", "numbers, shifted", "no forgetting")
NAMES = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SUBJECTS]
LATEX = pytest.mark.skipif(
    shutil.which("latexmk") is None or shutil.which("pdflatex") is None, reason="LaTeX is not there"
)


class _Derivations(dict[str, Derivation]):
    """Derivations that are made when they are first wanted."""

    def __missing__(self, name: str) -> Derivation:
        self[name] = derive(SUBJECTS[name])
        return self[name]


DERIVATIONS = _Derivations()


@pytest.fixture
def derivations() -> dict[str, Derivation]:
    return DERIVATIONS


class Unchecked:
    """What a derivation is made of, before it is checked."""

    def __init__(self, algorithm: Algorithm) -> None:
        self.subject = read_subject(algorithm, {}, "2410.04228")
        self.statements: list[Any] = [
            x for section in all_sections(self.subject) for x in section.statements
        ]
        self.read_back = ReadBack(self.subject)

    @property
    def names_and_symbols(self) -> tuple[Any, list[Any]]:
        subject = self.subject
        return subject.names, [*subject.parameters, subject.letters.eigenvalue]

    def rows(self, statement: Any) -> list[tuple[str, str]]:
        return statement.rows(self.subject.writer)  # type: ignore[no-any-return]

    def check(self, statement: Any) -> None:
        statement.check(*self.names_and_symbols)
        self.read_back.check(statement, self.rows(statement))


@cache
def unchecked(name: str) -> Unchecked:
    return Unchecked(SUBJECTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_every_step_holds_and_is_displayed(name: str, derivations: dict[str, Derivation]) -> None:
    derivation = derivations[name]
    titles = [part.title for part in derivation.parts]
    if name == "averaged-sgd":
        titles.remove("Common factor")
    assert titles[:6] == [
        "The method",
        "Characteristic polynomial",
        "Equivalent recurrence",
        "Effective learning rate",
        "Stability without noise",
        "Noise summand",
    ]
    assert derivation.checked > 20
    displays = [display for part in derivation.parts for display in part.displays]
    for equation in (equation for display in displays for equation in display.equations):
        for left, right in equation.rows:
            assert width(f"{left} {right}") < 340


@pytest.mark.parametrize(
    "name",
    [
        "sgd",
        "general 2",
        pytest.param("two-rate", marks=pytest.mark.slow),
        *(pytest.param(name, marks=pytest.mark.exhaustive) for name in ("heavy-ball", "aggmo")),
    ],
)
def test_a_broken_step_is_found(name: str) -> None:
    broken = 0
    for statement in unchecked(name).statements:
        for wrong in _wrong(statement):
            with pytest.raises(DerivationError):
                unchecked(name).check(wrong)
            broken += 1
    assert broken > 50


def test_there_is_no_derivation_if_a_step_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(subject: Any) -> list[Section]:
        sections = all_sections(subject)
        (sections[3].statements[0],) = _wrong(sections[3].statements[0])[-1:]
        return sections

    monkeypatch.setattr("sgdmem.symbolic.derivations.derive.all_sections", broken)
    with pytest.raises(DerivationError, match="a display reads"):
        derive(SUBJECTS["heavy-ball"])


@pytest.mark.parametrize("name", ["sgd", "heavy-ball"])
def test_a_derivation_is_a_value(name: str, derivations: dict[str, Derivation]) -> None:
    derivation = derivations[name]
    again = pickle.loads(pickle.dumps(derivation))
    for other in (again, copy.deepcopy(derivation)):
        assert other == derivation
        assert other.latex() == derivation.latex()
        assert other.latex(fragment=True) == derivation.latex(fragment=True)
        assert other.markdown() == derivation.markdown()
        assert other.html() == derivation.html()
        assert other.bibtex() == derivation.bibtex()
        assert repr(other) == repr(derivation)
    assert derivation != replace(derivation, title="Mine")


# on samples a radius below 1 needs stable modes; 1 + beta >= 0 follows from the others
REDUNDANT = {"sgd": 1, "heavy-ball": 2}


@pytest.mark.slow
@pytest.mark.parametrize("name", REDUNDANT)
def test_a_condition_that_is_left_out_is_missed(name: str) -> None:
    names, symbols = unchecked(name).names_and_symbols
    kept = 0
    for statement in unchecked(name).statements:
        if isinstance(statement, Conditions) and len(statement.inequalities) > 1:
            for k in range(len(statement.inequalities)):
                fewer = [x for i, x in enumerate(statement.inequalities) if i != k]
                try:
                    replace(statement, inequalities=fewer, segments=40).check(names, symbols)
                    kept += 1
                except DerivationError:
                    pass
    assert kept == REDUNDANT[name]


def _wrong(statement: Any) -> list[Any]:
    """Return a statement with each of its sides wrong in turn."""
    if isinstance(statement, Equation):
        sides = list(statement.sides)
        return [
            replace(statement, sides=[*sides[:k], _off(side), *sides[k + 1 :]])
            for k, side in enumerate(sides)
            if side.value is None
            or (isinstance(side.value, sympy.Expr) and not side.value.is_Matrix)
        ]
    if isinstance(statement, Conditions):
        relations = list(statement.inequalities)
        return [
            replace(
                statement,
                inequalities=[*relations[:k], x.func(x.rhs, x.lhs), *relations[k + 1 :]],
            )
            for k, x in enumerate(relations)
        ]
    if isinstance(statement, Series):
        return [replace(statement, coefficients=[2 * c for c in statement.coefficients])]
    if isinstance(statement, Limit):
        return [replace(statement, simple=2 * statement.simple)]
    return []


def _off(side: Side) -> Side:
    if side.is_read and side.latex is not None:
        text = side.latex if isinstance(side.latex, str) else " ".join(side.latex)
        wrong = rf"2 \left({text}\right)" if "pmatrix" in text else f"{text} + 1"
        return replace(side, latex=wrong)
    small = sympy.Rational(1, 10**6)
    return replace(side, value=side.value * (1 + small) + small)


def test_heavy_ball_has_what_the_literature_says(derivations: dict[str, Derivation]) -> None:
    text = derivations["heavy-ball"].latex()
    for line in (
        r"= \alpha - \beta (1 - \beta)^{-1} (- \alpha) = \frac{\alpha}{1 - \beta}",
        r"\lambda_{\max} < \frac{2 (1 + \beta)}{\eta}",
        r"\frac{1}{B} \sum_k \lambda_k < \frac{2 (1 - \beta)}{\eta}",
        r"= \frac{2 (1 - \beta)}{\alpha} - \frac{1 - \beta}{1 + \beta} \, \lambda",
        r"= \frac{\alpha \lambda (1 + \beta)}{(1 - \beta) (2 (1 + \beta) - \alpha \lambda)}",
    ):
        assert line in text


@pytest.mark.slow
def test_samples_have_their_operator(derivations: dict[str, Derivation]) -> None:
    text = derive(sgd("1/2")).markdown()
    assert r"\mathcal T(C) = \kappa" in text and r"\rho(\mathcal T) < 1" in text
    assert r"h_{12} = \frac{1}{2 \lambda_1 + 2 \lambda_2 - \lambda_1 \lambda_2}" in text
    assert "There is no short closed form" not in text
    assert "There is no short closed form" in derive(general(2)).markdown()


@pytest.mark.slow
def test_two_rates_have_the_ranges_of_theorem_7(derivations: dict[str, Derivation]) -> None:
    text = derivations["two-rate"].latex()
    assert r"s_{\lambda} &\approx \frac{q_0 \lambda}{2 - q_0 \lambda}" in text
    assert r"\frac{\pi/\nu}{\sin(\pi/\nu)}" in text


def test_a_method_that_does_not_forget_has_no_effective_learning_rate(
    derivations: dict[str, Derivation],
) -> None:
    text = derivations["no forgetting"].latex()
    assert "It does not exist: $D$ has the eigenvalue 1" in text
    assert "Power-law" not in text


@pytest.mark.parametrize(
    "memory",
    [pytest.param(4, marks=pytest.mark.slow), pytest.param(5, marks=pytest.mark.exhaustive)],
)
def test_large_memories_are_structured(memory: int) -> None:
    derivation = derive(general(memory))
    assert r"\operatorname{Tr}(D A_m)" in derivation.latex()
    assert len(derivation.latex()) < 25_000  # expanded they would be many times as long


@pytest.mark.slow
def test_large_memories_in_numbers() -> None:
    rates = [Fraction(1, k) for k in range(2, 7)]
    D = [[rates[i] if i == j else 0 for j in range(5)] for i in range(5)]
    assert derive(Algorithm("1/10", b=[1] * 5, c=["-1/50"] * 5, D=D)).checked > 50


@LATEX
@pytest.mark.slow
def test_latex_compiles_without_overfull_lines(derivations: dict[str, Derivation]) -> None:
    """All in one document: the others follow one that is an article and cites everything."""
    first, *others = ("heavy-ball", *(name for name in SUBJECTS if name != "heavy-ball"))
    article = derivations[first].latex(bibliography="derivation")
    beginning, style, ending = article.partition(r"\bibliographystyle")
    parts = [beginning.replace(r"\maketitle", rf"\maketitle\typeout{{subject {first}}}")]
    for number, name in enumerate(others):
        own = replace(derivations[name], label=f"other-{number}")
        assert set(own.cited) <= set(derivations[first].cited)
        parts.append(rf"\typeout{{subject {name}}}" + "\n" + own.latex(fragment=True))
    source = "\n".join([*parts, style + ending])
    document, log = pdf.typeset(source, derivations[first].bibtex(), "derivation")
    assert document.startswith(b"%PDF")
    logs = {part.partition("\n")[0]: part for part in re.split(r"^subject ", log, flags=re.M)[1:]}
    assert list(logs) == [first, *others]
    for name, part in logs.items():
        overfull = [float(x) for x in re.findall(r"Overfull \\hbox \(([\d.]+)pt", part)]
        assert max(overfull, default=0) <= 2, name
    assert "undefined" not in log and "multiply" not in log


@LATEX
@pytest.mark.slow
def test_a_fragment_is_taken_in(derivations: dict[str, Derivation]) -> None:
    derivation = derivations["qhm"]
    body = derivation.latex(fragment=True)
    assert r"\documentclass" not in body
    needed = re.search(r"usepackage\{([^}]*)\}", body)
    assert needed is not None
    own = rf"\documentclass{{article}}\usepackage{{{needed[1]}}}\begin{{document}}"
    ending = rf"See~\eqref{{{derivation.label_of(1)}}}.\bibliographystyle{{plain}}"
    source = "\n".join([own, body, ending, r"\bibliography{mine}\end{document}"])
    _, log = pdf.typeset(source, derivation.bibtex(), "mine")
    assert "undefined" not in log


def test_without_latex_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, derivations: dict[str, Derivation]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TypesettingError, match="apt-get install latexmk texlive-latex-base"):
        derivations["sgd"].save(tmp_path / "sgd.pdf")
    assert not list(tmp_path.iterdir())


@LATEX
def test_what_latex_says_is_passed_on() -> None:
    with pytest.raises(TypesettingError, match="Undefined control sequence"):
        pdf.typeset(r"\documentclass{article}\begin{document}\nothing\end{document}", "", "x")


@pytest.mark.parametrize("name", ["sgd", "general 2", "no forgetting"])
def test_web_pages_are_well_formed(name: str, derivations: dict[str, Derivation]) -> None:
    page = derivations[name].html()
    ElementTree.fromstring(
        page.replace("<!DOCTYPE html>", "")
        .replace('<meta charset="utf-8">', "")
        .replace('<meta name="viewport" content="width=device-width, initial-scale=1">', "")
    )
    text = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    assert (
        "\\" not in text
        and "&amp;" not in text
        and "http" not in text.replace("http://www.w3.org/1998/Math/MathML", "")
    )
    assert derivations[name]._repr_html_() in page
    assert "~" not in page and "&#x0007E;" not in page  # the relation is no letter
    assert "&#x0003D;</mo><mo>&#x02212;" not in page  # a sign, not a difference


def test_markdown(derivations: dict[str, Derivation]) -> None:
    text = derivations["heavy-ball"].markdown()
    assert text.count("$$") == 2 * len(re.findall(r"\\tag\{\d+\}", text))
    assert "\\cite" not in text and "[1, eq. (22)]" in text and "1. Dmitry Yarotsky" in text


def test_saving(tmp_path: Path, derivations: dict[str, Derivation]) -> None:
    derivation = derivations["heavy-ball"]
    assert derivation.save(tmp_path / "a.tex") == [tmp_path / "a.tex", tmp_path / "a.bib"]
    assert r"\bibliography{a}" in (tmp_path / "a.tex").read_text()
    assert "@misc{yarotsky2024," in (tmp_path / "a.bib").read_text()
    with pytest.raises(InputError, match=r"must end in \.tex"):
        derivation.save(tmp_path / "a.doc")
    with pytest.raises(InputError, match="fragment"):
        derivation.save(tmp_path / "a.html", fragment=True)


def test_bad_algorithms() -> None:
    with pytest.raises(InputError, match="memory of at most 5 with symbols, got 6"):
        derive(general(6))
    with pytest.raises(InputError, match="algorithm must be an Algorithm"):
        derive(0.1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="heavy-bal"):
        derive("heavy-bal")


@pytest.mark.slow
def test_titles(derivations: dict[str, Derivation]) -> None:
    assert derivations["sgd"].title == "SGD"
    assert derivations["numbers, shifted"].title == "An algorithm of memory 2"
    assert derive(sgd("1/2"), title="Mine").title == "Mine"
    assert derive(Algorithm("1/2", name="iSGD")).title == "iSGD"
    assert derive(sgd).title == derive(sgd.fix(learning_rate=1)).title == "SGD"


def _degenerate(rng: random.Random) -> Algorithm:
    """Return an algorithm many of whose entries are 0, 1 or equal."""
    memory = rng.randint(0, 3)
    symbols = sympy.symbols("p1:4", real=True)
    pool: list[Any] = [0, 0, 0, 1, 1, -1, "1/2", "-1/3", 2, *symbols[: rng.randint(0, 2)]]

    def entries() -> list[Any]:
        return [rng.choice(pool) for _ in range(memory)]

    shift = entries() if rng.random() < 0.3 else [0] * memory
    D = [entries() for _ in range(memory)]
    return Algorithm(rng.choice(pool), b=entries(), c=entries(), D=D, a=shift)


@pytest.mark.parametrize(
    "seed",
    [
        *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4)),
        *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(4, 300)),
    ],
)
def test_degenerate_algorithms(seed: int) -> None:
    algorithm = _degenerate(random.Random(seed))
    assert derive(algorithm).latex()


def test_relations_are_read() -> None:
    found = unchecked("heavy-ball")
    for statement in found.statements:
        rows = found.rows(statement)
        text = " ".join(f"{left} {right}" for left, right in rows)
        for sign, wrong in ((" > ", " < "), (" < ", r" \le "), ("= ", r"\le "), (r"\approx", "=")):
            if sign in text and all(s.is_read for s in getattr(statement, "sides", ())):
                changed = [(a.replace(sign, wrong, 1), b.replace(sign, wrong, 1)) for a, b in rows]
                with pytest.raises(DerivationError):
                    found.read_back.check(statement, changed)


def test_what_is_printed_is_what_was_read(derivations: dict[str, Derivation]) -> None:
    """Alignment, punctuation and numbers aside."""
    for name in ("heavy-ball", "general 2"):
        latex = derivations[name].latex()
        printed = re.sub(r"\\notag|\\label\{[^}]*\}|&|\\\\|\s", "", latex)
        for statement in unchecked(name).statements:
            for left, right in unchecked(name).rows(statement):
                assert re.sub(r"&|\\\\|\s", "", left + right) in printed
