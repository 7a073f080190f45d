"""Proved regions: points of their boxes, corners too, are what verdicts on them say."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import (
    Algorithm,
    Noise,
    Problem,
    Spectrum,
    certify,
    heavy_ball,
    phase_diagram,
    stability,
)
from sgdmem.errors import InputError
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.regions import uncertain
from sgdmem.proofs import ProvedRegion, prove_region
from sgdmem.symbolic.zoo.families_by_name import find_family


def shrinking_ball(learning_rate: Any, momentum: Any) -> Algorithm:
    blocks = heavy_ball(learning_rate, momentum).blocks
    return Algorithm(*blocks._replace(shrink=learning_rate / 10))


LIST = Spectrum([1, 0.5, 0.25, "0.1"])
MOMENTA = ("momentum", 0, 0.99)
QUESTIONS: dict[str, dict[str, Any]] = {
    "list": {"y": MOMENTA},
    "across poles": {"x": ("learning_rate", -1, 6), "y": ("momentum", -1.5, 1.5)},
    "infinite law": {
        "family": "nesterov",
        "problem": Spectrum.power_law(1.2),
        "x": ("learning_rate", 0.001, 4, "log"),
        "y": ("momentum", 0, 0.999, "log1m"),
    },
    "finite law, a special value": {
        "family": "torch-sgd",
        "problem": Spectrum.power_law(1.5, count=300),
        "y": MOMENTA,
        "dampening": 0.5,
    },
    "tau2 < 0": {
        "family": "qhm",
        "problem": Problem(LIST, Noise(tau2=-1)),
        "x": ("learning_rate", 0.01, 8),
        "y": ("nu", -1, 3),
        "momentum": 0.9,
    },
    "batch sizes": {
        "family": "sgd",
        "problem": Problem(LIST, Noise(2, "0.7")),
        "y": ("batch_size", 0.5, 40, "log"),
    },
    "noise": {
        "problem": Problem(LIST, Noise(3)),
        "x": ("tau1", 0, 20),
        "y": ("tau2", -4, 0),
        "learning_rate": 0.3,
        "momentum": 0.5,
    },
    "tau2 by mode": {
        "problem": Problem(LIST, Noise(tau2=[-1, 0, 0.5, 1])),
        "y": ("batch_size", 1, 20),
        "momentum": 0.5,
    },
    "weight decay": {
        "problem": Problem(Spectrum.power_law(1.5), weight_decay="0.1"),
        "y": MOMENTA,
    },
    "no trace, weight decay": {
        "problem": Problem(Spectrum.power_law("0.9"), weight_decay="0.1"),
        "y": MOMENTA,
        "goal": 0.1,
    },
    "w shrinks": {
        "family": shrinking_ball,
        "problem": Spectrum.power_law("0.9"),
        "y": MOMENTA,
        "goal": 0.1,
    },
    "full batches": {"batch_size": np.inf, "y": MOMENTA},
}


def region(
    family: Any = "heavy-ball",
    problem: Any = LIST,
    batch_size: Any = 4,
    x: Any = ("learning_rate", 0.01, 4),
    **others: Any,
) -> ProvedRegion:
    return prove_region(family, problem, batch_size, x=x, **{"goal": 0.05, **others})


def mistakes(question: dict[str, Any], found: ProvedRegion, count: int) -> tuple[int, int]:
    """Return how many points of proved boxes were asked, and for how many that is not so.

    A third of them are corners.
    """
    rng = np.random.default_rng(1)
    given = {"family": "heavy-ball", "problem": LIST, "batch_size": 4, **question}
    problem, family = as_problem(given["problem"]), find_family(given["family"])
    fixed = {k: v for k, v in question.items() if k in family.parameters}
    asked = wrong = 0
    proved = np.flatnonzero(found.verdicts != -1)
    for index in rng.choice(proved, count):
        share = rng.random(2)
        share = np.round(share) if rng.random() < 1 / 3 else share
        low, high = found.low[index], found.high[index]
        point = np.where(share == 1, high, low + (high - low) * share)
        values = dict(zip((found.x, found.y), map(Fraction, point.tolist()), strict=True))
        if any(value in found.exceptions.get(name, ()) for name, value in values.items()):
            continue
        noise = problem.noise.vary(**{k: values.pop(k) for k in ("tau1", "tau2") if k in values})
        size = values.pop("batch_size", given["batch_size"])
        there = Problem(problem.spectrum, noise, weight_decay=problem.weight_decay)
        verdict = stability(family(**fixed, **values), there, size)
        asked += verdict.stable is not None
        wrong += verdict.stable is not None and verdict.stable != (found.verdicts[index] == 1)
    return asked, wrong


@pytest.mark.parametrize("name", QUESTIONS)
def test_points_of_boxes_are_as_proved(name: str) -> None:
    question = QUESTIONS[name]
    found = region(**question)
    assert found.open_share < 0.1 and found.stable_share > 0.005 < found.unstable_share
    asked, wrong = mistakes(question, found, 12)
    assert asked > 6 and not wrong


@pytest.mark.parametrize("name", ["batch sizes", "noise", "tau2 by mode"])
def test_all_corners_of_large_boxes(name: str) -> None:
    """A wrong end of an interval of the noise would show in boxes before any is cut."""
    question = {**QUESTIONS[name]}
    if name != "noise":
        question |= {"x": ("learning_rate", 0.5, 0.51), "y": ("batch_size", 0.05, 40, "log")}
    found = region(**{**question, "goal": 1})
    assert len(found) == 64
    family, problem = question.get("family", "heavy-ball"), question["problem"]
    fixed = {k: question[k] for k in ("learning_rate", "momentum") if k in question}
    x, y = (np.unique([found.low[:, k], found.high[:, k]]) for k in range(2))
    diagram = phase_diagram(family, problem, 4, x=(found.x, x), y=(found.y, y), **fixed)
    kinds = set()
    for low, high, verdict in zip(found.low, found.high, found.verdicts, strict=True):
        corners = diagram.stable.sel({found.x: [low[0], high[0]], found.y: [low[1], high[1]]})
        if verdict != -1:
            assert (corners == verdict).all()
        kinds.add(int(verdict))
    assert kinds == {-1, 0, 1}


def test_small_eigenvalues_count_where_only_they_are_unstable() -> None:
    """Nesterov's with a momentum beyond 1 is stable at large eigenvalues, not at small ones."""
    few, many = (Spectrum.power_law(1.5, count=count) for count in (3, 2000))
    asked: dict[str, Any] = {
        "family": "nesterov",
        "batch_size": np.inf,
        "x": ("learning_rate", 0.5, 1),
        "y": ("momentum", 1.0005, 1.02),
    }
    assert region(**asked, problem=few).stable_share > 0.9
    assert region(**asked, problem=many, most_boxes=500).stable_share == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", QUESTIONS)
