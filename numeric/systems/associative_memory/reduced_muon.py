r"""What one step of Muon recovers, from the frequencies alone: no matrix is drawn.

Problem
    That of `AssociativeMemory`, in large dimensions, of the population or of a batch with the
    shares :math:`q_i` of items.
Algorithm
    With singular values :math:`\sigma` of the gradient, :math:`m(s)` is the mean of
    :math:`s/(\sigma^2+s^2)`. Items add independent matrices of rank 1 to the gradient, in
    directions that are almost orthogonal to all else, so that

    .. math:: \frac1{m(s)}=s+\frac1d\sum_i\frac{q_i^2m}{1+q_i^2m^2},\qquad
        f(q)=\frac2\pi\int_0^\infty\frac{q\,m^2}{1+q^2m^2}\,dt,\qquad s^2=\lambda^2+t^2.

    An item of the share q has the score :math:`f(q)` with its own output; those with others are
    normal, with the variance :math:`\rho^2=(1-\lambda m(\lambda))/d`. Lengths of embeddings vary
    like normal numbers, by :math:`1/\sqrt{2d}`.
Guarantee
    None at a finite d. Derived here with the means of free probability, not proved: spectra are
    replaced by their limits, and scores taken for independent. Statements compare it with memories
    drawn in full; the difference is 6% at d = 64 and 1% at d = 1024. The batch has Poisson
    numbers of items in place of multinomial ones. Where lambda is so large that Muon's step is
    that of SGD, scores of others are not normal, and this does not hold for fewer than d items.

References
----------
    J. Kim, E. Nichani, D. Wu, A. Bietti and J. D. Lee, Sharp capacity scaling of spectral
    optimizers in learning associative memory, arXiv 2603.26554 (2026).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float, positive_float, whole
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.symbolic.errors import InputError, shown

_EACH = 256  # items that are summed one by one; the others by Gauss's rule in log i
_RARE = 300  # items seen so often have their expected share
_POINTS = 400  # in log t
_HALVINGS = 60
_MOST_REGULARIZATION = 1e9


@dataclass(frozen=True, init=False)
class ReducedMuon:
    r"""Scores after one step of Muon in large dimensions.

    Parameters
    ----------
    dimension : int
        d, up to 10^9.
    exponent : number
        :math:`\alpha` of the frequencies, above 1/2.
    items : int, optional
        N, by default :math:`d^2`.
    batch_size : number or infinity
        Samples, expected; infinite for the population.
    regularization : number, optional
        :math:`\lambda`, up to 10^9; by default as `AssociativeMemory.regularization` has it.
    learned : int
        So many of the most frequent items have no gradient, below N.

    Raises
    ------
    InputError
        For numbers out of their range.

    Examples
    --------
    >>> round(ReducedMuon(512, "1.5").recovered)  # the mean of 6 memories drawn in full is 718.5
    735
    >>> [round(ReducedMuon(512, "1.5", batch_size=B).recovered) for B in (10, 1000, 10**5)]
    [7, 140, 800]
    """

    dimension: int
    exponent: float
    items: int
    batch_size: float
    learned: int
    regularization: float

    def __init__(
        self,
        dimension: Any,
        exponent: Any,
        items: Any = None,
        *,
        batch_size: Any = math.inf,
        regularization: Any = None,
        learned: Any = 0,
    ) -> None:
        d = whole(dimension, "dimension", 1, 10**9)
        alpha = read_exponent(exponent)
        infinite = is_infinite(batch_size)
        size = math.inf if infinite else positive_float(batch_size, "batch_size")
        if size < 1:
            raise InputError(f"batch_size must be at least 1, got {shown(batch_size)}")
        vars(self).update(  # frozen
            dimension=d,
            exponent=alpha,
            items=max(d**2, 2) if items is None else whole(items, "items", 2, 10**18),
            batch_size=size,
        )
        vars(self).update(learned=whole(learned, "learned", 0, self.items - 1))
        place = min(max(d, self.learned), self.items)
        floor = self._total**-1 * place**-alpha * math.sqrt(max(self.learned / d, 1))
        scale = max(floor, 1 / size)
        if regularization is not None:
            scale = positive_float(regularization, "regularization")
            if scale > _MOST_REGULARIZATION:
                raise InputError(f"regularization must be up to 1e9, got {shown(regularization)}")
        vars(self).update(regularization=scale)

    @cached_property
    def _total(self) -> float:
        i, weights = sampled_items(0, self.items)
        return float(weights @ i**-self.exponent)

    @cached_property
    def shares(self) -> tuple[Array, Array]:
        """Shares that items have in the gradient, and how many items are expected to have each."""
        i, weights = sampled_items(self.learned, self.items)
        p = i**-self.exponent / self._total
        if math.isinf(self.batch_size):
            return p, weights
        from scipy.special import gammaln

        rare = self.batch_size * p < _RARE
        counts = np.arange(1.0, 2 * _RARE)
        means = self.batch_size * p[rare]
        logarithms = counts[:, None] * np.log(means) - means - gammaln(counts + 1)[:, None]
        numbers = np.exp(logarithms) @ weights[rare]
        return (
            np.concatenate([p[~rare], counts / self.batch_size]),
            np.concatenate([weights[~rare], numbers]),
        )

    def resolvent_trace(self, s: Any) -> Array:
        r"""Return :math:`m(s)`, the mean of :math:`s/(\sigma^2+s^2)`, for s > 0, shape (n,)."""
        s = np.atleast_1d(np.asarray(s, float))
        if not (s > 0).all():
            raise InputError(f"s must be positive, got {shown(s)}")
        shares, numbers = self.shares
        squares, numbers = shares**2, numbers / self.dimension
        # of log m: what is compared with 1 rises with m, and q^2 m / (1 + q^2 m^2) <= q / 2
        low, high = -np.log(s + shares @ numbers / 2), -np.log(s)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            m = np.exp(middle)
            above = m * (s + (squares * m[:, None] / (1 + squares * m[:, None] ** 2)) @ numbers) > 1
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        found: Array = np.exp((low + high) / 2)
        return found

    @cached_property
    def _integrand(self) -> tuple[Array, Array]:
        """Values of m squared along t, and weights of the integral over t."""
        largest = max(float(self.shares[0].max()), self.regularization)
        logarithms = np.linspace(
            math.log(1e-4 * self.regularization), math.log(1e4 * largest), _POINTS
        )
        t = np.exp(logarithms)
        weights = t * (logarithms[1] - logarithms[0])
        weights[[0, -1]] *= 0.5
        weights[[0, -1]] += t[[0, -1]]  # below it is constant, above it falls like 1 / t^2
        return self.resolvent_trace(np.hypot(self.regularization, t)) ** 2, weights

    def own_scores(self, shares: Any) -> Array:
        """Return own scores of items with shares from 0 to 1, shape (n,)."""
        q = np.atleast_1d(np.asarray(shares, float))[:, None]
        squares, weights = self._integrand
        scores: Array = 2 / math.pi * (q * squares / (1 + q**2 * squares)) @ weights
        return scores

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the scores with others' outputs."""
        shares, numbers = self.shares
        m = float(self.resolvent_trace(self.regularization)[0])
        rest = shares**2 * m**2 / (1 + shares**2 * m**2)  # 1 - lambda m without cancellation
        return math.sqrt(float(rest @ numbers)) / self.dimension

    @cached_property
    def amplification(self) -> float:
        r"""How much more Muon raises rare items above the noise than SGD does.

        Own scores over the root mean square of others', :math:`f(q)/\rho` for small q, over that
        of SGD, :math:`qd/\sqrt{\sum_iq_i^2}`.
        """
        squares, weights = self._integrand
        shares, numbers = self.shares
        slope = 2 / math.pi * float(squares @ weights)
        plain = math.sqrt(float(shares**2 @ numbers))
        return slope / self.noise * plain / self.dimension

    @cached_property
    def recovered(self) -> float:
        """Expected number of recovered items that have a gradient; of those not seen, one in N."""
        shares, numbers = self.shares
        own = self.own_scores(shares)
        power = np.log(self.own_scores(1.001 * shares) / own) / math.log(1.001)
        won = chances(own / self.noise, power, self.dimension, self.items)
        return float(numbers @ won + (self.items - self.learned - numbers.sum()) / self.items)


