"""Maps of more than the verdict, in series, and over parameters of the spectrum."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from sgdmem import (
    Algorithm,
    InputError,
    Noise,
    Problem,
    Reason,
    Spectrum,
    aggmo,
    draw,
    heavy_ball,
    nesterov,
    phase_diagram,
    sgd,
    stability,
)
from sgdmem.cli.commands.phase_diagram import _QUANTITIES
from sgdmem.methods import loss_regime
from sgdmem.numeric.compiled_maps import critical_batch_sizes
from sgdmem.phase_diagrams.maps.quantities import QUANTITIES
from tests.asking import judged, noisy
from tests.picture_checks import colour_at, is_colour

SPECTRUM = Spectrum([1, 0.4])
RATES = ("learning_rate", [0, 0.1, 1.5, 2.5, 8])
MOMENTA = ("momentum", [-1.1, 0, 0.9, 1])


@pytest.mark.parametrize(
    "problem",
    [
        {"batch_size": 4},
        {},
        {"batch_size": 2, "tau2": -1},
        {"batch_size": 4, "coupling": [[2, 1], [1, 2]]},
    ],
    ids=["noise", "full batches", "gaussian", "coupled"],
)
def test_quantities_are_those_of_verdicts(problem: dict[str, Any]) -> None:
    names = [name for name, quantity in QUANTITIES.items() if not quantity.is_of_target]
    noise = dict(problem)
    question = noise.pop("batch_size", math.inf)
    tried = noisy(SPECTRUM, **noise), question
    found = phase_diagram("heavy-ball", *tried, x=RATES, y=MOMENTA, quantities=names)
    meanings = found.reason.attrs["flag_meanings"].split()
    for i, momentum in enumerate(MOMENTA[1]):
        for j, rate in enumerate(RATES[1]):
            verdict = stability(heavy_ball(rate, momentum), *tried)
            here = found.isel(momentum=i, learning_rate=j)
            assert Reason(meanings[int(here.reason)]) is verdict.reason
            rate_there = verdict.effective_learning_rate
            expected = {
                "effective_learning_rate": math.nan if rate_there is None else rate_there,
                "critical_eigenvalue": verdict.critical_eigenvalue,
                "critical_batch_size": verdict.critical_batch_size,
            }
            for name, value in expected.items():
                assert float(here[name]) == pytest.approx(value, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("spectrum", "noise", "reached"),
    [
        (Spectrum([1]), {}, {1.0, 2.0}),
        (Spectrum([1, 0.5]), {"coupling": [[1, 1], [0, 1]]}, {1.0, 2.0}),
        (Spectrum.power_law(2), {}, {2.0}),
        (Spectrum.power_law(2, count=3), {"tau2": -1}, {2.0}),
    ],
    ids=["list", "coupled", "law", "finite law"],
)
@pytest.mark.parametrize("rates", [(0, 1, 2), tuple(range(50))], ids=["singly", "compiled"])
def test_maps_tell_the_boundary_as_single_verdicts_do(
    spectrum: Spectrum, noise: dict[str, Any], reached: set[float], rates: tuple[int, ...]
) -> None:
    """Roots exactly on the unit circle, at rate 2, and noise sums that are exactly 1, at rate 1."""
    problem, sizes = noisy(spectrum, **noise), [1, 2, math.inf]
    axes: dict[str, Any] = {"x": ("learning_rate", rates), "y": ("batch_size", sizes)}
    found = phase_diagram("sgd", problem, quantities="reason", **axes)
    told = [[list(Reason)[code] for code in row] for row in found.reason.values]
    for size, row in zip(sizes, told, strict=True):
        for rate, reason in list(zip(rates, row, strict=True))[:4]:
            assert reason is stability(sgd(rate), problem, size).reason
    edge = [
        column for row in told for column, reason in enumerate(row) if reason.value == "boundary"
    ]
    assert {float(rates[column]) for column in edge} == reached
    assert (found.stable.values[found.reason == list(Reason).index(Reason.BOUNDARY)] == 0).all()


def test_quantities_of_a_compiled_map_are_those_of_single_points() -> None:
    rates = ("learning_rate", np.linspace(0.1, 5, 40))
    momenta = ("momentum", np.linspace(-0.5, 0.99, 30))
    names = ["reason", "critical_batch_size"]
    found = phase_diagram("heavy-ball", SPECTRUM, 4, x=rates, y=momenta, quantities=names)
    for i, j in ((3, 4), (29, 0), (10, 39), (20, 20)):
        verdict = stability(heavy_ball(rates[1][j], momenta[1][i]), SPECTRUM, 4)
        assert found.reason.values[i, j] == list(Reason).index(verdict.reason)
        size = found.critical_batch_size.values[i, j]
        assert size == pytest.approx(verdict.critical_batch_size, rel=1e-11)


@pytest.mark.parametrize("tau2", [-1, "1/2", 1, "-1/50"])
@pytest.mark.parametrize(
    "spectrum",
    [SPECTRUM, Spectrum.power_law("1.5"), Spectrum.power_law("1.3", count=500)],
    ids=["list", "law", "finite law"],
)
@pytest.mark.parametrize("slow", [None, Fraction(1, 2)], ids=["memory 1", "memory 2"])
def test_critical_batch_sizes_and_reasons_are_found_together(
    spectrum: Spectrum, tau2: Any, slow: Any, asked: list[int]
) -> None:
    """With tau2 a few are left to single verdicts; proofs on both sides of others agree."""

    def method(learning_rate: Any, momentum: Any) -> Algorithm:
        if slow is None:
            return heavy_ball(learning_rate, momentum)
        return aggmo(learning_rate, [momentum, slow])

    problem, rng = noisy(spectrum, tau2=tau2), np.random.default_rng(4)
    rates, momenta = rng.uniform(0.01, 4, 20), rng.uniform(-0.5, 0.99, 15)
    axes: dict[str, Any] = {"x": ("learning_rate", rates), "y": ("momentum", momenta)}
    names = ["critical_batch_size", "reason"]
    found = phase_diagram(method, problem, 4, quantities=names, **axes)
    sizes = found.critical_batch_size.values
    assert len(asked) <= 3
    assert ((found.noiseless.values == 0) == np.isinf(sizes)).all()
    for i, j in zip(rng.integers(0, 15, 4), rng.integers(0, 20, 4), strict=True):
        algorithm, size = method(rates[j], momenta[i]), sizes[i, j]
        expected = stability(algorithm, problem, 4)
        assert size == pytest.approx(expected.critical_batch_size, rel=1e-11)
        assert list(Reason)[found.reason.values[i, j]] is expected.reason
        if 0 < size < math.inf:
            assert stability(algorithm, problem, size * (1 + 1e-9)).stable is True
            assert stability(algorithm, problem, size * (1 - 1e-9)).stable is False


@pytest.mark.slow
@pytest.mark.parametrize("tau2", [-1, "1/2"])
def test_critical_batch_sizes_near_poles_are_found_by_all_poles(
    tau2: Any, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nodes do not bound the noise sum, its value by all poles corrects the solution."""

    def method(learning_rate: Any, momentum: Any) -> Algorithm:
        return aggmo(learning_rate, [momentum, "1/2", "1/4", "9/10"])

    problem = noisy(Spectrum.power_law("1.5"), tau2=tau2)
    axes: dict[str, Any] = {
        "x": ("learning_rate", np.linspace(0.01, 3.9, 100)),
        "y": ("momentum", np.linspace(0, 0.99, 100)),
    }
    found, counts = [], []
    for together in (True, False):
        if not together:
            monkeypatch.setattr(critical_batch_sizes, "_MOST_CORRECTIONS", 0)
        asked.clear()
        diagram = phase_diagram(method, problem, 4, quantities="critical_batch_size", **axes)
        found.append(diagram.critical_batch_size.values)
        counts.append(len(asked))
    assert counts[1] > 2 * counts[0]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-10)


