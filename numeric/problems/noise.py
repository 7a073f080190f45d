"""How mini-batches perturb gradients: two parameters, a coupling between modes, or an estimate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.batch_size import inverse_batch_size
from sgdmem.numeric.problems.coupling import entry, read_blocks
from sgdmem.numeric.problems.drawing import Drawing
from sgdmem.numeric.problems.noise_parts import NoiseParts
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.printing import number_text
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, init=False)
class Noise(NoiseParts):
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
