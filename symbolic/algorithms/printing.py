"""How algorithms look: as lines of text, and as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algebra.scalars import Scalar, is_symbolic, to_sympy

_LONGEST_FRACTION = 10**6  # larger denominators are shown as decimals


def equations_text(title: str, blocks: Blocks) -> str:
    """Return the update equations of an algorithm below a title, one a line."""
    alpha, b, c, D, a, shrink = blocks
    M = len(D)
    u = [f"u{i + 1}[t]" if M > 1 else "u[t]" for i in range(M)]
    new_u = [name.replace("[t]", "[t+1]") for name in u]
    point = sum_text([(1, "w[t]"), *zip(a, u, strict=True)])
    step = [(1 - shrink, "w[t]"), (-alpha, "g[t]"), *zip(b, u, strict=True)]
    lines = [("w[t+1]", sum_text(step))]
    for i in range(M):
        terms = [(c[i], "g[t]"), *zip(D[i], u, strict=True)]
        lines.append((new_u[i], sum_text(terms)))
    lines.append(("g[t]", f"gradient at {point}"))
    width = max(len(left) for left, _ in lines)
    return "\n".join([title, *(f"  {left:<{width}} = {right}" for left, right in lines)])


def equation_latex(blocks: Blocks) -> str:
    r"""Return eq. (3) with an algorithm's blocks, as LaTeX without delimiters.

    Examples
    --------
    >>> print(equation_latex(Blocks(Fraction(1, 2), (), (), (), ())))
    w_{t+1} - w_t = - \frac{1}{2} \nabla L(w_t)
    """
    from sympy import Matrix, latex

    alpha, b, c, D, a, shrink = blocks
    before = "w_t" if shrink == 0 else _kept(shrink)
    if not D:
        return rf"w_{{t+1}} - {before} = {latex(-to_sympy(alpha))} \nabla L(w_t)"
    matrix = Matrix(
        [
            [-_shown(alpha), *map(_shown, b)],
            *([_shown(x), *map(_shown, row)] for x, row in zip(c, D, strict=True)),
        ]
    )
    point = "w_t"
    if any(entry != 0 for entry in a):
        point += rf" + {latex(Matrix([list(map(_shown, a))]))} u_t"
    return (
        rf"\begin{{pmatrix}} w_{{t+1}} - {before} \\ u_{{t+1}} \end{{pmatrix}} = "
        rf"{latex(matrix)} \begin{{pmatrix}} \nabla L({point}) \\ u_t \end{{pmatrix}}"
    )


def _kept(shrink: Scalar) -> str:
    from sympy import latex

    share = 1 - _shown(shrink)
    return f"({latex(share)}) w_t" if share.is_Add else f"{latex(share)} w_t"


def number_text(value: Scalar) -> str:
    """Return a scalar as people write it: short fractions exactly, others as decimals.

    Expressions as `arranged` leaves them: 1 - beta rather than -(beta - 1).

    Examples
    --------
    >>> from sympy import symbols
    >>> rate, beta = symbols("rate beta")
    >>> number_text(-rate / (beta - 1)), number_text(-rate * beta + beta + 1)
    ('rate/(1 - beta)', '1 + beta*(1 - rate)')
    """
    if is_symbolic(value):
        from sgdmem.symbolic.expressions.text import expression_text  # imports SymPy
        from sgdmem.symbolic.expressions.tidying import arranged

        return expression_text(arranged(value))
    if isinstance(value, Fraction) and value.denominator > _LONGEST_FRACTION:
        return f"{float(value):.12g}"
    return str(value)


def value_text(value: Any) -> str:
    """Return the value of a parameter, maybe a list of numbers, as people write it.

    Examples
    --------
    >>> value_text((Fraction(1, 2), 1)), value_text(0.5), value_text(True)
    ('(1/2, 1)', '0.5', 'True')
    """
    if isinstance(value, tuple):
        return f"({', '.join(map(value_text, value))})"
    return number_text(value)


def _shown(value: Scalar) -> Scalar:
    if isinstance(value, Fraction) and value.denominator > _LONGEST_FRACTION:
        from sympy import Float

        return Float(float(value), 12)
    return to_sympy(value)


def _is_negative(value: Scalar) -> bool:
    """Whether a minus sign stands in front of it."""
    if not is_symbolic(value):
        return bool(value < 0)
    from sgdmem.symbolic.expressions.products import begins_negative
    from sgdmem.symbolic.expressions.tidying import arranged

    return begins_negative(arranged(value))


def _outside(text: str) -> str:
    """Return what of a text is outside of parentheses."""
    while "(" in text:
        text = re.sub(r"\([^()]*\)", "", text)
    return text


def sum_text(terms: Iterable[tuple[Scalar, str]]) -> str:
    """Return a sum of names with factors, those that are 0 left out.

    Examples
    --------
    >>> sum_text([(Fraction(1), "w"), (Fraction(-1, 10), "g")])
    'w - 1/10 g'
    """
    text = ""
    for factor, name in terms:
        if factor == 0:
            continue
        negative = _is_negative(factor)
        size = -factor if negative else factor
        shown = number_text(size)
        if is_symbolic(size) and " " in _outside(shown):
            shown = f"({shown})"
        term = name if size == 1 else f"{shown} {name}"
        if text:
            text += f" {'-' if negative else '+'} {term}"
        else:
            text = f"-{term}" if negative else term
    return text or "0"
