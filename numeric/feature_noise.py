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
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.ball import Array
from sgdmem.numeric.features import principal_axes, read_features
from sgdmem.symbolic.errors import InputError

_BLOCKS = 20  # of samples, for the jackknife
_FEWEST_SAMPLES = 2


@dataclass(frozen=True)
class FeatureNoise:
    """Estimated noise parameters.

    Attributes
    ----------
    tau1, tau1_error, tau2, tau2_error : float
        Estimates and their jackknife standard errors.
    residual : float
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
    residual: float
    samples: int
    modes: int


def noise_from_features(features: Any) -> FeatureNoise:
    """Estimate tau1 and tau2 from a data matrix, one sample a row.

    Weighted least squares over all pairs of modes, each weighted by lambda_j lambda_k, its share of
    the noise. The two parameters then follow from two averages: tau1 from the pairs of
    different modes, tau1 + 1 - tau2 from the fourth moments. With a single mode only their
    difference is determined; tau1 = 1 is assumed.

    Parameters
    ----------
    features : array of shape (n, d)
        At least two samples; finite real numbers, not all zero.

    Raises
    ------
    InputError
        For any other input.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(20000, 5))
    >>> noise = noise_from_features(X)  # Gaussian data: tau1 = 1, tau2 = -1
    >>> abs(noise.tau1 - 1) < 0.05, abs(noise.tau2 + 1) < 0.2
    (True, True)
    """
    X = read_features(features)
    n = len(X)
    if n < _FEWEST_SAMPLES:
        raise InputError(f"features must have at least {_FEWEST_SAMPLES} rows, got {n}")
    lam, directions = principal_axes(X)
    squares = (X @ directions.T) ** 2
    sums, fourths = squares.sum(axis=1), (squares**2).sum(axis=1)
    tau1, tau2 = _parameters(sums, fourths, lam)
    blocks = np.array_split(np.arange(n), min(_BLOCKS, n))
    left_out = np.array(
        [_parameters(np.delete(sums, block), np.delete(fourths, block), lam) for block in blocks]
    )
    spread = (len(blocks) - 1) * left_out.var(axis=0)
    return FeatureNoise(
        tau1=tau1,
        tau1_error=math.sqrt(spread[0]),
        tau2=tau2,
        tau2_error=math.sqrt(spread[1]),
        residual=_residual(squares, lam, tau1, tau2),
        samples=n,
        modes=int(lam.size),
    )


def _parameters(sums: Array, fourths: Array, lam: Array) -> tuple[float, float]:
    """Return tau1 and tau2 from each sample's sum of squares and of fourth powers of z."""
    own = float((lam**2).sum())
    kurtosis = float(fourths.mean()) / own
    pairs = float(lam.sum()) ** 2 - own
    if lam.size == 1:
        return 1.0, 2.0 - kurtosis
    tau1 = float((sums**2 - fourths).mean()) / pairs
    return tau1, tau1 + 1 - kurtosis


def _residual(squares: Array, lam: Array, tau1: float, tau2: float) -> float:
    measured = squares.T @ squares / len(squares) / np.outer(lam, lam)
    fitted = tau1 + (1 - tau2) * np.eye(lam.size)
    weights = np.outer(lam, lam)
    return math.sqrt(
        float((weights * (measured - fitted) ** 2).sum() / (weights * measured**2).sum())
    )
