"""Rational functions of parameters, in lowest terms: what an exact method is of its parameters.

They go through every constructor, recurrence and step as numbers do, hundreds of times faster than
expressions, and without SymPy. What is not rational (a root, a comparison of sizes) they refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import comb, prod
from typing import Any, NamedTuple, TypeAlias

from sgdmem.symbolic.algebra.scalars import GeneralScalar, as_scalar, flint_rational, fraction_of
from sgdmem.symbolic.errors import InputError

_DIGITS = 128  # bits of integers of which a product of several is within the range of floats
_MOST_TERMS = 500_000  # that a product may have: more take seconds each, and make no program
_FACTORED = 12  # degree: beyond, what splits modulo primes may take FLINT hours


Terms: TypeAlias = dict[tuple[int, ...], Fraction]  # of a polynomial, by exponents


class LengthError(InputError):
    """A rational function has too many terms to be computed with."""


class Factors(NamedTuple):
    """A rational function as a product.

    Attributes
    ----------
    number : Fraction
    powers : list
        Of each factor its terms, by the exponents of the parameters, and its power. Factors are
        coprime, and irreducible up to degree 12, in one order everywhere; parameters by themselves
        come first.
    """

    number: Fraction
    powers: list[tuple[Terms, int]]


class Parameters:
    """The field of rational functions of some parameters.

    Attributes
    ----------
    names : tuple of str
    is_hashed : bool
        Whether one was looked up in a dictionary, a set or a cache: with what, is unknown.

    Examples
    --------
    >>> field = Parameters(["x", "y"])
    >>> x, y = field.variables
    >>> (x * x - y * y) / (x - y) / 3
    (x + y)/3
    >>> (x + y) - y == x, 2 * x == 1, field.compared
    (True, False, {'x': {Fraction(1, 2)}, 'y': set()})
    """

    def __init__(self, names: Sequence[str]) -> None:
        from flint import Ordering, fmpq_mpoly_ctx

        self.names = tuple(names)
        self.is_hashed = False
        self._noted: dict[str, Any] = {}
        places = [f"x{k}" for k in range(len(names))]  # FLINT knows some letters alone
        self._context: Any = fmpq_mpoly_ctx.get(places, Ordering.lex)
        self.one: Any = self._context.constant(1)

    @property
    def variables(self) -> tuple[RationalFunction, ...]:
        """The parameters themselves."""
        return tuple(RationalFunction(x, self.one, self) for x in self._context.gens())

    def quotient(self, above: Any, below: Any) -> Any:
        """Return a quotient of polynomials in lowest terms; a `Fraction` if it is a number."""
        if below is not self.one:
            common = above.gcd(below)
            if not common.is_one():
                above, below = above / common, below / common
            lead = below.leading_coefficient()
            if lead != 1:
                above, below = above * (1 / lead), below * (1 / lead)
            if below.is_one():
                below = self.one
        if below is self.one and above.is_constant():
            return Fraction(0) if above.is_zero() else fraction_of(above.leading_coefficient())
        return RationalFunction(above, below, self)

    def note(self, polynomial: Any) -> None:
        """Remember a polynomial where it was asked whether it is 0, and the answer was no."""
        if not polynomial.is_constant():
            self._noted[str(polynomial)] = polynomial

    @property
    def compared(self) -> dict[str, set[Fraction]]:
        """For each parameter where a function of it, that was compared or divided by, is 0."""
        found: dict[str, set[Fraction]] = {name: set() for name in self.names}
        for factor in self._factors():
            degrees = factor.degrees()
            if sum(degrees) == 1:
                root = -factor[(0,) * len(degrees)] / factor[degrees]
                found[self.names[degrees.index(1)]].add(fraction_of(root))
        return found

    @property
    def curves(self) -> list[Terms]:
        """What vanishes on curves, of all that was compared or divided by: functions of several."""
        several = [x for x in self._factors() if sum(map(bool, x.degrees())) > 1]
        return [_terms(x) for x in several]

    def _factors(self) -> list[Any]:
        found = {}
        for polynomial in self._noted.values():
            for factor, _ in _factored(polynomial)[1]:
                found[str(factor)] = factor
        return [*found.values()]


class RationalFunction(GeneralScalar):
    """A rational function that is no number; made by `Parameters`."""

    __slots__ = ("above", "below", "field")

    def __init__(self, above: Any, below: Any, field: Parameters) -> None:
        self.above, self.below, self.field = above, below, field

    def __add__(self, other: Any) -> Any:
        parts = self._parts(other)
        if parts is None:
            return NotImplemented
        above, below = parts
        if below is self.below or below == self.below:
            return self.field.quotient(self.above + above, self.below)
        return self.field.quotient(
            _product(self.above, below) + _product(above, self.below),
            below if self.below is self.field.one else _product(self.below, below),
        )

    def __mul__(self, other: Any) -> Any:
        parts = self._parts(other)
        if parts is None:
            return NotImplemented
        above, below = parts
        if below is self.field.one:
            below = self.below
        elif self.below is not self.field.one:
            below = _product(self.below, below)
        return self.field.quotient(_product(self.above, above), below)

    def __truediv__(self, other: Any) -> Any:
        parts = self._parts(other)
        if parts is None:
            return NotImplemented
        above, below = parts
        if above.is_zero():
            raise ZeroDivisionError
        self.field.note(above)
        return self.field.quotient(_product(self.above, below), _product(self.below, above))

    def __rtruediv__(self, other: Any) -> Any:
        return self**-1 * other

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> RationalFunction:
        return RationalFunction(-self.above, self.below, self.field)

    def __pos__(self) -> RationalFunction:
        return self

    def __pow__(self, power: Any) -> Any:
        exponent = as_scalar(power, "a power")
        if not isinstance(exponent, Fraction) or exponent.denominator != 1:
            raise TypeError(f"{self} to the power {power} is no rational function")
        above, below, count = self.above, self.below, int(exponent)
        if count < 0:
            self.field.note(above)
            above, below, count = below, above, -count
        one = self.field.one
        return self.field.quotient(
            _power(above, count), one if below is one else _power(below, count)
        )

    def __eq__(self, other: object) -> bool:
        parts = self._parts(other)
        if parts is None:
            return False
        above, below = parts
        difference = _product(self.above, below) - _product(above, self.below)
        self.field.note(difference)
        return bool(difference.is_zero())

    def __bool__(self) -> bool:
        self.field.note(self.above)
        return True

    def __hash__(self) -> int:
        self.field.is_hashed = True
        return hash(str(self))

    def __repr__(self) -> str:
        return text_of(self)

    def __format__(self, form: str) -> str:
        return str(self)

    def _sympy_(self) -> Any:
        raise TypeError(f"{self} is no expression")  # whoever asks for SymPy gets symbols instead

    def _parts(self, other: Any) -> tuple[Any, Any] | None:
        """Return numerator and denominator of another one, or of a number; None for anything else.

        A text is none, although it can be read as a number: numbers do not add texts.
        """
        if isinstance(other, RationalFunction):
            return (other.above, other.below) if other.field is self.field else None
        try:
            number = None if isinstance(other, str) else as_scalar(other, "a number")
        except InputError:
            return None
        if not isinstance(number, Fraction):
            return None
        return self.field.one * flint_rational(number), self.field.one

    @property
    def exists_at_zero(self) -> bool:
        """Whether it has a value where all parameters are 0."""
        return bool(self.below[(0,) * len(self.field.names)] != 0)

    def at(self, values: Sequence[Any]) -> Any:
        """Return its value, a rational of FLINT, where the parameters are such rationals.

        Raises
        ------
        ZeroDivisionError
            Where it has none.

        Examples
        --------
        >>> from flint import fmpq
        >>> x, y = Parameters(["x", "y"]).variables
        >>> (x / (1 - y)).at([fmpq(1), fmpq(1, 3)])
        3/2
        """
        value = self.above(*values)
        return value if self.below is self.field.one else value / self.below(*values)

    def factors(self) -> Factors:
        """Return it as a product of a number and powers of irreducible polynomials.

        Their coefficients are coprime integers of up to 128 bits; beyond that they are at most 1.
        What stands first in a sum is positive.
        """
        number, powers = Fraction(1), []
        for sign, polynomial in ((1, self.above), (-1, self.below)):
            content, found = _factored(polynomial)
            number *= fraction_of(content) ** sign
            for factor, power in found:
                terms = dict(sorted(_terms(factor).items(), key=_by_degree))
                unit = Fraction(-1 if next(iter(terms.values())) < 0 else 1)
                bits = max(int(x.numerator).bit_length() for x in terms.values())
                unit *= 2**bits if bits > _DIGITS else 1
                power = int(power) * sign
                powers.append(({key: x / unit for key, x in terms.items()}, power))
                number *= unit**power
        return Factors(number, sorted(powers, key=_simple_first))


def _product(left: Any, right: Any) -> Any:
    degrees = zip(left.degrees(), right.degrees(), strict=True)
    _require_few(len(left) * len(right), (x + y for x, y in degrees))
    return left * right


def _power(base: Any, count: int) -> Any:
    _require_few(comb(count + len(base) - 1, count), (count * x for x in base.degrees()))
    return base**count


def _require_few(count: int, degrees: Iterable[int]) -> None:
    """Raise `LengthError` if a polynomial may have too many terms: by their count, and degrees."""
    if count > _MOST_TERMS and prod(x + 1 for x in degrees) > _MOST_TERMS:
        raise LengthError(f"a polynomial may have more than {_MOST_TERMS} terms")


def _factored(polynomial: Any) -> tuple[Any, list[tuple[Any, int]]]:
    """Return the number and the factors of a polynomial; of high degrees only some of them."""
    if _is_quick(polynomial):
        return polynomial.factor()  # type: ignore[no-any-return]
    monomial = polynomial.term_content()
    number, powers = monomial.factor()
    scale, parts = (polynomial / monomial).factor_squarefree()
    number = number * scale
    for part, power in parts:
        unit, factors = part.factor() if _is_quick(part) else (1, [(part, 1)])
        number = number * unit ** int(power)
        powers = [*powers, *((factor, inner * power) for factor, inner in factors)]
    return number, powers


def _is_quick(polynomial: Any) -> bool:
    degrees = [x for x in polynomial.degrees() if x]
    return len(degrees) < 2 or max(degrees) <= _FACTORED


def _terms(polynomial: Any) -> Terms:
    pairs = polynomial.to_dict().items()
    return {tuple(map(int, key)): fraction_of(x) for key, x in pairs}


def _by_degree(term: tuple[tuple[int, ...], Fraction]) -> Any:
    exponents, _ = term
    return sum(exponents), tuple(-x for x in exponents)


def _simple_first(factor: tuple[Terms, int]) -> Any:
    terms, power = factor
    return len(terms), [(*_by_degree(term), term[1]) for term in terms.items()], power


def text_of(value: RationalFunction) -> str:
    """Return a rational function as Python writes it.

    Examples
    --------
    >>> x, y = Parameters(["x", "y"]).variables
    >>> print(-(1 - y) * x / 2, x - x * y * 3, 1 / (x * (x + 2)))
    -x*(1 - y)/2 x*(1 - 3*y) 1/(x*(2 + x))
    """
    number, powers = value.factors()
    above = [_written_power(value, terms, power) for terms, power in powers if power > 0]
    below = [_written_power(value, terms, -power) for terms, power in powers if power < 0]
    if not below and number == 1 and len(powers) == 1 and powers[0][1] == 1:
        return _sum(value.field.names, powers[0][0])
    if abs(number.numerator) != 1 or not above:
        above.insert(0, str(abs(number.numerator)))
    if number.denominator != 1:
        below.insert(0, str(number.denominator))
    top = ("-" if number < 0 else "") + "*".join(above)
    return "/".join([top, *below]) if len(below) < 2 else f"{top}/({'*'.join(below)})"


def _written_power(value: RationalFunction, terms: Terms, power: int) -> str:
    text = _sum(value.field.names, terms)
    if len(terms) > 1:
        text = f"({text})"
    return text if power == 1 else f"{text}**{power}"


def _sum(names: Sequence[str], terms: Terms) -> str:
    text = ""
    for exponents, number in terms.items():
        parts = [
            name if power == 1 else f"{name}**{power}"
            for name, power in zip(names, exponents, strict=True)
            if power
        ]
        size = abs(number)
        if size != 1 or not parts:
            parts.insert(0, str(size) if size.denominator == 1 else f"({size})")
        sign = "-" if number < 0 else "+"
        joined = "*".join(parts)
        text = f"{text} {sign} {joined}" if text else f"{'-' if number < 0 else ''}{joined}"
    return text
