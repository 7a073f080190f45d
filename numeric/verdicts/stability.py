"""The main question, whether an algorithm is stable on a problem at a batch size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sgdmem.numeric.compilation.progress import shown_passes
from sgdmem.numeric.judges.fitted_noise import fitted_radius
from sgdmem.numeric.judges.judge import Judge
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.verdicts.verdict import Verdict
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.errors import UndefinedError


def stability(
    algorithm: Algorithm, problem: Any, batch_size: Any = math.inf, *, progress: bool = False
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
    problem : Problem, Spectrum or array of shape (n, d)
        What it is tried on. A spectrum has the noise tau1 = 1, tau2 = 0; batches of a data matrix
        are drawn from its rows (`Problem.from_data`).
    batch_size : positive number or inf
        Any positive real number; infinite means full batches, without noise.
    progress : bool
        Show on stderr how many passes over large data are done and expected, and the time left.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        If an argument is not in its domain.

    Notes
    -----
    The model: a quadratic loss (least squares), minimised by a linear method with constant
    coefficients, whose gradient noise vanishes at the minimum. With noise of the labels, or on
    samples whose labels no w fits, it does not: then "stable" means that the mean loss comes to
    rest, at ``loss_floor`` above the least one.

    Every operation carries an error bound (`sgdmem.numeric.arithmetic.ball`), so True and False are
    proved for the exact input; ``stable`` is None when the bounds straddle a limit. With tau2 >
    tau1 (no data has such noise) only sufficient conditions are known, and None is more frequent.

    Examples
    --------
    >>> from sgdmem import Problem, Noise, Spectrum, heavy_ball
    >>> spectrum = Spectrum([4, 1, 0.25])
    >>> verdict = stability(heavy_ball(0.1, 0.9), spectrum, batch_size=8)
    >>> verdict.stable, round(verdict.critical_batch_size, 6)
    (True, 2.874635)
    >>> bool(stability(heavy_ball(0.1, 0.9), Problem(spectrum, Noise(tau2=-1)), batch_size=16))
    True
    """
    with shown_passes(progress):
        given = as_problem(problem)
        return verdict_of(numeric_algorithm(algorithm), given, given.noise.at(batch_size))


def verdict_of(algorithm: Algorithm, problem: Problem, noise: BatchNoise) -> Verdict:
    """Return the verdict on an algorithm; ``noise`` is the problem's at the batch size."""
    judge = Judge(algorithm, problem.spectrum, noise)
    reason, detail = judge.reason, judge.detail
    low = high = output = math.inf
    middle = float(judge.joint.noise_sum[0])
    exact = judge.exact
    if exact is not None:
        low, high = exact.noise_sum
        middle = (low + high) / 2
        output = judge.exact_list.output_noise_sum() if math.isfinite(high) else math.inf
    elif judge.joint.is_summed[0]:
        (low, high), output = judge.radius, _output(judge)
    elif reason.is_open and reason is not Reason.UNPHYSICAL_NOISE and not noise.mixes:
        low, _ = judge.radius  # of the modes that are certain
    fitted = fitted_radius(judge)
    if fitted is not None:
        low, high = fitted
        if reason.is_open or (high >= 1 if reason.stable else low < 1):
            what = "noise radius" if noise.mixes else "noise sum"
            reason = Reason.UNDECIDED_FIT
            detail = f"the {what} lies between {low:.3g} and {high:.3g}"
    return Verdict(
        algorithm=algorithm,
        problem=problem,
        noise=noise,
        reason=reason,
        detail=detail,
        noise_sum=middle,
        noise_sum_interval=(low, high),
        output_noise_sum=None if noise.mixes else output,
        effective_learning_rate=_effective_learning_rate(algorithm),
        _judge=judge,
    )


def _output(judge: Judge) -> float:
    if not judge.noise.spreads:
        return 0.0
    total = judge.noise.share1 * judge.sums.output_noise[0]
    return float(total.mid) if np.isfinite(total.rad) else math.inf


def _effective_learning_rate(algorithm: Algorithm) -> float | None:
    try:
        return to_float(algorithm.effective_learning_rate)
    except UndefinedError:
        return None


def is_stable(
    alpha: Any, beta: Any, gamma: Any, delta: Any, problem: Any, batch_size: Any = math.inf
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
    alpha : number
        Weight of the gradient in the step; a positive alpha descends.
    beta : number
        Weight of u in the step.
    gamma : number
        Weight of the gradient in the new u: negative where u is a velocity, as in the heavy ball.
    delta : number
        Weight of the old u in the new u.
    problem, batch_size
        See `stability`.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        If an argument is not in its domain.

    Examples
    --------
    Heavy ball with learning rate 0.1 and momentum 0.9:

    >>> from sgdmem import Spectrum
    >>> bool(is_stable(0.1, 0.9, -0.1, 0.9, Spectrum([4, 1]), batch_size=16))
    True
    """
    return stability(matrix_algorithm(alpha, beta, gamma, delta), problem, batch_size)


def matrix_algorithm(alpha: Any, beta: Any, gamma: Any, delta: Any) -> Algorithm:
    """Return the algorithm of memory 1 with the matrix [[-alpha, beta], [gamma, delta]].

    Examples
    --------
    >>> print(matrix_algorithm(1, 0, 0, 0).name)
    the matrix [[-1, 0], [0, 0]]
    """
    name = f"the matrix [[-{alpha}, {beta}], [{gamma}, {delta}]]"
    return Algorithm(alpha, b=(beta,), c=(gamma,), D=((delta,),), name=name)
