r"""The edge of stochastic stability with momentum (arXiv 2604.14108), for any method of memory M.

Problem
    Least squares on Gaussian features: the Hessian sharpens until training ceases to be stable.
    `isotropic_features` and `one_direction` are the two for which the edge has a closed form.
Algorithm
    Any: SGD with momentum in the paper.
Guarantee
    As the sharpness grows from 0 the mean loss tends to 0 exactly up to `StochasticEdge.sharpness`,
    by the exact verdict; beyond it some methods are stable again. For full batches the largest
    eigenvalue decides, :math:`2(1+\beta)/\eta` of the heavy ball. Of many features of one variance,
    for batches far below the crossover the trace does; the Batch Sharpness is at
    :math:`2/\alpha_{\rm eff}`, which is :math:`2(1-\beta)/\eta`, where batches are far smaller
    than the number of features.

References
----------
    A. Andreyev et al., Momentum further constrains sharpness at the edge of stochastic stability,
    arXiv 2604.14108 (2026).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, positive, positive_float, whole
from sgdmem.numeric.noise_sums.mode_summands import ball_form, float_summands, midpoint_form
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem, as_problem, require_no_weight_decay
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.systems.stochastic_edge_of_data import (
    drawn_batch_sharpness,
    growing_moments,
)
from sgdmem.numeric.verdicts.sharpness_edges import SharpnessEdges, sharpness_edges
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.errors import InputError, shown

GAUSSIAN = Noise(tau1=1, tau2=-1)


def isotropic_features(sharpness: Any, dimension: Any) -> Problem:
    """Return least squares on Gaussian features whose Hessian is ``sharpness`` times the identity.

    Losses are those from a distance of 1 in each direction.

    Parameters
    ----------
    sharpness : number
        The eigenvalue, positive.
    dimension : int
        How often it is there.

    Raises
    ------
    InputError
        For numbers that are not positive.

    Examples
    --------
    >>> print(isotropic_features(2, 200))
    eigenvalues [2], 200 modes; tau1 = 1, tau2 = -1
    """
    count = whole(dimension, "dimension", 1, 10**100)
    return Problem(Spectrum([_eigenvalue(sharpness, "sharpness")], [count]), GAUSSIAN, target=[1])


def _eigenvalue(value: Any, name: str) -> Fraction:
    positive_float(value, name)
    return positive(value, name)


def one_direction(curvature: Any, relative_variance: Any) -> Problem:
    r"""Return one direction in which a sample's curvature has a mean and a variance.

    Parameters
    ----------
    curvature : number
        The mean a, positive.
    relative_variance : number
        :math:`\mathrm{Var}/a^2`, not negative; that of batches is B times smaller.

    Raises
    ------
    InputError
        For numbers out of their range.

    Examples
    --------
    >>> from sgdmem import largest_learning_rate
    >>> rate = largest_learning_rate("sgd", one_direction(1, 3), batch_size=2)
    >>> round(float(rate), 9)  # 2 / (1 + 3/2)
    0.8
    """
    variance = number(relative_variance, "relative_variance")
    if not 0 <= variance <= 10**100:
        raise InputError(
            f"relative_variance must be from 0 to 1e100, got {shown(relative_variance)}"
        )
    spectrum = Spectrum([_eigenvalue(curvature, "curvature")])
    return Problem(spectrum, Noise(tau1=variance), target=[1])


@dataclass(frozen=True)
class StochasticEdge:
    """Where a method ceases to be stable as the Hessian is multiplied by a growing number.

    Attributes
    ----------
    batch_size : float
    sharpness : float
        The largest eigenvalue there; below it the mean loss tends to 0, just above it does not.
    batch_sharpness : float or None
        :math:`E g_B^TH_Bg_B / E|g_B|^2` there, a ratio of means, at the second moments with which
        the loss begins to grow. Networks are measured by the mean of the ratio, `batch_sharpness`
        of `sgdmem.training`, which is a little different. It needs the sixth moments of features:
        None unless these are Gaussian (tau1 = 1, tau2 = -1), or rows that are drawn with
        replacement.
    """

    batch_size: float
    sharpness: float
    batch_sharpness: float | None
    _method: Algorithm = field(repr=False)
    _problem: Problem = field(repr=False, compare=False)

    @cached_property
    def plateaus(self) -> SharpnessEdges:
        """Both plateaus of Batch Sharpness.

        That of small batches, which come close to it if they are far smaller than the number of
        features of one variance, and that of full ones.
        """
        return sharpness_edges(self._method)

    @cached_property
    def crossover_batch_size(self) -> float:
        """Where noise halves the edge of full batches; 0 if that of no batch size does."""
        full = first_end(stability(self._method, self._problem).stable_scales)
        half = self._method.scaled(Fraction(full) / 2)  # the samples of data stay as they are
        return float(stability(half, self._problem, 1).critical_batch_size)


def stochastic_edge(method: Algorithm, problem: Any, batch_size: Any = math.inf) -> StochasticEdge:
    """Return the edge of stochastic stability of a method on the shape of a problem.

    Parameters
    ----------
    method : Algorithm
    problem : Problem, Spectrum or array of shape (n, d)
        Only the ratios of its eigenvalues count.
    batch_size : number, optional
        Full batches by default.

    Raises
    ------
    InputError
        As `sgdmem.stability`, and under weight decay.

    Examples
    --------
    >>> from sgdmem import heavy_ball
    >>> edge = stochastic_edge(heavy_ball("0.1", "0.9"), isotropic_features(1, 200), 1000)
    >>> round(edge.sharpness, 6), round(edge.batch_sharpness, 6)
    (7.885453, 10.791476)
    >>> edge.plateaus.small_batch, edge.plateaus.full_batch
    (2.0, 38.0)
    >>> round(edge.crossover_batch_size)  # 201 (1 + 0.9) / (1 - 0.9)
    3819
    """
    problem = as_problem(problem)
    require_no_weight_decay(problem, "the edge of stochastic stability")
    here = stability(require_algorithm(method, "method"), problem, batch_size)
    scale = first_end(here.stable_scales)
    if not 0 < scale < math.inf:
        raise InputError(
            "method is stable at no sharpness, or at every one: there is no edge of stability"
        )
    sharp = problem.spectrum.scaled(Fraction(scale))
    quotient = None
    if math.isinf(here.noise.batch_size) and (
        problem.noise == GAUSSIAN or problem.noise.samples is not None
    ):
        quotient = sharp.largest  # alone in what begins to grow
    elif problem.noise.samples is not None:
        samples, edge = problem.noise.samples, method.scaled(Fraction(scale))
        found = drawn_batch_sharpness(
            samples, here.noise.batch_size, growing_moments(edge, samples)
        )
        quotient = None if found is None else scale * found
    elif problem.noise == GAUSSIAN:
        # the same of a largest eigenvalue of 1, whose powers do not overflow
        unit = problem.spectrum.scaled(1 / Fraction(problem.spectrum.largest))
        moments = second_moments(method.scaled(Fraction(sharp.largest)), unit, here.noise)
        quotient = sharp.largest * batch_sharpness(unit, here.noise, moments)
    return StochasticEdge(here.noise.batch_size, sharp.largest, quotient, method, problem)


def first_end(scales: tuple[tuple[float, float], ...]) -> float:
    """Return where the interval of ``stable_scales`` ends that begins at 0; 0 if none does."""
    return scales[0][1] if scales and scales[0][0] == 0 else 0.0


def second_moments(method: Algorithm, spectrum: Spectrum, noise: BatchNoise) -> Array:
    r"""Return the second moments of each mode with which the loss grows at its edge.

    They are those of the point of the gradient, up to one factor: with the noise of all modes
    :math:`F=\sum\lambda_jn_j`, mode i has :math:`n_i\propto F\,(s_i/\lambda_i)/(1+\tau_2s_i/B)`.

    Returns
    -------
    ndarray of shape (N,)
        For the nodes of the spectrum, compressed if it is long.
    """
    nodes = _nodes(spectrum)[0]
    _, slopes = float_summands(midpoint_form(ball_form([method])), nodes[None, :])
    found: Array = slopes[0] / (1 + noise.tau2_values * nodes * slopes[0] / noise.batch_size)
    return found


def batch_sharpness(spectrum: Spectrum, noise: BatchNoise, moments: Array) -> float:
    r"""Return :math:`E g^TH_Bg/E|g|^2` of Gaussian features, where modes have second moments.

    With :math:`H_B` of B samples, :math:`t_k=\mathrm{Tr}H^k` and diagonal second moments, by the
    moments of the Wishart distribution,

    .. math:: E H_B^2 = (1+\tfrac1B)H^2+\tfrac{t_1}BH,\quad
        E H_B^3 = (1+\tfrac3B+\tfrac4{B^2})H^3 + (\tfrac1B+\tfrac1{B^2})(2t_1H^2+t_2H)
        + \tfrac{t_1^2}{B^2}H.
    """
    nodes, weights = _nodes(spectrum)
    γ = 1 / noise.batch_size
    t1, t2 = (float((weights * nodes**k).sum()) for k in (1, 2))
    second = (1 + γ) * nodes**2 + γ * t1 * nodes
    third = (1 + 3 * γ + 4 * γ**2) * nodes**3 + γ * (1 + γ) * (2 * t1 * nodes**2 + t2 * nodes)
    third += (γ * t1) ** 2 * nodes
    return float((weights * moments * third).sum() / (weights * moments * second).sum())


def _nodes(spectrum: Spectrum) -> tuple[Array, Array]:
    short = spectrum.compress()
    return short.nodes, short.weights
