"""Verdicts on many algorithms at once: members of a family at the points of a map."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from sgdmem.numeric.ball import Array, Ball
from sgdmem.numeric.family_program import FamilyProgram, family_program
from sgdmem.numeric.judge import Judge
from sgdmem.numeric.map_sums import evaluate_pieces
from sgdmem.numeric.mode_summands import ball_form, numeric_algorithm
from sgdmem.numeric.noise_sum import noise_sums
from sgdmem.numeric.problem import Noise, Problem, read_noise
from sgdmem.numeric.spectrum import Spectrum
from sgdmem.numeric.verdict import Verdict
from sgdmem.symbolic.algorithm import Algorithm

_WORTH_COMPILING = 1000  # points
_TOGETHER = 2048  # algorithms that are judged at once without machine code

Build = Callable[..., Algorithm]


@dataclass(frozen=True)
class Points:
    """The points of a map: all combinations of the values of two parameters.

    Attributes
    ----------
    axes : mapping from names to values
        The values of the last axis run fastest. Fractions; a batch size may be inf.
    own : sequence of str
        The axes that are parameters of the family.
    problem : mapping
        ``batch_size``, ``tau1`` and ``tau2`` where they are no axes.
    """

    axes: Mapping[str, Sequence[Any]]
    own: Sequence[str]
    problem: Mapping[str, Any]

    def __len__(self) -> int:
        return math.prod(map(len, self.axes.values()))

    @property
    def of_problem(self) -> list[str]:
        """The axes that are parameters of the problem."""
        return [name for name in self.axes if name not in self.own]

    def noise_key(self, point: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the values of the problem's axes at a point."""
        return tuple(point[name] for name in self.of_problem)

    def at(self, place: int) -> dict[str, Any]:
        """Return the values of all axes at a point."""
        found = {}
        for name, values in reversed(list(self.axes.items())):
            place, index = divmod(place, len(values))
            found[name] = values[index]
        return found

    def stride(self, name: str) -> int:
        """Return for how many points in a row an axis keeps its value."""
        names = list(self.axes)
        return math.prod(len(self.axes[x]) for x in names[names.index(name) + 1 :])

    def indices(self, name: str) -> Array:
        """Return, for every point, which value of an axis it has."""
        shape = [len(values) for values in self.axes.values()]
        axis = list(self.axes).index(name)
        return np.unravel_index(np.arange(len(self)), shape)[axis]


@dataclass(frozen=True)
class BatchOutcome:
    """Verdicts on many algorithms at once; arrays of shape (A,).

    Attributes
    ----------
    stable : ndarray of int8
        1 stable, 0 not, -1 undecided.
    noise_sum, margin : ndarray
        As in `phase_diagram`.
    """

    stable: Array
    noise_sum: Array
    margin: Array


def judge_points(
    build: Build,
    points: Points,
    spectrum: Spectrum,
    coupling: Any,
    device: Literal["cpu", "cuda"],
    advance: Callable[[int], None],
) -> BatchOutcome:
    """Judge a family at the points of a map.

    Many points go through machine code; what its error bounds leave open, and all points of a
    family or a noise model that it does not know, are judged one by one.

    Parameters
    ----------
    build
        The family, as a function of ``points.own``.
    points, spectrum, coupling
        What is asked.
    device
        Where the machine code runs.
    advance
        Called with the number of points done, for a progress bar.
    """
    size = len(points)
    found = BatchOutcome(np.full(size, -1, dtype=np.int8), np.full(size, np.inf), np.zeros(size))
    noises = _noises(points, spectrum, coupling)
    left = np.arange(size)
    known = all(noise.coupling is None and noise.is_physical and isinstance(noise.tau2, Fraction)
                for noise in noises.values())  # fmt: skip
    if size >= _WORTH_COMPILING and known:
        own = {name: points.axes[name] for name in points.own}
        compiled = family_program(build, own)
        if compiled is not None:
            program, exceptions = compiled
            _judge_compiled(program, points, spectrum, noises, found, device, advance)
            left = np.flatnonzero((found.stable == -1) | _excepted(points, exceptions))
            advance(-left.size)
    _judge_singly(build, points, spectrum, noises, left, found, advance)
    return found


def _noises(points: Points, spectrum: Spectrum, coupling: Any) -> dict[tuple[Any, ...], Noise]:
    """Return the noise for every combination of those axes that belong to the problem."""
    varying = points.of_problem
    combinations: list[tuple[Any, ...]] = [()]
    for name in varying:
        combinations = [(*key, value) for key in combinations for value in points.axes[name]]
    return {
        key: read_noise(
            spectrum,
            **{**points.problem, **dict(zip(varying, key, strict=True))},
            coupling=coupling,
        )
        for key in combinations
    }


def _excepted(points: Points, exceptions: Mapping[str, Sequence[Fraction]]) -> Array:
    flags = np.zeros(len(points), dtype=bool)
    for name, values in exceptions.items():
        special = np.array([value in values for value in points.axes[name]])
        flags |= special[points.indices(name)]
    return flags


# In machine code ---------------------------------------------------------------------------------


