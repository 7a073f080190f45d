"""Reading what is displayed: the LaTeX of every statement against what its letters mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgdmem.symbolic.derivations.checks.latex_reader import Unreadable, read
from sgdmem.symbolic.derivations.checks.published_orbit import published_orbit
from sgdmem.symbolic.derivations.checks.symbol_meanings import Interpretation
from sgdmem.symbolic.derivations.statements.conditions import Conditions
from sgdmem.symbolic.derivations.statements.equations import Equation, Equations
from sgdmem.symbolic.derivations.statements.exact_values import Undefined, agree
from sgdmem.symbolic.derivations.statements.expansions import Limit, Series
from sgdmem.symbolic.derivations.statements.published_update import PublishedUpdate
from sgdmem.symbolic.derivations.statements.same_method import SameMethod
from sgdmem.symbolic.derivations.statements.statement import Statement
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.derivations.typesetting.renaming import unmarked
from sgdmem.symbolic.errors import DerivationError, InputError

_POINTS = 20  # that are tried until a statement is defined at one
_DIGITS = 10  # to which integrals and functions that are not rational agree


class ReadBack:
    """Reads the displays of one derivation.

    Parameters
    ----------
    subject : Subject
        After the derivation was made, so that all names are known.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._interpretations: list[Interpretation] = []

    def check(self, statement: Statement, rows: Sequence[tuple[str, str]]) -> None:
        """Read a statement's display, and compare what it says.

        Raises
        ------
        DerivationError
            If sides differ, or something cannot be read.
        """
        text = " ".join(f"{left} {right}" for left, right in rows)
        text = self._subject.letters.renaming.read(text)
        try:
            for seed in range(_POINTS):
                if len(self._interpretations) == seed:
                    self._interpretations.append(Interpretation(self._subject, seed))
                try:
                    return _check(statement, text, self._interpretations[seed])
                except (Undefined, ZeroDivisionError):
                    continue
        except InputError:
            raise
        except (Unreadable, ValueError, TypeError, AttributeError) as error:
            # what is no formula also adds matrices of different sizes and the like
            raise DerivationError(f"a display cannot be read: {error} ({statement.rule})") from None
        raise DerivationError(
            f"no point was found at which a display is defined ({statement.rule})"
        )


def _check(statement: Statement, text: str, found: Interpretation) -> None:
    meanings = found.meanings
    if isinstance(statement, Equation):
        _equation(statement, text, found)
    elif isinstance(statement, Equations):
        for equation in statement.equations:
            rows = equation.rows(found.subject.writer)
            _equation(equation, " ".join(f"{left} {right}" for left, right in rows), found)
    elif isinstance(statement, PublishedUpdate):
        _update(statement, found)
    elif isinstance(statement, SameMethod):
        for _, value in statement.equations:
            shown = read(found.subject.writer.line(value), meanings)[0].sides
            _compare(shown, [_value(value, found)], text)
    elif isinstance(statement, Conditions):
        chains = read(text, meanings)
        _expect(
            [chain.relations for chain in chains],
            [list(chain.signs) for chain in statement.chains],
            text,
        )
        expected = [side for chain in statement.chains for side in chain.sides]
        shown = [side for chain in chains for side in chain.sides]
        _compare(shown, [_value(side, found) for side in expected], text)
    elif isinstance(statement, Series):
        terms = enumerate(statement.coefficients, start=1)
        total = sum(_value(c, found) * _value(statement.variable, found) ** k for k, c in terms)
        (chain,) = read(text, meanings)
        _expect(chain.relations, ["="], text)
        _compare(chain.sides[1:], [total], text)
    elif isinstance(statement, Limit):
        chain, where = read(text, meanings)
        _expect(chain.relations, [r"\approx"], text)
        _expect(where.relations, list(statement.relations), text)
        expected = [_value(side, found) for side in (statement.simple, *statement.where)]
        _compare([*chain.sides[1:], *where.sides], expected, text)


def _equation(statement: Equation, text: str, found: Interpretation) -> None:
    valued = (side for side in statement.sides if side.value is not None)
    known = [_value(side.value, found) for side in valued]
    for meanings in found.readings(text):
        if all(side.is_read for side in statement.sides):
            (chain,) = read(text, meanings)
            _expect(set(chain.relations), {"="}, text)
            shown = chain.sides
        else:
            writer = found.subject.writer
            texts = [side.text(writer) for side in statement.sides if side.is_read]
            shown = [value for side in texts for value in read(side, meanings)[0].sides]
        values = [*shown, *known]
        _compare(values[1:], values[:1] * (len(values) - 1), text)


def _update(statement: PublishedUpdate, found: Interpretation) -> None:
    """Compare the weights along an orbit of the assignments with the recurrence of the method."""
    gradient = {rf"\nabla {found.subject.letters.loss}": lambda x: found.eigenvalue * x}
    parameters = {unmarked(letter): value for letter, value in found.parameters.items()}
    degree = found.subject.whole.memory + 1
    # steps until what follows from the rest does
    settled = max(len(statement.lines) * statement.count, degree)
    orbit = published_orbit(
        *(statement.lines, parameters, gradient, statement.count, found.draw),
        *(settled + degree + 1, statement.weights),
    )
    for start in (settled, settled + 1):
        left = sum(found.chi[k] * orbit[start + k] for k in range(degree + 1))
        if left != 0:
            text = "; ".join(f"{name} = {value}" for name, value in statement.lines)
            raise DerivationError(f"the published update is not the method ({text})")


def _value(side: Any, found: Interpretation) -> Any:
    names = found.subject.names
    return names.evaluate(side, found.complete(names.free_symbols(side)))


def _expect(shown: Any, expected: Any, text: str) -> None:
    if shown != expected:
        raise DerivationError(f"a display has the relations {shown}, not {expected}: {text}")


def _compare(shown: Sequence[Any], expected: Sequence[Any], text: str) -> None:
    for left, right in zip(shown, expected, strict=True):
        if not agree(left, right, _DIGITS):
            raise DerivationError(f"a display reads {left}, where it should {right}: {text}")
