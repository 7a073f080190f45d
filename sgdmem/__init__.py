"""Exact answers about stochastic gradient methods with memory.

Describe an algorithm (`Algorithm`, `heavy_ball`, ...) and a `Problem`, and ask: `stability`,
`largest_learning_rate`, `phase_diagram`. The table of names is in ``__init__.pyi``, in the order of
a session's questions; each is imported when it is first used, so that ``import sgdmem`` and
``sgdmem --help`` stay light. More methods are in `sgdmem.methods`, pictures in `sgdmem.pictures`,
proofs and their checker in `sgdmem.proofs`, what single papers have in `sgdmem.systems`, PyTorch's
and optax's optimizers and networks in `sgdmem.training`, and what can go wrong in `sgdmem.errors`.
"""

from sgdmem._version import __version__ as __version__


def __getattr__(name: str) -> object:
    """Read the table, and leave the rest to it; the command line starts before that."""
    from lazy_loader import attach_stub

    known = globals()
    known["__getattr__"], known["__dir__"], known["__all__"] = attach_stub(__name__, __file__)
    return known[name] if name in known else known["__getattr__"](name)


def __dir__() -> list[str]:
    """Return the names of the table."""
    __getattr__("__all__")
    return dir(__import__(__name__))
