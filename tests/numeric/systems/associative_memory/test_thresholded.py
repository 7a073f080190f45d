"""Several steps with thresholded gradients, written out, and their heuristic exponents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.linalg import inv, sqrtm

from sgdmem.symbolic.errors import InputError
from sgdmem.systems import AssociativeMemory, thresholded_exponents, thresholded_steps


@pytest.mark.parametrize("batch_size", [math.inf, 40])
@pytest.mark.parametrize("relearn", [False, True])
@pytest.mark.parametrize("rule", ["SGD", "Muon"])
def test_steps_by_brute_force(rule: str, relearn: bool, batch_size: float) -> None:
    memory = AssociativeMemory(12, "1.25", seed=1)
    u, v = memory.inputs().astype(float), memory.outputs().astype(float)
    shares, known = memory.shares(batch_size), np.zeros(144, bool)
    W = np.zeros((12, 12))
    lost = False
    for found in thresholded_steps(memory, rule, 4, batch_size, relearn=relearn):
        G = ((v - v.mean(0)).T * (shares * ~known)) @ u
        if rule == "SGD":
            W += G / np.linalg.svd(G)[1][0]
        else:
            n = max(known.sum(), 12)
            size = memory.frequencies[n - 1] * math.sqrt(n / 12)
            size = max(size, 1 / batch_size)
            W += np.real(G @ inv(sqrtm(G.T @ G + size**2 * np.eye(12))))
        won = (v @ W @ u.T).argmax(0) == np.arange(144)
        assert found.undecided == 0 and found.items.tolist() == np.flatnonzero(won).tolist()
        lost |= bool((known & ~won).any())
        known = won if relearn else known | won
    assert lost


@pytest.mark.parametrize("rule", ["SGD", "Muon"])
def test_nothing_moves_once_all_is_learned(rule: str) -> None:
    memory = AssociativeMemory(4, 2, orthogonal=True)
    assert [len(found.items) for found in thresholded_steps(memory, rule, 3)] == [4, 4, 4]


def test_what_is_learned_no_longer_pulls() -> None:
    memory = AssociativeMemory(4, 2)
    every = memory.step(without=range(16))
    assert (every == 0).all()
    assert memory.step() == pytest.approx(
        memory.step(without=[0, 5]) + memory.step(without=[i for i in range(16) if i not in (0, 5)])
    )
    with pytest.raises(InputError, match="without must be an integer from 0 to 15, got 16"):
        memory.step(without=[16])


@pytest.mark.parametrize("alpha", [1.25, 1.5, 2.0])
def test_exponents(alpha: float) -> None:
    muon, sgd = (thresholded_exponents(alpha, rule, 60) for rule in ("Muon", "SGD"))
    assert muon == pytest.approx([2 - (1 - 1 / (2 * alpha)) ** t for t in range(1, 61)])
    few = math.floor(2 * alpha)  # steps until d items are recovered
    assert sgd[:few] == pytest.approx([t / (2 * alpha) for t in range(1, few + 1)])
    gaps = 2 - np.array([a for a in sgd if 1 <= a < 1.999])
    assert gaps[1:] / gaps[:-1] == pytest.approx(1 - 1 / (2 * alpha))  # as Muon, from d items on
    assert muon[-1] == pytest.approx(2) and sgd[-1] == pytest.approx(2)
    assert all(a < b for a, b in zip(sgd[:20], muon[:20], strict=True))


@pytest.mark.slow
def test_second_step_of_muon() -> None:
    """The exponent of the first steps, simulated; later ones are disturbed by earlier ones."""
    counts = {
        d: np.mean(
            [
                [len(found.items) for found in thresholded_steps(memory, "Muon", 2)]
                for memory in (AssociativeMemory(d, "1.5", seed=seed) for seed in range(seeds))
            ],
            axis=0,
        )
        for d, seeds in ((32, 12), (128, 3))
    }
    found = np.log(counts[128] / counts[32]) / math.log(4)
    assert found == pytest.approx(thresholded_exponents("1.5", "Muon", 2), abs=0.12)


@pytest.mark.slow
def test_muon_is_faster_at_first_and_sgd_comes_after_it() -> None:
    """Means of drawn memories, without relearning: the picture of the abstract."""
    counts = {
        rule: np.mean(
            [
                [len(found.items) for found in thresholded_steps(memory, rule, 6)]
                for memory in (AssociativeMemory(96, "1.5", seed=seed) for seed in range(2))
            ],
            axis=0,
        )
        for rule in ("SGD", "Muon")
    }
    ratio = counts["Muon"] / counts["SGD"]
    assert (ratio[:2] > 6).all() and (np.diff(ratio[1:]) < 0).all() and ratio[5] < 1.1
    assert (np.diff(counts["SGD"]) > 0).all() and counts["SGD"][5] > 96


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: thresholded_exponents("0.5", "SGD", 2), "exponent must be above 1/2"),
        (lambda: thresholded_exponents(2, "Adam", 2), "rule must be SGD or Muon, got 'Adam'"),
        (lambda: thresholded_exponents(2, "SGD", 0), "steps must be"),
        (lambda: next(thresholded_steps(AssociativeMemory(2, 2), "sgd", 1)), "rule must be"),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
