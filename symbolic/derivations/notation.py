r"""Which letters a derivation is written in: those of a paper, of PyTorch, or the reader's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sgdmem.symbolic.errors import InputError


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


_PAPER = {
    "learning_rate": r"\alpha",
    "momentum": r"\beta",
    "damping": r"\delta",
    "q0": "q_0",
    "nu": r"\nu",
    "dampening": r"\tau",
    "velocity_rate": r"\alpha_1",
    "gradient_rate": r"\alpha_2",
    "effective_learning_rate": r"\alpha_{\mathrm{eff}}",
    "rate": r"\gamma",
    **{f"momentum_{i}": rf"\beta_{i}" for i in range(1, 10)},
}
NOTATIONS = {
    notation.key: notation
    for notation in (
        Notation("2410.04228", "arXiv 2410.04228 (SGD with memory)", _PAPER),
        Notation(
            "pytorch",
            "PyTorch's documentation of torch.optim.SGD",
            {**_PAPER, "learning_rate": r"\gamma", "momentum": r"\mu"},
            weights=r"\theta",
            auxiliary="b",
            loss="f",
        ),
        Notation(
            "2307.15196",
            "arXiv 2307.15196 (the marginal value of momentum)",
            {**_PAPER, "learning_rate": r"\eta"},
            weights="x",
            auxiliary="m",
        ),
    )
}

# Quantities of a problem, with the letters that are tried in turn until one is free.
_QUANTITIES = {
    "eigenvalue": (r"\lambda", "h"),
    "root": ("x", r"\xi", "r"),
    "half_plane": ("z", r"\omega"),
    "batch_size": ("B", r"|\mathcal{B}|"),
    "tau1": (r"\tau_1", r"\sigma_1"),
    "tau2": (r"\tau_2", r"\sigma_2"),
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

    Raises
    ------
    InputError
        For a name that nothing has, or a letter that two things would share.
    """

    parameters: tuple[Any, ...]
    notation: Notation
    own: Mapping[str, str] = field(default_factory=dict)

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
            found[symbol] = self.own.get(name) or self.notation.parameters.get(name, latex(symbol))
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
        seen: dict[str, str] = {self.weights: "weights", self.auxiliary: "auxiliary"}
        for symbol, letter in found.items():
            if letter in seen:
                raise InputError(
                    f"{letter} would stand for both {seen[letter]} and {symbol.name}: give one of "
                    f"them another letter"
                )
            seen[letter] = symbol.name

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


def find_notation(key: str) -> Notation:
    """Return a notation by its key.

    Raises
    ------
    InputError
        If there is none.
    """
    if key not in NOTATIONS:
        raise InputError(f"notation must be one of {', '.join(NOTATIONS)}, got {key!r}")
    return NOTATIONS[key]
