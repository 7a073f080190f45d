"""The recurrence of the weights alone, for which P and Q stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sgdmem.symbolic.derivations.statements.equations import Equation, written
from sgdmem.symbolic.derivations.statements.statement import Statement
from sgdmem.symbolic.derivations.statements.subject import Subject


def recurrence(subject: Subject) -> Iterator[Statement]:
    """Derive the multistep recurrence."""
    writer, lam = subject.writer, subject.letters.eigenvalue
    w, t = subject.letters.weights, writer.line(subject.letters.time)
    M = subject.memory

    def later(place: int) -> str:
        return f"{t}+{place}" if place else t

    terms: list[tuple[Any, str]] = []
    for kind, factors in (("weights", [-p for p in subject.P_in_d]), ("gradients", subject.q)):
        for place in range(M, -1, -1):
            name = f"{w}_{{{later(place)}}}"
            if kind == "gradients":
                name = rf"\nabla {subject.letters.loss}({name})"
            terms.append((subject.tidy(factors[place]), name))
    holds = "on every quadratic loss" if subject.shifted else "on every loss, quadratic or not"
    if subject.shifted and subject.shrinks:  # elsewhere a constant is added
        holds += " with its minimum at 0"
    yield Equation(
        rf"Read with a shift of time for ${subject.writer.line(subject.letters.root)}$, "
        rf"$P - {writer.line(lam)} Q$ is the recurrence~\cite[Theorem 1]{{yarotsky2024}} "
        rf"that the weights obey {holds}:",
        [written(f"{w}_{{{later(M + 1)}}}"), written(writer.signed(terms))],
    )
