"""Uncertain input: what is said of all, some or none holds at random points."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import arb

from sgdmem import Noise, Problem, Spectrum, largest_learning_rate, stability
from sgdmem.errors import InputError
from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.regions import box_search
from sgdmem.numeric.regions.boxes import Modes
from sgdmem.proofs import RobustVerdict, robust_stability
from sgdmem.symbolic.zoo.families_by_name import find_family

LIST = Spectrum([2, 1, "0.3"])
LAW = Spectrum.power_law(1.5)
NOISE = {"batch_size", "tau1", "tau2"}


def at(
    family: str, problem: Any, batch_size: Any, point: dict[str, Any], **fixed: Any
) -> bool | None:
    """Return the verdict on one point of intervals."""
    known = as_problem(problem)
    lam = point.pop("eigenvalues", None)
    spectrum = known.spectrum if lam is None else Spectrum(lam, weights=known.spectrum.weights)
    noise = known.noise.vary(**{k: point.pop(k) for k in ("tau1", "tau2") if k in point})
    size = point.pop("batch_size", batch_size)
    there = Problem(spectrum, noise, weight_decay=known.weight_decay)
    return stability(find_family(family)(**fixed, **point), there, size).stable


def random_question(rng: np.random.Generator) -> tuple[str, Any, dict[str, Any], dict[str, Any]]:
    """Return family, problem, intervals and fixed parameters."""
    family = str(rng.choice(["heavy-ball", "nesterov", "torch-sgd"]))
    center = 10 ** rng.uniform(-1.5, 0.7), 1 - 10 ** rng.uniform(-2, 0)
    width = 10 ** rng.uniform(-2, -0.3)
    intervals: dict[str, Any] = {
        "learning_rate": (center[0] * (1 - width), center[0] * (1 + width)),
        "momentum": (max(0, center[1] - width / 4), min(0.99, center[1] + width / 4)),
    }
    problem: Any = LIST
    kind = int(rng.integers(5))
    if kind == 1:
        intervals["batch_size"] = (4, 4 * (1 + 8 * width))
    elif kind == 2:
        intervals |= {"tau1": (1, 1 + width), "tau2": (-width, width)}
    elif kind == 3:
        lam = LIST.eigenvalues
        intervals["eigenvalues"] = (lam * (1 - width), lam * (1 + width / 2))
    elif kind == 4:
        problem = Problem(LAW, weight_decay="0.1")
    fixed = {"dampening": "0.5"} if family == "torch-sgd" else {}
    return family, problem, intervals, fixed


def random_point(intervals: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Return a point of intervals, an end of each one time in three."""
    found = {}
    for name, (low, high) in intervals.items():
        share = rng.random(np.shape(low))
        share = np.where(rng.random(np.shape(low)) < 1 / 3, np.round(share), share)
        value = np.clip(np.asarray(low) + (np.asarray(high) - low) * share, low, high)
        found[name] = value.tolist()
    return found


def compare(seed: int, questions: int, points: int) -> dict[str, int]:
    """Ask random questions, compare points with the answers, and count these."""
    rng = np.random.default_rng(seed)
    found = {"all": 0, "some": 0, "none": 0, "open": 0}
    for _ in range(questions):
        family, problem, intervals, fixed = random_question(rng)
        verdict = robust_stability(family, problem, 4, intervals=intervals, **fixed)
        found[verdict.extent] += 1
        seen = [
            at(family, problem, 4, random_point(intervals, rng), **fixed) for _ in range(points)
        ]
        if verdict.extent in ("all", "none"):
            assert (not verdict.stable) not in seen
        if verdict.extent == "some":
            for point, stable in ((verdict.stable_point, True), (verdict.unstable_point, False)):
                assert point is not None
                assert within(point, intervals)
                assert at(family, problem, 4, dict(point), **fixed) is stable
    return found


def within(point: Any, intervals: dict[str, Any]) -> bool:
    return all(
        np.all(np.asarray(intervals[name][0], object) <= np.asarray(value, object))
        and np.all(np.asarray(value, object) <= np.asarray(intervals[name][1], object))
        for name, value in point.items()
    )


