r"""The gradient noise of a data matrix: tau1 and tau2 of the SE approximation, estimated.

For features x with Hessian :math:`H = E[xx^T]` the noise covariance is
:math:`\Sigma(C) = E[\langle x,Cx\rangle xx^T] - HCH`, and eq. (15) of arXiv 2410.04228
approximates it by :math:`\tau_1\mathrm{Tr}(HC)H - \tau_2HCH`.
With z the coordinates of x in the eigenbasis of H and
:math:`C = e_je_j^T` the diagonal of both sides reads

.. math:: E[z_j^2z_k^2]/(\lambda_j\lambda_k) = \tau_1 + \delta_{jk}(1-\tau_2) .
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from sgdmem.numeric.arithmetic.arrays import precision
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.spectra.data_matrix import principal_axes, read_rows
from sgdmem.symbolic.errors import InputError

_BLOCKS = 20  # of samples, for the jackknife
_FEWEST_SAMPLES = 2
_LARGEST_TURN = 2 * 10**8  # multiplications, for each block of the jackknife


@dataclass(frozen=True)
class NoiseEstimate:
    """Estimated noise parameters.

    Attributes
    ----------
    tau1, tau1_error, tau2, tau2_error : float
        Estimates and their jackknife standard errors; inf where the samples do not determine them.
    misfit : float
        How far the data are from the two-parameter form: weighted root mean square of
        measured - fitted second moments, relative to the measured ones. Zero is a perfect fit; part
        of it is sampling noise.
    samples, modes : int
        Rows of the matrix, and eigenvalues that are not zero.
    """

    tau1: float
    tau1_error: float
    tau2: float
    tau2_error: float
    misfit: float
    samples: int
    modes: int

    origin: ClassVar = "of a noise model estimated from data"

    def is_of(self, tau1: Any, tau2: Any, coupling: Any) -> bool:
        """Whether a noise with these numbers is the one that was estimated."""
        return coupling is None and bool(tau1 == self.tau1 and tau2 == self.tau2)

    def __str__(self) -> str:
        tau1, tau2 = (
            f"{value:.4g} ± {float(f'{error:.1g}'):g}"
            for value, error in ((self.tau1, self.tau1_error), (self.tau2, self.tau2_error))
        )
        return f"estimated tau1 = {tau1}, tau2 = {tau2}, misfit {self.misfit:.2g}"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; an infinite error becomes None."""
        return {k: v if math.isfinite(v) else None for k, v in asdict(self).items()}


@dataclass(frozen=True)
class CouplingEstimate:
    """That a coupling was measured on samples.

    Attributes
    ----------
    samples, modes : int
        As in `NoiseEstimate`.
    """

    samples: int
    modes: int
    origin: ClassVar = (
        "of a coupling measured on data, which bear no larger rates where they are drawn with "
        "replacement"
    )

    def is_of(self, tau1: Any, tau2: Any, coupling: Any) -> bool:
        """Whether a noise with these numbers is the one that was measured."""
        return coupling is not None and bool(tau2 == 1)

    def __str__(self) -> str:
        return f"the coupling of {self.modes} modes measured on {self.samples:,} samples"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


def estimate_noise(X: Any) -> NoiseEstimate:
    """Estimate tau1 and tau2 from a data matrix, one sample a row.

    Weighted least squares over all pairs of modes, each weighted by lambda_j lambda_k, its share of
    the noise. The two parameters then follow from two averages: tau1 from the pairs of
    different modes, tau1 + 1 - tau2 from the fourth moments. With a single mode only their
    difference is determined; tau1 = 1 is assumed. Among equal eigenvalues the axes, and with them
    tau2, are arbitrary; the errors are those for the axes that were found.

    Parameters
    ----------
    X : array of shape (n, d)
        The inputs of least squares, one sample a row: at least two; finite real numbers, not all
        zero. They are not centred.

    Returns
    -------
    NoiseEstimate
        With standard errors and a misfit. Where the misfit is large compared with
        1 / sqrt(samples) the two-parameter form is a coarse description of these data.

    Raises
    ------
    InputError
        For any other input.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(20000, 5))
    >>> noise = estimate_noise(X)  # Gaussian data: tau1 = 1, tau2 = -1
    >>> abs(noise.tau1 - 1) < 0.05, abs(noise.tau2 + 1) < 0.2
    (True, True)
    """
    eps = precision(X)
    X = read_rows(X)
    n = len(X)
    if n < _FEWEST_SAMPLES:
        raise InputError(f"data must have at least {_FEWEST_SAMPLES} rows, got {n}")
    X = X / np.abs(X).max()  # the parameters do not change with the scale
    lam, directions = principal_axes(X, eps)
    Z = X @ directions.T
    tau1, tau2 = _parameters(Z, lam)
    blocks = np.array_split(np.arange(n), min(_BLOCKS, n))
    left_out = [_without(Z, block) for block in blocks]
    with np.errstate(invalid="ignore"):
        spread = (len(blocks) - 1) * np.var(left_out, axis=0)
    spread[~np.isfinite(spread)] = np.inf
    return NoiseEstimate(
        tau1=tau1,
        tau1_error=math.sqrt(spread[0]),
        tau2=tau2,
        tau2_error=math.sqrt(spread[1]),
        misfit=_misfit(Z**2, lam, tau1, tau2),
        samples=n,
        modes=int(lam.size),
    )


def _without(Z: Array, block: Array) -> tuple[float, float]:
    """Return the parameters without some samples: the eigenvalues are others too, and the axes.

    The axes are kept where turning them would take long; it matters for few samples only.
    """
    kept = np.delete(Z, block, axis=0)
    if kept.size * kept.shape[1] > _LARGEST_TURN:
        return _parameters(kept, (kept**2).mean(axis=0))
    lam, axes = np.linalg.eigh(kept.T @ kept / len(kept))
    return _parameters(kept @ axes, lam)


def _parameters(Z: Array, lam: Array) -> tuple[float, float]:
    """Return tau1 and tau2 from the coordinates in the eigenbasis, one sample a row."""
    squares = Z**2
    own = float((lam**2).sum())
    if own == 0:  # no sample with any feature was kept
        return math.nan, math.nan
    kurtosis = max(1.0, float((squares**2).sum(axis=1).mean()) / own)  # below 1 by rounding only
    pairs = float(_pairs(lam[None])[0])
    if pairs == 0:
        return 1.0, 2.0 - kurtosis
    tau1 = float(_pairs(squares).mean()) / pairs
    return tau1, tau1 + 1 - kurtosis


def _pairs(rows: Array) -> Array:
    """Return the sum over pairs of different entries of each row, without cancellation."""
    before = np.cumsum(rows, axis=1)  # of the entries up to each
    return 2 * np.asarray((before[:, :-1] * rows[:, 1:]).sum(axis=1))


def _misfit(squares: Array, lam: Array, tau1: float, tau2: float) -> float:
    measured = squares.T @ squares / len(squares) / np.outer(lam, lam)
    fitted = tau1 + (1 - tau2) * np.eye(lam.size)
    weights = np.outer(lam, lam)
    return math.sqrt(
        float((weights * (measured - fitted) ** 2).sum() / (weights * measured**2).sum())
    )
