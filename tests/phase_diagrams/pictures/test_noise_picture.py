"""The picture of the noise summand: its curves against naive sums and formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem import InputError, Spectrum
from sgdmem.phase_diagrams.pictures.summand_ranges import memory_one_ranges
from sgdmem.pictures import artists, draw_noise_summand
from tests.asking import noisy
from tests.picture_checks import pdf_bytes, svg_ids, texts_outside

HEAVY = sgdmem.heavy_ball("0.1", "0.9")
RANGES = sgdmem.methods.memory_one(100, "0.5", "1e-4")
LAW = Spectrum.power_law(1.5)


@pytest.fixture(scope="module")
def ranges() -> Any:
    return draw_noise_summand(RANGES, LAW, batch_size=8)


def naive_summand(method: Any, lam: float, steps: int = 20_000) -> float:
    """Return lambda^2 times the sum of the squares of the impulse response, step by step."""
    _, P, Q, _ = method.polynomials
    p, q = ([float(value) for value in x] for x in (P, (*Q, 0)))
    chi = np.array(p) - lam * np.array(q)
    order = len(chi) - 1
    past, total = [0.0] * order, 0.0
    for step in range(steps):
        driven = q[order - step] if step <= order else 0.0
        new = driven - sum(chi[order - k] * past[-k] for k in range(1, order + 1))
        past = [*past[1:], new]
        total += new * new
    return lam**2 * total


@pytest.mark.slow
def test_the_curve_is_the_sum_of_squares() -> None:
    line = artists(draw_noise_summand(HEAVY, Spectrum([4, 1, 0.5])))["summand"][0]
    lam, s = line.get_data()
    seen = np.flatnonzero((lam > 0.1) & (lam < 4))[::40]
    assert seen.size > 3
    for place in seen:
        assert s[place] == pytest.approx(naive_summand(HEAVY, lam[place]), rel=1e-9)


def test_damping() -> None:
    axes = draw_noise_summand(HEAVY, noisy(Spectrum([4, 1]), tau2=-1), batch_size=8)
    found = artists(axes)
    _, plain = found["summand"][0].get_data()
    _, damped = found["damped-summand"][0].get_data()
    seen = np.isfinite(damped)
    assert damped[seen] == pytest.approx((plain / (1 - plain / 8))[seen])
    assert (plain[~seen & np.isfinite(plain)] >= 8).all()  # the noise of a mode feeds on itself
    assert "damped-summand" not in artists(draw_noise_summand(HEAVY, noisy(LAW, tau2=-1)))


@pytest.mark.slow
def test_the_curve_ends_at_the_critical_eigenvalue() -> None:
    axes = draw_noise_summand(HEAVY, Spectrum([4, 1]))
    (pole,) = artists(axes)["critical-eigenvalue"]
    assert pole.get_xdata() == pytest.approx([38, 38])
    lam, s = artists(axes)["summand"][0].get_data()
    assert np.isfinite(s[lam < 38]).all() and np.isnan(s[lam >= 38]).all()


def test_shares_of_a_list() -> None:
    weights = [1, 3, 1]
    data = Spectrum([4, 0.5, 1], weights)
    axes = draw_noise_summand(HEAVY, noisy(data, tau2=-1), batch_size=8)
    lam, share = artists(axes)["share"][0].get_data()
    naive = [naive_summand(HEAVY, x) for x in (4, 0.5, 1)]
    parts = np.array([w * s / (1 - s / 8) for w, s in zip(weights, naive, strict=True)])
    whole = parts.sum()

    def below(x: float) -> float:
        return float(np.interp(x, lam[::-1], share[::-1]))

    assert below(2) == pytest.approx(100 * (parts[1] + parts[2]) / whole, rel=1e-6)
    assert below(0.7) == pytest.approx(100 * parts[1] / whole, rel=1e-6)
    assert below(0.3) == pytest.approx(0, abs=1e-9)
    assert below(5) == 100


@pytest.mark.slow
def test_shares_of_a_law() -> None:
    lam, share = artists(draw_noise_summand(HEAVY, LAW, batch_size=8))["share"][0].get_data()
    k = np.arange(1, 200_001.0)
    # Sum of g^2 of theory sheet, second order in x: for the heavy ball s = x (1 + b)/(1 - b) / ...
    values = k**-1.5
    s = 0.1 * values * 1.9 / (0.1 * (2 * 1.9 - 0.1 * values))
    total = s.sum() + 0.5 * 2 * (200_000.5) ** -0.5  # alpha_eff lambda / 2 beyond
    left = 1 - np.append(0, np.cumsum(s)) / total  # beyond the first k eigenvalues
    for j in (0, 1, 7, 20):  # two points for each of the first 25, after the right edge
        assert lam[1 + 2 * j : 3 + 2 * j] == pytest.approx(values[j])
        assert share[1 + 2 * j : 3 + 2 * j] / 100 == pytest.approx(left[j : j + 2], abs=1e-5)
    for place in (60, 80):
        count = round(float(lam[place]) ** (-1 / 1.5))
        assert share[place] / 100 == pytest.approx(left[count], abs=1e-5)


def test_an_infinite_sum_has_no_shares() -> None:
    unstable = draw_noise_summand(HEAVY, Spectrum([40, 1]), batch_size=8)
    endless = draw_noise_summand(HEAVY, Spectrum.power_law(1), batch_size=8)
    for axes in (unstable, endless):
        assert "share" not in artists(axes) and len(axes.figure.axes) == 1


@pytest.mark.slow
def test_the_three_ranges(ranges: Any) -> None:
    found = artists(ranges)
    low, middle, high = (line.get_data() for line in found["range"])
    assert low[1] == pytest.approx(50 * low[0])  # alpha_eff lambda / 2
    assert middle[1] == pytest.approx(np.full(middle[1].size, 100 * 1e-4 / (2 * 0.5)))
    assert high[1] == pytest.approx(0.25 * high[0] / (1 - 0.25 * high[0]))
    ends = [line.get_xdata()[0] for line in found["range-end"]]
    assert ends == pytest.approx([1e-4 / 0.5, 100 * 1e-4 / 0.25, 4])
    assert len(found["range-name"]) == 3
    lam, s = found["summand"][0].get_data()
    inside = (lam > 3 * ends[0]) & (lam < ends[1] / 3)
    assert (np.abs(np.log(s[inside] / 0.01)) < math.log(2)).all()  # within a factor of 2


def test_no_ranges_where_they_are_not_apart() -> None:
    for method in (HEAVY, sgdmem.sgd(1), sgdmem.methods.memory_one(1, "0.5", "0.5")):
        assert memory_one_ranges(method) == []
    assert len(memory_one_ranges(RANGES)) == 3


def test_extent_and_eigenvalues() -> None:
    found = artists(draw_noise_summand(HEAVY, Spectrum([4, 1, 0.5])))
    assert "range" not in found
    box = (
        found["spectrum"][0]
        .get_extents()
        .transformed(found["spectrum"][0].axes.transData.inverted())
    )
    assert (box.x0, box.x1) == pytest.approx((0.5, 4))
    assert sorted(found["eigenvalue"][0].get_xdata()) == [0.5, 1, 4]


@pytest.mark.slow
def test_looks_and_files(ranges: Any) -> None:
    assert (ranges.get_xscale(), ranges.get_yscale()) == ("log", "log")
    assert texts_outside(ranges.figure) == []
    ids = svg_ids(ranges.figure)
    assert {"summand", "share", "range-2", "critical-eigenvalue"} <= set(ids)
    assert len(ids) == len(set(ids))
    assert pdf_bytes(ranges.figure) == b"%PDF-%%EOF"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"algorithm": 1}, "must be an Algorithm"),
        ({"problem": 3}, "must be a Problem, a Spectrum"),
        ({"problem": noisy(Spectrum([1, 2]), tau2=[0, 1])}, "two numbers, to draw"),
        ({"batch_size": 0}, "batch_size must be positive"),
        ({"algorithm": sgdmem.sgd(-1)}, "must be stable without noise at some eigenvalue"),
    ],
)
def test_bad_input(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        draw_noise_summand(**{"algorithm": HEAVY, "problem": LAW, **arguments})


@pytest.mark.parametrize(
    "scale",
    [pytest.param(100, marks=pytest.mark.exhaustive), pytest.param(10**4, marks=pytest.mark.slow)],
)
def test_ranges_do_not_depend_on_the_unit_of_eigenvalues(scale: int) -> None:
    method = sgdmem.methods.memory_one(100 / scale, 0.5 / scale, "1e-4")
    axes = draw_noise_summand(method, Spectrum.power_law(1.5, scale), batch_size=8)
    assert len(artists(axes)["range"]) == 3
