"""Limits of stability, each confirmed by verdicts on both sides."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

from sgdmem.methods import dana
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.phase_diagrams.maps.diagram import phase_diagram
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, UndecidedError
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.families_by_name import find_family
from tests import draws, naive
from tests.asking import judged, noisy

SPECTRUM = Spectrum([4, 1, 0.25])


@pytest.mark.slow
@pytest.mark.parametrize("problems", [60, pytest.param(300, marks=pytest.mark.exhaustive)])
def test_limits_of_random_algorithms_are_sharp(problems: int, rng: np.random.Generator) -> None:
    batches = scales = several = undecided = 0
    for _ in range(problems):
        alg, eigenvalues, tau1, tau2, _ = draws.random_problem(rng)
        algorithm, spectrum = Algorithm(*alg), Spectrum(eigenvalues)
        verdict = stability(algorithm, noisy(spectrum, tau1, tau2), 3)
        critical = verdict.critical_batch_size
        if 0 < critical < math.inf:
            batches += 1
            assert stability(algorithm, noisy(spectrum, tau1, tau2), critical * (1 + 1e-09)).stable
            below = stability(algorithm, noisy(spectrum, tau1, tau2), critical * (1 - 1e-09))
            assert below.stable is False
            integer = verdict.smallest_stable_batch_size
            assert integer - 1 <= critical * (1 + 1e-9) and (critical < integer or integer == 1)
            assert stability(algorithm, noisy(spectrum, tau1, tau2), int(integer)).stable
        several += len(verdict.stable_scales) > 1
        for low, high in verdict.stable_scales:
            scales += 1
            room = 1e-7 * (high - low)
            inside = stability(algorithm.scaled(high - room), noisy(spectrum, tau1, tau2), 3)
            assert inside.stable is not False
            undecided += inside.stable is None  # sums that hardly move with the scale
            outside = stability(
                algorithm.scaled(high * (1 + 1e-07)), noisy(spectrum, tau1, tau2), 3
            )
            assert outside.stable is not True
            if low > 0:
                inside = stability(algorithm.scaled(low + room), noisy(spectrum, tau1, tau2), 3)
                assert inside.stable
    assert undecided <= scales / 100
    assert batches > problems / 8
    assert scales > problems / 3


def test_stability_that_is_lost_and_comes_back() -> None:
    # Momentum -0.5 … 0.5 around a method that is stable at both ends of a range of rates only.
    found = None
    rng = np.random.default_rng(3)
    while found is None:
        alg = draws.random_algorithm(rng, 2, "complex", "fraction")
        verdict = stability(Algorithm(*alg), Spectrum([1]))
        if len(verdict.stable_scales) > 1:
            found = verdict
    (_, first_end), (second_start, _) = found.stable_scales[:2]
    algorithm = Algorithm(*alg)
    middle = (first_end + second_start) / 2
    assert stability(algorithm.scaled(first_end * 0.999), Spectrum([1])).stable
    assert stability(algorithm.scaled(middle), Spectrum([1])).stable is False
    assert stability(algorithm.scaled(second_start * 1.001), Spectrum([1])).stable
    assert found.critical_scale == found.stable_scales[-1][1]


@pytest.mark.parametrize("power", [-300, -200, -160, 160, 200, 300])
def test_limits_of_rates_far_from_one(power: int) -> None:
    """Squares of such rates leave the range of floats; exact sums are below 1 up to each end."""
    rate, half, eigenvalues = Fraction(10) ** power, Fraction(1, 2), (1, Fraction(1, 2), 2**-4)
    spectrum, batch_size = Spectrum(eigenvalues), 4
    for alg, family in (
        (naive.Raw(rate, [], [], [], []), named.sgd(rate)),
        (naive.Raw(rate, [-half], [rate], [[half]], [0]), named.heavy_ball(rate, half)),
    ):

        def exact_sum(alg: naive.Raw) -> Fraction:
            return sum(map(lambda x: naive.noise_summand_exact(alg, x), eigenvalues), Fraction(0))

        verdict = stability(family, spectrum, batch_size)
        ((low, high),) = verdict.stable_scales
        assert low == 0 and verdict.critical_scale == high
        for factor, stable in ((1 - Fraction(1, 10**12), True), (1 + Fraction(1, 10**12), False)):
            noise_sum = exact_sum(naive.scaled(alg, Fraction(high) * factor)) / batch_size
            assert (noise_sum < 1) is stable
        if power < 0:
            expected = float(exact_sum(alg))
            assert verdict.noise_sum == pytest.approx(expected / batch_size, rel=1e-12, abs=0)
            assert verdict.critical_batch_size == pytest.approx(expected, rel=1e-12, abs=0)
    for problem in (
        Problem.from_data([[1.0, 0], [0, 0.5], [1, 1]]),
        Problem(Spectrum.power_law("1.5"), Noise(1, -1)),
        Problem(spectrum, weight_decay="0.1"),
    ):
        far, near = (stability(named.heavy_ball(x, half), problem, 2) for x in (rate, 1))
        assert far.critical_scale * float(rate) == pytest.approx(near.critical_scale, rel=1e-12)


@pytest.mark.parametrize("name", ["sgd", "heavy-ball", "nesterov", "torch-sgd", "aggmo", "qhm"])
def test_largest_learning_rate_of_families(name: str) -> None:
    fixed: dict[str, dict[str, Any]] = {
        "sgd": {},
        "aggmo": {"momenta": [0, 0.9]},
        "qhm": {"momentum": 0.9, "nu": 0.7},
    }
    parameters = fixed.get(name, {"momentum": 0.9})
    for batch_size in (2, math.inf):
        largest = largest_learning_rate(name, SPECTRUM, batch_size, **parameters)
        family = find_family(name)
        for factor, stable in ((1 - 1e-9, True), (1 + 1e-9, False)):
            verdict = stability(
                family(learning_rate=largest * factor, **parameters), SPECTRUM, batch_size
            )
            assert verdict.stable is stable


@pytest.mark.slow
def test_other_parameters_and_functions() -> None:
    momentum = largest_learning_rate(
        "heavy-ball", SPECTRUM, 8, learning_rate=0.1, parameter="momentum", search=(0, 1)
    )
    assert momentum.parameter == "momentum"
    assert stability(named.heavy_ball(0.1, momentum - 1e-9), SPECTRUM, 8).stable
    assert stability(named.heavy_ball(0.1, momentum + 1e-9), SPECTRUM, 8).stable is False

    cut = largest_learning_rate(
        "heavy-ball", SPECTRUM, 8, learning_rate="0.1", parameter="momentum", search=(0, 0.5)
    )
    assert cut.ends_with_search(cut.intervals[-1][1])
    assert not momentum.ends_with_search(momentum.intervals[-1][1])
    nothing = largest_learning_rate("sgd", Spectrum.power_law(0.8), 8)
    assert float(nothing) == 0
    assert "infinite sum" in nothing.reason

    def squared(root: Any) -> Algorithm:
        return named.sgd(root * root)

    found = largest_learning_rate(squared, SPECTRUM, 8)
    plain = largest_learning_rate("sgd", SPECTRUM, 8)
    assert float(found) ** 2 == pytest.approx(plain, rel=1e-9)


def test_learning_rate_from_a_data_matrix(rng: np.random.Generator) -> None:
    X = rng.normal(size=(4000, 6))
    estimated = largest_learning_rate("sgd", Problem.from_data(X, noise=Noise.fit(X)), 4)
    assumed = largest_learning_rate("sgd", noisy(Problem.from_data(X).spectrum, 1, -1), 4)
    assert estimated == pytest.approx(assumed, rel=0.05)
    assert estimated.noise.tau2_values == pytest.approx(-1, abs=0.3)
    assert largest_learning_rate("sgd", X, 4) == pytest.approx(assumed, rel=0.05)


@pytest.mark.parametrize(
    ("arguments", "fixed", "word"),
    [
        (("light-ball", SPECTRUM), {}, "unknown algorithm"),
        (("sgd", SPECTRUM), {"speed": 1}, "unknown parameter"),
        (("heavy-ball", SPECTRUM), {}, "needs a value for momentum"),
        (("two-rate", SPECTRUM), {}, "say which parameter"),
        (("sgd", SPECTRUM, 0), {}, "batch_size"),
        (("sgd", SPECTRUM), {"search": (2, 1)}, "search"),
        (("sgd", 3), {}, "must be a Problem, a Spectrum"),
        (("sgd", SPECTRUM), {"learning_rate": 1, "parameter": "learning_rate"}, "both vary"),
    ],
)
def test_bad_questions(arguments: tuple[Any, ...], fixed: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        largest_learning_rate(*arguments, **fixed)


def test_reasons() -> None:
    cases: list[tuple[Algorithm, dict[str, Any], Reason]] = [
        (named.sgd("0.1"), {}, Reason.STABLE),
        (named.sgd(0), {}, Reason.NO_PULL),
        (named.sgd(-1), {}, Reason.NOISELESS),
        (named.sgd(1), {}, Reason.NOISELESS),
        (named.sgd("0.4"), {"batch_size": "0.5"}, Reason.NOISE_SUM),
        (named.sgd("0.4"), {"batch_size": 1, "tau2": -1, "tau1": 0}, Reason.MODE_NOISE),
        (named.sgd("0.5"), {}, Reason.BOUNDARY),
        (named.sgd("0.4" + 40 * "9"), {}, Reason.STABLE),
        (
            named.sgd("0.4"),
            {"tau1": 0, "tau2": 9, "batch_size": 1},
            Reason.UNPHYSICAL_NOISE,
        ),
    ]
    for algorithm, arguments, reason in cases:
        verdict = judged(algorithm, SPECTRUM, **arguments)
        assert verdict.reason is reason, (algorithm, verdict)
        assert verdict.explanation
        assert str(verdict)
        assert verdict.to_dict()["reason"] == verdict.reason.value


def test_undecided_bounds_hold_either_way() -> None:
    nearly_critical = 20 / (1 + sympy.sqrt(2) / 10**30)  # exact arithmetic is for rational numbers
    verdict = stability(named.sgd("0.1"), Spectrum([1, nearly_critical]), 8)
    certain = stability(named.sgd("0.1"), Spectrum([1]), 8)
    low, high = verdict.noise_sum_interval
    assert low == pytest.approx(certain.noise_sum)
    assert high == math.inf


def test_a_mode_that_feeds_on_itself_has_no_finite_noise_sum() -> None:
    size = 1 + Fraction(1, 10**25)
    undecided = stability(
        named.sgd(1), noisy(Spectrum([sympy.sqrt(1 + size / 10**50), "0.1"]), tau2=-1), size
    )
    assert undecided.reason is Reason.UNDECIDED_MODE_NOISE
    assert undecided.noise_sum_interval[1] == math.inf
    decided = stability(named.sgd(1), noisy(Spectrum([1, "0.1"]), tau2=-1), size)
    assert decided.reason is Reason.NOISE_SUM
    assert decided.noise_sum == pytest.approx(1e25)
    failed = stability(named.sgd("0.4"), noisy(SPECTRUM, tau2=-1), 1)
    assert failed.reason is Reason.MODE_NOISE
    assert failed.noise_sum == math.inf
    assert failed.margin == -math.inf
    assert failed.to_dict()["margin"] is None


def test_margins_where_stability_comes_back() -> None:
    method = Algorithm.from_recurrence(("1/3", "-1/3", 1), ("-2/3", "-4/5", "-26/15"))
    verdict = stability(method, Spectrum([0.5, 1.4]))
    assert verdict.noiseless_intervals == ((0.0, 1.0), (1.25, 5 / 3))
    assert verdict.stable
    assert verdict.root_margin == pytest.approx(1 - 1.25 / 1.4)
    assert stability(method, Spectrum([1.1])).root_margin < 0
    raised = stability(named.memory_one(-1, 1, "-0.1"), Spectrum([1]))  # stable on 0.1 ... 2
    assert raised.stable
    assert raised.root_margin == pytest.approx(0.5)


def test_a_decimal_scale_of_a_law_is_not_taken_for_a_float() -> None:
    edge, inside = Spectrum.power_law(2, 20), Spectrum.power_law(2, "19.99999999999999999999")
    verdict = stability(named.sgd("0.1"), edge)
    assert verdict.reason is Reason.BOUNDARY and verdict.stable is False
    assert verdict.binding is Reason.ROOT_AT_MINUS_1 and "number 1" in verdict.explanation
    beyond = Spectrum.power_law(2, "20.00000000000000000001")
    assert stability(named.sgd("0.1"), beyond).reason is Reason.NOISELESS
    assert stability(named.sgd("0.1"), inside).stable is not False


def test_how_noiseless_stability_is_proved() -> None:
    # stable below an edge at the largest eigenvalue exactly, and by one unit in the last place
    at, inside = (named.sgd(rate) for rate in (2.0, math.nextafter(2.0, 0)))
    assert stability(at, Spectrum([1])).reason is Reason.BOUNDARY
    assert stability(inside, Spectrum([1])).reason is Reason.STABLE
    isolated = (named.qhm(0.1, 0.9, 1.2), "crossings of the unit circle isolated")
    for method, proof in ((inside, "poles and zeros interlace"), isolated):
        verdict = stability(method, SPECTRUM)
        assert verdict.noiseless_proof == verdict.to_dict()["noiseless_proof"] == proof
        assert f"{verdict.critical_eigenvalue:.6g}; proved: {proof}" in str(verdict)
    assert "none\n" in str(stability(named.sgd(-1), SPECTRUM))  # which needs no reason


def test_smallest_batch_size_where_the_critical_one_is_an_integer() -> None:
    for denominator in range(2, 40):
        for copies in (1, 3, 5):
            spectrum = Spectrum([1], weights=[copies])
            method = named.sgd(Fraction(1, denominator))
            size = stability(method, spectrum, 8).smallest_stable_batch_size
            assert stability(method, spectrum, int(size)).stable
            assert size == 1 or stability(method, spectrum, int(size) - 1).stable is not True


def test_limits_for_noise_of_no_data_are_proved_ones() -> None:
    verdict = stability(named.sgd("0.4"), noisy(SPECTRUM, 0, 9), 3)
    assert verdict.stable is None
    assert verdict.margin == 1  # of the noise itself, which proves nothing here
    critical = verdict.critical_batch_size
    assert stability(named.sgd("0.4"), noisy(SPECTRUM, 0, 9), critical * 1.001).stable
    assert stability(named.sgd("0.4"), noisy(SPECTRUM, 0, 9), critical * 0.999).stable is None


def test_irrational_entries_are_enclosed() -> None:
    for number in (2, 3, 5, 7):
        root = sympy.sqrt(number)
        no_pull = Algorithm(root**2 / 20, b=root / 20, c=root, D=0)
        assert stability(no_pull, Spectrum([1])).reason is Reason.NO_PULL
        method = named.heavy_ball(root / 10, 1 / root)
        near = stability(named.heavy_ball(float(root) / 10, float(1 / root)), SPECTRUM, 8)
        assert stability(method, SPECTRUM, 8).noise_sum == pytest.approx(near.noise_sum, rel=1e-12)
    edge = stability(named.sgd(2 / sympy.sqrt(2)), Spectrum([sympy.sqrt(2)]))
    assert edge.stable is None


def test_undecided_is_not_a_truth_value() -> None:
    edge = sympy.sqrt(38**2 - sympy.Rational(1, 10**40))
    verdict = stability(named.heavy_ball("0.1", "0.9"), Spectrum([edge]))
    assert verdict.stable is None
    with pytest.raises(UndecidedError):
        bool(verdict)


def test_stable_at_every_batch_size() -> None:
    verdict = stability(named.sgd("0.1"), noisy(Spectrum([1]), 1, 1), 1)
    assert verdict.critical_batch_size == 0
    assert verdict.smallest_stable_batch_size == 1
    assert stability(named.sgd(3), Spectrum([1]), 1).critical_batch_size == math.inf


@pytest.mark.parametrize("momenta", [[], [0.9], [0.05 * k for k in range(12)]])
def test_the_critical_batch_size_is_that_of_any_batch_size(momenta: list[float]) -> None:
    """Under full batches nothing asks for the sum by which it is told."""
    method = named.aggmo("0.1", momenta) if momenta else named.sgd("0.1")
    for spectrum in (Spectrum.power_law("1.5"), SPECTRUM):
        some, full = (stability(method, spectrum, size) for size in (9, math.inf))
        assert full.critical_batch_size == some.critical_batch_size > 0


def test_phase_diagram_agrees_with_single_verdicts() -> None:
    rates, sizes = [0.01, 0.2, 0.45, 0.8], [1.0, 8.0, math.inf]
    diagram = phase_diagram(
        named.nesterov,
        noisy(SPECTRUM, tau2=-1),
        x=("learning_rate", rates),
        y=("batch_size", sizes),
        momentum=0.5,
    )
    assert diagram.stable.dims == ("batch_size", "learning_rate")
    for i, size in enumerate(sizes):
        for j, rate in enumerate(rates):
            verdict = stability(named.nesterov(rate, 0.5), noisy(SPECTRUM, tau2=-1), size)
            assert diagram.stable.values[i, j] == {True: 1, False: 0, None: -1}[verdict.stable]
            assert diagram.noise_sum.values[i, j] == pytest.approx(verdict.noise_sum, rel=1e-12)
    coupled = phase_diagram(
        "sgd",
        noisy(SPECTRUM, coupling=np.ones((3, 3))),
        x=("learning_rate", [0.1, 0.3]),
        y=("batch_size", [1, 9]),
    )
    plain = phase_diagram(
        "sgd", SPECTRUM, x=("learning_rate", [0.1, 0.3]), y=("batch_size", [1, 9])
    )
    assert coupled.noise_sum.values == pytest.approx(plain.noise_sum.values, rel=1e-12)


@pytest.mark.slow
def test_very_small_and_very_wide_ranges() -> None:
    tiny = largest_learning_rate("sgd", Spectrum([1], weights=[1e13]), 1)
    assert tiny == pytest.approx(2e-13, rel=1e-9)
    wide = largest_learning_rate("sgd", Spectrum([1]), search=(-1000, 1000))
    ((low, high),) = wide.intervals
    assert (low, high) == pytest.approx((0, 2))
    both = largest_learning_rate(
        "heavy-ball", Spectrum([1]), learning_rate="0.1", parameter="momentum", search=(-50, 1000)
    )
    ((low, high),) = both.intervals
    assert (low, high) == pytest.approx((-0.95, 1))
    for top, rate in ((1e7, 1e-7), (1e-9, 1e7)):
        momentum = largest_learning_rate(
            "heavy-ball", Spectrum([top]), learning_rate=rate, parameter="momentum"
        )
        assert momentum == pytest.approx(1, rel=1e-9)


@pytest.mark.slow
def test_families_that_only_look_like_multiples() -> None:
    def capped(learning_rate: Any) -> Algorithm:
        return named.sgd(min(learning_rate, 5))

    assert largest_learning_rate(capped, Spectrum([0.1])) > 1e6

    def switched(learning_rate: Any) -> Algorithm:
        return named.heavy_ball(learning_rate, 0.9 if learning_rate < 0.5 else 0)

    found = largest_learning_rate(switched, Spectrum([1] * 20), 8)
    assert len(found.intervals) == 2
    for low, high in found.intervals:
        assert stability(switched((low + high) / 2), Spectrum([1] * 20), 8).stable
    with pytest.raises(InputError, match="positional only"):
        largest_learning_rate(lambda x, /: named.sgd(x), SPECTRUM)


@pytest.mark.parametrize(
    "power",
    [-300, 300, *(pytest.param(power, marks=pytest.mark.exhaustive) for power in (-160, 160))],
)
def test_largest_learning_rate_far_from_one(power: int) -> None:
    scale = Fraction(10) ** power
    far, near = Spectrum([4 * scale, scale]), Spectrum([4, 1])
    expected = largest_learning_rate("heavy-ball", near, 8, momentum=0.5)
    searched = {"momentum": 0.5, "search": (0, 1 / scale)}
    for options in ({"momentum": 0.5}, searched):
        found = largest_learning_rate("heavy-ball", far, 8, **options)
        assert found * float(scale) == pytest.approx(expected, rel=1e-9)
    momenta = [
        largest_learning_rate("heavy-ball", x, 8, parameter="momentum", learning_rate=rate)
        for x, rate in ((near, "0.1"), (far, Fraction(1, 10) / scale))
    ]
    assert momenta[0] == pytest.approx(momenta[1], rel=1e-9)


def test_results_travel() -> None:
    largest = largest_learning_rate("sgd", SPECTRUM, 8)
    for copied in (pickle.loads(pickle.dumps(largest)), copy.deepcopy(largest)):
        assert copied == largest
        assert copied.intervals == largest.intervals
        assert copied.noise == largest.noise
    assert not copy.deepcopy(SPECTRUM).eigenvalues.flags.writeable


def test_verdicts_on_fitted_noise_say_that_they_are_estimated(rng: np.random.Generator) -> None:
    X = rng.normal(size=(400, 3))
    assert not stability(named.sgd("0.1"), X, 4).is_estimated
    problem = Problem.from_data(X, noise=Noise.fit(X))
    verdict = stability(named.sgd("0.1"), problem, 4)
    assert verdict.is_estimated
    assert str(verdict).startswith("estimated stable: ")
    assert "estimated tau1 = " in str(verdict)
    assert "misfit" in str(verdict)
    said = verdict.to_dict()
    assert said["estimated"] is True
    assert said["problem"]["estimate"]["tau2_error"] > 0
    assert not stability(named.sgd("0.1"), problem).is_estimated  # full batches


def test_verdicts_are_values() -> None:
    for problem in (SPECTRUM, noisy(SPECTRUM, coupling=np.ones((3, 3))), Spectrum.power_law(1.5)):
        verdict = stability(named.heavy_ball("0.05", "0.9"), problem, 8)
        for same in (pickle.loads(pickle.dumps(verdict)), copy.deepcopy(verdict)):
            assert same.to_dict() == verdict.to_dict()
            assert str(same) == str(verdict)


@pytest.mark.parametrize(
    ("method", "hint"),
    [("heavy-ball", r"such as heavy_ball\(0.1, 0.9\)"), (dana(2), "momentary_stability")],
)
def test_what_is_no_algorithm_is_told_where_to_go(method: Any, hint: str) -> None:
    with pytest.raises(InputError, match=f"algorithm must be an Algorithm, got .*{hint}"):
        stability(method, SPECTRUM)


@pytest.mark.parametrize(("batch_size", "edge"), [("inf", 2), (8, 16 / 9)])
def test_scales_where_products_with_the_rate_leave_the_range(batch_size: Any, edge: float) -> None:
    """2 / rate has no float: every factor had been unstable."""
    for largest in ("1e300", "1e308"):
        rate = f"1e-{largest[2:]}"
        verdict = stability(named.sgd(rate), [largest], batch_size)
        assert verdict.critical_scale == pytest.approx(edge)