def test_critical_batch_sizes_far_below_the_largest_summand() -> None:
    """Where tau2 is 0 they are tau1 times the noise sum, however small tau1 is."""
    rates, spectrum = np.linspace(0.1, 3.5, 50), Spectrum([1, Fraction(1, 3)])
    axes: dict[str, Any] = {"x": ("learning_rate", rates), "y": ("tau2", [-1, 0, 1])}
    problem = noisy(spectrum, tau1=Fraction(1, 10**18))
    found = phase_diagram(
        "heavy-ball", problem, 1, momentum="0.9", **axes, quantities="critical_batch_size"
    )
    sizes = found.critical_batch_size.values[1]
    for j in (0, 20, 49):
        verdict = stability(heavy_ball(Fraction(float(rates[j])), "0.9"), problem, 1)
        assert 0 < sizes[j] == pytest.approx(verdict.critical_batch_size, rel=1e-11)


def test_critical_batch_sizes_have_limits() -> None:
    """Zero where every batch size is stable, inf where none is, and no axis of batch sizes."""
    rates, sizes = ("learning_rate", np.linspace(0.1, 3, 5)), ("batch_size", [1, 7, math.inf])
    momenta = ("momentum", np.linspace(0, 0.9, 5))
    stable = np.linspace(0.1, 3, 5) < 2
    for spectrum, tau2, expected in (
        (Spectrum([1]), 1, 0.0),
        (Spectrum.power_law("0.9"), -1, math.inf),
        (Spectrum([1, 0.4]), 0, None),
        (Spectrum([1, 0.4]), -1, None),
    ):
        problem = noisy(spectrum, tau2=tau2)
        by_size: dict[str, Any] = {"y": sizes, "momentum": 0}
        by_momentum: dict[str, Any] = {"y": momenta, "batch_size": 3}
        for fixed in (by_size, by_momentum):
            found = phase_diagram(
                "heavy-ball", problem, x=rates, quantities="critical_batch_size", **fixed
            )
            for row in found.critical_batch_size.values[: 3 if fixed is by_size else 1]:
                single = [
                    stability(heavy_ball(rate, 0), problem, 3).critical_batch_size
                    for rate in rates[1]
                ]
                assert row == pytest.approx(single, rel=1e-12)
                assert expected is None or (row[stable] == expected).all()
                assert np.isinf(row[~stable]).all()


