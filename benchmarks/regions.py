"""Proved areas, times: `python -m benchmarks.regions` prints the table of docs/proved-regions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.machine import description
from benchmarks.measuring import table
from sgdmem import Noise, Problem, Spectrum, phase_diagram
from sgdmem.proofs import ProvedRegion, prove_region

HEAD = ["question", "goal", "stable", "unstable", "open", "boxes", "s", "points of the map"]
RATES, MOMENTA = ("learning_rate", 0.01, 4), ("momentum", 0, 0.99)
LAW = Spectrum.power_law(1.5)


def questions(quick: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is asked: words, and the arguments of `prove_region`."""
    plain = {"family": "heavy-ball", "batch_size": 4, "x": RATES, "y": MOMENTA}
    yield "heavy ball, 4 eigenvalues", {**plain, "problem": Spectrum([1, 0.5, 0.25, 0.125])}
    yield "heavy ball, all k^-1.5", {**plain, "problem": LAW}
    if quick:
        return
    many = Spectrum(np.arange(1, 10**6 + 1) ** -1.1)
    yield "heavy ball, 1,000,000 eigenvalues", {**plain, "problem": many}
    yield "the same, tau2 = -1, all k^-1.5", {**plain, "problem": Problem(LAW, Noise(tau2=-1))}
    yield "full batches, all k^-1.5", {**plain, "problem": LAW, "batch_size": np.inf}
    decayed = Problem(Spectrum.power_law(0.9), weight_decay=0.1)
    yield "weight decay 0.1, all k^-0.9", {**plain, "problem": decayed}
    yield (
        "Nesterov, both axes logarithmic, all k^-1.2",
        {
            "family": "nesterov",
            "problem": Spectrum.power_law(1.2),
            "batch_size": 16,
            "x": ("learning_rate", 0.001, 4, "log"),
            "y": ("momentum", 0, 0.999, "log1m"),
        },
    )
    yield (
        "QHM, learning rate and nu, all k^-1.5",
        {
            **plain,
            "family": "qhm",
            "problem": LAW,
            "x": ("learning_rate", 0.01, 8),
            "y": ("nu", 0, 2),
            "momentum": 0.9,
        },
    )
    yield (
        "SGD, learning rate and batch size, all k^-1.5",
        {"family": "sgd", "problem": LAW, "x": RATES, "y": ("batch_size", 1, 64, "log")},
    )


def points_of_the_map(asked: dict[str, Any], region: ProvedRegion) -> str:
    """Return how many points of a map of 200 x 200 lie in proved boxes, all judged alike."""
    values: dict[str, Any] = {}
    for label in ("x", "y"):
        name, low, high, *scale = asked[label]
        places = np.linspace(0, 1, 200)
        if scale == ["log"]:
            every = np.geomspace(low, high, 200)
        elif scale == ["log1m"]:
            every = 1 - (1 - high) ** places * (1 - low) ** (1 - places)
        else:
            every = low + (high - low) * places
        values[label] = name, np.clip(every, low, high)
    diagram = phase_diagram(**{**asked, **values})
    x, y = (values[label][1] for label in ("x", "y"))
    proved = np.full(diagram.stable.shape, -1)
    for low, high, verdict in zip(region.low, region.high, region.verdicts, strict=True):
        if verdict != -1:
            inside = [np.flatnonzero((low[k] <= v) & (v <= high[k])) for k, v in ((0, x), (1, y))]
            proved[np.ix_(inside[1], inside[0])] = verdict
    decided = proved != -1
    wrong = decided & (diagram.stable.values != -1) & (diagram.stable.values != proved)
    return f"{decided.mean():.1%}, {wrong.sum()} differ"


def main() -> None:
    """Print the table."""
    quick = "--quick" in sys.argv
    rows = []
    for words, asked in questions(quick):
        for goal in (0.02,) if quick else (0.02, 0.002):
            found = prove_region(**asked, goal=goal)
            shares = found.stable_share, found.unstable_share, found.open_share
            told = points_of_the_map(asked, found) if goal == 0.02 else ""
            rows.append(
                [
                    *(words, f"{goal:.1%}", *(f"{share:.2%}" for share in shares)),
                    *(f"{len(found):,}", f"{found.seconds:.1f}", told),
                ]
            )
    print(description())
    print()
    print(table(HEAD, rows))


if __name__ == "__main__":
    main()
