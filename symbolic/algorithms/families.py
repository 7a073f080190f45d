"""Families of algorithms: functions of named parameters that return an `Algorithm`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeAlias

from sgdmem.symbolic.algebra.scalars import as_scalar, is_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError

Family: TypeAlias = Callable[..., Algorithm]
_P = ParamSpec("_P")


def family(constructor: Callable[_P, Algorithm]) -> Callable[_P, Algorithm]:
    """Read a constructor's arguments as exact scalars and name what it returns.

    A parameter annotated as a sequence takes several numbers, one with a bool as its default is a
    flag, every other one is a single number.
    """
    signature = inspect.signature(constructor)

    @wraps(constructor)
    def build(*args: _P.args, **kwargs: _P.kwargs) -> Algorithm:
        try:
            given = signature.bind(*args, **kwargs)
        except TypeError:
            return constructor(*args, **kwargs)  # raises Python's own, clearer TypeError
        given.apply_defaults()
        shown = ", ".join(f"{key}={_show(value)}" for key, value in given.arguments.items())
        values = given.arguments.values()
        floats = any(map(is_float, (x for v in values for x in (_as_tuple(v) or (v,)))))
        for key, value in given.arguments.items():
            parameter = signature.parameters[key]
            if not isinstance(parameter.default, bool):
                given.arguments[key] = _read(value, key, several=takes_list(parameter))
        algorithm = constructor(*given.args, **given.kwargs)
        return replace(
            algorithm,
            name=f"{constructor.__name__}({shown})",
            floats=algorithm.floats or floats,
        )

    return build


def _read(value: Any, key: str, several: bool) -> Any:
    entries = _as_tuple(value)
    if entries is None:
        return as_scalar(value, key)
    if not several:
        raise InputError(f"{key} must be one number, got {value!r}")
    return tuple(as_scalar(entry, f"{key}[{i}]") for i, entry in enumerate(entries))


def _as_tuple(value: Any) -> tuple[Any, ...] | None:
    single = isinstance(value, str) or not hasattr(value, "__iter__")
    single = single or getattr(value, "shape", None) == ()  # a zero-dimensional array
    return None if single else tuple(value)


def _show(value: Any) -> str:
    several = _as_tuple(value)
    return str(value) if several is None else f"({', '.join(map(str, several))})"


def takes_list(parameter: inspect.Parameter) -> bool:
    """Whether a parameter of a family is a sequence of numbers."""
    return "Sequence" in str(parameter.annotation)


def family_name(family: Family) -> str:
    """Return what a family is called on the command line and in messages."""
    return getattr(family, "__name__", "the family").replace("_", "-")


def missing_parameters(family: Family, names: Sequence[str]) -> list[str]:
    """Return a family's parameters without a default that are not in ``names``.

    Raises
    ------
    InputError
        If the family has no parameter of one of the names.
    """
    parameters = _parameters(family)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for name in names:
        if name not in parameters and not takes_any:
            known = ", ".join(parameters)
            raise InputError(f"unknown parameter {name!r} of {family_name(family)}: it has {known}")
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [
        key
        for key, p in parameters.items()
        if p.default is p.empty and p.kind not in kinds and key not in names
    ]


def _parameters(family: Family) -> Mapping[str, inspect.Parameter]:
    try:
        parameters = inspect.signature(family).parameters
    except (TypeError, ValueError):
        raise InputError(f"{family_name(family)} does not say which parameters it has") from None
    positional = [key for key, p in parameters.items() if p.kind is p.POSITIONAL_ONLY]
    if positional:
        raise InputError(
            f"the parameters of a family are given by name, but {positional[0]!r} of "
            f"{family_name(family)} is positional only"
        )
    return parameters


def with_fixed(family: Family, fixed: Mapping[str, Any], free: Sequence[str]) -> Family:
    """Return the family as a function of its ``free`` parameters, the others having values.

    Decimal strings become exact numbers, whatever the family makes of strings.

    Raises
    ------
    InputError
        If a parameter is unknown, has no value, or is both free and fixed.
    """
    missing = missing_parameters(family, [*free, *fixed])
    if missing:
        raise InputError(f"{family_name(family)} needs a value for {', '.join(missing)}")
    for name in free:
        if name in fixed:
            raise InputError(f"{name} cannot both vary and have the fixed value {fixed[name]}")
    values = {
        key: as_scalar(value, key) if isinstance(value, str) else value
        for key, value in fixed.items()
    }
    return lambda **varying: family(**varying, **values)
