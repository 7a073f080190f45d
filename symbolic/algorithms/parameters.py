"""Parameters of families: the values they take, those that people try, and how they are written."""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_origin

Kind = Literal["number", "list", "flag", "whole"]
REQUIRED = inspect.Parameter.empty  # the default of a parameter that has none

GREEK = {
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda"),
    *("mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"),
}


def in_latin(name: str) -> str:
    """Return a name whose Greek letters are spelled out.

    Examples
    --------
    >>> in_latin("β_1"), in_latin("λ")
    ('beta_1', 'lambda')
    """
    return "".join(map(_spelled, name))


def _spelled(letter: str) -> str:
    """Return the name of a Greek letter; any other one as it is."""
    kind, _, name = unicodedata.name(letter, "").partition(" LETTER ")
    name = name.replace("LAMDA", "LAMBDA")  # as Unicode has it
    name = name.capitalize() if kind == "GREEK CAPITAL" else name.lower()
    return name if kind.startswith("GREEK") and name in GREEK else letter


@dataclass(frozen=True)
class Range:
    """What people try: from ``low`` to ``high``, to begin with ``start``."""

    low: float
    high: float
    start: float
    log: bool = False

    def __str__(self) -> str:
        return f"from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Parameter:
    r"""A parameter of a family.

    Attributes
    ----------
    name : str
    kind : str
        "number", "list" (of numbers), "flag", or "whole": a number of steps or vectors.
    usual : Range
        Of a number, or of each entry of a list.
    letter : str
        LaTeX; empty where there is none.
    text : str
        What it is, in a line.
    unit : str
        What it is measured in, "1" for a pure number; empty if unknown.
    entry : str
        What one number of a list is called.
    default : object
        `REQUIRED` if there is none.

    Examples
    --------
    >>> momenta = known_parameter("momenta")
    >>> [(momentum.name, momentum.letter) for momentum in momenta.entries(2)]
    [('momentum_1', '\\beta_1'), ('momentum_2', '\\beta_2')]
    """

    name: str
    kind: Kind = "number"
    usual: Range = Range(-2, 2, 0.5)
    letter: str = ""
    text: str = ""
    unit: str = ""
    entry: str = ""
    default: Any = field(default_factory=lambda: REQUIRED)

    @property
    def is_required(self) -> bool:
        """Whether it has no default."""
        return self.default is REQUIRED

    @property
    def label(self) -> str:
        """What is written at an axis: its name in words and its letter.

        Only the letter where the name is the letter's, as that of ``beta_1`` is.
        """
        words, name = self.name.replace("_", " "), in_latin(self.name)
        spelled = re.fullmatch(r"([a-z]+)(?:_?(\d+))?", name)
        letter = self.letter
        if not letter and spelled and spelled[1] in GREEK:
            letter = rf"\{spelled[1]}_{{{spelled[2]}}}" if spelled[2] else rf"\{spelled[1]}"
        if not letter:
            return words
        if re.sub(r"[\\_{}]", "", letter) == name.replace("_", ""):
            return f"${letter}$"
        return f"{words} ${letter}$"

    def entries(self, count: int) -> tuple[Parameter, ...]:
        """Return the numbers of a list as parameters of their own."""
        return tuple(known_parameter(f"{self.entry or self.name}_{i + 1}") for i in range(count))


def number_parameter(name: str, usual: Range, letter: str, text: str, unit: str = "1") -> Parameter:
    """Return a parameter that is a number."""
    return Parameter(name, "number", usual, letter, text, unit)


def log_range(low: float, high: float, start: float) -> Range:
    """Return a range in logarithmic steps."""
    return Range(low, high, start, log=True)


def _momentum(place: int) -> Parameter:
    usual = Range(0, 0.999, 0.5 if place == 1 else 0.9)
    text = f"Share of velocity {place} that is kept."
    return number_parameter(f"momentum_{place}", usual, rf"\beta_{place}", text)


