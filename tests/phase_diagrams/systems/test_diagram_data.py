"""Named diagrams: their datasets, written and read, make the same pictures again."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.text import Text

import sgdmem
from sgdmem import InputError
from sgdmem.phase_diagrams.maps.map_file import read_map_file, write_map_file
from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.phase_diagrams.systems.diagram_names import DIAGRAMS, MAPS, options_of
from sgdmem.systems import diagram_data, named_diagram
from tests.cli.running import run

SMALL: dict[str, dict[str, Any]] = {
    "learning-rate-momentum": {"points": 5, "resolution": 3, "batch_sizes": [8, "inf"]},
    "damping-effective-rate": {"points": 5, "resolution": 3, "batch_sizes": [8, "inf"]},
    "batch-size-learning-rate": {"points": 5, "resolution": 3, "momentum": 0.5},
    "regimes": {"points": 4},
    "spectral-zones": {},
    "batch-sharpness": {"points": 3, "momenta": ["0.9"]},
    "marginal-momentum": {"points": 3, "momenta": ["0.9"]},
    "mem-sgd": {"points": 3, "kept": ["0.1"]},
    "spectral-conflict": {"points": 4, "momenta": [0, "0.9"]},
    "sparse-phases": {"points": 2, "dimensions": [10**8]},
    "adaptive-methods": {"points": 3, "labels": [5, 7]},
    "dana-phases": {"points": 4},
    "deep-linear": {"depth": 2, "targets": [3, 1], "points": 3},
    "kaczmarz": {"steps": 20},
    "associative-memory": {"dimension": (8, 16), "points": 2, "seeds": 2},
    "associative-memory-batches": {"dimensions": [8, 16], "points": 3, "seeds": 2},
}
KNOWN = {"proved", "computed", "estimated", "simulated", "heuristic"}


def shown(axes: Any) -> dict[str, list[Any]]:
    """Return everything that a picture shows, by name."""

    def values(artist: Any) -> Any:
        if isinstance(artist, Text):
            return artist.get_text(), artist.get_position()
        if hasattr(artist, "get_xdata"):
            pair = np.array([artist.get_xdata(), artist.get_ydata()], float)
            return artist.get_label(), artist.get_linestyle(), artist.get_color(), pair.tolist()
        paths = artist.get_paths() if hasattr(artist, "get_paths") else [artist.get_path()]
        return [path.vertices.tolist() for path in paths]

    found = {name: [values(one) for one in some] for name, some in artists(axes).items()}
    figure = axes.figure
    words = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    window = axes.get_xlim(), axes.get_ylim()
    return {**found, "": [axes.get_title(), axes.get_xlabel(), axes.get_ylabel(), words, window]}


def widths(axes: Any) -> list[float]:
    """Return how wide lines are."""
    found = (one for some in artists(axes).values() for one in some)
    return [float(one.get_linewidth()) for one in found if isinstance(one, Line2D)]


def test_every_diagram_is_tried() -> None:
    assert SMALL.keys() == DIAGRAMS.keys()


@cache
def small(name: str) -> Any:
    """Return the dataset of a diagram of few points."""
    return diagram_data(name, **SMALL[name])


QUICK = "regimes", "kaczmarz", "associative-memory-batches"


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SMALL],
)
def test_a_file_is_drawn_as_the_diagram_was(name: str, tmp_path: Path) -> None:
    data = small(name)
    assert data.attrs["diagram"] == name and data.attrs["sgdmem_version"]
    assert options_of(name).keys() <= data.attrs.keys()
    for key, values in data.variables.items():
        assert values.attrs.get("long_name") or name in MAPS, key
        assert values.attrs.get("known", "computed") in KNOWN
    words = ", ".join(data.attrs.get(word, "") for word in KNOWN)
    assert name in MAPS or all(str(variable) in words for variable in data.data_vars)
    path = tmp_path / "x.nc"
    write_map_file(data, path)
    np.testing.assert_equal(shown(sgdmem.draw(path)), shown(sgdmem.draw(data)))
    assert read_map_file(path).attrs == data.attrs


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_sizes_and_quantities(name: str) -> None:
    data = small(name)
    plain = sgdmem.draw(data, explained=False)
    assert plain.figure.legends == []
    again = named_diagram(name, **SMALL[name], explained=False)
    np.testing.assert_equal(shown(again), shown(plain))
    column, page = (widths(sgdmem.draw(data, size=size)) for size in ("column", "page"))
    assert column == pytest.approx(np.multiply(page, 7.5 / 9).tolist())  # as their letters
    if name in MAPS:
        assert "map" in artists(sgdmem.draw(data, quantity="stable", size=(9, 6)))


@pytest.mark.slow
def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, again = tmp_path / "k.png", tmp_path / "again.png"
    command = "plot", "diagram", "kaczmarz", "--set", "steps=20", "-o", str(first)
    code, out, _ = run(capsys, *command)
    assert code == 0 and out == f"wrote {first} and {first.with_suffix('.nc')}\n"
    assert run(capsys, "draw", str(first.with_suffix(".nc")), "-o", str(again))[0] == 0
    assert again.read_bytes() == first.read_bytes()
    data = read_map_file(first.with_suffix(".nc"))
    assert data.attrs["steps"] == "20" and data.loss.dims == ("system", "steps")


def test_what_is_no_diagram(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = diagram_data("kaczmarz", steps=5)
    wrong = {
        "kaczmarz cannot be drawn: No variable named 'guarantee'": data.drop_vars("guarantee"),
        "regimes cannot be drawn: No variable named 'stable'": data.assign_attrs(diagram="regimes"),
        "data are of the diagram 'x'; there are": data.assign_attrs(diagram="x"),
        "holds no phase diagram, boundary, region or named diagram": data.drop_attrs(),
        "data cannot be drawn: there is no x": data.drop_attrs().rename(loss="condition"),
        "system has no coordinates": data.drop_attrs().drop_vars("system").rename(loss="stable"),
    }
    for message, one in wrong.items():
        path = tmp_path / "wrong.nc"
        write_map_file(one, path)
        code, _, err = run(capsys, "draw", str(path))
        assert code == 2 and message in err and err.count("\n") == 1
    with pytest.raises(InputError, match="quantity belongs to maps"):
        sgdmem.draw(data, quantity="loss")
    with pytest.raises(InputError, match=r"data must be what phase_diagram, .* got a int"):
        sgdmem.draw(3)  # type: ignore[arg-type]
