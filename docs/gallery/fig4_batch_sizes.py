"""Fig. 4 of arXiv 2410.04228: AM1 at several batch sizes and growths of its learning rate.

The effective learning rate grows like t^growth. The loss should fall with the exponent
zeta (1 + growth), eq. (27), up to the growth damping exponent * (1 - 1/nu); beyond, mini-batch
noise makes it diverge. Writes gallery_batch_sizes.png and gallery_batch_sizes.csv to the folder
given as the only argument, by default the current one.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from common import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    RED,
    SKY,
    Row,
    am1,
    dashed,
    fitted_exponent,
    given_folder,
    print_table,
    save,
    write_csv,
)

import sgdmem
from sgdmem.methods import accelerated

NU, ZETA, DAMPING_EXPONENT = 2, 0.5, 0.95
RISING = 0.15  # where losses that rise are drawn
LARGEST_GROWTH = DAMPING_EXPONENT * (1 - 1 / NU)
SHARES = {0.0: BLUE, 0.5: SKY, 1.0: GREEN, 1.3: ORANGE, 1.6: RED}  # of the largest growth
BATCH_SIZES = {1: ("o", 10), 10: ("s", 7), 100: ("D", 4)}  # markers and their sizes


def problem(count: int | None = None) -> sgdmem.Problem:
    """Return that of Gaussian features, by default infinitely many."""
    return sgdmem.Problem.power_law(NU, ZETA, count=count, noise=sgdmem.Noise(tau2=-1))


def main(folder: Path, quick: bool = False) -> list[Row]:
    """Follow the losses, compare their exponents, draw."""
    from matplotlib.figure import Figure

    steps, simulated_steps, seeds = (20_000, 500, 2) if quick else (1_000_000, 10_000, 4)
    shares, count = (list(SHARES)[::2], 1_000) if quick else (list(SHARES), 10_000)
    infinite, finite = problem(), problem(count)
    record = np.unique(np.geomspace(1, simulated_steps, 13).round().astype(int))
    rows: list[Row] = []
    data: list[tuple[Any, ...]] = []
    figure = Figure(figsize=(9.6, 7.4), layout="constrained")
    axes = figure.subplots(2, 2)
    *panels, last = axes.flat
    sampled = np.unique([*record, *np.geomspace(1, steps, 400).round().astype(int)])
    for ax, (batch_size, (marker, size)) in zip(panels, BATCH_SIZES.items(), strict=True):
        limit = accelerated(infinite, batch_size, damping_exponent=DAMPING_EXPONENT)
        rate = float(limit.steps(0, 1).alpha[0])  # all begin with the same step
        for share in shares:
            color, predicted = SHARES[share], ZETA * (1 + share * LARGEST_GROWTH)
            chosen = am1(rate, DAMPING_EXPONENT, share * LARGEST_GROWTH)
            exact = sgdmem.losses(chosen, infinite, batch_size, steps)
            ended = sgdmem.losses(chosen, finite, batch_size, steps)
            label = rf"$\bar\alpha = {share * LARGEST_GROWTH:.3g}$"
            for losses, style in ((exact, "-"), (ended, ":")):
                seen = sampled[losses[sampled] < 10]
                name = label if style == "-" else None
                ax.plot(seen, losses[seen], style, color=color, linewidth=1.8, label=name)
            run = sgdmem.simulate(
                chosen, finite, batch_size, simulated_steps, seeds=seeds, record=record
            )
            seen = run.mean < 10
            style = {"color": color, "markersize": 4.5, "mfc": "white"}
            ax.plot(record[seen], run.mean[seen], marker, **style)
            found = fitted_exponent(np.arange(steps + 1), exact, steps / 10, steps)
            inside = share <= 1
            if inside:
                line = np.array([steps / 1000, steps])
                middle = int(steps / 10**0.5)
                ax.plot(line, exact[middle] * (line / middle) ** -predicted, **dashed())
            kind = "" if inside else ", too fast"
            found = found if found > 0 else -math.inf  # it rises, and may have overflowed
            rows.append(Row(f"B = {batch_size}, growth {share:g} of it{kind}", found, predicted))
            style = {"color": color, "markersize": size, "mfc": "none", "mew": 1.5}
            last.plot(share * LARGEST_GROWTH, max(found, RISING), marker, **style)
            data += [(batch_size, share * LARGEST_GROWTH, t, exact[t], ended[t]) for t in sampled]
        ax.set(xscale="log", yscale="log", xlim=(1, steps), ylim=(3e-6, 5))
        ax.set(title=f"$B = {batch_size}$", xlabel="step $t$", ylabel="mean loss $L_t$")
    ends = np.array([0, LARGEST_GROWTH])
    last.plot(ends, ZETA * (1 + ends), **dashed())
    last.axvline(LARGEST_GROWTH, color=BLACK, linewidth=0.8)
    last.text(LARGEST_GROWTH + 0.02, 0.36, r"$\bar\alpha=\bar\delta(1-1/\nu)$")
    last.text(LARGEST_GROWTH - 0.03, RISING, "loss rises:", ha="right", va="center")
    last.set(xlabel=r"growth $\bar\alpha$ of $\alpha_{\mathrm{eff}}$", ylim=(0.1, 0.9))
    last.set(ylabel="exponent over the last decade", xlim=(-0.05, 0.85))
    for batch_size, (marker, size) in BATCH_SIZES.items():
        style = {"color": BLACK, "markersize": size, "mfc": "none", "linestyle": "none"}
        last.plot([], [], marker=marker, label=f"$B = {batch_size}$", **style)
    last.legend(frameon=False, loc="upper left")
    handles, labels = panels[0].get_legend_handles_labels()
    handles += panels[0].plot([], [], ":", color=BLACK)
    handles += panels[0].plot([], [], "o", color=BLACK, markersize=4.5, mfc="white")
    handles += panels[0].plot([], [], **dashed())
    labels += [f"$N = {count:,}$", "simulated", "predicted"]
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    print_table(f"exponents of the loss, t = {steps // 10:,} ... {steps:,}", rows)
    save(figure, folder / "gallery_batch_sizes.png", quick)
    header = ("batch_size", "growth", "step", "infinite", f"N = {count}", "simulated")
    write_csv(folder / "gallery_batch_sizes.csv", header, data)
    return rows


if __name__ == "__main__":
    main(given_folder())
