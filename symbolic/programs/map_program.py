"""What a map evaluates for each member and each eigenvalue, as one program for every memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sgdmem.symbolic.algebra.polynomials import add
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, summands
from sgdmem.symbolic.algebra.scalars import Element
from sgdmem.symbolic.programs.program import Program, trace
from sgdmem.symbolic.programs.summand_program import EIGENVALUE, coefficient_names
from sgdmem.symbolic.stability.noise_fraction import noise_fraction

TAU2_SHARE = "tau2_share"  # tau2 / B
LARGEST_FRACTION_MEMORY = 6  # beyond, the coefficients of the fraction take thousands of operations


@dataclass(frozen=True)
class MapProgram:
    """The two programs of a map.

    Attributes
    ----------
    memory : int
    damped : bool
        Whether tau2 / B is among the inputs (`TAU2_SHARE`); without it tau2 is 0.
    decays : bool
        Whether there is weight decay: the last number of the form, which is among the inputs.
    inputs : tuple of str
        The numbers of a half-plane form (and `TAU2_SHARE` if damped).
    recursion : Program
        Of the inputs and the eigenvalue. Results: s / (1 + (tau2/B) s) / lambda, 1 + (tau2/B) s,
        and the M + 2 pivots.
    fraction : Program or None
        Of the inputs: the M + 1 and M + 2 coefficients of numerator and denominator of the first
        result of the recursion, lowest power first, without a division; one more each with weight
        decay. None for memories over 6.
    """

    memory: int
    damped: bool
    decays: bool
    inputs: tuple[str, ...]
    recursion: Program
    fraction: Program | None


@lru_cache(maxsize=64)
def map_program(memory: int, damped: bool, decays: bool = False) -> MapProgram:
    """Return the programs of a memory.

    Examples
    --------
    >>> found = map_program(0, damped=False)
    >>> print(found.fraction)  # numerator, and two coefficients of the denominator
    t5 = 0 - moving_0
    t6 = Q_0 * Q_0
    t7 = fixed_0 * pull
    t8 = pull * t5
    return t6, t7, t8
    """
    names = coefficient_names(memory, decays=decays)
    inputs = (*names, *([TAU2_SHARE] if damped else []))
    count = len(names)

    def recursion(lam: Element, *row: Element) -> list[Element]:
        share2 = row[-1] if damped else 0
        found = summands(HalfPlaneForm.of_row(row[:count], memory, decays), lam)
        damping = 1 + share2 * (lam * found.noise)
        return [found.noise / damping, damping, *found.pivots]

    def fraction(*row: Element) -> list[Element]:
        share2 = row[-1] if damped else 0
        numerator, denominator = noise_fraction(HalfPlaneForm.of_row(row[:count], memory, decays))
        return [*numerator, *add(denominator, [share2 * entry for entry in (0, *numerator)])]

    has_fraction = memory <= LARGEST_FRACTION_MEMORY
    return MapProgram(
        memory=memory,
        damped=damped,
        decays=decays,
        inputs=inputs,
        recursion=trace(recursion, [EIGENVALUE, *inputs]),
        fraction=trace(fraction, inputs) if has_fraction else None,
    )
