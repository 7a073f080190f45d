"""Fig. 5 of arXiv 2410.04228 with other images: a network trained on scikit-learn's digits.

One hidden layer, square loss, mini-batches: SGD, heavy ball, heavy ball on the Jacobi schedule, and
AM1, beside the exact dynamics of the network linearised at its start. Writes gallery_network.png
and gallery_network.csv to the folder given as the only argument, by default the current one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from common import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    RED,
    Row,
    am1,
    dashed,
    fitted_exponent,
    given_folder,
    half_of_largest,
    print_table,
    save,
    write_csv,
)
from network import Network, train

import sgdmem
from sgdmem.methods import jacobi_heavy_ball

BATCH_SIZES, MOMENTUM, DAMPING_EXPONENT = (4, 16, 64), 0.9, 0.95
COLORS = {
    "SGD": BLUE,
    "heavy ball": GREEN,
    "Jacobi heavy ball": RED,
    "AM1": ORANGE,
    "AM1, twice the growth": PURPLE,
}
TOP = 2.0  # of the pictures


def exponents(problem: sgdmem.Problem) -> tuple[float, float]:
    """Return nu and zeta, fitted to eigenvalues and to the energies below them.

    To ranks from 5 to a quarter of all: further down few images make the spectrum end.
    """
    values = problem.spectrum.eigenvalues
    ends = 5, values.size // 4
    nu = sgdmem.fit_power_law(problem.spectrum, *ends).exponent
    below = np.cumsum(problem.target.masses(problem.spectrum)[::-1])[::-1]
    ranks = np.unique(np.geomspace(*ends, 30).round().astype(int))
    zeta = np.polyfit(np.log(values[ranks]), np.log(below[ranks]), 1)[0]
    return nu, float(zeta)


def main(folder: Path, quick: bool = False) -> list[Row]:
    """Train, compare with the linearised network, draw."""
    from matplotlib.figure import Figure

    images, width, steps, seeds = (500, 200, 1_000, 1) if quick else (1797, 1_000, 10_000, 2)
    network = Network.of_digits(images, width)
    problem = network.linearised()
    nu, zeta = exponents(problem)
    growth = DAMPING_EXPONENT * (1 - 1 / nu)
    print(f"nu = {nu:.2f}, zeta = {zeta:.2f}; {problem.noise}")
    record = np.unique(np.geomspace(1, steps, 60).round().astype(int))
    rows: list[Row] = []
    data: list[tuple[Any, ...]] = []
    figure = Figure(figsize=(10.5, 4.2), layout="constrained")
    axes = figure.subplots(1, len(BATCH_SIZES), sharex=True, sharey=True)
    for ax, batch_size in zip(axes, BATCH_SIZES, strict=True):
        rate = half_of_largest("sgd", problem, batch_size)
        heavy = half_of_largest("heavy-ball", problem, batch_size, momentum=MOMENTUM)
        constant = sgdmem.Schedule.constant
        methods = {
            "SGD": (constant(sgdmem.sgd(rate)), zeta),
            "heavy ball": (constant(sgdmem.heavy_ball(heavy, MOMENTUM)), zeta),
            "Jacobi heavy ball": (jacobi_heavy_ball(zeta, -0.5, problem.spectrum.largest), None),
            "AM1": (am1(rate, DAMPING_EXPONENT, growth), zeta * (1 + growth)),
            "AM1, twice the growth": (am1(rate, DAMPING_EXPONENT, 2 * growth), None),
        }
        for name, (rule, predicted) in methods.items():
            runs = [train(network, rule, batch_size, record, seed) for seed in range(seeds)]
            mean = np.mean(runs, axis=0)
            linear = sgdmem.losses(rule, problem, batch_size, steps)
            data += [
                (batch_size, name, *values)
                for values in zip(record, mean, linear[record], strict=True)
            ]
            for losses, style in ((mean, {"linewidth": 2.2}), (linear[record], dashed())):
                seen = losses < TOP
                ax.plot(record[seen], losses[seen], **{**style, "color": COLORS[name]})
            if predicted is not None:
                for first, last in ((20, steps // 20), (steps // 10, steps)):
                    pair = [fitted_exponent(record, x, first, last) for x in (mean, linear[record])]
                    label = f"B = {batch_size}, {name}, t = {first:,} ... {last:,}"
                    rows.append(Row(label, pair[0], predicted, pair[1]))
        ax.set(title=f"$B = {batch_size}$", xlabel="step $t$")
    axes[0].set(xscale="log", yscale="log", xlim=(1, steps), ylim=(2e-4, TOP))
    axes[0].set_ylabel("loss on all images")
    handles = [axes[0].plot([], [], color=c, linewidth=2.2, label=k)[0] for k, c in COLORS.items()]
    handles += axes[0].plot([], [], **dashed(), label="linearised, exact")
    figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False)
    title = rf"digits, width {width}: $\nu\approx{nu:.2f}$, $\zeta\approx{zeta:.2f}$"
    figure.suptitle(title, fontsize="medium")
    print_table("exponents of the loss", rows, "linearised")
    save(figure, folder / "gallery_network.png", quick)
    header = ("batch_size", "method", "step", "network", "linearised")
    write_csv(folder / "gallery_network.csv", header, data)
    return rows


if __name__ == "__main__":
    main(given_folder())
