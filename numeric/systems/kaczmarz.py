r"""Randomized Kaczmarz, and SGD with the greedy step on quadratics (arXiv 2604.09909).

Problem
    A linear system that has a solution, too large for more than a row, or a block of rows, at a
    time; or quadratics :math:`f_i` with the Hessians :math:`H_i\preceq1`, all least at one point.
Algorithm
    :math:`w\leftarrow w-H_i(w-w_*)` with probability :math:`p_i`: the step 1 / smoothness, the
    greedy one, of which nothing is averaged. Kaczmarz has :math:`H_i=x_ix_i^T` with the row's unit
    vector, so that the row's equation is solved; block Kaczmarz the projection on the rows of a
    block. That is SGD with batches of one sample and the learning rate 1 on finite data, for which
    the library is exact: here are only the data. The relaxed family has other rates below 2.
Guarantee
    For :math:`|w_0-w_*|=1`, whatever the instance, the mean loss is :math:`O(t^{-3/4})`, and even
    :math:`O(1/t)`: see `sgdmem.numeric.systems.kaczmarz_rate`. The worst start has the loss
    :math:`\tfrac12\lambda_{\max}(A_t)`, where :math:`A_0=H=E H_i` and
    :math:`A_{t+1}=E(1-H_i)A_t(1-H_i)`.

References
----------
    M. Dereziński and X. Dong, Last-iterate convergence of randomized Kaczmarz and SGD with greedy
    step size, COLT, PMLR 336, 1771 (2026), arXiv 2604.09909.
    T. Strohmer and R. Vershynin, A randomized Kaczmarz algorithm with exponential convergence, J.
    Fourier Anal. Appl. 15, 262 (2009).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS, read_reals, read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.problems.problem import Problem
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

_MATRIX = 2  # dimensions
_ROOM = 100  # roundings of eigenvalues


def kaczmarz(
    A: Any,
    b: Any = None,
    *,
    probabilities: Any = "norms",
    blocks: Any = None,
    start: Any = None,
) -> Problem:
    r"""Return the problem on which SGD with B = 1 is randomized Kaczmarz for :math:`Aw=b`.

    The learning rate 1 is Kaczmarz, others from 0 to 2 are its relaxations. All verbs take it: see
    `losses`, `stability`, `simulate`, and `worst_losses`. The loss is
    :math:`\frac12\sum p_i|V_i^T(w-w_*)|^2`, with the directions :math:`V_i` that a step sets right:
    a row's unit vector, or an orthonormal basis of a block's rows.

    Parameters
    ----------
    A : array or sparse rows of shape (n, d)
    b : array of shape (n,), optional
        If the system has no solution, steps come to rest about the weighted least squares of its
        unit rows.
    probabilities : str or array of shape (n,)
        "norms": in proportion to the squares of the norms, of a row or block (Strohmer and
        Vershynin); "uniform"; or one for each row or block, up to a common factor.
    blocks : int or sequence of sequences of int, optional
        How many consecutive rows are taken together, or which; rows in none are left out.
    start : array of shape (d,), optional
        :math:`w_0`, by default 0 if there is a b.

    Raises
    ------
    InputError
        For a row of zeros, probabilities or blocks that are none, and as `Problem.from_data`.

    Examples
    --------
    >>> import sgdmem
    >>> problem = kaczmarz([[1.0, 0], [3.0, 4.0]], start=[1.0, 1.0], probabilities="uniform")
    >>> sgdmem.losses(sgdmem.sgd(1), problem, 1, 2)
    array([0.74    , 0.0832  , 0.056576])
    """
    rows, largest, lengths = _unit_rows(A)
    n, known = len(lengths), b is not None
    labels = read_vector(b, "b") if known else np.zeros(n)
    if labels.shape != (n,):
        raise InputError(f"b must have an entry for each of {n} rows, got {labels.size}")
    labels = labels / largest / lengths
    squares = (largest / largest.max() * lengths) ** 2
    sparse = hasattr(rows, "tocsr")
    if blocks is None:
        p = _probabilities(probabilities, squares)
        samples = rows if sparse else rows[:, None]
        return Problem.from_data(samples, labels if known else None, start=start, weights=p)
    places = _blocks(blocks, n)
    p = _probabilities(probabilities, np.array([squares[place].sum() for place in places]))
    V = np.zeros((len(places), max(map(len, places)), rows.shape[1]))
    c = np.zeros(V.shape[:2])
    for i, place in enumerate(places):
        U, s, Vt = np.linalg.svd(
            rows[place].toarray() if sparse else rows[place], full_matrices=False
        )
        rank = int((s > s[0] * max(U.shape[0], Vt.shape[1]) * EPS).sum())
        V[i, :rank] = Vt[:rank]
        c[i, :rank] = (U.T @ labels[place])[:rank] / s[:rank]
    return Problem.from_data(V, c if known else None, start=start, weights=p)


def greedy_quadratics(H: Any, *, probabilities: Any = "uniform", start: Any = None) -> Problem:
    r"""Return the problem on which SGD with B = 1 takes the greedy step on random quadratics.

    :math:`f_i(w)=\frac12(w-w_*)^TH_i(w-w_*)`. With H divided by the smoothness, the largest norm,
    the greedy step is the learning rate 1.

    Parameters
    ----------
    H : array of shape (n, d, d)
        Positive semidefinite matrices of norms up to 1.
    probabilities : str or array of shape (n,)
        "uniform", "norms" (in proportion to the traces), or one for each, up to a factor.
    start : array of shape (d,), optional
        :math:`w_0-w_*`.

    Raises
    ------
    InputError
        For other matrices.

    Examples
    --------
    >>> import sgdmem
    >>> problem = greedy_quadratics([[[1.0, 0], [0, 0]], [[0.5, 0], [0, 0.5]]], start=[1.0, 1.0])
    >>> sgdmem.losses(sgdmem.sgd(1), problem, 1, 1)
    array([0.5  , 0.125])
    """
    given = read_reals(H, "H")
    if given.ndim != _MATRIX + 1 or given.shape[1] != given.shape[2] or not given.size:
        raise InputError(f"H must be of the shape (n, d, d), got {given.shape}")
    if not np.allclose(given, np.swapaxes(given, 1, 2), rtol=1e-10, atol=1e-12):
        raise InputError("H must be symmetric matrices")
    values, vectors = np.linalg.eigh(given)
    size = given.shape[1]
    for i, (least, most) in enumerate(zip(values[:, 0], values[:, -1], strict=True)):
        if least < -size * EPS * max(most, EPS) * _ROOM or most > 1 + size * EPS * _ROOM:
            raise InputError(
                f"H must have eigenvalues from 0 to 1, but those of H[{i}] go from {least:.6g} to "
                f"{most:.6g}: divide by the smoothness"
            )
    Z = np.sqrt(np.maximum(values, 0))[:, :, None] * np.swapaxes(vectors, 1, 2)
    p = _probabilities(probabilities, np.trace(given, axis1=1, axis2=2))
    return Problem.from_data(Z, start=start, weights=p)


def _unit_rows(A: Any) -> tuple[Any, Array, Array]:
    """Return rows of length 1, their largest entries, and lengths in units of these."""
    sparse = hasattr(A, "tocsr")
    rows: Any = A.tocsr(copy=True) if sparse else read_reals(A, "A")
    if len(rows.shape) != _MATRIX or not min(rows.shape):
        raise InputError(f"A must be of the shape (n, d), got {shown(A)}")
    if sparse:
        rows.data = read_reals(rows.data, "A.data")
        rows.sum_duplicates()
        largest = abs(rows).max(axis=1).toarray().ravel()
    else:
        largest = np.abs(rows).max(axis=1)
    if not largest.all():
        raise InputError(f"A must have no row of zeros, but row {int(largest.argmin())} is one")

    def over(sizes: Array) -> Any:
        return rows.multiply(1 / sizes[:, None]).tocsr() if sparse else rows / sizes[:, None]

    rows = over(largest)  # so that squares neither overflow nor underflow
    squares = rows.multiply(rows) if sparse else rows**2
    lengths = np.sqrt(np.asarray(squares.sum(axis=1)).ravel())
    return over(lengths), largest, lengths


def _probabilities(given: Any, squares: Array) -> Array:
    if not isinstance(given, str):
        found = read_vector(given, "probabilities")
        if found.shape != squares.shape or found.min() < 0 or not found.any():
            raise InputError(
                f"probabilities must be {squares.size} numbers, not negative and not all 0, "
                f"got {shown(given)}"
            )
        return found
    if given not in ("norms", "uniform"):
        raise InputError(f'probabilities must be "norms", "uniform" or a list, got {shown(given)}')
    return squares / squares.sum() if given == "norms" else np.full(squares.size, 1 / squares.size)


def _blocks(given: Any, n: int) -> list[list[int]]:
    if not is_list(given):
        size = whole(given, "blocks", 1, n)
        return [list(range(i, min(i + size, n))) for i in range(0, n, size)]
    found = [[whole(i, "blocks", 0, n - 1) for i in block] for block in given if is_list(block)]
    if len(found) != len(given) or not found or not all(found):
        raise InputError(f"blocks must be a size, or lists of rows, got {shown(given)}")
    return found
