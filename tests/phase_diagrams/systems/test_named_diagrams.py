"""The named diagrams: their lines against the papers' closed forms, their names and files."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any, cast

import numpy as np
import pytest
from matplotlib.figure import Figure

import sgdmem
from sgdmem import InputError, Spectrum
from sgdmem.methods import loss_regime
from sgdmem.phase_diagrams.maps.labelled_arrays import as_dataset
from sgdmem.phase_diagrams.systems.diagram_names import DIAGRAMS
from sgdmem.phase_diagrams.systems.named_diagram_data import from_dataset
from sgdmem.phase_diagrams.systems.named_diagram_picture import NamedDiagram
from sgdmem.phase_diagrams.systems.named_diagrams import diagram_data
from sgdmem.pictures import artists
from sgdmem.symbolic.zoo.families_by_name import find_family
from sgdmem.systems import named_diagram
from tests.asking import noisy
from tests.phase_diagrams.systems.test_diagram_data import SMALL as FEW
from tests.picture_checks import (
    alike_in_print,
    colour_at,
    is_colour,
    legend_words,
    pdf_bytes,
    strokes_cut_short,
    svg_ids,
    texts_outside,
)

pytestmark = pytest.mark.slow

SIZE: dict[str, Any] = {"points": 60, "resolution": 24}
LAW = Spectrum.power_law(1.5)
GREY, ORANGE, LIGHT_BLUE = "#b0b0b8", "#d55e00", "#cfe6f5"
Q0 = 0.5


@pytest.fixture(scope="module")
def momenta() -> NamedDiagram:
    return from_dataset(diagram_data("learning-rate-momentum", **SIZE))


@pytest.fixture(scope="module")
def dampings() -> NamedDiagram:
    return from_dataset(diagram_data("damping-effective-rate", q0=Q0, **SIZE))


@pytest.fixture(scope="module")
def plateaus() -> NamedDiagram:
    return from_dataset(diagram_data("batch-size-learning-rate", **SIZE))


# Learning rate and momentum ---------------------------------------------------------------------


def test_boundaries_of_the_heavy_ball(momenta: NamedDiagram) -> None:
    edges = momenta.boundaries
    assert list(edges) == ["$B = 1$", "$B = 8$", "$B = 64$", "full batches"]
    full = edges["full batches"]
    assert full.learning_rate.values == pytest.approx(2 * (1 + full.momentum.values), rel=1e-8)
    for size in (1, 8, 64):
        edge = edges[f"$B = {size}$"]
        for place in np.linspace(0, edge.sizes["point"] - 1, 5).astype(int):
            rate, momentum = float(edge.learning_rate[place]), float(edge.momentum[place])
            # Sum of x (1 + b)/((1 - b)(2 (1 + b) - x)) over k, x = rate k^-1.5: theory sheet
            x = rate * np.arange(1, 10**6 + 1.0) ** -1.5
            s = (x * (1 + momentum) / ((1 - momentum) * (2 * (1 + momentum) - x))).sum()
            s += rate / (1 - momentum) / 2 * 2 * (10**6 + 0.5) ** -0.5
            assert s / size == pytest.approx(1, rel=1e-5)


def test_greys_count_batch_sizes(momenta: NamedDiagram) -> None:
    axes = momenta.draw(annotate=False)
    mesh = artists(axes)["map"][0]
    shown = np.asarray(mesh.get_array()).reshape(momenta.map.stable.shape[1:])
    assert (shown == (momenta.map.stable.values == 1).sum(axis=0)).all()
    assert is_colour(colour_at(axes, 8, 0.2), "white")  # diverges at every one
    darkest, lighter = colour_at(axes, 0.05, 0.2), colour_at(axes, 1.2, 0.2)
    assert darkest[0] < lighter[0] - 0.05 < 0.95


def test_names_are_where_they_belong(momenta: NamedDiagram) -> None:
    axes = momenta.draw()
    found = artists(axes)
    names = [text.get_text() for text in found["curve-name"]]
    assert set(names) <= set(momenta.boundaries) and len(names) >= 3
    count = (momenta.map.stable.values == 1).sum(axis=0)
    x, y = (momenta.map[name].values for name in ("learning_rate", "momentum"))
    for text in found["region-name"]:
        at = (axes.transAxes + axes.transData.inverted()).transform(text.get_position())
        cell = abs(y - at[1]).argmin(), abs(np.log(x / at[0])).argmin()
        expected = 4 if text.get_text().startswith("stable") else 0
        assert count[cell] == expected, text.get_text()
    assert texts_outside(axes.figure) == []


@pytest.mark.parametrize(("family", "fixed"), [("nesterov", {}), ("qhm", {"nu": 0.7})])
def test_other_families(family: str, fixed: dict[str, Any]) -> None:
    axes = named_diagram(
        "learning-rate-momentum",
        family=family,
        batch_sizes=[4, math.inf],
        points=10,
        resolution=6,
        **fixed,
    )
    assert len(artists(axes)["boundary"]) >= 2
    assert axes.get_title().startswith(find_family(family).display_name)


# Damping and effective learning rate ------------------------------------------------------------


def test_the_line_of_theorem_6(dampings: NamedDiagram) -> None:
    line = dampings.theory["Theorem 6"]
    # Theorem 6.1 of arXiv 2410.04228: lambda_max (2 q0 + delta alpha_eff) < 4 - 2 delta
    assert line.x * line.y == pytest.approx(4 - 2 * line.x - 2 * Q0, abs=1e-12)
    full = dampings.boundaries["full batches"]
    x, y = full.damping.values, full.effective_learning_rate.values
    assert y == pytest.approx((4 - 2 * x - 2 * Q0) / x, rel=1e-7)


def test_the_zones(dampings: NamedDiagram) -> None:
    # lambda_max = 1 at the ends of the ranges, eq. (26): delta / q0 and delta alpha_eff / q0^2
    first, second = (line for name, line in dampings.theory.items() if "lambda" in name)
    assert first.x == pytest.approx([Q0, Q0])
    assert second.x * second.y == pytest.approx(Q0**2)
    damping, rate = (dampings.map[name].values for name in ("damping", "effective_learning_rate"))
    one = dampings.zones["zone I"]
    assert (one == (damping[None] > Q0) & (rate[:, None] > Q0)).all()
    three = dampings.zones["zones I, II, III"]
    assert (three == ((rate[:, None] > Q0) & (rate[:, None] * damping <= Q0**2))).all()


def test_the_accelerated_region(dampings: NamedDiagram) -> None:
    assert dampings.accelerated is not None
    damping, rate = (dampings.map[name].values for name in ("damping", "effective_learning_rate"))
    stable = as_dataset(dampings.map).stable.sel(batch_size=64).values == 1
    # SGD at B = 64: the rate at which sum x / (2 - x) = 64, without its poles up to 2
    sgd = float(sgdmem.largest_learning_rate("sgd", LAW, 64))
    low, high = 1.0, 2.0
    k = np.arange(1, 10**6 + 1.0) ** -1.5
    for _ in range(40):
        middle = (low + high) / 2
        total = (middle * k / (2 - middle * k)).sum() + middle * (10**6) ** -0.5
        low, high = (middle, high) if total < 64 else (low, middle)
    assert sgd == pytest.approx(low, rel=1e-5)
    expected = stable & (rate[:, None] > sgd) & (rate[:, None] * damping < Q0**2)
    assert (dampings.accelerated == expected).all() and expected.any()
    axes = dampings.draw()
    said = [*legend_words(axes), *(text.get_text() for text in artists(axes)["region-name"])]
    assert "accelerated at $B = 64$ (Theorem 7)" in " ".join(said).replace("\n", " ")
    assert "accelerated" in artists(axes)


def test_zones_as_a_curve() -> None:
    found = artists(named_diagram("spectral-zones"))
    assert len(found["range"]) == len(found["range-name"]) == 3


# Batch size and learning rate -------------------------------------------------------------------


def test_the_two_plateaus(plateaus: NamedDiagram) -> None:
    largest, trace = plateaus.theory.values()
    # arXiv 2604.14108, abstract: 2 (1 + beta) / eta and 2 (1 - beta) / eta
    assert largest.x == pytest.approx(2 * 1.9 / LAW.largest)
    assert trace.x / trace.y == pytest.approx(2 * 0.1 / LAW.trace, rel=1e-5)
    edge = plateaus.boundaries["boundary"]
    size, rate = edge.batch_size.values, edge.learning_rate.values
    assert rate[size.argmax()] == pytest.approx(largest.x[0], rel=1e-2)
    assert rate[size.argmin()] == pytest.approx(size.min() * 2 * 0.1 / LAW.trace, rel=2e-2)
    # both bound the learning rate
    assert (rate < largest.x[0] * (1 + 1e-9)).all()
    assert (rate < size * 2 * 0.1 / LAW.trace * (1 + 1e-5)).all()


def test_tau2_changes_the_slope() -> None:
    # small steps: tau1 sum v / (1 + tau2 v) = 1, v = eta lambda / (2 (1 - beta) B)
    found = from_dataset(
        diagram_data("batch-size-learning-rate", noisy(Spectrum([1, 0.5]), tau2=-1), **SMALL)
    )
    _, line = found.theory.values()
    v = line.x[0] / line.y[0] / (2 * 0.1) * np.array([1, 0.5])
    assert (v / (1 - v)).sum() == pytest.approx(1, rel=1e-5)


def test_colours_of_the_plateaus(plateaus: NamedDiagram) -> None:
    axes = plateaus.draw(annotate=False)
    assert is_colour(colour_at(axes, 8, 300), GREY)
    assert is_colour(colour_at(axes, 1, 1.5), ORANGE)
    assert axes.get_xlim() == pytest.approx((0.02, 10), rel=0.1)
    assert texts_outside(plateaus.draw().figure) == []


def test_regimes_are_drawn_without_datasets() -> None:
    """They are for those who ask for the data: xarray and dask take longer to import than a map."""
    made = "sgdmem.systems.named_diagram('regimes', points=4)"
    code = f"import sys, sgdmem; {made}; print({{'xarray', 'pandas', 'dask'}} & {{*sys.modules}})"
    asked = [sys.executable, "-c", code]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "set()\n"


def test_without_annotations(plateaus: NamedDiagram) -> None:
    found = artists(plateaus.draw(annotate=False))
    assert "region-name" not in found and "curve-name" not in found


def test_regimes_are_those_of_figure_2() -> None:
    found = from_dataset(diagram_data("regimes", points=12, inverse_nu=(0.1, 2.3)))
    kinds = found.map.regime.attrs["flag_meanings"].split()
    for zeta in found.map.zeta.values:
        for inverse in found.map.inverse_nu.values:
            here = as_dataset(found.map).regime.sel(zeta=zeta, inverse_nu=inverse)
            regime = loss_regime(1 / inverse, zeta)
            assert kinds[int(here)] == regime.replace(" ", "_")
    axes = found.draw()
    assert axes.get_xlabel() == r"$1/\nu$"
    assert is_colour(colour_at(axes, 0.5, 0.5), LIGHT_BLUE)
    assert "region-name" in artists(axes)
    assert found.map.attrs["spectrum"] == "infinitely many eigenvalues k^-10 to k^-0.4348"


def test_regimes_without_lines_fill_the_axes() -> None:
    axes = named_diagram("regimes", points=5, batch_size=math.inf)
    assert axes.get_xlim()[1] > 2.5 and axes.get_ylim()[1] > 2.5


SMALL = {"points": 12, "resolution": 8}


MANY: dict[str, dict[str, Any]] = {  # as many curves as may be
    "learning-rate-momentum": {**SMALL, "batch_sizes": [1, 2, 4, 8, 16, 32, math.inf]},
    **dict.fromkeys(("damping-effective-rate", "batch-size-learning-rate"), SMALL),
    **{key: {"points": 5} for key in ("batch-sharpness", "marginal-momentum", "mem-sgd")},
    **{key: {"points": 3} for key in ("adaptive-methods", "sparse-phases")},
    "deep-linear": {"depth": 2, "points": 3},
    "associative-memory-batches": {"points": 3, "dimensions": [8, 16, 20], "seeds": 1},
}


@pytest.mark.parametrize("name", DIAGRAMS)
def test_curves_differ_in_black_and_white(name: str) -> None:
    options = MANY.get(name, FEW[name])
    figure = named_diagram(name, size="column", **options).figure
    assert alike_in_print(figure) == []
    assert strokes_cut_short(figure) == []


def test_files(dampings: NamedDiagram) -> None:
    axes = dampings.draw()
    ids = svg_ids(axes.figure)
    assert {"boundary", "boundary-4", "theory", "accelerated"} <= set(ids)
    assert pdf_bytes(axes.figure) == b"%PDF-%%EOF"


def test_axes_of_the_caller(plateaus: NamedDiagram) -> None:
    ax = Figure().add_subplot()
    assert plateaus.draw(ax, explained=False) is ax
    assert ax.get_legend() is None and len(ax.figure.axes) == 1


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (cast("Any", [1]), {}, "name must be among learning-rate-momentum"),
        ("fig-2", {}, "name must be among learning-rate-momentum, .*, got 'fig-2'"),
        ("damping-effective-rate", {"momentum": 1}, "unknown option 'momentum'; there are q0"),
        ("spectral-zones", {"points": 1}, "unknown option 'points'; there are q0"),
        ("batch-sharpness", {"batch_sizes": 4}, "unknown parameter 'batch_sizes' of heavy-ball"),
        ("batch-sharpness", {"momenta": None}, "momenta must be a list of numbers, got None"),
        ("batch-sharpness", {"x": 1}, "x is chosen by the diagram; there are family"),
        ("spectral-conflict", {"momenta": []}, "momenta must be a list of numbers"),
        ("sparse-phases", {"sigma": 1}, "sigma must be from 0 to 1, without 1, got 1"),
        ("sparse-phases", {"kappa": [0, 5]}, "kappa must be a pair within 0 and 4"),
        ("sparse-phases", {"dimensions": "1e300"}, "dimensions must be an integer from 10 to"),
        ("dana-phases", {"points": 10**6}, "points must be an integer from 3 to 1,000"),
        ("regimes", {"x": 1}, "x is chosen by the diagram; there are family, batch_size"),
        ("learning-rate-momentum", {"panels": 1}, "panels is chosen by the diagram"),
        ("damping-effective-rate", {"q0": -1}, "q0 must be positive"),
        ("learning-rate-momentum", {"momentum": 0.9}, r"momentum must be a pair \(low, high\)"),
        ("learning-rate-momentum", {"learning_rate": (0, 1)}, "must start above 0"),
        ("learning-rate-momentum", {"momentum": ("a", 1)}, "momentum must be a number"),
        ("learning-rate-momentum", {"momentum": (1, 0)}, "its low end below its high end"),
        ("learning-rate-momentum", {"batch_sizes": []}, "must be a list of batch sizes"),
        ("learning-rate-momentum", {"batch_sizes": [0]}, "batch_sizes must be positive"),
        ("learning-rate-momentum", {"points": 1}, "points must be"),
        ("learning-rate-momentum", {"color": 1}, "color"),
    ],
)
def test_bad_input(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        named_diagram(name, **options)
