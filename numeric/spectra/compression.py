"""How a spectrum is compressed to a few nodes with positive weights.

A verdict on one algorithm takes hundreds of eigenvalues one by one; for a million algorithms the
largest ones are enough. The others are replaced by Gauss rules of the spectrum itself, panel by
panel, the smallest ones by a single rule. The same nodes serve every algorithm whose poles keep
away from the panels, which error bounds on disks around these can tell.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import ceil, log, tanh

import numpy as np

from sgdmem.numeric.arithmetic.arrays import distinct
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.spectra.compressed import CompressedSpectrum
from sgdmem.numeric.spectra.eigenvalue_list import EigenvalueList
from sgdmem.numeric.spectra.list_quadrature import LongList
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.numeric.spectra.power_law_quadrature import HEAD, LongLaw
from sgdmem.numeric.spectra.quadrature import RATIO, REACH, Rule
from sgdmem.symbolic.errors import InputError

RELATIVE_ERROR, _LARGEST_ERROR = 1e-12, 0.1
STEEPNESS = 4.0  # of a summand over its mean, up to which the relative error is promised
KEPT, KEPT_FINELY = 24, 512  # largest eigenvalues that are nodes themselves
LAST, LAST_DEEPLY = 1e-4, 1e-13  # smaller eigenvalues, relative to the largest, share one panel
_KEPT_QUICKLY, _LAST_QUICKLY = 23, 1e-2  # with 13 nodes of one panel, a multiple of 4
_FEWER = 0.9  # share of the nodes; more of them are not worth a try
_ROOM = 5e-4  # half of the first panel, see `LongList`
_NEGLIGIBLE = 1e-3  # share of the trace of a panel whose own relative error does not matter
_MOST_CUTS = 12
_COVERED, _DISKS = 10**6, 16  # eigenvalues and further disks of a law that has no sum
_LISTED = 10**5  # eigenvalues of a law that is compressed as a list
_LAW_HEAD = 4096  # terms of a power law that are listed
_LAW_ROOM = 1000  # eigenvalues between an end of its integral and an edge of a panel


def compress(
    members: EigenvalueList | PowerLaw, trace: float, relative_error: float
) -> CompressedSpectrum:
    """Compress eigenvalues of a finite trace, or raise what `Spectrum.compress` says."""
    if not RELATIVE_ERROR <= relative_error <= _LARGEST_ERROR:
        raise InputError(
            f"relative_error must lie between {RELATIVE_ERROR:g} and {_LARGEST_ERROR:g}, "
            f"got {relative_error:g}"
        )
    if np.isinf(trace):
        raise InputError("the trace leaves the range of floating-point numbers")
    found = compress_within(members, relative_error)
    reached = STEEPNESS * float(found.errors.sum()) / trace
    if not reached <= relative_error:
        raise InputError(
            f"relative_error cannot be {relative_error:g}: rounding errors leave {reached:.2g}"
        )
    return found


def compress_within(
    members: EigenvalueList | PowerLaw,
    relative_error: float = RELATIVE_ERROR,
    kept: int = KEPT,
    last: float = LAST,
) -> CompressedSpectrum:
    """Compress eigenvalues of a finite trace as far as rounding errors allow.

    The first ones are ``kept`` as they are; those below ``last`` times the largest one share one
    panel.
    """
    if isinstance(members, PowerLaw):
        if members.count is None or members.count > _LISTED:
            return _compress_law(members, relative_error, kept, last)
        members = members.listed()
    eigenvalues = Ball(members.eigenvalues, members.radii)
    long = LongList(eigenvalues, members.weights, points_for(relative_error), last, _ROOM)
    rule = _sharp_rule(long, long.edges(kept), relative_error, kept)
    return _packed(rule, relative_error)


def cover_law(law: PowerLaw) -> CompressedSpectrum:
    """Return the first eigenvalues of an infinite law compressed, and disks down to zero.

    For laws of infinite trace, where there is nothing to sum.
    """
    found = _compress_law(replace(law, count=_COVERED), RELATIVE_ERROR)
    ends = float(law.eigenvalues(np.array([_COVERED])).mid[0]) * RATIO ** -np.arange(_DISKS + 1.0)
    ends[-1] = 0.0
    return replace(
        found,
        centers=np.append(found.centers, (ends[:-1] + ends[1:]) / 2),
        reaches=np.append(found.reaches, (ends[:-1] - ends[1:]) / 2 * (1 + 8 * UNIT)),
        errors=np.append(found.errors, np.zeros(_DISKS)),
    )


def squares_of_law(law: PowerLaw) -> CompressedSpectrum:
    """Return nodes of an infinite law whose squares alone have a sum, with errors of f / lambda.

    Those of its rule are of f / lambda^2, which in a disk is at most what f / lambda is there over
    the least modulus of lambda on the circle around it.
    """
    long = LongLaw(law, power=2)
    rule = long.rule(HEAD, long.edges(HEAD))
    nearest = np.abs(rule.disks.mid - rule.disks.rad) * (1 - 8 * UNIT)
    return _packed(replace(rule, errors=1.01 * rule.errors / nearest), RELATIVE_ERROR)


@lru_cache(maxsize=16)  # by identity: a spectrum keeps what it is compressed to
def quickened(short: CompressedSpectrum) -> CompressedSpectrum:
    """Return fewer nodes, as sharp where no pole is close to 0: one panel for small eigenvalues.

    The nodes are compressed in turn, which takes no time. Itself if it has few already.

    Examples
    --------
    >>> from sgdmem.numeric.spectra.spectrum import Spectrum
    >>> short = Spectrum.power_law(1.5).compressed
    >>> len(short), len(quickened(short))
    (76, 36)
    """
    nodes = Ball(short.nodes, short.node_spread * short.nodes)
    points = points_for(short.relative_error)
    long = LongList(nodes, short.weights, points, _LAST_QUICKLY, _ROOM)
    rule = _sharp_rule(long, long.edges(_KEPT_QUICKLY), short.relative_error, _KEPT_QUICKLY)
    disks = Ball(short.centers, short.reaches)
    found = _packed(_within(rule, disks, short.errors), short.relative_error)
    return found if len(found) < _FEWER * len(short) else short


def points_for(relative_error: float) -> int:
    """Return how many nodes a panel needs: half of the error are the terms beyond 2n."""
    r = REACH + (REACH**2 - 1) ** 0.5
    return ceil(log(STEEPNESS * 8 / (1 - 1 / r) / relative_error) / (2 * log(r)))


def _sharp_rule(long: LongList, edges: Array, relative_error: float, kept: int) -> Rule:
    """Return the rule with these panels; those with too large an error are cut."""
    _, lam, _, weights = long.sorted
    masses = np.append(0.0, np.cumsum(weights * lam))
    found = long.rule(kept, edges)
    for _ in range(_MOST_CUTS):
        ends = np.searchsorted(-lam, -edges, side="left")
        mass = np.diff(masses[ends])[found.panels]
        least = _NEGLIGIBLE * masses[-1]
        wide = found.panels[~(found.errors <= relative_error / STEEPNESS * np.maximum(mass, least))]
        if wide.size == 0:
            break
        first, last = ends[wide], ends[wide + 1] - 1
        edges = distinct(np.append(edges, np.sqrt(lam[first]) * np.sqrt(lam[last])))[::-1]
        narrower = long.rule(kept, edges)
        if not narrower.errors.sum() < found.errors.sum() / 2:
            break  # it is rounding errors
        found = narrower
    return found


def _compress_law(
    law: PowerLaw, relative_error: float, kept: int = KEPT, last: float = LAST
) -> CompressedSpectrum:
    """Compress a long power law of finite trace: its summation rule is a list, compressed in turn.

    InputError if it leaves the range of floating-point numbers.
    """
    long = LongLaw(law)
    ends = long.edges(_LAW_HEAD)
    edges = None
    if ends.size:  # not a steep one, which has no node beyond the head
        edges = _law_edges(law, float(ends[ends > 0][-1]), kept, last)
        beyond = edges[(edges < ends[0]) & (edges > ends[-1])]
        ends = distinct(np.concatenate([ends, beyond]))[::-1]
    whole = long.rule(_LAW_HEAD, ends)
    listed = slice(None if ends.size else whole.head)
    points = points_for(relative_error)
    inner = LongList(whole.nodes[listed], whole.weights[listed], points, last, _ROOM)
    edges = inner.edges(kept) if edges is None else edges
    rule = _sharp_rule(inner, edges, relative_error, kept)
    return _packed(_within(rule, whole.disks, whole.errors), relative_error)


def _law_edges(law: PowerLaw, end: float, kept: int, last: float) -> Array:
    """Return the edges of panels; none is close to an end of the integral.

    There stand the end corrections, some with negative weights; together with enough eigenvalues
    around them their moments are those of a positive measure. In the place of an edge that is too
    close are the nearest ones that are not, so that no panel becomes wider.
    """
    first = law.eigenvalues(np.arange(1.0, _LAW_HEAD + 1))
    listed = Ball(np.append(first.mid, end), np.append(first.rad, 0.0))
    edges = LongList(listed, np.ones(listed.mid.size), last=last).edges(kept)
    inner = edges[1:-1]
    place = (law.scale / inner) ** (1 / law.exponent)
    # half of what a panel may hold: (r - 1)/(r + 1) for the ratio r of its places
    room = min(_LAW_ROOM, 0.9 * _LAW_HEAD * tanh(log(RATIO) / (2 * law.exponent)))
    near = np.abs(place - _LAW_HEAD) < room
    beside: list[float] = []
    if near.any():
        beside = [_LAW_HEAD - room, _LAW_HEAD + room]
    if law.count is not None and (law.count - place < room).any():
        near |= law.count - place < room
        beside.append(law.count - room)
    inner = np.append(inner[~near], law.scale * np.array(beside) ** -law.exponent)
    return np.concatenate([edges[:1], np.sort(inner)[::-1], [0.0]])


def _within(inner: Rule, outer: Ball, outer_errors: Array) -> Rule:
    """Return the rule for a rule: the error of the outer one is told on the disks of the inner one.

    A disk of the outer one that lies in none of those stays.
    """
    disks, errors = inner.disks, inner.errors.copy()
    lonely = []
    for j, error in enumerate(outer_errors):
        distance = np.abs(outer.mid[j] - disks.mid) + outer.rad[j]
        around = np.flatnonzero(distance <= disks.rad)
        if around.size:
            errors[around[0]] += error
        else:
            lonely.append(j)
    return replace(
        inner,
        disks=Ball(
            np.append(disks.mid, outer.mid[lonely]),
            np.append(disks.rad, outer.rad[lonely]),
        ),
        errors=np.append(errors, outer_errors[lonely]),
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
