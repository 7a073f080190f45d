r"""Which letters a derivation is written in: those of a paper, of PyTorch, or the reader's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sgdmem.symbolic.algorithms.parameters import known_letters
from sgdmem.symbolic.errors import InputError, shown


@dataclass(frozen=True)
class Notation:
    """Letters for parameters by name, and for the vectors of an algorithm.

    Attributes
    ----------
    key : str
        What it is called on the command line.
    source : str
        Whose letters these are, in words.
    parameters : mapping
        From names of parameters to LaTeX.
    weights, auxiliary, loss : str
    """

    key: str
    source: str
    parameters: Mapping[str, str]
    weights: str = "w"
    auxiliary: str = "u"
    loss: str = "L"


NOTATIONS = {
    notation.key: notation
    for notation in (
        Notation("2410.04228", "arXiv 2410.04228 (SGD with memory)", known_letters()),
        Notation(
            "pytorch",
            "PyTorch's documentation of torch.optim.SGD",
            {**known_letters(), "learning_rate": r"\gamma", "momentum": r"\mu", "rate": r"\kappa"},
            weights=r"\theta",
            auxiliary=r"\mathbf{b}",  # b alone is the row of eq. (3)
            loss="f",
        ),
        Notation(
            "2307.15196",
            "arXiv 2307.15196 (the marginal value of momentum)",
            {**known_letters(), "learning_rate": r"\eta"},
            weights="x",
            auxiliary="m",
        ),
    )
}

# What derivations themselves call something by these letters.
_RESERVED = {*"ADFHMOPQSabcdekqrsv", "E_0"}
_RESERVED |= {r"\chi", r"\rho", r"\pi", r"\Gamma", r"\alpha_{\mathrm{eff}}"}

# Quantities of a problem, with the letters that are tried in turn until one is free.
_QUANTITIES = {
    "eigenvalue": (r"\lambda", "h"),
    "root": ("x", r"\xi", "r"),
    "half_plane": ("z", r"\omega"),
    "weight_decay": (r"\omega", r"\varpi", r"\vartheta"),
    "batch_size": ("B", r"|\mathcal{B}|"),
    "tau1": (r"\tau_1", r"\sigma_1"),
    "tau2": (r"\tau_2", r"\sigma_2"),
    "label_noise": (r"\sigma", r"\varrho"),
    "time": ("t", "n"),
    "spectral_exponent": (r"\nu", r"\varkappa"),
    "target_exponent": (r"\zeta", r"\varsigma"),
    "spectral_scale": (r"\Lambda", r"\ell"),
    "target_scale": ("E_0", "C_0"),
}


@dataclass(frozen=True)
class Letters:
    """The letters of one derivation.

    Parameters
    ----------
    parameters : tuple of Symbol
        Of the algorithm.
    notation : Notation
    own : mapping
        The reader's LaTeX for parameters or quantities, by name.
    blocks : set of str
        Parameters that are what a, b or c is of memory 1, and may have that letter.

    Raises
    ------
    InputError
        For a name that nothing has, or a letter that two things would share.
    """

    parameters: tuple[Any, ...]
    notation: Notation
    own: Mapping[str, str] = field(default_factory=dict)
    blocks: frozenset[str] = frozenset()

    @cached_property
    def symbols(self) -> dict[str, Any]:
        """A symbol for each quantity, all positive but tau2."""
        from sympy import Dummy

        return {
            name: Dummy(name, real=True) if name == "tau2" else Dummy(name, positive=True)
            for name in _QUANTITIES
        }

    def __getattr__(self, name: str) -> Any:
        if name in _QUANTITIES:
            return self.symbols[name]
        raise AttributeError(name)

    @cached_property
    def latex(self) -> dict[Any, str]:
        """LaTeX of every symbol."""
        from sympy import latex

        known = {*map(str, self.parameters), *_QUANTITIES, "weights", "auxiliary", "loss"}
        for name in self.own:
            if name not in known:
                raise InputError(
                    f"there is no symbol {name!r} to be written as {self.own[name]!r}: "
                    f"there are {', '.join(sorted(known))}"
                )
        found: dict[Any, str] = {}
        for symbol in self.parameters:
            name = str(symbol)
            if name in self.own:
                found[symbol] = self.own[name]
                continue
            letter = self.notation.parameters.get(name) or _letter(name, latex(symbol))
            reserved = letter in _RESERVED and letter not in self.blocks
            reserved = reserved and name != "effective_learning_rate"  # it is what it is called
            found[symbol] = rf"\mathrm{{{letter}}}" if reserved else letter
        taken = {*found.values(), self.weights, self.auxiliary}
        for name, symbol in self.symbols.items():
            if name in self.own:
                found[symbol] = self.own[name]
            else:
                free = (letter for letter in _QUANTITIES[name] if letter not in taken)
                found[symbol] = next(free, rf"\hat{{{_QUANTITIES[name][0]}}}")
            taken.add(found[symbol])
        self._refuse_shared(found)
        return found

    def _refuse_shared(self, found: Mapping[Any, str]) -> None:
        seen: dict[str, str] = {}
        for name in ("weights", "auxiliary", "loss"):
            letter = getattr(self, name)
            if letter in seen:
                raise InputError(f"{letter} would stand for both {seen[letter]} and {name}")
            seen[letter] = name
        for name, letter in self.own.items():
            if not is_letter(letter):
                raise InputError(
                    f"the LaTeX of {name} must be a letter or a word, such as \\mu, \\bar{{m}} or "
                    f"\\mathrm{{mom}}_1, got {shown(letter)}"
                )
            if name in _BARE and ("_" in letter or "^" in letter):
                raise InputError(
                    f"the LaTeX of {name} must have no subscript or superscript, since it gets "
                    f"its own, got {shown(letter)}"
                )
            if letter in _RESERVED:
                raise InputError(f"{letter} has a meaning of its own: write {name} another way")
        seen = {plain(letter): name for letter, name in seen.items()}
        for symbol, letter in found.items():
            letter = plain(letter)
            if letter in seen:
                raise InputError(
                    f"{letter} would stand for both {seen[letter]} and {symbol.name}: give one of "
                    f"them another letter"
                )
            seen[letter] = symbol.name

    def refuse(self, others: Iterable[str]) -> None:
        """Refuse letters that look like others that a derivation has given a meaning."""
        looks = {plain(letter): letter for letter in others}
        for symbol, letter in self.latex.items():
            if plain(letter) in looks and letter not in self.blocks:
                raise InputError(
                    f"{symbol.name} would look like {looks[plain(letter)]}, which has a meaning of "
                    f"its own: give it another letter"
                )

    @property
    def weights(self) -> str:
        """The letter of the weights."""
        return self.own.get("weights", self.notation.weights)

    @property
    def auxiliary(self) -> str:
        """The letter of the auxiliary vectors."""
        return self.own.get("auxiliary", self.notation.auxiliary)

    @property
    def loss(self) -> str:
        """The letter of the loss."""
        return self.own.get("loss", self.notation.loss)


def _letter(name: str, latex: str) -> str:
    """Return the LaTeX of a symbol; a Greek letter may be written as such."""
    if len(name) == 1 and not name.isascii():
        words = unicodedata.name(name, "").split()
        if words[:1] == ["GREEK"] and words[2:3] == ["LETTER"] and len(words) == 4:
            letter = words[3].lower()
            return rf"\{letter if words[1] == 'SMALL' else letter.capitalize()}"
    if not is_letter(latex):
        raise InputError(
            f"symbol {name!r} cannot be written in LaTeX: say how, with symbols={{{name!r}: ...}}"
        )
    return latex


_GREEK = (
    "alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|vartheta|iota|kappa|varkappa|lambda|"
    "mu|nu|xi|pi|varpi|rho|varrho|sigma|varsigma|tau|upsilon|phi|varphi|chi|psi|omega|Gamma|Delta|"
    "Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega|ell|hbar|imath|jmath|wp|aleph"
)
_FONTS = "mathrm|mathbf|mathit|mathsf|mathtt|mathcal|mathbb|mathfrak|boldsymbol|text|operatorname"
_ACCENTS = "hat|bar|tilde|vec|dot|ddot|check|breve|acute|grave|mathring|widehat|widetilde|overline"
_LETTER = rf"(?:[A-Za-z]|\\(?:{_GREEK})(?![a-zA-Z]))"
_STYLED = rf"\\(?:{_FONTS})\{{(?:[A-Za-z]+|{_LETTER})\}}"
_PLAIN = rf"(?:{_LETTER}|{_STYLED})"
_ACCENTED = rf"\\(?:{_ACCENTS})(?:\s*{_LETTER}|\{{{_PLAIN}\}})"
_CORE = rf"(?:{_ACCENTED}|{_PLAIN})"
_WORD = rf"(?:[A-Za-z0-9, ]|{_PLAIN}|\\(?:max|min|infty|star)(?![a-zA-Z]))"
_MARK = rf"(?:[0-9]|{_PLAIN}|\{{{_WORD}+\}})"
_RAISED = r"(?:\\?\*|\\star|\\prime|\\dagger|\{\([A-Za-z0-9]+\)\}|\{\\star\}|\{\*\})"
_ATOM = re.compile(rf"{_CORE}(?:_{_MARK})?(?:\^{_RAISED})?|{_CORE}\^{_RAISED}_{_MARK}")
_BARE = ("weights", "auxiliary", "eigenvalue", "time")  # which get marks of their own


def is_letter(text: object) -> bool:
    """Whether LaTeX is a single letter or word, maybe with marks: what can stand for a number."""
    return isinstance(text, str) and _ATOM.fullmatch(text) is not None


def plain(latex: str) -> str:
    """Return LaTeX without what makes no difference to a reader: braces and spaces."""
    return re.sub(r"[{}\s]", "", latex)


def find_notation(key: str) -> Notation:
    """Return a notation by its key.

    Raises
    ------
    InputError
        If there is none.
    """
    if key not in NOTATIONS:
        raise InputError(f"notation must be one of {', '.join(NOTATIONS)}, got {shown(key)}")
    return NOTATIONS[key]
