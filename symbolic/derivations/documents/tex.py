"""LaTeX: an article of its own, or a fragment for one."""

from __future__ import annotations

import textwrap

from sgdmem.symbolic.derivations.documents.document import Display, Document

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


def article(document: Document, bibliography: str) -> str:
    """Return a document that LaTeX compiles, with the name of the BibTeX file beside it."""
    ending = ["", r"\bibliographystyle{unsrt}", rf"\bibliography{{{bibliography}}}"]
    ending = ending if document.cited else []
    lines = [
        _PREAMBLE % _escaped(document.title),
        summary(document),
        "",
        *_body(document),
        *ending,
    ]
    return "\n".join([*lines, r"\end{document}", ""])


def fragment(document: Document) -> str:
    r"""Return what an article can take in with ``\input``; its first lines say what it needs."""
    keys = ", ".join(document.cited)
    head = [
        f"% Derivation: {document.title}. {summary(document)}",
        rf"% Needs \usepackage{{{','.join(PACKAGES)}}}, UTF-8, and references called: {keys}.",
        rf"% Equations are called {document.label_of(1)} and so on.",
        "",
    ]
    return "\n".join([*head, *_body(document), ""])


def _escaped(text: str) -> str:
    """Return plain text as LaTeX."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)


def summary(document: Document) -> str:
    """Return a line about letters and checks."""
    return (
        f"Letters are those of {document.notation.source}. Each of the {document.checked} "
        f"equalities and conditions was read back as it is printed and checked by exact arithmetic "
        f"at random rational points, integrals and Gamma functions to ten digits."
    )


def _body(document: Document) -> list[str]:
    lines = []
    for part in document.parts:
        lines += ["", rf"\section{{{part.title}}}", ""]
        for display in part.displays:
            lines += _display(document, display)
    return lines


def _display(document: Document, display: Display) -> list[str]:
    lines = [_wrapped(display.words)] if display.words else []
    if not display.equations:
        return [*lines, ""]
    rows = []
    for equation in display.equations:
        *before, (left, right) = equation.rows
        rows += [rf"{first} &{second} \notag" for first, second in before]
        rows.append(rf"{left} &{right} \label{{{document.label_of(equation.number)}}}")
    if len(rows) == 1:
        body = rows[0].replace(" &", " ", 1).lstrip()
        return [*lines, r"\begin{equation}", body, r"\end{equation}"]
    return [*lines, r"\begin{align}", " \\\\\n".join(rows), r"\end{align}"]


def _wrapped(words: str) -> str:
    """Return text in lines; LaTeX does not mind where they end."""
    return textwrap.fill(words, 96, break_long_words=False, break_on_hyphens=False)
