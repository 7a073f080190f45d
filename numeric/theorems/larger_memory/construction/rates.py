r"""Theorem D: for every memory M and every T a method with the rate :math:`gcT^{h_M}`.

With :math:`\nu=m+1`, :math:`S_j=1+m+\dots+m^{j-1}`, :math:`e_i=S_{i+1}/S_{M+1}`, the poles
:math:`p_i=A_iT^{-e_i}` and the zeros :math:`z_1=A_0T^{-e_0}`, :math:`z_{i+1}=\rho p_i` in
:math:`w=2(x-1)/(x+1)` make a method that is strictly stable exactly for :math:`0<\lambda<2/g`, with

.. math:: \alpha_{\rm eff}=g\frac{A_0\rho^{M-1}}{A_M}T^{1-1/S_{M+1}},\qquad
    1-d_M=\frac1{T/A_M+1/2}.

Method: in fractions, :math:`m` and :math:`T=r^{S_{M+1}}` being whole: the entries (3) of the
method, its rate from P and Q, and :math:`2/g` of the certificate that poles and zeros interlace
(`sgdmem.symbolic.stability.interlacing`); against it Routh's scheme just inside and outside of the
interval, at :math:`\lambda=10^{-30}` and at :math:`-10^{-9}`. Compared are ratios, less 1, and the
numbers of wrong answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from sgdmem.numeric.acceleration.real_root_algorithms import partial_sum
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import EVERY, FIRST, fast_method
from sgdmem.symbolic.stability.interlacing import interlacing_edge
from sgdmem.symbolic.stability.schur import is_schur

STATEMENT = Statement(
    "Construction of fast methods",
    "docs/theory/larger-memory-construction",
    tolerance=0.0,
    reason="fractions",
)
_GAIN = Fraction(3, 4)


class Prediction(NamedTuple):
    """Where stability ends, the effective learning rate and the smallest 1 - d."""

    edge: Fraction
    rate: Fraction
    damping: Fraction


def claim(m: int, memory: int, r: int, rho: Fraction, gain: Fraction, kind: str) -> Prediction:
    """Predict for T = r^S_{M+1}, where T^{h_M} = r^{S_{M+1} - 1}."""
    horizon = r ** partial_sum(m + 1, memory + 1)
    first, last = Fraction(1), Fraction(1)  # A_0 and A_M
    if kind == EVERY:
        first, last = Fraction(1, 8), Fraction(9, 20) ** memory * rho ** (memory - 1) / 8
    rate = gain * first * rho ** (memory - 1) / last * r ** (partial_sum(m + 1, memory + 1) - 1)
    return Prediction(2 / gain, rate, 1 / (horizon / last + Fraction(1, 2)))


def instances() -> Iterator[tuple[int, int, int, Fraction, Fraction, str]]:
    """Return arguments of the claim: horizons from 1 to over 1e100."""
    for m, memory, rho in product((1, 2, 3), (1, 2, 3, 4), (Fraction(1, 2), Fraction(1, 5))):
        for r in (2, 7):
            yield m, memory, r, rho, _GAIN, EVERY
        yield m, memory, 7, rho, _GAIN, FIRST
    yield 2, 3, 1, Fraction(1, 2), _GAIN, EVERY  # T = 1


def check(claim: Claim = claim) -> list[Case]:
    """Compare rates and dampings, and count wrong signs."""
    cases = []
    for m, memory, r, rho, gain, kind in instances():
        powers = [Fraction(r) ** partial_sum(m + 1, i + 1) for i in range(memory + 1)]
        found = fast_method(powers, rho, gain, kind).algorithm
        predicted = claim(m, memory, r, rho, gain, kind)
        label = f"m {m}, memory {memory}, r {r}, rho {rho}, {kind}"
        ratio = found.effective_learning_rate / predicted.rate
        damping = min(1 - found.D[i][i] for i in range(memory)) / predicted.damping
        cases.append(Case(f"{label}: rate", float(ratio - 1), 0.0))
        cases.append(Case(f"{label}: damping", float(damping - 1), 0.0))
        edge = interlacing_edge(found) or Fraction(0)
        cases.append(Case(f"{label}: edge", float(edge / predicted.edge - 1), 0.0))
        wrong = sum(is_schur(found, lam) != (0 < lam < predicted.edge) for lam in eigenvalues(gain))
        cases.append(Case(f"{label}: wrong answers", float(wrong), 0.0))
    return cases


def eigenvalues(gain: Fraction) -> list[Fraction]:
    """Return eigenvalues on both sides of the ends of the interval."""
    edge, close = 2 / gain, Fraction(1, 10**6)
    far = [Fraction(1, 10**k) for k in (0, 3, 10, 30)]
    return [edge * (1 - close), edge * (1 + close), *far, -Fraction(1, 10**9)]


def _with(**changes: int) -> Claim:
    def changed(
        m: int, memory: int, r: int, rho: Fraction, gain: Fraction, kind: str
    ) -> Prediction:
        true = claim(m, memory, r, rho, gain, kind)
        lost = Fraction(r) ** (partial_sum(m + 1, memory) - partial_sum(m + 1, memory + 1))
        rate = true.rate * rho ** changes.get("rho", 0) * lost ** changes.get("sums", 0)
        return true._replace(rate=rate)

    return changed


PERTURBED: dict[str, Claim] = {
    "S_M in the place of S_{M+1}": _with(sums=1),
    "rho^M": _with(rho=1),
    "stable up to 2.01/g": lambda *x: claim(*x)._replace(edge=Fraction(201, 100) / x[4]),
    "stable up to 1.99/g": lambda *x: claim(*x)._replace(edge=Fraction(199, 100) / x[4]),
    "the slowest root of D is 1 - 1/T": lambda *x: claim(*x)._replace(
        damping=1 / (1 / claim(*x).damping - Fraction(1, 2))
    ),
}
