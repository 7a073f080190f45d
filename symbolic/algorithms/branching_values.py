"""Values with which a constructor compares its parameters: there it may do something special."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache
from typing import Any

from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.general_member import FAILURES, rational_member
from sgdmem.symbolic.errors import InputError

_TELLING = (Fraction(0), Fraction(1), Fraction(-1), Fraction(2))  # what many constructors look at


def branching_values(build: Callable[..., Any], names: Sequence[str]) -> dict[str, set[Fraction]]:
    """Call a function with variables, and return what it compares them with by ``==`` or ``in``.

    What it does with products of its arguments, and comparisons that variables have no answer to,
    stay unseen; of what takes no rational functions, and is called with symbols, sums as well.

    Examples
    --------
    >>> def build(x, y):
    ...     return 0 if x == 0.5 else y
    >>> found = branching_values(build, ["x", "y"])
    >>> Fraction(1, 2) in found["x"], Fraction(1, 2) in found["y"]
    (True, False)
    """
    found, compared = rational_member(build, names)
    if found is not None:
        return compared
    symbols = {name: _watched()(name, real=True) for name in names}
    for symbol in symbols.values():
        symbol.compared = set()
    with suppress(*FAILURES):
        build(**symbols)  # if it fails, what it compared before is known
    return {name: compared[name] | symbol.compared for name, symbol in symbols.items()}


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


def telling_values(
    build: Callable[..., Algorithm], names: Sequence[str]
) -> dict[str, set[Fraction]]:
    """Return, for each parameter, at which values a constructor may do something special."""
    return {name: found.union(_TELLING) for name, found in branching_values(build, names).items()}
