r"""Theorem 7: memory 1 with a large effective learning rate and a bounded noise sum.

Parameters as in Theorem 6, strictly stable, with alpha_eff to infinity and so delta to 0. Let
:math:`U_\Sigma = \sum_ks_k` (tau1 / B = 1, tau2 = 0).

1. :math:`U_\Sigma = O(1)` if and only if :math:`q_0 > 0` in the end,
   :math:`\alpha_{\rm eff}\sum_{\lambda_k<\delta/q_0}\lambda_k = O(1)` and
   :math:`\frac{\delta\alpha_{\rm eff}}{q_0}
   \#\{\delta/q_0<\lambda_k<\delta\alpha_{\rm eff}/q_0^2\} = O(1)`.
2. For :math:`\lambda_k = \Lambda k^{-\nu}`, :math:`\delta \to 0`,
   :math:`\delta\alpha_{\rm eff}/q_0 \to 0` and :math:`K_\nu = (\pi/\nu)/\sin(\pi/\nu)`,

   .. math:: U_\Sigma \simeq \sum_k\frac{q_0\lambda_k}{2-q_0\lambda_k}
       + \tfrac12\alpha_{\rm eff}(\delta/q_0)^{1-1/\nu}\Lambda^{1/\nu}K_\nu,

   bounded for :math:`\alpha_{\rm eff} = \delta^{-h}`, :math:`h \le 1-1/\nu`, and with
   :math:`q_0 = \delta^g` it tends to 0 if and only if :math:`0 < g < 1-h/(1-1/\nu)`.

Method: :math:`s_\lambda` by the Routh-Astrom recursion on exact parameters, summed over the
spectrum with its infinite tail, down to delta = 1e-60. Whether a sum is bounded or tends to 0 is
read off its growth between delta = 1e-20 and 1e-40.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.special import zeta

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Array
from sgdmem.numeric.theorems.noise_summands import power_law_sum, summand_in_floats
from sgdmem.symbolic.zoo.named_algorithms import memory_one

STATEMENT = Statement(
    "Theorem 7",
    "arXiv 2410.04228, Theorem 7; the exact limit of part 2 is sgdmem's",
    tolerance=1e-11,
    reason="rounding and quadrature; corrections are below 1e-19, and growth is only counted",
)

_DAMPINGS = (1e-20, 1e-40)
_EXPONENTS, _SCALE = (1.5, 2.0, 3.0), 0.8  # of the power laws
_GROWING = 0.01  # exponent of 1 / delta
_SPECTRA: dict[str, float | Array] = {
    **{f"exponent {exponent:g}": exponent for exponent in _EXPONENTS},
    **{"finite": np.array([1.0, 0.5, 0.1]), "geometric": 0.5 ** np.arange(500.0)},
}


class Prediction(NamedTuple):
    """The two amounts of part 1, the two terms of part 2, and whether the sum tends to 0."""

    low: float
    middle: float
    high: float
    tail: float
    vanishes: bool


def claim(spectrum: float | Array, h: float, g: float, q0: float, damping: float) -> Prediction:
    """Predict for alpha_eff = damping^-h, q0 = constant damping^g; a power law or a list."""
    rate = damping**-h
    if q0 <= 0:
        return Prediction(np.inf, np.inf, np.inf, np.inf, vanishes=False)
    joints = damping / q0, damping * rate / q0**2
    if not isinstance(spectrum, float):
        low = rate * float(spectrum[spectrum < joints[0]].sum())
        count = int(((spectrum > joints[0]) & (spectrum < joints[1])).sum())
        return Prediction(low, damping * rate / q0 * count, np.nan, np.nan, vanishes=False)
    first, last = (np.floor((_SCALE / joint) ** (1 / spectrum)) for joint in joints[::-1])
    decay, angle = 1 - 1 / spectrum, np.pi / spectrum
    return Prediction(
        _SCALE * rate * float(zeta(spectrum, last + 1)),
        damping * rate / q0 * float(last - max(first, 0.0)),
        power_law_sum(lambda lam: q0 * lam / (2 - q0 * lam), spectrum, _SCALE, 1e-16),
        rate
        / 2
        * (damping / q0) ** decay
        * _SCALE ** (1 / spectrum)
        * float(angle / np.sin(angle)),
        vanishes=0 < g < 1 - h / decay,
    )


def check(claim: Claim = claim) -> list[Case]:
    """Compare growth with part 1, the sum with part 2, and where it vanishes."""
    return [*_part_1(claim), *_sums(claim), *_vanishing(claim)]


def _noise_sum(spectrum: float | Array, h: float, q0: float, damping: float) -> float:
    s = summand_in_floats(memory_one(*map(Fraction, (damping**-h, q0, damping))))
    if not isinstance(spectrum, float):
        return float(s(spectrum).sum())
    return power_law_sum(s, spectrum, _SCALE, 1e-13 * damping / max(q0, 1e-3 * damping))


def _part_1(claim: Claim) -> list[Case]:
    cases = []
    for (name, spectrum), g in product(_SPECTRA.items(), (0.0, 0.2, 1.0)):
        bound = (1 - g) * (1 - 1 / spectrum if isinstance(spectrum, float) else 1)
        paths = {(bound / 2, 0.5), (bound, 0.5), (bound + 0.05, 0.5), (0.3, 0.0)}
        for h, constant in sorted((h, constant) for h, constant in paths if 0 < h < 1):
            sums, amounts = [], []
            for damping in _DAMPINGS:
                q0 = constant * damping**g
                sums.append(_noise_sum(spectrum, h, q0, damping))
                predicted = claim(spectrum, h, g, q0, damping)
                amounts.append(predicted.low + predicted.middle)
            label = f"part 1, {name}, h {h:.3f}, q0 {constant} delta^{g}: grows"
            grows = not np.isfinite(amounts[0]) or _grows(*amounts)
            cases.append(Case(label, float(_grows(*sums)), float(grows)))
    return cases


def _grows(earlier: float, later: float) -> bool:
    return bool(later > max(1e-6, earlier * (_DAMPINGS[0] / _DAMPINGS[1]) ** _GROWING))


def _sums(claim: Claim) -> list[Case]:
    cases = []
    for nu, share, q0 in product(_EXPONENTS, (0.5, 1.0), (0.5, 1.5)):
        h, damping = share * (1 - 1 / nu), 1e-60 if nu == 3 else 1e-40
        predicted = claim(nu, h, 0.0, q0, damping)
        label = f"part 2, exponent {nu:g}, h {h:.3f}, q0 {q0}: sum"
        total = _noise_sum(nu, h, q0, damping)
        cases.append(Case(label, total, predicted.high + predicted.tail))
    return cases


def _vanishing(claim: Claim) -> list[Case]:
    cases = []
    for nu, end, share in product(_EXPONENTS, (0.7, 0.3), (0.0, 0.1, 0.9, 1.1)):
        h, g = (1 - end) * (1 - 1 / nu), share * end
        sums = [_noise_sum(nu, h, 0.5 * d**g, d) for d in _DAMPINGS]
        predicted = claim(nu, h, g, 0.5 * _DAMPINGS[1] ** g, _DAMPINGS[1]).vanishes
        label = f"part 2, exponent {nu:g}, h {h:.3f}, g {g:.3f}: vanishes"
        cases.append(Case(label, float(_grows(*sums[::-1])), float(predicted)))
    return cases


PERTURBED: dict[str, Claim] = {
    "the low range does not matter": lambda *x: claim(*x)._replace(low=0.0),
    "the middle range does not matter": lambda *x: claim(*x)._replace(middle=0.0),
    "the second term without 1/2": lambda *x: claim(*x)._replace(tail=2 * claim(*x).tail),
    "another power of q0": lambda *x: claim(*x)._replace(tail=claim(*x).tail * x[3] ** 0.25),
    "any 0 < g < 1 will do": lambda *x: claim(*x)._replace(vanishes=0 < x[2] < 1),
}
