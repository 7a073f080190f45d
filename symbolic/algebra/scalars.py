"""Exact scalars: what counts as a number, and the field in which a set of numbers is computed.

A scalar is a `Fraction` or a SymPy expression; a float is read as its exact binary value. SymPy
itself is imported only when an expression is present.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any, TypeAlias

from sgdmem.symbolic.errors import InputError

Scalar: TypeAlias = Any  # Fraction | sympy.Expr; SymPy ships no types
Element: TypeAlias = Any  # whatever a field computes in: supports + - * /

MOST_DIGITS = 4000  # of a decimal written out, so that 1e999999999 is refused and not computed


def is_symbolic(value: object) -> bool:
    """Whether ``value`` is a SymPy object (without importing SymPy to find out)."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, sympy.Basic)


def as_scalar(value: object, name: str) -> Scalar:
    """Validate one number and bring it to its canonical exact form.

    Parameters
    ----------
    value
        An int, `Fraction`, float (NumPy's included), `Decimal`, decimal or fraction string
        (``"0.1"`` is one tenth, ``"1/3"`` one third), or a SymPy expression.
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
        raise InputError(f"{name} must be a number, got {value!r}")
    if isinstance(value, str):
        return _from_string(value, name)
    if isinstance(value, Integral):
        return Fraction(int(value))
    if isinstance(value, Fraction):
        return value
    if isinstance(value, Decimal):
        return _from_decimal(value, name)
    if isinstance(value, Real) and not isinstance(value, Rational):
        if not math.isfinite(value):
            raise InputError(f"{name} must be finite, got {value}")
        return Fraction(*value.as_integer_ratio())  # type: ignore[attr-defined]  # longdouble's too
    if is_symbolic(value):
        return _from_sympy(value, name)
    if getattr(value, "shape", None) == ():  # a zero-dimensional array
        return as_scalar(value.item(), name)  # type: ignore[attr-defined]
    raise InputError(f"{name} must be a real number or a SymPy expression, got {value!r}")


def _from_string(text: str, name: str) -> Fraction:
    advice = f"{name} must be a number such as 0.1, 1e-3 or 1/3"
    if len(text) > MOST_DIGITS:
        raise InputError(f"{advice}, got {len(text)} characters")
    try:
        # a decimal is never left to Fraction, which would write out the power of ten
        value = Fraction(text.strip()) if "/" in text else Decimal(text)
    except (ValueError, ZeroDivisionError, InvalidOperation):
        raise InputError(f"{advice}, got {text!r}") from None
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
        raise InputError(f"{name} must be a finite SymPy expression, got {value}")
    value = value.xreplace({part: sympy.Rational(part) for part in value.atoms(sympy.Float)})
    if isinstance(value, sympy.Rational):
        return fraction_of(value)
    if value.is_real is None and not value.free_symbols:
        real, imaginary = value.as_real_imag()
        if not imaginary.equals(0):
            raise InputError(f"{name} must be real, got {value}")
        return real
    if value.is_real is False:
        raise InputError(f"{name} must be real, got {value}")
    return value


def is_float(value: object) -> bool:
    """Whether ``value`` is a binary floating-point number (Python's, NumPy's or SymPy's)."""
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

    Numbers are computed as `Fraction`; expressions as elements of SymPy's fraction fields, which
    cancel common factors at every step, so that zero is recognised and nothing swells.
    """
    values = list(values)
    if any(is_symbolic(value) for value in values):
        return _symbolic_field(values)
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
    """Return a rational number of FLINT or SymPy as a fraction."""
    return Fraction(int(value.p), int(value.q))


def is_zero(value: Scalar) -> bool:
    """Whether a scalar is 0, also where its expression does not show it (nested roots)."""
    if isinstance(value, Fraction):
        return value == 0
    return bool(value.equals(0))


def to_float(value: Scalar) -> float:
    """Round a constant to the nearest float; values beyond the range become infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
