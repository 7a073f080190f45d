"""How mini-batches perturb gradients: two parameters, a coupling between modes, or an estimate."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import list_entries
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.arithmetic.shares import percent
from sgdmem.numeric.problems.batch_size import inverse_batch_size
from sgdmem.numeric.problems.coupling import LARGEST, Block, entry, read_blocks, settled
from sgdmem.numeric.problems.drawing import Drawing, Epoch
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import is_list, to_float
from sgdmem.symbolic.algorithms.printing import number_text
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    from sgdmem.numeric.problems.noise_estimate import CouplingEstimate, NoiseEstimate
    from sgdmem.numeric.problems.samples import Samples


@dataclass(frozen=True, init=False)
class Noise:
    r"""The noise of mini-batch gradients, eq. (15) of arXiv 2410.04228.

    .. math:: \Sigma(C) = \tau_1\mathrm{Tr}(HC)H - \tau_2HCH

    is the covariance of the gradient of one sample, C being the mean of the squared distance to the
    minimum; that of B samples is a B-th part. `coupled` has a more general one, mode by mode, and
    `fit` estimates both parameters from data.

    Parameters
    ----------
    tau1 : number >= 0
        1 by default.
    tau2 : number or sequence of numbers
        One number, or one for each eigenvalue; 0 by default. Gaussian data have tau1 = 1 and
        tau2 = -1, that is more noise than by default; a single feature of kurtosis K has
        tau1 - tau2 = K - 1.
    label_variance : number >= 0
        :math:`\sigma^2` of noise in the labels, independent of the features: it adds
        :math:`\sigma^2H` to the covariance, so that the loss comes to rest above the least one,
        :math:`\sigma^2/2`, see `Verdict.loss_floor`. Stability does not depend on it. 0 by default.

    Raises
    ------
    InputError
        For tau1 < 0, label_variance < 0, or a number beyond 1e100 in size.

    Examples
    --------
    >>> print(Noise(tau2=-1))
    tau1 = 1, tau2 = -1
    >>> print(Noise.coupled([[2, 1], [1, 2]]))
    a coupling matrix, tau2 = 0
    """

    tau1: Fraction
    tau2: Fraction | tuple[Fraction, ...]
    coupling: tuple[Block, ...] | None
    estimate: NoiseEstimate | CouplingEstimate | None
    samples: Samples | None
    label_variance: Fraction

    def __init__(
        self,
        tau1: Any = 1,
        tau2: Any = 0,
        coupling: Any = None,
        estimate: Any = None,
        samples: Samples | None = None,
        *,
        label_variance: Any = 0,
    ) -> None:
        tau1 = _moderate(tau1, "tau1", nonnegative=True)
        if is_list(tau2):
            tau2 = _by_mode(list(list_entries(tau2, "tau2")))
        else:
            tau2 = _moderate(tau2, "tau2")
        if coupling is not None:
            coupling = settled(coupling, tau2)
        if estimate is not None and not estimate.is_of(tau1, tau2, coupling):
            estimate = None  # numbers of the caller's are no estimate
        label_variance = _moderate(label_variance, "label_variance", nonnegative=True)
        if label_variance and samples is not None:
            raise InputError(
                "label_variance belongs to a model of the noise: samples have labels of their own"
            )
        vars(self).update(  # frozen
            tau1=tau1, tau2=tau2, coupling=coupling, estimate=estimate, samples=samples,
            label_variance=label_variance,
        )  # fmt: skip

    @classmethod
    def coupled(cls, T: Any, tau2: Any = 0, *, label_variance: Any = 0) -> Noise:
        """Return per-mode noise: that of mode i is fed by every mode j.

        It is ``(lambda_i sum_j T_ij lambda_j n_j - tau2_i lambda_i^2 n_i) / B``; the copies of a
        multiple eigenvalue feed each other, and every other mode, alike.

        Parameters
        ----------
        T : number, matrix or sequence of matrices
            A number stands for itself in every place, that is for tau1; a sequence of square
            matrices, or of ``(size, value)`` pairs, for diagonal blocks. Entries from 0 to 1e100,
            T_ii >= tau2_i, of floats up to rounding; at i = j only T_ii - tau2_i matters.
        tau2, label_variance
            As for `Noise`.

        Raises
        ------
        InputError
            For anything else.

        Examples
        --------
        >>> Noise.coupled(2) == Noise(tau1=2)
        True
        """
        if not is_list(T):
            noise = cls(entry(T), tau2, label_variance=label_variance)
            if noise.largest_tau2 > noise.tau1:
                raise InputError(
                    f"coupling must be >= tau2 on its diagonal, got {shown(T)} < "
                    f"{number_text(noise.largest_tau2)}"
                )
            return noise
        return cls(tau2=tau2, coupling=read_blocks(T), label_variance=label_variance)

    @classmethod
    def fit(cls, X: Any) -> Noise:
        """Estimate tau1 and tau2 from a data matrix, see `estimate_noise`.

        Verdicts under such a noise are about the fitted model, and say *estimated*; they are
        undecided where two standard errors or the misfit could turn them.

        Examples
        --------
        >>> import numpy as np
        >>> noise = Noise.fit(np.random.default_rng(0).normal(size=(20000, 5)))
        >>> abs(noise.tau1 - 1) < 0.05, noise.estimate.tau2_error < 0.1
        (True, True)
        """
        from sgdmem.numeric.problems.noise_estimate import estimate_noise

        found = estimate_noise(X)
        return cls(found.tau1, found.tau2, estimate=found)

    @classmethod
    def fit_coupling(cls, X: Any) -> Noise:
        r"""Return the coupling of the modes of a data matrix, as measured.

        In the eigenbasis of their Hessian it is :math:`T_{ij}=E[z_i^2z_j^2]/\lambda_i\lambda_j`,
        with tau2 = 1. That is the noise of the samples, but for what it does to correlations of
        different modes: verdicts say *estimated*. A rate that is too large for it is too large for
        the samples themselves, drawn alike and with replacement; it knows of no other drawing.

        Examples
        --------
        >>> noise = Noise.fit_coupling([[1.0, 0]] * 99 + [[0, 5.0]])
        >>> print(noise)
        the coupling of 2 modes measured on 100 samples
        """
        from sgdmem.numeric.problems.noise_estimate import CouplingEstimate
        from sgdmem.numeric.problems.samples import Samples

        samples = Samples.of(X, name="data")
        coupled = cls.coupled(samples.coupling + np.eye(samples.eigenvalues.size), tau2=1)
        return replace(coupled, estimate=CouplingEstimate(len(samples), samples.eigenvalues.size))

    @classmethod
    def sampled(
        cls,
        rows: Any,
        weights: Any = None,
        *,
        outputs: int = 1,
        replacement: bool = True,
        drop_last: bool = True,
        shuffle: bool = False,
    ) -> Noise:
        r"""Return the noise of drawing samples, as it is: no model is fitted.

        A batch is the mean of B samples, drawn afresh at each step; the spectrum of a problem with
        this noise must be that of the samples.

        Parameters
        ----------
        rows : array of shape (n, d), (n, K, d) or (n K, d)
            Rows :math:`x_i` of least squares, or one row for each of K outputs: the Jacobian
            :math:`J_i` of a squared loss. Sample i has the curvature :math:`J_i^TJ_i`: of
            :math:`Z_iZ_i^T`, with Z of shape (n, d, K), give ``Z.transpose(0, 2, 1)``.
        weights : array of shape (n,), optional
            How likely each sample is to be drawn, up to a factor; alike by default.
        outputs : int
            K of a matrix: so many consecutive rows are one sample, and drawn together.
        replacement : bool
            Whether a sample may be in one batch twice. Without, B is at most n, and the noise
            vanishes at B = n.
        drop_last : bool
            Whether all batches have one size, any number. If not, an epoch of n samples ends with a
            batch of what is left of them, and B is an integer up to n: batches are still drawn
            afresh, but their sizes come in this order.
        shuffle : bool
            Whether each epoch goes through a random order of all samples, as PyTorch's
            ``DataLoader(shuffle=True)`` does. Such batches depend on each other, and there is no
            exact verdict: verdicts and losses are those of batches drawn afresh, with replacement,
            and say so. `sgdmem.simulate` shuffles, and `sgdmem.methods.shuffled_growth` simulates
            epochs.

        Raises
        ------
        InputError
            For anything else.

        Examples
        --------
        One row in a hundred is five times as long, and rules:

        >>> import numpy as np
        >>> from sgdmem import Problem, Spectrum, largest_learning_rate
        >>> rows = np.array([[1.0, 0.0]] * 99 + [[0.0, 5.0]])
        >>> problem = Problem(Spectrum([0.99, 0.25]), Noise.sampled(rows))
        >>> round(largest_learning_rate("sgd", problem, 1), 9)
        0.08
        """
        from sgdmem.numeric.problems.samples import Samples

        drawing = Drawing(replacement, drop_last, shuffle)
        return cls(samples=Samples.of(rows, weights, drawing, outputs=outputs))

    def vary(self, **values: Any) -> Noise:
        """Return the noise with another label_variance, or tau1 or tau2, which is no estimate.

        Raises
        ------
        InputError
            If a coupling matrix stands in the place of tau1, or on its diagonal is below tau2.

        Examples
        --------
        >>> print(Noise(tau2=-1).vary(tau1=2))
        tau1 = 2, tau2 = -1
        """
        if self.coupling is not None and "tau1" in values:
            raise InputError("tau1 cannot vary: a coupling matrix stands in its place")
        if self.samples is not None and {*values} == {"tau1", "tau2"}:
            return Noise(**values)
        if self.samples is not None and values:
            raise InputError(
                f"{next(iter(values))} cannot vary by itself: samples stand in its place"
            )
        return replace(self, **values) if values else self

    @property
    def model(self) -> Noise:
        """The noise of two parameters that is nearest to samples, an estimate; others as they are.

        Raises
        ------
        InputError
            For samples of several outputs, or that are not drawn alike.
        """
        if self.samples is None:
            return self
        columns = self.samples.columns
        alike = self.samples.outputs == 1 and np.ptp(self.samples.weights) == 0
        if not (alike and isinstance(columns, np.ndarray)):
            raise InputError(
                "samples with several outputs, or weights, or that are not kept in memory have no "
                "noise model of two parameters"
            )
        return Noise.fit(columns[:, 0] * np.sqrt(self.samples.eigenvalues))

    @property
    def fitted(self) -> NoiseEstimate | None:
        """What its two parameters were fitted to; None where they were not."""
        return None if self.coupling is not None else self.estimate  # type: ignore[return-value]

    @property
    def by_mode(self) -> bool:
        """Whether it is given mode by mode, so that eigenvalues must be listed."""
        return self.coupling is not None or self.samples is not None or isinstance(self.tau2, tuple)

    @property
    def mixes(self) -> bool:
        """Whether something other than tau1 says how the modes feed each other."""
        return self.coupling is not None or self.samples is not None

    @property
    def tau2_values(self) -> Any:
        """Return tau2 in floats, a scalar or an array of shape (N,)."""
        return (
            np.array(self.tau2, dtype=float) if isinstance(self.tau2, tuple) else float(self.tau2)
        )

    @property
    def largest_tau2(self) -> Fraction:
        """The largest tau2 of any mode."""
        return max(self.tau2) if isinstance(self.tau2, tuple) else self.tau2

    @property
    def is_physical(self) -> bool:
        """Whether tau2 <= tau1, so that the noise covariance is positive semidefinite (Lemma 1)."""
        return self.coupling is not None or self.largest_tau2 <= self.tau1

    def check(self, spectrum: Spectrum) -> None:
        """Raise InputError unless it has one entry for each eigenvalue, or a single one."""
        if isinstance(self.tau2, tuple):
            _check_length("tau2", len(self.tau2), spectrum)
        if self.coupling is not None:
            _check_length("coupling", sum(block.size for block in self.coupling), spectrum)
        if self.samples is not None:
            self.samples.check(spectrum)

    def at(self, batch_size: Any) -> BatchNoise:
        """Return the noise of mini-batches of a size.

        Raises
        ------
        InputError
            For a batch size that is not positive, or finite and not from 1e-100 to 1e100.
        """
        inverse = inverse_batch_size(batch_size)
        if self.samples is not None:
            self.samples.drawing.share(len(self.samples), inverse)  # refuses too large a batch
            self.samples.drawing.epoch(len(self.samples), inverse)  # and what epochs have not
        tau2 = self.tau2
        if isinstance(tau2, tuple) and len(set(map(id, tau2))) == 1:
            tau2 = tau2[0]  # one number for all is summed much faster
        parts = self.tau1, tau2, self.coupling, self.estimate, self.samples
        return BatchNoise(*parts, label_variance=self.label_variance, inverse_batch=inverse)

    def __str__(self) -> str:
        if not self.label_variance:
            return self._of_features
        return f"{self._of_features}, label variance {_shown(self.label_variance)}"

    @property
    def _of_features(self) -> str:
        tau2 = "tau2 by mode" if isinstance(self.tau2, tuple) else f"tau2 = {_shown(self.tau2)}"
        if self.estimate is not None:
            return str(self.estimate)
        if self.coupling is not None:
            return f"a coupling matrix, {tau2}"
        if self.samples is not None:
            unused = int((self.samples.weights == 0).sum())
            never = f" ({unused:,} of weight 0)" if unused else ""
            return f"{self._number_of_samples}{never}, {self.samples.drawing}"
        return f"tau1 = {_shown(self.tau1)}, {tau2}"

    @property
    def _number_of_samples(self) -> str:
        count = 0 if self.samples is None else len(self.samples)
        return f"{count:,} sample{'s' * (count != 1)}"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        tau2 = self.tau2_values
        return {
            "tau1": None if self.mixes else to_float(self.tau1),
            "tau2": tau2.tolist() if isinstance(self.tau2, tuple) else tau2,
            "coupled": self.coupling is not None,
            "samples": None if self.samples is None else len(self.samples),
            "drawing": None if self.samples is None else asdict(self.samples.drawing),
            "estimate": None if self.estimate is None else self.estimate.to_dict(),
            "label_variance": to_float(self.label_variance),
            "trace_share": None if self.samples is None else self.samples.trace_share,
        }


@dataclass(frozen=True, init=False)
class BatchNoise(Noise):
    """The noise of mini-batches of one size.

    Attributes
    ----------
    inverse_batch : Fraction
        1 / B; zero for the full batch.
    """

    inverse_batch: Fraction

    def __init__(
        self,
        tau1: Any = 1,
        tau2: Any = 0,
        coupling: Any = None,
        estimate: Any = None,
        samples: Samples | None = None,
        *,
        label_variance: Any = 0,
        inverse_batch: Fraction = Fraction(0),
    ) -> None:
        super().__init__(tau1, tau2, coupling, estimate, samples, label_variance=label_variance)
        vars(self).update(inverse_batch=inverse_batch)

    @property
    def batch_size(self) -> float:
        """B; inf for the full batch."""
        return to_float(1 / self.inverse_batch) if self.inverse_batch else math.inf

    @property
    def share(self) -> Fraction:
        """By which the noise of one sample is multiplied in the mean of a batch.

        Of batches of several sizes the mean over an epoch.
        """
        full, last = self.shares
        return full if self.epoch is None else full + (last - full) / self.epoch.steps

    @property
    def epoch(self) -> Epoch | None:
        """Which sizes the batches have; None where it is one."""
        if self.samples is None:
            return None
        return self.samples.drawing.epoch(len(self.samples), self.inverse_batch)

    @property
    def shares(self) -> tuple[Fraction, Fraction]:
        """The shares of all batches of an epoch but the last one, and of that."""
        if self.samples is None:
            return self.inverse_batch, self.inverse_batch
        drawing, n, epoch = self.samples.drawing, len(self.samples), self.epoch
        full = drawing.share(n, self.inverse_batch) / self.trace_share
        if epoch is None:
            return full, full
        return full, drawing.share(n, Fraction(1, epoch.last)) / self.trace_share

    @property
    def shares_in_order(self) -> Array:
        """The share of each batch of an epoch, shape (T,); one where they are all alike."""
        full, last = map(float, self.shares)
        return np.append(np.full(0 if self.epoch is None else self.epoch.steps - 1, full), last)

    def of_one_size(self, size: int) -> BatchNoise:
        """Return that of batches of one size, of the same samples."""
        assert self.samples is not None  # only they have epochs
        alike = replace(self.samples.drawing, drop_last=True)
        return Noise(samples=replace(self.samples, drawing=alike)).at(size)

    @property
    def trace_share(self) -> Fraction:
        """Of the trace of the samples' curvature that their modes have; the noise is divided by it.

        Leading modes alone make too little noise, and nearly this share of it.
        """
        return Fraction(1 if self.samples is None else self.samples.trace_share)

    @property
    def is_partial(self) -> bool:
        """Whether modes of the samples are left out, whose noise is estimated."""
        return self.trace_share < 1 and not self.is_quiet

    @property
    def is_reference(self) -> bool:
        """Whether it stands for that of shuffled epochs."""
        return self.samples is not None and self.samples.drawing.shuffle and not self.is_quiet

    @property
    def is_estimated(self) -> bool:
        """Whether what is said of it is estimated: it was fitted, is a reference or partial."""
        fitted = self.estimate is not None and not self.is_quiet
        return self.is_reference or self.is_partial or fitted

    @property
    def origin(self) -> str:
        """What an estimated noise stands for, as the end of a sentence; otherwise empty."""
        parts = []
        if self.is_partial:
            parts.append(
                f"of modes with {percent(float(self.trace_share))} of the trace, the noise of "
                "the others in proportion"
            )
        if self.is_reference:
            parts.append("of batches drawn anew, the reference for shuffled epochs")
        if parts:
            return ", ".join(parts)
        return self.estimate.origin if self.estimate is not None and self.is_estimated else ""

    @property
    def is_quiet(self) -> bool:
        """Whether nothing of it is left: full batches."""
        return self.share == 0

    @property
    def is_none(self) -> bool:
        """Whether no mode has any: full batches, or tau1 (or the coupling) and tau2 are 0."""
        if self.is_quiet or self.samples is not None:
            return self.is_quiet
        feeds = [self.tau1]
        if self.coupling is not None:
            feeds = [x for block in self.coupling for line in block.exact() for x in line]
        return not any(feeds) and not any(
            self.tau2 if isinstance(self.tau2, tuple) else [self.tau2]
        )

    @property
    def spreads(self) -> bool:
        """Whether the noise of one mode reaches the others: tau1 / B, or a coupling, is not 0."""
        return not self.is_quiet and (self.coupling is not None or self.tau1 > 0)

    @property
    def stirs(self) -> bool:
        """Whether it moves what rests at the minimum: noise of labels, or residuals of samples."""
        own = self.samples is not None and self.samples.has_residuals
        return not self.is_quiet and (own or self.label_variance > 0)

    @property
    def least_loss(self) -> float:
        """The loss at the minimum that is due to labels."""
        if self.samples is not None:
            return self.samples.least_loss if self.samples.has_residuals else 0.0
        return to_float(self.label_variance / 2)

    @property
    def share1(self) -> Ball:
        """tau1 / B."""
        return Ball.exactly([self.tau1 * self.inverse_batch])[0]

    @cached_property
    def share2(self) -> Ball:
        """tau2 / B, one ball or one for each eigenvalue."""
        if isinstance(self.tau2, Fraction):
            return Ball.exactly([self.tau2 * self.inverse_batch])[0]
        return Ball.exactly([value * self.inverse_batch for value in self.tau2])

    @property
    def cautious(self) -> BatchNoise:
        """The noise with -abs(tau2): whatever is stable under it is stable (theory page)."""
        tau2 = self.tau2
        negative = tuple(-abs(v) for v in tau2) if isinstance(tau2, tuple) else -abs(tau2)
        return replace(self, tau2=negative)

    def __str__(self) -> str:
        if self.is_quiet:
            return "full batches, no noise"
        size = f"batch size {_shown(1 / self.inverse_batch)}" if self.epoch is None else self.epoch
        if self.samples is None:
            return f"{size}, {super().__str__()}"
        return f"{size}, {self._number_of_samples}, {self.samples.drawing.way}"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; an infinite batch size becomes None."""
        batch_size = None if self.is_quiet else self.batch_size
        epoch = None if self.epoch is None else asdict(self.epoch)
        return {"batch_size": batch_size, "epoch": epoch, **super().to_dict()}


