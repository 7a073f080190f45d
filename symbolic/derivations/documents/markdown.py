"""Markdown with mathematics between dollar signs."""

from __future__ import annotations

import re

from sgdmem.symbolic.derivations.documents.document import Document, Numbered
from sgdmem.symbolic.derivations.documents.references import CITATION
from sgdmem.symbolic.derivations.documents.tex import summary


def markdown(document: Document) -> str:
    """Return the derivation as Markdown."""
    keys = document.cited
    lines = [f"# {_escaped(document.title)}", "", summary(document), ""]
    for kind, parts in document.environments:
        if kind != "section":
            lines += [f"**{_escaped(document.environment_name(kind))}.**", ""]
        for part in parts:
            lines += [f"## {part.title}", ""] if kind == "section" else []
            for place, display in enumerate(part.displays):
                run_in = part.title and place == 0 and kind != "section"
                begins = f"*{part.title}* " if run_in else ""
                if display.words:
                    lines += [begins + with_numbers(display.words, keys), ""]
                for equation in display.equations:
                    lines += ["$$", formula(equation), "$$", ""]
    if keys:
        lines += ["## References", ""]
        lines += [
            f"{place}. {document.references[key].text}" for place, key in enumerate(keys, start=1)
        ]
    return "\n".join([*lines, ""])


def _escaped(text: str) -> str:
    """Return plain text as Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~!&])", r"\\\1", text)


def formula(equation: Numbered) -> str:
    """Return an equation with its number, aligned if it has several lines."""
    if len(equation.rows) == 1:
        body = " ".join(equation.rows[0]).strip()
    else:
        rows = " \\\\\n".join(f"{left} & {right}" for left, right in equation.rows)
        body = f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"
    return rf"{body} \tag{{{equation.number}}}"


def with_numbers(words: str, keys: list[str]) -> str:
    """Return text with the numbers of references for what it cites."""

    def number(match: object) -> str:
        place, key = match.group(1), match.group(2)  # type: ignore[attr-defined]
        inside = f"{keys.index(key) + 1}" + (f", {place}" if place else "")
        return f" [{inside}]" if match.group(0).startswith("~") else f"[{inside}]"  # type: ignore[attr-defined]

    return CITATION.sub(number, words).replace("~", " ")
