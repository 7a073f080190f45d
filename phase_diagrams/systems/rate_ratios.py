"""How much larger the learning rates of some methods may be than those of SGD, by batch size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.systems.stochastic_edge import first_end
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.phase_diagrams.maps.varying_problem import described
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.labels import spectrum_label
from sgdmem.phase_diagrams.pictures.surroundings import write_title
from sgdmem.phase_diagrams.systems.curves import (
    Legend,
    alike_features,
    batch_sizes,
    curves_of,
    look,
    numbers,
    theory,
    thick,
    told,
)
from sgdmem.phase_diagrams.systems.self_describing import coordinate, variable
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.named_algorithms import sgd

if TYPE_CHECKING:
    import xarray


def rate_ratios(
    problem: Any,
    over: tuple[str, Sequence[Any]],
    methods: Sequence[Algorithm],
    batch_size: tuple[float, float],
    points: int,
) -> xarray.Dataset:
    """Return ``gain`` over (a parameter, ``batch_size``), and ``full_batches`` over the parameter.

    ``over`` is the parameter, with its values; methods are one for each, of learning rate 1.
    """
    import xarray

    given = alike_features(problem)
    sizes = batch_sizes(batch_size, points)
    every = [*sizes, np.inf]
    gains = np.array([_largest(method, given, every) for method in methods])
    gains /= _largest(sgd(1), given, every)
    name, values = over
    ratio = "largest effective learning rate over that of SGD"
    return xarray.Dataset(
        {
            "gain": variable((name, "batch_size"), gains[:, :-1], ratio),
            "full_batches": variable(name, gains[:, -1], f"{ratio}, with full batches"),
        },
        {
            name: coordinate(name, numbers(values, name), name),
            "batch_size": coordinate("batch_size", sizes, "batch size", "samples"),
        },
        described(given),
    )


def draw_rate_ratios(data: xarray.Dataset, ax: Any, letter: str, label: str) -> Legend:
    """Draw the artists ``gain`` and ``full-batches``."""
    sizes, over = data["batch_size"].values, str(data["full_batches"].dims[0])
    for place, one in enumerate(curves_of(data, over)):
        curve = {"label": told(letter, one[over]), **look(place), **thick()}
        named("gain", *ax.plot(sizes, one["gain"], **curve))
        level = float(one["full_batches"])
        named("full-batches", ax.axhline(level, 0.88, 1, **theory(), zorder=6))
    ax.set(xscale="log", yscale="log", xlim=sizes[[0, -1]])
    ax.set(xlabel="batch size $B$", ylabel=label)
    write_title(ax, spectrum_label(data.attrs["spectrum"]), "small")
    return {"full batches": theory()}


def _largest(method: Algorithm, problem: Problem, sizes: Any) -> Any:
    """Return the end of the stable factors on the learning rate that begin at 0."""
    ends = [first_end(stability(method, problem, B).stable_scales) for B in sizes]
    return np.array([end or np.nan for end in ends])
