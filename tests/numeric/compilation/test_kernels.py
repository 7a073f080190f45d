"""Kernels in machine code: they do what they say in plain Python."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.kernel_compiler import compiled_kernels, written_kernels
from sgdmem.numeric.compilation.object_code import load_code

HEAD = """\
from math import copysign, inf

from numpy import int64
from sgdmem.numeric.compilation.kernel_words import lanes, machine_code, on_stack, shaped
"""
LANES = """
@machine_code("f8[:,::1], f8[::1], f8, i8, i8, f8[:,::1]")
def kernel(given, nodes, shift, start, stop, out):
    room, rest = on_stack(192), on_stack(64)
    for begin in range(start, stop, 64):
        members = min(64, stop - begin)
        for p in lanes(members):
            x, y = given[0, begin + p], given[1, begin + p]
            room[0 + p], room[64 + p] = x * y - shift, abs(x) / y
            room[128 + p] = copysign(2.0, -x) if (x > y) & (y != 0.5) else 3
            rest[p] = 0.0
        found = False
        for p in lanes(members):
            found = found | (room[0 + p] >= 1.0)
        for k in range(nodes.size):
            node = nodes[k]
            if node == 7.0:
                break
            elif node > 5.0 and found:
                node += 100
            for p in lanes(members):
                rest[p] = rest[p] + node * (room[64 + p] if shift < node else room[128 + p])
                rest[p] = rest[p] if rest[p] < 1e3 else -inf
        for p in lanes(members):
            out[0, begin + p] = rest[p]
            out[2, begin + p] = room[0 + p] * 2 + (1.0 if found else 0.0)
"""
SCALARS = """
@machine_code("f8[:,:,::1], i8[::1], f8[::1], i1[::1], b1")
def kernel(table, sizes, flat, flags, turned):
    bits, room = 0, on_stack(4)
    numbers = room.view(int64)
    total, signs = 0.0, shaped(flat, (2, 3))
    for k in range(1, table.shape[2], 2):
        part, row = table[1], sizes[k] // 3 + 1
        room[k % 4] = part[row % 2, k]
        bits = numbers[k % 4] >> 52
        total = total + (bits - 1023) * min(part[0, k], signs[k % 2, 2])
        flags[k] = -1 if not (total < 0 or turned) else flags[k - 1] + 1
        place = k + 1 if k + 1 < 5 else 0
        flat[place] = total / (1 - place) if place else -total
    tail = flat[2:]
    tail[1] = tail.size + flat[0]
"""


def plain(source: str) -> Callable[..., None]:
    names: dict[str, Any] = {}
    exec(HEAD + source, names)
    found: Callable[..., None] = names["kernel"]
    return found


def both(source: str) -> tuple[Callable[..., None], Callable[..., None]]:
    return plain(source), load_code(HEAD + source).kernel


@pytest.mark.parametrize("size", [1, 15, 16, 17, 63, 64, 65, 200])
def test_lanes(size: int, rng: np.random.Generator) -> None:
    """Whatever is left over; what lies outside of the members stays as it was."""
    given = rng.standard_normal((2, size + 9))
    given[:, 5:7] = 0.5, 0.25
    results: list[Array] = []
    for kernel in both(LANES):
        out = np.full((3, size + 9), np.nan)
        kernel(given, np.array([1.5, 6.0, -2.0, 7.0, 30.0]), 0.25, 4, 4 + size, out)
        results.append(out)
    assert np.array_equal(results[0], results[1], equal_nan=True)
    assert np.isnan(results[0][1]).all() and np.isnan(results[0][:, [3, size + 4]]).all()
    assert np.isfinite(results[0][2, 4 : size + 4]).all()


@pytest.mark.parametrize("turned", [False, True])
def test_scalars(turned: bool) -> None:
    results = []
    for kernel in both(SCALARS):
        table = np.random.default_rng(5).standard_normal((2, 2, 9))
        flat, flags = np.arange(6.0) - 2.5, np.full(9, 3, dtype=np.int8)
        kernel(table, np.arange(9), flat, flags, turned)
        results.append((flat, flags))
    for one, other in zip(*results, strict=True):
        assert np.array_equal(one, other)
    assert set(results[0][1].tolist()) != {3}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("total = total ** 2", "no operation of kernels: Pow"),
        ("while turned: pass", "no statement of kernels: while turned"),
        ("total = print", "print"),
        ("bits = 1.5", "bits is i64 and double"),
        ("for p in lanes(3): table[0, p] = flat[p]", "second axis of flat"),
        ("for p in lanes(3):\n        if turned: pass", "no branches"),
        ("for p in lanes(3): signs[0, 2 * p] = 0.0", "an index of lanes must be p"),
    ],
)
def test_what_is_no_kernel_is_refused(line: str, message: str) -> None:
    head, _, tail = SCALARS.rpartition("    tail = flat[2:]")
    with pytest.raises((TypeError, KeyError), match=message):
        written_kernels(f"{HEAD}{head}    {line}\n    tail = flat[2:]{tail}")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="a name of such processors")
def test_code_is_made_for_the_processor_that_is_named(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    code = [compiled_kernels(HEAD + LANES)]
    monkeypatch.setenv("NUMBA_CPU_NAME", "x86-64")  # any has its instructions
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "")
    code.append(compiled_kernels(HEAD + LANES))
    assert code[0] != code[1]
    given, found = rng.standard_normal((2, 50)), np.full((2, 3, 50), np.nan)
    for kernel, out in zip(both(LANES), found, strict=True):
        kernel(given, np.array([1.5, 6.0]), 0.25, 0, 50, out)
    assert np.array_equal(found[0], found[1], equal_nan=True)
