"""The description of a memory-M algorithm, from which everything else is derived."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from sgdmem.symbolic.algebra import polynomials as poly
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algebra.noise_summand import noise_summand
from sgdmem.symbolic.algebra.polynomials import TransferPolynomials
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, half_plane_form
from sgdmem.symbolic.algebra.scalars import (
    Scalar,
    as_scalar,
    exact_field,
    is_symbolic,
    to_float,
    to_sympy,
)
from sgdmem.symbolic.algorithms.entries import has_float, read_blocks
from sgdmem.symbolic.algorithms.printing import equation_latex, equations_text
from sgdmem.symbolic.algorithms.recurrence import blocks_of_recurrence
from sgdmem.symbolic.algorithms.state_space import blocks_of_state
from sgdmem.symbolic.errors import InputError, UndefinedError, shown


@dataclass(frozen=True, init=False, repr=False)
class Algorithm:
    r"""A stationary gradient method with M auxiliary vectors (eq. (3) of arXiv 2410.04228).

    .. math::
        \begin{pmatrix} w_{t+1} - w_t \\ u_{t+1} \end{pmatrix} =
        \begin{pmatrix} -\alpha & b^T \\ c & D \end{pmatrix}
        \begin{pmatrix} \nabla L(w_t + a^T u_t) \\ u_t \end{pmatrix}

    Parameters
    ----------
    alpha : number or expression
        Weight of the gradient in the step of w.
    b : sequence of length M, or a single number when M = 1
        Weights of u in the step of w.
    c : like b
        Weights of the gradient in the next u.
    D : sequence of M rows of length M, or a single number when M = 1
        How u evolves by itself.
    a : like b, optional
        Weights of u in the point where the gradient is taken; zero if omitted.
    shrink : number or expression, optional
        Decoupled weight decay, as in AdamW: :math:`w_t` is multiplied by 1 - shrink at each step,
        which is the learning rate times the decay. Zero if omitted. (Decay in the gradient, as in
        ``torch.optim.SGD``, is a property of the problem: ``Problem(weight_decay=...)``.)
    name : str, optional
        How the algorithm is called when printed; not compared.
    title : str, optional
        How its family is called in titles, without parameters; not compared.
    floats : bool, optional
        Whether derived numbers are shown as floats; true as soon as an entry is a float. Not
        compared.

    Raises
    ------
    InputError
        If the shapes disagree or an entry is not a finite real number or SymPy expression.

    Notes
    -----
    Ints, `Fraction`, decimal strings and SymPy rationals stay exact; a float stands for its exact
    binary value. Two algorithms are equal when their entries are.

    Examples
    --------
    >>> from fractions import Fraction
    >>> heavy_ball = Algorithm(Fraction(1, 10), b="0.9", c="-0.1", D="0.9")
    >>> heavy_ball.memory, heavy_ball.effective_learning_rate
    (1, Fraction(1, 1))
    >>> print(heavy_ball)
    Algorithm of memory 1
      w[t+1] = w[t] - 1/10 g[t] + 9/10 u[t]
      u[t+1] = -1/10 g[t] + 9/10 u[t]
      g[t]   = gradient at w[t]
    """

    alpha: Scalar
    b: tuple[Scalar, ...]
    c: tuple[Scalar, ...]
    D: tuple[tuple[Scalar, ...], ...]
    a: tuple[Scalar, ...]
    shrink: Scalar
    name: str | None = field(compare=False)
    title: str | None = field(compare=False)
    floats: bool = field(compare=False)

    def __init__(
        self,
        alpha: Any,
        b: Any = (),
        c: Any = (),
        D: Any = (),
        a: Any = (),
        shrink: Any = 0,
        *,
        name: str | None = None,
        title: str | None = None,
        floats: bool = False,
    ) -> None:
        blocks = read_blocks(alpha, b, c, D, a, shrink)
        floats = floats or has_float((alpha, b, c, D, a, shrink))
        for key, value in blocks._asdict().items():
            object.__setattr__(self, key, value)  # frozen
        self._call(name, title, floats)

    def _call(self, name: str | None, title: str | None, floats: bool) -> None:
        for key, value in {"name": name, "title": title, "floats": floats}.items():
            object.__setattr__(self, key, value)

    # What it is made of ------------------------------------------------------------------------

    @property
    def memory(self) -> int:
        """The number M of auxiliary vectors."""
        return len(self.D)

    @property
    def blocks(self) -> Blocks:
        """(alpha, b, c, D, a, shrink)."""
        return Blocks(self.alpha, self.b, self.c, self.D, self.a, self.shrink)

    @property
    def entries(self) -> tuple[Scalar, ...]:
        """Every entry in one row: alpha, b, c, the rows of D, a, and shrink unless it is 0."""
        return self.blocks.row

    @property
    def label(self) -> str:
        """What it is called in a title: as its family, or its own name as it is.

        Examples
        --------
        >>> from sgdmem.symbolic.zoo.named_algorithms import qhm
        >>> qhm(1, 0, 0).label, Algorithm(1).label, Algorithm(1, name="Mine (SGD)").label
        ('QHM', 'an algorithm of memory 0', 'Mine (SGD)')
        """
        return self.title or self.name or f"an algorithm of memory {self.memory}"

    @cached_property
    def is_symbolic(self) -> bool:
        """Whether an entry is a SymPy expression."""
        return any(is_symbolic(entry) for entry in self.entries)

    @property
    def free_symbols(self) -> frozenset[Any]:
        """The SymPy symbols that occur in the entries."""
        return frozenset().union(*(e.free_symbols for e in self.entries if is_symbolic(e)))

    def called(self, name: str, title: str, floats: bool = False) -> Algorithm:
        """Return the algorithm under another name, and shown as floats if it was or that is true.

        Its entries need not be read again.
        """
        found = copy(self)
        found._call(name, title, self.floats or floats)
        return found

    def map(self, function: Callable[[Scalar], Any]) -> Algorithm:
        """Return the algorithm with ``function`` applied to every entry."""
        return Algorithm(*self.blocks.map(function), floats=self.floats)

    def substitute(self, values: Mapping[Any, Any]) -> Algorithm:
        """Return the algorithm with symbols (or names of symbols) replaced by exact values.

        Raises
        ------
        InputError
            For a symbol that does not occur, or a value that is not a number or an expression.

        Examples
        --------
        >>> from sgdmem.symbolic.zoo.general_algorithm import general
        >>> general(1).substitute({"alpha": "0.1", "beta": 0, "gamma": 0, "delta": 0}).alpha
        Fraction(1, 10)
        """
        if not isinstance(values, Mapping):
            raise InputError(
                f"values must be a dictionary from symbols to numbers, got {shown(values)}"
            )
        replace = {
            self._symbol(key): to_sympy(as_scalar(value, str(key))) for key, value in values.items()
        }
        return self.map(lambda entry: to_sympy(entry).xreplace(replace))

    def _symbol(self, key: Any) -> Any:
        """Return the symbol of the algorithm that is meant by itself or by its name."""
        if key in self.free_symbols:
            return key
        found = [symbol for symbol in self.free_symbols if str(symbol) == str(key)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"several symbols are called {str(key)!r}: give the symbol itself")
        raise InputError(
            f"symbol {str(key)!r} does not occur in the algorithm, "
            f"which has {', '.join(sorted(map(str, self.free_symbols))) or 'no symbols'}"
        )

    def scaled(self, factor: Scalar) -> Algorithm:
        """Return the algorithm with (alpha, c), and so Q, multiplied by one factor.

        It is the same as multiplying every eigenvalue of the problem by that factor.
        """
        factor = as_scalar(factor, "factor")
        (scale, alpha, *c), back = exact_field((factor, self.alpha, *self.c))
        c = [back(scale * entry) for entry in c]
        found = replace(self, alpha=back(scale * alpha), c=tuple(c), name=None, title=None)
        if "polynomials" in vars(self) and not found.is_symbolic:  # deriving them takes longer
            det_D, P, *driven = self.polynomials
            driven = [tuple(factor * q for q in x) for x in driven]
            vars(found)["polynomials"] = TransferPolynomials(det_D, P, *driven)
        return found

    # What follows from it ----------------------------------------------------------------------

    @cached_property
    def polynomials(self) -> TransferPolynomials:
        """det(x - D), P, Q and Q to w; coefficients lowest power first.

        Exact whatever went in: numbers give `Fraction`, expressions give SymPy expressions.
        """
        elements, back = exact_field(self.entries)
        found = poly.transfer_polynomials(*Blocks.of_row(elements, self.memory))
        return TransferPolynomials(*(tuple(map(back, polynomial)) for polynomial in found))

    @cached_property
    def half_plane_form(self) -> HalfPlaneForm:
        """What the Routh-Astrom recursion needs, exact (see `sgdmem.symbolic.algebra.routh`)."""
        return half_plane_form(self.polynomials, self.shrink)

    @property
    def effective_learning_rate(self) -> Scalar:
        r"""The effective learning rate of eq. (22), :math:`\alpha - b^T(1-D)^{-1}c = -Q(1)/P'(1)`.

        A float if an entry is a float, exact otherwise.

        Raises
        ------
        UndefinedError
            If D has the eigenvalue 1, and where w shrinks at each step.
        """
        if self.shrink != 0:
            raise UndefinedError(
                "the effective learning rate does not exist: w shrinks at each step, so that slow "
                "modes are not driven by the gradient alone"
            )
        det_D, _, Q, _ = self.polynomials
        elements, back = exact_field((*det_D, *Q))
        damping = poly.evaluate(elements[: len(det_D)], 1)  # P'(1) = det(1 - D)
        if damping == 0:
            raise UndefinedError(
                "the effective learning rate does not exist: D has the eigenvalue 1"
            )
        return self.present(back(-poly.evaluate(elements[len(det_D) :], 1) / damping))

    def present(self, value: Scalar) -> Scalar:
        """Return a derived scalar as it is shown: a float if the description holds floats."""
        return to_float(value) if self.floats and isinstance(value, Fraction) else value

    def characteristic_polynomial(self, x: Any, lam: Any) -> Any:
        """Return det(x - S) = P(x) - lam Q(x), eqs. (29) and (36), at ``x`` and ``lam``.

        Numbers in, numbers out; with an expression anywhere the result is a SymPy expression,
        collected in powers of ``x``.

        Examples
        --------
        >>> from sgdmem.symbolic.zoo.named_algorithms import sgd
        >>> sgd("0.5").characteristic_polynomial(2, 1)
        Fraction(3, 2)
        """
        _, P, Q, _ = self.polynomials
        scalars = (*P, *Q, as_scalar(x, "x"), as_scalar(lam, "lam"))
        elements, back = exact_field(scalars)
        p, q = elements[: len(P)], [*elements[len(P) : -2], 0]
        point, eigenvalue = elements[-2:]
        chi = [p_m - eigenvalue * q_m for p_m, q_m in zip(p, q, strict=True)]
        if is_symbolic(x):
            return sum(to_sympy(back(entry)) * x**power for power, entry in enumerate(chi))
        return back(poly.evaluate(chi, point))

    def noise_summand(self, lam: Any) -> Any:
        r"""Noise summand :math:`s_\lambda = \lambda^2\|Q/(P-\lambda Q)\|^2` at eigenvalue ``lam``.

        Its sum over the spectrum decides which batch sizes keep the method stable. Exact for
        exact input (a SymPy expression when a symbol is present); a float if a float went in.

        Raises
        ------
        UndefinedError
            If a pivot of the recursion vanishes there, so that the sum does not exist.

        Examples
        --------
        >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
        >>> heavy_ball("0.1", "0.9").noise_summand(1)
        Fraction(19, 37)
        """
        return self.present(noise_summand(self.half_plane_form, lam, self.free_symbols))

    def to_recurrence(self) -> tuple[tuple[Scalar, ...], tuple[Scalar, ...]]:
        r"""Return p and q of the recurrence that w obeys on quadratics.

        .. math::
            w_{t+M+1} = \sum_{m=0}^M p_m w_{t+m} + \sum_{m=0}^M q_m \nabla L(w_{t+m}) \qquad (8)

        With a = 0 it holds for every loss. The p sum to 1, unless w shrinks at each step: then
        with another a it holds on quadratics whose minimum is 0.

        Examples
        --------
        >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
        >>> heavy_ball("0.1", "0.9").to_recurrence()
        ((Fraction(-9, 10), Fraction(19, 10)), (Fraction(0, 1), Fraction(-1, 10)))
        """
        _, P, Q, _ = self.polynomials
        return tuple(self.present(-p) for p in P[:-1]), tuple(map(self.present, Q))

    @staticmethod
    def from_recurrence(p: Sequence[Any], q: Sequence[Any]) -> Algorithm:
        """Return the matrix form with a = 0 of a multistep recurrence (Theorem 1, statement 2).

        Parameters
        ----------
        p, q : sequence of length M + 1
            Coefficients p_0 ... p_M and q_0 ... q_M, numbers or SymPy expressions. Floats, which
            rarely sum to 1 exactly, are forgiven their rounding errors: p_M takes up the
            difference.

        Raises
        ------
        InputError
            If the lengths differ or are zero, or the p do not sum to exactly 1.

        Examples
        --------
        >>> algorithm = Algorithm.from_recurrence(("-0.9", "1.9"), ("0", "-0.1"))
        >>> algorithm == Algorithm.from_recurrence(*algorithm.to_recurrence())
        True
        """
        blocks, floats = blocks_of_recurrence(p, q)
        return Algorithm(*blocks, floats=floats)

    @staticmethod
    def from_state(S0: Any, v: Any, r: Any) -> Algorithm:
        """Return the matrix form of the step ``x <- S0 x + v g``, g the gradient at ``r x``.

        The first entry of the state x is w; others are velocities, which are 0 where the method
        rests, or copies of w, or anything between: they become differences from w (eq. (7) of arXiv
        2410.04228, in which ``S0 = [[1, b], [0, D]]``, ``v = (-alpha, c)``, ``r = (1, a)``).

        Parameters
        ----------
        S0 : M + 1 rows of length M + 1
            The step without gradients.
        v, r : sequence of length M + 1
            Where the gradient enters, and where it is taken.

        Raises
        ------
        InputError
            If the shapes disagree, or the step does not keep the minimum: ``S0 e = e`` and
            ``r e = 1`` for an e that begins with 1 (with decoupled decay, ``S0 e = (1 - shrink) e``
            for e = (1, 0, ...)).

        Examples
        --------
        The heavy ball, its state w and the last w:

        >>> ball = Algorithm.from_state([["1.9", "-0.9"], [1, 0]], ["-0.1", 0], [1, 0])
        >>> ball.to_recurrence()
        ((Fraction(-9, 10), Fraction(19, 10)), (Fraction(0, 1), Fraction(-1, 10)))
        """
        blocks, floats = blocks_of_state(S0, v, r)
        return Algorithm(*blocks, floats=floats)

    # How it looks ------------------------------------------------------------------------------

    def __repr__(self) -> str:
        fields = {key: getattr(self, key) for key in ("alpha", "b", "c", "D", "a", "shrink")}
        shown = (f"{key}={_plain(value, self.floats)}" for key, value in fields.items() if value)
        return f"Algorithm({', '.join(shown)})"

    def __str__(self) -> str:
        title = self.name or f"Algorithm of memory {self.memory}"
        return equations_text(title, self.blocks)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {equation_latex(self.blocks)}$"


def _plain(value: Any, floats: bool) -> str:
    """Return a scalar or nested tuple as it could be typed in again."""
    if isinstance(value, tuple):
        return f"({', '.join(_plain(entry, floats) for entry in value)},)"
    return repr(float(value)) if floats and isinstance(value, Fraction) else repr(value)


def require_algorithm(value: object, name: str) -> Algorithm:
    """Return an argument that must be an `Algorithm`; raise InputError if it is not."""
    if not isinstance(value, Algorithm):
        hint = ""
        if isinstance(value, str) or callable(value):
            hint = ": families are called with their parameters, such as heavy_ball(0.1, 0.9)"
        elif hasattr(value, "some_steps"):  # a schedule, of which this layer knows nothing
            hint = ": its steps are judged by sgdmem.methods.momentary_stability"
        raise InputError(f"{name} must be an Algorithm, got {shown(value)}{hint}")
    return value


def require_no_shrink(algorithm: object, what: str) -> None:
    """Raise InputError for no algorithm, or one that shrinks w, which ``what`` does not know."""
    if require_algorithm(algorithm, "algorithm").shrink != 0:
        raise InputError(f"algorithm must not shrink w (decoupled weight decay) for {what}")


def numeric_algorithm(algorithm: Algorithm) -> Algorithm:
    """Return an algorithm that has no free symbols.

    Raises
    ------
    InputError
        If it is not an `Algorithm` or still has free symbols.
    """
    if require_algorithm(algorithm, "algorithm").free_symbols:
        names = ", ".join(sorted(map(str, algorithm.free_symbols)))
        raise InputError(
            f"the algorithm still has the free symbols {names}: give them values with substitute()"
        )
    return algorithm
