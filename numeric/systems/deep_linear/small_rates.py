r"""Deep linear networks at small learning rates: means and covariances to first order, exactly.

With :math:`t=\eta k` and gradient flow :math:`\dot\theta=-\nabla L` from a start,

.. math:: E\theta_k=\theta(t)+\eta\,\zeta(t)+O(\eta^2),\qquad
   \mathrm{Cov}\,\theta_k=\eta\,C(t)+O(\eta^2),

.. math:: \dot C=-HC-CH+V/B,\qquad
   \dot\zeta=-H\zeta-\tfrac12H\nabla L-\tfrac12\nabla^3L:C,

H the Hessian along the flow, V the covariance of the gradient of one sample. The second term of
:math:`\dot\zeta` is that steps are finite, the third that noise meets curvature. Of one
aligned, balanced mode the third is all that its SDE has; of several it also contains the
misalignment, of order :math:`\sqrt\eta`, that the noise between modes makes: its square is of the
order :math:`\eta` and moves the mean.

H and the third derivatives come from the network's gradient, a polynomial, by Taylor arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.batch_size import inverse_batch_size
from sgdmem.numeric.systems.deep_linear.network import DeepLinearNetwork
from sgdmem.numeric.systems.deep_linear.runs import read_start
from sgdmem.symbolic.errors import InputError, shown

_MOST = 400  # weights: C has their square
_TOLERANCE = 1e-6  # relative, of a step
_STEEPEST = 1e5  # Hessian times time: more takes too many steps


class SmallRates(NamedTuple):
    r"""What becomes of the modes' strengths as :math:`\eta\to0`, at times :math:`\eta\cdot` steps.

    Attributes
    ----------
    flow : array, shape (T, k)
        Of gradient flow.
    finite_steps, noise : arrays, shape (T, k)
        :math:`(E s-s_{\mathrm{flow}})/\eta` in the limit is their sum: what gradient descent adds,
        and what batches add.
    covariances : array, shape (T, k, k)
        :math:`\mathrm{Cov}(s)/\eta` in the limit.
    misalignment : array, shape (T,)
        :math:`E|u_a^TWv_b|^2/\eta` in the limit, summed over the product's entries in no mode.
    """

    flow: Array
    finite_steps: Array
    noise: Array
    covariances: Array
    misalignment: Array


class _Weights:
    """The network's weights as one vector."""

    def __init__(self, network: DeepLinearNetwork) -> None:
        self.network = network
        self.shapes = list(zip(network.widths[1:], network.widths[:-1], strict=True))
        sizes = [out * into for out, into in self.shapes]
        self.ends = np.cumsum([0, *sizes])
        self.count = int(self.ends[-1])

    def layers(self, vectors: Array) -> list[Array]:
        """Return layers of vectors, shape (..., outputs, inputs)."""
        return [
            vectors[..., begin:end].reshape(*vectors.shape[:-1], *shape)
            for begin, end, shape in zip(self.ends, self.ends[1:], self.shapes, strict=False)
        ]

    def vectors(self, layers: Sequence[Array]) -> Array:
        """Return vectors of layers."""
        return np.concatenate([W.reshape(*W.shape[:-2], -1) for W in layers], axis=-1)

    def series(self, theta: Array, directions: Array) -> tuple[Any, list[Any], list[Any]]:
        r"""Return Taylor coefficients in x of the product, of P and of Q at theta + x direction.

        Each is a list of three, of orders 0 to 2, for directions of shape (n, count).
        """
        still, moved = self.layers(theta), self.layers(directions)
        factors = [(a[None], b) for a, b in zip(still, moved, strict=True)]
        d, m = self.network.widths[0], self.network.widths[-1]
        inner: list[Any] = [(np.eye(d)[None], 0.0, 0.0)]
        for factor in factors:
            inner.append(_times(factor, inner[-1]))
        outer: list[Any] = [(np.eye(m)[None], 0.0, 0.0)]
        for factor in reversed(factors[1:]):
            outer.append(_before(outer[-1], factor))
        return inner[-1], outer[::-1], inner[:-1]

    def gradients(self, theta: Array, directions: Array) -> list[Array]:
        """Return Taylor coefficients of the gradient, of orders 0 to 2, shape (n, count)."""
        product, outer, inner = self.series(theta, directions)
        E = (product[0] - self.network.target, *product[1:])
        G = [part @ self.network.covariance for part in E]
        found = []
        for P, Q in zip(outer, inner, strict=True):
            PG = _convolved([_transposed(p) for p in P], G)
            found.append(_convolved(PG, [_transposed(q) for q in Q]))
        n = len(directions)
        return [
            self.vectors(
                [np.broadcast_to(layer[order], (n, *layer[0].shape[1:])) for layer in found]
            )
            for order in range(3)
        ]

    def noise(self, theta: Array) -> Array:
        """Return V: the gradient of the weights is linear in that of the product."""
        product, outer, inner = self.series(theta, np.zeros((1, self.count)))
        m, d = self.network.target.shape
        maps = [
            np.einsum("ip,qj->pqij", P[0][0], Q[0][0]).reshape(-1, m * d)
            for P, Q in zip(outer, inner, strict=True)
        ]
        J = np.concatenate(maps)
        return np.asarray(J @ self._of_product(product[0][0]) @ J.T)

    def _of_product(self, product: Array) -> Array:
        """Return the covariance of one sample's gradient for the product."""
        network = self.network
        if network.rows is not None:
            X, y = network.rows
            parts = np.einsum("ni,nj->nij", X @ product.T - y, X).reshape(len(X), -1)
            return np.cov(parts.T, bias=True).reshape(parts.shape[1], -1)
        S = network.covariance
        ES = (product - network.target) @ S
        residuals = ES @ (product - network.target).T + network.label_variance * np.eye(len(ES))
        full = np.einsum("ik,jl->ijkl", residuals, S) + np.einsum("il,kj->ijkl", ES, ES)
        return np.asarray(full.reshape(product.size, product.size))

    def speeds(self, state: Array, inverse_batch: float) -> Array:
        """Return the derivatives of theta, both parts of zeta and C, one after the other."""
        theta, finite, noisy, C = self.parts(state)
        g, H, _ = self.gradients(theta, np.eye(self.count))
        H = (H + H.T) / 2
        values, directions = np.linalg.eigh((C + C.T) / 2)
        third = values @ self.gradients(theta, directions.T)[2]
        moved = -H @ C
        growth = moved + moved.T + self.noise(theta) * inverse_batch
        parts = (-g[0], -H @ (finite + g[0] / 2), -H @ noisy - third, growth.ravel())
        return np.concatenate(parts)

    def parts(self, state: Array) -> tuple[Array, Array, Array, Array]:
        n = self.count
        return state[:n], state[n : 2 * n], state[2 * n : 3 * n], state[3 * n :].reshape(n, n)

    def in_modes(self, state: Array) -> tuple[Array, ...]:
        """Return the strengths and what `SmallRates` has of them."""
        theta, finite, noisy, C = self.parts(state)
        network = self.network
        U, V = network.left, network.right
        product, _, _ = self.series(theta, np.eye(self.count))
        J = product[1].reshape(self.count, -1).T
        values, directions = np.linalg.eigh(C)
        bent = np.einsum("n,nij->ij", values, self.series(theta, directions.T)[0][2])
        shape = network.target.shape
        covariance = J @ C @ J.T
        inside = np.einsum("ia,ja->aij", U, V).reshape(U.shape[1], -1)
        modes = inside @ covariance @ inside.T
        parts = (product[0][0], (J @ finite).reshape(shape), (J @ noisy).reshape(shape) + bent)
        strengths = [inside @ part.ravel() for part in parts]
        return (*strengths, modes, np.trace(covariance) - np.trace(modes))