def chances(signal: Array, power: Any, dimension: int, items: int) -> Array:
    """Return the probabilities that items are recovered, shape (n,).

    Parameters
    ----------
    signal : array, shape (n,)
        Own scores over the standard deviation of those with others' outputs.
    power : array, shape (n,), or number
        Own scores grow with the share to this power: so lengths of embeddings act on them.
    dimension, items : int
    """
    from scipy.special import log_ndtr

    spread = np.sqrt(1 + signal**2 * ((1 + power) ** 2 + power**2) / (2 * dimension))
    z = np.linspace(-7, 7, 281)
    normal = np.exp(-(z**2) / 2)
    below = (items - 1) * log_ndtr(signal[:, None] + spread[:, None] * z)
    found: Array = np.exp(below) @ (normal / normal.sum())
    return found


def read_exponent(given: Any) -> float:
    """Read an exponent of frequencies above 1/2, with which their squares have a sum."""
    alpha = bounded_float(given, "exponent", 30.0)
    if alpha <= 0.5:
        raise InputError(f"exponent must be above 1/2, got {shown(given)}")
    return alpha


def sampled_items(first: int, last: int) -> tuple[Array, Array]:
    """Return some of the items first + 1 to last, and how many each stands for in sums."""
    some = min(last - first, _EACH)
    i, weights = first + np.arange(1.0, some + 1), np.ones(some)
    if last - first > some:
        x, gauss = np.polynomial.legendre.leggauss(24)
        low, high = math.log(first + some + 0.5), math.log(last + 0.5)
        ends = np.linspace(low, high, max(2, math.ceil(high - low)))
        halves = np.diff(ends)[:, None] / 2
        rest = np.exp(ends[:-1, None] + halves * (1 + x))
        i = np.concatenate([i, rest.ravel()])
        weights = np.concatenate([weights, (halves * gauss * rest).ravel()])
    return i, weights
