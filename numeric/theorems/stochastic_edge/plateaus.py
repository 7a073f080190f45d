r"""Plateaus: at the edge, Batch Sharpness of batches far smaller than the dimension is 2/alpha_eff.

With many features of one variance and batches far smaller than their number (far below the
crossover is not enough at large momenta), Batch Sharpness at the edge is near
:math:`2/\alpha_{\rm eff}` for any method of memory M, which is :math:`2(1-\beta)/\eta` of the heavy
ball and of Nesterov's method; full batches bring it to the largest stable eigenvalue,
:math:`2(1+\beta)/\eta` and :math:`2(1+\beta)/(\eta(1+2\beta))` of these.

Method: `stochastic_edge` in :math:`10^8` and :math:`10^9` dimensions with one sample,
extrapolated in 1/d; without noise the roots of :math:`P-\lambda Q` as floats, by bisection.
"""

from __future__ import annotations

from typing import Any

from scipy.optimize import brentq

from sgdmem.numeric.systems.stochastic_edge import isotropic_features, stochastic_edge
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Dynamics, spectral_radius
from sgdmem.symbolic.zoo.named_algorithms import aggmo, heavy_ball, nesterov, qhm, sgd

STATEMENT = Statement(
    "Plateaus of Batch Sharpness",
    "arXiv 2604.14108, abstract",
    tolerance=1e-6,
    reason="of order 1/d^2 is left; roots of modulus 1 in floats",
)

_NAMED = {"heavy ball": heavy_ball, "Nesterov": nesterov}
_LETTERS = ((0.1, 0.9), (0.5, 0.5), (1.0, 0.0))


def claim(name: str, rate: float, momentum: float, full: bool) -> float:
    """Return the plateau of a named method."""
    if not full:
        return 2 * (1 - momentum) / rate
    return 2 * (1 + momentum) / rate / (1 + 2 * momentum * (name == "Nesterov"))


def check(claim: Claim = claim) -> list[Case]:
    """Compare both plateaus of both methods, and the lower one of QHM and of memory 2."""
    cases = []
    for name, family in _NAMED.items():
        for rate, momentum in _LETTERS:
            method = family(rate, momentum) if momentum else sgd(rate)
            label = f"{name}, eta {rate}, beta {momentum}"
            small = _small(method)
            cases.append(Case(f"{label}, small batches", small, claim(name, rate, momentum, False)))
            full = _full(method)
            cases.append(Case(f"{label}, full batches", full, claim(name, rate, momentum, True)))
    others = {  # and their effective learning rates
        "QHM": (qhm(1, "0.9", "0.7"), 1.0),
        "AggMo": (aggmo("0.1", ["0.5", "0.9"]), 0.6),
    }
    for name, (method, rate) in others.items():
        theory = claim("", rate, 0, False)
        cases.append(Case(f"{name}, alpha_eff {rate}, small batches", _small(method), theory))
    return cases


def _small(method: Any) -> float:
    near, far = (
        float(stochastic_edge(method, isotropic_features(1, d), 1).batch_sharpness or 0)
        for d in (10**8, 10**9)
    )
    return far + (far - near) / 9


def _full(method: Any) -> float:
    dynamics = Dynamics.of(method)

    def excess(lam: float) -> float:
        return float(spectral_radius(dynamics.matrix(lam))) - 1

    high = 1e-3
    while excess(high) < 0:
        high *= 1.1
    return float(brentq(excess, high / 1.1, high, rtol=1e-14))


PERTURBED: dict[str, Claim] = {
    "both alike": lambda name, rate, beta, full: claim(name, rate, beta, True),
    "the lower one for full batches": lambda name, rate, beta, full: claim(name, rate, beta, False),
    "Nesterov as the heavy ball": lambda name, rate, beta, full: claim("", rate, beta, full),
    "without momentum": lambda name, rate, beta, full: claim(name, rate, 0.0, full),
}
