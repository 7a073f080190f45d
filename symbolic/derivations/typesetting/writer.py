"""LaTeX of expressions: letters, a consistent order of terms, and long ones broken into lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter

from sgdmem.symbolic.derivations.typesetting.renaming import unmarked
from sgdmem.symbolic.derivations.typesetting.width import width
from sgdmem.symbolic.expressions.order import Order
from sgdmem.symbolic.expressions.products import factors_of, is_negative, opposite, split, times

# Points at ten-point type that a line of an equation may take, its number set aside, by columns.
ROOM = {1: 292.0, 2: 186.0}


class _Printer(LatexPrinter):  # type: ignore[misc]
    """SymPy's, with terms and factors ordered by what the derivation is about."""

    def __init__(self, names: Mapping[Any, str], falling: Sequence[Any], rising: Sequence[Any]):
        super().__init__({"symbol_names": dict(names), "mat_delim": "", "mat_str": "pmatrix"})
        self._falling, self._rising = tuple(falling), tuple(rising)
        self._order = Order(self._falling, self._rising)
        self._known: dict[Any, str] = {}  # the order of terms asks for the same ones many times

    def _print(self, expr: Any, **options: Any) -> Any:
        if options or not isinstance(expr, sympy.Expr):
            return super()._print(expr, **options)
        if expr not in self._known:
            self._known[expr] = super()._print(expr)
        return self._known[expr]

    def ordered(self, terms: Sequence[Any]) -> list[Any]:
        return self._order.sorted(terms, self._print)

    def _print_Add(self, expr: Any, order: Any = None) -> str:
        text = ""
        for term in self.ordered(expr.args):
            shown = self._print(term)
            if not text:
                text = shown
            elif shown.startswith("-"):
                text += f" - {shown[1:].lstrip()}"
            else:
                text += f" + {shown}"
        return text

    def _print_Mul(self, expr: Any) -> str:
        number, top, bottom = split(expr)
        sign = "- " if number < 0 else ""
        above = self._product(abs(number.p), top)
        if sign and not bottom and number == -1 and len(top) == 1 and top[0].is_Add:
            above = self.in_parentheses(above)
        sums = [factor for factor in top if factor.is_Add]
        if number.q != 1 and not bottom and sums:
            plain = [factor for factor in top if not factor.is_Add]
            first = rf"\frac{{{self._product(abs(number.p), plain)}}}{{{number.q}}}"
            return f"{sign}{first} {self._product(1, [sympy.S.One, *sums])}"
        if bottom or number.q != 1:
            return rf"{sign}\frac{{{above}}}{{{self._product(number.q, bottom)}}}"
        return sign + above

    def _product(self, number: Any, factors: Sequence[Any]) -> str:
        if number == 1 and len(factors) == 1:
            return str(self._print(factors[0]))
        factors = [factor for factor in factors if factor != 1]
        pieces = [] if number == 1 and factors else [str(number)]
        for factor in sorted(factors, key=self.rank):
            shown = self._print(factor)
            pieces.append(self.in_parentheses(shown) if factor.is_Add else shown)
        return " ".join(pieces)

    def rank(self, factor: Any) -> tuple[Any, ...]:
        """Return where a factor stands: Greek letters first, sums last."""
        base, text = factor.as_base_exp()[0], unmarked(self._print(factor))
        if base.is_Add:
            kind = 4 if base.has(*self._falling) else 2
        else:
            kind = 3 if base in self._falling else int(base in self._rising)
        count = len(base.free_symbols) if kind == 4 else 0  # x - 1 before x - a
        return (kind, count, not base.is_Add and not text.startswith("\\"), text)

    @staticmethod
    def in_parentheses(text: str) -> str:
        tall = any(mark in text for mark in (r"\frac", r"\begin", r"\sum", r"\int"))
        return rf"\left({text}\right)" if tall else f"({text})"

    def _print_Determinant(self, expr: Any) -> str:
        inside = str(self._print(expr.args[0])).replace("{pmatrix}", "{matrix}")
        return rf"\left|{inside}\right|"

    def _print_Pow(self, expr: Any) -> str:
        if expr.base.is_Add and expr.exp.is_Integer and expr.exp > 1:
            return f"{self.in_parentheses(self._print(expr.base))}^{{{expr.exp}}}"
        return str(super()._print_Pow(expr))


