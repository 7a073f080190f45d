r"""Theorem 6: noiseless stability, root loci and noise summand of memory 1.

With delta = 1 - D, :math:`q_0 = Q(0)`, :math:`\delta\alpha_{\rm eff} = -(q_0+q_1)`:

1. S (and :math:`A_\lambda` at tau2 = 0) is strictly stable on all of :math:`(0,\lambda_{\max}]`
   if and only if :math:`0<\delta<2`, :math:`\alpha_{\rm eff}>0`,
   :math:`q_0>-\delta/\lambda_{\max}` and
   :math:`\lambda_{\max}(2q_0+\delta\alpha_{\rm eff}) < 4-2\delta`.
2. For :math:`\delta, \alpha_{\rm eff} > 0`: if :math:`q_0\ge(1-\delta)\alpha_{\rm eff}`, the roots
   are real for all lambda > 0. Otherwise they are complex exactly between

   .. math:: \lambda_\pm = \frac{\delta\bigl(\sqrt{\alpha_{\rm eff}}
       \pm\sqrt{(1-\delta)\alpha_{\rm eff}-q_0}\bigr)^2}{(\delta\alpha_{\rm eff}+q_0)^2},

   on the circle around the root :math:`x_Q = -q_0/q_1` of Q with radius
   :math:`\sqrt{(1-x_Q)(1-\delta-x_Q)}`.
3. Where S is strictly stable, s is given by eq. (25).

Method: eigenvalues of S. 1. on grids from 1e-6 lambda_max to lambda_max; random parameters, and
others within 1e-5 of each of the conditions' ends. 2. trace^2 - 4 det of S, interpolated in lambda,
has its zeros where the roots turn complex. 3. the stationary second moments.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Array, Dynamics, spectral_radius
from sgdmem.numeric.theorems.sgd_with_memory import equation_25
from sgdmem.numeric.theorems.sgd_with_memory.random_memory_one import (
    Parameters,
    complex_ends,
    matrices,
    near_the_ends,
    random_parameters,
)
from sgdmem.symbolic.zoo.named_algorithms import memory_one

STATEMENT = Statement(
    "Theorem 6",
    "arXiv 2410.04228, Theorem 6; its proof for the complex range",
    tolerance=1e-10,
    reason="rounding, magnified where two roots or two ends come near each other",
)

_LOCI = 12


class Prediction(NamedTuple):
    """What the theorem says about the parameters, up to an eigenvalue or at it."""

    stable: bool
    always_real: bool
    complex_range: tuple[float, float]
    centre: float
    radius: float
    summand: float


def _conditions(effective_rate: float, q0: float, damping: float, lam: float) -> list[bool]:
    return [
        *(damping > 0, damping < 2, effective_rate > 0, q0 > -damping / lam),
        lam * (2 * q0 + damping * effective_rate) < 4 - 2 * damping,
    ]


def claim(effective_rate: float, q0: float, damping: float, lam: float) -> Prediction:
    """Return the stability on (0, lam], the locus of the roots, and s at lam."""
    pull = damping * effective_rate
    centre = q0 / (q0 + pull)
    surplus = (1 - damping) * effective_rate - q0
    roots = np.sqrt(max(effective_rate, 0.0)), np.sqrt(max(surplus, 0.0))
    ends = [damping * (roots[0] + sign * roots[1]) ** 2 / (pull + q0) ** 2 for sign in (-1, 1)]
    return Prediction(
        stable=all(_conditions(effective_rate, q0, damping, lam)),
        always_real=surplus <= 0,
        complex_range=(float(ends[0]), float(ends[1])),
        centre=centre,
        radius=float(np.sqrt(max((1 - centre) * (1 - damping - centre), 0.0))),
        summand=float(equation_25.claim(effective_rate, q0, damping, lam)),
    )


def check(claim: Claim = claim) -> list[Case]:
    """Count wrong verdicts near every condition's end; compare loci and summands."""
    rng = np.random.default_rng(6)
    cases, wrong_kinds = [], 0
    for kind, draws in near_the_ends(rng).items():
        wrong = sum(_wrong_verdict(parameters, lam, claim) for parameters, lam in draws)
        cases.append(Case(f"part 1, {kind}", wrong, 0))
    for draw in range(20 * _LOCI):
        rate, damping = float(rng.uniform(0.2, 3)), float(rng.uniform(0.05, 1.6))
        q0 = (1 - damping) * rate + float(rng.normal() * 10 ** rng.uniform(-5, 0))
        ends = complex_ends((rate, q0, damping))
        predicted = claim(rate, q0, damping, 1.0)
        wrong_kinds += (not ends.size) != predicted.always_real
        if draw < _LOCI and ends.size and abs(q0 + damping * rate) > 0.05:
            cases += _locus((rate, q0, damping), ends, predicted, draw)
    cases.append(Case("part 2, whether there are complex roots", wrong_kinds, 0))
    return cases + _summands(rng, claim)


def _summands(rng: np.random.Generator, claim: Claim) -> list[Case]:
    cases: list[Case] = []
    while len(cases) < _LOCI:
        parameters = random_parameters(rng, 1.0)
        if spectral_radius(matrices(parameters, np.ones(1)))[0] < 0.99:
            s = float(Dynamics.of(memory_one(*parameters)).noise_summand(1.0))
            cases.append(Case(f"part 3, {parameters}", s, claim(*parameters, 1.0).summand))
    return cases


def _wrong_verdict(parameters: Parameters, lam: float, claim: Claim) -> bool:
    grid = lam * np.append(np.geomspace(1e-6, 1, 50), np.linspace(0.02, 1, 50))
    stable = spectral_radius(matrices(parameters, grid)).max() < 1
    return bool(stable != claim(*parameters, lam).stable)


def _locus(parameters: Parameters, ends: Array, predicted: Prediction, draw: int) -> list[Case]:
    inside = np.geomspace(ends[0], ends[1], 22)[1:-1]
    roots = np.linalg.eigvals(matrices(parameters, inside))
    distances = np.abs(roots - predicted.centre)
    compared = {
        "lower end": (ends[0], predicted.complex_range[0]),
        "upper end": (ends[1], predicted.complex_range[1]),
        "largest distance": (distances.max(), predicted.radius),
        "least distance": (distances.min(), predicted.radius),
    }
    return [Case(f"part 2, draw {draw}, {x}", *map(float, pair)) for x, pair in compared.items()]


def _replacing(**changes: Claim) -> Claim:
    return lambda *x: claim(*x)._replace(**{key: value(*x) for key, value in changes.items()})


PERTURBED: dict[str, Claim] = {
    **{
        f"condition {k + 1} forgotten": _replacing(
            stable=lambda *x, k=k: all(y for i, y in enumerate(_conditions(*x)) if i != k)
        )
        for k in range(5)
    },
    "q0 > 0 in place of its lower end": _replacing(stable=lambda *x: claim(*x).stable and x[1] > 0),
    "a circle around 0": _replacing(centre=lambda *x: 0.0),
    "complex roots for q0 up to alpha_eff": _replacing(always_real=lambda *x: x[1] >= x[0]),
    "another factor in (25)": _replacing(summand=lambda *x: claim(*x).summand / (2 - x[2])),
}
