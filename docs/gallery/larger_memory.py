"""Which method is fastest where: exact losses of eight methods over spectra and targets.

``python docs/gallery/larger_memory.py FOLDER`` takes some ten minutes; it prints the table and
writes the picture of docs/theory/larger-memory.md.
"""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from common import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, given_folder, save, write_csv

import sgdmem
from sgdmem.numeric.acceleration.compare_methods import METHODS, Compared, compare_methods
from sgdmem.phase_diagrams.pictures.palette import LIGHT_GREY

NUS, ZETAS = (1.25, 1.5, 2.0, 3.0), (0.25, 0.5, 1.0, 2.0)
SHOWN = {(2.0, 0.4): "the signal decides", (2.0, 2.0): "noise decides"}  # of the picture
SEEN = ((6e-4, 5), (1e-8, 1e4))  # ratios
BATCH_SIZE, STEPS = 10, 10**6
COLOURS = dict(zip(METHODS, (BLACK, BLUE, RED, PURPLE, ORANGE, SKY, GREEN, GREY), strict=True))
MARKS = dict(zip(METHODS, ("", "s", "o", "v", "D", "^", "X", "P"), strict=True))


def main(folder: Path, quick: bool = False) -> dict[tuple[float, float], list[Compared]]:
    """Write picture and table, and return the rows of every pair of exponents."""
    methods = ["SGD", "AM1", "AM2", "anchored AM1", "best stationary"] if quick else None
    table = {}
    for pair in SHOWN if quick else sorted({*product(NUS, ZETAS), *SHOWN}):
        problem = sgdmem.Problem.power_law(*pair)
        steps = 10_000 if quick else STEPS
        table[pair] = compare_methods(problem, BATCH_SIZE, steps, methods=methods)
    picture(folder, table, quick)
    write_csv(
        folder / "gallery_larger_memory.csv",
        ["nu", "zeta", "method", "loss", "exponent", "predicted"],
        [
            [
                *pair,
                row.method,
                *(f"{x:.6g}" for x in (row.losses[-1], row.exponent, row.predicted)),
            ]
            for pair, rows in table.items()
            for row in rows
        ],
    )
    print(markdown(table))
    return table


def markdown(table: dict[tuple[float, float], list[Compared]]) -> str:
    """Return the losses after all steps over that of SGD; the smallest, in bold, over the bound."""
    heads = ("ν", "ζ", *METHODS, "over bound")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for (nu, zeta), rows in table.items():
        last = {row.method: row.losses[-1] for row in rows}
        best = min(last.values())
        cells = [short(last["SGD"], 3)]
        for method in METHODS[1:]:
            share = short(last[method] / last["SGD"]) if method in last else ""
            cells.append(f"**{share}**" if last.get(method) == best else share)
        cells.append(short(min(row.above_bound for row in rows)))
        lines.append(f"| {nu:g} | {zeta:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def short(x: float, digits: int = 2) -> str:
    """Return a number in as few letters as a column has room for."""
    plain = re.sub(r"e\+?(-?)0*", r"e\1", f"{x:.{digits}g}").removeprefix("0")  # ten columns
    return plain.replace("-", "\N{MINUS SIGN}")  # where lines do not break


def picture(folder: Path, table: dict[tuple[float, float], list[Compared]], quick: bool) -> None:
    """Draw losses over those of SGD, with the bound, and simulated runs with many features."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 6.9), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    for ax, pair, (lowest, highest) in zip(panels, SHOWN, SEEN, strict=True):
        nu, zeta = pair
        rows = {row.method: row for row in table[pair]}
        sgd = rows["SGD"].losses
        t = np.unique(np.geomspace(1, sgd.size - 1, 400).astype(int))
        for place, (method, row) in enumerate(rows.items()):
            style: dict[str, Any] = {"color": COLOURS[method], "marker": MARKS[method]}
            start = 0.15 + 0.1 * place / len(rows)  # marks side by side, not on one another
            ax.loglog(t, row.losses[t] / sgd[t], label=method, markevery=(start, 0.2), **style)
        bound = sgdmem.methods.loss_bound(
            sgdmem.Problem.power_law(*pair), BATCH_SIZE, sgd.size - 1
        )[t]
        ax.fill_between(
            *(t, lowest / 10, np.maximum(bound / sgd[t], lowest / 10)),
            label="no linear method",
            color=LIGHT_GREY,
            alpha=0.5,
            lw=0,
        )
        ax.plot(t, bound / sgd[t], color=GREY, lw=1)
        ax.set(xlim=(1, sgd.size - 1), ylim=(lowest, highest), ylabel="loss / loss of SGD")
        title = rf"$\nu={nu:g}$, $\zeta={zeta:g}$, $B={BATCH_SIZE}$: {SHOWN[pair]}"
        ax.set_title(title, fontsize=10)
    _simulated(panels[0], table[next(iter(SHOWN))], quick)
    panels[1].set_xlabel("step $t$")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    save(figure, folder / "gallery_larger_memory.png", quick)


def _simulated(ax: Any, rows: list[Compared], quick: bool) -> None:
    """Draw runs of AM2 and its exact losses with finitely many features."""
    count, steps, seeds = (300, 1000, 4) if quick else (3000, 3000, 24)
    found = {row.method: row for row in rows}
    sgd, rule = found["SGD"].losses, found["AM2"].rule
    law = sgdmem.Problem.power_law(*next(iter(SHOWN)), count=count, noise=sgdmem.Noise(tau2=-1))
    question = rule, law, BATCH_SIZE, steps
    runs = sgdmem.simulate(*question, seeds=seeds, record=[10, 100, 1000, steps])
    ax.errorbar(
        runs.steps,
        *(runs.mean / sgd[runs.steps], runs.standard_error / sgd[runs.steps]),
        fmt="o",
        mfc="white",
        zorder=4,
        color=COLOURS["AM2"],
        label=f"AM2, {seeds} simulated runs, $N={count}$",
    )
    ax.plot(
        sgdmem.losses(*question)[1:] / sgd[1 : steps + 1],
        *(":",),
        color=COLOURS["AM2"],
        label=f"AM2, exact, $N={count}$",
    )


if __name__ == "__main__":
    main(given_folder())
