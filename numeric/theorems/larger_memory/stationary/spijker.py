r"""Coefficients by Spijker's lemma: those of rational functions, without a logarithm.

A function :math:`F=\sum_jf_j\zeta^j` of degree d, analytic for :math:`|\zeta|\le r` and at most
:math:`m_0` on that circle, with F(0) = 0, has

.. math:: j\,|f_j|\,r^j\le d\,m_0,\qquad\Bigl|\sum_{j\le n}f_jr^j\Bigr|\le(d+1)\,m_0.

For :math:`F=\lambda Q/(P-\lambda Q)` the degree is M + 1, and theorem C (iii) follows.

Method: answers of random methods of memory up to 6 to a single gradient, step by step, against
their largest modulus on circles; and powers of :math:`\zeta`, which attain the first inequality.
Computed is the largest violation; theory is that there is none.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger
from sgdmem.numeric.theorems.instances import Dynamics
from sgdmem.numeric.theorems.larger_memory.stationary.methods import random_methods
from sgdmem.symbolic.algorithms.algorithm import Algorithm

STATEMENT = Statement(
    "Coefficients by Spijker's lemma",
    "docs/theory/larger-memory-stationary, theorem C (iii)",
    tolerance=1e-6,
    reason="the largest modulus is one on a grid",
)
_STEPS, _POINTS = 400, 4096


def claim(degree: int) -> tuple[float, float]:
    """Return the bounds on coefficients and on partial sums, in units of the largest modulus."""
    return degree, degree + 1


def check(claim: Claim = claim) -> list[Case]:
    """Compare for random methods, and for methods that wait."""
    rng = np.random.default_rng(6)
    cases = []
    for M in (0, 1, 2, 3, 4, 6):
        single = sums = 0.0
        for algorithm in [*random_methods(rng, 12, (M,)), _waiting(M)]:
            first, second = ratios(algorithm, claim)
            single, sums = larger(single, first), larger(sums, second)
        cases.append(Case.within(f"coefficients, memory {M}", single))
        cases.append(Case.within(f"partial sums, memory {M}", sums))
    return cases


def ratios(algorithm: Algorithm, claim: Claim = claim) -> tuple[float, float]:
    """Return the largest coefficient and the largest partial sum of a method over their bounds."""
    dynamics = Dynamics.of(algorithm)
    single, sums = claim(algorithm.memory + 1)
    found = [0.0, 0.0]
    for lam in (1e-2, 1.0):
        f, state = [], dynamics.v
        S = dynamics.matrix(lam)
        for _ in range(_STEPS):
            f.append(lam * float(dynamics.r @ state))
            state = S @ state
        for r in (0.9, 0.97):  # the rest is below 0.97^400
            g = np.array([0.0, *f]) * r ** np.arange(_STEPS + 1)
            largest = float(abs(np.fft.fft(g, _POINTS)).max())
            coefficients, partial = np.arange(_STEPS + 1) * abs(g), abs(np.cumsum(g))
            found[0] = larger(found[0], float(coefficients.max()) / largest / single)
            found[1] = larger(found[1], float(partial.max()) / largest / sums)
    return found[0], found[1]


def _waiting(memory: int) -> Algorithm:
    """Return the method y(t + M + 1) = y(t) - gradient(t), whose F is a power at eigenvalue 1."""
    last = [0] * memory
    return Algorithm.from_recurrence([1, *last], [-1, *last])


PERTURBED: dict[str, Claim] = {
    "0.95 (M + 1)": lambda degree: (0.95 * degree, degree + 1),
    "half of M + 2": lambda degree: (degree, 0.3 * (degree + 1)),
}
