"""The verdict on an algorithm: stable or not, why, and how far each limit is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.judges.judge import Judge
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.noise_sums.mode_summands import rational_algorithm
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.verdicts.verdict_limits import VerdictLimits
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import UndecidedError
from sgdmem.symbolic.stability.hidden_modes import keeps_a_hidden_mode

_MOST_SHOWN = 4  # intervals in a printed verdict
_WIDE = 1e-5  # relative, of bounds whose middle does not stand for them


@dataclass(frozen=True)
class Verdict(VerdictLimits):
    """The answer to "is this algorithm stable on this problem at this batch size?".

    ``bool(verdict)`` is ``stable``, and raises `UndecidedError` when that is None. The sums are
    proved enclosures; the limits (``critical_...``, ``stable_scales``, ``root_margin``) are roots
    found in floating point, to a relative accuracy of about 1e-12, when they are first asked for;
    the critical batch size of samples is known as well as their radius, to 1e-6.

    What it says of limits, floors and rates is described at `VerdictLimits`.

    Attributes
    ----------
    algorithm : Algorithm
    problem : Problem
        What it was tried on.
    noise : BatchNoise
        The problem's noise at the batch size.
    reason : Reason
        Which condition binds.
    detail : str
        Where, or how much.
    noise_sum, noise_sum_interval : float, (float, float)
        The radius of the noise operator and bounds on it: U'_Sigma or, with a coupling matrix, the
        spectral radius of diag(s / (1 + tau2 s / B)) T / B. Infinite where a mode is unstable by
        itself (``noiseless``, ``no_pull``, ``mode_noise``) or may be, and where the sum diverges.
        Wide bounds may still decide; the sum is in their middle then.
        Of a noise that was fitted the sum is that of the fit, and the bounds, estimates too, are
        those within two standard errors and the misfit.
    output_noise_sum : float or None
        U_Sigma, the same sum for the loss at w (equal when a = 0); inf likewise. None with a
        coupling matrix.
    effective_learning_rate : float or None
        None when D has the eigenvalue 1, or w shrinks at each step.

    Examples
    --------
    >>> from sgdmem import Spectrum, heavy_ball, stability
    >>> verdict = stability(heavy_ball("0.1", "0.9"), Spectrum([4, 1]), batch_size=8)
    >>> verdict.stable, verdict.reason.value, round(verdict.noise_sum, 6)
    (True, 'stable', 0.343601)
    >>> verdict.critical_eigenvalue, round(verdict.critical_scale, 6)
    (38.0, 2.470821)
    """

    algorithm: Algorithm
    problem: Problem
    noise: BatchNoise
    reason: Reason
    detail: str
    noise_sum: float
    noise_sum_interval: tuple[float, float]
    output_noise_sum: float | None
    effective_learning_rate: float | None
    _judge: Judge = field(repr=False, compare=False)

    def __bool__(self) -> bool:
        if self.stable is None:
            raise UndecidedError(f"the verdict is undecided: {self.explanation}")
        return self.stable

    @property
    def explanation(self) -> str:
        """The reason as a sentence; it says so where the noise is only estimated."""
        sentence = self._what_it_tends_to or self._boundary or self.reason.explanation
        if self.noise.mixes:
            sentence = sentence.replace("the noise sum", "the noise radius")
        sentence = f"{sentence} ({self.detail})" if self.detail else sentence
        if self.reason in (Reason.NOISELESS, Reason.NO_PULL) and keeps_a_hidden_mode(
            rational_algorithm(self.algorithm)
        ):
            sentence += (
                "; a factor that P and Q share has such a root, of a mode that gradients do not "
                "excite or do not see"
            )
        if not self.is_estimated:
            return sentence
        lower = ", which may rest far lower" if self._floor_is_reference else ""
        return f"{sentence}; {self.noise.origin}{lower}"

    @property
    def _boundary(self) -> str:
        """The reason in the place of ``BOUNDARY``, which is that of noise or one without it."""
        if self.reason is not Reason.BOUNDARY:
            return ""
        if self._judge.is_noiseless_boundary:
            return (
                "it lies on the boundary of stability without noise: P - lambda Q has a root on "
                "the unit circle, and none outside"
            )
        return "it lies exactly on the boundary of stability, where second moments need not decay"

    @property
    def _floor_is_reference(self) -> bool:
        return bool(self.stable) and self.noise.is_reference and self.loss_floor > 0

    @property
    def _what_it_tends_to(self) -> str:
        """The reason in the place of ``STABLE`` where the least loss is not 0, or not known."""
        decays = self.problem.weight_decay > 0 or self.algorithm.shrink != 0
        if self.stable and decays and self.least_loss == 0:
            return (
                "w comes to rest around the stationary point in mean square, from every start, and "
                "at it if that is the minimum"
            )
        if self.stable and self.least_loss == 0 and self._is_without_labels:
            return f"{self.reason.explanation} if some w fits the labels, of which none are given"
        if not self.stable or self.least_loss == 0:
            return ""
        which = "that of the stationary point" if decays else "the least one"
        least, floor = f"{which}, {self.least_loss:.6g}", self.loss_floor
        if math.isinf(floor):
            return (
                "every mode comes to rest, but label noise makes the sum of their losses infinite"
            )
        if floor == 0:
            return f"the mean loss tends to {least}, from every start"
        where = "at" if self.noise.epoch is None else "on a cycle with the mean"
        return f"the mean loss comes to rest {where} {floor:.6g} above {least}, from every start"

    @property
    def _is_without_labels(self) -> bool:
        """Whether it is about data of which nobody said what is learnt."""
        samples = self.problem.samples
        return samples is not None and samples.residuals is None and self.problem.target is None

    @property
    def is_estimated(self) -> bool:
        """Whether the noise was fitted to data: then the verdict is about the fitted model.

        Or whether it is the reference of shuffled epochs, batches drawn anew.
        """
        return self.noise.is_estimated

    @property
    def _has_rows(self) -> bool:
        drawn = self.noise.samples is not None and not self.noise.is_quiet
        return drawn and math.isfinite(self.noise_sum) and any(self.algorithm.polynomials.Q)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values; an infinite number becomes None.

        ``limiting_rows`` are None where `rows` raises. They take one pass over the data beside
        those for ``stable_scales``. Of shuffled epochs ``loss_floor_interval`` is None: the floor
        is not theirs.
        """
        floors = [_finite(bound) for bound in self.loss_floor_interval]
        return {
            "stable": self.stable,
            "reason": self.reason.value,
            "explanation": self.explanation,
            "estimated": self.is_estimated,
            "problem": {
                "algorithm": self.algorithm.name or repr(self.algorithm),
                "spectrum": str(self.problem.spectrum),
                "weight_decay": float(self.problem.weight_decay),
                **self.noise.to_dict(),
            },
            "noise_sum": _finite(self.noise_sum),
            "noise_sum_interval": [_finite(bound) for bound in self.noise_sum_interval],
            "reference_noise_sum": _finite(self.reference_noise_sum),
            "output_noise_sum": _finite(self.output_noise_sum),
            "loss_floor": _finite(self.loss_floor),
            "loss_floor_interval": None if self._floor_is_reference else floors,
            "least_loss": _finite(self.least_loss),
            "effective_learning_rate": _finite(self.effective_learning_rate),
            "critical_eigenvalue": _finite(self.critical_eigenvalue),
            "noiseless_intervals": _finite_ends(self.noiseless_intervals),
            "noiseless_proof": self.noiseless_proof,
            "critical_batch_size": _finite(self.critical_batch_size),
            "smallest_stable_batch_size": _integer(self.smallest_stable_batch_size),
            "critical_scale": _finite(self.critical_scale),
            "stable_scales": _finite_ends(self.stable_scales),
            "unsettled": self.unsettled,
            "limiting_rows": self.rows.to_dict() if self._has_rows else None,
            "margin": _finite(self.margin),
            "root_margin": _finite(self.root_margin),
        }

    def __str__(self) -> str:
        word = {True: "stable", False: "NOT stable", None: "undecided"}[self.stable]
        word = f"estimated {word}" if self.is_estimated else word
        rows = [(label, text) for label, text in self._rows() if text]
        width = max(len(label) for label, _ in rows)
        lines = [f"  {label:<{width}}  {text}" for label, text in rows]
        return "\n".join([f"{word}: {self.explanation}", f"  {self.question}", *lines])

    @property
    def question(self) -> str:
        """What was judged, in a line."""
        name = self.algorithm.name or self.algorithm.label
        return f"{name} on {self.problem.spectrum}; {self.noise}"

    def _rows(self) -> Iterator[tuple[str, str]]:
        undecided = self.stable is None
        low, high = self.noise_sum_interval
        what = "noise radius" if self.noise.mixes else "noise sum U'"
        if self.noise.is_partial and low < high:
            within = f"{low:.3g} to {high:.3g} with what the modes left out may add"
            yield what, f"{self.noise_sum:.6g}; {within}; stable below 1"
        elif self.noise.fitted is not None and low < high:
            within = f"{low:.3g} to {high:.3g} with the errors and the misfit of the fit"
            yield what, f"{self.noise_sum:.6g}; {within}; stable below 1"
        elif undecided and low < high:
            yield what, f"between {low:.17g} and {high:.17g}; stable below 1"
        elif low < high * (1 - _WIDE):
            passes = "" if self.noise.samples is None else ", after all passes"
            yield what, f"between {low:.6g} and {high:.6g}{passes}; stable below 1"
        else:
            yield what, f"{self.noise_sum:.6g}; stable below 1"
        if self.reference_noise_sum is not None:
            yield "for reference", f"{self.reference_noise_sum:.6g}, of sizes in random order"
        if self.output_noise_sum not in (None, self.noise_sum):
            yield "noise sum U", f"{self.output_noise_sum:.6g}, of the loss, taken at the output"
        rate = self.effective_learning_rate
        why = "w shrinks at each step" if self.algorithm.shrink != 0 else "D has the eigenvalue 1"
        shown = f"does not exist ({why})" if rate is None else f"{rate:.6g}"
        yield "effective learning rate", shown
        yield "largest eigenvalue", f"{self.problem.spectrum.largest:.6g}"
        proof = f"; proved: {self.noiseless_proof}" if self.noiseless_intervals else ""
        yield "noiseless stability", f"for eigenvalues {_ranges(self.noiseless_intervals)}{proof}"
        if not self.noise.is_quiet:
            yield "batch size", self._batch_sizes()
        if self.stable_scales:
            multiples = _ranges(self.stable_scales)
            yield "learning rate", f"may be multiplied by {multiples}{self._by_the_fit}"
            yield "", unsettled_text(self.unsettled)
        elif self.stable is False:
            yield "learning rate", "no multiple of it is stable"
        if self.reason is Reason.NOISE_SUM and self.noise.samples is not None:
            what = "may shrink, while rare ones make the mean grow: methods.lyapunov_exponent"
            yield "typical runs", what
        if self._has_rows:
            samples = self.noise.samples
            single = samples is None or samples.outputs == 1
            yield "limiting rows" if single else "limiting samples", str(self.rows)
        if math.isfinite(self.margin) or math.isfinite(self.root_margin):
            shown = f"noise {self.margin:.4g}, roots {self.root_margin:.4g}"
            yield "margins", f"{shown}; positive where the condition holds"

    def _batch_sizes(self) -> str:
        if self.reason in (Reason.UNDECIDED_NOISELESS, Reason.UNDECIDED_MODE_NOISE):
            return ""
        critical = self.critical_batch_size
        if math.isinf(critical):
            return "stable at none"
        if critical == 0:
            return "stable at every one"
        samples = self.noise.samples  # this size may leave no rest, and a larger one leave it
        ragged = samples is not None and not samples.drawing.drop_last
        alike = ", if all are of one size" if ragged else ""
        return f"stable above {critical:.6g}{alike}{self._by_the_fit}"

    @property
    def _by_the_fit(self) -> str:
        """What is said of limits, which leave out the errors and the misfit of a fit."""
        is_fitted = self.noise.fitted is not None and self.is_estimated
        return ", by the fit alone" if is_fitted else ""


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


def unsettled_text(error: float) -> str:
    """Say of ends that were searched how far the radius there may be off; nothing if settled.

    Examples
    --------
    >>> unsettled_text(0.0012)
    'all passes over the data did not settle it: the radius there may be larger by about 0.12%'
    >>> unsettled_text(0.0)
    ''
    """
    if not error:
        return ""
    beginning = "all passes over the data did not settle it: the radius there may be larger"
    return f"{beginning} by about {100 * error:.2g}%"


def _finite_ends(intervals: Sequence[Interval]) -> list[list[float | None]]:
    return [[_finite(end) for end in interval] for interval in intervals]


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _integer(value: float) -> int | None:
    return int(value) if math.isfinite(value) else None
