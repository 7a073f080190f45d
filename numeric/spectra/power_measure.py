r"""Few nodes for the measures of a power law: masses m k^-p at the eigenvalues, k = 1, 2, ...

For sums of smooth functions over them, however long the law: each panel of eigenvalues gets the
Gauss rule of the measure itself, unless it has few. The moments of a panel are differences of
Hurwitz zeta functions,

.. math:: \sum_{k=i}^{j-1} k^{-p}(\lambda_k/\lambda_i)^n
    = i^{\nu n}[\zeta(p+\nu n,i)-\zeta(p+\nu n,j)],

in so many digits that the change to Chebyshev polynomials, which cancels most of them, leaves
enough.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.spectra.list_quadrature import POINTS
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.numeric.spectra.quadrature import gauss_rule_of_moments
from sgdmem.symbolic.errors import InputError

_BITS, _MOST_BITS = 384, 2**15
_LOWEST = 1e-16  # over the top of a panel that reaches down to 0: what floats tell from 0 there


def power_measure(law: PowerLaw, power: float, first: float, edges: Array) -> tuple[Array, Array]:
    """Return nodes and masses for ``first * k**-power`` at each eigenvalue of a law.

    Parameters
    ----------
    law
    power
        Above 1 if the law is infinite.
    first
        The mass at the largest eigenvalue.
    edges
        The ends of panels, falling from the largest eigenvalue (or above) to 0.

    Examples
    --------
    >>> edges = np.append(3.0 ** -np.arange(13), 0)
    >>> nodes, masses = power_measure(PowerLaw(1.5, 1.0, None), 2.0, 1.0, edges)
    >>> float(masses.sum() * 6 / np.pi**2), nodes.size < 300
    (1.0, True)
    """
    nodes, masses = [], []
    for begin, end in pairwise(_places(law, edges)):
        if end is not None and end - begin <= POINTS:
            k = np.arange(float(begin), float(end))
            nodes.append(law.scale * k**-law.exponent)
            masses.append(first * k**-power)
        else:
            theta, omega = _panel(law.exponent, power, begin, end)
            nodes.append(law.scale * float(begin) ** -law.exponent * theta)
            masses.append(first * omega)
    places, weights = np.concatenate(nodes), np.concatenate(masses)
    some = (places > 0) & (weights > 0)  # a steep law leaves the range of floats
    return places[some], weights[some]


def larger_eigenvalues(law: PowerLaw, values: Array) -> Array:
    """Return about how many eigenvalues of a law are larger than each of some positive numbers."""
    places = (law.scale / values) ** (1 / law.exponent)
    return places if law.count is None else np.minimum(places, law.count)


def _places(law: PowerLaw, edges: Array) -> list[Any]:
    """Return the numbers at which panels begin, and where the last one ends (None: nowhere)."""
    # 10^15 is far enough for any panel: floats count up to there
    found = np.ceil(np.minimum(larger_eigenvalues(law, edges[1:-1]), 1e15)).astype(int)
    begins: list[Any] = np.unique(np.append(1, np.maximum(found, 1))).tolist()
    if law.count is None:
        return [*begins, None]
    return [*(begin for begin in begins if begin <= law.count), law.count + 1]


@lru_cache(maxsize=4096)  # laws of one exponent meet the same panels again and again
def _panel(exponent: float, power: float, begin: int, end: int | None) -> tuple[Array, Array]:
    """Return the Gauss rule of k^-power at (k/begin)^-exponent for begin <= k < end."""
    bits = _BITS
    while True:
        found, lowest = _chebyshev(exponent, power, begin, end, bits)
        if all(value.rad() < 1e-18 * found[0] for value in found):
            break
        bits *= 2  # near a pole of the zeta function digits cancel
        if bits > _MOST_BITS:
            raise InputError(
                f"exponent {exponent:g} with a target of masses k^-{power:g} is too steep"
            )
    if float(found[0]) == 0:
        return np.empty(0), np.empty(0)
    theta, omega = gauss_rule_of_moments(np.array([float(value) for value in found]))
    within = omega > 0
    places = lowest + (1 - lowest) / 2 * (1 + theta[within])
    # rounding may put a node at or below 0, where its mass would be lost
    return np.clip(places, max(lowest, _LOWEST), 1.0), omega[within]


def _chebyshev(
    exponent: float, power: float, begin: int, end: int | None, bits: int
) -> tuple[list[Any], float]:
    """Return the moments of Chebyshev polynomials on a panel, and where the panel ends."""
    from flint import arb, arb_poly, ctx

    after = _zetas(exponent, power, begin, bits)
    beyond = _zetas(exponent, power, end, bits) if end is not None else after
    with ctx.workprec(bits):
        nu, p, start = arb(exponent), arb(power), arb(begin)
        low = (start / (end - 1)) ** nu if end is not None else arb(0)
        half, middle = (1 - low) / 2, (1 + low) / 2
        moments = []
        for n in range(2 * POINTS):
            if end is None:
                total = after[n]
            elif p + nu * n == 1:  # the limit of the difference, at the pole of both
                total = arb(end).digamma() - start.digamma()
            else:
                total = after[n] - beyond[n]
            moments.append(total * start ** (nu * n))
        x = arb_poly([-middle / half, 1 / half])
        before, now = arb_poly([1]), x
        found = []
        for _ in range(2 * POINTS):
            terms = zip(before.coeffs(), moments, strict=False)
            found.append(sum((a * m for a, m in terms), start=arb(0)))
            before, now = now, 2 * x * now - before
        return found, float(low)


@lru_cache(maxsize=1024)  # a panel begins where the one before it ends
def _zetas(exponent: float, power: float, begin: int, bits: int) -> list[Any]:
    """Return the sums of k^-(power + exponent n) over k >= begin for n = 0, 1, ..."""
    from flint import arb, ctx

    with ctx.workprec(bits):
        nu, p = arb(exponent), arb(power)
        return [(p + nu * n).zeta(begin) for n in range(2 * POINTS)]
