"""Maps in machine code against single verdicts at some of their points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from sgdmem.numeric.compiled_maps import compiled_judge, machine_code_by_nodes
from sgdmem.numeric.compiled_maps import family_judge as batch
from sgdmem.numeric.compiled_maps.points import Outcomes
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.verdict import Verdict
from sgdmem.phase_diagrams.maps.diagram import phase_diagram
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.programs import map_program
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.averaging import averaging
from sgdmem.symbolic.zoo.families_by_name import find_family
from tests import draws
from tests.asking import judged, noisy

pytestmark = pytest.mark.filterwarnings("ignore:.* is judged point by point")

Axis = tuple[str, Sequence[Any]]
FLAGS = {True: 1, False: 0, None: -1}
SAMPLED = 16  # points of a map
NOISE_NAMES = ("batch_size", "tau1", "tau2", "coupling")


@dataclass(frozen=True)
class Map:
    """A map, and its points as single questions."""

    family: FamilyLike
    x: Axis
    y: Axis
    spectrum: Spectrum
    settings: Mapping[str, Any] = field(default_factory=dict)

    def diagram(self) -> Any:
        noise, fixed = split(self.settings)
        batch_size = noise.pop("batch_size", math.inf)
        problem = noisy(self.spectrum, **noise)
        return phase_diagram(self.family, problem, batch_size, x=self.x, y=self.y, **fixed)

    def verdict(self, row: int, column: int) -> Verdict:
        varying = {self.x[0]: self.x[1][column], self.y[0]: self.y[1][row]}
        noise, own = split({**self.settings, **varying})
        return judged(find_family(self.family)(**own), self.spectrum, **noise)


def split(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what belongs to noise and batches, and the parameters of a family."""
    noise = {name: settings[name] for name in NOISE_NAMES if name in settings}
    return noise, {name: x for name, x in settings.items() if name not in noise}


