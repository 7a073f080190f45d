"""Passes over samples as a GPU makes them, by NumPy's arrays and by PyTorch's."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sgdmem import Problem, heavy_ball, stability
from sgdmem.numeric.compilation import cuda, gpu_arrays
from sgdmem.numeric.compilation.cuda import Device
from sgdmem.numeric.compilation.gpu_arrays import NUMPY, device_of_data, require_digits
from sgdmem.numeric.problems import passes_on_gpu, samples, whitened
from sgdmem.numeric.problems.passes_on_gpu import PassesOnGpu
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.bounds_without_a_pass import longest_sample
from sgdmem.phase_diagrams.maps.labelled_diagram import labelled_diagram
from sgdmem.symbolic.errors import InputError

rng = np.random.default_rng
LIBRARIES = ["numpy", "cpu", "cuda"]  # or a device of PyTorch


def library_of(name: str) -> gpu_arrays.ArrayLibrary:
    if name == "numpy":
        return NUMPY
    torch: Any = pytest.importorskip("torch")
    if name == "cuda" and not torch.cuda.is_available():
        pytest.skip("PyTorch finds no GPU")
    return gpu_arrays.torch_library(name)


def samples_of(outputs: int, count: int = 60, modes: int = 5) -> Samples:
    rows = rng(outputs).standard_normal((count, outputs, modes)) * np.array([3, 1, 1, 0.3, 0.1])
    weights = rng(9).random(count) * (rng(8).random(count) > 0.2)
    rows[weights == 0] *= 10  # which nobody draws
    samples = Samples.of(rows, weights)
    residuals = rng(7).standard_normal((2, count, outputs))
    return replace(samples, residuals=residuals)


def passes_of(samples: Samples, name: str, together: int = 23) -> PassesOnGpu:
    parts = samples.columns, samples.weights, samples.residuals
    return PassesOnGpu(*parts, together, library_of(name))


def exact_image(samples: Samples, N: Any, means: Any) -> Any:
    """Return what a pass finds, by sums over samples with more digits."""
    Z = np.asarray(samples.columns[:], np.longdouble)
    total: Any = np.zeros_like(N, np.longdouble)
    assert samples.residuals is not None
    for k, w in enumerate(samples.weights):
        inner = Z[k] @ N @ Z[k].T
        told: Any = [] if means is None else samples.residuals[:, k]
        for mean, e in zip([] if means is None else means, told, strict=True):
            cross = np.outer(Z[k] @ mean, e)
            inner = inner + np.outer(e, e) - cross - cross.T
        total += w * (Z[k].T @ inner @ Z[k])
    return total


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("kept", [True, False])
def test_passes(name: str, outputs: int, kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not kept:
        monkeypatch.setattr(passes_on_gpu, "_SHARE", 0.0)
    samples = samples_of(outputs)
    passes = passes_of(samples, name)
    root = rng(5).standard_normal((5, 5))
    N, means = root @ root.T, rng(6).standard_normal((2, 5))
    for given in (None, means):
        expected = exact_image(samples, N, given)
        told: list[float] = []
        found = passes.image(N, given, told.append)
        assert sum(told) == pytest.approx(1)
        assert np.abs(found - expected).max() <= samples.rounding * np.linalg.norm(N)
    diagonal = rng(3).random((7, 5))
    longest = passes.largest_forms(diagonal) * (1 + 1e-9)
    np.testing.assert_allclose(longest, longest_sample(samples, diagonal), rtol=1e-12)
    first, other = passes.first_pass(samples.eigenvalues), samples._first_pass
    for mine, theirs in zip(first[:4], other[:4], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", LIBRARIES)
def test_columns_that_are_made_anew(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whitened, "KEPT", 0)
    samples = Samples.of(rng(1).standard_normal((70, 4)))
    assert not samples.is_kept
    found = passes_of(samples, name).image(np.eye(4))
    expected = samples.covariance(np.eye(4)) + np.eye(4)
    assert np.abs(found - expected).max() <= 2 * samples.rounding * 2


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_arrays, "is_simulated", lambda: True)


@pytest.mark.usefixtures("stand_in")
def test_verdicts_are_the_same() -> None:
    rows = rng(2).standard_t(4, (300, 6))
    devices: list[Device] = ["cuda", "cpu"]
    one, other = (Problem.from_data(rows, rows[:, 0] ** 2, device=x) for x in devices)
    assert one.samples is not None
    assert one.samples.on_gpu is not None
    assert other.samples is not None
    assert other.samples.on_gpu is None
    for rate in (0.05, 0.3, 0.6):
        found, expected = (stability(heavy_ball(rate, 0.5), x, 4) for x in (one, other))
        assert found.stable is expected.stable
        assert found.noise_sum == pytest.approx(expected.noise_sum, rel=1e-9)
    left = one.without([3]).samples
    assert left is not None
    assert left.device == "cuda"


@pytest.mark.usefixtures("stand_in")
def test_maps_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "is_available", lambda: True)
    problem = Problem.from_data(rng(4).standard_t(4, (200, 3)))
    axes: dict[str, Any] = {"x": ("learning_rate", [0.01, 0.3, 2]), "y": ("batch_size", [1, 9])}
    passes: list[PassesOnGpu] = []
    image = PassesOnGpu.image

    def noted(self: PassesOnGpu, *given: Any) -> Any:
        passes.append(self)
        return image(self, *given)

    monkeypatch.setattr(PassesOnGpu, "image", noted)
    devices: list[Device] = ["cuda", "cpu"]
    found, expected = (labelled_diagram("sgd", problem, device=x, **axes) for x in devices)
    assert passes
    assert len({*passes}) <= 2  # all of them, and the heaviest
    np.testing.assert_array_equal(found.stable.values, expected.stable.values)
    low, same = (np.asarray(x.noise_sum_low.values) for x in (found, expected))
    np.testing.assert_allclose(low, same, rtol=1e-9)


class Short(np.ndarray[Any, Any]):
    """An array whose products are made of numbers with fewer digits."""

    def __matmul__(self, other: Any) -> Any:
        return (np.asarray(self).astype(np.float32) @ np.asarray(other)).view(Short)


@pytest.mark.usefixtures("stand_in")
def test_products_of_shorter_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for shape in ((5, 3), (3, 5), (1, 1)):
        require_digits(NUMPY, shape)
    short = replace(NUMPY, put=lambda x: x.view(Short))
    with pytest.raises(InputError, match=r"products of float64 matrices .* turn that off"):
        require_digits(short, (5, 3))
    monkeypatch.setattr(samples, "chosen_library", lambda device: short)
    with pytest.raises(InputError, match="products of float64"):
        stability(heavy_ball(0.1, 0.5), Problem.from_data(rng(1).random((9, 2)), device="cuda"), 2)


@pytest.mark.parametrize(
    ("torch", "message"),
    [
        (None, r"device 'cuda' for data: it needs PyTorch, .*; use device='cpu'"),
        (False, r"device 'cuda' for data: PyTorch finds no GPU .*; use device='cpu'"),
    ],
)
def test_a_gpu_that_is_not_there(
    torch: bool | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: torch))
    monkeypatch.setattr(gpu_arrays, "find_spec", lambda name: None if torch is None else name)
    monkeypatch.setattr(gpu_arrays, "import_module", lambda name: module)
    with pytest.raises(InputError, match=message):
        Problem.from_data(np.eye(3)[:, :2], device="cuda")
    assert device_of_data("auto") == "cpu"
    monkeypatch.setattr(module.cuda, "is_available", lambda: True)
    if torch is not None:
        assert device_of_data("auto") == device_of_data("cuda") == "cuda"


def test_a_wrong_device() -> None:
    wrong: Any = "gpu"
    with pytest.raises(InputError, match="device must be 'cpu', 'cuda' or 'auto', got 'gpu'"):
        Problem.from_data(np.eye(3)[:, :2], device=wrong)
