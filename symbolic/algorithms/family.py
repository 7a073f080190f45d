"""A family: a method with named parameters, and all that is known of it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Generic, ParamSpec, TypeAlias

from sgdmem.symbolic.algebra.scalars import as_scalar, is_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.algorithms.named_values import NamedValues
from sgdmem.symbolic.algorithms.parameters import (
    REQUIRED,
    Parameter,
    known_letters,
    known_parameter,
)
from sgdmem.symbolic.algorithms.update_notation import Publication, Update
from sgdmem.symbolic.errors import InputError, shown

_P = ParamSpec("_P")
Build: TypeAlias = Callable[..., Algorithm]
FamilyLike: TypeAlias = Build | str  # a family, such a function, or a command-line name


@dataclass(frozen=True, eq=False, repr=False)
class Family(Generic[_P]):
    """A method with parameters: called with their values it returns an `Algorithm`.

    Made by `family` from a constructor and what was published, and by `as_family` from any function
    of named parameters that returns an `Algorithm`.

    Attributes
    ----------
    constructor : function
    name : str
        On the command line and in messages: "heavy-ball".
    display_name : str
        In titles and pictures: "heavy ball".
    parameters : mapping
        From names to `Parameter`, in order.
    update : Update or None
        One step as it was published.
    reference : Publication or None
        Where.
    summary : str
        What it is, in a sentence.
    takes_others : bool
        Whether it takes parameters of any other name, too.
    losses : str
        "quadratic" if it takes several gradients a step, which are one on quadratics; "all".

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
    >>> heavy_ball
    <Family heavy ball: learning_rate, momentum>
    >>> print(heavy_ball.update)
    v <- momentum v - learning_rate g; w <- w + v
    >>> half = heavy_ball.fix(momentum="1/2")
    >>> list(half.parameters), half.symbolic().effective_learning_rate
    (['learning_rate'], 2*learning_rate)
    """

    constructor: Callable[_P, Algorithm]
    name: str
    display_name: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    update: Update | None = None
    reference: Publication | None = None
    summary: str = ""
    takes_others: bool = False
    losses: str = "all"

    def __post_init__(self) -> None:
        # what help, doctest and inspect ask of a function
        function: Any = self.constructor
        known: dict[str, Any] = {"parameters": MappingProxyType(dict(self.parameters))}
        known |= {key: getattr(function, key, None) for key in ("__module__", "__doc__")}
        for key in ("__name__", "__qualname__"):
            known[key] = getattr(function, key, self.name)
        known |= {"__signature__": self._signature(), "__wrapped__": function}
        for key, value in known.items():
            object.__setattr__(self, key, value)  # frozen

    def _signature(self) -> inspect.Signature:
        if not isinstance(self.constructor, _Restricted):
            return inspect.signature(self.constructor)
        shown = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=parameter.default)
            for name, parameter in self.parameters.items()
            if name.isidentifier()
        ]
        return inspect.Signature(shown)

    def __call__(self, /, *args: _P.args, **kwargs: _P.kwargs) -> Algorithm:
        """Return the member with these parameters."""
        made = self.constructor(*args, **kwargs)
        return require_algorithm(made, f"what {self.name} returns")

    def __repr__(self) -> str:
        return f"<Family {self.display_name}: {', '.join(self.parameters)}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        name, module = self.__dict__["__qualname__"], self.__dict__["__module__"]
        # by its name if that leads back here; a script of one's own is unknown to a worker
        if module != "__main__" and getattr(sys.modules.get(module), name, None) is self:
            return str(name)
        values = {x.name: getattr(self, x.name) for x in fields(self)}
        return Family, tuple({**values, "parameters": dict(self.parameters)}.values())

    @property
    def origin(self) -> tuple[Family[...], dict[str, Any]]:
        """The family of all parameters, and the values that were fixed since.

        Examples
        --------
        >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
        >>> heavy_ball.fix(momentum="1/2").origin
        (<Family heavy ball: learning_rate, momentum>, {'momentum': Fraction(1, 2)})
        """
        function = self.constructor
        if not isinstance(function, _Restricted):
            return self, {}
        family, fixed = function.base.origin
        return family, {**fixed, **function.fixed}

    # Some of its parameters --------------------------------------------------------------------

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return the parameters without a default that are not among ``names``.

        Raises
        ------
        InputError
            If there is no parameter of one of the names.
        """
        names = list(names)
        for name in names:
            if name not in self.parameters and not self.takes_others:
                known = ", ".join(self.parameters) or "none"
                others = [key for key, x in sorted(FAMILIES.items()) if name in x.parameters]
                if len(others) > _FEW:
                    others[_FEW - 1 :] = [f"{len(others) - _FEW + 1} more"]
                hint = f"; {', '.join(others)} have {name}" if others else ""
                raise InputError(
                    f"unknown parameter {shown(name)} of {self.name}: it has {known}{hint}"
                )
        return [
            name
            for name, parameter in self.parameters.items()
            if parameter.is_required and name not in names
        ]

    def fix(self, /, **values: Any) -> Family[...]:
        """Return the family of the other parameters, these having values.

        Decimal strings become exact numbers, and floats their exact binary values, whatever the
        constructor makes of them: what it computes of floats would be rounded, and its members
        were no longer one rational function of the others.

        Raises
        ------
        InputError
            If there is no such parameter, or a string is no number.
        """
        self.missing(values)
        left = {name: x for name, x in self.parameters.items() if name not in values}
        return self._restricted(left, values)

    def varying(self, names: Sequence[str], fixed: Mapping[str, Any]) -> Family[...]:
        """Return the family of some parameters, each a number; the others have values or defaults.

        Raises
        ------
        InputError
            If a parameter is unknown, has no value, or both varies and is fixed.
        """
        missing = self.missing([*names, *fixed])
        if missing:
            raise InputError(f"{self.name} needs a value for {', '.join(missing)}")
        for name in names:
            if name in fixed:
                raise InputError(f"{name} cannot both vary and have the fixed value {fixed[name]}")
        known = {name: self.parameters.get(name) or known_parameter(name) for name in names}
        return self._restricted(
            {name: replace(x, kind="number", default=REQUIRED) for name, x in known.items()}, fixed
        )

    def spread(self, length: int = 2) -> Family[...]:
        """Return the family whose parameters are all numbers, a list being ``length`` of them.

        Flags and whole numbers keep their defaults.

        Examples
        --------
        >>> from sgdmem.symbolic.zoo.named_algorithms import aggmo
        >>> aggmo.spread()
        <Family AggMo: learning_rate, momentum_1, momentum_2>
        """
        found: dict[str, Parameter] = {}
        lists: dict[str, tuple[str, ...]] = {}
        for name, parameter in self.parameters.items():
            if parameter.kind == "list":
                entries = parameter.entries(length)
                lists[name] = tuple(entry.name for entry in entries)
                found |= {entry.name: entry for entry in entries}
            elif parameter.kind == "number" or (
                parameter.kind == "whole" and parameter.is_required
            ):
                found[name] = replace(parameter, default=REQUIRED)
        return self._restricted(found, {}, lists)

    @property
    def reads_exactly(self) -> bool:
        """Whether its constructor makes its arguments exact, and remembers how they were given."""
        return bool(getattr(self.constructor, "reads_exactly", False))

    def _restricted(
        self,
        parameters: Mapping[str, Parameter],
        fixed: Mapping[str, Any],
        lists: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Family[...]:
        reads = self.reads_exactly
        values = {name: _exact(value, name, reads) for name, value in fixed.items()}
        raw = {name: x if _has_floats(x) else values[name] for name, x in fixed.items()}
        floats = raw if any(map(_has_floats, raw.values())) else None
        return Family(
            _Restricted(self, values, dict(lists or {}), floats),
            self.name,
            self.display_name,
            parameters,
            self.update,
            self.reference,
            summary=self.summary,
            takes_others=self.takes_others,
            losses=self.losses,
        )

    # Symbols ------------------------------------------------------------------------------------

    def symbolic(self, values: Mapping[str, Any] | None = None, length: int = 2) -> Algorithm:
        """Return the member with a real symbol for every parameter without a value or default.

        Parameters
        ----------
        values
            Of other parameters.
        length
            How many symbols a list gets.

        Raises
        ------
        InputError
            If there is no such parameter, or the constructor does not take symbols.

        Examples
        --------
        >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
        >>> heavy_ball.symbolic({"momentum": "1/2"}).effective_learning_rate
        2*learning_rate
        """
        from sympy import Symbol

        given: dict[str, Any] = dict(values or {})
        for name in self.missing(given):
            parameter = self.parameters[name]
            if parameter.kind == "whole":
                raise InputError(f"{self.name} needs a value for {name}, a whole number")
            if parameter.kind == "list":
                given[name] = [Symbol(x.name, real=True) for x in parameter.entries(length)]
            else:
                given[name] = Symbol(name, real=True)
        make: Callable[..., Algorithm] = self
        try:
            return make(**given)
        except InputError:
            raise
        except Exception as error:  # constructors may raise errors of their own
            raise InputError(f"{self.name} does not take symbols: {error}") from None

    @property
    def own_letters(self) -> dict[str, str]:
        """The letters of parameters that are not those of their names, by name."""
        known = known_letters()
        return {
            name: parameter.letter
            for name, parameter in self.parameters.items()
            if parameter.letter and parameter.letter != known.get(name)
        }


_FEW = 4  # methods that a message names
FAMILIES: NamedValues[Family[...]] = NamedValues()  # from `families_by_name`


def _exact(value: Any, name: str, reads: bool) -> Any:
    """Return a value that is fixed as an exact one; floats stay for what reads them by itself."""
    if isinstance(value, str) or (is_float(value) and not reads):
        return as_scalar(value, name)
    if isinstance(value, list | tuple):
        return tuple(_exact(entry, name, reads) for entry in value)
    return value


def _has_floats(value: Any) -> bool:
    return any(map(is_float, value)) if isinstance(value, list | tuple) else is_float(value)


@dataclass(frozen=True, eq=False)
class _Restricted:
    """A family as a function of fewer parameters, or of the entries of lists."""

    base: Family[...]
    fixed: Mapping[str, Any]
    lists: Mapping[str, tuple[str, ...]]
    floats: Mapping[str, Any] | None  # what is fixed, floats as they were given, if some are

    def __call__(self, /, **values: Any) -> Algorithm:
        for name, entries in self.lists.items():
            values[name] = [values.pop(entry) for entry in entries]
        try:
            return self.base(**values, **self.fixed)
        except TypeError:
            if self.floats is None:
                raise
            return self.base(**values, **self.floats)  # NumPy's functions take no fractions

    @property
    def reads_exactly(self) -> bool:
        return self.base.reads_exactly

    @property
    def __name__(self) -> str:
        return self.base.__dict__["__name__"]  # type: ignore[no-any-return]
