"""Phase diagrams: the verdict, and more, over two or three parameters."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.compilation.cuda import Device, chosen_device
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.phase_diagrams.maps.axes import Axis, own_parameters, read_axes
from sgdmem.phase_diagrams.maps.dataset_description import (
    axis_attributes,
    describe,
    identify,
    own_labels,
)
from sgdmem.phase_diagrams.maps.edges import traced_edges
from sgdmem.phase_diagrams.maps.quantities import VERDICT, find_quantities
from sgdmem.phase_diagrams.maps.question import DiagramQuestion
from sgdmem.phase_diagrams.maps.varying_problem import VaryingProblem
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.named_algorithms import find_family

if TYPE_CHECKING:
    import xarray

MOST_POINTS = 10**7  # of a diagram in memory
_WORTH_COMPILING = 100  # points


def phase_diagram(
    family: FamilyLike,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    x: Axis,
    y: Axis,
    panels: Axis | None = None,
    quantities: Sequence[str] = (),
    device: Device = "cpu",
    store: str | Path | None = None,
    chunk: int | None = None,
    client: Any = None,
    edges: bool | None = False,
    progress: bool = False,
    **fixed: Any,
) -> xarray.Dataset:
    """Judge a family over two of its parameters.

    Parameters
    ----------
    family : function or str
        A constructor such as `heavy_ball`, any function of named parameters that returns an
        `Algorithm`, or a command-line name. Maps of 100 points or more are compiled if it accepts
        symbols; the first map of a memory takes some seconds for that. It may do something special
        at single values (0, 1, -1, 2, the ends of the axes, and those that it compares a parameter
        with by ``==`` or ``in``); at all others it must be one formula.
    problem : Problem, Spectrum, array of shape (n, d), or function
        What it is tried on, see `sgdmem.stability`. A function of some of the axes returns it for
        each of their values: ``lambda nu, zeta: Problem.power_law(nu, zeta)``. What stays
        the same along an axis (spectrum and noise, or the target) wherever the others are at an end
        or in the middle is taken to stay the same along it everywhere.
    batch_size : positive number or inf
        See `sgdmem.stability`.
    x, y : (name, values)
        Two parameters and their values, in any order: of the family, of the function that the
        problem may be, or ``batch_size``, ``tau1`` and ``tau2``, which take the place of what the
        problem says.
    panels : (name, values), optional
        A third parameter, which makes a series of maps.
    quantities : sequence of str
        What is to be found beside the verdict: "reason", "effective_learning_rate",
        "critical_eigenvalue", "critical_batch_size", "loss_floor" (with proved bounds found one by
        one, and slowly on data); for infinite power laws with a target, without noise of the
        labels, "regime" (see `loss_regime`) and "loss_exponent", the p of the loss t^-p where it
        is stable.
    device : "cpu", "cuda" or "auto"
        Where maps of 100 points or more are computed; "auto" takes a GPU if Numba finds one.
    store : path, optional
        A folder (a zarr group) in which the diagram grows chunk by chunk, so that it may be larger
        than memory. What a call that was interrupted, or killed, has left there is not computed
        again by the same call. The results are the same to the last bit with any chunks or none,
        on processors of one kind; on samples that holds for verdicts, while bounds may be closer or
        less close. Needs zarr, an optional part of the installation.
    chunk : int, optional
        How many points a chunk has along x and along y; 1024 by default.
    client : dask.distributed.Client, optional
        A cluster whose workers compute the chunks, and see ``store`` under the same path.
    edges : bool, optional
        Whether the curves at which stability ends are traced (`stability_boundary`), as pictures
        show them in place of a line between points; a second or less for most maps. Where x and y
        are parameters of the family, ``batch_size``, ``tau1`` or ``tau2``, without ``store``. With
        None, where the map can be compiled, and is not of data: what takes long elsewhere.
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
        where there is none). Attributes tell the algorithm's matrices, the spectrum, the noise
        (``noise`` where it is estimated, a coupling matrix or samples), all settings and the
        versions of what computed it. On samples a point is asked only until it is decided:
        ``noise_sum_low`` and ``noise_sum_high`` are proved bounds of the noise radius,
        ``noise_sum_estimate`` is between them and smooth, for pictures (not proved, and not
        estimated where the diagonal part of the noise alone is beyond 2), and ``noise_sum`` and
        ``margin`` are nan where the bounds are not within 1e-6. With ``edges``
        the coordinates ``edge_x`` and ``edge_y`` of their points, along ``edge``, ``edge_curve``,
        the number of the curve, and ``edge_panel``, of the map. With ``store`` values
        are read when they are used.

    Raises
    ------
    InputError
        If the family or a parameter is unknown or missing, a value is not in its domain, there are
        more than 10**7 points without ``store``, ``store`` holds another diagram, or
        ``device="cuda"`` finds no GPU.

    Examples
    --------
    >>> from sgdmem import Problem, Spectrum
    >>> diagram = phase_diagram(
    ...     "heavy-ball",
    ...     Spectrum([1, 0.5]),
    ...     8,
    ...     x=("learning_rate", [0.1, 1, 10]),
    ...     y=("momentum", [0, 0.9]),
    ... )
    >>> diagram.stable.values
    array([[1, 1, 0],
           [1, 0, 0]], dtype=int8)

    Steeper power laws and larger batches let the learning rate grow:

    >>> series = phase_diagram(
    ...     "sgd",
    ...     lambda nu: Problem.power_law(nu),
    ...     x=("learning_rate", [0.5, 1]),
    ...     y=("nu", [1.2, 2]),
    ...     panels=("batch_size", [1, 4]),
    ... )
    >>> series.stable.sel(batch_size=1).values
    array([[0, 0],
           [1, 0]], dtype=int8)
    """
    constructor = find_family(family)
    chosen = find_quantities(quantities)
    axes = read_axes(x, y, panels, {*VERDICT, *chosen})
    varying = VaryingProblem.read(problem, axes)
    first, _ = varying.ends(axes)
    first.noise.vary(**{name: axes[name][0] for name in ("tau1", "tau2") if name in axes})
    for name, quantity in chosen.items():
        if quantity.is_of_target and first.target is None:
            raise InputError(f"quantity {name!r} needs a target: Problem.power_law(1.5, zeta=0.5)")
    chunk = None if chunk is None else whole(chunk, "chunk", 1)
    path = _read_store(store, chunk, client, axes)
    own = own_parameters(axes, varying.axes)
    if edges and (varying.axes or path is not None):
        raise InputError("edges are of maps without store, over a problem that stays the same")
    question = DiagramQuestion(
        family=constructor.varying(own, fixed),
        axes=axes,
        problem=varying,
        batch_size=batch_size,
        device=chosen_device(device),
        quantities=tuple(chosen),
        panels=None if panels is None else panels[0],
        is_compiled=edges is None or math.prod(map(len, axes.values())) >= _WORTH_COMPILING,
    )
    settings = {"batch_size": batch_size, **fixed}
    attributes = describe(question.family, varying, settings, axes) | own_labels(constructor)
    if path is None:
        diagram = _in_memory(question, attributes, progress)
        if not (question.is_quick if edges is None else edges):
            return diagram
        return diagram.assign(
            traced_edges(question.family, varying.given, batch_size, axes, question.panels)
        )
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
    from sgdmem.phase_diagrams.maps.chunk_faults import shortened
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
    size, missing = math.prod(map(len, question.axes.values())), store.missing()
    if missing:
        store.require_writable()
    faults = [fault for found in missing.values() for fault in found]
    if faults:
        warnings.warn(f"store {path}: {shortened(faults)}, and is computed again", stacklevel=3)
    with shown_progress("judging", size, progress) as advance:
        advance(size - sum(map(store.points, missing)))
        if client is None:
            fill(question, store, missing, advance)
        else:
            fill_on_cluster(question, store, missing, client, advance)
    return store.dataset()


def _read_store(
    store: str | Path | None, chunk: Any, client: Any, axes: Mapping[str, Sequence[Any]]
) -> Path | None:
    if store is not None:
        if not isinstance(store, (str, Path)):
            raise InputError(f"store must be a path, got {shown(store)}")
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
