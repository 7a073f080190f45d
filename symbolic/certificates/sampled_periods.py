r"""Proofs about data and methods that repeat a period of steps, or batches of several sizes.

Each step k takes second moments X to :math:`\mathcal A_k(X)` (`sampled_steps`). A chain
:math:`Y_0,\dots,Y_T` with :math:`Y_k-\mathcal A_k(Y_{k-1})\succ0` has
:math:`Y_T\succ\mathcal A(Y_0)` for the whole period :math:`\mathcal A`, since every step keeps the
order; so :math:`Y_0-Y_T\succ0` makes :math:`Y_0` a proof, as in `periods`.

W workers that make a period by themselves and go on from their average make second moments
:math:`(\mathcal A(X)+(W-1)PXP^T)/W` of it, with the product P of the steps without noise: two of
them have nothing in common but where they began. :math:`PY_0P^T` has a chain :math:`Z_k` of its
own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flint import fmpq

from sgdmem.symbolic.certificates.fields import field, rationals, require, row
from sgdmem.symbolic.certificates.modes import read_step
from sgdmem.symbolic.certificates.periods import MOST_STEPS, read_workers, steps_told
from sgdmem.symbolic.certificates.sampled_steps import (
    SampledStep,
    moved,
    read_rows,
    read_share,
)
from sgdmem.symbolic.certificates.samples import (
    read_square,
    require_definite,
    require_kept,
    require_negative,
    require_not_falling,
    require_spanned,
)


@dataclass(frozen=True)
class SampledPeriod:
    """The steps of a period, on the same data, and how many workers make them."""

    steps: list[SampledStep]
    workers: int

    def after(self, X: Any) -> Any:
        """Return second moments after a period."""
        noisy = still = X
        for step in self.steps:
            noisy, still = moved(step, noisy), moved(replace(step, share=fmpq(0)), still)
        return self.averaged(noisy, still)

    def averaged(self, noisy: Any, still: Any) -> Any:
        """Return second moments of the average, of those with and without noise."""
        return (noisy + (self.workers - 1) * still) / self.workers


def read_sampled_period(record: Any) -> SampledPeriod:
    """Return the steps of a proof, with a batch size each, or one for all, and the data."""
    methods = row(field(record, "steps"), "steps", lambda step, _: step)
    require(0 < len(methods) <= MOST_STEPS, "a period has some steps")
    given = field(record, "inverse_batch_size")
    sizes = given if isinstance(given, list) else [given] * len(methods)
    require(len(sizes) == len(methods), "each step has a batch size")
    inverses = rationals(sizes, "inverse_batch_size")
    require(min(inverses) >= 0, "a batch size is not negative")
    first, problem = read_rows(record, methods[0], inverses[0]), field(record, "problem")
    weights, steps = rationals(field(problem, "weights"), "weights"), []
    for method, inverse in zip(methods, inverses, strict=True):
        share = read_share(problem, inverse, weights)
        steps.append(replace(first, step=read_step(method), share=fmpq(*share.as_integer_ratio())))
    require(len({step.step.size for step in steps}) == 1, "all steps have the same memory")
    return SampledPeriod(steps, read_workers(record))


def check_stable(period: SampledPeriod, witness: Any) -> str:
    """Check that second moments decrease from period to period."""
    Y = _decreasing(period, witness)
    require_definite(Y, field(witness, "of_Y"), "Y")
    return f"second moments fall {_over(period)}, in the order of a matrix Y"


def check_unstable(period: SampledPeriod, witness: Any) -> str:
    """Check that they do not decrease."""
    require_spanned(period.steps[0])
    if "X" in witness:
        require_not_falling(period.steps[0], witness["X"], period.after)
        return f"second moments X do not fall {_over(period)}"
    require_negative(_decreasing(period, witness), field(witness, "vector"))
    return f"second moments do not fall {_over(period)}: they would sum to a negative number"


def check_boundary(period: SampledPeriod, witness: Any) -> str:
    """Check that some second moments, positive definite, are the same after a period."""
    require_spanned(period.steps[0])
    require_kept(period.steps[0], field(witness, "X"), period.after)
    return f"second moments X are the same {_over(period, 'after a')}, so its radius is 1"


def _over(period: SampledPeriod, how: str = "from period to") -> str:
    return f"{how} period of {steps_told(len(period.steps), period.workers)}"


def _decreasing(period: SampledPeriod, witness: Any) -> Any:
    """Return Y_0, after it is shown that it is above what a period makes of it."""
    family = _squares(period, witness, "Y", len(period.steps) + 1)
    _require_chain(period.steps, family, "Y")
    still = family[-1]
    if period.workers > 1:
        others = _squares(period, witness, "Z", len(period.steps))
        quiet = [replace(step, share=fmpq(0)) for step in period.steps]
        _require_chain(quiet, [family[0], *others], "Z")
        still = others[-1]
    require_definite(family[0] - period.averaged(family[-1], still), None, "Y - A(Y)")
    return family[0]


def _squares(period: SampledPeriod, witness: Any, name: str, count: int) -> list[Any]:
    family = row(
        field(witness, name), name, lambda value, _: read_square(period.steps[0], value, name)
    )
    require(len(family) == count, f"{name} has a matrix of each step")
    return family


def _require_chain(steps: list[SampledStep], family: list[Any], name: str) -> None:
    """Require that each matrix is above what a step makes of the one before."""
    for k, step in enumerate(steps):
        left = family[k + 1] - moved(step, family[k])
        require_definite(left, None, f"{name} less what step {k + 1} makes of the {name} before")
