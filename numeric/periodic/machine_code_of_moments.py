"""The loop over the steps of a period, see `MomentsOverAPeriod`."""

from __future__ import annotations

from numba import njit
from numpy import empty


@njit(
    "void(f8[:,:,:,::1], i8[::1], i8[::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[:,:,::1], "
    "f8[:,::1])",
    cache=True,
    nogil=True,
    error_model="numpy",
)
def run(S, i, j, v, r, C, X, heard):  # type: ignore[no-untyped-def]
    """Take the moments X of pairs of modes through a period, and fill ``heard``."""
    size = X.shape[1]
    half = empty((size, size))
    for p in range(i.size):
        x = X[p]
        for t in range(C.shape[0]):
            total = 0.0
            for a in range(size):
                for b in range(size):
                    total += r[t, a] * x[a, b] * r[t, b]
            heard[t, p] = total
            left, right = S[t, i[p]], S[t, j[p]]
            for a in range(size):
                for b in range(size):
                    total = 0.0
                    for k in range(size):
                        total += left[a, k] * x[k, b]
                    half[a, b] = total
            for a in range(size):
                for b in range(size):
                    total = C[t, p] * v[t, a] * v[t, b]
                    for k in range(size):
                        total += half[a, k] * right[b, k]
                    x[a, b] = total
