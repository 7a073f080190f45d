"""Fig. 3 of arXiv 2410.04228: where the roots of memory 1 lie (Theorem 6.2).

The roots of P - lambda Q as lambda runs over (0, lambda_max]. Writes gallery_root_loci.png and
gallery_root_loci.csv to the folder given as the only argument, by default the current one.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from common import BLACK, DASHED, GREY, RED, Row, given_folder, print_table, save, write_csv

import sgdmem
from sgdmem.symbolic.regions import complex_range

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
    _, P, Q, _ = sgdmem.memory_one(*case).polynomials
    return np.array(P, dtype=float), np.array(Q, dtype=float)


def roots(case: tuple[str, str, str], lam: Any) -> Any:
    """Return both roots for each eigenvalue, shape (2, n)."""
    P, Q = coefficients(case)
    half = (P[1] - lam * Q[1]) / 2
    root = np.sqrt((half**2 - P[0] + lam * Q[0]).astype(complex))
    return np.array([-half + root, -half - root])


def locus(case: tuple[str, str, str]) -> tuple[float, float] | None:
    """Return centre and radius of the circle of Theorem 6.2, None for a line or real roots."""
    rate, q0, damping = map(Fraction, case)
    q1 = -damping * rate - q0
    if q1 == 0 or q0 >= (1 - damping) * rate:
        return None
    centre = -q0 / q1
    return float(centre), float((1 - centre) * (1 - damping - centre)) ** 0.5


def compare(name: str, case: tuple[str, str, str]) -> list[Row]:
    """Compare the complex roots with the locus, and where they begin and end with its ends."""
    lam = np.geomspace(1e-3, 1e3, 200_001)  # beyond lambda_max, to see both ends
    upper = roots(case, lam)[0]
    complex_ones = upper.imag > 1e-6
    x, found = upper[complex_ones], locus(case)
    if found is None:
        if not x.size:
            return [Row(f"{name}: complex roots", 0, 0)]
        return [Row(f"{name}: real part", float(x.real.mean()), 1 - float(case[2]) / 2)]
    slope, shift = np.polyfit(x.real, np.abs(x) ** 2, 1)  # |x|^2 is linear in Re x on a circle
    ends = complex_range(*case)
    measured = slope / 2, (shift + slope**2 / 4) ** 0.5, *lam[complex_ones][[0, -1]]
    keys = "centre", "radius", "complex from", "complex to"
    return [
        Row(f"{name}: {key}", float(one), float(other))
        for key, one, other in zip(keys, measured, (*found, *ends), strict=True)
    ]


def draw(ax: Any, name: str, case: tuple[str, str, str], lam: Any) -> Any:
    """Draw the roots, the locus and the unit circle."""
    from matplotlib.patches import Circle

    P, Q = coefficients(case)
    ax.axhline(0, color=GREY, linewidth=0.5, zorder=0)
    ax.add_patch(Circle((0, 0), 1, fill=False, color=GREY, linewidth=1.2))
    found = locus(case)
    if found is not None:
        ax.add_patch(Circle((found[0], 0), found[1], fill=False, **DASHED))
    elif name == "line":
        ax.axvline(1 - float(case[2]) / 2, **DASHED)
    both = roots(case, lam)
    dots = ax.scatter(
        both.real, both.imag, c=np.tile(np.log10(lam), 2), s=7, cmap="viridis", vmax=0.1, zorder=3
    )
    start = np.roots(P[::-1])
    ax.plot(start.real, start.imag, "x", color=RED, markersize=7, markeredgewidth=1.8, zorder=5)
    if Q[1] != 0:
        ax.plot(-Q[0] / Q[1], 0, "o", color=BLACK, markersize=8, mfc="white", zorder=4)
    rate, q0, damping = case
    numbers = rf"$\alpha_{{\mathrm{{eff}}}}={rate}$, $q_0={q0}$, $\delta={damping}$"
    ax.set_title(f"{TITLES[name]}\n{numbers}", fontsize="small")
    ax.set(aspect="equal", ylim=(-1.15, 1.15))
    return dots


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
        dots = draw(ax, name, case, lam)
        for x in roots(case, lam):
            data += [(name, *v) for v in zip(lam, x.real, x.imag, strict=True)]
    for ax, end in zip(axes[1], (1.15, 1.15, 2.15), strict=True):
        ax.set(xlabel=r"Re $x$", xlim=(-1.15, end))
    for ax in axes[:, 0]:
        ax.set_ylabel(r"Im $x$")
    figure.colorbar(dots, ax=axes, label=r"$\log_{10}\lambda$", shrink=0.8)
    keys = (
        ("x", RED, r"roots of $P$, at $\lambda=0$"),
        ("o", BLACK, r"$x_Q$, root of $Q$"),
    )
    handles = [
        axes[0, 0].plot([], [], marker, color=color, mfc="white", label=label)[0]
        for marker, color, label in keys
    ]
    handles += axes[0, 0].plot([], [], **DASHED, label="locus of Theorem 6.2")
    handles += axes[0, 0].plot([], [], color=GREY, label="unit circle")
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    print_table("loci of the complex roots", rows)
    save(figure, folder / "gallery_root_loci.png")
    write_csv(folder / "gallery_root_loci.csv", ("case", "lambda", "real", "imaginary"), data)
    return rows


if __name__ == "__main__":
    main(given_folder())
