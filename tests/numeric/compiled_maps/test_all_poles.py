"""Members judged by all poles of their summands, against exact arithmetic and single verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compilation.object_code import load_own_code
from sgdmem.numeric.compiled_maps import judge_by_all_poles, machine_code_of_all_poles
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import NOISE, PEAK, RADIUS, ROWS, STATE
from sgdmem.numeric.compiled_maps.points import Points
from sgdmem.numeric.noise_sums.mode_summands import ball_form
from sgdmem.numeric.noise_sums.noise_sum import noise_sums
from sgdmem.numeric.noise_sums.summand_poles import SummandPoles
from sgdmem.numeric.poles.program_in_pairs import LANES
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.programs.program import trace
from sgdmem.symbolic.zoo.named_algorithms import aggmo, heavy_ball, nesterov
from tests.numeric.compiled_maps.test_map_sums import (
    SHORT,
    Build,
    Sums,
    compare,
    last_stable,
    random_family,
    random_members,
)

SLOWEST = 10**7


def summed(build: Build, values: Mapping[str, Sequence[Fraction]], spectrum: Spectrum) -> Sums:
    """Sum over the members with these parameters; ``share`` is tau2 / B."""
    own = {name: column for name, column in values.items() if name != "share"}
    found = family_program(build, own)
    assert found is not None
    columns = np.array([judge_by_all_poles.pairs(values[name]) for name in found[0].parameters])
    size, damped = columns.shape[2], "share" in values
    share = Ball.exactly(values["share"]) if damped else Ball(np.zeros(size), np.zeros(size))
    out = np.empty((ROWS, size))

    def read(piece: slice) -> tuple[Array, Array]:
        some = columns[:, :, piece].transpose(1, 0, 2)
        return np.ascontiguousarray(some), np.array([share.mid[piece], share.rad[piece]])

    def write(piece: slice, rows: Array) -> None:
        out[:, piece] = rows

    judge_by_all_poles.judge_by_all_poles(found[0], size, spectrum, damped, read, write)
    return Sums(out[NOISE], out[RADIUS], out[PEAK], out[STATE].astype(np.int8))


def slow_mixture(memory: int, rng: np.random.Generator) -> Build:
    """Return a mixture of a step of SGD and heavy balls with dampings down to 1e-7."""
    dampings = [
        Fraction(SLOWEST ** -float(x)).limit_denominator(10**12) for x in rng.random(memory)
    ]
    shares = [Fraction(1 + int(x), 100) for x in rng.integers(0, 99, memory + 1)]

    def build(rate: Fraction, mix: Fraction) -> Algorithm:
        dampings_here = [*dampings[:-1], mix * dampings[-1]]
        return Algorithm(
            rate * sum(shares),
            [-rate * share * (1 - x) for share, x in zip(shares[1:], dampings_here, strict=True)],
            [1] * memory,
            [[1 - x if i == j else 0 for j in range(memory)] for i, x in enumerate(dampings_here)],
        )

    return build


@pytest.mark.parametrize("damped", [False, True])
@pytest.mark.parametrize(
    "memory", [1, 2, 4, *(pytest.param(M, marks=pytest.mark.slow) for M in (0, 3, 5, 6, 7))]
)
def test_random_members(memory: int, damped: bool, rng: np.random.Generator) -> None:
    """Their poles are real and complex, near and far."""
    build, values = random_family(memory, rng), random_members(16, damped, rng)
    stable, open_ = compare(build, values, summed(build, values, SHORT))
    assert stable > 2
    assert open_ == 0


@pytest.mark.parametrize("memory", [2, *(pytest.param(M, marks=pytest.mark.slow) for M in (4, 6))])
def test_slow_parts(memory: int, rng: np.random.Generator) -> None:
    build, values = slow_mixture(memory, rng), random_members(12, False, rng)
    values["rate"] = [rate / 20 for rate in values["rate"]]
    values["mix"] = [mix + Fraction(1, 1000) for mix in values["mix"]]
    sums = summed(build, values, SHORT)
    stable, open_ = compare(build, values, sums)
    assert stable > 2
    assert open_ == 0
    assert (sums.radius[sums.state == 1] < 1e-7 * sums.noise[sums.state == 1]).all()


@pytest.mark.parametrize(
    "spectrum",
    [
        Spectrum.power_law(1.5),
        pytest.param(Spectrum.power_law(1.1), marks=pytest.mark.slow),
        pytest.param(Spectrum.power_law(3), marks=pytest.mark.slow),
        pytest.param(Spectrum.power_law(1.5, count=10**6), marks=pytest.mark.slow),
        pytest.param(Spectrum(np.linspace(0.01, 1, 20_000) ** 4), marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("damped", [False, True])
def test_long_spectra(spectrum: Spectrum, damped: bool, rng: np.random.Generator) -> None:
    """Poles are far below all nodes but the last ones; balls on single members tell the same."""
    build, values = slow_mixture(3, rng), random_members(6, damped, rng)
    values["rate"] = [rate / 20 for rate in values["rate"]]
    values["mix"] = [mix + Fraction(1, 1000) for mix in values["mix"]]
    if damped:
        values["share"] = [share / 20 for share in values["share"]]
    sums = summed(build, values, spectrum)
    known = 0
    for k, state in enumerate(sums.state.tolist()):
        form = ball_form([build(values["rate"][k], values["mix"][k])])
        share = Ball.exactly([values["share"][k] if damped else Fraction(0)])[0]
        single = noise_sums(form, spectrum, share)
        assert state * single.damped[0] >= 0
        if state == single.damped[0] == 1:
            known += 1
            error = abs(sums.noise[k] - single.noise.mid[0])
            assert error <= sums.radius[k] + single.noise.rad[0]
            assert sums.radius[k] <= 1e-9 * sums.noise[k]
    assert known >= 2


@pytest.mark.parametrize("memory", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_never_wrong_beside_the_edge_without_noise(memory: int, rng: np.random.Generator) -> None:
    """At distances of 1e-6 to 1e-17; most of them down to some 1e-10 are decided."""
    build = random_family(memory, rng)
    edge, steps = last_stable(build), [Fraction(10 ** -(6 + k / 2)) for k in range(23)]
    rates = [edge * (1 + sign * step) for step in steps for sign in (-1, 1)]
    values = {"rate": rates, "mix": [Fraction(1, 2)] * len(rates)}
    sums = summed(build, values, SHORT)
    compare(build, values, sums)
    assert (sums.state[:8] != 0).mean() >= 0.75


def test_steps_of_106_bits(rng: np.random.Generator) -> None:
    """The bounds hold the exact results, and are as small as they should be."""

    def steps(x: Fraction, y: Fraction) -> list[Fraction]:
        return [x + y, x - y, x * y, x / y, (x - y) / (x + y) * x, 1 / (x * x - Fraction(1, 3))]

    program = trace(steps, ["x", "y"])
    encoded, constants = judge_by_all_poles.encoded(program, ["x", "y"])
    drawn = [
        [Fraction(int(a), int(b)) for a, b in rng.integers(1, 10**17, (100, 2))] for _ in range(2)
    ]
    near = [x * (1 + Fraction(1, 10**20)) for x in drawn[0][:20]]
    drawn[1][:20] = near
    values = np.array([judge_by_all_poles.pairs(x) for x in drawn])
    run, rows = load_own_code(*judge_by_all_poles.KERNELS).run, []
    for begin in range(0, 112, LANES):
        given = values[:, :, np.arange(begin, begin + LANES) % 100]
        space = np.empty((len(encoded), 3, LANES))
        run(encoded, constants, given.ravel(), space.ravel())
        rows.append(space[list(program.outputs)])
    out = np.concatenate(rows, axis=2).transpose(1, 0, 2)
    for k in range(100):
        exact = steps(drawn[0][k], drawn[1][k])
        for found, truth in zip(out[:, :, k].T.tolist(), exact, strict=True):
            error = abs(Fraction(found[0]) + Fraction(found[1]) - truth)
            assert error <= Fraction(found[2] * (1 + 1e-9))
    assert (out[2, :4] <= 1e-27 * (abs(drawn[0][0]) + np.abs(out[0, :4]) + 1e6)).all()


@pytest.mark.parametrize("tau2", [0, -1])
def test_a_map_leaves_nothing_to_single_verdicts(tau2: int) -> None:
    """With tau2 < 0, although poles near 0 have large weights, which nearly cancel."""
    problem = Problem(Spectrum.power_law(1.5), Noise(1, tau2))
    axes = {
        "rate": [Fraction(k, 3) for k in range(1, 6)],
        "momentum": [Fraction(k, 5) for k in range(5)],
    }
    slow = [1 - Fraction(1, 10**k) for k in (2, 4, 6)]
    program = family_program(lambda rate, momentum: aggmo(rate, [momentum, *slow]), axes)

    def build(rate: Fraction, momentum: Fraction) -> Algorithm:
        raise AssertionError("a point is judged by itself")

    judge = FamilyJudge(build, program, problem, 256)
    found = judge.judge(Points(axes, ["rate", "momentum"]))
    assert (found.stable == 1).any() and (found.stable == 0).any()
    for place in (0, 7, 24):
        rate, momentum = axes["rate"][place // 5], axes["momentum"][place % 5]
        single = stability(aggmo(rate, [momentum, *slow]), problem, 256)
        assert found.stable[place] == single.stable
        assert found.noise_sum[place] == pytest.approx(single.noise_sum, rel=1e-9)


@pytest.mark.parametrize("size", [1e-250, 1e-150, 1e-110, 1e110, 1e150, 1e250])
def test_any_unit_of_the_eigenvalues(size: float, rng: np.random.Generator) -> None:
    """What leaves the range of floats is left open, not taken for 0."""
    build, values = slow_mixture(2, rng), random_members(40, True, rng)
    values["rate"] = [rate / 20 for rate in values["rate"]]
    known = summed(build, values, Spectrum([1, 0.5, 0.125]))
    unit = Fraction(size)
    values["rate"] = [rate / unit for rate in values["rate"]]
    scaled = summed(build, values, Spectrum(size * np.array([1, 0.5, 0.125])))
    assert (known.state == 1).any()
    assert (scaled.state * known.state >= 0).all()
    sure = (scaled.state == 1) & (known.state == 1)
    apart = np.abs(scaled.noise - known.noise)[sure]
    assert (apart <= (scaled.radius + known.radius)[sure]).all()
    assert sure.any() == (1e-120 < size < 1e120)


@pytest.mark.parametrize("share", [0, Fraction(1, 2), 5])
@pytest.mark.parametrize("momenta", [["0.5", "0.9"], ["0.5", "0.6", "0.7"]])
def test_the_error_of_few_nodes_is_in_the_bound(momenta: list[str], share: Any) -> None:
    """What it says of disks is no less than the summand at points of their edges."""
    law = Spectrum.power_law(1.5)
    short = law.compress(1e-4)
    vars(law)["deeply_compressed"] = short
    rates = [Fraction(1, 10), Fraction(1), Fraction(2)]
    values = {"rate": rates} | ({"share": [Fraction(share)] * 3} if share else {})
    sums = summed(lambda rate: aggmo(rate, momenta), values, law)
    edges = short.centers[:, None] + short.reaches[:, None] * np.exp(1j * np.linspace(0, np.pi, 50))
    for k, rate in enumerate(rates):
        assert sums.state[k] == 1
        found = SummandPoles.of(aggmo(rate, momenta).polynomials)
        assert found is not None
        summand = sum(
            edges * weight / (pole - edges)
            for pole, weight in zip(found.poles.mid, found.weights.mid, strict=True)
        )
        summand = summand / (1 + float(share) * edges * summand)
        assert sums.radius[k] >= (short.errors * np.abs(summand).max(axis=1)).sum()


@pytest.mark.parametrize(
    "build",
    [
        lambda rate: heavy_ball(2 * rate, "0.999"),
        lambda rate: heavy_ball(2 * rate, "0.999999"),
        lambda rate: nesterov(rate / 2, "0.9999"),
        lambda rate: aggmo(2 * rate, ["0.9973", "0.9"]),
    ],
)
@pytest.mark.parametrize("size", [1, 16])
def test_noise_far_beyond_what_dampens_it(build: Callable[[Any], Algorithm], size: int) -> None:
    """Where tau2 > 0 and s may be a million times B, on disks, too."""
    problem = Problem(Spectrum.power_law(1.5), Noise(1, "1/2"))
    rates = [Fraction(k, 4) for k in range(1, 8)]
    values = {"rate": rates, "share": [Fraction(1, 2 * size)] * 7}
    sums = summed(build, values, problem.spectrum)
    assert (sums.state == 1).all()
    for k in (0, 6):
        single = stability(build(rates[k]), problem, size).noise_sum
        assert abs(sums.noise[k] / size - single) <= sums.radius[k] / size + 1e-9 * single


def test_no_bound_where_a_product_has_lost_digits() -> None:
    """W'(y) is a normal number, but what it begins with is none."""
    W = np.array([1e-120, 0, 1e-290, 1e-97, 0, 1e-300, 1e-297, 0, 0])
    roots, radii = np.array([1e-23, 0, 0, 0, 1e200, 0, 0, 0]), np.array([1e-200, 1])
    rows = [np.repeat(x, LANES) for x in (np.ones(2), roots, radii)]
    found = np.empty(3 * LANES)
    slope_at = load_own_code(*judge_by_all_poles.KERNELS).slope_at
    slope_at(np.repeat(W, LANES), 2, 0, 2, *rows, found)
    slope, _, error = found[::LANES].tolist()
    assert abs(Fraction(slope) + Fraction(10) ** -120) <= error * 1e-120


