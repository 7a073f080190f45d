"""What can go wrong."""

from sgdmem.symbolic.errors import (
    DerivationError,
    InputError,
    SgdmemError,
    TypesettingError,
    UndecidedError,
    UndefinedError,
)

__all__ = [
    "DerivationError",
    "InputError",
    "SgdmemError",
    "TypesettingError",
    "UndecidedError",
    "UndefinedError",
]
