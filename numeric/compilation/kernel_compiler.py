"""A compiler from kernels to object code: LLVM alone, without Numba.

Kernels are generated: long straight lines inside loops over members side by side. Such a loop says
that it is one, ``for p in lanes(start, stop)``, and vectors are written at once, so that nothing
has to be found out, for which a compiler of all of Python takes ten to a hundred times longer.

A kernel may hold assignments, ``if``, loops over ``range`` upwards and over ``lanes``, ``break``;
floats, integers of 64 bits and flags; ``+ - * / // % >> << & | ^``, comparisons, ``and``, ``or``,
``not``, ``x if c else y``, ``abs``, ``min``, ``copysign``, ``sqrt``; and the words of
`sgdmem.numeric.compilation.kernel_words`, such as parts, functions that are written out where they
are called. Each has one type, and everything else is refused, and so is what may be read before it
has a value. In ``lanes`` there are neither loops nor branches; what is assigned belongs to the
loop, but for flags from outside, ``flag = flag | …``, which one lane is enough to set, and sums,
``total = total + …``. Each lane has its sum, and these are added in one order on all processors.
Loops over whole vectors are better told so: ``lanes(16 * first, 16 * n)``. Arrays are given with
one member in each column; rows of a flat array, ``array[16 * row + p]`` with any number outside as
the row, hold 16 members side by side, in loops over whole vectors.

It differs from Python in this: both parts of ``and``, ``or`` and ``x if c else y`` are computed,
``x / 0`` is infinite or no number, integers wrap around, and nobody looks whether an index is
within its array, whether an integer is divided by 0, or whether arrays that are given overlap.
"""

from __future__ import annotations

import ast
import json
import math
import operator
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from sgdmem.numeric.compilation.kernel_names import check_names
from sgdmem.numeric.compilation.kernel_parts import is_marked, without_parts
from sgdmem.numeric.compilation.kernel_writer import KernelWriter, types_of
from sgdmem.numeric.compilation.lane_loops import COPIES

_CONSTANT: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_NAMES = {"f8": "float64", "i8": "int64", "i1": "int8", "b1": "bool"}


def compiled_kernels(source: str) -> bytes:
    """Return a line that names the kernels of a source, and their object code."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    text, table = written_kernels(source)
    name, features = _processor(llvm)
    target = llvm.Target.from_default_triple()
    options = {"cpu": name, "features": features, "opt": 3, "jit": True}
    machine = target.create_target_machine(**options)
    code: bytes = machine.emit_object(optimized(text, machine))
    return json.dumps(table).encode() + b"\n" + code


def optimized(text: str, machine: Any) -> Any:
    """Return LLVM's code of kernels as a module that is ready for a processor."""
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    module.verify()
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)
    return module


def _processor(llvm: Any) -> tuple[str, str]:
    """Return what code is made for: Numba's settings, or else this processor."""
    name, features = (os.environ.get(f"NUMBA_CPU_{x}") for x in ("NAME", "FEATURES"))
    own = llvm.get_host_cpu_features().flatten() if features is None else features
    return name or llvm.get_host_cpu_name(), own


def written_kernels(source: str) -> tuple[str, dict[str, Any]]:
    """Return LLVM's code of a source, and for each kernel its symbols and types of arguments."""
    texts, table = [COPIES], {}
    constants: dict[str, float] = {"inf": math.inf, "nan": math.nan}
    calls: dict[str, str] = {}
    kernels: dict[str, str] = {}
    parts: dict[str, ast.FunctionDef] = {}
    for node in ast.parse(source).body:
        match node:
            case ast.ImportFrom(module=str(module)) if module.startswith("sgdmem."):
                home = vars(import_module(module))
                for x in node.names:
                    if isinstance(home[x.name], int | float):
                        _give(constants, x.name, home[x.name])
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="calling"), args=[ast.Constant(value=signature)]),
            ):
                calls[name] = str(signature)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                _give(constants, name, _number(value, constants))
            case ast.FunctionDef(name=name) if is_marked(node, "part"):
                _give(parts, name, node)
            case ast.FunctionDef(
                name=name, decorator_list=[ast.Call(func=ast.Name(id="machine_code")) as mark]
            ):
                signature = ast.literal_eval(mark.args[0])
                _give(kernels, name, signature)
                contract = any(ast.literal_eval(x.value) for x in mark.keywords)
                node = without_parts(node, parts, constants)
                check_names(node, constants.keys() | {"int64"})
                known = constants, calls, kernels
                texts.append(KernelWriter(node, signature, contract, *known).text)
                arguments = [
                    f"{_NAMES[kind]} {dimension}" if dimension else _NAMES[kind]
                    for kind, dimension in types_of(signature)
                ]
                texts.append(_entry(name, arguments))
                symbols = {"symbol": name, "entry": f"{name}.words"}
                table[name] = {**symbols, "arguments": arguments}
    return "\n".join(texts), table


def _entry(name: str, arguments: list[str]) -> str:
    """Return a function that calls a kernel with what lies side by side, 8 bytes each.

    Arguments that Python hands over one by one take longer than a thousand points.
    """
    kinds: list[str] = []
    for argument in arguments:
        kind, _, dimension = argument.partition(" ")
        if dimension:
            kinds += ["ptr", *["i64"] * int(dimension)]
        else:
            kinds.append("double" if kind == "float64" else "i64")
    lines = [f"define void @{name}.words(ptr %words) nounwind {{"]
    for k, kind in enumerate(kinds):
        lines.append(f"  %at{k} = getelementptr i64, ptr %words, i64 {k}")
        lines.append(f"  %word{k} = load {kind}, ptr %at{k}, align 1")
    given = ", ".join(f"{kind} %word{k}" for k, kind in enumerate(kinds))
    return "\n".join([*lines, f"  call void @{name}({given})", "  ret void", "}\n"])


def _give(known: dict[str, Any], name: str, value: Any) -> None:
    """Say what a name means; in a source that is joined from modules it means one thing."""
    if known.setdefault(name, value) != value:
        raise TypeError(f"{name} means several things")


def _number(node: ast.expr, constants: Mapping[str, float]) -> Any:
    """Return the value of a constant of a module."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name) if name in constants:
            return constants[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, constants)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _CONSTANT:
            return _CONSTANT[type(sign)](_number(left, constants), _number(right, constants))
    raise TypeError(f"no constant of kernels: {ast.unparse(node)}")
