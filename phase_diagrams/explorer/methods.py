"""The methods of the explorer: their parameters with ranges, and their generated JavaScript."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sgdmem.numeric.code.javascript import javascript_functions
from sgdmem.numeric.maps.family_program import special_values, telling_values
from sgdmem.numeric.verdicts.mode_summands import rational_algorithm
from sgdmem.phase_diagrams.pictures.labels import axis_label
from sgdmem.symbolic.algebra.scalars import as_scalar, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.families import Family, takes_list
from sgdmem.symbolic.algorithms.named import FAMILIES, find_family
from sgdmem.symbolic.errors import InputError

_PROBLEM_NAMES = ("batch_size", "tau1", "tau2", "exponent", "count", "zeta")
_ACCEPTED = "methods must be names, functions that return an Algorithm, or algorithms"
_LIST_LENGTH = 2  # of a parameter that is a list of numbers


@dataclass(frozen=True)
class Parameter:
    """A parameter with the range of its slider, and the value that it begins with."""

    name: str
    low: float
    high: float
    log: bool
    value: float


# What people try, by the end of a name; anything else lies between -2 and 2.
_USUAL = {
    "effective_learning_rate": Parameter("", 0.01, 100, True, 1.0),
    "learning_rate": Parameter("", 0.001, 10, True, 0.1),
    "velocity_rate": Parameter("", 0.0001, 1, True, 0.01),
    "gradient_rate": Parameter("", 0.001, 10, True, 0.1),
    "momentum": Parameter("", 0, 0.999, False, 0.9),
    "momentum_1": Parameter("", 0, 0.999, False, 0.5),
    "momentum_2": Parameter("", 0, 0.999, False, 0.9),
    "dampening": Parameter("", 0, 1, False, 0.0),
    "nu": Parameter("", 0, 1, False, 0.7),
    "damping": Parameter("", 0.001, 2, True, 0.1),
    "q0": Parameter("", -0.5, 2, False, 0.1),
    "rate": Parameter("", 0.001, 1, True, 0.1),
}
_OTHER = Parameter("", -2, 2, False, 0.5)


@dataclass(frozen=True)
class SpecialValue:
    """A value of a parameter at which a constructor makes something else than in general.

    Attributes
    ----------
    parameter, value
    functions, kept
        As in `ExploredMethod`; None where the method does not exist.
    """

    parameter: str
    value: float
    functions: str | None
    kept: tuple[int, ...]


@dataclass(frozen=True)
class ExploredMethod:
    """A method of the page.

    Attributes
    ----------
    name, summary : str
    parameters : tuple of Parameter
    call : str
        Python that makes it, with {parameter} where values go.
    command : str or None
        The same on the command line, if it has a name there.
    functions : str
        From `javascript_functions`, for general values.
    kept : tuple of int
        Which parameters these functions take, in their order.
    special : tuple of SpecialValue
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    call: str
    command: str | None
    functions: str
    kept: tuple[int, ...]
    special: tuple[SpecialValue, ...]

    @property
    def javascript(self) -> str:
        """The method as an object literal."""
        described = {
            "name": self.name,
            "summary": self.summary,
            "call": self.call,
            "command": self.command,
            "kept": self.kept,
            "parameters": [
                {**vars(parameter), "label": _plain_label(parameter.name)}
                for parameter in self.parameters
            ],
        }
        names = [parameter.name for parameter in self.parameters]
        special = [
            f"{{place: {names.index(x.parameter)}, value: {x.value!r}, kept: {list(x.kept)}, "
            f"functions: {x.functions or 'null'}}}"
            for x in self.special
        ]
        entries = [f"{key}: {json.dumps(value)}" for key, value in described.items()]
        entries += [f"functions: {self.functions}", f"special: [{', '.join(special)}]"]
        return f"{{{', '.join(entries)}}}".replace("</", "<\\/")


def explored_methods(
    methods: Any, ranges: Mapping[str, Sequence[Any]]
) -> tuple[ExploredMethod, ...]:
    """Return the methods that `explore` was given.

    Raises
    ------
    InputError
        For anything else than names, functions and algorithms, and for a range of a parameter that
        no method has.
    """
    given = list(FAMILIES) if methods is None else methods
    if isinstance(given, str | Algorithm) or callable(given):
        given = [given]
    if not isinstance(given, list | tuple) or not given:
        raise InputError(f"{_ACCEPTED}, got {given!r}")
    read = {name: _range(name, value) for name, value in ranges.items()}
    found = tuple(_method(method, read) for method in given)
    names = [method.name for method in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"methods must have different names, got {name} twice")
    known = {parameter.name for method in found for parameter in method.parameters}
    for name in read:
        if name not in known:
            raise InputError(
                f"ranges has {name!r}, which is no parameter; known are {', '.join(sorted(known))}"
            )
    return found


def _method(method: Any, ranges: Mapping[str, Parameter]) -> ExploredMethod:
    if isinstance(method, Algorithm):
        return _of_algorithm(method, ranges)
    if not (isinstance(method, str) or (callable(method) and not isinstance(method, type))):
        raise InputError(f"{_ACCEPTED}, got {method!r}")
    family = find_family(method)
    return _of_family(family, ranges)


def _of_algorithm(algorithm: Algorithm, ranges: Mapping[str, Parameter]) -> ExploredMethod:
    names = sorted(map(str, algorithm.free_symbols))
    exact = algorithm if names else replace(rational_algorithm(algorithm), floats=False)
    parameters = tuple(_parameter(name, ranges) for name in names)
    values = ", ".join(f'"{name}": {{{name}}}' for name in names)
    title = (algorithm.name or f"memory {algorithm.memory}").split("(")[0].replace("_", "-")
    return ExploredMethod(
        name=title,
        summary=f"An algorithm of memory {algorithm.memory}.",
        parameters=parameters,
        call=f"algorithm.substitute({{{values}}})" if names else "algorithm",
        command=None,
        functions=javascript_functions(exact),
        kept=tuple(range(len(names))),
        special=(),
    )


