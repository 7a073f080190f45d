"""Data in files: which columns are data, and which are labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_array, save_npz

from sgdmem import InputError
from sgdmem.numeric.spectra.data_files import load_data

FLOWERS = """,sepal length (cm),petal width,species name,label
0,5.1,0.2,Iris setosa,1
1,7.0,1.4,Iris versicolor,0
"""


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.csv"
    path.write_text(FLOWERS)
    return path


def test_columns_by_name_and_number(flowers: Path) -> None:
    for targets, dropped in ((["label"], ["species name", "0"]), (["-1"], ["3", "0"])):
        found = load_data(flowers, targets, dropped)
        assert found.rows.tolist() == [[5.1, 0.2], [7.0, 1.4]]
        assert found.names == ["sepal length (cm)", "petal width"]
        assert found.labels is not None and found.labels.tolist() == [[1], [0]]
    with pytest.raises(
        InputError, match=r"line 2: 'Iris setosa' is not a number; .*'species name'"
    ):
        load_data(flowers)
    with pytest.raises(InputError, match=r"no column 'x': give a number from 0 to 4, or .*label"):
        load_data(flowers, ["x"], ["3"])
    with pytest.raises(InputError, match="no column is left"):
        load_data(flowers, ["0", "1", "2", "4"], ["3"])


def test_columns_that_are_not_one(flowers: Path, tmp_path: Path) -> None:
    for targets, dropped in ((["label", "-1"], ["3"]), (["label"], ["3", "label"])):
        with pytest.raises(InputError, match="column 'label' is given twice"):
            load_data(flowers, targets, dropped)
    path = tmp_path / "twice.csv"
    path.write_text("x,x,y\n1,2,3\n4,5,6\n")
    with pytest.raises(InputError, match="has several columns 'x': give a number"):
        load_data(path, ["x"])
    labels = load_data(path, ["1"]).labels
    assert labels is not None and labels.tolist() == [[2], [5]]


def test_names_that_do_not_begin_with_letters(tmp_path: Path) -> None:
    path = tmp_path / "houses.csv"
    path.write_text("LotArea,1stFlrSF,(Intercept)\n1,2,3\n4,5,6\n")
    assert load_data(path, ["1stFlrSF"]).names == ["LotArea", "(Intercept)"]
    path.write_text("1_000,2x\n1,2\n")  # may be numbers
    with pytest.raises(InputError, match="line 1: '1_000' is not a number"):
        load_data(path)


def test_tabs_and_blanks(tmp_path: Path) -> None:
    path = tmp_path / "X.tsv"
    for text in ("\tfirst name\tb\n0\t1\t2\n", "\t0\t1\t2\n", "a b c\n 0 1 2\n"):
        path.write_text(text)
        assert load_data(path).rows.tolist() == [[0, 1, 2]]


def test_arrays_have_columns_too(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", np.arange(12.0).reshape(3, 4))
    found = load_data(tmp_path / "X.npy", ["-1"], ["0"])
    assert isinstance(found.rows, np.memmap)  # not copied
    assert found.rows.tolist() == [[1, 2], [5, 6], [9, 10]] and found.names == ["1", "2"]
    assert load_data(tmp_path / "X.npy", [], ["1"]).rows.tolist()[0] == [0, 2, 3]
    np.save(tmp_path / "J.npy", np.ones((2, 2, 2)))
    with pytest.raises(InputError, match="only a matrix has columns"):
        load_data(tmp_path / "J.npy", ["0"])


def test_a_sparse_matrix_is_read(tmp_path: Path) -> None:
    dense = np.array([[1.0, 0, 2], [0, 3, 0]])
    save_npz(tmp_path / "X.npz", csc_array(dense))
    found = load_data(tmp_path / "X.npz", ["1"])
    rows: Any = found.rows
    assert rows.toarray().tolist() == [[1, 2], [0, 0]]
    assert found.labels is not None and found.labels.tolist() == [[0], [3]]
    np.savez(tmp_path / "bad.npz", format=np.array("csr"), data=np.ones(2))
    with pytest.raises(InputError, match="holds no sparse matrix"):
        load_data(tmp_path / "bad.npz")
