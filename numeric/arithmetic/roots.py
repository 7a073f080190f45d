"""A root of a smooth function of which each value takes long."""

from __future__ import annotations

from collections.abc import Callable

_MOST = 200  # values: halving alone would need a few more than the bits of a float
_HALVED = 0.5


def smooth_root(
    function: Callable[[float], float], low: float, high: float, relative: float
) -> float:
    """Return a root between two points where a function has different signs.

    By inverse quadratic interpolation where it is safe, else by halving (T. R. Chandrupatla, Adv.
    Eng. Softw. 28, 145, 1997). The root is within ``relative`` of the point that is returned.

    Examples
    --------
    >>> asked = []
    >>> root = smooth_root(lambda x: asked.append(x) or x * x - 2, 1.0, 2.0, 1e-12)
    >>> abs(root / 2**0.5 - 1) < 1e-12, len(asked) < 12
    (True, True)
    """
    a, b = high, low
    at_a, at_b = function(a), function(b)
    if at_a == 0 or at_b == 0:
        return a if at_a == 0 else b
    share = _HALVED
    for _ in range(_MOST):
        c, at_c = a, at_a
        a = a + share * (b - a)
        at_a = function(a)
        if (at_a > 0) != (at_c > 0):  # else the root is still between a and b
            c, b, at_c, at_b = b, c, at_b, at_c
        best, at_best = (a, at_a) if abs(at_a) < abs(at_b) else (b, at_b)
        room = relative * abs(best) / abs(b - a)
        if room > _HALVED or at_best == 0:
            return best
        along, rise = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
        share = _HALVED
        if rise * rise < along and (1 - rise) ** 2 < 1 - along:
            share = at_a / (at_b - at_a) * at_c / (at_b - at_c)
            share += (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
        share = min(max(share, room), 1 - room)
    return best
