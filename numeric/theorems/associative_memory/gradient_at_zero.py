r"""Gradient at zero: every item pulls its output, less the mean of all outputs, to its input.

.. math:: -\nabla L(0)=\sum_ip_i\,(v_i-\bar v)u_i^T,\qquad
    L(W)=-\sum_ip_i\log\frac{e^{v_i^TWu_i}}{\sum_je^{v_j^TWu_i}}

for frequencies :math:`p_i`, or shares of a batch.

Method: central differences of the loss, entry by entry.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import logsumexp

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Gradient at zero",
    "arXiv 2603.26554, logistic regression loss",
    tolerance=1e-6,
    reason="differences of floats, steps of 1e-4",
)


def claim(memory: AssociativeMemory, batch_size: float) -> Array:
    """Return the negative gradient."""
    return memory.step(batch_size)


def check(claim: Claim = claim) -> list[Case]:
    """Compare the largest entries of populations and batches."""
    cases = []
    for d, items, batch_size in ((1, 3, math.inf), (3, 9, math.inf), (4, 30, 7), (2, 5, 1)):
        memory = AssociativeMemory(d, "1.5", items, seed=d)
        computed, theory = _differences(memory, batch_size), claim(memory, batch_size)
        for place in np.argsort(-np.abs(computed), axis=None)[:3].tolist():
            row, column = divmod(place, d)
            label = f"d = {d}, N = {items}, B = {batch_size}, entry ({row}, {column})"
            cases.append(Case(label, float(computed[row, column]), float(theory[row, column])))
    return cases


def _differences(memory: AssociativeMemory, batch_size: float) -> Array:
    d, shares = memory.dimension, memory.shares(batch_size)
    inputs, outputs = memory.inputs().astype(float), memory.outputs().astype(float)

    def loss(W: Array) -> float:
        scores = inputs @ W.T @ outputs.T
        return float(shares @ (logsumexp(scores, axis=1) - scores.diagonal()))

    steps = 1e-4 * np.eye(d * d).reshape(d * d, d, d)
    return np.array([(loss(-step) - loss(step)) / 2e-4 for step in steps]).reshape(d, d)


def _mean(memory: AssociativeMemory, batch_size: float) -> Array:
    pulled = memory.shares(batch_size) @ memory.inputs()
    return np.outer(memory.outputs().mean(0, dtype=float), pulled)


PERTURBED: dict[str, Claim] = {
    "without the mean of outputs": lambda m, B: claim(m, B) + _mean(m, B),
    "twice the mean of outputs": lambda m, B: claim(m, B) - _mean(m, B),
    "transposed": lambda m, B: claim(m, B).T,
    "the population's, of a batch": lambda m, B: claim(m, math.inf),
}
