"""The computation of phase diagrams, in memory or in a store."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.compilation.cuda import Device, chosen_device
from sgdmem.numeric.compilation.gpu_arrays import device_of_data
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.phase_diagrams.maps.axes import Axis, coordinates, own_parameters, read_axes
from sgdmem.phase_diagrams.maps.dataset_description import describe, identify, own_labels
from sgdmem.phase_diagrams.maps.edges import traced_edges
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled, LabelledArrays
from sgdmem.phase_diagrams.maps.quantities import SUMS, VERDICTS, find_quantities
from sgdmem.phase_diagrams.maps.question import DiagramQuestion
from sgdmem.phase_diagrams.maps.varying_problem import VaryingProblem
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.families_by_name import find_family

if TYPE_CHECKING:
    import xarray

MOST_POINTS = 10**7  # of a diagram in memory
_WORTH_COMPILING = 100  # points


def labelled_diagram(
    family: FamilyLike,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    x: Axis,
    y: Axis,
    panels: Axis | None = None,
    quantities: Sequence[str] = (),
    verdicts_only: bool = False,
    device: Device = "cpu",
    store: str | Path | None = None,
    chunk: int | None = None,
    client: Any = None,
    edges: bool | None = False,
    progress: bool = False,
    **fixed: Any,
) -> Labelled:
    """Judge a family over two of its parameters, see `sgdmem.phase_diagram`."""
    constructor = find_family(family)
    chosen = find_quantities(quantities)
    axes = read_axes(x, y, panels, {*VERDICTS, *SUMS, *chosen})
    varying = VaryingProblem.read(problem, axes)
    first, _ = varying.ends(axes)
    first.noise.vary(**{name: axes[name][0] for name in ("tau1", "tau2") if name in axes})
    if not isinstance(verdicts_only, bool):
        raise InputError(f"verdicts_only must be True or False, got {shown(verdicts_only)}")
    for name, quantity in chosen.items():
        if quantity.is_of_target and first.target is None:
            raise InputError(f"quantity {name!r} needs a target: Problem.power_law(1.5, zeta=0.5)")
    chunk = None if chunk is None else whole(chunk, "chunk", 1)
    path = _read_store(store, chunk, client, axes)
    own = own_parameters(axes, varying.axes)
    if edges and (varying.axes or path is not None):
        raise InputError("edges are of maps without store, over a problem that stays the same")
    place = chosen_device(device)
    if place == "cuda" and first.noise.samples is not None:
        place = device_of_data(device)
    question = DiagramQuestion(
        family=constructor.varying(own, fixed),
        axes=axes,
        problem=varying,
        batch_size=batch_size,
        device=place,
        quantities=tuple(chosen),
        verdicts_only=verdicts_only,
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
) -> LabelledArrays:
    size = math.prod(map(len, question.axes.values()))
    with shown_progress("judging", size, progress) as advance:
        diagram = question.answer(question.axes, advance)
    return diagram.assign_attrs(attributes)


def _stored(
    question: DiagramQuestion,
    attributes: Mapping[str, str],
    path: Path,
    chunk: int | None,
    client: Any,
    progress: bool,
) -> xarray.Dataset:
    from sgdmem.phase_diagrams.maps.stored_map import opened_map
    from sgdmem.phase_diagrams.stores.faults import shortened
    from sgdmem.phase_diagrams.stores.filling import fill, fill_on_cluster
    from sgdmem.phase_diagrams.stores.groups import open_store

    store = open_store(
        path,
        coordinates(question.axes),
        question.variables,
        question.derived,
        attributes,
        identify(question, attributes),
        chunk,
    )
    size, missing = math.prod(map(len, question.axes.values())), store.missing()
    if missing:
        store.require_writable()
    faults = [fault for found in missing.values() for fault in found]
    if faults:
        warnings.warn(f"store {path}: {shortened(faults)}, and is computed again", stacklevel=4)
    with shown_progress("judging", size, progress) as advance:
        advance(size - sum(map(store.points, missing)))
        if client is None:
            fill(question, store, missing, advance)
        else:
            fill_on_cluster(question, store, missing, client, advance)
    return opened_map(path)


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