def test_random_questions() -> None:
    found = compare(1, 12, 2)
    assert not found["open"] and min(found[kind] for kind in ("all", "some", "none"))


@pytest.mark.slow
def test_many_random_questions() -> None:
    found = compare(2, 300, 6)
    assert found["open"] <= 3 and min(found[kind] for kind in ("all", "some", "none")) > 30


def test_boxes_alone_say_nothing_false(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without points that are asked beforehand, boxes must not be proved that have both kinds."""
    monkeypatch.setattr(box_search.BoxSearch, "_ask", lambda *given: None)
    rng = np.random.default_rng(3)
    found = []
    for rate, width in ((0.1, 0.6), (0.35, 0.7), (0.5, 0.5), (0.9, 0.3), (2, 0.4)):
        for kind in range(3):
            lam = LIST.eigenvalues
            kinds: list[dict[str, Any]] = [
                {"eigenvalues": (lam * (1 - width), lam * (1 + width))},
                {"batch_size": (4 * (1 - width), 40 * width)},
                {"tau1": (1 - width, 1 + 4 * width), "tau2": (-4 * width, 0)},
            ]
            intervals = kinds[kind]
            asked: dict[str, Any] = {"learning_rate": rate, "momentum": 0.3}
            verdict = robust_stability(
                "heavy-ball", LIST, 4, intervals=intervals, most_boxes=40, **asked
            )
            found.append(verdict.extent)
            if verdict.stable is not None:
                ends = [random_point(intervals, rng) for _ in range(3)]
                ends += [{k: v[end] for k, v in intervals.items()} for end in (0, 1)]
                seen = [at("heavy-ball", LIST, 4, dict(point), **asked) for point in ends]
                assert set(seen) <= {verdict.stable, None}
    assert min(found.count(kind) for kind in ("all", "none", "open")) > 1


@pytest.mark.parametrize(("batch_size", "extent"), [(17, "none"), (20, "open"), (30, "open")])
def test_a_box_across_the_edge_of_the_noiseless_method(
    batch_size: int, extent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The noise sum of SGD is rate / (2 - rate) / B: at least 19 / B wherever it is stable."""
    monkeypatch.setattr(box_search.BoxSearch, "_ask", lambda *given: None)
    ends = {"learning_rate": ("1.9", "2.1")}
    assert robust_stability("sgd", [1], batch_size, intervals=ends, most_boxes=1).extent == extent


def test_an_interval_that_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """At rate 1/2 the noise sum of SGD grows from 1/3 / B to 3 / B between eigenvalues 1 and 3."""
    monkeypatch.setattr(box_search.BoxSearch, "_ask", lambda *given: None)
    asked: dict[str, Any] = {"intervals": {"eigenvalues": ([1], [3])}, "most_boxes": 1}
    for size, extent in (("5/2", "open"), (10, "all")):
        found = robust_stability("sgd", [2], size, learning_rate="0.5", **asked)
        assert found.extent == extent


def test_the_ends_of_the_stable_rates() -> None:
    """Just below the edge all is stable, from just above nothing, around it some."""
    edge = Fraction(largest_learning_rate("sgd", LAW, 4))
    below, above = edge * (1 - Fraction(1, 10**6)), edge * (1 + Fraction(1, 10**6))
    asked = {"all": (0.01, below), "none": (above, 4), "some": (below, above)}
    for extent, ends in asked.items():
        found = robust_stability("sgd", LAW, 4, intervals={"learning_rate": ends})
        assert found.extent == extent and found.open_share in (0, 1)


def test_confidence_bands_in_any_form() -> None:
    kwargs: dict[str, Any] = {"learning_rate": 0.5}
    forms: list[RobustVerdict] = [
        robust_stability("sgd", [2, 1], 4, intervals={"eigenvalues": ([1, 1], [2, 2])}, **kwargs),
        robust_stability("sgd", [mpmath.mpi(1, 2), mpmath.mpi(1, 2)], 4, **kwargs),
        robust_stability("sgd", [arb(1.5, 0.5), arb(1.5, 0.5)], 4, **kwargs),
    ]
    assert {form.extent for form in forms} == {"all"}
    wide = robust_stability("sgd", [arb(2, 1), arb(2, 1)], 4, **kwargs)
    assert wide.extent == "some"
    assert wide.unstable_point is not None and max(wide.unstable_point["eigenvalues"]) > 2.9
    with pytest.raises(InputError, match="robust_stability takes intervals"):
        stability(find_family("sgd")(0.5), [arb(2, 1)])


def test_a_band_needs_no_product_of_intervals() -> None:
    """Eigenvalues are cut one by one: 50 of them decide as quickly as one."""
    lam = np.geomspace(1, 0.01, 50)
    bands = {"eigenvalues": (lam * 0.9, lam * 1.1)}
    edge = largest_learning_rate("heavy-ball", Spectrum(lam * 1.1), 4, momentum=0.5)
    found = robust_stability(
        "heavy-ball", lam, 4, intervals=bands, learning_rate=edge * 0.98, momentum=0.5
    )
    assert found.extent == "all" and found.boxes < 12


def test_noise_by_mode_and_bands() -> None:
    problem = Problem(LIST, Noise(tau2=[1, 0, -2]))
    band = {"eigenvalues": ([1.9, 0.9, 0.2], [2, 1, 0.4])}
    found = [
        robust_stability("sgd", problem, 4, intervals=band, learning_rate=rate).extent
        for rate in (0.1, 0.6, 1.5)
    ]
    assert found[0] == "all" and found[2] == "none"


def test_an_estimate_counts_with_its_errors() -> None:
    rows = np.random.default_rng(0).normal(size=(2000, 5))
    problem = Problem.from_data(rows, noise=Noise.fit(rows))
    rate = largest_learning_rate("sgd", problem, 4)
    extents = []
    for low, high in ((0.1, 0.8), (0.99, 1.01), (1.5, 3)):
        ends = {"learning_rate": (low * rate, high * rate)}
        found = robust_stability("sgd", problem, 4, intervals=ends)
        extents.append(found.extent)
        assert found.is_estimated and "two standard errors" in str(found)
    assert extents == ["all", "some", "none"]
    exact = robust_stability("sgd", problem, 4, learning_rate=rate, intervals={"tau1": (1, 1)})
    assert not exact.is_estimated


def test_special_values_are_asked_for_by_themselves() -> None:
    """Without momentum PyTorch's SGD has no dampening: there it is stable only half as far."""
    asked: dict[str, Any] = {"intervals": {"learning_rate": (1.2, 1.3), "momentum": (0, 0.001)}}
    found = robust_stability("torch-sgd", [1], dampening="0.5", **asked)
    assert found.extent == "all"
    found = robust_stability("torch-sgd", [1], dampening="0.5", intervals={
        "learning_rate": (2.5, 2.6), "momentum": (0, 0.001)
    })  # fmt: skip
    assert found.extent == "some"
    assert found.unstable_point is not None and found.unstable_point["momentum"] == 0


def test_noise_that_no_data_have_is_refused() -> None:
    """In one corner of the box is enough."""
    for given, ends in (
        (Noise(), {"tau1": (0, 1), "tau2": (0.5, 2)}),
        (Noise(), {"tau1": ("0.9", "1.1"), "tau2": (-1, 1)}),
        (Noise(), {"tau2": (2, 3)}),
        (Noise(1, 1), {"tau1": ("0.9", "1.1")}),
    ):
        with pytest.raises(InputError, match=r"tau2 must be at most tau1 everywhere, got tau2 = "):
            robust_stability(
                "sgd", Problem(Spectrum([1]), given), 1, learning_rate="0.9", intervals=ends
            )
    ends = {"tau1": (1, 2), "tau2": (-1, 1)}
    assert robust_stability("sgd", [1], 1, learning_rate="0.1", intervals=ends).extent == "all"


def test_intervals_without_their_width_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A false version says of an interval of eigenvalues what holds in its middle."""
    asked: dict[str, Any] = {"learning_rate": 0.5, "intervals": {"eigenvalues": ([1], ["4.1"])}}
    assert robust_stability("sgd", [2], 1e6, **asked).extent == "some"
    monkeypatch.setattr(box_search.BoxSearch, "_ask", lambda *given: None)
    assert robust_stability("sgd", [2], 1e6, most_boxes=99, **asked).extent == "open"
    pieces = box_search._pieces

    def middles(low: Any, high: Any, weights: Any, level: int) -> Modes:
        found = pieces(low, high, weights, level)
        return Modes.explicit(Ball(found.pieces.mid), weights)

    monkeypatch.setattr(box_search, "_pieces", middles)
    assert robust_stability("sgd", [2], 1e6, **asked).extent == "all"


def test_an_interval_in_the_place_of_a_number_is_told_where_to_go() -> None:
    wide = mpmath.mpi("0.1", "0.5")
    with pytest.raises(InputError, match=r"learning_rate is the interval .*put it into intervals="):
        robust_stability("sgd", [2, 1], 4, learning_rate=wide)
    with pytest.raises(InputError, match=r"batch_size is the interval .*put it into intervals="):
        robust_stability("sgd", [2, 1], wide, learning_rate=1)
    point = mpmath.mpi("0.5")
    assert robust_stability("sgd", [2, 1], 4, learning_rate=point).extent == "all"


def test_what_it_says() -> None:
    found = robust_stability("sgd", [1], 4, intervals={"learning_rate": ("0.5", 3)})
    first, question, *points = str(found).splitlines()
    assert first == "some: stable for some values of learning_rate from 0.5 to 3, not for others"
    assert question == (
        "  sgd(learning_rate from 0.5 to 3) on eigenvalues [1]; batch size 4, tau1 = 1, tau2 = 0"
    )
    assert [line.split(" at ")[0] for line in points] == ["  stable", "  not stable"]
    with pytest.raises(TypeError, match="ask for its extent"):
        bool(found)
    assert robust_stability("sgd", [1], 4, learning_rate=0.5).stable is True
    intervals = {"batch_size": (4, "inf"), "tau2": (-1, 0), "eigenvalues": ([1], [2])}
    problem = Problem(Spectrum([1]), weight_decay="0.1")
    found = robust_stability(
        "heavy-ball", problem, intervals=intervals, learning_rate="0.1", momentum=0.5
    )
    assert str(found).splitlines()[1] == (
        "  heavy_ball(learning_rate=0.1, momentum=0.5) on an eigenvalue in an interval, 1 to 2, "
        "weight decay 0.1; batch size from 4 to inf, tau1 = 1, tau2 from -1 to 0"
    )


def test_its_keys_are_those_of_other_verdicts() -> None:
    method, problem = find_family("sgd")("0.1"), Problem(LIST, Noise(1, -1), weight_decay="0.1")
    single = stability(method, problem, 4).to_dict()
    found = robust_stability("sgd", problem, 4, learning_rate="0.1").to_dict()
    assert found["problem"] == single["problem"]
    assert {"stable", "explanation", "estimated", "problem"} == {*found} & {*single}
    given = {"learning_rate": ("0.1", "0.5"), "batch_size": (4, "inf"), "tau2": (-1, 0)}
    band = {"eigenvalues": ([2, 1, "0.1"], [2, 2, "0.5"])}
    found = robust_stability("sgd", problem, intervals={**given, **band}).to_dict()
    assert {*found["problem"]} == {*single["problem"]}
    assert found["problem"]["batch_size"] == [4, None] and found["problem"]["tau2"] == [-1, 0]
    assert found["intervals"]["learning_rate"] == [0.1, 0.5]
    assert found["intervals"]["eigenvalues"] == [[2, 1, 0.1], [2, 2, 0.5]]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(
    ("intervals", "message"),
    [
        ({"learning_rate": 1}, r"learning_rate must be an interval \(low, high\), got 1"),
        ({"learning_rate": (2, 1)}, "learning_rate must have its low end first"),
        ({"learning_rate": (1, 2, 3)}, r"must be an interval \(low, high\)"),
        ({"learning_rate": ("a", 2)}, "learning_rate"),
        ({"batch_size": (0, 1), "learning_rate": (1, 2)}, "batch_size must be positive"),
        ({"tau1": (-1, 1), "learning_rate": (1, 2)}, "tau1 must be >= 0"),
        ({"eigenvalues": [1, 2], "learning_rate": (1, 2)}, r"eigenvalues must be a pair"),
        ({"eigenvalues": ([1], [2]), "learning_rate": (1, 2)}, "each of the 3 eigenvalues"),
        (
            {"eigenvalues": ([-1, 1, 1], [1, 1, 1]), "learning_rate": (1, 2)},
            r"eigenvalues\[0\] must lie in an interval of positive numbers",
        ),
        ({"eigenvalues": ([2, 2, 1], [2, 1, 1])}, r"eigenvalues\[1\] must have its low end first"),
        (
            {"eigenvalues": ([2, 2, "0.3"], [2, 3, "0.3"])},
            r"eigenvalues\[1\] must lie in an interval that contains it: 1 is not in 2 to 3",
        ),
        ({"eigenvalues": ([2, 1, "0.3"], [2, 1, "1e400"])}, r"eigenvalues\[2\].*1e300, got"),
        ({"learning_rate": (1, "1e400")}, "learning_rate must be at most 1e100 in size"),
        (5, r"intervals must be a mapping from names to \(low, high\).*, got 5"),
        ([("learning_rate", (1, 2))], "intervals must be a mapping"),
        (np.zeros(3), "intervals must be a mapping"),
        ({5: (1, 2)}, "intervals must be a mapping from names"),
        ({"momentum": (0, 1)}, "momentum"),
    ],
)
def test_what_is_refused(intervals: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        robust_stability("sgd", LIST, 4, intervals=intervals)


def test_other_arguments_that_are_refused() -> None:
    rates = {"learning_rate": (0.1, 0.2)}
    bands = {"eigenvalues": ([1], [2])}
    asked: tuple[tuple[tuple[Any, ...], dict[str, Any], str], ...] = (
        (("sgd", [1], np.ones(3)), {}, "batch_size must be a real number"),
        (("heavy-ball", [1], 4), {}, "heavy-ball needs a value for momentum"),
        (("sgd", [1], 4), {"most_boxes": "x"}, "most_boxes must be an integer"),
        (("sgd", LAW, 4), {"intervals": bands}, "cannot be intervals on infinitely many"),
        ((lambda: 1, [1], 4), {}, "it has none"),
    )
    for arguments, others, message in asked:
        with pytest.raises(InputError, match=message):
            robust_stability(*arguments, **{"intervals": rates, **others})


@pytest.mark.parametrize(
    ("family", "problem", "intervals"),
    [
        ("sgd", [1], {"learning_rate": (-1, 0)}),
        ("sgd", LAW, {"learning_rate": (-1, 0)}),
        ("heavy-ball", LIST, {"learning_rate": (-1, 0), "momentum": (0, "0.9")}),
        ("nesterov", LIST, {"learning_rate": (-1, 0), "momentum": (0, "0.9")}),
        ("heavy-ball", [1], {"learning_rate": ("0.1", "0.2"), "momentum": (1, 2)}),
        ("sgd", [3], {"learning_rate": (1, 2), "eigenvalues": ([2], [3])}),
        ("sgd", [1], {"learning_rate": (2, 2)}),
    ],
)
def test_boxes_that_end_on_the_boundary_are_decided(
    family: str, problem: Any, intervals: dict[str, Any]
) -> None:
    assert robust_stability(family, problem, intervals=intervals).extent == "none"


def test_a_point_on_the_boundary_under_noise_is_decided() -> None:
    for sizes, extent in ((("1/4", "1/3"), "none"), (("1/4", "1/2"), "some"), (("0.34", 1), "all")):
        ends = {"batch_size": sizes}
        found = robust_stability("sgd", [1], learning_rate="1/2", intervals=ends)
        assert found.extent == extent


def test_a_band_of_many_decades_is_cut_in_equal_ratios() -> None:
    ends = {"eigenvalues": ([Fraction(1, 10**30)], [2])}
    found = robust_stability("sgd", [1], 4, learning_rate="0.1", intervals=ends)
    assert found.extent == "all" and found.boxes < 20
