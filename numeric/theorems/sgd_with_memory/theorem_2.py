r"""Theorem 2: the loss expansion, a Volterra equation for the propagators.

.. math:: n_t = V'_t + \sum_{s<t}U'_{t-s}n_s,\qquad
    L_t = \tfrac12\Bigl(V_t + \sum_{s<t}U_{t-s}n_s\Bigr)

Method: the losses of random stable algorithms of memory 0 to 4 by eqs. (12)-(16), the map of all
second moments of four modes as one matrix, against the expansion of their propagators.
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
from sgdmem.numeric.theorems.instances import (
    MEMORIES,
    Array,
    Dynamics,
    second_moment_matrix,
    stable_algorithm,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm

STATEMENT = Statement(
    "Theorem 2",
    "arXiv 2410.04228, Theorem 2 and eq. (19)",
    tolerance=1e-12,
    reason="rounding of some hundred steps",
)

_EIGENVALUES = np.array([1.0, 0.5, 0.0625, 0.00390625])
_SQUARES = np.array([1.0, 2.0, 0.5, 3.0])
_NOISE = ((1.0, -1.0, 3.0), (1.0, 0.0, 8.0), (1.0, 1.0, 2.0), (2.0, 0.5, 5.0))  # tau1, tau2, B
_STEPS = 200


def claim(found: Propagators) -> Array:
    """Return the losses of the expansion."""
    return found.losses()


def check(claim: Claim = claim) -> list[Case]:
    """Compare losses after 1, 10 and all steps."""
    rng = np.random.default_rng(2)
    cases = []
    for memory in MEMORIES:
        for tau1, tau2, batch_size in _NOISE:
            algorithm = stable_algorithm(rng, memory, _EIGENVALUES).scaled(Fraction(1, 2))
            problem = Problem(Spectrum(_EIGENVALUES), Noise(tau1, tau2), _SQUARES)
            found = propagators(algorithm, problem, batch_size, _STEPS)
            computed = _by_recursion(algorithm, tau1, tau2, batch_size)
            predicted = claim(found)
            for t in (1, 10, _STEPS):
                label = f"memory {memory}, tau2 {tau2:g}, B {batch_size:g}, t = {t}"
                cases.append(Case(label, float(computed[t]), float(predicted[t])))
    return cases


def _by_recursion(algorithm: Algorithm, tau1: float, tau2: float, batch_size: float) -> Array:
    modes = len(_EIGENVALUES)
    coupling = np.full((modes, modes), tau1)
    dynamics = Dynamics.of(algorithm)
    matrix = second_moment_matrix(dynamics, _EIGENVALUES, coupling, tau2, batch_size)
    state = np.zeros((modes, matrix.shape[0] // modes))
    state[:, 0] = _SQUARES
    losses = []
    for _ in range(_STEPS + 1):
        losses.append(_EIGENVALUES @ state[:, 0] / 2)
        state = (matrix @ state.ravel()).reshape(state.shape)
    return np.array(losses)


PERTURBED: dict[str, Claim] = {
    "the factor 1/2 of the noise dropped": lambda x: (
        x.V / 2 + causal_convolution(x.U, x.noise_levels)
    ),
    "the signal alone makes noise": lambda x: (x.V + causal_convolution(x.U, x.V_prime)) / 2,
    "noise read at the gradient's point": lambda x: (
        (x.V + causal_convolution(x.U_prime, x.noise_levels)) / 2
    ),
    "the noise subtracted": lambda x: (x.V - causal_convolution(x.U, x.noise_levels)) / 2,
}
