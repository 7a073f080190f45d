r"""Power-law random features (arXiv 2505.16098): a realised W is a Problem, with a floor.

Problem
    Inputs :math:`x\sim N(0,D)`, :math:`D=\mathrm{diag}(j^{-2\alpha})`, have the labels
    :math:`\langle x,b\rangle`, :math:`b_j=j^{-\beta}`, :math:`j=1\dots v`. Seen are the :math:`d<v`
    features :math:`W^Tx`, with independent entries N(0, 1/d) of W:
    :math:`P(\theta)=\tfrac12E\langle W\theta-b,x\rangle^2`.
Reduction
    Given W, features are Gaussian with the covariance :math:`K=W^TDW`, and a label is
    :math:`\langle W^Tx,\theta_*\rangle` plus a residual that is Gaussian and independent of them.
    So it is least squares on Gaussian features, exactly: the spectrum is that of K, the noise has
    tau1 = 1, tau2 = -1, and the labels have the variance :math:`2P_\infty`, twice the least risk;
    :math:`P=L+P_\infty`.

References
----------
    D. Ferbach, K. Everett, G. Gidel, E. Paquette and C. Paquette, Dimension-adapted momentum
    outscales SGD, arXiv 2505.16098 (2025).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, positive_float, whole
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError, shown

_RATIO = 4  # of inputs to features, where the caller names none
_BLOCK = 1000  # rows of W that are kept at once
_MOST = 10**4  # features: three matrices of 800 MB
_ENTRIES = 10**10  # of W, in hours


@dataclass(frozen=True)
class RandomFeatures:
    r"""Power-law random features with a realised W.

    Attributes
    ----------
    alpha, beta : float
    width : int
        d, features.
    ambient : int
        v, inputs.
    seed : int or None
        Of W; None for the mean over W, as `sgdmem.systems.mean_features` has it.
    problem : Problem
        Its loss is the risk above the floor, for the start :math:`\theta_0=0`.
    floor : float
        :math:`P_\infty`, the least risk of d features.
    """

    alpha: float
    beta: float
    width: int
    ambient: int | None
    seed: int | None
    problem: Problem = field(repr=False)
    floor: float

    @property
    def nu(self) -> float:
        r"""Exponent of the eigenvalues, :math:`2\alpha`."""
        return 2 * self.alpha

    @property
    def zeta(self) -> float:
        r"""Exponent of the target, :math:`1+(2\beta-1)/2\alpha`."""
        return 1 + (2 * self.beta - 1) / (2 * self.alpha)

    @cached_property
    def trace(self) -> float:
        r"""Tr K: near :math:`\sum_{j\le v}j^{-2\alpha}`, its mean over W."""
        spectrum = self.problem.spectrum
        return float(spectrum.eigenvalues @ spectrum.weights)

    @property
    def population(self) -> Problem:
        """The same labels of the v inputs themselves, all of them seen: without W, and a floor."""
        return population(self.alpha, self.beta, self.ambient)


def random_features(
    alpha: Any, beta: Any, width: Any, ambient: Any = None, seed: Any = 0
) -> RandomFeatures:
    r"""Draw W, and return the problem of its features.

    Parameters
    ----------
    alpha : number > 0
        Inputs have the variances :math:`j^{-2\alpha}`.
    beta : number
        Labels have the coefficients :math:`j^{-\beta}`.
    width : int
        d.
    ambient : int > width, optional
        v, by default 4 d. For :math:`2\alpha>1` v may grow without end, and beyond some d changes
        constants little; otherwise the trace grows with it, and the paper fixes v/d.
    seed : int
        Of W, whose rows are drawn one after another: a larger v goes on with the same ones.

    Returns
    -------
    RandomFeatures

    Raises
    ------
    InputError
        For an argument outside its domain; ``width`` goes up to 10,000, and W to
        :math:`10^{10}` entries.

    Notes
    -----
    Eigenvalues are squares of the singular values of :math:`D^{1/2}W`: to relative errors of some
    :math:`10^{-16}\sqrt{\lambda_1/\lambda}`. The cost is that of a QR factorisation of v x d, row
    block by row block, and of one of d x d: for v = 4 d on one core 1 s for d = 1,000, half a
    minute and 1.5 GB for 3,000.

    Examples
    --------
    >>> import sgdmem
    >>> features = random_features(1, 0.7, 100)
    >>> round(features.floor, 6), round(features.trace, 2)
    (0.000173, 1.57)
    >>> risk = features.floor + sgdmem.losses(sgdmem.sgd("0.3"), features.problem, 1, 1000)
    >>> print(risk[[0, 1000]].round(4))
    [0.5693 0.0009]
    """
    alpha, beta = positive_float(alpha, "alpha"), to_float(number(beta, "beta"))
    width = whole(width, "width", 1, _MOST)
    ambient = _RATIO * width if ambient is None else whole(ambient, "ambient", 1, _ENTRIES // width)
    seed = whole(seed, "seed", 0)
    if ambient <= width:
        raise InputError(f"ambient must be above width, {width}, got {ambient}: d < v")
    rng = np.random.default_rng(seed)
    triangle, shares = np.zeros((0, width + 1)), []
    for first in range(0, ambient, _BLOCK):
        j = np.arange(first + 1.0, min(first + _BLOCK, ambient) + 1)[:, None]
        W = rng.normal(size=(j.size, width)) / np.sqrt(width)
        with np.errstate(over="ignore", invalid="ignore"):
            rows = np.hstack([W, j**-beta]) * j**-alpha
        shares.append(rows[:, -1])
        triangle = _triangle(np.vstack([triangle, rows]))
    left, roots, _ = np.linalg.svd(triangle[:width, :width])
    along = left.T @ triangle[:width, width]  # labels along the singular vectors
    if not (np.isfinite(along).all() and roots[-1] > width * EPS * roots[0]):
        raise InputError(
            f"alpha must leave the smallest of {width} eigenvalues, about {width}^-2 alpha, above "
            f"rounding, and beta all labels within floats, got {shown(alpha)} and {shown(beta)}"
        )
    eigenvalues, floor = roots**2, float(triangle[width, width]) ** 2 / 2
    noise = Noise(tau1=1, tau2=-1, label_variance=2 * floor)
    problem = Problem(Spectrum(eigenvalues), noise, target=along**2 / eigenvalues)
    return RandomFeatures(alpha, beta, width, ambient, seed, problem, floor)


def population(alpha: Any, beta: Any, count: Any = None) -> Problem:
    r"""Return the problem of the inputs themselves, as if W were the identity.

    Parameters
    ----------
    alpha, beta : number
        With :math:`2(\alpha+\beta)>1`.
    count : int, optional
        v; infinitely many by default, for :math:`2\alpha>1`.

    Raises
    ------
    InputError
        For other exponents: then the labels have no variance.

    Examples
    --------
    >>> print(population(1, 0.7))
    infinitely many eigenvalues k^-2; tau1 = 1, tau2 = -1; target exponent 1.2
    """
    alpha, beta = positive_float(alpha, "alpha"), to_float(number(beta, "beta"))
    require_variance(alpha, beta)
    power = 2 * (alpha + beta) - 1
    target = PowerLawTarget(power / (2 * alpha), 1 / power)  # so that lambda_1 c_1^2 = 1
    return Problem(Spectrum.power_law(2 * alpha, count=count), Noise(1, -1), target)


def require_variance(alpha: float | Fraction, beta: float | Fraction) -> None:
    """Refuse exponents of which the labels of infinitely many inputs have no variance."""
    if not alpha + beta > 0.5:
        least = float(0.5 - alpha)
        raise InputError(f"beta must exceed 1/2 - alpha, {least:g}, got {float(beta):g}")


def _triangle(rows: Array) -> Array:
    from scipy.linalg import qr

    found: Array = qr(rows, mode="r", overwrite_a=True, check_finite=False)[0]
    return found[: rows.shape[1]]