def test_many_points_of_boxes_are_as_proved(name: str) -> None:
    question = QUESTIONS[name]
    goal = 0.05 if "decay" in name else 0.005
    found = region(**{**question, "goal": goal})
    assert found.open_share < goal
    asked, wrong = mistakes(question, found, 700)
    assert asked > 500 and not wrong


def test_exact_proofs_agree_at_corners_beside_the_edge() -> None:
    found = region(y=MOMENTA, goal=0.02)
    areas = np.prod(found.high - found.low, axis=1)
    smallest = np.flatnonzero((found.verdicts != -1) & (areas <= areas.min() * 1.5))
    for index in smallest[:: len(smallest) // 8]:
        for corner in (found.low[index], found.high[index]):
            rate, momentum = map(Fraction, corner.tolist())
            proof = certify(find_family("heavy-ball")(rate, momentum), LIST, 4)
            assert proof.stable is bool(found.verdicts[index]) and proof.check()


def test_boxes_cover_the_rectangle_once() -> None:
    found = region(y=("momentum", 0, 0.99, "log1m"), x=("learning_rate", 0.01, 4, "log"))
    rng = np.random.default_rng(0)
    points = rng.uniform([0.01, 0], [4, 0.99], (300, 2))
    inside = (found.low <= points[:, None]) & (points[:, None] < found.high)
    assert (inside.all(axis=2).sum(axis=1) == 1).all()
    shares = found.stable_share, found.unstable_share, found.open_share
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert found.low.min(axis=0).tolist() == [0.01, 0.0]
    assert found.high.max(axis=0).tolist() == [4.0, 0.99]
    assert str(found).startswith(f"proved: {shares[0] + shares[1]:.1%} of the area (stable ")


def test_each_cut_halves_what_is_open() -> None:
    shares = [region(y=MOMENTA, goal=goal).open_share for goal in (0.1, 0.05, 0.025)]
    assert shares[0] / shares[1] == pytest.approx(2, rel=0.4)
    assert shares[1] / shares[2] == pytest.approx(2, rel=0.4)
    few = region(y=MOMENTA, goal=0, most_boxes=500)
    assert 0 < few.open_share < 0.5 and len(few) <= 500


def test_a_question_of_a_point() -> None:
    found = region("torch-sgd", y=MOMENTA, dampening="0.5")
    assert found.at("0.1", "0.5") is True and found.at(4, 0.99) is False
    assert dict(found.exceptions) == {"momentum": [Fraction(0)]}
    assert "nothing is said of momentum = 0" in str(found)
    assert found.at("0.1", 0) is None  # where the dampening does nothing
    with pytest.raises(InputError, match=r"learning_rate must be in the region, from 0.01 to 4"):
        found.at(5, 0)


def test_boxes_without_their_width_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A false version says of a box what holds in its middle."""

    def middle(low: Array, high: Array) -> Ball:
        return Ball(low / 2 + high / 2)

    monkeypatch.setattr(uncertain, "_ball", middle)
    false = region(y=MOMENTA)
    assert false.open_share < 1e-3
    assert mistakes({"y": MOMENTA}, false, 200)[1] > 2


def test_as_a_dataset() -> None:
    found = region(y=MOMENTA)
    data = found.to_dataset()
    assert data.proved.values.tolist() == found.verdicts.tolist()
    assert data.box_x_high.values.tolist() == found.high[:, 0].tolist()
    assert data.attrs["algorithm"] == "heavy-ball" and data.proved.attrs["y"] == "momentum"


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"y": ("learning_rate", 0, 1)}, "x and y must be different parameters"),
        ({"y": ("momentum", 1, 0)}, "y must have its low end below its high end"),
        ({"y": ("momentum", 0)}, r"y must be \(parameter name, low, high\)"),
        ({"y": ("momentum", 0, 1, "cube")}, "scale must be linear, log or log1m"),
        ({"y": ("momentum", 0, 1, "log")}, "logarithmic momentum must start above 0"),
        ({"y": ("batch_size", 0, 1)}, "batch_size must be positive"),
        ({"y": ("tau2", 0, 2), "momentum": 0}, "tau2 must be at most tau1 everywhere"),
        ({"y": MOMENTA, "goal": 2}, "goal must be a share of the area"),
        ({"y": MOMENTA, "most_boxes": 3}, "most_boxes must be an integer >= 64"),
        ({"y": MOMENTA, "problem": [[1.0, 2.0], [3.0, 1.0], [0.0, 1.0]]}, "got samples"),
        ({"y": MOMENTA, "problem": Problem(LIST, Noise(tau2=2))}, "tau2 must be at most tau1"),
        ({"y": ("weight", 0, 1), "momentum": 0}, "weight"),
        ({"y": MOMENTA, "batch_size": np.ones(2)}, "batch_size must be a real number"),
        ({"y": ("momentum", 0, 1, np.ones(2))}, "scale must be linear"),
        ({"y": ("batch_size", 1, 2), "momentum": "1e400"}, "within the range of floats"),
    ],
)
def test_what_is_refused(question: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        region(**question)


def test_noise_that_was_fitted_is_refused() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 3))
    with pytest.raises(InputError, match="a proof is about what is given"):
        region(y=MOMENTA, problem=Problem(Spectrum([1, 1, 1]), Noise.fit(rows)))


def test_a_family_that_is_no_formula_is_refused() -> None:
    def build(learning_rate: Any, momentum: Any) -> Any:
        return find_family("heavy-ball")(learning_rate, abs(float(momentum)))

    with pytest.raises(InputError, match=r"no box of parameters of build can be judged as one: "):
        prove_region(build, LIST, 4, x=("learning_rate", 0.1, 1), y=MOMENTA)
