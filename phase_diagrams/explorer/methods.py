"""The methods of the explorer: their parameters with ranges, and their generated JavaScript."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sgdmem.numeric.exported_code.javascript import javascript_functions
from sgdmem.numeric.noise_sums.mode_summands import rational_algorithm
from sgdmem.symbolic.algebra.scalars import as_scalar, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_no_shrink
from sgdmem.symbolic.algorithms.branching_values import branches
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.algorithms.parameters import Parameter, Range, known_parameter
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.programs.special_values import special_values
from sgdmem.symbolic.programs.summand_program import NO_SHRINK, coefficient_program
from sgdmem.symbolic.zoo.families_by_name import FAMILIES, USUAL_FAMILIES, find_family

_PROBLEM_NAMES = ("batch_size", "tau1", "tau2", "exponent", "count", "zeta")
_ACCEPTED = "methods must be names, functions that return an Algorithm, or algorithms"
# What people try of a symbol of which only its sign is known.
_POSITIVE, _NOT_NEGATIVE = Range(0.001, 10, 0.1, log=True), Range(0, 2, 0.5)
_UNICODE = {"lambda": "LAMDA"}  # what it calls letters otherwise
_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LIST_LENGTH = 2  # of a parameter that is a list of numbers


@dataclass(frozen=True)
class Slider:
    """A parameter with the range of its slider, and the value that it begins with."""

    name: str
    low: float
    high: float
    log: bool
    value: float
    label: str = ""

    @classmethod
    def of(cls, parameter: Parameter) -> Slider:
        """Return the slider over what people try."""
        usual = parameter.usual
        ends = usual.low, usual.high, usual.log, usual.start
        return cls(parameter.name, *ends, _plain_label(parameter))


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
    name, title, summary : str
        In the address of the page, in its menu, and in a sentence.
    parameters : tuple of Slider
    call : str
        Python that makes it, with {parameter} where values go.
    command : str or None
        The same on the command line, if it has a name there.
    functions : str
        From `javascript_functions`, for general values.
    kept : tuple of int
        Which parameters these functions take, in their order.
    special : tuple of SpecialValue
    source : Algorithm or Family
        What it was made from.
    """

    name: str
    title: str
    summary: str
    parameters: tuple[Slider, ...]
    call: str
    command: str | None
    functions: str
    kept: tuple[int, ...]
    special: tuple[SpecialValue, ...]
    source: Algorithm | Family[...]

    @property
    def javascript(self) -> str:
        """The method as an object literal."""
        described = {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "call": self.call,
            "command": self.command,
            "kept": self.kept,
            "parameters": [vars(parameter) for parameter in self.parameters],
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


@dataclass(frozen=True)
class _Asked:
    """What is asked of sliders: ranges and letters by the names of parameters."""

    ranges: Mapping[str, Slider]
    letters: Mapping[str, str]

    def slider(self, parameter: Parameter) -> Slider:
        if parameter.name in _PROBLEM_NAMES:
            raise InputError(
                f"a method of the explorer cannot have a parameter called {parameter.name}"
            )
        letter = self.letters.get(parameter.name, parameter.letter)
        slider = Slider.of(replace(parameter, letter=letter))
        given = self.ranges.get(parameter.name)
        return slider if given is None else replace(given, label=slider.label)


def explored_methods(
    methods: Any,
    ranges: Mapping[str, Sequence[Any]],
    letters: Mapping[str, str] | None = None,
    *,
    optional: Collection[str] = (),
) -> tuple[ExploredMethod, ...]:
    """Return the methods that `explore` was given, their parameters in some letters, in TeX.

    Ranges of ``optional`` parameters may be of none of the methods.

    Raises
    ------
    InputError
        For anything else than names, functions and algorithms, and for a range of a parameter that
        no method has.
    """
    given = list(USUAL_FAMILIES) if methods is None else methods
    if isinstance(given, str | Algorithm) or callable(given):
        given = [given]
    if not isinstance(given, list | tuple) or not given:
        raise InputError(f"{_ACCEPTED}, got {shown(given)}")
    read = {name: _range(name, value) for name, value in ranges.items()}
    asked = _Asked(read, letters or {})
    found = tuple(_method(method, asked) for method in given)
    names = [method.name for method in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"methods must have different names, got {name} twice")
    known = {parameter.name for method in found for parameter in method.parameters}
    for name in read:
        if name not in known and name not in optional:
            raise InputError(
                f"ranges has {name!r}, which is no parameter; known are {', '.join(sorted(known))}"
            )
    return found


def _method(method: Any, asked: _Asked) -> ExploredMethod:
    if isinstance(method, Algorithm):
        return _of_algorithm(method, asked)
    if not (isinstance(method, str) or (callable(method) and not isinstance(method, type))):
        raise InputError(f"{_ACCEPTED}, got {shown(method)}")
    family = find_family(method)
    return _of_family(family, asked)


def _of_algorithm(algorithm: Algorithm, asked: _Asked) -> ExploredMethod:
    symbols = sorted(algorithm.free_symbols, key=str)
    names = [str(symbol) for symbol in symbols]
    exact = algorithm if names else replace(rational_algorithm(algorithm), floats=False)
    parameters = tuple(asked.slider(_of_symbol(symbol)) for symbol in symbols)
    values = ", ".join(f'"{name}": {{{name}}}' for name in names)
    return ExploredMethod(
        name=algorithm.label,
        title=algorithm.label,
        summary=f"An algorithm of memory {algorithm.memory}.",
        parameters=parameters,
        call=f"algorithm.substitute({{{values}}})" if names else "algorithm",
        command=None,
        functions=javascript_functions(exact),
        kept=tuple(range(len(names))),
        special=(),
        source=algorithm,
    )


def _of_symbol(symbol: Any) -> Parameter:
    """Return what is known of a symbol by its name, with a range that has its sign."""
    known = known_parameter(str(symbol))
    if symbol.is_nonnegative and known.usual.low < 0:
        return replace(known, usual=_POSITIVE if symbol.is_positive else _NOT_NEGATIVE)
    return known


def _of_family(family: Family[...], asked: _Asked) -> ExploredMethod:
    from sympy import Symbol

    build = family.spread(_LIST_LENGTH)
    parameters = tuple(asked.slider(parameter) for parameter in build.parameters.values())
    names = list(build.parameters)
    algorithm = build.symbolic()
    usual = {p.name: Fraction(repr(p.value)) + Fraction(1, 1024) for p in parameters}
    require_no_shrink(algorithm, NO_SHRINK)
    program = coefficient_program(algorithm, names)
    places = branches(build, names)
    exceptions = special_values(build, algorithm, program, usual, places.values, places.curves)
    if exceptions is None:
        raise InputError(f"{family.name} is not one rational function of its parameters")
    symbols = {name: Symbol(name, real=True) for name in names}
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
    known = FAMILIES.get(family.name) is family
    assigned, settings = [], []
    for name, parameter in family.parameters.items():
        is_list = parameter.kind == "list"
        if parameter.kind != "flag":
            entries = parameter.entries(_LIST_LENGTH) if is_list else (parameter,)
            inner = [f"{{{entry.name}}}" for entry in entries]
            assigned.append(f"{name}=[{', '.join(inner)}]" if is_list else f"{name}={inner[0]}")
            settings.append(f"--set {name}={','.join(inner)}")
    where = "sgdmem.methods." if known else ""
    return ExploredMethod(
        name=family.name,
        title=family.display_name,
        summary=_summary(family) or f"A method of memory {algorithm.memory}.",
        parameters=parameters,
        call=f"{where}{family.name.replace('-', '_')}({', '.join(assigned)})",
        command=" ".join([family.name, *settings]) if known else None,
        functions=javascript_functions(algorithm),
        kept=_places(algorithm, names),
        special=tuple(special),
        source=family,
    )


def _summary(family: Family[...]) -> str:
    """Return what a family is, its update and where that is from, without marks of code."""
    text = " ".join(family.summary.replace("`", "").split())
    if family.update is None:
        return text
    update = str(family.update).replace("<-", "←").replace("-", "−")
    origin = "" if family.reference is None else f" By {family.reference}."
    return f"{text} {update}.{origin}"


def _places(algorithm: Algorithm, names: Sequence[str]) -> tuple[int, ...]:
    return tuple(names.index(name) for name in sorted(map(str, algorithm.free_symbols)))


def _range(name: str, value: Any) -> Slider:
    form = f"ranges[{name!r}] must be (low, high) or (low, high, 'log'), got {shown(value)}"
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) not in (2, 3):
        raise InputError(form)
    low, high = (to_float(as_scalar(end, f"ranges[{name!r}]")) for end in value[:2])
    log = len(value) == 3
    if log and value[2] != "log":
        raise InputError(form)
    if not low < high or (log and low <= 0):
        raise InputError(f"{form}: low must be below high, and positive on a logarithmic scale")
    middle = (low * high) ** 0.5 if log else (low + high) / 2
    return Slider(name, low, high, log, float(f"{middle:.3g}"))


def _plain_label(parameter: Parameter) -> str:
    r"""Return the label of a parameter without TeX: its words and its letter, if Unicode has it.

    Examples
    --------
    >>> _plain_label(known_parameter("learning_rate")), _plain_label(known_parameter("momentum_2"))
    ('learning rate α', 'momentum 2 β₂')
    """
    words = re.sub(r"\s*\$.*\$", "", parameter.label)
    letter = re.fullmatch(r"\\?([A-Za-z]+)(?:_\{?(\d+)\}?)?", parameter.letter)
    if letter is None:
        return words or parameter.name.replace("_", " ")
    name, number = letter.group(1), letter.group(2) or ""
    try:
        written = unicodedata.lookup(f"GREEK SMALL LETTER {_UNICODE.get(name, name)}")
    except KeyError:
        written = name
    written += number.translate(_BELOW)
    return written if words in ("", f"{name} {number}".strip()) else f"{words} {written}"
