"""The exact stability condition, evaluated with error bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.ball import Array, Ball
from sgdmem.numeric.coupling import coupled_radius
from sgdmem.numeric.intervals import Interval
from sgdmem.numeric.limits import FloatProblem, stable_scales
from sgdmem.numeric.mode_summands import ball_form, mode_summands, rational_algorithm
from sgdmem.numeric.noise_sum import NoiseSums, explicit_modes, is_long, midpoint_form, noise_sums
from sgdmem.numeric.problem import Noise, read_noise
from sgdmem.numeric.spectrum import Spectrum
from sgdmem.numeric.verdict import Limits, Reason, Verdict
from sgdmem.symbolic.algorithm import Algorithm
from sgdmem.symbolic.errors import UndefinedError
from sgdmem.symbolic.poles import noiseless_intervals
from sgdmem.symbolic.routh import HalfPlaneForm, summands
from sgdmem.symbolic.scalars import to_float
from sgdmem.symbolic.schur import is_schur_form


def stability(
    algorithm: Algorithm,
    spectrum: Spectrum,
    batch_size: Any = math.inf,
    tau1: Any = 1,
    tau2: Any = 0,
    coupling: Any = None,
) -> Verdict:
    r"""Decide whether the mean loss tends to 0 from every start, and say why.

    On a finite spectrum this holds if and only if for every eigenvalue :math:`P-\lambda_k Q` is
    strictly Schur and :math:`1+(\tau_2/B)s_k>0`, and
    :math:`U'_\Sigma=(\tau_1/B)\sum_k s_k/(1+(\tau_2/B)s_k)<1`; the docs prove it ("The exact
    condition"). The noise model is eq. (15) of arXiv 2410.04228.

    Parameters
    ----------
    algorithm : Algorithm
        Without free symbols; any memory, a != 0 included.
    spectrum : Spectrum
        Eigenvalues of the Hessian.
    batch_size : positive number or inf
        Any positive real number; infinite means full batches.
    tau1 : number >= 0
        Gaussian data: 1. Not used when a coupling is given.
    tau2 : number or sequence of numbers
        One number, or one for each eigenvalue. Gaussian data: -1; the usual bound: 0.
    coupling : number, matrix or sequence of matrices, optional
        T of the per-mode noise: the noise of mode i is
        ``(lambda_i sum_j T_ij lambda_j n_j - tau2_i lambda_i^2 n_i) / B``. A number t stands for
        t in every place; a sequence of square matrices (or of ``(size, value)`` pairs) for
        diagonal blocks. Entries >= 0, T_ii >= tau2_i.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        If an argument is not in its domain.

    Notes
    -----
    Every operation carries an error bound (`sgdmem.numeric.ball`), so True and False are proved for
    the exact input; ``stable`` is None when the bounds straddle a limit. With tau2 > tau1 (no data
    has such noise) only sufficient conditions are known, and None is more frequent.

    Examples
    --------
    >>> from sgdmem.symbolic.named import heavy_ball
    >>> spectrum = Spectrum([4, 1, 0.25])
    >>> verdict = stability(heavy_ball(0.1, 0.9), spectrum, batch_size=8)
    >>> verdict.stable, round(verdict.critical_batch_size, 6)
    (True, 2.874635)
    """
    noise = read_noise(spectrum, batch_size, tau1, tau2, coupling)
    return _Judge(rational_algorithm(algorithm), spectrum, noise).verdict()


def is_stable(
    alpha: Any,
    beta: Any,
    gamma: Any,
    delta: Any,
    *,
    spectrum: Spectrum,
    batch_size: Any = math.inf,
    tau1: Any = 1,
    tau2: Any = 0,
    coupling: Any = None,
) -> Verdict:
    r"""Decide stability of the memory-1 method with the matrix [[-alpha, beta], [gamma, delta]].

    .. math::
        \begin{pmatrix} w_{t+1}-w_t \\ u_{t+1}\end{pmatrix} =
        \begin{pmatrix} -\alpha & \beta \\ \gamma & \delta \end{pmatrix}
        \begin{pmatrix} \nabla L(w_t) \\ u_t \end{pmatrix}

    This is eq. (3) of arXiv 2410.04228 with M = 1 and a = 0. Beware of the letters: in Theorem 6 of
    that paper delta is 1 - D (here: the damping ``1 - delta``), and DANA (arXiv 2505.16098) uses
    alpha, beta for the exponents of the data and delta for a damping constant.

    Parameters
    ----------
    alpha, beta, gamma, delta : number
        ``alpha``: weight of the gradient in the step; ``beta``: of u in the step; ``gamma``: of the
        gradient in the new u; ``delta``: of the old u in the new u.
    spectrum, batch_size, tau1, tau2, coupling
        See `stability`.

    Returns
    -------
    Verdict

    Examples
    --------
    Heavy ball with learning rate 0.1 and momentum 0.9:

    >>> bool(is_stable(0.1, 0.9, -0.1, 0.9, spectrum=Spectrum([4, 1]), batch_size=16))
    True
    """
    algorithm = Algorithm(alpha, b=(beta,), c=(gamma,), D=((delta,),))
    return stability(algorithm, spectrum, batch_size, tau1, tau2, coupling)


@dataclass(frozen=True)
class _Judge:
    """Applies the conditions in the order in which they are reported."""

    algorithm: Algorithm
    spectrum: Spectrum
    noise: Noise

    @cached_property
    def form(self) -> HalfPlaneForm:
        return ball_form([self.algorithm])

    @cached_property
    def sums(self) -> NoiseSums:
        return noise_sums(self.form, self.spectrum, self.noise.share2)

    @cached_property
    def radius(self) -> tuple[float, float]:
        """Bounds of U'_Sigma, or of the spectral radius that takes its place with a coupling."""
        noise = self.noise
        if noise.coupling is None:
            if noise.tau1 * noise.inverse_batch == 0:
                return 0.0, 0.0
            total = noise.share1 * self.sums.noise[0]
            return max(float(total.lower), 0.0), float(total.upper)
        lam, weights = explicit_modes(self.spectrum)
        modes = mode_summands(self.form, lam)
        s = lam * modes.noise
        inverse_batch = Ball.exactly([noise.inverse_batch])
        shares = (s / (1 + noise.share2 * s) * inverse_batch)[0]
        return coupled_radius(shares, weights, noise.coupling)

    def verdict(self) -> Verdict:
        reason, detail = self.decide()
        stable = True if reason is Reason.STABLE else None if _is_open(reason) else False
        known = self.noiseless_is_stable and reason is not Reason.NO_PULL
        if reason in (Reason.TRACE_DIVERGES, Reason.SQUARES_DIVERGE) or not known:
            low = high = middle = output = math.inf
            if reason is Reason.UNDECIDED_NOISELESS and self.noise.coupling is None:
                low, _ = self.radius  # of the modes that are certain
        else:
            low, high = self.radius
            middle, output = self._middle(low, high), self._output()
        try:
            rate: float | None = to_float(self.algorithm.effective_learning_rate)
        except UndefinedError:
            rate = None
        return Verdict(
            stable=stable,
            reason=reason,
            detail=detail,
            noise_sum=middle,
            noise_sum_interval=(low, high),
            output_noise_sum=output if self.noise.coupling is None else None,
            effective_learning_rate=rate,
            largest_eigenvalue=self.spectrum.largest,
            smallest_damping=float(self.sums.smallest_damping[0]) if known else math.inf,
            _limits=Limits(self.critical_eigenvalue, self.critical_batch_size, self.stable_scales),
        )

    @property
    def noiseless_is_stable(self) -> bool:
        return bool(self.sums.schur[0] == 1)

    def decide(self) -> tuple[Reason, str]:
        """Return the reason, and where or how much."""
        noise, spectrum = self.noise, self.spectrum
        if self.algorithm.half_plane_form.pull == 0:
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
            return Reason.STABLE, ""
        if sums.damped[0] != 1:
            undecided = sums.damped[0] == 0
            return Reason.UNDECIDED_MODE_NOISE if undecided else Reason.MODE_NOISE, self._where()
        low, high = self.radius
        if high < 1:
            return Reason.STABLE, f"noise sum {high:.6g} < 1"
        if low >= 1:
            return Reason.NOISE_SUM, f"it is {low:.6g}"
        return Reason.UNDECIDED_NOISE_SUM, f"it lies between {low:.17g} and {high:.17g}"

    def _decide_unphysical(self) -> tuple[Reason, str]:
        """Apply what is known for tau2 > tau1: a small-gain condition and one real eigenvalue >= 1.

        With H(z) the generating function of a mode's squared impulse response, |H(z)| <= s for
        |z| >= 1; (tau2/B) s < 1 and (tau1/B) sum s / (1 - (tau2/B) s) < 1 exclude every eigenvalue
        there, and U'_Sigma >= 1 forces one on the real axis.
        """
        if not self.noiseless_is_stable:
            return Reason.UNPHYSICAL_NOISE, self._where()
        low, _ = self.radius
        if low >= 1:
            return Reason.NOISE_SUM, f"it is {low:.6g}"
        worst = noise_sums(self.form, self.spectrum, -self.noise.share2)
        if worst.damped[0] == 1 and float((self.noise.share1 * worst.noise[0]).upper) < 1:
            return Reason.STABLE, "by the small-gain condition for tau2 > tau1"
        return Reason.UNPHYSICAL_NOISE, ""

    def _is_proved_unstable(self) -> bool:
        """Whether exact arithmetic finds the first doubtful mode not strictly Schur.

        It decides the edge itself, for example a learning rate of exactly 2 / lambda.
        """
        index = int(self.sums.worst[0])
        if index < 0 or (is_long(self.spectrum) and index > 0):
            return False
        if self.spectrum.law is not None and index == 0:
            eigenvalue = self.spectrum.law.scale
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
        return f"eigenvalue {self.spectrum.eigenvalues[index]:.6g}, number {index + 1}"

    def _middle(self, low: float, high: float) -> float:
        return high if math.isinf(high) else (low + high) / 2

    def _output(self) -> float:
        noise = self.noise
        if noise.tau1 * noise.inverse_batch == 0:
            return 0.0
        total = noise.share1 * self.sums.output_noise[0]
        return float(total.mid) if np.isfinite(total.rad) else math.inf

    # Limits, computed when asked for -----------------------------------------------------------

    @cached_property
    def noiseless(self) -> list[Interval]:
        """Eigenvalues at which P - lambda Q is strictly Schur, as floats."""
        return [
            (to_float(lower), to_float(upper))
            for (lower, _), (_, upper) in noiseless_intervals(self.algorithm)
        ]

    @cached_property
    def float_problem(self) -> FloatProblem:
        return FloatProblem.of(self.spectrum, self.noise)

    def critical_eigenvalue(self) -> float:
        if self.noiseless and self.noiseless[0][0] == 0:
            return self.noiseless[0][1]
        return 0.0

    def critical_batch_size(self) -> float:
        if not self.noiseless_is_stable or self.algorithm.half_plane_form.pull == 0:
            return math.inf
        problem = self.float_problem
        form = midpoint_form(self.form)
        s = problem.lam * summands(form, problem.lam[None]).noise[0]
        return problem.critical_batch_size(s)

    def stable_scales(self) -> list[Interval]:
        return stable_scales(self.float_problem, midpoint_form(self.form), self.noiseless)


def _is_open(reason: Reason) -> bool:
    return reason.value.startswith("un")


@dataclass(frozen=True)
class BatchOutcome:
    """Verdicts on many algorithms at once; arrays of shape (A,).

    Attributes
    ----------
    stable : ndarray of int8
        1 stable, 0 not, -1 undecided.
    noise_sum, margin : ndarray
        As in `phase_diagram`.
    """

    stable: Array
    noise_sum: Array
    margin: Array


def judge_batch(algorithms: Sequence[Algorithm], spectrum: Spectrum, noise: Noise) -> BatchOutcome:
    """Judge rational algorithms of one memory, with the same rules as `stability`."""
    if noise.coupling is not None or not noise.is_physical:
        outcomes = [_Judge(algorithm, spectrum, noise).verdict() for algorithm in algorithms]
        flags = [_flag(outcome) for outcome in outcomes]
        noise_sum = np.array([outcome.noise_sum for outcome in outcomes])
        damping = np.array([outcome.smallest_damping for outcome in outcomes])
        margin = np.where(np.isinf(noise_sum), -np.inf, np.minimum(1 - noise_sum, damping))
        return BatchOutcome(np.array(flags, dtype=np.int8), noise_sum, margin)
    sums = noise_sums(ball_form(algorithms), spectrum, noise.share2)
    no_pull = np.array([algorithm.half_plane_form.pull == 0 for algorithm in algorithms])
    noiseless = np.where(no_pull, -1, sums.schur)
    if noise.tau1 * noise.inverse_batch == 0:
        total = Ball(np.zeros(len(algorithms)))
    elif math.isinf(spectrum.trace):
        total = Ball(np.full(len(algorithms), np.inf))
    else:
        total = noise.share1 * sums.noise
    below, above = total.upper < 1, total.lower >= 1
    good = (noiseless == 1) & (sums.damped == 1) & below
    bad = (noiseless == -1) | (sums.damped == -1) | above
    noise_sum = np.where(noiseless == 1, total.mid, np.inf)
    margin = np.where(
        np.isinf(noise_sum), -np.inf, np.minimum(1 - noise_sum, sums.smallest_damping)
    )
    stable = np.where(good, 1, np.where(bad, 0, -1)).astype(np.int8)
    for index in map(int, np.flatnonzero((stable == -1) & (noiseless == 0))):
        stable[index] = _flag(_Judge(algorithms[index], spectrum, noise).verdict())
    return BatchOutcome(stable, noise_sum, margin)


def _flag(verdict: Verdict) -> int:
    return {True: 1, False: 0, None: -1}[verdict.stable]
