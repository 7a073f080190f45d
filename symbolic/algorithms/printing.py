"""How algorithms look: as lines of text, and as LaTeX."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from sgdmem.symbolic.algebra.scalars import Scalar, is_symbolic, to_sympy
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_LONGEST_FRACTION = 10**6  # larger denominators are shown as decimals


def as_text(algorithm: Algorithm) -> str:
    """Return the update equations of an algorithm, one a line."""
    M = algorithm.memory
    u = [f"u{i + 1}[t]" if M > 1 else "u[t]" for i in range(M)]
    new_u = [name.replace("[t]", "[t+1]") for name in u]
    point = _sum([(1, "w[t]"), *zip(algorithm.a, u, strict=True)])
    step = [(1, "w[t]"), (-algorithm.alpha, "g[t]"), *zip(algorithm.b, u, strict=True)]
    lines = [("w[t+1]", _sum(step))]
    for i in range(M):
        terms = [(algorithm.c[i], "g[t]"), *zip(algorithm.D[i], u, strict=True)]
        lines.append((new_u[i], _sum(terms)))
    lines.append(("g[t]", f"gradient at {point}"))
    width = max(len(left) for left, _ in lines)
    title = algorithm.name or f"Algorithm of memory {M}"
    return "\n".join([title, *(f"  {left:<{width}} = {right}" for left, right in lines)])


def as_latex(algorithm: Algorithm) -> str:
    r"""Return eq. (3) with the algorithm's entries, as LaTeX without delimiters.

    Examples
    --------
    >>> from sgdmem.symbolic.algorithms.named import sgd
    >>> print(as_latex(sgd("0.5")))
    w_{t+1} - w_t = - \frac{1}{2} \nabla L(w_t)
    """
    from sympy import Matrix, latex

    if algorithm.memory == 0:
        return rf"w_{{t+1}} - w_t = {latex(-to_sympy(algorithm.alpha))} \nabla L(w_t)"
    matrix = Matrix(
        [
            [-_shown(algorithm.alpha), *map(_shown, algorithm.b)],
            *(
                [_shown(c), *map(_shown, row)]
                for c, row in zip(algorithm.c, algorithm.D, strict=True)
            ),
        ]
    )
    point = "w_t"
    if any(entry != 0 for entry in algorithm.a):
        point += rf" + {latex(Matrix([list(map(_shown, algorithm.a))]))} u_t"
    return (
        r"\begin{pmatrix} w_{t+1} - w_t \\ u_{t+1} \end{pmatrix} = "
        rf"{latex(matrix)} \begin{{pmatrix}} \nabla L({point}) \\ u_t \end{{pmatrix}}"
    )


def number_text(value: Scalar) -> str:
    """Return a scalar as people write it: short fractions exactly, others as decimals."""
    if isinstance(value, Fraction) and value.denominator > _LONGEST_FRACTION:
        return f"{float(value):.12g}"
    return str(value)


def _shown(value: Scalar) -> Scalar:
    if isinstance(value, Fraction) and value.denominator > _LONGEST_FRACTION:
        from sympy import Float

        return Float(float(value), 12)
    return to_sympy(value)


def _sum(terms: Iterable[tuple[Scalar, str]]) -> str:
    text = ""
    for factor, name in terms:
        if factor == 0:
            continue
        negative = factor.could_extract_minus_sign() if is_symbolic(factor) else factor < 0
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
