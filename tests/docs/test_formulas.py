"""Formulas of pages and docstrings: all of them become MathML, with nothing left of LaTeX."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sgdmem.symbolic.derivations.documents.html import mathml

ROOT = Path(__file__).parents[2]
LAYERS = ("symbolic", "numeric", "phase_diagrams")
DISPLAYED = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
DIRECTIVE = re.compile(r"\.\. math::(.*?)\n\s*\n(?!\s{8,})", re.DOTALL)


def formulas() -> Iterator[tuple[str, str]]:
    for path in (ROOT / "docs").rglob("*.md"):
        if "_build" not in path.parts:
            text = CODE.sub("", path.read_text(encoding="utf-8"))
            yield from ((path.name, found) for found in DISPLAYED.findall(text))
            inline = re.findall(r"\$([^$]+?)\$", DISPLAYED.sub("", text))
            yield from ((path.name, found) for found in inline)
    for layer in LAYERS:
        for path in (ROOT / layer).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            found = [*re.findall(r":math:`([^`]+)`", text), *DIRECTIVE.findall(text)]
            yield from ((path.name, formula) for formula in found)


@pytest.mark.slow
def test_every_formula_becomes_mathml() -> None:
    every = set(formulas())
    assert len(every) > 500
    for name, formula in sorted(every):
        written = mathml(formula, "block")
        assert not re.search(r"<m[iotn][^>]*>[^<]*\\", written), (name, formula)


@pytest.mark.parametrize(
    ("formula", "letters"),
    [
        (r"\mathcal T\mathcal{M}", "𝒯ℳ"),
        (r"\mathbb E\mathbb R^d", "𝔼ℝ"),
        (r"\mathbf 1\mathsf{w}_i", "𝟏𝗐"),
        (r"\mathcal 1", "1"),
        ("F" + "'" * 3, "&#x02032;" * 3),
        (r"\Bigl\|\frac12\Bigr\|", "‖"),
        (r"\langle x\rangle", "⟨"),
    ],
)
def test_letters_that_browsers_know(formula: str, letters: str) -> None:
    written = re.sub("<[^>]*>", "", mathml(formula, "inline"))
    assert letters in written


@pytest.mark.parametrize("formula", [r"\Bigl(x\Bigr)^2", r"\big[x\big]_a", r"\Big(x\Big)_a^b"])
def test_large_parentheses_with_exponents_are_in_rows(formula: str) -> None:
    """Where they are the base themselves, browsers show them small."""
    assert re.search("<msu(p|b|bsup)><mrow><mo [^>]*minsize", mathml(formula, "block"))


def test_numbers_stand_apart() -> None:
    assert re.search(r'<mspace width="2em" ?/><mtext>\(1\)', mathml(r"x=y.\tag{1}", "block"))


def test_primes_share_their_place_with_an_exponent() -> None:
    assert mathml("A'^{mT}", "inline").count("<msup>") == 1


@pytest.mark.parametrize(
    ("formula", "spaced"),
    [
        (r"\log t", "log t"),
        (r"2x\log^2\log_2 t/n", "2x log2 log2 t/n"),
        (r"(1+x)\log(1+t)", "(1+x) log(1+t)"),
        (r"\log\left(t\right)", "log(t)"),
        (r"\log|x|+|\log x|", "log |x|+|log x|"),
        (r"|x|^2\log\frac12", "|x|2 log 12"),
        (r"a=\max_k(a_k)\min_ka_k", "a=maxk(ak) mink ak"),
        (r"-\operatorname{sign}\bigl(a\bigr)\limsup b", "−sign(a) lim\u2006sup b"),
        (r"2^{\log t}\sqrt{\log\,t}", "2log tlog t"),
    ],
)
def test_names_of_functions_have_the_spaces_of_tex(formula: str, spaced: str) -> None:
    written = re.sub('<mspace width="0.167em" ?/>', " ", mathml(formula, "inline"))
    assert html.unescape(re.sub("<[^>]*>", "", written)) == spaced
    operators = re.findall("<mo([^>]*)>[a-z]", written)
    assert all('lspace="0" rspace="0"' in attributes for attributes in operators)
