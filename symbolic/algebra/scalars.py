"""Exact scalars: what counts as a number, and the field in which a set of numbers is computed.

A scalar is a `Fraction` or a SymPy expression; a float, mpmath's and FLINT's included, is read as
its exact binary value. These libraries are told by what their numbers can do, so that none is
imported before it is used.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any, TypeAlias

from sgdmem.symbolic.errors import InputError, shown

Scalar: TypeAlias = Any  # Fraction | sympy.Expr; SymPy ships no types
Element: TypeAlias = Any  # whatever a field computes in: supports + - * /

MOST_DIGITS = 4000  # of a decimal written out, so that 1e999999999 is refused and not computed
_MOST_BITS = 3 * MOST_DIGITS  # of a binary number, likewise
_MANY = 100  # numbers from which on FLINT is worth its import
_SINGLE = {int, float, str, Fraction}  # seen at once: lists of a million are asked one by one


class GeneralScalar:
    """An exact scalar of another kind, which computes with its own kind and with numbers."""

    __slots__ = ()


def is_symbolic(value: object) -> bool:
    """Whether ``value`` is a SymPy object (without importing SymPy to find out)."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, sympy.Basic)


def is_list(value: object) -> bool:
    """Whether a value is several numbers rather than one; a zero-dimensional array is one.

    Dictionaries and sets are neither: they have no order that numbers could be told apart by.

    Examples
    --------
    >>> is_list((1, 2)), is_list(1), is_list({1, 2})
    (True, False, False)
    """
    if type(value) in (tuple, list):  # as nearly all are
        return True
    if type(value) in _SINGLE or isinstance(value, (str, bytes, Mapping, Set, type)):
        return False
    shape = getattr(value, "shape", None)  # SymPy matrices have a shape, but no __iter__
    return shape != () if isinstance(shape, tuple) else hasattr(value, "__iter__")


def as_scalar(value: object, name: str) -> Scalar:
    """Validate one number and bring it to its canonical exact form.

    Parameters
    ----------
    value
        A number of Python, NumPy, mpmath or FLINT (an interval only if it is a single point, a
        complex number only if it is real), a decimal or fraction string (``"0.1"`` is one tenth,
        ``"1/3"`` one third), or a SymPy expression.
    name
        What to call it in an error message.

    Raises
    ------
    InputError
        If it is not a finite real number or expression.

    Examples
    --------
    >>> as_scalar("0.1", "momentum"), as_scalar(0.5, "momentum"), as_scalar(3, "momentum")
    (Fraction(1, 10), Fraction(1, 2), Fraction(3, 1))
    """
    if type(value) is Fraction:  # what axes of a million values are made of comes first
        return value
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return Fraction(value)
    if isinstance(value, bool):
        raise InputError(f"{name} must be a number, got {shown(value)}")
    if isinstance(value, str):
        return _from_string(value, name)
    if is_symbolic(value):
        return _from_sympy(value, name)
    if isinstance(value, GeneralScalar):
        return value
    if isinstance(value, Integral):
        return Fraction(int(value))
    if isinstance(value, Decimal):
        return _from_decimal(value, name)
    if isinstance(value, Fraction):
        return value
    ends = interval_ends(value, name)
    if ends is not None:
        if ends[0] != ends[1]:
            raise InputError(f"{name} must be one number, got the interval {shown(value)}")
        return ends[0]
    if isinstance(value, Real) and not isinstance(value, Rational):  # NumPy's, longdouble too
        if not math.isfinite(value):
            raise InputError(f"{name} must be finite, got {shown(value)}")
        return Fraction(*map(int, value.as_integer_ratio()))  # type: ignore[attr-defined]
    if hasattr(value, "_mpq_"):  # fractions of mpmath
        return Fraction(*map(int, value._mpq_))
    if not isinstance(value, type) and hasattr(value, "numerator"):  # of FLINT, integers too
        return Fraction(int(value.numerator), int(value.denominator))  # type: ignore[attr-defined]
    shape = getattr(value, "shape", None)
    if shape == () and hasattr(value, "item"):  # a zero-dimensional array or tensor
        return as_scalar(value.item(), name)
    if shape is None and hasattr(value, "imag") and hasattr(value, "real"):
        if value.imag == 0:
            return as_scalar(value.real, name)
        raise InputError(f"{name} must be real, got {shown(value)}")
    raise InputError(f"{name} must be a real number or a SymPy expression, got {shown(value)}")


def interval_ends(value: Any, name: str) -> tuple[Fraction, Fraction] | None:
    """Return the ends of a number of mpmath or FLINT that is one of binary digits or an interval.

    None for a value of another kind.

    Raises
    ------
    InputError
        For an infinite end, or none.
    """
    if hasattr(value, "man_exp") and hasattr(value, "rad"):  # FLINT's have _mpf_ too, a middle
        if not value.is_finite():
            raise InputError(f"{name} must be finite, got {shown(value)}")
        (digits, power), (spread, scale) = value.mid().man_exp(), value.rad().man_exp()
        middle, radius = _binary(digits, power, name), _binary(spread, scale, name)
        return middle - radius, middle + radius
    parts = (value._mpf_,) if hasattr(value, "_mpf_") else getattr(value, "_mpi_", None)
    if parts is None:
        return None
    if any(exponent and not digits for _, digits, exponent, _ in parts):
        raise InputError(f"{name} must be finite, got {shown(value)}")
    ends = [_binary((-1) ** sign * digits, power, name) for sign, digits, power, _ in parts]
    return ends[0], ends[-1]


