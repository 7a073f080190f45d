"""How wide a formula will be, in points at ten-point type, estimated from its LaTeX."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[{}^_&]|[^\s]")
_RELATIONS = {"=", "<", ">", r"\le", r"\leq", r"\ge", r"\geq", r"\sim", r"\approx", r"\to"}
_RELATIONS |= {r"\mapsto", r"\in", r"\ll", r"\gg", r"\lesssim"}
_OPERATORS = {"+", "-", r"\cdot", r"\times", r"\pm"}
_WIDTHS = {
    **dict.fromkeys(_RELATIONS, 13.4),
    **dict.fromkeys(_OPERATORS, 12.3),
    **dict.fromkeys("()[]|!.,;:'", 4.0),
    **{r"\,": 1.7, r"\;": 2.8, r"\quad": 10.0, r"\qquad": 20.0, r"\!": -1.7, r"\ ": 3.4},
    **{r"\nabla": 8.4, r"\sum": 14.5, r"\int": 9.0, r"\prod": 13.0, r"\det": 16.0},
    **{r"\infty": 10.0, r"\ldots": 13.0, r"\cdots": 15.0, r"\min": 19.0, r"\max": 20.0},
    **{r"\left": 1.2, r"\right": 1.2, r"\displaystyle": 0.0, r"\operatorname": 0.0},
    **dict.fromkeys((r"\hat", r"\bar", r"\tilde", r"\dot", r"\vec"), 0.0),  # above a letter
    **dict.fromkeys(
        (r"\mathit", r"\mathrm", r"\mathbf", r"\mathsf", r"\mathcal", r"\mathnormal"), 0.0
    ),
    **{r"\lVert": 5.0, r"\rVert": 5.0, r"\Gamma": 6.3, r"\Lambda": 7.0},
}
# Parentheses around several lines.
_TALL = (
    (r"\left(\begin{aligned}", r"\parenthesis\begin{aligned}"),
    (r"\end{aligned}\right)", r"\end{aligned}\parenthesis"),
)
_WIDTHS[r"\parenthesis"] = 8.8
_WIDE_LETTERS = 7.9  # capitals
_LETTER, _SCRIPT = 5.7, 0.72


def width(latex: str) -> float:
    r"""Return the estimated width of one line of mathematics.

    Examples
    --------
    >>> width("x") < width("x + y") < width(r"\frac{x + y + z}{2}")
    True
    """
    return _row(_tokens(latex))


def _tokens(latex: str) -> list[str]:
    for tall, wide in _TALL:
        latex = latex.replace(tall, wide)
    found = _TOKEN.findall(latex)
    return found[::-1]  # popped from the end


def _row(tokens: list[str], closing: str = "") -> float:
    total, script = 0.0, 0.0  # an index and an exponent stand above each other
    while tokens:
        token = tokens.pop()
        if token == closing:
            break
        if token in "^_":
            script = max(script, _SCRIPT * _argument(tokens))
            continue
        total, script = total + script, 0.0
        total += _atom(token, tokens)
    return total + script


def _argument(tokens: list[str]) -> float:
    token = tokens.pop() if tokens else ""
    return _row(tokens, "}") if token == "{" else _atom(token, tokens)


def _atom(token: str, tokens: list[str]) -> float:
    if token == "{":
        return _row(tokens, "}")
    if token in (r"\frac", r"\tfrac", r"\dfrac"):
        return max(_argument(tokens), _argument(tokens)) + 2.4
    if token == r"\sqrt":
        return 8.5 + _argument(tokens)
    if token == r"\text":
        return _argument(tokens)
    if token == r"\begin":
        return _environment(tokens)
    if token in _WIDTHS:
        return _WIDTHS[token]
    if token.isdigit():
        return 5.0
    return _WIDE_LETTERS if token.isupper() else _LETTER


def _environment(tokens: list[str]) -> float:
    """Return the width of a matrix or of aligned lines, after its ``begin``."""
    name = _name(tokens)
    rows: list[list[list[str]]] = [[[]]]
    depth = 0
    while tokens:
        token = tokens.pop()
        if token == r"\begin":
            depth += 1
        elif token == r"\end":
            if depth == 0:
                _name(tokens)
                break
            depth -= 1
        if depth == 0 and token == "&":
            rows[-1].append([])
        elif depth == 0 and token == r"\\":
            rows.append([[]])
        else:
            rows[-1][-1].append(token)
    columns = max(map(len, rows))
    widest = [
        max(_row(row[place][::-1]) if place < len(row) else 0.0 for row in rows)
        for place in range(columns)
    ]
    if name == "smallmatrix":
        return _SCRIPT * sum(widest) + 3.6 * columns
    between = 0.0 if name == "aligned" else 10.0
    return sum(widest) + between * (columns - 1) + (0.0 if name == "aligned" else 16.0)


def _name(tokens: list[str]) -> str:
    letters = []
    if tokens and tokens[-1] == "{":
        tokens.pop()
    while tokens and (token := tokens.pop()) != "}":
        letters.append(token)
    return "".join(letters)
