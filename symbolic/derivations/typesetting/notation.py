r"""Which letters a derivation is written in: those of a paper, of PyTorch, or the reader's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sgdmem.symbolic.algorithms.parameters import known_letters
from sgdmem.symbolic.derivations.typesetting.renaming import Renaming, stem
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

_RATE = r"\alpha_{\mathrm{eff}}"  # the only letter that no other parameter may have

# Quantities of a problem, with the letters that are tried in turn until one is free.
_QUANTITIES = {
    "eigenvalue": (r"\lambda", "h", r"\ell"),
    "root": ("x", r"\xi", "y", r"\mathsf{x}"),
    "half_plane": ("z", r"\omega", r"\mathsf{z}"),
    "weight_decay": (r"\omega", r"\varpi", r"\vartheta"),
    "batch_size": ("B", r"|\mathcal{B}|"),
    "tau1": (r"\tau_1", r"\sigma_1", r"\theta_1"),
    "tau2": (r"\tau_2", r"\sigma_2", r"\theta_2"),
    "label_noise": (r"\sigma", r"\varrho"),
    "time": ("t", "n", r"\mathsf{t}"),
    "spectral_exponent": (r"\nu", r"\varkappa"),
    "target_exponent": (r"\zeta", r"\varsigma"),
    "spectral_scale": (r"\Lambda", r"\ell"),
    "target_scale": ("E_0", "C_0"),
}


_VECTORS = {"auxiliary": ("u", r"\mathbf{u}", r"\mathsf{u}"), "loss": ("L", "f", r"\mathcal{L}")}


@dataclass(frozen=True)
class Letters:
    """The letters of one derivation.

    Those of the method are the author's: where the document would use one of them, it takes
    another, and its fixed letters are changed as `Renaming` says.

    Parameters
    ----------
    parameters : tuple of Symbol
        Of the algorithm.
    notation : Notation
    own : mapping
        The reader's LaTeX for parameters or quantities, by name.
    entries : set of str
        Parameters that are entries of the blocks that have their letter.
    iterate : str
        LaTeX of the vector that the method returns; empty for that of the notation.
    vectors : tuple of str
        LaTeX of the others in its update, if that is displayed.

    Raises
    ------
    InputError
        For a name that nothing has, or a letter that two things would share.
    """

    parameters: tuple[Any, ...]
    notation: Notation
    own: Mapping[str, str] = field(default_factory=dict)
    entries: frozenset[str] = frozenset()
    iterate: str = ""
    vectors: tuple[str, ...] = ()

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
        """LaTeX of every symbol, that of the method marked where the document has it, too."""
        given = {self.symbols.get(name) for name in self.own}
        return {
            symbol: self.renaming.marked(letter)
            if symbol in self.parameters or symbol in given
            else letter
            for symbol, letter in self._chosen.items()
        }

    @cached_property
    def renaming(self) -> Renaming:
        """What changes the letters of the document that the method has."""
        authors = [self._chosen[x] for x in self.parameters if str(x) not in self.entries]
        taken = [*self._chosen.values(), *self._names.values(), *self.vectors]
        return Renaming(
            [*authors, *self.vectors, self._names["weights"], *self.own.values()], taken
        )

    @cached_property
    def _chosen(self) -> dict[Any, str]:
        """LaTeX of every symbol, as it is printed."""
        from sympy import latex

        known = {*map(str, self.parameters), *_QUANTITIES, "weights", *_VECTORS}
        for name in self.own:
            if name not in known:
                raise InputError(
                    f"there is no symbol {name!r} to be written as {self.own[name]!r}: "
                    f"there are {', '.join(sorted(known))}"
                )
        found: dict[Any, str] = {}
        for symbol in self.parameters:
            name = str(symbol)
            known_letter = self.own.get(name) or self.notation.parameters.get(name)
            found[symbol] = known_letter or _letter(name, latex(symbol))
        taken = {*found.values(), *self.vectors, *self._names.values()}
        taken |= {*map(stem, self.vectors)}
        for name, symbol in self.symbols.items():
            if name in self.own:
                found[symbol] = self.own[name]
            else:
                free = (letter for letter in _QUANTITIES[name] if letter not in taken)
                found[symbol] = next(free, rf"\hat{{{_QUANTITIES[name][0]}}}")
            taken.add(found[symbol])
        self._refuse_shared(found)
        return found

    @cached_property
    def _names(self) -> dict[str, str]:
        """LaTeX of the weights, the auxiliary vectors and the loss."""
        found = {"weights": self.own.get("weights") or self.iterate or self.notation.weights}
        given = {*self.own.values(), *self.vectors, *map(stem, self.vectors), *found.values()}
        given |= {self.notation.parameters.get(str(x), str(x)) for x in self.parameters}
        for name, others in _VECTORS.items():
            choice = (self.own.get(name, getattr(self.notation, name)), *others)
            free = (letter for letter in choice if letter not in given)
            found[name] = self.own.get(name) or next(free, choice[0])
        return found

    def _refuse_shared(self, found: Mapping[Any, str]) -> None:
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
        everything = [
            *((letter, name) for name, letter in self._names.items()),
            *((letter, "a vector of the update") for letter in self.vectors),
            *((letter, symbol.name) for symbol, letter in found.items()),
        ]
        seen: dict[str, str] = {}
        for letter, name in everything:
            look = plain(letter)
            if look in seen:
                raise InputError(
                    f"{letter} would stand for both {seen[look]} and {name}: give one of them "
                    f"another letter with {HOW.format(name=name)}"
                )
            if look == plain(_RATE) and name != "effective_learning_rate":
                raise InputError(f"{letter} has a meaning of its own: write {name} another way")
            seen[look] = name

    def refuse(self, others: Iterable[str]) -> None:
        """Refuse letters that look like others that a derivation has given a meaning."""
        looks = {plain(letter): letter for letter in others}
        for symbol, letter in self.latex.items():
            if plain(letter) in looks and str(symbol) not in self.entries:
                raise InputError(
                    f"{symbol.name} would look like {looks[plain(letter)]}, which has a meaning of "
                    f"its own: give it another letter with {HOW.format(name=symbol.name)}"
                )

    @property
    def weights(self) -> str:
        """The letter of the weights."""
        return self.renaming.marked(self._names["weights"])

    @property
    def auxiliary(self) -> str:
        """The letter of the auxiliary vectors."""
        return self._names["auxiliary"]

    @property
    def loss(self) -> str:
        """The letter of the loss."""
        return self._names["loss"]


HOW = "symbols={{{name!r}: ...}}, or --symbol {name}=... on the command line"


def _letter(name: str, latex: str) -> str:
    """Return the LaTeX of a symbol; a Greek letter may be written as such."""
    if len(name) == 1 and not name.isascii():
        words = unicodedata.name(name, "").split()
        if words[:1] == ["GREEK"] and words[2:3] == ["LETTER"] and len(words) == 4:
            letter = words[3].lower()
            return rf"\{letter if words[1] == 'SMALL' else letter.capitalize()}"
    if not is_letter(latex):
        raise InputError(
            f"symbol {name!r} is a word: say how it is written, as a letter such as \\mu, with "
            f"letters={{{name!r}: ...}} of method, {HOW.format(name=name)}"
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
