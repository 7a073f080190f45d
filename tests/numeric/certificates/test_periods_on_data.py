"""Proofs of periods on data, of epochs with a smaller last batch, and of averaged workers."""

from __future__ import annotations

import copy
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from sgdmem import Noise, Problem, Spectrum, certify, heavy_ball, sgd, stability
from sgdmem.errors import InputError, ProofError
from sgdmem.methods import periodic_stability
from sgdmem.proofs import check_proof
from sgdmem.symbolic.certificates.sampled_periods import read_sampled_period

ROWS = [["1", "1/2"], ["-1/3", "1"], ["1/2", "0"]]
STEPS = [heavy_ball("0.3", "0.5"), heavy_ball("0.9", "0.2")]


def number(x: Any) -> Any:
    return fmpq(*Fraction(x).as_integer_ratio())


def batch_matrix(method: Any, batch: tuple[int, ...]) -> Any:
    """Return what a step does to (w, u) with the rows of a batch."""
    alpha, (b,), (c,), ((D,),), (a,), _ = method.blocks
    A = [[sum(Fraction(ROWS[s][i]) * Fraction(ROWS[s][j]) for s in batch) / len(batch)
          for j in range(2)] for i in range(2)]  # fmt: skip
    one = [[Fraction(i == j) for j in range(2)] for i in range(2)]
    blocks = [
        [
            lambda i, j: one[i][j] - alpha * A[i][j],
            lambda i, j: b * one[i][j] - alpha * a * A[i][j],
        ],
        [lambda i, j: c * A[i][j], lambda i, j: D * one[i][j] + c * a * A[i][j]],
    ]  # fmt: skip
    return fmpq_mat(
        [[number(blocks[i // 2][j // 2](i % 2, j % 2)) for j in range(4)] for i in range(4)]
    )


def enumerated(X: Any, batches: list[list[tuple[int, ...]]], workers: int) -> Any:
    """Return the mean second moments after a period, over all batches of all workers."""
    ways = []
    for chosen in product(*batches):
        S = fmpq_mat([[number(i == j) for j in range(4)] for i in range(4)])
        for method, batch in zip(STEPS, chosen, strict=True):
            S = batch_matrix(method, batch) * S
        ways.append(S)
    total = 0 * X
    for team in product(ways, repeat=workers):
        mean = sum(team[1:], team[0]) / workers
        total += mean * X * mean.transpose()
    return total / len(ways) ** workers


@pytest.mark.parametrize("workers", [1, 2])
def test_the_checker_knows_what_a_period_does(workers: int) -> None:
    """Against all batches, of size 2 without replacement; for one worker of 2, then 1."""
    pairs: list[tuple[int, ...]] = [(0, 1), (0, 2), (1, 2)]
    single: list[tuple[int, ...]] = [(0,), (1,), (2,)]
    X = fmpq_mat([[number(Fraction(1 + (i * j) % 3 + 4 * (i == j), 7)) for j in range(4)]
                  for i in range(4)])  # fmt: skip
    problem = Problem.from_data(ROWS, replacement=False)
    record = certify(STEPS, problem, 2, workers=workers).record
    assert read_sampled_period(record).after(X) == enumerated(X, [pairs, pairs], workers)
    if workers == 1:
        problem = Problem.from_data(ROWS, replacement=False, drop_last=False)
        record = certify(STEPS, problem, 2).record
        assert record["inverse_batch_size"] == ["1/2", "1"]
        assert read_sampled_period(record).after(X) == enumerated(X, [pairs, single], 1)


def test_samples_of_several_rows_of_uneven_probabilities() -> None:
    """Against all batches of two workers, with decay, of rows that do not span their space."""
    samples = [[["1", "1/2", "3/2"], ["0", "1", "1"]], [["1/2", "0", "1/2"], ["1", "-1", "0"]]]
    chances, decay = [Fraction(3, 4), Fraction(1, 4)], "1/7"
    given = np.array([[[Fraction(x) for x in line] for line in rows] for rows in samples])
    problem = Problem.from_data(given, weights=[3, 1], weight_decay=decay)
    record: Any = certify(STEPS, problem, 2, workers=2).record
    basis = fmpq_mat([[number(x) for x in line] for line in record["witness"]["basis"]])
    assert (basis.nrows(), basis.ncols(), record["problem"]["outputs"]) == (3, 2, 2)
    one = np.array([[Fraction(i == j) for j in range(3)] for i in range(3)])

    def step(method: Any, batch: tuple[int, ...]) -> Any:
        alpha, (b,), (c,), ((D,),), (a,), _ = method.blocks
        H = sum(given[s].T @ given[s] for s in batch) / len(batch) + Fraction(decay) * one
        S = np.block([[one - alpha * H, b * one - alpha * a * H], [c * H, D * one + c * a * H]])
        return fmpq_mat([[number(x) for x in line] for line in S.tolist()])

    ways = []
    for batches in product(product(range(2), repeat=2), repeat=2):
        chance = prod(chances[s] for batch in batches for s in batch)
        first, second = map(step, STEPS, batches)
        ways.append((number(chance), second * first))
    X = fmpq_mat([[number(Fraction(1 + (i * j) % 3 + 4 * (i == j), 7)) for j in range(4)]
                  for i in range(4)])  # fmt: skip
    both = fmpq_mat([[basis[i % 3, j % 2] if i // 3 == j // 2 else number(0) for j in range(4)]
                     for i in range(6)])  # fmt: skip
    start = both * X * both.transpose()
    expected = 0 * start
    for (p, S), (q, T) in product(ways, repeat=2):
        mean = (S + T) / 2
        expected += p * q * (mean * start * mean.transpose())
    after = read_sampled_period(record).after(X)
    assert both * after * both.transpose() == expected


def test_claims_are_those_of_verdicts() -> None:
    X = np.random.default_rng(0).normal(size=(11, 3)).round(2)
    for rates in (["0.1", "0.5"], ["0.6", "1.2"], ["0.6", "1.0"]):
        for steps in ([sgd(x) for x in rates], [heavy_ball(x, "0.3") for x in rates]):
            for workers in (1, 3):
                proof = certify(steps, X, 2, workers=workers)
                verdict = periodic_stability(steps, X, 2, workers=workers, proof=False)
                assert proof.stable is verdict.stable
    model = Problem(Spectrum([1, "0.5"]), Noise(1, "1/2"))
    for rate in ("0.4", "1.5", "1.9"):
        for workers in (1, 3):
            steps = [sgd("0.1"), sgd(rate)]
            proof = certify(steps, model, 1, workers=workers)
            verdict = periodic_stability(steps, model, 1, workers=workers)
            assert proof.stable is verdict.stable
    for rate in ("0.9", "1.05", "1.2"):
        problem = Problem.from_data(X, drop_last=False)
        assert certify(sgd(rate), problem, 4).stable is stability(sgd(rate), problem, 4).stable


def test_on_the_boundary_exactly() -> None:
    """A row of 1 or of 0: the factor of a step with rate 2 is (1 + 1) / 2, its mean 0."""
    rows: Any = [["1"], ["0"]]
    record = certify([sgd(2), sgd(2)], rows, 1).record
    assert record["claim"] == "boundary"
    stays = {**record, "claim": "unstable", "witness": {"X": record["witness"]["X"]}}
    assert check_proof(stays).claim == "unstable"
    with pytest.raises(ProofError, match="X is not 0"):
        check_proof({**stays, "witness": {"X": [["0"]]}})
    assert certify([sgd(2), sgd(2)], rows, 1, workers=2).claim == "stable"
    tiny = Fraction(1, 10**25)
    assert certify([sgd(2), sgd(2 - tiny)], rows, 1).claim == "stable"
    assert certify([sgd(2), sgd(2 + tiny)], rows, 1).claim == "unstable"
    # one eigenvalue: (1 - x)^2 + x^2 / B = 1 at x = 1 = B, and 1 / W with W workers
    assert certify([sgd(1)], [1], 1).claim == "boundary"
    assert certify([sgd(1)], [1], Fraction(1, 2), workers=2).claim == "boundary"
    assert certify([sgd(1)], [1], Fraction(1, 2) + tiny, workers=2).claim == "stable"
    assert certify([sgd(1)], [1], Fraction(1, 2) - tiny, workers=2).claim == "unstable"


def test_false_claims_are_refused() -> None:
    stable: Any = certify([sgd("0.3"), sgd("0.5")], ROWS, 2, workers=2).record
    unstable: Any = certify([sgd("3"), sgd("4")], ROWS, 2, workers=2).record
    assert (stable["claim"], unstable["claim"]) == ("stable", "unstable")
    remembers = certify(STEPS, ROWS, 2).record["steps"][0]
    size = len(stable["witness"]["Y"])
    changes: list[tuple[Any, str, Any, str]] = [
        (stable, "steps", unstable["steps"], "is positive definite"),
        (stable, "claim", "unstable", "no witness of the claim"),
        (stable, "workers", 0, "workers must be an integer"),
        (stable, "steps", stable["steps"][:1], "a matrix of each step"),
        (stable, "steps", [], "a period has some steps"),
        (stable, "steps", [stable["steps"][0], remembers], "all steps have the same memory"),
        (stable, "inverse_batch_size", ["1/2"], "each step has a batch size"),
        (stable, "inverse_batch_size", ["1/2", "9"], "is positive definite"),
        (stable, "inverse_batch_size", ["1/2", "-1"], "not be negative|is not negative"),
        (unstable, "claim", "stable", "no witness of the claim"),
    ]
    for record, key, value, because in changes:
        with pytest.raises(ProofError, match=because):
            check_proof({**record, key: value})
    with pytest.raises(ProofError, match="workers are averaged after a period"):
        check_proof({**certify(sgd("0.3"), ROWS, 2).record, "workers": 2})
    for name in "YZ":
        for k in range(size if name == "Y" else size - 1):
            wrong = copy.deepcopy(stable)
            wrong["witness"][name][k] = [["1/9", "0"], ["0", "1/9"]]
            with pytest.raises(ProofError, match="is positive definite"):
                check_proof(wrong)
    wrong = copy.deepcopy(unstable)
    wrong["witness"]["vector"] = ["0", "0"]
    with pytest.raises(ProofError, match="negative somewhere"):
        check_proof(wrong)


def test_what_is_no_period_is_said() -> None:
    with pytest.raises(InputError, match="one epoch, 2 steps, got 3"):
        certify([sgd("0.1")] * 3, Problem.from_data(ROWS, drop_last=False), 2)
    with pytest.raises(InputError, match="must be a list of steps"):
        certify(sgd("0.1"), ROWS, 2, workers=2)
    with pytest.raises(InputError, match="at most 100 numbers of w and memory"):
        certify([sgd("0.001")] * 2, np.eye(102)[:101], 2)


def test_second_moments_that_prove_nothing_are_refused() -> None:
    steps = [sgd("0.3"), sgd("0.5")]
    record: Any = certify(steps, ROWS, 2).record
    flat: Any = certify(steps, [["1", "0"], ["1/2", "0"], ["1", "0"]], 2).record
    assert record["claim"] == flat["claim"] == "stable"
    still, one, none = ([[a, "0"], ["0", b]] for a, b in (("0", "1"), ("1", "1"), ("0", "0")))
    for given, claim, X, because in (
        (record, "unstable", one, r"A\(X\) - X is semidefinite"),
        (record, "unstable", none, "X is not 0"),
        (record, "unstable", [["-1", "0"], ["0", "-1"]], "X is semidefinite"),
        (record, "boundary", none, "X is positive definite"),
        (record, "boundary", one, r"A\(X\) is X"),
        (flat, "unstable", still, "span"),  # no gradient moves it
        (flat, "boundary", one, "span"),
    ):
        with pytest.raises(ProofError, match=because):
            check_proof({**given, "claim": claim, "witness": {"X": X}})