@pytest.mark.parametrize("third", [("batch_size", [1, 4, math.inf]), ("momentum", [0, "1/2"])])
def test_panels_are_maps(third: tuple[str, Any]) -> None:
    axes: dict[str, Any] = {"x": RATES, "y": ("tau1", [0.5, 1])}
    fixed: dict[str, Any] = {"batch_size": 2, "momentum": 0.3}
    name, values = third
    del fixed[name]
    series = phase_diagram("heavy-ball", SPECTRUM, **axes, panels=third, **fixed)
    assert series.stable.dims == (name, "tau1", "learning_rate")
    for place, value in enumerate(values):
        single = phase_diagram("heavy-ball", SPECTRUM, **axes, **fixed, **{name: value})
        for variable in single.data_vars:
            expected = single[variable].values
            np.testing.assert_array_equal(series[variable].values[place], expected)


@pytest.mark.parametrize("axis", ["x", "y", "panels"])
def test_the_spectrum_may_be_a_function_of_an_axis(axis: str) -> None:
    exponents = [1.2, 2, 3]
    given: dict[str, Any] = {
        "x": ("learning_rate", [0.2, 0.7, 1.5]),
        "y": ("batch_size", [1, 3]),
        "panels": ("tau1", [0.5, 1]),
        axis: ("nu", exponents),
    }
    fixed: dict[str, Any] = {"learning_rate": 0.7} if axis == "x" else {}

    def spectrum(nu: Any) -> Spectrum:
        return Spectrum.power_law(nu, 1, 50)

    found = phase_diagram("sgd", spectrum, **given, **fixed)
    for index in np.ndindex(found.stable.shape):
        point = {
            name: float(found[name][k]) for name, k in zip(found.stable.dims, index, strict=True)
        }
        rate = point.pop("learning_rate", 0.7)
        nu = point.pop("nu")
        verdict = judged(sgd(rate), spectrum(nu), **point)
        assert found.stable.values[index] == int(bool(verdict))
        assert found.noise_sum.values[index] == pytest.approx(verdict.noise_sum)
    low, high = (f"k^-{float(end):g}" for end in (found.nu[0], found.nu[-1]))
    assert found.attrs["spectrum"] == f"50 eigenvalues {low} to {high}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quantities": ["speed"]}, "quantities must be among reason, effective_learning_rate"),
        ({"panels": ("momentum", [0, 1])}, "y and panels must be different parameters"),
        ({"panels": ("batch_size", [])}, "panels needs a parameter name and at least one value"),
        ({"problem": lambda nu: SPECTRUM}, "problem must be a function of axes .* of nu, the axes"),
        ({"problem": lambda batch_size: SPECTRUM}, "problem must be a function of axes"),
        ({"problem": lambda: SPECTRUM}, "it is one of nothing"),
        ({"problem": lambda momentum: 1, "y": MOMENTA}, "what problem returns must be a Problem"),
        (
            {"problem": noisy(SPECTRUM, coupling=[[2, 1], [1, 2]]), "y": ("tau1", [1])},
            "tau1 cannot vary: a coupling matrix",
        ),
        (
            {"x": ("reason", [1]), "quantities": ["reason"]},
            "no parameter of a diagram can be called 'reason'",
        ),
        ({"x": ("stable", [1])}, "no parameter of a diagram can be called 'stable'"),
        (
            {"x": ("learning_rate", range(10**4)), "y": ("momentum", range(2000))},
            "at most 10,000,000 points",
        ),
    ],
)
def test_bad_input(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"x": RATES, "y": MOMENTA, "problem": SPECTRUM, **change}
    with pytest.raises(InputError, match=message):
        phase_diagram("heavy-ball", **given)


