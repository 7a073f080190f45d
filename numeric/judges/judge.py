"""The exact condition applied to one algorithm on one problem, with error bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from sgdmem.numeric.arithmetic.inputs import enclose
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.judges.joint_judge import JointJudge
from sgdmem.numeric.judges.noiseless import noiseless_floats
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.judges.stability_rule import REASONS
from sgdmem.numeric.noise_sums.listed_noise_sum import NoiseSums
from sgdmem.numeric.noise_sums.mode_summands import ModeForm, decayed_form, form_under
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import Scalar
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.stability.schur import is_schur_form

if TYPE_CHECKING:
    from sgdmem.numeric.judges.exact_list import ExactFinding, ExactList

_MOMENT, _LONGEST = 500, 8  # eigenvalues times memory, and memory, of what is exact in a moment
_FAR = 150  # of the largest eigenvalue, or of Q, from 1, as an exponent of 2


@dataclass(frozen=True)
class Judge:
    """What the one rule needs to know of an algorithm on a spectrum with noise.

    Attributes
    ----------
    original, original_spectrum
        As given; computation is in a unit of eigenvalues in which their squares, and those of Q,
        stay in range.
    noise : BatchNoise
    sharp : bool
        As in `JointJudge`.
    """

    original: Algorithm
    original_spectrum: Spectrum
    noise: BatchNoise
    sharp: bool = True

    @cached_property
    def _unit(self) -> Fraction:
        return unit_of(self.original_spectrum, self.original)

    @cached_property
    def algorithm(self) -> Algorithm:
        """Of the question, in its unit."""
        return self.original if self._unit == 1 else self.original.scaled(self._unit)

    @cached_property
    def spectrum(self) -> Spectrum:
        """Of the question, in its unit; as a list where the noise is given mode by mode."""
        shrinks = self.original.shrink != 0
        return in_unit(self.original_spectrum, self.noise, self._unit, shrinks)

    @cached_property
    def joint(self) -> JointJudge:
        """The question as one of one algorithm."""
        form = form_under(self.noise, [self.algorithm], self.spectrum.weight_decay)
        return JointJudge(form, self.spectrum, self.noise, self.sharp)

    @property
    def form(self) -> ModeForm:
        """The algorithm as the recursion takes it, in balls."""
        return self.joint.form

    @property
    def undecayed_form(self) -> ModeForm:
        """The same without the weight decay of the problem."""
        return form_under(self.noise, [self.algorithm])

    @property
    def sums(self) -> NoiseSums:
        """What the recursion says about all modes."""
        return self.joint.sums

    @cached_property
    def noiseless(self) -> list[Interval]:
        """Eigenvalues, as given, at which P - lambda Q is strictly Schur: intervals of floats."""
        return noiseless_floats(self.original, self.original_spectrum.weight_decay)

    @property
    def radius(self) -> Interval:
        """Bounds of the radius of the noise operator."""
        low, high = self.joint.radius
        return float(low[0]), float(high[0])

    @property
    def noiseless_is_stable(self) -> bool:
        """Whether every mode is certainly strictly Schur."""
        return bool(self.sums.schur[0] == 1)

    @property
    def has_no_pull(self) -> bool:
        """Whether Q(1) is exactly 0."""
        return bool(self.joint.has_no_pull[0])

    @property
    def smallest_damping(self) -> float:
        """The smallest 1 + (tau2/B) s of a strictly Schur mode."""
        return float(self.sums.smallest_damping[0])

    @cached_property
    def reason(self) -> Reason:
        """Which condition decides."""
        reason = REASONS[int(self.joint.codes[0])]
        if self.exact is not None:
            return self.exact.reason
        if reason is Reason.UNDECIDED_NOISELESS and self._is_proved_unstable():
            from sgdmem.numeric.judges.first_mode import is_on_circle

            short = self.original.memory <= _LONGEST
            edge = short and is_on_circle(self.original, self.original_spectrum, self.noiseless)
            return Reason.BOUNDARY if edge else Reason.NOISELESS
        return reason

    @property
    def is_noiseless_boundary(self) -> bool:
        """Whether a root lies on the unit circle and none outside, by exact arithmetic."""
        alone = self.exact is None or self.exact.circles is not None
        return self.reason is Reason.BOUNDARY and alone

    @cached_property
    def exact(self) -> ExactFinding | None:
        """What exact arithmetic decides where balls do not, and it takes a moment.

        Of short lists of rational eigenvalues, unless the noise is that of samples. Also where
        balls decide, and do not tell the noise sum closely.
        """
        joint, is_open = self.joint, REASONS[int(self.joint.codes[0])].is_open
        if joint.is_unphysical or not (is_open or (joint.sharp and not joint.is_resolved[0])):
            return None
        if not is_exact_in_a_moment(self.original, self.original_spectrum, self.noise):
            return None
        return self.exact_list.find()

    @cached_property
    def exact_list(self) -> ExactList:
        """The question in exact numbers: a list of rational eigenvalues."""
        from sgdmem.numeric.judges.exact_list import ExactList

        spectrum = self.original_spectrum
        lam, weights = spectrum.exact(), spectrum.exact_weights()
        return ExactList(self.original, lam, weights, self.noise, spectrum.weight_decay)

    def _is_proved_unstable(self) -> bool:
        """Whether exact arithmetic finds the first doubtful mode not strictly Schur.

        It decides the edge itself, for example a learning rate of exactly 2 / lambda.
        """
        index = int(self.sums.worst[0])
        if index < 0 or self.algorithm.is_symbolic:
            return False
        spectrum = self.original_spectrum
        if spectrum.law is not None:  # of its eigenvalues only the first is a known rational number
            if index > 0:
                return False
            eigenvalue = spectrum.law.exact[1]
        else:
            known = spectrum.eigenvalue(index)
            if known is None:
                return False
            eigenvalue = known
        form = decayed_form(self.original, spectrum.weight_decay)
        return not is_schur_form(form, eigenvalue)

    @cached_property
    def detail(self) -> str:
        """Where, or how much."""
        reason, noise = self.reason, self.noise
        if self.exact is not None and self.exact.eigenvalue is None:
            return self._exact_detail(self.exact)
        if reason is Reason.STABLE:
            if noise.is_quiet:
                return "full batches, no noise"
            if self.joint.is_unphysical:
                return "by the small-gain condition for tau2 > tau1"
            what = "noise radius" if noise.mixes else "noise sum"
            return f"{what} {self.radius[1]:.6g} < 1"
        if reason is Reason.NOISE_SUM:
            return f"it is {self.radius[0]:.6g}"
        if reason is Reason.UNDECIDED_NOISE_SUM:
            low, high = self.radius
            return f"it lies between {low:.17g} and {high:.17g}"
        if reason in (Reason.TRACE_DIVERGES, Reason.SQUARES_DIVERGE):
            law = self.spectrum.law
            assert law is not None  # only an infinite power law has an infinite trace
            return f"exponent {law.exponent:g}"
        if reason is Reason.NO_PULL or (
            reason is Reason.UNPHYSICAL_NOISE and self.noiseless_is_stable
        ):
            return ""
        return self._where()

    def _exact_detail(self, found: ExactFinding) -> str:
        what = "noise radius" if self.noise.mixes else "noise sum"
        if found.reason is Reason.BOUNDARY:
            return f"the {what} is exactly 1"
        side = "below" if found.reason is Reason.STABLE else "above"
        return f"the {what} is {side} 1, by exact arithmetic"

    def _where(self) -> str:
        index = int(self.sums.worst[0]) if self.exact is None else self.exact.eigenvalue
        assert index is not None
        if index < 0:
            return ""
        if self.spectrum.law is not None:
            return f"eigenvalue number {index + 1} of the power law"
        return f"eigenvalue {self.original_spectrum.eigenvalues[index]:.10g}, number {index + 1}"

    def scaled(self, scale: float | Fraction) -> Judge:
        """Return the same question with every eigenvalue multiplied by a factor."""
        return replace(self, original=self.original.scaled(Fraction(scale)))

    def at_scale(self) -> tuple[Judge, Fraction]:
        """Return the same question at a factor at which products of eigenvalues and Q are near 1.

        The factor is a power of 2; 1 where they, and their squares, are in range anyway.
        """
        exponent = math.frexp(self.original_spectrum.largest)[1]
        exponent += _exponent(self.original.polynomials.Q, -exponent)
        if abs(exponent) <= _FAR:
            return self, Fraction(1)
        factor = Fraction(2) ** -exponent
        return self.scaled(factor), factor


def is_exact_in_a_moment(algorithm: Algorithm, spectrum: Spectrum, noise: BatchNoise) -> bool:
    """Whether exact arithmetic may decide, in milliseconds, what balls do not."""
    if spectrum.law is not None or noise.samples is not None or algorithm.is_symbolic:
        return False
    memory = algorithm.memory
    return len(spectrum) * (memory + 2) <= _MOMENT and memory <= _LONGEST and spectrum.is_exact


def unit_of(spectrum: Spectrum, algorithm: Algorithm | None = None) -> Fraction:
    """Return a power of 2 near the largest eigenvalue, or 1 if its square is in range anyway.

    Eigenvalues in other units, with Q in their inverse, are the same problem. Of one algorithm the
    unit is that in which the largest eigenvalue and the largest coefficient of Q are alike, so that
    squares of both are in range; unless small eigenvalues would leave it.
    """
    exponent = math.frexp(spectrum.largest)[1]
    gradient = -exponent if algorithm is None else _exponent(algorithm.polynomials.Q, -exponent)
    if max(abs(exponent), abs(gradient)) <= _FAR:
        return Fraction(1)
    unit = Fraction(2) ** ((exponent - gradient) // 2)
    if algorithm is not None:
        try:
            spectrum.scaled(1 / unit)
        except InputError:
            return unit_of(spectrum)
    return unit


def _exponent(values: Sequence[Scalar], otherwise: int) -> int:
    """Return about the exponent of 2 of the largest of some constants; of zeros something else."""
    exact = [enclose(value)[0] for value in values]
    sizes = [x.numerator.bit_length() - x.denominator.bit_length() for x in exact if x]
    return max(sizes, default=otherwise)


def in_unit(
    spectrum: Spectrum, noise: BatchNoise, unit: Fraction, shrinks: bool = False
) -> Spectrum:
    """Return a spectrum in a unit; as a list where the noise is given mode by mode.

    For algorithms that shrink w or not.
    """
    spectrum = spectrum.held() if shrinks else spectrum
    spectrum = spectrum.listed() if noise.by_mode else spectrum
    try:
        return spectrum if unit == 1 else spectrum.scaled(1 / unit)
    except InputError as error:
        raise InputError(
            f"{error}: it is too far from the largest one, {spectrum.largest:g}, which is the "
            "unit; a proof has no such limit: certify, or `sgdmem stable --certify`"
        ) from None
