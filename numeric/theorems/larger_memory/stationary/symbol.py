r"""Symbol of stable methods: at most that of the Koebe function.

If :math:`P-\lambda Q` is strictly Schur for all :math:`\lambda\in(0,1]` then

.. math:: \Bigl|\frac{Q(x)}{P(x)}\Bigr|\le\frac{4|x|}{(|x|-1)^2}\qquad(|x|>1),

and no smaller constant than 4 would do.

Method: random methods of memory up to 6 on circles from 1.0001 to 100, found from the matrices of
the method; and heavy balls that are barely stable, which nearly attain it. Computed is the largest
violation; theory is that there is none.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.larger_memory.stationary.methods import (
    heavy_balls,
    random_methods,
    symbol_at,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm

STATEMENT = Statement(
    "Symbol of stable methods",
    "docs/theory/larger-memory-stationary, theorem B",
    tolerance=1e-9,
    reason="rounding where x is close to a root",
)


def claim(modulus: Array) -> Array:
    """Return the largest symbol at a distance from 0."""
    return np.asarray(4 * modulus / (modulus - 1) ** 2)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for random methods of each memory, and for heavy balls."""
    rng = np.random.default_rng(5)
    kinds: dict[str, Iterable[Algorithm]] = {
        f"memory {M}": random_methods(rng, 25, (M,)) for M in (0, 1, 2, 3, 4, 6)
    }
    kinds["heavy balls"] = heavy_balls()
    return [Case.within(label, largest_ratio(methods, claim)) for label, methods in kinds.items()]


def largest_ratio(methods: Iterable[Algorithm], claim: Claim = claim) -> float:
    """Return the largest symbol of several methods over its bound."""
    modulus = 1 + np.geomspace(1e-4, 99, 40)
    x = modulus[:, None] * np.exp(1j * np.linspace(0, np.pi, 41))
    return max(
        float((abs(symbol_at(method, x)).max(axis=1) / claim(modulus)).max()) for method in methods
    )


PERTURBED: dict[str, Claim] = {
    "3.9 in place of 4": lambda modulus: 0.975 * claim(modulus),
    "the power 1.9": lambda modulus: claim(modulus) * (modulus - 1) ** 0.1,
}
