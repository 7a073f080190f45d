"""Kernels for GPUs: run in Numba's simulator, compiled for real ones, and asked for in vain."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module, util
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from sgdmem.numeric.code.evaluator import evaluator
from sgdmem.numeric.machine import cuda
from sgdmem.numeric.machine.cuda import chosen_device, flat_function
from sgdmem.numeric.maps.family_program import family_program
from sgdmem.numeric.maps.node_code import judge_source
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.phase_diagrams.maps.diagram import phase_diagram
from sgdmem.symbolic.algorithms import named
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from tests.numeric.maps.test_map_sums import summed

ROOT = Path(__file__).parents[3]
HALVES = [Fraction(1, 2), Fraction(3, 2)]
SIMULATOR = {"NUMBA_ENABLE_CUDASIM": "1"}

# pytest says so of its default format of junit files, which holds the numbers all the same
pytestmark = pytest.mark.filterwarnings("ignore:record_property is incompatible")

# What runs on a GPU ------------------------------------------------------------------------------


def compare_summands(name: str, count: int = 1000) -> None:
    """Compare an evaluator on the GPU with the processor at random points."""
    rng = np.random.default_rng(count)
    run = evaluator(name)
    points: dict[str, Any] = {key: rng.uniform(0.02, 1.1, count) for key in run.parameters}
    lam = 10 ** rng.uniform(-3, 1, count)
    found, expected = (run(lam, target=target, **points) for target in ("cuda", "numba"))
    inside = np.isfinite(expected)
    assert 0.2 < inside.mean() < 0.95
    np.testing.assert_array_equal(np.isinf(found), np.isinf(expected))
    np.testing.assert_allclose(found[inside], expected[inside], rtol=1e-13)


def compare_maps(tau2: float, memory: int) -> None:
    """Compare a map of 40 x 26 points on the GPU with the processor."""
    family = "heavy-ball" if memory == 1 else "aggmo"
    fixed: dict[str, Any] = {} if memory == 1 else {"momenta": ["0.9", "0.5"]}
    momenta = ("momentum", np.linspace(0, 0.99, 26)) if memory == 1 else ("tau1", range(1, 27))
    found, expected = (
        phase_diagram(
            family,
            ("learning_rate", np.linspace(0.1, 4, 40)),
            momenta,
            spectrum=Spectrum([1, 0.5, 0.01]),
            batch_size=5,
            tau2=tau2,
            device=cast(Any, device),
            **fixed,
        )
        for device in ("cuda", "cpu")
    )
    assert set(np.unique(expected.stable)) == {0, 1}
    np.testing.assert_array_equal(found.stable, expected.stable)
    for key in ("noise_sum", "margin"):
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-12, atol=1e-12)


def compare_sums(share: str, memory: int) -> None:
    """Compare what the kernels of maps say, before single verdicts fill in what they leave open."""
    momenta = ["0.9", "0.5", "0.2"][:memory]
    values = {"rate": [Fraction(k, 7) for k in range(1, 57)]}
    if Fraction(share):
        values["share"] = [Fraction(share)] * 56

    def build(rate: Any) -> Algorithm:
        return named.aggmo(rate, momenta)

    law = Spectrum.power_law(1.5, count=40)
    found, expected = summed(build, values, law, device="cuda"), summed(build, values, law)
    np.testing.assert_array_equal(found.state, expected.state)
    good = found.state == 1
    assert 5 < good.sum() < 55
    for key, tolerance in (("noise", 1e-13), ("peak", 1e-13), ("radius", 1e-3)):
        first, second = (getattr(sums, key)[good] for sums in (found, expected))
        np.testing.assert_allclose(first, second, rtol=tolerance)


def run_elsewhere(call: str, environment: dict[str, str]) -> None:
    """Run a function of this file in another process, where the simulator takes a GPU's place."""
    done = subprocess.run(
        [sys.executable, "-c", f"from tests import test_cuda\ntest_cuda.{call}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["heavy-ball", pytest.param("qhm", marks=pytest.mark.slow)])
def test_summands_in_the_simulator(name: str) -> None:
    run_elsewhere(f"compare_summands({name!r})", SIMULATOR)


@pytest.mark.slow
@pytest.mark.parametrize("memory", [1, 2])
@pytest.mark.parametrize("tau2", [0, -1])
def test_maps_in_the_simulator(tau2: int, memory: int) -> None:
    run_elsewhere(f"compare_maps({tau2}, {memory})", SIMULATOR)


@pytest.mark.slow
@pytest.mark.parametrize("memory", [1, 3])
@pytest.mark.parametrize("share", ["0", "-0.1"])
def test_sums_in_the_simulator(share: str, memory: int) -> None:
    run_elsewhere(f"compare_sums({share!r}, {memory})", SIMULATOR)


@pytest.mark.skipif(not cuda.is_available(), reason="Numba finds no GPU")
@pytest.mark.parametrize(
    "call", ["compare_summands('qhm', 10**5)", "compare_maps(-1, 2)", "compare_sums('0', 3)"]
)
def test_on_a_gpu(call: str) -> None:
    run_elsewhere(call, {"NUMBA_ENABLE_CUDASIM": "0"})


# What is compiled for a GPU ----------------------------------------------------------------------

MATRIX, VECTOR = "float64[:, ::1]", "float64[::1]"
JUDGE = [MATRIX, MATRIX, VECTOR, VECTOR, "float64", VECTOR, VECTOR, VECTOR, MATRIX]
MOST_SPILLED = {5: 700, 6: 4096}  # bytes, by memory: a fraction has many coefficients


def ptx_of(source: str, function: str, types: list[str], architecture: int) -> str:
    """Return the assembly of a flat kernel for an architecture, 80 for sm_80."""
    try:
        import_module("numba.cuda.cudadrv.nvvm").NVVM()
    except Exception as error:
        pytest.skip(f"Numba finds no NVVM to compile with: {error}")
    signature = f"void({', '.join(types)})"
    compute = divmod(architecture, 10)
    compiler = import_module("numba.cuda").compile_ptx
    text, _ = compiler(flat_function(source, function), signature, cc=compute)
    return str(text)


def ptxas() -> str:
    """Return the path of NVIDIA's assembler."""
    found = shutil.which("ptxas")
    package = util.find_spec("nvidia")
    for folder in [] if found or package is None else package.submodule_search_locations or []:
        candidate = Path(folder) / "cuda_nvcc" / "bin" / "ptxas"
        found = str(candidate) if candidate.exists() else found
    if found is None:
        pytest.skip("no ptxas: it is part of the CUDA toolkit and of the package nvidia-cuda-nvcc")
    return found


def assembled(ptx: str, architecture: int, folder: Path) -> tuple[int, int]:
    """Return how many registers a kernel takes, and how many bytes it spills."""
    (folder / "kernel.ptx").write_text(ptx)
    command = [ptxas(), "-v", f"-arch=sm_{architecture}", "kernel.ptx", "-o", "kernel.cubin"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    registers = re.findall(r"Used (\d+) registers", done.stderr)
    spilled = re.findall(r"(\d+) bytes spill", done.stderr)
    assert len(registers) == 1
    assert len(spilled) == 2
    return int(registers[0]), max(map(int, spilled))


@pytest.fixture
def fits(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> Callable[[str, str, list[str], int, int], None]:
    """Check that a kernel fits into the registers of a GPU, and record how many it takes."""

    def check(source: str, function: str, types: list[str], architecture: int, most: int) -> None:
        ptx = ptx_of(source, function, types, architecture)
        assert f".target sm_{architecture}" in ptx
        assert ".f64" in ptx
        registers, spilled = assembled(ptx, architecture, tmp_path)
        record_property("registers", registers)
        record_property("spilled bytes", spilled)
        assert registers <= 255
        assert spilled <= most

    return check


ARCHITECTURES = pytest.mark.parametrize("architecture", [80, 90])
# Compiling the longest kernels takes half a minute each.
JUDGES = [
    pytest.param(memory, damped, architecture, marks=marks)
    for memory in range(9)
    for damped in (False, True)
    for architecture in (80, 90)
    for marks in [
        []
        if memory == 0
        else [pytest.mark.slow]
        if memory < 4 or (memory, damped, architecture) == (4, False, 90)
        else [pytest.mark.exhaustive]
    ]
]


@pytest.mark.slow
@pytest.mark.parametrize(("memory", "damped", "architecture"), JUDGES)
def test_judges_fit_into_registers(
    memory: int, damped: bool, architecture: int, fits: Callable[..., None]
) -> None:
    source = judge_source(memory, damped, cuda=True)
    fits(source, "judge", JUDGE, architecture, MOST_SPILLED.get(memory, 0))


@ARCHITECTURES
@pytest.mark.parametrize("name", ["heavy-ball", pytest.param("qhm", marks=pytest.mark.slow)])
def test_evaluators_fit_into_registers(
    name: str, architecture: int, fits: Callable[..., None]
) -> None:
    source = evaluator(name).source("cuda")
    fits(source, "summands", [MATRIX, VECTOR], architecture, 0)


@ARCHITECTURES
@pytest.mark.parametrize("damped", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_coefficients_fit_into_registers(
    damped: bool, architecture: int, fits: Callable[..., None]
) -> None:
    found = family_program(named.heavy_ball, {"learning_rate": HALVES, "momentum": HALVES})
    assert found is not None
    source = found[0].source(damped, cuda=True)
    fits(source, "coefficients", [MATRIX] * 4, architecture, 0)


# Without a GPU -----------------------------------------------------------------------------------


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "is_available", lambda: False)


def small_map(device: Any) -> Any:
    axes = ("learning_rate", [0.1, 3]), ("momentum", [0, 0.9])
    return phase_diagram("heavy-ball", *axes, spectrum=Spectrum([1]), device=device)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(
    "call",
    [
        lambda: small_map("cuda"),
        lambda: evaluator("sgd")(1, learning_rate=0.1, target="cuda"),
        lambda: chosen_device("cuda"),
    ],
)
def test_a_gpu_that_is_not_there(call: Callable[[], Any]) -> None:
    with pytest.raises(InputError, match=r"device 'cuda': Numba finds no GPU .* use device='cpu'"):
        call()


@pytest.mark.usefixtures("no_gpu")
def test_auto_is_the_processor_without_a_gpu() -> None:
    assert chosen_device("auto") == chosen_device("cpu") == "cpu"
    assert small_map("auto").equals(small_map("cpu"))


def test_auto_is_a_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "is_available", lambda: True)
    assert chosen_device("auto") == chosen_device("cuda") == "cuda"
    assert chosen_device("cpu") == "cpu"


@pytest.mark.parametrize("device", ["gpu", "CUDA", "", None, 0])
def test_a_wrong_device(device: Any) -> None:
    for call in (chosen_device, small_map):
        with pytest.raises(InputError, match=f"device must be .* got {device!r}"):
            call(device)
