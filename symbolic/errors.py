"""The errors that sgdmem raises on purpose."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fractions import Fraction

_MOST_SHOWN = 80  # characters of a value in a message


class _Brief(reprlib.Repr):
    """Never writes out a long list, and fractions as numbers."""

    def repr_Fraction(self, value: Fraction, level: int) -> str:
        return str(value)


_brief = _Brief()
_brief.maxstring = _brief.maxother = _brief.maxlong = _MOST_SHOWN


class SgdmemError(Exception):
    """Base of every error that sgdmem raises on purpose."""


class InputError(SgdmemError, ValueError):
    """An argument cannot be used; the message names it, its value and what is accepted."""


class UndefinedError(SgdmemError, ArithmeticError):
    """A quantity does not exist for this algorithm (for example, D has the eigenvalue 1)."""


class UndecidedError(SgdmemError):
    """A yes-or-no answer was asked of a verdict that floating point could not decide."""


class MissingPackageError(SgdmemError, ImportError):
    """A part of sgdmem needs a package that is not installed; the message says how to get it."""


class ProofError(SgdmemError):
    """A proof does not prove what it claims, or is none; the message says where."""


class DerivationError(SgdmemError):
    """A statement of a derivation does not hold; nothing is written then."""


class TypesettingError(SgdmemError):
    """LaTeX is absent, or could not typeset a document."""


def shown(value: Any) -> str:
    """Return a value as messages show it: on one line, and at most 80 characters of it.

    Examples
    --------
    >>> shown([0.5] * 1000)
    '[0.5, 0.5, 0.5, 0.5, 0.5, 0.5, ...]'
    >>> from fractions import Fraction
    >>> print(shown(Fraction(300)), shown([Fraction(1, 3)]))
    300 [1/3]
    """
    try:
        item = value.item() if getattr(value, "shape", None) == () else value  # a NumPy scalar's
        text = _brief.repr(item)
    except Exception:  # whatever a foreign class does to print itself
        text = f"a {type(value).__name__}"
    text = " ".join(text.split())
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
