"""Kernels in machine code: they do what they say in plain Python."""

from __future__ import annotations

import platform
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.kernel_compiler import compiled_kernels, written_kernels
from sgdmem.numeric.compilation.kernel_writer import types_of
from sgdmem.numeric.compilation.object_code import load_code

HEAD = """\
from math import copysign, inf, sqrt

from numpy import int64
from sgdmem.numeric.compilation.kernel_words import (
    bits_of, float_of, fma, lanes, machine_code, on_stack, part, shaped,
)
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
SUMS = """
@machine_code("f8[:,::1], i8[:,::1], f8[::1]")
def kernel(given, words, sums):
    total, squares = sums[0], 0.0
    for p in lanes(given.shape[1]):
        total = total + given[0, p]
        x = given[0, p] * given[0, p]
        squares += 6 * x + x
        near = fma(given[1, p], given[2, p], -given[1, p] * given[2, p])
        root = sqrt(abs(near))
        words[0, p] = bits_of(root) ^ (words[0, p] | (words[0, p] >> 3) & 12)
        words[1, p] = bits_of(float_of(words[1, p] & 0x7FF0000000000000) * 0.5)
    for p in lanes(16 * (given.shape[1] // 16)):
        words[1, p] = words[1, p] << 3
    sums[0], sums[1] = total, squares
"""
SCALARS = """
@part
def turn(x, y):
    return y, -x


@part
def wrong(x):
    return x + total


@part
def endless(x):
    x = x + 1.0


@part
def entries(rows, k, p):
    return rows[k, p], rows[k + 1, p]


@part
def put(rows, k, p, x, y):
    x = x + y
    rows[k, p], rows[k + 1, p] = x, y


@part
def moved(rows, k):
    k = k + 1
    return rows[k]


@part
def swapped(rows, k, x):
    rows[k] = x
    return x


@part
def chosen(x):
    if x > 0.0:
        x = 1.0
    return x


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
    low, high = entries(signs, 0, bits - bits + 1)
    put(signs, 2 - 2, 2, high, low)
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


@pytest.mark.parametrize("size", [1, 16, 40, 48])
def test_sums_bits_and_roots(size: int, rng: np.random.Generator) -> None:
    """Sums of whole numbers, which are the same in any order, and beyond which nothing counts."""
    given = np.vstack([rng.integers(-99, 99, size), rng.standard_normal((2, size)) * 1e9])
    results = []
    for kernel in both(SUMS):
        sums, words = np.array([0.5, 0.0]), np.arange(2 * size).reshape(2, size) << 57
        kernel(given, words, sums)
        results.append((words, sums))
    assert all(map(np.array_equal, *results))
    assert results[0][1].tolist() == [0.5 + given[0].sum(), 7 * (given[0] ** 2).sum()]


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
        ("total = print", "print may have no value"),
        ("bits = 1.5", "bits is i64 and double"),
        ("for p in lanes(3): table[0, p] = flat[p]", "second axis of flat"),
        ("for p in lanes(3):\n        if turned: pass", "no branches"),
        ("for p in lanes(3): signs[0, 2 * p] = 0.0", "an index of lanes must be p"),
        # what Python means otherwise
        ("for k in range(3, 0, -1): bits = k", "a step is a number above 0, not -1"),
        ("for k in range(2.5): bits = k", "loops count integers, not i64 and double"),
        ("for k in reversed(range(3)): bits = k", "no loop of kernels"),
        ("for k in range(3): bits = k\n    else: bits = 7", "no statement of kernels: for k"),
        ("bits, *total = 1, 2.0", "do not assign to \\*total"),
        ("sizes[0] = 2.5", "double for i64: sizes"),
        ("flat[0] = turned", "i1 for double: flat"),
        ("flags[0] = turned", "i1 for i8: flags"),
        ("flat[turned] = 1.0", "no natural number: turned"),
        ("flat[-1] = 1.0", "no natural number: -1"),
        ("flat[0] = flat[::2][0]", "no statement of kernels"),
        ("flat[0] = table[0, 1]", "no statement of kernels"),
        ("total = 1.0 if turned < True else 2.0", "no comparison of kernels: Lt of i1"),
        ("total = total // 2.0", "no operation of kernels: FloorDiv of double"),
        ("bits = bits // 0", "divides by 0"),
        ("bits = bits >> bits", "shift by 0 to 63"),
        ("bits = 2**63", "no operation"),
        ("bits = 9223372036854775808", "have 64 bits"),
        ("total = min(total, 1.0, 2.0)", "no function of kernels: min"),
        ("total = max(total, 1.0)", "no function of kernels: max"),
        ("total = min(total, 1.0, key=1)", "no expression of kernels"),
        # names
        ("total = missing", "missing may have no value here"),
        ("if turned: late = 1.0\n    total = late", "late may have no value here"),
        ("for k in range(3): late = 1.0\n    total = late", "late may have no value here"),
        ("for k in range(3):\n        if turned: break\n        late = 1.0\n    total = late",
         "late may have no value here"),
        ("flat = 1.0", "flat is given twice"),
        ("signs = shaped(flat, (3, 2))", "signs is given twice"),
        # lanes
        ("for p in lanes(0, 3, 2): total = 1.0", "no loop of kernels"),
        ("for p in lanes(3): total = signs[0, p] + total", "total may have no value here"),
        ("for p in lanes(3): bits = bits + 1", "lanes gather flags and floats"),
        ("for p in lanes(3): total, signs[0, p] = total + 1.0, total", "total may have no value"),
        ("total = fma(total, 1.0)", "no function of kernels: fma"),
        ("total = float_of(total)", "no function of kernels: float_of of double"),
        ("bits = 1 << bits", "shift by 0 to 63"),
        ("for p in lanes(3): total = 1.0\n    flat[0] = total", "total may have no value here"),
        ("for k in range(2):\n        flat[k] = total\n        for p in lanes(3): total = 1.0",
         "total may have no value here"),
        ("for p in lanes(3): signs[0, p] = p", "p is no number in lanes"),
        ("for p in lanes(3): p = 2", "p is given twice"),
        ("for p in lanes(3): signs[0, p] = signs[1, bits + p]", "begin at several places"),
        ("for p in lanes(3): x, signs[0, p + p] = 1.0, 0.0", "begin at several places"),
        ("for p in lanes(3): signs[-1, p] = 0.0", "a natural number, written out: -1"),
        ("other = shaped(flat, (2, 3))\n    for p in lanes(3): other[0, p] = signs[0, p]",
         "an array with several names: other, signs"),
        ("for p in lanes(3): room[0 + p] = 1.0", "rows of room are not multiples of 16"),
        ("wide = on_stack(32)\n    for p in lanes(8, 9): wide[p] = 1.0", "at a multiple of 16"),
        ("for p in lanes(3):\n        for q in lanes(3): x = 1.0", "no branches or loops"),
        ("for k in range(3):\n        for p in lanes(3): break", "no branches or loops"),
        ("for p in lanes(3):\n        turned = turned | (signs[0, p] > 1.0)\n"
         "        signs[1, p] = 1.0 if turned else 0.0", "lanes gather something and use it"),
        ("for p in lanes(3): kernel(table, sizes, flat, flags, turned)", "no calls in lanes"),
        ("for p in lanes(15): flat[p] = 1.0", "second axis of flat"),
        ("for p in lanes(16): flat[8 * bits + p] = 1.0", "rows of flat are not multiples of 16"),
        ("for p in lanes(16):\n        bits = 1\n        flat[16 * bits + p] = 1.0",
         "bits may have no value here|begins at what lanes change"),
        ("for p in lanes(16): sizes[p] = 1", "second axis of sizes"),
        # parts
        ("total = turn(total)", "turn takes 2 numbers, not 1"),
        ("total = turn(total, y=1.0)", "no named arguments"),
        ("total = 1.0 + turn(total, 1.0)", "turn is no single number"),
        ("total = wrong(total)", "total may have no value in wrong"),
        ("total = endless(total)", "the part endless does not end in what it returns"),
        ("total = chosen(total)", "a part assigns and returns: if x"),
        ("total = moved(flat, 1)", "the part moved changes an index"),
        ("total = swapped(flat, 1, total)", "swapped fills in entries and returns something"),
        ("total = put(signs, 0, 1, 1.0, 2.0)", "the part put does not end in what it returns"),
        ("turn(total, 1.0)", "turn returns something that is not used"),
        ("for p in lanes(3): put(signs, bits, p, 1.0, 2.0)", "a natural number, written out: bits"),
        ("total = turn(total, 1.0)", "no expression of kernels"),
        # calls
        ("kernel(table, flat, flat, flags, turned)", "no 1-d array of i8: flat"),
        ("kernel(table, sizes, flat, flags, 1)", "i64 for b1: 1"),
        ("kernel(table, sizes, flat, flags)", "no statement of kernels: kernel"),
    ],
)  # fmt: skip
def test_what_is_no_kernel_is_refused(line: str, message: str) -> None:
    head, _, tail = SCALARS.rpartition("    tail = flat[2:]")
    with pytest.raises(TypeError, match=message):
        written_kernels(f"{HEAD}{head}    {line}\n    tail = flat[2:]{tail}")


