"""The verb that proves a region of two parameters stable or unstable: boxes, cut until they are."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem._version import __version__
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, whole
from sgdmem.numeric.arithmetic.scales import Scale, require_scale, to_places, to_values
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.regions.boxes import OPEN
from sgdmem.numeric.regions.proved_region import ProvedRegion, box_areas
from sgdmem.numeric.regions.uncertain import (
    OF_NOISE,
    BoxQuestion,
    box_judge,
    read_family,
    require_physical,
    require_two_parameters,
)
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.algorithms.printing import number_text
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.families_by_name import find_family

_START = 8  # boxes along each axis
_MOST_BOXES = 10**6
_SCALES = ("linear", "log", "log1m")

RegionAxis = tuple[str, Any, Any] | tuple[str, Any, Any, Scale]


def prove_region(
    family: FamilyLike,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    x: RegionAxis,
    y: RegionAxis,
    goal: float = 0.02,
    most_boxes: int = _MOST_BOXES,
    progress: bool = False,
    **fixed: Any,
) -> ProvedRegion:
    r"""Prove where a family is stable, and where it is not, over a rectangle of two parameters.

    A map says what happens at its points; this says it of all points between them. Boxes are judged
    as a whole by ball arithmetic, and cut into four where that leaves them open, until little is
    open: a sliver around the edge of stability, that is halved with each cut, and some boxes
    elsewhere, where bounds are wide.

    Parameters
    ----------
    family : function or str
        As for `phase_diagram`: a rational function of its parameters.
    problem : Problem, Spectrum or list of eigenvalues
        Lists and power laws, finite or infinite, under the noise of two parameters with tau2 <=
        tau1, with or without weight decay.
    batch_size : positive number or inf
        Where it is no axis.
    x, y : (name, low, high) or (name, low, high, scale)
        Parameters of the family, ``batch_size``, ``tau1`` or ``tau2``, and their ranges; the scale
        is "linear", "log" or "log1m" (equal ratios of 1 - x). Areas are measured in it.
    goal : number from 0 to 1
        The share of the area that may stay open.
    most_boxes : int
        How many boxes to judge at most.
    progress : bool
        Show on stderr how much is decided.
    **fixed
        The family's other parameters.

    Returns
    -------
    ProvedRegion

    Raises
    ------
    InputError
        For another noise, for a family that is no such function, or where an argument is not in its
        domain.

    Notes
    -----
    "Proved" is by floating-point arithmetic with rigorous error bounds; `certify` makes proofs of
    single points that others can check.

    Examples
    --------
    >>> from sgdmem import Spectrum
    >>> region = prove_region(
    ...     "heavy-ball",
    ...     Spectrum.power_law(1.5),
    ...     4,
    ...     x=("learning_rate", 0.01, 4),
    ...     y=("momentum", 0, 0.99),
    ...     goal=0.1,
    ... )
    >>> region.at("0.3", "0.5"), region.at("3.9", "0.5")
    (True, False)
    """
    started = time.monotonic()
    axes = [_read_axis("x", x), _read_axis("y", y)]
    names, (x_scale, y_scale) = tuple(axis[0] for axis in axes), (axis[3] for axis in axes)
    if names[0] == names[1]:
        raise InputError(f"x and y must be different parameters, both are {names[0]!r}")
    goal, most_boxes = _share(goal), whole(most_boxes, "most_boxes", _START**2)
    given = as_problem(problem)
    constructor = find_family(family)
    ranges = {name: (low, high) for name, low, high, _ in axes}
    question = _question(constructor, given, batch_size, names, ranges, fixed)
    with shown_progress("proving", 1000, progress) as advance:
        low, high, verdicts = _cut(question, axes, goal, most_boxes, advance)
    about = {
        "algorithm": constructor.name,
        "display_name": constructor.display_name,
        "spectrum": str(given.spectrum),
        **_taus(given.noise, names),
        **({} if "batch_size" in names else {"batch_size": str(batch_size)}),
        **{name: str(value) for name, value in fixed.items()},
        "sgdmem_version": __version__,
    }
    seconds = time.monotonic() - started
    parts = low, high, verdicts, seconds, question.exceptions, about
    return ProvedRegion(names[0], names[1], x_scale, y_scale, *parts)


def _taus(noise: Noise, names: Sequence[str]) -> dict[str, str]:
    tau2 = "by mode" if isinstance(noise.tau2, tuple) else number_text(noise.tau2)
    found = {"tau1": number_text(noise.tau1), "tau2": tau2}
    return {name: text for name, text in found.items() if name not in names}


def _question(
    constructor: Any,
    problem: Any,
    batch_size: Any,
    names: tuple[str, ...],
    ranges: Mapping[str, tuple[float, float]],
    fixed: Mapping[str, Any],
) -> BoxQuestion:
    require_two_parameters(problem.noise)
    if problem.noise.estimate is not None:
        raise InputError(
            "the noise must be exact, not fitted: a proof is about what is given; "
            "robust_stability takes the errors of an estimate into account"
        )
    noise = problem.noise.vary(
        **{x: Fraction(ranges[x][0]) for x in ("tau1", "tau2") if x in names}
    )
    if "tau2" in names:
        require_physical("tau2", noise.tau1, ranges["tau2"][1])
    elif "tau1" in names or not is_infinite(batch_size):
        require_physical("problem", noise.tau1, noise.largest_tau2)
    own = [name for name in names if name not in OF_NOISE]
    program, exceptions = read_family(
        constructor.varying(own, dict(fixed)), {name: ranges[name] for name in own}
    )
    at = noise.at(batch_size)
    return BoxQuestion(box_judge(program, problem), at, at, names, exceptions)


def _cut(
    question: BoxQuestion,
    axes: Sequence[tuple[str, float, float, Scale]],
    goal: float,
    most_boxes: int,
    advance: Any,
) -> tuple[Array, Array, Array]:
    """Judge boxes and cut open ones until little is open."""
    scales = [scale for *_, scale in axes]
    lines = [
        _between(np.array([low]), np.array([high]), _START, scale) for _, low, high, scale in axes
    ]
    x, y = (line[0] for line in lines)
    low = np.stack(np.meshgrid(x[:-1], y[:-1]), axis=-1).reshape(-1, 2)
    high = np.stack(np.meshgrid(x[1:], y[1:]), axis=-1).reshape(-1, 2)
    total = float(box_areas(low, high, scales).sum())
    parts: list[tuple[Array, Array, Array]] = []
    judged, shown_share = 0, 0
    while True:
        verdicts = question.verdicts(low, high)
        judged += len(low)
        is_open = verdicts == OPEN
        left = float(box_areas(low[is_open], high[is_open], scales).sum()) / total
        advance(round(1000 * (1 - left)) - shown_share)
        shown_share = round(1000 * (1 - left))
        halves = [_between(low[is_open, k], high[is_open, k], 2, scales[k]) for k in range(2)]
        narrow = any((half[:, 1:] <= half[:, :-1]).any() for half in halves)
        if left <= goal or narrow or judged + 4 * is_open.sum() > most_boxes:
            parts.append((low, high, verdicts))
            break
        parts.append((low[~is_open], high[~is_open], verdicts[~is_open]))
        quarters = [(i, j) for i in range(2) for j in range(2)]
        low, high = (
            np.concatenate(
                [
                    np.stack([halves[0][:, i + end], halves[1][:, j + end]], axis=-1)
                    for i, j in quarters
                ]
            )
            for end in range(2)
        )
    lows, highs, every = (np.concatenate(column) for column in zip(*parts, strict=True))
    return lows, highs, every


def _between(low: Array, high: Array, count: int, scale: Scale) -> Array:
    """Return floats that cut intervals into equal parts on a scale, the ends as they are."""
    places = to_places(np.stack([low, high], axis=-1), scale)
    shares = np.arange(count + 1) / count
    values = to_values(places[:, :1] * (1 - shares) + places[:, 1:] * shares, scale)
    values[:, 0], values[:, -1] = low, high
    return values


def _read_axis(label: str, given: Any) -> tuple[str, float, float, Scale]:
    scale: Scale
    try:
        name, low, high, *rest = given
        (scale,) = rest or ["linear"]
    except (TypeError, ValueError):
        raise InputError(
            f"{label} must be (parameter name, low, high) or (parameter name, low, high, scale), "
            f"got {shown(given)}"
        ) from None
    if not isinstance(name, str) or not isinstance(scale, str) or scale not in _SCALES:
        raise InputError(
            f"{label} must start with a parameter's name, and its scale must be linear, log or "
            f"log1m, got {shown(given)}"
        )
    start, end = (to_float(number(end, name)) for end in (low, high))
    if not start < end or not math.isfinite(end - start):
        raise InputError(f"{label} must have its low end below its high end, got {shown(given)}")
    if name == "batch_size" and start <= 0:
        raise InputError(f"batch_size must be positive, got {start:g}")
    if name == "tau1" and start < 0:
        raise InputError(f"tau1 must be >= 0, got {start:g}")
    require_scale(name, start, end, scale)
    return name, start, end, scale


def _share(goal: Any) -> float:
    share = to_float(number(goal, "goal"))
    if not 0 <= share <= 1:
        raise InputError(f"goal must be a share of the area, from 0 to 1, got {shown(goal)}")
    return share
