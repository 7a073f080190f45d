"""Phase diagrams: the verdict over two parameters of a family."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem._version import __version__
from sgdmem.numeric.batch import judge_points
from sgdmem.numeric.cuda import Device, chosen_device
from sgdmem.numeric.given_numbers import number
from sgdmem.numeric.map_points import Points
from sgdmem.numeric.problem import is_infinite, read_data
from sgdmem.numeric.progress import shown_progress
from sgdmem.numeric.spectrum import Spectrum
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.families import Family, with_fixed
from sgdmem.symbolic.named import find_family
from sgdmem.symbolic.scalars import to_float

if TYPE_CHECKING:
    import xarray

MOST_POINTS = 10**7  # of a diagram: each is an exact algorithm in memory
_RESULTS = ("stable", "noise_sum", "margin")
PROBLEM_PARAMETERS = ("batch_size", "tau1", "tau2")

Axis = tuple[str, Iterable[Any]]


def phase_diagram(
    family: Family | str,
    x: Axis,
    y: Axis,
    *,
    spectrum: Any,
    batch_size: Any = math.inf,
    tau1: Any = None,
    tau2: Any = None,
    coupling: Any = None,
    device: Device = "cpu",
    progress: bool = False,
    **fixed: Any,
) -> xarray.Dataset:
    """Judge a family over two of its parameters.

    Parameters
    ----------
    family : function or str
        A constructor such as `heavy_ball`, any function of named parameters that returns an
        `Algorithm`, or a command-line name. Maps of 1000 points or more are compiled if it accepts
        symbols; the first map of a memory takes some seconds for that. It may do something special
        at single values (0, 1, -1, 2, the ends of the axes, and those that it compares a parameter
        with by ``==`` or ``in``); at all others it must be one formula.
    x, y : (name, values)
        The two parameters and their values, in any order; ``batch_size``, ``tau1`` and ``tau2`` may
        be parameters too.
    spectrum : Spectrum or array of shape (n, d)
        Eigenvalues of the Hessian, or a matrix of n feature vectors, see `sgdmem.stability`.
    batch_size, tau1, tau2, coupling
        See `sgdmem.stability`.
    device : "cpu", "cuda" or "auto"
        Where maps of 1000 points or more are computed; "auto" takes a GPU if Numba finds one.
    progress : bool
        Show a progress bar on stderr.
    **fixed
        The family's other parameters.

    Returns
    -------
    xarray.Dataset
        Dimensions (y, x) named by the parameters, with the exact values passed; variables
        ``stable`` (int8: 1 stable, 0 not, -1 undecided), ``noise_sum`` (inf where the noiseless
        part is unstable) and ``margin`` (the smaller of 1 - noise_sum and the least 1 + (tau2/B) s;
        -inf where the noiseless part is unstable).

    Raises
    ------
    InputError
        If the family or a parameter is unknown or missing, a value is not in its domain, there are
        more than 10**7 points, or ``device="cuda"`` finds no GPU.

    Examples
    --------
    >>> from sgdmem.numeric.spectrum import Spectrum
    >>> diagram = phase_diagram(
    ...     "heavy-ball",
    ...     ("learning_rate", [0.1, 1, 10]),
    ...     ("momentum", [0, 0.9]),
    ...     spectrum=Spectrum([1, 0.5]),
    ...     batch_size=8,
    ... )
    >>> diagram.stable.values
    array([[1, 1, 0],
           [1, 0, 0]], dtype=int8)
    """
    import xarray

    constructor = find_family(family)
    (x_name, x_values), (y_name, y_values) = _read_axis("x", x), _read_axis("y", y)
    distinct_names(x_name, y_name)
    if len(x_values) * len(y_values) > MOST_POINTS:
        raise InputError(
            f"a diagram has at most {MOST_POINTS:,} points, got {len(x_values)} x {len(y_values)}"
        )
    own = [name for name in (x_name, y_name) if name not in PROBLEM_PARAMETERS]
    build = with_fixed(constructor, fixed, own)
    spectrum, tau1, tau2 = read_data(spectrum, tau1, tau2)
    problem = {"batch_size": batch_size, "tau1": tau1, "tau2": tau2}
    fixed_problem = {key: value for key, value in problem.items() if key not in (x_name, y_name)}
    points = Points({y_name: y_values, x_name: x_values}, own, fixed_problem)
    place = chosen_device(device)
    with shown_progress("judging", len(points), progress) as advance:
        results = judge_points(build, points, spectrum, coupling, place, advance)
    shape = (len(y_values), len(x_values))
    dims = (y_name, x_name)
    fields = (results.stable, results.noise_sum, results.margin)
    stable, noise_sum, margin = (values.reshape(shape) for values in fields)
    return xarray.Dataset(
        {
            "stable": (dims, stable.astype(np.int8), {"flags": "1 stable, 0 not, -1 undecided"}),
            "noise_sum": (dims, noise_sum, {"long_name": "noise sum U'_Sigma"}),
            "margin": (dims, margin, {"long_name": "min(1 - U'_Sigma, min_k 1 + (tau2/B) s_k)"}),
        },
        coords={
            y_name: [to_float(value) for value in y_values],
            x_name: [to_float(value) for value in x_values],
        },
        attrs=describe(family, constructor, spectrum, problem, fixed, dims),
    )


def _read_axis(label: str, axis: Axis) -> tuple[str, list[Any]]:
    try:
        name, values = axis
        values = list(values)
    except (TypeError, ValueError):
        raise InputError(f"{label} must be a pair (parameter name, values), got {axis!r}") from None
    if not isinstance(name, str) or not values:
        raise InputError(f"{label} needs a parameter name and at least one value, got {axis!r}")
    if name == "batch_size":
        return name, [math.inf if is_infinite(v) else number(v, name) for v in values]
    return name, [number(value, name) for value in values]


def distinct_names(x: str, y: str) -> tuple[str, str]:
    """Return the names of two parameters that can be the axes of a diagram.

    Raises
    ------
    InputError
        If they are the same, or if one is what a result is called.
    """
    if x == y:
        raise InputError(f"x and y must be different parameters, both are {x!r}")
    for name in (x, y):
        if name in _RESULTS:
            raise InputError(f"no parameter of a diagram can be called {name!r}: a result is")
    return x, y


def describe(
    family: Family | str,
    constructor: Family,
    spectrum: Spectrum,
    problem: dict[str, Any],
    fixed: dict[str, Any],
    dims: tuple[str, str],
) -> dict[str, str]:
    """Return in words what was computed, for the attributes of a dataset."""
    name = family if isinstance(family, str) else getattr(constructor, "__name__", repr(family))
    settings = {**problem, **fixed}
    return {
        "algorithm": name,
        "spectrum": str(spectrum),
        **{key: str(value) for key, value in settings.items() if key not in dims},
        "sgdmem_version": __version__,
    }
