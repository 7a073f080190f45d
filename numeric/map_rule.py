"""The rule that a map uses: the fewest nodes, and disks that cover every eigenvalue.

A verdict on one algorithm takes hundreds of eigenvalues one by one; for a million algorithms the
largest ones are enough, the others being compressed. What is left open goes to the single verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.ball import Array, Ball
from sgdmem.numeric.list_rule import LongList
from sgdmem.numeric.map_kernel import TOGETHER
from sgdmem.numeric.power_law import PowerLaw
from sgdmem.numeric.power_law_rule import HEAD, LongLaw
from sgdmem.numeric.quadrature import UNIT, Rule

KEPT = 24  # largest eigenvalues that are nodes themselves
_LAW_POINTS, _LAW_LAST = 15, 1e-12  # of the rule of a power law
_NEAR_TOP = (0.0, 1 / 81, 1 / 27, 1 / 9, 1 / 3, 2 / 3)  # ends of intervals below the largest one
_RATIO = 3.0  # between the ends of the further intervals


@dataclass(frozen=True)
class MapRule:
    """Nodes, weights and disks as the kernels take them: contiguous arrays of floats.

    Attributes
    ----------
    nodes, weights : ndarray, shape (n,)
        n is a multiple of `TOGETHER`.
    node_spread : float
        Bound of the relative errors of the nodes.
    eigenvalues, spreads : ndarray, shape (h,)
        The eigenvalues that no disk of the quadrature covers, the largest one first, and bounds of
        their errors.
    centers, reaches, errors : ndarray, shape (d,)
        Disks of the quadrature, and its errors for a summand bounded by 1 on each.
    """

    nodes: Array
    weights: Array
    node_spread: float
    eigenvalues: Array
    spreads: Array
    centers: Array
    reaches: Array
    errors: Array

    def disks(self, one_by_one: bool) -> tuple[Array, Array, Array]:
        """Return centers, reaches and errors of disks that cover all eigenvalues.

        The largest eigenvalue comes first. The others that the quadrature leaves alone are disks of
        their own, or lie in a few intervals, which is quicker but needs a pole to be farther away.
        """
        centers, reaches = self.eigenvalues, self.spreads
        if not one_by_one:
            ends = self._interval_ends()
            if ends.size < centers.size:
                middles, halves = (ends[:-1] + ends[1:]) / 2, (ends[:-1] - ends[1:]) / 2
                centers = np.concatenate([centers[:1], middles])
                reaches = np.concatenate([reaches[:1], halves * (1 + 8 * UNIT)])
        return (
            np.concatenate([centers, self.centers]),
            np.concatenate([reaches, self.reaches]),
            np.concatenate([np.zeros(centers.size), self.errors]),
        )

    def _interval_ends(self) -> Array:
        top = float((self.eigenvalues + self.spreads).max())
        low = float((self.eigenvalues - self.spreads).min())
        ends = [top * (1 - share) for share in _NEAR_TOP]
        while ends[-1] > low:
            ends.append(ends[-1] / _RATIO)
        return np.array(ends)


def list_map_rule(eigenvalues: Ball, weights: Array) -> MapRule:
    """Return the rule of a list of eigenvalues with multiplicities."""
    return _packed([_compressed(eigenvalues, weights)], [])


def law_map_rule(law: PowerLaw) -> MapRule:
    """Return the rule of a long power law: its first eigenvalues as a list, then its own panels.

    Raises
    ------
    InputError
        If the law leaves the range of floating-point numbers.
    """
    long = LongLaw(law, _LAW_POINTS, _LAW_LAST)
    whole = long.rule(HEAD, long.edges(HEAD))
    head = whole.head
    first = _compressed(whole.nodes[:head], whole.weights[:head])
    rest = Rule(
        np.empty(0), whole.nodes[head:], whole.weights[head:],
        whole.disks, whole.errors, whole.panels,
    )  # fmt: skip
    return _packed([first], [rest])


def _compressed(eigenvalues: Ball, weights: Array) -> Rule:
    long = LongList(eigenvalues, weights)
    return long.rule(KEPT, long.edges(KEPT))


def _packed(lists: list[Rule], others: list[Rule]) -> MapRule:
    rules = [*lists, *others]
    nodes = np.concatenate([rule.nodes.mid for rule in rules])
    radii = np.concatenate(
        [np.broadcast_to(rule.nodes.rad, rule.nodes.mid.shape) for rule in rules]
    )
    weights = np.concatenate([rule.weights for rule in rules])
    heads = [rule.nodes[: rule.head] for rule in lists]
    eigenvalues = np.concatenate([head.mid for head in heads])
    spreads = np.concatenate([np.broadcast_to(head.rad, head.mid.shape) for head in heads])
    order = np.argsort(-eigenvalues, kind="stable")
    padding = -len(nodes) % TOGETHER
    return MapRule(
        nodes=np.concatenate([nodes, np.repeat(nodes[-1:], padding)]),
        weights=np.concatenate([weights, np.zeros(padding)]),
        node_spread=float((radii / nodes).max()) * (1 + 8 * UNIT),
        eigenvalues=eigenvalues[order],
        spreads=spreads[order],
        centers=np.concatenate([rule.disks.mid for rule in rules]),
        reaches=np.concatenate([rule.disks.rad for rule in rules]),
        errors=np.concatenate([rule.errors for rule in rules]),
    )
