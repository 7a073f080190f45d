# mypy: allow-untyped-calls
"""Numba as a compiler: from sources to object code that runs without it.

Arrays are handed over as structures without an owner; they are made by whoever calls.
"""

from __future__ import annotations

import json
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.registry import CPUDispatcher
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from sgdmem.numeric.compilation.compiled_modules import run_source

_FLOATS = types.Array(types.float64, 1, "C")
# what code may call: functions of C, and what is never reached, see the linker
_KNOWN = {"memset", "memcpy", "memmove", "NRT_MemInfo_call_dtor"}


def object_code(signature: Any, **options: Any) -> Any:
    """Compile a function without what Python needs to call it."""
    bare: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return njit(signature, nogil=True, **bare, **options)


def compiled_code(source: str, key: str) -> bytes:
    """Return a line that names the functions of a source, and their object code."""
    names = vars(run_source(source, f"<{key}>", key))
    return _packed({name: x for name, x in names.items() if isinstance(x, CPUDispatcher)})


def calling(*arguments: Any) -> Any:
    """Return a function (address, (arguments)) that calls object code with these types."""

    @intrinsic
    def call(context: Any, address: Any, given: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            convention = context.call_conv
            kind = convention.get_function_type(types.void, arguments)
            function = builder.inttoptr(values[0], kind.as_pointer())
            parts = cgutils.unpack_tuple(builder, values[1])
            parts = [
                context.cast(builder, part, old, new)
                for part, old, new in zip(parts, signature.args[1], arguments, strict=True)
            ]
            convention.call_function(builder, function, types.void, arguments, parts)
            return context.get_dummy_value()

        return types.void(types.intp, given), code

    return call


def _on_stack(context: Any, size: Any) -> Any:
    """Return an array of so many floats, a constant, on the stack."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        count = context.get_constant(types.intp, size.literal_value)
        place = cgutils.alloca_once(builder, ir.ArrayType(ir.DoubleType(), size.literal_value))
        return _array(context, builder, signature.return_type, place, [count])

    return (_FLOATS(size), code) if isinstance(size, types.IntegerLiteral) else None


def _shaped(context: Any, flat: Any, shape: Any) -> Any:
    """Return the beginning of a flat array with a shape; whoever calls sees that it is there."""
    array = types.Array(flat.dtype, len(shape), "C")

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        sizes = [
            context.cast(builder, size, kind, types.intp)
            for size, kind in zip(cgutils.unpack_tuple(builder, values[1]), shape, strict=True)
        ]
        place = context.make_array(flat)(context, builder, values[0]).data
        return _array(context, builder, array, place, sizes)

    return array(flat, shape), code


on_stack: Any = intrinsic(_on_stack)
shaped: Any = intrinsic(_shaped)


def _array(context: Any, builder: Any, kind: Any, place: Any, shape: list[Any]) -> Any:
    """Return an array without an owner."""
    made = context.make_array(kind)(context, builder)
    strides = [context.get_constant(types.intp, 8)]
    for size in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], size))
    populate_array(
        made,
        data=builder.bitcast(place, made.data.type),
        shape=shape,
        strides=strides,
        itemsize=context.get_constant(types.intp, 8),
        meminfo=None,
    )
    return made._getvalue()


def _packed(functions: dict[str, Any]) -> bytes:
    table, codes = {}, []
    for name, function in functions.items():
        (made,) = function.overloads.values()
        module = made.library._final_module
        called = {x.name for x in module.functions if x.is_declaration}
        foreign = {x for x in called if not x.startswith("llvm.")} - _KNOWN
        if foreign:
            raise RuntimeError(
                f"{name} calls {sorted(foreign)}, which are not at hand without Numba"
            )
        codes.append(made.library._get_compiled_object())
        table[name] = {
            "symbol": made.fndesc.llvm_func_name,
            "arguments": [_named(kind) for kind in made.signature.args],
            "bytes": len(codes[-1]),
        }
    return json.dumps(table).encode() + b"\n" + b"".join(codes)


def _named(kind: Any) -> str:
    if isinstance(kind, types.Array):
        return f"{kind.dtype} {kind.ndim}"
    return str(kind)
