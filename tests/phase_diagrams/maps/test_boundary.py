"""Boundaries of stability: against closed forms, and against verdicts on both sides."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

from sgdmem import (
    Algorithm,
    InputError,
    Spectrum,
    aggmo,
    heavy_ball,
    largest_learning_rate,
    stability,
    stability_boundary,
)
from sgdmem.methods import memory_one
from sgdmem.numeric.compiled_maps.crossings import Crossings, WithEstimates, crossings
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.points import ScatteredPoints
from sgdmem.numeric.judges.reason import Reason
from sgdmem.phase_diagrams.maps.binding_reasons import binding_reasons
from sgdmem.phase_diagrams.maps.curve import Curve
from sgdmem.phase_diagrams.maps.curves import Tracer
from sgdmem.phase_diagrams.pictures.boundary_picture import draw_boundary
from tests.asking import noisy
from tests.cli.running import run

ONE = Spectrum([1, 0.3])


@pytest.fixture(scope="module")
def triangle() -> xarray.Dataset:
    x, y = ("learning_rate", -0.5, 5), ("momentum", -1.3, 1.3)
    return stability_boundary("heavy-ball", ONE, x=x, y=y, resolution=40)


def test_heavy_ball_without_noise_is_the_triangle(triangle: xarray.Dataset) -> None:
    distances = {
        "root_at_minus_1": (triangle.learning_rate - 2 * (1 + triangle.momentum)) / 5,
        "complex_roots": triangle.momentum - 1,
        "root_at_1": triangle.learning_rate,
    }
    assert set(triangle.condition.values) == set(distances)
    for condition, distance in distances.items():
        assert abs(distance.where(triangle.condition == condition)).max() < 3e-10


def test_corners_are_cusps(triangle: xarray.Dataset) -> None:
    corners = np.array([triangle.cusp_learning_rate, triangle.cusp_momentum]).T
    assert len(corners) == 3
    for corner in ((0, -1), (0, 1), (4, 1)):
        assert np.abs(corners - corner).max(axis=1).min() < 2e-9
    assert "root_at_minus_1 and complex_roots" in triangle.cusp_conditions


def test_a_corner_that_is_not_found_makes_no_points() -> None:
    def judge(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.ones(len(points)), np.ones(len(points))  # no boundary between any two

    ends = np.array([[0.2, 0.2], [0.3, 0.2]])
    curve = Curve(Crossings(ends, ends), ["noise_sum", "root_at_1"])
    (cusp,) = Tracer(judge, lambda points: [], 1e-9, 1e-3)._cusps(curve)
    assert len(curve.points) == len(curve.conditions) == 2
    assert cusp.point == pytest.approx([0.25, 0.2])


def test_a_closed_curve_goes_around_without_gaps(triangle: xarray.Dataset) -> None:
    assert set(triangle.curve.values) == {0}
    points = np.array([triangle.learning_rate / 5.5, triangle.momentum / 2.6]).T
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).max() < 0.05
    assert np.linalg.norm(points[0] - points[-1]) < 0.05


def test_memory_one_ends_on_the_lines_of_theorem_6() -> None:
    q0, largest = 0.25, 2.0

    def family(damping: Any, effective_learning_rate: Any) -> Algorithm:
        return memory_one(effective_learning_rate, q0, damping)

    edge = stability_boundary(
        family,
        Spectrum([largest, 1]),
        x=("damping", 0.05, 1.5),
        y=("effective_learning_rate", 0.1, 10),
        resolution=30,
    )
    damping, rate = edge.damping.values, edge.effective_learning_rate.values
    line = (4 - 2 * damping - 2 * q0 * largest) / (largest * damping)
    assert edge.sizes["point"] > 20
    steep = 1 + (4 - 2 * q0 * largest) / (largest * damping**2)  # the slope of the curve
    assert (np.abs(rate - line) / steep).max() < 1e-9


@pytest.mark.parametrize("batch_size", [1, 30])
def test_batch_sizes_are_critical_ones(batch_size: int) -> None:
    spectrum = Spectrum.power_law(1.5)
    edge = stability_boundary(
        "heavy-ball",
        spectrum,
        x=("learning_rate", 0.01, 10),
        y=("batch_size", batch_size, 1e4),
        momentum="0.9",
        log=("learning_rate", "batch_size"),
        resolution=20,
    )
    assert set(edge.condition.values) == {"noise_sum"}
    for place in range(0, edge.sizes["point"], 5):
        for side, sign in (("stable", 1), ("unstable", -1)):
            rate, size = (
                float(edge[f"{side}_{name}"][place]) for name in ("learning_rate", "batch_size")
            )
            critical = stability(heavy_ball(rate, "0.9"), spectrum, 1).critical_batch_size
            assert sign * (size / critical - 1) > -1e-12


@pytest.mark.parametrize(
    "momenta", [(0,), pytest.param((0, "1/2"), marks=pytest.mark.slow)], ids=["2", "3"]
)
@pytest.mark.parametrize("batch_size", [4, float("inf")])
def test_both_sides_are_what_a_verdict_says(momenta: tuple[Any, ...], batch_size: float) -> None:
    def family(learning_rate: Any, momentum: Any) -> Algorithm:
        return aggmo(learning_rate, (*momenta, momentum))

    edge = stability_boundary(
        family,
        ONE,
        batch_size,
        x=("learning_rate", 0.05, 8),
        y=("momentum", 0, 0.99),
        resolution=16,
    )
    names = ("learning_rate", "momentum")
    inside, outside = (
        np.array([edge[f"{side}_{name}"] for name in names]).T for side in ("stable", "unstable")
    )
    assert np.linalg.norm((outside - inside) / (7.95, 0.99), axis=1).max() < 2e-10
    ways = (outside - inside) / np.linalg.norm(outside - inside, axis=1)[:, None]
    for place in range(0, len(inside), 4):
        for point, stable in (
            (inside[place], True),
            (outside[place], False),
            (inside[place] - 1e-8 * ways[place], True),
            (outside[place] + 1e-8 * ways[place], False),
        ):
            algorithm = family(*map(float, point))
            assert stability(algorithm, ONE, batch_size).stable is stable


@pytest.mark.slow
def test_curves_are_flat_between_their_points() -> None:
    edge = stability_boundary(
        "heavy-ball",
        ONE,
        8,
        x=("learning_rate", 0.01, 5),
        y=("momentum", 0, 0.95),
        resolution=6,
        flatness=1e-3,
    )
    momentum = np.sort(edge.momentum.values)
    rate = edge.learning_rate.values[np.argsort(edge.momentum.values)]
    for middle in np.linspace(0.05, 0.94, 20):
        exact = float(largest_learning_rate("heavy-ball", ONE, 8, momentum=middle))
        assert np.interp(middle, momentum, rate) == pytest.approx(exact, abs=2e-3 * 5)


@pytest.mark.slow
def test_corners_where_all_conditions_meet_are_single_cusps() -> None:
    edge = stability_boundary(
        "heavy-ball",
        noisy(Spectrum([1, 0.5]), tau2=-1),
        2,
        x=("learning_rate", -1, 5),
        y=("momentum", -1.5, 1.5),
        resolution=30,
    )
    found = np.array([edge.cusp_learning_rate, edge.cusp_momentum]).T
    assert len(found) < 5
    for corner in ((0, -1), (0, 1)):
        assert (np.abs(found - corner).max(axis=1) < 1e-3).sum() == 1


def test_noise_takes_over_from_full_batches() -> None:
    edge = stability_boundary(
        "heavy-ball", ONE, 8, x=("learning_rate", -0.2, 5), y=("momentum", -0.5, 0.9), resolution=30
    )
    assert set(edge.condition.values) == {"noise_sum", "root_at_1"}


def test_nothing_is_found_where_all_is_stable() -> None:
    edge = stability_boundary(
        "sgd", ONE, x=("learning_rate", 0.1, 0.2), y=("batch_size", 50, 60), resolution=5
    )
    assert edge.sizes["point"] == edge.sizes["cusp"] == 0
    assert draw_boundary(edge).lines == [] or len(draw_boundary(edge).lines) == 0


def test_a_file_keeps_everything(triangle: xarray.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "edge.nc"
    triangle.to_netcdf(path, engine="scipy")
    again = xarray.load_dataset(path, engine="scipy")
    assert again.equals(triangle)
    drawn, redrawn = draw_boundary(triangle), draw_boundary(again)
    assert [line.get_label() for line in drawn.lines if line.get_label()[0] != "_"] == [
        line.get_label() for line in redrawn.lines if line.get_label()[0] != "_"
    ]
    assert drawn.get_title() == redrawn.get_title()
    assert drawn.get_xlim() == (-0.5, 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": ("learning_rate", 1)}, r"x must be \(parameter name, low, high\)"),
        ({"x": ("learning_rate", 2, 1)}, "x must have its low end below its high end"),
        ({"y": ("learning_rate", 0, 1)}, "x and y must be different parameters"),
        ({"log": ("momentum",)}, "a logarithmic momentum must start above 0"),
        ({"log": ("speed",)}, "log must name parameters among learning_rate, momentum"),
        ({"resolution": 1}, "resolution must be from 2 to 2000"),
        ({"tolerance": 0}, "tolerance must be from 1e-13 to 1"),
        ({"flatness": 2}, "flatness must be between 0 and 1"),
        ({"x": ("speed", 0, 1)}, "speed"),
    ],
)
def test_bad_input(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "x": ("learning_rate", 0.1, 4),
        "y": ("momentum", 0, 0.9),
        "problem": ONE,
        **change,
    }
    with pytest.raises(InputError, match=message):
        stability_boundary("heavy-ball", **arguments)


@pytest.mark.slow
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    window = ["--x", "learning_rate=0.1:6", "--y", "momentum=-0.5:1.2", "--resolution", "12"]
    problem = ["--power-law", "2", "--count", "3"]
    target = tmp_path / "edge.csv"
    code, out, _ = run(capsys, "boundary", "heavy-ball", *window, *problem, "-o", str(target))
    assert code == 0 and "on 1 curve, 1 cusps" in out
    rows = target.read_text().splitlines()
    assert rows[0].startswith("# written by sgdmem") and rows.pop(0)
    assert rows[0].startswith("learning_rate,momentum,stable_learning_rate")
    assert "root_at_minus_1 and complex_roots" in (tmp_path / "edge.cusps.csv").read_text()
    picture = tmp_path / "edge.svg"
    assert run(capsys, "boundary", "sgd", *_PLATEAU, *problem, "-o", str(picture))[0] == 0
    assert picture.exists() and picture.with_suffix(".nc").exists()
    open_ = ["--power-law", "1.5", "--batch-size", "8", "--tau2", "2", "-o", str(target)]
    out = run(capsys, "boundary", "heavy-ball", *window, *open_)[1]
    assert "none that is decided on both sides" in out
    for bad, message in (("x.doc", "-o must end in"), ("no/x.nc", "there is no folder")):
        code, _, err = run(capsys, "boundary", "heavy-ball", *window, *problem, "-o", bad)
        assert code == 2 and message in err


_PLATEAU = ["--x", "learning_rate=0.1:6:log", "--y", "batch_size=1:100:log", "--resolution", "8"]


# Enclosures ---------------------------------------------------------------------------------------


def on_segments(function: Any, count: int = 3) -> tuple[Any, list[int]]:
    """Return enclosures of where a function of the first coordinate is 0, and how many it took."""
    asked: list[int] = []

    def judge(points: Any) -> tuple[Any, Any]:
        asked.append(len(points))
        values = function(points[:, 0])
        return np.where(values > 0, 1, 0).astype(np.int8), values

    ends = np.zeros((count, 2)), np.tile([1.0, 0.5], (count, 1))
    return crossings(judge, *ends, 1e-10), asked


@pytest.mark.parametrize(
    ("function", "root", "most"),
    [
        (lambda x: np.exp(-5 * x) - 0.2, np.log(5) / 5, 10),
        (lambda x: 1e-9 * (0.3 - x), 0.3, 16),
        (lambda x: np.where(x < 0.5, 1 - 0.2 / np.maximum(0.5 - x, 1e-9), -np.inf), 0.3, 12),
        (lambda x: np.where(x < 0.301, 1 - 1e-3 / np.maximum(0.301 - x, 1e-9), -np.inf), 0.3, 18),
        (lambda x: np.where(x < 0.3, 1.0, -np.inf), 0.3, 36),
        (lambda x: np.where(x < 0.3, 0.3 - x, np.nan), 0.3, 36),
        (lambda x: np.cbrt(0.7 - x), 0.7, 36),
        (lambda x: (0.3 - x) ** 9, 0.3, 39),
    ],
)
def test_enclosures_are_narrow_and_quick(function: Any, root: float, most: int) -> None:
    found, asked = on_segments(function)
    assert (found.stable[:, 0] <= root).all() and (found.unstable[:, 0] >= root).all()
    assert np.linalg.norm(found.unstable - found.stable, axis=1).max() <= 1e-10
    assert len(asked) <= most


def test_known_margins_are_where_an_enclosure_starts() -> None:
    def judge(points: Any) -> tuple[Any, Any]:
        asked.append(len(points))
        margins = 0.25 - points[:, 0] - 0.1 * points[:, 0] ** 2
        return np.where(margins > 0, 1, 0).astype(np.int8), margins

    asked: list[int] = []
    ends = np.array([[0.0, 0], [0.1, 0]]), np.array([[1.0, 0], [0.3, 0]])
    margins = judge(ends[0])[1], judge(ends[1])[1]
    counts = []
    for known in (None, margins):
        asked.clear()
        found = crossings(judge, *ends, 1e-10, known)
        assert (np.linalg.norm(found.unstable - found.stable, axis=1) <= 1e-10).all()
        counts.append(sum(asked))
    assert counts[1] <= counts[0] - 3


@pytest.mark.parametrize("off", [0.0, 3e-9, -3e-9, 1e-6, -1e-6])
def test_estimates_that_are_off_cost_few_verdicts(off: float) -> None:
    """Verdicts follow them as far as that, in place of halving all that is left of a segment."""
    asked: list[int] = []

    def judge(points: Any) -> tuple[Any, Any]:
        asked.append(len(points))
        x = points[:, 0]
        return np.where(x < 0.3, 1, 0).astype(np.int8), np.full(len(x), np.nan)

    estimated = WithEstimates(judge, lambda points: 0.3 + off - points[:, 0])
    found = crossings(estimated, np.zeros((2, 2)), np.tile([1.0, 0.0], (2, 1)), 1e-10)
    assert (found.stable[:, 0] < 0.3).all() and (found.unstable[:, 0] >= 0.3).all()
    assert np.linalg.norm(found.unstable - found.stable, axis=1).max() <= 1e-10
    distance = max(abs(off) / 1e-10, 1)  # to find it, and to halve it
    assert len(asked) <= 8 + np.log2(distance) + np.log(distance) / np.log(8)


def test_an_end_that_is_undecided_is_not_taken_for_a_proof() -> None:
    def judge(points: Any) -> tuple[Any, Any]:
        x = points[:, 0]
        flags = np.where(x < 0.5, 1, np.where(x < 1, 0, -1)).astype(np.int8)
        return np.where(x >= 0.5, -1, flags).astype(np.int8), 0.5 - x

    found = crossings(judge, np.array([[0.0, 0]]), np.array([[1.0, 0]]), 1e-6)
    assert np.isnan(found.unstable).all()


def test_labels_on_infinite_laws_are_those_of_real_eigenvalues() -> None:
    # stable but in a gap between 0.30 and 0.99, in which other roots leave than beyond 0.99998
    P = [1, -0.47506961, 0.13298752, -0.65791791]
    Q = [-3.17247737, -2.3525401, -1.4460832]
    method = Algorithm.from_recurrence([-x for x in P[:0:-1]], Q[::-1])
    labels = {stability(method, Spectrum.power_law(2, count=count)).binding for count in (50, None)}
    assert labels == {Reason.ROOT_AT_MINUS_1}


def test_conditions_are_told_without_a_verdict_where_the_noise_sum_is_known(
    asked: list[int],
) -> None:
    axes: dict[str, Any] = {"x": ("learning_rate", 0.1, 5), "y": ("momentum", 0, 0.95)}
    law = Spectrum.power_law("1.5")
    edge = stability_boundary("heavy-ball", law, 4, resolution=12, **axes)
    assert set(edge.condition.values.tolist()) == {"noise_sum"}
    assert not asked


def test_conditions_are_those_of_verdicts() -> None:
    rng = np.random.default_rng(4)
    rates, momenta = rng.uniform(0.1, 8, 25), rng.uniform(0, 0.98, 25)
    axes = {"learning_rate": [*map(Fraction, rates)], "momentum": [*map(Fraction, momenta)]}
    points = ScatteredPoints(axes, [*axes])
    told = set()
    for tau2 in (0, -20, 1):
        for spectrum in (Spectrum([1, 0.6, 0.2]), Spectrum.power_law(2), Spectrum.power_law(0.9)):
            compiled = family_program(heavy_ball, axes)
            judge = FamilyJudge(heavy_ball, compiled, noisy(spectrum, 1, tau2), 2)
            found = binding_reasons(judge, points)
            for place, reason in enumerate(found):
                assert reason is judge.verdict(points, place).binding
            told.update(found)
    assert {Reason.NOISE_SUM, Reason.MODE_NOISE, Reason.ROOT_AT_MINUS_1, Reason.STABLE} <= told


def test_what_is_undecided_is_left_out_of_the_bracket() -> None:
    def judge(points: Any) -> tuple[Any, Any]:
        x = points[:, 0]
        flags = np.where(x < 0.5 - 1e-9, 1, np.where(x > 0.5 + 1e-9, 0, -1)).astype(np.int8)
        return flags, 0.5 - x

    found = crossings(judge, np.zeros((1, 2)), np.array([[1.0, 0.0]]), 1e-10)
    assert judge(found.stable)[0] == 1 and judge(found.unstable)[0] == 0
    assert found.unstable[0, 0] - found.stable[0, 0] < 1e-8
