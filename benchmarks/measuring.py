"""Timing in turns, and tables in Markdown."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

_TURN = 0.02  # seconds
_READING = 2e-4  # seconds between readings of the clock, which take 3e-7


def least_seconds(
    calls: Mapping[str, Callable[[], Any]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return the least seconds of every call, taken in turns, after two for all.

    The least, because other work on the machine only ever adds to a time. In its turn a short call
    is repeated, or it would be measured with the caches as the others left them. With
    ``time.process_time`` as the clock the seconds are those of processors, of all threads together.
    """
    repeats = {}
    for name, call in calls.items():
        call()
        start = clock()
        call()
        repeats[name] = max(1, int(_READING / max(clock() - start, 1e-9)))
    least = dict.fromkeys(calls, math.inf)
    for _ in range(rounds):
        for name, call in calls.items():
            end = clock() + _TURN
            while True:
                start = clock()
                for _ in range(repeats[name]):
                    call()
                now = clock()
                least[name] = min(least[name], (now - start) / repeats[name])
                if now >= end:
                    break
    return least


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def short(value: float) -> str:
    """Return a number with three digits, without an exponent where that is readable.

    >>> short(0.34567), short(1234.5), short(2e-9)
    ('0.346', '1230', '2e-09')
    """
    if 1e-3 <= abs(value) < 1e7:
        digits = float(f"{value:.3g}")
        return f"{digits:.0f}" if abs(digits) >= 100 else f"{digits:.3g}"
    return f"{value:.2g}"
