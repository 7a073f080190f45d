r"""Machine code for single runs of mini-batch SGD with memory, on samples.

Everything is in the eigenbasis of the Hessian, and a coordinate k of w - w*, of u and of the
gradient is multiplied by :math:`\sqrt{\lambda_k}`. Features are *whitened* by that: their second
moments are the identity. The loss above the least one is half the squared length of w. With a batch
of whitened features, the rows of X, and residuals e of their labels at w*, the gradient at y is
:math:`g_k = \lambda_kh_k`, :math:`h = X^T(Xy-e)/B`; a sample of K outputs has K rows. Weight
decay adds :math:`\omega y+\Lambda p`, with the mean p of :math:`X^Te`, and w* is the stationary
point: the loss above that there is :math:`\tfrac12|w|^2-p^Tw`.
"""

from __future__ import annotations

from math import inf, isfinite, log, sqrt

from numba import njit
from numpy import empty, empty_like, searchsorted

_FAST = {"reassoc", "contract", "nsz"}  # sums in vectors; NaN and inf stay what they are
# inline="always": handing over arrays takes as long as a short row


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
    "void(i8, f8, i8, f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1])",
    cache=True,
    nogil=True,
    fastmath=_FAST,
    inline="always",
)
def add_sample(sample, times, outputs, columns, residuals, y, g):  # type: ignore[no-untyped-def]
    """Add the gradient of a sample so many times to g, up to the factors lambda_k."""
    for i in range(sample * outputs, (sample + 1) * outputs):
        for r in range(y.shape[0]):
            left = 0.0
            for k in range(y.shape[1]):
                left += columns[i, k] * y[r, k]
            if residuals.size > 0:
                left -= residuals[r, i]
            left *= times
            for k in range(y.shape[1]):
                g[r, k] += left * columns[i, k]


@njit("void(npy_rng, i8[::1], i8)", cache=True, nogil=True, inline="always")
def shuffle(generator, order, count):  # type: ignore[no-untyped-def]
    """Put random entries of an order first, so many of them; the others follow."""
    for j in range(min(count, order.size - 1)):
        place = generator.integers(j, order.size)
        order[place], order[j] = order[j], order[place]


@njit(
    "void(npy_rng, i8, i8, f8[::1], i8[::1], i8, f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1])",
    cache=True,
    nogil=True,
    inline="always",
    fastmath=_FAST,
)
def add_batch(generator, batch, first, cumulative, order, outputs, columns, residuals, y, g):  # type: ignore[no-untyped-def]
    """Add the gradients of a batch of samples to g, up to the factors lambda_k.

    They are those of an ``order``, if there is one, from a ``first`` place on; or drawn with
    replacement, alike or by the ``cumulative`` sums of their probabilities.
    """
    count = columns.shape[0] // outputs
    for j in range(batch):
        if order.size > 0:
            sample = order[first + j]
        elif cumulative.size > 0:
            sample = searchsorted(cumulative, generator.random(), side="right")
        else:
            sample = generator.integers(0, count)
        add_sample(sample, 1.0, outputs, columns, residuals, y, g)


@njit("f8(f8[::1], f8[:,::1])", cache=True, nogil=True)
def rescale(w, u):  # type: ignore[no-untyped-def]
    """Divide a state by its norm if that is far from 1; return the norm's logarithm, or 0."""
    squared = dot(w, w)
    for i in range(u.shape[0]):
        squared += dot(u[i], u[i])
    if 1e-100 < squared < 1e100 or squared == 0.0 or not isfinite(squared):
        return 0.0
    norm = sqrt(squared)
    w /= norm
    u /= norm
    return log(norm)


@njit(
    "void(npy_rng, i8[::1], i8, i8[:,::1], f8[::1], i8[::1], b1, "
    "i8, f8[:,::1], f8[:,::1], f8[::1], f8, "
    "f8[:,::1], f8[::1], f8[:], f8[:,:], f8[:,:], f8[:,:,:], f8[:,:], f8[:], f8[::1], f8[:,::1], "
    "f8[::1], "
    "b1[::1], f8[::1])",
    cache=True,
    nogil=True,
    fastmath=_FAST,
)
def run(  # type: ignore[no-untyped-def]
    generator, sizes, made, counts, cumulative, order, shuffled,
    outputs, columns, residuals, lam, decay,
    pull, minimum, alpha, b, c, D, a, shrink, w, u, scale, kept, losses,
):  # fmt: skip
    """Make one step, eq. (3) of arXiv 2410.04228, for each entry of alpha.

    Batches have the ``sizes`` one after the other, again and again; ``made`` steps were made.
    ``columns`` have the shape (n K, N). With ``counts``, shape (T, n), a step's batch holds each
    sample so many times; without, shape (0, 0), samples are drawn one after the other, see
    `add_batch`. An ``order`` of them is ``shuffled`` once for all sizes; if not, its beginning is
    for each batch. It is overwritten, like ``w``, shape (R N,), and ``u``, shape (M, R N): R
    problems that share their batches, with ``residuals`` of shape (R, n K), or (0, 0) for none.
    ``losses`` receives the losses after the steps that are ``kept``, up to the first loss that is
    beyond the range of floats; w is infinite then. With a ``scale``, shape (1,), the state is
    rescaled where it leaves the range of floats, and the logarithms of the factors are added to it.
    ``pull``, shape (R, N), or (0, 0) for none, and ``decay`` are those of weight decay; w
    ``shrink``s by itself, towards minus the ``minimum``, shape (R N,), or (0,) for none.
    """
    memory, modes = u.shape[0], lam.size
    y, g, fresh = empty_like(w), empty_like(w), empty(u.shape)
    at, gradient = y.reshape((-1, modes)), g.reshape((-1, modes))
    place = 0
    for t in range(alpha.size):
        turn = (made + t) % sizes.size
        batch = sizes[turn]
        y[:] = w
        for i in range(memory):
            add(y, a[t, i], u[i])
        g[:] = 0.0
        if counts.shape[0] > 0:
            for i in range(counts.shape[1]):
                if counts[t, i] > 0:
                    add_sample(i, counts[t, i], outputs, columns, residuals, at, gradient)
        else:
            if not shuffled:
                shuffle(generator, order, batch if batch < order.size else 0)
            elif turn == 0:
                shuffle(generator, order, order.size)
            add_batch(
                generator, batch, turn * sizes[0] if shuffled else 0, cumulative, order,
                outputs, columns, residuals, at, gradient,
            )  # fmt: skip
        for r in range(at.shape[0]):
            for k in range(modes):
                gradient[r, k] *= lam[k] / batch
                if pull.size > 0:
                    gradient[r, k] += lam[k] * pull[r, k]
        add(g, decay, y)
        if shrink[t] != 0.0:
            w *= 1.0 - shrink[t]
            if minimum.size > 0:
                add(w, -shrink[t], minimum)
        add(w, -alpha[t], g)
        for i in range(memory):
            add(w, b[t, i], u[i])
            fresh[i] = 0.0
            add(fresh[i], c[t, i], g)
            for j in range(memory):
                add(fresh[i], D[t, i, j], u[j])
        u[:] = fresh
        if scale.size > 0:
            scale[0] += rescale(w, u)
        loss = 0.5 * dot(w, w)
        if pull.size > 0:
            loss -= dot(pull.reshape(w.size), w)
        if not loss < inf:  # isfinite() is a difference, which _FAST takes for 0
            w[:] = inf
            return
        if kept[t]:
            losses[place] = loss
            place += 1
