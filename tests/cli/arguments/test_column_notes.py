"""What is said of the columns of data."""

from __future__ import annotations

import numpy as np
import pytest

from sgdmem.cli.arguments.column_notes import column_notes
from sgdmem.numeric.spectra.data_files import DataTable


def test_notes(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(50, 3))
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    names = ["a", "b", "c"]
    assert column_notes(DataTable(rows, names)) == []
    assert column_notes(DataTable(rows + 5, names)) == ["no column is constant: no intercept"]
    assert column_notes(DataTable(rows * [1, 99, 1], names)) == []
    (note,) = column_notes(DataTable(rows * [1, 200, 1], names))
    assert note in (
        "scales differ by a factor of 2e+02 (b, a)",
        "scales differ by a factor of 2e+02 (b, c)",
    )
    ones = np.column_stack([np.ones(50), rows + 5])
    assert column_notes(DataTable(ones, ["0", "1", "2", "3"])) == ["constant: column 0"]
    numbered = np.column_stack([np.arange(50), rows])
    assert column_notes(DataTable(numbered, ["", *names])) == [
        "column 0 numbers the rows: --drop-column 0"
    ]
    from_1000 = np.column_stack([np.arange(1000, 1050), rows])
    assert column_notes(DataTable(from_1000, ["id", *names]))[0].startswith("column 0 numbers")
    centred, off = np.array([[1.0], [-1.0]] * 25), np.array([[150.0], [152.0]] * 25)
    assert column_notes(DataTable(rows, names, centred)) == []
    assert column_notes(DataTable(rows, names, off)) == [
        "the labels are not centred, and no column is constant: no intercept"
    ]
    assert column_notes(DataTable(np.ones((4, 2, 3)), names)) == []


@pytest.mark.parametrize("size", [1e308, 1e200, 1e-200, 1e-310])
def test_notes_of_numbers_whose_squares_are_no_floats(size: float) -> None:
    rows = np.array([[1, 0.5], [-1, 1], [0.5, -1]])
    names = ["a", "b"]
    with np.errstate(all="raise", under="ignore"):
        assert "constant: a, b" not in column_notes(DataTable(rows * size, names))
        (note,) = column_notes(DataTable(np.ones((1, 2)) * size, names))
        assert note == "constant: a, b"
        notes = column_notes(DataTable(rows * [size, 1], names))
    assert notes[0].startswith("scales differ by a factor of")
