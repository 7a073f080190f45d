"""What is found where training stands: a verdict with its edges, and as text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sgdmem.numeric.arithmetic.shares import percent
from sgdmem.numeric.training.optimizers.linear_optimizer import LinearOptimizer
from sgdmem.numeric.verdicts.verdict import Verdict

_VISIBLE = 5e-3  # relative error, from which on it is shown
MEANING = "mean-square limit of the linearised problem; single runs often survive a little longer"


@dataclass(frozen=True, eq=False)
class TrainingVerdict:
    """What `verdict` says of a network that is being trained.

    Curvatures are those in the coordinates of the optimizer's preconditioner, where it has one.

    Attributes
    ----------
    verdict : Verdict
        On the problem of the leading modes: exact if they are all, else *estimated*.
    learning_rate, largest_learning_rate : float
        The present one (of the first group of parameters that moves; of optax the
        effective one), and the one below which the linearised training is stable in mean square.
    sharpness, sharpness_edge, edge_formula : float, float, str
        The largest eigenvalue of the Hessian of the loss, the one at which full batches would be
        unstable, and a formula that has this value, empty if none of the usual ones has.
    batches : str
        How batches are judged, in words.
    batch_sharpness, batch_sharpness_error : float
        The mean over batches of :math:`g_B^TH_Bg_B/|g_B|^2`, and its standard error.
    batch_sharpness_edge : float
        Where it is said to rest with small batches, 2 / effective rate: see `sharpness_edges`.
    gauss_newton_sharpness : float
        The largest eigenvalue of the Gauss-Newton matrix, which verdicts are about.
    smallest_curvature, smallest_curvature_error : float
        The smallest eigenvalue of the Hessian, and within how much of it there surely is one.
    modes : int
        How many modes are kept.
    trace_share, trace_error : float
        Of the trace of the Gauss-Newton matrix that they have, and its standard error.
    gradient_outside : float
        The share of the squared gradient that they do not have.
    warnings : tuple of str
        Where the linear theory may not apply.
    """

    verdict: Verdict
    optimizer: LinearOptimizer
    learning_rate: float
    largest_learning_rate: float
    sharpness: float
    sharpness_edge: float
    edge_formula: str
    batches: str
    batch_sharpness: float
    batch_sharpness_error: float
    batch_sharpness_edge: float
    gauss_newton_sharpness: float
    smallest_curvature: float
    smallest_curvature_error: float
    modes: int
    trace_share: float
    trace_error: float
    gradient_outside: float
    warnings: tuple[str, ...]

    @property
    def stable(self) -> bool | None:
        """Of the verdict."""
        return self.verdict.stable

    def __bool__(self) -> bool:
        return bool(self.verdict)

    @property
    def radius(self) -> float:
        """The mean-square radius, below 1 where the linearised training is stable.

        It is the share of the noise that comes back as noise over all later steps, near 0 at small
        rates, and no growth per step.
        """
        return self.verdict.noise_sum

    @property
    def critical_batch_size(self) -> float:
        """The batch size above which the linearised training is stable."""
        return self.verdict.critical_batch_size

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; an infinite number becomes None."""
        numbers = {
            key: value if math.isfinite(value) else None
            for key, value in vars(self).items()
            if isinstance(value, float)
        }
        return {
            "meaning": MEANING,
            "optimizer": self.optimizer.name,
            **numbers,
            "edge_formula": self.edge_formula,
            "batches": self.batches,
            "modes": self.modes,
            "notes": list(self.optimizer.notes),
            "warnings": list(self.warnings),
            "verdict": self.verdict.to_dict(),
        }

    def __str__(self) -> str:
        word = {True: "stable", False: "NOT stable", None: "undecided"}[self.stable]
        word = f"estimated {word}" if self.verdict.is_estimated else word
        rows = [(label, text) for label, text in self._rows() if text]
        width = max(len(label) for label, _ in rows)
        lines = [f"  {label:<{width}}  {text}" for label, text in rows]
        notes = [f"  note: {note}" for note in (self.batches, *self.optimizer.notes)]
        warned = [f"  warning: {warning}" for warning in self.warnings]
        head = f"{word} ({MEANING})", f"  {self.verdict.question}"
        return "\n".join([*head, *lines, *notes, *warned])

    def _rows(self) -> Iterator[tuple[str, str]]:
        low, high = self.verdict.noise_sum_interval
        within = f"; {low:.3g} to {high:.3g}" if self.verdict.is_estimated and low < high else ""
        if not self.verdict.noise.is_quiet:
            yield "radius", f"{self.radius:.4g}{within}; stable below 1"
        rate = f"{self.learning_rate:.6g}; stable below {self.largest_learning_rate:.4g}"
        yield "learning rate", rate
        if not self.verdict.noise.is_quiet:
            yield "batch size", f"stable above {self.critical_batch_size:.4g}"
        formula = f" = {self.edge_formula}" if self.edge_formula else ""
        edge = f"its full-batch edge{formula} = {self.sharpness_edge:.4g}"
        compared = "exceeds" if self.sharpness > self.sharpness_edge else "is below"
        yield "sharpness", f"{self.sharpness:.4g} {compared} {edge}"
        error = f" ± {self.batch_sharpness_error:.2g}" if self.batch_sharpness_error else ""
        edge = f"small batches are said to rest near {self.batch_sharpness_edge:.4g}"
        told = f"{self.batch_sharpness:.4g}{error}; {edge}, which is no limit"
        still = math.isnan(self.batch_sharpness)
        yield "Batch Sharpness", "none: gradients are 0" if still else told
        share = percent(self.trace_share)
        if self.trace_error:
            share = f"{100 * self.trace_share:.3g} ± {100 * self.trace_error:.2g}%"
        outside = f"{percent(self.gradient_outside)} of the squared gradient outside"
        yield "modes", f"{self.modes}, {share} of the trace; {outside}"
        smallest, residual = self.smallest_curvature, self.smallest_curvature_error
        error = f" ± {residual:.1g}" if residual > _VISIBLE * abs(smallest) else ""
        yield "smallest curvature", f"{smallest:.3g}{error}"
