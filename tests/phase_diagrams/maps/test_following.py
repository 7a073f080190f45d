"""Lines along the edges of stability: nowhere but there, and on until they meet something."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from sgdmem import Spectrum, phase_diagram, stability
from sgdmem.methods import heavy_ball, qhm, sgd
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.maps.curves import Tracer
from sgdmem.phase_diagrams.maps.edges import edge_curves
from tests.asking import noisy

NEAR = (4e-3, 1e-3, 2e-4)  # of the axes: the first is about the width of a line
LIST, LAW = Spectrum([4, 1.3, 0.6, 0.05]), Spectrum.power_law(1.5)


def traced(inside: Any, size: int, flatness: float = 1e-3) -> list[Array]:
    """Return the curves around where a function of the square is positive."""

    def judge(points: Array) -> tuple[Array, Array]:
        values = inside(*points.T)
        return np.where(values > 0, 1, 0).astype(np.int8), values

    ticks = np.linspace(0, 1, size)
    stable = inside(*np.meshgrid(ticks, ticks)) > 0
    curves, _ = Tracer(judge, lambda points: [""] * len(points), 1e-8, flatness).trace(stable)
    return [curve.points for curve in curves]


@pytest.mark.parametrize("size", [8, 20, 51])
def test_a_wedge_is_followed_to_its_tip(size: int) -> None:
    """Of which a coarse grid sees the wide end alone."""
    curves = traced(lambda x, y: 0.1 * (0.8 - x) - abs(y - 0.502), size)
    assert max(points[:, 0].max() for points in curves) == pytest.approx(0.8, abs=0.02)
    for points in curves:
        assert abs(abs(points[:, 1] - 0.502) - 0.1 * (0.8 - points[:, 0])).max() < 1e-7
        bends = np.flatnonzero(np.diff(np.sign(points[:, 1] - 0.502)))
        assert (points[bends, 0] > 0.75).all()  # no chord from one side to the other before


def test_two_that_draw_near_each_other_stay_apart() -> None:
    """A gap of 0.01 that no point of the grid is in, but at its ends."""
    curves = traced(lambda x, y: abs(y - 0.5 + 0.2 * x) - 0.005 - (x - 0.5) ** 2 / 3, 20)
    assert len(curves) == 2
    for points in curves:
        distance = abs(points[:, 1] - 0.5 + 0.2 * points[:, 0])
        assert abs(distance - 0.005 - (points[:, 0] - 0.5) ** 2 / 3).max() < 1e-7
        assert np.ptp(points[:, 0]) == pytest.approx(1, abs=1e-3)
        assert len({*np.sign(points[:, 1] - 0.5 + 0.2 * points[:, 0])}) == 1


def test_a_closed_curve_stays_closed() -> None:
    (points,) = traced(lambda x, y: 0.09 - (x - 0.5) ** 2 - (y - 0.5) ** 2, 20)
    assert np.linalg.norm(points[0] - points[-1]) < 1e-6


@pytest.mark.parametrize("flatness", [0.1, 0.01])
def test_lines_that_may_be_rough_are_not_cut(flatness: float) -> None:
    """Their chords leave the edge by what is allowed."""
    (points,) = traced(lambda x, y: 0.09 - (x - 0.5) ** 2 - (y - 0.5) ** 2, 6, flatness)
    assert len(points) < 40 and np.linalg.norm(points[0] - points[-1]) < 1e-6


def verdict(method: Any, problem: Any, values: dict[str, float], fixed: dict[str, Any]) -> bool:
    size = values.pop("batch_size", fixed.get("batch_size", np.inf))
    own = {**{k: v for k, v in fixed.items() if k != "batch_size"}, **values}
    return stability(method(**own), problem, size).stable is True


@pytest.mark.parametrize(
    ("method", "problem", "x", "y", "fixed"),
    [
        (heavy_ball, LIST, (0, 4), (0, 0.9), {"batch_size": 4}),
        (heavy_ball, LIST, (0, 10), (0, 0.999), {}),
        (sgd, LIST, (-1, 3), (1, 100), {}),
        *(
            pytest.param(*slow, marks=pytest.mark.slow)
            for slow in (
                (heavy_ball, LAW, (0, 10), (0, 0.999), {"batch_size": 4}),
                (heavy_ball, noisy(LIST, tau2=-1), (0, 10), (1, 100), {"momentum": "0.9"}),
                (qhm, LIST, (0, 10), (0, 0.999), {"nu": "0.7", "batch_size": 4}),
            )
        ),
    ],
    ids=["list", "without noise", "sgd", "law", "batch size", "qhm"],
)
@pytest.mark.parametrize("size", [12, *(pytest.param(x, marks=pytest.mark.slow) for x in (8, 50))])
def test_lines_are_drawn_where_single_verdicts_change(
    method: Any, problem: Any, x: Any, y: Any, fixed: dict[str, Any], size: int
) -> None:
    names = ["learning_rate", "momentum" if y[0] == 0 else "batch_size"]
    axes: dict[str, Any] = {
        label: (name, np.linspace(ends[0], ends[1], size))
        for label, name, ends in zip("xy", names, (x, y), strict=True)
    }
    own = {key: value for key, value in fixed.items() if key != "batch_size"}
    size_of_batches = fixed.get("batch_size", np.inf)
    diagram: Any = phase_diagram(method, problem, size_of_batches, **axes, **own, edges=True)
    low, width = np.array([x[0], y[0]]), np.array([x[1] - x[0], y[1] - y[0]])

    def changes(point: Array, across: Array) -> bool:
        """Whether the verdict does, from one side of a point to the other."""
        for near in NEAR:
            places = [low + width * np.clip(point + x * across, 0, 1) for x in (near, -near)]
            pairs = [dict(zip(names, place, strict=True)) for place in places]
            if len({verdict(method, problem, values, fixed) for values in pairs}) == 2:
                return True
        return False

    curves = edge_curves(diagram)
    assert curves
    for curve in curves:
        points = (np.stack(curve, axis=1) - low) / width
        for start, end in pairwise(points):
            length = np.linalg.norm(end - start)
            if length < 2 * NEAR[0]:
                continue
            across = np.array([start[1] - end[1], end[0] - start[0]]) / length
            for share in (0.3, 0.5):
                assert changes(start + share * (end - start), across)


def test_edges_that_go_on_beyond_a_map_end_at_its_border() -> None:
    """Those of noise and of a learning rate of 0, between which no point of the map is stable."""
    axes: Any = {
        "x": ("learning_rate", np.linspace(0, 4, 12)),
        "y": ("momentum", np.linspace(0, 0.9, 12)),
    }
    curves = edge_curves(phase_diagram("heavy-ball", LIST, 4, **axes, edges=True))
    assert curves is not None and len(curves) == 2
    for rates, momenta in curves:
        assert {0.0, 0.9} <= {*momenta.round(3)}
        assert rates.max() < 1e-5 or rates.min() > 0.1
