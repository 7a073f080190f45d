"""Straight-line programs: what a generic function computes, as a list of operations.

A function that works on any kind of number is run once on recording numbers; what it did to them is
its program. Common subexpressions are stored once, constants are folded exactly, and what depends
on chosen inputs alone can be told apart from the rest, so that a loop need not repeat it.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from sgdmem.symbolic.algebra.scalars import Element

Key: TypeAlias = tuple[Any, ...]  # ("input", name), ("constant", Fraction) or (sign, left, right)

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
SIGNS = tuple(_OPERATIONS)


@dataclass(frozen=True)
class Program:
    """A straight-line program.

    Attributes
    ----------
    steps : tuple
        Each is ``("input", name)``, ``("constant", value)`` or ``(sign, left, right)`` with the
        numbers of earlier steps; ``sign`` is one of ``+ - * /``.
    outputs : tuple of int
        Numbers of the steps that are the results.

    Examples
    --------
    >>> program = trace(lambda x, y: (x * y + 1, (x * y + 1) / y), ["x", "y"])
    >>> print(program)
    t2 = x * y
    t4 = t2 + 1
    t5 = t4 / y
    return t4, t5
    >>> program.run({"x": Fraction(1, 2), "y": Fraction(3)})
    (Fraction(5, 2), Fraction(5, 6))
    """

    steps: tuple[Key, ...]
    outputs: tuple[int, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that are used, in the order in which they were given."""
        return tuple(step[1] for step in self.steps if step[0] == "input")

    def counts(self) -> dict[str, int]:
        """Return how many operations of each sign there are."""
        found = Counter(step[0] for step in self.steps)
        return {sign: found[sign] for sign in SIGNS if found[sign]}

    def depends_on(self, *names: str) -> list[bool]:
        """Return, for each step, whether it needs one of these inputs."""
        flags: list[bool] = []
        for kind, *arguments in self.steps:
            if kind in SIGNS:
                flags.append(any(flags[i] for i in arguments))
            else:
                flags.append(kind == "input" and arguments[0] in names)
        return flags

    def run(self, values: Mapping[str, Element]) -> tuple[Element, ...]:
        """Return the results for numbers of any kind that mixes with ints and fractions.

        Python's and mpmath's numbers, balls and expressions do; for arrays there is source text
        (`sgdmem.numeric.compilation.lowering`).
        """
        found: list[Element] = []
        for kind, *arguments in self.steps:
            if kind == "input":
                found.append(values[arguments[0]])
            elif kind == "constant":
                value = arguments[0]
                found.append(int(value) if value.denominator == 1 else value)
            else:
                left, right = arguments
                found.append(_OPERATIONS[kind](found[left], found[right]))
        return tuple(found[i] for i in self.outputs)

    def name(self, step: int) -> str:
        """Return how a step is called in a listing."""
        kind, *arguments = self.steps[step]
        if kind == "input":
            return str(arguments[0])
        return str(arguments[0]) if kind == "constant" else f"t{step}"

    def __str__(self) -> str:
        lines = [
            f"t{i} = {self.name(left)} {kind} {self.name(right)}"
            for i, (kind, left, *rest) in enumerate(self.steps)
            if kind in SIGNS
            for right in rest
        ]
        return "\n".join([*lines, f"return {', '.join(map(self.name, self.outputs))}"])


def trace(function: Callable[..., Sequence[Element]], inputs: Sequence[str]) -> Program:
    """Return the program of a function that takes numbers of any kind.

    Parameters
    ----------
    function
        Called with one recording number for each input; returns a sequence of results. It may add,
        subtract, multiply and divide them, and mix them with ints and fractions, but not compare
        them. What it does is recorded for numbers in general position: none is 0 by chance.
    inputs
        Their names.
    """
    recorder = _Recorder()
    results = function(*(recorder.number(("input", name)) for name in inputs))
    wanted = [recorder.read(result).place for result in results]
    return pruned(recorder.steps, wanted)


class Recording:
    """A number that remembers how it was computed."""

    __slots__ = ("place", "recorder")

    def __init__(self, recorder: _Recorder, place: int) -> None:
        self.recorder, self.place = recorder, place

    def __add__(self, other: Any) -> Recording:
        return self.recorder.operation("+", self, other)

    def __radd__(self, other: Any) -> Recording:
        return self.recorder.operation("+", other, self)

    def __sub__(self, other: Any) -> Recording:
        return self.recorder.operation("-", self, other)

    def __rsub__(self, other: Any) -> Recording:
        return self.recorder.operation("-", other, self)

    def __mul__(self, other: Any) -> Recording:
        return self.recorder.operation("*", self, other)

    def __rmul__(self, other: Any) -> Recording:
        return self.recorder.operation("*", other, self)

    def __truediv__(self, other: Any) -> Recording:
        return self.recorder.operation("/", self, other)

    def __rtruediv__(self, other: Any) -> Recording:
        return self.recorder.operation("/", other, self)

    def __neg__(self) -> Recording:
        return self.recorder.operation("-", 0, self)

    def __bool__(self) -> bool:
        """Whether it may differ from 0: only the constant 0 does not."""
        return self.recorder.constant(self) != 0


class _Recorder:
    def __init__(self) -> None:
        self.steps: list[Key] = []
        self._places: dict[Key, int] = {}

    def number(self, key: Key) -> Recording:
        """Return the recording number of a step, which is stored once."""
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self.steps)
            self.steps.append(key)
        return Recording(self, place)

    def read(self, value: Any) -> Recording:
        if isinstance(value, Recording):
            return value
        return self.number(("constant", Fraction(value)))

    def constant(self, number: Recording) -> Fraction | None:
        kind, value, *_ = self.steps[number.place]
        return value if kind == "constant" else None

    def operation(self, sign: str, left: Any, right: Any) -> Recording:
        left, right = self.read(left), self.read(right)
        x, y = self.constant(left), self.constant(right)
        if x is not None and y is not None:
            return self.number(("constant", _OPERATIONS[sign](x, y)))
        if sign in "+-" and y == 0:
            return left  # type: ignore[no-any-return]
        if sign == "+" and x == 0:
            return right  # type: ignore[no-any-return]
        if sign == "*" and 0 in (x, y):
            return self.read(0)
        if sign in "*/" and y == 1:
            return left  # type: ignore[no-any-return]
        if sign == "*" and x == 1:
            return right  # type: ignore[no-any-return]
        if sign in "+*" and right.place < left.place:
            left, right = right, left
        return self.number((sign, left.place, right.place))


def pruned(steps: Sequence[Key], wanted: Sequence[int]) -> Program:
    """Return the program without steps that nothing wanted needs."""
    needed = needed_steps(steps, wanted)
    number = {old: new for new, old in enumerate(needed)}
    kept = []
    for old in needed:
        kind, *arguments = steps[old]
        kept.append((kind, *(number[i] for i in arguments)) if kind in SIGNS else steps[old])
    return Program(tuple(kept), tuple(number[place] for place in wanted))


def needed_steps(steps: Sequence[Key], wanted: Sequence[int]) -> list[int]:
    """Return the steps that are wanted, and all that these need."""
    needed: set[int] = set()
    stack = list(wanted)
    while stack:
        place = stack.pop()
        if place not in needed:
            needed.add(place)
            kind, *arguments = steps[place]
            stack.extend(arguments if kind in SIGNS else ())
    return sorted(needed)
