r"""Equation (26): the noise summand of memory 1 in three ranges of eigenvalues.

For :math:`\delta \ll 1` and :math:`\delta\alpha_{\rm eff} \ll q_0 \ll \alpha_{\rm eff}`,

.. math:: s_\lambda \approx \tfrac12\alpha_{\rm eff}\lambda,\quad
    \tfrac12\delta\alpha_{\rm eff}/q_0,\quad \tfrac12q_0\lambda/(1-\tfrac12q_0\lambda)

below :math:`\delta/q_0`, up to :math:`\delta\alpha_{\rm eff}/q_0^2`, and above. Far from the two
joints the ratio tends to 1; across them it stays within a factor 2, which it reaches at the joints.

Method: the Routh-Astrom recursion in floats on exact parameters, which keeps its digits for small
eigenvalues (see "Routh recursion"), at scales so far apart that the corrections vanish.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Array
from sgdmem.numeric.theorems.noise_summands import summand_in_floats
from sgdmem.symbolic.zoo.named_algorithms import memory_one

STATEMENT = Statement(
    "Equation (26)",
    "arXiv 2410.04228, eq. (26)",
    tolerance=1e-8,
    reason="corrections are ratios of the separated scales, at most 1e-9 here",
)

# exponents of 10 of delta and alpha_eff, and q0
_SETTINGS = (
    (-48, 24, Fraction(1)),
    (-48, 20, Fraction(3, 2)),
    (-40, 20, Fraction(1, 2)),
    (-60, 34, Fraction(1, 10)),
)


def claim(effective_rate: float, q0: float, damping: float, lam: Array) -> Array:
    """Return the simplified summand at several eigenvalues."""
    middle = damping * effective_rate / (2 * q0)
    high = q0 * lam / 2 / (1 - q0 * lam / 2)
    joints = damping / q0, damping * effective_rate / q0**2
    low_or_middle = np.where(lam < joints[0], effective_rate * lam / 2, middle)
    return np.where(lam < joints[1], low_or_middle, high)


def check(claim: Claim = claim) -> list[Case]:
    """Compare inside each range, and the largest ratio near each joint with 2."""
    cases = []
    for power, rate_power, q0 in _SETTINGS:
        damping, rate = Fraction(10) ** power, Fraction(10) ** rate_power
        summand = summand_in_floats(memory_one(rate, q0, damping))
        parameters = float(rate), float(q0), float(damping)
        first, second = float(damping / q0), float(damping * rate / q0**2)
        inside = {
            "low": first * np.array([1e-20, 1e-12, 1e-9]),
            "middle": np.sqrt(first * second) * np.array([0.1, 1.0, 10.0]),
            "high": np.array([0.1, 1.0, 1.9]) / float(q0),
        }
        for name, places in inside.items():
            values = summand(places), claim(*parameters, places)
            for lam, s, predicted in zip(places, *values, strict=True):
                label = f"{name} range, delta 1e{power}, q0 {q0}, lambda {lam:.3g}"
                cases.append(Case(label, float(s), float(predicted)))
        for number, joint in enumerate((first, second), start=1):
            around = joint * np.append(np.geomspace(1e-6, 1e6, 601), 1 + np.array([-1e-9, 1e-9]))
            ratio = summand(around) / claim(*parameters, around)
            factor = float(np.maximum(ratio, 1 / ratio).max())
            cases.append(
                Case(f"largest factor at joint {number}, delta 1e{power}, q0 {q0}", factor, 2)
            )
    return cases


PERTURBED: dict[str, Claim] = {
    "the middle range without 1/2": lambda rate, q0, damping, lam: (
        np.where((lam >= damping / q0) & (lam < damping * rate / q0**2), 2.0, 1.0)
        * claim(rate, q0, damping, lam)
    ),
    "the first joint at 2 delta / q0": lambda rate, q0, damping, lam: np.where(
        (lam >= damping / q0) & (lam < 2 * damping / q0),
        rate * lam / 2,
        claim(rate, q0, damping, lam),
    ),
    "no pole in the last range": lambda rate, q0, damping, lam: np.where(
        lam < damping * rate / q0**2, claim(rate, q0, damping, lam), q0 * lam / 2
    ),
}
