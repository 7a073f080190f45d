"""Data that are read piece by piece, and whitened at each pass: as those that are kept."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from sgdmem import (
    Algorithm,
    InputError,
    Noise,
    Problem,
    heavy_ball,
    largest_learning_rate,
    phase_diagram,
    sgd,
    simulate,
    stability,
)
from sgdmem.numeric.arithmetic import memory
from sgdmem.numeric.noise_sums.mode_summands import ball_form
from sgdmem.numeric.problems import symmetric_products, whitened
from sgdmem.numeric.problems.data_summary import summarize
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.problems.symmetric_products import fourth_moments, weighted_squares
from sgdmem.numeric.sampled_noise.bounds_without_a_pass import diagonal_radius, longest_sample
from sgdmem.numeric.sampled_noise.mode_pairs import mode_pairs, quick_pairs
from sgdmem.numeric.spectra import files, row_pieces
from sgdmem.numeric.spectra.data_files import load_matrix
from sgdmem.numeric.spectra.data_matrix import axes_of_products, principal_axes


class Dataset:
    """What is read by slices only, and counts the most rows at once."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.most = values, 0
        self.shape, self.dtype = values.shape, values.dtype
        self.fails = False

    def __getitem__(self, piece: slice) -> np.ndarray:
        if self.fails:
            raise KeyboardInterrupt
        read = self.values[piece]
        self.most = max(self.most, len(read))
        return read


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_pieces, "TOGETHER", 60)


@pytest.fixture
def unkept(monkeypatch: pytest.MonkeyPatch, small_pieces: None) -> None:
    monkeypatch.setattr(whitened, "KEPT", 0)


def heavy(rng: np.random.Generator, *shape: int) -> np.ndarray:
    rows = rng.standard_t(3, size=shape) * 2.0 ** -np.arange(shape[-1])
    return np.asarray(rows)


