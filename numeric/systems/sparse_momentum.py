r"""Momentum under sparse updates (arXiv 2605.28961).

Problem
    Least squares on inputs that are mostly zero (`SparseInputs`): a coordinate is active with a
    probability p, so that a batch of B samples moves it at
    :math:`P=1-(1-p)^B` of the steps only.
Algorithm
    SGDM, :math:`m\leftarrow\beta m+(1-\beta)g,\ w\leftarrow w-\eta m`: momentum decays at every
    step, also where nothing arrives.
Guarantee
    Where all coordinates are alike the mean loss tends to 0 exactly if

    .. math:: \frac2\eta > \frac{F-p}B + p\,\frac{1-\beta}{1+\beta}

    for inputs of variance 1 when active, with the mean square F of an input in which a given
    coordinate is active; other inputs have exact verdicts too. In high dimensions two clocks of
    `active_clock` say how: momentum remembers so many active updates, and learning takes so many.

References
----------
    Dynamics of stochastic momentum with sparse updates in high dimensions, arXiv 2605.28961 (2026).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np

from sgdmem.numeric.arithmetic.arrays import list_entries, require_generator
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import (
    below_one,
    bounded_float,
    lengths,
    number,
    positive,
    positive_float,
    whole,
)
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

_LEAST = Fraction(1, 10**90)  # whose inverse is no longer a noise, beyond
Activity = Literal["shared", "independent", "exclusive"]


@dataclass(frozen=True, init=False)
class SparseInputs:
    r"""Inputs x that are zero in most places: groups of coordinates, each with its probability.

    Parameters
    ----------
    probabilities : number, or sequence of numbers, shape (K,)
        From :math:`10^{-90}` to 1: how often the coordinates of each group are active.
    dimension : int
        Coordinates of each group.
    activity : "shared", "independent" or "exclusive"
        Whether the coordinates of a group are active together, and groups independently;
        or each coordinate by itself; or together, and at most one group at a time, as tokens are.
    signs : bool
        Whether active coordinates are :math:`\pm\sqrt c`, and not Gaussian of variance c.
    variance : number
        c, of active coordinates.

    Raises
    ------
    InputError
        For numbers out of their range, and exclusive groups with probabilities that sum to more
        than 1.

    Examples
    --------
    >>> from sgdmem import largest_learning_rate
    >>> inputs = SparseInputs("0.01", 100)
    >>> print(inputs)
    1 group of dimension 100, active with probability 0.01, shared; Gaussian, variance 1
    >>> print(inputs.problem)
    eigenvalues [0.01], 100 modes; tau1 = 100, tau2 = -199
    >>> round(largest_learning_rate("sgdm", inputs.problem, 16, momentum="0.9"), 6)
    0.31373
    """

    probabilities: tuple[Fraction, ...]
    dimension: int
    activity: Activity
    signs: bool
    variance: Fraction

    def __init__(
        self,
        probabilities: Any,
        dimension: Any = 1,
        *,
        activity: Activity = "shared",
        signs: bool = False,
        variance: Any = 1,
    ) -> None:
        given = probabilities if is_list(probabilities) else [probabilities]
        read = tuple(number(p, "probabilities") for p in list_entries(given, "probabilities"))
        if not read or not all(_LEAST <= p <= 1 for p in read):
            raise InputError(
                "probabilities must be above 0, 1e-90 at least, and up to 1, "
                f"got {shown(probabilities)}"
            )
        if activity not in get_args(Activity):
            known = ", ".join(get_args(Activity))
            raise InputError(f"activity must be among {known}, got {shown(activity)}")
        if activity == "exclusive" and sum(read) > 1 + Fraction(1, 10**9):  # rounding of floats
            raise InputError(
                f"probabilities of exclusive groups must sum to 1 or less, got {float(sum(read)):g}"
            )
        bounded_float(variance, "variance", 1e100)
        vars(self).update(  # frozen
            probabilities=read,
            dimension=whole(dimension, "dimension", 1, 10**100),
            activity=activity,
            signs=bool(signs),
            variance=positive(variance, "variance"),  # exact
        )

    def __str__(self) -> str:
        low, high = float(min(self.probabilities)), float(max(self.probabilities))
        count = len(self.probabilities)
        groups = f"{count} groups" if count > 1 else "1 group"
        chance = f"{low:.4g} to {high:.4g}" if low < high else f"{low:.4g}"
        return (
            f"{groups} of dimension {self.dimension}, active with probability {chance}, "
            f"{self.activity}; {'signs' if self.signs else 'Gaussian'}, variance {self.variance}"
        )

    @property
    def curvatures(self) -> tuple[Fraction, ...]:
        """Of each group: its probability times the variance."""
        return tuple(p * self.variance for p in self.probabilities)

    @property
    def problem(self) -> Problem:
        r"""Least squares on these inputs, exactly, from a distance of 1 in each coordinate.

        The noise is that of `Noise.coupled`, with :math:`T_{ij}=E[x_i^2x_j^2]/\lambda_i\lambda_j`
        of different coordinates and :math:`T_{ii}-\tau_{2,i}=E[x_i^4]/\lambda_i^2-1`: as the signs
        of coordinates are independent, moments of different coordinates do not feed those of one.
        """
        groups = [sparse_noise(p, self.activity, self.signs) for p in self.probabilities]
        own, tau2 = ([pair[place] for pair in groups] for place in (0, 1))
        spectrum = Spectrum(self.curvatures, [self.dimension] * len(own))
        return Problem(spectrum, self._noise(own, tau2), target=[1] * len(own))

    def _noise(self, own: Sequence[Fraction], tau2: list[Fraction]) -> Noise:
        if len(own) == 1:
            return Noise(own[0], tau2[0])
        if self.activity == "independent":
            return Noise(1, tau2)
        if self.activity == "exclusive":
            return Noise.coupled([[[T]] for T in own], tau2)
        return Noise.coupled(
            [[T if i == j else 1 for j in range(len(own))] for i, T in enumerate(own)], tau2
        )

    def only(self, place: int) -> SparseInputs:
        """Return one of the groups alone, counted from 0."""
        place = whole(place, "place", 0, len(self.probabilities) - 1)
        kind: dict[str, Any] = {"activity": self.activity, "signs": self.signs}
        p = self.probabilities[place]
        return SparseInputs(p, self.dimension, variance=self.variance, **kind)

    def draw(self, rng: np.random.Generator, shape: int | tuple[int, ...]) -> Array:
        """Draw inputs.

        Returns
        -------
        ndarray
            With a last axis of K times the dimension more than the shape: group after group.

        Examples
        --------
        >>> tokens = SparseInputs(["0.5", "0.3"], activity="exclusive", signs=True)
        >>> rows = tokens.draw(np.random.default_rng(0), 10_000)
        >>> print((rows != 0).mean(axis=0).round(1), (rows != 0).sum(axis=1).max())
        [0.5 0.3] 1
        """
        rng, lead = require_generator(rng), lengths(shape, "shape")
        p = np.array(self.probabilities, dtype=float)
        full = (*lead, p.size, self.dimension)
        if self.activity == "exclusive":
            token = np.searchsorted(np.cumsum(p), rng.random(lead), side="right")
            active = (token[..., None] == np.arange(p.size))[..., None]
        else:
            copies = self.dimension if self.activity == "independent" else 1
            active = rng.random((*lead, p.size, copies)) < p[:, None]
        values = rng.choice([-1.0, 1.0], size=full) if self.signs else rng.normal(size=full)
        found: Array = np.sqrt(float(self.variance)) * active * values
        return found.reshape(*lead, p.size * self.dimension)


def sparse_noise(
    probability: Any, activity: Activity = "shared", signs: bool = False
) -> tuple[Any, Any]:
    """Return T between coordinates of a group, and its tau2; of a symbol, too.

    Examples
    --------
    >>> sparse_noise(Fraction(1, 100))
    (Fraction(100, 1), Fraction(-199, 1))
    """
    own = probability / probability if activity == "independent" else 1 / probability
    return own, 1 + own - (1 if signs else 3) / probability


@dataclass(frozen=True)
class ActiveClock:
    """Times in active updates: steps at which a coordinate hears something.

    Attributes
    ----------
    activity : float
        P, the probability that an update is active.
    retention : float
        How many active updates momentum holds: the present one, and older ones by their weights.
    learning : float
        How many of them it takes until the mean square error falls by a factor e, at small rates.
    """

    activity: float
    retention: float
    learning: float


def active_clock(
    probability: Any, learning_rate: Any, momentum: Any = 0, batch_size: Any = 1, variance: Any = 1
) -> ActiveClock:
    r"""Return how long SGDM remembers and learns, counted in active updates of a coordinate.

    .. math:: P=1-(1-p)^B,\qquad \text{retention } 1+\frac{P\beta}{1-\beta},\qquad
        \text{learning } \frac P{2\eta\lambda}

    with :math:`\lambda=pc`. In steps they are these over P.

    Parameters
    ----------
    probability : number
        p.
    learning_rate : number
    momentum : number
        From 0 to 1, without 1.
    batch_size : number
    variance : number
        c.

    Raises
    ------
    InputError
        For numbers out of their range.

    Examples
    --------
    >>> clock = active_clock("0.01", "0.5", "0.99", 16)
    >>> round(clock.activity, 4), round(clock.retention, 4), round(clock.learning, 4)
    (0.1485, 15.7057, 14.8542)
    """
    p, β = positive_float(probability, "probability"), below_one(momentum, "momentum")
    if p > 1:
        raise InputError(f"probability must be up to 1, got {shown(probability)}")
    B = positive_float(batch_size, "batch_size")
    rate, c = positive_float(learning_rate, "learning_rate"), positive_float(variance, "variance")
    pull = rate * p * c
    if not 0 < pull < math.inf:
        raise InputError(
            "learning_rate times probability and variance must be within the range of floats, "
            f"got {shown(learning_rate)}"
        )
    P = 1.0 if p == 1 else float(active_share(p, B, np))
    return ActiveClock(P, *active_times(P, pull, float(1 - β)))


def active_share(probability: Any, batch_size: Any, functions: Any) -> Any:
    """Return P, accurately for small p too, by expm1 and log1p of a module; of symbols, too.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from sympy.codegen import cfunctions
    >>> active_share(Symbol("p"), Symbol("B"), cfunctions)
    -expm1(B*log1p(-p))
    """
    return -functions.expm1(batch_size * functions.log1p(-probability))


def active_times(activity: Any, pull: Any, damping: Any) -> tuple[Any, Any]:
    r"""Return retention and learning, of P, :math:`\eta\lambda` and :math:`1-\beta`; symbols, too.

    Examples
    --------
    >>> active_times(0.5, 0.125, 0.25)
    (2.5, 2.0)
    """
    return 1 + activity * (1 - damping) / damping, activity / (2 * pull)
