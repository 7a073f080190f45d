"""A derivation of what follows from an algorithm: built, checked, and written in any format."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from sgdmem.symbolic.algebra.scalars import is_symbolic
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.algorithms.update_notation import letter_of
from sgdmem.symbolic.derivations.checks.read_back import ReadBack
from sgdmem.symbolic.derivations.documents.document import (
    Displayed,
    Document,
    cited_in,
    label_from,
    numbered,
)
from sgdmem.symbolic.derivations.documents.references import bibliography, published, with_missing
from sgdmem.symbolic.derivations.sections.in_numbers import in_numbers
from sgdmem.symbolic.derivations.sections.proof import proof
from sgdmem.symbolic.derivations.sections.proposition import proposition
from sgdmem.symbolic.derivations.sections.section_order import all_sections
from sgdmem.symbolic.derivations.statements.published_update import PublishedUpdate
from sgdmem.symbolic.derivations.statements.reduced_subject import what_is_left
from sgdmem.symbolic.derivations.statements.statement import Section
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.derivations.typesetting.notation import Letters, find_notation
from sgdmem.symbolic.derivations.typesetting.renaming import stem
from sgdmem.symbolic.derivations.typesetting.writer import ROOM
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.files.marks import marked_text
from sgdmem.symbolic.files.outputs import require_free
from sgdmem.symbolic.files.whole_files import write_bytes, write_text
from sgdmem.symbolic.zoo.families_by_name import FAMILIES, find_family

LARGEST_MEMORY, LARGEST_NUMERIC_MEMORY = 5, 10  # checks take minutes beyond
# A float that is this close, relatively, to a fraction with a short denominator is read as that.
_ROUNDING, _SHORT_DENOMINATOR = Fraction(1, 10**14), 10**9
_NAMES_IN_LATEX = re.compile(r"""[^\s\\{}%#$&~^,"\x00-\x1f\ud800-\udfff]+""")
_LABEL = re.compile(r"[A-Za-z0-9:_-]+")
Form: TypeAlias = Literal["proposition", "full"]
FORMATS = (".tex", ".pdf", ".md", ".html")


@dataclass(frozen=True, repr=False)
class Derivation(Document):
    """What follows from an algorithm: words and numbered equations, all of which were checked.

    Made by `derive`. A value: it can be compared, copied and pickled.

    Attributes
    ----------
    algorithm : Algorithm
    title, label : str
    notation : Notation
    checked : int
        How many equalities and conditions were checked.
    parts : tuple of Part
        The sections: words and numbered equations.
    """

    algorithm: Algorithm

    def latex(
        self,
        *,
        fragment: bool = False,
        bibliography: str = "references",
        level: str | None = None,
    ) -> str:
        r"""Return LaTeX.

        Parameters
        ----------
        fragment
            A part of another document, to be taken in with ``\input``: its first lines say which
            packages and references it needs. Otherwise an article of its own.
        bibliography
            What the article's BibTeX file is called, without ``.bib``.
        level
            Of a fragment: "section", "subsection", "subsubsection" or "paragraph". Sections are of
            this level; a proposition has a heading only if it is given.

        Examples
        --------
        >>> from sgdmem.symbolic.zoo.named_algorithms import sgd
        >>> print(derive(sgd("1/2")).latex(fragment=True).splitlines()[0][:26])
        % Derivation: SGD. Letters
        """
        from sgdmem.symbolic.derivations.documents import tex

        if level is not None and (level not in tex.LEVELS or not fragment):
            raise InputError(
                f"level must be one of {', '.join(tex.LEVELS)}, of a fragment, got {shown(level)}"
            )
        return tex.fragment(self, level) if fragment else tex.article(self, bibliography)

    def bibtex(self) -> str:
        """Return the BibTeX file of what is cited."""
        return bibliography(self.references)

    def markdown(self) -> str:
        """Return Markdown with mathematics between dollar signs."""
        from sgdmem.symbolic.derivations.documents.markdown import markdown

        return markdown(self)

    def html(self) -> str:
        """Return a page with MathML, which needs no network."""
        from sgdmem.symbolic.derivations.documents.html import page

        return page(self)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        fragment: bool = False,
        level: str | None = None,
        bibliography: str | os.PathLike[str] | None = None,
    ) -> list[Path]:
        """Write the derivation as ``.tex``, ``.pdf``, ``.md`` or ``.html``.

        Beside a ``.tex`` file its BibTeX file is written, of the same name, or what is missing is
        added to another one.

        Parameters
        ----------
        path
        fragment
            For ``.tex``: a part of another document.
        level
            For fragments, see `latex`.
        bibliography
            For ``.tex``: a BibTeX file of several derivations. Entries that it has stay as they
            are, and those of this derivation that it has not are added.

        Returns
        -------
        list of Path
            What was written.

        Raises
        ------
        InputError
            For another ending, a fragment of anything but LaTeX, a folder that does not exist, or a
            BibTeX file of that name that sgdmem did not write, or that was changed since.
        TypesettingError
            If there is no LaTeX for a PDF.
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in FORMATS:
            raise InputError(f"path must end in {', '.join(FORMATS)}, got {shown(str(path))}")
        if (level or bibliography) and suffix != ".tex":
            raise InputError(f"level and bibliography are of LaTeX, got {shown(str(path))}")
        if fragment and suffix != ".tex":
            raise InputError(f"a fragment is LaTeX and ends in .tex, got {shown(str(path))}")
        if not target.parent.is_dir():
            raise InputError(f"path {str(path)!r} is in a folder that does not exist")
        written = [target]
        if suffix == ".tex":
            shared = None if bibliography is None else Path(bibliography)
            entries = target.with_suffix(".bib") if shared is None else shared
            if entries.suffix != ".bib":
                raise InputError(f"bibliography must end in .bib, got {shown(str(bibliography))}")
            if not entries.parent.is_dir():
                raise InputError(
                    f"bibliography {str(entries)!r} is in a folder that does not exist"
                )
            called = os.path.relpath(entries.with_suffix(""), target.parent)
            if not fragment and not _NAMES_IN_LATEX.fullmatch(called):
                raise InputError(
                    f"LaTeX cannot read a BibTeX file called {shown(str(entries))}: its path must "
                    'be without blanks and \\{}%#$&~^,"'
                )
            text = self.latex(fragment=fragment, bibliography=Path(called).as_posix(), level=level)
            if shared is None:
                require_free([target], [entries])
            else:
                require_free([target, shared])
            if not (shared and shared.exists()):
                listed = marked_text(self.bibtex(), "%")
            else:
                listed = with_missing(_text_of(shared), self.references)
            written.append(entries)
            write_text(entries, listed)
            write_text(target, text)
        elif suffix == ".pdf":
            from sgdmem.symbolic.derivations.documents.pdf import typeset

            pdf, _ = typeset(self.latex(bibliography="derivation"), self.bibtex(), "derivation")
            write_bytes(target, pdf)
        else:
            write_text(target, self.markdown() if suffix == ".md" else self.html())
        return written

    def __repr__(self) -> str:
        return f"<Derivation of {self.title}: {self.checked} statements checked>"

    def _repr_html_(self) -> str:
        from sgdmem.symbolic.derivations.documents.html import body

        return body(self)


def derive(
    algorithm: Algorithm | FamilyLike,
    *,
    symbols: Mapping[str, str] | None = None,
    notation: str = "2410.04228",
    title: str | None = None,
    label: str | None = None,
    verdict: Any = None,
    form: Form = "proposition",
    columns: int = 1,
) -> Derivation:
    r"""Derive what follows from an algorithm, step by step, and check every step.

    From the update to the matrix form, P, Q and the characteristic polynomial, the equivalent
    recurrence, the effective learning rate, conditions for stability, the noise summand by
    Astrom's recursion, the exact verdict for mini-batches, the critical batch size, where the loss
    comes to rest under noise of the labels, the operator that decides on samples as they are, power
    laws, weight decay, and what is special to the method.

    Parameters
    ----------
    algorithm : Algorithm, family or str
        Or a family such as `heavy_ball`, or its name, "heavy-ball", for symbolic parameters.
        Symbolic of a memory up to 5, or numeric up to 10. To memory 3 coefficients are written out;
        beyond, those of many symbols are given by recursions. A float counts as the short
        fraction next to it: 0.1 as 1/10. Of one that shrinks w it is derived where w rests, in the
        place of the effective learning rate and what follows from that.
    symbols : mapping, optional
        LaTeX for parameters, by name, or for ``weights``, ``auxiliary``, ``loss``, ``eigenvalue``,
        ``batch_size``, ``label_noise`` (its standard deviation) and other quantities:
        ``{"momentum": r"\mu"}``.
    notation : str
        Whose letters to use: "2410.04228", "pytorch" or "2307.15196".
    title : str, optional
        By default the algorithm's name.
    label : str, optional
        What the labels of equations begin with, for several derivations in one document, of letters
        from a to z, digits and ``:_-``; by default the title.
    verdict : Verdict, optional
        From `sgdmem.stability`: the derivation is about the method, on any problem, and its last
        section has these numbers of one, as the verdict says them.
    form : str
        "proposition": what a paper prints, and its proof. "full": every step.
    columns : int
        Of the page for which lines are broken, 1 or 2.

    Returns
    -------
    Derivation
        Shown as a page in notebooks.

    Raises
    ------
    InputError
        For a larger memory, an unknown symbol or notation, or a letter with two meanings.
    DerivationError
        If a step does not hold.

    Examples
    --------
    >>> print(derive("sgd"))
    <Derivation of SGD: 37 statements checked>
    """
    if form not in get_args(Form):
        raise InputError(
            f"form must be {' or '.join(map(repr, get_args(Form)))}, got {shown(form)}"
        )
    if columns not in ROOM:
        raise InputError(f"columns must be 1 or 2, got {shown(columns)}")
    if label is not None and not (isinstance(label, str) and _LABEL.fullmatch(label)):
        raise InputError(
            f"label must be of letters from a to z, digits and the signs : _ -, got {shown(label)}"
        )
    whole = form == "full"
    subject = read_subject(algorithm, symbols or {}, notation, columns, shows_update=not whole)
    numbers = [] if verdict is None else [in_numbers(verdict, subject.algorithm)]
    if not whole:
        subject = what_is_left(subject)
    sections = all_sections(subject) if whole else [*proposition(subject), *proof(subject)]
    displayed = display([*sections, *numbers], subject)
    checked = check(displayed, subject)
    title = " ".join(str(title or _title(subject.whole.algorithm)).split())
    parts = numbered(displayed)
    known = published(x.reference for x in (*FAMILIES.values(), subject.family) if x is not None)
    return Derivation(
        title=title,
        label=label or label_from(title),
        notation=subject.letters.notation,
        checked=checked,
        parts=parts,
        columns=columns,
        references={key: known[key] for key in cited_in(parts)},
        algorithm=subject.whole.algorithm,
    )


def read_subject(
    algorithm: Algorithm | FamilyLike,
    symbols: Mapping[str, str],
    notation: str,
    columns: int = 1,
    shows_update: bool = True,
) -> Subject:
    """Return what a derivation is about; parameters and errors as in `derive`.

    ``shows_update`` says whether the update is displayed as it was published, so that the letters
    of its vectors are taken.
    """
    written = find_notation(notation)
    family = None
    if isinstance(algorithm, str) or callable(algorithm):
        family = find_family(algorithm)
        algorithm = family.symbolic()
        written = replace(written, parameters={**written.parameters, **family.own_letters})
    require_algorithm(algorithm, "algorithm")
    for entry in algorithm.entries:
        if is_symbolic(entry) and not _is_rational(entry):
            raise InputError(
                f"algorithm must have entries that are rational functions of symbols, got {entry}: "
                "let the root be a parameter of its own, or give it a value"
            )
    largest = LARGEST_MEMORY if algorithm.is_symbolic else LARGEST_NUMERIC_MEMORY
    if algorithm.memory > largest:
        kind = "symbols" if algorithm.is_symbolic else "numbers"
        raise InputError(
            f"algorithm must have a memory of at most {largest} with {kind}, got {algorithm.memory}"
        )
    if algorithm.floats:
        short = algorithm.map(_short)
        algorithm = replace(short, name=algorithm.name, title=algorithm.title, floats=False)
    parameters = tuple(sorted(algorithm.free_symbols, key=str))
    letters = Letters(
        parameters, written, dict(symbols), _entries(algorithm), *_vectors(family, shows_update)
    )
    return Subject(algorithm, letters, family, columns)


def _entries(algorithm: Algorithm) -> frozenset[str]:
    """Return the names of symbols that are entries of the blocks that have their letter.

    Those of Q count, too: q0 is what documents call q_0.
    """
    blocks = algorithm.blocks
    rows = {"a": blocks.a, "b": blocks.b, "c": blocks.c, "D": [x for row in blocks.D for x in row]}
    if any(str(symbol).startswith("q") for symbol in algorithm.free_symbols):
        rows["q"] = algorithm.polynomials.Q
    return frozenset(
        str(entry)
        for name, entries in rows.items()
        for entry in entries
        if is_symbolic(entry)
        and entry.is_Symbol
        and str(entry).startswith(name)
        and (str(entry) != name or algorithm.memory < 2)  # a matrix is not its entry
    )


def _vectors(family: Any, shown: bool) -> tuple[str, tuple[str, ...]]:
    """Return the letters of the iterate, empty if it is that of the notation, and of others."""
    if family is None or family.update is None:
        return "", ()
    iterate = letter_of(family.update.iterate)
    others = tuple(letter for letter in family.update.assigned if letter != iterate)
    if re.search("[_^]", iterate):  # it gets marks of its own
        bare = stem(iterate)
        iterate = "" if bare in map(stem, others) else bare
    return "" if family.update.iterate == "w" else iterate, others if shown else ()


def display(
    sections: Sequence[Section], subject: Subject
) -> list[tuple[str, str, list[Displayed]]]:
    """Return titles and kinds, and each statement with the rows in which it is written."""
    return [
        (section.title, section.kind, [_displayed(x, subject) for x in section.statements])
        for section in sections
    ]


def _displayed(statement: Any, subject: Subject) -> Displayed:
    """Return a statement and its rows in the letters in which they are printed."""
    change, rows = subject.letters.renaming, statement.rows(subject.writer)
    if not isinstance(statement, PublishedUpdate):  # whose letters are the method's
        rows = [(change.printed(left), change.printed(right)) for left, right in rows]
    return replace(statement, rule=change.words(statement.rule)), rows


def check(displayed: Iterable[tuple[str, str, Iterable[Displayed]]], subject: Subject) -> int:
    """Check every statement, read its LaTeX back, and count equalities and conditions.

    Raises
    ------
    DerivationError
        If one does not hold.
    """
    read_back = ReadBack(subject)
    symbols = [*subject.parameters, subject.letters.eigenvalue]
    total = 0
    for _, _, statements in displayed:
        for statement, rows in statements:
            total += statement.check(subject.names, symbols)
            read_back.check(statement, rows)
    return total


def _short(entry: Any) -> Any:
    """Return the simplest fraction that a float can have been meant as."""
    if is_symbolic(entry):
        return entry
    simple = entry.limit_denominator(_SHORT_DENOMINATOR)
    return simple if abs(simple - entry) <= _ROUNDING * abs(entry) else entry


def _is_rational(entry: Any) -> bool:
    from sympy import Function, NumberSymbol, Pow

    powers = entry.atoms(Pow)
    return not entry.atoms(Function, NumberSymbol) and all(x.exp.is_Integer for x in powers)


def _text_of(bibliography: Path) -> str:
    try:
        return bibliography.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"bibliography must be in UTF-8, got {shown(str(bibliography))}") from None


def _title(algorithm: Algorithm) -> str:
    """Return what an algorithm is called: its own name as it is, others begin with a capital."""
    if algorithm.name is not None and algorithm.title is None:
        return algorithm.name
    first, space, rest = algorithm.label.partition(" ")
    return (first.capitalize() if first.islower() else first) + space + rest
