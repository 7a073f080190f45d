"""Which method is fastest where: exact losses of seven methods over spectra and targets.

``python docs/gallery/larger_memory.py FOLDER`` takes some twenty minutes; it prints the table and
writes the picture of docs/theory/larger-memory.md.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from common import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED, given_folder, save, write_csv

import sgdmem
from sgdmem.numeric.acceleration.compare_methods import METHODS, Compared, compare_methods

NUS, ZETAS = (1.25, 1.5, 2.0, 3.0), (0.25, 0.5, 1.0, 2.0)
SHOWN = (2.0, 0.4)  # of the picture
BATCH_SIZE, STEPS = 10, 10**6
COLOURS = dict(zip(METHODS, (BLACK, BLUE, RED, PURPLE, ORANGE, GREEN, GREY), strict=True))


def main(folder: Path, quick: bool = False) -> dict[tuple[float, float], list[Compared]]:
    """Write picture and table, and return the rows of every pair of exponents."""
    methods = ["SGD", "AM1", "AM2", "best stationary"] if quick else None

    def compared(*exponents: float) -> list[Compared]:
        problem = sgdmem.Problem.power_law(*exponents)
        return compare_methods(problem, BATCH_SIZE, 10_000 if quick else STEPS, methods=methods)

    shown = compared(*SHOWN)
    picture(folder, shown, quick)
    table = (
        {SHOWN: shown}
        if quick
        else {(nu, zeta): compared(nu, zeta) for nu in NUS for zeta in ZETAS}
    )
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
        cells = [_short(last["SGD"], 3)]
        for method in METHODS[1:]:
            share = _short(last[method] / last["SGD"]) if method in last else ""
            cells.append(f"**{share}**" if last.get(method) == best else share)
        cells.append(_short(min(row.above_bound for row in rows)))
        lines.append(f"| {nu:g} | {zeta:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _short(x: float, digits: int = 2) -> str:
    plain = re.sub(r"e\+?(-?)0*", r"e\1", f"{x:.{digits}g}")
    return plain.replace("-", "\N{MINUS SIGN}")  # where lines do not break


def picture(folder: Path, rows: list[Compared], quick: bool) -> None:
    """Draw losses, and simulated runs of AM2 with finitely many features."""
    from matplotlib.figure import Figure

    count, run, seeds = (300, 1000, 4) if quick else (3000, 3000, 24)
    figure = Figure(figsize=(6.4, 4.2), layout="tight")
    ax = figure.subplots()
    for row in rows:
        t = np.unique(np.geomspace(1, row.losses.size - 1, 400).astype(int))
        label = f"{row.method}: {row.exponent:.3f} ({row.predicted:.3f})"
        ax.loglog(t, row.losses[t], color=COLOURS[row.method], label=label)
    rule = next(row.rule for row in rows if row.method == "AM2")
    problem = sgdmem.Problem.power_law(*SHOWN, count=count, noise=sgdmem.Noise(tau2=-1))
    question = rule, problem, BATCH_SIZE, run
    runs = sgdmem.simulate(*question, seeds=seeds, record=[10, 100, 1000, run])
    ax.errorbar(
        *(runs.steps, runs.mean, runs.standard_error),
        fmt="o",
        ms=4,
        color=COLOURS["AM2"],
        label=f"AM2, {seeds} simulated runs, $N={count}$",
    )
    finite = sgdmem.losses(*question)
    ax.loglog(finite, ":", color=COLOURS["AM2"], label=f"AM2, exact, $N={count}$")
    ax.set(xlabel="step $t$", ylabel="mean loss $L_t$")
    ax.set_title(rf"$\nu={SHOWN[0]:g}$, $\zeta={SHOWN[1]:g}$, $B={BATCH_SIZE}$", fontsize=10)
    ax.legend(title="exponent (predicted)", fontsize=8, title_fontsize=8, frameon=False)
    save(figure, folder / "gallery_larger_memory.png", quick)


if __name__ == "__main__":
    main(given_folder())