def test_floors_are_those_of_verdicts(rng: np.random.Generator) -> None:
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    for problem in (
        Problem.from_data(X, y),
        Problem(SPECTRUM, Noise(label_variance="0.1")),
        Problem(SPECTRUM, Noise(2, -1, label_variance="0.1"), weight_decay="0.01"),
        Problem(SPECTRUM),
    ):
        found = phase_diagram(
            "sgd",
            problem,
            x=("learning_rate", [0.001, 0.01, 3.0]),
            y=("batch_size", [1, 8]),
            quantities=["loss_floor"],
        )
        for (row, B), (column, rate) in product(enumerate([1, 8]), enumerate([0.001, 0.01, 3.0])):
            floor = stability(sgd(rate), problem, B).loss_floor
            assert float(found.loss_floor[row, column]) == pytest.approx(floor, rel=1e-12)
            assert (floor == math.inf) == (rate == 3)


def test_floors_where_the_gradient_is_taken_elsewhere() -> None:
    """They need the sum that is read at w, which is not the one of the map."""
    rates: list[Any] = ["0.1", "0.3"]
    axes: dict[str, Any] = {"x": ("learning_rate", rates), "y": ("momentum", ["0", "0.5"])}
    problem = Problem(SPECTRUM, Noise(label_variance=1))
    found = phase_diagram("nesterov", problem, 8, **axes, quantities=["loss_floor"])
    for row, momentum in enumerate(["0", "0.5"]):
        for column, rate in enumerate(rates):
            floor = stability(nesterov(rate, momentum), problem, 8).loss_floor
            assert float(found.loss_floor[row, column]) == pytest.approx(floor, rel=1e-12)


def test_noise_of_labels_has_no_exponent() -> None:
    problem = Problem.power_law(2, zeta=1, noise=Noise(label_variance="0.1"))
    with pytest.raises(InputError, match="ask for loss_floor"):
        phase_diagram("sgd", problem, 4, x=RATES, y=("tau1", [1, 2]), quantities=["loss_exponent"])


def test_the_command_offers_every_quantity() -> None:
    """It names them itself, so that ``--help`` need not import them."""
    assert set(_QUANTITIES) == set(QUANTITIES)


def test_effective_rates_of_a_compiled_map_are_those_of_single_algorithms() -> None:
    rates, momenta = np.linspace(0, 5, 41), [*np.linspace(-1, 0.999, 30), 1]
    found = phase_diagram(
        "heavy-ball",
        SPECTRUM,
        x=("learning_rate", rates),
        y=("momentum", momenta),
        quantities="effective_learning_rate",
    ).effective_learning_rate.values
    assert found.size > 1000  # compiled
    assert np.isnan(found[-1]).all()  # momentum 1 has none
    expected = rates / (1 - np.array(momenta[:-1]))[:, None]
    np.testing.assert_allclose(found[:-1], expected, rtol=1e-13)


