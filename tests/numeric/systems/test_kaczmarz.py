"""Randomized Kaczmarz against exact fractions and literal runs; and what is refused."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem.numeric.systems.kaczmarz import greedy_quadratics, kaczmarz
from sgdmem.numeric.systems.kaczmarz_guarantee import guaranteed_exponent, guaranteed_losses
from sgdmem.numeric.systems.kaczmarz_rate import last_iterate_constant, wait_bound
from sgdmem.numeric.systems.kaczmarz_search import loss_and_gradient, search_slow_system
from sgdmem.numeric.systems.kaczmarz_start import largest_pair, worst_losses
from sgdmem.numeric.systems.kaczmarz_worst import SLOW_LAYERS, layered_limit, layered_system
from sgdmem.symbolic.errors import InputError

RUNS = 100_000
DATA = Path(__file__).parents[3] / "docs" / "data" / "slow_kaczmarz.csv"
INSTANCES: dict[str, dict[str, Any]] = {  # of five kinds; seeds are their places
    "by norm": {"shape": (6, 3)},
    "uniform, relaxed": {"shape": (5, 4), "probabilities": "uniform", "rate": 0.6},
    "given": {"shape": (4, 3), "probabilities": [0.1, 0.2, 0.3, 0.4], "rate": 1.5},
    "blocks": {"shape": (7, 4), "blocks": 2},
    "dependent rows": {"shape": (5, 4), "blocks": [[0, 1, 2], [3], [4, 0]]},
}


def instance(name: str) -> tuple[Any, ...]:
    """Return A, start, the projections, their probabilities, the rate and the problem."""
    given = dict(INSTANCES[name])
    rng = np.random.default_rng(list(INSTANCES).index(name))
    A, rate = rng.normal(size=given.pop("shape")), given.pop("rate", 1.0)
    A[:, 0] += 1
    A[2] = A[0] - A[1]
    start = rng.normal(size=A.shape[1])
    blocks = given.get("blocks", 1)
    if isinstance(blocks, int):
        blocks = [range(i, min(i + blocks, len(A))) for i in range(0, len(A), blocks)]
    parts = [A[list(rows)] for rows in blocks]
    p = given.get("probabilities", [np.sum(part**2) for part in parts])
    p = np.ones(len(parts)) if isinstance(p, str) else np.array(p)
    H = np.array([np.linalg.pinv(part, 1e-10) @ part for part in parts])
    return A, start, H, p / p.sum(), rate, kaczmarz(A, start=start, **given)


@pytest.mark.slow
def test_runs() -> None:
    """Five systems are solved 10^5 times, projection by projection: 60 z-scores, none beyond 3."""
    scores = np.concatenate([z_scores(name) for name in INSTANCES])
    assert scores.size >= 50
    assert (np.abs(scores) > 3).mean() < 0.01
    assert 0.6 < np.sqrt((scores**2).mean()) < 1.5  # those of a system depend on each other


def z_scores(name: str, steps: int = 12) -> Any:
    """Return those of the mean losses after each step; seeds 100 to 104."""
    _, start, H, p, rate, problem = instance(name)
    rng = np.random.default_rng(100 + list(INSTANCES).index(name))
    theory = sgdmem.losses(sgdmem.sgd(rate), problem, 1, steps)
    w, scores = np.tile(start, (RUNS, 1)), []
    mean = np.tensordot(p, H, 1)
    for t in range(1, steps + 1):
        chosen = rng.choice(len(p), RUNS, p=p)
        for i in range(len(p)):
            w[chosen == i] -= rate * w[chosen == i] @ H[i]
        losses = np.einsum("ri,ij,rj->r", w, mean, w) / 2
        scores.append((losses.mean() - theory[t]) / losses.std() * RUNS**0.5)
    return np.array(scores)


def projection(rows: Any) -> Any:
    """Return that on one or two rows, in exact fractions."""
    V = np.array([[Fraction(x) for x in row] for row in rows])
    gram = V @ V.T
    if len(V) == 1:
        return V.T @ V / gram[0, 0]
    inverse = np.array([[gram[1, 1], -gram[0, 1]], [-gram[1, 0], gram[0, 0]]])
    return V.T @ inverse @ V / (gram[0, 0] * gram[1, 1] - gram[0, 1] ** 2)


ROWS = [[1, 2, 2], [2, -3, 6], [0, 0, 7], [4, 4, 7]]
TENTHS = [Fraction(k, 10) for k in (1, 2, 3, 4)]
QUADRATICS: list[Any] = [
    [[1, 0, 0], [0, "1/4", 0], [0, 0, 0]],
    [["1/2", "1/4", 0], ["1/4", "1/2", 0], [0, 0, 1]],
]
QUARTERS = np.array([[[Fraction(x) for x in row] for row in H] for H in QUADRATICS])


@pytest.mark.parametrize("kind", ["given", "uniform", "norms", "sparse", "blocks", "quadratics"])
def test_enumeration_in_fractions(kind: str) -> None:
    """All sequences of 3 steps, with the rates 1, 1/2 and 3/2, in exact fractions."""
    start = [Fraction(k + 2) for k in range(3)]
    H: Any = [projection([row]) for row in ROWS]
    p: Any = [Fraction(1, 4)] * 4
    if kind == "given":
        p, problem = TENTHS, kaczmarz(ROWS, start=start, probabilities=TENTHS)
    elif kind == "uniform":
        problem = kaczmarz(ROWS, start=start, probabilities="uniform")
    elif kind == "norms":
        p, problem = [Fraction(k, 188) for k in (9, 49, 49, 81)], kaczmarz(ROWS, start=start)
    elif kind == "sparse":
        rows = pytest.importorskip("scipy.sparse").csr_array(np.array(ROWS, dtype=float))
        problem = kaczmarz(rows, start=start, probabilities="uniform")
    elif kind == "blocks":
        H, p = [projection(ROWS[:2]), projection(ROWS[2:])], [Fraction(58, 188), Fraction(130, 188)]
        problem = kaczmarz(ROWS, start=start, blocks=2)
    else:
        H, p = list(QUARTERS), [Fraction(1, 3), Fraction(2, 3)]
        problem = greedy_quadratics(QUARTERS.astype(float), start=start, probabilities=p)
    mean = sum(w * X for w, X in zip(p, H, strict=True))
    for rate in (Fraction(1), Fraction(1, 2), Fraction(3, 2)):
        exact = Fraction(0)
        for drawn in itertools.product(range(len(p)), repeat=3):
            w, share = np.array(start), Fraction(1)
            for i in drawn:
                w, share = w - rate * (H[i] @ w), share * p[i]
            exact += share * (w @ mean @ w) / 2
        found = sgdmem.losses(sgdmem.sgd(rate), problem, 1, 3)
        assert found[-1] == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("name", INSTANCES)
def test_worst_start(name: str) -> None:
    """A_t made literally; the worst start has that loss, and nothing else has more."""
    A, _, H, p, rate, problem = instance(name)
    found = worst_losses(problem, 6, rate)
    steps = np.eye(A.shape[1]) - rate * H
    matrix = np.tensordot(p, H, 1)
    for loss in found.losses:
        assert loss == pytest.approx(np.linalg.eigvalsh(matrix)[-1] / 2, rel=1e-12)
        last, matrix = matrix, np.einsum("n,nij,jk,nkl->il", p, steps, matrix, steps)
    assert np.linalg.norm(found.start) == pytest.approx(1)
    assert found.start @ last @ found.start / 2 == pytest.approx(found.losses[-1])


@pytest.mark.parametrize("name", INSTANCES)
def test_worst_start_with_momentum(name: str) -> None:
    """All second moments of two iterates, literally: heavy ball, and Nesterov's gradient ahead."""
    _, _, H, p, _, problem = instance(name)
    one, rate, beta = np.eye(H.shape[1]), Fraction(4, 5), Fraction(1, 3)
    gradients = float(rate) * H
    for method, ahead in ((sgdmem.heavy_ball, 0), (sgdmem.nesterov, 1)):
        push = one + ahead * float(beta) * one  # w + beta (w - previous w), or w
        left = (1 + float(beta)) * one - gradients @ push
        right = -float(beta) * (one - ahead * gradients)
        below = np.broadcast_to(np.hstack([one, 0 * one]), (len(p), len(one), 2 * len(one)))
        steps = np.concatenate([np.concatenate([left, right], axis=2), below], axis=1)
        matrix = np.kron([[1, 0], [0, 0]], np.tensordot(p, H, 1))
        both = np.vstack([one, one])
        every = worst_losses(problem, 6, algorithm=method(rate, beta)).losses
        for loss in every:
            exact = np.linalg.eigvalsh(both.T @ matrix @ both)[-1] / 2
            assert loss == pytest.approx(exact, rel=1e-12)
            matrix = np.tensordot(p, np.swapaxes(steps, 1, 2) @ matrix @ steps, 1)
        some = worst_losses(problem, [2, 5], algorithm=method(rate, beta))
        assert list(some.losses) == list(every[[2, 5]]) and list(some.steps) == [2, 5]


