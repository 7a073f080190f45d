"""The target that data and a start make: coefficients of w_0 - w* in the data's eigenbasis."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import precision, read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.errors import InputError

_SINGLE = 2.0**-23  # the precision of most labels, also where they were turned to doubles
_ROUNDINGS = 8  # in the residual of labels that are fitted, relative to them
_ROUNDING = 1e-12  # a start so close to the minimum, relative to both, is at it


def target_of_data(X: Array, axes: Array, y: Any = None, start: Any = None) -> Array:
    r"""Return the target of a `Problem` of data, the squares c_k^2, for labels and a start.

    Of the least squares :math:`L(w)=\frac1{2n}|Xw-y|^2`, with the minimum :math:`w_*` of smallest
    norm and the unit eigenvectors :math:`v_k` of :math:`X^TX/n`,

    .. math:: c_k = v_k^T(w_0-w_*),

    in the order of the eigenvalues of `Problem.from_data`, largest first. Directions in which
    the data have no extent, the zero eigenvalues that it drops, are dropped here too: nothing moves
    there. So :math:`\tfrac12\sum_k\lambda_kc_k^2` is the loss at the start.

    Parameters
    ----------
    X : array of shape (n, d)
        One sample a row.
    axes : array of shape (N, d)
        Their `principal_axes`, the :math:`v_k` as rows.
    y : array of shape (n,), optional
        Labels that some w fits, by default 0, so that ``start`` is :math:`w_0-w_*` as in
        `simulate`.
    start : array of shape (d,), optional
        :math:`w_0`, by default 0.

    Returns
    -------
    ndarray, shape (N,)
        One number for each non-zero eigenvalue.

    Raises
    ------
    InputError
        For bad input, neither y nor start, a start at a minimum, and for labels that no w fits to
        a relative residual of 1e-6 (eight times eps, in less than single precision): their noise
        stays at the minimum, and the theory has none there. Project them,
        ``y = X @ np.linalg.lstsq(X, y)[0]``, to leave it out.

    Examples
    --------
    >>> X = np.array([[1.0, 0, 0], [0, 2.0, 0]])
    >>> axes = np.eye(3)[[1, 0]]  # the eigenvalue 2 is that of w_2
    >>> target_of_data(X, axes, y=[3.0, 8.0])  # w* = (3, 4, 0)
    array([16.,  9.])
    """
    if y is None and start is None:
        raise InputError("give the labels y, the start w_0, or both: neither says what is learnt")
    given = " and ".join(name for name, x in (("y", y), ("start", start)) if x is not None)
    n, d = X.shape
    labels = np.zeros(n) if y is None else read_vector(y, "y")
    if labels.shape != (n,):
        raise InputError(f"y must have one label for each of the {n} rows, got {labels.shape}")
    first = np.zeros(d) if start is None else read_vector(start, "start")
    if first.shape != (d,):
        raise InputError(f"start must have shape {(d,)}, got {first.shape}")
    projected = X @ axes.T
    minimum = np.linalg.lstsq(projected, labels, rcond=0)[0]  # along the axes
    residual = float(np.linalg.norm(projected @ minimum - labels))
    allowed = _ROUNDINGS * max(_SINGLE, precision(X if y is None else y))
    if residual > allowed * float(np.linalg.norm(labels)):
        raise InputError(
            f"y must be labels that some w fits, but the best fit leaves a relative residual of "
            f"{residual / float(np.linalg.norm(labels)):.2g}, noise that stays at the minimum: "
            f"project y, X @ np.linalg.lstsq(X, y)[0], to leave it out"
        )
    with np.errstate(over="ignore", under="ignore"):
        coefficients = axes @ first - minimum
        squares = np.asarray(coefficients**2)
        size = np.abs(first).max() + np.abs(minimum).max()
    if not np.isfinite(squares).all():
        raise InputError(f"{given} must have squares within the range of floats")
    if not np.abs(coefficients).max() > _ROUNDING * size:
        raise InputError(
            f"{given} must not put the start at a minimum: the loss would be 0 from the start"
        )
    return squares
