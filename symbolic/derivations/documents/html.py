"""HTML with MathML, which browsers show without a network and without scripts."""

from __future__ import annotations

import html
import re
import unicodedata
from contextlib import suppress
from functools import lru_cache
from xml.etree.ElementTree import tostring
from xml.sax.saxutils import unescape

from latex2mathml.converter import convert_to_element

from sgdmem.symbolic.derivations.documents.document import Document, Numbered
from sgdmem.symbolic.derivations.documents.function_names import space_names
from sgdmem.symbolic.derivations.documents.markdown import with_numbers
from sgdmem.symbolic.derivations.documents.tex import summary

# What latex2mathml writes wrongly, and what it writes well.
_SPELLINGS = (
    (re.compile(r"\\begin\{aligned\}"), r"\\begin{array}{rl}"),
    (re.compile(r"\\end\{aligned\}"), r"\\end{array}"),
    (re.compile(r"\\langle(?![a-z])"), "⟨"),
    (re.compile(r"\\rangle(?![a-z])"), "⟩"),
    (re.compile(r"\\arg(?![a-z])"), r"\\operatorname{arg}"),
    (re.compile(r"(\\[Bb]ig+[lr])\\\|"), "\\1‖"),
    (re.compile(r"\\tag(?![a-z])"), r"\\qquad\\tag"),  # numbers stand behind the formula
)
# Browsers know these letters by their own numbers alone.
_ALPHABETS = {
    "mathcal": "SCRIPT",
    "mathbb": "DOUBLE-STRUCK",
    "mathsf": "SANS-SERIF",
    "mathbf": "BOLD",
}
_CHARACTER = "[A-Za-z0-9]"
_LETTER = re.compile(rf"\\({'|'.join(_ALPHABETS)})(?:\{{({_CHARACTER})\}}|\s*({_CHARACTER}))")
_PRIMES = re.compile(r"('+)(?:\^(?:\{([^{}]*)\}|(\w)))?")  # and the exponent that follows
# What it has no spelling for: a sign after a relation is no difference, ~ is no letter, a slash
# has no spaces, and bars belong to what is between them.
_MATHML = (
    (
        re.compile(r"(<mo>(?:&#x0003D;|&#x0003C;|&#x0003E;)</mo>)<mo>(&#x02212;|&#x0002B;)</mo>"),
        r'\1<mo form="prefix">\2</mo>',
    ),
    (re.compile(r"<mi>&#x0007E;</mi>"), "<mo>&#x0223C;</mo>"),
    (re.compile(r"<mi>&#x029F5;</mi>"), "<mo>&#x02216;</mo>"),  # few fonts have the first one
    (re.compile(r"<mo>&#x0002F;</mo>"), '<mo lspace="0" rspace="0">&#x0002F;</mo>'),
    (
        re.compile(r'<mo(?: stretchy="false")?>(&#x0007C;|&#x02016;)</mo>'),
        r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>',
    ),
    (  # of an operator that has an exponent itself, browsers do not heed the size
        re.compile(r"(<msu(?:p|b|bsup)>)(<mo [^>]*minsize[^>]*>[^<]*</mo>)"),
        r"\1<mrow>\2</mrow>",
    ),
)
_INSIDE = re.compile(r"^<math[^>]*>(.*)</math>$", re.DOTALL)
_MATHEMATICS = re.compile(r"\$([^$]+)\$")
EQUATIONS = """
.equation { display: flex; align-items: center; margin: .6rem 0; overflow: auto hidden; }
.equation math { flex: 1; min-width: max-content; }
mtd.left { text-align: right; }
mtd.right, mtd[columnalign="left"] { text-align: left; }
.equation .number { padding-left: 1rem; color: #555; }
"""
_STYLE = f"""
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.5;
       font-family: Georgia, "Times New Roman", serif; color: #1a1a1a; background: #fff; }}
h1, h2 {{ font-weight: normal; line-height: 1.2; }}
{EQUATIONS}"""


def page(document: Document) -> str:
    """Return a page of its own."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{body(document)}\n</body>\n</html>\n"
    )


def body(document: Document) -> str:
    """Return what stands in the body of a page, or in a cell of a notebook."""
    keys = document.cited
    lines = [f"<h1>{html.escape(document.title)}</h1>", f"<p>{_text(summary(document))}</p>"]
    for kind, parts in document.environments:
        if kind != "section":
            lines.append(f"<h2>{html.escape(document.environment_name(kind))}</h2>")
        for part in parts:
            title = html.escape(part.title)
            lines += [f"<h2>{title}</h2>"] if kind == "section" else []
            for place, display in enumerate(part.displays):
                run_in = title and place == 0 and kind != "section"
                begins = f"<em>{title}</em> " if run_in else ""
                if display.words:
                    lines.append(f"<p>{begins}{_text(with_numbers(display.words, keys))}</p>")
                lines += map(_equation, display.equations)
    if keys:
        items = "".join(f"<li>{html.escape(document.references[key].text)}</li>" for key in keys)
        lines.append(f"<h2>References</h2><ol>{items}</ol>")
    return "\n".join(lines)


def _equation(equation: Numbered) -> str:
    number = f'<span class="number">({equation.number})</span>'
    if len(equation.rows) == 1:
        source = " ".join(equation.rows[0]).strip()
        return f'<div class="equation">{mathml(source, "block")}{number}</div>'
    # browsers take the alignment of columns from style alone
    rows = "".join(
        f'<mtr><mtd class="left">{_row(left)}</mtd><mtd class="right">{_row(right)}</mtd></mtr>'
        for left, right in equation.rows
    )
    whole = f'<math display="block"><mtable displaystyle="true">{rows}</mtable></math>'
    return f'<div class="equation">{whole}{number}</div>'


def _row(source: str) -> str:
    """Return one line of mathematics without the element around it."""
    return _INSIDE.sub(r"\1", mathml(source, "block")) if source.strip() else ""


def _text(words: str) -> str:
    pieces = _MATHEMATICS.split(words)
    return "".join(
        mathml(piece, "inline") if place % 2 else html.escape(piece)
        for place, piece in enumerate(pieces)
    )


@lru_cache(maxsize=1024)  # letters are in many sentences
def mathml(source: str, display: str) -> str:
    """Return LaTeX as a ``math`` element, "inline" or as a "block".

    Examples
    --------
    >>> mathml("x", "inline")[-30:]
    '<mrow><mi>x</mi></mrow></math>'
    """
    for latex, known in _SPELLINGS:
        source = latex.sub(known, source)
    source = _LETTER.sub(_letter, source)
    source = _PRIMES.sub(_exponent, source)
    formula = convert_to_element(source, display=display)
    space_names(formula)
    written = unescape(tostring(formula, encoding="unicode"))
    for wrong, known in _MATHML:
        written = wrong.sub(known, written)
    return written


def _letter(found: re.Match[str]) -> str:
    plain = unicodedata.name(found[2] or found[3])
    name = f"{_ALPHABETS[found[1]]} {plain.replace('LATIN ', '').replace(' LETTER', '')}"
    for known in (f"MATHEMATICAL {name}", name):  # Unicode had some before the others
        with suppress(KeyError):
            return unicodedata.lookup(known)
    return found[0]


def _exponent(primes: re.Match[str]) -> str:
    marks = r"\prime" * len(primes[1])
    return f"^{{{marks} {primes[2] or primes[3] or ''}}}"
