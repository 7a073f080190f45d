"""What is assumed of parameters, and which inequalities follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import sympy
from flint import Ordering, fmpq, fmpq_mpoly_ctx

from sgdmem.symbolic.algebra.rational_functions import RationalFunction
from sgdmem.symbolic.algorithms.parameters import Parameter, Range
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.expressions.factoring import as_rational, factored

_ENDS = (1, 2)  # where shares and dampings end; elsewhere a range ends where nobody looks further
_UNKNOWN = Range(-2, 2, 0.5)  # of a parameter of which nothing is known


@dataclass(frozen=True)
class Interval:
    r"""Numbers between two ends, which belong to it unless they are open; None is infinite.

    Examples
    --------
    >>> Interval(0, 1, high_open=True).latex(r"\beta")
    '0 \\le \\beta < 1'
    """

    low: int | None = None
    high: int | None = None
    low_open: bool = False
    high_open: bool = False

    @property
    def ends(self) -> list[tuple[int, bool]]:
        """Its finite ends, each with whether it is open."""
        both = ((self.low, self.low_open), (self.high, self.high_open))
        return [(end, is_open) for end, is_open in both if end is not None]

    def latex(self, letter: str) -> str:
        """Return in LaTeX that a letter is in the interval."""
        over, under = (">", "<") if self.low_open else (r"\ge", r"\le")
        if self.high is None:
            return f"{letter} {over} {self.low}"
        below = "<" if self.high_open else r"\le"
        end = f"{letter} {below} {self.high}"
        return end if self.low is None else f"{self.low} {under} {end}"

    def inside(self, value: Any) -> Any:
        """Return a number in the interval: this one, or one that is made of it."""
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            value = 2 * self.low - value
        if self.low is not None and self.high is not None:
            share = value - self.low
            if share >= self.high - self.low:
                share = (self.high - self.low) * share / (1 + share)
            value = self.low + share
        if self.low_open and value == self.low:
            value += fmpq(1, 1000)
        return value


def assumption(parameter: Parameter) -> Interval | None:
    """Return the interval in which a parameter is assumed to be; None if it may be any number.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sgdmem.symbolic.algorithms.parameters import known_parameter
    >>> momentum = known_parameter("momentum")
    >>> assumption(momentum)
    Interval(low=0, high=1, low_open=False, high_open=True)
    >>> assumption(replace(momentum, usual=Range(0, 0.5, 0.25))) == assumption(momentum)
    True
    >>> assumption(known_parameter("learning_rate"))
    Interval(low=0, high=None, low_open=True, high_open=False)
    """
    usual = parameter.usual
    if parameter.kind == "flag" or usual == _UNKNOWN or usual.low < 0:
        return None
    if parameter.unit == "1" and 0 < usual.high < 1:
        return Interval(0, 1, usual.log, high_open=True)
    has_end = parameter.unit == "1" and usual.high in _ENDS
    return Interval(0, int(usual.high) if has_end else None, usual.log)


Intervals = Mapping[Any, Interval]


def follows(value: Any, intervals: Intervals, strict: bool = True) -> bool:
    r"""Whether a polynomial is positive (or not negative) wherever symbols are in their intervals.

    Each symbol is written as a mean of the ends of its interval with weights that are not negative;
    the answer is yes if no coefficient of the polynomial in these weights is negative, and, if
    ``strict``, some term is positive at every choice of ends that belong to the intervals. A no may
    be wrong, a yes is proved.

    Examples
    --------
    >>> b, n = sympy.symbols("b n", real=True)
    >>> unit = Interval(0, 1)
    >>> follows(1 - b * n, {b: Interval(0, 1, high_open=True), n: unit})
    True
    >>> follows(1 - b * n, {b: unit, n: unit}), follows(1 - b * n, {b: unit, n: unit}, strict=False)
    (False, True)
    """
    value = sympy.sympify(value)
    ranges = [_range_of(symbol, intervals) for symbol in value.free_symbols]
    if None in ranges:
        return False
    try:
        polynomial, symbols = as_rational(value)
    except InputError:  # with numbers that are not rational
        return False
    if not isinstance(polynomial, RationalFunction):
        return bool(polynomial > 0 if strict else polynomial >= 0)
    least: list[list[frozenset[int]]] = []  # weights of which some choice is not all zero
    context = fmpq_mpoly_ctx.get([f"w{k}" for k in range(2 * len(symbols))], Ordering.lex)
    weights, one = context.gens(), context.constant(1)
    means: list[tuple[Any, Any]] = []  # numerators and denominators
    for place, symbol in enumerate(symbols):
        interval = _range_of(symbol, intervals)
        assert interval is not None
        ups = 2 * place, 2 * place + 1
        up, down = (weights[k] for k in ups)
        are_open = interval.low_open, interval.high_open
        opened = [k for k, is_open in zip(ups, are_open, strict=True) if is_open]
        low, high = interval.low, interval.high
        ends = [frozenset(opened)]
        if low is not None and high is not None:
            means.append((low * down + high * up, up + down))
            ends = ends if opened else [frozenset([k]) for k in ups]
        elif low is not None:
            means.append((low + up, one))
        elif high is not None:
            means.append((high - down, one))
        least.append(ends)
    terms = _at_means(polynomial.above, means, context.constant(0)).to_dict().items()
    if any(factor < 0 for _, factor in terms):
        return False
    supports = [frozenset(k for k, power in enumerate(powers) if power) for powers, _ in terms]
    corners = (frozenset().union(*chosen) for chosen in product(*least))
    return not strict or all(any(s <= corner for s in supports) for corner in corners)


def _range_of(symbol: Any, intervals: Intervals) -> Interval | None:
    """Return the interval of a symbol, or None if it may be any number."""
    interval = intervals.get(symbol)
    if symbol.is_positive and interval is None:
        return Interval(0, low_open=True)
    return None if interval == Interval() else interval


def _at_means(polynomial: Any, means: Sequence[tuple[Any, Any]], total: Any) -> Any:
    """Add to a total what a polynomial is at quotients, times their denominators."""
    degrees = polynomial.degrees()
    for powers, number in polynomial.to_dict().items():
        term = number
        for (above, below), power, degree in zip(means, powers, degrees, strict=True):
            term = term * above ** int(power) * below ** int(degree - power)
        total = total + term
    return total


def minimal(bounds: Iterable[tuple[Any, bool]], intervals: Intervals) -> list[tuple[Any, bool]]:
    """Return those of some bounds that are needed.

    Bounds are polynomials, and whether they must differ from 0. All of them are to be positive, or
    not negative. Factors that are positive in the intervals are left out, then bounds that follow
    from the intervals and the others.

    Examples
    --------
    >>> rate, beta = sympy.symbols("rate beta", real=True)
    >>> known = {rate: Interval(0, low_open=True)}
    >>> minimal(
    ...     [(1 + beta, False), (2 * (1 + beta) - rate, True), (rate * (1 - beta), True)], known
    ... )
    [(2*beta - rate + 2, True), (1 - beta, True)]
    """
    kept = list(dict.fromkeys(_reduced(value, strict, intervals) for value, strict in bounds))
    kept = [bound for bound in kept if bound[0] != 1]
    before: list[tuple[Any, bool]] = []
    while kept != before:
        before = kept
        for bound in before:
            others = [other for other in kept if other is not bound]
            known = {**intervals, **_single(others, intervals)}
            if _implied(bound, others, known):
                kept = others
            else:
                kept = [_reduced(*bound, known) if x is bound else x for x in kept]
    return kept


def unproved(
    bounds: Iterable[tuple[Any, bool]], given: Iterable[tuple[Any, bool]], intervals: Intervals
) -> list[tuple[Any, bool]]:
    """Return those of some bounds that are not seen to follow from the given ones.

    What was shown to follow is used for the rest.

    Examples
    --------
    >>> rate, beta = sympy.symbols("rate beta", real=True)
    >>> known = {rate: Interval(0, low_open=True)}
    >>> asked = [(1 + beta, False), (2 * (1 + beta) - rate, True), (1 - beta, True)]
    >>> unproved(asked, asked[1:], known), unproved(asked, asked[:2], known)
    ([], [(1 - beta, True)])
    """
    known = list(dict.fromkeys(_reduced(value, strict, intervals) for value, strict in given))
    left = [
        bound
        for bound in dict.fromkeys(_reduced(value, strict, intervals) for value, strict in bounds)
        if bound[0] != 1 and bound not in known
    ]
    while left:
        range_of = {**intervals, **_single(known, intervals)}
        shown = [bound for bound in left if _implied(bound, known, range_of)]
        if not shown:
            break
        known += shown
        left = [bound for bound in left if bound not in shown]
    return left


def _reduced(value: Any, strict: bool, intervals: Intervals) -> tuple[Any, bool]:
    """Return a bound without factors that are positive in the intervals."""
    number, factors = factored(value)
    sign, left = (1 if number > 0 else -1), []
    for factor, power in factors:
        if follows(factor, intervals):
            continue
        if follows(-factor, intervals):
            sign *= (-1) ** power
            continue
        left.append(factor if power % 2 and strict else factor**power)
    return sympy.expand(sign * sympy.Mul(*left)), strict


def _single(bounds: Iterable[tuple[Any, bool]], intervals: Intervals) -> dict[Any, Interval]:
    """Return what bounds of one symbol each say of it, together with its own interval."""
    found: dict[Any, Interval] = {}
    for value, strict in bounds:
        ends = end_of(value)
        if ends is None:
            continue
        symbol, end, below = ends
        if not end.is_Integer:
            continue
        old = found.get(symbol) or intervals.get(symbol) or Interval()
        if below and (old.high is None or end <= old.high):
            found[symbol] = Interval(old.low, int(end), old.low_open, strict)
        elif not below and (old.low is None or end >= old.low):
            found[symbol] = Interval(int(end), old.high, strict, old.high_open)
    return found


def end_of(value: Any) -> tuple[Any, Any, bool] | None:
    """Return symbol, end and whether it is the upper one if a bound is linear in one symbol.

    Examples
    --------
    >>> end_of(2 - 4 * sympy.Symbol("x"))
    (x, 1/2, True)
    """
    symbols = value.free_symbols
    if len(symbols) != 1:
        return None
    (symbol,) = symbols
    polynomial = sympy.Poly(value, symbol)
    if polynomial.degree() != 1:
        return None
    slope, start = polynomial.all_coeffs()
    return symbol, -start / slope, bool(slope < 0)


def _is_multiple(
    value: Any, strict: bool, bounds: list[tuple[Any, bool]], intervals: Intervals
) -> bool:
    """Whether a bound follows from the intervals, maybe after division by another bound."""
    if follows(value, intervals, strict):
        return True
    size, symbols = len(sympy.Add.make_args(value)), value.free_symbols
    for other, other_strict in bounds:
        if len(sympy.Add.make_args(other)) > size or not other.free_symbols <= symbols:
            continue
        if other_strict < strict or not symbols:
            continue
        quotient, rest = sympy.div(value, other, *symbols)
        if rest == 0 and follows(quotient, intervals, strict):
            return True
    return False


def _implied(bound: tuple[Any, bool], others: list[tuple[Any, bool]], intervals: Intervals) -> bool:
    """Whether a bound follows from the intervals and one or two more bounds."""
    value, strict = bound
    if _is_multiple(value, strict, others, intervals):
        return True
    positive = [x for x, is_strict in others if is_strict and end_of(x) is not None]
    for other, other_strict in others:
        enough = strict and not other_strict
        for share in (sympy.S.Half, sympy.S.One, sympy.Integer(2), sympy.Rational(1, 4)):
            for scale in (1, *positive):
                rest = sympy.expand(scale * value - share * other)
                if _is_multiple(rest, enough, others, intervals):
                    return True
        for symbol in value.free_symbols & other.free_symbols:
            # c value - d other without the symbol, where c > 0 and d >= 0
            parts = [sympy.Poly(x, symbol).all_coeffs() for x in (value, other)]
            if any(len(part) != 2 for part in parts):
                continue
            (d, start), (c, end) = ((-slope, rest) for slope, rest in parts)
            if follows(c, intervals) and follows(d, intervals, strict=False):
                rest = sympy.expand(c * start - d * end)
                if follows(rest, intervals, enough or (strict and not follows(d, intervals))):
                    return True
    return False
