r"""Bounded noise: theorem D's methods keep the noise sum below a constant, for all T.

For :math:`\lambda_k=k^{-\nu}`, :math:`m=\nu-1`, the exponents :math:`e_i` and both choices of the
constants in theorem D (`construction`)

.. math::
    \sum_ks_{\lambda_k}\le25\cdot2^{M/2}\Bigl(1+\frac1m+c\,\Bigl(2+\frac1m\Bigr)\Bigr)g^{1/\nu},\qquad
    c=\frac M\rho\quad\text{or}\quad\frac2\rho\Bigl(\frac{20}9\Bigr)^M,

and, not proved, the sum tends to a limit as T grows.

Method: proved noise sums (`stability`) over the spectrum without end. Compared are sums at
:math:`T=10^{15}` and :math:`10^{12}`, as a ratio; and the largest sum over the bound, as a
violation. False exponents are those of a method with as many poles and another growth.
"""

from __future__ import annotations

from functools import cache
from itertools import product

from sgdmem.numeric.acceleration.real_root_algorithms import root_exponents
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import (
    EVERY,
    FIRST,
    fast_method,
)
from sgdmem.numeric.verdicts.stability import stability

STATEMENT = Statement(
    "Bounded noise",
    "docs/theory/larger-memory-construction",
    tolerance=1e-3,
    reason="what is left of the limit at T = 1e12",
)
_HORIZONS = (1e6, 1e12, 1e15)
_CASES = [
    *product((1.5, 2.0, 3.0), (1,), (FIRST, EVERY)),
    (2.0, 2, FIRST),
    *product((2.0, 3.0), (2,), (EVERY,)),
]
_RHO, _GAIN = 0.5, 1.0


def claim(nu: float, memory: int, kind: str) -> tuple[tuple[float, ...], float]:
    """Return e_0, ..., e_M, and the bound of the noise sum."""
    m = nu - 1
    c = memory / _RHO if kind == FIRST else 2 / _RHO * (20 / 9) ** memory
    bound = 25 * 2 ** (memory / 2) * (1 + 1 / m + c * (2 + 1 / m)) * _GAIN ** (1 / nu)
    return tuple(root_exponents(nu, memory).tolist()), bound


def check(claim: Claim = claim) -> list[Case]:
    """Compare sums at long horizons."""
    cases = []
    for nu, memory, kind in _CASES:
        powers, bound = claim(nu, memory, kind)
        sums = [fast_noise_sum(nu, powers, T, kind) for T in _HORIZONS]
        label = f"exponent {nu:g}, memory {memory}, {kind}"
        cases.append(Case(f"{label}: T = 1e15 over 1e12", sums[2] / sums[1], 1.0))
        cases.append(Case.within(f"{label}: over the bound", max(sums) / bound))
    return cases


@cache
def fast_noise_sum(nu: float, powers: tuple[float, ...], horizon: float, kind: str) -> float:
    """Return the sum of all s of theorem D's method with these exponents, proved to be finite."""
    found = fast_method([horizon**e for e in powers], _RHO, _GAIN, kind)
    verdict = stability(found.algorithm, Spectrum.power_law(nu), 1000)
    assert verdict.stable
    return 1000 * verdict.noise_sum


def _faster(share: float) -> Claim:
    def changed(nu: float, memory: int, kind: str) -> tuple[tuple[float, ...], float]:
        powers, bound = claim(nu, memory, kind)
        return (share * powers[0], *powers[1:]), bound

    return changed


PERTURBED: dict[str, Claim] = {
    "0.8 e_0 in the place of e_0": _faster(0.8),
    "0.95 e_0": _faster(0.95),
    "evenly spaced exponents": lambda nu, memory, kind: (
        tuple((i + 1) / (memory + 1) for i in range(memory + 1)),
        claim(nu, memory, kind)[1],
    ),
    "at most g^(1/nu)": lambda *x: (claim(*x)[0], _GAIN),
}
