"""Problems that vary along axes of a map, and what datasets say of problems."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray

from sgdmem import Noise, Problem, Spectrum, heavy_ball, phase_diagram, stability_boundary
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.phase_diagrams.maps.axes import read_axes
from sgdmem.phase_diagrams.maps.question import DiagramQuestion
from sgdmem.phase_diagrams.maps.varying_problem import VaryingProblem
from sgdmem.phase_diagrams.pictures.labels import title

SPECTRUM = Spectrum([1, 0.4])
NUS = ("nu", [0.6, 1.2, 1.7, 2, 3])
ZETAS = ("zeta", [0.25, 0.5, 1, 1.5, 1.9, 2.5])
ASKED: dict[str, Any] = {"learning_rate": "0.5", "quantities": ["regime", "loss_exponent"]}

# functions, the axes of the target alone, and whether it is the same along the others
FUNCTIONS: dict[str, tuple[Callable[..., Problem], tuple[str, ...], bool]] = {
    "apart": (lambda nu, zeta: Problem.power_law(nu, zeta), ("zeta",), True),
    "in the other order": (lambda zeta, nu: Problem.power_law(nu, zeta), ("zeta",), True),
    "a target of both": (lambda nu, zeta: Problem.power_law(nu, zeta / nu), ("zeta",), False),
    "a spectrum of both": (lambda nu, zeta: Problem.power_law(nu + zeta, 1), (), False),
    "a noise of one": (
        lambda nu, zeta: Problem.power_law(nu, 1, noise=Noise(tau2=-zeta)), (), False
    ),
    "a break": (
        lambda nu, zeta: Problem.power_law(nu, zeta, scale=0.5 if zeta == 0.5 else 1), (), False
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_point_has_its_own_problem(name: str) -> None:
    function, of_target, apart = FUNCTIONS[name]
    varying = VaryingProblem.read(function, read_axes(NUS, ZETAS, None, ()))
    assert (varying.of_target, varying.apart) == (of_target, apart)
    found = phase_diagram("sgd", function, 16, x=NUS, y=ZETAS, **ASKED)
    for i, zeta in enumerate(ZETAS[1]):
        for j, nu in enumerate(NUS[1]):
            x, y = ("nu", [nu]), ("zeta", [zeta])
            expected = phase_diagram("sgd", function, 16, x=x, y=y, **ASKED)
            xarray.testing.assert_equal(found.isel(nu=[j], zeta=[i]), expected)
    assert list(found.coords) == ["zeta", "nu"]


def test_a_target_that_varies_alone_is_cheap() -> None:
    """One map for each spectrum answers for all targets, and few problems are asked for."""
    count = 60
    calls = 0

    def function(nu: Any, zeta: Any) -> Problem:
        nonlocal calls
        calls += 1
        return Problem.power_law(nu, zeta)

    axes: dict[str, Any] = {
        "x": ("nu", np.linspace(1.1, 3, count)),
        "y": ("zeta", np.linspace(0.1, 2, count)),
    }
    phase_diagram("sgd", function, 16, **axes, **ASKED)
    assert calls < 12 * count


def test_few_points_of_each_problem_are_judged_without_compressing_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    momenta, sizes = [0, 0.3, 0.6, 0.9, 0.99], [4, float("inf")]
    asked: dict[str, Any] = {"x": ("nu", [0.6, 1, 1.2, 3, 20]), "learning_rate": "2.5"}
    asked["panels"] = ("batch_size", sizes)

    def found(count: int) -> xarray.Dataset:
        y = ("momentum", momenta[:count])
        return phase_diagram("heavy-ball", lambda nu: Problem.power_law(nu), y=y, **asked)

    compiled = found(5).isel(momentum=slice(2))
    for way in ("compress_within", "cover_law"):
        monkeypatch.delattr(f"sgdmem.numeric.spectra.compression.{way}")
    single = found(2)
    xarray.testing.assert_allclose(single, compiled, rtol=1e-11)
    for name in ("stable", "noiseless"):
        xarray.testing.assert_equal(single[name], compiled[name])
        assert set(np.unique(single[name])) == {0, 1}


def test_a_target_may_vary_along_an_axis_of_its_own() -> None:
    spectrum = Spectrum.power_law(1.5)
    sizes = ("batch_size", [4, float("inf")])

    def function(zeta: Any) -> Problem:
        return Problem(spectrum, target=PowerLawTarget(zeta))

    found = phase_diagram("sgd", function, x=ZETAS, y=sizes, **ASKED)
    quiet = found.loss_exponent.sel(batch_size=float("inf"))
    np.testing.assert_array_equal(quiet, [float(zeta) for zeta in ZETAS[1]])
    assert (found.stable.values == found.stable.values[:, :1]).all()


def test_noise_may_vary_along_an_axis_of_its_own() -> None:
    rates, kurtosis = ("learning_rate", [0.2, 0.9, 1.5]), ("kurtosis", [0, 1, 4])

    def function(kurtosis: Any) -> Problem:
        return Problem(SPECTRUM, Noise(tau2=-kurtosis))

    found = phase_diagram("sgd", function, 2, x=rates, y=kurtosis)
    usual = phase_diagram("sgd", SPECTRUM, 2, x=rates, y=("tau2", [0, -1, -4]))
    for name in found.data_vars:
        np.testing.assert_array_equal(found[name], usual[name])
    assert found.attrs["tau2"] == "0 to -4" and "tau2" not in usual.attrs


def test_questions_are_values() -> None:
    axes = read_axes(("learning_rate", [0.1, 1, 3]), ("momentum", [0, 0.9]), None, ())
    problem = Problem(SPECTRUM, Noise.coupled([[2, 1], [1, 2]]))
    question = DiagramQuestion(
        heavy_ball, axes, VaryingProblem(problem), 4, quantities=("reason", "critical_batch_size")
    )
    sent = pickle.loads(pickle.dumps(question))
    expected = question.answer(axes).to_dataset()
    assert sent.answer(axes).to_dataset().identical(expected)
    used = pickle.loads(pickle.dumps(question))
    assert used.answer(axes).to_dataset().identical(expected)


# What is said ------------------------------------------------------------------------------------

ROWS = np.random.default_rng(0).normal(size=(30, 2))
DATA = Problem.from_data(ROWS, noise=Noise.fit(ROWS))
RANGES: dict[str, Any] = {"x": ("learning_rate", [0.1, 1]), "y": ("momentum", [0, 0.9])}


def told(problem: Any, **options: Any) -> dict[str, Any]:
    return phase_diagram("heavy-ball", problem, 8, **{**RANGES, **options}).attrs


def test_datasets_say_the_problem() -> None:
    found = told(Problem(SPECTRUM, Noise(tau1="0.1", tau2=0.25)))
    assert found["spectrum"] == "eigenvalues [1, 0.4]"
    assert (found["tau1"], found["tau2"], found["batch_size"]) == ("0.1", "0.25", "8")
    assert "noise" not in found
    coupled = told(Problem(SPECTRUM, Noise.coupled([[2, 1], [1, 2]], tau2="1/3")))
    assert (coupled["noise"], coupled["tau2"]) == ("a coupling matrix", "1/3")
    assert "tau1" not in coupled
    assert told(Problem(SPECTRUM, Noise(tau2=[0, "-0.5"])))["tau2"] == "[0, -0.5]"
    many = Problem(Spectrum(np.ones(20)), Noise(tau2=[0] * 20))
    assert told(many)["tau2"] == "by mode"
    only_target = told(lambda zeta: Problem.power_law(1.5, zeta), y=ZETAS, momentum=0)
    assert only_target["spectrum_digest"] == told(Spectrum.power_law(1.5))["spectrum_digest"]


def test_datasets_and_titles_say_what_is_estimated() -> None:
    found = told(DATA)
    assert found["noise"].startswith("estimated tau1 = ")
    some = phase_diagram("sgd", DATA, x=RANGES["x"], y=("tau2", [0, -1]), batch_size=2)
    assert some.attrs["noise"] == "estimated" and "tau2" not in some.attrs
    none = phase_diagram("sgd", DATA, x=("tau1", [1, 2]), y=("tau2", [0, -1]), learning_rate=1)
    assert "noise" not in none.attrs
    x, y = ("learning_rate", 0.1, 5), ("momentum", 0, 0.9)
    edge = stability_boundary("heavy-ball", DATA, 8, x=x, y=y, resolution=4)
    assert edge.attrs["noise"] == found["noise"]
    for dataset in (phase_diagram("heavy-ball", DATA, 8, **RANGES), edge):
        assert r"batch size 8, estimated $\tau_1$ = " in title(dataset, ("learning_rate",))
    assert r"estimated, $\tau_1$ = " in title(some, ("learning_rate", "tau2"))


def test_noise_of_the_labels_is_told_but_changes_no_map() -> None:
    x, y = ("learning_rate", [0.1, 0.5, 1.5]), ("tau2", [-1, 0])
    axes = read_axes(x, y, None, ())
    problems = {v: Problem(SPECTRUM, Noise(label_variance=v)) for v in ("0", "0.25", "0.5")}
    found = [phase_diagram("sgd", problem, 4, x=x, y=y) for problem in problems.values()]
    xarray.testing.assert_equal(found[0], found[1])
    told = [VaryingProblem.read(problem, axes).identity(axes) for problem in problems.values()]
    assert told[0] != told[1] != told[2]
    assert "label_variance" not in told[0]
    assert [diagram.attrs.get("label_variance") for diagram in found] == [None, "0.25", "0.5"]
