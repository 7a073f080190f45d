"""Fit a power law to a measured spectrum, with the uncertainty of its exponent and scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import is_whole
from sgdmem.numeric.spectra.spectrum import MOST_EIGENVALUES, Spectrum, require_spectrum
from sgdmem.symbolic.errors import InputError

_WINDOWS = 10  # equally long in log k
_FEWEST_WINDOWS = 3


@dataclass(frozen=True)
class PowerLawFit:
    """The law ``scale * k**-exponent`` closest to a spectrum.

    Attributes
    ----------
    exponent, exponent_error, scale, scale_error : float
        Estimates and their standard errors.
    residual : float
        Root mean square deviation of log(eigenvalue) from the law, over the windows.
    first, last : int
        The ranks that were fitted.
    """

    exponent: float
    exponent_error: float
    scale: float
    scale_error: float
    residual: float
    first: int
    last: int

    def spectrum(self, count: int | None = None) -> Spectrum:
        """Return the fitted law as a spectrum, infinite by default.

        Raises
        ------
        InputError
            If the fitted exponent is not positive.
        """
        return Spectrum.power_law(self.exponent, self.scale, count)


def fit_power_law(spectrum: Spectrum, first: int = 1, last: int | None = None) -> PowerLawFit:
    """Fit exponent and scale of a power law to ranks ``first`` ... ``last`` of a spectrum.

    The eigenvalues are sorted; log(eigenvalue) and log(rank) are averaged over windows equally long
    in log(rank), so that the many small eigenvalues do not drown the large ones, and a line is
    fitted to the averages. Deviations of a spectrum from a law are smooth in log(rank), so the
    errors of neighbouring eigenvalues are not independent. The standard errors add two parts: that
    of the line through the few window averages, each of which counts as one observation, and half
    the difference between the lines through the two halves of the windows, which sees a slope that
    drifts along the ranks.

    Parameters
    ----------
    spectrum : Spectrum
        Explicit; whole multiplicities count as repeated eigenvalues, others as one eigenvalue in
        the middle of its ranks.
    first, last : int
        Ranks, counted from 1; ``last`` defaults to all.

    Returns
    -------
    PowerLawFit
        With ``.spectrum()``, the law itself. A residual above about 0.3 means that the eigenvalues
        are typically a third off the law: look at a shorter range of ranks.

    Raises
    ------
    InputError
        If fewer than three windows hold an eigenvalue, or the ranks are not in order.

    Examples
    --------
    >>> fit = fit_power_law(Spectrum.power_law(1.5, scale=2, count=1000))
    >>> round(fit.exponent, 12), round(fit.scale, 12)
    (1.5, 2.0)
    """
    require_spectrum(spectrum)
    ranks, values = _ranked(spectrum)
    last = math.floor(spectrum.count) if last is None else last
    if not (is_whole(first) and is_whole(last) and 1 <= first < last):
        raise InputError(
            f"first and last must be whole ranks with 1 <= first < last, got {first}, {last}"
        )
    chosen = (ranks >= first) & (ranks <= last)
    x, y = _window_averages(np.log(ranks[chosen]), np.log(values[chosen]))
    if x.size < _FEWEST_WINDOWS:
        raise InputError(f"a fit needs eigenvalues at {_FEWEST_WINDOWS} ranks or more")
    center, spread, slope = _line(x, y)
    residuals = y - y.mean() - slope * (x - center)
    variance = float((residuals**2).sum()) / (x.size - 2)
    drift = 0.0
    if x.size >= 2 * _FEWEST_WINDOWS:
        half = x.size // 2
        drift = abs(_line(x[:half], y[:half])[2] - _line(x[half:], y[half:])[2]) / 2
    slope_error = math.hypot(math.sqrt(variance / spread), drift)
    scale = math.exp(y.mean() - slope * center)
    return PowerLawFit(
        exponent=-slope,
        exponent_error=slope_error,
        scale=scale,
        scale_error=scale * math.hypot(math.sqrt(variance / x.size), center * slope_error),
        residual=math.sqrt(float((residuals**2).mean())),
        first=first,
        last=last,
    )


def _ranked(spectrum: Spectrum) -> tuple[Array, Array]:
    """Return ranks and eigenvalues, largest first."""
    order = np.argsort(-spectrum.eigenvalues, kind="stable")
    values, weights = spectrum.eigenvalues[order], spectrum.weights[order]
    if weights.sum() <= MOST_EIGENVALUES and (weights == np.rint(weights)).all():
        values = np.repeat(values, weights.astype(int))
        return np.arange(1.0, values.size + 1), values
    return np.cumsum(weights) - (weights - 1) / 2, values


def _line(x: Array, y: Array) -> tuple[float, float, float]:
    """Return the mean of x, its sum of squares, and the slope of the line of least squares."""
    center = float(x.mean())
    spread = float(((x - center) ** 2).sum())
    return center, spread, float(((x - center) * (y - y.mean())).sum() / spread)


def _window_averages(x: Array, y: Array) -> tuple[Array, Array]:
    """Average over windows equally long in x; empty windows are left out."""
    if x.size == 0:
        return x, y
    length = (x.max() - x.min()) / _WINDOWS or 1.0
    window = np.minimum(((x - x.min()) / length).astype(int), _WINDOWS - 1)
    count = np.bincount(window)
    kept = count > 0
    return tuple(np.bincount(window, weights=v)[kept] / count[kept] for v in (x, y))  # type: ignore[return-value]
