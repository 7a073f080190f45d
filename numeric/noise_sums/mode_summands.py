"""The Routh-Astrom recursion on balls: each mode's stability and noise summand, with error bounds.

Everything is vectorised: A algorithms of one memory against an array of N eigenvalues
gives arrays of shape (A, N).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any, TypeAlias, TypeVar

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import enclose
from sgdmem.numeric.noise_sums.long_memory import LONGEST_IN_FLOATS, LongForm
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, summands
from sgdmem.symbolic.algebra.scalars import Scalar
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm

_NONE = Fraction(0)
_DECIDED_BY_SIGNS = 2  # degree of a polynomial
ModeForm: TypeAlias = HalfPlaneForm | LongForm
_Form = TypeVar("_Form", HalfPlaneForm, LongForm, ModeForm)


@dataclass(frozen=True)
class ModeSummands:
    """What the recursion says about every mode.

    Attributes
    ----------
    schur : ndarray of int8, shape (A, N)
        1 where P - lambda Q is certainly strictly Schur, -1 where it certainly is not, 0 where the
        error bounds leave it open.
    noise, output_noise : Ball, shape (A, N)
        s / lambda at the point of the gradient and at w; meaningful where ``schur`` is 1.
    """

    schur: Array
    noise: Ball
    output_noise: Ball


def form_under(
    noise: BatchNoise, algorithms: Sequence[Algorithm], weight_decay: Fraction = _NONE
) -> ModeForm:
    """Return numeric algorithms of one memory in the form in which modes are judged.

    Of long memory a `LongForm`, if all is rational, and but for epochs with a smaller last batch,
    which step states of the half-plane form. With ``weight_decay`` in the gradient.
    """
    is_long = algorithms[0].memory > LONGEST_IN_FLOATS and noise.epoch is None
    if is_long and not any(algorithm.is_symbolic for algorithm in algorithms):
        return LongForm.of(algorithms, weight_decay)
    return ball_form(algorithms, weight_decay)


def ball_form(algorithms: Sequence[Algorithm], weight_decay: Fraction = _NONE) -> HalfPlaneForm:
    """Return the half-plane form of numeric algorithms of one memory, shape (A, 1).

    With ``weight_decay`` in the gradient.
    """
    forms = [decayed_form(algorithm, weight_decay) for algorithm in algorithms]
    decays = any(form.decay is not None for form in forms)
    if decays:  # one form for all
        forms = [form._replace(decay=form.decay or Fraction(0)) for form in forms]

    def column(values: Sequence[Scalar]) -> Ball:
        middles, radii = zip(*map(enclose, values), strict=True)
        return Ball.exactly(middles, radii)[:, None]

    shifted = any(form.shifted for form in forms)
    if shifted:  # a copy, since Q itself would not count
        forms = [form._replace(Q_output=tuple([*form.Q_output])) for form in forms]
    columns = [column(x) for x in zip(*(form.row for form in forms), strict=True)]
    return HalfPlaneForm.of_row(columns, algorithms[0].memory, decays)


def decayed_form(algorithm: Algorithm, weight_decay: Fraction) -> HalfPlaneForm:
    """Return the exact half-plane form of an algorithm, with weight decay in the gradient."""
    form = algorithm.half_plane_form
    return form.decayed(weight_decay) if weight_decay else form


def take(form: _Form, piece: slice | Array) -> _Form:
    """Return some of several forms."""
    if isinstance(form, LongForm):
        return form.take(piece)
    return form.map(lambda entry: entry[piece])


def single(form: ModeForm, index: int) -> ModeForm:
    """Return one of several forms, of which there may be one for all."""
    if isinstance(form, LongForm):
        return form.single(index)
    place = index if members(form) > 1 else 0
    return take(form, slice(place, place + 1))


def midpoint_form(form: _Form) -> _Form:
    """Return the form with plain float coefficients, for root finding without bounds."""
    if isinstance(form, LongForm):  # which has them, too
        return form
    return form.map(lambda entry: entry.mid)


def members(form: ModeForm) -> int:
    """Return how many algorithms a form is of."""
    if isinstance(form, LongForm):
        return len(form)
    pull: Any = form.pull
    return int(getattr(pull, "mid", pull).shape[0])


def no_pull(form: ModeForm) -> Array:
    """Return whether P(1) and Q(1) are exactly 0, for each of several forms in balls."""
    if isinstance(form, LongForm):
        return form.no_pull
    parts = [form.pull, *([] if form.decay is None else [form.decay])]
    nothing = [(part.mid[:, 0] == 0) & (part.rad[:, 0] == 0) for part in parts]
    return np.asarray(np.logical_and.reduce(nothing))


def is_schur_to(form: ModeForm, largest: float) -> bool:
    """Return whether all forms are certainly strictly Schur on (0, largest]; False if unknown.

    Of degree 1 and 2 a polynomial has its roots in the left half plane exactly when its
    coefficients are positive, and these are linear in the eigenvalue.
    """
    if isinstance(form, LongForm):
        return form.is_schur_to(largest)
    if len(form.fixed) > _DECIDED_BY_SIGNS:
        return False
    pairs = [*zip(form.fixed, form.moving, strict=True), (form.decay or Ball(0.0), -form.pull)]
    return all(
        bool(((fixed.mid >= fixed.rad) & ((fixed - largest * moving).lower > 0)).all())
        for fixed, moving in pairs
    )


def is_unheard(form: ModeForm) -> bool:
    """Return whether no noise reaches w: Q to w is exactly 0, for a form in balls."""
    if isinstance(form, LongForm):
        return not any(any(x.algorithm.polynomials.Q_output) for x in form.algorithms)
    return not any(part.mid.any() or part.rad.any() for part in form.Q_output)


def rational_algorithm(algorithm: Algorithm) -> Algorithm:
    """Return a numeric algorithm with irrational entries rounded to 40 digits."""
    if not numeric_algorithm(algorithm).is_symbolic:
        return algorithm
    return algorithm.map(lambda entry: enclose(entry)[0])


def mode_summands(form: ModeForm, eigenvalues: Ball) -> ModeSummands:
    """Run the recursion of one or more algorithms on real eigenvalues."""
    if isinstance(form, LongForm):
        return ModeSummands(*form.modes(eigenvalues))
    pivots, noise, output_noise = summands(form, eigenvalues)
    return ModeSummands(_schur(pivots), noise, output_noise)


def float_summands(form: ModeForm, lam: Array) -> tuple[Array, Array]:
    """Return where modes are strictly Schur, and s / lambda, in plain floats.

    The form is one from `midpoint_form`; eigenvalues have the shape (A, N), those of one algorithm
    in each row, or of one in all rows.
    """
    if isinstance(form, LongForm):
        return form.floats(lam)
    pivots, noise, _ = summands(form, lam)
    return reduce(np.logical_and, (pivot > 0 for pivot in pivots)), noise


def disk_bounds(
    form: ModeForm, disks: Ball, tau2_share: Ball, power: int = 1
) -> tuple[Array, Array]:
    """Bound ``|f / lambda^power|`` on disks with real centers for both f = s / (1 + (tau2/B) s).

    A real center is all that real arithmetic with radii needs: its rules hold for complex numbers.

    ``tau2_share`` is tau2 / B. Infinite where a pivot or the denominator may vanish in the disk.
    """
    if isinstance(form, LongForm):
        noise, output_noise = form.on_disks(disks, power)
    else:
        _, noise, output_noise = summands(form, disks, None if power == 1 else Ball(1.0))
    damping = 1 + tau2_share * disks * (noise if power == 1 else disks * noise)
    # all that may vanish is divided by, and such a quotient has no bound
    first = (noise / damping).magnitude.ravel()
    return first, first if output_noise is noise else (output_noise / damping).magnitude.ravel()


def _schur(pivots: Sequence[Ball]) -> Array:
    lower = np.stack(np.broadcast_arrays(*(pivot.lower for pivot in pivots)))
    upper = np.stack(np.broadcast_arrays(*(pivot.upper for pivot in pivots)))
    # P - lambda Q begins with 1, so it is positive at 1 where it is Schur, and so are all pivots. A
    # pivot of known sign comes from nonzero pivots only: a negative one is a root outside.
    certain = np.where((lower > 0).all(axis=0), 1, 0)
    return np.where((upper < 0).any(axis=0), -1, certain).astype(np.int8)
