r"""Compute-optimal frontiers on power-law random features: how wide, and for how long.

Problem
    `sgdmem.systems.random_features`; a step costs its batch times the width, :math:`f=tBd`. For
    given f, which d has the least mean risk :math:`P^*`?
Algorithm
    SGD with a constant share of the largest stable rate, or with the best rate for each f, or DANA.
Guarantee
    The risk is, up to constants, the largest of four parts: of the labels that are not learned yet
    (population bias), that d features cannot learn (capacity), that features mix (embedding bias),
    and the noise. Each is a power of d, of the rate and of :math:`\tau=\gamma t`; so
    :math:`\log P^*` is the value of a small linear program in logarithms to the base f, solved here
    in exact rationals. For SGD at a constant share it is the table of the "4+3 phases".

References
----------
    E. Paquette, C. Paquette, L. Xiao and J. Pennington, 4+3 phases of compute-optimal neural
    scaling laws, arXiv 2405.15074 (2024).
    D. Ferbach, K. Everett, G. Gidel, E. Paquette and C. Paquette, Dimension-adapted momentum
    outscales SGD, arXiv 2505.16098 (2025).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number as read_number
from sgdmem.numeric.arithmetic.inputs import positive, positive_float
from sgdmem.numeric.systems.deterministic_features import WIDEST, deterministic_features
from sgdmem.numeric.systems.random_features import require_variance
from sgdmem.symbolic.errors import InputError, shown

_Linear = tuple[Any, ...]  # a + b x + c y
_APART = np.log(3)  # of widths that are tried
_LEAST = 1e3  # compute, in batches
METHODS = ("sgd", "sgd-any-rate", "dana-constant", "dana-decaying")


@dataclass(frozen=True)
class ComputePhase:
    r"""What limits a compute-optimal risk, and its exponents.

    Attributes
    ----------
    name : str
        Of the phase of SGD: Ia, Ib, Ic, II, III, IVa or IVb.
    risk : Fraction
        :math:`\eta` of :math:`P^*=f^{-\eta}`.
    width : Fraction
        Of :math:`d^*`, in powers of f.
    rate : Fraction
        Of :math:`1/\gamma`, in powers of f.
    limits : tuple of str
        The parts of the risk that are equal to it: "population bias", "capacity", "embedding bias",
        "noise".
    """

    name: str
    risk: Fraction
    width: Fraction
    rate: Fraction
    limits: tuple[str, ...]

    def __str__(self) -> str:
        exponents = (self.risk, self.width)
        risk, width = (str(x) if x.denominator < 10**6 else f"{float(x):.6g}" for x in exponents)
        return f"{self.name}: P* = f^-{risk}, d* = f^{width}; {', '.join(self.limits)}"


def compute_phase(alpha: Any, beta: Any, method: str = "sgd") -> ComputePhase:
    r"""Return the phase of a power law, and the exponents of a method's frontier.

    Parameters
    ----------
    alpha : number > 0
        Of inputs; exact: "0.4" is 2/5, and 0.4 the float next to it.
    beta : number
        Of labels, with :math:`2(\alpha+\beta)>1`. On a boundary both phases have the same risk.
    method : str
        "sgd", at a constant share of the largest stable rate; "sgd-any-rate", the best rate for
        each f; "dana-constant" and "dana-decaying", which are where SGD is at the time
        :math:`\vartheta(t)` of `sgdmem.systems.dana_constant`.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> found = compute_phase("0.4", "0.8")
    >>> found.name, str(found.risk), str(found.width), found.limits
    ('IVa', '2/5', '1/2', ('capacity', 'noise'))
    >>> print(compute_phase("0.4", "0.8", "sgd-any-rate").risk)
    28/67
    """
    α, β = positive(alpha, "alpha"), read_number(beta, "beta")
    if not isinstance(method, str) or method not in METHODS:
        raise InputError(f"method must be among {', '.join(METHODS)}, got {shown(method)}")
    require_variance(α, β)
    least = max(Fraction(0), 1 - 2 * α)  # the trace is about d to that, and the rate its inverse
    found = []
    for clock in _clocks(α, method):
        parts = _parts(α, β, clock)
        #  e - a - b x - c y <= 0 for a part f^-(a + b x + c y), where d = f^x, rate = f^-y
        rows: list[_Linear] = [(1, -b, -c, a) for a, b, c in parts.values()]
        rows += [(0, -1, 0, 0), (0, 1, 1, 1), (0, least, -1, 0)]
        e, x, y = _largest(rows, equal=method != "sgd-any-rate")
        limits = tuple(name for name, (a, b, c) in parts.items() if a + b * x + c * y == e)
        found.append(ComputePhase(_name(α, β), e, x, y, limits))
    return max(found, key=lambda phase: phase.risk)


def _name(α: Fraction, β: Fraction) -> str:
    if 2 * β <= 1:
        return "Ia" if 2 * α > 1 else "Ib"
    if 2 * α > 1:
        return "II" if β < α else "III"
    if 4 * α < 1:
        return "Ic"
    return "IVa" if 2 * (1 - α) ** 2 < 1 else "IVb"


def _clocks(α: Fraction, method: str) -> list[_Linear]:
    """Return the time of SGD that a method has reached, the largest of these powers of f."""
    one = Fraction(1)
    clocks = [(one, -one, -one)]  # rate times steps
    if method == "dana-constant":
        clocks.append((2 * one, -3 * one, -one))  # t^2 / d
    if method == "dana-decaying" and 2 * α > 1:
        s = 2 - 1 / (2 * α)
        clocks.append((s, -s, -one))
    return clocks


def _parts(α: Fraction, β: Fraction, clock: _Linear) -> dict[str, _Linear]:
    r"""Return the parts of the risk as f^-(a + b x + c y)."""
    zero, ν = Fraction(0), 2 * α
    ζ = (2 * α + 2 * β - 1) / ν

    def power(of_clock: Fraction, of_width: Any = 0, of_rate: Any = 0) -> _Linear:
        a, b, c = (of_clock * part for part in clock)
        return a, b + of_width, c + of_rate

    fed = max(zero, 1 - ζ)  # the labels that are still to be learned feed the noise
    parts = {
        "population bias": power(ζ),
        "capacity": power(zero, ν - max(zero, 1 - 2 * β)),
        # for alpha < 1/4 the kernel is the bulk of all features, as long as t < d
        "noise": power(2 - 1 / ν - fed, 0, 1) if 4 * α > 1 else power(-fed, 4 * α - 1, 1),
    }
    if ν > 1 and 2 * β > 1:
        parts["embedding bias"] = power(1 - 1 / ν, 1)
    return parts


def _largest(rows: list[_Linear], equal: int) -> _Linear:
    """Return the point of the largest e with p e + q x + r y <= s for all rows (p, q, r, s).

    The last rows, ``equal`` of them, hold with equality.
    """
    from flint import fmpq, fmpq_mat

    exact = [[fmpq(*Fraction(x).as_integer_ratio()) for x in row] for row in rows]
    fixed, best = exact[len(exact) - equal :], None
    for chosen in combinations(exact[: len(exact) - equal], 3 - equal):
        active = [*chosen, *fixed]
        left = fmpq_mat(3, 3, [x for row in active for x in row[:3]])
        if left.det() == 0:
            continue
        e, x, y = left.solve(fmpq_mat(3, 1, [row[3] for row in active])).entries()
        within = all(p * e + q * x + r * y <= s for p, q, r, s in exact)
        if within and (best is None or e > best[0]):
            best = e, x, y
    assert best is not None
    return tuple(Fraction(int(x.p), int(x.q)) for x in best)


class Frontier(NamedTuple):
    """The least risks for given compute.

    Attributes
    ----------
    compute, widths, risks, rates : ndarray, shape (n,)
        f, d*, P* and the learning rate.
    """

    compute: Array
    widths: Array
    risks: Array
    rates: Array

    def slopes(self) -> Array:
        """Return the slopes of log d* and log P* over log f from each to the next, (n - 1, 2)."""
        logs = np.log([self.compute, self.widths, self.risks])
        steps = np.diff(logs, axis=1)
        found: Array = (steps[1:] / steps[0]).T
        return found


def sgd_frontier(
    alpha: Any,
    beta: Any,
    compute: Any,
    *,
    share: Any = "0.5",
    batch_size: Any = 1,
    any_rate: bool = False,
) -> Frontier:
    r"""Return the frontier of SGD on the deterministic equivalent of random features.

    Parameters
    ----------
    alpha, beta : number
        See `deterministic_features`, whose v is used.
    compute : array of numbers
        f, 1000 batches or more; as long as d* is below 4e15.
    share : number
        The rate, in parts of the largest stable one. Above 1 the risk grows in the end.
    batch_size : number > 0
    any_rate : bool
        Whether the best rate is taken for each f; ``share`` is where it is looked for first.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> found = sgd_frontier(1, 0.7, [1e8, 1e9])
    >>> print(found.widths.round(), found.slopes().round(3))
    [2972. 7594.] [[ 0.407 -0.705]]
    """
    deterministic_features(alpha, beta, 1)  # refuses exponents
    f = np.atleast_1d(read_reals(compute, "compute"))
    B, start = positive_float(batch_size, "batch_size"), np.log(positive_float(share, "share"))
    if not (f.ndim == 1 and f.size and (f >= _LEAST * B).all()):
        raise InputError(f"compute must be {_LEAST:g} batches or more, got {shown(compute)}")
    rows = [(value, *_least(alpha, beta, value / B, B, start, any_rate)) for value in f]
    return Frontier(*np.array(rows).T)


def _least(
    alpha: Any, beta: Any, steps_times_width: float, B: float, log_share: float, any_rate: bool
) -> tuple[float, float, float]:
    """Return the best width, its risk and rate."""
    from scipy.optimize import minimize, minimize_scalar

    def question(log_d: float, log_share: float) -> tuple[Any, ...]:
        d = float(np.exp(log_d))
        features = deterministic_features(alpha, beta, d)
        return features, np.exp(log_share) * features.stable_rate(B), B, steps_times_width / d

    def risk(log_d: float, log_share: float = log_share) -> float:
        try:
            features, *asked = question(log_d, log_share)
            return float(np.log(features.risks(*asked)))
        except InputError:  # a mode grows by itself
            return np.inf

    total = np.log(steps_times_width)
    # of a few features with few inputs, v = 4 d, the labels are hardly any
    low = float(compute_phase(alpha, beta).width) / 2 * total
    grid = np.arange(low, min(total, np.log(WIDEST)), _APART)
    if not grid.size:
        raise InputError(
            f"compute must be less, got {steps_times_width:g}: widths end at {WIDEST:g}"
        )
    place = int(np.argmin(risks := [risk(x) for x in grid]))
    if not np.isfinite(risks[place]):
        raise InputError(
            f"share must be smaller, got {np.exp(log_share):g}: a mode grows by itself"
        )
    near = grid[place]
    if place == len(grid) - 1:
        if near + _APART < total:
            raise InputError(
                f"compute must be less, got {steps_times_width:g}: widths end at {WIDEST:g}"
            )
        raise InputError(
            f"share must be smaller, got {np.exp(log_share):g}: for so little compute one step "
            "of many features is best"
        )
    if place == 0:
        raise InputError(
            f"compute must be more, got {steps_times_width:g}: few features of few inputs are best"
        )
    around = near - _APART, near + _APART
    log_d = minimize_scalar(risk, bounds=around, method="bounded", options={"xatol": 1e-4}).x
    if any_rate:
        accuracy = {"xatol": 1e-4, "fatol": 1e-12}
        found = minimize(
            lambda x: risk(*x), [log_d, log_share], method="Nelder-Mead", options=accuracy
        )
        log_d, log_share = found.x
    return np.exp(log_d), np.exp(risk(log_d, log_share)), question(log_d, log_share)[1]
