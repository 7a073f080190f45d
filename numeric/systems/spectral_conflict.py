r"""One momentum for tokens of all frequencies (arXiv 2605.28961).

Problem
    Tokens k of probabilities :math:`p_k`, such as `zipf_tokens`, one at a time: least squares on
    them falls apart into a problem for each, of eigenvalue :math:`p_k` and its own noise.
Algorithm
    Any with a momentum, SGDM by default, with one learning rate for all tokens.
Guarantee
    Under SGDM the mean of a token oscillates (its roots are not real) exactly if
    :math:`(1-\sqrt\beta)/(1+\sqrt\beta)<\eta p_k<(1+\sqrt\beta)/(1-\sqrt\beta)`, and falls fastest
    with :math:`\sqrt\beta=|1-\eta p_k|/(1+\eta p_k)`: a momentum suits one frequency. Beyond the
    upper end it changes its sign at every step, as that of SGD does for :math:`\eta p_k>1`. What it
    costs that there is one momentum for all is `SpectralConflict.cost`, of exact mean losses.

References
----------
    Dynamics of stochastic momentum with sparse updates in high dimensions, arXiv 2605.28961 (2026).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, positive_float, whole
from sgdmem.numeric.losses.loss_recursion import losses_by_mode
from sgdmem.numeric.systems.sparse_momentum import SparseInputs
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.families_by_name import find_family

_USUAL_MOMENTA = (0.0, *(1 - np.geomspace(0.9, 1e-4, 60)).tolist())
_MOST_TOKENS, _LEAST = 10**7, 1e-89


def zipf_tokens(count: Any, exponent: Any = 1, *, dimension: Any = 1) -> SparseInputs:
    r"""Return tokens with probabilities :math:`p_k\propto k^{-a}` that sum to 1.

    Parameters
    ----------
    count : int
        How many.
    exponent : number
        a, positive; 1 in Zipf's law.
    dimension : int
        Coordinates of each, all :math:`\pm1` in a sample of it. One is a one-hot vector.

    Raises
    ------
    InputError
        For numbers out of their range.

    Examples
    --------
    >>> [float(p) for p in zipf_tokens(2).probabilities]
    [0.6666666666666666, 0.3333333333333333]
    """
    ranks = np.arange(1.0, whole(count, "count", 1, _MOST_TOKENS) + 1)
    sizes = ranks ** -positive_float(exponent, "exponent")
    p = sizes / sizes.sum()
    if p[-1] < _LEAST:
        raise InputError(
            f"exponent must leave the last of {len(p)} tokens a probability of {_LEAST:g}, "
            f"got {shown(exponent)}"
        )
    return SparseInputs(p, dimension, activity="exclusive", signs=True)


@dataclass(frozen=True)
class SpectralConflict:
    """What each token has of the mean loss under each momentum, after some steps.

    Attributes
    ----------
    probabilities : ndarray, shape (K,)
    momenta : ndarray, shape (G,)
        That were tried.
    losses : ndarray, shape (G, K)
        inf where they leave the range of floats.
    oscillates : ndarray of bool, shape (G, K)
        Whether the mean of a token does: its slowest root is not real.
    """

    probabilities: Array
    momenta: Array
    losses: Array
    oscillates: Array

    @property
    def best_momenta(self) -> Array:
        """Of those tried, that of the least loss of each token."""
        found: Array = self.momenta[self.losses.argmin(axis=0)]
        return found

    @property
    def single_momentum(self) -> float:
        """Of those tried, that of the least loss of all tokens together."""
        return float(self.momenta[self.losses.sum(axis=1).argmin()])

    @property
    def cost(self) -> float:
        """The loss under the best single momentum, over that with the best one for each token.

        1 if both are 0, as of a token that one step learns; NaN if neither is finite.
        """
        single, each = float(self.losses.sum(axis=1).min()), float(self.losses.min(axis=0).sum())
        return single / each if each else (math.inf if single else 1.0)

    def __str__(self) -> str:
        best = self.best_momenta
        return (
            f"{len(best)} tokens: the best momenta are {best.min():.4g} to {best.max():.4g}, a "
            f"single one is {self.single_momentum:.4g} and has {self.cost:.4g} times the loss"
        )


def spectral_conflict(
    tokens: SparseInputs,
    batch_size: Any,
    steps: Any,
    *,
    learning_rate: Any,
    family: FamilyLike = "sgdm",
    momenta: Any = _USUAL_MOMENTA,
    **fixed: Any,
) -> SpectralConflict:
    """Return what one momentum for all tokens does to each of them.

    Parameters
    ----------
    tokens : SparseInputs
        Of the activity "exclusive": others hear each other's noise.
    batch_size : number
    steps : int
        After which losses are compared.
    learning_rate : number
        One for all.
    family : str or Family
        With the parameters ``learning_rate`` and ``momentum``.
    momenta : sequence of numbers
        To try; by default 0 and 60 from 0.1 to 0.9999.
    **fixed
        Other parameters of the family.

    Raises
    ------
    InputError
        For inputs that are not exclusive, and as `sgdmem.losses`.

    Examples
    --------
    >>> found = spectral_conflict(zipf_tokens(100), 64, 1000, learning_rate=1)
    >>> round(found.single_momentum, 4), round(found.cost, 3)
    (0.9898, 2.252)
    """
    if not isinstance(tokens, SparseInputs) or tokens.activity != "exclusive":
        raise InputError(
            f'tokens must be SparseInputs of activity "exclusive", got {shown(tokens)}'
        )
    tried = read_vector(momenta, "momenta")
    number(learning_rate, "learning_rate")
    if not tried.size:
        raise InputError("momenta must not be empty")
    found = find_family(family)
    methods = [found(learning_rate=learning_rate, momentum=float(β), **fixed) for β in tried]
    λ = np.array(tokens.curvatures, dtype=float)
    return SpectralConflict(
        np.array(tokens.probabilities, dtype=float),
        tried,
        np.array([_losses(method, tokens, batch_size, steps) for method in methods]),
        np.array([_oscillates(method, λ) for method in methods]),
    )


def _losses(method: Algorithm, tokens: SparseInputs, batch_size: Any, steps: Any) -> Array:
    """Return the losses of tokens; each by itself if one of them leaves the range of floats."""
    found = losses_by_mode(method, tokens.problem, batch_size, steps)
    if np.isfinite(found).all() or len(found) == 1:
        return found
    alone = [tokens.only(k) for k in range(len(found))]
    return np.concatenate([losses_by_mode(method, x.problem, batch_size, steps) for x in alone])


def _oscillates(method: Algorithm, eigenvalues: Array) -> Array:
    """Return whether the root of the largest modulus is not real, for each eigenvalue."""
    S, v, r = (np.array(part, float) for part in numeric_algorithm(method).blocks.state)
    roots = np.linalg.eigvals(S + eigenvalues[:, None, None] * np.outer(v, r))
    slowest = np.abs(roots).argmax(axis=1)[:, None]
    found: Array = np.take_along_axis(roots, slowest, axis=1)[:, 0].imag != 0
    return found
