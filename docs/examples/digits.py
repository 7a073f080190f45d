"""Heavy ball on a real spectrum: scikit-learn's digits, beside the power law fitted to them.

Prints a verdict for both spectra and writes digits.png, with the data in digits.nc and
fitted-power-law.nc, to the current folder (or the folder given as the only argument).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import sgdmem
from sgdmem.phase_diagrams.pictures.map_picture import draw

EIGENVALUES = Path(__file__).parent.parent / "data" / "digits_eigenvalues.csv"
BATCH_SIZE = 16
FITTED_RANKS = 40  # beyond, the spectrum falls faster than any power
LEARNING_RATES = np.geomspace(0.01, 1, 300)
MOMENTA = np.linspace(0, 0.99, 240)


def spectra() -> dict[str, sgdmem.Spectrum]:
    """Return the spectrum of the data and the power law fitted to it."""
    measured = sgdmem.Spectrum.load(EIGENVALUES)
    fit = sgdmem.fit_power_law(measured, last=FITTED_RANKS)
    print(f"fitted exponent {fit.exponent:.2f} +- {fit.exponent_error:.2f}\n")
    return {"digits": measured, "fitted power law": fit.spectrum()}


def main(folder: Path) -> None:
    """Judge, map and draw."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.4, 4.8), layout="constrained")
    for (name, spectrum), ax in zip(spectra().items(), figure.subplots(1, 2), strict=True):
        largest = sgdmem.largest_learning_rate("heavy-ball", spectrum, BATCH_SIZE, momentum=0.9)
        print(f"{name}: {spectrum}")
        print(
            f"largest stable learning rate at momentum 0.9, batch size {BATCH_SIZE}: {largest:.6g}"
        )
        verdict = sgdmem.stability(sgdmem.heavy_ball(0.9 * largest, 0.9), spectrum, BATCH_SIZE)
        print(f"at nine tenths of it:\n{verdict}\n")
        diagram = sgdmem.phase_diagram(
            "heavy-ball",
            spectrum,
            BATCH_SIZE,
            x=("learning_rate", LEARNING_RATES),
            y=("momentum", MOMENTA),
            progress=sys.stderr.isatty(),
        )
        diagram.to_netcdf(folder / f"{name.replace(' ', '-')}.nc", engine="scipy")
        draw(diagram, ax)
        ax.plot(largest, 0.9, "k.")
        note = f"largest stable\nat 0.9: {largest:.3g}"
        inside = {"ha": "right", "va": "top", "color": "white"}
        ax.annotate(note, (largest, 0.9), (-8, -2), textcoords="offset points", **inside)
    figure.savefig(folder / "digits.png", dpi=150)
    print(f"wrote {folder / 'digits.png'}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
