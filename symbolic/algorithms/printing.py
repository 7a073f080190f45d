"""How algorithms look: as lines of text, and as LaTeX."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
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

    In sums shorter terms come first, and something that is added.

    Examples
    --------
    >>> from sympy import symbols
    >>> rate, beta = symbols("rate beta")
    >>> number_text(rate / (1 - beta)), number_text(-rate * beta + beta + 1)
    ('rate/(1 - beta)', '1 + beta - beta*rate')
    """
    if is_symbolic(value):
        return str(_printer().doprint(value))
    if isinstance(value, Fraction) and value.denominator > _LONGEST_FRACTION:
        return f"{float(value):.12g}"
    return str(value)


@cache
def _printer() -> Any:
    """Return SymPy's printer of text, with the order in which people write sums."""
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):  # type: ignore[misc]
        def _print_Add(self, expr: Any, order: Any = None) -> str:
            shown = [(term, self._print(term)) for term in expr.args]
            shown.sort(key=lambda x: (len(x[0].free_symbols), x[1].startswith("-"), x[1]))
            first = next((x for x in shown if not x[1].startswith("-")), shown[0])
            shown = [first, *(x for x in shown if x is not first)]
            text = str(shown[0][1])
            for _, term in shown[1:]:
                text += f" - {term[1:]}" if term.startswith("-") else f" + {term}"
            return text

        def _print_Dummy(self, expr: Any) -> str:
            return "lambda" if expr.name == "eigenvalue" else str(expr.name)

    return Printer()


def _shown(value: Scalar) -> Scalar:
    if isinstance(value, Fraction) and value.denominator > _LONGEST_FRACTION:
        from sympy import Float

        return Float(float(value), 12)
    return to_sympy(value)


def _is_negative(value: Scalar) -> bool:
    """Whether a minus sign stands in front: of a sum, whether all its terms have one."""
    if not is_symbolic(value):
        return bool(value < 0)
    terms = value.args if value.is_Add else (value,)
    return all(term.as_coeff_Mul()[0] < 0 for term in terms)


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
        if is_symbolic(size) and size.is_Add:
            shown = f"({shown})"
        term = name if size == 1 else f"{shown} {name}"
        if text:
            text += f" {'-' if negative else '+'} {term}"
        else:
            text = f"-{term}" if negative else term
    return text or "0"
