"""The truth about a proof's question, by the dense operator of all second moments.

Slow and obvious, in rational numbers of FLINT; nothing is shared with makers or checker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from flint import acb, arb, ctx, fmpq, fmpq_mat

_BITS = 400  # of eigenvalues that are not rational
_MOST_BITS = 3000  # a root that is within so many of the circle is taken to be on it


def truth(record: Any) -> str:
    """Return "stable", "unstable" or "boundary": where the radius of the operator lies from 1.

    Of a power law, which must be finite, the eigenvalues are rounded; "boundary" means nothing.
    """
    operator = _of_rows(record) if "rows" in record["problem"] else _of_modes(record)
    return side_of_one(operator.charpoly())


def side_of_one(polynomial: Any) -> str:
    """Return where the largest root in absolute value lies from 1."""
    bits = 64
    while True:
        with ctx.workprec(bits):
            sizes = [abs(acb(root)) for root, _ in polynomial.complex_roots()]
            if all(size < 1 for size in sizes):
                return "stable"
            if any(size > 1 for size in sizes):
                return "unstable"
        if bits > _MOST_BITS:
            return "boundary"
        bits *= 4


def is_noiseless_boundary(record: Any) -> bool:
    """Whether all roots of all modes lie in the disc, and some on the circle."""
    quiet = {**record, "inverse_batch_size": "0"}
    return truth(quiet) == "boundary"


def _steps(record: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield S_0, v and r of each step, as matrices."""
    for method in record["steps"] if "steps" in record else [record["algorithm"]]:
        b, c, a = ([_number(x) for x in method[name]] for name in ("b", "c", "a"))
        D = [[_number(x) for x in line] for line in method["D"]]
        first = [1 - _number(method["shrink"]), *b]
        free = _matrix([first, *([fmpq(0), *line] for line in D)])
        yield free, _matrix([[-_number(method["alpha"])], *([x] for x in c)]), _matrix([[1, *a]])


def _of_modes(record: Any) -> Any:
    problem, noise = record["problem"], record["noise"]
    if "power_law" in problem:
        lam = _powers(problem["power_law"])
        counts = [fmpq(1)] * len(lam)
        tau2 = [_number(noise["tau2"])] * len(lam)
    else:
        lam, counts = ([_number(x) for x in problem[name]]
                       for name in ("eigenvalues", "multiplicities"))  # fmt: skip
        tau2 = [_number(x) for x in noise["tau2"]]
    T = [[_number(x) for x in line] for line in noise["coupling"]] if "coupling" in noise else [
        [_number(noise["tau1"])] * len(lam)
    ] * len(lam)  # fmt: skip
    each = [i for i, count in enumerate(counts) for _ in range(int(count.p) if count.q == 1 else 1)]
    share = [fmpq(1) if count.q == 1 else count for count in counts]
    inverse, decay = _number(record["inverse_batch_size"]), _number(problem["weight_decay"])
    whole = None
    for free, v, r in _steps(record):
        block = free.nrows() ** 2
        noise_in, read = _kron(v, v), _kron(r, r)
        lines = [[fmpq(0)] * (block * len(each)) for _ in range(block * len(each))]
        for m, i in enumerate(each):
            S = free + (lam[i] + decay) * (v * r)
            moved = _kron(S, S)
            for k, j in enumerate(each):
                gain = inverse * lam[i] * T[i][j] * lam[j] * share[j]
                if m == k:
                    gain -= inverse * tau2[i] * lam[i] ** 2
                part = gain * (noise_in * read)
                for x, y in product(range(block), repeat=2):
                    entry = part[x, y] + (moved[x, y] if m == k else 0)
                    lines[m * block + x][k * block + y] = entry
        step = _matrix(lines)
        whole = step if whole is None else step * whole
    return whole


def _of_rows(record: Any) -> Any:
    """Return the mean over all batches, of a whole size; the rows must span their space."""
    problem = record["problem"]
    K, decay = problem["outputs"], _number(problem["weight_decay"])
    lines = [[_number(x) for x in line] for line in problem["rows"]]
    d, count = len(lines[0]), len(lines) // K
    weights = [_number(x) for x in problem["weights"]]
    inverse = Fraction(record["inverse_batch_size"])
    size = count if inverse == 0 else int(1 / inverse)
    (free, v, r), *_ = _steps(record)
    curvatures = []
    for s in range(count):
        rows = _matrix(lines[s * K : (s + 1) * K])
        curvatures.append(rows.transpose() * rows)
    identity = _matrix([[fmpq(int(i == j)) for j in range(d)] for i in range(d)])
    total = fmpq_mat((free.nrows() * d) ** 2, (free.nrows() * d) ** 2)
    for batch, probability in _batches(weights, size, problem["replacement"], inverse == 0):
        H = decay * identity
        for s, part in batch:
            H = H + part * curvatures[s]
        S = _kron(free, identity) + _kron(v * r, H)
        total = total + probability * _kron(S, S)
    return total


def _batches(
    weights: Sequence[Any], size: int, replacement: bool, whole: bool
) -> Iterator[tuple[list[tuple[int, Any]], Any]]:
    if whole:
        yield list(enumerate(weights)), fmpq(1)
    elif replacement:
        for chosen in product(range(len(weights)), repeat=size):
            probability = fmpq(1)
            for s in chosen:
                probability *= weights[s]
            yield [(s, fmpq(1, size)) for s in chosen], probability
    else:
        every = list(combinations(range(len(weights)), size))
        for chosen in every:
            yield [(s, fmpq(1, size)) for s in chosen], fmpq(1, len(every))


def _powers(law: Any) -> list[Any]:
    """Return the eigenvalues of a power law, rounded."""
    with ctx.workprec(_BITS):
        found = []
        for k in range(1, law["count"] + 1):
            value = arb(_number(law["scale"])) * arb(k) ** -arb(_number(law["exponent"]))
            digits, power = value.mid().man_exp()
            found.append(fmpq(digits) * fmpq(2) ** int(power))
        return found


def _number(text: str) -> Any:
    x = Fraction(text)
    return fmpq(x.numerator, x.denominator)


def _matrix(lines: list[list[Any]]) -> Any:
    return fmpq_mat(len(lines), len(lines[0]), [x for line in lines for x in line])


def _kron(A: Any, B: Any) -> Any:
    rows, columns = B.nrows(), B.ncols()
    return fmpq_mat(
        A.nrows() * rows,
        A.ncols() * columns,
        [
            A[i // rows, j // columns] * B[i % rows, j % columns]
            for i in range(A.nrows() * rows)
            for j in range(A.ncols() * columns)
        ],
    )
