"""Machine code around the kernels of maps and sums: from parameters to results, in chunks."""

from __future__ import annotations

from math import inf, nan

from sgdmem.numeric.compilation.kernel_words import calling, machine_code, shaped
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import NOISE, RADIUS, ROWS, STATE
from sgdmem.numeric.compiled_maps.node_sums import CHUNK


@machine_code("f8[:,:,::1], i8[::1], i8[::1], i8, f8[:,:,::1]")
def spread(axes, sizes, strides, start, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` with the values, and the bounds of their errors, at the points from ``start``.

    ``axes`` holds both for each parameter, padded. A value holds for as many points as the stride
    says, then the next one does; an axis begins again at its end.
    """
    for k in range(sizes.size):
        size, stride = sizes[k], strides[k]
        place, left = (start // stride) % size, stride - start % stride
        for p in range(out.shape[2]):
            out[0, k, p] = axes[0, k, place]
            out[1, k, p] = axes[1, k, place]
            left -= 1
            if left == 0:
                left = stride
                place = place + 1 if place + 1 < size else 0


call_coefficients = calling("f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1], i8, i8")
call_judge = calling("f8[:,::1], f8[:,::1], f8[:,::1], i8, f8, f8, f8[:,::1], i8, i8")
call_finish = calling(
    "f8[:,::1], f8[:,::1], i8, i8, b1, i8, i1[::1], i1[::1], f8[::1], f8[::1], i8[::1]"
)


@machine_code(
    "i8, i8, i8, i8, f8[:,::1], i8, f8, f8, f8[:,:,::1], i8[::1], i8[::1], f8[:,::1], i8, b1, "
    "i8, i1[::1], i1[::1], f8[::1], f8[::1], i8, i8[::1], f8[::1]"
)
def judge_by_poles(  # type: ignore[no-untyped-def]
    coefficients, count, judge, finish, table, first, largest, spread_of_largest,
    axes, sizes, strides, shares, share_stride, diverges, sums, stable, summed, noise_sum, margin,
    start, unsettled, space,
):  # fmt: skip
    """Judge the points from ``start``, chunk by chunk, all in machine code.

    ``coefficients`` and ``count`` are those of a `FamilyProgram`, ``judge`` that of
    ``machine_code_by_poles``, ``finish`` that of ``machine_code_of_verdicts``, all by their
    addresses, the four numbers after it a `PoleTable`; the others are those of `spread` and
    `finish`. ``space`` has `space_of_chunk` floats.
    """
    parameters = sizes.size
    numbers, given = space[: 2 * count * CHUNK], space[2 * count * CHUNK :]
    rows = given[2 * parameters * CHUNK :]
    for begin in range(0, stable.size, CHUNK):
        end = min(begin + CHUNK, stable.size)
        n = end - begin
        values = shaped(given, (2, parameters, n))
        spread(axes, sizes, strides, start + begin, values)  # type: ignore[no-untyped-call]
        both = shaped(numbers, (2, count, n))
        call_coefficients(coefficients, (values[0], values[1], both[0], both[1], 0, n))
        found = shaped(rows, (ROWS, n))
        call_judge(
            judge,
            (both[0], both[1], table, first, largest, spread_of_largest, found, 0, n),
        )
        some, sure = stable[begin:end], summed[begin:end]  # empty ones are not looked at
        total, room, at = noise_sum[begin:end], margin[begin:end], start + begin
        call_finish(
            finish,
            (found, shares, share_stride, at, diverges, sums, some, sure, total, room, unsettled),
        )


@machine_code("i8, i8, i8, f8[:,::1], i8, f8, f8, f8[:,::1], f8[:,::1], i8, i8, f8[::1]")
def sums_by_poles(  # type: ignore[no-untyped-def]
    coefficients, count, judge, table, first, largest, spread_of_largest, given, sums, start, stop,
    space,
):  # fmt: skip
    """Fill the columns of ``sums`` from start to stop: noise sums, and bounds of their errors.

    As `judge_by_poles`, for parameters without errors, one in a row of ``given``. A sum is inf
    where the largest eigenvalue is unstable, and NaN, with an infinite bound, where that is open.
    """
    parameters = given.shape[0]
    numbers, values = space[: 2 * count * CHUNK], space[2 * count * CHUNK :]
    results = values[2 * parameters * CHUNK :]
    for begin in range(start, stop, CHUNK):
        n = min(CHUNK, stop - begin)
        some = shaped(values, (2, parameters, n))
        for k in range(parameters):
            for p in range(n):
                some[0, k, p], some[1, k, p] = given[k, begin + p], 0.0
        both = shaped(numbers, (2, count, n))
        call_coefficients(coefficients, (some[0], some[1], both[0], both[1], 0, n))
        rows = shaped(results, (ROWS, n))
        call_judge(
            judge,
            (both[0], both[1], table, first, largest, spread_of_largest, rows, 0, n),
        )
        for p in range(n):
            state = rows[STATE, p]
            known, unstable = state == 1.0, state == -1.0
            sums[0, begin + p] = rows[NOISE, p] if known else (inf if unstable else nan)
            sums[1, begin + p] = rows[RADIUS, p] if known else (0.0 if unstable else inf)
