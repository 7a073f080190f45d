"""Methods from update functions: the decorator that makes a family of what takes a step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, overload

from sgdmem.symbolic.algebra.rational_functions import Parameters
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.constructors import published_family
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.algorithms.general_member import FAILURES
from sgdmem.symbolic.algorithms.parameters import Parameter
from sgdmem.symbolic.algorithms.printing import sum_text
from sgdmem.symbolic.algorithms.update_notation import Publication, Update
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.tracing.signature import (
    UpdateFunction,
    called_with,
    read_signature,
    source_of,
)
from sgdmem.symbolic.tracing.step import ROUNDED, Step, blocks_of_step, nearly_0, traced
from sgdmem.symbolic.tracing.update_lines import in_sequence, update_lines


@overload
def method(function: Callable[..., Any]) -> Family[...]: ...
@overload
def method(
    *,
    display_name: str | None = None,
    reference: Publication | None = None,
    letters: Mapping[str, str] | None = None,
    ranges: Mapping[str, Sequence[float | str]] | None = None,
    lengths: Mapping[str, str | int] | None = None,
    losses: str = "all",
    update: Sequence[str] | None = None,
) -> Callable[[Callable[..., Any]], Family[...]]: ...
def method(
    function: Callable[..., Any] | None = None, **options: Any
) -> Family[...] | Callable[[Callable[..., Any]], Family[...]]:
    """Make a function that takes one step of a method a `Family`, called like those with names.

    Its arguments are the iterate, any number of buffers, and the gradient function (called
    ``gradient`` or ``grad``, or the last one); the parameters go after a ``*``, which may be left
    out if they follow the gradient. It returns the new iterate and the new buffers. It is run on
    variables, once here and once for each member, on exact numbers: what it does must be linear in
    its vectors, with one gradient a step. Buffers may be velocities, which are 0 where the method
    rests, or copies of the iterate, and start so. The iterate that is returned is the output,
    wherever the gradient is taken. A multiple of the iterate, ``(1 - learning_rate * decay) * w``,
    is decoupled weight decay.

    Parameters
    ----------
    function
        The step: a function, a method of an object, or what is called like one.
    display_name : str, optional
        What people call the method; by default the name of the function.
    reference : Publication, optional
        Where it was published.
    letters : dict, optional
        LaTeX of parameters, by name. Those of usual names are known.
    ranges : dict, optional
        What people try, by name: (low, high), (low, high, start) or (low, high, start, "log").
    lengths : dict, optional
        For each buffer that is a tuple of vectors how many: a number, or the name of a parameter
        that is a whole number (``delay: int``) or a list (``momenta``).
    losses : str
        "quadratic" allows gradients at several points if all are of one batch and enter as one:
        then they are one gradient on quadratics.
    update : sequence of str, optional
        The lines of an `Update` in the place of those of the source.

    Returns
    -------
    Family

    Raises
    ------
    InputError
        If the function is no linear step with one gradient that keeps the minimum where it is, or
        takes another step when it is run again.

    Examples
    --------
    >>> import sgdmem
    >>> @sgdmem.method
    ... def nag(w, v, gradient, *, learning_rate, momentum):
    ...     v = momentum * v - learning_rate * gradient(w + momentum * v)
    ...     return w + v, v
    >>> nag("0.1", momentum="0.9") == sgdmem.nesterov("0.1", momentum="0.9")
    True
    >>> print(nag.update)
    v <- momentum v - learning_rate gradient(w + momentum v); w <- w + v
    """

    def decorate(given: Callable[..., Any]) -> Family[...]:
        family, described = traced_family(given, **options)
        check_update(described)
        return family

    return decorate if function is None else decorate(function)


def published_method(
    display_name: str, reference: Publication, known: Sequence[Parameter] = (), **options: Any
) -> Callable[[Callable[..., Any]], Family[...]]:
    """Make a family of a function as `method` does, without running it: for the methods known here.

    Tests run `check_update` on each of them. ``known`` describes its parameters.
    """

    def decorate(function: Callable[..., Any]) -> Family[...]:
        named = {parameter.name: parameter for parameter in known}
        return traced_family(function, display_name, reference, known=named, **options)[0]

    return decorate


def traced_family(
    function: Callable[..., Any],
    display_name: str | None = None,
    reference: Publication | None = None,
    letters: Mapping[str, str] | None = None,
    ranges: Mapping[str, Sequence[float | str]] | None = None,
    lengths: Mapping[str, str | int] | None = None,
    losses: str = "all",
    update: Sequence[str] | None = None,
    known: Mapping[str, Parameter] | None = None,
) -> tuple[Family[...], UpdateFunction]:
    """Return the family of an update function, and how the function is called; see `method`.

    ``known`` is what is known of its parameters, by name.
    """
    if losses not in ("all", "quadratic"):
        raise InputError(f"losses must be 'quadratic' or 'all', got {shown(losses)}")
    if display_name is not None and not isinstance(display_name, str):
        raise InputError(f"display_name must be a text, got {shown(display_name)}")
    if update is not None and (isinstance(update, str) or not is_list(update)):
        raise InputError(f"update must be a list of lines, got {shown(update)}")
    described = read_signature(function, letters or {}, ranges or {}, lengths or {}, losses)
    if known:
        told = {
            key: replace(known.get(key, x), kind=x.kind, default=x.default)
            for key, x in described.parameters.items()
        }
        described = replace(described, parameters=told)

    signature = called_with(described.parameters)

    def constructor(*args: Any, **kwargs: Any) -> Algorithm:
        try:
            values = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"{described.name}(): {error}") from None
        step = traced(described, _values(described.parameters, values))
        return Algorithm(*blocks_of_step(described, step))

    written = source_of(function)
    own = {key: getattr(written, key, described.name) for key in ("__qualname__", "__module__")}
    own |= {"__name__": described.name, "__doc__": _doc(written, described)}
    for key, value in own.items():
        setattr(constructor, key, value)
    constructor.__signature__ = signature  # type: ignore[attr-defined]
    published = _update(described, update)
    title = display_name or described.name.replace("_", " ")
    family = published_family(
        constructor, title, described.parameters, published, reference, losses
    )
    return family, described


def check_update(described: UpdateFunction) -> None:
    """Run an update function on variables, twice; on symbols, if it takes roots of parameters.

    Raises
    ------
    InputError
        As `method`.
    """
    try:
        _check_on(described, _variables(described.parameters, rational=True))
    except FAILURES:  # what is wrong is said of symbols
        _check_on(described, _variables(described.parameters, rational=False))


def _check_on(described: UpdateFunction, values: Mapping[str, Any]) -> None:
    first, second = traced(described, values), traced(described, values)
    if (first.rows, first.points) != (second.rows, second.points):
        raise InputError(
            f"{described.name} takes another step when it is run again: it must not draw random "
            "numbers, nor keep anything outside of its buffers"
        )
    blocks = blocks_of_step(described, first)
    if nearly_0(blocks.shrink):
        raise InputError(
            f"{described.name} keeps the minimum where it is only nearly: {described.iterate} is "
            f"multiplied by 1 - ({float(blocks.shrink):.3g}){ROUNDED}"
        )
    if blocks.alpha == 0 and all(x == 0 for x in blocks.c):
        raise InputError(f"{described.name} does not use its gradient")


# How it is written --------------------------------------------------------------------------------


def _doc(function: Callable[..., Any], described: UpdateFunction) -> str:
    known = f"A method of {described.iterate}, {', '.join(described.buffers)}."
    return inspect.getdoc(function) or known.replace(", .", ".")


def _update(described: UpdateFunction, lines: Sequence[str] | None) -> Update:
    """Return the update of the source; where that has no words, of a run on symbols."""
    vectors = [*described.vectors]
    assigned: set[str] = set()
    if lines is None:
        written = source_of(described.function)
        found = update_lines(written, vectors, described.gradient, described.parameters)
        if found is None or described.lengths:
            step = traced(described, _variables(described.parameters, rational=False))
            lines, gradients = _lines(step, {*step.names, *described.parameters})
            vectors, assigned = step.names, {*gradients}
        else:
            lines, assigned = found
    names = dict.fromkeys([*vectors, *sorted(assigned)])
    return Update.of(lines, described.parameters.values(), names)


def _lines(step: Step, taken: Set[str]) -> tuple[list[str], list[str]]:
    """Return a step as it was run, and what its gradients are called.

    Vectors that are not the answer and that nothing reads are left out.
    """
    marks = [f"_{k + 1}" for k in range(len(step.points))] if len(step.points) > 1 else [""]
    ways = ([f"{letter}{mark}" for mark in marks] for letter in "ghkpqs")
    gradients = next(way for way in ways if taken.isdisjoint(way))
    names = {**dict(enumerate(step.names)), **{-1 - k: x for k, x in enumerate(gradients)}}

    def text(terms: Mapping[int, Any]) -> str:
        found = sum_text(
            (terms[key], names[key]) for key in sorted(terms, key=lambda k: (k < 0, k))
        )
        return found.replace("**", "^").replace("*", " ").replace("/", " / ")

    read, waiting = {0}, [0]
    for point in step.points:
        waiting.extend(key for key in point if key not in read)
        read.update(point)
    while waiting:
        new = {key for key in step.rows[waiting.pop()] if key >= 0} - read
        read |= new
        waiting.extend(new)
    pairs = zip(gradients, step.points, strict=True)
    lines = [f"{name} <- gradient({text(point)})" for name, point in pairs]
    rows = [
        (step.names[key], text(row), {names[other] for other in row})
        for key, row in enumerate(step.rows)
        if key in read and row != {key: 1}
    ]
    return [*lines, *in_sequence(rows)], gradients


# Values of its parameters -----------------------------------------------------------------------


def _values(parameters: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(given)
    for name, parameter in parameters.items():
        if parameter.kind == "flag" and not isinstance(found[name], bool):
            raise InputError(f"{name} must be True or False, got {shown(found[name])}")
        if parameter.kind == "list" and not isinstance(found[name], tuple):
            found[name] = (found[name],)
    return found


def _variables(parameters: Mapping[str, Parameter], rational: bool) -> dict[str, Any]:
    """Return a variable for every number, two for a list, and defaults for what steers a step.

    They are rational functions, or symbols.
    """
    spread = {
        name: [entry.name for entry in x.entries(2)] if x.kind == "list" else [name]
        for name, x in parameters.items()
        if x.kind in ("number", "list")
    }
    names = [name for some in spread.values() for name in some]
    if rational:
        variables = dict(zip(names, Parameters(names).variables, strict=True))
    else:
        from sympy import Symbol

        variables = {name: Symbol(name, real=True) for name in names}
    found: dict[str, Any] = {}
    for name, x in parameters.items():
        if x.kind == "list":
            found[name] = tuple(variables[entry] for entry in spread[name])
        elif x.kind == "number":
            found[name] = variables[name]
        elif x.is_required:
            found[name] = int(x.usual.start)
        else:
            found[name] = x.default
    return found
