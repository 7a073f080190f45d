"""Maps of stability with their boundaries: three methods, two edges of stability, and memory 1.

The named diagrams of `sgdmem.systems.named_diagram`, with maps of 1000 x 1000 points and boundaries
enclosed to 1e-10 of the axes. Writes gallery_stability_maps.png and gallery_stability_maps.csv
(points of the boundaries) to the folder given as the only argument, by default the current one.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import Row, given_folder, print_table, save, write_csv

import sgdmem
from sgdmem.phase_diagrams.systems.named_diagram_data import from_dataset
from sgdmem.phase_diagrams.systems.named_diagram_picture import NamedDiagram
from sgdmem.phase_diagrams.systems.named_diagrams import diagram_data

LAW = sgdmem.Spectrum.power_law(1.5)
METHODS: dict[str, dict[str, float]] = {"heavy-ball": {}, "nesterov": {}, "qhm": {"nu": 0.7}}
TITLES = {"heavy-ball": "heavy ball", "nesterov": "Nesterov", "qhm": r"QHM, $\nu = 0.7$"}
Q0 = 0.5  # of the map of memory 1
PLATEAUS, MEMORY_ONE = "heavy ball, momentum 0.9: two edges", f"memory 1, $q_0 = {Q0}$"


def diagrams(quick: bool) -> dict[str, tuple[NamedDiagram, float]]:
    """Return the diagrams by their titles, and how long they took."""
    size = {"points": 40 if quick else 1000, "resolution": 8 if quick else 80}
    sizes: dict[str, Any] = {"batch_sizes": (8, math.inf)} if quick else {}
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        TITLES[name]: ("learning-rate-momentum", {"family": name, **fixed, **sizes})
        for name, fixed in METHODS.items()
        if not quick or name != "nesterov"
    }
    asked[PLATEAUS] = "batch-size-learning-rate", {}
    asked[MEMORY_ONE] = "damping-effective-rate", {"q0": Q0, **sizes}
    found = {}
    for title, (name, options) in asked.items():
        start = time.perf_counter()
        diagram = from_dataset(diagram_data(name, LAW, **options, **size))
        found[title] = diagram, time.perf_counter() - start
    return found


def comparisons(found: dict[str, tuple[NamedDiagram, float]]) -> list[Row]:
    """Compare boundaries with closed forms."""
    heavy = found[TITLES["heavy-ball"]][0].boundaries["full batches"]
    edge, momentum = heavy.learning_rate.values, heavy.momentum.values
    worst = int(np.argmax(abs(edge / (2 * (1 + momentum)) - 1)))
    rows = [
        Row(
            "heavy ball, learning rate of the edge",
            float(edge[worst]),
            2 * (1 + float(momentum[worst])),
        )
    ]
    # from the trace at batches of one to the largest eigenvalue at full batches
    edge = found[PLATEAUS][0].boundaries["boundary"]
    last = edge.isel(point=int(np.argmax(edge.batch_size.values)))
    first = edge.isel(point=int(np.argmin(edge.batch_size.values)))
    rows.append(Row("plateau of full batches", float(last.learning_rate), 2 * 1.9))
    small = float(first.learning_rate / first.batch_size)
    rows.append(Row("edge of small batches", small, 2 * 0.1 / LAW.trace))
    full = found[MEMORY_ONE][0].boundaries["full batches"]
    place = int(np.argmin(abs(full.damping.values - 0.5)))
    at, rate = float(full.damping[place]), float(full.effective_learning_rate[place])
    rows.append(Row("memory 1, upper line of Theorem 6", rate, (4 - 2 * at - 2 * Q0) / at))
    return rows


def main(folder: Path, quick: bool = False) -> list[Row]:
    """Draw, compare boundaries with closed forms, and tell the times."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.5, 7.6), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    found = diagrams(quick)
    for ax, (title, (diagram, _)) in zip(axes, found.items(), strict=False):
        diagram.draw(ax, explained=False)
        ax.set_title(title, fontsize="medium")
    sgdmem.systems.named_diagram("spectral-zones", LAW, ax=axes[5], explained=False)
    axes[5].set_title("the three ranges of memory 1, eq. (26)", fontsize="medium")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    rows = comparisons(found)
    save(figure, folder / "gallery_stability_maps.png", quick)
    points = [
        point
        for title, (diagram, _) in found.items()
        for problem, edge in diagram.boundaries.items()
        for point in _points(title, problem, edge)
    ]
    header = ("map", "problem", "x", "y", "condition")
    write_csv(folder / "gallery_stability_maps.csv", header, points)
    print_table("Boundaries and closed forms", rows)
    for title, (_, took) in found.items():
        print(f"{title}: {took:.2f} s")
    return rows


def _points(title: str, problem: str, edge: Any) -> list[tuple[Any, ...]]:
    x, y = (edge[edge.attrs[axis]].values.tolist() for axis in ("x", "y"))
    shown = title.replace("$", "").replace("\\", ""), problem.replace("$", "")
    return [
        (*shown, *point, str(condition))
        for *point, condition in zip(x, y, edge.condition.values, strict=True)
    ]


if __name__ == "__main__":
    main(given_folder())
