"""Spectra: exact values, files, data matrices, power sums of any length, fits."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.problems.fitted_noise import noise_from_features
from sgdmem.numeric.problems.power_law_fit import fit_power_law
from sgdmem.numeric.spectra import files as spectrum_files
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.errors import InputError


@pytest.mark.parametrize("exponent", [1.01, 1.1, 1.5, 2, 3, 6])
@pytest.mark.parametrize("count", [None, 1, 10, 5000, 10**6, 10**15])
def test_power_sums_against_mpmath(exponent: float, count: int | None) -> None:
    with mpmath.workdps(40):
        s = mpmath.mpf(exponent)
        exact = mpmath.zeta(s)
        if count is not None:
            exact -= mpmath.zeta(s, count + 1)
        exact *= mpmath.mpf("0.3")
        found = Spectrum.power_law(exponent, Fraction(3, 10), count).trace
        assert abs(found / exact - 1) < 1e-15


@pytest.mark.parametrize("exponent", [0.3, 0.5, 0.8, 1.0])
def test_short_sums_and_divergence(exponent: float) -> None:
    assert math.isinf(Spectrum.power_law(exponent).trace)
    for count in (7, 3000, 10**5):
        direct = math.fsum(k**-exponent for k in range(1, count + 1))
        assert Spectrum.power_law(exponent, count=count).trace == pytest.approx(direct, rel=1e-13)


@given(st.lists(st.fractions(min_value="1e-9", max_value=10**9), min_size=1, max_size=20))
def test_exact_values_are_kept(values: list[Fraction]) -> None:
    spectrum = Spectrum(values)
    ball = Ball(spectrum.eigenvalues, spectrum.radii)
    assert all(ball[i].contains(value) for i, value in enumerate(values))
    assert Spectrum(list(map(str, values))) == spectrum
    assert not Spectrum(spectrum.eigenvalues).radii.any()


def test_order_weights_and_scaling() -> None:
    spectrum = Spectrum([1, 3, 2], weights=[1, 2, 1])
    assert spectrum.eigenvalues.tolist() == [1, 3, 2]
    assert (spectrum.count, spectrum.largest, spectrum.trace) == (4, 3, 9)
    assert spectrum.scaled("0.5").trace == 4.5
    assert Spectrum.power_law(2).scaled(3).trace == pytest.approx(math.pi**2 / 2)
    with pytest.raises(ValueError, match="read-only"):
        spectrum.eigenvalues[0] = 2


@pytest.mark.parametrize(
    "values",
    [[], [1, -1], [1, 0], [1, math.nan], [1, math.inf], ["a"], [[1, 2]], 3, None, [True], "12"],
)
def test_bad_eigenvalues(values: object) -> None:
    with pytest.raises(InputError):
        Spectrum(values)
    if isinstance(values, list) and values and not isinstance(values[0], (list, str, bool)):
        with pytest.raises(InputError):
            Spectrum(np.array(values))


@pytest.mark.parametrize(
    "arguments", [(0,), (-1,), (math.nan,), ("x",), (2, 0), (2, 1, 0), (2, 1, 1.5), (2, 1, True)]
)
def test_bad_power_laws(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(InputError):
        Spectrum.power_law(*arguments)


def test_an_infinite_law_has_no_list() -> None:
    with pytest.raises(InputError, match="too many"):
        _ = Spectrum.power_law(2).eigenvalues
    with pytest.raises(InputError, match="too many"):
        _ = Spectrum.power_law(2, count=10**9).eigenvalues


def test_features(rng: np.random.Generator) -> None:
    X = rng.normal(size=(50, 8))
    X[:, 3] = X[:, 1] + X[:, 2]
    spectrum = Spectrum.from_features(X)
    assert spectrum.dropped == 1
    expected = np.linalg.eigvalsh(X.T @ X / 50)[::-1][:7]
    assert spectrum.eigenvalues == pytest.approx(expected, rel=1e-10)
    bad: Any
    for bad in ([[1, math.nan]], [[0, 0]], [1, 2], [[]], [["a"]], [[1j]]):
        with pytest.raises(InputError, match="features"):
            Spectrum.from_features(bad)


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
    monkeypatch.setattr(spectrum_files, "LARGEST_FILE", 2)
    with pytest.raises(InputError, match="limit"):
        Spectrum.load(tmp_path / "good.csv")


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("\ufeff2\n3\n", [1, 1]),  # as spreadsheets write UTF-8
        ("\ufeffeigenvalue,weight\n2,5\n3,7\n", [5, 7]),
        ('"weight";"eigenvalue"\n5;2\n7;3\n', [5, 7]),
        ("count lambda\n5 2\n7 3\n", [5, 7]),
        ("2,5,\n3,7,\n", [5, 7]),
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
        ("x,y\n1,2\n", "found x, y"),
        ("weight,weight\n1,2\n", "found weight, weight"),
        ("1\n1e99999999\n", r"\[1\]"),
        (",2\n1,2\n", "line 1: '' is not a number"),
    ],
)
def test_text_that_is_not_a_spectrum(text: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "spectrum.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=word) as caught:
        Spectrum.load(path)
    assert "spectrum.csv" in str(caught.value)


def test_fit_recovers_a_law_and_covers_the_truth(rng: np.random.Generator) -> None:
    exact = fit_power_law(Spectrum.power_law(1.3, 2, 3000))
    assert (exact.exponent, exact.scale) == pytest.approx((1.3, 2), rel=1e-10)
    assert exact.spectrum().is_infinite
    covered = 0
    for _ in range(200):
        # a smooth wave and noise: what measured spectra look like
        k = np.arange(1.0, 400)
        phase, noise = rng.uniform(0, 2 * np.pi), 0.05 * rng.normal(size=k.size)
        values = k**-1.3 * np.exp(0.1 * np.sin(3 * np.log(k) + phase) + noise)
        fit = fit_power_law(Spectrum(values))
        covered += abs(fit.exponent - 1.3) < 2 * fit.exponent_error
    assert covered > 160
    with pytest.raises(InputError, match="ranks"):
        fit_power_law(Spectrum([1, 2]))
    with pytest.raises(InputError, match="first"):
        fit_power_law(Spectrum([1, 2, 3]), first=3, last=2)


def gaussian(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(n, 4)) * [2, 1, 0.5, 0.25]


@pytest.mark.parametrize("kind", ["gaussian", "elliptical", "signs"])
def test_noise_of_data_with_known_parameters(kind: str, rng: np.random.Generator) -> None:
    X = gaussian(40000, rng)
    expected = (1.0, -1.0)
    if kind == "elliptical":  # E rho^2 = 1, E rho^4 = 2
        X *= np.sqrt(rng.exponential(size=(len(X), 1)))
        expected = (2.0, -3.0)
    elif kind == "signs":  # independent, kurtosis 1
        X = np.sign(X) * [2, 1, 0.5, 0.25]
        expected = (1.0, 1.0)
    noise = noise_from_features(X)
    assert abs(noise.tau1 - expected[0]) < 5 * noise.tau1_error + 1e-3
    assert abs(noise.tau2 - expected[1]) < 5 * noise.tau2_error + 1e-3
    assert noise.residual < 0.1
    assert (noise.samples, noise.modes) == (40000, 4)


def test_noise_that_the_form_does_not_fit(rng: np.random.Generator) -> None:
    X = gaussian(5000, rng)
    X[:, 0] *= rng.random(5000) < 0.02  # one very sparse coordinate
    assert noise_from_features(X).residual > 0.3
    with pytest.raises(InputError, match="rows"):
        noise_from_features([[1.0, 2.0]])
    assert noise_from_features([[1.0], [-1.0]]).tau1 == 1


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


def test_noise_does_not_depend_on_units_or_lose_digits(rng: np.random.Generator) -> None:
    X = rng.normal(size=(200, 3))
    plain = noise_from_features(X)
    for scale in (1e-140, 1e-100, 1e100, 1e150):
        assert noise_from_features(X * scale).tau1 == pytest.approx(plain.tau1, rel=1e-9)
    for offset in (1e7, 1e10):  # one mode dominates, and its fourth moment is its square
        assert noise_from_features(X + np.array([offset, 0, 0])).tau1 == pytest.approx(1, abs=1e-6)
    signs = noise_from_features(rng.choice([-3.0, 3.0], size=(200, 1)))
    assert signs.tau2 <= signs.tau1


def test_masked_entries_are_refused() -> None:
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(InputError, match="masked"):
        Spectrum(masked)
    with pytest.raises(InputError, match="masked"):
        Spectrum.from_features(masked[None])


@pytest.mark.slow
def test_long_text_files_are_read_as_floats(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    count = 100_010
    path.write_text("weight,eigenvalue\n" + "".join(f"2,0.{k}\n" for k in range(1, count + 1)))
    spectrum = Spectrum.load(path)
    assert len(spectrum.eigenvalues) == count
    assert spectrum.eigenvalues[-1] == float(f"0.{count}")
    assert (spectrum.weights == 2).all()


def test_a_spectrum_is_saved_and_read_back(tmp_path: Path) -> None:
    spectrum = Spectrum([4, "0.1"], weights=[1, 2.5])
    spectrum.save(tmp_path / "s.csv")
    assert Spectrum.load(tmp_path / "s.csv").trace == spectrum.trace
