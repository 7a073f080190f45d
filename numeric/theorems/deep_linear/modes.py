r"""Modes of deep linear networks: each moves by itself, through all layers alike.

With aligned and balanced layers the gradient of layer l has the entries :math:`s^{1-1/L}G` along
its singular vectors, and no others; a step of size h against a gradient g for the product moves s
by :math:`-Ls^{2-2/L}gh+\frac12L(L-1)s^{3-4/L}g^2h^2+\dots`. The mean and the variance of g in
place of g and :math:`g^2` are the drift, Itô's term and the diffusion.

Method: the loss of real matrices with rotated singular vectors, on data whose second moments are
exact; its gradient by complex steps, entry by entry; real steps of all layers, of which the
coefficients are read off as those of a polynomial in h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Modes of deep linear networks",
    "arXiv 2604.06366, the decomposition under aligned and balanced weights",
    tolerance=1e-7,
    reason="polynomials fitted to floats",
)
_EIGENVALUES, _TARGETS = np.array([1.3, 0.6, 0.2]), np.array([2.0, 0.7, 1.1])


def claim(depth: int, s: Array, g: Array) -> tuple[Array, Array, Array]:
    """Return the gradient of a layer, and what a step does to first and second order."""
    return (
        s ** (1 - 1 / depth) * g,
        -depth * s ** (2 - 2 / depth) * g,
        depth * (depth - 1) / 2 * s ** (3 - 4 / depth) * g**2,
    )


def check(claim: Claim = claim) -> list[Case]:
    """Compare for three depths, three modes at once, far from and near their targets."""
    cases = []
    for depth, seed in ((2, 1), (3, 2), (5, 3)):
        rng = np.random.default_rng(seed)
        turns = [np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in range(depth + 1)]
        s = np.array([0.3, 0.9, 1.0])
        layers = [turns[i + 1] * s ** (1 / depth) @ turns[i].T for i in range(depth)]
        found = _gradients(layers, turns)
        aligned = [turns[i + 1].T @ g @ turns[i] for i, g in enumerate(found)]
        layer, first, second = claim(depth, s, _EIGENVALUES * (s - _TARGETS))
        for i, g in enumerate(aligned):
            away = np.abs(g - np.diag(layer)).max()
            cases.append(Case(f"L = {depth}, gradient of layer {i + 1}", float(away), 0.0))
        sizes = np.linspace(-0.1, 0.1, depth + 1)
        moved = []
        for h in sizes:
            product: Any = np.eye(3)
            for weights, g in zip(layers, found, strict=True):
                product = (weights - h * g) @ product
            moved.append(np.diag(turns[-1].T @ product @ turns[0]))
        terms = np.linalg.solve(np.vander(sizes, increasing=True), np.array(moved))
        for k, theory in ((1, first), (2, second)):
            for mode in range(3):
                label = f"L = {depth}, mode {mode + 1}, order {k} of a step"
                cases.append(Case(label, float(terms[k, mode]), float(theory[mode])))
    return cases


def _gradients(layers: list[Array], turns: list[Array]) -> list[Array]:
    """Return the gradient of the loss for every layer, on three orthogonal inputs."""
    inputs = turns[0] * np.sqrt(3 * _EIGENVALUES)
    labels = turns[-1] * _TARGETS @ turns[0].T @ inputs
    gradients = []
    for i, weights in enumerate(layers):
        gradient = np.empty_like(weights)
        for place in np.ndindex(weights.shape):
            changed = [w.astype(complex) for w in layers]
            changed[i][place] += 1e-30j
            product = np.eye(3, dtype=complex)
            for w in changed:
                product = w @ product
            gradient[place] = (((product @ inputs - labels) ** 2).sum() / 6).imag / 1e-30
        gradients.append(gradient)
    return gradients


PERTURBED: dict[str, Claim] = {
    "s^(2 - 1/L) in the drift": lambda depth, s, g: (
        claim(depth, s, g)[0],
        -depth * s ** (2 - 1 / depth) * g,
        claim(depth, s, g)[2],
    ),
    "Itô's term without 1/2": lambda depth, s, g: (
        *claim(depth, s, g)[:2],
        2 * claim(depth, s, g)[2],
    ),
    "no Itô's term": lambda depth, s, g: (*claim(depth, s, g)[:2], 0 * s),
    "layers move by themselves": lambda depth, s, g: claim(2, s, g),
}
