"""Runs on samples against all batches they can have, in the coordinates of the data."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from sgdmem import Algorithm, InputError, Noise, Problem, Spectrum, heavy_ball, sgd, simulate
from sgdmem.numeric.simulation import runs as simulation_runs

Array = np.ndarray[Any, np.dtype[Any]]
SEEDS = 1500
METHODS = {"sgd": sgd("0.2"), "memory": Algorithm("0.15", b="-0.1", c="0.7", D="0.6", a="0.3")}


@dataclass
class Data:
    """Jacobians (n, K, d), labels (n, K, R), the start (d, R), and how samples are drawn."""

    J: Array
    y: Array
    start: Array
    weights: Array | None = None
    replacement: bool = True

    @property
    def problem(self) -> Problem:
        K, R = self.J.shape[1], self.y.shape[2]
        y = self.y[:, 0] if K == 1 else self.y[:, :, 0]
        X = self.J[:, 0] if K == 1 else self.J
        first = self.start if R > 1 else self.start[:, 0]
        return Problem.from_data(
            X, y, start=first, weights=self.weights, replacement=self.replacement
        )

    @property
    def shares(self) -> Array:
        given = np.ones(len(self.J)) if self.weights is None else self.weights
        return np.asarray(given / given.sum())

    def loss(self, w: Array) -> float:
        left = np.einsum("nkd,dr->nkr", self.J, w) - self.y
        return float(np.einsum("nkr,nkr,n->", left, left, self.shares) / 2)

    @property
    def least(self) -> float:
        root = np.sqrt(self.shares)[:, None, None]
        J, y = (x.reshape(-1, x.shape[2]) for x in (self.J * root, self.y * root))
        return self.loss(np.linalg.lstsq(J, y)[0])

    def batches(self, B: int) -> list[tuple[Array, float]]:
        """Return how often each sample is in a batch, for all batches, with their probabilities."""
        n, found = len(self.J), []
        if not self.replacement:
            subsets = list(itertools.combinations(range(n), B))
            return [(np.isin(range(n), s) * 1, 1 / len(subsets)) for s in subsets]
        for counts in itertools.product(range(B + 1), repeat=n):
            if sum(counts) == B:
                ways = math.factorial(B) / math.prod(map(math.factorial, counts))
                found.append((np.array(counts), ways * float(np.prod(self.shares**counts))))
        return found

    def outcomes(self, method: Algorithm, B: int, steps: int) -> tuple[Array, Array]:
        """Return all losses above the least after some steps, and their probabilities."""
        alpha, b, c, D, a = (float(x) for x in (*method.entries, *[0] * 4)[:5])  # M <= 1
        states = [(self.start, np.zeros_like(self.start), 1.0)]
        for _ in range(steps):
            after = []
            for (w, u, p), (counts, q) in itertools.product(states, self.batches(B)):
                left = np.einsum("nkd,dr->nkr", self.J, w + a * u) - self.y
                g = np.einsum("nkd,nkr,n->dr", self.J, left, counts) / B
                after.append((w - alpha * g + b * u, c * g + D * u, p * q))
            states = after
        found = np.array([self.loss(w) for w, _, _ in states]) - self.least
        return found, np.array([p for _, _, p in states])


def some_data(n: int, K: int = 1, R: int = 1, **way: Any) -> Data:
    draw = np.random.default_rng(7 * n + K + R).normal
    return Data(draw(size=(n, K, 3)), draw(size=(n, K, R)), draw(size=(3, R)), **way)


SKEW = np.array([1.0, 5.0, 0.0, 2.0])
CASES = {
    "alike": (some_data(4), 2),
    "weights": (some_data(4, weights=SKEW), 2),
    "counts": (some_data(3), 10),
    "counts, weights": (some_data(4, weights=SKEW), 13),
    "subsets": (some_data(5, replacement=False), 3),
    "one of all": (some_data(5, replacement=False), 1),
    "outputs": (some_data(3, K=2), 2),
    "outputs, subsets": (some_data(4, K=2, replacement=False), 3),
    "labels": (some_data(4, R=2), 2),
    "labels, counts": (some_data(3, R=3), 10),
}


def assert_law(losses: Array, values: Array, shares: Array) -> None:
    """Each loss is one of the values, which come as often as their shares say."""
    order = np.argsort(values)
    values, shares = values[order], shares[order]
    apart = np.append(True, np.diff(values) > 1e-9 * values[1:])  # in two steps some coincide
    values, shares = values[apart], np.add.reduceat(shares, np.flatnonzero(apart))
    nearest = np.abs(losses[:, None] - values).argmin(axis=1)
    assert losses == pytest.approx(values[nearest], rel=1e-9)
    counts, often = np.bincount(nearest, minlength=values.size), shares * SEEDS > 5
    assert not counts[shares == 0].any()
    seen, expected = (np.append(x[often], x[~often].sum()) for x in (counts, shares * SEEDS))
    known = expected > 0
    assert chisquare(seen[known], expected[known]).pvalue > 1e-3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES)
def test_runs_have_the_law_of_all_batches(case: str, method: str) -> None:
    """Each loss is that of some batches, as often as these are drawn."""
    data, B = CASES[case]
    steps = 1 if "counts" in case else 2
    values, shares = data.outcomes(METHODS[method], B, steps)
    found = simulate(METHODS[method], data.problem, B, steps, seeds=SEEDS, record=[0, steps])
    assert found.losses[:, 0] == pytest.approx(data.loss(data.start) - data.least, rel=1e-9)
    assert_law(found.losses[:, 1], values, shares)


def test_the_full_batch_is_gradient_descent() -> None:
    data = some_data(5, replacement=False)
    found = simulate(sgd("0.2"), data.problem, 5, 30, seeds=3)
    w, expected = data.start, []
    for _ in range(31):
        expected.append(data.loss(w) - data.least)
        w = w - 0.2 * np.einsum("nkd,nkr->dr", data.J, data.J @ w - data.y) / 5
    assert found.mean == pytest.approx(np.array(expected), rel=1e-9)
    assert np.isnan(found.z_scores(np.array(expected))).all()  # runs that do not differ


@pytest.mark.parametrize("weights", [None, [1, 5, 3, 2]])
def test_residuals_keep_the_loss_at_its_floor(weights: list[int] | None) -> None:
    data, rate = some_data(4, weights=weights and np.array(weights)), 0.1
    J, y, root = data.J[:, 0], data.y[:, 0, 0], np.sqrt(data.shares)
    e = y - J @ np.linalg.lstsq(J * root[:, None], y * root)[0]
    H, g = np.einsum("nd,ne->nde", J, J), J * e[:, None]
    S = np.eye(3) - rate * H
    moved = np.einsum("n,nij,nkl->ikjl", data.shares, S, S).reshape(9, 9)
    added = rate**2 * np.einsum("n,ni,nj->ij", data.shares, g, g)
    C = np.linalg.solve(np.eye(9) - moved, added.ravel()).reshape(3, 3)
    floor = np.trace(np.tensordot(data.shares, H, 1) @ C) / 2
    found = simulate(sgd(str(rate)), data.problem, 1, 500, seeds=1500, record=[500])
    assert abs(found.mean[0] - floor) < 4.5 * found.standard_error[0]
    assert floor > 20 * found.standard_error[0]


def test_a_model_of_the_noise_draws_the_samples_all_the_same() -> None:
    problem = some_data(5, weights=np.arange(1.0, 6)).problem
    first = simulate(sgd("0.2"), problem, 2, 20)
    modelled = replace(problem, noise=Noise(tau2=-1))
    assert np.array_equal(simulate(sgd("0.2"), modelled, 2, 20).losses, first.losses)


def test_a_start_in_coordinates_of_the_data() -> None:
    for data in (some_data(4), some_data(4, R=2)):
        w = np.linalg.lstsq(data.J[:, 0], data.y[:, 0])[0]
        first = data.start - w
        found = simulate(
            sgd("0.2"), data.problem, 2, 20, start=first if w.shape[1] > 1 else first[:, 0]
        )
        given = simulate(sgd("0.2"), data.problem, 2, 20)
        assert found.losses == pytest.approx(given.losses, rel=1e-9)
        assert np.array_equal(found.losses[:, 0] == found.losses[0, 0], np.ones(16))
        same = simulate(sgd("0.2"), data.problem, 2, 20, start=first[:, 0])  # R times
        assert same.losses.shape == given.losses.shape


def test_squares_have_random_signs() -> None:
    """After one sample, with every combination of signs."""
    given, squares = some_data(4).problem, [1.0, 2.0, 0.5]
    problem = Problem(given.spectrum, given.noise, squares)
    samples, lam, outcomes = problem.samples, problem.spectrum.eigenvalues, []
    assert samples is not None and samples.residuals is not None
    for signs in itertools.product([1, -1], repeat=3):
        w = np.sqrt(lam * squares) * signs
        for z, e in zip(samples.columns[:, 0], samples.residuals[0, :, 0], strict=True):
            outcomes.append(((w - 0.2 * lam * z * (z @ w - e)) ** 2).sum() / 2)
    found = simulate(sgd("0.2"), problem, 1, 1, seeds=SEEDS)
    assert_law(found.losses[:, 1], np.array(outcomes), np.full(32, 1 / 32))


@pytest.mark.parametrize("batch", [1, 3, 5, 100])
@pytest.mark.parametrize("way", [{}, {"weights": np.arange(1.0, 7)}, {"replacement": False}])
def test_the_same_whatever_chunks(
    way: dict[str, Any], batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if batch > 6 and "replacement" in way:
        return
    question = heavy_ball("0.05", "0.5"), some_data(6, K=2, **way).problem, batch, 50
    first = simulate(*question, seeds=3).losses
    monkeypatch.setattr(simulation_runs, "_CHUNK", 100)
    assert np.array_equal(simulate(*question, seeds=3, threads=2).losses, first)


ROWS = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]])
LABELS = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 1.0]])


@pytest.mark.parametrize(
    ("problem", "changes", "message"),
    [
        (
            Problem.from_data(ROWS, LABELS[:, 0], replacement=False),
            {"batch_size": 4},
            "batch_size must be at most the number of samples, 3, without replacement, got 4",
        ),
        (
            Problem.from_data(ROWS, LABELS),
            {"start": np.ones((2, 3))},
            r"start must have shape \(2,\) or \(2, 2\), got \(2, 3\)",
        ),
        (
            replace(Problem.from_data(ROWS, LABELS), start=None),
            {},
            "problem must have a start, as the samples have 2 sets of labels",
        ),
        (
            replace(Problem.from_data(ROWS, LABELS), target=None, start=np.ones(2)),
            {},
            "start must have 2 rows, one for each set of labels, got 1",
        ),
        (
            Problem(Spectrum([2, 1]), start=[[1, 1], [1, 2]]),
            {},
            "start must have one row for Gaussian features, got 2",
        ),
    ],
)
def test_bad_input(problem: Problem, changes: dict[str, Any], message: str) -> None:
    question = {"algorithm": sgd("0.1"), "problem": problem, "batch_size": 2, "steps": 3}
    with pytest.raises(InputError, match=message):
        simulate(**{**question, **changes})
