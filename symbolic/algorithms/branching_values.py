"""Values with which a constructor compares its parameters: there it may do something special."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from sgdmem.symbolic.algebra.rational_functions import Parameters, Terms
from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.algorithms.general_member import FAILURES, rational_member
from sgdmem.symbolic.errors import InputError

_TELLING = (Fraction(0), Fraction(1), Fraction(-1), Fraction(2))  # what many constructors look at


class Branches(NamedTuple):
    """Where a function of parameters may do something special.

    Attributes
    ----------
    values : dict
        For each parameter some single values.
    curves : list
        Polynomials of several parameters that vanish there.
    is_hashed : bool
        Whether parameters were looked up in a dictionary, a set or a cache, which tells nothing of
        the values that it holds.
    """

    values: dict[str, set[Fraction]]
    curves: list[Terms]
    is_hashed: bool


def branches(build: Callable[..., Any], names: Sequence[str]) -> Branches:
    """Call a function with variables, and return what it compares them with by ``==`` or ``in``.

    What it divides by counts as well: it may do something else where that is 0. Comparisons that
    variables have no answer to stay unseen; of what takes no rational functions, and is called with
    symbols, all but those of the parameters themselves.

    Examples
    --------
    >>> def build(x, y):
    ...     return 0 if x == 0.5 or x * y == 1 else y
    >>> found = branches(build, ["x", "y"])
    >>> Fraction(1, 2) in found.values["x"], Fraction(1, 2) in found.values["y"]
    (True, False)
    >>> found.curves
    [{(1, 1): Fraction(1, 1), (0, 0): Fraction(-1, 1)}]
    """
    found, field = rational_member(build, names)
    return _branches(build, found, field)


def member_and_branches(family: Family[...]) -> tuple[Algorithm, Branches]:
    """Return the `general_member` of a family and its `branches`, from one call with variables.

    Raises
    ------
    InputError
        If there is no such member.
    """
    found, field = rational_member(family, [*family.parameters])
    special = _branches(family, found, field)
    return family.symbolic() if found is None else found, special


def _branches(build: Callable[..., Any], found: Algorithm | None, field: Parameters) -> Branches:
    values = field.compared
    if found is None:
        symbols = {name: _watched()(name, real=True) for name in field.names}
        for name, symbol in symbols.items():
            symbol.compared = values[name]
        with suppress(FAILURES):
            build(**symbols)  # if it fails, what it compared before is known
    return Branches(
        {name: some.union(_TELLING) for name, some in values.items()}, field.curves, field.is_hashed
    )


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
