"""Diagrams as datasets: what their variables, and they themselves, say in files too."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Literal, TypeAlias

from sgdmem.phase_diagrams.maps.dataset_description import made_by
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled, with_attrs
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.family import Family

# How numbers are known: by a proof; by exact equations, but for rounding; by a fit or a limit that
# is extrapolated; from runs with drawn samples; or by an argument that is not rigorous.
Known: TypeAlias = Literal["proved", "computed", "estimated", "simulated", "heuristic"]
_NO_OPTIONS = ("problem", "progress")
Compute: TypeAlias = Callable[..., Labelled]


def variable(
    dims: str | Sequence[str], values: Any, long_name: str, known: Known = "computed"
) -> tuple[Any, Any, dict[str, str]]:
    """Return a variable of a dataset, a number without a unit, with how it is known.

    Examples
    --------
    >>> variable("steps", [0.5], "mean loss")[2]
    {'long_name': 'mean loss', 'units': '1', 'known': 'computed'}
    """
    return dims, values, {"long_name": long_name, "units": "1", "known": known}


def coordinate(
    dims: str | Sequence[str], values: Any, long_name: str, units: str | None = "1"
) -> tuple[Any, Any, dict[str, str]]:
    """Return what a dataset's variables are over; names have no units."""
    return dims, values, {"long_name": long_name, **({} if units is None else {"units": units})}


def self_describing(compute: Compute) -> Compute:
    """Let a dataset say which diagram it is, of which options, and how it is known.

    The diagram is called as the function is, without ``_data``.
    """
    name = compute.__name__.removesuffix("_data").replace("_", "-")
    signature = inspect.signature(compute)

    @wraps(compute)
    def computed(*arguments: Any, **options: Any) -> Labelled:
        data = compute(*arguments, **options)
        bound = signature.bind(*arguments, **options)
        bound.apply_defaults()
        given = dict(bound.arguments)
        given |= given.pop("fixed", {})
        known: dict[str, list[str]] = {}
        for key, values in data.variables.items():
            if "known" in values.attrs:
                known.setdefault(values.attrs["known"], []).append(str(key))
        about = {
            "diagram": name,
            **{word: ", ".join(names) for word, names in known.items()},
            **{key: _text(value) for key, value in given.items() if key not in _NO_OPTIONS},
            **data.attrs,
            **made_by(),
        }
        return with_attrs(data, about)

    return computed


def _text(value: Any) -> str:
    if isinstance(value, Family):
        return value.name
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    return ", ".join(map(_text, value)) if is_list(value) else str(value)
