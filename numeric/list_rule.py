"""A rule for a list of eigenvalues: Gauss rules of the list itself, panel by panel.

The largest eigenvalues stay as they are. Below, panels begin narrow and widen, so that a pole close
above the largest eigenvalue is far from every disk, until their ends differ by a factor of 3. A
panel with few eigenvalues keeps them.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.ball import Array, Ball
from sgdmem.numeric.quadrature import UNIT, Rule, gauss_error, gauss_rule

POINTS = 15  # nodes of a panel
KEPT = 16  # largest eigenvalues that stay as they are
REACH = 1.6  # radius of a panel's disk over its half-width
_RATIO = 3.0  # largest, of the ends of a panel
_NARROWEST = 1e-3  # width of the first panel, over the largest eigenvalue
_FEW = 2 * POINTS  # eigenvalues in a panel that are kept


def list_rule(eigenvalues: Ball, weights: Array) -> Rule:
    """Return the rule of a list of eigenvalues with multiplicities, in any order.

    Examples
    --------
    >>> lam = np.arange(1.0, 10**5) ** -1.5
    >>> found = list_rule(Ball(lam), np.ones(lam.size))
    >>> len(found.weights) < 300, bool((found.weights > 0).all())
    (True, True)
    >>> total = (found.weights * found.nodes.mid / (1 + found.nodes.mid)).sum()
    >>> bool(abs(total / (lam / (1 + lam)).sum() - 1) < 1e-13)
    True
    """
    lam, count, radii = _sorted(eigenvalues, weights)
    kept = [np.arange(min(KEPT, lam.size))]
    nodes, masses, disks, errors = [], [], [], []
    for first, last, lower, upper in _panels(lam):
        inside = np.arange(first, last)
        if inside.size <= _FEW:
            kept.append(inside)
            continue
        center, half = (upper + lower) / 2, (upper - lower) / 2
        x, mass = (lam[inside] - center) / half, count[inside] * lam[inside]
        theta, omega = gauss_rule(x, mass, POINTS)
        spread = count[inside] * radii[inside] * (1 + lam[inside] / ((REACH - 1) * half))
        error = gauss_error(x, mass, theta, omega, REACH) + float(spread.sum())
        nodes.append(center + half * theta)
        masses.append(omega)
        disks.append((center, REACH * half * (1 + 8 * UNIT)))
        errors.append(1.01 * error)
    listed = np.concatenate(kept)
    inner = np.concatenate([np.empty(0), *nodes])
    centers, reaches = np.array(disks).reshape(-1, 2).T
    return Rule(
        listed.size,
        Ball(np.concatenate([lam[listed], inner]), np.concatenate([radii[listed], 0 * inner])),
        np.concatenate([count[listed], np.concatenate([np.empty(0), *masses]) / inner]),
        Ball(centers, reaches),
        np.array(errors),
    )


def _sorted(eigenvalues: Ball, weights: Array) -> tuple[Array, Array, Array]:
    """Return eigenvalues, largest first, multiplicities and radii; equal ones become one."""
    order = np.argsort(-eigenvalues.mid, kind="stable")
    lam, count = eigenvalues.mid[order], weights[order]
    radii = np.broadcast_to(eigenvalues.rad, lam.shape)[order]
    begins = np.flatnonzero(np.concatenate([[True], lam[1:] != lam[:-1]]))
    if begins.size == lam.size:
        return lam, count, radii
    return lam[begins], np.add.reduceat(count, begins), np.maximum.reduceat(radii, begins)


def _panels(lam: Array) -> list[tuple[int, int, float, float]]:
    """Return the panels below the kept eigenvalues: places in the list, and ends."""
    found = []
    first, width = min(KEPT, lam.size), _NARROWEST * lam[0]
    ascending = -lam
    while first < lam.size:
        upper = float(lam[first])
        lower = max(upper / _RATIO, upper - width)
        last = int(np.searchsorted(ascending, -lower, side="right"))  # those >= lower
        found.append((first, last, float(lam[last - 1]), upper))
        first, width = last, 2 * width
    return found
