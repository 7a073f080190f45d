"""Phase diagrams of methods that repeat themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.periodic.periodic_stability import periodic_stability
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.phase_diagrams.maps.axes import Axis, coordinates, own_parameters, read_axes
from sgdmem.phase_diagrams.maps.dataset_description import made_by
from sgdmem.phase_diagrams.maps.labelled_arrays import LabelledArrays
from sgdmem.phase_diagrams.maps.quantities import SUMS, VERDICTS
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    import xarray


def periodic_phase_diagram(
    rule: Callable[..., Sequence[Algorithm]],
    problem: Any,
    batch_size: Any = math.inf,
    *,
    x: Axis,
    y: Axis,
    panels: Axis | None = None,
    workers: int = 1,
    progress: bool = False,
    **fixed: Any,
) -> xarray.Dataset:
    """Judge a method that repeats itself over two of its parameters.

    Parameters
    ----------
    rule : function
        Of the parameters, by name: it returns the algorithms of a period, a list.
    problem : Problem, Spectrum or data
        On long spectra points are judged in floats.
    batch_size : number > 0
    x, y : (name, values)
        Two parameters and their values: of the function, or ``batch_size``.
    panels : (name, values), optional
        A third parameter, which makes a series of maps.
    workers : int
        See `periodic_stability`, which judges every point: some milliseconds each for ten steps of
        ten modes, up to a second for a hundred of each.
    progress : bool
        Show a progress bar on stderr, with the time that is left.
    **fixed
        Other parameters of the function.

    Returns
    -------
    xarray.Dataset
        As of `sgdmem.phase_diagram`: ``stable``, ``noiseless``, ``noise_sum`` (the radius of the
        noise over a period) and ``margin``, for `sgdmem.draw`.

    Raises
    ------
    InputError
        For a function that returns no list of algorithms, and as `periodic_stability`.

    Examples
    --------
    Rates that go up and down between two values:

    >>> from sgdmem import Spectrum, sgd
    >>> diagram = periodic_phase_diagram(
    ...     lambda low, peak: [sgd(low), sgd((low + peak) / 2), sgd(peak)],
    ...     Spectrum([1, 0.5]),
    ...     8,
    ...     x=("peak", [1, 2, 3]),
    ...     y=("low", ["0.1", 1]),
    ... )
    >>> diagram.stable.values
    array([[1, 1, 0],
           [1, 1, 0]], dtype=int8)
    """
    if not callable(rule):
        raise InputError(f"rule must be a function of parameters, got {shown(rule)}")
    quantities = {**VERDICTS, **SUMS}
    axes = read_axes(x, y, panels, quantities)
    own, given = own_parameters(axes), as_problem(problem)
    number_of_workers = whole(workers, "workers", 1)
    shape = [len(values) for values in axes.values()]
    found = {
        name: np.empty(math.prod(shape), quantity.dtype) for name, quantity in quantities.items()
    }
    with shown_progress("judging", math.prod(shape), progress) as advance:
        for place, values in enumerate(product(*axes.values())):
            point = dict(zip(axes, values, strict=True))
            cycle = rule(**{name: point[name] for name in own}, **fixed)
            if not is_list(cycle):
                raise InputError(f"rule must return a list of algorithms, got {shown(cycle)}")
            size = point.get("batch_size", batch_size)
            verdict = periodic_stability(
                cycle, given, size, workers=number_of_workers, proof=given.spectrum.long is None
            )
            radius = verdict.radius
            stable = -1 if verdict.stable is None else int(verdict.stable)
            found["stable"][place] = stable
            found["noiseless"][place] = stable if math.isinf(radius) else 1
            found["noise_sum"][place], found["margin"][place] = radius, 1 - radius
            advance(1)
    variables: dict[str, Any] = {
        name: ([*axes], values.reshape(shape), quantities[name].attributes)
        for name, values in found.items()
    }
    radius_of = {"long_name": "radius of the noise over a period, stable below 1"}
    variables["noise_sum"][2].update(radius_of)
    settings = {"batch_size": batch_size, **fixed}
    settings |= {"workers": number_of_workers} if number_of_workers > 1 else {}
    attributes = {
        "display_name": getattr(rule, "__name__", "rule").replace("<lambda>", "periodic method"),
        "spectrum": str(given.spectrum),
        **{name: str(value) for name, value in settings.items() if name not in axes},
        **made_by(),
    }
    return LabelledArrays.of(variables | coordinates(axes), attributes).to_dataset()
