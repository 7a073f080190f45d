r"""Few nodes for the measures of a power law: masses m k^-p at the eigenvalues, k = 1, 2, ...

For sums of smooth functions over them, however long the law: the largest eigenvalues stay, the
others go into panels with a factor of 3 between their ends, and each panel gets the Gauss rule of
the measure itself. Its moments are differences of Hurwitz zeta functions,

.. math:: \sum_{k=i}^{j-1} k^{-p}(\lambda_k/\lambda_i)^n
    = i^{\nu n}[\zeta(p+\nu n,i)-\zeta(p+\nu n,j)],

in so many digits that the change to Chebyshev polynomials, which cancels most of them, leaves
enough.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from sgdmem.numeric.ball import Array
from sgdmem.numeric.power_law import PowerLaw
from sgdmem.numeric.quadrature import RATIO, gauss_rule_of_moments

_LISTED = 24  # largest eigenvalues that are nodes themselves
_POINTS = 16  # nodes of a panel
_BITS = 384


def power_measure(
    law: PowerLaw, power: float, first: float, smallest: float
) -> tuple[Array, Array]:
    """Return nodes and masses for ``first * k**-power`` at each eigenvalue of a law.

    Parameters
    ----------
    law
    power
        Above 1 if the law is infinite.
    first
        The mass at the largest eigenvalue.
    smallest
        All eigenvalues below this one share a panel: functions must be smooth there.

    Examples
    --------
    >>> nodes, masses = power_measure(PowerLaw(1.5, 1.0, None), 2.0, 1.0, 1e-6)
    >>> float(masses.sum() * 6 / np.pi**2), nodes.size < 300
    (1.0, True)
    """
    edges = _edges(law, smallest)
    listed = np.arange(1.0, edges[0])
    nodes, masses = [law.scale * listed**-law.exponent], [first * listed**-power]
    for begin, end in pairwise(edges):
        if end is not None and end - begin <= _POINTS:
            k = np.arange(float(begin), float(end))
            nodes.append(law.scale * k**-law.exponent)
            masses.append(first * k**-power)
        else:
            theta, omega = _panel(law.exponent, power, begin, end)
            nodes.append(law.scale * float(begin) ** -law.exponent * theta)
            masses.append(first * omega)
    return np.concatenate(nodes), np.concatenate(masses)


def _edges(law: PowerLaw, smallest: float) -> list[Any]:
    """Return the numbers at which panels begin, and where the last one ends (None: nowhere)."""
    stop = None if law.count is None else law.count + 1
    edges: list[Any] = [_LISTED + 1]
    while stop is None or edges[-1] < stop:
        if law.scale * float(edges[-1]) ** -law.exponent <= smallest:
            break
        edges.append(max(int(edges[-1] * RATIO ** (1 / law.exponent)), edges[-1] + 1))
    if stop is None:
        return [*edges, None]
    inside = [edge for edge in edges if edge < stop]
    return [*inside, stop] if inside else [stop]


def _panel(exponent: float, power: float, begin: int, end: int | None) -> tuple[Array, Array]:
    """Return the Gauss rule of k^-power at (k/begin)^-exponent for begin <= k < end."""
    from flint import arb, arb_poly, ctx

    with ctx.workprec(_BITS):
        nu, p, start = arb(exponent), arb(power), arb(begin)
        low = (start / (end - 1)) ** nu if end is not None else arb(0)
        half, middle = (1 - low) / 2, (1 + low) / 2
        moments = []
        for n in range(2 * _POINTS):
            s = p + nu * n
            total = s.zeta(begin) - s.zeta(end) if end is not None else s.zeta(begin)
            moments.append(total * start ** (nu * n))
        x = arb_poly([-middle / half, 1 / half])
        before, now = arb_poly([1]), x
        found = []
        for _ in range(2 * _POINTS):
            terms = zip(before.coeffs(), moments, strict=False)
            found.append(sum((a * m for a, m in terms), start=arb(0)))
            before, now = now, 2 * x * now - before
        largest = max(float(value.rad()) for value in found) / float(found[0])
        assert largest < 1e-18, "more bits are needed"
        chebyshev = np.array([float(value) for value in found])
        lowest = float(low)
    theta, omega = gauss_rule_of_moments(chebyshev)
    within = omega > 0
    places = lowest + (1 - lowest) / 2 * (1 + theta[within])
    return np.clip(places, lowest, 1.0), omega[within]
