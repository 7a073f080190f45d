"""Machine code of random kernels does, bit for bit, what their texts say in plain Python."""

from __future__ import annotations

import platform

import numpy as np
import pytest

from sgdmem.numeric.compilation.object_code import load_code
from tests.numeric.compilation.plain_python import in_plain_python
from tests.numeric.compilation.random_kernels import random_arguments, random_kernel
from tests.numeric.compilation.vector_units import assembly_of_kernels

X86 = ("x86-64", "nehalem", "haswell", "skylake-avx512")  # AVX2 and AVX-512 are the last two


def check(seed: int, trials: int = 4) -> None:
    """Compare results; of what is no number neither the sign nor the other bits are said."""
    source = random_kernel(seed)
    ways = load_code(source).kernel, in_plain_python(source)
    for trial in range(trials):
        results = []
        for kernel in ways:
            arguments, written = random_arguments(seed * trials + trial)
            kernel(*arguments)
            results.append(written)
        for one, other in zip(*results, strict=True):
            assert np.array_equal(one, other, equal_nan=one.dtype == float), (seed, trial)
            number = ~np.isnan(one)
            assert np.array_equal(np.signbit(one[number]), np.signbit(other[number]))


@pytest.mark.parametrize("seed", range(3))
def test_some(seed: int) -> None:
    check(seed)


@pytest.mark.exhaustive
@pytest.mark.parametrize("processor", [None, *X86])
def test_many(
    processor: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On this processor as it is, and on those named as far as it has their instructions."""
    if processor is not None:
        if platform.machine() != "x86_64":
            pytest.skip("another kind of processor")
        if processor in _beyond_this():
            pytest.skip("this processor has not got all its instructions")
        monkeypatch.setenv("NUMBA_CPU_NAME", processor)
        monkeypatch.setenv("NUMBA_CPU_FEATURES", "")
    monkeypatch.setenv("SGDMEM_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    first = 1000 * (1 + [None, *X86].index(processor))
    for seed in range(first, first + 200):
        check(seed)


def _beyond_this() -> set[str]:
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    needed = {"nehalem": "sse4.2", "haswell": "avx2", "skylake-avx512": "avx512f"}
    return {name for name, feature in needed.items() if not features.get(feature)}


@pytest.mark.slow
@pytest.mark.parametrize("processor", ["generic", "apple-m1", "neoverse-v1"])
def test_other_processors_are_compiled_for(processor: str) -> None:
    for seed in range(3):
        assert "kernel:" in assembly_of_kernels(random_kernel(seed), "aarch64", processor)
