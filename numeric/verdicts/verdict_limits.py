"""How far each limit of a verdict is, found when it is first asked for."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.judges.binding_condition import binding
from sgdmem.numeric.judges.judge import Judge
from sgdmem.numeric.judges.noiseless import noiseless_margin, noiseless_proof
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.noise_sums.kinds_of_noise import has_epochs
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.verdicts import limits
from sgdmem.symbolic.algorithms.algorithm import Algorithm

if TYPE_CHECKING:
    from sgdmem.numeric.verdicts.convergence_rate import ConvergenceRate
    from sgdmem.numeric.verdicts.limiting_rows import LimitingRows


class VerdictLimits:
    """The limits, margins, floors and rates of a question that was judged."""

    algorithm: Algorithm
    problem: Problem
    noise: BatchNoise
    reason: Reason
    noise_sum: float
    _judge: Judge

    @property
    def stable(self) -> bool | None:
        """True: the mean loss tends to 0 from every start. False: it does not. None: undecided.

        With noise of the labels, or on samples whose labels no w fits, it tends to ``loss_floor``
        above the least loss instead; under weight decay, above that of the stationary point.
        True and False are proved for the exact input; None means that the error bounds of floating
        point leave it open, or that the errors or the misfit of a fitted noise could turn it.
        """
        return self.reason.stable

    @cached_property
    def least_loss(self) -> float:
        """The loss that losses are above: the least one, that is 0 where labels are fitted.

        Under weight decay that of the data at the stationary point, without the penalty.
        """
        samples = self.problem.samples
        if samples is None or not self.stable:
            return self.noise.least_loss
        from sgdmem.numeric.verdicts.resting_point import RestingPoint

        rest = RestingPoint.of(self.problem, self.algorithm)
        return self.noise.least_loss if rest is None else samples.least_loss + rest.rise

    @cached_property
    def _judge_at_rest(self) -> Judge:
        from sgdmem.numeric.verdicts.loss_floor import at_rest

        return at_rest(self._judge, self.problem)

    @cached_property
    def loss_floor_interval(self) -> Interval:
        """Proved bounds of ``loss_floor``; (0, inf) where stability is not proved.

        Of data they are those for residuals as computed, to rounding of the labels. Of shuffled
        epochs they are bounds of the reference, batches drawn anew, and say nothing of the epochs.
        """
        from sgdmem.numeric.verdicts.loss_floor import loss_floor

        if not self.stable:
            return (0.0, math.inf) if self.stable is None else (math.inf, math.inf)
        return loss_floor(self._judge_at_rest)

    @cached_property
    def loss_floor(self) -> float:
        """How far above the least loss the mean loss comes to rest, whatever the start.

        It is 0 unless the noise has a ``label_variance``, or is that of samples whose labels no w
        fits, as in ``Problem.from_data(X, y)``; inf where stability is not proved, and where
        infinitely many modes add up to it. Under weight decay it is above the loss of the
        stationary point. The middle of ``loss_floor_interval``. With a smaller last batch the loss
        comes to rest on a cycle: then it is the mean over an epoch, in plain floats, and the
        interval has the floors of both sizes. Of shuffled epochs it is that of batches drawn anew:
        shuffled ones may rest several times lower, and `simulate` tells where.
        """
        from sgdmem.numeric.verdicts.loss_floor import floor_of_epochs

        low, high = self.loss_floor_interval
        if self.stable and self.noise.epoch is not None and low < high:
            return min(max(low, floor_of_epochs(self._judge_at_rest)), high)
        return (low + high) / 2

    @cached_property
    def reference_noise_sum(self) -> float | None:
        """The noise radius for batches of one size with the mean noise of an epoch's.

        None unless an epoch has a smaller last batch. It is that of sizes in random order; of sizes
        in their own order, which ``noise_sum`` is about, it tells no bound.
        """
        operator = self._judge.joint.operator
        if not has_epochs(operator) or not self._judge.noiseless_is_stable:
            return None
        return operator.reference(self._judge.form)

    @cached_property
    def critical_eigenvalue(self) -> float:
        """Where noiseless stability ends; P - lambda Q is strictly Schur below, and not at it.

        Zero if it is unstable for arbitrarily small eigenvalues. It may come back at larger ones:
        see ``noiseless_intervals``.
        """
        return limits.critical_eigenvalue(self._judge)

    @cached_property
    def noiseless_intervals(self) -> tuple[Interval, ...]:
        """All open intervals of eigenvalues at which P - lambda Q is strictly Schur, ascending."""
        return tuple(self._judge.noiseless)

    @cached_property
    def noiseless_proof(self) -> str:
        """How ``noiseless_intervals`` are proved, in exact arithmetic, for all eigenvalues at once.

        ``"poles and zeros interlace"``: a theorem says that the method is stable exactly below
        P(-1) / Q(-1) (see `sgdmem.symbolic.stability.interlacing`). Otherwise ``"crossings of the
        unit circle isolated"``: every eigenvalue at which a root of P - lambda Q crosses it.
        Irrational entries are rounded to 40 digits for this.
        """
        return noiseless_proof(self.algorithm)

    @cached_property
    def critical_batch_size(self) -> float:
        """Batch size (a real number) above which the method is stable.

        It is not stable at it. Zero when every batch size is stable, inf when none is or when
        noiseless stability is undecided. For tau2 > tau1 the batch size above which the small-gain
        condition proves stability; smaller ones may be stable too. Of samples whose last batch is
        smaller it is that of batches of one size: how small the last one is depends on B.
        """
        return limits.critical_batch_size(self._judge)

    @cached_property
    def smallest_stable_batch_size(self) -> float:
        """Smallest integer batch size that is proved stable; inf when none is.

        From the critical one on, with 64 of those that leave a smaller last batch.
        """
        return limits.smallest_stable_batch_size(self._judge, self.critical_batch_size)

    @cached_property
    def stable_scales(self) -> tuple[Interval, ...]:
        """All intervals of the common factor on (alpha, c) that are stable, ascending.

        On a long power law with gaps in noiseless stability the factors that would move more than
        the first 2,048 eigenvalues beyond the first gap are left out.
        """
        return tuple(limits.stable_scales(self._judge))

    @cached_property
    def unsettled(self) -> float:
        """About how far, relative, the radius at the ends of ``stable_scales`` may be off.

        It is 0 where the passes over the data settled it, and for other noise.
        """
        return limits.unsettled(self._judge, self.stable_scales)

    @property
    def critical_scale(self) -> float:
        """The largest stable factor on (alpha, c), that is on Q, that is on every eigenvalue.

        It is the upper end of the last of ``stable_scales``; zero when no factor is stable.
        """
        return self.stable_scales[-1][1] if self.stable_scales else 0.0

    @cached_property
    def margin(self) -> float:
        """The smaller of 1 - ``noise_sum`` and the smallest 1 + (tau2/B) s of any mode.

        Positive where both conditions of the noise hold; -inf where the noise sum is infinite, as
        where the noiseless part is unstable. Maps say the same. For tau2 > tau1 a positive one
        proves nothing: see ``stable``.
        """
        if math.isinf(self.noise_sum):
            return -math.inf
        return min(1 - self.noise_sum, self._judge.smallest_damping)

    @cached_property
    def root_margin(self) -> float:
        """The smallest relative distance of an eigenvalue from the end of its noiseless interval.

        That is 1 - largest / critical eigenvalue where there is one interval. Positive where the
        method is stable without noise.
        """
        if self.reason is Reason.NO_PULL:
            return 0.0
        return noiseless_margin(self._judge.noiseless, self.problem.spectrum)

    @cached_property
    def rate(self) -> ConvergenceRate:
        """How fast: factors per step of distances without noise, and of second moments.

        Computed when it is asked for; see `sgdmem.methods.convergence_rate`.

        Raises
        ------
        InputError
            For infinitely many eigenvalues, and where tau2 exceeds tau1.
        """
        from sgdmem.numeric.verdicts.convergence_rate import rate_of

        return rate_of(self.algorithm, self.problem, self.noise)

    @property
    def reason_of_model(self) -> Reason:
        """The reason for the noise as it is modelled, however well the model fits."""
        return self._judge.reason

    @cached_property
    def binding(self) -> Reason:
        """The reason, and where the noiseless part is unstable, which root is at fault."""
        return binding(self._judge)

    @cached_property
    def rows(self) -> LimitingRows:
        """Which samples of the data limit the learning rate, and along which directions.

        Raises
        ------
        InputError
            If the noise is not that of samples, or the method is not stable without it.
        """
        from sgdmem.numeric.verdicts.limiting_rows import LimitingRows

        return LimitingRows.of(self._judge)