RATE_UNIT = "1/eigenvalue"
_COUNT = Range(1, 20, 2)
_KEPT, _WEIGHT = Range(0, 0.999, 0.9), log_range(0.001, 10, 0.1)
_SEVERAL = "Share of each velocity that is kept; K of them make memory K."
_LONG_RUN = "The learning rate of SGD that moves as far in the long run."
_KNOWN = {
    parameter.name: parameter
    for parameter in (
        number_parameter("learning_rate", _WEIGHT, r"\alpha", "Weight of the gradient.", RATE_UNIT),
        number_parameter("momentum", _KEPT, r"\beta", "Share of the velocity that is kept."),
        Parameter("momenta", "list", _KEPT, r"\beta", _SEVERAL, "1", entry="momentum"),
        *map(_momentum, range(1, 10)),
        number_parameter(
            "dampening",
            Range(0, 1, 0),
            r"\tau",
            "Share of the gradient that does not enter the velocity.",
        ),
        Parameter("nesterov", "flag", text="Whether the step looks ahead."),
        number_parameter("nu", Range(0, 1, 0.7), r"\nu", "Share of the velocity in the step."),
        number_parameter(
            "velocity_rate",
            log_range(0.0001, 1, 0.01),
            r"\alpha_1",
            "Weight of the velocity in the step.",
            RATE_UNIT,
        ),
        number_parameter(
            "gradient_rate", _WEIGHT, r"\alpha_2", "Weight of the gradient in the step.", RATE_UNIT
        ),
        number_parameter(
            "effective_learning_rate",
            log_range(0.01, 100, 1),
            r"\alpha_{\mathrm{eff}}",
            _LONG_RUN,
            RATE_UNIT,
        ),
        number_parameter(
            "q0", Range(-0.5, 2, 0.1), "q_0", "The constant coefficient of Q.", RATE_UNIT
        ),
        number_parameter(
            "damping",
            log_range(0.001, 2, 0.1),
            r"\delta",
            "Share of the velocity that is lost: 1 - D.",
        ),
        number_parameter(
            "rate",
            log_range(0.001, 1, 0.1),
            r"\gamma",
            "Share of the newest iterate in the average.",
        ),
    )
}


def known_parameter(name: str) -> Parameter:
    """Return what is known of a parameter by its name; "own_momentum" has the range of "momentum".

    Examples
    --------
    >>> known_parameter("momentum").text
    'Share of the velocity that is kept.'
    >>> known_parameter("own_momentum").usual
    Range(low=0, high=0.999, start=0.9, log=False)
    """
    if name in _KNOWN:
        return _KNOWN[name]
    numbers = [known for known in _KNOWN.values() if known.kind == "number"]
    ends = [known for known in numbers if name.endswith(f"_{known.name}")]
    if not ends:
        return Parameter(name)
    return Parameter(name, usual=max(ends, key=lambda known: len(known.name)).usual)


def known_letters() -> dict[str, str]:
    """Return the letters of the parameters that have one, by name."""
    return {name: known.letter for name, known in _KNOWN.items() if known.letter}


def read_parameter(given: inspect.Parameter) -> Parameter:
    """Return a parameter of a function: its kind and default from there, the rest by its name."""
    known, default = known_parameter(given.name), given.default
    if isinstance(default, bool):
        return replace(known, kind="flag", default=default)
    if given.annotation in (int, "int"):
        usual = known.usual if known.kind == "whole" else _COUNT
        return replace(known, kind="whole", usual=usual, default=default)
    named_so = known.kind == "list" and given.annotation is given.empty
    kind: Kind = "list" if named_so or _is_list(given) else "number"
    return replace(known, kind=kind, default=default)


def _is_list(given: inspect.Parameter) -> bool:
    """Whether a parameter is annotated as a sequence of numbers, or has one as its default."""
    if isinstance(given.default, list | tuple):
        return True
    kind = get_origin(given.annotation) or given.annotation
    if isinstance(kind, str):  # of a module whose annotations cannot be evaluated
        return kind.removeprefix("collections.abc.").startswith(("Sequence[", "list[", "tuple["))
    return isinstance(kind, type) and issubclass(kind, Sequence) and not issubclass(kind, str)
