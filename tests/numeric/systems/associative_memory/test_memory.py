"""One step on an associative memory, against plain sums, other matrix functions and brute force."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.linalg import inv, sqrtm
from scipy.special import logsumexp

from sgdmem.numeric.systems.associative_memory import contest
from sgdmem.numeric.systems.associative_memory import memory as memories
from sgdmem.symbolic.errors import InputError
from sgdmem.systems import AssociativeMemory, newton_step, spectral_step


@pytest.mark.parametrize("block", [4096, 5])
def test_gradient_is_that_of_the_softmax(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Differences of a sum over all pairs, of the population and of a batch."""
    monkeypatch.setattr(memories, "BLOCK", block)
    memory = AssociativeMemory(3, "1.5", 12, seed=2)
    u, v = memory.inputs().astype(float), memory.outputs().astype(float)
    for batch_size in (math.inf, 5):
        shares = memory.shares(batch_size)
        assert shares.sum() == pytest.approx(1)

        def loss(W: Any, shares: Any = shares) -> float:
            return -float(
                sum(
                    share * (v[i] @ W @ u[i] - logsumexp([x @ W @ u[i] for x in v]))
                    for i, share in enumerate(shares)
                )
            )

        steps = 1e-5 * np.eye(9).reshape(9, 3, 3)
        slopes = [(loss(-step) - loss(step)) / 2e-5 for step in steps]
        assert memory.step(batch_size).ravel() == pytest.approx(np.array(slopes), abs=1e-9)


@pytest.mark.parametrize("batch_size", [math.inf, 60])
def test_newton_step_has_the_hessian_of_the_softmax(batch_size: float) -> None:
    """Second differences of the loss at 0, entry by entry."""
    memory = AssociativeMemory(2, "1.5", 9, seed=4)
    u, v, shares = memory.inputs(), memory.outputs(), memory.shares(batch_size)

    def loss(W: Any) -> float:
        scores = u.astype(float) @ W.T @ v.T.astype(float)
        return float(shares @ (logsumexp(scores, axis=1) - scores.diagonal()))

    h, units = 1e-3, np.eye(4).reshape(4, 2, 2)
    hessian = [
        [
            sum(s * t * loss(h * (s * a + t * b)) for s in (1, -1) for t in (1, -1)) / (4 * h**2)
            for b in units
        ]
        for a in units
    ]
    found = np.array(hessian) @ newton_step(memory, batch_size).ravel()
    assert found == pytest.approx(memory.step(batch_size).ravel(), rel=1e-4)


def test_frequencies_and_batches() -> None:
    memory = AssociativeMemory(4, 2, seed=1)
    assert memory.items == 16
    assert memory.frequencies[0] / memory.frequencies[2] == pytest.approx(9)
    counts = 1000 * memory.shares(1000)
    assert counts == pytest.approx(counts.round()) and counts.sum() == pytest.approx(1000)
    expected = 1000 * memory.frequencies
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected + 1)).all()
    many = memory.step(10**14) - memory.step()
    assert np.abs(many).max() < 1e-6
    assert (memory.step("inf") == memory.step()).all()
    assert memory.regularization() == memory.frequencies[3]
    assert memory.regularization(2) == 0.5
    p = memory.frequencies
    assert memory.regularization(learned=9) == pytest.approx(p[8] * 1.5)
    assert memory.regularization(learned=2) == p[3]


@pytest.mark.parametrize("regularization", [0, 1e-3, 1, 100])
def test_spectral_step(regularization: float) -> None:
    G = np.random.default_rng(0).normal(size=(7, 5))
    found = G @ inv(sqrtm(G.T @ G + regularization**2 * np.eye(5)))
    assert spectral_step(G, regularization) == pytest.approx(found, rel=1e-10, abs=1e-14)
    assert spectral_step(G.T, regularization) == pytest.approx(found.T, rel=1e-10, abs=1e-14)


def test_directions_without_gradient_do_not_move() -> None:
    assert (spectral_step(np.zeros((2, 3))) == 0).all()
    assert spectral_step(np.diag([2.0, 0.0])) == pytest.approx(np.diag([1.0, 0.0]))
    left, right = (np.linalg.qr(np.random.default_rng(n).normal(size=(n, 3)))[0] for n in (9, 7))
    for regularization in (0, 1e-25):  # two directions, and rounding in the others
        step = spectral_step((left * [5.0, 0.25, 0]) @ right.T, regularization)
        assert step == pytest.approx((left * [1, 1, 0]) @ right.T, abs=1e-12)


