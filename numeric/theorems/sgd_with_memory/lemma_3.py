r"""Lemma 3: a summable power-law kernel has a resolvent with the same power law.

If :math:`U_t \ge 0`, :math:`U_\Sigma = \sum_tU_t < 1` and :math:`U_t = O(t^{-\xi})`,
:math:`\xi > 1`, then the entries :math:`R_t` of :math:`(1-U)^{-1}`, which are the coefficients of
:math:`\sum_tR_tz^t = 1/(1-\sum_tU_tz^t)`, are :math:`O(t^{-\xi})`. Sharp: if
:math:`U_t \sim C_Ut^{-\xi}`, then

.. math:: t^\xi R_t \to \frac{C_U}{(1-U_\Sigma)^2}.

Method: :math:`R_t = \sum_{s\le t}U_sR_{t-s}` is run to T = 2^13 for :math:`U_t = C_U(t+a)^{-\xi}`,
and :math:`t^\xi R_t` over [T/8, T] is extrapolated in the powers :math:`t^{-j(\xi-1)-k}` of its
singular expansion. For a random kernel under a power law :math:`Ct^{-\xi}`, whose :math:`t^\xi R_t`
has no limit, it must stay below :math:`C/(1-U_\Sigma)^2` there; compared with 0 is the excess.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import zeta

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Array

STATEMENT = Statement(
    "Lemma 3",
    "arXiv 2410.04228, Lemma 3; the limit is sgdmem's",
    tolerance=2e-6,
    reason="extrapolation from t <= 2^13; the corrections fall as slowly as t^-(xi-1)",
)

_LONGEST = 2**13
_EXPONENTS = (1.4, 1.5, 1.75, 2.25, 2.6)
_SUMS = (0.2, 0.5)  # of the kernels
_TERMS = 15  # of the expansion


def claim(tail: float, total: float) -> float:
    """Return the limit of t^xi R_t from C_U and the sum of U."""
    return tail / (1 - total) ** 2


def check(claim: Claim = claim) -> list[Case]:
    """Compare limits for several exponents, sums and starts of the kernel."""
    cases = []
    for exponent in _EXPONENTS:
        for total in _SUMS:
            for shift in (0.0, 2.5):
                tail = total / float(zeta(exponent, 1 + shift))
                label = f"exponent {exponent}, sum {total}, shift {shift}"
                cases.append(Case(label, _limit(exponent, tail, shift), claim(tail, total)))
        size, most = _largest(exponent)
        excess = max(0.0, most / claim(size, 0.5) - 1)
        cases.append(Case(f"exponent {exponent}, random", excess, 0))
    return cases


@cache
def _limit(exponent: float, tail: float, shift: float) -> float:
    """Run the resolvent and extrapolate t^xi R_t to infinite t."""
    kernel = tail * (np.arange(1, _LONGEST) + shift) ** -exponent
    times = np.unique(np.geomspace(_LONGEST / 8, _LONGEST - 1, 80).astype(int))
    values = times**exponent * _resolvent(kernel)[times]
    rate = exponent - 1
    powers = sorted({round(j * rate + k, 9) for j in range(12) for k in range(8)})[:_TERMS]
    scaled = times / times[0]
    basis = np.array([scaled**-power for power in powers]).T
    return float(np.linalg.lstsq(basis, values, rcond=None)[0][0])


@cache
def _largest(exponent: float) -> tuple[float, float]:
    """Return the size of a random kernel, half of it 0, and the largest late t^xi R_t."""
    rng = np.random.default_rng(3 + _EXPONENTS.index(exponent))
    bound = np.arange(1, _LONGEST) ** -exponent
    kernel = bound * (rng.random(bound.size) < 0.5)
    size = 0.5 / kernel.sum()
    late = np.arange(_LONGEST // 8, _LONGEST)
    return size, float((late**exponent * _resolvent(size * kernel)[late]).max())


def _resolvent(kernel: Array) -> Array:
    R = np.zeros(len(kernel) + 1)
    R[0] = 1
    for t in range(1, len(R)):
        R[t] = kernel[:t] @ R[:t][::-1]
    return R


PERTURBED: dict[str, Claim] = {
    "1 - U in place of its square": lambda tail, total: tail / (1 - total),
    "1 - U^2": lambda tail, total: tail / (1 - total**2),
    "the kernel's own constant": lambda tail, total: tail,
    "the sign of U": lambda tail, total: tail / (1 + total) ** 2,
}
