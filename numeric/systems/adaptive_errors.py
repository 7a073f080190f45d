r"""Ends and expected test errors of adaptive methods, also where most labels are -1.

Of a labels 1 and b labels -1, :math:`1\le a\le b`, signs leave the ray, and the end depends on the
rates. In the limit of small ones it does not, and depends on :math:`\rho=a/b` alone. By symmetry
points with one label have one residual, :math:`r_1` or :math:`r_2`, from (1, -1), and the gradients
are, but for signs and sizes, :math:`\rho r_1-r_2` of the label, :math:`\rho r_1+r_2` of the two
ones, :math:`r_1` and :math:`r_2` of own features.

*RMSProp and Adam* forget sizes within a few small steps: :math:`w'=\mathrm{sign}`. Until
:math:`\tau_1=(1-\rho)/8` weights of ones fall, :math:`r_1` stays at 1, and :math:`r_2` goes to
:math:`-\rho`. Then they rise, :math:`r_1'=-4`, and :math:`r_2'=4` until it is 0 after
:math:`\rho/4`; there its own weights slide, as signs of either kind lead back, and :math:`r_1` is 0
after another :math:`(1-\rho)/4`. So the label's weight ends at :math:`(3-\rho)/8`, those of the
ones at :math:`(1+\rho)/8`. A new point with the label -1 has the score :math:`(3\rho-1)/8`: for
:math:`\rho>\frac13` the error is 1 - p, below 0. At :math:`\frac13` the limit is on the boundary,
which counts as an error; of runs with small rates the side depends on the betas.

*AdaGrad* follows :math:`w_j'=g_j/\sqrt{\int g_j^2}`, which is integrated. Its error is 1 - p for
:math:`\rho>0.2650`, 0 between, and p, all answers being -1, for :math:`\rho<0.0074`. At
:math:`\rho=1` weights of the ones slide from the start: :math:`r_2=-r_1`, all weights stay equal,
and end at 1/4, as on the ray.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.systems.adaptive_methods import (
    SHARED,
    AdaptiveProblem,
    probability,
    wrong_answers,
)
from sgdmem.symbolic.errors import InputError, shown

METHODS = ("adagrad", "rmsprop", "adam")
_GROUPS = np.array([[1, 2, 1, 0], [-1, 2, 0, 5.0]])  # what weights of each kind add to a point


def small_rate_solution(problem: AdaptiveProblem, method: str) -> Array:
    """Return the solution that an adaptive method tends to from 0, in the limit of small rates.

    Where it stays on its ray, `AdaptiveProblem.sign_solution`, that holds for any rates.

    Parameters
    ----------
    problem : AdaptiveProblem
    method : str
        "adagrad", "rmsprop" or "adam".

    Returns
    -------
    array, shape (3 + 5 n,)
        Of Fraction, but of float for AdaGrad with fewer labels 1 than -1, to nine digits.

    Raises
    ------
    InputError
        For another method.

    Examples
    --------
    >>> from sgdmem.systems import adaptive_problem
    >>> problem = adaptive_problem([1, -1, -1])
    >>> print(*small_rate_solution(problem, "rmsprop")[:3])
    5/16 3/16 3/16
    >>> print(*small_rate_solution(problem, "adagrad")[:3].round(6))
    0.272018 0.208762 0.208762
    """
    if method not in METHODS:
        raise InputError(f"method must be among {', '.join(METHODS)}, got {shown(method)}")
    signs = problem.sign_solution()
    if signs is not None:
        return signs
    ratio = Fraction(problem.labels.count(1), problem.labels.count(-1))
    flows = method == "adagrad" and ratio < 1
    ends: Any = _adagrad_end(float(ratio)) if flows else _sign_end(ratio)
    label, ones, own_one, own_other = ends
    own = problem.own * np.where(problem.y > 0, own_one, own_other)[:, None]
    return np.concatenate([[label, ones, ones], own.ravel()])


class AdaptiveErrors(NamedTuple):
    """Test errors in the mean over labels for training, exactly.

    Attributes
    ----------
    gradient_descent : Fraction
        Of the solution of least norm.
    adaptive : Fraction
        From the labels for which adaptive methods stay on their ray: a lower bound of the whole.
    undecided : Fraction
        Probability of the other labels: some are 1, but no more than are -1.
    majority : Fraction
        Probability that most labels are 1.
    signs : Fraction
        Of the limit of RMSProp and Adam for small rates; its boundary counts as an error.
    adagrad : Fraction
        Of that of AdaGrad.
    """

    gradient_descent: Fraction
    adaptive: Fraction
    undecided: Fraction
    majority: Fraction
    signs: Fraction
    adagrad: Fraction

    def __str__(self) -> str:
        """Return decimals: fractions may have hundreds of digits."""
        values = (f"{name} {float(value):.6g}" for name, value in self._asdict().items())
        return ", ".join(values).replace("_", " ")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"


def adaptive_errors(n: Any, p: Any) -> AdaptiveErrors:
    """Return the expected test errors for n labels, 1 with the probability p.

    Parameters
    ----------
    n : int
        Up to 200: some seconds the first time.
    p : number
        From 0 to 1. A float is its exact binary value, as everywhere: ``"0.9"`` or
        ``Fraction(9, 10)`` is nine tenths, and has the shorter fractions.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> print(*adaptive_errors(3, "0.6"))
    78/625 186/625 36/125 81/125 258/625 258/625
    >>> adaptive_errors(3, 0.5)
    <AdaptiveErrors: gradient descent 0.125, adaptive 0.3125, undecided 0.375,
    majority 0.5, signs 0.5, adagrad 0.5>
    """
    n, share = whole(n, "n", 1, 200), probability(p)
    sums = [Fraction(0)] * 3
    ray = undecided = majority = Fraction(0)
    for ones in range(n + 1):
        chance = math.comb(n, ones) * share**ones * (1 - share) ** (n - ones)
        parts = [chance * (x * share + y * (1 - share)) for x, y in _cases(n, ones)]
        sums = [total + part for total, part in zip(sums, parts, strict=True)]
        if 1 <= ones <= n - ones:
            undecided += chance
        else:
            ray += parts[1]
        majority += chance if ones > n - ones else 0
    return AdaptiveErrors(sums[0], ray, undecided, majority, *sums[1:])


@lru_cache(maxsize=10_000)
def _cases(n: int, ones: int) -> tuple[tuple[int, int], ...]:
    """Return which labels solutions miss, 1 and -1: of least norm, of signs, of AdaGrad."""
    problem = AdaptiveProblem((1,) * ones + (-1,) * (n - ones))
    signs = wrong_answers(small_rate_solution(problem, "rmsprop"))
    others = n - ones
    if not 1 <= ones <= others:
        adagrad = signs
    else:
        few, many = _adagrad_thresholds()
        adagrad = (int(ones < few * others), int(ones > many * others))
    return wrong_answers(problem.shared_change(problem.y)), signs, adagrad


def _sign_end(ratio: Fraction) -> tuple[Fraction, ...]:
    """Return the weights: of the label, of ones, own of points with the labels 1 and -1."""
    falling, rising, sliding = (1 - ratio) / 8, ratio / 4, (1 - ratio) / 4
    label = falling + rising + sliding
    return label, rising + sliding - falling, label, -falling - rising - sliding / 5


@lru_cache(maxsize=1000)
def _adagrad_end(ratio: float) -> tuple[float, ...]:
    """Return the same of AdaGrad's flow, ratio < 1; squared time, for its roots at the start."""
    from scipy.integrate import solve_ivp

    heard = np.array([[ratio, -1], [ratio, 1], [1, 0], [0, 1]])
    y = np.array([1.0, -1.0])

    def speed(x: float, z: Array) -> Array:
        g = heard @ (y - _GROUPS @ z[:4])
        step = np.divide(2 * x * g, np.sqrt(z[4:]), out=np.zeros(4), where=z[4:] > 0)
        return np.concatenate([step, 2 * x * g**2])

    first, g = 1e-6, heard @ y
    start = np.concatenate([2 * first * np.sign(g), (g * first) ** 2])
    end = solve_ivp(speed, (first, 60), start, "LSODA", rtol=1e-10, atol=1e-14).y[:4, -1]
    return tuple(end.tolist())


@lru_cache(maxsize=1)
def _adagrad_thresholds() -> tuple[float, ...]:
    """Return the ratios below which labels 1, and above which labels -1 are missed."""
    from scipy.optimize import brentq

    def score(ratio: float, label: int) -> float:
        end = _adagrad_end(ratio)
        return label * end[0] + (SHARED - 1) * end[1]

    return tuple(
        float(brentq(score, low, high, args=(label,), xtol=1e-6))
        for label, low, high in ((1, 0.001, 0.1), (-1, 0.1, 0.9))
    )