def test_regimes_are_those_of_the_paper() -> None:
    inverses, zetas = [0.25, 0.5, 0.8, 1.25, 1.7, 2.0, 2.4], [0.25, 1.2, 1.5, 1.75, 2.4]
    arguments: dict[str, Any] = {
        "problem": lambda nu, zeta: Problem.power_law(nu, zeta),
        "quantities": ["regime", "loss_exponent"],
        "learning_rate": "0.1",
    }
    arguments |= {"x": ("nu", [1 / x for x in inverses]), "y": ("zeta", zetas)}
    found = phase_diagram("sgd", batch_size=16, **arguments)
    names = np.array(found.regime.attrs["flag_meanings"].split())[found.regime.values]
    for i, zeta in enumerate(zetas):
        for j, inverse in enumerate(inverses):
            assert names[i, j].replace("_", " ") == loss_regime(1 / inverse, zeta)
            exponent, fits = found.loss_exponent.values[i, j], inverse < 1
            expected = min(zeta, 2 - inverse) if fits else math.nan
            assert exponent == pytest.approx(expected, nan_ok=True)
    assert {"border", "eventual_divergence", "immediate_divergence"} <= set(names.ravel())
    quiet = phase_diagram("sgd", **arguments)  # full batches: no noise to dominate
    np.testing.assert_allclose(quiet.loss_exponent.values, np.array(zetas)[:, None] + [[0] * 7])
    kinds = quiet.regime.attrs["flag_meanings"].split()
    assert (quiet.regime.values == kinds.index("signal-dominated")).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("y", "spectrum", "problem"),
    [
        (("batch_size", [0.5, 1, 3, 200, math.inf]), Spectrum([1]), {"tau1": "0.2", "tau2": -1}),
        (("nu", [0.4, 0.8, 1.1]), lambda nu: Spectrum.power_law(nu), {"batch_size": 64}),
        (("momentum", [0, 0.9]), SPECTRUM, {"batch_size": 8, "coupling": [[2, 1], [1, 2]]}),
        (("tau2", [-3, -1, 0, 0.5, 1]), SPECTRUM, {"batch_size": 2}),
    ],
    ids=["single modes", "divergent", "coupled", "tau2"],
)
@pytest.mark.parametrize("points", [6, 120])
def test_causes_are_told_apart(y: Any, spectrum: Any, problem: dict[str, Any], points: int) -> None:
    """Noise may make the sum infinite, too: such points do not diverge without noise."""
    rates = ("learning_rate", np.linspace(0.1, 2.9, points))
    fixed: dict[str, Any] = {} if y[0] == "momentum" else {"momentum": "0.2"}
    noise = dict(problem)
    batch_size = noise.pop("batch_size", math.inf)
    tried = spectrum if callable(spectrum) else noisy(spectrum, **noise)
    found = phase_diagram("heavy-ball", tried, batch_size, x=rates, y=y, **fixed)
    some = 0
    for i, value in enumerate(y[1]):
        data = spectrum(value) if callable(spectrum) else spectrum
        for j in range(0, points, points // 6):
            momentum = value if y[0] == "momentum" else 0.2
            method = heavy_ball(rates[1][j], momentum)
            quiet = stability(method, data)
            assert found.noiseless.values[i, j] == int(bool(quiet))
            some += bool(quiet) and not np.isfinite(found.noise_sum.values[i, j])
    assert some or y[0] == "momentum"


@pytest.mark.slow
def test_pictures_tell_causes_apart() -> None:
    found = phase_diagram(
        "sgd",
        noisy(Spectrum([1]), tau1="0.2", tau2=-1),
        x=("learning_rate", np.linspace(0.05, 2.5, 40)),
        y=("batch_size", np.geomspace(0.3, 8, 30)),
        quantities="reason",
    )
    axes = draw(found)
    assert list(Reason)[found.reason.sel(learning_rate=0.7, method="nearest").values[2]] is (
        Reason.MODE_NOISE
    )
    beside = np.linspace(0.65, 0.75, 9)  # some are on a hatch
    colours = [colour_at(axes, rate, float(found.batch_size[2])) for rate in beside.tolist()]
    assert any(is_colour(colour, "#d55e00") for colour in colours)
    assert is_colour(colour_at(axes, 2.3, 4), "#b0b0b8")
