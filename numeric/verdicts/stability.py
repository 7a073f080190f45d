"""The main question, whether an algorithm is stable on a problem at a batch size."""

from __future__ import annotations

import math
from typing import Any

from sgdmem.numeric.problems.problem import read_problem
from sgdmem.numeric.verdicts.judge import Judge
from sgdmem.numeric.verdicts.verdict import Verdict
from sgdmem.symbolic.algorithms.algorithm import Algorithm


def stability(
    algorithm: Algorithm,
    spectrum: Any,
    batch_size: Any = math.inf,
    tau1: Any = None,
    tau2: Any = None,
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
    spectrum : Spectrum or array of shape (n, d)
        Eigenvalues of the Hessian; or a matrix of n feature vectors of least squares, from which
        they are taken, and tau1 and tau2 estimated (`noise_from_features`) unless they are given.
    batch_size : positive number or inf
        Any positive real number; infinite means full batches, without noise.
    tau1 : number >= 0
        1 by default. Not used when a coupling is given.
    tau2 : number or sequence of numbers
        One number, or one for each eigenvalue; 0 by default. Gaussian data have tau1 = 1 and
        tau2 = -1, that is more noise than by default; a single feature of kurtosis K has
        tau1 - tau2 = K - 1.
    coupling : number, matrix or sequence of matrices, optional
        T of the per-mode noise: the noise of mode i is
        ``(lambda_i sum_j T_ij lambda_j n_j - tau2_i lambda_i^2 n_i) / B``. A number t stands for
        t in every place; a sequence of square matrices (or of ``(size, value)`` pairs) for
        diagonal blocks. Entries >= 0, T_ii >= tau2_i; at i = j only T_ii - tau2_i matters. The
        copies of a multiple eigenvalue feed each other, and every other mode, alike.

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
    coefficients, whose gradient noise vanishes at the minimum (no label noise).

    Every operation carries an error bound (`sgdmem.numeric.arithmetic.ball`), so True and False are
    proved for the exact input; ``stable`` is None when the bounds straddle a limit. With tau2 >
    tau1 (no data has such noise) only sufficient conditions are known, and None is more frequent.

    Examples
    --------
    >>> from sgdmem import Spectrum, heavy_ball
    >>> spectrum = Spectrum([4, 1, 0.25])
    >>> verdict = stability(heavy_ball(0.1, 0.9), spectrum, batch_size=8)
    >>> verdict.stable, round(verdict.critical_batch_size, 6)
    (True, 2.874635)
    """
    return Judge(read_problem(algorithm, spectrum, batch_size, tau1, tau2, coupling)).verdict()


def is_stable(
    alpha: Any,
    beta: Any,
    gamma: Any,
    delta: Any,
    *,
    spectrum: Any,
    batch_size: Any = math.inf,
    tau1: Any = None,
    tau2: Any = None,
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
    alpha : number
        Weight of the gradient in the step; a positive alpha descends.
    beta : number
        Weight of u in the step.
    gamma : number
        Weight of the gradient in the new u: negative where u is a velocity, as in the heavy ball.
    delta : number
        Weight of the old u in the new u.
    spectrum, batch_size, tau1, tau2, coupling
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
    >>> bool(is_stable(0.1, 0.9, -0.1, 0.9, spectrum=Spectrum([4, 1]), batch_size=16))
    True
    """
    name = f"the matrix [[-{alpha}, {beta}], [{gamma}, {delta}]]"
    algorithm = Algorithm(alpha, b=(beta,), c=(gamma,), D=((delta,),), name=name)
    return stability(algorithm, spectrum, batch_size, tau1, tau2, coupling)