def both(monkeypatch: pytest.MonkeyPatch, rows: Any, **options: Any) -> tuple[Problem, Problem]:
    """Return the problem whose columns are kept, and the one whose columns are not."""
    kept = Problem.from_data(rows, **options)
    with monkeypatch.context() as patch:
        patch.setattr(whitened, "KEPT", 0)
        made = Problem.from_data(rows, **options)
    assert kept.samples is not None and made.samples is not None
    assert kept.samples.is_kept and not made.samples.is_kept
    return kept, made


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((100, 4), {}),
        ((100, 4), {"replacement": False}),
        ((100, 4), {"weights": np.arange(100.0)}),
        ((40, 2, 3), {}),
        ((6, 9), {}),  # more columns than rows
    ],
)
def test_made_at_each_pass_as_kept(
    shape: tuple[int, ...],
    options: dict[str, Any],
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    small_pieces: None,
) -> None:
    rows = heavy(rng, *shape)
    y = rng.normal(size=shape[:-1])
    kept, made = both(monkeypatch, rows, y=y, **options)
    a, b = kept.samples, made.samples
    assert a is not None and b is not None
    np.testing.assert_allclose(b.eigenvalues, a.eigenvalues, rtol=1e-12)
    size = a.eigenvalues.size
    N = rng.normal(size=(size, size))
    N += N.T
    gap = np.linalg.norm(a.covariance(N) - b.covariance(N))
    assert gap <= (a.rounding + b.rounding) * np.linalg.norm(N)
    assert b.rounding > a.rounding and b.whitening > 0 == a.whitening
    np.testing.assert_allclose(b.coupling, a.coupling, rtol=1e-10, atol=1e-10)
    assert a.residuals is not None and b.residuals is not None
    np.testing.assert_allclose(b.residuals, a.residuals, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(b.lengths, a.lengths, rtol=1e-10)
    diagonal = rng.random((3, size))
    for bound in diagonal_radius, longest_sample:
        np.testing.assert_allclose(bound(b, diagonal), bound(a, diagonal), rtol=1e-7)
    rates = [
        largest_learning_rate("heavy-ball", problem, 3, momentum=0.5) for problem in (kept, made)
    ]
    assert rates[1] == pytest.approx(rates[0], rel=1e-9)
    for rate in (0.9 * rates[0], 1.1 * rates[0]):
        first, second = (stability(heavy_ball(rate, 0.5), problem, 3) for problem in (kept, made))
        assert second.stable is first.stable is (rate < rates[0])
        assert second.noise_sum == pytest.approx(first.noise_sum, rel=1e-5)
        assert second.rows.indices[0] == first.rows.indices[0]
        if first.stable:
            assert second.loss_floor == pytest.approx(first.loss_floor, rel=1e-5)
    scale = [verdict.rows.critical_scale_without(2) for verdict in (first, second)]
    assert scale[1] == pytest.approx(scale[0], rel=1e-6)


@pytest.mark.usefixtures("unkept")
@pytest.mark.parametrize("wide", [1.0, 1e3, 1e6])
def test_rounding_bounds_what_other_products_give(wide: float, rng: np.random.Generator) -> None:
    """Columns in long doubles, from the same axes, differ by less than the bounds."""
    rows = heavy(rng, 50, 4) @ rng.normal(size=(4, 4)) * [wide, 1, 1, 1]
    samples = Samples.of(rows)
    exact = rows.astype(np.longdouble) @ samples.axes.T.astype(np.longdouble)
    exact /= np.sqrt(samples.eigenvalues)
    gaps = np.linalg.norm((exact - samples.columns[:][:, 0]).astype(float), axis=1)
    assert (gaps <= samples.errors).all()
    N = np.eye(4)
    N[0, 1] = N[1, 0] = -3
    inner = np.einsum("ni,ij,nj->n", exact, N, exact)
    true = np.einsum("n,ni,nj->ij", inner, exact, exact) / 50 - N
    error = np.linalg.norm((true - samples.covariance(N)).astype(float))
    assert error <= samples.rounding * np.linalg.norm(N)


@pytest.mark.usefixtures("unkept")
def test_anything_with_slices(rng: np.random.Generator, tmp_path: Path) -> None:
    rows = heavy(rng, 90, 3).astype(np.float32)
    rows[rng.random(rows.shape) < 0.3] = 0
    expected = Problem.from_data(rows)
    np.save(tmp_path / "X.npy", rows)
    mapped = load_matrix(tmp_path / "X.npy")
    assert isinstance(mapped, np.memmap)
    dataset = Dataset(rows)
    for given in (mapped, dataset, scipy.sparse.csr_array(rows), scipy.sparse.coo_matrix(rows)):
        found = Problem.from_data(given)
        assert found.spectrum.eigenvalues.tolist() == expected.spectrum.eigenvalues.tolist()
        verdict, other = (stability(heavy_ball(0.1, 0.5), x, 4) for x in (found, expected))
        assert verdict.noise_sum == pytest.approx(other.noise_sum, rel=1e-9)
    assert dataset.most == 20
    assert Noise.sampled(Dataset(rows)).samples is not None


def test_a_pickled_memory_map_is_its_file(rng: np.random.Generator, tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", heavy(rng, 2000, 3))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for given, size in ((mapped, 1000), (mapped[3:], mapped.nbytes)):
        rows = row_pieces.RowPieces.of(given, "data")
        kept = pickle.dumps(rows)
        assert len(kept) < size + 1000
        assert np.array_equal(pickle.loads(kept)[5:9], rows[5:9])


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_the_rank_is_decided_in_the_precision_of_the_type(
    dtype: type, rng: np.random.Generator
) -> None:
    rows = rng.normal(size=(70, 3))
    rows = np.column_stack([rows, rows @ [1, -2, 0.5]])
    assert Problem.from_data(Dataset(rows.astype(dtype))).dropped == 1


@pytest.mark.usefixtures("unkept")
def test_errors_name_places_of_the_whole(rng: np.random.Generator) -> None:
    rows = heavy(rng, 90, 3)
    rows[77, 1] = np.nan
    for given in (rows, Dataset(rows), scipy.sparse.csr_array(rows)):
        with pytest.raises(InputError, match=r"data must be finite, but data\[77, 1\] is nan"):
            Problem.from_data(given)
    with pytest.raises(InputError, match=r"data\[77, 1\] is 1\+2j"):
        Problem.from_data(np.where(np.isnan(rows), 1 + 2j, rows))
    with pytest.raises(InputError, match=r"rows\[38, 1, 1\] is nan"):
        Noise.sampled(rows.reshape(45, 2, 3))
    with pytest.raises(InputError, match="data must not be all zero"):
        Problem.from_data(np.zeros((90, 3)))
    with pytest.raises(InputError, match=r"one sample a row, got shape \(0, 3\)"):
        Problem.from_data(rows[:0])


@pytest.mark.usefixtures("unkept")
def test_what_needs_all_columns_is_refused(rng: np.random.Generator) -> None:
    problem = Problem.from_data(heavy(rng, 50, 3), rng.normal(size=50))

    with pytest.raises(InputError, match=r"50 whitened samples take .* give them fewer samples"):
        simulate(heavy_ball(0.01, 0.5), problem, 4, 10)
    with pytest.raises(InputError, match="not kept in memory"):
        _ = problem.noise.model
    assert summarize(problem).noise is None


@pytest.mark.usefixtures("unkept")
def test_what_does_not_fit_is_refused_at_once(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Huge(Dataset):
        def __getitem__(self, piece: slice) -> np.ndarray:
            raise AssertionError("read")

    huge = Huge(np.empty((0, 1)))
    huge.shape = (10**7, 10**6)
    monkeypatch.setattr(memory, "memory", lambda: 16e9)
    with pytest.raises(
        InputError, match=r"1,000,000 columns take about .* GB of memory, more than"
    ):
        Problem.from_data(huge)
    problem = Problem.from_data(heavy(rng, 50, 3))
    monkeypatch.setattr(memory, "memory", lambda: 100.0)
    with pytest.raises(InputError, match="verdicts on the noise of 3 modes take about"):
        stability(heavy_ball(0.01, 0.5), problem, 4)


@pytest.mark.usefixtures("unkept")
def test_after_an_interrupt_the_answer_is_the_same(rng: np.random.Generator) -> None:
    dataset = Dataset(heavy(rng, 90, 3))
    problem, method = Problem.from_data(dataset), heavy_ball(0.05, 0.5)
    expected = stability(method, Problem.from_data(dataset), 4).noise_sum
    dataset.fails = True
    with pytest.raises(KeyboardInterrupt):
        stability(method, problem, 4)
    dataset.fails = False
    assert stability(method, problem, 4).noise_sum == expected


def test_a_map_takes_one_pass_where_bounds_decide(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, small_pieces: None
) -> None:
    kept, made = both(monkeypatch, heavy(rng, 60, 3))
    rates = np.geomspace(1e-3, 10, 12)
    maps = [
        phase_diagram(
            "heavy-ball", problem, 4, x=("learning_rate", rates), y=("momentum", [0.0, 0.5])
        )
        for problem in (kept, made)
    ]
    assert (maps[0].stable == maps[1].stable).all()


def test_only_maps_of_files_may_be_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", 100)
    np.save(tmp_path / "X.npy", np.eye(20))
    np.savetxt(tmp_path / "X.csv", np.eye(20), delimiter=",")
    assert load_matrix(tmp_path / "X.npy").shape == (20, 20)
    with pytest.raises(InputError, match="more than the limit of 100"):
        load_matrix(tmp_path / "X.csv")


@pytest.mark.parametrize("size", [5, 50, 130, 260])
def test_halves_of_symmetric_products(
    size: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In blocks of 16 rows, of which the last one is not full."""
    monkeypatch.setattr(symmetric_products, "_CACHED", 1)
    monkeypatch.setattr(symmetric_products, "_LEAST", 16)
    Z, N, weights = rng.normal(size=(40, size)), rng.normal(size=(size, size)), rng.normal(size=40)
    N += N.T
    beside = rng.normal(size=40)
    forms = np.einsum("ni,ij,nj->n", Z, N, Z)
    for some, more in ((weights, None), (weights, beside), (np.abs(weights), beside)):
        values = some * (forms if more is None else forms + more)
        found = fourth_moments(Z, N, some, more)
        expected = np.einsum("n,ni,nj->ij", values, Z, Z)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * size)
    for some in (weights, np.abs(weights)):
        squares = np.einsum("n,ni,nj->ij", some, Z, Z)
        np.testing.assert_allclose(weighted_squares(Z, some), squares, rtol=1e-10, atol=1e-10)
    short = fourth_moments(Z, N, weights, kind=np.float32)  # of previews
    assert not np.array_equal(short, fourth_moments(Z, N, weights))
    expected = np.einsum("n,ni,nj->ij", weights * forms, Z, Z)
    np.testing.assert_allclose(short, expected, atol=1e-5 * np.abs(expected).max())


def test_rows_of_an_array_are_read_without_a_copy(rng: np.random.Generator) -> None:
    given = rng.normal(size=(6, 3))
    rows = row_pieces.RowPieces.of(given, "data")
    assert np.shares_memory(rows[1:4], given)
    with pytest.raises(ValueError, match="read-only"):
        rows[1:4][:] = 0
    large = row_pieces.RowPieces.of(np.full((2, 2), 1e308), "data")
    assert (large[:] == 1e308).all()  # whose sum is infinite
    given[4, 2] = np.nan
    with pytest.raises(InputError, match="finite"):
        rows[2:]


@pytest.mark.parametrize("method", [sgd(0.3), heavy_ball(0.3, 0.9), heavy_ball(1.899999, 0.9)])
def test_quick_pairs_are_those_of_proofs(method: Algorithm) -> None:
    form, eigenvalues = ball_form([method]), np.geomspace(2, 1e-4, 20)
    products, error = mode_pairs(form, eigenvalues)
    quick = quick_pairs(form, eigenvalues)
    assert (np.abs(quick - products) <= (error + 1e-10) * products).all()


def test_chosen_samples_are_whitened_alike(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, made = both(monkeypatch, heavy(rng, 100, 4))
    assert kept.samples is not None and made.samples is not None
    places = np.array([3, 50, 99])
    assert isinstance(made.samples.columns, whitened.WhitenedRows)
    some = made.samples.columns.some(places)
    np.testing.assert_allclose(some, np.asarray(kept.samples.columns)[places], rtol=1e-10)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("small", [1.0, 1e-2, 1e-4, 1e-7, 0.0])
def test_axes_of_long_data_by_two_ways(
    small: float, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Products of columns where these are far from dependent, else a decomposition of the rows."""
    rows = rng.standard_t(3, size=(900, 3)) @ rng.normal(size=(3, 3)) * [1, 1, small]
    found = Samples.of(rows)
    monkeypatch.setattr(whitened, "_LONG", np.inf)
    expected = Samples.of(rows)
    assert found.eigenvalues.size == expected.eigenvalues.size == 3 - (small == 0)
    np.testing.assert_allclose(found.eigenvalues, expected.eigenvalues, rtol=1e-9)
    columns = np.asarray(found.columns)[:, 0]
    np.testing.assert_allclose(columns.T @ columns / 900, np.eye(columns.shape[1]), atol=1e-11)


@pytest.mark.parametrize("small", [1e-3, 1e-5, 1e-8, 0.0])
def test_few_dependent_directions_are_found_from_the_rows(
    small: float, rng: np.random.Generator
) -> None:
    """Of columns whose products blur the least singular values, beside a decomposition."""
    turn, _ = np.linalg.qr(rng.normal(size=(20, 20)))
    scale = np.append(np.geomspace(10, 0.02, 18), [small, 2 * small])
    rows = (rng.standard_t(3, size=(600, 20)) * scale) @ turn
    found = axes_of_products(lambda: np.split(rows, 4), 600)
    expected, axes = principal_axes(rows)
    assert found is not None and found[0].size == expected.size == 20 - 2 * (small == 0)
    err = 1e-13 * expected[0] ** 0.5 / expected**0.5  # of a singular value, relative
    assert (np.abs(found[0] / expected - 1) <= 1e-9 + err).all()
    assert (np.abs(1 - np.abs((found[1] * axes).sum(axis=1))) <= 1e-9).all()
    np.testing.assert_allclose(found[1] @ found[1].T, np.eye(expected.size), atol=1e-14)


@pytest.mark.parametrize("kept", [0, whitened.KEPT])
@pytest.mark.parametrize("ratio", [1.0, 0.01, 0.0012])
def test_columns_are_orthonormal_as_proofs_assume(
    ratio: float,
    kept: int,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    small_pieces: None,
) -> None:
    monkeypatch.setattr(whitened, "KEPT", kept)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rows = rng.normal(size=(2000, 3)) * [1, ratio, ratio] @ turn
    samples = Problem.from_data(rows).samples
    assert samples is not None and samples.is_kept is bool(kept)
    Z = samples.columns[:][:, 0]
    away = np.linalg.norm(Z.T @ Z / len(Z) - np.eye(3), 2)
    assert 4 * away * samples.fourth_moment < samples.rounding
