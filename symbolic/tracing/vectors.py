"""What an update function is run on: numbers and vectors that remember how they were made."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NoReturn

from sgdmem.symbolic.algebra.scalars import Scalar, as_scalar, is_zero, to_sympy
from sgdmem.symbolic.errors import InputError, shown

Terms = dict[int, Scalar]  # by entry of the state; -1, -2, ... are the gradients of a step


def _refused(message: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise InputError(message)

    return refuse


_CHOICE = (
    "{} decides what is done: a step is the same at every value of it; what may decide is a flag "
    "(False or True as its default) or a whole number (with the annotation int)"
)
FUNCTION = (
    "{} goes into a function of math, NumPy or PyTorch: a step may use + - * /, ** with whole "
    "numbers, and of parameters functions of SymPy"
)


class TracedNumber:
    """A parameter, or what was computed of parameters: exact with any number beside it.

    Floats count as their exact binary values, as everywhere.

    Examples
    --------
    >>> (1 - TracedNumber(Fraction(1, 3)) * 0.5).value
    Fraction(5, 6)
    """

    __slots__ = ("value",)
    __array_ufunc__ = None  # NumPy's numbers and arrays leave arithmetic to this class

    def __init__(self, value: Scalar) -> None:
        self.value = value

    def __add__(self, other: Any) -> Any:
        return _computed(lambda x, y: x + y, self, other)

    def __sub__(self, other: Any) -> Any:
        return _computed(lambda x, y: x - y, self, other)

    def __mul__(self, other: Any) -> Any:
        return _computed(lambda x, y: x * y, self, other)

    def __truediv__(self, other: Any) -> Any:
        return _computed(lambda x, y: x / y, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _computed(lambda x, y: y - x, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _computed(lambda x, y: y / x, self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, power: Any) -> TracedNumber:
        exponent = scalar(power, "a power")
        if isinstance(self.value, Fraction) and getattr(exponent, "denominator", 0) == 1:
            return TracedNumber(self.value ** int(exponent))
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

    def _sympy_(self) -> Any:
        return to_sympy(self.value)

    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = _refused(_CHOICE.format("a parameter"))
    __float__ = _refused(FUNCTION.format("a parameter"))
    __abs__ = __floordiv__ = __mod__ = __round__ = _refused(FUNCTION.format("a parameter"))
    __int__ = __index__ = _refused(
        "a parameter is used as a whole number: give it the annotation int, as in `delay: int`"
    )


class TracedVector:
    """A linear form of the vectors of a state and of gradients.

    Attributes
    ----------
    terms : dict
        The coefficients, without zeros.
    run : object
        To which run of the function it belongs.
    """

    __slots__ = ("run", "terms")
    __array_ufunc__ = None
    _op_priority = 100.0  # SymPy's expressions leave arithmetic to this class, too
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, terms: Terms, run: object) -> None:
        self.terms = terms
        self.run = run

    def __add__(self, other: Any) -> TracedVector:
        return self._with(other, 1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> TracedVector:
        return self._with(other, -1)

    def __rsub__(self, other: Any) -> TracedVector:
        return (-self)._with(other, 1)

    def _with(self, other: Any, sign: int) -> TracedVector:
        if not isinstance(other, TracedVector):
            value = _number_beside(other)
            if value != 0:
                raise InputError(
                    f"the number {shown(other)} is added to a vector: a step that does so does "
                    "not keep the minimum where it is"
                )
            return self
        if other.run is not self.run:
            raise InputError(
                "a vector of another step is used: what a step keeps must be one of its buffers"
            )
        terms = dict(self.terms)
        for key, x in other.terms.items():
            value = terms.get(key, 0) + sign * x
            if value == 0:
                terms.pop(key, None)
            else:
                terms[key] = value
        return TracedVector(terms, self.run)

    def __mul__(self, other: Any) -> TracedVector:
        if isinstance(other, TracedVector):
            raise InputError("two vectors are multiplied: a step must be linear in its vectors")
        factor = _number_beside(other)
        if factor == 0:
            return TracedVector({}, self.run)
        return TracedVector({key: x * factor for key, x in self.terms.items()}, self.run)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> TracedVector:
        if isinstance(other, TracedVector):
            self.__rtruediv__(other)
        divisor = _number_beside(other)
        return TracedVector({key: x / divisor for key, x in self.terms.items()}, self.run)

    def __neg__(self) -> TracedVector:
        return self * -1

    def __pos__(self) -> TracedVector:
        return self

    def __repr__(self) -> str:
        return "a vector"

    __rtruediv__ = _refused("something is divided by a vector: a step must be linear")
    __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __abs__ = __mod__ = __floordiv__ = _refused(
        "a vector is not only added and multiplied by numbers: a step must be linear in its vectors"
    )
    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = _refused(_CHOICE.format("a vector"))
    __eq__ = __ne__ = _refused(_CHOICE.format("a vector"))
    __float__ = __int__ = __array__ = _refused(FUNCTION.format("a vector"))
    __len__ = __iter__ = __getitem__ = _refused(
        "the entries of a vector are asked for: a step does the same to all; a buffer that is a "
        "tuple of vectors needs its length, as in lengths={'past': 'delay'}"
    )
    __call__ = _refused("a vector is called like a function: the gradient is the last vector")


class TracedGradient:
    """The gradient function of a run; each point that it is called at is one gradient.

    Attributes
    ----------
    points : list of TracedVector
    """

    def __init__(self, run: object, several: bool) -> None:
        self.run = run
        self.points: list[TracedVector] = []
        self._several = several

    def __call__(self, point: Any) -> TracedVector:
        """Return the gradient at a point."""
        if not isinstance(point, TracedVector):
            raise InputError(f"the gradient is taken at {shown(point)}, which is no vector")
        moved = point - TracedVector({}, self.run)
        if any(key < 0 for key in moved.terms):
            raise InputError(
                "a gradient is taken at a point that another gradient of the same step has moved: "
                "a step has one gradient (a buffer may keep it for the next one)"
            )
        for place, known in enumerate(self.points):
            if all(is_zero(x) for x in (known - point).terms.values()):
                return TracedVector({-1 - place: Fraction(1)}, self.run)
        if self.points and not self._several:
            raise InputError(
                "gradients are taken at two different points: a step has one gradient; where both "
                'are of one batch and enter as one, losses="quadratic" makes them one'
            )
        self.points.append(point)
        return TracedVector({-len(self.points): Fraction(1)}, self.run)


def scalar(value: Any, name: str) -> Scalar:
    """Return a number that was computed of parameters as an exact scalar."""
    return value.value if isinstance(value, TracedNumber) else as_scalar(value, name)


def _computed(operation: Callable[[Any, Any], Any], number: TracedNumber, other: Any) -> Any:
    if isinstance(other, TracedVector):
        return NotImplemented
    return TracedNumber(operation(number.value, _number_beside(other)))


def _number_beside(other: Any) -> Scalar:
    if isinstance(other, TracedGradient):
        raise InputError("the gradient is used without being called: write gradient(w)")
    if callable(other):
        raise InputError(f"{shown(other)} is used as a number")
    return scalar(other, "what stands beside a vector or a parameter")
