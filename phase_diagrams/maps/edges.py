"""The edges of stability of a map, as exact curves beside its points.

Between the points of a map its edge can only be guessed, and it is guessed badly where the margin
jumps: without noise, or with little of it, from a positive number to none. So the edges are traced
by `stability_boundary`, and kept with the map for its pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.scales import scale_of
from sgdmem.numeric.problems.problem import Problem
from sgdmem.phase_diagrams.maps.boundary import labelled_boundary
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.errors import InputError

EDGES = ("edge_x", "edge_y", "edge_curve", "edge_panel")  # variables of a map, along "edge"
_TOLERANCE = 1e-6  # of an axis: less than any picture shows
_LEAST, _MOST = 20, 100  # points of the coarse map along an axis


def traced_edges(
    family: Family[...],
    problem: Problem,
    batch_size: Any,
    axes: Mapping[str, Sequence[Any]],
    panels: str | None,
) -> dict[str, Any]:
    """Return the curves at which stability ends in each map of a series, as variables of a dataset.

    Parameters
    ----------
    family
        Of the parameters that vary.
    problem, batch_size
        See `sgdmem.phase_diagram`.
    axes
        All values of all parameters that vary.
    panels
        The axis of a series.

    Raises
    ------
    InputError
        For an axis of a single value, which has no window.
    """
    y, x = (name for name in axes if name != panels)
    values = {name: np.array([to_float(value) for value in axes[name]]) for name in (x, y)}
    for name, some in values.items():
        if np.ptp(some) == 0 or not np.isfinite(some).all():
            raise InputError(f"edges need two finite values of {name} at least")
    window = {name: (name, some.min(), some.max()) for name, some in values.items()}
    scales = {name: scale_of(np.unique(some)) for name, some in values.items()}
    found: dict[str, list[Array]] = {name: [] for name in EDGES}
    for place, value in enumerate([None] if panels is None else axes[panels]):
        edge = labelled_boundary(
            *_at(family, problem, batch_size, panels, value),
            x=window[x],
            y=window[y],
            log=[name for name, scale in scales.items() if scale == "log"],
            log1m=[name for name, scale in scales.items() if scale == "log1m"],
            resolution=int(np.clip(max(map(len, values.values())), _LEAST, _MOST)),
            tolerance=_TOLERANCE,
            conditions=False,
        )
        parts = (edge[x].values, edge[y].values, edge.curve.values)
        panel = np.full(edge.sizes["point"], place)
        for name, part in zip(EDGES, (*parts, panel), strict=True):
            found[name].append(part)
    return {name: ("edge", np.concatenate(parts)) for name, parts in found.items()}


def _at(
    family: Family[...], problem: Problem, batch_size: Any, panels: str | None, value: Any
) -> tuple[Family[...], Problem, Any]:
    """Return family, problem and batch size of one map of a series."""
    if panels == "batch_size":
        return family, problem, value
    if panels in ("tau1", "tau2"):
        return family, replace(problem, noise=problem.noise.vary(**{panels: value})), batch_size
    return family if panels is None else family.fix(**{panels: value}), problem, batch_size


def edge_curves(diagram: Labelled) -> list[tuple[Array, Array]] | None:
    """Return the traced edges of one map as pairs of coordinates; None if none were traced."""
    if "edge_curve" not in diagram:
        return None
    number, x, y = (diagram[name].values for name in ("edge_curve", "edge_x", "edge_y"))
    return [(x[number == curve], y[number == curve]) for curve in np.unique(number)]


def panel_of(series: Labelled, place: int) -> Labelled:
    """Return one map of a series, with its edges."""
    one = series.isel({series.stable.dims[0]: place})
    if "edge_panel" not in series:
        return one
    return one.isel({"edge": np.flatnonzero(series.edge_panel.values == place)})
