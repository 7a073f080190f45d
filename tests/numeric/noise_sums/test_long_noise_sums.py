"""Sums over laws by a rule, against all their eigenvalues one by one; with short heads."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import Algorithm, InputError, Noise, Spectrum, heavy_ball, nesterov, sgd
from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.noise_sums import noise_sum
from sgdmem.numeric.noise_sums.listed_noise_sum import NoiseSums, sums_of_modes
from sgdmem.numeric.noise_sums.mode_summands import ball_form, form_under, mode_summands
from sgdmem.numeric.noise_sums.noise_sum import compressed_noise_sum, noise_sums
from tests.numeric.judges.test_law_gaps import double_pole, shifted, windowed

NONE, HALF = Ball(np.array(0.0)), sgd("1/2")


@pytest.fixture(autouse=True)
def _short_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule begins after few eigenvalues, so that short laws tell what it does."""
    monkeypatch.setattr(noise_sum, "_HEADS", (40, 320))


def both(
    algorithm: Algorithm, law: Spectrum, tau2_share: float = 0.0
) -> tuple[NoiseSums, NoiseSums]:
    """Return the sums by the rule, and one by one."""
    form, share = ball_form([algorithm]), Ball(np.array(tau2_share))
    lam = Ball(law.eigenvalues, np.abs(law.eigenvalues) * 2.0**-50)
    return noise_sums(form, law, share), sums_of_modes(form, lam, np.ones(len(law)), share)


def overlap(first: Ball, second: Ball) -> bool:
    """Whether two enclosures have numbers in common."""
    return bool((first.lower <= second.upper).all() and (second.lower <= first.upper).all())


@pytest.mark.parametrize("tau2_share", [0.0, -0.02, 2.0])
@pytest.mark.parametrize("exponent", [0.7, 1.5, 3.0])
def test_sums_by_the_rule(exponent: float, tau2_share: float) -> None:
    law = Spectrum.power_law(exponent, count=6000)
    for algorithm in (sgd(1), heavy_ball("1/2", "0.9"), nesterov("1/4", "0.9")):
        found, listed = both(algorithm, law, tau2_share)
        assert found.schur.tolist() == found.damped.tolist() == [1]
        assert found.worst.tolist() == [-1]
        for ball, other in (
            (found.noise, listed.noise), (found.output_noise, listed.output_noise)
        ):  # fmt: skip
            assert overlap(ball, other)
            assert (ball.rad <= 1e-9 * ball.mid).all()
        assert found.smallest_damping[0] == pytest.approx(listed.smallest_damping[0], rel=1e-3)


def test_a_batch_is_as_each_by_itself() -> None:
    law = Spectrum.power_law(1.5, count=6000)
    algorithms = [sgd("1/2"), sgd(3), sgd("1/4")]
    together = noise_sums(ball_form(algorithms), law, NONE)
    assert together.schur.tolist() == [1, -1, 1]
    assert together.worst.tolist() == [-1, 0, -1]
    for k, algorithm in enumerate(algorithms):
        alone = noise_sums(ball_form([algorithm]), law, NONE)
        assert alone.noise.mid.tolist() == [together.noise.mid[k]]
        assert alone.noise.rad.tolist() == [together.noise.rad[k]]


HEADS = pytest.mark.parametrize("heads", [(40, 320), (40,)])


