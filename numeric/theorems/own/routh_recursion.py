r"""The Routh-Astrom recursion decides stability and gives the noise summand, accurately.

With :math:`x = (1+z)/(1-z)` and :math:`\hat\chi(z) = (1-z)^{M+1}(P-\lambda Q)`,
:math:`\hat Q(z) = (1-z)^M Q`, the recursion (see `sgdmem.symbolic.algebra.routh`) claims

1. all M + 2 pivots have one sign if and only if :math:`P - \lambda Q` is strictly Schur,
2. it sums up :math:`s_\lambda = 2\lambda^2\lVert\hat Q/\hat\chi\rVert^2`, the norm being that of
   continuous time,
3. in double precision with a relative error of a few units in the last place, for small lambda too.

Method: 1. the moduli of the eigenvalues of S for random algorithms and eigenvalues of both
outcomes, some within 1e-6 of the boundary, to which the scale of the gradient is bisected.
2. and 3. the stationary second moments solved in fractions at lambda = 1 ... 1e-9.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import (
    MEMORIES,
    Dynamics,
    random_algorithm,
    spectral_radius,
    stable_algorithm,
)
from sgdmem.numeric.theorems.noise_summands import exact_noise_summand
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, summands
from sgdmem.symbolic.algorithms.algorithm import Algorithm

STATEMENT = Statement(
    "Routh recursion",
    "sgdmem, theory page on the recursion",
    tolerance=3e-15,
    reason="some ten roundings in double precision; the counts are exact",
)

_EIGENVALUES = [Fraction(1, 10**power) for power in (0, 3, 6, 9)]
_ALGORITHMS = 100
_NEAR = 1e-6


def claim(form: HalfPlaneForm, lam: float) -> tuple[bool, float]:
    """Return whether P - lambda Q is strictly Schur, and s if it is."""
    with np.errstate(all="ignore"):
        pivots, noise, _ = summands(form, np.float64(lam))
    signs = {float(np.sign(pivot)) for pivot in pivots}
    return signs in ({1.0}, {-1.0}), float(lam * noise)


def check(claim: Claim = claim) -> list[Case]:
    """Count wrong verdicts and compare summands with exact ones."""
    cases = []
    for memory, (verdicts, form, summed) in _instances().items():
        wrong = sum(claim(tried, lam)[0] != schur for tried, lam, schur in verdicts)
        cases.append(Case(f"memory {memory}, verdicts on {_ALGORITHMS} algorithms", wrong, 0))
        for lam, exact in summed.items():
            cases.append(Case(f"memory {memory}, s at {lam:g}", claim(form, lam)[1], exact))
    return cases


@cache
def _instances() -> dict[
    int, tuple[list[tuple[HalfPlaneForm, float, bool]], HalfPlaneForm, dict[float, float]]
]:
    """Return what is Schur and what is not; and an algorithm with its exact summands."""
    rng = np.random.default_rng(7)
    found = {}
    for memory in MEMORIES:
        verdicts = [x for _ in range(_ALGORITHMS) for x in _verdicts(rng, memory)]
        algorithm = stable_algorithm(rng, memory, np.array(_EIGENVALUES, float))
        summed = {float(lam): float(exact_noise_summand(algorithm, lam)) for lam in _EIGENVALUES}
        found[memory] = verdicts, _in_floats(algorithm), summed
    return found


def _in_floats(algorithm: Algorithm) -> HalfPlaneForm:
    return algorithm.half_plane_form.at_gradient.map(float)


def _verdicts(rng: np.random.Generator, memory: int) -> list[tuple[HalfPlaneForm, float, bool]]:
    """Return whether P - lambda Q is Schur at a random eigenvalue and on both sides of an end."""
    algorithm = random_algorithm(rng, memory)
    dynamics, form = Dynamics.of(algorithm), _in_floats(algorithm)

    def schur(lam: float) -> bool:
        return bool(spectral_radius(dynamics.matrix(lam)) < 1)

    low, high = 1e-3, float(10 ** rng.uniform(-2, 1))
    points = [low, high]
    if schur(low) != schur(high):
        while high - low > 1e-10 * high:
            middle = (low + high) / 2
            low, high = (middle, high) if schur(middle) == schur(points[0]) else (low, middle)
        points += [low * (1 - _NEAR), high * (1 + _NEAR)]
    return [(form, lam, schur(lam)) for lam in points]


def _last_pivot_ignored(form: HalfPlaneForm, lam: float) -> tuple[bool, float]:
    upward = form if form.pull > 0 else form._replace(pull=-form.pull)
    return claim(upward, lam)[0] or claim(form, lam)[0], claim(form, lam)[1]


def _numerator_mirrored(form: HalfPlaneForm, lam: float) -> tuple[bool, float]:
    mirrored = (*form.Q[:-1], -form.Q[-1])
    return claim(form._replace(Q=mirrored).at_gradient, lam)


PERTURBED: dict[str, Claim] = {
    "the factor 2 forgotten": lambda *x: (claim(*x)[0], claim(*x)[1] / 2),
    "the sign of the constant coefficient ignored": _last_pivot_ignored,
    "only the first pivot": lambda form, lam: (form.fixed[0] > 0, claim(form, lam)[1]),
    "another sign in the numerator": _numerator_mirrored,
    "s / lambda": lambda form, lam: (claim(form, lam)[0], claim(form, lam)[1] / lam),
}
