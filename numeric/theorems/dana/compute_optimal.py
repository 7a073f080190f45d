r"""Compute-optimal exponents: in every phase P* and d* are the powers of f of a linear program.

Its parts are the population bias, the capacity, the embedding bias and the noise. At a constant
share of the stable rates this is Table 2 of arXiv 2405.15074; with the best rate for each f phase
IV has larger exponents, and the others the same.

Method: local slopes of the frontier on the deterministic equivalent, v infinite or 4 d, between two
f of :math:`10^{14}` and more; that of P*, and that of d*.
"""

from __future__ import annotations

from functools import cache

from sgdmem.numeric.systems.compute_optimal import compute_phase, sgd_frontier
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Compute-optimal exponents",
    "arXiv 2405.15074, Table 2, and arXiv 2505.16098",
    tolerance=0.03,
    reason="the difference of slopes; f is finite",
)

_POINTS = (  # two in each phase but Ib
    *(("0.75", "0.4"), ("1", "0.3"), ("0.35", "0.35"), ("0.2", "0.8"), ("0.15", "1")),
    *(("1", "0.7"), ("1.2", "0.8"), ("0.7", "1"), ("0.6", "0.9"), ("0.4", "0.8"), ("0.35", "1")),
    *(("0.27", "0.8"), ("0.27", "1.2")),
)
_ANY_RATE = (("0.4", "0.8"), ("0.35", "1"))


def claim(alpha: str, beta: str, method: str) -> tuple[float, float]:
    """Return the exponents of P* and d*."""
    found = compute_phase(alpha, beta, method)
    return -float(found.risk), float(found.width)


def check(claim: Claim = claim) -> list[Case]:
    """Compare in every phase, and with the best rate in phase IV."""
    cases = []
    for method, points in (("sgd", _POINTS), ("sgd-any-rate", _ANY_RATE)):
        for alpha, beta in points:
            phase = compute_phase(alpha, beta).name
            told = claim(alpha, beta, method)
            for name, slope, value in zip(
                ("P*", "d*"), _slopes(alpha, beta, method), told, strict=True
            ):
                label = f"{phase}, alpha {alpha}, beta {beta}, {method}: {name}"
                cases.append(Case(label, slope - value, 0.0))
    return cases


@cache
def _slopes(alpha: str, beta: str, method: str) -> tuple[float, float]:
    any_rate = method == "sgd-any-rate"
    compute = [1e14, 1e17] if any_rate else [1e17, 1e21]
    ((width, risk),) = sgd_frontier(alpha, beta, compute, any_rate=any_rate).slopes()
    return float(risk), float(width)


PERTURBED: dict[str, Claim] = {
    "as in phase Ia": lambda alpha, beta, method: (
        -(2 * float(alpha) + 2 * float(beta) - 1) / (2 * float(alpha) + 1),
        1 / (2 * float(alpha) + 1),
    ),
    "IVb and Ic as IVa": lambda alpha, beta, method: (
        (-float(alpha), 0.5) if float(alpha) < 0.5 < float(beta) else claim(alpha, beta, method)
    ),
    "the best rate gains nothing": lambda alpha, beta, method: claim(alpha, beta, "sgd"),
    "d* = f^(1/2)": lambda alpha, beta, method: (claim(alpha, beta, method)[0], 0.5),
}
