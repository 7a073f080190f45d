"""Maps where floats come to their end, and other cases that once went wrong."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import InputError, Noise, Problem, Spectrum, phase_diagram, stability
from sgdmem.methods import evaluator
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.points import ScatteredPoints
from sgdmem.symbolic.algorithms.constructors import as_family
from sgdmem.symbolic.zoo.families_by_name import FAMILIES
from tests.asking import judged, noisy

RATES = np.linspace(0.05, 2.5, 40)


def check(found: Any, family: str, spectrum: Spectrum, **settings: Any) -> None:
    """Compare 40 points of a map with single verdicts."""
    dims = found.stable.dims
    for place in np.linspace(0, found.stable.size - 1, 40).astype(int):
        row, column = np.unravel_index(place, found.stable.shape)
        point = {dims[0]: found[dims[0]].values[row], dims[1]: found[dims[1]].values[column]}
        values = {**settings, **{name: Fraction(value) for name, value in point.items()}}
        names = ("batch_size", "tau1", "tau2")
        noise = {name: values.pop(name) for name in names if name in values}
        verdict = judged(FAMILIES[family](**values), spectrum, **noise)
        flag = {True: 1, False: 0, None: -1}[verdict.stable]
        assert int(found.stable[row, column]) in (flag, -1)
        if flag == 1:
            assert float(found.noise_sum[row, column]) == pytest.approx(verdict.noise_sum, 1e-10)


@pytest.mark.parametrize("swapped", [False, True])
def test_an_axis_may_repeat_values(swapped: bool) -> None:
    spectrum = Spectrum(np.arange(1, 31.0) ** -1)
    rates, sizes = ("learning_rate", RATES), ("batch_size", [1, 1, 1, 2, 2, 3] * 5)
    axes = (sizes, rates) if swapped else (rates, sizes)
    check(phase_diagram("sgd", spectrum, x=axes[0], y=axes[1]), "sgd", spectrum)
    noises = ("tau1", [1, 0, 1, 3] * 10), ("batch_size", [5, 1, 1, 5, 2] * 6)
    found = phase_diagram("sgd", spectrum, x=noises[0], y=noises[1], learning_rate="0.5")
    check(found, "sgd", spectrum, learning_rate="0.5")


@pytest.mark.parametrize("size", [1e-120, 1e-60, 1e60, 1e110])
@pytest.mark.parametrize("tau2", [0, -1])
def test_any_unit_of_the_eigenvalues(size: float, tau2: int) -> None:
    """What leaves the range of floats must not be taken for small."""
    spectrum = Spectrum(size * np.array([1, 0.5, 0.1]))
    rates = ("learning_rate", RATES / size)
    momenta = ("momentum", [Fraction(k, 30) for k in range(30)])
    found = phase_diagram("nesterov", noisy(spectrum, tau2=tau2), 8, x=rates, y=momenta)
    check(found, "nesterov", spectrum, batch_size=8, tau2=tau2)


def test_no_share_is_too_small_for_a_divergent_trace() -> None:
    spectrum = Spectrum.power_law("0.9")
    noises = ("tau1", [0, Fraction(1, 10**400)] * 20)
    rates = ("learning_rate", RATES)
    found = phase_diagram("sgd", spectrum, 1, x=rates, y=noises)
    assert not (found.stable.values[1::2] == 1).any()
    assert (found.stable.values[::2, :20] == 1).all()
    for target in ("numba", "ball"):
        sums = evaluator("sgd").noise_sums(spectrum, target=target, learning_rate=[0.1, 1.0])
        assert (np.asarray(getattr(sums, "mid", sums)) == math.inf).all()


@pytest.mark.parametrize("scale", ["1e-40", "1", "1e40"])
def test_steep_laws_of_any_scale(scale: str) -> None:
    spectrum = Spectrum.power_law(9, scale)
    compressed = spectrum.compress()
    total = float((compressed.weights * compressed.nodes).sum())
    assert total == pytest.approx(spectrum.trace, 1e-13)


def test_a_trace_beyond_floats() -> None:
    spectrum = Spectrum([1e10, 1], weights=[1e300, 1])
    with pytest.raises(InputError, match="the trace leaves the range"):
        spectrum.compress()
    rates = ("learning_rate", RATES * 1e-320)
    sizes = ("batch_size", range(1, 27))
    # floats leave it open; the noise sum is below 1e-9
    assert (phase_diagram("sgd", spectrum, x=rates, y=sizes).stable.values == 1).all()


@pytest.mark.parametrize("memory", [0, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_ascent_is_told_at_once(memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a negative effective learning rate nothing is left to single verdicts."""
    from sgdmem import Algorithm
    from sgdmem.numeric.compiled_maps import family_judge as batch

    def family(rate: Any, other: Any) -> Algorithm:
        p = (
            [*([0] * memory), 1]
            if memory == 0
            else [0] * (memory - 1) + [-other / 4, 1 + other / 4]
        )
        return Algorithm.from_recurrence(p, [*([0] * memory), rate])

    left: list[int] = []
    monkeypatch.setattr(batch, "judge_singly", lambda *given: left.append(len(given[4])))
    spectrum = Spectrum(np.arange(1, 101.0) ** -1)
    found = phase_diagram(family, spectrum, x=("rate", RATES), y=("other", RATES[:26] / 5))
    assert (found.stable.values == 0).all()
    assert left == [0]


