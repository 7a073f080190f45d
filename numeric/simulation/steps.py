r"""Machine code for single runs of mini-batch SGD with memory.

Everything is in the eigenbasis of the Hessian, and a coordinate k of w - w*, of u and of the
gradient is multiplied by :math:`\sqrt{\lambda_k}`. Features are *whitened* by that: their second
moments are the identity. The loss is half the squared length of w, and with a batch of whitened
features, the rows of X, the gradient at y is :math:`g_k = \lambda_kh_k`, :math:`h = X^TXy/B`.

For Gaussian features no row is drawn. Let :math:`y = \sigma e` with a unit vector e. The residuals
:math:`Xy = \sigma q` have independent standard normal entries q, and what is orthogonal to e in X
is independent of them. So :math:`|q|^2 = \chi^2` has a chi-squared distribution of B degrees of
freedom, and :math:`(1-ee^T)X^Tq` is distributed as :math:`\chi(1-ee^T)\xi`, :math:`\xi` standard
normal. Together, whatever the batch size,

.. math:: h = \tfrac{\sigma}{B}X^Tq
    = \tfrac1B\bigl[(\chi^2 - \chi\,e^T\xi)\,y + \chi\sigma\xi\bigr].
"""

from __future__ import annotations

from math import inf, isfinite, sqrt

from numba import njit
from numpy import empty, empty_like

_FAST = {"reassoc", "contract", "nsz"}  # sums in vectors; NaN and inf stay what they are


@njit("f8(f8[::1], f8[::1])", cache=True, nogil=True, fastmath=_FAST)
def dot(x, y):  # type: ignore[no-untyped-def]
    """Return the inner product of two vectors."""
    total = 0.0
    for k in range(x.size):
        total += x[k] * y[k]
    return total


@njit("void(f8[::1], f8, f8[::1])", cache=True, nogil=True, fastmath=_FAST)
def add(total, factor, vector):  # type: ignore[no-untyped-def]
    """Add a multiple of a vector; nothing if the factor is 0, even where the vector overflowed."""
    if factor != 0.0:
        for k in range(total.size):
            total[k] += factor * vector[k]


@njit(
    "void(npy_rng, i8, f8[::1], f8[::1], f8[::1], f8[::1])",
    cache=True,
    nogil=True,
    error_model="numpy",
    fastmath=_FAST,
)
def gaussian_gradient(generator, batch, lam, y, xi, g):  # type: ignore[no-untyped-def]
    """Fill g with the gradient at y on a batch of Gaussian features; xi is overwritten."""
    for k in range(xi.size):
        xi[k] = generator.standard_normal()
    squared = generator.chisquare(batch)
    sigma = sqrt(dot(y, y))
    along = dot(xi, y) / sigma if sigma > 0.0 else 0.0
    straight = (squared - sqrt(squared) * along) / batch
    spread = sqrt(squared) * sigma / batch
    for k in range(g.size):
        g[k] = lam[k] * (straight * y[k] + spread * xi[k])


@njit("void(npy_rng, i8, f8[:,::1], f8[::1], f8[::1], f8[::1])", cache=True, nogil=True)
def row_gradient(generator, batch, rows, lam, y, g):  # type: ignore[no-untyped-def]
    """Fill g with the gradient at y on a batch of whitened rows, drawn with replacement."""
    g[:] = 0.0
    for _ in range(batch):
        row = rows[generator.integers(0, rows.shape[0])]
        add(g, dot(row, y), row)
    for k in range(g.size):
        g[k] *= lam[k] / batch


@njit("void(i8[::1], i8, f8[:,::1], f8[::1], f8[::1], f8[::1])", cache=True, nogil=True)
def counted_gradient(counts, batch, rows, lam, y, g):  # type: ignore[no-untyped-def]
    """Fill g with the gradient at y on a batch that holds each whitened row so many times."""
    g[:] = 0.0
    for i in range(counts.size):
        if counts[i] > 0:
            add(g, counts[i] * dot(rows[i], y), rows[i])
    for k in range(g.size):
        g[k] *= lam[k] / batch


@njit(
    "void(npy_rng, i8, i8[:,::1], f8[:,::1], f8[::1], f8[:], f8[:,:], f8[:,:], f8[:,:,:], "
    "f8[:,:], f8[::1], f8[:,::1], b1[::1], f8[::1])",
    cache=True,
    nogil=True,
)
def run(generator, batch, counts, rows, lam, alpha, b, c, D, a, w, u, kept, losses):  # type: ignore[no-untyped-def]
    """Make one step, eq. (3) of arXiv 2410.04228, for each entry of alpha.

    Without ``rows`` the features are Gaussian. With ``counts``, shape (T, n), a step's batch holds
    each row so many times; without, shape (0, n), rows are drawn one after the other.
    ``w``, shape (N,), and ``u``, shape (M, N), are overwritten. ``losses`` receives the losses
    after the steps that are ``kept``, up to the first loss that is beyond the range of floats; w is
    infinite then.
    """
    memory = u.shape[0]
    y, g, xi, fresh = empty_like(w), empty_like(w), empty_like(w), empty(u.shape)
    place = 0
    for t in range(alpha.size):
        y[:] = w
        for i in range(memory):
            add(y, a[t, i], u[i])
        if rows.shape[0] == 0:
            gaussian_gradient(generator, batch, lam, y, xi, g)
        elif counts.shape[0] > 0:
            counted_gradient(counts[t], batch, rows, lam, y, g)
        else:
            row_gradient(generator, batch, rows, lam, y, g)
        add(w, -alpha[t], g)
        for i in range(memory):
            add(w, b[t, i], u[i])
            fresh[i] = 0.0
            add(fresh[i], c[t, i], g)
            for j in range(memory):
                add(fresh[i], D[t, i, j], u[j])
        u[:] = fresh
        loss = 0.5 * dot(w, w)
        if not isfinite(loss):
            w[:] = inf
            return
        if kept[t]:
            losses[place] = loss
            place += 1
