"""How far a noise model of two parameters, fitted to data, is from drawing their rows.

``python -m benchmarks.noise_models`` prints the largest learning rate that `Noise.fit` allows,
over the one that the rows allow, for scikit-learn's data sets as they are and standardised.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import sgdmem
from benchmarks.measuring import table
from benchmarks.samples import standardised
from sgdmem.numeric.problems.noise_estimate import NoiseEstimate

NAMES = ("digits", "diabetes", "breast_cancer", "wine", "linnerud", "iris")
BATCH_SIZES = (1, 16, 256)
METHODS: dict[str, dict[str, Any]] = {
    "sgd": {},
    "heavy-ball": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "aggmo": {"momenta": (0, 0.9, 0.99)},
}


def data_sets() -> Iterator[tuple[str, np.ndarray]]:
    """Return every data set, as it is and standardised."""
    from sklearn import datasets

    for name in NAMES:
        scaled = {"scaled": False} if name == "diabetes" else {}
        rows = np.asarray(getattr(datasets, f"load_{name}")(**scaled).data, float)
        yield f"{name} as it is", rows
        yield f"{name} standardised", standardised(rows)


def row(name: str, data: np.ndarray) -> Iterator[str]:
    """Measure one data set."""
    exact, noise = sgdmem.Problem.from_data(data), sgdmem.Noise.fit(data)
    fitted = sgdmem.Problem.from_data(data, noise=noise)
    yield f"{name}, {data.shape[0]:,} × {data.shape[1]}"
    assert isinstance(noise.estimate, NoiseEstimate)
    yield f"{noise.estimate.misfit:.2f}"
    for family, fixed in METHODS.items():
        ratios = []
        for B in BATCH_SIZES:
            allowed, true = (
                float(sgdmem.largest_learning_rate(family, problem, B, **fixed))
                for problem in (fitted, exact)
            )
            ratios.append(f"{allowed / true:.3g}")
        yield " / ".join(ratios)


def main() -> None:
    """Print the table."""
    rows = [list(row(name, data)) for name, data in data_sets()]
    print(table(["data", "misfit", *METHODS], rows))


if __name__ == "__main__":
    main()
