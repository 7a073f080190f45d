"""Machine code for second moments over a period, see `MomentsOverAPeriod`."""

from __future__ import annotations

from functools import lru_cache

from sgdmem.numeric.arithmetic.ball import Array

_BLOCK = 32  # 16 pairs each, which go through the whole period together

_HEAD = """\
from sgdmem.numeric.compilation.kernel_words import lanes, machine_code


@machine_code(
    "f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[::1], f8[:,::1], f8[::1]", contract=True
)
def run(still, v, r, each, C, state, heard):
"""


def period_source(still: Array) -> str:
    """Return the source of a kernel that takes moments through a period.

    Its ``run(still, v, r, each, C, state, heard)`` makes a step for each row of ``still``, S_0 row
    by row, and of ``v`` and ``r``. The rows of ``each`` are the eigenvalues of the left modes of
    pairs and those of the right ones; of ``state`` the entries of X, which is overwritten; the
    number of pairs is a multiple of 16. ``C`` and what is ``heard`` are flat: step by step.

    Parameters
    ----------
    still : ndarray, shape (T, m, m)
        Entries that are 0 at all steps take no operations.
    """
    return _source(still.shape[1], tuple((still != 0).any(axis=0).ravel().tolist()))


@lru_cache(maxsize=64)
def _source(size: int, nonzero: tuple[bool, ...]) -> str:
    each = range(size)
    some = [[k for k in each if nonzero[size * a + k]] for a in each]
    lines = [f"s{a}_{k} = still[t, {size * a + k}]" for a in each for k in some[a]]
    lines += [f"v{a}, r{a} = v[t, {a}], r[t, {a}]" for a in each]
    moved = ["left, right, noise = each[0, p], each[1, p], C[16 * row + p]"]
    moved += [f"x{a}_{b} = state[{size * a + b}, p]" for a in each for b in each]
    moved += [f"z{b} = {' + '.join(f'r{a} * x{a}_{b}' for a in each)}" for b in each]
    moved += [f"heard[16 * row + p] = {' + '.join(f'z{b} * r{b}' for b in each)}"]
    moved += [f"z{b} = left * z{b}" for b in each]
    for a in each:
        for b in each:
            terms = [f"v{a} * z{b}", *(f"s{a}_{k} * x{k}_{b}" for k in some[a])]
            moved.append(f"y{b} = {' + '.join(terms)}")
        heard = " + ".join(f"y{k} * r{k}" for k in each)
        moved.append(f"w = right * ({heard}) + noise * v{a}")
        for b in each:
            terms = [f"w * v{b}", *(f"y{k} * s{b}_{k}" for k in some[b])]
            moved.append(f"state[{size * a + b}, p] = {' + '.join(terms)}")
    body = [
        "parts = each.shape[1] // 16",
        f"for first in range(0, parts, {_BLOCK}):",
        f"    last = parts if parts < first + {_BLOCK} else first + {_BLOCK}",
        "    for t in range(still.shape[0]):",
        "        row = t * parts",
        *(f"        {line}" for line in lines),
        "        for p in lanes(16 * first, 16 * last):",
        *(f"            {line}" for line in moved),
    ]
    return _HEAD + "".join(f"    {line}\n" for line in body)