def test_largest_eigenvalue_of_large_matrices() -> None:
    """By Lanczos and a proof; by all eigenvalues where Lanczos finds another one."""
    rng = np.random.default_rng(2)
    Q = np.linalg.qr(rng.normal(size=(200, 200)))[0]
    for values in (np.linspace(0, 1, 200), np.ones(200), np.arange(200) == 7):
        matrix = (Q * values) @ Q.T
        largest, vector = largest_pair(matrix)
        assert largest == pytest.approx(1, rel=1e-12)
        assert matrix @ vector == pytest.approx(vector, abs=1e-10)
    split = np.diag(np.arange(1.0, 201))
    assert largest_pair(split, np.eye(200)[3])[0] == pytest.approx(200)  # a start without it


def test_systems_with_labels() -> None:
    """A system is solved from 0 as its homogeneous one is from minus the solution."""
    A, start, *_ = instance("blocks")
    for blocks in (None, 2):
        given = kaczmarz(A, A @ start, blocks=blocks)
        alike = kaczmarz(A, start=start, blocks=blocks)
        found = [sgdmem.losses(sgdmem.sgd(1), each, 1, 9) for each in (given, alike)]
        np.testing.assert_allclose(found[0], found[1], rtol=1e-10)


def test_sparse_rows() -> None:
    """Sparse rows are dense ones, also in blocks, and of a symmetric matrix."""
    sparse = pytest.importorskip("scipy.sparse")
    A = sparse.random(40, 8, 0.3, random_state=1, format="lil")
    A[:, 0] = 1
    for given in ({}, {"blocks": 4}, {"probabilities": "uniform"}):
        found = [worst_losses(kaczmarz(X, **given), 5).losses for X in (A, A.toarray())]
        np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
    assert len(kaczmarz(np.eye(3)).spectrum) == len(kaczmarz(sparse.eye(3)).spectrum) == 3


