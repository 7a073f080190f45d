"""Noise summands that are long for their column: coefficients and factors have names."""

from __future__ import annotations

import re
from typing import Any

import sympy

from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.subject import Subject

_DEEPEST = 1  # brackets around several lines, in one another
_BRACKETS = re.compile(r"\\left\(\\begin\{aligned\}|\\end\{aligned\}\\right\)")


def summand_in_parts(subject: Subject, name: str, value: Any, of_what: str = "") -> list[Equation]:
    """Return what a summand is, and what its parts are if it does not fit well in one fraction.

    Parameters
    ----------
    subject : Subject
    name : str
        LaTeX of the summand.
    value : expression
        A fraction, arranged.
    of_what : str
        An exponent of the numerator's coefficients. Factors of the denominator are those of every
        summand of a method, and are said once.
    """
    whole = Equation("", [written(name), Side(value)])
    if max(_depth(right) for _, right in whole.rows(subject.writer)) <= _DEEPEST:
        return [whole]
    lam = subject.letters.eigenvalue
    top, bottom = sympy.fraction(value)
    new: list[Equation] = []

    def called(latex: str, kind: str, part: Any) -> Any:
        """Return the name of a part, the same one for the same part."""
        if (kind, part) not in subject.parts:
            symbol = subject.named(latex, part)
            subject.parts[kind, part] = symbol
            new.append(Equation("", [Side(symbol), Side(part)]))
        return subject.parts[kind, part]

    def called_below(factor: Any) -> Any:
        number = 1 + sum(kind == "below" for kind, _ in subject.parts)
        return called(rf"\hat d_{{{number}}}", "below", factor)

    def is_long(factor: Any) -> bool:
        return bool(factor.is_Add and factor.has(lam))

    above, below = (sympy.Mul.make_args(part) for part in (top, bottom))
    numerator = sympy.Mul(*filter(is_long, above))
    terms = []
    powers = sympy.Poly(numerator, lam).all_coeffs()[::-1] if numerator != 1 else []
    for power, coefficient in enumerate(powers):
        if coefficient != 0:
            latex = rf"\hat n{of_what}_{{{power}}}"
            terms.append(called(latex, of_what, subject.tidy(coefficient)) * lam**power)
    above = [factor for factor in above if not is_long(factor)]
    above += [sympy.Add(*terms)] if terms else []
    below = [called_below(factor) if is_long(factor) else factor for factor in below]
    fraction = sympy.Mul(*above) / sympy.Mul(*below)
    return [Equation("", [written(name), Side(fraction)]), *new]


def _depth(latex: str) -> int:
    """Return how many brackets around several lines stand in one another."""
    deepest = depth = 0
    for bracket in _BRACKETS.findall(latex):
        depth += 1 if "left" in bracket else -1
        deepest = max(deepest, depth)
    return deepest
