"""The verdict on an algorithm: stable or not, why, and how far each limit is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import Any

from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.problems.problem import Problem
from sgdmem.symbolic.errors import UndecidedError

_MOST_SHOWN = 4  # intervals in a printed verdict


class Reason(Enum):
    """Why a verdict is what it is; the value is what ``to_dict`` and JSON say.

    Attributes
    ----------
    explanation : str
        What it means, in a sentence.

    Examples
    --------
    >>> Reason("no_pull").explanation
    'the gradient has no lasting effect: Q(1) = 0, so that x = 1 is a root of P - lambda Q for ...'
    """

    STABLE = "stable"
    NO_PULL = "no_pull"
    NOISELESS = "noiseless"
    MODE_NOISE = "mode_noise"
    NOISE_SUM = "noise_sum"
    TRACE_DIVERGES = "trace_diverges"
    SQUARES_DIVERGE = "squares_diverge"
    UNDECIDED_NOISELESS = "undecided_noiseless"
    UNDECIDED_MODE_NOISE = "undecided_mode_noise"
    UNDECIDED_NOISE_SUM = "undecided_noise_sum"
    UNPHYSICAL_NOISE = "unphysical_noise"

    @property
    def explanation(self) -> str:  # noqa: D102 - described above
        return _EXPLANATIONS[self]


_OPEN = {
    Reason.UNDECIDED_NOISELESS,
    Reason.UNDECIDED_MODE_NOISE,
    Reason.UNDECIDED_NOISE_SUM,
    Reason.UNPHYSICAL_NOISE,
}
_EXPLANATIONS = {
    Reason.STABLE: "the mean loss tends to 0 from every start",
    Reason.NO_PULL: "the gradient has no lasting effect: Q(1) = 0, so that x = 1 is a root of "
    "P - lambda Q for every eigenvalue",
    Reason.NOISELESS: "the method diverges even without noise: P - lambda Q has a root on or "
    "outside the unit circle",
    Reason.MODE_NOISE: "the noise of a single mode feeds on itself: 1 + (tau2/B) s <= 0",
    Reason.NOISE_SUM: "the mini-batch noise feeds on itself: the noise sum is at least 1",
    Reason.TRACE_DIVERGES: "the eigenvalues have an infinite sum, so the noise sum is infinite: "
    "the loss may fall for long but diverges in the end",
    Reason.SQUARES_DIVERGE: "the squares of the eigenvalues have an infinite sum: the loss is "
    "infinite as soon as noise reaches w",
    Reason.UNDECIDED_NOISELESS: "a root of P - lambda Q is too close to the unit circle for "
    "floating point to decide",
    Reason.UNDECIDED_MODE_NOISE: "1 + (tau2/B) s is too close to 0 for floating point to decide",
    Reason.UNDECIDED_NOISE_SUM: "the noise sum is too close to 1 for floating point to decide",
    Reason.UNPHYSICAL_NOISE: "tau2 > tau1 is the noise of no data (Lemma 1), and the sufficient "
    "conditions do not decide this case",
}


@dataclass(frozen=True)
class Limits:
    """Limits that a verdict computes when they are first asked for."""

    critical_eigenvalue: Callable[[], float]
    critical_batch_size: Callable[[], float]
    smallest_stable_batch_size: Callable[[], float]
    noiseless_intervals: Callable[[], list[Interval]]
    stable_scales: Callable[[], list[Interval]]
    margins: Callable[[float], dict[str, float]]


@dataclass(frozen=True)
class Verdict:
    """The answer to "is this algorithm stable on this problem at this batch size?".

    ``bool(verdict)`` is ``stable``, and raises `UndecidedError` when that is None. The sums are
    proved enclosures; the limits (``critical_...``, ``stable_scales``, ``margins``) are roots found
    in floating point, to a relative accuracy of about 1e-12, when they are first asked for.

    Attributes
    ----------
    problem : Problem
        What was judged: algorithm, spectrum and noise.
    reason : Reason
        Which condition binds.
    detail : str
        Where, or how much.
    noise_sum, noise_sum_interval : float, (float, float)
        U'_Sigma and bounds on it; inf where a mode is unstable by itself (``noiseless``,
        ``no_pull``, ``mode_noise``) or may be, and where the sum diverges. With a coupling matrix,
        the spectral radius of diag(s / (1 + tau2 s / B)) T / B.
    output_noise_sum : float or None
        U_Sigma, the same sum for the loss at w (equal when a = 0); inf likewise. None with a
        coupling matrix.
    effective_learning_rate : float or None
        None when D has the eigenvalue 1.

    Examples
    --------
    >>> from sgdmem import Spectrum, heavy_ball, stability
    >>> verdict = stability(heavy_ball("0.1", "0.9"), Spectrum([4, 1]), batch_size=8)
    >>> verdict.stable, verdict.reason.value, round(verdict.noise_sum, 6)
    (True, 'stable', 0.343601)
    >>> verdict.critical_eigenvalue, round(verdict.critical_scale, 6)
    (38.0, 2.470821)
    """

    problem: Problem
    reason: Reason
    detail: str
    noise_sum: float
    noise_sum_interval: tuple[float, float]
    output_noise_sum: float | None
    effective_learning_rate: float | None
    _limits: Limits = field(repr=False, compare=False)

    @property
    def stable(self) -> bool | None:
        """True: the mean loss tends to 0 from every start. False: it does not. None: undecided.

        True and False are proved for the exact input; None means that the error bounds of floating
        point leave it open.
        """
        return None if self.reason in _OPEN else self.reason is Reason.STABLE

    def __bool__(self) -> bool:
        if self.stable is None:
            raise UndecidedError(f"the verdict is undecided: {self.explanation}")
        return self.stable

    @property
    def explanation(self) -> str:
        """The reason as a sentence."""
        sentence = self.reason.explanation
        return f"{sentence} ({self.detail})" if self.detail else sentence

    @cached_property
    def critical_eigenvalue(self) -> float:
        """Where noiseless stability ends; P - lambda Q is strictly Schur below, and not at it.

        Zero if it is unstable for arbitrarily small eigenvalues. It may come back at larger ones:
        see ``noiseless_intervals``.
        """
        return self._limits.critical_eigenvalue()

    @cached_property
    def noiseless_intervals(self) -> tuple[Interval, ...]:
        """All open intervals of eigenvalues at which P - lambda Q is strictly Schur, ascending."""
        return tuple(self._limits.noiseless_intervals())

    @cached_property
    def critical_batch_size(self) -> float:
        """Batch size (a real number) above which the method is stable.

        It is not stable at it. Zero when every batch size is stable, inf when none is or when
        noiseless stability is undecided. For tau2 > tau1 the batch size above which the small-gain
        condition proves stability; smaller ones may be stable too.
        """
        return self._limits.critical_batch_size()

    @cached_property
    def smallest_stable_batch_size(self) -> float:
        """Smallest integer batch size that is proved stable; inf when none is."""
        return self._limits.smallest_stable_batch_size()

    @cached_property
    def stable_scales(self) -> tuple[Interval, ...]:
        """All intervals of the common factor on (alpha, c) that are stable, ascending.

        On a long power law with gaps in noiseless stability the factors that would move more than
        the first 2,048 eigenvalues beyond the first gap are left out.
        """
        return tuple(self._limits.stable_scales())

    @property
    def critical_scale(self) -> float:
        """The largest stable factor on (alpha, c), that is on Q, that is on every eigenvalue.

        It is the upper end of the last of ``stable_scales``; zero when no factor is stable.
        """
        return self.stable_scales[-1][1] if self.stable_scales else 0.0

    @cached_property
    def margins(self) -> Mapping[str, float]:
        """How far each condition is from its limit; positive where it holds.

        ``noiseless``: the smallest relative distance of an eigenvalue from the end of its
        noiseless interval (1 - largest / critical eigenvalue where there is one interval).
        ``mode_noise``: the smallest 1 + (tau2/B) s. ``noise_sum``: 1 - U'_Sigma. For tau2 > tau1
        the latter two are those of the small-gain condition, with -abs(tau2).
        """
        return MappingProxyType(self._limits.margins(self.noise_sum))

    @property
    def margin(self) -> float:
        """The smallest of ``margins``."""
        return min(self.margins.values())

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values; an infinite number becomes None."""
        return {
            "stable": self.stable,
            "reason": self.reason.value,
            "explanation": self.explanation,
            "problem": self.problem.to_dict(),
            "noise_sum": _finite(self.noise_sum),
            "noise_sum_interval": [_finite(bound) for bound in self.noise_sum_interval],
            "output_noise_sum": _finite(self.output_noise_sum),
            "effective_learning_rate": _finite(self.effective_learning_rate),
            "critical_eigenvalue": _finite(self.critical_eigenvalue),
            "noiseless_intervals": _finite_ends(self.noiseless_intervals),
            "critical_batch_size": _finite(self.critical_batch_size),
            "smallest_stable_batch_size": _integer(self.smallest_stable_batch_size),
            "critical_scale": _finite(self.critical_scale),
            "stable_scales": _finite_ends(self.stable_scales),
            "margin": _finite(self.margin),
            "margins": {key: _finite(value) for key, value in self.margins.items()},
        }

    def __str__(self) -> str:
        word = {True: "stable", False: "NOT stable", None: "undecided"}[self.stable]
        rows = [(label, text) for label, text in self._rows() if text]
        width = max(len(label) for label, _ in rows)
        lines = [f"  {label:<{width}}  {text}" for label, text in rows]
        return "\n".join([f"{word}: {self.explanation}", f"  {self.problem}", *lines])

    def _rows(self) -> Iterator[tuple[str, str]]:
        undecided = self.stable is None
        low, high = self.noise_sum_interval
        what = "noise sum U'" if self.problem.noise.coupling is None else "noise radius"
        if undecided and low < high:
            yield what, f"between {low:.17g} and {high:.17g}; stable below 1"
        else:
            yield what, f"{self.noise_sum:.6g}; stable below 1"
        if self.output_noise_sum not in (None, self.noise_sum):
            yield "noise sum U", f"{self.output_noise_sum:.6g}, of the loss at w"
        rate = self.effective_learning_rate
        shown = "does not exist (D has the eigenvalue 1)" if rate is None else f"{rate:.6g}"
        yield "effective learning rate", shown
        yield "largest eigenvalue", f"{self.problem.spectrum.largest:.6g}"
        yield "noiseless stability", f"for eigenvalues {_ranges(self.noiseless_intervals)}"
        if self.problem.noise.inverse_batch:
            yield "batch size", self._batch_sizes()
        if self.stable_scales:
            yield "learning rate", f"may be multiplied by {_ranges(self.stable_scales)}"
        elif self.stable is False:
            yield "learning rate", "no multiple of it is stable"
        margins = [f"{k.replace('_', ' ')} {v:.4g}" for k, v in self.margins.items()]
        if math.isfinite(self.margin):
            yield "margins", f"{', '.join(margins)}; positive where the condition holds"

    def _batch_sizes(self) -> str:
        if self.reason in (Reason.UNDECIDED_NOISELESS, Reason.UNDECIDED_MODE_NOISE):
            return ""
        critical = self.critical_batch_size
        if math.isinf(critical):
            return "stable at none"
        if critical == 0:
            return "stable at every one"
        return f"stable above {critical:.6g}"


def _ranges(intervals: Sequence[Interval]) -> str:
    """Return intervals in words; the first few of many."""
    if len(intervals) == 1 and intervals[0][0] == 0:
        return f"anything below {intervals[0][1]:.6g}"
    if not intervals:
        return "none"
    shown = ", ".join(f"{low:.6g} to {high:.6g}" for low, high in intervals[:_MOST_SHOWN])
    more = len(intervals) - _MOST_SHOWN
    last = f", the last {intervals[-1][0]:.6g} to {intervals[-1][1]:.6g}"
    return f"{shown} and {more} more{last}" if more > 0 else shown


def _finite_ends(intervals: Sequence[Interval]) -> list[list[float | None]]:
    return [[_finite(end) for end in interval] for interval in intervals]


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _integer(value: float) -> int | None:
    return int(value) if math.isfinite(value) else None
