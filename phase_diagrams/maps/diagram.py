"""Phase diagrams: the verdict, and more, over two or three parameters."""

from __future__ import annotations

import inspect
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgdmem.numeric.arithmetic.inputs import number, whole
from sgdmem.numeric.machine.cuda import Device, chosen_device
from sgdmem.numeric.machine.progress import shown_progress
from sgdmem.numeric.problems.noise import is_infinite
from sgdmem.numeric.problems.problem import read_data
from sgdmem.phase_diagrams.maps.description import (
    axis_attributes,
    describe,
    identify,
    varying_spectrum,
)
from sgdmem.phase_diagrams.maps.quantities import VERDICT, find_quantities
from sgdmem.phase_diagrams.maps.question import PROBLEM_PARAMETERS, DiagramQuestion, own_parameters
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.families import Family, with_fixed
from sgdmem.symbolic.algorithms.named import find_family
from sgdmem.symbolic.errors import InputError

if TYPE_CHECKING:
    import xarray

MOST_POINTS = 10**7  # of a diagram in memory
_WORTH_COMPILING = 1000  # points

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
    panels: Axis | None = None,
    target: Any = None,
    quantities: Sequence[str] = (),
    device: Device = "cpu",
    store: str | Path | None = None,
    chunk: int | None = None,
    client: Any = None,
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
    spectrum : Spectrum, array of shape (n, d), or function
        Eigenvalues of the Hessian, or a matrix of n feature vectors, see `sgdmem.stability`. A
        function of one parameter returns them for each of its values; this parameter is one of
        ``x``, ``y`` and ``panels``.
    batch_size, tau1, tau2, coupling
        See `sgdmem.stability`.
    panels : (name, values), optional
        A third parameter, which makes a series of maps.
    target : PowerLawTarget or function, optional
        What regimes and exponents of the loss need; a function of one parameter like ``spectrum``.
    quantities : sequence of str
        What is to be found beside the verdict: "reason", "effective_learning_rate",
        "critical_eigenvalue", "critical_batch_size"; for infinite power laws and a target "regime"
        (see `loss_regime`) and "loss_exponent", the p of the loss t^-p where it is stable.
    device : "cpu", "cuda" or "auto"
        Where maps of 1000 points or more are computed; "auto" takes a GPU if Numba finds one.
    store : path, optional
        A folder (a zarr group) in which the diagram grows chunk by chunk, so that it may be larger
        than memory. What a call that was interrupted, or killed, has left there is not computed
        again by the same call. The results are the same to the last bit with any chunks or none,
        on processors of one kind. Needs zarr, an optional part of the installation.
    chunk : int, optional
        How many points a chunk has along x and along y; 1024 by default.
    client : dask.distributed.Client, optional
        A cluster whose workers compute the chunks, and see ``store`` under the same path.
    progress : bool
        Show a progress bar on stderr, with the time that is left.
    **fixed
        The family's other parameters.

    Returns
    -------
    xarray.Dataset
        Dimensions (y, x) or (panels, y, x) named by the parameters, with the exact values passed;
        variables ``stable`` (int8: 1 stable, 0 not, -1 undecided), ``noiseless`` (the
        same without noise), ``noise_sum`` (inf where it is not stable without noise, the noise of
        one mode feeds on itself, or the sum diverges) and ``margin`` (the smaller of 1 - noise_sum
        and the least 1 + (tau2/B) s; -inf where the noise sum is), and the quantities: ``reason``
        and ``regime`` as places in their attribute ``flag_meanings``, the others as floats (nan
        where there is none). Attributes tell the algorithm's matrices, the spectrum, all settings
        and the versions of what computed it. With ``store`` values are read when they are used.

    Raises
    ------
    InputError
        If the family or a parameter is unknown or missing, a value is not in its domain, there are
        more than 10**7 points without ``store``, ``store`` holds another diagram, or
        ``device="cuda"`` finds no GPU.

    Examples
    --------
    >>> from sgdmem.numeric.spectra.spectrum import Spectrum
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

    Steeper power laws and larger batches let the learning rate grow:

    >>> series = phase_diagram(
    ...     "sgd",
    ...     ("learning_rate", [0.5, 1]),
    ...     ("nu", [1.2, 2]),
    ...     spectrum=lambda nu: Spectrum.power_law(nu),
    ...     panels=("batch_size", [1, 4]),
    ... )
    >>> series.stable.sel(batch_size=1).values
    array([[0, 0],
           [1, 0]], dtype=int8)
    """
    constructor = find_family(family)
    chosen = find_quantities(quantities)
    axes = _read_axes(x, y, panels, {*VERDICT, *chosen})
    of_spectrum = _parameter_of("spectrum", spectrum, axes)
    of_target = _parameter_of("target", target, axes)
    if of_target is not None and of_target == of_spectrum:
        raise InputError(f"spectrum and target cannot both be functions of {of_target}")
    if of_spectrum is None:  # data are summed up once
        spectrum, tau1, tau2 = read_data(spectrum, tau1, tau2)
    for name, quantity in chosen.items():
        if quantity.is_of_target and target is None:
            raise InputError(f"quantity {name!r} needs a target: Problem.power_law(1.5, zeta=0.5)")
    chunk = None if chunk is None else whole(chunk, "chunk", 1)
    path = _read_store(store, chunk, client, axes)
    own = own_parameters(axes, of_spectrum, of_target)
    problem = {"batch_size": batch_size, "tau1": tau1, "tau2": tau2}
    question = DiagramQuestion(
        build=with_fixed(constructor, fixed, own),
        axes=axes,
        spectrum=spectrum,
        of_spectrum=of_spectrum,
        target=target,
        of_target=of_target,
        problem={key: value for key, value in problem.items() if key not in axes},
        coupling=coupling,
        device=chosen_device(device),
        quantities=chosen,
        looped=[
            name
            for name in axes
            if name != of_target and (name == of_spectrum or (panels and name == panels[0]))
        ],
        is_compiled=math.prod(map(len, axes.values())) >= _WORTH_COMPILING,
    )
    shown = spectrum if of_spectrum is None else varying_spectrum(spectrum, axes[of_spectrum])
    attributes = describe(family, question.build, own, shown, {**problem, **fixed}, axes)
    if target is not None and of_target is None:
        attributes["target"] = str(target)
    if path is None:
        return _in_memory(question, attributes, progress)
    return _stored(question, attributes, path, chunk, client, progress)


def _in_memory(
    question: DiagramQuestion, attributes: Mapping[str, str], progress: bool
) -> xarray.Dataset:
    size = math.prod(map(len, question.axes.values()))
    with shown_progress("judging", size, progress) as advance:
        diagram = question.answer(question.axes, advance)
    for name in question.axes:
        diagram[name].attrs = axis_attributes(name)
    diagram.attrs = dict(attributes)
    return diagram


def _stored(
    question: DiagramQuestion,
    attributes: Mapping[str, str],
    path: Path,
    chunk: int | None,
    client: Any,
    progress: bool,
) -> xarray.Dataset:
    from sgdmem.phase_diagrams.maps.chunk_store import open_store
    from sgdmem.phase_diagrams.maps.chunked import fill, fill_on_cluster

    store = open_store(
        path,
        {name: [to_float(value) for value in values] for name, values in question.axes.items()},
        question.variables,
        attributes,
        identify(question, attributes),
        chunk,
    )
    size = math.prod(map(len, question.axes.values()))
    with shown_progress("judging", size, progress) as advance:
        advance(size - sum(map(store.points, store.missing)))
        if client is None:
            fill(question, store, advance)
        else:
            fill_on_cluster(question, store, client, advance)
    return store.dataset()


def _read_store(
    store: str | Path | None, chunk: Any, client: Any, axes: Mapping[str, Sequence[Any]]
) -> Path | None:
    if store is not None:
        if not isinstance(store, (str, Path)):
            raise InputError(f"store must be a path, got {store!r}")
        path = Path(store).absolute()  # workers may have another current folder
        if not path.parent.is_dir():
            raise InputError(f"store: there is no folder {path.parent}")
        return path
    for name, value in (("chunk", chunk), ("client", client)):
        if value is not None:
            raise InputError(f"{name} needs store, the folder that the diagram is written to")
    if math.prod(map(len, axes.values())) > MOST_POINTS:
        shape = " x ".join(str(len(values)) for values in reversed([*axes.values()]))
        raise InputError(f"a diagram has at most {MOST_POINTS:,} points without store, got {shape}")
    return None


def _read_axes(
    x: Axis, y: Axis, panels: Axis | None, results: Collection[str]
) -> dict[str, list[Any]]:
    """Return the values of all axes by name, the last one running fastest."""
    given = [("panels", panels), ("y", y), ("x", x)]
    read = [(label, *read_axis(label, axis)) for label, axis in given if axis is not None]
    for place, (label, name, _) in enumerate(read):
        for other, known, _ in read[place + 1 :]:
            if name == known:
                raise InputError(
                    f"{other} and {label} must be different parameters, both are {name!r}"
                )
        if name in results:
            raise InputError(f"no parameter of a diagram can be called {name!r}: a result is")
    return {name: values for _, name, values in read}


def read_axis(label: str, axis: Axis) -> tuple[str, list[Any]]:
    """Return the name and the exact values of an axis.

    Raises
    ------
    InputError
        If it is no such pair, or a value is no number.
    """
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


def _parameter_of(label: str, given: Any, axes: Mapping[str, Sequence[Any]]) -> str | None:
    """Return which axis a spectrum or a target is a function of, None if it is no function."""
    if not callable(given) or isinstance(given, type):
        return None
    parameters = inspect.signature(given).parameters.values()
    names = [p.name for p in parameters if p.default is p.empty]
    if len(names) != 1 or names[0] not in axes or names[0] in PROBLEM_PARAMETERS:
        raise InputError(
            f"{label} must be a function of one parameter that is an axis and belongs to it "
            f"alone; it is one of {', '.join(names) or 'nothing'}, the axes are {', '.join(axes)}"
        )
    return names[0]
