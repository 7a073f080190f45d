"""A spectrum compressed to a few nodes with positive weights, with error bounds.

A verdict on one algorithm takes hundreds of eigenvalues one by one; for a million algorithms the
largest ones are enough. The others are replaced by Gauss rules of the spectrum itself, panel by
panel, the smallest ones by a single rule. The same nodes serve every algorithm whose poles keep
away from the panels, which error bounds on disks around these can tell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, log
from typing import TYPE_CHECKING

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.spectra.list_rule import LongList
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.numeric.spectra.power_law_rule import LongLaw
from sgdmem.numeric.spectra.quadrature import REACH, UNIT, Rule
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.errors import InputError

if TYPE_CHECKING:
    from sgdmem.numeric.maps.pole_table import PoleTable
    from sgdmem.numeric.spectra.spectrum import Spectrum

RELATIVE_ERROR, _LARGEST_ERROR = 1e-12, 0.1
STEEPNESS = 4.0  # of a summand over its mean, up to which the relative error is promised
KEPT = 24  # largest eigenvalues that are nodes themselves
_LAST = 1e-4  # smaller eigenvalues, relative to the largest, share one panel
_ROOM = 5e-4  # half of the first panel, see `LongList`
_NEGLIGIBLE = 1e-3  # share of the trace of a panel whose own relative error does not matter
_MOST_CUTS = 12
_COVERED, _DISKS = 10**6, 16  # eigenvalues and further disks of a law that has no sum
_LISTED = 10**5  # eigenvalues of a law that is compressed as a list
_LAW_HEAD = 4096  # terms of a power law that are listed
_LAW_ROOM = 1000  # eigenvalues between an end of its integral and an edge of a panel
_NEAR_TOP = (0.0, 1 / 81, 1 / 27, 1 / 9, 1 / 3, 2 / 3)  # ends of intervals below the largest one
_RATIO = 3.0  # between the ends of the further intervals


@dataclass(frozen=True, eq=False, repr=False)
class CompressedSpectrum:
    r"""Nodes and weights that stand for a spectrum in sums over it.

    Made by `Spectrum.compress`. For a summand :math:`f(\lambda) = \lambda g(\lambda)`

    .. math::
        \Bigl|\sum_k w_k f(\lambda_k) - \sum_i \omega_i f(\theta_i)\Bigr|
        \le \sum_j \epsilon_j \sup_{D_j} |g|

    with complex disks :math:`D_j` around the panels, so it is close to 0 unless g has a pole in one
    of them. It is at most ``relative_error`` of the sum if g > 0 and the suprema are at most 4
    times the mean of g over the spectrum, weighted by the eigenvalues.

    Attributes
    ----------
    nodes, weights : ndarray, shape (n,)
        Positive; the largest nodes are eigenvalues themselves.
    relative_error : float
        What was asked for.
    node_spread : float
        Bound of the relative errors of the nodes.
    eigenvalues, spreads : ndarray, shape (h,)
        The nodes that are eigenvalues, the largest one first, and bounds of their errors.
    centers, reaches, errors : ndarray, shape (d,)
        The disks that cover all other eigenvalues, and the errors for a g bounded by 1 on each.
    """

    nodes: Array
    weights: Array
    relative_error: float
    node_spread: float
    eigenvalues: Array
    spreads: Array
    centers: Array
    reaches: Array
    errors: Array

    def __post_init__(self) -> None:
        for array in (self.nodes, self.weights):
            array.flags.writeable = False

    def __len__(self) -> int:
        return int(self.nodes.size)

    def __repr__(self) -> str:
        return f"CompressedSpectrum({len(self)} nodes, relative error {self.relative_error:g})"

    @property
    def spectrum(self) -> Spectrum:
        """The nodes as eigenvalues with their weights as multiplicities, for use elsewhere.

        Verdicts on it are verdicts on the nodes; those on the spectrum itself compress it on their
        own, with proofs.
        """
        from sgdmem.numeric.spectra.spectrum import Spectrum

        return Spectrum(self.nodes, self.weights)

    def noise_sum(self, algorithm: Algorithm) -> tuple[float, float]:
        r"""Return :math:`\sum_k s_{\lambda_k}`, and a proven bound of its error.

        Parameters
        ----------
        algorithm : Algorithm
            With numbers for all its entries, strictly stable without noise.

        Raises
        ------
        InputError
            If a pole of the summand lies in the range of the spectrum or too close to it, so that
            there is no bound. `stability` has an answer also then.

        Examples
        --------
        >>> from sgdmem import Spectrum, heavy_ball
        >>> compressed = Spectrum.power_law(1.5).compress()
        >>> value, error = compressed.noise_sum(heavy_ball("0.1", "0.9"))
        >>> round(value, 6), error < 1e-12 * value
        (1.322379, True)
        """
        from sgdmem.numeric.verdicts.mode_summands import ball_form, disk_bounds
        from sgdmem.numeric.verdicts.noise_sum import sums_of_modes

        form, none = ball_form([numeric_algorithm(algorithm)]), Ball(np.array(0.0))
        nodes = Ball(self.nodes, self.node_spread * self.nodes)
        found = sums_of_modes(form, nodes, self.weights, none)
        bounds, _ = disk_bounds(form, Ball(self.centers, self.reaches), none)
        if found.schur[0] != 1:
            node = float(self.nodes[int(found.worst[0])])
            raise InputError(
                f"no error bound: the algorithm is not certainly stable at the node {node:.6g}; "
                f"ask stability() instead"
            )
        if not np.isfinite(bounds).all():
            worst = int(np.argmax(~np.isfinite(bounds)))
            low, high = (self.centers[worst] + sign * self.reaches[worst] for sign in (-1, 1))
            raise InputError(
                f"no error bound: a pole of the noise summand may lie between {low:.6g} and "
                f"{high:.6g}, where eigenvalues are compressed; ask stability() instead"
            )
        error = 1.01 * float((self.errors * bounds).sum())
        return float(found.noise.mid[0]), float(found.noise.rad[0]) + error

    def disks(self, one_by_one: bool) -> tuple[Array, Array, Array]:
        """Return centers, reaches and errors of disks that cover all eigenvalues.

        The largest eigenvalue comes first. The others that the quadrature leaves alone are disks of
        their own, or lie in a few intervals, which is quicker but needs a pole to be farther away.
        """
        centers, reaches = self.eigenvalues, self.spreads
        if not one_by_one:
            ends = self._interval_ends
            if ends.size < centers.size:
                middles, halves = (ends[:-1] + ends[1:]) / 2, (ends[:-1] - ends[1:]) / 2
                centers = np.concatenate([centers[:1], middles])
                reaches = np.concatenate([reaches[:1], halves + 4 * UNIT * ends[0]])
        return (
            np.concatenate([centers, self.centers]),
            np.concatenate([reaches, self.reaches]),
            np.concatenate([np.zeros(centers.size), self.errors]),
        )

    @cached_property
    def pole_table(self) -> PoleTable:
        """What memories 0 and 1 need of it; made once."""
        from sgdmem.numeric.maps.pole_table import pole_table

        return pole_table(self)

    @cached_property
    def _interval_ends(self) -> Array:
        top = float((self.eigenvalues + self.spreads).max())
        low = float((self.eigenvalues - self.spreads).min())
        ends = [top * (1 - share) for share in _NEAR_TOP]
        while ends[-1] > low:
            ends.append(ends[-1] / _RATIO)
        return np.array(ends)


def compress(spectrum: Spectrum, relative_error: float) -> CompressedSpectrum:
    """Compress a spectrum, or raise what `Spectrum.compress` says."""
    if not RELATIVE_ERROR <= relative_error <= _LARGEST_ERROR:
        raise InputError(
            f"relative_error must lie between {RELATIVE_ERROR:g} and {_LARGEST_ERROR:g}, "
            f"got {relative_error:g}"
        )
    if spectrum.diverges:
        raise InputError(f"{spectrum!r} has an infinite trace: sums over it do not exist")
    if np.isinf(spectrum.trace):
        raise InputError("the trace leaves the range of floating-point numbers")
    found = _compress(spectrum, relative_error)
    reached = STEEPNESS * float(found.errors.sum()) / spectrum.trace
    if not reached <= relative_error:
        raise InputError(
            f"relative_error cannot be {relative_error:g}: rounding errors leave {reached:.2g}"
        )
    return found


def compress_for_maps(spectrum: Spectrum) -> CompressedSpectrum:
    """Compress a spectrum as far as rounding errors allow; without a sum it is only covered."""
    if spectrum.diverges:
        assert spectrum.law is not None
        return _cover_law(spectrum.law)
    return _compress(spectrum, RELATIVE_ERROR)


def _compress(spectrum: Spectrum, relative_error: float) -> CompressedSpectrum:
    law = spectrum.law
    if law is not None and (law.count is None or law.count > _LISTED):
        return _compress_law(law, relative_error)
    eigenvalues = Ball(spectrum.eigenvalues, spectrum.radii)
    long = LongList(eigenvalues, spectrum.weights, points_for(relative_error), _LAST, _ROOM)
    return _packed(_sharp_rule(long, long.edges(KEPT), relative_error), relative_error)


def points_for(relative_error: float) -> int:
    """Return how many nodes a panel needs: half of the error are the terms beyond 2n."""
    r = REACH + (REACH**2 - 1) ** 0.5
    return ceil(log(STEEPNESS * 8 / (1 - 1 / r) / relative_error) / (2 * log(r)))


def _sharp_rule(long: LongList, edges: Array, relative_error: float) -> Rule:
    """Return the rule with these panels; those with too large an error are cut."""
    _, lam, _, weights = long.sorted
    masses = np.append(0.0, np.cumsum(weights * lam))
    found = long.rule(KEPT, edges)
    for _ in range(_MOST_CUTS):
        ends = np.searchsorted(-lam, -edges, side="left")
        mass = np.diff(masses[ends])[found.panels]
        least = _NEGLIGIBLE * masses[-1]
        wide = found.panels[~(found.errors <= relative_error / STEEPNESS * np.maximum(mass, least))]
        if wide.size == 0:
            break
        first, last = ends[wide], ends[wide + 1] - 1
        edges = np.unique(np.append(edges, np.sqrt(lam[first]) * np.sqrt(lam[last])))[::-1]
        narrower = long.rule(KEPT, edges)
        if not narrower.errors.sum() < found.errors.sum() / 2:
            break  # it is rounding errors
        found = narrower
    return found


def _compress_law(law: PowerLaw, relative_error: float) -> CompressedSpectrum:
    """Compress a long power law of finite trace: its summation rule is a list, compressed in turn.

    InputError if it leaves the range of floating-point numbers.
    """
    long = LongLaw(law)
    ends = long.edges(_LAW_HEAD)
    points = points_for(relative_error)
    if not ends.size:  # a steep one
        whole = long.rule(_LAW_HEAD, ends)
        inner = LongList(
            whole.nodes[: whole.head], whole.weights[: whole.head], points, _LAST, _ROOM
        )
        rule = _sharp_rule(inner, inner.edges(KEPT), relative_error)
        return _packed(_within(rule, whole), relative_error)
    edges = _law_edges(law, float(ends[ends > 0][-1]))
    beyond = edges[(edges < ends[0]) & (edges > ends[-1])]
    whole = long.rule(_LAW_HEAD, np.unique(np.concatenate([ends, beyond]))[::-1])
    inner = LongList(whole.nodes, whole.weights, points, _LAST, _ROOM)
    rule = _sharp_rule(inner, edges, relative_error)
    return _packed(_within(rule, whole), relative_error)


def _cover_law(law: PowerLaw) -> CompressedSpectrum:
    """Return the first eigenvalues of an infinite law compressed, and disks down to zero.

    For laws of infinite trace, where there is nothing to sum.
    """
    found = _compress_law(replace(law, count=_COVERED), RELATIVE_ERROR)
    ends = float(law.eigenvalues(np.array([_COVERED])).mid[0]) * _RATIO ** -np.arange(_DISKS + 1.0)
    ends[-1] = 0.0
    return replace(
        found,
        centers=np.append(found.centers, (ends[:-1] + ends[1:]) / 2),
        reaches=np.append(found.reaches, (ends[:-1] - ends[1:]) / 2 * (1 + 8 * UNIT)),
        errors=np.append(found.errors, np.zeros(_DISKS)),
    )


def _law_edges(law: PowerLaw, last: float) -> Array:
    """Return the edges of panels; none is close to an end of the integral.

    There stand the end corrections, some with negative weights; together with enough eigenvalues
    around them their moments are those of a positive measure.
    """
    first = law.eigenvalues(np.arange(1.0, _LAW_HEAD + 1))
    listed = Ball(np.append(first.mid, last), np.append(first.rad, 0.0))
    edges = LongList(listed, np.ones(listed.mid.size), last=_LAST).edges(KEPT)
    inner = edges[1:-1]
    place = (law.scale / inner) ** (1 / law.exponent)
    near = np.abs(place - _LAW_HEAD) < _LAW_ROOM
    if law.count is not None:
        near |= law.count - place < _LAW_ROOM
    return np.concatenate([edges[:1], inner[~near], [0.0]])


def _within(inner: Rule, outer: Rule) -> Rule:
    """Return the rule for a rule: the error of the outer one is told on the disks of the inner one.

    A disk that lies in none of those stays.
    """
    disks, errors = inner.disks, inner.errors.copy()
    lonely = []
    for j, error in enumerate(outer.errors):
        distance = np.abs(outer.disks.mid[j] - disks.mid) + outer.disks.rad[j]
        around = np.flatnonzero(distance <= disks.rad)
        if around.size:
            errors[around[0]] += error
        else:
            lonely.append(j)
    return replace(
        inner,
        disks=Ball(
            np.append(disks.mid, outer.disks.mid[lonely]),
            np.append(disks.rad, outer.disks.rad[lonely]),
        ),
        errors=np.append(errors, outer.errors[lonely]),
        panels=np.append(inner.panels, np.full(len(lonely), -1)),
    )


def _packed(rule: Rule, relative_error: float) -> CompressedSpectrum:
    head = rule.nodes[: rule.head]
    order = np.argsort(-head.mid, kind="stable")
    return CompressedSpectrum(
        nodes=rule.nodes.mid,
        weights=rule.weights,
        relative_error=relative_error,
        node_spread=float((rule.nodes.rad / rule.nodes.mid).max()) * (1 + 8 * UNIT),
        eigenvalues=head.mid[order],
        spreads=head.rad[order],
        centers=rule.disks.mid,
        reaches=rule.disks.rad,
        errors=rule.errors,
    )
