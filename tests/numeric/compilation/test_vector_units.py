"""Kernels use the vector units of every kind of processor, whichever compiles them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from sgdmem.numeric.compilation.code_keys import own_source
from sgdmem.numeric.compiled_maps.judge_by_all_poles import KERNELS
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import judge_source
from sgdmem.numeric.compiled_maps.machine_code_by_poles import pole_source
from sgdmem.numeric.exported_code.evaluator import evaluator
from sgdmem.numeric.exported_code.summand_code import kernel_source
from sgdmem.numeric.moments.moment_program import moment_source
from sgdmem.numeric.simulation.gaussian_steps import gaussian_source
from sgdmem.numeric.simulation.sampled_steps import sampled_source
from tests.numeric.compilation.vector_units import assembly_of_kernels, counts

X86 = ("haswell", "skylake-avx512")  # AVX2, AVX-512
ARM = ("apple-m1", "neoverse-v1")  # NEON, and SVE beside it


@pytest.mark.parametrize(
    "processor", [*X86, *(pytest.param(x, marks=pytest.mark.slow) for x in ARM)]
)
def test_kernels_of_maps_and_sums(processor: str) -> None:
    sources = [evaluator("qhm").forms.source(damped=False)]
    some = evaluator("heavy-ball")
    sources += [kernel_source(some.program, some.parameters, some.shifted)]
    sources += [pole_source(0), pole_source(1), judge_source(1, damped=True)]
    sources += [moment_source(1, (True,) * 4 + (False,) * 2, coupled) for coupled in (False, True)]
    for source in sources:
        text = assembly_of_kernels(source, "x86_64" if processor in X86 else "aarch64", processor)
        found = counts(text)
        assert found["gathers"] == 0 and found["products"] > 5
        assert found["packed"] >= source.count(" / ")


@pytest.mark.parametrize("processor", [*X86, *ARM])
def test_simulated_steps(processor: str) -> None:
    """Normal numbers in vectors, and moves and sums of modes."""
    source, others = gaussian_source(1, (True,) * 5 + (False,)), sampled_source(1, (True,) * 6)
    kind = "x86_64" if processor in X86 else "aarch64"
    found, rows = (counts(assembly_of_kernels(x, kind, processor)) for x in (source, others))
    lanes = {"haswell": 4, "skylake-avx512": 8}.get(processor, 2)
    assert rows["gathers"] == 0 and rows["products"] > 10 * 16 // lanes
    assert found["gathers"] == 0 and found["roots"] == 16 // lanes
    assert found["products"] >= source.count("fma(") * 16 // lanes


@pytest.mark.slow
@pytest.mark.parametrize("processor", [*X86, *ARM])
def test_all_poles(processor: str) -> None:
    """Members are side by side in all divisions: those of 16, or of 8 where bodies are long."""
    source = "\n".join(map(own_source, KERNELS))
    text = assembly_of_kernels(source, "x86_64" if processor in X86 else "aarch64", processor)
    found, lanes = counts(text), {"haswell": 4, "skylake-avx512": 8}.get(processor, 2)
    assert found["gathers"] == 0
    assert found["packed"] >= 60 * 8 // lanes


@pytest.mark.slow
@pytest.mark.parametrize("processor", [*X86, "apple-m1"])
def test_kernels_by_numba(processor: str) -> None:
    """Where it cannot see that an index is not negative, LLVM gathers on AVX-512.

    Sums that did so took ten times as long there as on AVX2, with as many packed divisions.
    """
    module, forced = "tests.numeric.compilation.vector_units", processor in X86
    told = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""} if forced else {}
    done = subprocess.run(
        [sys.executable, "-m", module, *([] if forced else ["aarch64", processor])],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert sorted(found) == ["summands"]
    for name, some in found.items():
        assert some["gathers"] == 0 and some["products"] > 5, name
    assert found["summands"]["packed"] >= 2
