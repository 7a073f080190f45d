"""Maps in stores, where margins that follow from noise sums are not kept but found on reading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.maps.quantities import SUMS
from sgdmem.phase_diagrams.stores.reading import opened, read_stored

if TYPE_CHECKING:
    import xarray


def opened_map(path: Path) -> xarray.Dataset:
    """Return the map in a store without looking for faults, see `opened`."""
    return _with_margin(opened(path))


def read_stored_map(path: Path) -> xarray.Dataset:
    """Return the map in a store, see `read_stored`."""
    return _with_margin(read_stored(path))


def _with_margin(found: xarray.Dataset) -> xarray.Dataset:
    """Return a map with the margins that a store lacks where they follow from noise sums."""
    if "noise_sum" not in found or "margin" in found:
        return found
    from xarray import Variable
    from xarray.backends import BackendArray
    from xarray.core import indexing

    sums = found["noise_sum"].variable

    class Margins(BackendArray):
        """Read as the noise sums are, when they are used."""

        shape, dtype = sums.shape, sums.dtype

        def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
            outer = indexing.IndexingSupport.OUTER
            return indexing.explicit_indexing_adapter(key, self.shape, outer, self._at)

        def _at(self, key: tuple[Any, ...]) -> Array:
            room = np.array(sums[key].values)
            # no mode's damping is below 1 where tau2 is not negative
            np.subtract(1, room, out=room)
            np.minimum(room, 1, out=room)
            return room

    lazily = indexing.LazilyIndexedArray(Margins())
    margin = Variable(sums.dims, lazily, SUMS["margin"].attributes)
    found = found.assign(margin=margin)
    first = [name for name in found.data_vars if name != "margin"]
    place = first.index("noise_sum") + 1
    return found[[*first[:place], "margin", *first[place:]]]
