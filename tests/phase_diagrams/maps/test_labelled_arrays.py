"""Datasets of labelled arrays: those that xarray makes of the same, without importing dask."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import xarray

from sgdmem.phase_diagrams.maps.labelled_arrays import LabelledArrays


def test_datasets_are_as_xarray_makes_them() -> None:
    given = {
        "stable": (("y", "x"), np.array([[1, 0, -1], [0, 1, 1]], dtype=np.int8), {"unit": "1"}),
        "noise_sum": (("y", "x"), np.array([[0.5, np.inf, np.nan]] * 2)[::-1]),
        "reason": ("x", np.array(["a", "bc", "d"])),
        "when": ("y", np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[D]")),
        "exact": ("x", np.array([1, None, "x"], dtype=object)),
        "count": ((), np.int64(3)),
        "x": ("x", np.array([0.1, 0.2, 0.3]), {"long_name": "rate"}),
        "y": ("y", np.array(["p", "q"])),
    }
    found = LabelledArrays.of(given, {"title": "map"}).to_dataset()
    own = {name: x for name, x in given.items() if name not in "xy"}
    expected = xarray.Dataset(own, {name: given[name] for name in "xy"}, {"title": "map"})
    assert found.identical(expected)
    assert {name: x.dtype for name, x in found.variables.items()} == {
        name: x.dtype for name, x in expected.variables.items()
    }
    assert found.sel(x=0.2).identical(expected.sel(x=0.2))


def test_dask_is_not_imported() -> None:
    code = (
        "import sys, numpy as np\n"
        "from sgdmem.phase_diagrams.maps.labelled_arrays import LabelledArrays\n"
        "x = np.arange(3.0)\n"
        "found = LabelledArrays.of({'sum': ('x', x), 'x': ('x', x)}).to_dataset()\n"
        "print(found['sum'].values.sum(), 'dask.array' in sys.modules)"
    )
    asked = [sys.executable, "-c", code]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "3.0 False\n"
