"""A reader of displayed formulas: LaTeX of sums, products, fractions and powers, evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flint import fmpq

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\d+|[^\s]")
_IGNORED = {r"\left", r"\right", r"\,", r"\cdot", r"\displaystyle", r"\quad", "&", r"\\"}


def value_of(latex: str, letters: Mapping[str, Any]) -> Any:
    """Return the value of a formula whose letters have the given rational values.

    It knows nothing of how formulas are written here but LaTeX's own rules.
    """
    text = latex.replace(r"\begin{aligned}", "").replace(r"\end{aligned}", "")
    known = sorted(letters, key=len, reverse=True)
    pattern = "|".join([*map(re.escape, known), _TOKEN.pattern])
    tokens = [t for t in re.findall(pattern, text) if t not in _IGNORED]
    reader = _Reader(tokens, letters)
    value = reader.sum()
    assert not reader.tokens, f"{latex}: {reader.tokens} is left"
    return value


class _Reader:
    def __init__(self, tokens: list[str], letters: Mapping[str, Any]) -> None:
        self.tokens, self.letters = tokens, letters

    def take(self, expected: str | None = None) -> str:
        token = self.tokens.pop(0)
        assert expected in (None, token), f"{expected} was expected, not {token}"
        return token

    def sum(self) -> Any:
        total = fmpq(0)
        while True:
            sign = 1
            while self.tokens and self.tokens[0] in "+-":
                sign *= -1 if self.take() == "-" else 1
            total += sign * self.product()
            if not self.tokens or self.tokens[0] not in "+-":
                return total

    def product(self) -> Any:
        value = self.power()
        while self.tokens and self.tokens[0] not in ("+", "-", ")", "}"):
            value *= self.power()
        return value

    def power(self) -> Any:
        value = self.atom()
        if self.tokens and self.tokens[0] == "^":
            self.take()
            exponent = self.group()
            assert exponent.q == 1
            value = value ** int(exponent.p)
        return value

    def group(self) -> Any:
        if self.tokens[0] != "{":
            return fmpq(int(self.take()))
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def atom(self) -> Any:
        if self.tokens[0] == "{":
            return self.group()
        token = self.take()
        if token == "(":
            value = self.sum()
            self.take(")")
            return value
        if token == r"\frac":
            return self.group() / self.group()
        if token.isdigit():
            return fmpq(int(token))
        return self.letters[token]
