"""Fit a power law to a measured spectrum, with the uncertainty of its exponent and scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.spectra.spectrum import Spectrum, require_spectrum
from sgdmem.symbolic.errors import InputError

_WINDOWS = 10  # equally long in log k
_FEWEST_WINDOWS = 3
_ROUNDING = 1e-9  # of ranks, which are sums of weights


@dataclass(frozen=True)
class PowerLawFit:
    """The law ``scale * k**-exponent`` closest to a spectrum.

    Attributes
    ----------
    exponent, exponent_error, scale, scale_error : float
        Estimates and their standard errors.
    residual : float
        Root mean square deviation of log(eigenvalue) from the law, over the windows.
    first, last : number
        The ranks that were fitted.
    """

    exponent: float
    exponent_error: float
    scale: float
    scale_error: float
    residual: float
    first: float
    last: float

    def spectrum(self, count: int | None = None) -> Spectrum:
        """Return the fitted law as a spectrum, infinite by default.

        Raises
        ------
        InputError
            If the fitted exponent is not positive.
        """
        return Spectrum.power_law(self.exponent, self.scale, count)


def fit_power_law(
    spectrum: Spectrum, first: float | None = None, last: float | None = None
) -> PowerLawFit:
    """Fit exponent and scale of a power law to ranks ``first`` ... ``last`` of a spectrum.

    The rank of an eigenvalue is how many are as large, multiplicities included: of a density that
    is given by shares, the share. Logarithms of eigenvalues and ranks are averaged over windows
    equally long in log(rank), so that the many small eigenvalues do not drown the large ones, and a
    line is fitted to the averages. Deviations of a spectrum from a law are smooth in log(rank), so
    the errors of neighbouring eigenvalues are not independent. The standard errors add two parts:
    that of the line through the few window averages, each of which counts as one observation, and
    half the difference between the lines through the two halves of the windows, which sees a slope
    that drifts along the ranks.

    Parameters
    ----------
    spectrum : Spectrum
        Explicit: a law, or eigenvalues with multiplicities of any size.
    first, last : number, optional
        Ranks between which to fit, by default all.

    Returns
    -------
    PowerLawFit
        With ``.spectrum()``, the law itself. A residual above about 0.3 means that the eigenvalues
        are typically a third off the law: look at a shorter range of ranks.

    Raises
    ------
    InputError
        If fewer than three windows hold an eigenvalue, or the ranks are not positive.

    Examples
    --------
    >>> fit = fit_power_law(Spectrum.power_law(1.5, scale=2, count=1000))
    >>> round(fit.exponent, 12), round(fit.scale, 12)
    (1.5, 2.0)
    """
    require_spectrum(spectrum)
    ranks, values = _ranked(spectrum)
    low = ranks[0] if first is None else positive_float(first, "first")
    high = ranks[-1] if last is None else positive_float(last, "last")
    if first is not None and low > high:
        raise InputError(f"first must be a rank up to {high:g}, got {low:g}")
    chosen = (ranks >= low * (1 - _ROUNDING)) & (ranks <= high * (1 + _ROUNDING))
    x, y = _window_averages(np.log(ranks[chosen]), np.log(values[chosen]))
    if x.size < _FEWEST_WINDOWS:
        raise InputError(
            f"a power law is fitted to at least {_FEWEST_WINDOWS} different eigenvalues, "
            f"got {int(chosen.sum())} at the ranks {low:g} to {high:g}"
        )
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
        first=_plain(low),
        last=_plain(high),
    )


def _plain(rank: float) -> float:
    return int(rank) if rank == int(rank) else float(rank)


def _ranked(spectrum: Spectrum) -> tuple[Array, Array]:
    """Return ranks and different eigenvalues, largest first."""
    values, places = np.unique(-spectrum.eigenvalues, return_inverse=True)
    return np.cumsum(np.bincount(places, spectrum.weights)), -values


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
