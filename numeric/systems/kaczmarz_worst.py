r"""Systems on which Kaczmarz is slow: built in layers, or found by an optimiser.

Layers: block k of coordinates has :math:`D_k` of them, far more than block k - 1. A row is
:math:`\pm\sqrt w` times a coordinate of block k - 1 plus :math:`\sqrt{1-w}` times one of block k.
Then :math:`A_t` is a multiple :math:`a_k` of the identity on every block. With :math:`D_{k-1}/D_k`
and w small, :math:`\theta_k/t` the eigenvalues of H, and s the share of the steps done,

.. math:: \frac{da_k}{ds}=\theta_k(a_{k+1}-2a_k),\qquad a_{n+1}=a_n,\quad a_k(0)=\theta_k/t,

in which each block is fed by the next, as the eigenvalue equation has it from the largest, but
always by the same. The worst start is in block 1. Its loss falls like 1/t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.symbolic.errors import InputError, shown

SLOW_LAYERS = (0.705, 1.534, 2.755, 4.578, 7.447, 12.146, 19.677, 58.133)  # the slowest eight
_TWO_LAYERS = (0.66, 2.455)  # the slowest two
_MOST_COORDINATES, _MOST_OF_LAYER = 4000, 1e6


@dataclass(frozen=True)
class SlowSystem:
    """Rows, and the probabilities with which `kaczmarz` is to draw them.

    Attributes
    ----------
    A : ndarray of shape (n, d)
    probabilities : ndarray of shape (n,)
    """

    A: Array
    probabilities: Array


def layered_limit(layers: Any = SLOW_LAYERS) -> float:
    r"""Return t times the loss from the worst start, of infinitely wide layers and many steps.

    Parameters
    ----------
    layers : sequence of numbers
        :math:`\theta_1,\theta_2,\dots`

    Raises
    ------
    InputError
        For numbers that are not positive.

    Examples
    --------
    >>> print(round(2 * layered_limit([1]), 4), round(2 * layered_limit([0.66, 2.455]), 4))
    0.3679 0.4351
    >>> print(round(2 * layered_limit(), 4))
    0.454
    """
    from scipy.linalg import expm

    theta = _layers(layers)
    move = -2 * np.eye(theta.size) + np.eye(theta.size, k=1)
    move[-1, -1] = -1
    return float((expm(theta[:, None] * move) @ theta)[0]) / 2


def layered_system(steps: Any, width: Any = 10, layers: Any = _TWO_LAYERS) -> SlowSystem:
    r"""Return a system of layers, for a number of steps: block k has width^(k - 1) coordinates.

    What is left of the probability has a row that is orthogonal to the others.

    Parameters
    ----------
    steps : int
        t.
    width : int
    layers : sequence of numbers
        :math:`\theta_k`, the eigenvalues of H times t.

    Raises
    ------
    InputError
        For too few steps: the rows would have to be drawn more often; for layers that grow less
        than the rows of one that feed the one before need, by width^(-1/2); and for more than 4000
        coordinates.

    Examples
    --------
    >>> from sgdmem.systems import kaczmarz, worst_losses
    >>> system = layered_system(200, width=20)
    >>> problem = kaczmarz(system.A, probabilities=system.probabilities)
    >>> print(round(2 * 200 * worst_losses(problem, 200).losses[-1], 3))
    0.433
    """
    t, m, theta = whole(steps, "steps", 1), whole(width, "width", 1, 1000), _layers(layers)
    sizes = [m**k for k in range(theta.size)]
    if sum(sizes) > _MOST_COORDINATES:
        raise InputError(
            f"layers must have at most {_MOST_COORDINATES:,} coordinates, got {theta.size} of the "
            f"width {m}"
        )
    first = np.concatenate([[0], np.cumsum(sizes)])
    rows, p = [np.eye(first[-1] + 1)[-1]], [0.0]
    own = 0.0  # what a block has of the rows that feed the one before

    def add(block: int, share: float, total: float) -> None:
        """Append rows of a block, with a share of another one's coordinate."""
        signs = (1, -1) if share else (1,)
        for i in range(sizes[block]):
            for sign in signs:
                row = np.zeros(first[-1] + 1)
                row[first[block] + i] = np.sqrt(1 - share)
                if share:
                    row[first[block - 1] + i % sizes[block - 1]] = sign * np.sqrt(share)
                rows.append(row)
                p.append(total / sizes[block] / len(signs))

    for k in range(1, theta.size):
        fed = (theta[k - 1] / t - own) * sizes[k - 1]  # probability times share
        if fed <= 0:
            raise InputError(
                f"layers must be above {own * t:.6g} in place {k}, for this width, got "
                f"{theta[k - 1]:.6g}"
            )
        last = k == theta.size - 1
        ratio = theta[k] / t * sizes[k] / fed if last else np.sqrt(m)  # of the shares
        total = fed * (1 + ratio)
        add(k, 1 / (1 + ratio), total)
        own = total * ratio / (1 + ratio) / sizes[k]
    if theta.size == 1:
        add(0, 0.0, theta[0] / t)
    p[0] = 1 - sum(p)
    if p[0] < 0:
        raise InputError(f"steps must be {int(t * (1 - p[0])) + 1} or more, got {shown(steps)}")
    return SlowSystem(np.array(rows), np.array(p))


def _layers(given: Any) -> Array:
    theta = read_vector(given, "layers")
    if not theta.size or theta.min() <= 0 or theta.max() > _MOST_OF_LAYER:
        raise InputError(f"layers must be positive numbers up to 10^6, got {shown(given)}")
    return theta
