"""Fig. 1 of arXiv 2410.04228: mean losses on Gaussian features with a power-law spectrum.

SGD, heavy ball, heavy ball on the Jacobi schedule, and AM1: exact, simulated, and the predicted
power laws. Writes gallery_losses.png and gallery_losses.csv to the folder given as the only
argument, by default the current one.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from common import (
    BLUE,
    DASHED,
    GREEN,
    ORANGE,
    RED,
    Row,
    fitted_exponent,
    given_folder,
    half_of_largest,
    print_table,
    save,
    write_csv,
)

import sgdmem
from sgdmem.numeric.accelerated import accelerated
from sgdmem.numeric.jacobi import jacobi_heavy_ball

NU, ZETA, COUNT = 3, 0.5, 10_000
SPECTRUM, TARGET = sgdmem.Spectrum.power_law(NU, count=COUNT), sgdmem.power_law_target(ZETA)
BATCH_SIZES = (math.inf, 100, 10)
MOMENTUM, DAMPING_EXPONENT = 0.9, 0.95
TOP = 5.0  # of the pictures
COLORS = {"SGD": BLUE, "heavy ball": GREEN, "Jacobi heavy ball": RED, "AM1": ORANGE}


def methods(batch_size: float) -> dict[str, tuple[Any, float | None]]:
    """Return each method with its predicted exponent, None where the loss diverges."""
    question = SPECTRUM, batch_size, (1, -1)
    rate = half_of_largest("sgd", *question)
    heavy = half_of_largest("heavy-ball", *question, momentum=MOMENTUM)
    rule = accelerated(SPECTRUM, batch_size, damping_exponent=DAMPING_EXPONENT, tau2=-1)
    growth = DAMPING_EXPONENT * (1 - 1 / NU)
    return {
        "SGD": (sgdmem.sgd(rate), ZETA),
        "heavy ball": (sgdmem.heavy_ball(heavy, MOMENTUM), ZETA),
        "Jacobi heavy ball": (
            jacobi_heavy_ball(ZETA, -0.5, SPECTRUM.largest),
            2 * ZETA if math.isinf(batch_size) else None,
        ),
        "AM1": (rule, ZETA * (1 + growth)),
    }


def main(folder: Path, quick: bool = False) -> list[Row]:
    """Follow the losses, compare their exponents, draw."""
    from matplotlib.figure import Figure

    steps, seeds = (2_000, 2) if quick else (30_000, 8)
    fit = steps / 10, steps
    record = np.unique(np.geomspace(1, steps, 25).round().astype(int))
    rows: list[Row] = []
    data: list[tuple[Any, ...]] = []
    figure = Figure(figsize=(10.5, 4.2), layout="constrained")
    axes = figure.subplots(1, len(BATCH_SIZES), sharex=True, sharey=True)
    for ax, batch_size in zip(axes, BATCH_SIZES, strict=True):
        size = r"\infty" if math.isinf(batch_size) else f"{batch_size:g}"
        for name, (rule, predicted) in methods(batch_size).items():
            label = f"B = {batch_size:g}, {name}"
            exact = sgdmem.losses(rule, SPECTRUM, TARGET, steps, batch_size, 1, -1)
            t = np.arange(exact.size)
            seen = exact < TOP**2  # further values would overflow the logarithmic scale
            ax.plot(t[seen], exact[seen], color=COLORS[name], linewidth=2.2, label=name)
            means = errors = np.full(record.size, np.nan)
            if not math.isinf(batch_size):
                run = sgdmem.simulate(
                    rule, SPECTRUM, TARGET, steps, int(batch_size), seeds=seeds, record=record
                )
                means, errors = run.mean, run.standard_error
                seen = means < TOP**2
                style = {"color": COLORS[name], "markersize": 4, "mfc": "white"}
                ax.plot(record[seen], means[seen], "o", **style)
            if predicted is not None:
                rows.append(Row(f"{label}, exact", fitted_exponent(t, exact, *fit), predicted))
                middle = int(math.sqrt(fit[0] * fit[1]))
                line = np.array([100.0, steps])
                ax.plot(line, exact[middle] * (line / middle) ** -predicted, **DASHED)
                if np.isfinite(means).all():
                    found = fitted_exponent(record, means, *fit)
                    rows.append(Row(f"{label}, simulated", found, predicted))
            data += [
                (batch_size, name, *values)
                for values in zip(record, exact[record], means, errors, strict=True)
            ]
        ax.set_title(f"$B = {size}$")
        ax.set_xlabel("step $t$")
    axes[0].set(xscale="log", yscale="log", ylim=(5e-6, TOP), xlim=(1, steps))
    axes[0].set_ylabel("mean loss $L_t$")
    axes[0].plot([], [], "o", color="black", markersize=4, mfc="white", label="simulated")
    axes[0].plot([], [], **DASHED, label="predicted power law")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False)
    title = rf"Gaussian features, $\lambda_k = k^{{-{NU}}}$, $\zeta = {ZETA:g}$, $N = 10^4$"
    figure.suptitle(title, fontsize="medium")
    print_table("exponents of the loss over the last decade", rows)
    save(figure, folder / "gallery_losses.png")
    header = ("batch_size", "method", "step", "exact", "simulated", "standard_error")
    write_csv(folder / "gallery_losses.csv", header, data)
    return rows


if __name__ == "__main__":
    main(given_folder())
