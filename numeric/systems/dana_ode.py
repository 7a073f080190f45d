r"""The differential equations of DANA (arXiv 2505.16098), derived from the update.

The moments :math:`\rho=E\theta^2,\ \sigma=Ey^2,\ \chi=E\theta y` of each mode move by a linear map
at each step, exactly, see `sgdmem.losses`. An equation takes what such a step changes for a speed,
in continuous time; `moment_speeds` has four, and `ode_losses` solves them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, NamedTuple, cast, get_args

import numpy as np

from sgdmem.numeric.acceleration.dana_schedule import Dana
from sgdmem.numeric.arithmetic.arrays import read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.problem import as_problem, require_no_weight_decay, require_target
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.several_momenta import dana_step

Clock = Literal["step", "coin-flip"]
_TOLERANCE = 1e-7  # relative, of a solution
_LATEST = 1e7  # of times: steps are not much longer than 1
_SYMBOLS = "gamma_2 gamma_3 Delta lambda tau_2 B"


class Speeds(NamedTuple):
    r"""Of :math:`(\rho,\sigma,\chi)` of a mode: ``matrix`` times them, plus R times ``force``.

    R is :math:`\tau_1\sum_j\lambda_j\rho_j` plus the variance of the labels, twice the risk of
    Gaussian features. Both are SymPy matrices in `symbols`.
    """

    matrix: Any
    force: Any


def symbols() -> Any:
    """Return gamma_2, gamma_3, Delta, lambda, tau_2 and B."""
    import sympy

    return sympy.symbols(_SYMBOLS, real=True)


def moment_speeds(clock: Clock = "step", *, simplified: bool = False) -> Speeds:
    r"""Derive an equation for the second moments of DANA.

    Parameters
    ----------
    clock : "step" or "coin-flip"
        What happens at random times of rate 1: a whole step; or an update of y, and at other times
        one of :math:`\theta` by :math:`-\gamma_2g-\gamma_3y`, so that they share no noise.
    simplified : bool
        Keep the first order in :math:`\lambda,\gamma_3,\Delta` together. That of the coin flip is
        the paper's simplified equation; that of the step has :math:`-\gamma_2\lambda R/B` in
        the speed of :math:`\chi`, too.

    Returns
    -------
    Speeds

    Raises
    ------
    InputError
        For another clock.

    Examples
    --------
    >>> moment_speeds("coin-flip", simplified=True).matrix.tolist()[2]
    [lambda, -gamma_3, -Delta - gamma_2*lambda]
    """
    return _moment_speeds(_clock(clock), bool(simplified))


def _clock(given: Any) -> Clock:
    if not isinstance(given, str) or given not in get_args(Clock):
        raise InputError(f"clock must be step or coin-flip, got {shown(given)}")
    return cast("Clock", given)


@cache
def _moment_speeds(clock: Clock, simplified: bool) -> Speeds:
    import sympy

    γ2, γ3, Δ, λ, τ2, B = symbols()
    step = dana_step(gamma_1=1, gamma_2=γ2, gamma_3=γ3, damping=Δ)
    updates = [step]
    if clock == "coin-flip":  # one after the other they are a step
        updates = [Algorithm(0, b=0, c=1, D=1 - Δ), Algorithm(γ2, b=-γ3, c=0, D=1)]
    matrix, force = sympy.zeros(3, 3), sympy.zeros(3, 1)
    ρ, σ, χ, R = sympy.symbols("rho sigma chi R")
    M = sympy.Matrix([[ρ, χ], [χ, σ]])
    for update in updates:
        blocks = update.blocks
        v = sympy.Matrix([-blocks.alpha, *blocks.c])
        S = sympy.Matrix([[1, *blocks.b], [0, *blocks.D[0]]]) + λ * v * sympy.Matrix([[1, 0]])
        after = S * M * S.T + (λ * R - τ2 * λ**2 * ρ) / B * v * v.T
        gained = sympy.Matrix([(after - M)[i, j].expand() for i, j in ((0, 0), (1, 1), (0, 1))])
        matrix += gained.jacobian([ρ, σ, χ])
        force += gained.diff(R)
    if simplified:
        ε = sympy.Symbol("epsilon")
        small = {x: ε * x for x in (λ, γ3, Δ)}
        matrix, force = (
            part.subs(small, simultaneous=True).diff(ε).subs(ε, 0) for part in (matrix, force)
        )
    return Speeds(matrix.applyfunc(sympy.factor), force.applyfunc(sympy.factor))


def ode_losses(
    rule: Dana,
    problem: Any,
    batch_size: Any,
    times: Any,
    *,
    clock: Clock = "step",
    simplified: bool = False,
) -> Array:
    """Return the mean losses that a differential equation has at some times.

    Parameters
    ----------
    rule : Dana
    problem : Problem
        With a target, on a finite spectrum whose every eigenvalue is followed.
    batch_size : number > 0
    times : sequence of numbers from 0 to 1e7, shape (T,), ascending
    clock, simplified
        Which equation, see `moment_speeds`.

    Returns
    -------
    ndarray, shape (T,)
        Above the least loss, as `sgdmem.losses`.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Notes
    -----
    To relative errors of some 1e-5. The steps are not much longer than 1, as large eigenvalues
    fall in one: 10,000 take a second for 500 of them.

    Examples
    --------
    >>> import sgdmem
    >>> from sgdmem.systems import dana_decaying, random_features
    >>> features = random_features(1, 0.7, 100)
    >>> rule, times = dana_decaying(features), [10, 100, 1000]
    >>> found = ode_losses(rule, features.problem, 1, times)
    >>> print((found / sgdmem.losses(rule, features.problem, 1, 1000)[times]).round(3))
    [1. 1. 1.]
    """
    from scipy.integrate import solve_ivp

    if not isinstance(rule, Dana):
        raise InputError(f"rule must be dana_constant or dana_decaying, got {shown(rule)}")
    speeds = _compiled(_clock(clock), bool(simplified))
    given = as_problem(problem)
    require_no_weight_decay(given, "the equations of DANA")
    if given.noise.mixes or given.spectrum.is_infinite:
        raise InputError("problem must have a finite spectrum, and noise of two parameters")
    asked = read_vector(times, "times")
    if asked.size == 0 or asked[0] < 0 or (np.diff(asked) < 0).any() or asked[-1] > _LATEST:
        raise InputError(
            f"times must ascend from 0 or later, up to {_LATEST:g}, got {shown(times)}"
        )
    noise, λ = given.noise.at(batch_size), given.spectrum.eigenvalues
    masses = given.spectrum.weights * λ
    start = np.zeros((3, λ.size))
    start[0] = require_target(given).masses(given.spectrum) / masses
    τ1, label = float(noise.tau1), float(noise.label_variance)
    share = float(noise.inverse_batch)

    def speed(t: float, state: Array) -> Array:
        moments = state.reshape(3, -1)
        moves = rule.gamma_2, float(rule.gamma_3_at(t)), float(rule.damping_at(t))
        R = τ1 * (masses * moments[0]).sum() + label
        return np.ravel(speeds(*moves, λ, noise.tau2_values, share, *moments, R))

    once, places = np.unique(asked, return_inverse=True)
    last = float(once[-1]) or 1.0  # at 0 alone the solver has nothing to do, and says nothing
    solved = solve_ivp(speed, (0.0, last), start.ravel(), t_eval=once, rtol=_TOLERANCE, atol=1e-12)
    found: Array = solved.y.reshape(3, λ.size, -1)[0][:, places]
    return masses @ found / 2


@cache
def _compiled(clock: Clock, simplified: bool) -> Any:
    """Return the speeds of all modes as a function of symbols, moments and R."""
    import sympy

    matrix, force = _moment_speeds(clock, simplified)
    *moments, R = sympy.symbols("rho sigma chi R")
    *letters, B = symbols()
    share = sympy.Symbol("share")  # 1 / B, which may be 0
    whole = [sympy.expand(x).subs(B, 1 / share) for x in matrix * sympy.Matrix(moments) + R * force]
    return sympy.lambdify([*letters, share, *moments, R], whole, modules="numpy", cse=True)
