"""A rule for a long list of eigenvalues: Gauss rules of the list itself, panel by panel.

The largest eigenvalues stay as they are. Below, panels are at first as wide as they are far from
these and then widen, until their ends differ by a factor of 3: a pole close above the largest
eigenvalue is far from every disk. A panel with few eigenvalues keeps them.

The list may be a summation rule in turn, with some negative weights, if its moments on each panel
are those of a positive measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from sgdmem.numeric.arithmetic.arrays import distinct
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.spectra.quadrature import (
    RATIO,
    REACH,
    Rule,
    chebyshev_moments,
    gauss_error,
    gauss_rule_of_moments,
)

POINTS = 16  # nodes of a panel
_NARROWEST = 1e-3  # least width of the first panel, over the largest eigenvalue


@dataclass(frozen=True)
class _Panel:
    nodes: Array
    weights: Array
    center: float
    reach: float
    error: float


@dataclass(frozen=True, eq=False)
class LongList:
    """A list of eigenvalues, in any order and with multiplicities, as a `LongSpectrum`.

    Attributes
    ----------
    eigenvalues : Ball, shape (N,)
    weights : ndarray, shape (N,)
    points : int
        Nodes of a panel.
    last : float
        Eigenvalues below this share of the largest one are in one panel.
    room : float
        Least half-width that a panel counts as, over its largest eigenvalue. In a narrow panel the
        rounding of its nodes is large, for a summand of which its small disk is all that is known.

    Examples
    --------
    >>> lam = np.arange(1.0, 10**5) ** -1.5
    >>> long = LongList(Ball(lam), np.ones(lam.size))
    >>> found = long.rule(16, long.edges(16))
    >>> len(found.weights) < 300, bool((found.weights > 0).all())
    (True, True)
    >>> total = (found.weights * found.nodes.mid / (1 + found.nodes.mid)).sum()
    >>> bool(abs(total / (lam / (1 + lam)).sum() - 1) < 1e-13)
    True
    """

    eigenvalues: Ball
    weights: Array
    points: int = POINTS
    last: float = 0.0
    room: float = 0.0

    @property
    def count(self) -> int:
        """How many different eigenvalues are listed."""
        return int(self.sorted[1].size)

    @property
    def power(self) -> int:
        """The disks bound f / lambda."""
        return 1

    def every(self) -> tuple[Ball, Array]:
        """Return all eigenvalues and their multiplicities, in the order of the list."""
        return self.eigenvalues, self.weights

    @cached_property
    def sorted(self) -> tuple[Array, Array, Array, Array]:
        """Places in the list, eigenvalues, largest first, radii and multiplicities.

        Equal eigenvalues are one, at the first of their places.
        """
        order = np.argsort(-self.eigenvalues.mid, kind="stable")
        radii = np.broadcast_to(self.eigenvalues.rad, self.eigenvalues.mid.shape)[order]
        lam, weights = self.eigenvalues.mid[order], self.weights[order]
        first = np.flatnonzero(np.append(True, np.diff(lam) != 0))
        if first.size < lam.size:
            order, lam = order[first], lam[first]
            radii, weights = np.maximum.reduceat(radii, first), np.add.reduceat(weights, first)
        return order, lam, radii, weights

    def edges(self, head: int) -> Array:
        """Return the ends of the panels that cover the eigenvalues beyond the first ones."""
        _, lam, *_ = self.sorted
        if head >= lam.size:
            return np.empty(0)
        edges = [float(lam[head])]
        width = max(_NARROWEST * float(lam[0]), float(lam[0] - lam[head]))
        while edges[-1] >= lam[-1]:
            below = max(edges[-1] / RATIO, edges[-1] - width)
            edges.append(below if below >= self.last * lam[0] else 0.0)
            width *= 2
        return np.array(edges)

    def rule(self, head: int, edges: Array) -> Rule:
        """Return the rule that takes the first eigenvalues one by one and has these panels."""
        order, lam, radii, count = self.sorted
        kept, panels, found = [np.arange(min(head, lam.size))], [], []
        # eigenvalues equal to an edge belong to the panel below it, and to the first one
        begins = np.searchsorted(-lam, -edges, side="left")
        begins[:1] = min(head, lam.size)
        for panel, (first, last) in enumerate(pairwise(begins.tolist())):
            rule = self._panel(first, last)
            if rule is None:
                kept.append(np.arange(first, last))
            else:
                panels.append(panel)
                found.append(rule)
        listed = np.concatenate(kept)
        nodes, weights = (
            np.concatenate([np.empty(0), *(getattr(rule, key) for rule in found)])
            for key in ("nodes", "weights")
        )
        return Rule(
            order[listed],
            Ball(np.concatenate([lam[listed], nodes]), np.concatenate([radii[listed], 0 * nodes])),
            np.concatenate([count[listed], weights]),
            Ball(np.array([rule.center for rule in found]), np.array([r.reach for r in found])),
            np.array([rule.error for rule in found]),
            np.array(panels, dtype=int),
        )

    @cached_property
    def _panels(self) -> dict[tuple[int, int], _Panel | None]:
        return {}

    def _panel(self, first: int, last: int) -> _Panel | None:
        """Return the Gauss rule of some eigenvalues, made once; None if they are too few."""
        if (first, last) not in self._panels:
            self._panels[first, last] = self._make_panel(first, last)
        return self._panels[first, last]

    def _make_panel(self, first: int, last: int) -> _Panel | None:
        inside = slice(first, last)
        _, lam, radii, count = (part[inside] for part in self.sorted)
        if lam.size == 0 or (lam.size <= self.points and (count > 0).all()):
            return None
        center = float(lam[0] + lam[-1]) / 2
        half = max(float(lam[0] - lam[-1]) / 2, self.room * float(lam[0]))
        x, mass = (lam - center) / half, count * lam
        moments = chebyshev_moments(x, mass, 2 * self.points)
        theta, omega = gauss_rule_of_moments(moments[: 2 * lam.size])
        # rounding errors may put a node just outside, even one with much of the mass
        nodes = np.clip(center + half * theta, lam[-1], lam[0])
        within = omega > 0
        nodes, omega = nodes[within], omega[within]
        theta = (nodes - center) / half  # with the rounding of the nodes
        room = np.maximum((REACH - 1) * half - radii, 0.0)
        with np.errstate(divide="ignore"):
            moved = float((np.abs(count) * np.where(radii > 0, radii * (1 + lam / room), 0)).sum())
        total = float(np.abs(mass).sum())
        return _Panel(
            nodes=nodes,
            weights=omega / nodes,
            center=center,
            reach=REACH * half * (1 + 8 * UNIT),
            error=1.01 * (gauss_error(moments, total, theta, omega, REACH) + moved),
        )

    def beside(self, values: Array, head: int) -> tuple[Ball, Array]:
        """Return the eigenvalues next to some values, beyond the first ones, and their places."""
        order, lam, radii, _ = self.sorted
        after = np.searchsorted(-lam, -values)
        places = distinct(np.concatenate([after - 1, after]))
        places = places[(places >= head) & (places < lam.size)]
        return Ball(lam[places], radii[places]), order[places]
