r"""Proposition 4: bounds of the propagators make a bound of the loss.

If for a positive sequence d, :math:`V_t \le C_Vd_t`, :math:`V'_t \le C'_Vd_t`,
:math:`\sum_{s<t}U_{t-s}d_s \le C_Ud_t`, :math:`\sum_{s<t}U'_{t-s}d_s \le C'_Ud_t` with nonnegative
propagators and :math:`C'_U < 1`, then

.. math:: L_t \le \tfrac12\Bigl[C_V + \frac{C_UC'_V}{1-C'_U}\Bigr]d_t.

Method: propagators of random algorithms with the smallest constants for a power law d, and made-up
ones for which the bound is reached in the end (constant V, summable U). Compared is the largest
value of L_t over the bound: at most 1, and 1 where it is reached.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from sgdmem.numeric.arithmetic.volterra import causal_convolution
from sgdmem.numeric.losses.propagators import Propagators, propagators
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import MEMORIES, Array, stable_algorithm

STATEMENT = Statement(
    "Proposition 4",
    "arXiv 2410.04228, Proposition 4",
    tolerance=1e-12,
    reason="an inequality, reached to rounding in the cases that are made for it",
)

_EIGENVALUES = np.array([1.0, 0.3, 0.1, 0.02])
_STEPS = 400


def claim(C_V: float, C_V_prime: float, C_U: float, C_U_prime: float) -> float:
    """Return the bound of L_t / d_t."""
    return (C_V + C_U * C_V_prime / (1 - C_U_prime)) / 2


def check(claim: Claim = claim) -> list[Case]:
    """Compare losses with their bounds."""
    rng = np.random.default_rng(4)
    problem = Problem(Spectrum(_EIGENVALUES), Noise(tau2=-1), np.ones(4))
    cases = []
    for memory in MEMORIES:
        for power in (0.5, 1.5):
            algorithm = stable_algorithm(rng, memory, _EIGENVALUES).scaled(Fraction(1, 2))
            d = (1.0 + np.arange(_STEPS + 1)) ** -power
            ratio = _ratio(propagators(algorithm, problem, 40, _STEPS), d, claim)
            label = f"memory {memory}, d_t = (1 + t)^-{power:g}: excess over the bound"
            cases.append(Case.within(label, ratio))
    for total, output in ((0.3, 0.3), (0.6, 0.2), (0.8, 1.5), (0.5, 0.0)):
        kernel = np.append(0.0, 0.5 ** np.arange(1, _STEPS + 1))  # its sum is 1 to rounding
        constant = np.ones(_STEPS + 1)
        made_up = Propagators(2 * constant, constant, output * kernel, total * kernel)
        label = f"constant V, sums of U' and U {total:g} and {output:g}: loss over the bound"
        cases.append(Case(label, _ratio(made_up, constant, claim), 1.0))
    return cases


def _ratio(found: Propagators, d: Array, claim: Claim) -> float:
    """Return the largest loss over its bound from the smallest constants; 0 if there is none."""
    constants = [float((values / d).max()) for values in (found.V, found.V_prime)]
    for kernel in (found.U, found.U_prime):
        constants.append(float((causal_convolution(kernel, d) / d).max()))
    if constants[-1] >= 1:
        return 0.0
    return float((found.losses() / d).max() / claim(*constants))


PERTURBED: dict[str, Claim] = {
    "the factor 1/2 twice": lambda *constants: claim(*constants) / 2,
    "without the resolvent": lambda C_V, C_V_prime, C_U, _: (C_V + C_U * C_V_prime) / 2,
    "the signal alone": lambda C_V, *_: C_V / 2,
    "U and U' exchanged": lambda a, b, c, d: claim(a, b, d, c) if c < 1 else claim(a, b, c, d),
}
