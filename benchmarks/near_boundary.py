"""Accuracy where the largest root of P - lambda Q nears the unit circle.

Every method is given exactly the same floats (see ``recurrences``); the truth has 60 digits.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import control
import mpmath
import numpy as np

from benchmarks.measuring import table
from benchmarks.recurrences import Array, random_recurrence, recurrences
from benchmarks.summands import by_control, by_lyapunov, state_space

MEMORIES = (1, 2, 3, 4, 6, 8)
DISTANCES = range(2, 9)  # digits of 1 - |root|
DIGITS = 60
Errors = tuple[float, float, float, float]


def errors(point: dict[str, Any], memory: int) -> Errors:
    """Return relative errors: of floats, the bound proven by a ball, SciPy's, python-control's.

    Raises
    ------
    AssertionError
        If the ball does not hold the truth.
    """
    run = recurrences(memory)
    with mpmath.workdps(DIGITS):
        truth = run(**point, target="mpmath", digits=DIGITS)
        if truth == mpmath.inf:
            raise AssertionError(f"{point} is not stable")

        def error(value: float) -> float:
            return float(abs(mpmath.mpf(value) / truth - 1))

        ball = run(**point, target="ball")
        mid, rad = float(ball.mid), float(ball.rad)
        if not (abs(mpmath.mpf(mid) - truth) <= rad or math.isinf(rad)):
            raise AssertionError(f"the ball {mid} ± {rad} does not hold {truth} at {point}")
        A, B, C = state_space(point)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of ill-conditioned matrices
            peers = by_lyapunov(A, B, C), by_control(control.ss(A, B, C, 0, True))
        return error(run(**point)), float(rad / truth), error(peers[0]), error(peers[1])


def report(quick: bool) -> str:
    """Return a table for each memory."""
    rng = np.random.default_rng(8)
    count = 5 if quick else 40
    parts = []
    for memory in MEMORIES[:4] if quick else MEMORIES:
        rows = []
        for digits in DISTANCES:
            points = [random_recurrence(memory, rng, 1 - 10.0**-digits) for _ in range(count)]
            found = np.array([errors(point, memory) for point in points])
            rows.append([f"1 − 1e−{digits}", *_cells(found)])
        parts.append(f"### M = {memory}, {count} algorithms in each row\n\n{table(HEAD, rows)}")
    explanation = "Relative errors, median / largest; none where the answer is that s is infinite."
    return "\n\n".join([explanation, *parts])


HEAD = ["largest root", "floats", "proven", "SciPy", "python-control"]


def _cells(found: Array) -> Sequence[str]:
    pairs = zip(np.median(found, axis=0), found.max(axis=0), strict=True)
    return [" / ".join(map(_text, pair)) for pair in pairs]


def _text(value: float) -> str:
    return "none" if math.isinf(value) else f"{value:.0e}"
