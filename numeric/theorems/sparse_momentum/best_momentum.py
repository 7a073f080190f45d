r"""Momentum that suits a token: the mean falls fastest where it is about to oscillate.

The momentum with which the mean of a token of probability p falls fastest, and the factor of a
step there, are

.. math:: \beta=\Bigl(\frac{1-\eta p}{1+\eta p}\Bigr)^2,\qquad
    \sqrt\beta=\frac{|1-\eta p|}{1+\eta p}:

twice as fast as without momentum where :math:`\eta p` is small.

Method: the largest root of the matrix of a step, least over the momenta by a search.
"""

from __future__ import annotations

from functools import cache

from scipy.optimize import minimize_scalar

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Dynamics, spectral_radius
from sgdmem.symbolic.zoo.named_algorithms import sgdm

STATEMENT = Statement(
    "Momentum that suits a token",
    "arXiv 2605.28961, abstract; sgdmem, docs/systems/sparse-momentum.md",
    tolerance=1e-5,
    reason="a double root of floats, searched at its kink",
)


def claim(product: float) -> tuple[float, float]:
    """Return the momentum and the factor of a step, for eta p."""
    root = abs(1 - product) / (1 + product)
    return root**2, root


def check(claim: Claim = claim) -> list[Case]:
    """Compare both for several products of rate and probability."""
    cases = []
    for product in (0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 1.5, 4.0):
        for name, found, theory in zip(
            ("momentum", "factor"), _fastest(product), claim(product), strict=True
        ):
            cases.append(Case(f"eta p {product}, {name}", found, theory))
    return cases


@cache
def _fastest(product: float) -> tuple[float, float]:
    def radius(momentum: float) -> float:
        return float(spectral_radius(Dynamics.of(sgdm(product, momentum)).matrix(1.0)))

    found = minimize_scalar(radius, bounds=(0, 1), method="bounded", options={"xatol": 1e-12})
    return float(found.x), float(found.fun)


PERTURBED: dict[str, Claim] = {
    "1 - 4 eta p, as at small rates": lambda product: (1 - 4 * product, 1 - 2 * product),
    "retention as long as learning": lambda product: (1 - 2 * product, 1 - 2 * product),
    "no momentum": lambda product: (0.0, 1 - product),
}
