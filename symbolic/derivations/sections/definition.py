"""The method: its update, in matrix form, and on one eigenvector of a quadratic loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import sympy

from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.expressions.products import times


def definition(subject: Subject) -> Iterator[Statement]:
    """Say what the method does."""
    yield from steps(subject)
    yield from matrix_form(subject)
    yield on_an_eigenvector(subject)
    if not subject.memory:
        yield Remark("There is no auxiliary vector: the memory is $0$.")


class _State(NamedTuple):
    """What a step takes, in order, what it makes of that, and what the results are called."""

    order: list[Any]
    new: list[Any]
    names: list[str]


def _state(subject: Subject) -> _State:
    letters, writer = subject.letters, subject.writer
    w, u, t = letters.weights, letters.auxiliary, writer.line(letters.time)
    M = subject.memory
    places = [f"{i}," for i in range(1, M + 1)] if M > 1 else [""] * M

    def state(name: str) -> Any:
        return writer.name(sympy.Dummy(name, real=True), name)

    weights = state(f"{w}_{{{t}}}")
    memories = [state(f"{u}_{{{place}{t}}}") for place in places]
    point = weights + sum(a * m for a, m in zip(subject.a, memories, strict=True))
    shown = " ".join(_ordered(subject, point, [weights, *memories]))
    gradient = state(rf"\nabla {letters.loss}({shown})")
    new_weights = (1 - subject.shrink) * weights - subject.alpha * gradient
    new_weights += sum(b * m for b, m in zip(subject.b, memories, strict=True))
    new_memories = [
        subject.c[i] * gradient + sum(subject.D[i, j] * memories[j] for j in range(M))
        for i in range(M)
    ]
    names = [f"{w}_{{{t}+1}}", *(f"{u}_{{{place}{t}+1}}" for place in places)]
    return _State([weights, gradient, *memories], [new_weights, *new_memories], names)


def steps(subject: Subject) -> Iterator[Equation]:
    """Yield what a step makes of the weights and of each auxiliary vector."""
    letters, M = subject.letters, subject.memory
    u = letters.auxiliary
    vectors = {0: "with", 1: f"with one auxiliary vector ${u}$ and"}.get(
        M, rf"with auxiliary vectors ${', '.join(f'{u}_{i}' for i in range(1, M + 1))}$ and"
    )
    shrinks = ", which shrinks the weights (decoupled weight decay)" if subject.shrinks else ""
    rule = (
        f"One step of the method{shrinks}, {vectors} the gradient of the loss ${letters.loss}$ on a "
        f"mini-batch, is"
    )
    state = _state(subject)
    for name, value in zip(state.names, state.new, strict=True):
        yield Equation(rule, [written(name), written(_ordered(subject, value, state.order))])
        rule = "and"


def matrix_form(subject: Subject) -> Iterator[Equation]:
    """Yield the step in matrix form, if there is an auxiliary vector."""
    M, writer = subject.memory, subject.writer
    if not M:
        return
    (weights, gradient, *memories), _, names = _state(subject)
    matrix = sympy.Matrix([[-subject.alpha, *subject.b]])
    for i in range(M):
        matrix = matrix.col_join(sympy.Matrix([[subject.c[i], *subject.D[i, :]]]))
    left = rf"\begin{{pmatrix}} {names[0]} {_without(subject, writer.line(weights))} \\ "
    left += r" \\ ".join(names[1:]) + r" \end{pmatrix}"
    column = sympy.ImmutableMatrix([gradient, *memories])
    product = f"{writer.line(matrix.applyfunc(subject.tidy))} {writer.line(column)}"
    yield Equation(_blocks(subject), [written(left), written(product)])


def _without(subject: Subject, weights: str) -> str:
    """Return what is subtracted from the new weights: the share of the old ones that is kept."""
    signed = subject.writer.signed
    if subject.kept == 0:
        return ""
    if subject.kept.is_Add:
        return " ".join(["-", *signed([(subject.kept, weights)])])
    text = " ".join(signed([(-subject.kept, weights)]))
    return text if subject.kept.is_nonnegative else f"+ {text}"


def _blocks(subject: Subject) -> str:
    """Return what the blocks of the matrix are called."""
    many = subject.memory > 1
    u = subject.letters.auxiliary
    shift = (
        rf" The gradient is taken at the weights plus $a^{{\mathsf T}} {u}$."
        if subject.shifted
        else ""
    )
    return (
        rf"In matrix form~\cite[eq. (3)]{{yarotsky2024}}, where $b^{{\mathsf T}}$ is the row by "
        rf"which the auxiliary vector{'s' if many else ''} {'enter' if many else 'enters'} the "
        rf"weights, $c$ the column by which the gradient enters {'them' if many else 'it'}, and $D$ "
        rf"{'the block among them' if many else 'the entry that keeps it'}; beside a matrix 1 stands for "
        rf"the identity.{shift}"
    )


def _ordered(subject: Subject, expression: Any, order: list[Any]) -> list[str]:
    """Return the terms of a linear expression in the order of the given symbols."""
    rest = sympy.expand(expression)
    terms = [(subject.tidy(rest.coeff(symbol)), subject.writer.line(symbol)) for symbol in order]
    return subject.writer.signed(terms)


def on_an_eigenvector(subject: Subject) -> Equation:
    """Return what a step does to the state along an eigenvector, in the mean."""
    lam, writer = subject.letters.eigenvalue, subject.writer
    letter = writer.line(lam)

    moving = (subject.v * subject.r.T).applyfunc(lambda entry: times(subject.tidy(entry), lam))
    explicit: Any = sympy.ImmutableMatrix(subject.start.applyfunc(subject.tidy) + moving)
    if not subject.memory:
        explicit = explicit[0]
    sides = [written(f"S_{{{letter}}}"), Side(explicit)]
    if subject.memory:
        blocks = (subject.start, subject.v, subject.r.T)
        S_0, v, r = (writer.line(m.applyfunc(subject.tidy)) for m in blocks)
        sides.append(written(rf"{S_0} + {letter} {v} {r}"))
    w, u = subject.letters.weights, subject.letters.auxiliary
    t = writer.line(subject.letters.time)
    M = subject.memory
    several = [f"{u}_{{1,{t}}}", *([r"\dots"] if M > 2 else []), f"{u}_{{{M},{t}}}"]
    parts = several if M > 1 else [f"{u}_{t}"] * M
    state = rf"({', '.join([rf'{w}_{t} - {w}_*', *parts])})" if parts else rf"{w}_{t} - {w}_*"
    where = f"where ${letter}$ is the eigenvalue"
    if subject.shrinks:
        sigma = writer.signed([(subject.tidy(subject.shrink), f"{w}_*")])
        where += (
            f"; besides, ${' '.join(sigma)}$ is subtracted from its first entry, since ${w}$ "
            "shrinks towards 0 and not towards the minimum"
        )
    split = (
        rf"{'. There' if subject.shrinks else ','} $S_0$ is what is left without gradients, along $v$ the gradient enters, and $r$ "
        rf"reads off the point at which it is taken. We write $S_{{{letter}}} = S_0 + {letter} v "
        rf"r^{{\mathsf T}}$"
        if subject.memory
        else ""
    )
    return Equation(
        rf"The component of ${state}$ along an eigenvector of the Hessian, on a quadratic loss with "
        rf"minimum at ${w}_*$, is, in the mean over batches, multiplied in a step by "
        rf"$S_{{{letter}}}$, {where}{split}:",
        sides,
    )
