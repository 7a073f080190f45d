"""How much larger the learning rates of some methods may be than those of SGD, by batch size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.systems.stochastic_edge import first_end
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize
from sgdmem.phase_diagrams.pictures.labels import spectrum_label
from sgdmem.phase_diagrams.pictures.palette import BLACK
from sgdmem.phase_diagrams.pictures.surroundings import new_axes, settle, write_title
from sgdmem.phase_diagrams.systems.curves import (
    alike_features,
    batch_sizes,
    explain,
    look,
    theory,
    thick,
    thin,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.named_algorithms import sgd


def draw_rate_ratios(
    problem: Any,
    methods: Mapping[str, Algorithm],
    batch_size: tuple[float, float],
    points: int,
    label: str,
    *,
    levels: Any = (),
    levels_label: str = "",
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    """Draw a curve for each method, by its label, all of learning rate 1.

    ``levels`` are drawn beside, one for each curve. The artists are ``gain``, ``full-batches`` and
    ``level``.
    """
    given = alike_features(problem)
    sizes = batch_sizes(batch_size, points)
    plain = _largest(sgd(1), given, [*sizes, np.inf])
    ax = new_axes(size) if ax is None else ax
    for place, (name, method) in enumerate(methods.items()):
        ratios = _largest(method, given, [*sizes, np.inf]) / plain
        named("gain", *ax.plot(sizes, ratios[:-1], label=name, **look(place), **thick()))
        named("full-batches", ax.axhline(ratios[-1], 0.88, 1, **theory(), zorder=6))
    for place, level in enumerate(levels):
        named("level", ax.axhline(level, zorder=2, **thin(look(place)["color"])))
    ax.set(xscale="log", yscale="log", xlim=(sizes[0], sizes[-1]))
    ax.set(xlabel="batch size $B$", ylabel=label)
    write_title(ax, spectrum_label(given.spectrum), "small")
    if explained:
        levelled = {levels_label: thin(BLACK)} if levels_label else {}
        explain(ax, {"full batches": theory(), **levelled})
    settle(ax)
    return ax


def _largest(method: Algorithm, problem: Problem, sizes: Any) -> Any:
    """Return the end of the stable factors on the learning rate that begin at 0."""
    ends = [first_end(stability(method, problem, B).stable_scales) for B in sizes]
    return np.array([end or np.nan for end in ends])
