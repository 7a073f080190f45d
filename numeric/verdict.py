"""The verdict on an algorithm: stable or not, why, and how far each limit is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from sgdmem.numeric.intervals import Interval
from sgdmem.symbolic.errors import UndecidedError


class Reason(Enum):
    """Why a verdict is what it is; the value is what ``to_dict`` and JSON say."""

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


_EXPLANATIONS = {
    Reason.STABLE: "the mean loss tends to 0 from every start",
    Reason.NO_PULL: "the gradient has no lasting effect: x = 1 is a root for every eigenvalue "
    "(the effective learning rate is zero)",
    Reason.NOISELESS: "the method diverges even without noise: P - lambda Q has a root on or "
    "outside the unit circle",
    Reason.MODE_NOISE: "the noise of a single mode feeds on itself: 1 + (tau2/B) s <= 0",
    Reason.NOISE_SUM: "the mini-batch noise feeds on itself: the noise sum is at least 1",
    Reason.TRACE_DIVERGES: "the eigenvalues have an infinite sum, so the noise sum is infinite: "
    "the loss may fall for long but diverges in the end",
    Reason.SQUARES_DIVERGE: "the squares of the eigenvalues have an infinite sum: the loss is "
    "infinite after one step",
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
    stable_scales: Callable[[], list[Interval]]


@dataclass(frozen=True)
class Verdict:
    """The answer to "is this algorithm stable on this problem at this batch size?".

    ``bool(verdict)`` is ``stable``, and raises `UndecidedError` when that is None.

    Attributes
    ----------
    stable : bool or None
        True: the mean loss tends to 0 from every start. False: it does not. None: the error bounds
        of floating point leave it open. True and False are proved for the exact input.
    reason : Reason
        Which condition binds.
    detail : str
        Where, or how much.
    noise_sum, noise_sum_interval : float, (float, float)
        U'_Sigma and bounds on it; inf where the noiseless part is unstable or the sum diverges, and
        where the noiseless part is undecided (then the lower bound is that of the certain modes).
        With a coupling matrix, the spectral radius of diag(s / (1 + tau2 s / B)) T / B.
    output_noise_sum : float
        U_Sigma, the same sum for the loss at w (equal when a = 0); inf likewise; nan never. With a
        coupling matrix it is None.
    effective_learning_rate : float or None
        None when D has the eigenvalue 1.
    """

    stable: bool | None
    reason: Reason
    detail: str
    noise_sum: float
    noise_sum_interval: tuple[float, float]
    output_noise_sum: float | None
    effective_learning_rate: float | None
    largest_eigenvalue: float
    smallest_damping: float
    _limits: Limits = field(repr=False, compare=False)

    def __bool__(self) -> bool:
        if self.stable is None:
            raise UndecidedError(f"the verdict is undecided: {self.explanation}")
        return self.stable

    @property
    def explanation(self) -> str:
        """The reason as a sentence."""
        sentence = _EXPLANATIONS[self.reason]
        return f"{sentence} ({self.detail})" if self.detail else sentence

    @cached_property
    def critical_eigenvalue(self) -> float:
        """Where noiseless stability ends; P - lambda Q is strictly Schur below, and not at it.

        Zero if it is unstable for arbitrarily small eigenvalues.
        """
        return self._limits.critical_eigenvalue()

    @cached_property
    def critical_batch_size(self) -> float:
        """Batch size (a real number) above which the method is stable.

        It is not stable at it. Zero when every batch size is stable, inf when none is or when
        noiseless stability is undecided.
        """
        return self._limits.critical_batch_size()

    @property
    def smallest_stable_batch_size(self) -> float:
        """Smallest integer batch size that is stable; inf when none is."""
        critical = self.critical_batch_size
        return critical if math.isinf(critical) else max(1.0, math.floor(critical) + 1.0)

    @cached_property
    def stable_scales(self) -> tuple[Interval, ...]:
        """All intervals of the common factor on (alpha, c) that are stable, ascending."""
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

        ``noiseless``: 1 - largest / critical eigenvalue. ``mode_noise``: the smallest
        1 + (tau2/B) s. ``noise_sum``: 1 - U'_Sigma.
        """
        if self.reason is Reason.NO_PULL:
            noiseless = 0.0
        elif self.critical_eigenvalue == 0:
            noiseless = -math.inf
        else:
            noiseless = 1 - self.largest_eigenvalue / self.critical_eigenvalue
        return {
            "noiseless": noiseless,
            "mode_noise": self.smallest_damping,
            "noise_sum": 1 - self.noise_sum,
        }

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
            "noise_sum": _finite(self.noise_sum),
            "noise_sum_interval": [_finite(bound) for bound in self.noise_sum_interval],
            "output_noise_sum": _finite(self.output_noise_sum),
            "effective_learning_rate": _finite(self.effective_learning_rate),
            "critical_eigenvalue": _finite(self.critical_eigenvalue),
            "critical_batch_size": _finite(self.critical_batch_size),
            "smallest_stable_batch_size": _integer(self.smallest_stable_batch_size),
            "critical_scale": _finite(self.critical_scale),
            "stable_scales": [
                [_finite(end) for end in interval] for interval in self.stable_scales
            ],
            "margin": _finite(self.margin),
            "margins": {key: _finite(value) for key, value in self.margins.items()},
        }

    def __str__(self) -> str:
        word = {True: "stable", False: "NOT stable", None: "undecided"}[self.stable]
        low, high = self.noise_sum_interval
        bounds = "" if low == high else f"; proved within {low:.17g} ... {high:.17g}"
        rows = [
            ("noise sum U'", f"{self.noise_sum:.6g}", f"stable below 1{bounds}"),
            ("noise sum U", _number_text(self.output_noise_sum), "of the loss at w"),
            ("effective learning rate", _number_text(self.effective_learning_rate), ""),
            (
                "largest eigenvalue",
                f"{self.largest_eigenvalue:.6g}",
                f"without noise stable below {self.critical_eigenvalue:.6g}",
            ),
            ("critical batch size", f"{self.critical_batch_size:.6g}", "stable above"),
            (
                "critical scale",
                f"{self.critical_scale:.6g}",
                "factor on the learning rate (on Q), stable below",
            ),
            (
                "margins",
                ", ".join(
                    f"{key.replace('_', ' ')} {value:.4g}"
                    for key, value in self.margins.items()
                    if math.isfinite(value)
                ),
                "positive where the condition holds",
            ),
        ]
        width = max(len(label) for label, *_ in rows)
        lines = [f"  {label:<{width}}  {value:<12}  {hint}".rstrip() for label, value, hint in rows]
        return "\n".join([f"{word}: {self.explanation}", *lines])


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _integer(value: float) -> int | None:
    return int(value) if math.isfinite(value) else None


def _number_text(value: float | None) -> str:
    return "does not exist" if value is None else f"{value:.6g}"
