"""What a method is called elsewhere: the usual family that has it, and its parameters in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgdmem.symbolic.algebra.scalars import is_symbolic
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import Family, FamilyLike
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.conversions import convert
from sgdmem.symbolic.zoo.named_algorithms import find_family

SIMPLEST = ("sgd", "heavy-ball", "nesterov", "qhm", "memory-one")


def same_as(
    algorithm: Algorithm, families: Sequence[FamilyLike] = SIMPLEST
) -> tuple[Family[...], dict[str, Any]] | None:
    """Return the first of some families that has a method, and its parameters there.

    By default of SGD, heavy ball, Nesterov, QHM, and all of memory 1; None if it is none of them.

    Raises
    ------
    InputError
        If there is no such family.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import torch_sgd
    >>> family, values = same_as(torch_sgd("0.1", "0.9", nesterov=True))
    >>> family.name, values["momentum"]
    ('nesterov', Fraction(9, 10))
    """
    for family in map(find_family, families):
        try:
            return family, convert(algorithm, family)
        except InputError:  # it has no such member, or several
            continue
    return None


def value_text(value: Any) -> str:
    """Return a parameter as a person writes it: 1 - beta rather than -(beta - 1).

    Examples
    --------
    >>> from fractions import Fraction
    >>> from sympy import Symbol
    >>> eta, beta = Symbol("eta"), Symbol("beta")
    >>> value_text(-eta / (beta - 1)), value_text((Fraction(1, 2), 1)), value_text(0.5)
    ('eta/(1 - beta)', '(1/2, 1)', '0.5')
    """
    if isinstance(value, tuple):
        return f"({', '.join(map(value_text, value))})"
    if not is_symbolic(value):
        return str(value)
    from sympy import cancel, factor, fraction, together

    top, bottom = fraction(together(cancel(value)))
    sign, above = _product(factor(top))
    other, below = _product(factor(bottom))
    if sign != other:  # a sum of letters takes the sign in
        place = next((k for k, (_, turned) in enumerate(above) if turned is not None), None)
        if place is None:
            return _sum(value) if value.is_Add and not below else _quotient("-", above, below)
        above[place] = above[place][1] or "", None
    return _quotient("", above, below)


Factor = tuple[str, str | None]  # a factor, and minus it if it is a sum that may be turned


def _quotient(sign: str, above: Sequence[Factor], below: Sequence[Factor]) -> str:
    several = len(above) > 1 or bool(below or sign)
    over = "*".join(_part(text, several) for text, _ in above) or "1"
    under = "*".join(_part(text, True) for text, _ in below)
    if len(below) > 1:
        under = f"({under})"
    return f"{sign}{over}/{under}" if below else f"{sign}{over}"


def _part(text: str, several: bool) -> str:
    return f"({text})" if several and " " in text and not text.startswith("(") else text


def _product(expression: Any) -> tuple[int, list[Factor]]:
    """Return the sign of a product and its factors; that of the number 1 has none."""
    from sympy import Mul

    sign, found = 1, list[Factor]()
    for factor in Mul.make_args(expression):
        base, power = factor.as_base_exp()
        if not power.is_Integer:
            found.append((str(factor), None))
            continue
        if _is_negative(base):
            base, sign = -base, sign * (-1 if power.is_odd else 1)
        text = _sum(base) if base.is_Add else str(base)
        if power != 1:
            found.append((f"({text})**{power}" if base.is_Add else f"{text}**{power}", None))
        elif base != 1:
            turns = base.is_Add and base.as_coeff_Add()[0] == 0
            found.append((text, _sum(-base) if turns else None))
    return sign, found


def _is_negative(base: Any) -> bool:
    """Whether a factor is better written with the other sign."""
    if not base.is_Add:
        return bool(base.could_extract_minus_sign())
    number = base.as_coeff_Add()[0]
    return bool(number < 0 or (number == 0 and base.could_extract_minus_sign()))


def _sum(expression: Any) -> str:
    """Return a sum: what is added, a number first, then what is taken away."""

    def order(term: Any) -> tuple[Any, ...]:
        return term.could_extract_minus_sign(), not term.is_Number, str(term)

    text = ""
    for term in sorted(expression.args, key=order):
        sign, size = ("-", str(-term)) if order(term)[0] else ("+", str(term))
        text += f" {sign} {size}" if text else f"{sign}{size}".removeprefix("+")
    return text
