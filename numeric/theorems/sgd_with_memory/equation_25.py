r"""Equation (25): the noise summand of memory 1 without tau2, where S is strictly stable.

With delta = 1 - D, :math:`q_0 = Q(0)` and :math:`\delta\alpha_{\rm eff} = -(q_0+q_1)`,

.. math:: s_\lambda = \lambda\,\frac{(2-\delta)\delta\alpha_{\rm eff}
    + \lambda q_0(2q_0+\delta\alpha_{\rm eff})}
    {(\delta+\lambda q_0)(4-2\delta-\lambda(2q_0+\delta\alpha_{\rm eff}))}.

Method: exact substitution. The summed squares of the impulse response come from the stationary
second moments :math:`X = SXS^T + vv^T`, solved in fractions, for random rational parameters at
which the roots of S lie inside the unit circle; some have a look-ahead a != 0, which must not
matter. Also the plain sum of squares of an impulse response, run in floats.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Dynamics, spectral_radius
from sgdmem.numeric.theorems.noise_summands import exact_noise_summand
from sgdmem.symbolic.algebra.scalars import Element
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.named_algorithms import memory_one

STATEMENT = Statement(
    "Equation (25)",
    "arXiv 2410.04228, Theorem 6 part 3, eq. (25)",
    tolerance=1e-14,
    reason="exact but for rounding to floats; 1e-14 is for summing an impulse response in floats",
)

_EXACT, _SUMMED = 25, 5  # cases
_STEPS = 1000


def claim(effective_rate: Element, q0: Element, damping: Element, lam: Element) -> Element:
    """Return s by eq. (25)."""
    sum_of_q = 2 * q0 + damping * effective_rate
    numerator = (2 - damping) * damping * effective_rate + lam * q0 * sum_of_q
    return lam * numerator / ((damping + lam * q0) * (4 - 2 * damping - lam * sum_of_q))


def check(claim: Claim = claim) -> list[Case]:
    """Compare with exact moments and with summed impulse responses."""
    rng = np.random.default_rng(25)
    cases: list[Case] = []
    while len(cases) < _EXACT + _SUMMED:
        summed = len(cases) >= _EXACT
        rate, q0, damping, lam = (
            Fraction(int(rng.integers(*bounds)), 60)
            for bounds in ((1, 240), (-30, 90), (12, 108) if summed else (1, 119), (6, 90))
        )
        algorithm = memory_one(rate, q0, damping)
        radius = spectral_radius(Dynamics.of(algorithm).matrix(float(lam)))
        if radius >= (0.95 if summed else 0.999):
            continue
        if summed:
            computed = _summed(algorithm, float(lam))
        else:
            ahead = Fraction(int(rng.integers(-3, 4)), 3)
            computed = float(exact_noise_summand(_looking_ahead(algorithm, ahead), lam))
        label = f"alpha_eff {rate}, q0 {q0}, damping {damping}, lambda {lam}"
        cases.append(Case(label, computed, float(claim(rate, q0, damping, lam))))
    return cases


def _looking_ahead(algorithm: Algorithm, ahead: Fraction) -> Algorithm:
    """Return an algorithm with the same P and Q whose gradient is taken at w + ahead u.

    With w' = w - ahead u the point w of the old gradient is w' + ahead u.
    """
    (b,), (c,), ((D,),) = algorithm.b, algorithm.c, algorithm.D
    return Algorithm(algorithm.alpha + ahead * c, b=b + ahead * (1 - D), c=c, D=D, a=ahead)


def _summed(algorithm: Algorithm, lam: float) -> float:
    dynamics = Dynamics.of(algorithm)
    S, state = dynamics.matrix(lam), dynamics.v
    responses = []
    for _ in range(_STEPS):
        responses.append(float(dynamics.r @ state))
        state = S @ state
    return lam**2 * float(np.square(responses[::-1]).sum())


PERTURBED: dict[str, Claim] = {
    "2 + delta in place of 2 - delta": lambda rate, q0, damping, lam: (
        claim(rate, q0, damping, lam)
        + lam
        * 2
        * damping**2
        * rate
        / ((damping + lam * q0) * (4 - 2 * damping - lam * (2 * q0 + damping * rate)))
    ),
    "twice as large": lambda *x: 2 * claim(*x),
    "delta - lambda q0 below": lambda rate, q0, damping, lam: (
        claim(rate, q0, damping, lam) * (damping + lam * q0) / (damping - lam * q0)
        if damping != lam * q0
        else float("inf")
    ),
}
