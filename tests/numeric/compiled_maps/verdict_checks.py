"""What the kernel that turns sums into verdicts must hold."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np

from tests.numeric.compiled_maps.plain_kernels import Kernel


def check_finish(finish: Kernel) -> None:
    """Verdicts, sums and margins of rows with given bounds, for a stride of two."""
    third = Fraction(1, 3)
    cases: list[tuple[float, float, float, float]] = []  # noise, radius, peak, state
    for state in (-1.0, 0.0, 1.0):
        cases += [(1.5, 0.0, 0.25, state), (3.0, 1e-3, 0.5, state), (2.5, 0.0, 0.25, state),
                  (3.5, 1.0, 0.5, state), (3.0, 0.0, 0.5, state), (4.0, math.inf, 0.5, state),
                  (math.inf, math.inf, 0.5, state), (3.3, 0.2, 0.0, state), (2.7, 0.2, 0.0, state),
                  (2.9999999, 1e-9, 0.1, state), (3.0000001, 1e-9, 0.1, state),
                  (0.0, 0.0, 0.0, state), (2.0, 0.74, 0.1, state),
                  (2.0, 1e-5, 0.1, state), (4.0, 1e-5, 0.1, state),
                  (1.0, 0.0, 0.1, state)]  # fmt: skip
    rows = np.ascontiguousarray(np.array(cases).T)
    shares = [
        (third, 0.0, Fraction(0)), (third, 0.1, Fraction(-1, 2)), (third, 0.0, Fraction(1)),
        (Fraction(0), 0.0, Fraction(-2)), (Fraction(1), 0.0, Fraction(-1, 2)),
        (Fraction(1, 10**400), 0.0, Fraction(0)),
    ]  # fmt: skip
    columns = [(float(a), float(abs(a - Fraction(float(a)))) * 1.0001 + float(a) * b
                + 5e-324 * (a > 0), float(c), 0.0)
               for a, b, c in shares]  # fmt: skip
    numbers = np.ascontiguousarray(np.array(columns).T)
    count = len(cases)
    for stride, start, diverges in product((1, 2), (0, 3, 4), (False, True)):
        stable, total, margin = np.full(count, 9, np.int8), np.empty(count), np.empty(count)
        whole, alone, summed = (np.full(count, 9, np.int8) for _ in range(3))
        left = np.zeros((3, 1), np.int64)
        finish(rows, numbers, stride, start, diverges, 2, stable, whole, total, margin, left[0])
        assert (whole == np.where(np.isinf(total), -1, 1)).all()
        only = np.empty(count)
        finish(rows, numbers, stride, start, diverges, 1, alone, whole, only, margin[:0], left[1])
        assert (alone == stable).all() and np.array_equal(only, total, equal_nan=True)
        empty = total[:0], margin[:0]
        finish(rows, numbers, stride, start, diverges, 0, alone, summed, *empty, left[2])
        assert (alone == stable).all() and (summed == np.where(np.isinf(total), -1, 1)).all()
        open_ = stable == -1
        known = np.count_nonzero(open_ | np.isnan(total))
        assert left[:, 0].tolist() == [known, known, np.count_nonzero(open_)]
        for p, (noise, radius, peak, state) in enumerate(cases):
            place = (start + p) // stride % len(shares)
            _, wide, tau2 = shares[place]
            share, off = columns[place][0], columns[place][1]
            found = (int(stable[p]), float(total[p]), float(margin[p]))
            given = noise, radius, peak, state, share, off
            np.testing.assert_equal(found, _expected(*given, float(tau2), diverges))
            assert wide >= 0
    _check_close_sums(finish)


def _expected(
    noise: float, radius: float, peak: float, state: float, share: float, off: float, tau2: float,
    diverges: bool,
) -> tuple[int, float, float]:  # fmt: skip
    known = 0.0 if state == 1 and not math.isfinite(radius) else state
    with np.errstate(invalid="ignore"):
        total = float(np.float64(share) * noise)
    if diverges:
        total, radius, noise = (math.inf if share + off > 0 else 0.0), 0.0, 0.0
    low = high = total
    if math.isfinite(total) and math.isfinite(radius):
        low, high = (float(Fraction(share) * Fraction(noise)),) * 2
        high += share * radius + off * (noise + radius)
        low -= share * radius + off * (noise + radius)
    if diverges and share + off > 0:
        flag = 0
    elif diverges:
        flag = {-1: 0, 0: -1, 1: 1}[int(known)]
    elif known < 1:
        flag = 0 if known < 0 else -1
    else:
        flag = 1 if high < 1 - 1e-15 else 0 if low > 1 + 1e-15 else -1
    if known < 0:
        flag = 0
    least = 1 / (1 - tau2 * peak) if tau2 < 0 else 1.0
    sum_ = total if known == 1 else math.inf
    margin = min(1 - total, least) if known == 1 and total < math.inf else -math.inf
    if known == 1 and high - total > (1e-6 if flag == 1 else 1e-3) * total + 1e-300:
        return flag, math.nan, math.nan
    return flag, sum_, margin


def _check_close_sums(finish: Kernel) -> None:
    """A share of 1/3, known to half a unit, and sums next to 3: nothing is said beyond that."""
    third = float(Fraction(1, 3))
    off = float(Fraction(1, 3) - Fraction(third))
    sums = [3 * (1 + k * 2.0**-53) for k in range(-40, 41)]
    rows = np.array([[x, 0.0, 0.0, 1.0] for x in sums]).T.copy()
    shares = np.array([[third], [off], [0.0], [0.0]])
    flags = np.empty(len(sums), np.int8)
    results = flags, flags.copy(), np.empty(len(sums)), np.empty(len(sums))
    left = np.zeros(1, np.int64)
    finish(rows, shares, 1, 0, False, 2, *results, left)
    for x, flag in zip(sums, results[0].tolist(), strict=True):
        ends = [Fraction(x) * (Fraction(third) + sign * Fraction(off)) for sign in (-1, 1)]
        if flag == 1:
            assert max(ends) < 1
        elif flag == 0:
            assert min(ends) >= 1
    assert results[0].tolist().count(-1) < 8
    # products that are not 1, and are rounded to it
    for sign in (-1, 1):
        rows = np.array([[1 + 2.0**-30, 0.0, 0.0, 1.0]]).T.copy()
        share = np.array(
            [[1 + sign * 2.0**-30 + (sign > 0) * (2.0**-60 - 2.0**-29)], [0.0], [0.0], [0.0]]
        )
        finish(rows, share, 1, 0, False, 2, *(x[:1] for x in results), left)
        assert results[0][0] == -1
