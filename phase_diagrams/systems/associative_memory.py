r"""How many items one step of SGD, and of Muon, recovers, by dimension.

For J. Kim, E. Nichani, D. Wu, A. Bietti and J. D. Lee, Sharp capacity scaling of spectral
optimizers in learning associative memory (2026).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.systems.associative_memory import AssociativeMemory
from sgdmem.phase_diagrams.maps.axes import range_of
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, sized
from sgdmem.phase_diagrams.pictures.surroundings import new_axes, settle, write_title
from sgdmem.phase_diagrams.systems.curves import explain, look, require_none, theory, thick
from sgdmem.symbolic.errors import InputError, shown

_LARGEST = 512


@sized
def draw_associative_memory(
    problem: Any = None,
    *,
    exponent: Any = "1.5",
    batch_size: Any = math.inf,
    dimension: tuple[float, float] = (16, 128),
    points: int = 7,
    seeds: int = 8,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    r"""Draw mean numbers of items that one step recovers, simulated, of :math:`N=d^2`.

    Beside them are the slopes that the paper predicts for the population's gradient,
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
        Memories drawn for each.
    ax, explained, size
        See `named_diagram`.

    Returns
    -------
    matplotlib axes
        With the `artists` ``recovered`` and ``slope``.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> axes = draw_associative_memory(dimension=(8, 16), points=2, seeds=2)
    >>> axes.get_xlabel()
    'dimension $d$'
    """
    require_none(problem, "associative-memory", "Gaussian embeddings")
    _, low, high = range_of("dimension", dimension)
    if not 2 <= low < high <= _LARGEST:
        raise InputError(
            f"dimension must be a pair within 2 and {_LARGEST}, low < high, got {shown(dimension)}"
        )
    chosen = np.unique(np.geomspace(low, high, whole(points, "points", 2)).round().astype(int))
    drawn = whole(seeds, "seeds", 1)
    counts = np.array([_recovered(int(d), exponent, batch_size, drawn) for d in chosen])
    alpha = AssociativeMemory(2, exponent).exponent
    ax = new_axes(size) if ax is None else ax
    for place, (name, power) in enumerate({"SGD": 0, "Muon": 1}.items()):
        mean = counts[:, place]
        curve = {"label": name, "marker": "o", **look(place), **thick()}
        named("recovered", *ax.plot(chosen, mean, **curve))
        line = mean[-1] * (chosen / chosen[-1]) ** (power + 1 / (2 * alpha))
        named("slope", *ax.plot(chosen, line, **theory()))
    ax.set_xscale("log", base=2)
    ax.set(yscale="log", xlabel="dimension $d$", ylabel="items recovered by one step")
    size_text = r"\infty" if batch_size == math.inf else shown(batch_size)
    write_title(ax, rf"$\alpha={alpha:g}$, $B={size_text}$, $N=d^2$", "small")
    if explained:
        explain(ax, {r"$d^{1/2\alpha}$ and $d^{1+1/2\alpha}$": theory()})
    settle(ax)
    return ax


def _recovered(d: int, exponent: Any, batch_size: Any, seeds: int) -> Any:
    """Return mean numbers for SGD and for Muon."""
    found = []
    for seed in range(seeds):
        memory = AssociativeMemory(d, exponent, seed=seed)
        G = memory.step(batch_size)
        steps = G, memory.muon(G, batch_size)
        found.append([len(memory.recovery(W).items) for W in steps])
    return np.mean(found, axis=0)
