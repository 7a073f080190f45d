"""The errors that sgdmem raises on purpose."""

from __future__ import annotations


class SgdmemError(Exception):
    """Base of every error that sgdmem raises on purpose."""


class InputError(SgdmemError, ValueError):
    """An argument cannot be used; the message names it, its value and what is accepted."""


class UndefinedError(SgdmemError, ArithmeticError):
    """A quantity does not exist for this algorithm (for example, D has the eigenvalue 1)."""


class UndecidedError(SgdmemError):
    """A yes-or-no answer was asked of a verdict that floating point could not decide."""


class DerivationError(SgdmemError):
    """A statement of a derivation does not hold; nothing is written then."""


class TypesettingError(SgdmemError):
    """LaTeX is absent, or could not typeset a document."""
