"""What the signature of an update function says: its vectors, its gradient and its parameters."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.algorithms.constructors import signature_of
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.algorithms.parameters import Parameter, Range, read_parameter
from sgdmem.symbolic.algorithms.update_notation import letter_of
from sgdmem.symbolic.errors import InputError, shown

_GRADIENTS = ("gradient", "grad")  # what the gradient function is called; else the last argument
_MOST_VECTORS = 1000  # of a buffer


@dataclass(frozen=True)
class UpdateFunction:
    """A function that takes one step of a method, and what its arguments are.

    Attributes
    ----------
    function : callable
        Of vectors, the gradient function, and parameters by name; it returns the new vectors.
    iterate : str
    buffers : tuple of str
    arguments : tuple of str
        The vectors and the gradient function, in order: they are given by position.
    parameters : mapping
        From names to `Parameter`.
    lengths : mapping
        For each buffer that is a tuple of vectors how many: a number, or the name of a parameter
        that is a whole number or a list.
    several : bool
        Whether it may take gradients of one batch at several points.
    """

    function: Callable[..., Any]
    iterate: str
    buffers: tuple[str, ...]
    arguments: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    lengths: Mapping[str, str | int]
    several: bool

    @property
    def name(self) -> str:
        """How it is called."""
        return name_of(self.function)

    @property
    def vectors(self) -> tuple[str, ...]:
        """Its vectors, the iterate first."""
        return (self.iterate, *self.buffers)

    @property
    def gradient(self) -> str:
        """What it calls the gradient function."""
        return next(name for name in self.arguments if name not in self.vectors)

    def length(self, buffer: str, values: Mapping[str, Any]) -> int | None:
        """Return how many vectors a buffer holds; None for one that is a vector."""
        if buffer not in self.lengths:
            return None
        given = self.lengths[buffer]
        found = values[given] if isinstance(given, str) else given
        count = len(found) if isinstance(found, tuple) else int(found)
        if not 0 <= count <= _MOST_VECTORS:
            raise InputError(
                f"{self.name}: the length of {buffer} must be from 0 to {_MOST_VECTORS}, "
                f"got {count}"
            )
        return count


def source_of(function: Callable[..., Any]) -> Any:
    """Return the function that was written: of a partial one, a method, an object with __call__."""
    while not inspect.isfunction(function):
        inner = getattr(function, "__wrapped__", None)
        if isinstance(function, partial):
            inner = function.func
        elif inspect.ismethod(function):
            inner = function.__func__
        elif inner is None:
            inner = type(function).__call__
            if not inspect.isfunction(inner):
                return function
        function = inner
    return function


def name_of(function: Callable[..., Any]) -> str:
    """Return how a function is called: an object with __call__ like its class."""
    written = source_of(function)
    name = getattr(written, "__name__", "update")
    if name == "__call__":
        return type(function).__name__
    return "update" if name == "<lambda>" else str(name)


def read_signature(
    function: Callable[..., Any],
    letters: Mapping[str, str],
    ranges: Mapping[str, Sequence[float | str]],
    lengths: Mapping[str, str | int],
    losses: str,
) -> UpdateFunction:
    """Return what a function's arguments are; see `method`.

    Raises
    ------
    InputError
        If it does not look like a step, or something is told of a name that it does not have.
    """
    if isinstance(function, type | Family) or not callable(function):
        raise InputError(f"method makes a family of a function, got {shown(function)}")
    for what, names in (("letters", letters), ("ranges", ranges), ("lengths", lengths)):
        if not isinstance(names, Mapping):
            raise InputError(f"{what} must be a dict from names, got {shown(names)}")
    for key, letter in letters.items():
        if not isinstance(letter, str) or not letter:
            raise InputError(f"letters: {key} must have LaTeX, got {shown(letter)}")
    for key, length in lengths.items():
        if not isinstance(length, int | str) or isinstance(length, bool):
            raise InputError(
                f"lengths: {key} must have a whole number or the name of a parameter, got "
                f"{shown(length)}"
            )
    name, given = name_of(function), list(signature_of(function, name_of(function)).values())
    whole = function
    while isinstance(whole, partial):  # what it fixes looks like what stands after a *
        whole = whole.func
    starred = any(x.kind is x.KEYWORD_ONLY for x in signature_of(whole, name).values())
    vectors, own = _sorted(name, given, starred)
    gradient = next((x for x in vectors[1:] if x in _GRADIENTS), vectors[-1])
    iterate, *buffers = (x for x in vectors if x != gradient)
    parameters = {x.name: _read(name, x, letters, ranges, x.name in lengths.values()) for x in own}
    for what, names, known in (
        ("letters", letters, parameters),
        ("ranges", ranges, parameters),
        ("lengths", lengths, buffers),
        ("lengths", {x: 0 for x in lengths.values() if isinstance(x, str)}, parameters),
    ):
        for key in names:
            if key not in known:
                raise InputError(f"{what} names {shown(key)}, but {name} has {', '.join(known)}")
    return UpdateFunction(
        function, iterate, tuple(buffers), tuple(vectors), parameters, lengths,
        losses == "quadratic",
    )  # fmt: skip


def _sorted(
    name: str, given: Sequence[inspect.Parameter], starred: bool
) -> tuple[list[str], list[inspect.Parameter]]:
    """Return the names of the vectors and of the gradient, and the parameters.

    Parameters follow a *; without one, they are what follows the gradient.
    """
    first = [x for x in given if x.kind in (x.POSITIONAL_ONLY, x.POSITIONAL_OR_KEYWORD)]
    own = [x for x in given if x.kind is x.KEYWORD_ONLY]
    places = [k for k, x in enumerate(first) if k and x.name in _GRADIENTS]
    if places and not starred:
        first, own = first[: places[0] + 1], [*first[places[0] + 1 :], *own]
    form = f"as in {name}(w, v, gradient, *, learning_rate, momentum)"
    wrong = [x.name for x in own if x.name in _GRADIENTS]
    if len(first) < 2 or wrong or len(first) + len(own) < len(given):
        raise InputError(
            f"{name} must take the iterate, its buffers and the gradient function by position, and "
            f"after a * the parameters, {form}"
        )
    if first[0].name in ("self", "cls"):
        raise InputError(
            f"{name} is a function of {first[0].name}: make a family of the method of an object, "
            f"sgdmem.method(an_object.{name})"
        )
    told = [x.name for x in first if x.default is not x.empty]
    if told:
        raise InputError(
            f"{name}: {told[0]} has a default, as parameters do: they go after a *, {form}"
        )
    return [x.name for x in first], own


def _read(
    function: str,
    given: inspect.Parameter,
    letters: Mapping[str, str],
    ranges: Mapping[str, Sequence[float | str]],
    counts: bool,
) -> Parameter:
    found = read_parameter(given)
    if counts and found.kind == "number":
        found = replace(found, kind="whole")
    if found.kind == "number" and not found.is_required:
        try:
            as_scalar(found.default, given.name)
        except InputError:
            raise InputError(
                f"{function}: the default of {given.name} must be a number, a list of numbers, "
                f"True or False, got {shown(found.default)}"
            ) from None
    letter = letters.get(given.name) or found.letter or letter_of(given.name)
    if "mathit" not in letter and found.kind != "flag":
        found = replace(found, letter=letter)
    if given.name in ranges:
        found = replace(found, usual=_range(given.name, ranges[given.name]))
    return found


def _range(name: str, given: Sequence[Any]) -> Range:
    *ends, last = given if isinstance(given, list | tuple) and given else [None]
    numbers = [*ends] if last == "log" else [*ends, last]
    if len(numbers) not in (2, 3) or not all(
        isinstance(x, int | float) and math.isfinite(x) for x in numbers
    ):
        raise InputError(
            f"ranges: {name} must have (low, high), (low, high, start) or "
            f'(low, high, start, "log"), got {shown(given)}'
        )
    low, high, *start = numbers
    if not low < high or (last == "log" and low <= 0):
        sign = "0 < low < high" if last == "log" else "low < high"
        raise InputError(f"ranges: {name} must have {sign}, got {shown(given)}")
    middle = (low * high) ** 0.5 if last == "log" else (low + high) / 2
    short = float(f"{middle:.3g}")  # a field shows it
    middle = short if low <= short <= high else middle
    return Range(low, high, start[0] if start else middle, log=last == "log")


def called_with(parameters: Mapping[str, Parameter]) -> inspect.Signature:
    """Return how members are made: by position in order, as far as Python allows, or by name."""
    kinds, found = inspect.Parameter, []
    optional = named = False
    for name, x in parameters.items():
        named = named or (optional and x.is_required)
        optional = optional or not x.is_required
        kind = kinds.KEYWORD_ONLY if named else kinds.POSITIONAL_OR_KEYWORD
        found.append(inspect.Parameter(name, kind, default=x.default))
    return inspect.Signature(found)
