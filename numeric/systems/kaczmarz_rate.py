r"""Last iterate of Kaczmarz: a mean loss of at most :math:`C/(t+1)`, of every instance and start.

Proof, for the rate :math:`0<\eta<2` and Hessians :math:`0\preceq H_i\preceq1` with the mean H. With
:math:`U=1-\eta H` and :math:`J(A)=\eta^2E(H_i-H)A(H_i-H)` a step maps A to
:math:`P(A)=E(1-\eta H_i)A(1-\eta H_i)=UAU+J(A)`, and :math:`A_t=P^t(H)` has the loss from the worst
start, :math:`\frac12\lambda_{\max}(A_t)`.

1. Sums. :math:`H_i^2\preceq H_i`, so :math:`J(1)\preceq\eta^2(H-H^2)` and
   :math:`1-P(1)\succeq\eta(2-\eta)H`. As :math:`\sum_tP^t(1-P(1))\preceq1`, all
   :math:`A_t\succeq0` add up to at most :math:`1/(\eta(2-\eta))`. And
   :math:`\Phi(B)=\sum_sU^sJ(B)U^s` has :math:`\Phi(1)\preceq\eta(1-H)/(2-\eta H)`.
2. Waits. Expand :math:`A_t` in the places of J: waits :math:`s_0,\dots,s_k` of powers of U, between
   them k times J, and H at the end; :math:`\sum_i(s_i+1)=t+1`. So :math:`(t+1)A_t` is the sum over
   i of all terms times :math:`s_i+1`. After wait i comes the end, H, or :math:`J(A_r)`, where r are
   the steps left. If the sum of :math:`(s+1)U^sBU^s` over s, with those B, is at most a function
   :math:`\Gamma(H)`, then :math:`(t+1)A_t\preceq\sum_i\Phi^i(\Gamma)`; and where
   :math:`\Gamma\preceq C_1(1-\Phi(1))` that sum telescopes to at most :math:`C_1`.
3. One wait. The end gives :math:`(s+1)h(1-\eta h)^{2s}`, of one s. For the others let
   :math:`B_r=J(A_r)`, which add up to at most :math:`R=\eta H(1-H)/(2-\eta)`, and
   :math:`G_s=sU^{s-1}BU^{s-1}`, which is 0 at both ends: so :math:`G_{s+1}` is at most half of
   its total variation, in every vector. With :math:`a=\sqrt{j+1}\,U` and :math:`b=\sqrt j`

   .. math:: \langle a\phi,Ba\phi\rangle-\langle b\phi,Bb\phi\rangle=
       \langle(a-b)\phi,B(a+b)\phi\rangle,

   and by Cauchy and Schwarz over all B at once the sum of absolute values is at most
   :math:`\frac12(\ell|a+b|_R^2+|a-b|_R^2/\ell)`, for any :math:`\ell>0`. With
   :math:`\ell=1/(4j+2)` what is to be summed over j are polynomials times powers of
   :math:`(1-\eta h)^2`.

For small h this tends to :math:`\Gamma=\frac1{2e\eta}+\frac{1.015}{4(2-\eta)}`: the largest is at
an h of order 1. :math:`C=C_1/2`.
"""

from __future__ import annotations

import heapq
from typing import Any

from sgdmem.numeric.systems.kaczmarz_guarantee import read_rate

_EXCESS = 1e-6  # of what is returned above the least constant of this proof
_MOST_CELLS = 200_000


def last_iterate_constant(learning_rate: Any = 1) -> float:
    r"""Return a C such that :math:`E L(w_t)\le C|w_0-w_*|^2/(t+1)` is proved for every instance.

    Rounded up, by balls of arithmetic over all h from 0 to 1.

    Parameters
    ----------
    learning_rate : number
        From 0.01 to 1.9; 1 is the greedy step.

    Raises
    ------
    InputError
        For another rate.

    Examples
    --------
    >>> print(*(round(last_iterate_constant(rate), 3) for rate in (0.5, 1, 1.5)))
    0.555 0.638 2.061
    """
    from flint import arb

    rate = arb(read_rate(learning_rate, limited=True))

    def cell(low: float, width: float) -> tuple[float, float, float, float]:
        bound = _ratio(arb(low + width / 2, width / 2), rate)
        return -float(bound.upper()), float(_ratio(arb(low + width / 2), rate).lower()), low, width

    cells = [cell(i / 64, 1 / 64) for i in range(64)]
    least = max(found[1] for found in cells)
    heapq.heapify(cells)
    for _ in range(_MOST_CELLS):
        if -cells[0][0] <= least * (1 + _EXCESS):
            break
        _, _, low, width = heapq.heappop(cells)
        for start in (low, low + width / 2):
            part = cell(start, width / 2)
            least = max(least, part[1])
            heapq.heappush(cells, part)
    return -cells[0][0] / 2 * (1 + 1e-15)


def wait_bound(h: Any, rate: Any) -> Any:
    r"""Return :math:`\Gamma(h)` of the proof: what one wait adds, of numbers or balls."""
    u = 1 - rate * h
    q, c, moved = u * u, 1 / (1 + u), rate * h  # 1 - q = moved / c
    size = abs(u)
    # moved times the sums over j of q^(j-1), (2j+1) q^(j-1) (1 - q) and (2j+1)^2 q^(j-1) moved^2
    ones, odd = c, 3 * moved + 2 * q * c
    squares = 4 * q * (1 + q) * c**3 + 12 * q * moved * c**2 + 9 * moved**2 * c
    jumps = ((1 + size) ** 2 / 4 + 1.03 * size) * ones + squares - odd
    share = (1 - h) / (2 - rate)  # R over moved
    # (s + 1) q^s: 1 where q <= 1/2, and else at most 1 / (e q (1 - q))
    end = h if q <= 0.5 else c / (2.718281828 * rate * q)
    return end + share * (moved / 2 + jumps / 4)


def _ratio(h: Any, rate: Any) -> Any:
    return wait_bound(h, rate) * (2 - rate * h) / (2 - rate)
