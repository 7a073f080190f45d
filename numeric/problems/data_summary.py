"""What data mean for an optimizer: their spectrum, the power law near it, and a noise model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sgdmem.numeric.problems.noise_estimate import NoiseEstimate
from sgdmem.numeric.problems.power_law_fit import PowerLawFit, fit_power_law
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.symbolic.errors import InputError


@dataclass(frozen=True)
class DataSummary:
    """The spectrum of data, the fit of a power law, and the noise where it is known.

    Attributes
    ----------
    problem : Problem
    fit : PowerLawFit or None
        None where there are too few eigenvalues for a fit.
    noise : NoiseEstimate or None
        The noise model that is nearest to the samples; None for a bare spectrum, for several
        outputs, and for data too large to keep whitened.
    """

    problem: Problem
    fit: PowerLawFit | None
    noise: NoiseEstimate | None

    def __str__(self) -> str:
        spectrum, fit, noise = self.problem.spectrum, self.fit, self.noise
        zeros = self.problem.dropped - spectrum.dropped  # the spectrum itself says what it left out
        dropped = f" ({zeros} more are zero)" if zeros else ""
        rows = [f"{spectrum}{dropped}", f"  trace        {spectrum.trace:.6g}"]
        if fit is not None:
            rows.append(
                f"  power law    {fit.scale:.4g} k^-{fit.exponent:.4g}; exponent +- "
                f"{fit.exponent_error:.2g}, scale +- {fit.scale_error:.2g}; ranks {fit.first:g} to "
                f"{fit.last:g}, log residual {fit.residual:.2g}"
            )
        if noise is not None:
            rows.append(
                f"  noise model  tau1 = {noise.tau1:.4g} +- {noise.tau1_error:.2g}, "
                f"tau2 = {noise.tau2:.4g} +- {noise.tau2_error:.2g}, "
                f"misfit {noise.misfit:.2g}; {noise.samples} samples"
            )
        return "\n".join(rows)

    def to_dict(self) -> dict[str, Any]:
        """Return everything in JSON-ready values; what is not known is None."""
        spectrum = self.problem.spectrum
        return {
            "count": spectrum.count,
            "dropped": self.problem.dropped,
            "largest": spectrum.largest,
            "trace": spectrum.trace,
            "power_law": None if self.fit is None else vars(self.fit),
            "noise": None if self.noise is None else self.noise.to_dict(),
        }


def summarize(data: Any, first: float | None = None, last: float | None = None) -> DataSummary:
    """Return the summary of a spectrum or of a matrix of data.

    Parameters
    ----------
    data : Problem, Spectrum or array of shape (n, d)
    first, last
        Ranks of the fit, see `fit_power_law`.

    Examples
    --------
    >>> import numpy as np
    >>> print(summarize(np.random.default_rng(0).normal(size=(1000, 4)) * [4, 2, 1, 0.5]))
    eigenvalues [15.5..., 3.75..., 1.03..., 0.259...]
      trace        20.5...
      power law    19.3... k^-2.86...; exponent +- 0.39, scale +- 7.2; ranks 1 to 4, ...
      noise model  tau1 = 0.96... +- 0.03..., tau2 = -0.85... +- 0.1..., misfit ...
    """
    problem = as_problem(data)
    try:
        fit = fit_power_law(problem.spectrum, first, last)
    except InputError:
        if first is not None or last is not None:
            raise
        fit = None
    return DataSummary(problem, fit, _noise_model(problem))


def _noise_model(problem: Problem) -> NoiseEstimate | None:
    try:
        found = problem.noise.model.estimate
    except InputError:  # samples that no model of two parameters describes
        return None
    return found if isinstance(found, NoiseEstimate) else None
