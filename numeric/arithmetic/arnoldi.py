"""The largest eigenvalue of a positive map, and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

MOST_STEPS = 80
_OFTEN, _SELDOM = 16, 8  # up to so many steps the residual is looked at, then at some of them
_NOTHING = 1e-14  # of an image, orthogonal to the space: the space is invariant


def leading_pair(
    function: Callable[[Array], Array], start: Array, tolerance: float
) -> tuple[float, Array, float]:
    """Return the largest real eigenvalue of a linear map and its eigenvector, by Arnoldi's method.

    Of a map that preserves a cone it is the radius. In plain floats; with the residual over it.

    Parameters
    ----------
    function
        The map, of arrays of any one shape.
    start : ndarray
        Where to begin, such as an array near the eigenvector.
    tolerance : float
        Of the residual, relative; it may be larger after 80 steps.

    Examples
    --------
    >>> value, vector, residual = leading_pair(lambda x: x[::-1] + x, np.array([1.0, 0.5]), 1e-12)
    >>> round(value, 9), bool(abs(vector[0] / vector[1] - 1) < 1e-9), residual < 1e-12
    (2.0, True, True)
    """
    basis = [start / np.linalg.norm(start)]
    H = np.zeros((MOST_STEPS + 1, MOST_STEPS))
    for k in range(MOST_STEPS):
        new = function(basis[k])
        size = float(np.linalg.norm(new))
        for _ in range(2):
            for j, other in enumerate(basis):
                part = float(np.vdot(other, new))
                H[j, k] += part
                new = new - part * other
        left = float(np.linalg.norm(new))
        goes_on = left > _NOTHING * size and k + 1 < MOST_STEPS
        if goes_on and k >= _OFTEN and k % _SELDOM:  # it takes longer to look than to go on
            H[k + 1, k] = left
            basis.append(new / left)
            continue
        values, vectors = np.linalg.eig(H[: k + 1, : k + 1])
        place = int(np.argmax(values.real))
        value, vector = float(values[place].real), vectors[:, place].real
        vector = vector / np.linalg.norm(vector)
        if left <= _NOTHING * size:
            left = 0.0
        residual = left * float(abs(vector[-1]))
        if residual <= tolerance * abs(value):
            break
        H[k + 1, k] = left
        basis.append(new / left)
    found = sum(c * part for c, part in zip(vector, basis, strict=False))
    return value, np.asarray(found), residual / abs(value) if residual else 0.0
