"""Machine code that is kept as object code and runs without Numba.

What `sgdmem.numeric.compilation.kernel_compiler` made of a source is kept in one file, see
`sgdmem.numeric.compilation.cache_folder`, and linked by LLVM. Such functions return nothing,
allocate nothing, and raise nothing.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from struct import Struct
from struct import error as StructError
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
_WORDS = {"int64": "q", "float64": "d", "bool": "q"}
_entry_of = ctypes.CFUNCTYPE(None, ctypes.c_char_p)  # without Python's lock


class ObjectCode:
    """A function in machine code.

    Parameters
    ----------
    address : int
        Where it is, for other machine code.
    entry : int
        Where it takes its arguments side by side.
    arguments : list of str
        For each the type of a number, or of an array's entries and its dimension: ``"float64 2"``.
    """

    def __init__(self, address: int, entry: int, arguments: list[str]) -> None:
        self.address = address
        words = ""
        self._arrays: list[tuple[np.dtype[Any], int] | None] = []
        for argument in arguments:
            name, _, dimension = argument.partition(" ")
            self._arrays.append((np.dtype(name), int(dimension)) if dimension else None)
            words += "q" * (1 + int(dimension)) if dimension else _WORDS[name]
        self._pack = Struct(words).pack
        self._words = _written_packing(self._arrays, self._pack)
        self._call = _entry_of(entry)

    def __call__(self, *arguments: Any) -> None:
        """Run it on contiguous arrays and numbers of the right types."""
        try:
            words = self._words(arguments)
        except (TypeError, ValueError, StructError):
            words = self._pack(*self._flat(arguments))
        self._call(words)  # bytes of its own: threads may call it at once

    def _flat(self, arguments: tuple[Any, ...]) -> list[Any]:
        """Return what is handed over, also of arrays that are empty or not to be written to."""
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
            flat += [value.__array_interface__["data"][0], *value.shape]
        return flat


def _written_packing(
    arrays: list[tuple[np.dtype[Any], int] | None], pack: Callable[..., bytes]
) -> Callable[[tuple[Any, ...]], bytes]:
    """Return a function that packs arguments, written out: a loop over them takes twice as long.

    It raises where an array is not of its type, contiguous, writable and of some length.
    """
    names = [f"a{k}" for k in range(len(arrays))]
    scope: dict[str, Any] = {
        "pack": pack,
        "first": ctypes.c_char.from_buffer,
        "address": ctypes.addressof,
    }
    tests, words = ["True"], []
    for name, array in zip(names, arrays, strict=True):
        if array is None:
            words.append(name)
            continue
        scope[f"{name}_type"] = array[0]
        tests.append(f"{name}.dtype == {name}_type and {name}.ndim == {array[1]}")
        words.append(f"address(first({name})), *{name}.shape")
    text = f"""def packed(given):
    [{", ".join(names)}] = given
    if {" and ".join(tests)}:
        return pack({", ".join(words)})
    raise TypeError
"""
    exec(text, scope)
    return scope["packed"]  # type: ignore[no-any-return]


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
    place = engine.get_function_address
    return SimpleNamespace(
        **{
            name: ObjectCode(place(x["symbol"]), place(x["entry"]), x["arguments"])
            for name, x in json.loads(head).items()
        }
    )
