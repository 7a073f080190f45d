"""What memory brings by exponent: learning rates of stationary methods, and losses of schedules.

``python docs/gallery/memory_exponents.py FOLDER`` takes some seconds; it prints the table and
writes the picture of docs/theory/larger-memory.md.
"""

from __future__ import annotations

from math import inf, log
from pathlib import Path
from typing import Any

import numpy as np
from common import BLACK, BLUE, GREEN, PURPLE, RED, Row, given_folder, save, write_csv

from sgdmem.numeric.acceleration.real_root_algorithms import rate_exponent
from sgdmem.numeric.theorems.larger_memory.stationary.methods import fast_methods

MEMORIES = (0, 1, 2, 3, 4, inf)
NUS = (1.5, 2.0, 3.0)  # of the table
SEARCHED = (1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
HORIZONS = (1e12, 1e15)
COLOURS = {0: BLACK, 1: BLUE, 2: RED, 3: PURPLE}
SHOWN = 2.0  # the nu on the right


def main(folder: Path, quick: bool = False) -> list[Row]:
    """Write picture and table, and return searched exponents beside the proved ones."""
    rows, points = [], []
    for nu in (2.0, 3.0) if quick else SEARCHED:
        early, late = HORIZONS
        found = fast_methods(nu, (1, 2, 3), HORIZONS)
        for slow, fast in zip(found[::2], found[1::2], strict=True):
            growth = log(fast.rate / slow.rate) / log(late / early)
            memory = len(fast.poles)
            points.append((nu, memory, 1 + growth))
            proved = 1 + rate_exponent(nu, memory)
            rows.append(Row(f"nu = {nu:g}, memory {memory}", 1 + growth, proved))
    _picture(folder, points, quick)
    write_csv(
        folder / "gallery_memory_exponents.csv",
        ["case", "theta between horizons of 1e12 and 1e15", "theta"],
        [[row.name, f"{row.fitted:.6g}", f"{row.predicted:.6g}"] for row in rows],
    )
    print(markdown())
    return rows


def markdown() -> str:
    """Return the table of h_M and theta_M."""
    heads = " | ".join("∞" if inf == M else f"{M}" for M in MEMORIES)
    lines = [f"| ν | | M = {heads} |", "|---" * (len(MEMORIES) + 2) + "|"]
    for nu in NUS:
        rates = [rate_exponent(nu, M) for M in MEMORIES]
        lines.append(f"| {nu:g} | $h_M$ | {' | '.join(f'{h:.4g}' for h in rates)} |")
        lines.append(f"| | $\\theta_M$ | {' | '.join(f'{1 + h:.4g}' for h in rates)} |")
    return "\n".join(lines)


def _picture(folder: Path, points: list[tuple[float, int, float]], quick: bool) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    nu, zeta = np.linspace(1, 4.1, 311), np.linspace(0, 3, 301)
    for M in (0, 1, 2, 3, inf):
        style: dict[str, Any] = {"color": COLOURS.get(int(M) if inf > M else -1, GREEN)}
        theta = np.array([1 + rate_exponent(x, M) for x in nu])
        left.plot(nu, theta, label="$M=\\infty$" if inf == M else f"$M={M}$", **style)
        here = (1 + rate_exponent(SHOWN, M)) * np.minimum(zeta, 2 - 1 / SHOWN)
        label = {0: "SGD", inf: "all AM-M, approached"}.get(M, f"AM{M}")
        right.plot(zeta, here, label=label, **style)
    for x, M, y in points:
        left.plot(x, y, "o", ms=4, color=COLOURS[M])
    left.plot([], [], "o", ms=4, color="0.4", label="searched, horizons $10^{12}$ to $10^{15}$")
    left.set(xlabel=r"$\nu$", ylabel=r"$\theta_M$", xlim=(1, 4.1), ylim=(0.95, 2.05))
    left.set_title("Signal of stationary methods at a horizon", fontsize=10)
    left.legend(fontsize=8, frameon=False, loc="lower right", bbox_to_anchor=(1, 0.1))
    cap = SHOWN * np.minimum(zeta, 2)
    right.fill_between(zeta, cap, 5, color="0.88", lw=0)
    right.text(0.12, 3.4, "no linear method", fontsize=9, color="0.35")
    right.set(xlabel=r"$\zeta$", ylabel="exponent of the loss", xlim=(0, 3), ylim=(0, 4.2))
    right.set_title(rf"Losses of schedules, $\nu={SHOWN:g}$", fontsize=10)
    right.legend(fontsize=8, frameon=False, loc="lower right")
    save(figure, folder / "gallery_memory_exponents.png", quick)


if __name__ == "__main__":
    main(given_folder())
