"""Machine code that is kept as object code and runs without Numba.

What `sgdmem.numeric.compilation.kernel_compiler` made of a source is kept in one file, see
`sgdmem.numeric.compilation.cache_folder`, and linked by LLVM. Such functions return nothing,
allocate nothing, and raise nothing.
"""

from __future__ import annotations

import ctypes
import json
from functools import lru_cache
from pathlib import Path
from threading import RLock
from types import SimpleNamespace
from typing import Any

import numpy as np

from sgdmem.numeric.compilation.cache_folder import cache_folder, keep, made_once, read_kept
from sgdmem.numeric.compilation.code_keys import key_of, own_source

_COMPILER = tuple(
    f"sgdmem.numeric.compilation.{name}"
    for name in (
        "kernel_compiler",
        "kernel_names",
        "kernel_parts",
        "kernel_writer",
        "kernel_expressions",
        "kernel_arrays",
        "lane_loops",
        "llvm_lines",
    )
)
_lock = RLock()
_engines: list[Any] = []  # they own the code
_SCALARS = {"int64": ctypes.c_int64, "float64": ctypes.c_double, "bool": ctypes.c_int64}


class ObjectCode:
    """A function in machine code.

    Parameters
    ----------
    address : int
    arguments : list of str
        For each the type of a number, or of an array's entries and its dimension: ``"float64 2"``.
    """

    def __init__(self, address: int, arguments: list[str]) -> None:
        self.address = address
        types: list[Any] = []
        self._arrays: list[tuple[np.dtype[Any], int] | None] = []
        for argument in arguments:
            name, _, dimension = argument.partition(" ")
            if dimension:
                self._arrays.append((np.dtype(name), int(dimension)))
                types += [ctypes.c_void_p, *[ctypes.c_int64] * int(dimension)]
            else:
                self._arrays.append(None)
                types.append(_SCALARS[name])
        self._call = ctypes.CFUNCTYPE(None, *types)(address)  # without Python's lock

    def __call__(self, *arguments: Any) -> None:
        """Run it on contiguous arrays and numbers of the right types."""
        if len(arguments) != len(self._arrays):
            raise TypeError(f"it takes {len(self._arrays)} arguments, got {len(arguments)}")
        flat: list[Any] = []
        for value, array in zip(arguments, self._arrays, strict=True):
            if array is None:
                flat.append(value)
                continue
            dtype, dimension = array
            if value.dtype != dtype or value.ndim != dimension or not value.flags.c_contiguous:
                raise TypeError(f"machine code takes a contiguous array of {dtype}, {dimension}-d")
            flat += [_place(value), *value.shape]
        self._call(*flat)


def _place(array: np.ndarray[Any, Any]) -> Any:
    """Return where the entries are; NumPy's own ways to tell take four times as long."""
    try:
        return ctypes.byref(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]
    except (TypeError, ValueError):  # it may not be written to, or is empty
        return array.__array_interface__["data"][0]


def load_code(source: str) -> SimpleNamespace:
    """Return the functions of a source, by their names.

    Those marked as `sgdmem.numeric.compilation.kernel_words.machine_code`.
    """
    with _lock:
        return _load(source, cache_folder())


def load_own_code(*names: str) -> SimpleNamespace:
    """Return the functions of a module of sgdmem, or of several that call each other's."""
    return load_code("\n".join(map(own_source, names)))


@lru_cache(maxsize=256)
def _load(source: str, root: Path | None) -> SimpleNamespace:
    key = key_of(source, _COMPILER)
    kept = read_kept(key)
    if kept is None:
        with made_once(key):
            kept = read_kept(key)
            if kept is None:
                kept = _compiled(source)
                keep(key, kept)
    return _linked(kept)


def _compiled(source: str) -> bytes:
    from sgdmem.numeric.compilation.kernel_compiler import compiled_kernels

    return compiled_kernels(source)


def _linked(kept: bytes) -> SimpleNamespace:
    """Link what the compiler has made."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    head, _, code = kept.partition(b"\n")
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return SimpleNamespace(
        **{
            name: ObjectCode(engine.get_function_address(x["symbol"]), x["arguments"])
            for name, x in json.loads(head).items()
        }
    )
