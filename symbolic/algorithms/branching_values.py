"""Values of parameters at which a constructor does something special."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache
from typing import Any

from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.equivalence import equivalent
from sgdmem.symbolic.errors import InputError

_TELLING = (Fraction(0), Fraction(1), Fraction(-1), Fraction(2))  # what many constructors look at


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


def telling_values(
    build: Callable[..., Algorithm], names: Sequence[str]
) -> dict[str, set[Fraction]]:
    """Return, for each parameter, at which values a constructor may do something special."""
    return {name: found.union(_TELLING) for name, found in branching_values(build, names).items()}


def special_values(
    build: Callable[..., Algorithm],
    algorithm: Algorithm,
    usual: Mapping[str, Fraction],
    tested: Mapping[str, Iterable[Fraction]],
) -> dict[str, list[Fraction]] | None:
    """Return the values at which a constructor differs from what it returned for symbols.

    Parameters
    ----------
    build, algorithm
        The constructor, and what it returned for real symbols with the parameters' names.
    usual
        A point at which nothing special is expected.
    tested
        For each parameter the values to be tested, the others being usual.

    Returns
    -------
    dict
        Also the values that the constructor refuses. None if it differs at the usual point.
    """
    from sympy import Symbol

    def holds(point: Mapping[str, Fraction]) -> bool:
        values: dict[Any, Any] = {Symbol(name, real=True): x for name, x in point.items()}
        kept = {symbol: values[symbol] for symbol in algorithm.free_symbols}
        return equivalent(algorithm.substitute(kept), build(**point))

    def holds_at(name: str, value: Fraction) -> bool:
        try:
            return holds({**usual, name: value})
        except InputError:
            return False

    if not holds(usual):
        return None
    found = {
        name: [value for value in sorted(values) if not holds_at(name, value)]
        for name, values in tested.items()
    }
    return {name: values for name, values in found.items() if values}
