"""What a dataset must be like to be drawn: files may be damaged, or made by others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled
from sgdmem.phase_diagrams.maps.quantities import NOT_YET
from sgdmem.symbolic.errors import InputError, shown

MOST_PANELS = 100
_MOST_READ = 10**7
_VERDICTS = [NOT_YET, -1, 0, 1]
_DIMENSIONS = (2, 3)


def require_drawable(found: Labelled) -> None:
    """Raise InputError, naming the variable, for a dataset of which no picture would be true.

    Names must be those of variables, codes those that their flags have, a map must have points,
    real coordinates and at most 100 panels.
    """
    for name in map(str, (*found.variables, *found.dims)):
        if not name.isidentifier():
            raise InputError(f"data have something called {shown(name)}, which is no name")
    if "stable" in found and "diagram" not in found.attrs:
        _require_map(found)
    for key in map(str, found.data_vars):
        variable = found[key]
        if "flag_values" in variable.attrs and "flag_meanings" in variable.attrs:
            codes = _codes(variable.attrs["flag_values"])
            meanings = str(variable.attrs["flag_meanings"]).split()
            if len(codes) != len(meanings):
                raise InputError(f"{key} has {len(codes)} flag_values and {len(meanings)} meanings")
            _require_codes(variable, codes)


def _require_map(found: Labelled) -> None:
    stable = found["stable"]
    if stable.ndim not in _DIMENSIONS:
        raise InputError(f"stable must have the dimensions of a map, got {stable.dims}")
    for dim in map(str, stable.dims):
        if not stable.sizes[dim]:
            raise InputError(f"{dim} has no values")
        if dim not in found.coords:
            raise InputError(f"{dim} has no coordinates")
        if found[dim].dtype.kind not in "iuf":
            raise InputError(f"{dim} must have real numbers, got {shown(found[dim].values[0])}")
    if stable.ndim > _DIMENSIONS[0] and stable.shape[0] > MOST_PANELS:
        raise InputError(f"at most {MOST_PANELS} panels can be drawn, got {stable.shape[0]:,}")
    shapes = {key: found[key].dims for key in ("noiseless", "noise_sum", "margin") if key in found}
    for key, dims in shapes.items():
        if dims != stable.dims:
            raise InputError(f"{key} must have the dimensions of stable, {stable.dims}, got {dims}")
        if found[key].dtype.kind not in "iuf":
            raise InputError(f"{key} must have real numbers, got {found[key].dtype}")
    _require_codes(stable, _VERDICTS)


def _codes(given: object) -> list[float]:
    """Return the codes of flags: numbers, or a text of numbers in brackets."""
    numbers = re.split(r"[\s,]+", given.strip("[] \n")) if isinstance(given, str) else given
    try:
        return [float(x) for x in np.ravel(np.asarray(numbers))]
    except (ValueError, TypeError):
        raise InputError(f"flag_values must be numbers, got {shown(given)}") from None


def _require_codes(variable: Any, codes: Sequence[float]) -> None:
    if variable.size > _MOST_READ:  # of a store, whose chunks have checksums
        return
    values: Array = variable.values
    strange = ~np.isin(values, codes)
    if strange.any():
        raise InputError(
            f"{variable.name} must be among {', '.join(f'{x:g}' for x in codes)}, got "
            f"{shown(values[strange][0])}"
        )
