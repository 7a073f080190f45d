"""Random numbers of simulated runs: against NumPy's generator, and their law."""

from __future__ import annotations

import math
import platform
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from mpmath import mp
from scipy import stats

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.kernel_compiler import compiled_kernels
from sgdmem.numeric.compilation.object_code import ObjectCode, _linked, load_own_code
from sgdmem.numeric.simulation.gaussian_steps import gaussian_source
from sgdmem.numeric.simulation.machine_code_of_normals import draw as in_plain_python
from sgdmem.numeric.simulation.streams import LANES, stream_states

CODE = "sgdmem.numeric.simulation.machine_code_of_normals"


class Words(np.random.bit_generator.ISeedSequence):
    """A seed that is given."""

    def __init__(self, words: Array) -> None:
        self._words = words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Array:
        return np.array(self._words[:n_words], dtype=dtype)


def drawn(streams: Array, count: int) -> Array:
    """Return so many pairs of each lane, shape (2, count, LANES)."""
    numbers = np.empty((2, count * LANES))
    load_own_code(CODE).draw(streams, numbers)
    return numbers.reshape(2, count, LANES)


def box_muller(first: int, second: int) -> tuple[float, float]:
    """Return what is made of two numbers of 64 bits, by the formula."""
    u, angle = 1 - mp.mpf(first >> 12) / 2**52, mp.pi / 2 * (second >> 12) / 2**52
    size, signs = mp.sqrt(-2 * mp.log(u)), (1 - 2 * (second & 1), 1 - (second & 2))
    return float(signs[0] * size * mp.cos(angle)), float(signs[1] * size * mp.sin(angle))


def test_lanes_are_generators_of_numpy() -> None:
    seeds = np.random.SeedSequence(7).spawn(2)
    for seed, streams in zip(seeds, stream_states(seeds), strict=True):
        found = drawn(streams, 20)
        for lane, words in enumerate(seed.generate_state(3 * LANES, np.uint64).reshape(3, -1).T):
            seeded: Any = Words(words)
            raw = np.random.SFC64(seeded).random_raw(40)
            known = np.array([box_muller(*map(int, pair)) for pair in raw.reshape(-1, 2)])
            assert np.allclose(found[:, :, lane].T, known, rtol=0, atol=5e-13)


def test_the_ends_of_uniform_numbers() -> None:
    """From u = 1, which gives 0, to u = 2^-52; and where the power of two changes."""
    middle = int((1 - math.sqrt(0.5)) * 2**52)
    ends = [*range(3), 2**12, 2**62, 2**63, 2**64 - 2**12, 2**64 - 2**13, 2**64 - 2**14, 2**64 - 1]
    ends += [middle + k << 12 for k in range(-2, 4)]
    z = np.random.default_rng(1).integers(2**64, size=LANES, dtype=np.uint64)
    first = np.array(ends, dtype=np.uint64)
    streams = np.array([first - np.uint64(1), 0 * z, z, 0 * z + np.uint64(1)]).view(np.int64)
    second = 9 * z + np.uint64(2)  # what comes next
    found = drawn(streams, 1)[:, 0]
    known = [box_muller(*pair) for pair in zip(ends, second.tolist(), strict=True)]
    assert np.allclose(found.T, known, rtol=1e-12, atol=1e-14)
    sizes = np.hypot(*found)
    assert not sizes[0] and sizes.max() == pytest.approx(math.sqrt(104 * math.log(2)), rel=1e-14)


def test_nothing_is_rounded_differently_in_python() -> None:
    (streams,) = stream_states([np.random.SeedSequence(3)])
    other, numbers = streams.copy(), np.empty((2, 2 * LANES))
    with np.errstate(over="ignore"):
        in_plain_python(other, numbers)
    assert np.array_equal(drawn(streams, 2), numbers.reshape(2, 2, LANES))
    assert np.array_equal(streams, other)


@pytest.mark.parametrize("processor", ["x86-64", "haswell", "skylake-avx512"])
def test_the_same_on_all_processors(processor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs with all their sums; also where a fused product is a function of the C library."""
    needed = {"x86-64": "sse2", "haswell": "avx2", "skylake-avx512": "avx512f"}[processor]
    if platform.machine() != "x86_64" or not llvm.get_host_cpu_features().get(needed):
        pytest.skip(f"this processor is no {processor}")
    source, results = gaussian_source(1, (True,) * 5 + (False,), decays=True), []
    for told in ({}, {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""}):
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        results.append(run_of(_linked(compiled_kernels(source)).run))
    assert all(map(np.array_equal, *results))


def run_of(run: ObjectCode) -> tuple[Array, Array]:
    """Return losses and the state of a run of Nesterov's kind."""
    (streams,) = stream_states([np.random.SeedSequence(1)])
    steps, modes = 20, 1120
    entries = np.tile([0.1, -0.05, 1.0, 0.5, -0.2, 0.0], (steps, 1))
    state, losses = np.zeros((2, modes)), np.zeros(steps)
    state[0] = np.random.default_rng(1).standard_normal(modes)
    squares = np.random.default_rng(2).chisquare(4, steps)
    run(
        *(entries, squares, 4.0, 0.1, 0.01, np.linspace(0.01, 1, modes)[None], streams, state),
        *(np.zeros((1, modes)), np.ones(steps, np.int8), losses, np.zeros(2, np.int64)),
    )
    assert 0 < losses.min() < losses.max() < np.inf
    return losses, state


# The law -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2**15, pytest.param(2**18, marks=pytest.mark.slow)])
def test_the_law(count: int) -> None:
    """Moments, distances of distributions, tails; and what lanes and pairs have in common."""
    (streams,) = stream_states([np.random.SeedSequence(11)])
    x = drawn(streams, count)
    total = x.size
    for power in range(1, 9):
        mean, square = (stats.norm.moment(k) for k in (power, 2 * power))
        error = math.sqrt((square - mean**2) / total)
        assert abs((x**power).mean() - mean) < 4.5 * error
    assert stats.kstest(x.ravel()[: 2**21], "norm").pvalue > 1e-4
    for bound in (2, 3, 4, 5):
        for beyond in ((x > bound).sum(), (x < -bound).sum()):
            expected = total * stats.norm.sf(bound)
            law = stats.poisson(expected)
            assert min(law.cdf(beyond), law.sf(beyond - 1)) > 1e-5
    cells = np.histogram(stats.norm.cdf(x), 1000, (0, 1))[0]
    assert 1e-4 < stats.chisquare(cells).pvalue < 1 - 1e-4
    for f in (np.asarray, np.square, np.abs):  # of pairs, of lanes, and from one to the next
        y = f(x)
        y = np.concatenate([y, np.roll(y, 1, axis=1)], axis=0).transpose(0, 2, 1).reshape(-1, count)
        found = np.corrcoef(y)[np.triu_indices(len(y), 1)] * math.sqrt(count)
        assert np.abs(found).max() < 5.2
        assert abs(found.std() - 1) < 0.1


def test_runs_have_numbers_of_their_own() -> None:
    """States of runs, and the numbers that seeds beside each other give, are all different."""
    states = stream_states(np.random.SeedSequence(0).spawn(200))
    assert len({*states[:, :3].ravel().tolist()}) == states[:, :3].size
    x = np.array([drawn(state, 500).ravel() for state in states])
    found = np.corrcoef(x)[np.triu_indices(len(x), 1)] * math.sqrt(x.shape[1])
    assert np.abs(found).max() < 5.7 and abs(found.std() - 1) < 0.05
