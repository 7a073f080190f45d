"""What the scripts of the gallery share: colours, fits, tables and files."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import sgdmem
from sgdmem.phase_diagrams.pictures.figure_size import dashed as dashed
from sgdmem.phase_diagrams.pictures.palette import BLACK as BLACK
from sgdmem.phase_diagrams.pictures.palette import BLUE as BLUE
from sgdmem.phase_diagrams.pictures.palette import GREEN as GREEN
from sgdmem.phase_diagrams.pictures.palette import GREY as GREY
from sgdmem.phase_diagrams.pictures.palette import ORANGE as ORANGE
from sgdmem.phase_diagrams.pictures.palette import PURPLE as PURPLE
from sgdmem.phase_diagrams.pictures.palette import RED as RED
from sgdmem.phase_diagrams.pictures.palette import SKY as SKY


class Row(NamedTuple):
    """One measured number beside the predicted one."""

    name: str
    fitted: float
    predicted: float
    corrected: float = math.nan  # a closer prediction than the leading power, where there is one


def fitted_exponent(t: Any, loss: Any, first: float, last: float) -> float:
    """Return p of the line of least squares log loss = c - p log t, for first <= t <= last.

    Times count equally in log t, however dense they are.
    """
    t, loss = np.asarray(t, dtype=float), np.asarray(loss, dtype=float)
    places = np.geomspace(first, last, 40)
    values = np.interp(np.log(places), np.log(t[t > 0]), np.log(loss[t > 0]))
    return -float(np.polyfit(np.log(places), values, 1)[0])


def half_of_largest(
    family: str, problem: sgdmem.Problem, batch_size: float, **fixed: float
) -> float:
    """Return half of the largest stable learning rate."""
    return float(sgdmem.largest_learning_rate(family, problem, batch_size, **fixed)) / 2


def am1(rate: float, power: float, growth: float) -> sgdmem.Schedule:
    """Return AM1 with the damping t^-power and an effective learning rate ~ t^growth.

    `sgdmem.methods.accelerated` takes the largest growth that is stable, power (1 -
    1/nu); a figure also needs others.
    """

    def damping(t: Any) -> Any:
        return np.maximum(t, 1.0) ** -power

    return sgdmem.methods.schedule(
        "two-rate",
        velocity_rate=lambda t: rate * (damping(t) ** (1 - growth / power) - damping(t)),
        gradient_rate=rate,
        momentum=lambda t: 1 - damping(t),
    )


def print_table(title: str, rows: Iterable[Row], corrected: str = "with corrections") -> None:
    """Print fitted and predicted numbers."""
    rows = list(rows)
    width = max(len(row.name) for row in rows)
    extra = any(math.isfinite(row.corrected) for row in rows)
    tail = f"  {corrected:>16}" if extra else ""
    print(f"{title}\n{'':{width}}  {'fitted':>8}  {'predicted':>9}{tail}")
    for row in rows:
        tail = f"  {row.corrected:16.3f}" if math.isfinite(row.corrected) else ""
        print(f"{row.name:{width}}  {row.fitted:8.3f}  {row.predicted:9.3f}{tail}")


def save(figure: Any, path: Path, quick: bool = False) -> None:
    """Write a figure as PNG with 256 colours, a third of the size; a quick one is coarse."""
    from PIL import Image

    if quick:  # to arrange the parts, they must be drawn twice
        figure.set_layout_engine("none")
    figure.savefig(path, dpi=30 if quick else 150)
    with Image.open(path) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)
    print(f"wrote {path}")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write the data of a figure."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    print(f"wrote {path}")


def given_folder() -> Path:
    """Return the folder named on the command line, by default the current one."""
    return Path(sys.argv[1] if len(sys.argv) > 1 else ".")