def test_machine_code_does_what_its_text_says(rng: np.random.Generator) -> None:
    """In plain Python the kernels give the same, but for products and sums that round once."""
    build, values = random_family(2, rng), random_members(5, True, rng)
    found = family_program(build, {name: values[name] for name in ("rate", "mix")})
    assert found is not None
    program, parameters = found[0].program, found[0].parameters
    columns = np.array([judge_by_all_poles.pairs(values[name]) for name in parameters])
    shares = Ball.exactly(values["share"])
    short = SHORT.deeply_compressed
    results = []
    for judge in (
        load_own_code(*judge_by_all_poles.KERNELS).judge,
        machine_code_of_all_poles.judge,
    ):
        steps, constants = judge_by_all_poles.encoded(program, parameters)
        space, out = np.empty(3 * LANES * (len(parameters) + len(steps))), np.empty((ROWS, 5))
        with np.errstate(all="ignore"):
            judge(
                *(steps, constants, np.array(program.outputs), 2),
                np.ascontiguousarray(columns.transpose(1, 0, 2)),
                np.array([shares.mid, shares.rad]),
                *(short.nodes, short.weights * short.nodes, short.node_spread, 1e-16),
                *(short.centers, short.reaches, short.errors, True),
                *(judge_by_all_poles.first_angles(2), space, out),
            )
        results.append(out)
    assert (results[0][STATE] == 1).any()
    np.testing.assert_array_equal(results[0][STATE], results[1][STATE])
    np.testing.assert_allclose(results[0], results[1], rtol=1e-13)


def test_members_beside_each_other_do_not_matter(rng: np.random.Generator) -> None:
    """Their sums are the same to the last bit, whoever else is in the row."""
    build, values = random_family(3, rng), random_members(40, True, rng)
    whole = summed(build, values, SHORT)
    order = rng.permutation(40)[:33]
    some = summed(build, {name: [x[k] for k in order] for name, x in values.items()}, SHORT)
    for name, column in vars(whole).items():
        np.testing.assert_array_equal(column[order], vars(some)[name])
