r"""The exponent that DANA-decaying needs, measured: :math:`\alpha`, and :math:`\kappa_3=1/2\alpha`.

Problem
    DANA (arXiv 2505.16098) knows the exponent of the inputs' variances, :math:`j^{-2\alpha}`. What
    one has are n samples, or d random features, which see inputs as d samples would.
Algorithm
    A sample eigenvalue is pushed away by the others: :math:`-1/m(x)`, m being the Stieltjes
    transform of the n x n Gram matrix without the eigenvalue itself, is what it is in the
    population,

    .. math:: \lambda_k \approx \hat\lambda_k\Big/\Bigl(1+\frac1n\sum_{j\ne k}
        \frac{\hat\lambda_j}{\hat\lambda_k-\hat\lambda_j}\Bigr).

    To the first n/10 of them a power law is fitted (`sgdmem.fit_power_law`).
Guarantee
    None: an estimate. The page "Measuring alpha" has its errors over seeds.

References
----------
    D. Ferbach, K. Everett, G. Gidel, E. Paquette and C. Paquette, Dimension-adapted momentum
    outscales SGD, arXiv 2505.16098 (2025). X. Mestre, Improved estimation of eigenvalues and
    eigenvectors of covariance matrices, IEEE Trans. Inf. Theory 54 (2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.problems.power_law_fit import PowerLawFit, fit_power_law
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.systems.random_features import RandomFeatures
from sgdmem.symbolic.errors import InputError, shown

_SHARE, _FEWEST = 10, 10  # samples for each rank that is fitted, and ranks at least
_CLOSEST = 2  # over n: relative distance below which the weight of a neighbour no longer grows


@dataclass(frozen=True)
class MeasuredAlpha:
    r"""An estimate of :math:`\alpha`, and what follows for DANA-decaying.

    Attributes
    ----------
    alpha, alpha_error : float
        Estimate and standard error.
    kappa_3, kappa_3_error : float
        :math:`1/2\alpha`, at most 1.
    fit : PowerLawFit
        Of the eigenvalues, whose exponent is :math:`2\alpha`.
    """

    alpha: float
    alpha_error: float
    kappa_3: float
    kappa_3_error: float
    fit: PowerLawFit


def measured_alpha(problem: Any, samples: Any = None) -> MeasuredAlpha:
    r"""Estimate :math:`\alpha` of a spectrum :math:`k^{-2\alpha}`, and :math:`\kappa_3` from it.

    Parameters
    ----------
    problem : RandomFeatures, Problem, Spectrum, list of eigenvalues, or matrix of data
    samples : number >= 1, optional
        How many samples the eigenvalues are those of: of random features d. By default that is
        the width of features, and the number of samples of data; other eigenvalues are those of
        the population, and all of them are used, as those of ``problem.spectrum`` are.

    Raises
    ------
    InputError
        For eigenvalues with weights, or too few.

    Examples
    --------
    >>> from sgdmem.systems import random_features
    >>> found = measured_alpha(random_features(0.7, 0.5, 200))
    >>> print(f"{found.alpha:.2f} +- {found.alpha_error:.2f}")
    0.69 +- 0.01
    >>> print(f"{found.kappa_3:.2f} +- {found.kappa_3_error:.2f}")
    0.72 +- 0.01
    """
    if isinstance(problem, RandomFeatures):
        samples = problem.width if samples is None else samples
        problem = problem.problem
    given = as_problem(problem)
    spectrum = given.spectrum
    if samples is None and given.samples is not None:
        samples = len(given.samples)
    if samples is not None:
        n = positive_float(samples, "samples")
        if n < 1:
            raise InputError(f"samples must be 1 or more, got {shown(samples)}")
        if np.any(np.asarray(spectrum.weights) != 1):
            raise InputError("problem must have single eigenvalues, those of samples, not weights")
        values = unbiased_eigenvalues(np.sort(spectrum.eigenvalues)[::-1], n)
        last = min(values.size, max(_FEWEST, int(n) // _SHARE))
        spectrum = Spectrum(values[:last][values[:last] > 0])
    fit = fit_power_law(spectrum)
    nu, error = fit.exponent, fit.exponent_error
    beyond = nu > 1
    return MeasuredAlpha(
        alpha=nu / 2,
        alpha_error=error / 2,
        kappa_3=1 / nu if beyond else 1.0,
        kappa_3_error=error / nu**2 if beyond else max(0.0, 1 - 1 / max(1.0, nu + error)),
        fit=fit,
    )


def unbiased_eigenvalues(eigenvalues: Array, samples: float) -> Array:
    """Return what eigenvalues of samples are in the population, largest first; see the module.

    The weight of a neighbour that is very close, 2/n relative, is bounded.

    Examples
    --------
    >>> print(unbiased_eigenvalues(np.array([4.0, 1, 0.25]), 10).round(3))
    [3.855 1.113 0.329]
    """
    sizes = eigenvalues / eigenvalues[0]
    gaps = sizes[:, None] - sizes
    least = _CLOSEST * sizes[:, None] / samples
    kernel = np.divide(gaps, gaps**2 + least**2, where=gaps != 0, out=np.zeros_like(gaps))
    with np.errstate(divide="ignore"):
        return np.asarray(eigenvalues / (1 + kernel @ sizes / samples))
