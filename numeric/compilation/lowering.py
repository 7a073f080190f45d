"""Programs as source text: plain arithmetic, or arithmetic with error bounds in machine floats.

The plain text runs on floats, arrays, mpmath's numbers and balls, and is what kernels are made of,
those by Numba on GPUs too. The text with bounds carries a radius beside every value (the rules are
those of `sgdmem.numeric.arithmetic.ball`) and compiles to straight machine code, without objects.

Radii are computed in floating point and not rounded upwards; they are too small by at most the
rounding errors of a few hundred operations on nonnegative numbers, below 1e-12 relative. Whoever
reads a radius multiplies it by ``INFLATE``.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import frexp, inf, nextafter

from sgdmem.numeric.arithmetic.rounding import INFLATE, TINY, UNIT
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.programs.program import SIGNS, Program

_INFINITE_IF = 2.0**-200  # times an infinite value is infinite, and else next to nothing
_SAFE = 2.0**-40  # share of a divisor that is set aside for the rounding of its room


def variable(name: str) -> str:
    """Return what an input is called in source: no name of a parameter collides with another one.

    Everything else in generated source has a name without an underscore after a ``v`` or ``r``.
    """
    return f"v_{name}"


def radius_of(name: str) -> str:
    """Return what the radius of an input is called."""
    return f"r_{name}"


def plain_lines(program: Program, steps: Iterable[int], prefix: str = "t") -> list[str]:
    """Return an assignment for each of these steps of a program that is an operation.

    The value of step 7 is called ``t7``, or with another prefix; for inputs see `variable`.
    """
    return [
        f"{prefix}{i} = {_plain(program, left, prefix)} {kind} {_plain(program, right, prefix)}"
        for i in steps
        for kind, left, right in _operation(program, i)
    ]


def _operation(program: Program, step: int) -> list[tuple[str, int, int]]:
    kind, *arguments = program.steps[step]
    return [(kind, *arguments)] if kind in SIGNS else []


def _plain(program: Program, step: int, prefix: str) -> str:
    kind, *arguments = program.steps[step]
    if kind == "constant":
        return constant(arguments[0])
    return variable(arguments[0]) if kind == "input" else f"{prefix}{step}"


def plain_outputs(program: Program, prefix: str = "t") -> list[str]:
    """Return what the results of a program are called in `plain_lines`."""
    return [_plain(program, step, prefix) for step in program.outputs]


def constant(value: Fraction) -> str:
    """Return the source of a constant, the nearest float."""
    try:
        nearest = float(value)
    except OverflowError:
        raise InputError(
            f"numbers of a method must stay within the range of floats, got {shown(value)}"
        ) from None
    return f"({nearest!r})" if nearest < 0 else repr(nearest)


def _constant_radius(value: Fraction) -> str:
    gap = abs(Fraction(float(value)) - value)
    return repr(nextafter(float(gap), inf)) if gap else ""


def ball_lines(
    program: Program,
    steps: Iterable[int],
    prefixes: tuple[str, str] = ("t", "r"),
) -> tuple[list[str], dict[int, tuple[str, str]]]:
    """Return assignments of values and radii, and the names of every step's pair.

    Parameters
    ----------
    program, steps
        As in `plain_lines`.
    prefixes
        The value of step 7 is called ``t7`` and its radius ``r7``, or otherwise.
    """
    value_prefix, radius_prefix = prefixes
    lines: list[str] = []
    names: dict[int, tuple[str, str]] = {}
    for i, (kind, *arguments) in enumerate(program.steps):
        if kind == "constant":
            names[i] = (constant(arguments[0]), _constant_radius(arguments[0]))
        elif kind == "input":
            (name,) = arguments
            names[i] = (variable(name), radius_of(name))
        else:
            names[i] = (f"{value_prefix}{i}", f"{radius_prefix}{i}")
    for i in steps:
        for kind, left, right in _operation(program, i):
            value, radius = names[i]
            if kind in "+-":
                lines += _sum(value, radius, kind, names[left], names[right])
            elif kind == "*":
                lines += _product(value, radius, names[left], names[right])
            else:
                numerator = names[left]
                if numerator == ("1.0", ""):
                    lines += _reciprocal(value, radius, names[right])
                else:
                    inverse = (f"{value}_i", f"{radius}_i")
                    lines += _reciprocal(*inverse, names[right])
                    lines += _product(value, radius, numerator, inverse)
    return lines, names


Pair = tuple[str, str]


def _sum(value: str, radius: str, sign: str, x: Pair, y: Pair) -> list[str]:
    parts = [part for part in (x[1], y[1]) if part]
    return [
        f"{value} = {x[0]} {sign} {y[0]}",
        f"{radius} = {' + '.join([*parts, f'{UNIT!r} * abs({value})'])}",
    ]


def _product(value: str, radius: str, x: Pair, y: Pair) -> list[str]:
    for number, other in ((x, y), (y, x)):
        if other[1] and _is_power_of_two(number):
            return _scaled(value, radius, number[0], other)
    parts = []
    if x[1]:
        parts.append(f"{x[1]} * {_size(y)}")
    if y[1]:
        parts.append(f"abs({x[0]}) * {y[1]}")
    return [
        f"{value} = {x[0]} * {y[0]}",
        f"{radius} = {' + '.join([*parts, f'({UNIT!r} * abs({value}) + {TINY!r})'])}",
    ]


def _is_power_of_two(x: Pair) -> bool:
    """Whether it is the source of such a number, of either sign."""
    try:
        size, _ = frexp(float(x[0].strip("()")))
    except ValueError:
        return False
    return not x[1] and abs(size) == 0.5


def _scaled(value: str, radius: str, number: str, x: Pair) -> list[str]:
    """Return a product with a power of 2, which is exact while it is within the range of floats."""
    size = abs(float(number.strip("()")))
    parts = [x[1] if size == 1 else f"{size!r} * {x[1]}"]
    if size > 1:
        parts.append(f"{_INFINITE_IF!r} * abs({value})")
    elif size < 1:
        parts.append(f"{TINY!r}")
    return [f"{value} = {x[0]} * {number}", f"{radius} = {' + '.join(parts)}"]


def _size(x: Pair) -> str:
    return f"(abs({x[0]}) + {x[1]})" if x[1] else f"abs({x[0]})"


def _reciprocal(value: str, radius: str, x: Pair) -> list[str]:
    """One division gives both 1 / x and its radius, r / (|x| (|x| - r))."""
    size, room, both = f"{value}_a", f"{value}_b", f"{value}_c"
    less = f" - {INFLATE!r} * {x[1]}" if x[1] else ""
    spread = f"{x[1]} * {value}_d + " if x[1] else ""
    return [
        f"{size} = abs({x[0]})",
        f"{room} = {size} * {1 - _SAFE!r}{less}",
        f"{both} = {size} * {room}",
        f"{value}_d = 1.0 / {both}",
        f"{value} = copysign({room} * {value}_d, {x[0]})",
        # infinite where x may be zero, or where the product has left the range; without branches
        f"{radius} = ({spread}{4 * UNIT!r} * abs({value})) "
        f"if ({both} > 1e-290) & ({both} < 1e290) else inf",
    ]
