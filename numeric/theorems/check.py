"""What a check of a statement is, and what comes out of it.

A module of this folder holds one statement::

    STATEMENT = Statement("Theorem 9", "arXiv 2410.04228, Theorem 9", tolerance=..., reason=...)

    def claim(...): what the statement predicts for a case, from its own formula
    def check(claim=claim): the cases, each with a computed value and ``claim(...)``
    PERTURBED = {"half of it": ...}: false claims of the same form, which the check must reject

The computed value must not use the formula that is checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Claim: TypeAlias = Callable[..., Any]
FEWEST_CASES = 5


@dataclass(frozen=True)
class Statement:
    """A numbered statement, and how closely numbers have to agree with it.

    Attributes
    ----------
    name : str
        As it is called in its source, such as "Theorem 4".
    source : str
        Where it stands.
    tolerance : float
        Largest error of a case that passes.
    reason : str
        Why that much.
    """

    name: str
    source: str
    tolerance: float
    reason: str


@dataclass(frozen=True)
class Case:
    """One instance of a statement: what was computed, and what the statement predicts.

    For a statement without a number (an inequality, an equivalence) both are counts, or a
    violation and 0.
    """

    label: str
    computed: float
    theory: float

    @classmethod
    def within(cls, label: str, ratio: Any) -> Case:
        """Return the case of a ratio, by how much it is above 1; it fails where that is NaN."""
        return cls(label, 0.0 if ratio <= 1 else float(ratio) - 1, 0.0)

    @property
    def error(self) -> float:
        """The difference relative to the prediction, absolute where that is 0; never NaN."""
        if self.computed == self.theory:
            return 0.0  # infinite values may agree
        error = abs(self.computed - self.theory) / (abs(self.theory) or 1.0)
        return math.inf if math.isnan(error) else error


@dataclass(frozen=True)
class CheckResult:
    """What became of a check."""

    statement: Statement
    cases: tuple[Case, ...]

    @property
    def worst(self) -> Case:
        """The case with the largest error."""
        return max(self.cases, key=lambda case: case.error)

    @property
    def error(self) -> float:
        """The largest error."""
        return self.worst.error

    @property
    def passed(self) -> bool:
        """Whether every error is within the tolerance, in enough cases."""
        return len(self.cases) >= FEWEST_CASES and self.error <= self.statement.tolerance

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; the numbers are those of the worst case."""
        values = {"computed": self.worst.computed, "theory": self.worst.theory, "error": self.error}
        return {
            "name": self.statement.name,
            "passed": self.passed,
            **{key: x if math.isfinite(x) else None for key, x in values.items()},
            "tolerance": self.statement.tolerance,
            "cases": len(self.cases),
            "source": self.statement.source,
            "worst_case": self.worst.label,
            "reason_of_tolerance": self.statement.reason,
        }


def larger(one: Any, other: Any) -> float:
    """Return the larger number, and NaN if one is NaN, which `max` may pass over.

    Examples
    --------
    >>> max(1.0, math.nan), larger(1.0, math.nan), larger(1, 2)
    (1.0, nan, 2.0)
    """
    return math.nan if one != one or other != other else float(max(one, other))


def widen(largest: dict[str, float], found: Mapping[str, Any]) -> None:
    """Raise the largest numbers of some names to those found, from 0; NaN stays."""
    for name, number in found.items():
        largest[name] = larger(largest.get(name, 0.0), number)


class StatementModule(Protocol):
    """A module of this folder; its docstring states the claim and the method."""

    __doc__: str | None
    STATEMENT: Statement
    PERTURBED: Mapping[str, Claim]

    @staticmethod
    def claim(*args: Any) -> Any:
        """Return what the statement predicts."""

    @staticmethod
    def check(claim: Claim = ...) -> Sequence[Case]:
        """Return the cases."""