def small_rates(
    network: DeepLinearNetwork, start: Sequence[Any], batch_size: Any, times: Any
) -> SmallRates:
    r"""Return means and covariances of the modes to first order in the learning rate.

    Parameters
    ----------
    network : DeepLinearNetwork
        Of two layers or more, with up to 400 weights.
    start : list of L arrays, shape (1, outputs, inputs)
        One run, aligned or not.
    batch_size : number
        B.
    times : list of T numbers
        :math:`\eta\cdot` steps, increasing, from 0 on.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> from sgdmem.systems import DeepLinearNetwork
    >>> network = DeepLinearNetwork([2, 1], depth=2)
    >>> found = small_rates(network, network.aligned_start(0.1), 4, [1, 2])
    >>> print(found.flow[1].round(3), found.noise[1].round(3), found.misalignment.round(3))
    [1.987 0.858] [-0.08  -0.251] [0.5   0.025]
    """
    from scipy.integrate import solve_ivp

    inverse = float(inverse_batch_size(batch_size))
    moments = read_vector(times, "times")
    if not moments.size or moments[0] < 0 or (np.diff(moments) <= 0).any():
        raise InputError(f"times must be increasing, from 0 on, got {shown(times)}")
    layers = read_start(network, start)
    if layers[0].shape[2] != 1:
        raise InputError(f"start must be of one run, got {layers[0].shape[2]}")
    if network.depth == 1:
        raise InputError("network must have two layers or more, got one")
    weights = _Weights(network)
    n = weights.count
    if n > _MOST:
        raise InputError(f"network must have at most {_MOST} weights, got {n}")
    theta = weights.vectors([W[..., 0] for W in layers])
    steepness = float(np.linalg.norm(weights.gradients(theta, np.eye(n))[1]))
    if moments[-1] * steepness > _STEEPEST:
        raise InputError(
            f"times must be up to {_STEEPEST / steepness:.2g} from weights as large as these, "
            f"got {shown(times)}"
        )
    state = np.append(theta, np.zeros(2 * n + n * n))
    path = solve_ivp(
        lambda _, y: weights.speeds(y, inverse),
        (0, moments[-1] or 1),
        state,
        t_eval=moments,
        rtol=_TOLERANCE,
        atol=_TOLERANCE / 1000,
    )
    found = [weights.in_modes(state) for state in path.y.T]
    return SmallRates(*map(np.array, zip(*found, strict=True)))


def _times(factor: Any, series: Any) -> tuple[Any, Any, Any]:
    """Return a layer, of order 1 in x, times a series up to order 2."""
    a, b = factor
    first, second, third = series
    linear = b @ first + (a @ second if np.ndim(second) else 0.0)
    square = (b @ second if np.ndim(second) else 0.0) + (a @ third if np.ndim(third) else 0.0)
    return a @ first, linear, square


def _before(series: Any, factor: Any) -> tuple[Any, Any, Any]:
    """Return a series times a layer, likewise."""
    moved = _times(tuple(map(_transposed, factor)), tuple(map(_transposed, series)))
    return tuple(map(_transposed, moved))


def _transposed(values: Any) -> Any:
    return np.swapaxes(values, -1, -2) if np.ndim(values) else values


def _convolved(left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
    """Return the product of two series up to order 2; 0.0 stands for a part that is none."""
    total: list[Any] = [0.0, 0.0, 0.0]
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            if i + j < 3 and np.ndim(a) and np.ndim(b):
                total[i + j] = total[i + j] + a @ b
    return total
