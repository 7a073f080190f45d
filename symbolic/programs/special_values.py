"""Values of parameters at which a constructor does something special."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from sgdmem.symbolic.algebra.polynomials import Polynomial, multiply
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algebra.scalars import is_zero
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.programs.program import Program


def special_values(
    build: Callable[..., Algorithm],
    program: Program,
    memory: int,
    usual: Mapping[str, Fraction],
    tested: Mapping[str, Iterable[Fraction]],
) -> dict[str, list[Fraction]] | None:
    """Return the values at which a constructor differs from its `coefficient_program`.

    They differ where Q / P does, or the program divides by 0; all is exact.

    Parameters
    ----------
    build
        The constructor.
    program, memory
        What was derived of its parameters in general.
    usual
        A point at which nothing special is expected.
    tested
        For each parameter the values to be tested, the others being usual.

    Returns
    -------
    dict
        Also the values that the constructor refuses. None if it differs at the usual point.

    Examples
    --------
    PyTorch's SGD ignores its dampening without a momentum:

    >>> from sgdmem.symbolic.programs.summand_program import coefficient_program
    >>> from sgdmem.symbolic.algorithms.general_member import general_member
    >>> from sgdmem.symbolic.zoo.named_algorithms import torch_sgd
    >>> names = ["momentum", "dampening"]
    >>> family = torch_sgd.varying(names, {"learning_rate": 1})
    >>> program = coefficient_program(general_member(family), names)
    >>> third = Fraction(1, 3)
    >>> special_values(family, program, 1, dict.fromkeys(names, third), {"momentum": [0, third]})
    {'momentum': [0]}
    """

    def holds(point: Mapping[str, Fraction]) -> bool:
        there = build(**point).half_plane_form
        try:
            derived = HalfPlaneForm.of_row(program.run(point), memory)
        except ZeroDivisionError:
            return False
        pairs = zip(_crossed(derived, there), _crossed(there, derived), strict=True)
        return all(x == y or is_zero(x - y) for x, y in pairs)

    def holds_at(name: str, value: Fraction) -> bool:
        try:
            return holds({**usual, name: value})
        except InputError:
            return False

    if not holds(usual):
        return None
    found = {
        name: [value for value in sorted(values) if not holds_at(name, value)]
        for name, values in tested.items()
    }
    return {name: values for name, values in found.items() if values}


def _crossed(first: HalfPlaneForm, second: HalfPlaneForm) -> Polynomial:
    """Return Q of a form times P of another one, whatever their memories are."""
    decay = 0 if second.decay is None else second.decay
    return multiply(first.Q, (*second.fixed, decay))
