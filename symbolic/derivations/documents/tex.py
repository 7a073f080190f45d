"""LaTeX: an article of its own, or a fragment for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sgdmem.symbolic.derivations.documents.layout import Display, parts
from sgdmem.symbolic.derivations.documents.references import cited

if TYPE_CHECKING:
    from sgdmem.symbolic.derivations.derivation import Derivation

PACKAGES = ("amsmath", "amssymb")
_PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb}
\usepackage[hidelinks]{hyperref}
\allowdisplaybreaks
\title{%s}
\author{}
\date{}

\begin{document}
\maketitle
"""


def article(derivation: Derivation, bibliography: str) -> str:
    """Return a document that LaTeX compiles, with the name of the BibTeX file beside it."""
    ending = ["", r"\bibliographystyle{unsrt}", rf"\bibliography{{{bibliography}}}"]
    ending = ending if cited(derivation.texts()) else []
    lines = [
        _PREAMBLE % _escaped(derivation.title),
        summary(derivation),
        "",
        *_body(derivation),
        *ending,
    ]
    return "\n".join([*lines, r"\end{document}", ""])


def fragment(derivation: Derivation) -> str:
    r"""Return what an article can take in with ``\input``; its first lines say what it needs."""
    keys = ", ".join(cited(derivation.texts()))
    head = [
        f"% Derivation: {derivation.title}. {summary(derivation)}",
        rf"% Needs \usepackage{{{','.join(PACKAGES)}}}, UTF-8, and references called: {keys}.",
        rf"% Equations are called {derivation.label_of(1)} and so on.",
        "",
    ]
    return "\n".join([*head, *_body(derivation), ""])


def _escaped(text: str) -> str:
    """Return plain text as LaTeX."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)


def summary(derivation: Derivation) -> str:
    """Return a line about letters and checks."""
    return (
        f"Letters are those of {derivation.notation.source}. Each of the {derivation.checked} "
        f"equalities and conditions was read back as it is printed and checked by exact arithmetic "
        f"at random rational points, integrals and Gamma functions to ten digits."
    )


def _body(derivation: Derivation) -> list[str]:
    lines = []
    for part in parts(derivation):
        lines += ["", rf"\section{{{part.title}}}", ""]
        for display in part.displays:
            lines += _display(derivation, display)
    return lines


def _display(derivation: Derivation, display: Display) -> list[str]:
    lines = [_wrapped(display.words)] if display.words else []
    if not display.equations:
        return [*lines, ""]
    rows = []
    for equation in display.equations:
        *before, (left, right) = equation.rows
        rows += [rf"{first} &{second} \notag" for first, second in before]
        rows.append(rf"{left} &{right} \label{{{derivation.label_of(equation.number)}}}")
    if len(rows) == 1:
        body = rows[0].replace(" &", " ", 1).lstrip()
        return [*lines, r"\begin{equation}", body, r"\end{equation}"]
    return [*lines, r"\begin{align}", " \\\\\n".join(rows), r"\end{align}"]


def _wrapped(words: str, width: int = 96) -> str:
    """Return text in lines; LaTeX does not mind where they end."""
    lines, line = [], ""
    for word in words.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])