def _binary(digits: Any, power: Any, name: str) -> Fraction:
    whole, exponent = int(digits), int(power)  # of FLINT's kind, or gmpy2's
    if abs(exponent) + whole.bit_length() > _MOST_BITS:
        raise InputError(f"{name} must have at most {MOST_DIGITS} digits")
    return Fraction(whole) * Fraction(2**exponent if exponent > 0 else 1, 2 ** max(-exponent, 0))


def _from_string(text: str, name: str) -> Fraction:
    advice = f"{name} must be a number such as 0.1, 1e-3 or 1/3"
    if len(text) > MOST_DIGITS:
        raise InputError(f"{advice}, got {len(text)} characters")
    try:
        # a decimal is never left to Fraction, which would write out the power of ten
        value = Fraction(text.strip()) if "/" in text else Decimal(text)
    except (ValueError, ZeroDivisionError, InvalidOperation):
        raise InputError(f"{advice}, got {shown(text)}") from None
    return _from_decimal(value, name) if isinstance(value, Decimal) else value


def _from_decimal(value: Decimal, name: str) -> Fraction:
    if not value.is_finite():
        raise InputError(f"{name} must be finite, got {value}")
    _, digits, exponent = value.as_tuple()
    if len(digits) + abs(int(exponent)) > MOST_DIGITS:
        raise InputError(f"{name} must have at most {MOST_DIGITS} digits, got {value:.3e}")
    return Fraction(value)


def _from_sympy(value: Any, name: str) -> Scalar:
    import sympy

    if not isinstance(value, sympy.Expr) or value.has(sympy.nan, sympy.oo, sympy.zoo):
        raise InputError(f"{name} must be a finite SymPy expression, got {shown(value)}")
    value = value.xreplace({x: _exact_float(x, name) for x in value.atoms(sympy.Float)})
    if isinstance(value, sympy.Rational):
        return fraction_of(value)
    if value.is_real is None and not value.free_symbols:
        real, imaginary = value.as_real_imag()
        if not imaginary.equals(0):
            raise InputError(f"{name} must be real, got {shown(value)}")
        return real
    if value.is_real is False:
        raise InputError(f"{name} must be real, got {shown(value)}")
    return value


def _exact_float(value: Any, name: str) -> Any:
    ends = interval_ends(value, name)
    return value if ends is None else to_sympy(ends[0])


def is_float(value: object) -> bool:
    """Whether ``value`` is a binary floating-point number (Python's, NumPy's or SymPy's)."""
    if type(value) in _SINGLE:
        return type(value) is float
    if is_symbolic(value):
        return bool(value.is_Float)  # type: ignore[attr-defined]
    return isinstance(value, Real) and not isinstance(value, Rational)


def to_sympy(value: Scalar) -> Any:
    """Return a scalar or a nested tuple of scalars as SymPy numbers, exactly."""
    import sympy

    if isinstance(value, tuple):
        return tuple(to_sympy(entry) for entry in value)
    if isinstance(value, Fraction):
        return sympy.Rational(value.numerator, value.denominator)
    return sympy.sympify(value)


def exact_field(
    values: Iterable[Scalar],
) -> tuple[list[Element], Callable[[Element], Scalar]]:
    """Return the scalars as elements of the smallest exact field, and the way back.

    Numbers are computed as `Fraction`, many of them as rationals of FLINT; expressions as elements
    of SymPy's fraction fields, which cancel common factors at every step, so that zero is
    recognised and nothing swells.
    """
    values = list(values)
    if any(isinstance(value, GeneralScalar) for value in values):
        return values, lambda element: as_scalar(element, "an element")
    if any(is_symbolic(value) for value in values):
        return _symbolic_field(values)
    if len(values) > _MANY:
        return [*map(flint_rational, values)], fraction_of
    return values, Fraction


def _symbolic_field(
    values: Sequence[Scalar],
) -> tuple[list[Element], Callable[[Element], Scalar]]:
    import sympy
    from sympy.polys.constructor import construct_domain

    expressions = [to_sympy(value) for value in values]
    domain, elements = construct_domain(expressions, field=True)

    def back(element: Element) -> Scalar:
        return sympy.factor_terms(domain.to_sympy(domain.convert(element)))

    return list(elements), back


def fraction_of(value: Any) -> Fraction:
    """Return a rational number of FLINT or SymPy as a fraction; an integer as well."""
    return Fraction(int(value.numerator), int(value.denominator))


def flint_rational(value: Any) -> Any:
    """Return a rational number, of any kind, as one of FLINT: many digits are fast there."""
    from flint import fmpq

    if isinstance(value, fmpq):
        return value
    if not hasattr(value, "numerator"):
        raise TypeError(f"{value} is not a rational number")
    return fmpq(int(value.numerator), int(value.denominator))


def flint_polynomial(coefficients: Iterable[Any]) -> Any:
    """Return a polynomial of FLINT from rational coefficients, lowest power first."""
    from flint import fmpq_poly

    return fmpq_poly([*map(flint_rational, coefficients)])


def is_zero(value: Scalar) -> bool:
    """Whether a scalar is 0, also where its expression does not show it (nested roots)."""
    if isinstance(value, Fraction | GeneralScalar):
        return value == 0
    return bool(value.equals(0))


def to_float(value: Scalar) -> float:
    """Round a constant to the nearest float; values beyond the range become infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
