"""What can go wrong."""

from sgdmem.symbolic.errors import (
    DerivationError,
    InputError,
    MissingPackageError,
    ProofError,
    SgdmemError,
    TypesettingError,
    UndecidedError,
    UndefinedError,
)

__all__ = [
    "DerivationError",
    "InputError",
    "MissingPackageError",
    "ProofError",
    "SgdmemError",
    "TypesettingError",
    "UndecidedError",
    "UndefinedError",
]
