"""An orbit of a method as it was published: its assignments, carried out."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flint import fmpq

from sgdmem.symbolic.derivations.checks.latex_reader import Meanings, read

_INDEX = "_i"  # of one of several vectors


def published_orbit(
    lines: Sequence[tuple[str, str]],
    letters: Mapping[str, Any],
    gradient: Mapping[str, Callable[[Any], Any]],
    count: int,
    draw: Callable[[], Any],
    steps: int,
    weights: str,
) -> list[Any]:
    r"""Return the weights at the start and after each step, every vector having a random start.

    Parameters
    ----------
    lines
        LaTeX of what is assigned, several separated by commas, and of the values.
    letters
        What parameters are.
    gradient
        The gradient as a function, by its LaTeX.
    count
        How many vectors an index i stands for; K is this number.
    draw
        Returns a random number.
    steps, weights
        How many steps, and the letter of the weights; ``w_{t-2}`` are those of two steps before.

    Examples
    --------
    >>> from flint import fmpq
    >>> ball = [("v", r"b v - a \nabla L(w)"), ("w", "w + v")]
    >>> known = {"a": fmpq(1, 2), "b": fmpq(0)}
    >>> gradient = {r"\nabla L": lambda x: x}
    >>> [str(w) for w in published_orbit(ball, known, gradient, 1, lambda: fmpq(1), 2, "w")]
    ['1', '1/2', '1/4']
    """
    earlier = re.findall(rf"{re.escape(weights)}_\{{t-(\d+)\}}", " ".join(x for _, x in lines))
    past = [draw() for _ in range(max(map(int, earlier), default=0))]  # the newest one first
    assigned = [[name.strip() for name in left.split(",")] for left, _ in lines]
    state: dict[str, Any] = {"K": fmpq(count)}
    for name in (name for names in assigned for name in names):
        state[name] = [draw() for _ in range(count)] if name.endswith(_INDEX) else draw()

    def with_index(i: int) -> dict[str, Any]:
        own = {name: value[i] for name, value in state.items() if name.endswith(_INDEX)}
        mark = f"_{i + 1}"
        indexed = {name.removesuffix(mark): name for name in letters if name.endswith(mark)}
        return {**{f"{stem}{_INDEX}": letters[name] for stem, name in indexed.items()}, **own}

    def values(text: str, i: int | None = None) -> list[Any]:
        plain = {name: value for name, value in state.items() if not name.endswith(_INDEX)}
        before = {f"{weights}_{{t-{k}}}": value for k, value in enumerate(past, start=1)}
        known = ChainMap({} if i is None else with_index(i), plain, dict(letters), before)
        each = {"i": [with_index(j) for j in range(count)]}
        return [chain.sides[0] for chain in read(text, Meanings(known, gradient, each))]

    orbit = [state[weights]]
    for _ in range(steps):
        for names, (_, right) in zip(assigned, lines, strict=True):
            if names[0].endswith(_INDEX):
                state[names[0]] = [values(right, i)[0] for i in range(count)]
            else:
                state.update(zip(names, values(right), strict=True))
        past[:] = [orbit[-1], *past][: len(past)]
        orbit.append(state[weights])
    return orbit
