"""What the rule is told of many algorithms at once, against exact arithmetic on lists and laws."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import Algorithm, Noise, Problem, Spectrum, heavy_ball, sgd
from sgdmem.numeric.judges.joint_judge import JointJudge, trace_kind
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.judges.stability_rule import REASONS
from sgdmem.numeric.noise_sums.epoch_operator import EpochOperator
from sgdmem.numeric.noise_sums.kinds_of_noise import noise_operator
from sgdmem.numeric.noise_sums.mode_summands import form_under
from sgdmem.numeric.noise_sums.noise_operator import MatrixOperator, ScalarOperator
from sgdmem.numeric.noise_sums.sampled_operator import SampledOperator
from tests import draws, naive
from tests.exact_verdicts import ExactMethod, ExactNoise, inverse_of, minors_are_positive, rational

HALF = sgd("1/2")  # s = lambda / (4 - lambda)


def judge(algorithms: Any, spectrum: Spectrum, noise: Noise, size: Any) -> JointJudge:
    """Return a question about several algorithms."""
    at = noise.at(size)
    return JointJudge(form_under(at, algorithms, spectrum.weight_decay), spectrum, at)


def reasons(found: JointJudge) -> list[Reason]:
    """Return which conditions decide."""
    return [REASONS[code] for code in found.codes]


def expected(s: list[Any] | None, known: ExactNoise, inverse: Any) -> Reason:
    """Return the reason, by the oracle."""
    if s is None:
        return Reason.NOISELESS
    if known.is_stable(s, inverse):
        return Reason.STABLE
    return Reason.MODE_NOISE if known.damped(s, inverse) is None else Reason.NOISE_SUM


def stable_ones(rng: np.random.Generator, memory: int, largest: float) -> list[naive.Raw]:
    """Draw four algorithms, most of them stable."""
    found = []
    for _ in range(4):
        alg = draws.random_algorithm(rng, memory)
        for _ in range(5):
            S = naive.state_matrix(naive.mapped(alg, float), largest)
            if np.abs(np.linalg.eigvals(np.array(S, float))).max() < 1:
                break
            alg = naive.scaled(alg, Fraction(1, 4))
        found.append(alg)
    return found


@pytest.mark.parametrize("kind", ["two-parameter", "by mode", "coupled", "alone"])
def test_lists(kind: str, rng: np.random.Generator) -> None:
    seen = set()
    for memory in (0, 1, 2, 3):
        _, lam, tau1, tau2, _ = draws.random_problem(rng, memory)
        T: Any = None
        own: Any = tau2
        if kind == "coupled":
            T, own = draws.random_coupling(rng, len(lam))
        elif kind == "by mode":
            own = [Fraction(int(x), 4) for x in rng.integers(-40, 5, len(lam))]
        elif kind == "alone":
            tau1, own = 0, -3
        noise = Noise(tau1, own) if T is None else Noise.coupled(T, own)
        known = ExactNoise(lam, tau1, own, T)
        algs = stable_ones(rng, memory, float(max(lam)))
        summands = [known.summands(ExactMethod(*alg)) for alg in algs]
        for size in (0.01, 1, 100, math.inf):
            found = judge([Algorithm(*alg) for alg in algs], Spectrum(lam), noise, size)
            inverse = inverse_of(size) if size < math.inf else rational(0)
            low, high = found.radius
            for k, s in enumerate(summands):
                reason = reasons(found)[k]
                if reason.is_open:
                    continue
                seen.add(reason)
                assert reason is expected(s, known, inverse)
                unsummed = reason in (Reason.NOISELESS, Reason.MODE_NOISE)
                assert found.is_summed[k] == (not unsummed)
                if unsummed:
                    assert found.noise_sum[k] == math.inf
                    continue
                assert s is not None
                if size == math.inf or kind == "alone":
                    assert (
                        0 <= low[k] <= found.noise_sum[k] == found.estimate[k] <= high[k] < 1e-300
                    )
                    assert kind == "coupled" or high[k] == 0
                elif T is None:
                    total: Any = known.noise_sum(s, inverse)
                    assert rational(low[k]) <= total <= rational(high[k])
                else:
                    shares: Any = known.damped(s, inverse)
                    for level, below in ((high[k] * (1 + 1e-15) + 1e-300, True), (low[k], False)):
                        matrix = [
                            [
                                rational(level) * (i == j) - x * rational(t)
                                for j, t in enumerate(row)
                            ]
                            for i, (x, row) in enumerate(zip(shares, T, strict=True))
                        ]
                        assert level == 0 or minors_are_positive(matrix) is below
                assert high[k] - low[k] <= 1e-5 * high[k] + 1e-300
                assert found.noise_sum[k] == found.estimate[k] == (low[k] + high[k]) / 2
    assert {Reason.STABLE, Reason.NOISELESS} <= seen
    assert (Reason.MODE_NOISE if kind in ("by mode", "alone") else Reason.NOISE_SUM) in seen


def test_floats_of_the_radius(rng: np.random.Generator) -> None:
    """Shares are s / (B + tau2 s)."""
    lam, weights = [1.0, 0.5, 0.25], [1.0, 2.0, 3.0]
    spectrum, shares = Spectrum(lam, weights), rng.uniform(0.1, 1, (2, 3))
    plain = noise_operator(Noise(3).at(2), spectrum)
    assert plain.estimate(shares, np.array(weights)) == pytest.approx(3 * shares @ weights)
    none = noise_operator(Noise(0, -1).at(2), spectrum)
    assert none.estimate(shares, np.array(weights)).tolist() == [0, 0]
    law = noise_operator(Noise().at(2), Spectrum.power_law(1))
    assert law.estimate(shares, np.array(weights)).tolist() == [math.inf, math.inf]
    T = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.5, 0.0, 1.0]])
    coupled = noise_operator(Noise.coupled(T).at(2), spectrum)
    radii = [np.abs(np.linalg.eigvals(x[:, None] * T * weights)).max() for x in shares]
    assert coupled.estimate(shares, np.array(weights)) == pytest.approx(radii, rel=1e-11)


def test_which_operator() -> None:
    spectrum, rows = Spectrum([1, 1]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    assert type(noise_operator(Noise().at(2), spectrum)) is ScalarOperator
    assert type(noise_operator(Noise.coupled([[1, 0], [0, 1]]).at(2), spectrum)) is MatrixOperator
    for kept, kind in ((True, SampledOperator), (False, EpochOperator)):
        problem = Problem.from_data(rows, replacement=False, drop_last=kept)
        assert type(noise_operator(problem.noise.at(2), problem.spectrum)) is kind


def test_conditions_in_their_order() -> None:
    still, moving = Algorithm(1, [1], [1], [[0]]), heavy_ball("1/2", "1/2")
    assert reasons(judge([still, moving], Spectrum([1]), Noise(), 8)) == [
        Reason.NO_PULL, Reason.STABLE
    ]  # fmt: skip
    # s / (B + tau2 s) = 1 / (3 B - 1) is 1 at B = 2/3, and without bound at 1/3
    one = Spectrum([1])
    for size, reason in (
        (Fraction(67, 100), Reason.STABLE),
        (Fraction(66, 100), Reason.NOISE_SUM),
        (Fraction(2, 3), Reason.UNDECIDED_NOISE_SUM),
        (Fraction(33, 100), Reason.MODE_NOISE),
        (Fraction(1, 3), Reason.UNDECIDED_MODE_NOISE),
    ):
        found = judge([HALF], one, Noise(1, -1), size)
        assert reasons(found) == [reason]
        assert found.is_summed.tolist() == [
            reason not in (Reason.MODE_NOISE, Reason.UNDECIDED_MODE_NOISE)
        ]
        infinite = not found.is_summed[0]
        assert np.isinf(found.noise_sum).tolist() == [infinite]
    edge = judge([HALF], Spectrum([4]), Noise(), 8)
    assert reasons(edge) == [Reason.UNDECIDED_NOISELESS]
    assert edge.noise_sum.tolist() == [math.inf]
    assert not edge.is_summed.any()


def test_more_of_a_mode_than_of_the_trace() -> None:
    """tau2 > tau1: only what small gains prove, and what the spectrum disproves."""
    one = Spectrum([1])  # s = 1/3
    for tau1, tau2, size, reason in (
        (Fraction(1, 2), 1, 1, Reason.STABLE),  # 1/4 for -1
        (Fraction(1, 2), 1, "0.51", Reason.STABLE),  # (1/6) / (0.51 - 1/3) < 1
        (Fraction(1, 2), 1, "0.49", Reason.UNPHYSICAL_NOISE),  # 1/6 / (0.49 - 1/3) > 1
        (4, 5, "0.5", Reason.UNPHYSICAL_NOISE),  # 4/3 / (0.5 + 5/3) = 8/13
        (20, 21, "0.1", Reason.UNPHYSICAL_NOISE),  # 20/3 / 7.1 < 1
        (Fraction(1, 2), 1, "0.3", Reason.UNPHYSICAL_NOISE),  # -1 does not damp it
    ):
        found = judge([HALF], one, Noise(tau1, tau2), Fraction(size))
        assert found.is_unphysical
        assert reasons(found) == [reason]
    many = Spectrum([1], weights=[100])  # (100/6) / (B + 1/3)
    for size, reason in ((1, Reason.NOISE_SUM), (16, Reason.NOISE_SUM), (20, Reason.STABLE)):
        found = judge([HALF], many, Noise(Fraction(1, 2), 1), size)
        assert reasons(found) == [reason]
    between = judge([HALF], many, Noise(Fraction(1, 2), 1), Fraction(50, 3))  # 16.3 to 17
    assert reasons(between) == [Reason.UNPHYSICAL_NOISE]
    edge = judge([HALF], many, Noise(Fraction(1, 2), 1), Fraction(49, 3))  # exactly 1
    assert reasons(edge) == [Reason.UNPHYSICAL_NOISE]
    undamped = judge([HALF], Spectrum([1, 2]), Noise(1, [-100, 5]), 4)  # a mode, by itself
    assert reasons(undamped) == [Reason.UNPHYSICAL_NOISE]
    unstable = judge([HALF], Spectrum([5]), Noise(Fraction(1, 2), 1), 1)
    assert reasons(unstable) == [Reason.UNPHYSICAL_NOISE]
    quiet = judge([HALF], one, Noise(Fraction(1, 2), 1), math.inf)
    assert not quiet.is_unphysical
    assert reasons(quiet) == [Reason.STABLE]
    assert not judge([HALF], one, Noise(1, 1), 1).is_unphysical


def test_laws_without_a_sum() -> None:
    noise = Noise().at(4)
    for exponent, kind in ((0.3, 2), (0.5, 2), (0.51, 1), (1.0, 1), (1.01, 0)):
        law = Spectrum.power_law(exponent)
        assert trace_kind(noise, law) == kind
        assert trace_kind(Noise().at(math.inf), law) == 0
        assert trace_kind(Noise(0, -1).at(4), law) == 0
        assert trace_kind(noise, Spectrum.power_law(exponent, count=100)) == 0
        found = judge([sgd("0.1")], law, Noise(), 4)
        reason = (Reason.STABLE, Reason.TRACE_DIVERGES, Reason.SQUARES_DIVERGE)[kind]
        if kind:
            assert reasons(found) == [reason]
            assert found.noise_sum.tolist() == [math.inf]
    assert trace_kind(noise, Spectrum([1, 0.5])) == 0


def test_full_batches_ask_for_no_sum() -> None:
    """A delayed gradient that is stable to its largest eigenvalue is not looked at further."""
    delayed = Algorithm.from_recurrence([0] * 11 + [1], ["-1/100", *[0] * 11])
    for size, infinite in ((math.inf, False), (8, False)):
        found = judge([delayed], Spectrum.power_law(2), Noise(), size)
        assert np.isinf(found.noise_sum).tolist() == [infinite]
        assert (found.sums.noise.mid[0] == 0) == (size == math.inf)


def test_samples_are_estimated_between_their_bounds(rng: np.random.Generator) -> None:
    problem = Problem.from_data(rng.normal(size=(12, 3)))
    at = problem.noise.at(4)
    algorithms = [sgd("0.3"), sgd("0.1"), sgd("20")]
    form = form_under(at, algorithms)
    found = JointJudge(form, problem.spectrum, at, sharp=False)
    sharp = JointJudge(form, problem.spectrum, at)
    assert reasons(found) == reasons(sharp)
    for k in range(2):
        low, high = (float(part[k]) for part in found.radius)
        assert low <= float(sharp.radius[0][k]) * (1 + 1e-9)
        assert high >= float(sharp.radius[1][k]) * (1 - 1e-9)
        assert low <= found.estimate[k] <= high
        assert found.estimate[k] == pytest.approx(sharp.noise_sum[k], rel=0.05)
    assert found.noise_sum[2] == math.inf
    assert (found.radius[0][2], found.radius[1][2]) == (0, math.inf)
