"""Fragments in the articles of others: no line is too wide, in any class and for any method."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sgdmem import aggmo, derive, method
from sgdmem.errors import InputError
from sgdmem.methods import general
from sgdmem.symbolic.derivations.derivation import Derivation
from sgdmem.symbolic.derivations.documents import pdf
from sgdmem.symbolic.derivations.documents.references import with_missing
from sgdmem.symbolic.zoo.families_by_name import FAMILIES

# mypy: allow-untyped-defs

LATEXMK, KPSEWHICH = shutil.which("latexmk"), shutil.which("kpsewhich")
CLASSES = {  # columns, class and options
    "article": (1, "[10pt]{article}"),
    "article, two columns": (2, "[twocolumn]{article}"),
    "IEEEtran": (2, "{IEEEtran}"),
    "revtex4-2": (2, "[reprint,aps]{revtex4-2}"),
}


@method
def double_mean(w, m, n, gradient, *, eta, beta_1, beta_2):
    m = beta_1 * m + (1 - beta_1) * gradient(w)
    n = beta_2 * n + (1 - beta_2) * m
    return w - eta * (m + n), m, n


@method
def three_speeds(w, a, b, c, gradient, *, eta, beta_1, beta_2, beta_3):
    g = gradient(w)
    a = beta_1 * a + g
    b = beta_2 * b + g
    c = beta_3 * c + g
    return w - eta * (a + b + c), a, b, c


@method
def cascade(w, a, b, c, gradient, *, eta, beta):
    a = beta * a + (1 - beta) * gradient(w)
    b = beta * b + (1 - beta) * a
    c = beta * c + (1 - beta) * b
    return w - eta * c, a, b, c


@method
def filtered(w, m, p, q, r, gradient, *, eta, beta):
    return w - eta * m, beta * m + (1 - beta) * (p + q + r) / 3, gradient(w), p, q


@method
def at_once(x, v, s, gradient, *, alpha, beta, gamma):
    return (
        x + beta * v - gamma * s,
        beta * v + gamma * s - alpha * gradient(x + beta * v),
        v + gamma * s,
    )


@method(letters={"a": "a", "b": "b", "rho": r"\rho", "mu": r"\mu"})
def two_momenta(w, v, u, gradient, *, eta, a, b, rho, mu):
    g = gradient(w + rho * v)
    v = a * v - eta * g
    u = b * u - mu * g
    return w + v + u, v, u


CASES: dict[str, Any] = {
    **{f"general {memory}": general(memory) for memory in (1, 2, 3)},
    **{name: family for name, family in FAMILIES.items() if "window" not in family.parameters},
    "delayed-sgd": FAMILIES["delayed-sgd"].fix(delay=3),
    "aggregated-gradient": FAMILIES["aggregated-gradient"].fix(window=3),
    "aggmo of numbers": FAMILIES["aggmo"].fix(momenta=("1/2", "9/10", "99/100")),
    **{family.name: family for family in (double_mean, three_speeds, cascade, filtered, at_once)},
    "two_momenta": two_momenta,
}


@cache
def fragment(name: str, columns: int) -> tuple[str, Derivation]:
    found = derive(CASES[name], columns=columns, label=name)
    return found.latex(fragment=True, level="subsection"), found


@pytest.mark.exhaustive
@pytest.mark.skipif(LATEXMK is None or KPSEWHICH is None, reason="no LaTeX")
@pytest.mark.parametrize("name", CLASSES)
def test_no_line_of_any_family_is_too_wide(name: str) -> None:
    columns, options = CLASSES[name]
    file = options.partition("{")[2].strip("}") + ".cls"
    assert KPSEWHICH is not None
    if subprocess.run([KPSEWHICH, file], capture_output=True, check=False).returncode:
        pytest.skip(f"there is no {file}")
    entries, body = "", []
    for case in CASES:
        text, found = fragment(case, columns)
        entries = with_missing(entries, found.references)
        text = text.replace(r"\end{proposition}", r"\end{proposition}\typeout{page \thepage}")
        body.append(rf"\clearpage\setcounter{{subsection}}{{0}}\typeout{{case {case}}}{text}")
    source = "\n".join(
        [
            rf"\documentclass{options}",
            r"\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\usepackage{amsmath,amssymb}",
            r"\allowdisplaybreaks\begin{document}",
            *body,
            r"\bibliographystyle{unsrt}\bibliography{pages}\end{document}",
        ]
    )
    _, log = pdf.typeset(source, entries, "pages")
    found_wide: dict[str, list[str]] = {}
    case = ""
    for line in log.splitlines():
        begins = re.match(r"case (.*)", line)
        case = begins[1] if begins else case
        if line.startswith("Overfull \\hbox"):
            found_wide.setdefault(case, []).append(line)
    assert found_wide == {}
    assert "undefined references" not in log and "multiply defined" not in log


@pytest.mark.slow
def test_long_summands_are_in_parts_that_are_defined_once() -> None:
    text, found = fragment("two_momenta", 2)
    assert r"s_{\lambda} = \frac{\lambda (\hat n_{0} + \hat n_{1} \lambda" in text
    for name in (r"\hat n_{0}", r"\hat n_{1}", r"\hat n_{2}", r"\hat d_{1}", r"\hat d_{2}"):
        assert len(re.findall(re.escape(f" &{name} "), text)) == 1
    assert r"s^{w}_{\lambda} = \frac{\lambda (\hat n^{w}_{0}" in text  # over the same factors
    assert "hat d_{3}" not in text
    assert found.checked > 70  # the parts are read back with all else


def test_a_shared_bibliography_in_another_encoding_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "old.bib").write_bytes("@book{a, author={Åström}}".encode("latin-1"))
    page = derive("sgd")
    with pytest.raises(InputError, match=r"must be in UTF-8, got .*old.bib"):
        page.save(tmp_path / "page.tex", bibliography=tmp_path / "old.bib")
    assert not (tmp_path / "page.tex").exists()


def test_one_number_is_a_list_of_one() -> None:
    assert "momenta $1/2$" in derive(aggmo.fix(momenta="1/2")).latex().replace(
        r"\frac{1}{2}", "1/2"
    )
