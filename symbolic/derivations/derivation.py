"""What follows from an algorithm, checked: written in any format."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.derivations.documents.document import (
    Document,
)
from sgdmem.symbolic.derivations.documents.references import bibliography, with_missing
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.files.marks import marked_text
from sgdmem.symbolic.files.outputs import require_free
from sgdmem.symbolic.files.whole_files import write_bytes, write_text

_NAMES_IN_LATEX = re.compile(r"""[^\s\\{}%#$&~^,"\x00-\x1f\ud800-\udfff]+""")
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
        >>> from sgdmem import derive, sgd
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


def _text_of(bibliography: Path) -> str:
    try:
        return bibliography.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"bibliography must be in UTF-8, got {shown(str(bibliography))}") from None
