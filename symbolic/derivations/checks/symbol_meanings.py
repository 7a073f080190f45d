"""What the letters of a derivation mean at a point, found from the algorithm's matrices."""

from __future__ import annotations

import random
import re
from collections import ChainMap, UserDict
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from functools import partial
from typing import Any

from flint import fmpq, fmpq_mat
from mpmath import mp, workdps

from sgdmem.symbolic.derivations.checks.label_noise_meanings import LabelNoise
from sgdmem.symbolic.derivations.checks.latex_reader import Meanings
from sgdmem.symbolic.derivations.checks.mixed_arithmetic import (
    DIGITS,
    adjugate,
    determinant,
    trace,
    unwrapped,
)
from sgdmem.symbolic.derivations.statements.exact_second_moments import (
    identity,
    is_strictly_stable,
    summed_response,
)
from sgdmem.symbolic.derivations.statements.exact_values import (
    Point,
    as_float,
    matrix_at,
    number_at,
)
from sgdmem.symbolic.derivations.statements.reduced_subject import ReducedSubject
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.errors import DerivationError

_PRIME = 2**31 - 1


class Interpretation:
    """A point, and what everything that a derivation writes means there.

    The point is near one at which the method is stable, if there is any.

    Attributes
    ----------
    point : dict
        Values of all symbols that have letters and are not names of something.
    meanings : Meanings
    """

    def __init__(self, subject: Subject, seed: int) -> None:
        self.subject = subject
        self._rng = random.Random(seed)
        letters, self._names = subject.letters, subject.writer.names
        self._values: dict[str, Any] = {}
        for symbol, value in (subject.stable_point or {}).items():
            self._values[letters.latex[symbol]] = value * (1 + self._share() / 1000)
        for symbol in (letters.spectral_exponent, letters.target_exponent):
            # so that integrals converge fast
            self._values[letters.latex[symbol]] = fmpq(3, 2) + self._share()
        self.point: Point = {s: self.value(s) for s in self._names if s not in subject.names}
        self.eigenvalue = self.point[letters.eigenvalue]
        whole = subject.whole
        self.start, self.v, self.r = whole.matrices_at(self.point)
        self.P: Any = self.start.charpoly()
        self.Q: Any = self.P - self._state_matrix(1).charpoly()
        self.chi = self.P - self.eigenvalue * self.Q  # of the whole method
        self._factor: Any = None
        if isinstance(subject, ReducedSubject):
            self._factor = subject.factor_at(self.point)
            self.P, self.Q = (self._without_the_factor(x) for x in (self.P, self.Q))
        self._label_noise = LabelNoise(whole, self.point)
        self.meanings = Meanings(_Letters(self._letters()), self._functions(), self._each())
        rate = self.meanings.letters.get(_ALPHA_EFF)
        if rate is not None:
            self.point.update((s, rate) for s in self.point if self._names[s] == _ALPHA_EFF)

    @property
    def parameters(self) -> dict[str, Any]:
        """Values of the parameters, by their letters."""
        return {self._names[symbol]: self.point[symbol] for symbol in self.subject.parameters}

    def draw(self) -> Any:
        """Return a random number between -1 and 1."""
        return 2 * self._share() - 1

    def _share(self) -> Any:
        return fmpq(self._rng.randint(1, _PRIME), _PRIME)

    def value(self, symbol: Any) -> Any:
        """Return the value of a symbol, the same one for the same letter."""
        letter = self._names.get(symbol, symbol)
        if letter not in self._values:
            eigenvalue = self.subject.letters.latex[self.subject.letters.eigenvalue]
            if str(letter).startswith(f"{eigenvalue}_"):
                # the second one is large, so that not all modes are stable
                size = 40 if str(letter).endswith("2") else 1
                size *= 1 - self._share() / 1000
                self._values[letter] = self._values.get(eigenvalue, 1) * size
            else:
                sign = 1 if symbol.is_positive or self._rng.random() < 0.5 else -1
                self._values[letter] = sign * 2 * self._share()
        return self._values[letter]

    def complete(self, symbols: set[Any]) -> Point:
        """Return the point with values for symbols that have no letters."""
        return {**{symbol: self.value(symbol) for symbol in symbols}, **self.point}

    def _state_matrix(self, eigenvalue: Any) -> Any:
        return self.start + self.v * self.r.transpose() * eigenvalue

    def _without_the_factor(self, polynomial: Any) -> Any:
        left, rest = divmod(polynomial, self._factor)
        if rest != 0:
            raise DerivationError("P and Q have no such factor in common")
        return left

    def _summand(self, eigenvalue: Any) -> Any:
        start, v, r = self.subject.judged.matrices_at(self.point)
        return eigenvalue**2 * summed_response(start + v * r.transpose() * eigenvalue, v, r)

    def _letters(self) -> dict[str, Any]:
        subject, names = self.subject.whole, self.subject.names
        named: dict[str, Any] = {}
        for symbol, letter in self._names.items():
            if not letter.startswith(_FORMULAS):
                named[letter] = partial(names.evaluate, symbol, self.point)
        letter, time = map(subject.writer.line, (subject.letters.eigenvalue, subject.letters.time))
        blocks = {name: getattr(subject, name) for name in "abcD" if subject.memory}
        found: dict[str, Any] = {
            **{name: unwrapped(matrix_at(matrix, self.point)) for name, matrix in blocks.items()},
            rf"\sum_{{{time} \ge 0}} r^{{\mathsf T}} "
            rf"\left(A_{{{letter}}}^{time} \, v v^{{\mathsf T}}\right) r": self._damped_response,
            "S_0": unwrapped(self.start),
            "v": unwrapped(self.v),
            "r": unwrapped(self.r),
            f"S_{{{letter}}}": unwrapped(self._state_matrix(self.eigenvalue)),
            f"s_{{{letter}}}": partial(self._summand, self.eigenvalue),
            **self._label_noise.letters(),
            **self._states(),
        }
        if self.P.derivative()(fmpq(1)) != 0 and not subject.shrinks:
            found[_ALPHA_EFF] = self._effective_rate
        if self._factor is not None:
            found |= self._left_matrix(letter, self.eigenvalue)
        introduced = [name for s, name in self._names.items() if s not in subject.letters.latex]
        others = [rf"{letter}^{{\circ}}", "B^*", "C_V", "C_U", r"U'_\Sigma", r"U_\Sigma"]
        others += [rf"{subject.letters.loss}_\infty", f"Q_{{{subject.letters.weights}}}"]
        others += [f"{subject.letters.auxiliary}_{i}" for i in range(1, subject.memory + 1)]
        taken = {*found, *introduced, *others} - {_ALPHA_EFF}
        subject.letters.refuse(taken)
        return {**named, **found}

    def readings(self, text: str) -> list[Meanings]:
        """Return what a text may mean: in a recursion, one for each power m below the memory."""
        subject = self.subject
        if not subject.is_structured or not re.search(r"_m\b", text):
            return [self.meanings]
        return [
            replace(self.meanings, letters=ChainMap(self._recursive(m), self.meanings.letters))
            for m in range(subject.memory)
        ]

    def _damped_response(self) -> Any:
        """Return the sum over t, A_lambda being the map of second moments that noise damps."""
        letters = self.subject.letters
        damping = self.point[letters.tau2] / self.point[letters.batch_size] * self.eigenvalue**2
        S, v, r = self.subject.judged.at(self.point)
        return summed_response(S, v, r, damping)

    def _left_matrix(self, letter: str, eigenvalue: Any) -> dict[str, Any]:
        """Return what its state matrix means if only what is left can be stable."""
        judged = self.subject.judged
        if judged is self.subject.whole:
            return {}
        start, v, r = judged.matrices_at(self.point)
        return {rf"\tilde S_{{{letter}}}": unwrapped(start + v * r.transpose() * eigenvalue)}

    def _effective_rate(self) -> Any:
        """Return how far a step goes in the long run, for a constant gradient 1."""
        subject = self.subject.judged
        alpha = number_at(subject.alpha, self.point)
        if not subject.memory:
            return alpha
        b, c, D = (matrix_at(m, self.point) for m in (subject.b, subject.c, subject.D))
        settled = (identity(subject.memory) - D).solve(c)
        return alpha - (b.transpose() * settled)[0, 0]

    def _states(self) -> dict[str, Any]:
        """Return weights and auxiliary vectors along an orbit from any start."""
        subject = self.subject.whole
        M, letters = subject.memory, subject.letters
        t = subject.writer.line(letters.time)
        state = fmpq_mat(M + 1, 1, [self.draw() for _ in range(M + 1)])
        places = [f"{i}," for i in range(1, M + 1)] if M > 1 else [""] * M
        found = {}
        for step in range(M + 2):
            time = f"{t}+{step}" if step else t
            found[f"{letters.weights}_{{{time}}}"] = state[0, 0]
            for i, place in enumerate(places, start=1):
                found[f"{letters.auxiliary}_{{{place}{time}}}"] = state[i, 0]
            state = self._state_matrix(self.eigenvalue) * state
        return found

    def _recursive(self, m: int) -> dict[str, Any]:
        """Return the coefficients of power m of det(x - D), of Q and of the adjugate of x - D."""
        subject = self.subject
        M, D = subject.memory, matrix_at(subject.D, self.point)
        d = D.charpoly()

        def coefficient(power: int) -> Any:
            # of (d(x) - d(D)) / (x - D), a polynomial in x
            total = D * 0
            for k in range(M, power, -1):
                total = total * D + identity(M) * d[k]
            return total

        return {
            "m": fmpq(m),
            "d_m": d[m],
            "q_m": self.Q[m],
            "A_m": coefficient(m),
            "A_{m-1}": coefficient(m - 1),
            r"\alpha": number_at(subject.alpha, self.point),
        }

    def _functions(self) -> dict[str, Callable[..., Any]]:
        size = self.subject.memory + 1

        def chi(x: Any, eigenvalue: Any) -> Any:
            if self._factor is not None:
                return self.P(x) - eigenvalue * self.Q(x)
            return (identity(size) * x - self._state_matrix(eigenvalue)).det()

        def on_half_plane(degree: int, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
            return lambda z: (1 - z) ** degree * function((1 + z) / (1 - z))

        def at(polynomial: Any) -> Callable[[Any], Any]:
            return lambda x: polynomial(x)

        return {
            "P": at(self.P),
            "P'": at(self.P.derivative()),
            "Q": at(self.Q),
            **({} if self._factor is None else {"F": at(self._factor)}),
            **self._label_noise.functions(),
            r"\chi": chi,
            r"\hat\chi": on_half_plane(size, lambda x: chi(x, self.eigenvalue)),
            r"\hat Q": on_half_plane(size - 1, at(self.Q)),
            rf"\nabla {self.subject.letters.loss}": lambda x: self.eigenvalue * x,
            r"\det": determinant,
            r"\operatorname{adj}": adjugate,
            r"\operatorname{Tr}": trace,
            # stands for the spectral radius: the only question is whether it is below 1
            r"\rho": lambda S: fmpq(0 if is_strictly_stable(S) else 2),
            r"\Gamma": _to_digits(mp.gamma),
            r"\sin": _to_digits(mp.sin),
            "O": lambda _: fmpq(0),
        }

    def _each(self) -> dict[str, list[MutableMapping[str, Any]]]:
        letter = self.subject.writer.line(self.subject.letters.eigenvalue)
        return {
            "k": [
                _Letters(
                    {
                        f"{letter}_k": value,
                        f"s_{{{letter}_k}}": partial(self._summand, value),
                        f"S_{{{letter}_k}}": unwrapped(self._state_matrix(value)),
                        **self._left_matrix(f"{letter}_k", value),
                        **self._label_noise.each(k),
                    }
                )
                for k, value in enumerate(map(self.value, self.subject.two_eigenvalues))
            ]
        }


_FORMULAS = (r"\min_k", r"\max_k", r"\frac", r"\nabla")  # names that are read, not looked up
_ALPHA_EFF = r"\alpha_{\mathrm{eff}}"


class _Letters(UserDict[str, Any]):
    """Values, of which some are found when they are first asked for."""

    def __getitem__(self, name: str) -> Any:
        value = self.data[name]
        if callable(value):
            value = self.data[name] = value()
        return value


def _to_digits(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def value(x: Any) -> Any:
        with workdps(DIGITS):
            return function(as_float(x))

    return value
