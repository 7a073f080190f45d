"""Machine code that turns the noise sums of a map into verdicts, written from the one rule."""

from __future__ import annotations

from functools import lru_cache

from sgdmem.numeric.arithmetic.rounding import INFLATE, UNIT
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import NOISE, PEAK, RADIUS, STATE
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.judges.stability_rule import (
    NOTHING,
    OTHERWISE,
    RESOLVED,
    ROUGHLY_RESOLVED,
    rule_lines,
)

# What the names of the rule are here. The state of the kernels is that of the weakest mode, Schur
# and damping in one, and a pull of 0 is not Schur. Full batches are shares of 0. What is said of
# other names decides nothing more.
_NAMES = {"schur": "known", "trace": "trace"}
# Near 1 the difference is exact: no rounding comes in.
_BOUNDS = {("high", "<"): "{} - total > error", ("low", ">="): "total - {} >= error"}

_HEAD = """\
from math import inf, nan

from sgdmem.numeric.compilation.kernel_words import machine_code


@machine_code("f8[:,::1], f8[:,::1], i8, i8, b1, i8, i1[::1], i1[::1], f8[::1], f8[::1], i8[::1]")
def finish(
    rows, shares, stride, start, diverges, sums, stable, summed, noise_sum, margin, unsettled
):
    size = shares.shape[1]
    place, left = (start // stride) % size, stride - start % stride
    for p in range(stable.size):
        share, share_r, share2 = shares[0, place], shares[1, place], shares[2, place]
        left -= 1
        if left == 0:
            left = stride
            place = place + 1 if place + 1 < size else 0
        state, noise, radius = rows[{STATE}, p], rows[{NOISE}, p], rows[{RADIUS}, p]
"""
# one thread takes points in strides; spread is that of `chunk_loops`
_CUDA_HEAD = """\
from math import inf, nan

from numba import cuda


def spread(members, axes, sizes, strides, start, values, radii, many):
    if cuda.grid(1) == 0:
        many[0] = 0
    for p in range(cuda.grid(1), members, cuda.gridsize(1)):
        for k in range(sizes.size):
            place = ((start + p) // strides[k]) % sizes[k]
            values[k, p], radii[k, p] = axes[0, k, place], axes[1, k, place]


def finish(
    members, rows, shares, stride, start, diverges, sums, stable, summed, noise_sum, margin
):
    for p in range(cuda.grid(1), members, cuda.gridsize(1)):
        place = ((start + p) // stride) % shares.shape[1]
        share, share_r, share2 = shares[0, place], shares[1, place], shares[2, place]
        state, noise, radius = rows[{STATE}, p], rows[{NOISE}, p], rows[{RADIUS}, p]
"""
_BODY = """\
        total = share * noise
        error = abs(share) * radius + share_r * (abs(noise) + radius) + {UNIT!r} * abs(total)
        error = {INFLATE!r} * error
        trace = 0
        if diverges:
            trace = 1 if share + share_r > 0 else 0
            total, error = inf if trace else 0.0, 0.0
        known = 0.0 if state == 1.0 and not radius < inf else state
{rule}
        stable[p] = flag
        sure = known == 1.0
        left_open = flag == -1
        {kept}summed[p] = 1 if sure and total < inf else -1
        if sums > 0:
            within = {RESOLVED!r} if flag == 1 else {ROUGHLY_RESOLVED!r}
            told = total if error <= within * abs(total) + {NOTHING!r} else nan
            noise_sum[p] = told if sure else inf
            left_open = left_open | (sure & (told != told))
            if sums > 1:
                least = 1 / (1 - share2 * rows[{PEAK}, p]) if share2 < 0 else 1.0  # 1 + (tau2/B) s
                room = 1 - told
                margin[p] = (least if least < room else room) if sure else -inf
{counted}"""
# while it is at hand: to look for what is open afterwards takes as long as to write the results
_COUNTED = """\
        if left_open:
            unsettled[0] = unsettled[0] + 1
"""


@lru_cache(maxsize=2)
def finish_source(cuda: bool = False) -> str:
    """Return a module with the function ``finish``, which fills in verdicts, sums and margins.

    ``finish(rows, shares, stride, start, diverges, *results, unsettled)`` takes the ``rows``
    of the kernels for the points from ``start``; ``shares`` is an axis of tau1 / B, the bound of
    its error, and tau2 / B. With ``diverges`` the sum is infinite unless tau1 = 0. The results are
    those of `sgdmem.numeric.compiled_maps.points.Outcomes`, which says what is kept. For ``cuda``
    it takes the number of members first, ``summed`` may be empty, and ``spread`` is there, too,
    which writes out the parameters, and a 0 of those that are left to a later stage.
    A sum whose bounds decide, but do not tell it (`ROUGHLY_RESOLVED`), is NaN.
    """
    branches = filter(None, rule_lines(_branch))
    lines = "\nel".join([*branches, f"se:\n    flag = {OTHERWISE.flag}"])
    counted = "" if cuda else _COUNTED
    kept = "if summed.size > 0: " if cuda else ""
    constants: dict[str, float] = {"STATE": STATE, "NOISE": NOISE, "RADIUS": RADIUS, "PEAK": PEAK}
    constants |= {
        "UNIT": UNIT,
        "INFLATE": INFLATE,
        "RESOLVED": RESOLVED,
        "ROUGHLY_RESOLVED": ROUGHLY_RESOLVED,
        "NOTHING": NOTHING,
    }
    rule = "\n".join(f"        {line}" for line in lines.splitlines())
    head = _CUDA_HEAD if cuda else _HEAD
    return (head + _BODY).format(**constants, rule=rule, kept=kept, counted=counted)


def _branch(name: str, sign: str, number: str, reason: Reason) -> str:
    bound = _BOUNDS.get((name, sign))
    if bound is None and name not in _NAMES:
        return ""
    condition = f"{_NAMES[name]} {sign} {number}" if bound is None else bound.format(number)
    return f"if {condition}:\n    flag = {reason.flag}"