def check(question: Map, rng: np.random.Generator, most_undecided: float = 0.01) -> Any:
    """Compare a map with single verdicts, half of them at the edge of what is stable."""
    found = question.diagram()
    stable = found.stable.values
    assert (stable == -1).mean() <= most_undecided
    edges = np.argwhere(stable[:, 1:] != stable[:, :-1])
    edges[:, 1] += rng.integers(0, 2, len(edges))
    anywhere = np.argwhere(stable < 2)
    for places in (edges, anywhere):
        for row, column in rng.permutation(places)[: SAMPLED // 2].tolist():
            compare(
                found.isel({question.y[0]: row, question.x[0]: column}),
                question.verdict(row, column),
            )
    return found


def compare(found: Any, verdict: Verdict) -> None:
    if -1 in (found.stable, FLAGS[verdict.stable]):
        return
    assert found.stable == FLAGS[verdict.stable], verdict
    assert float(found.noise_sum) == pytest.approx(verdict.noise_sum, rel=1e-11)
    assert float(found.margin) == pytest.approx(verdict.margin, rel=1e-11, abs=1e-11)


@pytest.fixture
def left_open(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Shares of the points that machine code left to single verdicts, map by map."""
    shares: list[float] = []
    judge = compiled_judge.judge_compiled

    def recorded(*arguments: Any) -> Any:
        left = judge(*arguments)
        found = next(value for value in arguments if isinstance(value, Outcomes))
        assert np.array_equal(left, found.unsettled)  # which are counted piece by piece
        shares.append(float((found.stable == -1).mean()))
        return left

    monkeypatch.setattr(batch, "judge_compiled", recorded)
    return shares


def both(found: Any) -> bool:
    return {0, 1} <= set(found.stable.values.ravel().tolist())


RATES = ("learning_rate", [Fraction(k, 10) for k in range(1, 41)])
MOMENTA = ("momentum", [Fraction(k, 26) for k in range(26)])
SHORT = Spectrum([1, "0.7", 0.3, 0.01], weights=[1, 2, 1, 30])


# Spectra -----------------------------------------------------------------------------------------


@lru_cache
def listed(count: int) -> Spectrum:
    rng = np.random.default_rng(count)
    return Spectrum(rng.permutation(np.arange(1.0, count + 1) ** -1.3 * rng.uniform(0.5, 1, count)))


SPECTRA: dict[str, Callable[[], Spectrum]] = {
    "short list": lambda: SHORT,
    "one eigenvalue": lambda: Spectrum(["0.9"]),
    "equal eigenvalues": lambda: Spectrum([1.0] * 5000),
    "list of 1e4": lambda: listed(10**4),
    "list of 1e5": lambda: listed(10**5),
    **{f"infinite law {x}": partial(Spectrum.power_law, x) for x in (1.1, 1.5, 2, 4, 4.6, 9)},
    "flat law": lambda: Spectrum.power_law(0.5, count=10**4),
    "law of 1e6": lambda: Spectrum.power_law(1.2, "0.8", 10**6),
    "short law": lambda: Spectrum.power_law(1.5, count=100),
}


@pytest.mark.parametrize("name", SPECTRA)
def test_spectra(name: str, left_open: list[float], rng: np.random.Generator) -> None:
    spectrum = SPECTRA[name]()
    batch_size = 4 * spectrum.power_sum(1) / spectrum.largest
    found = check(Map("heavy-ball", RATES, MOMENTA, spectrum, {"batch_size": batch_size}), rng)
    assert both(found)
    assert left_open[0] < 0.05


def test_a_law_without_a_trace(left_open: list[float], rng: np.random.Generator) -> None:
    """Stable without noise only."""
    law, sizes = Spectrum.power_law(0.9), ("batch_size", [*np.geomspace(1, 1e9, 25), math.inf])
    rates = ("learning_rate", [Fraction(k, 2) for k in range(1, 41)])
    found = check(Map("sgd", rates, sizes, law), rng)
    stable = found.stable.sel(batch_size=math.inf)
    assert set(found.stable.values[:-1].ravel()) == {0}
    assert (stable.values == (stable.learning_rate.values < 2)).all()
    assert len(left_open) == 2  # with noise, and without


# Axes --------------------------------------------------------------------------------------------

SIZES = ("batch_size", [*range(1, 25), 1000, math.inf])
NOISE = {
    "tau1": ("tau1", [Fraction(k, 10) for k in range(26)]),
    "tau2": ("tau2", [*range(-24, 0), 0, Fraction(1, 2)]),  # the first with 1 + (tau2/B) s < 0
    "positive tau2": ("tau2", [Fraction(k, 25) for k in range(26)]),
    "batch size": SIZES,
}


@pytest.mark.parametrize("name", NOISE)
def test_an_axis_of_the_noise(name: str, rng: np.random.Generator) -> None:
    settings = {"momentum": "0.5", "batch_size": 20, "tau2": "-0.3"}
    settings = {key: value for key, value in settings.items() if key != NOISE[name][0]}
    found = check(Map("nesterov", RATES, NOISE[name], SHORT, settings), rng)
    assert both(found)
    if name == "tau2":
        assert (found.margin.sel(learning_rate=1).values[:2] == -math.inf).all()


@pytest.mark.parametrize("tau2", [0, -1])
def test_both_axes_of_the_noise(tau2: int, rng: np.random.Generator) -> None:
    tau1 = ("tau1", [1 + Fraction(k, 40) for k in range(40)])
    settings = {"learning_rate": "1.1", "momentum": "0.5", "tau2": tau2}
    assert both(check(Map("heavy-ball", tau1, SIZES, SHORT, settings), rng))


def test_only_the_damping_can_fail(rng: np.random.Generator) -> None:
    """With tau1 = 0 there is no sum, but 1 + (tau2/B) s still has to be positive."""
    settings = {"learning_rate": 1, "momentum": "0.5", "tau1": 0}
    tau2 = ("tau2", [Fraction(-k, 4) for k in range(40)])
    found = check(Map("nesterov", tau2, SIZES, SHORT, settings), rng)
    assert both(found)
    inside = np.isfinite(found.margin)
    assert (found.noise_sum.values[inside] == 0).all()
    assert 0 < float(found.margin.values[inside].min()) < 0.1


# Families ----------------------------------------------------------------------------------------


def averaged(learning_rate: Any, momentum: Any) -> Algorithm:
    """Averaged iterates; the gradient is taken elsewhere."""
    return averaging(named.heavy_ball(learning_rate, momentum), Fraction(2, 3))


def switched(learning_rate: Any, momentum: Any) -> Algorithm:
    """One algorithm with momentum, another one of the same memory without."""
    ordinary = named.nesterov(learning_rate, momentum)
    return ordinary if momentum else named.qhm(learning_rate, "0.5", 1)


def switched_inside(learning_rate: Any, momentum: Any) -> Algorithm:
    """Something else at two momenta among the others."""
    if momentum == Fraction(7, 26) or momentum in (3, Fraction(9, 26)):
        return named.heavy_ball(learning_rate / 100, momentum)
    return named.heavy_ball(learning_rate, momentum)


def rooted(learning_rate: Any, momentum: Any) -> Algorithm:
    """Not rational, and only known for numbers."""
    return named.heavy_ball(learning_rate, Fraction(math.sqrt(momentum)))


ANY_RATES = ("learning_rate", [Fraction(k, 10) for k in range(-1, 39)])  # also none at all
DAMPINGS = ("damping", [Fraction(k, 20) for k in range(1, 41)])
SHARES = [Fraction(k, 20) for k in range(26)]
SLOW = pytest.mark.slow
FAMILIES = [
    pytest.param("sgd", ANY_RATES, SIZES, {}, id="sgd"),
    pytest.param("nesterov", ANY_RATES, MOMENTA, {}, id="nesterov"),
    pytest.param("torch-sgd", RATES, MOMENTA, {"dampening": "0.5"}, id="torch-sgd"),
    pytest.param("qhm", RATES, ("nu", SHARES), {"momentum": "0.9"}, id="qhm"),
    pytest.param(
        "memory-one", DAMPINGS, ("q0", SHARES), {"effective_learning_rate": 3}, id="memory-one"
    ),
    pytest.param("aggmo", RATES, SIZES, {"momenta": ["0.9", "0.5"]}, id="aggmo", marks=SLOW),
    pytest.param(
        "aggmo", RATES, SIZES, {"momenta": [0, "0.9", "0.99"]}, id="three momenta", marks=SLOW
    ),
    pytest.param(averaged, RATES, MOMENTA, {}, id="averaged", marks=SLOW),
    pytest.param(switched, RATES, MOMENTA, {}, id="switched"),
]


@pytest.mark.parametrize(("family", "x", "y", "settings"), FAMILIES)
def test_families(
    family: FamilyLike,
    x: Axis,
    y: Axis,
    settings: dict[str, Any],
    left_open: list[float],
    rng: np.random.Generator,
) -> None:
    if y is not SIZES:
        settings = {"batch_size": 60, **settings}
    found = check(Map(family, x, y, SHORT, settings), rng)
    assert both(found)
    assert left_open[0] < 0.1


@pytest.mark.parametrize("family", ["torch-sgd", switched])
def test_special_values_go_one_by_one(family: FamilyLike) -> None:
    settings = {"dampening": "0.5"} if family == "torch-sgd" else {}
    question = Map(family, RATES, MOMENTA, SHORT, {"batch_size": 60, **settings})
    found = question.diagram()
    for column in range(0, 40, 3):
        compare(found.isel(momentum=0, learning_rate=column), question.verdict(0, column))


def test_special_values_inside_an_axis() -> None:
    """A constructor is watched comparing its parameters."""
    question = Map(switched_inside, RATES, MOMENTA, SHORT, {"batch_size": 60})
    found = question.diagram()
    for row in (6, 7, 9):
        compare(found.isel(momentum=row, learning_rate=5), question.verdict(row, 5))
    sums = found.noise_sum.values[:, 5]
    assert sums[7] < sums[6] / 10 and sums[9] < sums[8] / 10


@pytest.mark.slow
def test_a_family_that_is_not_rational(left_open: list[float], rng: np.random.Generator) -> None:
    assert both(check(Map(rooted, RATES, MOMENTA, SHORT, {"batch_size": 60}), rng))
    assert not left_open


@pytest.mark.parametrize(
    ("memory", "tau2"),
    [
        *((0, -1), (1, 0)),
        *(pytest.param(M, -1 if M % 2 == 0 else 0, marks=SLOW) for M in range(2, 9)),
        *(pytest.param(M, -1 if M % 2 else 0, marks=SLOW) for M in range(9)),
    ],
)
def test_every_memory(
    memory: int, tau2: int, left_open: list[float], rng: np.random.Generator
) -> None:
    """6 is the largest one for which the summand is a fraction, 7 goes without."""
    check_memory(memory, tau2, rng)
    assert left_open[0] < 0.2


@pytest.fixture
def small_fractions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kept = map_program.map_program, machine_code_by_nodes.judge_source
    monkeypatch.setattr(map_program, "LARGEST_FRACTION_MEMORY", 0)
    for function in kept:
        function.cache_clear()
    yield
    for function in kept:
        function.cache_clear()


@SLOW
@pytest.mark.usefixtures("small_fractions")
def test_beyond_the_largest_fraction(left_open: list[float], rng: np.random.Generator) -> None:
    """What memory 7 does, at memory 1."""
    assert map_program.map_program(1, True).fraction is None
    check_memory(1, -1, rng)
    assert left_open[0] < 0.2


def check_memory(memory: int, tau2: int, rng: np.random.Generator) -> None:
    recurrence = draws.random_recurrences(rng, memory)

    def family(rate: Any, mix: Any) -> Algorithm:
        return Algorithm.from_recurrence(*recurrence(rate, mix))

    rates = ("rate", [Fraction(2 ** (k / 4)) / 64 for k in range(40)])
    mixes = ("mix", [Fraction(k, 25) for k in range(26)])
    spectrum = SHORT if memory % 2 else Spectrum.power_law(1.5)
    found = check(Map(family, rates, mixes, spectrum, {"batch_size": 30, "tau2": tau2}), rng)
    assert both(found)


# Places ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    "axes", [(RATES, MOMENTA), (RATES, SIZES), (MOMENTA, NOISE["tau2"]), (SIZES, NOISE["tau1"])]
)
def test_a_point_is_the_same_in_every_map(axes: tuple[Axis, Axis], order: int) -> None:
    """Large maps are computed in pieces of some thousands of points."""
    (x_name, x), y = axes
    fixed: dict[str, Any] = {
        "learning_rate": 1,
        "momentum": "0.5",
        "batch_size": 20,
        "tau1": 1,
        "tau2": "-0.3",
    }
    settings = {key: value for key, value in fixed.items() if key not in (x_name, y[0])}
    finer = [a + Fraction(k, 8) * (b - a) for a, b in pairwise(x) if b < math.inf for k in range(8)]
    parts = [finer[start : start + 40] for start in range(0, len(finer) - 39, 40)]

    def diagram(values: list[Any]) -> Any:
        first, second = ((x_name, values), y)[::order]
        noise, own = split(settings)
        batch_size = noise.pop("batch_size", math.inf)
        return phase_diagram(
            "heavy-ball", noisy(SHORT, **noise), batch_size, x=first, y=second, **own
        )

    whole = diagram(finer)
    assert whole.stable.size > 4500
    for k in (0, len(parts) // 2, len(parts) - 1):
        assert diagram(parts[k]).equals(whole.isel({x_name: slice(40 * k, 40 * k + 40)}))


def test_points_on_the_boundary_are_not_stable() -> None:
    """The heavy ball ends at 2 (1 + momentum) / learning rate, exactly."""
    momenta = [Fraction(k, 25) for k in range(25)]
    rates = [2 * (1 + Fraction(k, 25)) for k in range(40)]
    found = phase_diagram(
        "heavy-ball", Spectrum([1]), x=("learning_rate", rates), y=("momentum", momenta)
    )
    assert (np.diag(found.stable.values) == 0).all()
    assert (np.triu(found.stable.values) == 0).all()
    assert (np.tril(found.stable.values, -1)[1:, 1:] >= np.tri(24, 39, -1)).all()


def test_a_noise_sum_of_exactly_1_is_not_stable() -> None:
    """For SGD s = r / (2 - r) on the eigenvalue 1."""
    rates = [Fraction(k, 21) for k in range(1, 41)]
    sizes = [rate / (2 - rate) for rate in rates]
    found = phase_diagram("sgd", Spectrum([1]), x=("learning_rate", rates), y=("batch_size", sizes))
    assert (np.diag(found.stable.values) != 1).all()
    assert (np.tril(found.stable.values, -1) == np.tri(40, k=-1)).all()
    assert (np.triu(found.stable.values, 1) == 0).all()


def test_a_map_says_the_same_of_its_method_whatever_the_order_of_its_axes() -> None:
    x, y = ("learning_rate", [0.1, 1]), ("momenta", [0.5, 0.9])
    one, other = (phase_diagram("aggmo", SHORT, 8, x=a, y=b) for a, b in ((x, y), (y, x)))
    assert one.definition == other.definition
    assert "b = [learning_rate*momenta]" in one.definition
    sizes = ("batch_size", [1, 2])
    assert phase_diagram("aggmo", SHORT, x=x, y=sizes, momenta=["0", "0.9"]).momenta == "[0, 0.9]"
