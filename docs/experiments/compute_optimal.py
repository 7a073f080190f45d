"""Compute-optimal frontiers on power-law random features, for SGD and DANA (arXiv 2505.16098).

For each point (alpha, beta) and compute f = t B d, B = 1, the least mean risk P* over widths d.
"population" is SGD on the deterministic equivalent, at half of the largest stable rate, or at the
best rate; "realised" is one W for each of 13 widths from 32 to 2048, v = 4 d, exact losses of up to
10^6 steps, with the rates of the paper; "mean over W" the same on the deterministic equivalent for
widths up to 2^22 and 3 10^6 steps, where 2 alpha > 1. Of both log P* and log d* are the vertex of a
parabola through the three best widths, where the middle one is the best. Blocks that are in the
table already are kept: the run goes on where it stopped. Run with paths for the
numbers and for the picture:

    python docs/experiments/compute_optimal.py docs/data/compute_optimal.csv \
        docs/images/compute_optimal.png
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np

import sgdmem
from sgdmem.systems import compute_phase, dana_methods, mean_features, random_features, sgd_frontier

POINTS = (
    *(("0.75", "0.4"), ("1", "0.3"), ("0.35", "0.35"), ("0.2", "0.45"), ("0.2", "0.8")),
    *(("0.15", "1"), ("1", "0.7"), ("1.2", "0.8"), ("0.7", "1"), ("1", "1.2")),
    *(("0.4", "0.8"), ("0.35", "1"), ("0.27", "0.8"), ("0.27", "1.2")),
)
WIDTHS = {
    "realised": [round(32 * 2 ** (k / 2)) for k in range(13)],
    "mean over W": [2**k for k in range(5, 23)],
}
STEPS, SEED = {"realised": 10**6, "mean over W": 3 * 10**6}, 0
STEPPED = ("SGD", "DANA-constant", "DANA-decaying")
NAMES = {"SGD": "sgd", "SGD, best rate": "sgd-any-rate"}
COLUMNS = "alpha", "beta", "phase", "model", "method", "compute", "width", "risk"


def population(alpha: str, beta: str, any_rate: bool) -> list[list[Any]]:
    """Return f, d*, P* of SGD."""
    end = 14 if any_rate else 20
    found = sgd_frontier(alpha, beta, 10.0 ** np.arange(4, end + 1, 2), any_rate=any_rate)
    return [list(row) for row in zip(*found[:3], strict=True)]


def stepped(alpha: str, beta: str, model: str) -> dict[str, list[list[Any]]]:
    """Return f, d*, P* of each method."""
    compute, widths = 10.0 ** np.arange(3, 12.1, 0.25), WIDTHS[model]
    risks = {name: np.full((len(widths), len(compute)), np.inf) for name in STEPPED}
    for row, d in enumerate(widths):
        if model == "realised":
            features = random_features(alpha, beta, d, seed=SEED)
        else:
            features = mean_features(alpha, beta, d)
        steps = np.rint(compute / d).astype(int)
        asked = (steps >= 4) & (steps <= STEPS[model])
        for name, method in dana_methods(features).items():
            if name in STEPPED:
                found = sgdmem.losses(method, features.problem, 1, steps[asked].max())
                risks[name][row, asked] = features.floor + found[steps[asked]]
        print(f"({alpha}, {beta}) {model}, width {d}", flush=True)
    return {name: envelope(np.array(widths), compute, table) for name, table in risks.items()}


def envelope(widths: Any, compute: Any, risks: Any) -> list[list[Any]]:
    """Return f, d*, P* where the best width is neither the first nor the last of those known."""
    found = []
    for f, column in zip(compute, risks.T, strict=True):
        best = int(column.argmin())
        around = slice(best - 1, best + 2)
        if 0 < best < len(widths) - 1 and np.isfinite(column[around]).all():
            x = np.log(widths[around] / widths[best])
            a, b, c = np.polyfit(x, np.log(column[around]), 2)
            found.append([f, widths[best] * np.exp(-b / a / 2), np.exp(c - b * b / a / 4)])
    return found


def main() -> None:
    """Compute what is missing, print slopes, draw."""
    path = Path(sys.argv[1])
    rows = list(csv.reader(path.open(newline="")))[1:] if path.exists() else []
    for alpha, beta in POINTS:
        phase = compute_phase(alpha, beta).name
        known = {tuple(row[3:5]) for row in rows if row[:2] == [alpha, beta]}
        blocks: dict[tuple[str, str], list[list[Any]]] = {}
        if ("population", "SGD") not in known:
            blocks["population", "SGD"] = population(alpha, beta, False)
        if ("population", "SGD, best rate") not in known and float(alpha) < 0.5 < float(beta):
            blocks["population", "SGD, best rate"] = population(alpha, beta, True)
        for model in ("realised", "mean over W"):
            if (model, "SGD") not in known and (model == "realised" or float(alpha) > 0.5):
                of_methods = stepped(alpha, beta, model)
                blocks |= {(model, name): found for name, found in of_methods.items()}
        for (model, method), found in blocks.items():
            for f, d, risk in found:
                numbers = f"{f:.5g}", f"{d:.5g}", f"{risk:.6g}"
                rows.append([alpha, beta, phase, model, method, *numbers])
        with path.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    for line in slopes(rows):
        print(line)
    picture(rows, Path(sys.argv[2]))


def slopes(rows: list[list[str]]) -> list[str]:
    """Return a line for each block: predicted and measured exponents, and where measured."""
    lines = []
    blocks: dict[tuple[str, ...], list[list[float]]] = {}
    for row in rows:
        blocks.setdefault(tuple(row[:5]), []).append([float(x) for x in row[5:]])
    for (alpha, beta, phase, model, method), found in blocks.items():
        told = compute_phase(alpha, beta, NAMES.get(method, method.lower()))
        f, d, risk = np.array(found).T
        late = f >= f[-1] / (1e4 if model == "population" else 1e3)
        width, P = (np.polyfit(np.log(f[late]), np.log(y[late]), 1)[0] for y in (d, risk))
        ends = f"f {f[late][0]:.1e} to {f[-1]:.1e}, d {d[late].min():.3g} to {d[late].max():.3g}"
        lines.append(
            f"{phase:4} {alpha:5} {beta:5} {model:11} {method:15} P* {-P:.3f} "
            f"({float(told.risk):.3f})  d* {width:.3f} ({float(told.width):.3f})  {ends}"
        )
    return lines


SHOWN = (("0.2", "0.8"), ("0.4", "0.8"), ("1", "0.3"), ("1", "0.7"))
LOOKS: dict[tuple[str, str], Any] = {
    ("population", "SGD"): {"color": "black", "label": "SGD, population"},
    ("population", "SGD, best rate"): {"color": "C1", "linestyle": "--", "label": "SGD, best rate"},
    ("mean over W", "DANA-constant"): {"color": "C2", "linestyle": "-.", "label": "DANA-constant"},
    ("mean over W", "DANA-decaying"): {"color": "C0", "linestyle": ":", "label": "DANA-decaying"},
    ("realised", "SGD"): {"color": "grey", "marker": "o", "linestyle": "none", "label": "SGD, W"},
}


def picture(rows: list[list[str]], path: Path) -> None:
    """Draw local slopes of log P* by f, with the predicted exponents, at four points."""
    import matplotlib.pyplot as plt
    from PIL import Image

    figure, axes = plt.subplots(1, 4, figsize=(10, 3.3), layout="constrained")
    for axis, (alpha, beta) in zip(axes, SHOWN, strict=True):
        for (model, method), look in LOOKS.items():
            chosen = [
                row for row in rows if row[:2] == [alpha, beta] and row[3:5] == [model, method]
            ]
            if not chosen:
                continue
            x, y = np.log(np.array([[float(row[5]), float(row[7])] for row in chosen]).T)
            apart = 1 if model == "population" else 8  # two decades of f
            slope = -(y[apart:] - y[:-apart]) / (x[apart:] - x[:-apart])
            axis.semilogx(np.exp((x[apart:] + x[:-apart]) / 2), slope, markersize=3, **look)
            told = float(compute_phase(alpha, beta, NAMES.get(method, method.lower())).risk)
            axis.axhline(told, color=look["color"], linewidth=0.6, zorder=0)
        phase = compute_phase(alpha, beta).name
        axis.set(title=rf"{phase}: $\alpha$ = {alpha}, $\beta$ = {beta}", xlabel="compute f")
        axis.title.set_fontsize("medium")
    axes[0].set(ylabel=r"local exponent of $P^*$")
    known = {
        text: h for ax in axes for h, text in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    figure.legend(known.values(), known, loc="outside lower center", ncols=5, fontsize="small")
    figure.savefig(path, dpi=110)
    with Image.open(path) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
