"""Maps of stability with their boundaries: three methods, two edges of stability, and memory 1.

Each map has 1000 x 1000 points, each boundary is enclosed to 1e-10 of the axes. Writes
gallery_stability_maps.png and gallery_stability_maps.csv (points of the boundaries) to the folder
given as the only argument, by default the current one.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import (
    BLACK,
    BLUE,
    DASHED,
    GREEN,
    RED,
    SKY,
    Row,
    given_folder,
    print_table,
    save,
    write_csv,
)

import sgdmem

NU = 1.5
LAW = sgdmem.Spectrum.power_law(NU)
BATCHES = {1: RED, 8: GREEN, 64: SKY, math.inf: BLACK}
METHODS: dict[str, dict[str, float]] = {"heavy-ball": {}, "nesterov": {}, "qhm": {"nu": 0.7}}
TITLES = {"heavy-ball": "heavy ball", "nesterov": "Nesterov", "qhm": r"QHM, $\nu = 0.7$"}
Q0 = 0.5  # of the map of memory 1


def damped(damping: Any, effective_learning_rate: Any) -> sgdmem.Algorithm:
    """Return memory 1 by the coordinates of Theorem 6."""
    return sgdmem.memory_one(effective_learning_rate, Q0, damping)


def map_and_boundaries(
    ax: Any, family: Any, x: Any, y: Any, log: Any, problems: Any, quick: bool, **fixed: Any
) -> tuple[list[Any], float]:
    """Draw the map of the first problem, and the boundaries of all; return them and the time."""
    from sgdmem.phase_diagrams.picture import axis_label

    count = 60 if quick else 1000
    axes = [
        (name, (np.geomspace if name in log else np.linspace)(low, high, count))
        for name, low, high in (x, y)
    ]
    first, *_ = problems.values()
    start = time.perf_counter()
    diagram = sgdmem.phase_diagram(family, x=axes[0], y=axes[1], spectrum=LAW, **first, **fixed)
    took = time.perf_counter() - start
    noise_sum = np.ma.masked_where(diagram.stable.values != 1, diagram.noise_sum.values)
    ax.pcolormesh(axes[0][1], axes[1][1], noise_sum, cmap="Greys", vmin=0, vmax=2, rasterized=True)
    found = []
    for (label, problem), colour in zip(problems.items(), BATCHES.values(), strict=False):
        edge = sgdmem.stability_boundary(
            family, x, y, spectrum=LAW, log=log, resolution=20 if quick else 80, **problem, **fixed
        )
        found.append((label, edge))
        for number in np.unique(edge.curve):
            curve = edge.isel(point=edge.curve.values == number)
            ax.plot(curve[x[0]], curve[y[0]], color=colour, label=label if number == 0 else None)
    for name, scale, limits in ((x, ax.set_xscale, ax.set_xlim), (y, ax.set_yscale, ax.set_ylim)):
        scale("log" if name[0] in log else "linear")
        limits(*name[1:])
    ax.set(xlabel=axis_label(x[0]), ylabel=axis_label(y[0]))
    return found, took


def main(folder: Path, quick: bool = False) -> list[Row]:
    """Draw, compare boundaries with closed forms, and tell the times."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7.2), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    rows: list[Row] = []
    points: list[tuple[Any, ...]] = []
    rate, momentum = ("learning_rate", 0.02, 10), ("momentum", 0, 0.99)
    sizes = {_called(b): {"batch_size": b} for b in BATCHES}
    times = {}
    for ax, (name, fixed) in zip(axes, METHODS.items(), strict=False):
        found, times[name] = map_and_boundaries(
            ax, name, rate, momentum, ["learning_rate"], sizes, quick, **fixed
        )
        ax.set_title(TITLES[name], fontsize="medium")
        points += _points(name, found)
    axes[0].legend(fontsize="small", loc="lower left")
    heavy = found_edge(points, "heavy-ball", "full batches")
    worst = max(heavy, key=lambda p: abs(p[0] / (2 * (1 + p[1])) - 1))
    rows.append(Row("heavy ball, learning rate of the edge", worst[0], 2 * (1 + worst[1])))
    # from the trace at batches of one to the largest eigenvalue at full batches
    ax, batch = axes[3], ("batch_size", 1, 1e4)
    found, times["plateaus"] = map_and_boundaries(
        ax,
        "heavy-ball",
        rate,
        batch,
        ["learning_rate", "batch_size"],
        {"edge": {}},
        quick,
        momentum=0.9,
    )
    points += _points("plateaus", found)
    trace, largest = 2 * 0.1 / LAW.trace, 2 * 1.9
    sizes_shown = np.geomspace(1, 1e4, 50)
    ax.plot(trace * sizes_shown, sizes_shown, **{**DASHED, "color": BLUE})
    ax.axvline(largest, **DASHED)
    ax.text(0.03, 150, r"$\Sigma\lambda/B = 2(1-\beta)/\eta$", color=BLUE, fontsize="small")
    ax.text(
        largest * 0.9,
        1.3,
        r"$\lambda_{\max} = 2(1+\beta)/\eta$",
        rotation=90,
        ha="right",
        fontsize="small",
    )
    ax.set_title("heavy ball, momentum 0.9: two edges", fontsize="medium")
    edge = found[0][1]
    last = edge.isel(point=int(np.argmax(edge.batch_size.values)))
    first = edge.isel(point=int(np.argmin(edge.batch_size.values)))
    rows.append(Row("plateau of full batches", float(last.learning_rate), largest))
    rows.append(Row("edge of small batches", float(first.learning_rate / first.batch_size), trace))
    # memory 1: Theorem 6's lines without noise, and how far noise lets the effective rate grow
    ax = axes[4]
    damping, effective = ("damping", 0.002, 2), ("effective_learning_rate", 0.1, 1e4)
    logs = ["damping", "effective_learning_rate"]
    noisy = sizes
    found, times["memory 1"] = map_and_boundaries(
        ax, damped, damping, effective, logs, noisy, quick
    )
    points += _points("memory 1", found)
    line = np.geomspace(*damping[1:], 200)
    ax.plot(line, (4 - 2 * line - 2 * Q0) / line, **DASHED)
    ax.plot(line, Q0 / line, **{**DASHED, "color": BLUE})
    ax.text(0.004, 20, r"$\delta\,\alpha_{\mathrm{eff}} = q_0$", color=BLUE, fontsize="small")
    ax.set_title(rf"memory 1, $q_0 = {Q0}$", fontsize="medium")
    (_, full) = found[-1]
    place = int(np.argmin(abs(full.damping.values - 0.5)))
    at = float(full.damping[place])
    expected = (4 - 2 * at - 2 * Q0) / at
    rows.append(
        Row(
            "memory 1, upper line of Theorem 6",
            float(full.effective_learning_rate[place]),
            expected,
        )
    )
    # the three ranges of the noise summand, eq. (26)
    _ranges(axes[5])
    save(figure, folder / "gallery_stability_maps.png")
    header = ("map", "problem", "x", "y", "condition")
    write_csv(folder / "gallery_stability_maps.csv", header, points)
    print_table("Boundaries and closed forms", rows)
    for name, took in times.items():
        print(f"map of {name}: {took:.2f} s")
    return rows


