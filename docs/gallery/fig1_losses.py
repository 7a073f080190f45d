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
    Row,
    fitted_exponent,
    given_folder,
    half_of_largest,
    print_table,
    save,
    write_csv,
)

import sgdmem
from sgdmem.methods import accelerated, jacobi_heavy_ball
from sgdmem.phase_diagrams.pictures.loss_picture import predicted_law

NU, ZETA = 3, 0.5
BATCH_SIZES = (math.inf, 100, 10)
MOMENTUM, DAMPING_EXPONENT = 0.9, 0.95
TOP = 5.0  # of the pictures


def methods(problem: sgdmem.Problem, batch_size: float) -> dict[str, Any]:
    """Return the rules that are compared."""
    rate = half_of_largest("sgd", problem, batch_size)
    heavy = half_of_largest("heavy-ball", problem, batch_size, momentum=MOMENTUM)
    return {
        "SGD": sgdmem.sgd(rate),
        "heavy ball": sgdmem.heavy_ball(heavy, MOMENTUM),
        "Jacobi heavy ball": jacobi_heavy_ball(ZETA, -0.5, problem.spectrum.largest),
        "AM1": accelerated(problem, batch_size, damping_exponent=DAMPING_EXPONENT),
    }


def predicted(
    rules: dict[str, Any], problem: sgdmem.Problem, batch_size: float
) -> dict[str, float]:
    """Return the exponents; without noise, that of the Jacobi schedule is known as well."""
    found = {"Jacobi heavy ball": 2 * ZETA} if math.isinf(batch_size) else {}
    for name, rule in rules.items():
        law = predicted_law(rule, problem, batch_size)
        if law is not None:
            found[name] = law.exponent
    return found


def main(folder: Path, quick: bool = False) -> list[Row]:
    """Follow the losses, compare their exponents, draw."""
    from matplotlib.figure import Figure

    steps, seeds, count = (2_000, 2, 3_000) if quick else (30_000, 8, 10_000)
    problem = sgdmem.Problem.power_law(NU, ZETA, count=count, noise=sgdmem.Noise(tau2=-1))
    fit = steps / 10, steps
    record = np.unique(np.geomspace(1, steps, 25).round().astype(int))
    rows: list[Row] = []
    data: list[tuple[Any, ...]] = []
    figure = Figure(figsize=(10.5, 4.2), layout="constrained")
    axes = figure.subplots(1, len(BATCH_SIZES), sharex=True, sharey=True)
    for ax, batch_size in zip(axes, BATCH_SIZES, strict=True):
        rules = methods(problem, batch_size)
        exponents = predicted(rules, problem, batch_size)
        runs = {}
        if not math.isinf(batch_size):
            question = problem, int(batch_size), steps
            runs = {
                name: sgdmem.simulate(rule, *question, seeds=seeds, record=record)
                for name, rule in rules.items()
            }
        sgdmem.pictures.draw_losses(
            rules,
            problem,
            batch_size,
            steps,
            ax=ax,
            simulations=runs,
            exponents={name: exponents[name] for name in exponents if name.startswith("Jacobi")},
            explained=False,
        )
        for name, rule in rules.items():
            label = f"B = {batch_size:g}, {name}"
            exact = sgdmem.losses(rule, problem, batch_size, steps)
            means = errors = np.full(record.size, np.nan)
            if name in runs:
                means, errors = runs[name].mean, runs[name].standard_error
            if name in exponents:
                found = fitted_exponent(np.arange(exact.size), exact, *fit)
                rows.append(Row(f"{label}, exact", found, exponents[name]))
                if np.isfinite(means).all():
                    found = fitted_exponent(record, means, *fit)
                    rows.append(Row(f"{label}, simulated", found, exponents[name]))
            data += [
                (batch_size, name, *values)
                for values in zip(record, exact[record], means, errors, strict=True)
            ]
        size = r"\infty" if math.isinf(batch_size) else f"{batch_size:g}"
        ax.set_title(f"$B = {size}$")
        ax.label_outer()
    axes[0].set(ylim=(5e-6, TOP), xlim=(1, steps))
    drawn = sgdmem.pictures.artists(axes[1])
    handles = [*drawn["loss"], drawn["simulation"][0], drawn["prediction"][0]]
    labels = [*rules, "simulated", "predicted power law"]
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False)
    title = rf"Gaussian features, $\lambda_k = k^{{-{NU}}}$, $\zeta = {ZETA:g}$, $N = {count:,}$"
    figure.suptitle(title, fontsize="medium")
    print_table("exponents of the loss over the last decade", rows)
    save(figure, folder / "gallery_losses.png", quick)
    header = ("batch_size", "method", "step", "exact", "simulated", "standard_error")
    write_csv(folder / "gallery_losses.csv", header, data)
    return rows


if __name__ == "__main__":
    main(given_folder())