def test_special_values() -> None:
    """Of two numbers min is the first one unless the second one is less, as in Python."""
    lines = """
        x, y = given[0, p], given[1, p]
        out[0, p], out[1, p] = min(x, y), -x
        out[2, p], out[3, p] = 1.0 if x != y else 2.0, 1.0 if not x <= y else 2.0
"""
    pairs = np.array(list(product([0.0, -0.0, 1.0, 5e-324, np.inf, -np.inf, np.nan], repeat=2))).T
    for loop in ("lanes", "range"):
        results: list[Array] = []
        for kernel in both(f"""
@machine_code("f8[:,::1], f8[:,::1]")
def kernel(given, out):
    for p in {loop}(given.shape[1]):{lines}"""):
            results.append(np.empty((4, pairs.shape[1])))
            kernel(np.ascontiguousarray(pairs), results[-1])
        assert np.array_equal(results[0], results[1], equal_nan=True)
        number = ~np.isnan(results[0])
        assert np.array_equal(np.signbit(results[0][number]), np.signbit(results[1][number]))


def test_other_types_are_refused() -> None:
    for types in ("f4[::1]", "f8[:]", "f8[:,:]", "u8", "b1[::2]"):
        with pytest.raises(TypeError, match="no types of kernels: "):
            types_of(f"f8[:,::1],i8, {types}, b1")


