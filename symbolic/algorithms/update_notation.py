"""How a method was published: its update in words and letters, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sgdmem.symbolic.algorithms.parameters import GREEK, Parameter, in_latin

_CHOICE = re.compile(r"\(([^()]*) if (\w+) else ([^()]*)\)")
_WORD = re.compile(r"<-|_*[^\W\d_]\w*|\d+|\S|\s+")


@dataclass(frozen=True)
class Publication:
    """Where a method comes from.

    Attributes
    ----------
    authors : str
        Initials and surnames, the last after "and"; or "et al." after the first.
    year : int
    where : str
        Journal or conference, and where it can be read.
    title : str

    Examples
    --------
    >>> print(Publication("J. Ma and D. Yarats", 2019, "ICLR, arXiv 1810.06801"))
    J. Ma and D. Yarats, ICLR, arXiv 1810.06801 (2019)
    """

    authors: str
    year: int
    where: str
    title: str = ""

    @property
    def names(self) -> list[str]:
        """The authors one by one, the last maybe "others"."""
        text = self.authors.replace(" et al.", " and others")
        return re.split(r", | and ", text)

    @property
    def key(self) -> str:
        """What it is called in a BibTeX file: the first author's surname and the year.

        Examples
        --------
        >>> Publication("B. Van Scoy, R. A. Freeman and K. M. Lynch", 2018, "").key
        'vanscoy2018'
        """
        return re.sub(r"[^a-z]", "", surname(self.names[0]).lower()) + str(self.year)

    def __str__(self) -> str:
        return f"{self.authors}, {self.where} ({self.year})"


def surname(name: str) -> str:
    """Return a name without its initials.

    Examples
    --------
    >>> surname("B. Van Scoy")
    'Van Scoy'
    """
    return " ".join(word for word in name.split() if not word.endswith("."))


@dataclass(frozen=True)
class Update:
    r"""One step of a method as it was published, a line for each assignment.

    Products are written by juxtaposition, as in formulas. ``g`` is the gradient at w,
    ``gradient(...)`` that at another point, ``v_i`` one of K vectors, and ``sum(v_i)`` their sum.

    Attributes
    ----------
    lines : tuple of str
    latex : tuple of str
        The same lines in the letters of the parameters.
    vectors : tuple of str
        Names of vectors that stand for themselves, that which the method returns first.

    Examples
    --------
    >>> from sgdmem.symbolic.algorithms.parameters import known_parameter
    >>> update = Update.of(["w <- w - learning_rate g"], [known_parameter("learning_rate")])
    >>> print(update, update.latex[0])
    w <- w - learning_rate g w \leftarrow w - \alpha \nabla L(w)
    """

    lines: tuple[str, ...]
    latex: tuple[str, ...]
    vectors: tuple[str, ...] = ()

    @property
    def iterate(self) -> str:
        """What the vector is called that the method returns."""
        return self.vectors[0] if self.vectors else "w"

    @property
    def assigned(self) -> tuple[str, ...]:
        r"""LaTeX of the vectors that a step assigns.

        Examples
        --------
        >>> Update.of(["v <- v - g", "w, m_1 <- w + v, v"], [], ["w", "v", "m_1"]).assigned
        ('v', 'w', 'm_1')
        """
        left = (line.partition(r" \leftarrow ")[0].split(",") for line in self.latex)
        return tuple(dict.fromkeys(name.strip() for names in left for name in names))

    @classmethod
    def of(
        cls, lines: Iterable[str], parameters: Iterable[Parameter], vectors: Iterable[str] = ()
    ) -> Update:
        """Return the update of these lines, in the letters of some parameters.

        ``vectors`` are names that stand for themselves: a ``g`` among them is no gradient.
        """
        letters = {}
        for parameter in parameters:
            if parameter.kind == "flag":
                letters[parameter.name] = rf"\text{{{parameter.name}}}"
            else:
                letters[parameter.name] = parameter.letter or _word(parameter.name)
        return cls((), (), tuple(vectors)).written(lines, letters)

    def written(
        self, lines: Iterable[str], letters: Mapping[str, str], weights: str = "", loss: str = "L"
    ) -> Update:
        """Return the update of other lines, with words for parameters, weights and loss."""
        lines = tuple(lines)
        weights = weights or letter_of(self.iterate)
        words = {
            **_WORDS,
            self.iterate: weights,
            "g": rf"\nabla {loss}({weights})",
            "gradient": rf"\nabla {loss}",
            **{name: letter_of(name) for name in self.vectors if name != self.iterate},
            **letters,
        }
        return Update(lines, tuple(_latex(line, words) for line in lines), self.vectors)

    def __str__(self) -> str:
        return "; ".join(self.lines)


def chosen(line: str, flags: Mapping[str, bool]) -> str:
    """Return a line with one of the alternatives that a flag chooses between.

    Examples
    --------
    >>> chosen("w <- w - (g + v if nesterov else v)", {"nesterov": False})
    'w <- w - v'
    """

    def choice(match: re.Match[str]) -> str:
        text = match[1] if flags.get(match[2]) else match[3]
        return f"({text})" if " " in text else text

    return _CHOICE.sub(choice, line)


def without(line: str, name: str) -> str:
    """Return a line as people write it where a parameter is 0.

    Examples
    --------
    >>> without("u <- momentum u + (1 - dampening) g", "dampening")
    'u <- momentum u + g'
    >>> without("u <- momentum u + g", "momentum")
    'u <- g'
    """
    return re.sub(rf"\(1 - {name}\) |\b{name} \w+ \+ ", "", line)


def _latex(line: str, words: Mapping[str, str]) -> str:
    """Return a line as LaTeX, word by word."""

    def written(match: re.Match[str]) -> str:
        word = match.group()
        stem, mark, place = word.rpartition("_")
        if word in words:
            return words[word]
        if mark and stem in words:
            return f"{words[stem]}_{place}"
        indexed = re.fullmatch(r"([A-Za-z])(\d+)", word)
        return rf"{indexed[1]}_{indexed[2]}" if indexed else word

    line = re.sub(r"sum\((\w+)_i\)", r"sum \1_i", line)
    text = re.sub(r"\s+", " ", _WORD.sub(written, line))
    return text.replace(f"{words['gradient']} (", f"{words['gradient']}(")


_WORDS = {
    "<-": r"\leftarrow",
    "sum": r"\sum_i",
    "if": r"\text{ if }",
    "else": r"\text{ else }",
}


def letter_of(name: str) -> str:
    r"""Return the LaTeX of a name: a letter with an index, or a word.

    Examples
    --------
    >>> letter_of("xi_last"), letter_of("beta_1"), letter_of("velocity"), letter_of("lambda_")
    ('\\xi_{\\text{last}}', '\\beta_1', '\\mathit{velocity}', '\\lambda')
    >>> letter_of("lr"), letter_of("β1")
    ('\\eta', '\\beta_1')
    """
    spelled = in_latin(name)
    stem, mark, index = spelled.strip("_").partition("_")  # Python's lambda_ is a lambda
    digits = re.fullmatch(r"([A-Za-z]+?)(\d+)", stem)
    if digits and not mark:
        stem, mark, index = digits[1], "_", digits[2]
    if stem == "lr":  # what code calls it
        stem = r"\eta"
    elif len(stem) > 1 or not stem.isascii():
        stem = rf"\{stem}" if stem in GREEK else _word(stem)
    if not mark:
        return stem
    if len(index) == 1:
        return f"{stem}_{index}"
    return f"{stem}_{{{index}}}" if index.isdecimal() else rf"{stem}_{{\text{{{index}}}}}"


def _word(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return rf"\mathit{{{escaped}}}"
