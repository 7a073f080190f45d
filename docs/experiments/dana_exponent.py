r"""Measuring alpha, and what a wrong one costs DANA-decaying (arXiv 2505.16098).

1. Exponents: power laws fitted to spectra of random features, and of Gaussian samples whose
   covariance is a power law: bias, root mean square error, the stated one, and how often the truth
   is within two of it, over 20 seeds. Real data (scikit-learn's) have no truth: there, halves of
   the rows drawn at random against each other.
2. Costs: exact losses of DANA-decaying with a wrong kappa_3 over those with the right one,
   1/2alpha, on infinitely many eigenvalues (the population, no floor) and on realised random
   features (the risk, floor included). All else is as the paper has it; gamma_3 is 0.1, or 0.375
   (gamma_2), at first, in units of `largest_scale`.

Rows that a file has already are not computed again:

    python docs/experiments/dana_exponent.py docs/data/dana_exponent.csv \
        docs/data/dana_kappa.csv docs/images/dana_kappa.png
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import zeta

import sgdmem
from sgdmem.numeric.acceleration.dana_schedule import Dana
from sgdmem.numeric.systems.random_features import population
from sgdmem.systems import dana_decaying, measured_alpha, random_features

SEEDS = 20
WIDTHS = (100, 400)
ALPHAS = (0.3, 0.45, 0.6, 0.7, 1.0, 1.25, 1.5)
RATIOS = (0.5, 1, 2, 5, 20)  # samples to dimensions
DIMENSION = 200
SHARES = {"all": 1, "half": 2, "quarter": 4, "tenth": 10}  # of the ranks
RANKS = ("all", "half", "quarter", "tenth", "corrected")
EXPONENTS = (
    *("source", "nu", "dimension", "samples", "ranks", "exponent"),
    *("bias", "rms", "stated", "within_2"),
)

PROBLEMS = ((0.6, 0.3), (0.6, 0.7), (0.7, 0.4), (1.0, 0.3), (1.0, 0.7), (1.0, 1.1), (1.3, 0.6))
BATCHES, VELOCITIES = (1, 32), (0.1, 0.375)
KAPPAS = (0.5, 0.6, 0.7, 0.8, 0.9)
WRONG = (0.7, 0.8, 0.9, 1.1, 1.2, 1.3)  # estimates of alpha, relative
TIMES = (10**3, 10**4, 10**5, 10**6)
REALISED = ((0.7, 0.4), (1.0, 0.7))
COSTS = "alpha", "beta", "d", "batch", "gamma_3", "case", "kappa_3", "steps", "ratio", "to_sgd"


# Exponents --------------------------------------------------------------------------------------


def fitted(values: Any, ranks: str, samples: int) -> tuple[float, float]:
    """Return an exponent and its stated error."""
    if ranks == "corrected":
        fit = measured_alpha(sgdmem.Spectrum(values), samples).fit
    else:
        last = max(10, values.size // SHARES[ranks])
        fit = sgdmem.fit_power_law(sgdmem.Spectrum(values), 1, last)
    return fit.exponent, fit.exponent_error


def summary(found: Any, truth: float) -> tuple[float, float, float, float]:
    """Return bias, error, stated error, and the share that is within two stated errors."""
    errors, stated = found[:, 0] - truth, found[:, 1]
    rms, told = np.sqrt((errors**2).mean()), np.sqrt((stated**2).mean())
    within = (np.abs(errors) <= 2 * stated).mean()
    return float(errors.mean()), float(rms), float(told), float(within)


def sampled(nu: float, d: int, n: int, seed: int) -> Any:
    """Return eigenvalues of n Gaussian samples with covariances k^-nu."""
    X = np.random.default_rng(seed).normal(size=(n, d)) * np.arange(1, d + 1) ** (-nu / 2)
    return covariance_spectrum(X)


def covariance_spectrum(X: Any) -> Any:
    values = np.linalg.svd(X / np.sqrt(len(X)), compute_uv=False) ** 2
    return values[values > 1e-13 * values[0]]


def tables() -> dict[str, Any]:
    """Return real data, centred; by standard deviations where columns have units."""
    from sklearn import datasets

    patches = []
    for name in ("china.jpg", "flower.jpg"):
        image = datasets.load_sample_image(name).mean(-1)
        rows, columns = (size // 16 for size in image.shape)
        cut = image[: rows * 16, : columns * 16].reshape(rows, 16, columns, 16)
        patches.append(cut.transpose(0, 2, 1, 3).reshape(-1, 256))
    found = {
        "digits": datasets.load_digits().data,
        "photographs, 16 x 16": np.vstack(patches),
        "breast cancer": datasets.load_breast_cancer().data,
        "wine": datasets.load_wine().data,
    }
    for name, X in found.items():
        X = X - X.mean(0)
        found[name] = X / X.std(0) if name in ("breast cancer", "wine") else X
    return found


def exponent_tasks() -> Iterator[tuple[tuple[Any, ...], Callable[[], list[list[Any]]]]]:
    """Yield what begins the rows of each task, and the task."""
    for alpha, d in product(ALPHAS, WIDTHS):
        draw = lambda k, a=alpha, d=d: random_features(a, 0.7, d, seed=k).problem  # noqa: E731
        spectra = lambda k, draw=draw: draw(k).spectrum.eigenvalues  # noqa: E731
        key = ("random features", 2 * alpha, d, d)
        yield key, lambda key=key, draw=spectra: repeated(key, draw)
    for alpha, ratio in product(ALPHAS, RATIOS):
        n = int(ratio * DIMENSION)
        draw = lambda k, a=alpha, n=n: sampled(2 * a, DIMENSION, n, k)  # noqa: E731
        key = ("samples", 2 * alpha, DIMENSION, n)
        yield key, lambda key=key, draw=draw: repeated(key, draw)
    for name, X in tables().items():
        key = (name, "", X.shape[1], len(X))
        yield key, lambda key=key, X=X: halves(key, X)


def repeated(key: tuple[Any, ...], draw: Callable[[int], Any]) -> list[list[Any]]:
    """Return a row for each range of ranks."""
    spectra = [draw(k) for k in range(SEEDS)]
    rows = []
    for ranks in RANKS:
        found = np.array([fitted(values, ranks, key[3]) for values in spectra])
        rows.append([*key, ranks, float(found[:, 0].mean()), *summary(found, key[1])])
    return rows


def halves(key: tuple[Any, ...], X: Any) -> list[list[Any]]:
    """Return exponents of all rows, in the place of a truth, and by how much halves differ."""
    rows = []
    rng = np.random.default_rng(0)
    n = len(X)
    spectra = [covariance_spectrum(X[rng.permutation(n)[: n // 2]]) for _ in range(SEEDS)]
    for ranks in RANKS:
        truth = fitted(covariance_spectrum(X), ranks, n)[0]
        found = np.array([fitted(values, ranks, n // 2) for values in spectra])
        rows.append([*key, ranks, truth, *summary(found, truth)])
    return rows


# Costs ------------------------------------------------------------------------------------------


def cases(alpha: float) -> dict[str, float]:
    """Return the kappa_3 that are tried, the right one first."""
    right = 1 / (2 * alpha)
    wrong = {f"alpha x {factor}": min(1.0, right / factor) for factor in WRONG}
    return {"right": right, **{f"kappa_3 {kappa}": kappa for kappa in KAPPAS}, **wrong}


def population_risks(alpha: float, beta: float, B: int, velocity: float) -> Any:
    """Return a function from kappa_3 (None: SGD) to risks at all times."""
    problem = population(alpha, beta)
    unit = B * min(2 / (B + 1), 1 / float(zeta(2 * alpha)))
    delta = 1 + max(2 + (2 * beta - 1) / alpha, 2 - 1 / alpha)

    def risks(kappa: float | None) -> Any:
        rate = 0.375 * unit
        method = Dana.of(rate, velocity * unit, kappa, delta) if kappa else sgdmem.sgd(rate)
        return sgdmem.losses(method, problem, B, TIMES[-1])

    return risks


def realised_risks(alpha: float, beta: float, d: int, B: int, velocity: float) -> Any:
    features = random_features(alpha, beta, d)
    usual = dana_decaying(features, B)
    gamma_3 = velocity * usual.gamma_2 / 0.375

    def risks(kappa: float | None) -> Any:
        method: Any = sgdmem.sgd(usual.gamma_2)
        if kappa:
            method = dana_decaying(features, B, gamma_3=gamma_3, kappa_3=kappa)
        return features.floor + sgdmem.losses(method, features.problem, B, TIMES[-2])

    return risks


def cost_tasks() -> Iterator[tuple[tuple[Any, ...], Callable[[], list[list[Any]]]]]:
    """Yield what begins the rows of each task, and the task."""
    for (alpha, beta), B, velocity in product(PROBLEMS, BATCHES, VELOCITIES):
        key = (alpha, beta, "inf", B, velocity)
        yield key, lambda key=key: compared(key, population_risks(*key[:2], *key[3:]))
    for (alpha, beta), d, velocity in product(REALISED, WIDTHS, VELOCITIES):
        key = (alpha, beta, d, 1, velocity)
        yield key, lambda key=key: compared(key, realised_risks(*key))


def compared(key: tuple[Any, ...], risks: Callable[[float | None], Any]) -> list[list[Any]]:
    """Return rows of ratios to the right kappa_3, and to SGD."""
    plain, tried = risks(None), cases(key[0])
    right = risks(tried["right"])
    rows = []
    for case, kappa in tried.items():
        with np.errstate(all="ignore"):
            found = right if case == "right" else risks(kappa)
        for t in TIMES:
            if t < len(found):
                rows.append([*key, case, kappa, t, found[t] / right[t], found[t] / plain[t]])
    return rows


# Files ------------------------------------------------------------------------------------------


def run(path: Path, columns: tuple[str, ...], named: int, tasks: Any) -> None:
    """Append the rows of all tasks that a file lacks; the first columns name a task."""
    done = set()
    if path.exists():
        with path.open(newline="") as file:
            done = {tuple(row[:named]) for row in csv.reader(file)}
    else:
        path.write_text(",".join(columns) + "\n")
    for key, task in tasks:
        text = tuple(map(written, key))
        if text in done:
            continue
        rows = [[written(x) for x in row] for row in task()]
        with path.open("a", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        print(*text, flush=True)


def written(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def picture(path: Path, last: int = 10**6) -> None:
    """Draw losses over those with the right kappa_3, by steps, for both sizes of gamma_3."""
    import matplotlib.pyplot as plt
    from PIL import Image

    alpha, beta, B = 1.0, 0.7, 1
    figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.4), sharey=True, layout="constrained")
    steps = np.unique(np.geomspace(10, last, 120).astype(int))
    shown = {0.8: ("C0", ":"), 0.9: ("C0", "--"), 1.1: ("C1", "--"), 1.2: ("C1", ":")}
    shown[1.3] = ("C1", "-.")
    for axis, velocity, title in zip(axes, VELOCITIES, ("0.1 u", r"\gamma_2"), strict=True):
        risks = population_risks(alpha, beta, B, velocity)
        right = risks(1 / (2 * alpha))[steps]
        axis.axhline(1, color="black", linewidth=1, label=r"right, $\kappa_3=0.5$")
        for factor, (color, stroke) in shown.items():
            kappa = 1 / (2 * alpha * factor)
            name = rf"$\alpha\times{factor}$, $\kappa_3={kappa:.2f}$"
            ratio = risks(kappa)[steps] / right
            axis.loglog(steps, ratio, color=color, linestyle=stroke, label=name)
        axis.loglog(steps, risks(None)[steps] / right, color="grey", linewidth=1, label="SGD")
        axis.set(xlabel="steps", title=rf"$\gamma_3={title}$", ylim=(0.2, 100))
    axes[0].set(ylabel="loss over that with the right $\\kappa_3$")
    axes[0].legend(fontsize="small", loc="upper left")
    figure.savefig(path, dpi=110)
    with Image.open(path) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)


if __name__ == "__main__":
    run(Path(sys.argv[1]), EXPONENTS, 4, exponent_tasks())
    run(Path(sys.argv[2]), COSTS, 5, cost_tasks())
    picture(Path(sys.argv[3]))
