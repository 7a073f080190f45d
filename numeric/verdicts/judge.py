"""The exact condition applied to one problem, with error bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.arithmetic.intervals import Interval, confirmed
from sgdmem.numeric.problems.coupling import coupled_radius
from sgdmem.numeric.problems.problem import Noise, Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.limits import FloatProblem, noiseless_margin, stable_scales
from sgdmem.numeric.verdicts.mode_summands import ball_form, mode_summands, rational_algorithm
from sgdmem.numeric.verdicts.noise_sum import NoiseSums, explicit_modes, midpoint_form, noise_sums
from sgdmem.numeric.verdicts.verdict import Limits, Reason, Verdict
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, summands
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import UndefinedError
from sgdmem.symbolic.stability.poles import noiseless_intervals
from sgdmem.symbolic.stability.schur import is_schur_form

_FAR = 150  # of the largest eigenvalue from 1, as an exponent of 2
_FEW = 4  # batch sizes tried around the critical one
_MOST_CONFIRMED = 8  # intervals of scales on a long spectrum that are confirmed by verdicts

_UNSUMMED = {  # reasons for which the noise sum is infinite or may be
    Reason.NO_PULL,
    Reason.NOISELESS,
    Reason.MODE_NOISE,
    Reason.TRACE_DIVERGES,
    Reason.SQUARES_DIVERGE,
    Reason.UNDECIDED_NOISELESS,
    Reason.UNDECIDED_MODE_NOISE,
}


@dataclass(frozen=True)
class Judge:
    """Applies the conditions to a problem in the order in which they are reported."""

    problem: Problem

    @cached_property
    def _unit(self) -> Fraction:
        """A power of 2 near the largest eigenvalue, or 1: the unit in which squares stay in range.

        Eigenvalues in other units, with Q in their inverse, are the same problem.
        """
        exponent = math.frexp(self.problem.spectrum.largest)[1]
        return Fraction(2) ** exponent if abs(exponent) > _FAR else Fraction(1)

    @cached_property
    def algorithm(self) -> Algorithm:
        """Of the problem, in its unit."""
        original = self.problem.algorithm
        return original if self._unit == 1 else original.scaled(self._unit)

    @property
    def noise(self) -> Noise:
        """Of the problem."""
        return self.problem.noise

    @cached_property
    def spectrum(self) -> Spectrum:
        """Of the problem, in its unit; as a list where the noise is given mode by mode."""
        by_mode = self.noise.coupling is not None or isinstance(self.noise.tau2, tuple)
        original = self.problem.spectrum.listed() if by_mode else self.problem.spectrum
        return original if self._unit == 1 else original.scaled(1 / self._unit)

    @cached_property
    def form(self) -> HalfPlaneForm:
        """The algorithm as the recursion takes it, in balls."""
        return ball_form([self.algorithm])

    @cached_property
    def sums(self) -> NoiseSums:
        """What the recursion says about all modes."""
        return noise_sums(self.form, self.spectrum, self.noise.share2)

    @cached_property
    def cautious_sums(self) -> NoiseSums:
        """The sums of the small-gain condition, which take the place of ``sums`` if tau2 > tau1."""
        if self.noise.is_physical:
            return self.sums
        return noise_sums(self.form, self.spectrum, self.noise.cautious.share2)

    def radius(self, sums: NoiseSums) -> tuple[float, float]:
        """Bounds of U'_Sigma, or of the spectral radius that takes its place with a coupling."""
        noise = self.noise
        if noise.coupling is None:
            if noise.tau1 * noise.inverse_batch == 0:
                return 0.0, 0.0
            total = noise.share1 * sums.noise[0]
            return max(float(total.lower), 0.0), float(total.upper)
        lam, weights = explicit_modes(self.spectrum)
        s = lam * mode_summands(self.form, lam).noise
        inverse_batch = Ball.exactly([noise.inverse_batch])
        shares = (s / (1 + noise.share2 * s) * inverse_batch)[0]
        return coupled_radius(shares, weights, noise.coupling)

    def verdict(self) -> Verdict:
        """Return the decision with its reason; limits are computed when they are asked for."""
        reason, detail = self.decide()
        low = high = middle = math.inf
        output: float | None = math.inf
        if reason not in _UNSUMMED and self.noiseless_is_stable:
            low, high = self.radius(self.sums)
            middle, output = high if math.isinf(high) else (low + high) / 2, self._output()
        elif reason.value.startswith("undecided") and self.noise.coupling is None:
            low, _ = self.radius(self.sums)  # of the modes that are certain
        return Verdict(
            problem=self.problem,
            reason=reason,
            detail=detail,
            noise_sum=middle,
            noise_sum_interval=(low, high),
            output_noise_sum=output if self.noise.coupling is None else None,
            effective_learning_rate=self._effective_learning_rate(),
            _limits=Limits(
                critical_eigenvalue=self._critical_eigenvalue,
                critical_batch_size=lambda: self._critical_batch_size,
                smallest_stable_batch_size=self._smallest_stable_batch_size,
                noiseless_intervals=lambda: self.noiseless,
                stable_scales=self._stable_scales,
                margins=self._margins,
            ),
        )

    @property
    def noiseless_is_stable(self) -> bool:
        """Whether every mode is certainly strictly Schur."""
        return bool(self.sums.schur[0] == 1)

    @property
    def has_no_pull(self) -> bool:
        """Whether Q(1) is exactly 0."""
        pull = self.form.pull
        return bool(pull.mid[0, 0] == 0 and pull.rad[0, 0] == 0)

    def decide(self) -> tuple[Reason, str]:
        """Return the reason, and where or how much."""
        noise, spectrum = self.noise, self.spectrum
        if self.has_no_pull:
            return Reason.NO_PULL, ""
        if not noise.is_physical and noise.inverse_batch:
            return self._decide_unphysical()
        sums = self.sums
        if sums.schur[0] == -1:
            return Reason.NOISELESS, self._where()
        if noise.tau1 * noise.inverse_batch > 0 and math.isinf(spectrum.trace):
            law = spectrum.law
            assert law is not None  # only an infinite power law has an infinite trace
            kind = Reason.TRACE_DIVERGES if 2 * law.exponent > 1 else Reason.SQUARES_DIVERGE
            return kind, f"exponent {law.exponent:g}"
        if sums.schur[0] == 0:
            unstable = self._is_proved_unstable()
            return Reason.NOISELESS if unstable else Reason.UNDECIDED_NOISELESS, self._where()
        if noise.inverse_batch == 0:
            return Reason.STABLE, "full batches, no noise"
        if sums.damped[0] != 1:
            undecided = sums.damped[0] == 0
            return Reason.UNDECIDED_MODE_NOISE if undecided else Reason.MODE_NOISE, self._where()
        low, high = self.radius(sums)
        if high < 1:
            return Reason.STABLE, f"noise sum {high:.6g} < 1"
        if low >= 1:
            return Reason.NOISE_SUM, f"it is {low:.6g}"
        return Reason.UNDECIDED_NOISE_SUM, f"it lies between {low:.17g} and {high:.17g}"

    def _decide_unphysical(self) -> tuple[Reason, str]:
        """Apply what is known for tau2 > tau1: a small-gain condition and one real eigenvalue >= 1.

        With H(z) the generating function of a mode's squared impulse response, |H(z)| <= s for
        |z| >= 1; (|tau2|/B) s < 1 and (tau1/B) sum s / (1 - (|tau2|/B) s) < 1 exclude every
        eigenvalue there, and U'_Sigma >= 1 forces one on the real axis.
        """
        if not self.noiseless_is_stable:
            return Reason.UNPHYSICAL_NOISE, self._where()
        if self.sums.damped[0] == 1:
            low, _ = self.radius(self.sums)
            if low >= 1:
                return Reason.NOISE_SUM, f"it is {low:.6g}"
        worst = self.cautious_sums
        if worst.damped[0] == 1 and self.radius(worst)[1] < 1:
            return Reason.STABLE, "by the small-gain condition for tau2 > tau1"
        return Reason.UNPHYSICAL_NOISE, ""

    def _is_proved_unstable(self) -> bool:
        """Whether exact arithmetic finds the first doubtful mode not strictly Schur.

        It decides the edge itself, for example a learning rate of exactly 2 / lambda.
        """
        index = int(self.sums.worst[0])
        if index < 0 or self.algorithm.is_symbolic:
            return False
        law = self.spectrum.law
        if law is not None:  # of its eigenvalues only the first is a known rational number
            if index > 0:
                return False
            eigenvalue = law.scale
        else:
            lam, _ = explicit_modes(self.spectrum)
            if lam.rad[index] != 0:
                return False
            eigenvalue = float(lam.mid[index])
        return not is_schur_form(self.algorithm.half_plane_form, Fraction(eigenvalue))

    def _where(self) -> str:
        index = int(self.sums.worst[0])
        if index < 0:
            return ""
        if self.spectrum.law is not None:
            return f"eigenvalue number {index + 1} of the power law"
        return f"eigenvalue {self.problem.spectrum.eigenvalues[index]:.10g}, number {index + 1}"

    def _output(self) -> float:
        noise = self.noise
        if noise.tau1 * noise.inverse_batch == 0:
            return 0.0
        total = noise.share1 * self.sums.output_noise[0]
        return float(total.mid) if np.isfinite(total.rad) else math.inf

    def _effective_learning_rate(self) -> float | None:
        try:
            return to_float(self.problem.algorithm.effective_learning_rate)
        except UndefinedError:
            return None

    # Limits, computed when asked for -----------------------------------------------------------

    @cached_property
    def noiseless(self) -> list[Interval]:
        """Eigenvalues at which P - lambda Q is strictly Schur, as floats."""
        return noiseless_floats(self.problem.algorithm)

    def _float_problem(self, fine: bool = True) -> FloatProblem:
        noise = self.noise if self.noise.is_physical else self.noise.cautious
        gaps = len(self.noiseless) != 1 or self.noiseless[0][0] > 0
        return FloatProblem.of(self.spectrum, noise, gaps, fine)

    def _critical_eigenvalue(self) -> float:
        if self.noiseless and self.noiseless[0][0] == 0:
            return self.noiseless[0][1]
        return 0.0

    @cached_property
    def _critical_batch_size(self) -> float:
        if not self.noiseless_is_stable or self.has_no_pull:
            return math.inf
        if self.noise.coupling is None and self.noise.tau2 == 0 and self.noise.tau1 > 0:
            return float(self.noise.tau1) * float(self.sums.noise.mid[0])  # the proved sum itself
        problem = self._float_problem()
        form = midpoint_form(self.form)
        with np.errstate(all="ignore"):
            s = problem.lam * summands(form, problem.lam[None]).noise[0]
        return problem.critical_batch_size(s)

    def _smallest_stable_batch_size(self) -> float:
        """The smallest integer near the critical batch size that is proved stable."""
        critical = self._critical_batch_size
        if math.isinf(critical) or critical >= 2.0**53:
            return critical
        first = max(1, math.floor(critical * (1 - 1e-9)))
        for size in range(first, first + _FEW):
            noise = replace(self.noise, inverse_batch=Fraction(1, size))
            reason, _ = Judge(replace(self.problem, noise=noise)).decide()
            if reason is Reason.STABLE:
                return float(size)
        return math.inf

    def _stable_scales(self) -> list[Interval]:
        found = stable_scales(
            self._float_problem(fine=False),
            midpoint_form(self.form),
            self.noiseless,
            self.problem.spectrum,
        )
        if self.spectrum.long is None or len(found) > _MOST_CONFIRMED:
            return found
        # the nodes of a rule do not see poles that come near: the proof has the last word
        return confirmed(found, self._is_stable_at_scale)

    def _is_stable_at_scale(self, scale: float) -> bool:
        algorithm = self.problem.algorithm.scaled(Fraction(scale))
        return Judge(replace(self.problem, algorithm=algorithm)).decide()[0] is Reason.STABLE

    def _margins(self, noise_sum: float) -> dict[str, float]:
        """Return how far each condition is from its limit."""
        sums, noise = self.cautious_sums, self.noise
        if sums.schur[0] != 1 or self.has_no_pull:
            damping = math.inf
        else:
            damping = float(sums.smallest_damping[0])
        if not noise.is_physical and noise.inverse_batch and math.isfinite(noise_sum):
            noise_sum = self.radius(sums)[1] if sums.damped[0] == 1 else math.inf
        no_pull = self.has_no_pull
        return {
            "noiseless": 0.0
            if no_pull
            else noiseless_margin(self.noiseless, self.problem.spectrum),
            "mode_noise": damping,
            "noise_sum": 1 - noise_sum,
        }


def noiseless_floats(algorithm: Algorithm) -> list[Interval]:
    """Return the eigenvalues at which P - lambda Q is strictly Schur: intervals of floats."""
    found = noiseless_intervals(rational_algorithm(algorithm))
    floats = [(to_float(lower), to_float(upper)) for (lower, _), (_, upper) in found]
    return [(lower, upper) for lower, upper in floats if lower < upper]
