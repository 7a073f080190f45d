"""Spectra in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sgdmem.numeric.spectra import files as spectrum_files
from sgdmem.numeric.spectra.data_files import load_matrix
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.errors import InputError


def test_files(tmp_path: Path, rng: np.random.Generator) -> None:
    values = rng.uniform(0.1, 1, 5)
    weights = np.arange(1.0, 6)
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "a.npz", values)
    np.savez(tmp_path / "b.npz", eigenvalues=values, weights=weights)
    text = "\n".join(f"{v!r}" for v in values.tolist())
    (tmp_path / "a.txt").write_text("# comment\n" + text + "\n\n")
    rows = "\n".join(
        f"{v!r}, {w!r}" for v, w in zip(values.tolist(), weights.tolist(), strict=True)
    )
    (tmp_path / "a.csv").write_text("eigenvalue,weight\n" + rows)
    for name in ("a.npy", "a.npz", "a.txt"):
        assert Spectrum.load(tmp_path / name).eigenvalues.tolist() == values.tolist()
    for name in ("b.npz", "a.csv"):
        assert Spectrum.load(tmp_path / name).weights.tolist() == weights.tolist()
    (tmp_path / "exact.txt").write_text("0.1\n")
    assert Spectrum.load(tmp_path / "exact.txt").radii[0] > 0  # one tenth is not a float


def test_bad_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object))
    np.save(tmp_path / "complex.npy", np.array([1j]))
    np.save(tmp_path / "cube.npy", np.ones((2, 2, 2)))
    np.savez(tmp_path / "two.npz", a=[1], b=[2])
    (tmp_path / "damaged.npy").write_bytes(b"not an array")
    (tmp_path / "damaged.npz").write_bytes(b"not an archive")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "ragged.csv").write_text("1\n2,3\n")
    (tmp_path / "words.csv").write_text("1\ntwo\n")
    (tmp_path / "header.csv").write_text("eigenvalue\n")
    (tmp_path / "nan.csv").write_text("1\nnan\n")
    (tmp_path / "table.xlsx").write_text("1")
    (tmp_path / "folder.csv").mkdir()
    for path in [*tmp_path.iterdir(), tmp_path / "missing.csv"]:
        with pytest.raises(InputError, match=path.name):
            Spectrum.load(path)
    (tmp_path / "good.csv").write_text("1\n2\n")
    monkeypatch.setattr(spectrum_files, "LARGEST_TEXT", 2)
    with pytest.raises(InputError, match="has 4 bytes of text, more than the limit of 2"):
        Spectrum.load(tmp_path / "good.csv")
    monkeypatch.setattr(spectrum_files, "LARGEST_FILE", 2)
    with pytest.raises(InputError, match="limit"):
        Spectrum.load(tmp_path / "good.csv")


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_too_many_eigenvalues_are_refused_before_they_are_read(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"many.{ending}"
    with path.open("wb") as file:
        if ending == "npy":
            header = {"descr": "<f8", "fortran_order": False, "shape": (10**8,)}
            np.lib.format.write_array_header_1_0(file, header)
            file.truncate(file.tell() + 8 * 10**8)  # of a sparse file
        else:
            np.savez_compressed(file, np.zeros(10**7 + 100, dtype=np.float64))
    with pytest.raises(InputError, match=r"eigenvalues, more than the limit of 10,000,000"):
        Spectrum.load(path)


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("\ufeff2\n3\n", [1, 1]),  # as spreadsheets write UTF-8
        ("\ufeffeigenvalue,weight\n2,5\n3,7\n", [5, 7]),
        ('"weight";"eigenvalue"\n5;2\n7;3\n', [5, 7]),
        ("count lambda\n5 2\n7 3\n", [5, 7]),
        ("eigenvalue,weight,\n2,5,\n3,7,\n", [5, 7]),
        ("% from MATLAB\n2 % the largest\n3\n", [1, 1]),
        ("'eigenvalue','weight'\n\"2\",\"5\"\n'3','7'\n", [5, 7]),
        ("eigenvalue\tweight\n2\t5\n3\t7\n", [5, 7]),
        ("2 # the largest\r\n\r\n3\r\n", [1, 1]),
    ],
)
def test_text_as_programs_write_it(text: str, weights: list[int], tmp_path: Path) -> None:
    path = tmp_path / "spectrum.csv"
    path.write_text(text, encoding="utf-8", newline="")
    found = Spectrum.load(path)
    assert found.eigenvalues.tolist() == [2, 3]
    assert found.weights.tolist() == weights


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("1.5.2\n1\n", "line 1: '1.5.2' is not a number"),  # not a header
        ("1o0\n1\n", "line 1: '1o0'"),
        ("nan\n1\n", "must be finite"),
        ("x,y\n1,2\n", "found 'x, y'"),
        ("weight,weight\n1,2\n", "found 'weight, weight'"),
        ("1\n1e99999999\n", r"\[1\]"),
        ("1\n,2\n", "line 2: has 2 columns"),
        ("2,5\n3,7\n", "two columns without names"),
        ("0,5\n0,25\n", "decimal point"),
        ("0 4.5\n1 3.2\n", "numbers of rows"),
        ("4, 1\n", "one number a line"),
        ("4, 1, 0.5\n", "one eigenvalue a line, found 3"),
        ("eigenvalue\n0,5\n0,25\n", "2 columns below 1 names; numbers have decimal points"),
        ("eigenvalue;weight\n0,5;2\n", "line 2: has decimal commas"),
        (",eigenvalue\n0,4.5\n", "columns named eigenvalue and weight"),
        ("1_000\n", "line 1: '1_000' is not a number"),
        ("50%\n", "line 1: '50%'"),
        ('"1\n', "is not a number"),
        ("x" * 500 + "!\n", "xxx...xxx"),
    ],
)
def test_text_that_is_not_a_spectrum(text: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "spectrum.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=word) as caught:
        Spectrum.load(path)
    assert "spectrum.csv" in str(caught.value)
    assert "x" * 80 not in str(caught.value)


def test_two_columns_of_an_array_are_named(tmp_path: Path) -> None:
    np.save(tmp_path / "two.npy", np.ones((3, 2)))
    with pytest.raises(InputError, match=r"named eigenvalues and weights"):
        Spectrum.load(tmp_path / "two.npy")
    np.save(tmp_path / "complex.npy", np.array([[2 + 0j], [1]]))
    assert Spectrum.load(tmp_path / "complex.npy") == Spectrum([2, 1])


def test_matrices_with_decimal_commas_are_refused(tmp_path: Path) -> None:
    for text in ("0,5;1,5\n", "0,5 1,5\n", "0,5\t1,5\n"):
        (tmp_path / "X.tsv").write_text(text)
        with pytest.raises(InputError, match="decimal commas"):
            load_matrix(tmp_path / "X.tsv")
    (tmp_path / "X.tsv").write_text("a\tb\n1\t2\n3\t4\n")
    assert load_matrix(tmp_path / "X.tsv").tolist() == [[1, 2], [3, 4]]


@pytest.mark.slow
def test_long_text_files_are_read_as_floats(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    count = 100_010
    path.write_text(
        "weight,eigenvalue\n" + "".join(f"2,0.{k}\n" for k in range(1, count)) + "2,1/3\n"
    )
    spectrum = Spectrum.load(path)
    assert len(spectrum.eigenvalues) == count
    assert spectrum.eigenvalues[-2:].tolist() == [float(f"0.{count - 1}"), 1 / 3]
    assert (spectrum.weights == 2).all()


def test_a_spectrum_is_saved_and_read_back(tmp_path: Path) -> None:
    spectrum = Spectrum([4, "0.1"], weights=[1, 2.5])
    spectrum.save(tmp_path / "s.csv")
    assert Spectrum.load(tmp_path / "s.csv").trace == spectrum.trace


def test_digits_file_is_what_its_script_makes() -> None:
    pytest.importorskip("sklearn")
    import importlib.util

    folder = Path(__file__).parents[3] / "docs" / "data"
    spec = importlib.util.spec_from_file_location("make", folder / "make_digits_eigenvalues.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shipped = Spectrum.load(folder / "digits_eigenvalues.csv").eigenvalues
    made = [float(line) for line in module.digits_eigenvalues().splitlines()[4:]]
    assert shipped == pytest.approx(made, rel=1e-9, abs=1e-14)
