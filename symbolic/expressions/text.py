"""Expressions as lines of text, with the signs, factors and order that people write."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sgdmem.symbolic.expressions.order import Order
from sgdmem.symbolic.expressions.products import split


def expression_text(expression: Any) -> str:
    """Return an expression as text, arranged as it is.

    Examples
    --------
    >>> from sympy import symbols
    >>> rate, beta = symbols("rate beta")
    >>> expression_text(beta / (2 * rate * (1 - beta))), expression_text(beta - rate - 1)
    ('beta/(2*rate*(1 - beta))', 'beta - 1 - rate')
    """
    return str(_printer().doprint(expression))


@cache
def _printer() -> Any:
    from sympy.printing.str import StrPrinter

    order = Order()

    class Printer(StrPrinter):  # type: ignore[misc]
        def _print_Add(self, expr: Any, _: Any = None) -> str:
            text = ""
            for term in order.sorted(expr.args, self._print):
                shown = self._print(term)
                if text:
                    text += f" - {shown[1:]}" if shown.startswith("-") else f" + {shown}"
                else:
                    text = shown
            return text

        def _print_Mul(self, expr: Any) -> str:
            number, top, bottom = split(expr)
            above = self._product(abs(number.p), top)
            sign = "-" if number < 0 else ""
            if not bottom and number.q == 1:
                return f"{sign}{above}"
            below = self._product(number.q, bottom)
            return f"{sign}{above}/{f'({below})' if len(bottom) + (number.q != 1) > 1 else below}"

        def _product(self, number: Any, factors: Sequence[Any]) -> str:
            """Return factors in a row, sums last and in parentheses."""
            left = sorted((x for x in factors if x != 1), key=lambda x: (_base(x).is_Add, str(x)))
            shown = [f"({text})" if x.is_Add else text for x in left for text in [self._print(x)]]
            return "*".join([*([str(number)] if number != 1 or not left else []), *shown])

        def _print_Dummy(self, expr: Any) -> str:
            return "lambda" if expr.name == "eigenvalue" else str(expr.name)

    return Printer()


def _base(factor: Any) -> Any:
    return factor.as_base_exp()[0]
