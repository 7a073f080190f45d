"""One noise summand of any algorithm: generated machine code against a loop and two libraries.

The loop is the same recursion over arrays of coefficients, compiled by Numba for any memory. SciPy
and python-control are given the state space ready-made; only their solution is timed. Ratios are
those to a call of an `Evaluator`, which checks and copies its arguments.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from math import comb
from typing import Any

import control
import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_lyapunov

from benchmarks.measuring import least_seconds, short, table
from benchmarks.recurrences import columns, polynomials, random_recurrence, recurrences
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.exported_code.summand_code import kernel_source

Array = NDArray[np.float64]
MEMORIES = range(1, 9)
AGREEMENT = 1e-8


def half_plane_matrix(degree: int) -> Array:
    """Return the matrix of p(x) -> (1-z)^degree p((1+z)/(1-z)), highest powers first."""
    matrix = np.zeros((degree + 1, degree + 1))
    for power in range(degree + 1):
        for i in range(power + 1):
            for j in range(degree - power + 1):
                term = (-1) ** j * comb(power, i) * comb(degree - power, j)
                matrix[degree - i - j, degree - power] += term
    return matrix


@njit(error_model="numpy", fastmath={"contract"})
def routh_loop(rows: Array, matrix: Array, out: Array) -> None:
    """Fill ``out`` with the summands of points (lam, p_0 ... p_(M-1), q_0 ... q_M)."""
    memory = matrix.shape[0] - 1
    D, Q = np.empty(memory + 1), np.empty(memory + 1)
    a, b = np.empty(memory + 2), np.empty(memory + 1)
    moved = np.empty(memory + 1)
    for point in range(rows.shape[1]):
        lam = rows[0, point]
        # P / (x - 1), from its constant coefficient upwards: d_m = d_(m-1) + p_(m-1)
        total = 0.0
        for m in range(memory):
            total += rows[1 + m, point]
            D[memory - m] = total
        D[0] = 1.0
        for m in range(memory + 1):
            Q[memory - m] = rows[1 + memory + m, point]
        for i in range(memory + 1):
            fixed, moving = 0.0, 0.0
            for j in range(memory + 1):
                fixed += matrix[i, j] * D[j]
                moving += matrix[i, j] * Q[j]
            moved[i], b[i] = fixed, moving
        # chi = 2 z D - lam (1 - z) Q
        for i in range(memory + 1):
            a[i] = 2.0 * moved[i] + lam * b[i] - (lam * b[i - 1] if i > 0 else 0.0)
        pull = -b[memory]
        a[memory + 1] = lam * pull
        good, total = True, 0.0
        for step in range(memory + 1):
            good = good and a[step] > 0.0 and a[step + 1] > 0.0
            if step == memory:
                total += b[step] * b[step] / (a[step] * pull)
                break
            total += lam * b[step] * b[step] / (a[step] * a[step + 1])
            ratio, gain = a[step] / a[step + 1], b[step] / a[step + 1]
            for i in range(step + 2, memory + 1, 2):
                b[i] -= gain * a[i + 1]
            for i in range(step + 2, memory + 1, 2):
                a[i] -= ratio * a[i + 1]
        out[point] = lam * total if good else np.inf


def state_space(point: dict[str, float]) -> tuple[Array, Array, Array]:
    """Return A, B and C of lambda Q / (P - lambda Q) in the companion form."""
    P, Q = polynomials(point)
    lam = point["lam"]
    size = P.size - 1
    A = np.eye(size, k=-1)
    A[0] = -(P - lam * Q)[1:]
    return A, np.eye(size, 1), lam * Q[None, 1:]


def by_lyapunov(A: Array, B: Array, C: Array) -> float:
    return float((C @ solve_discrete_lyapunov(A, B @ B.T) @ C.T).item())


def by_control(system: Any) -> float:
    return float(control.norm(system, 2)) ** 2


def report(quick: bool) -> str:
    """Return the table."""
    rng = np.random.default_rng(2)
    rows = [_row(memory, rng, *((5000, 3) if quick else (20_000, 9))) for memory in MEMORIES]
    head = ["M", "generated, ns", "a call, ns", "loop, ns", "ratio"]
    head += ["SciPy, µs", "ratio", "python-control, µs", "ratio"]
    return table(head, rows)


def _row(memory: int, rng: np.random.Generator, count: int, rounds: int) -> list[str]:
    points = [random_recurrence(memory, rng) for _ in range(count)]
    values: dict[str, Any] = columns(points)
    run = recurrences(memory)
    machine_code = load_code(kernel_source(run.program, run.parameters, run.shifted)).summands
    rows = np.array([values[name] for name in ("lam", *run.parameters)])
    expected, other = np.empty((1, count)), np.empty(count)
    matrix = half_plane_matrix(memory)
    few = [state_space(point) for point in points[:20]]
    systems = [control.ss(A, B, C, 0, True) for A, B, C in few]
    calls: dict[str, Callable[[], Any]] = {
        "code": partial(_filled, machine_code, rows, expected),
        "call": lambda: run(**values),
        "loop": partial(_filled, routh_loop, rows, matrix, other),
        "scipy": lambda: [by_lyapunov(*system) for system in few],
        "control": lambda: [by_control(system) for system in systems],
    }
    for name, call in calls.items():
        found = np.ravel(call())
        error = float(np.abs(found / expected[0, : found.size] - 1).max())
        if not error < AGREEMENT:
            raise AssertionError(f"{name} differs by {error:.1e} at memory {memory}")
    seconds = least_seconds(calls, rounds, time.process_time)
    ours, whole, loop = (seconds[name] / count * 1e9 for name in ("code", "call", "loop"))
    peers = [seconds[name] / len(few) * 1e9 for name in ("scipy", "control")]
    cells = [short(ours), short(whole), short(loop), short(loop / whole)]
    for peer in peers:
        cells += [short(peer / 1000), short(peer / whole)]
    return [str(memory), *cells]


def _filled(function: Any, *arguments: Any) -> Any:
    function(*arguments)
    return arguments[-1]
