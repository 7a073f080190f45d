r"""Energy identities: how much energy a step of an interlacing method takes, for all parameters.

With :math:`G=\lambda w`, :math:`u_i'=(1-\delta_i)u_i+\beta_iG`, :math:`s=\sum\beta_iu_i'`,
:math:`w'=w-gG-s` and :math:`F=\sum\beta_i^2` the energy
:math:`\tilde E=\lambda w^2+|u|^2+2\lambda w\,\beta\cdot u` changes by

.. math:: -(2g-g^2\lambda-F)\lambda^2w^2-\lambda s^2-\sum(2\delta_i-\delta_i^2)u_i^2
    -2\lambda w\sum\delta_i\beta_iu_i,

and the transposed steps, :math:`W'=W-\lambda gW-\sigma`, :math:`v_i'=(1-\delta_i)\hat v_i` with
:math:`\hat v=v+bW`, :math:`b=\sqrt\lambda\beta`, :math:`\sigma=b\cdot\hat v`,
:math:`f=|b|^2`, change :math:`W^2+|v|^2+2W\,b\cdot v` by

.. math:: -(2\lambda g-\lambda^2g^2-f)W^2-\sigma^2-\sum(2\delta_i-\delta_i^2)\hat v_i^2
    -2W'\sum\delta_ib_i\hat v_i.

Method: both sides are polynomials, which SymPy expands for memories 1 to 3. Computed is the number
of terms of their difference; theory is none.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Energy identities",
    "docs/theory/larger-memory-schedules, Lemmas 3 and 8",
    tolerance=0.0,
    reason="polynomials are compared exactly",
)


def claim(
    backward: bool,
    rates: tuple[Any, Any],
    vectors: tuple[list[Any], list[Any], list[Any]],
    w: Any,
    *,
    noise: int = 1,
    cross: int = 2,
) -> Any:
    """Return the change of the energy, of F times ``noise``, and of ``cross`` times the last sum.

    The vectors are beta, delta and u, or b, delta and v of the step before.
    """
    lam, g = rates
    beta, delta, u = vectors
    pull = sum(x * x for x in beta) * noise
    triples = list(zip(beta, delta, u, strict=True))
    if not backward:
        s = sum(x * ((1 - d) * y + x * lam * w) for x, d, y in triples)
        lost = (2 * g - g**2 * lam - pull) * lam**2 * w**2 + lam * s**2
        lost += sum((2 * d - d**2) * y**2 for _, d, y in triples)
        return -lost - cross * lam * w * sum(x * d * y for x, d, y in triples)
    hats = [(x, d, y + x * w) for x, d, y in triples]
    s = sum(x * y for x, _, y in hats)
    lost = (2 * lam * g - lam**2 * g**2 - pull) * w**2 + s**2
    lost += sum((2 * d - d**2) * y**2 for _, d, y in hats)
    return -lost - cross * (w - lam * g * w - s) * sum(x * d * y for x, d, y in hats)


def check(claim: Claim = claim) -> list[Case]:
    """Expand the difference for three memories and two directions."""
    return [
        Case(
            f"{'backward' if backward else 'forward'}, M = {memory}",
            _terms_left(claim, backward, memory),
            0.0,
        )
        for backward in (False, True)
        for memory in (1, 2, 3)
    ]


def _terms_left(claim: Claim, backward: bool, memory: int) -> float:
    from sympy import Add, expand, symbols

    lam, g, w = symbols("lambda g w")
    beta, delta, u = (list(symbols(f"{name}1:{memory + 1}")) for name in ("beta", "delta", "u"))
    before, after = _energies(backward, (lam, g), (beta, delta, u), w)
    change = expand(after - before - claim(backward, (lam, g), (beta, delta, u), w))
    return 0.0 if change == 0 else float(len(Add.make_args(change)))


def _energies(
    backward: bool, rates: tuple[Any, Any], vectors: tuple[list[Any], list[Any], list[Any]], w: Any
) -> tuple[Any, Any]:
    """Return the energy before and after the step itself."""
    lam, g = rates
    beta, delta, u = vectors
    if backward:
        hats = [y + x * w for x, y in zip(beta, u, strict=True)]
        new = [(1 - d) * y for d, y in zip(delta, hats, strict=True)]
        moved = w - lam * g * w - sum(x * y for x, y in zip(beta, hats, strict=True))
        return _energy(1, beta, w, u), _energy(1, beta, moved, new)
    new = [(1 - d) * y + x * lam * w for x, d, y in zip(beta, delta, u, strict=True)]
    moved = w - g * lam * w - sum(x * y for x, y in zip(beta, new, strict=True))
    return _energy(lam, beta, w, u), _energy(lam, beta, moved, new)


def _energy(scale: Any, beta: list[Any], w: Any, u: list[Any]) -> Any:
    cross = sum(x * y for x, y in zip(beta, u, strict=True))
    return scale * w**2 + sum(y * y for y in u) + 2 * scale * w * cross


PERTURBED: dict[str, Claim] = {
    "F dropped": partial(claim, noise=0),
    "F twice": partial(claim, noise=2),
    "half of the last sum": partial(claim, cross=1),
}
