"""A reader of displayed formulas: the LaTeX that a derivation prints, evaluated.

It knows LaTeX's own rules and the usual notation of linear algebra, and nothing of how formulas
are written here, so that what it finds is what a reader of the page finds.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flint import fmpq, fmpq_mat
from mpmath import mp, workdps

from sgdmem.symbolic.derivations.checks.mixed_arithmetic import (
    DIGITS,
    added,
    determinant,
    inverted,
    multiplied,
    raised,
    unwrapped,
)
from sgdmem.symbolic.derivations.statements.exact_values import as_float

_FURTHEST = 4000  # steps, by which an integral has converged
_STEP = 0.25  # of the trapezoidal rule, which is exponentially accurate on the whole line
_TOKEN = r"\\(?:begin|end)\{\w+\}|\\[a-zA-Z]+|\\.|\d+|[^\s]"
_IGNORED = {r"\left", r"\right", r"\,", r"\cdot", r"\displaystyle", r"\quad", r"\qquad"}
_RELATIONS = {"=", "<", ">", r"\le", r"\ge", r"\approx", r"\ll"}
_ENDS = {*_RELATIONS, "+", "-", ")", "}", ",", "&", r"\\", r"\rvert"}
_MATRICES = {"matrix", "pmatrix", "smallmatrix"}


class Unreadable(Exception):
    """A formula with a letter that has no meaning, or that breaks a rule."""


@dataclass
class Meanings:
    r"""What the letters of formulas mean.

    Attributes
    ----------
    letters : mapping
        From LaTeX to rational numbers and matrices.
    functions : mapping
        From LaTeX to functions of what stands in the parentheses.
    each : mapping
        From an index, as in ``\sum_k``, to letters for each of its values.
    """

    letters: MutableMapping[str, Any]
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    each: Mapping[str, Sequence[MutableMapping[str, Any]]] = field(default_factory=dict)


class Chain(NamedTuple):
    """Sides with relations between them."""

    sides: list[Any]
    relations: list[str]


def read(latex: str, meanings: Meanings) -> list[Chain]:
    r"""Return the values of the sides of every equation or inequality in a display.

    Parameters
    ----------
    latex
        Chains of sides with relations between them; the chains are separated by commas.
    meanings

    Raises
    ------
    Unreadable
        If a letter has no meaning, or something is left over.
    ZeroDivisionError
        If something is divided by zero.

    Examples
    --------
    >>> meanings = Meanings({"x": fmpq(3)})
    >>> for chain in read(r"x^2 - \frac{1}{2} = \frac{17}{2}, \qquad x > 2", meanings):
    ...     print(*chain)
    [17/2, 17/2] ['=']
    [3, 2] ['>']
    """
    reader = _Reader(_tokens(latex, meanings), meanings)
    chains = reader.chains()
    if reader.tokens:
        raise Unreadable(f"{' '.join(reader.tokens)} is left over in {latex}")
    return chains


def _tokens(latex: str, meanings: Meanings) -> list[str]:
    known = {*meanings.letters, *meanings.functions}
    known.update(letter for values in meanings.each.values() for each in values for letter in each)
    # a letter such as \nu must not be found at the start of a longer command
    names = [
        re.escape(name) + (r"(?![a-zA-Z])" if re.search(r"\\[a-zA-Z]+$", name) else "")
        for name in sorted(known, key=len, reverse=True)
    ]
    bars = latex.replace(r"\left|", r"\lvert ").replace(r"\right|", r"\rvert ")
    found = re.findall("|".join([*names, _TOKEN]), bars)
    kept: list[str] = []
    around: list[str] = []  # the environments that a token is in
    for token in found:
        if token.startswith(r"\begin"):
            around.append(token[len(r"\begin{") : -1])
        alignment = token in ("&", r"\\") and (not around or around[-1] not in _MATRICES)
        if not alignment and token not in _IGNORED and "aligned" not in token:
            kept.append(token)
        if token.startswith(r"\end"):
            around.pop()
    return kept


class _Reader:
    def __init__(self, tokens: list[str], meanings: Meanings) -> None:
        self.tokens, self.meanings = tokens, meanings
        self.letters: MutableMapping[str, Any] = meanings.letters

    @property
    def next(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self, expected: str | None = None) -> str:
        if not self.tokens or expected not in (None, self.tokens[0]):
            raise Unreadable(f"{expected or 'more'} was expected before {' '.join(self.tokens)!r}")
        return self.tokens.pop(0)

    def chains(self) -> list[Chain]:
        found = [self.chain()]
        while self.next == ",":
            self.take()
            found.append(self.chain())
        return found

    def chain(self) -> Chain:
        sides, relations = [self.sum()], []
        while self.next in _RELATIONS:
            relations.append(self.take())
            sides.append(self.sum())
        return Chain(sides, relations)

    def sum(self) -> Any:
        total = None
        while True:
            sign = 1
            while self.next in ("+", "-"):
                sign *= -1 if self.take() == "-" else 1
            term = self.product()
            term = term if sign == 1 else multiplied(fmpq(-1), term)
            total = term if total is None else added(total, term)
            if self.next not in ("+", "-"):
                return total

    def product(self) -> Any:
        value = self.power()
        while self.tokens and self.next not in _ENDS and not self.next.startswith(r"\end"):
            if self.next == "/":
                self.take()
                value = multiplied(value, inverted(self.power()))
            else:
                value = multiplied(value, self.power())
        return value

    def power(self) -> Any:
        value = self.atom()
        while self.next == "^":
            self.take()
            if self.tokens[:4] == ["{", r"\mathsf", "T", "}"]:
                del self.tokens[:4]
                value = value.transpose() if isinstance(value, fmpq_mat) else value
            else:
                value = raised(value, self.argument())
        return value

    def argument(self) -> Any:
        """Read what a command or an exponent takes: a group, or the next character."""
        if self.next == "{":
            self.take()
            value = self.sum()
            self.take("}")
            return value
        token = self.take()
        if token.isdigit():
            if token[1:]:
                self.tokens.insert(0, token[1:])
            return fmpq(int(token[0]))
        return self.meaning(token)

    def parenthesised(self) -> list[Any]:
        self.take("(")
        values = [self.sum()]
        while self.next == ",":
            self.take()
            values.append(self.sum())
        self.take(")")
        return values

    def atom(self) -> Any:
        if self.next == "{":
            return self.argument()
        if self.next == "(":
            (value,) = self.parenthesised()
            return value
        token = self.take()
        if token in self.letters:
            return self.meaning(token)
        if token in self.meanings.functions:
            return self.meanings.functions[token](*self.parenthesised())
        if token in (r"\frac", r"\tfrac"):
            above = self.argument()
            return multiplied(above, inverted(self.argument()))
        if token.isdigit():
            return fmpq(int(token))
        if token.startswith(r"\begin"):
            return self.matrix()
        if token == r"\lvert":
            value = determinant(self.atom())
            self.take(r"\rvert")
            return value
        if token in _TOGETHER:
            return self.over_an_index(_TOGETHER[token])
        if token == r"\int":
            return self.integral()
        if token in _CONSTANTS:
            with workdps(DIGITS):
                return +_CONSTANTS[token]
        return self.meaning(token)

    def meaning(self, token: str) -> Any:
        if token not in self.letters:
            raise Unreadable(f"{token} has no meaning")
        return self.letters[token]

    def matrix(self) -> Any:
        rows: list[list[Any]] = [[self.sum()]]
        while not self.next.startswith(r"\end"):
            separator = self.take()
            if separator == r"\\":
                rows.append([])
            elif separator != "&":
                raise Unreadable(f"{separator} in a matrix")
            rows[-1].append(self.sum())
        self.take()
        return unwrapped(fmpq_mat(len(rows), len(rows[0]), [x for row in rows for x in row]))

    def over_an_index(self, together: Callable[[Sequence[Any]], Any]) -> Any:
        self.take("_")
        index = self.take()
        if index not in self.meanings.each:
            raise Unreadable(f"nothing has the index {index}")
        start, outer = list(self.tokens), self.letters
        values = []
        for letters in self.meanings.each[index]:
            self.tokens, self.letters = list(start), ChainMap(letters, outer)
            values.append(self.product())
        self.letters = outer
        return together(values)

    def integral(self) -> Any:
        for token in ("_", "0", "^", r"\infty"):
            self.take(token)
        end = next(i for i, token in enumerate(self.tokens) if token == "d")
        inside, variable = self.tokens[:end], self.tokens[end + 1]
        del self.tokens[: end + 2]
        letters = {token: self.letters[token] for token in inside if token in self.letters}
        with workdps(DIGITS):  # once, not at each node
            letters = {
                token: as_float(value) if isinstance(value, fmpq) else value
                for token, value in letters.items()
            }

        def integrand(y: Any) -> Any:
            # powers at both ends decay exponentially in the logarithm
            x = mp.exp(y)
            inner = _Reader(list(inside), self.meanings)
            inner.letters = {**letters, variable: x}
            return inner.product() * x

        with workdps(DIGITS):
            return _over_the_line(integrand)


def _over_the_line(integrand: Callable[[Any], Any]) -> Any:
    """Return the integral of an analytic function that decays exponentially on both sides."""
    total = integrand(mp.mpf(0))
    for direction in (1, -1):
        place, term = 0, mp.inf
        while abs(place) < 20 or abs(term) > mp.mpf(10) ** -DIGITS * abs(total):
            place += direction
            if abs(place) > _FURTHEST:
                raise Unreadable("an integral does not converge")
            term = integrand(mp.mpf(_STEP * place))
            total += term
    return _STEP * total


_TOGETHER: dict[str, Callable[[Sequence[Any]], Any]] = {
    r"\sum": lambda values: sum(values[1:], values[0]),
    r"\min": min,
    r"\max": max,
}
_CONSTANTS = {"e": mp.e, r"\pi": mp.pi}