@pytest.mark.parametrize("block", [4096, 100])
def test_recovered_items_by_brute_force(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (memories, contest):
        monkeypatch.setattr(module, "BLOCK", block)
    for seed in range(5):
        memory = AssociativeMemory(20, "1.5", 730, seed=seed)
        u, v = memory.inputs().astype(float), memory.outputs().astype(float)
        G = memory.step()
        for W in (G, memory.muon(G), 1e-30 * memory.muon(G)):
            best = (v @ W @ u.T).argmax(0)
            expected = np.flatnonzero(best == np.arange(730))
            found = memory.recovery(W)
            assert len(expected) > 1 and found.undecided == 0
            assert found.items.tolist() == expected.tolist()
            some = memory.recovery(W, 9)
            assert some.items.tolist() == expected[expected < 9].tolist() and some.candidates == 9


def test_parts_of_embeddings_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "BLOCK", 8)
    memory = AssociativeMemory(5, 2, 30)
    whole = memory.inputs()
    assert whole.shape == (30, 5) and whole.dtype == np.float32
    assert (whole[3:21] == memory.inputs(3, 21)).all() and not (whole == memory.outputs()).any()
    assert (whole**2).sum(1).mean() == pytest.approx(1, abs=0.3)


def test_orthogonal_embeddings() -> None:
    memory = AssociativeMemory(12, 2, orthogonal=True)
    assert memory.items == 12 and AssociativeMemory(12, 2, 5, orthogonal=True).items == 5
    for found in (memory.inputs().astype(float), memory.outputs().astype(float)):
        assert found @ found.T == pytest.approx(np.eye(12), abs=1e-6)
    assert (memory.inputs(3, 7) == memory.inputs()[3:7]).all()
    assert not np.allclose(memory.inputs(), memory.outputs())
    G = memory.step()
    assert all(len(memory.recovery(W).items) == 12 for W in (G, memory.muon(G)))


def test_ties_are_undecided() -> None:
    memory = AssociativeMemory(3, 2)
    found = memory.recovery(np.zeros((3, 3)))
    assert found.undecided == 9 and not len(found.items)


def test_rounding_leaves_little_undecided() -> None:
    """A bound a thousand times as large finds what is close; that of single precision is small."""
    memory = AssociativeMemory(48, "1.5", seed=3)
    W = memory.muon(memory.step())
    plain = memory.recovery(W)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contest, "UNIT", 2.0**-12)
        wide = memory.recovery(W)
    assert plain.undecided == 0 < wide.undecided
    assert set(wide.items) <= set(plain.items)
    assert len(plain.items) <= len(wide.items) + wide.undecided


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AssociativeMemory(0, 2), "dimension must be an integer from 1"),
        (lambda: AssociativeMemory(3, 0), "exponent must be positive and finite, got 0"),
        (lambda: AssociativeMemory(3, 2, 1), "items must be an integer from 2"),
        (
            lambda: AssociativeMemory(3, 2, 4, orthogonal=True),
            "items must be an integer from 2 to 3, got 4",
        ),
        (lambda: AssociativeMemory(3, 2).regularization(learned=9), "learned must be an integer"),
        (lambda: AssociativeMemory(64, 9).muon(np.eye(64)), "exponent and batch size must be"),
        (lambda: AssociativeMemory(3, 2).step(without=3), "without must be a list of items, got 3"),
        (lambda: AssociativeMemory(3, 2).inputs(-1), "first must be an integer"),
        (
            lambda: newton_step(AssociativeMemory(3, 2), 2),
            "Hessian is singular: its inputs in a batch of 2 do not span 3 dimensions",
        ),
        (
            lambda: newton_step(AssociativeMemory(3, 2, 2)),
            "Hessian is singular: its inputs do not span 3 dimensions",
        ),
        (lambda: AssociativeMemory(3, 2, seed=-1), "seed must be an integer >= 0"),
        (lambda: AssociativeMemory(3, 2).step(0), "batch_size must be an integer from 1"),
        (lambda: AssociativeMemory(3, 2).recovery(np.eye(2)), r"W must have the shape \(3, 3\)"),
        (lambda: AssociativeMemory(3, 2).recovery([1, 2]), "W must be a matrix"),
        (lambda: AssociativeMemory(3, 2).recovery(np.eye(3), 0), "candidates must be"),
        (lambda: spectral_step([[math.nan]]), "gradient must have finite entries"),
        (lambda: spectral_step([[1]], -1), "regularization must not be negative, got -1"),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
