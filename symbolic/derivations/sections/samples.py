"""Samples as they are: the operator that decides, and the products of responses in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy
from flint import fmpq, fmpq_mat

from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.derivations.statements.conditions import Conditions
from sgdmem.symbolic.derivations.statements.equations import Equation, Side
from sgdmem.symbolic.derivations.statements.exact_second_moments import (
    is_strictly_stable,
    summed_product,
    two_modes_of_samples,
)
from sgdmem.symbolic.derivations.statements.exact_values import Point
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject

_LONGEST_MEMORY = 1  # of products in closed form
_CHECKED_MEMORY = 2  # of verdicts: their operator has ((M + 1) 2)^2 dimensions
_SEGMENTS = 4, 2, 1


def samples(subject: Subject) -> Iterator[Statement]:
    """Derive the verdict for batches of given samples, where there is a noise summand."""
    if not subject.has_noise:
        return
    line = subject.writer.line
    letter, B, time = (
        line(getattr(subject.letters, x)) for x in ("eigenvalue", "batch_size", "time")
    )
    yield Remark(
        rf"No model is needed for $n$ samples with the curvatures $H_s$, whose mean is $H$, in its "
        rf"eigenbasis $\Lambda = \operatorname{{diag}}({letter}_k)$. Batches that are drawn afresh "
        rf"have a mean curvature with $\kappa$ times the covariance of one sample: $\kappa = "
        rf"1/{B}$ with replacement, $\kappa = (n - {B})/({B} (n - 1))$ without. Then the noise mixes "
        rf"the modes. With $g_k$ the impulse response of $Q/(P - {letter}_k Q)$ a covariance $C$ "
        rf"of gradient noise comes back as $h \circ C$, entry by entry, where "
        rf"$h_{{jk}} = \sum_{{{time} \ge 0}} g_j({time}) g_k({time})$, and makes new noise of the "
        rf"covariance $\mathcal T(C) = \kappa \left( \mathbb E_s [H_s (h \circ C) H_s] - \Lambda "
        rf"(h \circ C) \Lambda \right)$."
    )
    if len(subject.two_eigenvalues) == 2:
        yield from _products(subject)
        if subject.memory <= _CHECKED_MEMORY:
            yield _verdict(subject)
            return
    yield Remark(
        rf"{_tends(subject)} if and only if every mode is "
        r"stable without noise and $\rho(\mathcal T) < 1$."
    )


def _tends(subject: Subject) -> str:
    value = (
        "one value, whatever residuals are left at rest," if subject.shrinks else "its least value"
    )
    return f"The mean loss tends to {value} from every start"


def _products(subject: Subject) -> Iterator[Statement]:
    """Return h of two eigenvalues in closed form, or say where it comes from."""
    z = subject.writer.line(subject.letters.half_plane)
    if subject.memory > _LONGEST_MEMORY:
        yield Remark(
            rf"In the half plane $h_{{jk}} = 2 x_0/\hat\chi_{{j,0}}$, the subscript 0 being for the "
            rf"coefficients of the highest power, where $x({z}) \hat\chi_k(-{z}) + y(-{z}) "
            rf"\hat\chi_j({z}) = \hat Q({z}) \hat Q(-{z})$: linear equations for the polynomials "
            rf"$x$ and $y$, whose degree is the memory. There is no short closed form."
        )
        return
    first, second = subject.two_eigenvalues
    form = subject.algorithm.half_plane_form.map(to_sympy)
    c, tidy = subject.tidy(form.pull), subject.tidy
    a1, a2 = (tidy(form.fixed[0] - x * form.moving[0]) for x in (first, second))
    name = Side(_product(subject), "h_{12}")
    decay = 0 if form.decay is None else form.decay
    k1, k2 = (tidy(decay + c * x) for x in (first, second))  # the constant coefficients
    q = tidy(form.Q[0])
    if subject.memory == 0:
        found = tidy(sympy.cancel(2 * q**2 / (a1 * k2 + a2 * k1)))
        yield Equation("For two eigenvalues it is", [name, Side(found)])
        return
    b1, b2 = (tidy(form.fixed[1] - x * form.moving[1]) for x in (first, second))
    f = tidy(form.fixed[0])
    crossed = b1 * k2 + b2 * k1 if subject.shrinks else b1 * second + b2 * first
    u = subject.named(r"\phi_{12}", a1 * b2 + a2 * b1)
    v = subject.named(r"\psi_{12}", crossed)
    yield Equation("For two eigenvalues, with", [Side(u), Side(a1 * b2 + a2 * b1)])
    yield Equation("and", [Side(v), Side(crossed)])
    if subject.shrinks:
        apart = tidy(c * f - q * decay) ** 2 * (first - second) ** 2  # (a1 k2 - a2 k1)^2
        found = 2 * (c**2 * u + q**2 * v) / (apart + u * v)
    else:
        found = 2 * (c * u + q**2 * v) / (c * f**2 * (first - second) ** 2 + u * v)
    yield Equation("it is", [name, Side(found)])


def _product(subject: Subject) -> Any:
    """Return a function that finds h of two eigenvalues at a point from second moments."""

    def value(point: Point) -> Any:
        (S1, v, r), (S2, _, _) = (subject.at(point, x) for x in subject.two_eigenvalues)
        return summed_product(S1, S2, v, r)

    return value


def _verdict(subject: Subject) -> Statement:
    """Return the condition, checked on two modes whose samples differ by one matrix."""
    first, second = subject.two_eigenvalues
    B = subject.letters.batch_size
    along, across = (sympy.Dummy(name, positive=True) for name in ("along", "across"))

    def parts(point: Point) -> tuple[Any, list[Any], Any, Any]:
        modes = [subject.at(point, x)[0] for x in (first, second)]
        _, v, r = subject.at(point, first)
        x, y = point[along] * point[first], point[across] * point[second]
        return fmpq_mat(2, 2, [x, y, y, x]), modes, v, r

    def own(point: Point) -> Any:
        return fmpq(0 if all(subject.is_schur({**point, subject.letters.eigenvalue: point[x]})
                             for x in (first, second)) else 2)  # fmt: skip

    def radius(point: Point) -> Any:
        if own(point) != 0:
            return fmpq(2)
        E, modes, v, r = parts(point)
        h = [[summed_product(modes[i], modes[j], v, r) for j in (0, 1)] for i in (0, 1)]
        pairs = [(0, 0), (0, 1), (1, 1)]
        entries = [
            (E[i, k] * E[j, m] + (E[i, m] * E[j, k] if k < m else 0)) * h[k][m] / point[B]
            for i, j in pairs
            for k, m in pairs
        ]
        return fmpq(0 if is_strictly_stable(fmpq_mat(3, 3, entries)) else 2)

    def vanishes(point: Point) -> bool:
        E, modes, v, r = parts(point)
        return bool(is_strictly_stable(two_modes_of_samples(modes, v, r, E, 1 / point[B])))

    near = subject.near(first, second)
    if near is not None:
        near.update({along: fmpq(1, 100), across: fmpq(1, 100), B: fmpq(100)})
    letter = subject.writer.line(subject.letters.eigenvalue)
    modes = subject.named(rf"\max_k \rho(S_{{{letter}_k}})", own)
    whole = subject.named(r"\rho(\mathcal T)", radius)
    return Conditions(
        f"{_tends(subject)} if and only if",
        [modes < 1, whole < 1],
        vanishes,
        free=(first, second, B, along, across),
        near=near,
        segments=_SEGMENTS[subject.memory],
    )