class Writer:
    """Writes expressions in given letters.

    Parameters
    ----------
    names : mapping
        LaTeX of symbols.
    falling, rising : sequence of symbols
        The terms of sums are in falling powers of the first, then in rising powers of the others.
    room : float
        Points that a line may take.
    """

    def __init__(
        self,
        names: Mapping[Any, str],
        falling: Sequence[Any] = (),
        rising: Sequence[Any] = (),
        room: float = ROOM[1],
    ) -> None:
        self.names, self.room = dict(names), room
        self._falling, self._rising = tuple(falling), tuple(rising)

    @cached_property
    def _printer(self) -> _Printer:
        return _Printer(self.names, self._falling, self._rising)

    def name(self, symbol: Any, latex: str, rising: bool = False) -> Any:
        """Give a symbol its letter, and return the symbol.

        ``rising`` says that sums are in its rising powers.
        """
        self.names[symbol] = latex
        if rising:
            self._rising = (*self._rising, symbol)
        self.__dict__.pop("_printer", None)
        return symbol

    def line(self, expression: Any) -> str:
        """Return an expression in one line."""
        return str(self._printer.doprint(expression))

    def _sum_lines(self, expression: Any, room: float) -> list[str]:
        """Return a sum in lines; a product that takes several goes on below its sign."""
        lines: list[str] = []
        beside: list[str] = []
        for place, term in enumerate(self._printer.ordered(expression.args)):
            negative = is_negative(term)
            size = opposite(term) if negative else term
            sign = "- " if negative else "+ " if place else ""
            whole = width(self.line(size)) <= room
            if whole or size.is_Add or not size.is_Mul or _is_fraction(size):
                text = self.fitted(size, room)
                beside.append(sign + (_Printer.in_parentheses(text) if size.is_Add else text))
                continue
            first, *rest = self.lines(size, room - 12)
            lines += [*filled(beside, room), sign + first, *(rf"\quad {line}" for line in rest)]
            beside = []
        return [*lines, *filled(beside, room)]

    def signed(self, terms: Sequence[tuple[Any, str]]) -> list[str]:
        """Return terms of a factor and the LaTeX of what it multiplies, with their signs."""
        written: list[str] = []
        for factor, name in terms:
            if factor == 0:
                continue
            negative = is_negative(factor)
            size = opposite(factor) if negative else factor
            shown = self.line(size)
            if size == 1:
                text = name
            else:
                space = " " if name.startswith(r"\det") else r" \, "  # an operator has its own
                text = f"{_Printer.in_parentheses(shown) if size.is_Add else shown}{space}{name}"
            mark = "- " if negative else "+ " if written else ""
            written.append(mark + text)
        return written or ["0"]

    def lines(self, expression: Any, room: float) -> list[str]:
        """Return an expression in as many lines as it takes."""
        text = self.line(expression)
        if width(text) <= room:
            return [text]
        if expression.is_Add:
            return self._sum_lines(expression, room)
        if expression.is_Mul and not _is_fraction(expression):
            return _dotted(filled(self._factors(expression, room), room))
        return [self.fitted(expression, room)]

    def fitted(self, expression: Any, room: float) -> str:
        """Return an expression as one piece that is no wider than ``room``, if that can be done."""
        text = self.line(expression)
        if width(text) <= room:
            return text
        if expression.is_Add:
            return block(self.lines(expression, room))
        if _is_fraction(expression):
            number, top, bottom = split(expression)
            above, below = times(abs(number.p), *top), times(number.q, *bottom)
            parts = [self._stacked(part, room - 8) for part in (above, below)]
            return rf"{'- ' if number < 0 else ''}\frac{{{parts[0]}}}{{{parts[1]}}}"
        if expression.is_Mul:
            return block(_dotted(filled(self._factors(expression, room), room)))
        if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
            return rf"\left({self.fitted(expression.base, room - 16)}\right)^{{{expression.exp}}}"
        return text

    def _stacked(self, expression: Any, room: float) -> str:
        lines = self.lines(expression, room)
        return lines[0] if len(lines) == 1 else rf"\displaystyle {block(lines)}"

    def _factors(self, product: Any, room: float) -> list[str]:
        """Return the factors of a product, those that are sums in parentheses."""
        sign = ""
        if is_negative(product):
            sign, product = "- ", opposite(product)
        factors = sorted(
            factors_of(product), key=lambda x: (not x.is_number, *self._printer.rank(x))
        )
        most = max(room - _LINE_LEFT, _NEVER_BROKEN)
        fits = [x for x in factors if width(self.line(x)) <= most]
        together = [self.line(x) for x in fits]
        together = [
            _Printer.in_parentheses(text) if x.is_Add else text
            for x, text in zip(fits, together, strict=True)
        ]
        if len(fits) == len(factors):  # a sum is not broken where a product can be
            return [sign + together[0], *together[1:]]
        first = f"{sign}{self.line(times(*fits))} " if fits else sign
        if times(*fits).is_Add:
            first = f"{sign}{together[0]} "
        written: list[str] = [] if width(first) <= room / 3 else [first.strip()]
        for factor in (x for x in factors if x not in fits):
            before = first if not written else ""
            inner = self.fitted(factor, room - _LINE_LEFT - width(before))
            written.append(before + (rf"\left({inner}\right)" if factor.is_Add else inner))
        return written


