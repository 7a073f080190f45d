r"""How many items one step of SGD, and of Muon, recovers, by dimension and by batch size.

For J. Kim, E. Nichani, D. Wu, A. Bietti and J. D. Lee, Sharp capacity scaling of spectral
optimizers in learning associative memory, arXiv 2603.26554.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, whole
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import in_points
from sgdmem.phase_diagrams.pictures.palette import MARKS
from sgdmem.phase_diagrams.pictures.surroundings import write_title
from sgdmem.phase_diagrams.systems.curves import (
    Legend,
    curves_of,
    dotted,
    look,
    pair_within,
    read_list,
    require_none,
    theory,
    thick,
)
from sgdmem.phase_diagrams.systems.self_describing import coordinate, self_describing, variable

if TYPE_CHECKING:
    import xarray

_LARGEST = 512
_MOST_SAMPLES = 1e12
_RULES = ["SGD", "Muon"]


@self_describing
def associative_memory_data(
    problem: Any = None,
    *,
    exponent: Any = "1.5",
    batch_size: Any = math.inf,
    dimension: tuple[float, float] = (16, 128),
    points: int = 7,
    seeds: int = 8,
    progress: bool = False,
) -> xarray.Dataset:
    r"""Simulate how many items one step recovers, of :math:`N=d^2`, by dimension.

    Beside their means are the slopes that the paper predicts for the population's gradient,
    :math:`1/2\alpha` for SGD and :math:`1+1/2\alpha` for Muon, through the last points.

    Parameters
    ----------
    problem : None
        Chosen by the diagram.
    exponent : number
        :math:`\alpha` of the frequencies.
    batch_size : int or infinity
    dimension : (int, int)
        The range, (low, high), up to 512.
    points : int
        Dimensions.
    seeds : int
        Memories drawn for each, of the seeds 0, 1, ....
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    xarray.Dataset
        ``recovered`` and ``undecided`` over (``rule``, ``dimension``, ``seed``), ``slope`` over
        (``rule``, ``dimension``).

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> data = associative_memory_data(dimension=(8, 16), points=2, seeds=2)
    >>> data.recovered.dims
    ('rule', 'dimension', 'seed')
    """
    import xarray

    require_none(problem, "associative-memory", "Gaussian embeddings")
    low, high = pair_within("dimension", dimension, 2, _LARGEST)
    chosen = np.unique(np.geomspace(low, high, whole(points, "points", 2)).round().astype(int))
    found = _recovered(chosen, exponent, [batch_size], seeds, progress)[:, :, 0]
    alpha = AssociativeMemory(2, exponent).exponent
    mean = found[..., 0].mean(-1)
    powers = np.array([0, 1])[:, None] + 1 / (2 * alpha)
    slope = mean[:, -1:] * (chosen / chosen[-1]) ** powers
    predicted = "power of the dimension that the paper predicts"
    return xarray.Dataset(
        {
            **_counts(("rule", "dimension", "seed"), found),
            "slope": variable(("rule", "dimension"), slope, predicted, "heuristic"),
        },
        {
            **_memories(chosen, found, alpha),
            "batch_size": coordinate((), float(batch_size), "batch size", "samples"),
        },
    )


def draw_associative_memory(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw the `artists` ``recovered``, means over seeds, and ``slope``."""
    chosen, alpha = data["dimension"].values, float(data["exponent"])
    for place, one in enumerate(curves_of(data, "rule")):
        curve = {"label": str(one["rule"].values), "marker": "o", **look(place), **thick()}
        named("recovered", *ax.plot(chosen, one["recovered"].mean("seed"), **curve))
        named("slope", *ax.plot(chosen, one["slope"], **theory()))
    ax.set_xscale("log", base=2)
    ax.set(yscale="log", xlabel="dimension $d$", ylabel="items recovered by one step")
    size = float(data["batch_size"])
    text = f"{size:.12g}" if math.isfinite(size) else r"\infty"
    write_title(ax, rf"$\alpha={alpha:g}$, $B={text}$, $N=d^2$", "small")
    return {r"$d^{1/2\alpha}$ and $d^{1+1/2\alpha}$": theory()}


