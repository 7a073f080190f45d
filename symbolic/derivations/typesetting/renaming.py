r"""Letters of a document that give way to those of the method that it is about.

A document is written with letters of its own: P, Q, D, S, the index k and others. Where the method
calls a vector or a parameter so, the letter is the author's, and that of the document is changed.
Until then those of the method are marked, ``\mathnormal{D}``, which looks the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_IN_OTHER_TYPE = {
    "mathbf": "ADHMSabcruv",  # matrices and columns
    "mathcal": "CFOPQUV",
    "mathrm": "de",
    "mathsf": "ghjkmqs",
    "boldsymbol": (r"\chi", r"\rho", r"\Gamma", r"\kappa", r"\phi", r"\psi"),
}
# What documents call something by, with what is written for it where a method has the letter.
FIXED = {
    letter: rf"\{style}{{{letter}}}"
    for style, letters in _IN_OTHER_TYPE.items()
    for letter in letters
}
FIXED |= {"k": r"\ell", r"\rho": r"\varrho", r"\phi": r"\varphi"}

_WORDS = r"\\\\|\\(?:operatorname|text|math[a-z]+|begin|end)(?:\{[^{}]*\}| [A-Za-z])"
_MARK = r"\\mathnormal\{(?P<own>(?:[^{}]|\{[^{}]*\})+)\}"
_TOKEN = re.compile(rf"{_MARK}|{_WORDS}|(?P<token>\\[a-zA-Z]+|[A-Za-z])")
_STEM = re.compile(r"(\\[a-zA-Z]+|[A-Za-z])(?=$|[_^'])")
_RAISED = re.compile(r"[_^]$|\\(?:hat|bar|tilde)\s*$")  # a single letter follows


def stem(letter: str) -> str:
    r"""Return the letter that carries marks; empty if there is none.

    Examples
    --------
    >>> stem(r"\xi_{\text{last}}"), stem("g"), stem(r"\mathit{new}")
    ('\\xi', 'g', '')
    """
    found = _STEM.match(letter)
    return found[1] if found else ""


def unmarked(latex: str) -> str:
    r"""Return LaTeX without the marks of letters.

    Examples
    --------
    >>> unmarked(r"\mathnormal{P}_1 x")
    'P_1 x'
    """
    return re.sub(_MARK, lambda found: found["own"], latex)


class Renaming:
    r"""The letters of one document that are changed.

    Parameters
    ----------
    own : collection of str
        LaTeX of what the method has: parameters and vectors.
    taken : collection of str
        All letters that have a meaning.

    Examples
    --------
    >>> change = Renaming(["D", "a"], ["D", "a"])
    >>> change.marked("D"), change.printed(r"\mathnormal{D} + \det(x - D)")
    ('\\mathnormal{D}', 'D + \\det(x - \\mathbf{D})')
    >>> change.read(r"D + \det(x - \mathbf{D})")
    '\\mathnormal{D} + \\det(x - D)'
    """

    def __init__(self, own: Collection[str], taken: Collection[str]) -> None:
        known = set(taken)
        self.changed: dict[str, str] = {}
        for letter in sorted({*map(stem, own)} & FIXED.keys()):
            styles = ("boldsymbol", "tilde") if letter[1:] else ("mathsf", "mathfrak", "tilde")
            choice = (FIXED[letter], *(rf"\{style}{{{letter}}}" for style in styles))
            self.changed[letter] = next((x for x in choice if x not in known), choice[-1])
            known.add(self.changed[letter])
        # letters with an index that is changed otherwise, as in K_d, are kept as a whole
        self._whole = [
            letter
            for letter in own
            if {*re.findall(r"\\?[A-Za-z]+", letter[len(stem(letter)) :])} & self.changed.keys()
        ]
        whole = "|".join(sorted(map(re.escape, self._whole), key=len, reverse=True)) or "(?!)"
        others = sorted(map(re.escape, self.changed.values()), key=len, reverse=True)
        ends = [x + (r"(?![a-zA-Z])" if x[-1].isalpha() else "") for x in others]
        either = "|".join(ends) or "(?!)"
        self._back: Mapping[str, str] = {x: letter for letter, x in self.changed.items()}
        self._other = re.compile(
            rf"(?<![a-zA-Z\\])(?P<whole>{whole})(?![a-zA-Z])|\{{(?P<inner>{either})\}}|(?P<outer>{either})|{_TOKEN.pattern}"
        )

    def marked(self, letter: str) -> str:
        """Return a letter of the method as it is told from one of the document."""
        own = stem(letter)
        if letter in self._whole:
            return rf"\mathnormal{{{letter}}}"
        return rf"\mathnormal{{{own}}}{letter[len(own) :]}" if own in self.changed else letter

    def printed(self, latex: str) -> str:
        """Return a formula of the document as it is printed."""
        if not self.changed:
            return latex

        def change(found: re.Match[str]) -> str:
            if found["own"]:
                return found["own"]
            other = self.changed.get(found["token"] or "")
            if other is None:
                return found[0]
            raised = _RAISED.search(latex, 0, found.start())
            if raised and len(raised[0]) > 1 and found[0] in "ab":
                return found[0]  # names of coefficients: their accents tell them from the rest
            return f"{{{other}}}" if raised else other

        return _TOKEN.sub(change, latex)

    def read(self, latex: str) -> str:
        """Return a printed formula in the letters of the document."""
        if not self.changed:
            return latex

        def change(found: re.Match[str]) -> str:
            if found["whole"]:
                return rf"\mathnormal{{{found[0]}}}"
            if found["inner"]:
                raised = _RAISED.search(latex, 0, found.start())
                letter = self._back[found["inner"]]
                return letter if raised else f"{{{letter}}}"
            if found["outer"]:
                return self._back[found["outer"]]
            if found["token"] in self.changed:
                hat = re.search(r"\\(?:hat|bar)\s*$", latex[: found.start()])
                return found[0] if hat and found[0] in "ab" else rf"\mathnormal{{{found[0]}}}"
            return found[0]

        return self._other.sub(change, latex)

    def words(self, text: str) -> str:
        """Return a sentence with mathematics between dollars as it is printed."""
        if not self.changed:
            return text
        parts = text.split("$")
        return "$".join(self.printed(x) if k % 2 else x for k, x in enumerate(parts))
