"""Fig. 3 of arXiv 2410.04228: where the roots of memory 1 lie (Theorem 6.2).

The roots of P - lambda Q as lambda runs over (0, lambda_max]. Writes gallery_root_loci.png and
gallery_root_loci.csv to the folder given as the only argument, by default the current one.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from common import Row, given_folder, print_table, save, write_csv

import sgdmem
from sgdmem.numeric.verdicts.root_locus import complex_circle
from sgdmem.symbolic.systems.memory_one import complex_range

LARGEST = 1.0  # lambda_max
CASES = {  # effective learning rate, q0 and damping: all stable on (0, lambda_max]
    "real": ("1", "0.6", "0.9"),
    "SGD": ("1.5", "0.6", "0.6"),
    "heavy ball": ("2.5", "0", "0.3"),
    "AM1": ("5", "0.6", "0.15"),
    "line": ("0.5", "-0.4", "0.8"),
    "right of 1": ("0.2", "-0.6", "0.8"),
}
TITLES = {
    "real": r"real: $q_0>(1-\delta)\alpha_{\mathrm{eff}}$",
    "SGD": r"SGD: $q_0=(1-\delta)\alpha_{\mathrm{eff}}$",
    "heavy ball": r"heavy ball: $q_0=0$",
    "AM1": r"AM1: $0<q_0\ll(1-\delta)\alpha_{\mathrm{eff}}$",
    "line": r"$q_1=0$, $x_Q=\infty$",
    "right of 1": r"$q_1>0$, $x_Q>1$",
}


def coefficients(case: tuple[str, str, str]) -> tuple[Any, Any]:
    """Return the coefficients of P and Q, lowest power first."""
    _, P, Q, _ = sgdmem.methods.memory_one(*case).polynomials
    return np.array(P, dtype=float), np.array(Q, dtype=float)


def roots(case: tuple[str, str, str], lam: Any) -> Any:
    """Return both roots for each eigenvalue, shape (2, n)."""
    P, Q = coefficients(case)
    half = (P[1] - lam * Q[1]) / 2
    root = np.sqrt((half**2 - P[0] + lam * Q[0]).astype(complex))
    return np.array([-half + root, -half - root])


def compare(name: str, case: tuple[str, str, str]) -> list[Row]:
    """Compare the complex roots with the locus, and where they begin and end with its ends."""
    lam = np.geomspace(1e-3, 1e3, 200_001)  # beyond lambda_max, to see both ends
    upper = roots(case, lam)[0]
    complex_ones = upper.imag > 1e-6
    x, found = upper[complex_ones], complex_circle(sgdmem.methods.memory_one(*case))
    if found is None:
        return [Row(f"{name}: complex roots", x.size, 0)]
    if math.isinf(found.radius):
        return [Row(f"{name}: real part", float(x.real.mean()), found.centre)]
    slope, shift = np.polyfit(x.real, np.abs(x) ** 2, 1)  # |x|^2 is linear in Re x on a circle
    ends = complex_range(*case)
    measured = slope / 2, (shift + slope**2 / 4) ** 0.5, *lam[complex_ones][[0, -1]]
    keys = "centre", "radius", "complex from", "complex to"
    return [
        Row(f"{name}: {key}", float(one), float(other))
        for key, one, other in zip(keys, measured, (found.centre, found.radius, *ends), strict=True)
    ]


def draw(ax: Any, name: str, case: tuple[str, str, str]) -> None:
    """Draw the locus."""
    sgdmem.pictures.draw_root_locus(
        sgdmem.methods.memory_one(*case), sgdmem.Spectrum([LARGEST]), ax=ax, explained=False
    )
    rate, q0, damping = case
    numbers = rf"$\alpha_{{\mathrm{{eff}}}}={rate}$, $q_0={q0}$, $\delta={damping}$"
    ax.set_title(f"{TITLES[name]}\n{numbers}", fontsize="small")
    ax.set_ylim(-1.15, 1.15)
    ax.label_outer()


def main(folder: Path, quick: bool = False) -> list[Row]:
    """Compute the roots, compare them with the circles, draw."""
    from matplotlib.figure import Figure

    lam = np.geomspace(1e-3, 1, 100 if quick else 600) * LARGEST
    figure = Figure(figsize=(9.6, 6.1), layout="constrained")
    axes = figure.subplots(2, 3, sharex="col", sharey=True, width_ratios=(2.3, 2.3, 3.3))
    rows: list[Row] = []
    data: list[tuple[Any, ...]] = []
    for ax, (name, case) in zip(axes.flat, CASES.items(), strict=True):
        rows += compare(name, case)
        draw(ax, name, case)
        for x in roots(case, lam):
            data += [(name, *v) for v in zip(lam, x.real, x.imag, strict=True)]
    for ax, end in zip(axes[1], (1.15, 1.15, 2.15), strict=True):
        ax.set_xlim(-1.15, end)
    branch = sgdmem.pictures.artists(axes[0, 0])["branch"][0]
    figure.colorbar(branch, ax=axes, label=r"eigenvalue $\lambda$", shrink=0.8)
    handles, labels = axes[1, 1].get_legend_handles_labels()
    more, its = axes[0, 1].get_legend_handles_labels()
    entries = {**dict(zip(its, more, strict=True)), **dict(zip(labels, handles, strict=True))}
    figure.legend(
        list(entries.values()), list(entries), loc="outside lower center", ncols=4, frameon=False
    )
    print_table("loci of the complex roots", rows)
    save(figure, folder / "gallery_root_loci.png", quick)
    write_csv(folder / "gallery_root_loci.csv", ("case", "lambda", "real", "imaginary"), data)
    return rows


if __name__ == "__main__":
    main(given_folder())