@self_describing
def associative_memory_batches_data(
    problem: Any = None,
    *,
    exponent: Any = "1.5",
    batch_size: tuple[float, float] = (1.0, 1e6),
    dimensions: Any = (16, 64),
    points: int = 13,
    seeds: int = 8,
    progress: bool = False,
) -> xarray.Dataset:
    r"""Simulate how many items one step recovers, of :math:`N=d^2`, by the batch size.

    Small batches recover all different items that they have, which grow like
    :math:`B^{1/\alpha}`, the predicted slope; large ones what the population's gradient does.

    Parameters
    ----------
    problem : None
        Chosen by the diagram.
    exponent : number
        :math:`\alpha` of the frequencies.
    batch_size : (float, float)
        The range, (low, high), from 1 to 1e12.
    dimensions : sequence of int
        Up to 512: a curve for each, of either rule.
    points : int
        Batch sizes, at most.
    seeds : int
        Memories drawn for each, of the seeds 0, 1, ....
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    xarray.Dataset
        ``recovered`` and ``undecided`` over (``rule``, ``dimension``, ``batch_size``, ``seed``),
        ``population`` over (``rule``, ``dimension``, ``seed``), and ``different`` over
        ``batch_size``, the mean number of different items in a batch, for the largest d.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> data = associative_memory_batches_data(dimensions=[8], points=2, seeds=1)
    >>> data.recovered.shape
    (2, 1, 2, 1)
    """
    import xarray

    require_none(problem, "associative-memory-batches", "Gaussian embeddings")
    low, high = pair_within("batch_size", batch_size, 1, _MOST_SAMPLES)
    given = [
        whole(number(d, "dimensions"), "dimensions", 2, _LARGEST)
        for d in read_list(dimensions, "dimensions")
    ]
    chosen = np.array(given)
    sizes = np.unique(np.geomspace(low, high, whole(points, "points", 2)).round()).astype(int)
    found = _recovered(chosen, exponent, [*sizes.tolist(), math.inf], seeds, progress)
    largest = AssociativeMemory(chosen.max(), exponent)
    with np.errstate(divide="ignore"):  # of an only item
        unseen = np.log1p(-largest.frequencies)
    different = [float(-np.expm1(size * unseen).sum()) for size in sizes]
    every = ("rule", "dimension", "batch_size", "seed")
    population = "items recovered by a step along the population's gradient"
    return xarray.Dataset(
        {
            **_counts(every, found[:, :, :-1]),
            "population": variable(
                (*every[:2], "seed"), found[:, :, -1, :, 0], population, "simulated"
            ),
            "different": variable("batch_size", different, "different items in a batch"),
        },
        {
            **_memories(chosen, found, largest.exponent),
            "batch_size": coordinate("batch_size", sizes.astype(float), "batch size", "samples"),
        },
    )


def draw_associative_memory_batches(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw the `artists` ``recovered``, means over seeds, ``population`` and ``different``."""
    sizes, alpha = data["batch_size"].values, float(data["exponent"])
    for kind, rule in enumerate(curves_of(data, "rule")):
        for place, one in enumerate(curves_of(rule, "dimension")):
            style: Any = {"marker": MARKS[place % len(MARKS)], "markersize": in_points(5)}
            style |= {**look(kind), **thick()}
            label = f"{rule['rule'].values}, $d = {int(one['dimension'])}$"
            mean = one["recovered"].transpose("batch_size", "seed").mean("seed")
            lines = ax.plot(sizes, mean, label=label, **style)
            named("recovered", *lines)
            level = float(one["population"].mean())
            named("population", ax.axhline(level, **dotted(style["color"]), zorder=1))
    named("different", *ax.plot(sizes, data["different"], **theory(), zorder=6))
    most = float(data["recovered"].mean("seed").max())
    ax.set(xscale="log", yscale="log", xlim=sizes[[0, -1]], ylim=(0.8, 2 * max(most, 1)))
    ax.set(xlabel="batch size $B$", ylabel="items recovered by one step")
    write_title(ax, rf"$\alpha={alpha:g}$, $N=d^2$", "small")
    return {
        r"different items in a batch, $\sim B^{1/\alpha}$": theory(),
        "the population's gradient": dotted(),
    }


def _counts(dims: Sequence[str], found: Array) -> dict[str, Any]:
    """Return the variables of numbers whose last axis is recovered, undecided."""
    near = "items whose recovery is within rounding"
    return {
        "recovered": variable(dims, found[..., 0], "items recovered by one step", "simulated"),
        "undecided": variable(dims, found[..., 1], near, "simulated"),
    }


def _memories(dimensions: Array, found: Array, alpha: float) -> dict[str, Any]:
    """Return the coordinates that both diagrams have."""
    return {
        "rule": coordinate("rule", _RULES, "what makes a step of the gradient", None),
        "dimension": coordinate("dimension", dimensions, "dimension"),
        "seed": coordinate("seed", np.arange(found.shape[-2]), "seed of a memory"),
        "exponent": coordinate((), alpha, "exponent of the frequencies"),
    }


def _recovered(
    dimensions: Array, exponent: Any, sizes: Sequence[Any], seeds: Any, progress: bool
) -> Array:
    """Return numbers, shape (2 rules, dimensions, batch sizes, seeds, 2): recovered, undecided."""
    drawn = range(whole(seeds, "seeds", 1))
    found = np.empty((2, len(dimensions), len(sizes), len(drawn), 2), int)
    work = sum(int(d) ** 3 for d in dimensions) * len(sizes) * len(drawn)
    with shown_progress("memories", work, progress) as advance:
        for place, d in enumerate(dimensions):
            for seed in drawn:
                memory = AssociativeMemory(d, exponent, seed=seed)
                for at, size in enumerate(sizes):
                    G = memory.step(size)
                    for rule, W in enumerate((G, memory.muon(G, size))):
                        recovery = memory.recovery(W)
                        counts = len(recovery.items), recovery.undecided
                        found[rule, place, at, seed] = counts
                    advance(int(d) ** 3)
    return found
