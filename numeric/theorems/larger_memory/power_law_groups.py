"""The eigenvalues of a power law in groups: for sums over them to some digits."""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array


def grouped_law(nu: float, last: float, single: int, groups: int) -> tuple[Array, Array]:
    """Return eigenvalues k^-nu up to k = last, and how many each one stands for.

    The first ``single`` ones stand for themselves, and the others are in geometric groups.
    """
    edges = np.geomspace(single + 0.5, last, groups + 1)
    k = np.concatenate([np.arange(1.0, single + 1), np.sqrt(edges[1:] * edges[:-1])])
    return k**-nu, np.concatenate([np.ones(single), np.diff(edges)])
