"""Which versions computed something: told in datasets, and in the names under which it is kept."""

from __future__ import annotations

import sys
from functools import cache
from importlib import metadata

from sgdmem._version import __version__


@cache  # each is read from a file
def versions_of(*libraries: str) -> str:
    """Return the versions of installed packages.

    Examples
    --------
    >>> versions_of("numpy", "sympy").split()[::2]
    ['numpy', 'sympy']
    """
    return ", ".join(f"{library} {metadata.version(library)}" for library in libraries)


def computed_by(*libraries: str) -> str:
    """Return the versions of packages, of sgdmem and of Python: another one computes anew."""
    return "\0".join([__version__, sys.version, versions_of(*libraries)])
