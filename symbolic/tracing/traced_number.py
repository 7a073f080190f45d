"""The numbers that an update function is run on: exact with anything beside them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NoReturn

from sgdmem.symbolic.algebra.scalars import GeneralScalar, Scalar, as_scalar, to_sympy
from sgdmem.symbolic.errors import InputError, shown


def refused(message: str) -> Callable[..., NoReturn]:
    """Return an operation that is an error with this message."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise InputError(message)

    return refuse


_BESIDE = "what stands beside a vector or a parameter"
CHOICE = (
    "{} decides what is done: a step is the same at every value of it; what may decide is a flag "
    "(False or True as its default), a whole number (with the annotation int), or == 0"
)
FUNCTION = (
    "{} goes into a function of math, NumPy or PyTorch: a step may use + - * /, sum, and of "
    "parameters ** and functions of SymPy, as in lr ** 0.5 or sympy.exp(-lr)"
)
_ARITHMETIC: dict[str, Callable[..., Any]] = {  # NumPy's names of what may be done
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "negative": operator.neg,
    "positive": operator.pos,
    "power": operator.pow,
    "square": lambda x: x * x,
    "sqrt": lambda x: x ** Fraction(1, 2),
    "reciprocal": lambda x: 1 / x,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "less": operator.lt,
    "less_equal": operator.le,
    "equal": operator.eq,
    "not_equal": operator.ne,
}


class Traced:
    """What arithmetic of NumPy is done with: its numbers beside vectors and parameters, too."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: Any, how: str, *inputs: Any, **options: Any) -> Any:
        operation = _ARITHMETIC.get(ufunc.__name__)
        if operation is None or how != "__call__" or options:
            raise InputError(FUNCTION.format("a vector or a parameter"))
        return operation(*(x if isinstance(x, Traced) else scalar(x, _BESIDE) for x in inputs))


class TracedNumber(Traced):
    """A parameter, or what was computed of parameters: exact with any number beside it.

    Floats count as their exact binary values, as everywhere.

    Examples
    --------
    >>> (1 - TracedNumber(Fraction(1, 3)) * 0.5).value
    Fraction(5, 6)
    """

    __slots__ = ("value",)

    def __init__(self, value: Scalar) -> None:
        self.value = value

    def __add__(self, other: Any) -> Any:
        return _computed(lambda x, y: x + y, self, other)

    def __sub__(self, other: Any) -> Any:
        return _computed(lambda x, y: x - y, self, other)

    def __mul__(self, other: Any) -> Any:
        return _computed(lambda x, y: x * y, self, other)

    def __truediv__(self, other: Any) -> Any:
        return _computed(_quotient, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _computed(lambda x, y: y - x, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _computed(lambda x, y: _quotient(y, x), self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, power: Any) -> TracedNumber:
        exponent = scalar(power, "a power")
        if isinstance(self.value, GeneralScalar) or (
            isinstance(self.value, Fraction) and getattr(exponent, "denominator", 0) == 1
        ):
            return TracedNumber(self.value**exponent)
        return TracedNumber(as_scalar(to_sympy(self.value) ** to_sympy(exponent), "a power"))

    def __rpow__(self, base: Any) -> TracedNumber:
        return TracedNumber(scalar(base, "a base")) ** self

    def __neg__(self) -> TracedNumber:
        return TracedNumber(-self.value)

    def __pos__(self) -> TracedNumber:
        return self

    def __eq__(self, other: object) -> bool:
        try:
            return bool(self.value == scalar(other, "a number"))
        except InputError:
            return False

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return str(self.value)

    def __format__(self, form: str) -> str:
        return str(self)

    def _sympy_(self) -> Any:
        return to_sympy(self.value)

    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = refused(CHOICE.format("a parameter"))
    __float__ = refused(FUNCTION.format("a parameter"))
    __abs__ = __floordiv__ = __mod__ = __round__ = refused(FUNCTION.format("a parameter"))
    __int__ = __index__ = refused(
        "a parameter is used as a whole number: give it the annotation int, as in `delay: int`"
    )
    __iter__ = __len__ = __getitem__ = refused(
        "a parameter is used as a list: its annotation or its default must be "
        "one, as in `betas: list`"
    )


def scalar(value: Any, name: str) -> Scalar:
    """Return a number that was computed of parameters as an exact scalar."""
    return value.value if isinstance(value, TracedNumber) else as_scalar(value, name)


def _quotient(above: Any, below: Any) -> Any:
    if below == 0:
        raise ZeroDivisionError  # also beside symbols
    return above / below


def _computed(operation: Callable[[Any, Any], Any], number: TracedNumber, other: Any) -> Any:
    if isinstance(other, Traced) and not isinstance(other, TracedNumber):
        return NotImplemented
    return TracedNumber(operation(number.value, number_beside(other)))


def number_beside(other: Any) -> Scalar:
    """Return what stands beside a vector or a parameter as an exact scalar."""
    if callable(other):
        raise InputError(f"{shown(other)} is used without being called, as in gradient(w)")
    return scalar(other, _BESIDE)
