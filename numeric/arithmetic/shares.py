"""Shares of a whole as people read them."""

from __future__ import annotations


def percent(share: float, decimals: int = 1) -> str:
    """Return a share in percent: 0% is none of the whole, 100% all of it, and nothing else is.

    Examples
    --------
    >>> [percent(share) for share in (0.0, 1e-5, 0.0123, 0.99999, 1.0)]
    ['0%', '< 0.1%', '1.2%', '> 99.9%', '100%']
    >>> percent(0.001, 0)
    '< 1%'
    """
    least = 10.0**-decimals
    if share in (0, 1):
        return f"{share:.0%}"
    if 100 * share < least / 2:
        return f"< {least:g}%"
    return f"> {100 - least:g}%" if 100 - 100 * share <= least / 2 else f"{share:.{decimals}%}"
