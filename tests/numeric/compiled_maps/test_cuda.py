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
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from sgdmem.numeric.compilation import cuda
from sgdmem.numeric.compilation.cuda import Device, chosen_device, flat_function
from sgdmem.numeric.compiled_maps import compiled_judge, judge_on_gpu
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import RADIUS, STATE, judge_source
from sgdmem.numeric.compiled_maps.machine_code_of_verdicts import finish_source
from sgdmem.numeric.compiled_maps.node_sums import OnGpu, evaluate_pieces
from sgdmem.numeric.compiled_maps.outcomes_on_gpu import KERNELS
from sgdmem.numeric.exported_code.evaluator import evaluator
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.compression import quickened
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.phase_diagrams.maps.diagram import phase_diagram
from sgdmem.phase_diagrams.maps.map_on_gpu import map_on_gpu
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo import named_algorithms as named
from tests.numeric.compiled_maps.test_map_sums import summed

ROOT = Path(__file__).parents[3]
HALVES = [Fraction(1, 2), Fraction(3, 2)]
DEVICES: list[Device] = ["cuda", "cpu"]
SIMULATOR = {"NUMBA_ENABLE_CUDASIM": "1"}

# pytest says so of its default format of junit files, which holds the numbers all the same
pytestmark = pytest.mark.filterwarnings("ignore:record_property is incompatible")

# What runs on a GPU ------------------------------------------------------------------------------

MOMENTA = ["0.9", "0.5", "0.2", "-0.3", "0.7"]
SHARES = ("0", "-0.1", "0.1")  # tau2 / B


def compare_sums(memory: int, share: str) -> None:
    """Compare what the kernels of maps say, before single verdicts fill in what they leave open."""
    values = {"rate": [Fraction(k, 2) for k in range(1, 13)]}
    if Fraction(share):
        values["share"] = [Fraction(share)] * 12

    def build(rate: Any) -> Algorithm:
        return named.aggmo(rate, MOMENTA[:memory]) if memory else named.sgd(rate)

    law = Spectrum.power_law(1.5, count=30)
    found, expected = summed(build, values, law, device="cuda"), summed(build, values, law)
    np.testing.assert_array_equal(found.state, expected.state)
    good = found.state == 1
    assert 1 < good.sum() < 11, (memory, share, good.sum())
    for key, tolerance in (("noise", 1e-13), ("peak", 1e-13), ("radius", 1e-3)):
        first, second = (getattr(sums, key)[good] for sums in (found, expected))
        np.testing.assert_allclose(first, second, rtol=tolerance)


def compare_stages() -> None:
    """Compare what few nodes find near an edge, and all nodes where those leave it open."""
    every = np.array([(3 * (1 - 10.0**-k), 0.5) for k in range(1, 16)] + [(4, 0.5)])  # edge: 3
    found = family_program(named.heavy_ball, {"learning_rate": HALVES, "momentum": HALVES})
    assert found is not None
    short = Spectrum.power_law(1.5).compressed
    spectra, rows = [quickened(short), short], {}
    given = np.array([every.T, np.zeros_like(every.T)])

    def read(piece: slice) -> Any:
        return given[:, :, piece].copy()

    devices: list[Literal["cpu", "cuda"]] = ["cpu", "cuda"]
    for device in devices:
        some = rows[device] = np.empty((4, len(every)))

        def write(piece: slice, told: Any, some: Any = some) -> None:
            some[:, piece] = told

        evaluate_pieces(found[0], len(every), spectra, False, device, read, write)
    sure = rows["cpu"][STATE] == 1
    assert 5 < sure.sum() < len(every) - 3
    np.testing.assert_array_equal(rows["cuda"][STATE], rows["cpu"][STATE])
    # bounds of a few nodes are not those of all
    np.testing.assert_allclose(rows["cuda"][RADIUS, sure], rows["cpu"][RADIUS, sure], rtol=1e-6)
    on_gpu = OnGpu(found[0], spectra, False, len(every))
    on_gpu(*given)
    assert 0 < on_gpu.many.copy_to_host()[0] < len(every)


def on_both(*question: Any, **parts: Any) -> list[Any]:
    """Return a map from the GPU, and from the processor; both by machine code."""
    judged: list[int] = []
    judge = judge_on_gpu.judge_on_gpu

    def noted(*given: Any) -> None:
        judge(*given)
        judged.append(len(given[-2]))
        assert given[-2].unsettled.size <= 3  # at edges: what is left others would judge

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_judge, "judge_on_gpu", noted)
        found, expected = (phase_diagram(*question, device=x, **parts) for x in DEVICES)
    assert sum(judged) >= found.stable.size
    return [found, expected]


