"""What an algorithm is tried on: a spectrum, the noise of mini-batches, and a target."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.compilation.gpu_arrays import device_of_data
from sgdmem.numeric.problems.drawing import Drawing
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.target import ListedTarget, PowerLawTarget, Target, read_target
from sgdmem.numeric.spectra.spectrum import Spectrum, require_spectrum
from sgdmem.symbolic.algebra.scalars import is_list, to_float
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    from sgdmem.numeric.compilation.cuda import Device
    from sgdmem.numeric.problems.samples import Samples

USUAL_EXPONENT = 1.5  # of the power law that pictures show where no problem is given
_OF_DATA = 2, 3  # dimensions
_NOISE = Noise()  # of a problem without another one


@dataclass(frozen=True, init=False)
class Problem:
    r"""A quadratic problem :math:`L(w)=\tfrac12(w-w_*)^TH(w-w_*)` with mini-batch noise.

    Wherever a Problem is asked for, a `Spectrum`, or a list of eigenvalues, stands for the one with
    default noise, and a matrix of data for `Problem.from_data`.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues of the Hessian H.
    noise : Noise, optional
        By default tau1 = 1, tau2 = 0.
    target : array of shape (N,), PowerLawTarget or None
        The squares :math:`c_k^2` of the coefficients of :math:`w_0-w_*` in the eigenbasis, in the
        order of the eigenvalues, for each copy of those that have weights; or a `PowerLawTarget`.
        What asks about losses needs it.
    start : array of shape (N,) or (R, N), optional
        The coefficients of :math:`w_0-w_*` themselves, with their signs; R of them for R problems
        whose losses are added. Then the target need not be given.
    samples : Samples, optional
        The data, where the problem comes from them: what `simulate` draws batches of. By default
        those of the noise. The spectrum must be theirs.
    weight_decay : number >= 0
        :math:`\omega`, in the gradient, as in ``torch.optim.SGD``: every step sees
        :math:`\nabla L(w)+\omega w`. The drift of a mode is then that of
        :math:`\lambda+\omega`, its noise that of :math:`\lambda`, and :math:`w_*` the point where
        :math:`L(w)+\frac\omega2|w|^2` is least: *stable* means that w stays near it in mean
        square. Losses are L, without the penalty, above its value there; without labels (see
        `from_data`) this point is taken to fit all samples.

    Raises
    ------
    InputError
        If the parts do not fit each other.

    Examples
    --------
    >>> problem = Problem(Spectrum([4, 1]), Noise(tau2=-1), target=[1, 1])
    >>> print(problem)
    eigenvalues [4, 1]; tau1 = 1, tau2 = -1
    """

    spectrum: Spectrum
    noise: Noise
    target: Target | None
    start: Array | None = field(repr=False, compare=False)
    samples: Samples | None = field(repr=False, compare=False)

    def __init__(
        self,
        spectrum: Spectrum,
        noise: Noise = _NOISE,
        target: Any = None,
        *,
        start: Any = None,
        samples: Samples | None = None,
        weight_decay: Any = 0,
    ) -> None:
        require_spectrum(spectrum)
        spectrum = spectrum.decayed(weight_decay) if weight_decay != 0 else spectrum
        if not isinstance(noise, Noise):
            raise InputError(f"noise must be a Noise, such as Noise(tau2=-1), got {shown(noise)}")
        noise.check(spectrum)
        if start is not None:
            start = np.atleast_2d(read_reals(start, "start"))
            squares = ListedTarget((start**2).sum(axis=0))
            squares.masses(spectrum)  # one for each eigenvalue
            if target is not None and read_target(target, spectrum) != squares:
                raise InputError("target must be the squares of start: give one of the two")
            target = squares
        elif target is not None:
            target = read_target(target, spectrum)
        samples = noise.samples if samples is None else samples
        if samples is not None:
            samples.check(spectrum)
            if spectrum.weight_decay and samples.has_residuals and samples.pull is None:
                raise InputError(
                    "weight_decay moves the minimum, and the residuals of the samples are those of "
                    "another one: give it to Problem.from_data"
                )
        vars(self).update(  # frozen
            spectrum=spectrum, noise=noise, target=target, start=start, samples=samples
        )

    @classmethod
    def power_law(
        cls,
        nu: Any,
        zeta: Any = None,
        *,
        scale: Any = 1.0,
        count: int | None = None,
        energy: Any = 1.0,
        noise: Noise | None = None,
        weight_decay: Any = 0,
    ) -> Problem:
        r"""Return eigenvalues :math:`\Lambda k^{-\nu}`, and a target of exponent zeta if given.

        These are the conditions of eq. (1) of arXiv 2410.04228.

        Parameters
        ----------
        nu, scale, count
            As in `Spectrum.power_law`; infinitely many eigenvalues without a count.
        zeta, energy
            As in `PowerLawTarget`.
        noise : Noise, optional
        weight_decay : number >= 0
            See `Problem`.

        Examples
        --------
        >>> print(Problem.power_law(1.5, zeta=0.5, count=100))
        100 eigenvalues k^-1.5; tau1 = 1, tau2 = 0; target exponent 0.5
        """
        spectrum = Spectrum.power_law(positive_float(nu, "nu"), scale, count)
        target = None if zeta is None else PowerLawTarget(positive_float(zeta, "zeta"), energy)
        noise = _NOISE if noise is None else noise
        return cls(spectrum, noise, target, weight_decay=weight_decay)

    @classmethod
    def from_data(
        cls,
        X: Any,
        y: Any = None,
        *,
        start: Any = None,
        outputs: int = 1,
        weights: Any = None,
        replacement: bool = True,
        drop_last: bool = True,
        shuffle: bool = False,
        noise: Noise | None = None,
        weight_decay: Any = 0,
        device: Device = "cpu",
    ) -> Problem:
        r"""Return the least squares :math:`L(w)=\frac1{2n}\sum_i|J_iw-y_i|^2` of samples.

        The noise is that of drawing the samples themselves, afresh for each batch: verdicts decide
        for these data, without a model of their noise. Nothing is centred or given an intercept:
        a column of ones is one.

        The eigenvalues of the Hessian, largest first, come from the rows. A singular value is
        only known up to a small multiple of ``max(n, d) * eps * largest`` in double precision
        (NumPy's rule for the rank), and up to eps times the Frobenius norm in the precision that X
        came in. One that does not exceed these bounds cannot be told from zero, and is ``dropped``,
        as zero eigenvalues never move.

        Parameters
        ----------
        X : array of shape (n, d), (n, K, d) or (n K, d)
            One sample a row, :math:`J_i=x_i^T`, or the Jacobians of K outputs; finite real
            numbers, not all zero. Whatever has a shape, a type and slices, such as a memory map, a
            dataset of HDF5 or sparse rows, is read piece by piece, at each pass if it is large: it
            must not change then.
        y : array of shape (n,), (n, K), (n K,), or (n, R), optional
            Labels. R labels of a row are R problems on the same rows, whose losses are added: a
            linear model with R outputs. The loss is half the mean square: PyTorch's ``MSELoss`` has
            no factor 1/2, and divides by the number of outputs.
        start : array of shape (d,) or (d, R), optional
            :math:`w_0`, by default 0. Without y and start the problem has no target.
        outputs : int
            K of a matrix: so many consecutive rows are one sample, and drawn together.
        weights, replacement, drop_last, shuffle
            How samples are drawn, as in `Noise.sampled`; the loss is weighted alike.
        noise : Noise, optional
            A model of the noise in place of the samples, such as ``Noise.fit(X)``. Without a
            ``label_variance`` of its own it takes the mean square of the residuals that labels
            leave, added up over outputs.
        weight_decay : number >= 0
            See `Problem`; with labels the noise that it leaves at its stationary point counts.
        device : "cpu", "cuda" or "auto"
            Where passes over the data run that verdicts ask for, beside reading them: "cuda" is a
            GPU that PyTorch finds, "auto" a GPU if there is one. All bounds hold for both.

        Raises
        ------
        InputError
            For bad input, for a symmetric matrix without labels, which may be meant as a Hessian,
            and for a GPU that is not there.

        Examples
        --------
        >>> problem = Problem.from_data([[1.0, 0, 0], [0, 2.0, 0]], y=[3.0, 8.0])
        >>> problem.spectrum.eigenvalues, problem.dropped
        (array([2. , 0.5]), 1)
        """
        from sgdmem.numeric.problems.data_target import start_and_residuals
        from sgdmem.numeric.problems.samples import Samples
        from sgdmem.numeric.spectra.hessian import refuse_hessian

        if outputs == 1 and y is None:  # labels belong to samples
            refuse_hessian(X)
        place, drawing = device_of_data(device), Drawing(replacement, drop_last, shuffle)
        samples = replace(Samples.of(X, weights, drawing, "data", outputs), device=place)
        spectrum, first = Spectrum(samples.eigenvalues).decayed(weight_decay), None
        if y is not None or start is not None:
            decay = to_float(spectrum.weight_decay)
            first, of_labels = start_and_residuals(samples, y, start, decay)
            samples = replace(samples, **of_labels)
        drawn = Noise(samples=samples) if noise is None else noise
        if noise is not None and samples.has_residuals and not noise.label_variance:
            drawn = noise.vary(label_variance=2 * samples.least_loss)
        return cls(spectrum, drawn, start=first, samples=samples)

    @classmethod
    def from_hessian(
        cls,
        H: Any,
        noise: Noise | None = None,
        *,
        positive_part: bool = False,
        weight_decay: Any = 0,
    ) -> Problem:
        """Return the problem of a Hessian, its positive eigenvalues largest first.

        Parameters
        ----------
        H : array of shape (d, d)
            Symmetric and positive semidefinite, to rounding in the precision that it came in.
            Eigenvalues that cannot be told from zero are ``dropped``.
        noise : Noise, optional
        positive_part : bool
            Whether negative eigenvalues are dropped too.
        weight_decay : number >= 0
            See `Problem`.

        Raises
        ------
        InputError
            For anything else.

        Examples
        --------
        >>> print(Problem.from_hessian([[2, 1], [1, 2]]))
        eigenvalues [3, 1]; tau1 = 1, tau2 = 0
        """
        from sgdmem.numeric.spectra.hessian import hessian_eigenvalues

        spectrum = Spectrum(hessian_eigenvalues(H, positive_part), positive_part=True)
        return cls(spectrum, Noise() if noise is None else noise, weight_decay=weight_decay)

    def without(self, indices: Any) -> Problem:
        """Return the problem of the same data without some samples.

        Without the first few of a verdict's ``rows.indices`` others become heavy:
        ``rows.critical_scale_without`` looks for them again, and may tell a larger rate.

        Parameters
        ----------
        indices : sequence of int
            Of samples, counted from 0.

        Raises
        ------
        InputError
            If the problem is not one of data with its own noise, an index is not one of a sample,
            no sample is left, or the target is given as squares.

        Examples
        --------
        >>> problem = Problem.from_data([[1.0, 0.0], [0.0, 5.0], [1.0, 1.0]])
        >>> len(problem.without([1]).samples)
        2
        """
        from sgdmem.numeric.problems.data_target import start_and_residuals

        samples = self.samples
        if samples is None or self.noise.samples is None:
            raise InputError("only a problem of samples has some to leave out: Problem.from_data")
        if self.target is not None and self.start is None:
            raise InputError(
                "a target given as squares has no meaning for the axes of other samples"
            )
        left = samples.without(indices)
        spectrum = Spectrum(left.eigenvalues).decayed(self.weight_decay)
        if self.start is None:
            return Problem(spectrum, Noise(samples=left))
        labels, start = None, self.start
        if samples.residuals is not None and samples.minimum is not None:
            every = samples.residuals + np.moveaxis(samples.forms(samples.minimum.T), 2, 0)
            kept = np.delete(every, np.asarray(indices), axis=1)
            labels = kept[:, :, 0].T if samples.outputs == 1 else kept[0]
            start = start + samples.minimum / np.sqrt(samples.eigenvalues)
        inner = replace(left, axes=left.axes @ samples.axes.T)  # in the axes of these samples
        first, of_labels = start_and_residuals(inner, labels, start.T, to_float(self.weight_decay))
        return Problem(spectrum, Noise(samples=replace(left, **of_labels)), start=first)

    @property
    def weight_decay(self) -> Fraction:
        """Of the gradient; the spectrum carries it."""
        return self.spectrum.weight_decay

    @property
    def dropped(self) -> int:
        """How many eigenvalues are left out: zero or of round-off, or not positive."""
        if self.samples is None:
            return self.spectrum.dropped
        return int(self.samples.axes.shape[1]) - len(self.spectrum)

    def __str__(self) -> str:
        parts = [str(self.spectrum), str(self.noise)]
        if isinstance(self.target, PowerLawTarget):
            parts.append(f"target exponent {self.target.exponent:g}")
        return "; ".join(parts)


def on_gpu(problem: Problem) -> Problem:
    """Return a problem of samples whose passes run on a GPU; another one as it is."""
    samples = problem.noise.samples
    if samples is None or samples.device == "cuda":
        return problem
    noise = replace(problem.noise, samples=replace(samples, device="cuda"))
    parts = problem.spectrum, noise, problem.target
    return Problem(*parts, start=problem.start, samples=problem.samples)


def as_problem(value: Any, name: str = "problem") -> Problem:
    """Return a Problem; a Spectrum, a list of eigenvalues or a matrix of data stands for one.

    Raises
    ------
    InputError
        If it is none of these.
    """
    if isinstance(value, Problem):
        return value
    if isinstance(value, Spectrum):
        return Problem(value)
    shape = getattr(value, "shape", None)
    if isinstance(value, (list, tuple)):
        shape = (len(value),) * (1 + any(map(is_list, value)))
    dimensions = len(shape) if isinstance(shape, tuple) else 0
    if dimensions == 1:
        return Problem(Spectrum(value))
    if dimensions not in _OF_DATA and isinstance(getattr(value, "problem", None), Problem):
        kind = type(value).__name__
        raise InputError(f"{name} must be a Problem: that of {kind} is its attribute problem")
    if dimensions not in _OF_DATA:
        raise InputError(
            f"{name} must be a Problem, a Spectrum, such as Spectrum.power_law(1.5), a list of "
            f"eigenvalues, or a matrix of data, got {shown(value)}"
        )
    return Problem.from_data(value)


def require_no_weight_decay(problem: Problem, what: str) -> None:
    """Raise InputError if a problem has weight decay, which ``what`` does not know."""
    if problem.weight_decay:
        raise InputError(f"problem must have no weight_decay for {what}")


def require_target(problem: Problem) -> Target:
    """Return the target of a problem; InputError if it has none."""
    if problem.target is None:
        raise InputError(
            "problem must have a target, the squares c_k^2: Problem(spectrum, target=[...]), "
            "Problem.power_law(nu, zeta) or Problem.from_data(X, y)"
        )
    return problem.target
