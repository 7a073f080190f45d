"""What follows from an algorithm, as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from sgdmem.symbolic.algebra.determinants import hurwitz_determinants
from sgdmem.symbolic.algebra.noise_summand import LARGEST_EXPANDED_MEMORY
from sgdmem.symbolic.algebra.routh import to_half_plane
from sgdmem.symbolic.algebra.scalars import Scalar, is_symbolic, to_sympy
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.printing import number_text
from sgdmem.symbolic.algorithms.reduction import reduced
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.derivations.typesetting.notation import Letters, find_notation
from sgdmem.symbolic.errors import InputError, UndefinedError
from sgdmem.symbolic.expressions.products import begins_negative, opposite
from sgdmem.symbolic.expressions.text import expression_text
from sgdmem.symbolic.expressions.tidying import Tidier

Tidy: TypeAlias = Callable[[Any], Any]
_LETTERS = "2410.04228"  # which ones does not matter: signs and order do

_MOST_TERMS = 60  # longer expressions are not readable: they are left out, and it is said


def derivation_text(algorithm: Algorithm) -> str:
    """Return the derivation of an algorithm as text: each statement with the rule it comes from.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import sgd
    >>> print(derivation_text(sgd("1/2")).splitlines()[0])
    sgd(learning_rate=1/2)
    """
    for entry in map(to_sympy, algorithm.entries):
        if not entry.is_rational_function():
            raise InputError(
                f"algorithm must have entries that are rational functions of symbols, got {entry}: "
                "let the root be a parameter of its own, or give it a value"
            )
    return "\n".join(_sections(algorithm))


def _sections(algorithm: Algorithm) -> Iterator[str]:
    from sympy import Symbol

    tidy, lam = _arranged(algorithm)
    x = Symbol("x")
    det_D, _, Q, _ = (tuple(map(tidy, polynomial)) for polynomial in algorithm.polynomials)
    yield str(algorithm).replace("**", "^")
    yield ""
    yield "Characteristic polynomial (29), (36): det(x - S) = P(x) - lambda Q(x)"
    yield f"  P(x) = (x - 1) det(x - D) = (x - 1) ({_polynomial(det_D, x)})"
    yield f"  Q(x) = {_polynomial(Q, x)}"
    left, factor = reduced(algorithm)
    names = "P - lambda Q"
    if len(factor) > 1:
        names = "F (P1 - lambda Q1)"
        left_D, _, left_Q, _ = (tuple(map(tidy, row)) for row in left.polynomials)
        yield ""
        yield "Common factor: P = F P1, Q = F Q1. It cancels where gradients are taken"
        yield f"  F(x) = {_polynomial(tuple(map(tidy, factor)), x)}"
        yield "  P1(x) = (x - 1)" + (f" ({_polynomial(left_D, x)})" if left.memory else "")
        yield f"  Q1(x) = {_polynomial(left_Q, x)}"
    yield ""
    yield "Recurrence (8), on quadratics (for every loss if a = 0)"
    yield f"  {_recurrence(algorithm, tidy)}"
    yield ""
    yield "Effective learning rate (22): alpha - b (1 - D)^(-1) c = -Q(1) / P'(1)"
    try:
        yield f"  {_text(tidy(algorithm.effective_learning_rate))}"
    except UndefinedError as error:
        yield f"  {error}"
    yield ""
    yield "Noiseless stability (Routh-Hurwitz, x = (1 + z)/(1 - z)): all positive"
    yield from _conditions(left, lam, tidy)
    yield from _hidden_conditions(factor, tidy)
    yield ""
    yield "Noise summand s = lambda^2 ||Q / (P - lambda Q)||^2 (Routh-Astrom recursion)"
    yield from _summand(left, lam, tidy)
    yield ""
    yield "Stable with mini-batches of size B if and only if, for every eigenvalue lambda_k,"
    yield f"  {names.replace('lambda', 'lambda_k')} is strictly Schur, 1 + (tau2/B) s_k > 0, and"
    yield "  U' = (tau1/B) sum_k s_k / (1 + (tau2/B) s_k) < 1"
    yield "  (of a noise model; on samples as they are the radius of an operator, see documents)"
    yield ""
    yield "Noise of the labels, of variance sigma^2: the loss comes to rest at"
    shifted = any(entry != 0 for entry in algorithm.a)
    read = "s^w_k" if shifted else "s_k"
    yield f"  L = sigma^2 / (2 B (1 - U')) sum_k {read} / (1 + (tau2/B) s_k)"
    if shifted:
        yield f"  with s^w = lambda^2 ||Q_w / ({names})||^2, Q_w being Q for a = 0"


def _arranged(algorithm: Algorithm) -> tuple[Tidy, Any]:
    """Return what arranges expressions as documents do, and the eigenvalue in them."""
    from sympy import Symbol

    plain = Symbol("lambda", positive=True)
    if not algorithm.is_symbolic:
        return lambda value: value, plain
    try:
        letters = Letters(tuple(sorted(algorithm.free_symbols, key=str)), find_notation(_LETTERS))
        subject = Subject(replace(algorithm, floats=False), letters)
    except InputError:  # symbols without letters
        tidy = Tidier((plain,), lambda factor: None)
        return lambda value: tidy(value) if is_symbolic(value) else value, plain
    return (lambda value: subject.tidy(value) if is_symbolic(value) else value), letters.eigenvalue


def _polynomial(coefficients: tuple[Scalar, ...], x: Any) -> str:
    terms = []
    for power in range(len(coefficients) - 1, -1, -1):
        value = coefficients[power]
        if value != 0:
            name = {0: "", 1: "x"}.get(power, f"x^{power}")
            terms.append(_term(value, name))
    return _joined(terms)


def _recurrence(algorithm: Algorithm, tidy: Tidy) -> str:
    p, q = (tuple(map(tidy, values)) for values in algorithm.to_recurrence())
    M = algorithm.memory
    terms = []
    for values, letter in ((p, "w"), (q, "g")):
        for m in range(M, -1, -1):
            if values[m] != 0:
                terms.append(_term(values[m], f"{letter}[t{f'+{m}' if m else ''}]"))
    return f"w[t+{M + 1}] = {_joined(terms)}"


def _term(value: Scalar, name: str) -> str:
    shown = _text(value)
    if name == "":
        return shown
    if is_symbolic(value) and value.is_Add and begins_negative(value):
        return f"-{_term(_sum(*(opposite(term) for term in value.args)), name)}"
    if shown in ("1", "-1"):
        return shown[:-1] + name
    if is_symbolic(value) and value.is_Add:
        shown = f"({shown})"
    return f"{shown} {name}"


def _sum(*terms: Any) -> Any:
    from sympy import Add

    return Add(*terms)


def _joined(terms: list[str]) -> str:
    text = terms[0] if terms else "0"
    for term in terms[1:]:
        text += f" - {term[1:]}" if term.startswith("-") else f" + {term}"
    return text


def _conditions(algorithm: Algorithm, lam: Any, tidy: Tidy) -> Iterator[str]:
    if algorithm.memory > LARGEST_EXPANDED_MEMORY:
        yield f"  {algorithm.memory + 2} pivots; too long to expand at memory {algorithm.memory}"
        return
    from sgdmem.symbolic.stability.schur import conditions

    for condition in conditions(algorithm, lam):
        yield f"  {_text(tidy(condition))}"


def _hidden_conditions(factor: tuple[Scalar, ...], tidy: Tidy) -> Iterator[str]:
    """Yield what must be positive for the roots of a common factor to be in the unit disk."""
    if len(factor) == 1:
        return
    import sympy

    x = sympy.Dummy("x")
    polynomial = sympy.Add(*(to_sympy(value) * x**k for k, value in enumerate(factor)))
    for part, _ in sympy.factor_list(polynomial, x)[1]:
        hat = to_half_plane(sympy.Poly(part, x).monic().all_coeffs()[::-1])
        for value in (*hat, *hurwitz_determinants(hat)[1:]):
            if sympy.sympify(value).free_symbols or value <= 0:
                yield f"  {_text(tidy(value))} (of F)"


def _summand(algorithm: Algorithm, lam: Any, tidy: Tidy) -> Iterator[str]:
    import sympy

    many = algorithm.memory > 1 and len(algorithm.free_symbols) > 5  # cancelling takes minutes
    if algorithm.is_symbolic and (algorithm.memory > LARGEST_EXPANDED_MEMORY or many):
        yield f"  too long to expand at memory {algorithm.memory}"
        return
    try:
        value = to_sympy(algorithm.noise_summand(lam))
    except UndefinedError as error:
        yield f"  {error}"
        return
    numerator, denominator = sympy.fraction(tidy(value))
    if len(str(numerator)) + len(str(denominator)) > 20 * _MOST_TERMS:
        yield "  too long to show; call noise_summand for the expression"
        return
    yield f"  s = {_text(numerator)} / ({_text(denominator)})"
    poles = sympy.roots(sympy.Poly(sympy.expand(denominator), lam))
    if poles and sum(poles.values()) == sympy.degree(denominator, lam):
        yield f"  poles: {', '.join(_text(tidy(sympy.factor(pole))) for pole in poles)}"


def _text(value: Scalar) -> str:
    text = expression_text(value) if is_symbolic(value) else number_text(value)
    return text.replace("**", "^")
