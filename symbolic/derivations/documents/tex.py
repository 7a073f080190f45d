"""LaTeX: an article of its own, or a fragment for one."""

from __future__ import annotations

import textwrap

from sgdmem.symbolic.derivations.documents.document import Display, Document

PACKAGES = ("amsmath", "amssymb")
_LONGEST_NAME = 20  # in a narrow column
LEVELS = ("section", "subsection", "subsubsection", "paragraph")
_ENVIRONMENTS = r"""\ifcsname proposition\endcsname\else\newtheorem{proposition}{Proposition}\fi
\ifcsname proof\endcsname\else\newenvironment{proof}%
  {\par\noindent\emph{Proof.}\ }{\hfill$\square$\par}\fi
"""
_PREAMBLE = r"""\documentclass[%s]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{amsmath,amssymb}
\usepackage[hidelinks]{hyperref}
\allowdisplaybreaks
"""
_PAGE = r"""\addtolength{\oddsidemargin}{-20pt}
\addtolength{\textwidth}{40pt}
\addtolength{\topmargin}{-70pt}
\addtolength{\textheight}{150pt}
"""
_BEGINNING = r"""\title{%s}
\author{}
\date{}

\begin{document}
\maketitle
"""


def article(document: Document, bibliography: str) -> str:
    """Return a document that LaTeX compiles, with the name of the BibTeX file beside it."""
    ending = ["", r"\bibliographystyle{unsrt}", rf"\bibliography{{{bibliography}}}"]
    ending = ending if document.cited else []
    kinds = {kind for kind, _ in document.environments}
    environments = "" if kinds == {"section"} else _ENVIRONMENTS
    whole = "section" in kinds
    if whole:
        beginning, about = _BEGINNING % _escaped(document.title), [summary(document), ""]
        after = []
    else:
        beginning, about = (_PAGE if document.columns == 1 else "") + "\n\\begin{document}\n", []
        after = ["", r"\medskip\noindent", rf"{{\footnotesize {summary(document)}\par}}"]
    lines = [
        _PREAMBLE % _options(document, whole) + environments + beginning,
        *about,
        *_body(document, LEVELS[0]),
        *after,
        *ending,
    ]
    return "\n".join([*lines, r"\end{document}", ""])


def _options(document: Document, whole: bool) -> str:
    return "twocolumn" if document.columns == 2 else "11pt" if whole else "10pt"


def fragment(document: Document, level: str | None = None) -> str:
    r"""Return what an article can take in with ``\input``; its first lines say what it needs.

    Sections are of this level; a proposition gets a heading of it, and without one has none.
    """
    keys = ", ".join(document.cited)
    head = [
        f"% Derivation: {document.title}. {summary(document)}",
        rf"% Needs \usepackage{{{','.join(PACKAGES)}}}, UTF-8, and references called: {keys}.",
        rf"% Equations are called {document.label_of(1)} and so on.",
        "",
    ]
    if any(kind != "section" for kind, _ in document.environments):
        head.append(_ENVIRONMENTS)
        if level is not None:
            head.append(rf"\{level}{{{_escaped(document.title)}}}")
    return "\n".join([*head, *_body(document, level or LEVELS[0]), ""])


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


def _name(document: Document, kind: str) -> str:
    """Return what stands in parentheses after the number of a proposition.

    LaTeX does not break it in its own place.
    """
    title = _escaped(document.title)
    if kind != "proposition":
        return ""
    if document.columns == 1 or len(title) < _LONGEST_NAME:
        return rf"[{{{title}}}]"
    return "\n" + rf"\textup{{({title})}}"


def _body(document: Document, level: str) -> list[str]:
    lines = []
    for kind, parts in document.environments:
        if kind != "section":
            lines += [
                "",
                rf"\begin{{{kind}}}{_name(document, kind)}",
                r"\setlength{\emergencystretch}{3em}",
            ]
        for number, part in enumerate(parts):
            begins = ""
            if kind == "section":
                lines += ["", rf"\{level}{{{part.title}}}", ""]
            elif part.title:
                lines += ["", r"\smallskip\noindent"] if number else []
                begins = f"{part.title} " if kind == "proposition" else rf"\emph{{{part.title}}} "
            for place, display in enumerate(part.displays):
                lines += _display(document, display, begins if place == 0 else "")
        if kind != "section":
            lines += [rf"\end{{{kind}}}"]
    return lines


def _display(document: Document, display: Display, begins: str = "") -> list[str]:
    lines = [_wrapped(begins + display.words)] if display.words else []
    if not display.equations:
        return lines if begins else [*lines, ""]
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
