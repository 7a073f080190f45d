"""The search for whether all, some or none of a box is stable: proofs of parts, and points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import islice, pairwise, product
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.noise_sums.mode_summands import form_under, mode_summands
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.regions.boxes import OPEN, STABLE, UNSTABLE, Modes
from sgdmem.numeric.regions.intervals import Band, Interval
from sgdmem.numeric.regions.noise_extremes import NoiseExtremes
from sgdmem.numeric.regions.nowhere_stable import is_nowhere_schur, known_ends
from sgdmem.numeric.regions.robust_verdict import BoxFinding, Extent, joined
from sgdmem.numeric.regions.uncertain import BoxQuestion, box_judge, read_family
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.errors import InputError

_MOST_CORNERS = 64
_ASKED_INSIDE = 4  # boxes of each kind whose middles are asked, each time that boxes are cut
_MOST_PIECES = 2**16  # of all eigenvalues together
_LEVELS = 40
_MODES = 100  # of a box that counts as one
_WIDE = 2  # quotient of the ends of an eigenvalue that is cut in equal ratios


@dataclass(frozen=True)
class BoxSearch:
    """The search through boxes of a family's parameters.

    Attributes
    ----------
    own
        Intervals of the family's parameters.
    band
        Those of eigenvalues, if there are.
    """

    family: Family[...]
    fixed: Mapping[str, Any]
    problem: Problem
    own: Mapping[str, Interval]
    band: Band | None
    noises: NoiseExtremes
    most_boxes: int

    @cached_property
    def _known(self) -> tuple[Any, Mapping[str, Sequence[Fraction]]]:
        outer = {name: (_down(low), _up(high)) for name, (low, high) in self.own.items()}
        varying = self.family.varying(list(self.own), dict(self.fixed))
        return read_family(varying, outer)

    def verdict(self) -> BoxFinding:
        """Return the verdict; where parameters have special values, of these by themselves, too."""
        _, exceptions = self._known
        parts = [self._without_special_values()]
        for name, values in exceptions.items():
            low, high = self.own[name]
            for value in values:
                if low <= value <= high:
                    own = {x: ends for x, ends in self.own.items() if x != name}
                    face = replace(self, own=own, fixed={**self.fixed, name: value})
                    found = face.verdict()
                    points = [
                        point if point is None else {name: value, **point}
                        for point in (found.stable_point, found.unstable_point)
                    ]
                    parts.append(replace(found, stable_point=points[0], unstable_point=points[1]))
        stable = [part.stable_point for part in parts if part.stable_point is not None]
        unstable = [part.unstable_point for part in parts if part.unstable_point is not None]
        extent = joined([part.extent for part in parts])
        return BoxFinding(
            extent="some" if stable and unstable else extent,
            stable_point=stable[0] if stable else None,
            unstable_point=unstable[0] if unstable else None,
            open_share=parts[0].open_share,
            boxes=sum(part.boxes for part in parts),
        )

    def _without_special_values(self) -> BoxFinding:
        seen: dict[bool, Mapping[str, Any]] = {}
        for corner in self._corners():
            self._ask(corner, seen)
            if len(seen) == 2:
                return self._result("some", seen, 1.0, 0)
        extent = self._exactly(seen)
        return self._by_boxes(seen) if extent == "open" else self._result(extent, seen, 0.0, 0)

    def _result(
        self, extent: Extent, seen: Mapping[bool, Mapping[str, Any]], share: float, boxes: int
    ) -> BoxFinding:
        return BoxFinding(extent, seen.get(True), seen.get(False), share, boxes)

    def _by_boxes(self, seen: dict[bool, Mapping[str, Any]]) -> BoxFinding:
        """Cut boxes until all are decided alike."""
        names = tuple(self.own)
        start = np.array([[_down(low) for low, _ in self.own.values()]]).reshape(1, -1)
        end = np.array([[_up(high) for _, high in self.own.values()]]).reshape(1, -1)
        widths = np.where(end > start, end - start, 1.0)
        low, high, judged, work, level, kinds = start, end, 0, 0, 0, set[int]()
        volume = np.ones(1)
        while True:
            question = self._question(names, level)
            verdicts = question.verdicts(low, high)
            judged += len(low)
            work += len(low) * question.judge.modes.size
            kinds |= {*verdicts.tolist()} - {OPEN}
            left = verdicts == OPEN
            if not left.any() and len(kinds) == 1:
                return self._result("all" if STABLE in kinds else "none", seen, 0.0, judged)
            known = [] if True in seen else np.flatnonzero(verdicts == STABLE)[:1].tolist()
            known += [] if False in seen else np.flatnonzero(verdicts == UNSTABLE)[:1].tolist()
            for index in known + np.flatnonzero(left)[:_ASKED_INSIDE].tolist():
                self._ask(self._middle(names, low[index], high[index]), seen)
            if len(seen) == 2:
                return self._result("some", seen, float(volume[left].sum()), judged)
            low, high, volume = low[left], high[left], volume[left]
            is_cut = bool(((high - low) > 0).any()) and bool(names)
            count = (2 if is_cut else 1) * len(low)
            finest = self.band is None or 2**level * len(self.band[0]) > _MOST_PIECES
            spent = judged + count > self.most_boxes or work > _MODES * self.most_boxes
            if spent or level >= _LEVELS or (finest and not is_cut):
                return self._result("open", seen, float(volume.sum()), judged)
            if is_cut:
                low, high, volume = _halved(low, high, volume, widths)
            level += 1

    def _exactly(self, seen: Mapping[bool, Any]) -> Extent:
        """Return what exact numbers say, where boxes would leave a sliver at the boundary open."""
        if self.band is None and all(low == high for low, high in self.own.values()):
            found = self._at_the_point()
            if found == {False}:
                return "none"
            if found == {True} and self.noises.most_is_known:
                return "all"
        return "none" if True not in seen and self._is_nowhere_schur() else "open"

    def _at_the_point(self) -> set[bool | None]:
        """Return whether it is stable under the least and the most noise, where nothing varies."""
        try:
            method = self._method(next(self._corners()))
        except InputError:
            return set()  # a special value, which is asked for by itself
        return {stability(method, *self._under(noise)).stable for noise, _ in self.noises.known}

    def _is_nowhere_schur(self) -> bool:
        """Whether the mode of the largest or of the smallest eigenvalue is in no point."""
        from sympy import Symbol

        spectrum, decay = self.problem.spectrum, self.problem.weight_decay
        ends = known_ends(spectrum) if self.band is None else list(zip(*self.band, strict=True))
        family = self.family.varying(list(self.own), dict(self.fixed))
        box = {Symbol(name, real=True): x for name, x in self.own.items()}
        return any(
            is_nowhere_schur(family.symbolic().polynomials, box, (low + decay, high + decay))
            for low, high in {min(ends), max(ends)}
        )

    def _question(self, names: tuple[str, ...], level: int) -> BoxQuestion:
        modes = None
        if self.band is not None:
            modes = _pieces(*self.band, self.problem.spectrum.weights, level)
        least, most = self.noises.least[0], self.noises.most[0]
        judge = box_judge(self._known[0], self.problem, modes)
        return BoxQuestion(judge, least, most, names, {})

    # Points -------------------------------------------------------------------------------------

    def _corners(self) -> Iterator[Mapping[str, Fraction]]:
        """Return the middle and corners of the parameters."""
        yield {name: (low + high) / 2 for name, (low, high) in self.own.items()}
        ends = (dict.fromkeys(ends) for ends in self.own.values())
        for corner in islice(product(*ends), _MOST_CORNERS):
            yield dict(zip(self.own, corner, strict=True))

    def _middle(self, names: Sequence[str], low: Array, high: Array) -> Mapping[str, Fraction]:
        middle = (low / 2 + high / 2).tolist()
        return {
            name: min(max(Fraction(x), self.own[name][0]), self.own[name][1])
            for name, x in zip(names, middle, strict=True)
        }

    def _ask(self, values: Mapping[str, Fraction], seen: dict[bool, Mapping[str, Any]]) -> None:
        """Judge a method under the extremes of noise and eigenvalues."""
        try:
            method = self._method(values)
        except InputError:
            return  # a special value, which is asked for by itself
        for noise, said in self.noises.known:
            for lam in self._extreme_eigenvalues(method, noise):
                stable = stability(method, *self._under(noise, lam)).stable
                if stable is not None and stable not in seen:
                    found = {"eigenvalues": lam} if lam is not None else {}
                    seen[stable] = {**values, **said, **found}

    def _method(self, values: Mapping[str, Any]) -> Algorithm:
        return numeric_algorithm(self.family(**self.fixed, **values))

    def _under(self, noise: BatchNoise, lam: Any = None) -> tuple[Problem, Any]:
        """Return the problem under a noise, maybe with other eigenvalues, and the batch size."""
        spectrum = self.problem.spectrum
        if lam is not None:
            spectrum = Spectrum(lam, weights=spectrum.weights)
        there = Problem(spectrum, _alone(noise), weight_decay=self.problem.weight_decay)
        return there, 1 / noise.inverse_batch if noise.inverse_batch else math.inf

    def _extreme_eigenvalues(self, method: Any, noise: BatchNoise) -> list[Any]:
        """Return those in the band with the least and the largest noise summands, nearly."""
        if self.band is None:
            return [None]
        low, high = self.band
        shares = [Fraction(k, 32) for k in range(33)]
        grid = [[a + (b - a) * share for share in shares] for a, b in zip(low, high, strict=True)]
        form = form_under(Noise().at(1), [method], self.problem.weight_decay)
        points = np.array([[float(x) for x in row] for row in grid])
        modes = mode_summands(form, Ball(points.ravel()))
        with np.errstate(all="ignore"):
            s = modes.noise.mid[0] * points.ravel()
        s = np.where(modes.schur[0] == 1, s, np.inf).reshape(points.shape)
        picks = s.argmin(axis=1), s.argmax(axis=1)
        return [[row[k] for row, k in zip(grid, pick.tolist(), strict=True)] for pick in picks]


def _alone(noise: BatchNoise) -> Noise:
    """Return a noise of two parameters as one that is no estimate."""
    return Noise(noise.tau1, noise.tau2)


def _halved(low: Array, high: Array, volume: Array, widths: Array) -> tuple[Array, Array, Array]:
    """Cut boxes in two along their relatively longest side."""
    rows, side = np.arange(len(low)), ((high - low) / widths).argmax(axis=1)
    middle = low[rows, side] / 2 + high[rows, side] / 2
    left, right = high.copy(), low.copy()
    left[rows, side] = right[rows, side] = middle
    return (
        np.concatenate([low, right]),
        np.concatenate([left, high]),
        np.concatenate([volume, volume]) / 2,
    )


def _pieces(low: Sequence[Fraction], high: Sequence[Fraction], weights: Array, level: int) -> Modes:
    """Return eigenvalues in intervals that are cut in 2^level pieces."""
    count = max(1, min(2**level, _MOST_PIECES // len(low)))
    ends = [_cuts(a, b, count) for a, b in zip(low, high, strict=True)]
    middles, radii = zip(
        *(((x + y) / 2, (y - x) / 2) for row in ends for x, y in pairwise(row)),
        strict=True,
    )
    balls = Ball.exactly(middles, radii)
    shape = len(low), count
    return Modes.explicit(Ball(balls.mid.reshape(shape), balls.rad.reshape(shape)), weights)


def _cuts(low: Fraction, high: Fraction, count: int) -> list[Fraction]:
    """Return the ends of equal pieces of an interval, of a wide one those of equal ratios."""
    if high <= _WIDE * low:
        return [low + (high - low) * Fraction(k, count) for k in range(count + 1)]
    start, end = math.log(low), math.log(high)
    inner = [Fraction(math.exp(start + (end - start) * k / count)) for k in range(1, count)]
    return [low, *(min(max(x, low), high) for x in inner), high]


def _down(value: Fraction) -> float:
    near = float(value)
    return near if near <= value else math.nextafter(near, -math.inf)


def _up(value: Fraction) -> float:
    near = float(value)
    return near if near >= value else math.nextafter(near, math.inf)
