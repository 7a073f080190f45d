"""A verdict on everything that uncertain numbers may be: all, some or none of it is stable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.shares import percent
from sgdmem.symbolic.algebra.scalars import to_float

Extent: TypeAlias = Literal["all", "some", "none", "open"]
_SAID = {
    "all": "stable for all of {}",
    "none": "not stable for any of {}",
    "some": "stable for some values of {}, not for others",
    "open": "undecided for {}",
}


@dataclass(frozen=True)
class BoxFinding:
    """What a search through boxes found.

    Attributes
    ----------
    extent : "all", "some", "none" or "open"
        All and none are proved of every point, by ball arithmetic or exactly; some by a point of
        either kind.
    stable_point, unstable_point : mapping or None
        Points that are stable, and that are not, where one was found: exact values of what was
        given in intervals, eigenvalues as a list, and tau1 and tau2 of an estimate.
    open_share : float
        Of the volume of the parameters, what was left undecided.
    boxes : int
        How many boxes were judged.
    """

    extent: Extent
    stable_point: Mapping[str, Any] | None
    unstable_point: Mapping[str, Any] | None
    open_share: float
    boxes: int


@dataclass(frozen=True)
class RobustVerdict(BoxFinding):
    """For how much of what uncertain numbers may be a method is stable.

    Attributes
    ----------
    extent, stable_point, unstable_point, open_share, boxes
        As in `BoxFinding`.
    seconds : float
    asked : str
        What was uncertain, in words.
    question : str
        All that was asked about, in a line: the method, the problem, the batch size.
    problem : mapping
        The same as JSON-ready values: an interval is a list of its ends.
    intervals : mapping
        The ends of what was uncertain, JSON-ready; of eigenvalues two lists.
    is_estimated : bool
        Whether the noise was: then all of what two standard errors and the misfit leave is asked.
    """

    seconds: float
    asked: str
    question: str
    problem: Mapping[str, Any]
    intervals: Mapping[str, Any]
    is_estimated: bool = False

    @property
    def stable(self) -> bool | None:
        """True where all is stable, False where nothing is, None otherwise."""
        return {"all": True, "none": False}.get(self.extent)

    @property
    def explanation(self) -> str:
        """What was found as a sentence."""
        return _SAID[self.extent].format(self.asked)

    def __bool__(self) -> bool:
        raise TypeError(
            'a robust verdict is "all", "some", "none" or "open": ask for its extent, or for its '
            "attribute stable"
        )

    def __str__(self) -> str:
        lines = [f"{self.extent}: {self.explanation}", f"  {self.question}"]
        if self.extent in ("some", "open"):
            for kind, point in (
                ("stable", self.stable_point),
                ("not stable", self.unstable_point),
            ):
                if point is not None:
                    lines.append(f"  {kind} at {shown_point(point)}")
        if self.extent == "open":
            share = percent(self.open_share)
            lines.append(f"  {share} of the parameters are left undecided, or lie on the boundary")
        if self.is_estimated:
            lines.append("  the noise is estimated: two standard errors, and its misfit")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; an infinite number becomes None."""
        return {
            "stable": self.stable,
            "extent": self.extent,
            "explanation": self.explanation,
            "estimated": self.is_estimated,
            "problem": dict(self.problem),
            "intervals": dict(self.intervals),
            "stable_point": _point(self.stable_point),
            "unstable_point": _point(self.unstable_point),
            "open_share": self.open_share,
            "boxes": self.boxes,
            "seconds": self.seconds,
        }


def shown_point(point: Mapping[str, Any]) -> str:
    """Return a point in a line, long lists shortened."""
    parts = []
    for name, value in point.items():
        if isinstance(value, (list, tuple)):
            first = ", ".join(f"{to_float(x):.6g}" for x in value[:4])
            parts.append(f"{name} = [{first}{', …' if len(value) > 4 else ''}]")
        else:
            parts.append(f"{name} = {to_float(value):.10g}")
    return ", ".join(parts) or "the point"


def _point(point: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if point is None else {name: plain(value) for name, value in point.items()}


def plain(value: Any) -> Any:
    """Return a number, or lists of them, as JSON has it: floats, None where it is infinite."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(x) for x in value]
    number = to_float(value)
    return number if np.isfinite(number) else None


def joined(extents: Sequence[Extent]) -> Extent:
    """Return what holds of a whole whose parts are known.

    Examples
    --------
    >>> joined(["all", "all"]), joined(["all", "none"]), joined(["all", "open"])
    ('all', 'some', 'open')
    """
    kinds = set(extents)
    if len(kinds) == 1:
        return extents[0]
    return "some" if "some" in kinds or {"all", "none"} <= kinds else "open"
