"""Pictures without texts, compared with small images that were looked at.

After an intended change of a picture write the images anew and look at them:
``python -m tests.phase_diagrams.pictures.test_reference_images``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.testing.compare import compare_images
from matplotlib.testing.decorators import remove_ticks_and_titles
from matplotlib.text import Text

import sgdmem
from sgdmem import Spectrum
from tests.picture_checks import plane_edge

FOLDER = Path(__file__).parent / "images"
LAW = Spectrum.power_law(1.5)
TOLERANCE = 6.0  # root mean square of the difference in levels out of 255

pytestmark = pytest.mark.slow


def draw_map(ax: Any) -> None:
    diagram = sgdmem.phase_diagram(
        "heavy-ball",
        LAW,
        8,
        x=("learning_rate", np.geomspace(0.02, 10, 60)),
        y=("momentum", np.linspace(0, 0.99, 50)),
    )
    sgdmem.draw(diagram, ax, explained=False, annotate=False)


def draw_edge(ax: Any) -> None:
    sgdmem.pictures.draw_boundary(plane_edge(), ax, annotate=False)


def draw_locus(ax: Any) -> None:
    method = sgdmem.methods.memory_one("5", "0.6", "0.15")
    sgdmem.pictures.draw_root_locus(method, Spectrum([1]), ax=ax, explained=False)


def draw_summand(ax: Any) -> None:
    method = sgdmem.methods.memory_one(100, "0.5", "1e-4")
    sgdmem.pictures.draw_noise_summand(method, LAW, 8, ax=ax, explained=False)


def draw_losses(ax: Any) -> None:
    rules = {"SGD": sgdmem.sgd("0.5"), "AM1": sgdmem.methods.accelerated(LAW, 16)}
    problem = sgdmem.Problem.power_law(1.5, zeta="0.5")
    sgdmem.pictures.draw_losses(rules, problem, 16, 1000, ax=ax, explained=False)


def draw_named(ax: Any) -> None:
    size: dict[str, Any] = {"points": 60, "resolution": 20}
    sgdmem.systems.named_diagram(
        "damping-effective-rate", ax=ax, annotate=False, explained=False, **size
    )


PICTURES: dict[str, Callable[[Any], None]] = {
    "map": draw_map,
    "boundary": draw_edge,
    "root-locus": draw_locus,
    "noise-summand": draw_summand,
    "losses": draw_losses,
    "damping-effective-rate": draw_named,
}


def save(name: str, path: Path) -> None:
    """Draw a picture into axes of fixed size, and take away everything that depends on fonts."""
    figure = Figure(figsize=(3.2, 2.4))
    ax = figure.add_axes((0.03, 0.03, 0.94, 0.94))
    PICTURES[name](ax)
    remove_ticks_and_titles(figure)
    for legend in figure.findobj(Legend):
        legend.remove()
    for text in figure.findobj(Text):
        text.set_visible(False)
    figure.savefig(path, dpi=60, metadata={"Software": None})


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.png"
    save(name, path)
    expected = tmp_path / f"{name}-expected.png"
    expected.write_bytes((FOLDER / f"{name}.png").read_bytes())
    assert compare_images(str(expected), str(path), TOLERANCE) is None


if __name__ == "__main__":
    for each in PICTURES:
        save(each, FOLDER / f"{each}.png")
