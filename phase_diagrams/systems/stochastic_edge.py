r"""Batch Sharpness at the edge by batch size, between its two plateaus (arXiv 2604.14108)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.systems.stochastic_edge import GAUSSIAN, stochastic_edge
from sgdmem.phase_diagrams.maps.dataset_description import own_labels
from sgdmem.phase_diagrams.maps.varying_problem import described
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.labels import spectrum_label, symbol
from sgdmem.phase_diagrams.pictures.surroundings import write_title
from sgdmem.phase_diagrams.systems.curves import (
    Legend,
    alike_features,
    batch_sizes,
    curves_of,
    dot,
    look,
    numbers,
    read_list,
    theory,
    thick,
    thin,
    told,
)
from sgdmem.phase_diagrams.systems.self_describing import coordinate, self_describing, variable
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.families_by_name import find_family

if TYPE_CHECKING:
    import xarray


@self_describing
def batch_sharpness_data(
    problem: Any = None,
    family: FamilyLike = "heavy-ball",
    *,
    learning_rate: Any = "0.1",
    momenta: Any = ("0", "0.5", "0.9"),
    batch_size: tuple[float, float] = (1.0, 1e6),
    points: int = 80,
    **fixed: Any,
) -> xarray.Dataset:
    r"""Compute the Batch Sharpness of a method at its edge of stability, and the sharpness there.

    Both are in units of 1 / learning rate, and Batch Sharpness is the ratio of means
    :math:`E g^TH_Bg/E|g|^2` of `stochastic_edge`. At small batches it lies at
    :math:`2/\alpha_{\rm eff}`, at large ones at the largest stable eigenvalue.

    Parameters
    ----------
    problem : Problem, optional
        On Gaussian features; 200 of one variance by default.
    family : str or Family
        With the parameters ``learning_rate`` and ``momentum``.
    learning_rate : number
    momenta : sequence of numbers
        A curve for each.
    batch_size : (float, float)
        The range, (low, high).
    points : int
        Batch sizes of a curve.
    **fixed
        Other parameters of the family.

    Returns
    -------
    xarray.Dataset
        ``batch_sharpness`` and ``sharpness`` over (``momentum``, ``batch_size``), and over
        ``momentum`` ``small_batch_plateau``, ``full_batch_plateau``, ``crossover``, a batch size,
        and ``at_crossover``, the Batch Sharpness there; NaN beyond the range.

    Raises
    ------
    InputError
        For an argument outside its domain, and for a noise that is not Gaussian.

    Examples
    --------
    >>> data = batch_sharpness_data(points=5, momenta=["0.5"])
    >>> data.full_batch_plateau.item()
    3.0
    """
    import xarray

    given = alike_features(problem)
    found = find_family(family)
    build = found.varying(("learning_rate", "momentum"), fixed)
    rate = positive_float(learning_rate, "learning_rate")
    sizes = batch_sizes(batch_size, points)
    if given.noise != GAUSSIAN:
        raise InputError("problem must have Gaussian features, tau1 = 1 and tau2 = -1")
    chosen = read_list(momenta, "momenta")
    values, levels = [], []
    for momentum in chosen:
        method = build(learning_rate=learning_rate, momentum=momentum)
        edges = [stochastic_edge(method, given, B) for B in sizes]
        values.append([(float(x.batch_sharpness or 0), x.sharpness) for x in edges])
        plateaus, crossover = edges[0].plateaus, edges[0].crossover_batch_size
        place = np.nan, np.nan
        if sizes[0] <= crossover <= sizes[-1]:
            at = stochastic_edge(method, given, crossover)
            place = crossover, float(at.batch_sharpness or 0) * rate
        ends = float(plateaus.small_batch) * rate, float(plateaus.full_batch) * rate
        levels.append((*ends, *place))
    both = "momentum", "batch_size"
    sharpness, largest = np.moveaxis(np.array(values) * rate, -1, 0)
    names = {
        "small_batch_plateau": "plateau of small batches",
        "full_batch_plateau": "plateau of full batches",
        "crossover": "batch size at which noise halves the edge of full batches",
        "at_crossover": "Batch Sharpness times learning rate there",
    }
    return xarray.Dataset(
        {
            "batch_sharpness": variable(both, sharpness, "Batch Sharpness times learning rate"),
            "sharpness": variable(both, largest, "largest eigenvalue times learning rate"),
            **{
                name: variable("momentum", level, text)
                for (name, text), level in zip(names.items(), np.transpose(levels), strict=True)
            },
        },
        {
            "momentum": coordinate("momentum", numbers(chosen, "momenta"), "momentum"),
            "batch_size": coordinate("batch_size", sizes, "batch size", "samples"),
        },
        {"display_name": found.display_name, **described(given), **own_labels(found)},
    )


def draw_batch_sharpness(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw the `artists` ``batch-sharpness``, ``sharpness``, ``plateau`` and ``crossover``."""
    sizes, letter = data["batch_size"].values, symbol("momentum", data)
    for place, one in enumerate(curves_of(data, "momentum")):
        curve = {**look(place), "zorder": 4}
        label = told(letter, one["momentum"])
        lines = ax.plot(sizes, one["batch_sharpness"], label=label, **thick(), **curve)
        named("batch-sharpness", *lines)
        named("sharpness", *ax.plot(sizes, one["sharpness"], **{**thin(), **curve}))
        for name, span in (("small_batch_plateau", (0.0, 0.12)), ("full_batch_plateau", (0.88, 1))):
            named("plateau", ax.axhline(float(one[name]), *span, **theory(), zorder=6))
        where = float(one["crossover"]), float(one["at_crossover"])
        if np.isfinite(where).all():
            named("crossover", *ax.plot(*where, **dot(curve["color"]), zorder=7))
    ax.set(xscale="log", yscale="log", xlim=sizes[[0, -1]])
    ax.set(xlabel="batch size $B$", ylabel=r"sharpness $\times$ learning rate")
    write_title(
        ax, f"{data.attrs['display_name']}\n{spectrum_label(data.attrs['spectrum'])}", "small"
    )
    others = {r"thin: $\lambda_{\max}$": thin(), "plateaus": theory()}
    return {**others, "crossover": dot()}
