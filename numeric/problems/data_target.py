"""The start and the residuals that labels make of data, in the data's eigenbasis."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS, precision, read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.samples import Samples
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

_ROUNDING = 1e-12  # a start so close to the minimum, relative to both, is at it
_FITTED = 1e-13  # relative residuals that are rounding errors, of labels in double precision


def read_labels(samples: Samples, y: Any) -> Array:
    """Return labels in the shape (n, K, R): of n samples with K outputs, R times.

    Raises
    ------
    InputError
        For another shape, and labels that are not numbers, naming the first sample.
    """
    n, K = len(samples), samples.outputs
    if not is_list(y):
        raise InputError(f"y must be a list of numbers, got {shown(y)}")
    labels = read_reals(y, "y")
    shapes = [(n,), (n, 1), (n, 1, 1)] if K == 1 else [(n, K), (n * K,), (n * K, 1)]
    if labels.shape in shapes:
        return labels.reshape(n, K, 1)
    if K == 1 and labels.ndim == 2 and len(labels) == n and labels.size:
        return labels[:, None, :]
    each = "one label" if K == 1 else f"{K} labels"
    raise InputError(f"y must have {each} for each of the {n} samples, got shape {labels.shape}")


def start_and_residuals(
    samples: Samples, y: Any = None, start: Any = None, weight_decay: float = 0.0
) -> tuple[Array, dict[str, Any]]:
    r"""Return the start of a `Problem` of data, for labels and :math:`w_0`, and the residuals.

    Of the least squares :math:`L(w)=\frac12\sum_i p_i|J_iw-y_i|^2`, with the minimum :math:`w_*`
    of smallest norm and the unit eigenvectors :math:`v_k` of the Hessian,

    .. math:: c_k = v_k^T(w_0-w_*),\qquad e_i = y_i-J_iw_*,

    in the order of the eigenvalues, largest first. Weight decay :math:`\omega` moves :math:`w_*`
    to where :math:`L(w)+\frac\omega2|w|^2` is least; there :math:`E[J^Te]=\omega w_*`. Directions
    in which the data have no extent are dropped: nothing but decay moves there. So, without decay,
    :math:`\tfrac12\sum_k\lambda_kc_k^2` is how far the loss at
    the start is above the least one.

    Parameters
    ----------
    samples : Samples
    y : array of shape (n,), (n, K) or (n K,) for K outputs, or (n, R), optional
        Labels, by default 0, so that ``start`` is :math:`w_0-w_*` as in `simulate`. R labels of
        samples with one output are R problems on the same rows, whose losses are added: a linear
        model with R outputs.
    start : array of shape (d,) or (d, R), optional
        :math:`w_0`, by default 0.
    weight_decay : float
        :math:`\omega\ge0`.

    Returns
    -------
    ndarray, shape (R, N)
        The coefficients :math:`c_k`.
    dict
        What the `Samples` hold of the labels, None without: the ``residuals`` :math:`e_i`, shape
        (R, n, K); ``pull``, the mean of the whitened columns times these,
        :math:`\omega w_*/\sqrt\lambda`, shape (R, N), None where it is 0; and the ``minimum``,
        :math:`\sqrt\lambda w_*`, shape (R, N).

    Raises
    ------
    InputError
        For bad input, neither y nor start, and a start at a minimum from which nothing moves.

    Examples
    --------
    >>> X = np.array([[1.0, 0, 0], [0, 2.0, 0]])
    >>> found, _ = start_and_residuals(Samples.of(X), y=[3.0, 8.0])  # w* = (3, 4, 0)
    >>> np.abs(found)  # the eigenvalue 2 is that of w_2
    array([[4., 3.]])
    """
    if y is None and start is None:
        raise InputError("give the labels y, the start w_0, or both: neither says what is learnt")
    given = " and ".join(name for name, x in (("y", y), ("start", start)) if x is not None)
    size = samples.axes.shape[1]
    first = np.zeros(size) if start is None else read_reals(start, "start")
    if first.shape[:1] != (size,) or first.ndim > 2 or not first.size:
        raise InputError(f"start must have shape {(size,)}, got {first.shape}")
    first = first.reshape(size, -1)
    root = np.sqrt(samples.eigenvalues)[:, None]
    minimum, residuals, pull = np.zeros((root.size, 1)), None, None
    if y is not None:
        labels = read_labels(samples, y)
        allowed = _FITTED / EPS * max(samples.precision, precision(y))
        left = labels
        for _ in range(2):  # the whitened columns are orthonormal to rounding: once more for that
            minimum = minimum + samples.mean(left)
            left = labels - samples.forms(minimum)
        if np.abs(left).max() <= allowed * np.abs(labels).max():
            left = np.zeros_like(left)
        if weight_decay:
            pull = weight_decay / (root**2 + weight_decay) * minimum
            minimum, left, pull = minimum - pull, left + samples.forms(pull), pull.T
        minimum, residuals = minimum / root, np.ascontiguousarray(np.moveaxis(left, 2, 0))
    with np.errstate(over="ignore", under="ignore"):
        begin = samples.axes @ first
        if begin.shape[1] not in (1, minimum.shape[1]) and minimum.shape[1] != 1:
            raise InputError(
                f"start must have one column for each of {minimum.shape[1]} labels of a sample, "
                f"got {begin.shape[1]}"
            )
        coefficients = begin - minimum
        squares = coefficients**2
        scale = np.abs(begin).max() + np.abs(minimum).max()
    if not np.isfinite(squares).all():
        raise InputError(f"{given} must have squares within the range of floats")
    shaken = residuals is not None and bool(residuals.any())
    if not (shaken or np.abs(coefficients).max() > _ROUNDING * scale):
        raise InputError(f"{given} must not put the start at a minimum: nothing would move")
    if residuals is not None and len(residuals) < coefficients.shape[1]:
        residuals = np.repeat(residuals, coefficients.shape[1], axis=0)
        pull = None if pull is None else np.repeat(pull, coefficients.shape[1], axis=0)
    of_labels: dict[str, Any] = {"residuals": residuals, "pull": pull, "minimum": None}
    if residuals is not None:
        whitened = np.ascontiguousarray((root * minimum).T)
        of_labels["minimum"] = np.broadcast_to(whitened, (len(residuals), whitened.shape[1]))
    return coefficients.T.copy(), of_labels
