"""Fig. 2 of arXiv 2410.04228: the regimes of the loss, and exponents measured in them.

Left the phase diagram, right the exponent of the loss against that of the target. Writes
gallery_phases.png and gallery_phases.csv to the folder given as the only argument, by default the
current one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from common import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    RED,
    Row,
    dashed,
    fitted_exponent,
    given_folder,
    print_table,
    save,
    write_csv,
)

import sgdmem

METHOD, BATCH_SIZE = sgdmem.sgd("0.5"), 16
INVERSES = (0.25, 0.5, 0.8)  # 1 / nu of the measured exponents
COLORS = {0.25: BLUE, 0.5: GREEN, 0.8: ORANGE}
MARKERS = {0.25: ("o", 11), 0.5: ("s", 7.5), 0.8: ("D", 4)}
TARGETS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25)
DIVERGENT, DIVERGENT_BATCH = ((1.25, 0.5), (1.25, 1.5), (1.7, 0.5), (1.7, 1.5)), 4


def problem(inverse: float, zeta: float) -> sgdmem.Problem:
    """Return that of Gaussian features with nu = 1 / inverse."""
    return sgdmem.Problem.power_law(1 / inverse, zeta, noise=sgdmem.Noise(tau2=-1))


def measured(inverse: float, zeta: float, steps: int) -> tuple[float, float]:
    """Return the exponent of the exact loss over the last decade, and what the theory says of it.

    The second has the slow corrections of `loss_asymptotics`, the leading term alone has none.
    """
    question = METHOD, problem(inverse, zeta), BATCH_SIZE
    t = np.arange(steps + 1)
    exact = sgdmem.losses(*question, steps)
    series = sgdmem.loss_asymptotics(*question).loss(t[1:])
    window = steps / 10, steps
    return fitted_exponent(t, exact, *window), fitted_exponent(t[1:], series, *window)


def growth(inverse: float, zeta: float, steps: int) -> tuple[int, float]:
    """Return when the loss is smallest, and how much larger it is in the end."""
    exact = sgdmem.losses(METHOD, problem(inverse, zeta), DIVERGENT_BATCH, steps)
    least = int(exact.argmin())
    return least, float(exact[-1] / exact[least])


def draw_regimes(ax: Any, points: int) -> None:
    """Colour the regimes and name them."""
    sgdmem.systems.named_diagram("regimes", ax=ax, points=points, annotate=False, explained=False)
    ax.plot([0, 1], [2, 1], color=BLACK, linewidth=1)
    for x in (1, 2):
        ax.axvline(x, color=BLACK, linewidth=1)
    middle = {"ha": "center", "va": "center"}
    ax.text(0.5, 0.1, r"signal-dominated: $t^{-\zeta}$", **middle, fontsize="small")
    ax.text(0.5, 2.4, r"noise-dominated: $t^{-2+1/\nu}$", **middle, fontsize="small")
    ax.text(1.5, 2.4, "eventual divergence", **middle, fontsize="small")
    ax.text(2.25, 1.25, "immediate divergence", **middle, fontsize="small", rotation=90)
    ax.set(title="", xlim=(0, 2.5), ylim=(0, 2.5))


def main(folder: Path, quick: bool = False) -> list[Row]:
    """Measure exponents, compare them, draw."""
    from matplotlib.figure import Figure

    steps, targets = (20_000, TARGETS[::4]) if quick else (1_000_000, TARGETS)
    figure = Figure(figsize=(10.5, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_regimes(left, 10 if quick else 400)
    rows: list[Row] = []
    data: list[tuple[Any, ...]] = []
    for inverse in INVERSES:
        noise = 2 - inverse
        ends = np.linspace(0.1, 2.4, 200)
        right.plot(ends, np.minimum(ends, noise), **dashed(COLORS[inverse]))
        found = [measured(inverse, zeta, steps) for zeta in targets]
        marker, size = MARKERS[inverse]
        style = {"color": COLORS[inverse], "marker": marker, "linestyle": "none"}
        exponents, label = [x for x, _ in found], rf"$1/\nu={inverse:g}$"
        right.plot(targets, exponents, **style, ms=size, mfc="none", mew=1.6, label=label)
        right.plot(targets, [x for _, x in found], "_", color=BLACK, markersize=13)
        left.plot([inverse] * len(targets), targets, **style, markersize=5)
        for zeta, (exact, series) in zip(targets, found, strict=True):
            name = f"1/nu = {inverse:g}, zeta = {zeta:g}"
            rows.append(Row(name, exact, min(zeta, noise), series))
            data.append((inverse, zeta, exact, min(zeta, noise), series))
    right.plot([], [], "_", color=BLACK, markersize=13, label="theory with slow corrections")
    right.plot([], [], **dashed(), label=r"$\min(\zeta,\,2-1/\nu)$")
    right.set(xlabel=r"$\zeta$", ylabel="exponent of the loss", xlim=(0, 2.45), ylim=(0, 2))
    right.legend(frameon=False, loc="upper left")
    for inverse, zeta in DIVERGENT:
        least, factor = growth(inverse, zeta, steps)
        left.plot(inverse, zeta, "X", color=RED, markersize=7)
        left.annotate(
            f"rises from\n$t={least:,}$", (inverse, zeta), (0, -25), textcoords="offset points",
            ha="center", fontsize="small",
        )  # fmt: skip
        rows.append(Row(f"1/nu = {inverse:g}, zeta = {zeta:g}, diverges", float(factor > 1), 1))
        data.append((inverse, zeta, f"least at step {least}", "diverges", ""))
    print_table(f"exponents of the loss, t = {steps // 10:,} ... {steps:,}", rows)
    save(figure, folder / "gallery_phases.png", quick)
    header = ("1/nu", "zeta", "exponent", "leading term", "with corrections")
    write_csv(folder / "gallery_phases.csv", header, data)
    return rows


if __name__ == "__main__":
    main(given_folder())
