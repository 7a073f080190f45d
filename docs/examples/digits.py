"""Heavy ball on real data: scikit-learn's digits, beside a noise model fitted to them.

Least squares on the standardised pixels. Prints how far the learning rate can go, which images
limit it, and what a fitted model of the noise says instead; writes digits.png, with the data in
digits.nc and fitted-model.nc, to the current folder (or the folder given as the only argument).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import sgdmem
from sgdmem import draw

DATA = Path(__file__).parent.parent / "data" / "digits.npz"
BATCH_SIZE, MOMENTUM = 64, 0.9
LEFT_OUT = 18  # images
LEARNING_RATES = np.geomspace(1e-3, 1, 100)
MOMENTA = np.linspace(0, 0.99, 80)


def standardised() -> np.ndarray:
    """Return the pixels with mean 0 and variance 1, without those that are always blank."""
    pixels = np.load(DATA)["pixels"].astype(float)
    pixels = pixels[:, pixels.std(axis=0) > 0]
    return np.asarray((pixels - pixels.mean(axis=0)) / pixels.std(axis=0))


def problems() -> dict[str, sgdmem.Problem]:
    """Return the data as they are, and with a noise model in place of the images."""
    rows = standardised()
    fitted = sgdmem.Noise.fit(rows)
    return {
        "the digits themselves": sgdmem.Problem.from_data(rows),
        "a fitted model": sgdmem.Problem.from_data(rows, noise=fitted),
    }


def main(folder: Path) -> None:
    """Judge, map and draw."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.4, 4.8), layout="constrained")
    rates = {}
    for (name, problem), ax in zip(problems().items(), figure.subplots(1, 2), strict=True):
        rate = sgdmem.largest_learning_rate("heavy-ball", problem, BATCH_SIZE, momentum=MOMENTUM)
        rates[name] = float(rate)
        print(f"{name}: largest stable learning rate {rate:.6g}")
        verdict = sgdmem.stability(sgdmem.heavy_ball(0.9 * rate, MOMENTUM), problem, BATCH_SIZE)
        print(f"at nine tenths of it:\n{verdict}\n")
        if problem.noise.samples is not None:
            factor = verdict.rows.critical_scale_without(LEFT_OUT)
            print(f"without the {LEFT_OUT} images that limit it: {0.9 * rate * factor:.6g}\n")
        diagram = sgdmem.phase_diagram(
            "heavy-ball",
            problem,
            BATCH_SIZE,
            x=("learning_rate", LEARNING_RATES),
            y=("momentum", MOMENTA),
            progress=sys.stderr.isatty(),
        )
        file = "digits.nc" if problem.noise.samples is not None else "fitted-model.nc"
        diagram.to_netcdf(folder / file, engine="scipy")
        draw(diagram, ax)
        ax.set_title(f"heavy ball, batch size {BATCH_SIZE}, noise of {name}")
        ax.plot(rate, MOMENTUM, "k.")
        note = f"largest stable\nat {MOMENTUM}: {rate:.3g}"
        ax.annotate(
            note,
            (rate, MOMENTUM),
            (-8, -8),
            textcoords="offset points",
            ha="right",
            va="top",
            color="white",
        )
    true, fitted = rates.values()
    print(f"the fitted model allows {fitted / true:.1f} times too large a learning rate")
    figure.savefig(folder / "digits.png", dpi=150)
    print(f"wrote {folder / 'digits.png'}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
