"""Why a verdict is what it is: one vocabulary for verdicts, maps, boundaries and pages."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """Which condition decides; the value is what ``to_dict``, JSON and data files say.

    ``ROOT_AT_1``, ``ROOT_AT_MINUS_1`` and ``COMPLEX_ROOTS`` say more closely than ``NOISELESS``
    which root is at fault: `Verdict.binding`, and the labels of a boundary. ``BOUNDARY`` is where
    the noise sum or radius is exactly 1, or where a root lies on the unit circle and none outside,
    which is the boundary of stability without noise; a `Verdict` says which.

    Attributes
    ----------
    explanation : str
        What it means, in a sentence.
    label : str
        The same in a few words.

    Examples
    --------
    >>> Reason("no_pull").explanation
    'the gradient has no lasting effect: Q(1) = 0, so that x = 1 is a root of P - lambda Q for ...'
    >>> Reason.ROOT_AT_MINUS_1.label
    'a root at x = -1'
    """

    STABLE = "stable"
    NO_PULL = "no_pull"
    NOISELESS = "noiseless"
    MODE_NOISE = "mode_noise"
    NOISE_SUM = "noise_sum"
    TRACE_DIVERGES = "trace_diverges"
    SQUARES_DIVERGE = "squares_diverge"
    UNDECIDED_NOISELESS = "undecided_noiseless"
    UNDECIDED_MODE_NOISE = "undecided_mode_noise"
    UNDECIDED_NOISE_SUM = "undecided_noise_sum"
    UNDECIDED_FIT = "undecided_fit"
    UNPHYSICAL_NOISE = "unphysical_noise"
    ROOT_AT_1 = "root_at_1"
    ROOT_AT_MINUS_1 = "root_at_minus_1"
    COMPLEX_ROOTS = "complex_roots"
    BOUNDARY = "boundary"

    @property
    def explanation(self) -> str:  # noqa: D102 - described above
        return _EXPLANATIONS[self]

    @property
    def label(self) -> str:  # noqa: D102 - described above
        return "undecided" if self.is_open else _LABELS[self]

    @property
    def is_open(self) -> bool:
        """Whether nothing is proved, neither stability nor instability."""
        return self in _OPEN

    @property
    def stable(self) -> bool | None:
        """What it means for a verdict: True, False, or None where it is undecided."""
        return None if self.is_open else self is Reason.STABLE

    @property
    def flag(self) -> int:
        """What maps hold of it: 1 for stable, 0 for not, -1 for undecided."""
        return -1 if self.is_open else int(self is Reason.STABLE)


_OPEN = {
    Reason.UNDECIDED_NOISELESS,
    Reason.UNDECIDED_MODE_NOISE,
    Reason.UNDECIDED_NOISE_SUM,
    Reason.UNDECIDED_FIT,
    Reason.UNPHYSICAL_NOISE,
}
_NOISELESS = "the method does not converge even without noise: P - lambda Q has "
_EXPLANATIONS = {
    Reason.STABLE: "the mean loss tends to 0 from every start",
    Reason.NO_PULL: "the gradient has no lasting effect: Q(1) = 0, so that x = 1 is a root of "
    "P - lambda Q for every eigenvalue",
    Reason.NOISELESS: f"{_NOISELESS}a root on or outside the unit circle",
    Reason.MODE_NOISE: "the noise of a single mode feeds on itself: 1 + (tau2/B) s <= 0",
    Reason.NOISE_SUM: "the mini-batch noise feeds on itself: the noise sum is at least 1",
    Reason.TRACE_DIVERGES: "the eigenvalues have an infinite sum, so the noise sum is infinite: "
    "the loss may fall for long but diverges in the end",
    Reason.SQUARES_DIVERGE: "the squares of the eigenvalues have an infinite sum: the loss is "
    "infinite as soon as noise reaches w",
    Reason.UNDECIDED_NOISELESS: "a root of P - lambda Q is too close to the unit circle for "
    "floating point to decide",
    Reason.UNDECIDED_MODE_NOISE: "1 + (tau2/B) s is too close to 0 for floating point to decide",
    Reason.UNDECIDED_NOISE_SUM: "the noise sum is too close to 1 for floating point to decide",
    Reason.UNDECIDED_FIT: "the noise is estimated, and the errors or the misfit of the estimate "
    "could turn the verdict",
    Reason.UNPHYSICAL_NOISE: "tau2 > tau1 is the noise of no data (Lemma 1), and the sufficient "
    "conditions do not decide this case",
    Reason.ROOT_AT_1: f"{_NOISELESS}a real root at or beyond 1",
    Reason.ROOT_AT_MINUS_1: f"{_NOISELESS}a real root at or beyond -1",
    Reason.BOUNDARY: "it lies exactly on the boundary of stability, with noise or without, where "
    "second moments need not decay",
    Reason.COMPLEX_ROOTS: f"{_NOISELESS}two complex roots on or outside the unit circle",
}
_LABELS = {
    Reason.STABLE: "stable",
    Reason.NO_PULL: "no pull of the gradient",
    Reason.NOISELESS: "a root outside the unit circle",
    Reason.MODE_NOISE: "the noise of a single mode",
    Reason.NOISE_SUM: "the noise sum",
    Reason.TRACE_DIVERGES: "a spectrum whose sum diverges",
    Reason.SQUARES_DIVERGE: "a spectrum whose squares have no sum",
    Reason.ROOT_AT_1: "a root at x = 1",
    Reason.ROOT_AT_MINUS_1: "a root at x = -1",
    Reason.COMPLEX_ROOTS: "two complex roots",
    Reason.BOUNDARY: "on the boundary, with noise or without",
}