def compare_maps() -> None:
    """Compare whole maps, over the noise as well, on the GPU with the processor."""
    sizes, rates = ("batch_size", range(1, 27, 2)), ("learning_rate", np.linspace(0.1, 4, 10))
    taus = ("tau2", [Fraction(k, 5) - 1 for k in range(10)])
    problem = Problem(Spectrum([1, 0.5, 0.01]), Noise(tau2=-1))
    cases: list[tuple[str, Any, dict[str, Any]]] = [
        ("heavy-ball", rates, {"momentum": "0.87"}),
        ("sgd", taus, {"learning_rate": "1.53"}),
    ]
    for family, x, fixed in cases:
        found, expected = on_both(family, problem, x=x, y=sizes, **fixed)
        assert {0, 1} <= set(np.unique(expected.stable))
        np.testing.assert_array_equal(found.stable, expected.stable)
        for key in ("noise_sum", "margin"):
            np.testing.assert_allclose(found[key], expected[key], rtol=1e-12, atol=1e-12)


def compare_pieces() -> None:
    """Compare maps of several pieces, over three axes, and a law of infinite trace."""
    vars(judge_on_gpu)["GPU_PART"] = 20
    rates, momenta = np.linspace(0.1, 3.9, 17), [0, 0.5, 0.9]
    for exponent, sizes in ((1.5, [4, 16]), (0.75, [16, np.inf])):
        found, expected = on_both(
            "heavy-ball",
            Problem(Spectrum.power_law(exponent)),
            x=("learning_rate", rates),
            y=("momentum", momenta),
            panels=("batch_size", sizes),
        )
        np.testing.assert_array_equal(found.stable, expected.stable)
        np.testing.assert_allclose(found.noise_sum, expected.noise_sum, rtol=1e-11)
        np.testing.assert_allclose(found.margin, expected.margin, rtol=1e-11, atol=1e-11)


def compare_evaluators() -> None:
    """Compare an evaluator's sums, of which the processor's go by the poles."""
    run, rates = evaluator("heavy-ball"), np.linspace(0.05, 4, 30)
    found, expected = (
        run.noise_sums([1, 0.5], target=target, learning_rate=rates, momentum=0.5)
        for target in ("cuda", "ball")
    )
    assert 5 < np.isfinite(found).sum() < 25
    assert (found == expected.mid)[np.isinf(found)].all()
    assert (np.abs(found - expected.mid) <= 2 * expected.rad)[np.isfinite(found)].all()


def compare_what_stays() -> None:
    """Compare maps that stay on the GPU, where some points are judged by themselves."""
    vars(judge_on_gpu)["GPU_PART"] = 20
    rates = [Fraction(k, 8) for k in range(1, 20)]
    # 1 + tau2 s / B nears 0 at the rate 1/2: bounds decide, and do not tell the noise sum
    beside, fed = 1 + Fraction(1, 10**10), Noise(Fraction(1, 10**12), -1)
    cases: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("torch-sgd", ("momentum", [0, 0.5, 0.95]), Spectrum([2, 1]), {"dampening": 0.3}),
        ("heavy-ball", ("momentum", [0, 0.9, 0.2]), Spectrum.power_law(1.5), {}),
        ("sgd", ("batch_size", [beside, 7, np.inf]), Problem(Spectrum([2, 1]), fed), {}),
        ("sgd", ("batch_size", [1, 7, np.inf]), Problem(Spectrum([2, 1]), weight_decay="0.1"), {}),
    ]
    for family, y, problem, fixed in cases:
        axes = {"x": ("learning_rate", rates), "y": y}
        size = 8 if y[0] == "momentum" else np.inf
        expected = phase_diagram(family, problem, size, **axes, **fixed)
        for sums in (False, True):
            found = map_on_gpu(family, problem, size, **axes, noise_sums=sums, **fixed)
            flags = expected.stable.values
            np.testing.assert_array_equal(found.verdicts(), flags)
            assert {0, 1} <= set(np.unique(flags))
            counts = tuple(int((flags == flag).sum()) for flag in (-1, 0, 1))
            assert found.counts() == counts
            assert f"19 of learning_rate by 3 of {y[0]}: {counts[2]} stable" in repr(found)
            assert (found.noise_sum is None) is (found.margin is None) is (not sums)
            if sums:
                for key in ("noise_sum", "margin"):
                    values = getattr(found, key).copy_to_host()
                    np.testing.assert_allclose(values, expected[key], rtol=1e-11, atol=1e-11)
        if y[0] == "momentum":
            along = [np.interp(v, [min(y[1]), max(y[1])], [0, 1]) for v in y[1]]
            order = np.argsort(along)
            cells = np.empty(3)
            middle = sorted(along)[1]
            cells[order] = middle / 2, 0.5, (1 - middle) / 2
            widths = np.full(19, 1 / 18)
            widths[[0, -1]] /= 2
            areas = [float(cells @ (flags == flag) @ widths) for flag in (-1, 0, 1)]
            np.testing.assert_allclose(found.areas(), areas, atol=1e-14)
    with pytest.raises(InputError, match="results stay on a GPU for families that are one formula"):
        map_on_gpu("sgd", Problem.from_data(np.eye(3)[:, :2]), x=("learning_rate", rates),
                   y=("batch_size", [1, 2]))  # fmt: skip


