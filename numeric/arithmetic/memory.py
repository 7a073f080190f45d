"""Whether what a computation holds at once fits into the machine's memory."""

from __future__ import annotations

import math
import os

from sgdmem.symbolic.errors import InputError

_GIGABYTE = 1e9


def memory() -> float:
    """Return the bytes of physical memory; inf where the system does not tell."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return math.inf


def require_memory(
    size: float, what: str, instead: str = "fewer columns, such as the leading principal components"
) -> None:
    """Raise InputError, before the work begins, if it needs more bytes than there are.

    Parameters
    ----------
    size : float
        An estimate, in bytes.
    what : str
        What needs them, as the beginning of a sentence.
    instead : str
        What would need less.
    """
    room = memory()
    if size > room:
        raise InputError(
            f"{what} take about {size / _GIGABYTE:,.3g} GB of memory, more than the "
            f"{room / _GIGABYTE:,.3g} GB of this machine: give {instead}"
        )
