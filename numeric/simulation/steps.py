r"""What a step does with a mode, as source of machine code: mini-batch SGD with memory.

Everything is in the eigenbasis of the Hessian, and a coordinate k of w - w*, of u and of the
gradient is multiplied by :math:`\sqrt{\lambda_k}`. Features are *whitened* by that: their second
moments are the identity. The loss above the least one is half the squared length of w. With a batch
of whitened features, the rows of X, and residuals e of their labels at w*, the gradient at y is
:math:`g_k = \lambda_kh_k`, :math:`h = X^T(Xy-e)/B`; a sample of K outputs has K rows. Weight
decay adds :math:`\omega y+\Lambda p`, with the mean p of :math:`X^Te`, and w* is the stationary
point: the loss above that there is :math:`\tfrac12|w|^2-p^Tw`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# by a power of two, so that nothing is rounded
_RESCALED = """
total = squared + others
if not (1e-100 < total and total < 1e100) and total > 0.0 and total < inf:
    half = (bits_of(total) >> 53) - 511
    factor = float_of((1023 - half) << 52)
    ends[1] = ends[1] + half
    {sums}
    for p in lanes(16 * parts):
        {rows}
"""


def entry_places(memory: int, nonzero: Sequence[bool]) -> dict[str, int]:
    """Return the names of the entries that may differ from 0, and their columns in `Steps.table`.

    Examples
    --------
    >>> entry_places(1, (True, True, True, True, False, False))
    {'alpha': 0, 'b1': 1, 'c1': 2, 'd1_1': 3}
    """
    each = range(1, memory + 1)
    names = ["alpha", *(f"b{i}" for i in each), *(f"c{i}" for i in each)]
    names += [f"d{i}_{j}" for i in each for j in each]
    names += [*(f"a{i}" for i in each), "shrink"]
    return {name: at for at, name in enumerate(names) if nonzero[at]}


def read_lines(some: Mapping[str, int], prefix: str = "") -> list[str]:
    """Return the lines that take y from w to where the gradient is."""
    vectors = [name for name in some if name[0] == "a" and name != "alpha"]
    return [f"y = fma({prefix}{name}, state[{name[1:]}, p], y)" for name in vectors]


def moved_lines(
    memory: int,
    some: Mapping[str, int],
    gradient: Sequence[str],
    homogeneous: bool,
    minimum: str = "",
) -> list[str]:
    """Return the lines that move a mode from its w, after those of its ``gradient`` g at y.

    They add to the sums ``squared`` of w and, if homogeneous, ``others`` of the memory. A w that
    shrinks does so towards minus a ``minimum``, or to 0.
    """
    each = range(1, memory + 1)
    lines = [f"u{i} = state[{i}, p]" for i in each]
    lines += ["y = w", *read_lines(some), *gradient]
    lines += ["w = fma(-shrink, w, w)"] if "shrink" in some else []
    lines += [f"w = fma(-shrink, {minimum}, w)"] if "shrink" in some and minimum else []
    lines += ["w = fma(-alpha, g, w)"] if "alpha" in some else []
    lines += [f"w = fma(b{i}, u{i}, w)" for i in each if f"b{i}" in some]
    lines += ["state[0, p] = w", "squared = squared + w * w"]
    for i in each:
        lines.append(f"v = c{i} * g" if f"c{i}" in some else "v = 0.0")
        lines += [f"v = fma(d{i}_{j}, u{j}, v)" for j in each if f"d{i}_{j}" in some]
        lines += [f"state[{i}, p] = v", *(["others = others + v * v"] if homogeneous else [])]
    return lines


def rescaled_lines(memory: int, sums: str = "total = 0.0") -> list[str]:
    """Return the lines that rescale a state which nears the end of the range of floats.

    The exponents of the powers of two are added up in ``ends[1]``; ``sums`` says what else scales.
    """
    rows = [f"state[{i}, p] = state[{i}, p] * factor" for i in range(memory + 1)]
    return _RESCALED.format(rows="\n        ".join(rows), sums=sums).strip().splitlines()


def filled(template: str, parts: Mapping[str, Sequence[str]], **words: object) -> str:
    """Return a source with lines in the places of ``{part}``, indented alike."""
    lines = []
    for line in template.format_map({**words, **{name: f"<{name}>" for name in parts}}).split("\n"):
        text = line.lstrip(" ")
        some = parts.get(text[1:-1]) if text.startswith("<") else None
        lines += [line] if some is None else [line[: -len(text)] + part for part in some]
    return "\n".join(lines)
