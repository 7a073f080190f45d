"""At which values of its parameters a constructor may branch: those that it compares them with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache
from typing import Any

from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.errors import InputError


def branching_values(build: Callable[..., Any], names: Sequence[str]) -> dict[str, set[Fraction]]:
    """Call a function with symbols, and return what it compares them with by ``==`` or ``in``.

    What it does with expressions of its arguments, and comparisons that symbols have no answer to,
    stay unseen.

    Examples
    --------
    >>> def build(x, y):
    ...     return 0 if x == 0.5 else y
    >>> found = branching_values(build, ["x", "y"])
    >>> Fraction(1, 2) in found["x"], Fraction(1, 2) in found["y"]
    (True, False)
    """
    symbols = {name: _watched()(name, real=True) for name in names}
    for symbol in symbols.values():
        symbol.compared = set()
    with suppress(InputError, TypeError, AttributeError, ValueError, ArithmeticError, LookupError):
        build(**symbols)  # if it fails, what it compared before is known
    return {name: symbol.compared for name, symbol in symbols.items()}


@cache
def _watched() -> Any:
    from sympy import Dummy

    class Watched(Dummy):  # type: ignore[misc]  # a dummy is never shared between callers
        compared: set[Fraction]

        def __eq__(self, other: object) -> bool:
            try:
                value = as_scalar(other, "other")
            except InputError:
                value = None
            if isinstance(value, Fraction) and hasattr(self, "compared"):
                self.compared.add(value)
            return super().__eq__(other)  # type: ignore[no-any-return]  # may be NotImplemented

        __hash__ = Dummy.__hash__

    return Watched
