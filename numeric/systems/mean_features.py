r"""The deterministic equivalent of random features as a problem, for every method and schedule.

Problem
    `sgdmem.systems.deterministic_features` has resolvents of its spectrum, and `losses` takes
    eigenvalues.
Reduction
    Both measures, :math:`\sum\lambda_j^2\delta_{\lambda_j}` and
    :math:`\sum r_j^2\delta_{\lambda_j}`, are put on a grid of eigenvalues, 24 a decade and the
    first 20 of the inputs, with the non-negative masses whose resolvents are nearest on four rays
    around the spectrum. Risks of SGD come out to :math:`10^{-4}` or better up to half of the
    largest stable rate, to :math:`10^{-2}` up to 0.9 of it for small batches; there, and with large
    ones, the place of the first eigenvalue counts most, and they may be a tenth off at early t.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.systems.deterministic_features import deterministic_features
from sgdmem.numeric.systems.random_features import RandomFeatures

_PER_DECADE, _PLACES = 24, 6  # nodes, and places on each ray
_RAYS = np.exp(1j * np.pi * np.array([1, 2 / 3, 1 / 3, 1 / 5]))
_BELOW = 0.02  # lower end of the grid, over d^-2alpha
_APART = 20  # so many of the largest eigenvalues are nodes: they are apart from one another
_FEW = 1e-9  # modes at nodes that only labels have


def mean_features(alpha: Any, beta: Any, width: Any, ambient: Any = None) -> RandomFeatures:
    r"""Return random features whose spectrum is that of the deterministic equivalent.

    Parameters
    ----------
    alpha, beta, width, ambient
        As for `deterministic_features`; v is 4 d by default.

    Returns
    -------
    RandomFeatures
        With a seed of None, and eigenvalues that stand for any number of modes.

    Raises
    ------
    InputError
        As `deterministic_features`.

    Examples
    --------
    >>> from sgdmem import losses
    >>> from sgdmem.systems import dana_decaying
    >>> features = mean_features(1, 0.7, 10**5)
    >>> print(f"{losses(dana_decaying(features), features.problem, 1, 10**4)[-1]:.2g}")
    1e-05
    """
    d = whole(width, "width", 1)
    given = deterministic_features(alpha, beta, d, 4 * d if ambient is None else ambient)
    low, high = _BELOW * given.width ** (-2 * given.alpha), given.largest
    decades = np.log10(high / low)
    first = np.arange(1.0, min(d, _APART) + 1) ** (-2 * given.alpha)
    λ = np.union1d(np.geomspace(low, high, int(_PER_DECADE * decades)), first)
    z = np.outer(_RAYS, np.geomspace(low / 3, 3 * high, int(_PLACES * decades))).ravel()
    signal, noise = given.resolvents(z)
    squares = _masses(λ, z, signal + 2 * given.floor / z)
    counts = _masses(λ, z, noise) / λ**2
    some = (squares > 0) | (counts > 0)
    λ, squares, counts = λ[some], squares[some], np.maximum(counts[some], _FEW)
    labels = Noise(tau1=1, tau2=-1, label_variance=2 * given.floor)
    problem = Problem(Spectrum(λ, counts), labels, target=squares / (λ * counts))
    named = given.alpha, given.beta, d, given.ambient
    return RandomFeatures(*named, seed=None, problem=problem, floor=given.floor)


def _masses(λ: Array, z: Array, resolvent: Array) -> Array:
    """Return masses at the nodes whose resolvent is nearest, in relative errors."""
    from scipy.optimize import nnls

    size = np.abs(resolvent)
    rows = 1 / ((λ - z[:, None]) * size[:, None])
    both = np.vstack([rows.real, rows.imag])
    wanted = np.concatenate([(resolvent / size).real, (resolvent / size).imag])
    scale = np.linalg.norm(both, axis=0)
    found: Array = nnls(both / scale, wanted, maxiter=100 * λ.size)[0] / scale
    return found
