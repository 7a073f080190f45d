"""How much larger the learning rates of some methods may be than those of SGD, by batch size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.systems.stochastic_edge import isotropic_features
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.phase_diagrams.maps.axes import range_of
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, dashed, in_points
from sgdmem.phase_diagrams.pictures.labels import spectrum_label
from sgdmem.phase_diagrams.pictures.palette import BLACK, CURVES, STROKES
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    settle,
    write_legend,
    write_title,
)
from sgdmem.phase_diagrams.systems.stochastic_edge import DIMENSION
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown
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
    given = isotropic_features(1, DIMENSION) if problem is None else as_problem(problem)
    _, low, high = range_of("batch_size", batch_size)
    sizes = np.geomspace(low, high, whole(points, "points", 2))
    plain = _largest(sgd(1), given, [*sizes, np.inf])
    ax = new_axes(size) if ax is None else ax
    for place, (name, method) in enumerate(methods.items()):
        colour, stroke = CURVES[place % len(CURVES)], STROKES[place % len(STROKES)]
        ratios = _largest(method, given, [*sizes, np.inf]) / plain
        look: Any = {"color": colour, "linestyle": stroke, "linewidth": in_points(2.0)}
        named("gain", *ax.plot(sizes, ratios[:-1], label=name, **look))
        named("full-batches", ax.axhline(ratios[-1], 0.88, 1, **dashed(BLACK, 0), zorder=6))
    for place, level in enumerate(levels):
        look = {"color": CURVES[place % len(CURVES)], "linewidth": in_points(0.8)}
        named("level", ax.axhline(level, zorder=2, **look))
    ax.set(xscale="log", yscale="log", xlim=(low, high), xlabel="batch size $B$", ylabel=label)
    write_title(ax, spectrum_label(given.spectrum), "small")
    if explained:
        from matplotlib.lines import Line2D

        handles, _ = ax.get_legend_handles_labels()
        handles.append(Line2D([], [], label="full batches", **dashed(BLACK, 0)))
        if levels_label:
            thin: Any = {"color": BLACK, "linewidth": in_points(0.8)}
            handles.append(Line2D([], [], label=levels_label, **thin))
        write_legend(ax, handles)
    settle(ax)
    return ax


def read_list(values: Any, name: str) -> list[Any]:
    """Return the values of a curve each; InputError unless there are some."""
    if not is_list(values) or not len(values):
        raise InputError(f"{name} must be a list of numbers, got {shown(values)}")
    return list(values)


def _largest(method: Algorithm, problem: Problem, sizes: Any) -> Any:
    """Return the end of the stable factors on the learning rate that begin at 0."""
    scales = [stability(method, problem, B).stable_scales for B in sizes]
    return np.array([some[0][1] if some and some[0][0] == 0 else np.nan for some in scales])
