"""The one rule: which of the conditions decides, in the order in which they are looked at.

It is data. Verdicts and batches of them evaluate it over arrays with error bounds; machine code,
pages and programs in other languages are written from it (`rule_lines`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.judges.reason import Reason

# A condition compares one name with one number, as every language writes it. The names:
# pull    0 where Q(1) is exactly 0
# schur   1 where every mode is strictly Schur, -1 where one is not, 0 where that is open
# trace   1 where there is noise and the eigenvalues have no finite sum, 2 where not even their
#         squares have one, 0 otherwise
# noise   0 for full batches
# damped  1 where every mode has 1 + (tau2/B) s > 0, -1 where one has not, 0 where that is open
# low, high  bounds of the radius of the noise operator
RULE: tuple[tuple[str, str, float, Reason], ...] = (
    ("pull", "==", 0, Reason.NO_PULL),
    ("schur", "<", 0, Reason.NOISELESS),
    ("trace", "==", 1, Reason.TRACE_DIVERGES),
    ("trace", "==", 2, Reason.SQUARES_DIVERGE),
    ("schur", "<", 1, Reason.UNDECIDED_NOISELESS),
    ("noise", "==", 0, Reason.STABLE),
    ("damped", "<", 0, Reason.MODE_NOISE),
    ("damped", "<", 1, Reason.UNDECIDED_MODE_NOISE),
    ("high", "<", 1, Reason.STABLE),
    ("low", ">=", 1, Reason.NOISE_SUM),
)
OTHERWISE = Reason.UNDECIDED_NOISE_SUM
# tau2 > tau1: with H(z) the generating function of a mode's squared impulse response, |H(z)| <= s
# for |z| >= 1; so U' >= 1 forces an eigenvalue >= 1 on the real axis, and the cautious noise, with
# -abs(tau2), excludes all of them if it is stable (a small-gain condition).
UNPHYSICAL_RULE: tuple[tuple[str, str, float, Reason], ...] = (
    ("pull", "==", 0, Reason.NO_PULL),
    ("schur", "<", 1, Reason.UNPHYSICAL_NOISE),
    ("proved_low", ">=", 1, Reason.NOISE_SUM),
    ("cautious_high", "<", 1, Reason.STABLE),
)
# Relative width of bounds of a radius, or a noise sum, whose middle is told: of what is stable, and
# of others; what is below the last one is told as it is.
RESOLVED, ROUGHLY_RESOLVED, NOTHING = 1e-6, 1e-3, 1e-300
REASONS = tuple(Reason)  # arrays hold their places in this order

_COMPARISONS: Mapping[str, Callable[[Any, float], Any]] = {
    "==": np.equal,
    "<": np.less,
    ">=": np.greater_equal,
}


def decide(**known: Any) -> Array:
    """Return places in `REASONS`, given the names of the rule as numbers or arrays.

    Examples
    --------
    >>> known = {"pull": 1, "schur": 1, "trace": 0, "noise": 1, "damped": 1}
    >>> codes = decide(**known, low=0.5, high=np.array([0.6, 2]))
    >>> [REASONS[code].value for code in codes]
    ['stable', 'undecided_noise_sum']
    """
    return _first(RULE, OTHERWISE, known)


def decide_unphysical(**known: Any) -> Array:
    """Return the same for tau2 > tau1, where only sufficient conditions are known.

    ``proved_low`` is a lower bound of the radius, 0 unless every mode is certainly damped;
    ``cautious_high`` an upper one for the noise with -abs(tau2), inf unless that damps every mode.
    """
    return _first(UNPHYSICAL_RULE, Reason.UNPHYSICAL_NOISE, known)


def _first(
    rule: tuple[tuple[str, str, float, Reason], ...], otherwise: Reason, known: Mapping[str, Any]
) -> Array:
    conditions = [_COMPARISONS[sign](known[name], value) for name, sign, value, _ in rule]
    codes = [REASONS.index(reason) for *_, reason in rule]
    conditions = list(np.broadcast_arrays(*conditions))
    return np.select(conditions, codes, REASONS.index(otherwise)).astype(np.int8)


def flags(codes: Array) -> Array:
    """Return 1 for stable, 0 for not, -1 for undecided, for places in `REASONS`."""
    return _FLAGS[codes]


_FLAGS = np.array([reason.flag for reason in REASONS], np.int8)


def margin(noise_sum: Array, damping: Array) -> Array:
    """Return min(1 - radius, min_k 1 + (tau2/B) s_k), -inf where the radius is infinite."""
    return np.where(np.isinf(noise_sum), -np.inf, np.minimum(1 - noise_sum, damping))


def javascript_rule() -> str:
    """Return the rule as a function of JavaScript.

    Examples
    --------
    >>> print(javascript_rule().splitlines()[1].strip())
    if (pull === 0) return "no_pull";
    """

    def write(name: str, sign: str, number: str, reason: Reason) -> str:
        return f'  if ({name} {sign.replace("==", "===")} {number}) return "{reason.value}";'

    first = "function decide(pull, schur, trace, noise, damped, low, high) {"
    return "\n".join([first, *rule_lines(write), f'  return "{OTHERWISE.value}";', "}"])


def rule_lines(write: Callable[[str, str, str, Reason], str]) -> list[str]:
    """Return the rule as lines of a language; ``write`` gets name, comparison, number, reason."""
    return [write(name, sign, f"{value:g}", reason) for name, sign, value, reason in RULE]


def radius_limit() -> tuple[str, float]:
    """Return the comparison that the radius passes where everything before it holds.

    Examples
    --------
    >>> radius_limit()
    ('<', 1)
    """
    return next((sign, value) for name, sign, value, _ in RULE if name == "high")
