"""Values of parameters at which a constructor does something special."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from math import prod

from sgdmem.symbolic.algebra.polynomials import Polynomial, multiply
from sgdmem.symbolic.algebra.rational_functions import Terms
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algebra.scalars import flint_polynomial, fraction_of, is_symbolic, is_zero
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.general_member import FAILURES, is_member_at
from sgdmem.symbolic.programs.program import Program

_SCATTERED = 17  # a prime
_SPREAD = 5  # whose powers are all smaller numbers, the first ones far apart
_ASIDE = (Fraction(0), Fraction(1, 97), Fraction(-2, 89))  # of the usual value


def special_values(
    build: Callable[..., Algorithm],
    general: Algorithm,
    program: Program,
    usual: Mapping[str, Fraction],
    tested: Mapping[str, Iterable[Fraction]],
    curves: Iterable[Terms] = (),
    samples: Mapping[str, Sequence[Fraction]] | None = None,
) -> dict[str, list[Fraction]] | None:
    """Return the values at which a constructor differs from its `coefficient_program`.

    They differ where Q / P does, or what cancels there decides about stability, or the program
    divides by 0; all is exact. Where the constructor has the entries of the general member it is
    that one, and nothing is derived anew; at the usual point the derivation is checked, too.

    Parameters
    ----------
    build
        The constructor.
    general, program
        Its member at parameters in general, and what was derived of it.
    usual
        A point at which nothing special is expected.
    tested
        For each parameter the values to be tested, the others being usual.
    curves
        Polynomials of the parameters, in the order of ``usual``: a point where each vanishes is
        tested.
    samples
        For each parameter values of which points are made that are tested as well, scattered: what
        a constructor does in a part of the plane is noticed unless it is small.

    Returns
    -------
    dict
        Also the values that the constructor refuses, but for divisions by 0 where the program has a
        value. None if it differs at the usual point, on a curve or somewhere in the plane.

    Examples
    --------
    PyTorch's SGD ignores its dampening without a momentum:

    >>> from sgdmem.symbolic.programs.summand_program import coefficient_program
    >>> from sgdmem.symbolic.algorithms.general_member import general_member
    >>> from sgdmem.symbolic.zoo.named_algorithms import torch_sgd
    >>> names = ["momentum", "dampening"]
    >>> family = torch_sgd.varying(names, {"learning_rate": 1})
    >>> general, third = general_member(family), Fraction(1, 3)
    >>> program, usual = coefficient_program(general, names), dict.fromkeys(names, third)
    >>> special_values(family, general, program, usual, {"momentum": [0, third]})
    {'momentum': [0]}
    """

    def is_derived_at(point: Mapping[str, Fraction], member: Algorithm) -> bool:
        shrinks = bool(general.shrink != 0)
        here = HalfPlaneForm.of_row(program.run(point), general.memory, shrinks)
        return _are_one(here, member.half_plane_form)

    def holds(point: Mapping[str, Fraction]) -> bool:
        member = build(**point)
        return is_member_at(general, point, member) or is_derived_at(point, member)

    def holds_at(name: str, value: Fraction) -> bool:
        point = {**usual, name: value}
        try:
            return holds(point)
        except ZeroDivisionError:
            return _is_defined(program, point)
        except FAILURES:
            return False

    def differs(point: Mapping[str, Fraction]) -> bool:
        if any(value in found.get(name, ()) for name, value in point.items()):
            return False
        try:
            return not holds(point)
        except FAILURES:  # it is no member, or the program says nothing of it
            return False

    if not is_derived_at(usual, build(**usual)):
        return None
    found = {
        name: [value for value in sorted(values) if not holds_at(name, value)]
        for name, values in tested.items()
    }
    samples = samples or {}
    points = chain(*(_points_on(curve, usual, samples) for curve in curves), _scattered(samples))
    if any(map(differs, points)):
        return None
    return {name: values for name, values in found.items() if values}


def _is_defined(program: Program, point: Mapping[str, Fraction]) -> bool:
    try:
        program.run(point)
    except ZeroDivisionError:
        return False
    return True


def _are_one(first: HalfPlaneForm, second: HalfPlaneForm) -> bool:
    """Whether two forms say the same of every problem, whatever their memories are.

    What one of them hides may grow at other values of the parameters than those tested.
    """
    first, second = (form._replace(decay=form.decay or 0) for form in (first, second))
    if len(first.Q) == len(second.Q):
        if not (first.shifted and second.shifted):
            first, second = first.at_gradient, second.at_gradient
        return len(first.row) == len(second.row) and all(map(_equal, first.row, second.row))
    if not any((*first.Q, *second.Q)):
        return True  # they never move
    pairs = zip(_crossed(first, second), _crossed(second, first), strict=True)
    return all(_equal(x, y) for x, y in pairs) and all(map(_hides_nothing, (first, second)))


def _equal(x: object, y: object) -> bool:
    return x == y or is_zero(x - y)  # type: ignore[operator]  # scalars of any kind


def _characteristic(form: HalfPlaneForm) -> Polynomial:
    return (*form.fixed, form.decay)


def _crossed(first: HalfPlaneForm, second: HalfPlaneForm) -> Polynomial:
    """Return Q of a form times P of another one."""
    return multiply(first.Q, _characteristic(second))


def _hides_nothing(form: HalfPlaneForm) -> bool:
    """Whether what cancels in Q / P is forgotten after some steps, for all other parameters."""
    P, Q = _characteristic(form), form.Q
    if any(map(is_symbolic, (*P, *Q))) or P[0] == Q[0] == 0:  # a mode that changes sign
        return False
    common = flint_polynomial(P[::-1]).gcd(flint_polynomial(Q[::-1]))
    return bool(common == flint_polynomial([1, 1]) ** common.degree())  # powers of x


# Where it is tested -----------------------------------------------------------------------------


def _scattered(samples: Mapping[str, Sequence[Fraction]]) -> Iterator[dict[str, Fraction]]:
    """Yield points, in each coordinate as many of all parts of its values."""
    if not samples:
        return
    for k in range(1, _SCATTERED):
        places = [k * _SPREAD**power % _SCATTERED - 1 for power in range(len(samples))]
        yield {
            name: values[place * (len(values) - 1) // (_SCATTERED - 2)]
            for (name, values), place in zip(samples.items(), places, strict=True)
        }


def _points_on(
    curve: Terms, usual: Mapping[str, Fraction], samples: Mapping[str, Sequence[Fraction]]
) -> Iterator[dict[str, Fraction]]:
    """Yield rational points where a polynomial vanishes, all but two coordinates being usual.

    Three if it is linear in a parameter; else those with a coordinate among the samples.
    """
    names = [*usual]
    degrees = {
        name: max(key[k] for key in curve)
        for k, name in enumerate(names)
        if any(key[k] for key in curve)
    }
    name, other = sorted(degrees, key=lambda x: degrees[x])[:2]
    near = [usual[other] + step for step in _ASIDE]
    values = near if degrees[name] == 1 else [*near, *samples.get(other, [])]
    for value in values:
        point = {**usual, other: value}
        coefficients = [Fraction(0)] * (degrees[name] + 1)
        for key, number in curve.items():
            powers = dict(zip(names, key, strict=True))
            rest = prod(point[x] ** power for x, power in powers.items() if x != name)
            coefficients[powers[name]] += number * rest
        for root in _rational_roots(coefficients):
            yield {**point, name: root}


def _rational_roots(coefficients: Sequence[Fraction]) -> list[Fraction]:
    """Return the rational roots of a polynomial, lowest power first."""
    polynomial = flint_polynomial(coefficients)
    if polynomial.degree() < 1:
        return []
    factors = (factor for factor, _ in polynomial.factor()[1])
    return [fraction_of(-x[0] / x[1]) for x in factors if x.degree() == 1]
