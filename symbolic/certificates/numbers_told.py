"""Numbers of a question: as they are where they are few, and with a digest of the exact ones.

So that two questions that differ never read the same, whatever is rounded (~) or left out has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from hashlib import sha256

from sgdmem.symbolic.certificates.wording import number

FEW = 5
_DIGITS = 16


def digest(lines: Sequence[Sequence[Fraction]]) -> str:
    r"""Return the first digits of SHA-256 of numbers in lowest terms.

    Spaces are between those of a line, and line feeds between lines.

    Examples
    --------
    >>> digest([[Fraction(1, 2), Fraction(-2)], [Fraction(0), Fraction(1)]])
    '3a054f6318ca8ac3'
    >>> sha256(b"1/2 -2\n0 1").hexdigest()[:16]
    '3a054f6318ca8ac3'
    """
    text = "\n".join(" ".join(map(str, line)) for line in lines)
    return sha256(text.encode()).hexdigest()[:_DIGITS]


def with_digest(text: str, lines: Sequence[Sequence[Fraction]]) -> str:
    """Return a text about numbers, with their digest if it does not tell all of them."""
    is_whole = "~" not in text and "..." not in text
    return text if is_whole else f"{text} (digest {digest(lines)})"


def number_told(x: Fraction) -> str:
    """Return a number of a question.

    Examples
    --------
    >>> number_told(Fraction(1, 8)), number_told(Fraction(0.1))
    ('0.125', '~0.1 (digest 0ac7d43e36cba079)')
    """
    return with_digest(number(x), [[x]])


def few(values: Sequence[Fraction]) -> str:
    """Return the first few of a list, without a digest."""
    shown = ", ".join(map(number, values[:FEW]))
    return f"[{shown}{f', ... {len(values):,} in all' if len(values) > FEW else ''}]"


def list_told(values: Sequence[Fraction]) -> str:
    """Return a list of a question.

    Examples
    --------
    >>> list_told([Fraction(1)] * 6)
    '[1, 1, 1, 1, 1, ... 6 in all] (digest 9c03d9ffd86d33a2)'
    """
    return with_digest(few(values), [values])


def matrix_told(lines: Sequence[Sequence[Fraction]]) -> str:
    """Return a matrix of a question, or its size where it has many lines or long ones.

    Examples
    --------
    >>> matrix_told([[Fraction(1), Fraction(1, 2)], [Fraction(0), Fraction(1)]])
    '[[1, 0.5], [0, 1]]'
    >>> matrix_told([[Fraction(1)]] * 6)
    '[... 6 x 1 numbers] (digest 1291939bcfedd7d2)'
    """
    width = len(lines[0]) if lines else 0
    if max(len(lines), width) > FEW:
        return with_digest(f"[... {len(lines):,} x {width:,} numbers]", lines)
    return with_digest(f"[{', '.join(map(few, lines))}]", lines)
