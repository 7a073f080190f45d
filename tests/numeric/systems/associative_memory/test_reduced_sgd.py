"""Reduced scores of SGD, against drawn memories where few items compete; and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem.symbolic.errors import InputError
from sgdmem.systems import AssociativeMemory, reduced_sgd


@pytest.mark.parametrize("batch_size", [np.inf, 12])
def test_few_items(batch_size: float) -> None:
    counts = []
    for seed in range(80):
        memory = AssociativeMemory(48, 1, 24, seed=seed)
        counts.append(len(memory.recovery(memory.step(batch_size)).items))
    error = np.std(counts) / 80**0.5
    found = reduced_sgd(48, 1, 24, batch_size=batch_size)
    assert found == pytest.approx(np.mean(counts), abs=4 * error, rel=0.05)


def test_small_batches_are_recovered() -> None:
    p = AssociativeMemory(100, "1.5").frequencies
    found = reduced_sgd(10**5, "1.5", 10**4, batch_size=9)
    assert found == pytest.approx(-np.expm1(-9 * p).sum(), rel=0.03)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reduced_sgd(0, 2), "dimension must be an integer from 1"),
        (lambda: reduced_sgd(10**9, "0.6"), "dimension must be smaller for the exponent 0.6"),
        (lambda: reduced_sgd(9, "0.5"), "exponent must be above 1/2, got '?0.5"),
        (lambda: reduced_sgd(9, 2, 1), "items must be an integer from 2"),
        (lambda: reduced_sgd(9, 2, batch_size=0.5), "batch_size must be from 1 to 1e15"),
        (lambda: reduced_sgd(9, 2, batch_size=1e16), "batch_size must be from 1 to 1e15"),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
