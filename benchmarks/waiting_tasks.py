"""What a person waits for, each in a process of its own: ``python waiting_tasks.py NAME [SIDE]``.

The file is run by its path, so that another checkout of sgdmem can be timed by the same tasks. A
task prepares and returns what is timed; the last line printed is JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

Call = Callable[[], Any]
EXPONENT = "1.5"
TURN = 0.5  # seconds in which a short call is repeated


def rates(side: int, low: float = 0.01, high: float = 3.9) -> list[Fraction]:
    """Return learning rates, exactly as floats have them."""
    return [Fraction(x) for x in np.linspace(low, high, side).tolist()]


def first_map(memory: int) -> Call:
    """Return a call that makes a map of 200 x 200 points of a recurrence of that memory."""
    import sgdmem

    decays = [Fraction(x) for x in ("9/10", "1/2", "-1/3", "3/4", "1/5", "-1/7", "2/3")]

    def recurrence(learning_rate: Any, momentum: Any) -> sgdmem.Algorithm:
        roots = [1, momentum, *decays][: memory + 1]
        P: list[Any] = [1]
        step = -learning_rate
        for k, root in enumerate(roots):
            P = [a - root * b for a, b in zip([*P, 0], [0, *P], strict=True)]
            step = step * (1 - root) if k else step
        q = [step / 4 ** (memory - m) for m in range(memory + 1)]
        return sgdmem.Algorithm.from_recurrence([-x for x in reversed(P[1:])], q)

    momenta = rates(200, 0, 0.99)
    law = sgdmem.Spectrum.power_law(EXPONENT)
    axes: dict[str, Any] = {"x": ("learning_rate", rates(200)), "y": ("momentum", momenta)}
    return lambda: sgdmem.phase_diagram(recurrence, law, 64, **axes)


def aggmo_map(dampings: int, side: int = 300) -> Call:
    """Return a call that makes a map of AggMo on an infinite power law, warm."""
    import sgdmem

    betas = [1 - Fraction(1, 10**k) for k in range(1, dampings)]

    def family(learning_rate: Any, momentum: Any) -> sgdmem.Algorithm:
        return sgdmem.aggmo(learning_rate, [momentum, *betas])

    law = sgdmem.Spectrum.power_law(EXPONENT)
    axes: dict[str, Any] = {
        "x": ("learning_rate", rates(side)),
        "y": ("momentum", rates(side, 0, 0.99)),
    }

    def call() -> Any:
        return sgdmem.phase_diagram(family, law, 64, **axes)

    call()
    return call


def length_of_lists(memory: int, length: int, tau2: int = 0) -> Call:
    """Return a call that makes a map of 1000 x 1000 points on that many eigenvalues, warm."""
    import sgdmem
    from benchmarks.one_map import axes, family

    spectrum = sgdmem.Spectrum(np.arange(1, length + 1) ** -1.5)
    given = sgdmem.Problem(spectrum, sgdmem.Noise(tau2=tau2))
    x, y = axes(1000)
    build = family(str(memory))

    def call() -> Any:
        return sgdmem.phase_diagram(build, given, 64, x=("learning_rate", x), y=("momentum", y))

    call()
    return call


def slow_part(side: int = 30) -> Call:
    """Return a call that judges a map of memory 2 whose second momentum is 0.99, warm."""
    import sgdmem

    law = sgdmem.Spectrum.power_law(EXPONENT)
    axes: dict[str, Any] = {
        "x": ("learning_rate", rates(side)),
        "y": ("momentum", rates(side, 0, 0.9)),
    }

    def family(learning_rate: Any, momentum: Any) -> sgdmem.Algorithm:
        return sgdmem.aggmo(learning_rate, [momentum, "0.99"])

    def call() -> Any:
        return sgdmem.phase_diagram(family, law, 64, **axes)

    call()
    return call


def noise_sums(name: str, values: dict[str, Any]) -> Call:
    """Return a call that adds 10,000 summands at each of 2,000 points, over the nodes they need."""
    from sgdmem.numeric.exported_code.evaluator import evaluator

    rng = np.random.default_rng(5)
    points: dict[str, Any] = {
        key: rng.uniform(ends[0], ends[1], 2000) for key, ends in values.items()
    }
    eigenvalues = np.arange(1.0, 10_001) ** -1.5
    run = evaluator(name)
    run.noise_sums(eigenvalues, threads=1, **points)
    return lambda: run.noise_sums(eigenvalues, threads=1, **points)


def coupling() -> Any:
    """Return a coupling of 40 modes, each most with itself."""
    T = np.abs(np.random.default_rng(0).normal(size=(40, 40)))
    return (T + T.T) / 80 + np.eye(40)


def boundary(coupled: bool = False, weight_decay: Any = 0, tau2: int = 0, shrink: Any = 0) -> Call:
    """Return a call that traces a boundary of the heavy ball, on a law or 40 coupled modes.

    Its w shrinks by the learning rate times ``shrink``.
    """
    import sgdmem

    law = sgdmem.Spectrum.power_law(EXPONENT, count=40 if coupled else None)
    noise = sgdmem.Noise.coupled(coupling()) if coupled else sgdmem.Noise(tau2=tau2)
    problem = sgdmem.Problem(law, noise, weight_decay=weight_decay)
    x, y = ("learning_rate", 0.01, 3.9), ("momentum", 0, 0.99)

    def shrinking(learning_rate: Any, momentum: Any) -> sgdmem.Algorithm:
        blocks = sgdmem.heavy_ball(learning_rate, momentum).blocks
        return sgdmem.Algorithm(*blocks._replace(shrink=learning_rate * Fraction(shrink)))

    family: Any = shrinking if shrink else "heavy-ball"
    return lambda: sgdmem.stability_boundary(family, problem, 64, x=x, y=y)


def critical_batch_sizes(
    side: int = 1000, tau2: int = 0, tau1: int = 1, weight_decay: Any = 0
) -> Call:
    """Return a call that finds the critical batch size at a million points, or others, warm."""
    import sgdmem

    noise, law = sgdmem.Noise(tau1, tau2), sgdmem.Spectrum.power_law(EXPONENT)
    problem = sgdmem.Problem(law, noise, weight_decay=weight_decay)
    axes: dict[str, Any] = {
        "x": ("learning_rate", rates(side)),
        "y": ("momentum", rates(side, 0, 0.99)),
    }

    def call() -> Any:
        return sgdmem.phase_diagram(
            sgdmem.heavy_ball, problem, 64, quantities=["critical_batch_size"], **axes
        )

    call()
    return call


def store_drawn_again() -> Call:
    """Return a call that draws a store of 36 million points."""
    import sgdmem

    folder = Path(tempfile.mkdtemp())
    x, y = rates(6000), rates(6000, 0, 0.99)
    store = folder / "map.zarr"
    sgdmem.phase_diagram(
        sgdmem.heavy_ball,
        sgdmem.Spectrum.power_law(EXPONENT),
        64,
        x=("learning_rate", x),
        y=("momentum", y),
        store=store,
    )

    def call() -> None:
        from sgdmem import draw

        draw(store).figure.savefig(folder / "map.png")

    return call


def simulation() -> Call:
    """Return a call that simulates 1,000 steps of 100 runs with 100 eigenvalues."""
    import sgdmem

    problem = sgdmem.Problem.power_law(EXPONENT, zeta=1, count=100)
    method = sgdmem.heavy_ball("0.1", "0.9")

    def call() -> Any:
        return sgdmem.simulate(method, problem, 16, 1000, seeds=100)

    return call


def regimes(points: int) -> Call:
    """Return a call that makes the map of regimes."""
    from sgdmem.phase_diagrams.systems.named_diagrams import named_diagram

    return lambda: named_diagram("regimes", points=points)


def digits() -> Any:
    """Return scikit-learn's digits, standardised."""
    kept = np.load(Path(__file__).parents[1] / "docs" / "data" / "digits.npz")
    return standardised(kept["pixels"].astype(float))