@pytest.mark.parametrize("blocks", [None, 2])
def test_lengths_of_rows_do_not_matter(blocks: int | None) -> None:
    """Their squares would overflow and underflow in floats, and in small integers."""
    sparse = pytest.importorskip("scipy.sparse")
    A, b = np.array([[18, 0, 20], [30, 40, 1], [1, 2, 2]]), np.array([1.0, 2, 3])
    usual = sgdmem.losses(sgdmem.sgd(1), kaczmarz(A, b, blocks=blocks), 1, 3)
    for scale in (1e-200, 1e200):
        for form in (np.array, sparse.csr_array):
            other = kaczmarz(form(A * scale), b * scale, blocks=blocks)
            np.testing.assert_allclose(sgdmem.losses(sgdmem.sgd(1), other, 1, 3), usual, rtol=1e-12)
    small = kaczmarz(sparse.csr_array(A.astype(np.int8)), b, blocks=blocks)
    np.testing.assert_allclose(sgdmem.losses(sgdmem.sgd(1), small, 1, 3), usual, rtol=1e-12)
    lengths = np.array([1e-200, 1, 1e200])
    mixed = kaczmarz(A * lengths[:, None], b * lengths, blocks=blocks, probabilities="uniform")
    alike = kaczmarz(A, b, blocks=blocks, probabilities="uniform")
    found = [sgdmem.losses(sgdmem.sgd(1), each, 1, 3) for each in (mixed, alike)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
    with pytest.raises(InputError, match="data must be finite"):
        kaczmarz(sparse.csr_array([[1.0, np.nan]]))


def test_greedy_quadratics() -> None:
    """Kaczmarz is one of them, and others follow their map of moments."""
    _, start, H, p, _, problem = instance("blocks")
    alike = greedy_quadratics(H, probabilities=p, start=start)
    found = [sgdmem.losses(sgdmem.sgd(1), each, 1, 5) for each in (problem, alike)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
    rng = np.random.default_rng(7)
    Z = rng.normal(size=(3, 4, 4))
    H = Z @ np.swapaxes(Z, 1, 2)
    H /= np.linalg.norm(H, 2, axis=(1, 2)).max()
    matrix = H.mean(axis=0)
    for loss in worst_losses(greedy_quadratics(H), 4).losses:
        assert loss == pytest.approx(np.linalg.eigvalsh(matrix)[-1] / 2, rel=1e-12)
        matrix = ((np.eye(4) - H) @ matrix @ (np.eye(4) - H)).mean(axis=0)


def test_guarantee() -> None:
    """The exponent solves the integral at its maximum; a coarse grid of h has no more than all."""
    from scipy.integrate import quad

    for rate in (0.3, 1.0, 1.7):
        a = guaranteed_exponent(rate)

        def integral(x: float, rate: float = rate, a: float = a) -> float:
            found = quad(lambda u: np.exp(-2 * x * (1 - u)), 0, 1, weight="alg", wvar=(-a, 0))[0]
            return float(rate * x * found)

        assert integral(a / (2 - rate)) == pytest.approx(1, abs=1e-8)
        assert max(integral(a / (2 - rate) * s) for s in (0.5, 0.9, 1.1, 2)) < 1
        every = guaranteed_losses(500, rate)
        few = guaranteed_losses(500, rate, np.geomspace(1e-4, 1, 30))
        assert (few <= every * (1 + 1e-5)).all()
        assert few[-1] > 0.9 * every[-1]
        assert np.log2(every[250] / every[500]) == pytest.approx(a, abs=0.01)
    t = np.arange(1, 2001)
    assert 0.278 < (guaranteed_losses(2000)[1:] * t**0.75).max() < 0.2783


def test_guarantee_is_proved_for_all_h() -> None:
    """The equation in exact fractions, at any h, is below what is returned, and not by much."""
    for rate in (Fraction(1, 4), Fraction(1), Fraction(3, 2)):
        h = [Fraction(k, 60) for k in range(1, 61)]
        b, found = h, guaranteed_losses(8, rate)
        for bound in found:
            most = max(b)
            assert 0 <= 2 * bound - most <= 0.05 * bound
            raised = [most if 2 * rate * x > 1 else y for x, y in zip(h, b, strict=True)]
            pairs = zip(h, raised, strict=True)
            b = [(1 - 2 * rate * x) * y + rate**2 * most * x for x, y in pairs]
    t = np.arange(1, 29)
    rate_bound = last_iterate_constant() / 29
    assert (guaranteed_losses(28)[1:] <= 0.2783 * t**-0.75).all()
    assert rate_bound <= 0.2783 * 28**-0.75  # and the power is the larger one ever after


@pytest.mark.parametrize("rate", [0.5, 1.0, 1.5])
def test_proof_of_the_rate(rate: float) -> None:
    """Every inequality of the proof, as matrices, for random rows, blocks and quadratics."""
    rng, constant = np.random.default_rng(5), 2 * last_iterate_constant(rate)
    cases = [instance(name)[2:4] for name in INSTANCES]
    Z = rng.normal(size=(4, 3, 2)) / 3
    cases.append((Z @ np.swapaxes(Z, 1, 2), np.full(4, 0.25)))
    for H_i, p in cases:
        assert np.linalg.eigvalsh(H_i).max() < 1 + 1e-12
        one, H = np.eye(H_i.shape[1]), np.tensordot(p, H_i, 1)
        lam, V = np.linalg.eigh(H)
        U, steps, jumps = one - rate * H, one - rate * H_i, rate * (H_i - H)

        def mean(left: Any, B: Any, p: Any = p) -> Any:
            return np.tensordot(p, left @ B @ left, 1)

        def below(A: Any, B: Any) -> bool:
            return bool(np.linalg.eigvalsh(B - A)[0] > -1e-12)

        A = [H]
        for _ in range(400):
            A.append(mean(steps, A[-1]))
        assert below(sum(A), one / (rate * (2 - rate)))
        powers = [np.linalg.matrix_power(U, s) for s in range(400)]
        phi = sum(W @ mean(jumps, one) @ W for W in powers)
        assert below(phi, (V * (rate * (1 - lam) / (2 - rate * lam))) @ V.T)
        gamma = (V * [wait_bound(float(x), rate) for x in np.maximum(lam, 1e-9)]) @ V.T
        assert below(gamma, constant * (one - phi))
        for t in (0, 1, 5, 30):
            wait = (t + 1) * powers[t] @ H @ powers[t]
            for s in range(t):
                wait += (s + 1) * powers[s] @ mean(jumps, A[t - s - 1]) @ powers[s]
            assert below(wait, gamma)
            assert below((t + 1) * A[t], constant * one)


def test_a_worst_case_is_a_line() -> None:
    found, other = (worst_losses(kaczmarz(np.eye(2)), steps) for steps in (1000, [3]))
    assert str(other) == "mean loss 0.03125 after 3 steps from the worst start in 2 dimensions"
    assert "\n" not in repr(found) and len(repr(found)) < 100
    assert found != other


def test_layers() -> None:
    """Systems of layers come to their limit as layers become wide, from below."""
    for layers, steps, widths in (((0.66, 2.455), 400, (10, 40)), ((0.7, 1.5, 4.6), 600, (3, 6))):
        near, far = ((2 * steps * worst(layered_system(steps, m, layers), steps)) for m in widths)
        limit = 2 * layered_limit(layers)
        assert near < far < limit
        assert limit - far < 0.8 * (limit - near)
    least = 2 * layered_limit()
    assert least == pytest.approx(0.454025, abs=2e-6)
    for k in range(len(SLOW_LAYERS)):  # and no other eight are slower
        for factor in (0.8, 1.25):
            other = np.array(SLOW_LAYERS)
            other[k] *= factor
            assert 2 * layered_limit(other) < least + 1e-9


def test_search() -> None:
    """The gradient is that of differences; what is found is what it says; the best one is data."""
    rng = np.random.default_rng(0)
    A, logits, step = rng.normal(size=(4, 3)), rng.normal(size=4), 1e-6
    _, of_rows, of_logits = loss_and_gradient(A, logits, 5)
    for given, gradient in ((A, of_rows), (logits, of_logits)):
        place = tuple(int(rng.integers(size)) for size in given.shape)
        ends = []
        for sign in (1, -1):
            given[place] += sign * step
            ends.append(loss_and_gradient(A, logits, 5)[0])
            given[place] -= sign * step
        assert gradient[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5)
    found = search_slow_system(2, 2, 30)
    assert 2 * 30 * worst(found, 30) == pytest.approx(0.36784, abs=1e-5)
    table = np.loadtxt(DATA, delimiter=",", skiprows=1)
    best = worst_losses(kaczmarz(table[:, 1:], probabilities=table[:, 0]), 100).losses[-1]
    assert 2 * 100 * best == pytest.approx(0.434799, abs=1e-6)


def worst(system: Any, steps: int) -> float:
    problem = kaczmarz(system.A, probabilities=system.probabilities)
    return float(worst_losses(problem, steps).losses[-1])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: kaczmarz([1.0, 2.0]), "A must be of the shape"),
        (lambda: kaczmarz([[1.0, 0], [0, 0]]), "row 1 is one"),
        (lambda: kaczmarz([[1.0, 2]], [1.0, 2]), "b must have an entry for each of 1 rows"),
        (lambda: kaczmarz([[1.0, 2]], probabilities="norm"), "probabilities must be"),
        (lambda: kaczmarz([[1.0, 2]], blocks=2), "blocks"),
        (lambda: kaczmarz([[1.0, 2]], blocks=[0]), "blocks must be a size, or lists of rows"),
        (lambda: greedy_quadratics(np.eye(2)), "H must be of the shape"),
        (lambda: greedy_quadratics([[[1.0, 1], [0, 1]]]), "symmetric"),
        (lambda: greedy_quadratics([[[2.0]]]), "divide by the smoothness"),
        (lambda: guaranteed_losses(3, 2), "learning_rate must be below 2"),
        (lambda: guaranteed_losses(3, 1, [2.0]), "eigenvalues must be from 0 to 1"),
        (lambda: guaranteed_exponent(0.001), "learning_rate must be from 0.01 to 1.9"),
        (lambda: last_iterate_constant(1.95), "learning_rate must be from 0.01 to 1.9"),
        (lambda: layered_limit([-1]), "layers must be positive"),
        (lambda: layered_limit([1, 1e300]), "numbers up to 10.6"),
        (lambda: layered_system(1000, 2, (1, 0.1, 5)), "layers must be above 0.7.* in place 2"),
        (lambda: layered_system(1000, 100, (1, 2, 3)), "at most 4,000 coordinates"),
        (lambda: search_slow_system(2, 1, 3), "rows must be"),
        (lambda: kaczmarz(np.eye(2), probabilities=[1, -1]), "probabilities must be 2 numbers"),
        (lambda: kaczmarz(np.eye(2), probabilities=[1]), "probabilities must be 2 numbers"),
        (
            lambda: worst_losses(kaczmarz(np.eye(2)), 1, 0.5, algorithm=sgdmem.sgd(1)),
            "of the algorithm",
        ),
        (lambda: layered_system(5, 10), "steps must be 2[0-9] or more, got 5"),
        (lambda: search_slow_system(2, 2, 0), "steps"),
        (lambda: worst_losses([1.0, 2], 3), "one of samples"),
        (lambda: worst_losses(kaczmarz([[1.0, 2]]), -1), "steps"),
        (lambda: worst_losses(kaczmarz([[1.0, 2]]), [2, 1]), "a number or increasing ones"),
        (lambda: worst_losses(kaczmarz(np.eye(300)), [10**8]), "steps must be at most"),
    ],
)
def test_bad_input(make: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()
