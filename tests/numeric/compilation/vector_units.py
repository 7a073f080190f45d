"""What kernels are made of in assembly.

``python -m tests.numeric.compilation.vector_units [aarch64 apple-m1]`` prints it of those that
Numba compiles: for the processor that it is told (``NUMBA_CPU_NAME``, ``NUMBA_CPU_FEATURES``), or
for another one of LLVM's that is named. The last line is JSON.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import llvmlite.binding as llvm
from numba.core.codegen import CPUCodeLibrary
from numba.core.registry import CPUDispatcher

from sgdmem.numeric.compilation.kernel_compiler import optimized, written_kernels
from sgdmem.numeric.exported_code.evaluator import evaluator

VECTOR = r"(?:%[yz]mm\d|v\d+\.2d|z\d+\.d)"  # of AVX2 and AVX-512, of NEON, of SVE
PATTERNS = {
    "packed": rf"\s(?:vdivpd|fdivr?)\s[^\n]*{VECTOR}",
    "products": rf"\s(?:vmulpd|vfn?m\w+pd|fmul|fn?m(?:la|ls|ad|sb))\s[^\n]*{VECTOR}",
    "roots": rf"\s(?:vsqrtpd|fsqrt)\s[^\n]*{VECTOR}",
    "gathers": r"\s(?:v(?:gather|scatter)\w+\s|(?:ld1|st1)d\s[^\n]*\[[^\]]*z\d)",
}
_REFERENCES = re.compile(r"^define [^\n]*@(NRT_[a-z]+ref)\(.*?^}\n", re.MULTILINE | re.DOTALL)


def sources() -> Iterator[tuple[str, str, str]]:
    """Make names, functions and sources of what is exported for Numba to compile."""
    yield "summands", "summands", evaluator("heavy-ball").source(compiled=True)


def counts(text: str) -> dict[str, int]:
    """Return how many packed divisions, products and roots, and gathers, an assembly has."""
    return {key: len(re.findall(pattern, text)) for key, pattern in PATTERNS.items()}


def assembly_of_kernels(source: str, architecture: str, processor: str) -> str:
    """Return the assembly of kernels of maps and sums, which are compiled without Numba."""
    machine = machine_for(architecture, processor)
    return str(machine.emit_assembly(optimized(written_kernels(source)[0], machine)))


def machine_for(architecture: str, processor: str) -> llvm.TargetMachine:
    """Return what writes the machine code of a processor, this one or another."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(f"{architecture}-unknown-linux-gnu")
    return target.create_target_machine(cpu=processor, opt=3)


def assembly(source: str, function: str, target: list[str]) -> str:
    """Return the assembly of a function, by Numba or from what Numba gave to LLVM."""
    given: dict[str, str] = {}
    scope: dict[str, Any] = {}
    libraries: Any = CPUCodeLibrary
    optimize = libraries._optimize_final_module

    def recorded(library: Any) -> None:
        given[library.name] = str(library._final_module)
        optimize(library)

    libraries._optimize_final_module = recorded
    try:
        exec(re.sub(r"cache=True,\s+", "", source), scope)
    finally:
        libraries._optimize_final_module = optimize
    found = scope[function]
    assert isinstance(found, CPUDispatcher)
    made: Any = next(iter(found.overloads.values()))
    if not target:
        return str(made.library.get_asm_str())
    # what counts references is for this processor only
    code = re.sub(_REFERENCES, r"declare void @\1(ptr)\n", given[made.library.name])
    return for_another(code, *target)


def for_another(code: str, architecture: str, processor: str) -> str:
    """Return the assembly that LLVM makes of Numba's code for another processor."""
    machine = machine_for(architecture, processor)
    code = re.sub(r'target triple = "[^"]*"', f'target triple = "{machine.triple}"', code)
    layout = f'target datalayout = "{machine.target_data}"'
    module = llvm.parse_assembly(re.sub(r'target datalayout = "[^"]*"', layout, code))
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = True
    builder = llvm.create_pass_builder(machine, options)
    manager = builder.getModulePassManager()
    manager.run(module, builder)
    return str(machine.emit_assembly(module))


def main() -> None:
    """Print the counts of each kernel."""
    found = {
        name: counts(assembly(source, function, sys.argv[1:]))
        for name, function, source in sources()
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