_NEVER_BROKEN = 50.0  # factors that are no wider
_LINE_LEFT = 20.0  # of a line that has a factor in tall parentheses


def _dotted(lines: Sequence[str]) -> list[str]:
    """Return lines of a product, which goes on with a dot."""
    return [lines[0], *(rf"\cdot {line}" for line in lines[1:])]


def _is_fraction(expression: Any) -> bool:
    if not (expression.is_Mul or expression.is_Pow):
        return False
    number, _, bottom = split(expression)
    return bool(bottom) or number.q != 1


_OPENS, _CLOSES = ("{", "(", r"\left", r"\begin"), ("}", ")", r"\right", r"\end")
_BREAKS = ("+", "-", r"\cdot", r"\qquad")  # what a new line may begin with


def pieces(latex: str) -> list[str]:
    r"""Return the parts of a formula between which a line may end.

    Examples
    --------
    >>> pieces(r"a + (b - c) x - \frac{1 + d}{2}")
    ['a', '+ (b - c) x', '- \\frac{1 + d}{2}']
    """
    found: list[str] = []
    depth, before = 0, ""
    for word in latex.split(" "):
        ended = before.endswith(("}", r"\right)", "}^{-1}")) and r"\end{" in before
        matrices = ended and word.lstrip("{").startswith((r"\begin{", r"\left(\begin{"))
        if depth == 0 and (not found or word in _BREAKS or matrices):
            found.append(word)
        else:
            found[-1] += f" {word}"
        depth += sum(map(word.count, _OPENS)) - sum(map(word.count, _CLOSES))
        before = word
    return found


def shrunk(latex: str) -> str:
    r"""Return LaTeX with its matrices in small type, for narrow columns.

    Examples
    --------
    >>> shrunk(r"\begin{pmatrix}a\\b\end{pmatrix}")
    '\\left(\\begin{smallmatrix}a\\\\b\\end{smallmatrix}\\right)'
    """
    for kind, opening, closing in (("pmatrix", r"\left(", r"\right)"), ("matrix", "", "")):
        latex = latex.replace(rf"\begin{{{kind}}}", rf"{opening}\begin{{smallmatrix}}")
        latex = latex.replace(rf"\end{{{kind}}}", rf"\end{{smallmatrix}}{closing}")
    return latex


def separated(latex: str) -> list[str]:
    r"""Return what commas separate outside of parentheses.

    Examples
    --------
    >>> separated(r"a, f(b, c) - d, e_{1, 2}")
    ['a', 'f(b, c) - d', 'e_{1, 2}']
    """
    found, depth = [""], 0
    for character in latex:
        depth += (character in "({") - (character in ")}")
        if character == "," and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return [part.strip() for part in found]


def filled(pieces: Sequence[str], room: float) -> list[str]:
    """Return lines of as many pieces as fit."""
    lines: list[str] = []
    used = 0.0
    for piece in pieces:
        taken = width(piece) + 4
        if lines and used + taken <= room - (20 if len(lines) > 1 else 0):
            lines[-1] += f" {piece}"
            used += taken
        else:
            lines.append(piece)
            used = taken
    return lines


def block(lines: Sequence[str]) -> str:
    """Return lines below each other as one piece of a formula."""
    if len(lines) == 1:
        return lines[0]
    first, *rest = lines
    indented = [rf"&\quad {line}" for line in rest]
    body = r" \\ ".join([f"& {first}", *indented])
    return rf"\begin{{aligned}} {body} \end{{aligned}}"


def raised(base: str, exponent: int) -> str:
    """Return the LaTeX of a power, which is empty for the exponent 0."""
    return "" if exponent == 0 else base if exponent == 1 else f"{base}^{{{exponent}}}"
