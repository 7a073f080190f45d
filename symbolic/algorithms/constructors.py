"""Families from functions: a constructor with what was published of it, or any function."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import wraps
from typing import Any, ParamSpec

from sgdmem.symbolic.algebra.scalars import as_scalar, is_float, is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.algorithms.parameters import Kind, Parameter, read_parameter
from sgdmem.symbolic.algorithms.update_notation import Publication, Update
from sgdmem.symbolic.errors import InputError, shown

_P = ParamSpec("_P")


def as_family(function: Callable[..., Algorithm]) -> Family[...]:
    """Return a function of named parameters as a family; a family as it is.

    Raises
    ------
    InputError
        If it does not say which parameters it has, or takes one by position only.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
    >>> def lazy_Ball(learning_rate, momentum="0.9"):
    ...     return heavy_ball(learning_rate, momentum)
    >>> as_family(lazy_Ball)
    <Family lazy_Ball: learning_rate, momentum>
    """
    if isinstance(function, Family):
        return function
    name = getattr(function, "__name__", "the family")
    given = signature_of(function, name).values()
    positional = [x.name for x in given if x.kind is x.POSITIONAL_ONLY]
    if positional:
        raise InputError(
            f"the parameters of a family are given by name, but {positional[0]!r} of {name} is "
            f"positional only"
        )
    return Family(
        function,
        name,
        name,
        _read(given),
        summary=_paragraphs(function)[0],
        takes_others=any(x.kind is x.VAR_KEYWORD for x in given),
    )


def family(
    display_name: str, *, update: Sequence[str], reference: Publication
) -> Callable[[Callable[_P, Algorithm]], Family[_P]]:
    """Make a constructor a family: its arguments are read as exact scalars, its members named.

    Parameters
    ----------
    display_name
        What people call the method.
    update
        The lines of an `Update`.
    reference
        Where it was published.
    """

    def decorate(constructor: Callable[_P, Algorithm]) -> Family[_P]:
        parameters = _read(inspect.signature(constructor).parameters.values())
        published = Update.of(update, parameters.values())
        return published_family(constructor, display_name, parameters, published, reference)

    return decorate


def published_family(
    constructor: Callable[_P, Algorithm],
    display_name: str,
    parameters: Mapping[str, Parameter],
    update: Update,
    reference: Publication | None,
    losses: str = "all",
) -> Family[_P]:
    """Return a constructor as a family: its docstring tells what is known, its members have names.

    See `family`.
    """
    build = _reading(constructor, parameters, display_name)
    summary, *rest = _paragraphs(constructor)
    source = [f"By {reference}."] if reference is not None else []
    build.__doc__ = _documented([summary, f"``{update}``.", *source, *rest], parameters.values())
    name = constructor.__name__.replace("_", "-")
    return Family(build, name, display_name, parameters, update, reference, summary, losses=losses)


def signature_of(function: Callable[..., Any], name: str) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function, their annotations evaluated where they can be.

    Raises
    ------
    InputError
        If it does not say which it has.
    """
    try:
        try:
            return inspect.signature(function, eval_str=True).parameters
        except Exception:  # an annotation may be anything
            return inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise InputError(f"{name} does not say which parameters it has") from None


def _read(given: Iterable[inspect.Parameter]) -> dict[str, Parameter]:
    many = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return {x.name: read_parameter(x) for x in given if x.kind not in many}


def _reading(
    constructor: Callable[_P, Algorithm], parameters: Mapping[str, Parameter], title: str
) -> Callable[_P, Algorithm]:
    """Return a constructor that reads its arguments and names what it returns."""
    signature = inspect.signature(constructor)

    @wraps(constructor)
    def build(*args: _P.args, **kwargs: _P.kwargs) -> Algorithm:
        try:
            given = signature.bind(*args, **kwargs)
        except TypeError:
            return constructor(*args, **kwargs)  # raises Python's own, clearer TypeError
        given.apply_defaults()
        shown = ", ".join(f"{key}={argument_text(value)}" for key, value in given.arguments.items())
        values = given.arguments.values()
        floats = any(map(is_float, (x for v in values for x in (_as_tuple(v) or (v,)))))
        for key, value in given.arguments.items():
            given.arguments[key] = _read_value(value, key, parameters[key].kind)
        algorithm = constructor(*given.args, **given.kwargs)
        return algorithm.called(f"{constructor.__name__}({shown})", title, floats)

    build.reads_exactly = True  # type: ignore[attr-defined]
    return build


def _read_value(value: Any, key: str, kind: Kind) -> Any:
    """Return an argument as constructors take it: exact, or a whole number; flags as they are."""
    if kind == "flag":
        return value
    entries = _as_tuple(value)
    if entries is None:
        found = as_scalar(value, key)
        return _whole(found, value, key) if kind == "whole" else found
    if kind != "list":
        raise InputError(f"{key} must be one number, got {shown(value)}")
    return tuple(as_scalar(entry, f"{key}[{i}]") for i, entry in enumerate(entries))


def _whole(found: Any, value: Any, key: str) -> int:
    if not isinstance(found, Fraction) or found.denominator != 1 or found < 0:
        raise InputError(f"{key} must be a whole number >= 0, got {shown(value)}")
    return int(found)


def _as_tuple(value: Any) -> tuple[Any, ...] | None:
    return tuple(value) if is_list(value) else None


def argument_text(value: Any) -> str:
    """Return an argument as names of algorithms have it: as it was given.

    Examples
    --------
    >>> argument_text("1e-3"), argument_text([0.5, 1])
    ('1e-3', '(0.5, 1)')
    """
    several = _as_tuple(value)
    return str(value) if several is None else f"({', '.join(map(str, several))})"


def _paragraphs(function: Callable[..., Any]) -> list[str]:
    """Return the paragraphs of a docstring."""
    return inspect.cleandoc(getattr(function, "__doc__", None) or "").split("\n\n")


def _documented(paragraphs: Sequence[str], parameters: Iterable[Parameter]) -> str:
    """Return a docstring with the parameters before the first section that it has."""
    kinds = {
        "number": "number or expression", "list": "sequence of numbers", "flag": "bool",
        "whole": "int",
    }  # fmt: skip
    lines = ["Parameters", "----------"]
    for x in parameters:
        usual = f" Usually {x.usual}." if x.kind != "flag" else ""
        lines += [f"{x.name} : {kinds[x.kind]}", f"    {x.text}{usual}"]
    sections = [place for place, text in enumerate(paragraphs) if re.match(r".*\n---", text)]
    place = min(sections, default=len(paragraphs))
    return "\n\n".join([*paragraphs[:place], "\n".join(lines), *paragraphs[place:], ""]).rstrip()
