r"""Logistic regression with a rare class, its mean dynamics closed (arXiv 2605.28961).

Problem
    A common class :math:`x=Z`, and a rare one, of probability p, :math:`x=\mu+Z`, with Gaussian Z
    in d dimensions (`RareClass`). The bias is held where it is best; then the best weights are
    :math:`\mu`, and nearly all gradients come from the rare class.
Algorithm
    SGDM, :math:`m\leftarrow\beta m+(1-\beta)g,\ w\leftarrow w-\eta m`.
Guarantee
    None but a limit: `RareClass.run` follows means, as if the weights along :math:`\mu` and the
    squared length of the rest did not vary from run to run. Both vary less and less in high
    dimensions at learning rates of the order 1/d. The moments of gradients are exact, by Stein's
    lemma; the paper calls the dynamics exact.

References
----------
    Dynamics of stochastic momentum with sparse updates in high dimensions, arXiv 2605.28961 (2026).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.special import expit

from sgdmem.numeric.arithmetic.arrays import require_generator
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import (
    below_one,
    bounded_float,
    lengths,
    number,
    positive_float,
    whole,
)
from sgdmem.symbolic.errors import InputError, shown

_NODES = 200  # of Gauss-Hermite quadrature
_MOST_STEPS, _LARGEST = 10**7, 1e50  # of lengths and rates: their squares are floats


@dataclass(frozen=True)
class GradientMoments:
    r"""Moments of the gradient of one sample, :math:`(\sigma-y)x`.

    Attributes
    ----------
    along : float
        Mean along :math:`\mu`.
    pull : float
        The mean across is so many times the weights across.
    square : float
        Of the part across, the mean square.
    """

    along: float
    pull: float
    square: float


@dataclass(frozen=True)
class RareClassRun:
    r"""Means of a run.

    Attributes
    ----------
    along : ndarray, shape (steps + 1,)
        Of :math:`w\cdot\mu/|\mu|`, best at :math:`|\mu|`.
    across : ndarray, shape (steps + 1,)
        Of the squared length of the rest of w, best at 0.
    """

    along: Array
    across: Array


@dataclass(frozen=True, init=False)
class RareClass:
    r"""Two Gaussian classes of unequal size.

    Parameters
    ----------
    probability : number
        p of the rare class, between 0 and 1.
    separation : number
        :math:`\rho=|\mu|`, positive.
    dimension : int
        d, at least 2.

    Raises
    ------
    InputError
        For numbers out of their range.

    Examples
    --------
    >>> model = RareClass("0.05", 2, 200)
    >>> run = model.run(8, 100, learning_rate="0.5", momentum="0.9")
    >>> print(run.along[[0, 100]].round(3), run.across[[0, 100]].round(3))
    [0.    1.514] [ 0.    10.101]
    """

    probability: float
    separation: float
    dimension: int

    def __init__(self, probability: Any, separation: Any, dimension: Any) -> None:
        p = positive_float(probability, "probability")
        if p >= 1:
            raise InputError(f"probability must be below 1, got {shown(probability)}")
        vars(self).update(  # frozen
            probability=p,
            separation=bounded_float(separation, "separation", _LARGEST),
            dimension=whole(dimension, "dimension", 2, 10**15),
        )

    @property
    def bias(self) -> float:
        """The best one, with the best weights."""
        p = self.probability
        return math.log(p / (1 - p)) - self.separation**2 / 2

    def gradient_moments(self, along: Any, across: Any) -> GradientMoments:
        r"""Return moments of the gradient at weights with these two lengths (across squared).

        Logits are Gaussian in either class; with their variance V, :math:`E[h(z)z_i]=w_iE[h']`
        and :math:`E[h(z)z_i^2]=E[h]+w_i^2E[h'']`.

        Raises
        ------
        InputError
            For what are no lengths.
        """
        return self._moments(*_weights(along, across))

    def _moments(self, along: float, across: float) -> GradientMoments:
        p, ρ, d = self.probability, self.separation, self.dimension
        points, weights = _quadrature()
        spread = math.sqrt(along**2 + across) * points + self.bias
        pull = first = square = bend = 0.0
        for share, label, shift in ((1 - p, 0, 0.0), (p, 1, along * ρ)):
            σ = expit(spread + shift)
            slope, error = σ * (1 - σ), σ - label
            pull += share * float(weights @ slope)
            square += share * float(weights @ error**2)
            bend += share * 2 * float(weights @ (slope * (slope + error * (1 - 2 * σ))))
            first += label * share * float(weights @ error)
        return GradientMoments(pull * along + first * ρ, pull, (d - 1) * square + across * bend)

    def run(
        self,
        batch_size: Any,
        steps: Any,
        *,
        learning_rate: Any,
        momentum: Any = 0,
        along: Any = 0,
        across: Any = 0,
    ) -> RareClassRun:
        """Return the means of a run of SGDM, closed.

        Parameters
        ----------
        batch_size : number
        steps : int
        learning_rate, momentum : number
        along, across : number
            Of the weights at the start.

        Raises
        ------
        InputError
            For numbers out of their range.
        """
        γ = 1 / bounded_float(batch_size, "batch_size", _LARGEST)
        count = whole(steps, "steps", 0, _MOST_STEPS)
        η = bounded_float(learning_rate, "learning_rate", _LARGEST)
        β = float(below_one(momentum, "momentum"))
        m, R = _weights(along, across)
        ε = 1 - β
        u = C = V = 0.0  # momentum along; across its product with the weights, and its square
        found = [(m, R)]
        for _ in range(count):
            moments = self._moments(m, R)
            pull, square = moments.pull, moments.square
            u = β * u + ε * moments.along
            m -= η * u
            batch = γ * square + (1 - γ) * pull**2 * R
            V = β**2 * V + 2 * β * ε * pull * C + ε**2 * batch
            X = β * C + ε * pull * R
            R, C = max(R - 2 * η * X + η**2 * V, 0.0), X - η * V
            found.append((m, R))
        return RareClassRun(*np.array(found).T)

    def draw(self, rng: np.random.Generator, shape: int | tuple[int, ...]) -> tuple[Array, Array]:
        """Draw inputs and labels; the first coordinate is along mu.

        Returns
        -------
        (ndarray, ndarray)
            Of the shape with an axis of d more, and of the shape.
        """
        rng, lead = require_generator(rng), lengths(shape, "shape")
        rare = rng.random(lead) < self.probability
        X = rng.normal(size=(*lead, self.dimension))
        X[..., 0] += self.separation * rare
        return X, rare.astype(float)


def _weights(along: Any, across: Any) -> tuple[float, float]:
    m, R = number(along, "along"), number(across, "across")
    if abs(m) > _LARGEST:
        raise InputError(f"along must be up to {_LARGEST:g} in size, got {shown(along)}")
    if not 0 <= R <= _LARGEST**2:
        raise InputError(
            f"across must not be negative, and up to {_LARGEST**2:g}, got {shown(across)}"
        )
    return float(m), float(R)


@cache
def _quadrature() -> tuple[Array, Array]:
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    return points, weights / weights.sum()
