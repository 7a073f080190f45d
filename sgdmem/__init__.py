"""Exact answers about stochastic gradient methods with memory.

Describe an algorithm (`Algorithm`, `heavy_ball`, ...) and a `Problem`, and ask: `stability`,
`largest_learning_rate`, `phase_diagram`. The table of names is in ``__init__.pyi``, in the order of
a session's questions; each is imported when it is first used, so that ``import sgdmem`` and
``sgdmem --help`` stay light. More methods are in `sgdmem.methods`, pictures in `sgdmem.pictures`,
proofs and their checker in `sgdmem.proofs`, what single papers have in `sgdmem.systems`, PyTorch's
and optax's optimizers and networks in `sgdmem.training`, and what can go wrong in `sgdmem.errors`.
"""

from lazy_loader import attach_stub

from sgdmem._version import __version__ as __version__

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