def _called(batch_size: float) -> str:
    return "full batches" if math.isinf(batch_size) else f"batch size {batch_size}"


def _points(name: str, found: Any) -> list[tuple[Any, ...]]:
    return [
        (name, label, float(x), float(y), str(condition))
        for label, edge in found
        for x, y, condition in zip(
            edge[edge.attrs["x"]].values,
            edge[edge.attrs["y"]].values,
            edge.condition.values,
            strict=True,
        )
    ]


def found_edge(points: list[tuple[Any, ...]], name: str, label: str) -> list[tuple[float, float]]:
    """Return the points of one boundary."""
    return [(x, y) for which, problem, x, y, _ in points if (which, problem) == (name, label)]


def _ranges(ax: Any) -> None:
    """Draw the noise summand of memory 1 at a small damping, and its three simplifications."""
    from sgdmem.symbolic.regions import regions

    delta, rate = 1e-4, 1e2
    lam = np.geomspace(1e-6, 3.5, 400)
    method = sgdmem.memory_one(rate, Q0, delta)
    ax.loglog(lam, [float(method.noise_summand(x)) for x in lam], color=RED, label="$s_\\lambda$")
    for region in regions(rate, Q0, delta, _LAMBDA):
        low, high = (float(end) for end in (region.begins, region.ends))
        inside = lam[(lam > max(low, lam[0])) & (lam < high)]
        values = [float(region.summand.subs(_LAMBDA, x)) for x in inside] if len(inside) else []
        ax.loglog(inside, values, **DASHED)
        ax.axvline(high, color=BLACK, linewidth=0.4)
    ax.set(xlabel=r"eigenvalue $\lambda$", ylabel=r"noise summand $s_\lambda$")
    ax.set_title(
        rf"its three ranges, $\delta = {delta:g}$, $\alpha_{{\mathrm{{eff}}}} = {rate:g}$",
        fontsize="medium",
    )


def _symbol() -> Any:
    from sympy import Symbol

    return Symbol("lambda", positive=True)


_LAMBDA = _symbol()


if __name__ == "__main__":
    main(given_folder())