def _of_family(family: Family, ranges: Mapping[str, Parameter]) -> ExploredMethod:
    from sympy import Symbol

    build, names, shapes = _scalar_form(family)
    parameters = tuple(_parameter(name, ranges) for name in names)
    symbols = {name: Symbol(name, real=True) for name in names}
    title = getattr(family, "__name__", "method").replace("_", "-")
    algorithm = _built(build, symbols, title)
    usual = {p.name: Fraction(repr(p.value)) + Fraction(1, 1024) for p in parameters}
    tested = telling_values(build, names)
    exceptions = special_values(build, algorithm, usual, tested)
    if exceptions is None:
        raise InputError(f"{title} is not one rational function of its parameters")
    special = []
    found: tuple[str | None, tuple[int, ...]]
    for name, values in exceptions.items():
        for value in values:
            try:
                there = build(**{**symbols, name: value})
                found = javascript_functions(there), _places(there, names)
            except InputError:  # the constructor refuses it, or it is stable nowhere
                found = None, ()
            special.append(SpecialValue(name, to_float(value), *found))
    known = FAMILIES.get(title) is family
    assigned = [f"{name}={shape}" for name, (shape, _) in shapes.items()]
    settings = [
        f"--set {name}={','.join(f'{{{key}}}' for key in inner)}"
        for name, (_, inner) in shapes.items()
    ]
    first = inspect.cleandoc(family.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    return ExploredMethod(
        name=title,
        summary=_plain_text(first) or f"A method of memory {algorithm.memory}.",
        parameters=parameters,
        call=f"{'sgdmem.' if known else ''}{title.replace('-', '_')}({', '.join(assigned)})",
        command=" ".join([title, *settings]) if known else None,
        functions=javascript_functions(algorithm),
        kept=_places(algorithm, names),
        special=tuple(special),
    )


def _built(build: Family, symbols: Mapping[str, Any], title: str) -> Algorithm:
    try:
        algorithm = build(**symbols)
    except InputError:
        raise
    except (TypeError, AttributeError, ValueError, ArithmeticError, LookupError) as error:
        raise InputError(f"{title} does not work for symbols: {error}") from None
    if not isinstance(algorithm, Algorithm):
        raise InputError(f"{title} must return an Algorithm, got {algorithm!r}")
    return algorithm


def _scalar_form(
    family: Family,
) -> tuple[Callable[..., Algorithm], list[str], dict[str, tuple[str, list[str]]]]:
    """Return a family as a function of numbers alone, their names, and how they are written.

    Flags keep their defaults, and a list becomes two numbers.
    """
    shapes: dict[str, tuple[str, list[str]]] = {}
    for name, parameter in inspect.signature(family).parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if isinstance(parameter.default, bool):
            continue
        if takes_list(parameter):
            single = "momentum" if name == "momenta" else name
            inner = [f"{single}_{i + 1}" for i in range(_LIST_LENGTH)]
            shapes[name] = (f"[{', '.join(f'{{{key}}}' for key in inner)}]", inner)
        else:
            shapes[name] = (f"{{{name}}}", [name])

    def build(**values: Any) -> Algorithm:
        given = {
            name: [values[key] for key in inner] if shape.startswith("[") else values[name]
            for name, (shape, inner) in shapes.items()
        }
        return family(**given)

    return build, [key for _, inner in shapes.values() for key in inner], shapes


def _places(algorithm: Algorithm, names: Sequence[str]) -> tuple[int, ...]:
    return tuple(names.index(name) for name in sorted(map(str, algorithm.free_symbols)))


def _parameter(name: str, ranges: Mapping[str, Parameter]) -> Parameter:
    if name in _PROBLEM_NAMES:
        raise InputError(f"a method of the explorer cannot have a parameter called {name}")
    if name in ranges:
        return ranges[name]
    ends = [key for key in _USUAL if name == key or name.endswith(f"_{key}")]
    return replace(_USUAL[max(ends, key=len)] if ends else _OTHER, name=name)


def _range(name: str, value: Any) -> Parameter:
    form = f"ranges[{name!r}] must be (low, high) or (low, high, 'log'), got {value!r}"
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) not in (2, 3):
        raise InputError(form)
    low, high = (to_float(as_scalar(end, f"ranges[{name!r}]")) for end in value[:2])
    log = len(value) == 3
    if log and value[2] != "log":
        raise InputError(form)
    if not low < high or (log and low <= 0):
        raise InputError(f"{form}: low must be below high, and positive on a logarithmic scale")
    middle = (low * high) ** 0.5 if log else (low + high) / 2
    return Parameter(name, low, high, log, float(f"{middle:.3g}"))


def _plain_label(name: str) -> str:
    """Return the label of an axis without TeX."""
    label = axis_label(name)
    greek = {r"\alpha": "α", r"\beta": "β", r"\delta": "δ", r"\nu": "ν"}
    symbol = re.search(r"\$(.*)\$", label)
    if symbol and symbol.group(1) in greek:
        return label.replace(symbol.group(), greek[symbol.group(1)])
    return re.sub(r"\s*\$.*\$", "", label) or name.replace("_", " ")


def _plain_text(docstring: str) -> str:
    """Return the first paragraph of a docstring with arrows, without marks of code."""
    return docstring.replace("`", "").replace("<-", "←").replace(" - ", " − ")
