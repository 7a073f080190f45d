"""A named diagram of a map as one dataset, which a file takes, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled, as_dataset, with_attrs
from sgdmem.phase_diagrams.systems.named_diagram_picture import NamedDiagram, TheoryLine

if TYPE_CHECKING:
    import xarray

_EDGE = "boundary_{}_"  # before the names of what belongs to a boundary, by its number from 1


def to_dataset(found: NamedDiagram) -> Labelled:
    """Return the map with its boundaries, ``boundary_1_…``, lines, ``theory_x``, and regions.

    Examples
    --------
    >>> import sgdmem
    >>> data = sgdmem.systems.diagram_data("batch-size-learning-rate", points=3, resolution=3)
    >>> data.theory.size, data.boundary_1_learning_rate.dims
    (2, ('boundary_1_point',))
    """
    y, x = found.map.stable.dims[-2:]
    added: dict[str, Any] = {}
    attributes = {"map": ", ".join(map(str, found.map.attrs)), "quantity": found.quantity}
    for number, (name, edge) in enumerate(found.boundaries.items(), 1):
        before = _EDGE.format(number)
        renamed = edge.rename({one: before + str(one) for one in {*edge.variables, *edge.dims}})
        added |= {str(one): values for one, values in renamed.variables.items()}
        attributes |= {before + str(key): value for key, value in edge.attrs.items()}
        attributes[before + "name"] = name
    if found.theory:
        lines = found.theory.values()
        added["theory"] = "theory", [*found.theory], {"long_name": "line of theory"}
        added["theory_colour"] = "theory", [line.colour for line in lines]
        for axis in ("x", "y"):
            values = _padded([getattr(line, axis) for line in lines])
            words = {"long_name": f"{axis} of the lines of theory"}
            added[f"theory_{axis}"] = ("theory", "theory_point"), values, words
    if found.accelerated is not None:
        words = {"long_name": "accelerates as memory 1 does", "known": "computed"}
        added["accelerated"] = (y, x), found.accelerated.astype("int8"), words
    if found.zones:
        masks = np.array([*found.zones.values()]).astype("int8")
        added["zone"] = "zone", [*found.zones], {"long_name": "ranges that the spectrum reaches"}
        added["in_zone"] = ("zone", y, x), masks, {"long_name": "whether it does"}
    return found.map.assign(added).assign_attrs(attributes)


def from_dataset(data: Labelled) -> NamedDiagram:
    """Return the named diagram of which a dataset was made."""
    edges, number = {}, 1
    while (before := _EDGE.format(number)) + "name" in data.attrs:
        edges[str(data.attrs[before + "name"])] = _taken(as_dataset(data), before)
        number += 1
    lines = {}
    for place in range(data.sizes.get("theory", 0)):
        one = data.isel({"theory": place})
        x, y = (one[f"theory_{axis}"].values for axis in ("x", "y"))
        there = np.isfinite(x)
        colour = str(one["theory_colour"].values)
        lines[str(one["theory"].values)] = TheoryLine(x[there], y[there], colour)
    zones = {
        str(data["zone"].values[place]): data["in_zone"].values[place] == 1
        for place in range(data.sizes.get("zone", 0))
    }
    names = map(str, data.data_vars)
    own = [name for name in names if {*data[name].dims} <= {*data["stable"].dims}]
    kept = with_attrs(
        data[[name for name in own if name != "accelerated"]],
        {name: data.attrs[name] for name in data.attrs["map"].split(", ")},
    )
    accelerated = data["accelerated"].values == 1 if "accelerated" in data else None
    return NamedDiagram(kept, edges, lines, accelerated, zones, str(data.attrs["quantity"]))


def _taken(data: xarray.Dataset, before: str) -> xarray.Dataset:
    """Return what has names that begin alike, without that beginning."""
    found = data[[name for name in data.data_vars if str(name).startswith(before)]]
    found = found.reset_coords(drop=True)
    names = {*found.variables, *found.dims}
    found = found.rename({name: str(name).removeprefix(before) for name in names})
    attributes = {str(key): value for key, value in data.attrs.items()}
    found.attrs = {
        key.removeprefix(before): value
        for key, value in attributes.items()
        if key.startswith(before) and key != before + "name"
    }
    return found


def _padded(lines: Any) -> Any:
    longest = max(map(len, lines))
    return [np.pad(line, (0, longest - len(line)), constant_values=np.nan) for line in lines]
