r"""What no linear method can beat, whatever its memory and its schedule.

A linear first-order method takes gradients of batches :math:`B_s` at the points :math:`y_s`, and

.. math:: y_r=w_0-\sum_{s<r}K_{rs}(Hy_s+\text{error}_s),\qquad 0\le r\le t,

with any numbers :math:`K_{rs}`; the last of these points is what it returns. Let the noise have
:math:`\tau_k=\tau_1-\max(\tau_{2,k},0)`, let :math:`n=\sum B_s` samples be seen, and

.. math:: d(\sigma)=\sum_k\tau_k\,\varphi(\lambda_k\sigma),\qquad
    S(\sigma)=\sum_k\frac{\lambda_kc_k^2}{(1+\lambda_k\sigma)^2},

where :math:`\varphi(x)` is the larger one of :math:`x^2/(1+x)^2` and
:math:`2\ln m-1+m^{-2}`, :math:`m=\max(1,x-1)`. The mean loss is at least what the largest convex
function below the curve of :math:`(d(\sigma),\frac12S(\sigma))` has at n. That curve is the bias of
ridge regression with the penalty :math:`1/\sigma` against its degrees of freedom, or more.

For Gaussian features the loss is also at least half the sum of all :math:`\lambda_kc_k^2` but the n
largest: what n samples tell of w has rank n. Proofs are in docs/theory/universal-bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.losses.loss_recursion import MOST_STEPS
from sgdmem.numeric.problems.batch_size import inverse_batch_size
from sgdmem.numeric.problems.problem import (
    Problem,
    as_problem,
    require_no_weight_decay,
    require_target,
)
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError

_ROUNDING = 1e-6  # relative: of all sums, and of eigenvalues that are known to 1e-9
_FINE = 1.01  # from one eigenvalue of a group to the next, and from one sigma to the next
_FIRST = 1e-4  # sigma times the largest eigenvalue
_LEAST = 1e-60  # of the loss at the start: less reads as 0
_FURTHER = 20  # the curve is followed to this many times the samples
_ALONE = 1000  # first eigenvalues of a power law that are groups of their own
_BEYOND = 1e4  # groups go on to this many times the samples over tau


def loss_bound(problem: Any, batch_size: Any, steps: int) -> Array:
    r"""Return what the mean loss of no linear method is below, after 0 ... steps gradients.

    Proved for all methods that are linear in the gradients: any memory, any schedule, averages and
    extrapolations included, without preconditioning. It is no advice: how near methods can come is
    not known, but its exponent on power laws, nu times min(zeta, 2), is right where 1 < nu <= 2.

    Parameters
    ----------
    problem : Problem
        With a target, noise of tau1 and tau2, and no weight decay.
    batch_size : number > 0
        B. Full batches, math.inf, have no noise, and the bound is 0; so it is for tau2 >= tau1.
    steps : int
        How many gradients, up to 10**8.

    Returns
    -------
    ndarray, shape (steps + 1,)
        Falling; at first up to 2e-4 below the loss of the start. What is below 1e-60 of that is
        given as 0, and proves nothing.

    Raises
    ------
    InputError
        For another problem, and an argument outside its domain.

    Examples
    --------
    >>> from sgdmem import losses, sgd
    >>> problem = Problem.power_law(2, zeta=0.4)
    >>> bound = loss_bound(problem, 10, 1000)
    >>> found = losses(sgd("0.5"), problem, 10, 1000)
    >>> bool((found > bound).all())
    True
    """
    question = as_problem(problem)
    noise = question.noise
    require_target(question)
    require_no_weight_decay(question, "a bound for all linear methods")
    if noise.samples is not None or noise.coupling is not None:
        raise InputError(
            "problem must have noise of tau1 and tau2, for which the bound is proved: of data "
            "Problem.from_data(X, y, noise=Noise.fit(X)) has it"
        )
    steps = whole(steps, "steps", 0, MOST_STEPS)
    inverse = inverse_batch_size(batch_size)
    if not inverse or noise.largest_tau2 >= noise.tau1:
        return np.zeros(steps + 1)  # batches may be without noise
    samples = np.arange(steps + 1.0) / to_float(inverse)
    tau = to_float(noise.tau1) - max(float(noise.largest_tau2), 0.0)
    if not tau > 0 or math.isinf(float(samples[-1]) / tau):
        return np.zeros(steps + 1)  # or next to none
    if isinstance(question.target, PowerLawTarget) and isinstance(noise.tau2, Fraction):
        groups = _Groups.of_law(question, samples[-1])
        found = groups.noise_bound(samples)
    else:
        groups = _Groups.listed(question)
        found = groups.binned().noise_bound(samples)
    if inverse.numerator == 1 and noise.tau1 == 1 and noise.tau2 == -1:
        found = np.maximum(found, groups.rank_bound(samples))
    return (1 - _ROUNDING) * found


@dataclass(frozen=True)
class _Groups:
    r"""Groups of eigenvalues: their least and largest, tau times their number, and their masses.

    Masses are :math:`\lambda_kc_k^2`. Both sums of the bound fall if every eigenvalue of a group is
    taken for its least one in d, and for its largest one in S.
    """

    least: Array
    largest: Array
    taus: Array
    masses: Array
    counts: Array

    @classmethod
    def listed(cls, problem: Problem) -> _Groups:
        """Take what is listed, each eigenvalue with its copies."""
        spectrum, noise = problem.spectrum.listed(), problem.noise
        h, counts = spectrum.eigenvalues, spectrum.weights
        # a share of a mode is less than what its noise is subtracted for
        taus = to_float(noise.tau1) - np.maximum(noise.tau2_values, 0) / np.minimum(counts, 1)
        taus = taus * counts if np.min(taus) > 0 else np.zeros(h.size)
        return cls(h, h, taus, require_target(problem).masses(problem.spectrum), counts)

    def binned(self) -> _Groups:
        """Return bins of eigenvalues, if there are many."""
        if self.least.size <= _ALONE:
            return self
        _, place = np.unique(np.floor(np.log(self.least) / math.log(_FINE)), return_inverse=True)
        many = int(place.max()) + 1
        least, largest = np.full(many, np.inf), np.zeros(many)
        np.minimum.at(least, place, self.least)
        np.maximum.at(largest, place, self.largest)
        sums = (np.bincount(place, x) for x in (self.taus, self.masses, self.counts))
        return _Groups(least, largest, *sums)

    @classmethod
    def of_law(cls, problem: Problem, samples: float) -> _Groups:
        """Group a power law, of which all beyond the last group have their masses alone."""
        from scipy.special import zeta

        law, target, noise = problem.spectrum.law, problem.target, problem.noise
        tau = to_float(noise.tau1) - max(float(noise.tau2_values), 0)
        assert law is not None and isinstance(target, PowerLawTarget)
        last = math.inf if law.count is None else law.count + 1.0
        top = _BEYOND * (_ALONE + samples / tau)
        later = np.geomspace(_ALONE, top, int(math.log(top / _ALONE) / math.log(_FINE)) + 2)
        first = np.unique(np.concatenate([np.arange(1.0, _ALONE), later.round()]))
        first = first[first < last]
        power = 1 + law.exponent * target.exponent
        rest = 0.0 if math.isinf(last) else float(zeta(power, last))
        masses = target.first_mass(law) * -np.diff(np.append(zeta(power, first), rest))
        ends = np.append(first[1:], last)
        with np.errstate(under="ignore"):
            least, largest = (law.scale * k**-law.exponent for k in (ends - 1, first))
        counts = ends - first
        taus = np.where(np.isinf(counts), 0, tau * counts)
        return cls(least, largest, taus, masses, counts)

    def noise_bound(self, samples: Array) -> Array:
        """Return what the largest convex function below the curve has at numbers of samples."""
        d, S = [0.0], [self.masses.sum()]
        sigma = _FIRST / self.largest.max()
        while d[-1] < _FURTHER * samples[-1] and S[-1] > _LEAST * S[0]:
            S.append((self.masses / (1 + sigma * self.largest) ** 2).sum())
            d.append((self.taus * least_noise(sigma * self.least)).sum())
            sigma *= _FINE
        # between two sigmas d is at least that of the first, and S that of the second
        x, y = np.array(d), np.array([*S[1:], 0.0])
        hull: list[int] = []
        for place in range(x.size):
            while len(hull) > 1 and _is_above(x, y, hull[-2], hull[-1], place):
                hull.pop()
            hull.append(place)
        return np.interp(samples, x[hull], y[hull] / 2, right=0.0)

    def rank_bound(self, samples: Array) -> Array:
        """Return half of the sum of all masses but the largest, as many as there are samples."""
        each = self.masses / self.counts
        order = np.argsort(-each)
        masses, each = (np.append(x[order], 0) for x in (self.masses, each))
        alike = np.append(self.least == self.largest, True)[np.append(order, order.size)]
        ends = np.cumsum(self.counts[order])
        left = np.append(np.cumsum(masses[::-1])[::-1][1:], 0)  # after each group
        place = np.searchsorted(ends, samples)  # of the last sample
        rest = np.append(ends, np.inf)[place] - samples
        split = np.where(alike[place], each[place] * np.where(np.isinf(rest), 0, rest), 0)
        found: Array = (left[place] + split) / 2
        return found


def least_noise(x: Array) -> Array:
    r"""Return :math:`\varphi(x)`, the least square of A/(1+A) of triangular A with the norm x."""
    m = np.maximum(x - 1, 1)
    found: Array = np.maximum((x / (1 + x)) ** 2, 2 * np.log(m) - 1 + m**-2)
    return found


def _is_above(x: Array, y: Array, first: int, middle: int, last: int) -> bool:
    """Return whether the middle one of three points is on the line of the others, or above."""
    return bool(
        (y[middle] - y[first]) * (x[last] - x[first])
        >= (y[last] - y[first]) * (x[middle] - x[first])
    )
