"""What derivations cite, as BibTeX and in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sgdmem.symbolic.algorithms.update_notation import Publication, surname

CITATION = re.compile(r"~?\\cite(?:\[([^\]]*)\])?\{([^}]*)\}")

_ENTRY = re.compile(r"@\w+\s*[{(]\s*([^,\s]+)\s*,")  # of a BibTeX file


class Reference(NamedTuple):
    """A cited work."""

    kind: str
    author: str
    title: str
    published: dict[str, str]

    def bibtex(self, key: str) -> str:
        """Return the entry of a BibTeX file."""
        title = {"title": f"{{{self.title}}}"} if self.title else {}
        fields = {"author": self.author, **title, **self.published}
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
        return "\n".join([f"@{self.kind}{{{key},", *lines, "}"])

    @property
    def text(self) -> str:
        """The reference as a line of a list."""
        names = re.sub("[{}]", "", self.author).replace(" and ", ", ")
        where = [
            value if name in ("publisher", "year", "note") else f"{name} {value}"
            for name, value in self.published.items()
        ]
        title = f"{self.title}. " if self.title else ""
        names = names.replace(", others", " et al.")
        return f"{names}: {title}{', '.join(where)}.".replace("--", "–")


REFERENCES = {
    "yarotsky2024": Reference(
        "misc",
        "Dmitry Yarotsky and Maksim Velikanov",
        "SGD with memory: fundamental properties and stochastic acceleration",
        {"note": "arXiv:2410.04228", "year": "2024"},
    ),
    "astrom": Reference(
        "book",
        "Karl Johan Åström",
        "Introduction to stochastic control theory",
        {"publisher": "Academic Press", "year": "1970"},
    ),
    "edge-of-stochastic-stability": Reference(
        "misc",
        "Arseniy Andreyev and Advikar Ananthkumar and Marc Walden and Tomaso Poggio and "
        "Pierfrancesco Beneventano",
        "Momentum further constrains sharpness at the edge of stochastic stability",
        {"note": "arXiv:2604.14108", "year": "2026"},
    ),
}


def cited(texts: Iterable[str]) -> list[str]:
    """Return the keys that texts cite, in the order in which they first do."""
    keys = (match.group(2) for text in texts for match in CITATION.finditer(text))
    return list(dict.fromkeys(keys))


def published(publications: Iterable[Publication | None]) -> dict[str, Reference]:
    """Return references to publications, by their keys; what is known by its title keeps that."""
    found = {}
    for publication in publications:
        if publication is not None:
            author = " and ".join(map(_of_one_surname, publication.names))
            where = {"note": publication.where, "year": str(publication.year)}
            found[publication.key] = Reference("misc", author, publication.title, where)
    return {**found, **REFERENCES}


def _of_one_surname(name: str) -> str:
    """Return a name whose surname BibTeX takes for one, if it is of several words."""
    last = surname(name)
    return name.replace(last, f"{{{last}}}") if " " in last else name


def bibliography(references: Mapping[str, Reference]) -> str:
    """Return a BibTeX file."""
    return "\n\n".join(x.bibtex(key) for key, x in references.items()) + "\n"


def with_missing(text: str, references: Mapping[str, Reference]) -> str:
    """Return a BibTeX file to which the references are added that it does not have.

    Examples
    --------
    >>> text = bibliography({"astrom": REFERENCES["astrom"]})
    >>> with_missing(text, {"astrom": REFERENCES["astrom"]}) == text
    True
    """
    there = set(_ENTRY.findall(text))
    missing = {key: x for key, x in references.items() if key not in there}
    if not missing:
        return text
    return f"{text.rstrip()}\n\n{bibliography(missing)}".lstrip()