def compare_all(largest_memory: int) -> None:
    """Do all of it, in one process: to start one takes longer than most of these."""
    for memory in range(largest_memory + 1):
        for share in SHARES:
            compare_sums(memory, share)
    compare_stages()
    compare_maps()
    compare_pieces()
    compare_what_stays()
    compare_evaluators()


def run_elsewhere(call: str, environment: dict[str, str]) -> None:
    """Run a function of this file in another process, where the simulator takes a GPU's place."""
    code = f"from tests.numeric.compiled_maps import test_cuda\ntest_cuda.{call}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("memory", [2, pytest.param(5, marks=pytest.mark.exhaustive)])
def test_in_the_simulator(memory: int) -> None:
    run_elsewhere(f"compare_all({memory})", SIMULATOR)


@pytest.mark.skipif(not cuda.is_available(), reason="Numba finds no GPU")
def test_on_a_gpu() -> None:
    run_elsewhere("compare_all(3)", {"NUMBA_ENABLE_CUDASIM": "0"})


# What is compiled for a GPU ----------------------------------------------------------------------

MATRIX, VECTOR = "float64[:, ::1]", "float64[::1]"
PLACES, FLAGS = "int32[::1]", "int8[::1]"
JUDGE = ["int64", MATRIX, MATRIX, VECTOR, VECTOR, "float64", VECTOR, VECTOR, VECTOR]
JUDGE += ["float64", "boolean", "boolean", MATRIX, PLACES, PLACES]
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
) -> Callable[[str, str, list[str], int], None]:
    """Check that a kernel fits into the registers of GPUs, and record how many it takes."""

    def check(source: str, function: str, types: list[str], most: int) -> None:
        oldest, *_ = ARCHITECTURES
        ptx = ptx_of(source, function, types, oldest)
        assert f".target sm_{oldest}" in ptx
        assert ".f32" not in ptx
        for architecture in ARCHITECTURES:
            registers, spilled = assembled(ptx, architecture, tmp_path)
            record_property(f"registers on sm_{architecture}", registers)
            record_property(f"spilled bytes on sm_{architecture}", spilled)
            assert registers <= 255
            assert spilled <= most

    return check


ARCHITECTURES = (80, 90)  # what is compiled for the first is assembled for all
# Compiling the longest kernels takes half a minute each; with tau2 they hold what is without.
QUICK = [(0, True)]
SLOW = [(1, True)]
JUDGES = [
    pytest.param(*case, marks=[] if case in QUICK else [mark])
    for case in product(range(9), (False, True))
    for mark in [pytest.mark.slow if case in SLOW else pytest.mark.exhaustive]
]


@pytest.mark.slow
@pytest.mark.parametrize(("memory", "damped"), JUDGES)
def test_judges_fit_into_registers(memory: int, damped: bool, fits: Callable[..., None]) -> None:
    for decays in (False, True) if memory == 1 else (False,):
        source = judge_source(memory, damped, cuda=True, decays=decays)
        fits(source, "judge", JUDGE, MOST_SPILLED.get(memory, 0))


@pytest.mark.parametrize("damped", [False, True])
def test_coefficients_fit_into_registers(damped: bool, fits: Callable[..., None]) -> None:
    found = family_program(named.heavy_ball, {"learning_rate": HALVES, "momentum": HALVES})
    assert found is not None
    fits(found[0].source(damped, cuda=True), "coefficients", ["int64", *[MATRIX] * 4], 0)


# Without a GPU -----------------------------------------------------------------------------------


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "is_available", lambda: False)


def small_map(device: Any) -> Any:
    axes: dict[str, Any] = {"x": ("learning_rate", [0.1, 3]), "y": ("momentum", [0, 0.9])}
    return phase_diagram("heavy-ball", Spectrum([1]), device=device, **axes)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(
    "call",
    [
        lambda: small_map("cuda"),
        lambda: evaluator("sgd").noise_sums([1], learning_rate=0.1, target="cuda"),
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


@pytest.mark.slow
def test_what_is_beside_the_judge_fits_into_registers(fits: Callable[..., None]) -> None:
    """The parameters are written out, verdicts finished, and asked for, on the GPU as well."""
    source, integers = finish_source(cuda=True), "int64[::1]"
    axes = ["float64[:, :, ::1]", integers, integers, "int64", MATRIX, MATRIX, PLACES]
    fits(source, "spread", ["int64", *axes], 0)
    shares = [MATRIX, "int64", "int64", "boolean", "int64"]
    results = [FLAGS, FLAGS, VECTOR, VECTOR]
    fits(source, "finish", ["int64", MATRIX, *shares, *results], 0)
    asked = {
        "tally": [integers],
        "find": [VECTOR, integers, PLACES],
        "measure": ["int64", MATRIX, integers, integers, VECTOR],
    }
    for name, types in asked.items():
        fits(KERNELS, name, ["int64", FLAGS, *types], 0)
    fits(KERNELS, "forget", ["int64", integers, FLAGS], 0)
    fits(KERNELS, "put", ["int64", integers, *[FLAGS, VECTOR, VECTOR] * 2], 0)