def test_lanes_beyond_the_last_one_set_no_flag() -> None:
    """Rows on the stack hold anything there."""
    found = load_code(f"""{HEAD}
@machine_code("i8, f8[::1]")
def kernel(members, out):
    room, found = on_stack(16), False
    for k in range(16):
        room[k] = 1.0 if k < members else 2.0
    for p in lanes(members):
        found |= room[p] > 1.5
    out[0] = 1.0 if found else 0.0
""").kernel
    for members in (0, 1, 15, 16):
        out = np.empty(1)
        found(members, out)
        assert out[0] == 0


def test_integers_are_divided_as_in_python() -> None:
    source = """
@machine_code("i8[::1], i8, i8[:,::1]")
def kernel(given, by, out):
    for k in range(given.size):
        out[0, k], out[1, k], out[2, k] = given[k] // by, given[k] % by, given[k] % 4
        out[3, k], out[4, k] = abs(given[k]), given[k] >> 1
"""
    given = np.array([0, 1, -1, 7, -7, 8, -8, 2**62, -(2**62) - 1])
    for by in (1, -1, 3, -3, 8):
        results = []
        for kernel in both(source):
            results.append(np.empty((5, given.size), dtype=np.int64))
            kernel(given, by, results[-1])
        assert np.array_equal(results[0], results[1])


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
