r"""Proposition 3: for :math:`\tau_1 \ge 0` and :math:`\tau_2 \le 0` no propagator is ever negative.

The condition on tau2 is needed: SGD with :math:`\alpha\lambda = 1`, :math:`\tau_2 = B = 1` has
:math:`A_\lambda = -1`.

Method: the least value of V, V', U and U' over 40 steps, relative to the largest one, for random
stable algorithms of memory 0 to 4 at many noise parameters, and for the counterexample. Compared is
whether a negative value occurred where the statement allows none.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.losses.propagators import propagators
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import MEMORIES, stable_algorithm
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo import named_algorithms as named

STATEMENT = Statement(
    "Proposition 3",
    "arXiv 2410.04228, Proposition 3",
    tolerance=0.0,
    reason="a count of exceptions; values above -1e-13 of the largest one count as 0",
)

_EIGENVALUES = [1.0, 0.3]
_ALGORITHMS, _STEPS, _ROUNDING = 20, 40, 1e-13
_TAU2 = (-2.0, -1.0, -0.1, 0.0, 0.1, 1.0)


def claim(tau1: float, tau2: float) -> bool:
    """Return whether the statement says that all propagators are nonnegative."""
    return tau1 >= 0 and tau2 <= 0


def check(claim: Claim = claim) -> list[Case]:
    """Count exceptions over memories and noise parameters."""
    rng = np.random.default_rng(3)
    cases = []
    for memory in MEMORIES:
        for tau2 in _TAU2:
            tau1 = max(1.0, tau2)
            algorithms = [stable_algorithm(rng, memory, _EIGENVALUES) for _ in range(_ALGORITHMS)]
            found = sum(_is_negative(algorithm, tau1, tau2) for algorithm in algorithms)
            label = f"memory {memory}, tau2 {tau2:g}: exceptions in {_ALGORITHMS} algorithms"
            cases.append(Case(label, float(found if claim(tau1, tau2) else 0), 0.0))
    flipped = _is_negative(named.sgd(1), 1.0, 1.0)
    label = "SGD with alpha lambda = tau2 = B = 1: negative"
    cases.append(Case(label, float(flipped), float(not claim(1, 1))))
    return cases


@cache
def _is_negative(algorithm: Algorithm, tau1: float, tau2: float) -> bool:
    problem = Problem(Spectrum(_EIGENVALUES), Noise(tau1, tau2), [1, 1])
    found = propagators(algorithm, problem, 1, _STEPS)
    sequences = (found.V, found.V_prime, found.U, found.U_prime)
    return any(values.min() < -_ROUNDING * values.max() for values in sequences)


PERTURBED: dict[str, Claim] = {
    "tau2 <= tau1 is enough": lambda tau1, tau2: tau2 <= tau1,
    "tau1 >= 0 is enough": lambda tau1, tau2: tau1 >= 0,
}
