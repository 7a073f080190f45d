"""The vectors and the gradient that an update function is run on: linear forms of the old ones."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NoReturn

from sgdmem.symbolic.algebra.scalars import Scalar, is_zero
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.tracing.traced_number import (
    CHOICE,
    FUNCTION,
    Traced,
    number_beside,
    refused,
)

Terms = dict[int, Scalar]  # by entry of the state; -1, -2, ... are the gradients of a step
IN_PLACE = "{} changes a vector in place: make a new one, as in v = momentum * v"
ENTRIES = (
    "the entries of a vector are asked for: a step does the same to all; a buffer that is a tuple "
    "of vectors needs its length, as in lengths={'past': 'delay'}"
)


class TracedVector(Traced):
    """A linear form of the vectors of a state and of gradients.

    Attributes
    ----------
    terms : dict
        The coefficients, without zeros.
    run : object
        To which run of the function it belongs.
    """

    __slots__ = ("run", "terms")
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
            value = number_beside(other)
            if value != 0:
                raise InputError(
                    f"the number {shown(other)} is added to a vector: a step that does so does "
                    "not keep the minimum where it is; what counts steps is a schedule "
                    "(sgdmem.methods.schedule)"
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
        factor = number_beside(other)
        if factor == 0:
            return TracedVector({}, self.run)
        return TracedVector({key: x * factor for key, x in self.terms.items()}, self.run)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> TracedVector:
        if isinstance(other, TracedVector):
            self.__rtruediv__(other)
        divisor = number_beside(other)
        if divisor == 0:
            raise ZeroDivisionError  # also beside symbols
        return TracedVector({key: x / divisor for key, x in self.terms.items()}, self.run)

    def __neg__(self) -> TracedVector:
        return self * -1

    def __pos__(self) -> TracedVector:
        return self

    def __repr__(self) -> str:
        return "a vector"

    def __format__(self, form: str) -> str:
        return str(self)

    def __getitem__(self, place: Any) -> NoReturn:
        if isinstance(place, str):
            raise InputError(
                f"the entry {shown(place)} is asked for: buffers are arguments of their own, as in "
                "f(w, v, gradient, *, lr)"
            )
        raise InputError(ENTRIES)

    # what PyTorch calls arithmetic

    def clone(self) -> TracedVector:
        """Return the vector itself, which does not change."""
        return self

    copy = detach = __copy__ = clone

    def add(self, other: Any, *, alpha: Any = 1) -> Any:
        """Return the sum."""
        return self + alpha * other

    def sub(self, other: Any, *, alpha: Any = 1) -> Any:
        """Return the difference."""
        return self - alpha * other

    def lerp(self, end: Any, weight: Any) -> Any:
        """Return what lies a part of the way to another vector."""
        return self + weight * (end - self)

    def mul(self, other: Any) -> Any:
        """Return a multiple."""
        return self * other

    def div(self, other: Any) -> Any:
        """Return a part."""
        return self / other

    def neg(self) -> TracedVector:
        """Return the opposite."""
        return -self

    __rtruediv__ = refused("something is divided by a vector: a step must be linear")
    __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __abs__ = __mod__ = __floordiv__ = refused(
        "a vector is not only added and multiplied by numbers: a step must be linear in its vectors"
    )
    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = refused(CHOICE.format("a vector"))
    __eq__ = __ne__ = refused(CHOICE.format("a vector"))
    __float__ = __int__ = __array__ = refused(FUNCTION.format("a vector"))
    __len__ = __iter__ = refused(ENTRIES)
    __setitem__ = refused(IN_PLACE.format("an assignment to entries"))
    __call__ = refused("a vector is called like a function: the gradient is the last vector")


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

    def __repr__(self) -> str:
        return "the gradient"

    def __call__(self, *points: Any, **named: Any) -> TracedVector:
        """Return the gradient at a point."""
        if len(points) != 1 or named:
            raise InputError("the gradient is taken at one point, as in gradient(w)")
        point = points[0]
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
