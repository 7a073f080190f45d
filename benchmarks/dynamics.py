"""Exact losses: the recursion against NumPy, few nodes against all eigenvalues, FFT against sums.

``python -m benchmarks.dynamics`` prints the tables in a minute or two.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import sgdmem
from benchmarks.machine import description
from benchmarks.measuring import least_seconds, short, table
from sgdmem.numeric.arithmetic.volterra import solve_volterra
from sgdmem.numeric.losses.loss_recursion import expected_loss
from sgdmem.numeric.problems.problem import require_target

Array = NDArray[np.float64]
NU, ZETA, BATCH_SIZE = 1.5, 0.5, 64
METHODS = {
    "SGD, M = 0": sgdmem.sgd("0.5"),
    "heavy ball, M = 1": sgdmem.heavy_ball("0.3", "0.9"),
    "AggMo, M = 2": sgdmem.aggmo("0.2", ["0.9", "0.5"]),
    "AggMo, M = 3": sgdmem.aggmo("0.2", [0, "0.9", "0.5"]),
}
MODES, STEPS = 10_000, 200
AGREEMENT = 1e-11


def law(count: int | None = None) -> sgdmem.Problem:
    return sgdmem.Problem.power_law(NU, ZETA, count=count, noise=sgdmem.Noise(tau2=-1))


def numpy_losses(algorithm: sgdmem.Algorithm, count: int, steps: int) -> Array:
    """Run eqs. (12)-(16) with arrays of matrices, one for each eigenvalue."""
    spectrum, target, M = law(count).spectrum, require_target(law(count)), algorithm.memory
    lam, B, tau1, tau2 = spectrum.eigenvalues, BATCH_SIZE, 1, -1
    v = np.array([-algorithm.alpha, *algorithm.c], float)
    r = np.array([1, *algorithm.a], float)
    still = np.eye(M + 1)
    still[0, 1:], still[1:, 1:] = np.array(algorithm.b, float), np.array(algorithm.D, float)
    S = still + lam[:, None, None] * np.outer(v, r)
    moments = np.zeros((count, M + 1, M + 1))
    moments[:, 0, 0] = target.masses(spectrum) / lam
    found = []
    for _ in range(steps + 1):
        found.append(lam @ moments[:, 0, 0] / 2)
        seen = r @ moments @ r
        noise = (tau1 * lam * (lam @ seen) - tau2 * lam**2 * seen) / B
        moments = S @ moments @ S.transpose(0, 2, 1) + noise[:, None, None] * np.outer(v, v)
    return np.array(found)


def recursion_rows() -> list[list[str]]:
    rows = []
    for name, algorithm in METHODS.items():
        question = algorithm, law(MODES), BATCH_SIZE, STEPS

        def ours(question: Any = question) -> Array:
            return sgdmem.losses(*question, method="recursion")

        def numpys(algorithm: sgdmem.Algorithm = algorithm) -> Array:
            return numpy_losses(algorithm, MODES, STEPS)

        _agree(ours(), numpys())
        seconds = least_seconds({"ours": ours, "NumPy": numpys}, 3)
        each = seconds["ours"] / MODES / STEPS * 1e9
        rows.append([name, short(each), short(seconds["NumPy"] / seconds["ours"])])
    return rows


def compressed_rows() -> list[list[str]]:
    rows = []
    algorithm, steps = METHODS["heavy ball, M = 1"], 2000
    for count in (10**4, 10**5, 10**6):
        question = algorithm, law(count), BATCH_SIZE, steps
        nodes = 2 * len(expected_loss(*question).measures.signal[0])

        def compressed(question: Any = question) -> Array:
            return sgdmem.losses(*question, method="compressed")

        def every(question: Any = question) -> Array:
            return sgdmem.losses(*question, method="recursion")

        _agree(compressed(), every())
        seconds = least_seconds({"compressed": compressed, "every": every}, 1)
        times = [short(seconds[key]) for key in ("every", "compressed")]
        ratio = short(seconds["every"] / seconds["compressed"])
        rows.append([f"{count:,}", str(nodes), *times, ratio])
    return rows


def volterra_rows() -> list[list[str]]:
    rows = []
    for size in (2_000, 20_000, 1_000_000):
        t = np.arange(1.0, size + 1)
        kernel, forcing = 0.2 * t**-1.5, t**-0.5
        calls: dict[str, Callable[[], Any]] = {"FFT": partial(solve_volterra, kernel, forcing)}
        if size <= 20_000:
            calls["sums"] = partial(_direct, kernel, forcing)
            _agree(calls["FFT"](), calls["sums"]())
        seconds = least_seconds(calls, 2)
        ratio = short(seconds["sums"] / seconds["FFT"]) if "sums" in calls else ""
        rows.append(
            [f"{size:,}", short(seconds["FFT"]), short(seconds["sums"]) if ratio else "", ratio]
        )
    return rows


def _direct(kernel: Array, forcing: Array) -> Array:
    values = forcing.copy()
    for t in range(1, forcing.size):
        values[t] += kernel[1 : t + 1] @ values[t - 1 :: -1]
    return values


def _agree(found: Array, expected: Array) -> None:
    error = float(np.abs(found / expected - 1).max())
    if not error < AGREEMENT:
        raise AssertionError(f"results differ by {error:.1e}")


def main() -> None:
    long_runs = {
        name: (lambda a=algorithm: sgdmem.losses(a, law(), BATCH_SIZE, 10**6))
        for name, algorithm in METHODS.items()
    }
    seconds = least_seconds(long_runs, 1)
    print(
        description(),
        f"The recursion on {MODES:,} eigenvalues, one thread:",
        table(["method", "ns for a step of a mode", "NumPy, ratio"], recursion_rows()),
        "Heavy ball, 2,000 steps, on all eigenvalues and on the nodes that stand for them:",
        table(["eigenvalues", "nodes", "all, s", "nodes, s", "ratio"], compressed_rows()),
        "A million steps on the infinite spectrum:",
        table(["method", "s"], [[name, short(x)] for name, x in seconds.items()]),
        "The Volterra equation:",
        table(["steps", "FFT, s", "sums one by one, s", "ratio"], volterra_rows()),
        sep="\n\n",
    )


if __name__ == "__main__":
    main()