def standardised(rows: Any) -> Any:
    """Return columns of mean 0 and variance 1, without constant ones."""
    rows = rows[:, rows.std(axis=0) > 0]
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


def long_rows() -> Any:
    """Return 10^6 x 50 short floats: rows of very different lengths, with a falling spectrum."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((10**6, 50), np.float32)
    rows *= np.arange(1, 51, dtype=np.float32) ** np.float32(-0.5)
    return rows * (rng.pareto(3, size=(10**6, 1)) + 0.3).astype(np.float32)


def wide_rows(samples: int = 20_000) -> Any:
    """Return random pictures of 28 x 28 pixels, a third as many as MNIST has, standardised."""
    from benchmarks.samples import pictures

    return pictures(samples)


def on_data(rows: Callable[[], Any], momentum: str = "0.9") -> Call:
    """Return a call that reads rows, and finds the largest rate and a verdict below it."""
    import sgdmem

    given = rows()

    def call() -> Any:
        problem = sgdmem.Problem.from_data(given)
        rate = sgdmem.largest_learning_rate("heavy-ball", problem, 64, momentum=momentum)
        fresh = sgdmem.Problem.from_data(given)
        return sgdmem.stability(sgdmem.heavy_ball(0.9 * float(rate), momentum), fresh, 64).stable

    return call


def map_on_digits(side: int = 100) -> Call:
    """Return a call that makes a map of the heavy ball on the digits."""
    import sgdmem

    given = digits()
    axes: dict[str, Any] = {
        "x": ("learning_rate", np.geomspace(1e-4, 1, side)),
        "y": ("momentum", np.linspace(0, 0.995, side)),
    }

    def call() -> Any:
        return sgdmem.phase_diagram(sgdmem.heavy_ball, sgdmem.Problem.from_data(given), 64, **axes)

    return call


def boundary_on_data() -> Call:
    """Return a call that traces the boundary of the heavy ball on 200 rows."""
    import sgdmem

    rows = np.random.default_rng(0).standard_t(4, size=(200, 10)) * np.arange(1, 11) ** -0.5

    def call() -> Any:
        window: dict[str, Any] = {"x": ("learning_rate", 0.005, 0.5), "y": ("momentum", 0, 0.99)}
        return sgdmem.stability_boundary("heavy-ball", sgdmem.Problem.from_data(rows), 8, **window)

    return call


TASKS: dict[str, Callable[[], Call]] = {
    **{f"map of memory {M}": (lambda M=M: first_map(M)) for M in range(9)},  # type: ignore[misc]
    **{f"AggMo of {K}": (lambda K=K: aggmo_map(K)) for K in (1, 2, 4, 6)},  # type: ignore[misc]
    **{
        f"memory {M}, 10^{k} eigenvalues": (lambda M=M, k=k: length_of_lists(M, 10**k))  # type: ignore[misc]
        for M in (1, 2, 3, 4, 5)
        for k in (2, 6)
    },
    **{
        f"memory {M}, tau2 = 1, 10^{k} eigenvalues": lambda M=M, k=k: length_of_lists(M, 10**k, 1)  # type: ignore[misc]
        for M in (1, 2, 3)
        for k in (2, 6)
    },
    "slow part": slow_part,
    "slow part, 200 x 200": lambda: slow_part(200),
    "noise sums of heavy ball": lambda: noise_sums(
        "heavy-ball", {"learning_rate": (0.01, 1.9), "momentum": (0, 0.95)}
    ),
    "noise sums of QHM": lambda: noise_sums(
        "qhm", {"learning_rate": (0.01, 1), "momentum": (0, 0.95), "nu": (0, 1)}
    ),
    "regimes 200": lambda: regimes(200),
    "regimes 1000": lambda: regimes(1000),
    "critical batch sizes": critical_batch_sizes,
    # 10,000, few enough for a checkout that finds them one by one
    "critical batch sizes, tau2 = -1": lambda: critical_batch_sizes(100, -1),
    "critical batch sizes, tau2 = 2": lambda: critical_batch_sizes(100, 2),
    "critical batch sizes, tau1 = 0": lambda: critical_batch_sizes(100, -1, tau1=0),
    "critical batch sizes, weight decay": lambda: critical_batch_sizes(100, -1, 1, "0.01"),
    "boundary, weight decay": lambda: boundary(weight_decay="0.01"),
    "boundary, decoupled weight decay": lambda: boundary(shrink="0.01"),
    "boundary, 40 coupled modes": lambda: boundary(coupled=True),
    "boundary, tau2 = 2": lambda: boundary(tau2=2),
    "store drawn again": store_drawn_again,
    "simulation": simulation,
    "data, digits": lambda: on_data(digits),
    "data, 10^6 x 50": lambda: on_data(long_rows),
    "data, 20000 pictures": lambda: on_data(wide_rows),
    "data, map of the digits, 100 x 100": map_on_digits,
    "data, boundary on 200 rows": boundary_on_data,
}


def main() -> None:
    """Prepare, time, and print."""
    name = sys.argv[1]
    call = TASKS[name]()
    seconds: list[float] = []
    until = time.perf_counter() + (0 if name.startswith("map of memory") else TURN)
    while not seconds or time.perf_counter() < until:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"seconds": min(seconds), "cpu": usage.ru_utime + usage.ru_stime}))


if __name__ == "__main__":
    main()
