"""Sparsified SGD with memory on data: logistic regression on scikit-learn's breast cancer data.

The data are those of W. Wolberg, O. Mangasarian, N. Street and W. Street, Breast Cancer Wisconsin
(Diagnostic), UCI Machine Learning Repository (1995), doi 10.24432/C5DW2B, under CC BY 4.0.

569 samples of 30 features, standardised, and a constant one; a penalty of 0.1 |w|^2 / 2, batches of
one sample. Rates, weights and the bound are those of Theorem 2.4 of arXiv 1809.07599 with a = 7d/k;
G is the largest root mean square of a gradient over the runs. Without memory the same rates are
used, and rand-k is also run with d/k times as large ones, which make it unbiased. Losses are those
of the weighted mean of the iterates, above the least one. A number that is sent takes 4 bytes, and
so does its place. Run with paths for all numbers and for the picture:

    python docs/experiments/mem_sgd.py docs/data/mem_sgd.csv docs/images/mem_sgd_data.png
"""

from __future__ import annotations

import csv
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer

from sgdmem.systems import sparsified_sgd, strongly_convex_bound

PENALTY, STEPS, RUNS, SEED = 0.1, 50_000, 20, 0
KEPT = (1, 3, 10)
POINTS = np.unique(np.geomspace(1, STEPS, 41).astype(int))
KINDS = {  # whether the largest are sent, memory, and whether rates are scaled
    "top-k": (True, True, False),
    "rand-k": (False, True, False),
    "top-k, no memory": (True, False, False),
    "rand-k, no memory": (False, False, False),
    "rand-k, no memory, scaled": (False, False, True),
}
COLUMNS = "kind", "k", "steps", "bytes", "loss", "standard_error", "bound", "sharper_bound"


def samples() -> Any:
    """Return rows that already have the sign of their class."""
    X, y = load_breast_cancer(return_X_y=True)
    X = np.column_stack([(X - X.mean(0)) / X.std(0), np.ones(len(X))])
    return X * (2 * y[:, None] - 1)


def loss(w: Any, Z: Any) -> Any:
    """Return the loss at each of several w."""
    return np.logaddexp(0, -w @ Z.T).mean(-1) + PENALTY / 2 * (w**2).sum(-1)


def minimum(Z: Any) -> Any:
    """Return the minimum, by Newton's method."""
    w = np.zeros(Z.shape[1])
    for _ in range(30):
        s = 1 / (1 + np.exp(Z @ w))
        H = (Z.T * (s * (1 - s))) @ Z / len(Z) + PENALTY * np.eye(len(w))
        w = w - np.linalg.solve(H, PENALTY * w - Z.T @ s / len(Z))
    return w


def measured(kind: str, k: int, Z: Any, best: Any) -> list[list[Any]]:
    """Return the rows of one method: losses of the mean iterate, and the bounds."""
    n, d = Z.shape
    largest, memory, scaled = KINDS[kind]
    known = {
        "strong_convexity": PENALTY,
        "smoothness": float(np.linalg.eigvalsh(Z.T @ Z / n)[-1]) / 4 + PENALTY,
        "distance": float(np.linalg.norm(best)),
    }
    rule = strongly_convex_bound(STEPS, k / d, gradient_bound=1, **known)
    rng = np.random.default_rng([SEED, k, *map(ord, kind)])
    squares = []

    def gradient(w: Any) -> Any:
        rows = Z[rng.integers(n, size=len(w))]
        g = PENALTY * w - rows / (1 + np.exp((rows * w).sum(1)))[:, None]
        squares.append((g**2).sum(1).mean())
        return g

    rates = rule.learning_rates * (d / k if scaled else 1)
    total, found = np.zeros((RUNS, d)), []
    steps = sparsified_sgd(
        gradient, total, rates, k, largest=largest, memory=memory, seed=SEED + 1 + k
    )
    for t, ((w, _), weight) in enumerate(zip(steps, rule.weights, strict=False), 1):
        total = total + weight * w
        if t in POINTS:
            above = loss(total / rule.weights[:t].sum(), Z) - loss(best, Z)
            sent = 4 * d * t if k == d else 8 * k * t
            found.append([t, sent, above.mean(), above.std(ddof=1) / RUNS**0.5])
    size = float(np.sqrt(max(squares)))
    told = strongly_convex_bound(STEPS, k / d, gradient_bound=size, **known)
    name = "SGD" if k == d else kind
    bounds = [(told.bound[t - 1], told.sharper[t - 1]) if memory else ("", "") for t in POINTS]
    return [[name, k, *row, *ends] for row, ends in zip(found, bounds, strict=True)]


def main() -> None:
    """Run all, print the ends, write every row and the picture."""
    Z = samples()
    best = minimum(Z)
    rows = []
    for kind, k in [("top-k", Z.shape[1]), *product(KINDS, KEPT)]:
        rows += measured(kind, k, Z, best)
        print(*(f"{x:.3g}" if isinstance(x, float) else x for x in rows[-1]), flush=True)
    text = [[f"{x:.5g}" if isinstance(x, float) else x for x in row] for row in rows]
    with Path(sys.argv[1]).open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *text])
    picture(Path(sys.argv[1]), Path(sys.argv[2]))


def picture(data: Path, path: Path) -> None:
    """Draw losses and bounds by steps, and losses by bytes."""
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D
    from PIL import Image

    with data.open(newline="") as file:
        rows = list(csv.DictReader(file))

    def curve(kind: str, k: int, *names: str) -> list[Any]:
        chosen = [row for row in rows if (row["kind"], row["k"]) == (kind, str(k))]
        return [np.array([float(row[name]) for row in chosen]) for name in names]

    figure, (steps, sent) = plt.subplots(1, 2, figsize=(7.4, 3.4), layout="constrained")
    every = [("SGD", 31, "black"), *(("rand-k", k, f"C{i}") for i, k in enumerate(KEPT))]
    for kind, k, colour in every:
        label = "SGD" if kind == "SGD" else f"k = {k}"
        x, y, bound = curve(kind, k, "steps", "loss", "bound")
        steps.loglog(x, y, color=colour, label=label)
        steps.loglog(x, bound, color=colour, linestyle=":")
        if kind == "rand-k":
            x, y = curve("rand-k, no memory", k, "steps", "loss")
            steps.loglog(x, y, color=colour, linestyle="--", linewidth=1)
        for name, stroke in (("top-k", "-"), ("rand-k", "-.")):
            x, y = curve(kind if kind == "SGD" else name, k, "bytes", "loss")
            if kind != "SGD" or stroke == "-":
                sent.loglog(x, y, color=colour, linestyle=stroke)
    steps.set(xlabel="steps", ylabel="loss above the least", title="rand-k", ylim=(1e-6, 1e6))
    sent.set(xlabel="bytes sent", title="top-k and rand-k, with memory")
    look: Any = {"color": "grey"}
    explained: Any = {
        steps: {"bound": ":", "no memory": "--"},
        sent: {"top-k": "-", "rand-k": "-."},
    }
    for axis, strokes in explained.items():
        handles = axis.get_legend_handles_labels()[0]
        handles += [Line2D([], [], linestyle=s, label=t, **look) for t, s in strokes.items()]
        axis.legend(handles=handles, fontsize="small", loc="lower left", ncols=2)
    figure.savefig(path, dpi=110)
    with Image.open(path) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
