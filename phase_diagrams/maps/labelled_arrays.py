"""Arrays whose dimensions have names: what maps and boundaries are before they become datasets.

Users get datasets of xarray. A command that writes a file and a picture needs nothing of what those
can do, and importing xarray, with pandas and dask, would take longer than all of its own work. What
both can do has the same names here as there, so that pictures take either.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

if TYPE_CHECKING:
    import xarray

Labelled: TypeAlias = "xarray.Dataset | LabelledArrays"


@dataclass(frozen=True)
class LabelledArray:
    """An array whose dimensions have names, as `xarray.DataArray`.

    Attributes
    ----------
    name : str
    dims : tuple of str
    data : array
        Perhaps one on disk, of which parts are read when they are used.
    attrs : dict
        What is said of it.
    """

    name: str
    dims: tuple[str, ...]
    data: Any
    attrs: dict[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> Array:
        """All values, in memory."""
        return np.asarray(self.data[...])

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension."""
        return tuple(self.data.shape)

    @property
    def ndim(self) -> int:
        """How many dimensions there are."""
        return len(self.dims)

    @property
    def size(self) -> int:
        """How many values there are."""
        return math.prod(self.shape)

    @property
    def dtype(self) -> Any:
        """Of the values."""
        return self.data.dtype

    @property
    def sizes(self) -> dict[str, int]:
        """The length of each dimension, by its name."""
        return dict(zip(self.dims, self.shape, strict=True))

    def isel(self, parts: Mapping[str, Any]) -> LabelledArray:
        """Return what is at some places along dimensions: at one, a slice, or some of one."""
        places = tuple(parts.get(name, slice(None)) for name in self.dims)
        dims = (dim for dim, place in zip(self.dims, places, strict=True) if not _is_one(place))
        return replace(self, dims=tuple(dims), data=self.data[places])


@dataclass(frozen=True)
class LabelledArrays:
    """Arrays that share dimensions, as `xarray.Dataset`.

    Attributes
    ----------
    variables : dict from str to LabelledArray
        Those that have the name of a dimension are its coordinates.
    attrs : dict
        What is said of them all.
    """

    variables: dict[str, LabelledArray]
    attrs: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, variables: Mapping[str, tuple[Any, ...]], attrs: Mapping[str, Any] | None = None
    ) -> LabelledArrays:
        """Return arrays given as datasets take them: by (dims, values) or (dims, values, attrs).

        Examples
        --------
        >>> found = LabelledArrays.of({"square": ("n", [0, 1, 4]), "n": ("n", [0, 1, 2])})
        >>> found.sizes, found.square.values, [*found], found.isel({"n": 2}).square.values
        ({'n': 3}, array([0, 1, 4]), ['square'], array(4))
        """
        arrays = {}
        for name, (dims, values, *about) in variables.items():
            dims = (dims,) if isinstance(dims, str) else tuple(dims)
            arrays[name] = LabelledArray(name, dims, np.asarray(values), dict(*about))
        return cls(arrays, {} if attrs is None else dict(attrs))

    @overload
    def __getitem__(self, name: str) -> LabelledArray: ...
    @overload
    def __getitem__(self, name: list[str]) -> LabelledArrays: ...
    def __getitem__(self, name: str | list[str]) -> LabelledArray | LabelledArrays:
        """Return an array, or some with their coordinates."""
        if isinstance(name, str):
            return self.variables[name]
        kept = {one: self[one] for one in name}
        dims = dict.fromkeys(dim for x in kept.values() for dim in x.dims)
        return replace(self, variables=kept | {dim: self[dim] for dim in dims if dim in self})

    def __getattr__(self, name: str) -> LabelledArray:
        """Return an array."""
        if name in self.__dict__.get("variables", ()):
            return self.variables[name]
        raise AttributeError(name)

    def __contains__(self, name: object) -> bool:
        """Whether there is an array of that name."""
        return name in self.variables

    def __iter__(self) -> Iterator[str]:
        """Give the names of arrays, but not of coordinates."""
        return iter(self.data_vars)

    @property
    def data_vars(self) -> dict[str, LabelledArray]:
        """All but coordinates."""
        return {name: x for name, x in self.variables.items() if name not in self.sizes}

    @property
    def coords(self) -> dict[str, LabelledArray]:
        """The values along dimensions."""
        return {name: x for name, x in self.variables.items() if name in self.sizes}

    @property
    def sizes(self) -> dict[str, int]:
        """The length of each dimension."""
        return {name: size for x in self.variables.values() for name, size in x.sizes.items()}

    @property
    def dims(self) -> tuple[str, ...]:
        """All dimensions."""
        return tuple(self.sizes)

    def isel(self, parts: Mapping[str, Any]) -> LabelledArrays:
        """Return what is at some places along dimensions; no coordinates of a single one."""
        taken = {name: x.isel(parts) for name, x in self.variables.items()}
        return replace(self, variables={k: x for k, x in taken.items() if x.dims or k not in parts})

    def load(self) -> LabelledArrays:
        """Return these arrays with all values in memory."""
        return replace(
            self, variables={k: replace(x, data=x.values) for k, x in self.variables.items()}
        )

    def assign(self, added: Mapping[str, tuple[Any, ...]]) -> LabelledArrays:
        """Return these arrays with further ones."""
        return replace(self, variables=self.variables | LabelledArrays.of(added).variables)

    def assign_attrs(self, added: Mapping[str, Any]) -> LabelledArrays:
        """Return these arrays with more said of them."""
        return replace(self, attrs=self.attrs | dict(added))

    def to_dataset(self) -> xarray.Dataset:
        """Return the dataset of these arrays."""
        import xarray

        def variable(x: LabelledArray) -> xarray.Variable:
            # what is an array of numbers is not looked at: whether it is dask's would import that
            is_plain = type(x.data) is np.ndarray and x.data.dtype.kind in "biufS"
            return xarray.Variable(x.dims, x.data, x.attrs, fastpath=is_plain)

        own = {name: variable(x) for name, x in self.data_vars.items()}
        along = {name: variable(x) for name, x in self.coords.items()}
        return xarray.Dataset(own, along, self.attrs)


def as_dataset(found: Labelled) -> xarray.Dataset:
    """Return a dataset of what may be one."""
    return found.to_dataset() if isinstance(found, LabelledArrays) else found


def with_attrs(found: Labelled, attrs: Mapping[str, Any]) -> Labelled:
    """Return arrays of which this is said, and no more."""
    if isinstance(found, LabelledArrays):
        return replace(found, attrs=dict(attrs))
    found = found.copy()
    found.attrs = dict(attrs)
    return found


def _is_one(place: Any) -> bool:
    return isinstance(place, int | np.integer)