@HEADS
@pytest.mark.parametrize("k", [100, 900])
def test_an_eigenvalue_in_a_window(
    k: int, heads: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the head, a window of instability at one eigenvalue is found, and none beside it."""
    monkeypatch.setattr(noise_sum, "_HEADS", heads)
    exponent = 1.5
    method, begin, end = windowed(float(k) ** -exponent, 0.5 * exponent / k)
    middle = math.sqrt(begin * end)
    on_one = both(method, shifted(exponent, k, middle, 6000))[0]
    assert (on_one.schur.tolist(), on_one.worst.tolist()) == ([-1], [k - 1])
    assert on_one.damped[0] <= 0
    between, listed = both(method, shifted(exponent, k + 0.5, middle, 6000))
    assert between.schur[0] == between.damped[0] != -1
    assert listed.schur.tolist() == [1]
    assert between.schur[0] in (0, 1)
    if between.schur[0] == 1:
        assert overlap(between.noise, listed.noise)
    short = shifted(exponent, k, middle, k - 1)  # ends before
    assert both(method, short)[0].schur[0] >= 0


@HEADS
@pytest.mark.parametrize(("k", "zero"), [(90, "5.8"), (100, "5.8")])
def test_an_eigenvalue_without_damping(
    k: int, zero: str, heads: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where s has a narrow peak, 1 + (tau2/B) s is below 0 at one eigenvalue beyond the head."""
    monkeypatch.setattr(noise_sum, "_HEADS", heads)
    exponent, d = 1.5, Fraction(float(k) ** -1.5)
    method = double_pole(d, Fraction(zero))  # for small d a window opens at 5.83
    form, grid = ball_form([method]), np.linspace(0.3, 0.5, 4001) * float(d)
    s = (Ball(grid) * mode_summands(form, Ball(grid)).noise).mid[0]
    peak = float(grid[s.argmax()])
    law = shifted(exponent, k, peak, 6000)
    each = np.sort(
        (Ball(law.eigenvalues) * mode_summands(form, Ball(law.eigenvalues)).noise).mid[0]
    )
    assert each[-1] > 1.02 * each[-2]
    between_two = -2 / (each[-1] + each[-2])
    for share, sign in ((between_two, -1), (-0.9 / each[-1], 1), (between_two / 1e3, 1)):
        found, listed = both(method, law, share)
        assert found.schur[0] in (0, 1)
        assert listed.damped.tolist() == [sign]
        assert found.damped[0] in (sign, 0)
        if sign == -1:
            assert found.damped[0] == -1
            assert found.worst[0] == listed.worst[0] == k - 1
        elif found.damped[0] == 1:
            assert overlap(found.noise, listed.noise)


def test_infinite_laws() -> None:
    """Of SGD s = lambda / (4 - lambda): what is beyond a list is near the integral of k^-2 / 4."""
    listed = both(HALF, Spectrum.power_law(2, count=6000))[1]
    found = noise_sums(ball_form([HALF]), Spectrum.power_law(2), NONE)
    assert found.schur.tolist() == found.damped.tolist() == [1]
    assert float(found.noise.rad[0]) < 1e-9
    beyond = float(found.noise.mid[0] - listed.noise.mid[0])
    assert beyond == pytest.approx(1 / 4 / 6000.5, rel=1e-6)


def test_full_batches_of_long_memory_are_not_summed() -> None:
    zeros = [0] * 11
    delayed = [Algorithm.from_recurrence([*zeros, 1], [f"-1/{n}", *zeros]) for n in (20, 50)]
    fast = [Algorithm.from_recurrence([*zeros, 1], ["-1/5", *zeros]), delayed[0]]
    for spectrum in (Spectrum.power_law(2), Spectrum([1, 0.5])):
        found = noise_sums(form_under(Noise().at(2), delayed), spectrum, NONE, spreads=False)
        assert found.schur.tolist() == found.damped.tolist() == [1, 1]
        assert found.noise.mid.tolist() == found.output_noise.mid.tolist() == [0, 0]
        assert (found.smallest_damping.tolist(), found.worst.tolist()) == ([1, 1], [-1, -1])
        summed = noise_sums(form_under(Noise().at(2), delayed), spectrum, NONE)
        assert (summed.noise.mid > 0).all()
        found = noise_sums(form_under(Noise().at(2), fast), spectrum, NONE, spreads=False)
        assert found.schur.tolist() == [-1, 1]


def test_compressed_sums() -> None:
    law = Spectrum.power_law(1.5, count=6000)
    method = heavy_ball("0.5", "0.9")
    _, listed = both(method, law)
    exact = float(listed.noise.mid[0])
    for wanted in (1e-3, 1e-6, 1e-12):
        value, error = compressed_noise_sum(method, law.compress(relative_error=wanted))
        assert abs(value - exact) <= error + 1e-12 * exact
        assert error <= 10 * wanted * exact
        assert error >= 1e-5 * wanted * exact  # of the quadrature


def test_compressed_sums_without_a_bound() -> None:
    compressed: Any = Spectrum.power_law(1.5, count=3000).compress(relative_error=1e-3)
    with pytest.raises(InputError, match="not certainly stable at the node 1;"):
        compressed_noise_sum(sgd(2), compressed)
    nodes = np.sort(compressed.nodes)
    place = int(np.searchsorted(nodes, 1e-3))
    between = math.sqrt(nodes[place] * nodes[place - 1])  # a window of instability there
    method, begin, end = windowed(1e-4, 0.02)
    method = method.scaled(Fraction(math.sqrt(begin * end) / between))
    with pytest.raises(InputError, match="a pole of the noise summand may lie") as caught:
        compressed_noise_sum(method, compressed)
    words = str(caught.value).split()
    low, high = (float(words[words.index(x) + 1].rstrip(",")) for x in ("between", "and"))
    ends = np.array([compressed.centers + x * compressed.reaches for x in (-1, 1)]).T
    assert np.isclose(ends, [low, high], rtol=1e-5, atol=1e-9).all(axis=1).any()
    assert low < between < high
