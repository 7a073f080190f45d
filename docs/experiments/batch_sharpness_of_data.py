"""Batch Sharpness at the edge on scikit-learn's digits: predicted, and of runs of the model itself.

``python docs/experiments/batch_sharpness_of_data.py`` prints the table of docs/systems, in a
minute.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import sgdmem
from sgdmem.systems import stochastic_edge

RATE, RUNS = 0.05, 400
FIRST, LAST = 100, 300  # steps that count


def digits() -> Any:
    """Return the digits, standardised."""
    X = load_digits().data
    X = X[:, X.std(axis=0) > 0]
    return (X - X.mean(axis=0)) / X.std(axis=0)


def batch(X: Any, w: Any, size: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return the gradients of all runs and what their batches' curvature makes of them."""
    gradients, forms = np.empty_like(w), np.empty(len(w))
    for run, weights in enumerate(w):
        Z = X[rng.integers(len(X), size=size)]
        gradients[run] = Z.T @ (Z @ weights) / size
        forms[run] = ((Z @ gradients[run]) ** 2).mean()
    return gradients, forms


def measured(X: Any, scale: float, momentum: float, size: int, last: int) -> tuple[float, float]:
    """Return the ratio of means and the mean of ratios, at ``scale`` times our Hessian."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=(RUNS, X.shape[1]))
    v = np.zeros_like(w)
    of_means, of_ratios = [], []
    for t in range(last):
        g, forms = batch(X, w, size, rng)
        squares = (g**2).sum(axis=1)
        if t >= FIRST:
            of_means.append(forms.mean() / squares.mean())
            of_ratios.append((forms / squares).mean())
        v = momentum * v - RATE * scale * g
        w = w + v
    return scale * float(np.mean(of_means)), scale * float(np.mean(of_ratios))


def main() -> None:
    """Print the table."""
    X = digits()
    problem = sgdmem.Problem.from_data(X)
    for momentum in ("0", "0.9"):
        for size in (1, 8, 64, 512, 4096):
            edge = stochastic_edge(sgdmem.heavy_ball(str(RATE), momentum), problem, size)
            line = f"{momentum:>4} {size:>5} {edge.sharpness:9.4f} {edge.batch_sharpness:8.3f}"
            if size <= 512:
                scale = edge.sharpness / problem.spectrum.largest
                found = measured(X, scale, float(momentum), size, LAST if size < 512 else 140)
                line += "".join(f"{x:9.3f}" for x in found)
            print(line, flush=True)


if __name__ == "__main__":
    main()