def _judge_compiled(
    program: FamilyProgram,
    points: Points,
    spectrum: Spectrum,
    noises: Mapping[tuple[Any, ...], Noise],
    found: BatchOutcome,
    device: Literal["cpu", "cuda"],
    advance: Callable[[int], None],
) -> None:
    from sgdmem.numeric.grid_kernel import finish, spread

    axes = {
        name: _Axis(Ball.exactly(points.axes[name]), points.stride(name)) for name in points.own
    }
    share1, share2 = _shares(points, noises)
    damped = bool(share2.values.mid.any())
    rows = [*(axes[name] for name in program.parameters), *([share2] if damped else [])]
    diverges = math.isinf(spectrum.trace)

    def read(piece: slice) -> Array:
        numbers = np.empty((2, len(rows), piece.stop - piece.start))
        for k, axis in enumerate(rows):
            spread(axis.values.mid, axis.stride, piece.start, numbers[0, k])
            spread(axis.values.rad, axis.stride, piece.start, numbers[1, k])
        return numbers

    def write(piece: slice, outcome: Array) -> None:
        shares = np.empty((3, piece.stop - piece.start))
        spread(share1.values.mid, share1.stride, piece.start, shares[0])
        spread(share1.values.rad, share1.stride, piece.start, shares[1])
        spread(share2.values.mid, share2.stride, piece.start, shares[2])
        results = (found.stable[piece], found.noise_sum[piece], found.margin[piece])
        finish(outcome, shares, diverges, *results)

    size, compressed = len(points), spectrum.compressed
    evaluate_pieces(program, size, compressed, damped, device, read, write, advance)


@dataclass(frozen=True)
class _Axis:
    """Values that hold for ``stride`` points each, again and again."""

    values: Ball
    stride: int


def _shares(points: Points, noises: Mapping[tuple[Any, ...], Noise]) -> tuple[_Axis, _Axis]:
    """Return tau1 / B and tau2 / B of every point."""
    exact = [(n.tau1 * n.inverse_batch, n.tau2 * n.inverse_batch) for n in noises.values()]  # type: ignore[operator]
    # both axes may belong to the problem: then there is a noise for every point
    stride = min((points.stride(name) for name in points.of_problem), default=1)
    first, second = (_Axis(Ball.exactly(column), stride) for column in zip(*exact, strict=True))
    return first, second


# One by one --------------------------------------------------------------------------------------


def _judge_singly(
    build: Build,
    points: Points,
    spectrum: Spectrum,
    noises: Mapping[tuple[Any, ...], Noise],
    places: Array,
    found: BatchOutcome,
    advance: Callable[[int], None],
) -> None:
    """Judge points in groups that share the noise and the memory."""
    groups: dict[tuple[Any, ...], list[tuple[int, Algorithm]]] = {}
    built: dict[tuple[Any, ...], Algorithm] = {}
    for place in places.tolist():
        point = points.at(place)
        own = {name: point[name] for name in points.own}
        algorithm = built.get(tuple(own.values()))
        if algorithm is None:
            algorithm = built[tuple(own.values())] = numeric_algorithm(build(**own))
        key = (points.noise_key(point), algorithm.memory)
        groups.setdefault(key, []).append((place, algorithm))
    for (noise_key, _), members in groups.items():
        for start in range(0, len(members), _TOGETHER):
            chosen = members[start : start + _TOGETHER]
            where = [place for place, _ in chosen]
            outcome = judge_batch([x for _, x in chosen], spectrum, noises[noise_key])
            found.stable[where] = outcome.stable
            found.noise_sum[where], found.margin[where] = outcome.noise_sum, outcome.margin
            advance(len(chosen))


def judge_batch(algorithms: Sequence[Algorithm], spectrum: Spectrum, noise: Noise) -> BatchOutcome:
    """Judge numeric algorithms of one memory, with the same rules as `stability`."""
    by_mode = noise.coupling is not None or isinstance(noise.tau2, tuple)
    if by_mode or not noise.is_physical:
        judges = [Judge(Problem(algorithm, spectrum, noise)) for algorithm in algorithms]
        outcomes = [judge.verdict() for judge in judges]
        noise_sum = np.array([outcome.noise_sum for outcome in outcomes])
        damping = np.array([float(judge.sums.smallest_damping[0]) for judge in judges])
        flags = np.array([_flag(outcome) for outcome in outcomes], dtype=np.int8)
        return BatchOutcome(flags, noise_sum, _margin(noise_sum, damping))
    form = ball_form(algorithms)
    sums = noise_sums(form, spectrum, noise.share2)
    no_pull = (form.pull.mid[:, 0] == 0) & (form.pull.rad[:, 0] == 0)
    noiseless = np.where(no_pull, -1, sums.schur)
    if noise.tau1 * noise.inverse_batch == 0:
        total = Ball(np.zeros(len(algorithms)))
    elif math.isinf(spectrum.trace):
        total = Ball(np.full(len(algorithms), np.inf))
    else:
        total = noise.share1 * sums.noise
    below, above = total.upper < 1, total.lower >= 1
    good = (noiseless == 1) & (sums.damped == 1) & below
    bad = (noiseless == -1) | (sums.damped == -1) | above
    noise_sum = np.where((noiseless == 1) & (sums.damped == 1), total.mid, np.inf)
    stable = np.where(good, 1, np.where(bad, 0, -1)).astype(np.int8)
    for index in map(int, np.flatnonzero((stable == -1) & (noiseless == 0))):
        stable[index] = _flag(Judge(Problem(algorithms[index], spectrum, noise)).verdict())
    return BatchOutcome(stable, noise_sum, _margin(noise_sum, sums.smallest_damping))


def _margin(noise_sum: Array, damping: Array) -> Array:
    return np.where(np.isinf(noise_sum), -np.inf, np.minimum(1 - noise_sum, damping))


def _flag(verdict: Verdict) -> int:
    return {True: 1, False: 0, None: -1}[verdict.stable]
