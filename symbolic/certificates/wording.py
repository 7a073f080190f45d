"""How sentences of proofs show numbers and eigenvalues."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction

_HUGE, _NEAR = 10**300, Fraction(1, 10**9)
_MOST_DIGITS, _BRIEF = 10, 10**4


def named(number: int, value: Fraction) -> str:
    """Return which eigenvalue is meant, by its place from 1 and by what it is.

    Examples
    --------
    >>> named(1, Fraction(4)), named(22, Fraction(1, 3))
    ('the first eigenvalue, 4', 'the 22nd eigenvalue, 0.333333')
    """
    return f"the {_ordinal(number)} eigenvalue, {short(value, 6)}"


def _ordinal(number: int) -> str:
    teens = number % 100 // 10 == 1
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number:,}{ending}")


def shown_bounds(low: Fraction, high: Fraction | None = None) -> str:
    """Return a number, or two that are not the same, with twelve digits.

    Examples
    --------
    >>> shown_bounds(Fraction(1, 3)), shown_bounds(Fraction(1, 3), Fraction(1, 2))
    ('0.333333333333', 'between 0.333333333333 and 0.5')
    >>> shown_bounds(1 - Fraction(1, 10**20)), shown_bounds(Fraction(1))
    ('1 - 1e-20', '1')
    """
    texts = [short(x) for x in (low, low if high is None else high)]
    return texts[0] if texts[0] == texts[1] else f"between {texts[0]} and {texts[1]}"


def short(x: Fraction, digits: int = 12) -> str:
    """Return a number with so many digits; of one next to 1 those of the difference.

    Examples
    --------
    >>> short(Fraction(1, 3)), short(1 + Fraction(1, 10**400)), short(Fraction(-(10**400), 3), 3)
    ('0.333333333333', '1 + 1e-400', '-3.33e+399')
    """
    if 0 < abs(x - 1) < _NEAR:
        return f"1 {'-' if x < 1 else '+'} {short(abs(x - 1), 3)}"
    if x == 0 or 1 / _HUGE < abs(x) < _HUGE:
        return f"{float(x):.{digits}g}"
    wide = Context(digits, Emin=MIN_EMIN, Emax=MAX_EMAX)  # beyond the range of floats
    return f"{wide.divide(Decimal(x.numerator), Decimal(x.denominator)).normalize(wide):g}"


def number(x: Fraction) -> str:
    """Return a short decimal or fraction as it is, others rounded, with ~.

    Examples
    --------
    >>> number(Fraction(-1, 8)), number(Fraction(1, 3)), number(Fraction(1, 30001))
    ('-0.125', '1/3', '~3.33322e-05')
    """
    text = short(x, _MOST_DIGITS)
    if " " not in text and Fraction(text) == x:
        return text
    is_brief = max(abs(x.numerator), x.denominator) < _BRIEF
    return str(x) if is_brief else f"~{short(x, 6)}"