@pytest.mark.parametrize("size", [Fraction(1e-200) / 3, Fraction(1e-120) / 3])
def test_what_overflows_is_not_negative(size: Fraction) -> None:
    """The square of Q is infinite here, and so is the bound of its error."""

    def build(rate: Any, mix: Any) -> Any:
        return FAMILIES["nesterov"](rate, mix)

    spectrum, decay = Spectrum([size, size / 2]), size / 10**5
    problem = Problem(spectrum, Noise(1, -1), weight_decay=decay)
    axes = {"rate": [Fraction(k, 5) / size for k in range(1, 6)], "mix": [Fraction(9, 10)] * 5}
    points = ScatteredPoints({**axes, "batch_size": [Fraction(5)] * 5}, ("rate", "mix"))
    judge = FamilyJudge(as_family(build), family_program(build, axes), problem)
    singly = [
        stability(build(axes["rate"][k], Fraction(9, 10)), problem, 5).stable for k in range(5)
    ]
    assert judge.judge(points).stable.tolist() == singly
    assert len({*singly}) == 2


def test_steps_to_a_critical_batch_size_stay_beside_it() -> None:
    """Where damping ends the sum changes a million million times as fast as the batch size."""

    def build(rate: Any, momentum: Any) -> Any:
        return FAMILIES["heavy-ball"](rate, momentum)

    momentum, tau2 = Fraction(9334294017, 9335000000), Fraction(-13, 10)
    edge = 2 * (1 + momentum)
    rates = [edge - Fraction("3.9998491e-8") + Fraction(k, 10**15) for k in range(40)]
    axes = {"rate": rates, "momentum": [momentum] * 40}
    noise = {"tau1": [Fraction(13, 10**13)] * 40, "tau2": [tau2] * 40}
    points = ScatteredPoints({**axes, **noise}, ("rate", "momentum"))
    problem = Problem(Spectrum([1, "0.054516", "0.00994", "0.00297", "0.00116", "0.00054"]))
    judge = FamilyJudge(as_family(build), family_program(build, axes), problem)
    for rate, size in zip(rates, judge.critical_batch_sizes(points, np.arange(40)), strict=True):
        largest = stability(build(rate, momentum), Problem(Spectrum([1])), 1).noise_sum
        assert math.isnan(size) or size == pytest.approx(-tau2 * Fraction(largest), 1e-9)