def _moderate(value: Any, name: str, nonnegative: bool = False) -> Fraction:
    scalar = number(value, name)
    if nonnegative and scalar < 0:
        raise InputError(f"{name} must be >= 0, got {shown(value)}")
    if abs(scalar) > LARGEST:
        raise InputError(f"{name} must be at most 1e100 in size, got {shown(value)}")
    return scalar


def _by_mode(values: list[Any]) -> tuple[Fraction, ...]:
    """Return one number for each mode; where all are the same, one object many times."""
    first = values[0] if values else None
    if values and all(type(x) is type(first) and bool(x == first) for x in values):
        return (_moderate(first, "tau2[0]"),) * len(values)
    return tuple(_moderate(value, f"tau2[{i}]") for i, value in enumerate(values))


def _shown(value: Fraction) -> str:
    return number_text(value) if value.denominator == 1 else f"{to_float(value):.6g}"


def _check_length(name: str, length: int, spectrum: Spectrum) -> None:
    if spectrum.is_infinite:
        raise InputError(f"{name} must be a single number for an infinite spectrum")
    if length != len(spectrum.eigenvalues):
        advice = ": write the rows of a matrix as lists" if name == "coupling" else ""
        raise InputError(
            f"{name} must have one entry for each of the {len(spectrum.eigenvalues)} eigenvalues, "
            f"got {length}{advice}"
        )
