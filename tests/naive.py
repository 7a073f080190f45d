"""Slow, obvious answers to compare the library with. Nothing of sgdmem is used here.

Equation and theorem numbers are those of arXiv 2410.04228. An algorithm is the five raw things of
eq. (3), numbers in plain lists, so ``sgdmem.Algorithm(*alg)`` is the library's view of it. A float
stands for the dyadic rational that it is, so every oracle called exact is exact for floats too.
Polynomials are lists of coefficients, lowest power first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
import numpy as np
from flint import arb, ctx, fmpq
from numpy.typing import NDArray

Number = Any  # int, Fraction or float; mpf where a function says so
Matrix = list[list[Number]]
Array = NDArray[Any]
Polynomial = list[Fraction]


class Raw(NamedTuple):
    """The matrix ``[[-alpha, b^T], [c, D]]`` and the look-ahead a of eq. (3)."""

    alpha: Number
    b: Sequence[Number]
    c: Sequence[Number]
    D: Sequence[Sequence[Number]]
    a: Sequence[Number]


def mapped(alg: Raw, function: Callable[[Any], Any]) -> Raw:
    """Return the algorithm with ``function`` applied to every entry."""
    alpha, b, c, D, a = alg
    b, c, a = ([function(x) for x in vector] for vector in (b, c, a))
    return Raw(function(alpha), b, c, [[function(x) for x in row] for row in D], a)


def scaled(alg: Raw, factor: Number) -> Raw:
    """Return the algorithm with (alpha, c), that is Q, multiplied by ``factor``."""
    return alg._replace(alpha=alg.alpha * factor, c=[x * factor for x in alg.c])


# Exact linear algebra


def _eliminate(rows: Matrix) -> tuple[Matrix, list[int], Fraction]:
    """Return the reduced row echelon form, its pivot columns and the product of the pivots.

    The product, with the sign of the row exchanges, is the determinant of a regular matrix.
    """
    # FLINT's rational numbers: Python's take ten times as long
    rows = [[fmpq(*Fraction(x).as_integer_ratio()) for x in row] for row in rows]
    columns: list[int] = []
    determinant = fmpq(1)
    for j in range(len(rows[0])):
        top = len(columns)
        found = next((i for i in range(top, len(rows)) if rows[i][j]), None)
        if found is None:
            continue
        if found != top:
            rows[top], rows[found] = rows[found], rows[top]
            determinant = -determinant
        pivot = rows[top][j]
        determinant *= pivot
        rows[top] = [x / pivot for x in rows[top]]
        for i, row in enumerate(rows):
            if i != top and row[j]:
                rows[i] = [x - row[j] * y for x, y in zip(row, rows[top], strict=True)]
        columns.append(j)
    return [[_fraction(x) for x in row] for row in rows], columns, _fraction(determinant)


def _fraction(x: Any) -> Fraction:
    return Fraction(int(x.p), int(x.q))


def _determinant(matrix: Matrix) -> Fraction:
    _, columns, product = _eliminate(matrix)
    return product if len(columns) == len(matrix) else Fraction(0)


def solve(matrix: Matrix, right: Sequence[Sequence[Number]]) -> Matrix:
    """Solve for several right-hand sides, given as rows and returned as rows."""
    size = len(matrix)
    rows = [[*row, *(side[i] for side in right)] for i, row in enumerate(matrix)]
    reduced, columns, _ = _eliminate(rows)
    if columns != list(range(size)):
        raise ZeroDivisionError("singular matrix")
    return [[row[size + k] for row in reduced] for k in range(len(right))]


# The state matrix and its polynomials


def state_matrix(alg: Raw, lam: Number, shrink: Number = 0) -> Matrix:
    """Return S of eq. (7): ``[[1, b^T], [0, D]] + lam v r^T``, v = (-alpha; c), r = (1; a).

    With decoupled weight decay w is multiplied by ``1 - shrink`` in place of 1.
    """
    alpha, b, c, D, a = alg
    still = [[1 - shrink, *b], *([0, *row] for row in D)]
    v, r = [-alpha, *c], [1, *a]
    return [[x + lam * v[i] * r[j] for j, x in enumerate(row)] for i, row in enumerate(still)]


def characteristic_polynomial(alg: Raw, lam: Number) -> Polynomial:
    """Return det(x - S) of eq. (36), interpolated through its values at x = 0, 1, ..., M + 1."""
    S = state_matrix(mapped(alg, Fraction), Fraction(lam))
    points = range(len(S) + 1)
    values = [
        _determinant([[x * (i == j) - s for j, s in enumerate(row)] for i, row in enumerate(S)])
        for x in points
    ]
    return solve([[Fraction(x) ** power for power in points] for x in points], [values])[0]


def P_and_Q(alg: Raw) -> tuple[Polynomial, Polynomial]:
    """Return P and Q of ``det(x - S) = P - lam Q`` (eqs. (29), (36)) from lam = 0 and lam = 1.

    P has M + 2 coefficients and Q has M + 1: its leading one must vanish.
    """
    P, at_one = (characteristic_polynomial(alg, lam) for lam in (0, 1))
    *Q, top = (p - x for p, x in zip(P, at_one, strict=True))
    if top:
        raise ArithmeticError("deg Q > M")
    return P, Q


def effective_learning_rate(alg: Raw) -> Number:
    """Return alpha_eff = -Q(1)/P'(1) of eq. (22), exactly; infinite when D has the root 1."""
    P, Q = P_and_Q(alg)
    slope = sum(n * p for n, p in enumerate(P))
    return -sum(Q) / slope if slope else math.inf


def is_schur(alg: Raw, lam: Number) -> bool:
    """Say whether every root of P - lam Q lies in the open unit disc (exact; Schur and Cohn).

    With p*(x) = x^n p(1/x), p is Schur iff ``|p(0)| < |p*(0)|`` and ``(p*(0) p - p(0) p*)/x`` is.
    """
    p = characteristic_polynomial(alg, lam)
    while len(p) > 1:
        first, last = p[0], p[-1]
        if abs(first) >= abs(last):
            return False
        p = [last * x - first * y for x, y in zip(p, reversed(p), strict=True)][1:]
    return True


# Impulse responses and the noise summand


class Sums(NamedTuple):
    """Sums over t >= 0 of squared impulse responses of S: from v or e_0, to r or e_0.

    ``h`` is the sum of (r^T S^t v)^2, ``h_w`` of (e_0^T S^t v)^2, ``k_r`` of (r^T S^t e_0)^2 and
    ``k_w`` of (e_0^T S^t e_0)^2.
    """

    h: Number
    h_w: Number
    k_r: Number
    k_w: Number


def _pairs(size: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(size) for j in range(i, size)]


def _lyapunov_sums(alg: Raw, lam: Number, solve: Callable[[Matrix, Matrix], Matrix]) -> Sums:
    """Solve ``X = S X S^T + w w^T`` for w = v and w = e_0 over the entries X_ij, i <= j."""
    S, size = state_matrix(alg, lam), len(alg.b) + 1
    v, r, e0 = [-alg.alpha, *alg.c], [1, *alg.a], [1] + [0] * (size - 1)
    pairs = _pairs(size)
    equations = [
        [
            ((i, j) == (p, q)) - S[i][p] * S[j][q] - (S[i][q] * S[j][p] if p != q else 0)
            for p, q in pairs
        ]
        for i, j in pairs
    ]
    from_v, from_e0 = solve(equations, [[w[i] * w[j] for i, j in pairs] for w in (v, e0)])

    def seen(X: list[Number], by: list[Number]) -> Number:
        terms = zip(pairs, X, strict=True)
        return sum(by[i] * by[j] * x * (1 if i == j else 2) for (i, j), x in terms)

    return Sums(seen(from_v, r), seen(from_v, e0), seen(from_e0, r), seen(from_e0, e0))


def impulse_response_sums(alg: Raw, lam: Number, digits: int | None = None) -> Sums:
    """Return the sums that the propagators' totals are made of (section 3 of the theory sheet).

    Exact fractions, or mpmath numbers of ``digits`` digits. The Lyapunov equation gives the sums
    only where they converge, so P - lam Q must be Schur.
    """
    if not is_schur(alg, lam):
        raise ValueError("the sums diverge: P - lam Q is not Schur")
    if digits is None:
        return _lyapunov_sums(mapped(alg, Fraction), Fraction(lam), solve)

    def solve_mp(matrix: Matrix, right: Matrix) -> Matrix:
        return [list(mpmath.lu_solve(mpmath.matrix(matrix), mpmath.matrix(w))) for w in right]

    with mpmath.workdps(digits + 10):
        return _lyapunov_sums(mapped(alg, _mpf), _mpf(lam), solve_mp)


def noise_summand_exact(alg: Raw, lam: Number) -> Fraction:
    """Return ``s = lam^2 h``, the summand of U'_Sigma at tau2 = 0."""
    return Fraction(lam) ** 2 * Fraction(impulse_response_sums(alg, lam).h)


def noise_summand_fraction(alg: Raw) -> tuple[Polynomial, Polynomial]:
    """Return numerator and denominator of s as a function of the eigenvalue.

    Of s/lam it is known that the degrees are at most M and M + 1: interpolation of the Lyapunov
    solution, which is rational in lam and solvable for almost all of them. Two spare points check
    the degrees.
    """
    exact, memory = mapped(alg, Fraction), len(alg.b)
    equations: Matrix = []
    lam = Fraction(1)
    while len(equations) < 2 * memory + 4:
        lam = -lam if lam > 0 else -lam + Fraction(2, 7)
        try:
            value = lam * _lyapunov_sums(exact, lam, solve).h
        except ZeroDivisionError:
            continue
        powers = [lam**n for n in range(memory + 2)]
        equations.append([*powers[:-1], *(-value * power for power in powers)])
    reduced, columns, _ = _eliminate(equations)
    free = next(j for j in range(2 * memory + 3) if j not in columns)  # the least degree
    null = [Fraction(0)] * (2 * memory + 3)
    null[free] = Fraction(1)
    for row, j in zip(reduced, columns, strict=False):
        null[j] = -row[free]
    return [Fraction(0), *null[: memory + 1]], null[memory + 1 :]


def _mpf(x: Number) -> Any:
    exact = Fraction(x)
    return mpmath.mpf(exact.numerator) / exact.denominator


# The second-moment operator


def _per_mode(tau: Number, size: int) -> list[Number]:
    return list(tau) if isinstance(tau, list | tuple | np.ndarray) else [tau] * size


def second_moment_operator(
    alg: Raw,
    eigenvalues: Sequence[Number],
    B: Number,
    tau1: Number,
    tau2: Number,
    T: Sequence[Sequence[Number]] | None = None,
    number: Callable[[Any], Any] = float,
    weight_decay: Number = 0,
    shrink: Number = 0,
) -> Array:
    """Return the dense matrix of eqs. (12)-(16) on the direct sum of Sym(M+1), one per mode.

    Coordinates are the entries (i, j), i <= j, of the moments, mode after mode. Mode k receives
    ``S_k M_k S_k^T + noise_k v v^T`` with ``noise_k = (lam_k sum_j T_kj lam_j n_j - tau2_k lam_k^2
    n_k)/B`` and ``n_j = <r r^T, M_j>``; T defaults to tau1 everywhere. With ``number=Fraction`` the
    entries are exact. ``weight_decay`` is added to lam_k in S_k alone.
    """
    alg, lams = mapped(alg, number), [number(lam) for lam in eigenvalues]
    dtype = float if number is float else object
    modes = range(len(lams))
    coupling = [[number(tau1 if T is None else T[k][j]) for j in modes] for k in modes]
    own = [number(tau) for tau in _per_mode(tau2, len(lams))]
    rate = number(0) if math.isinf(B) else 1 / number(B)

    first, second = np.array(_pairs(len(alg.b) + 1)).T
    twice = np.where(first == second, 1, 2).astype(dtype)
    v, r = np.array([-alg.alpha, *alg.c], dtype), np.array([number(1), *alg.a], dtype)
    noise = np.outer(v[first] * v[second], r[first] * r[second] * twice)
    rows = []
    for k in modes:
        shares = [lams[k] * (coupling[k][j] - (own[k] if j == k else 0)) * lams[j] for j in modes]
        row = [rate * share * noise for share in shares]
        S = np.array(state_matrix(alg, lams[k] + number(weight_decay), number(shrink)), dtype)
        left, right = S[first], S[second]
        mirrored = left[:, second] * right[:, first] * (twice - 1)
        row[k] = row[k] + left[:, first] * right[:, second] + mirrored
        rows.append(row)
    return np.block(rows)


def second_moment_radius(
    alg: Raw,
    eigenvalues: Sequence[Number],
    B: Number,
    tau1: Number,
    tau2: Number,
    T: Any = None,
    **decay: Number,
) -> float:
    """Return the spectral radius of the second-moment operator, from all its eigenvalues."""
    A = second_moment_operator(alg, eigenvalues, B, tau1, tau2, T, **decay)
    return float(np.abs(np.linalg.eigvals(A)).max())


def sampled_moment_radius(
    alg: Raw, jacobians: Array, shares: Array, noise: float, **options: Any
) -> float:
    """Return the radius of `sampled_moment_operator`, with the same options."""
    operator = sampled_moment_operator(alg, jacobians, shares, noise, **options)
    return float(np.abs(np.linalg.eigvals(operator)).max())


def sampled_moment_operator(
    alg: Raw,
    jacobians: Array,
    shares: Array,
    noise: float,
    number: Callable[[Any], Any] = float,
    weight_decay: float = 0.0,
    shrink: float = 0.0,
) -> Array:
    """Return the second-moment operator of samples, in no basis but their own.

    Sample i has the curvature J_i^T J_i and is drawn with probability ``shares[i]``; the covariance
    of a step's mean is ``noise`` times that of one sample: 1/B, or (n - B)/(B (n - 1)).
    ``weight_decay`` is a curvature without noise.
    """
    alpha, b, c, D, a = mapped(alg, number)
    still = np.array([[1 - shrink, *b], *([0, *row] for row in D)], dtype=float)
    moved = np.outer([-alpha, *c], [1, *a]).astype(float)
    curvatures = np.einsum("nki,nkj->nij", jacobians, jacobians)
    mean = np.einsum("n,nij->ij", shares, curvatures)
    drift = mean + weight_decay * np.eye(len(mean))
    step = np.kron(np.eye(len(mean)), still) + np.kron(drift, moved)
    operator = np.kron(step, step) - noise * np.kron(np.kron(mean, moved), np.kron(mean, moved))
    for share, curvature in zip(shares, curvatures, strict=True):
        kick = np.kron(curvature, moved)
        operator += noise * share * np.kron(kick, kick)
    return np.asarray(operator)


def second_moment_radius_bounds(
    alg: Raw, eigenvalues: Sequence[Number], B: Number, tau1: Number, tau2: Number, T: Any = None
) -> tuple[float, float]:
    """Return bounds of the spectral radius that hold whatever the rounding.

    With approximate eigenvectors V, ``V^-1 A V`` is nearly diagonal: Gershgorin's discs around the
    computed eigenvalues, widened by bounds of all rounding errors, hold the exact eigenvalues, and
    each connected group of n discs holds n of them.
    """
    A, majorant, _ = _balanced(alg, eigenvalues, B, tau1, tau2, T)
    values, V = np.linalg.eig(A)
    try:
        W = np.linalg.inv(V)
    except np.linalg.LinAlgError:
        return 0.0, math.inf
    size = len(A)
    rounding = (3 * size + 40) * 2.0**-53  # of W A V and of the entries of A, of W V
    off = np.abs(W @ A @ V - np.diag(values)) + rounding * (np.abs(W) @ majorant @ np.abs(V))
    defect = np.abs(W @ V - np.eye(size)) + rounding * (np.abs(W) @ np.abs(V))
    if not defect.sum(axis=1).max() < 0.5:
        return 0.0, math.inf
    radii = off.sum(axis=1)
    radii += 2 * defect.sum(axis=1) * (np.abs(values) + radii).max()  # W is not quite V^-1
    group = np.abs(values[:, None] - values) <= radii[:, None] + radii
    for _ in range(size.bit_length()):
        group = group.astype(float) @ group > 0
    least = np.where(group, np.abs(values) - radii, math.inf).min(axis=1)
    return max(0.0, float(least.max())), float((np.abs(values) + radii).max())


def second_moment_radius_mp(
    alg: Raw,
    eigenvalues: Sequence[Number],
    B: Number,
    tau1: Number,
    tau2: Number,
    T: Any = None,
    digits: int = 30,
    only_side: bool = False,
) -> tuple[Any, Any]:
    """Return bounds of the spectral radius to about ``digits`` digits, as mpmath numbers.

    The operator is built in fractions and squared in fixed point (_log2_bounds), with more bits if
    it is so badly conditioned that the first choice does not do. ``only_side`` stops as soon as the
    bounds leave out 1, which is all that a verdict needs.
    """
    A = second_moment_operator(alg, eigenvalues, B, tau1, tau2, T, Fraction)
    *_, exponents = _balanced(alg, eigenvalues, B, tau1, tau2, T)
    for bits in (100 + 4 * digits, 300 + 4 * digits, 900 + 4 * digits):
        X = [
            [
                math.floor(x * Fraction(2) ** (bits + f - e))
                for x, f in zip(row, exponents, strict=True)
            ]
            for row, e in zip(A, exponents, strict=True)
        ]
        low, high = _log2_bounds(np.array(X, object), bits, digits, only_side)
        reached = low is not None and high - low < Fraction(1, 10**digits)
        if reached or (only_side and (high < 0 or (low is not None and low > 0))):
            break
    with mpmath.workdps(digits + 10):
        return mpmath.mpf(0) if low is None else 2 ** _mpf(low), 2 ** _mpf(high)


def moments_contract(
    alg: Raw, eigenvalues: Sequence[Number], B: Number, tau1: Number, tau2: Number, T: Any = None
) -> bool | None:
    """Say, certainly, whether the radius is < 1 (True) or > 1 (False); None within 1e-30 of 1."""
    args = (alg, eigenvalues, B, tau1, tau2, T)
    low, high = second_moment_radius_bounds(*args)
    if low <= 1 <= high:
        low, high = second_moment_radius_mp(*args, digits=30, only_side=True)
    return None if low <= 1 <= high else bool(high < 1)


def _log2_bounds(
    X: Array, bits: int, digits: int, only_side: bool
) -> tuple[Fraction | None, Fraction]:
    """Return bounds of log2 of the spectral radius of a matrix that was rounded to X / 2^bits.

    For every m, ``|tr A^m| / n <= radius^m <= |A^m|`` (Gelfand), here at m = 1, 2, 4, ... A bound
    of the Frobenius norm of the error is carried along; when it has reached the size of the matrix
    the next square says nothing new. None: no lower bound.
    """
    size, low = len(X), None
    rounding = error = size * 2.0**-bits
    exponent, power = 0, 1  # A^power = 2^exponent (X / 2^bits + a matrix of norm <= error)
    slack = Fraction(1, 2**20)  # for the logarithms
    highs = []
    while True:
        numeric = np.ldexp((X >> (bits - 400 if bits > 400 else 0)).astype(float), -min(bits, 400))
        norm = float(np.linalg.norm(numeric)) + size * 2.0**-400
        trace = abs(float(np.trace(numeric))) - size * error - size * 1e-12 * norm
        highs.append((exponent + Fraction(math.log2(norm + error)) + slack) / power)
        if trace > 0:
            lower = (exponent + Fraction(math.log2(trace / size)) - slack) / power
            low = lower if low is None else max(low, lower)
        high = min(highs)
        near = low is not None and high - low < Fraction(1, 10**digits)
        side = only_side and (high < 0 or (low is not None and low > 0))
        if error >= norm / 2 or near or side:
            return low, high
        shift = math.frexp(norm)[1]
        X = (X @ X) >> (bits + 2 * shift)
        error = 1.001 * math.ldexp(2 * norm * error + error**2, -2 * shift) + rounding
        exponent, power = 2 * (exponent + shift), 2 * power


def _balanced(
    alg: Raw, eigenvalues: Sequence[Number], B: Number, tau1: Number, tau2: Number, T: Any
) -> tuple[Array, Array, list[int]]:
    """Return the operator A, a majorant of its terms, and exponents e, in balanced coordinates.

    These make rows and columns of similar size: ``A_ij 2^(e_j - e_i)`` instead of A. The majorant
    has all terms taken positive, so the rounding errors of A are relative to it.
    """
    A = second_moment_operator(alg, eigenvalues, B, tau1, tau2, T)
    own = [-abs(tau) for tau in _per_mode(tau2, len(eigenvalues))]
    positive = mapped(alg, abs)
    positive = positive._replace(alpha=-positive.alpha)
    majorant = second_moment_operator(positive, eigenvalues, B, tau1, own, T)
    off = majorant - np.diag(np.diag(majorant))
    exponents = np.zeros(len(A))
    for _ in range(20):
        weights = np.exp2(exponents)
        rows, columns = off @ weights / weights, off.T @ (1 / weights) * weights
        both = (rows > 0) & (columns > 0)
        exponents[both] += np.log2(rows[both] / columns[both]) / 4
    exponents = np.round(exponents)
    similarity = np.exp2(exponents - exponents[:, None])
    return A * similarity, majorant * similarity, [int(e) for e in exponents]


# Losses


def resting_loss(
    alg: Raw,
    eigenvalues: Sequence[Number],
    B: Number,
    tau1: Number,
    tau2: Number,
    label_variance: Number,
    T: Any = None,
) -> Fraction:
    """Return the loss of moments that a step with noise of the labels leaves alone, exactly.

    That is of ``M = A M + (label_variance / B) lam_k v v^T`` with the second-moment operator A.
    """
    A = second_moment_operator(alg, eigenvalues, B, tau1, tau2, T, number=Fraction)
    v, pairs = [-Fraction(alg.alpha), *map(Fraction, alg.c)], _pairs(len(alg.b) + 1)
    share = Fraction(label_variance) / Fraction(B)
    stirred = [share * Fraction(lam) * v[i] * v[j] for lam in eigenvalues for i, j in pairs]
    left = [[(i == j) - x for j, x in enumerate(row)] for i, row in enumerate(A)]
    moments = solve(left, [stirred])[0][:: len(pairs)]
    terms = (Fraction(lam) * m for lam, m in zip(eigenvalues, moments, strict=True))
    return sum(terms, start=Fraction(0)) / 2


def moment_recursion(
    alg: Raw,
    eigenvalues: Sequence[Number],
    c2: Sequence[Number],
    steps: int,
    B: Number,
    tau1: Number,
    tau2: Number,
    T: Any = None,
    label_variance: Number = 0,
    weight_decay: Number = 0,
    shrink: Number = 0,
) -> Array:
    """Return L_0 ... L_steps by stepping the moments, eqs. (12)-(16), from (M_k)_00 = c_k^2.

    Noise of the labels adds ``label_variance * lam_k / B`` to the noise of mode k.
    """
    alg, lams = mapped(alg, float), [float(lam) for lam in eigenvalues]
    modes, size = len(lams), len(alg.b) + 1
    coupling = np.array([[tau1] * modes] * modes if T is None else T, float)
    own = [float(tau) for tau in _per_mode(tau2, modes)]
    v, r = np.array([-alg.alpha, *alg.c]), np.array([1, *alg.a])
    S = [np.array(state_matrix(alg, lam + float(weight_decay), shrink), float) for lam in lams]
    M = [np.zeros((size, size)) for _ in lams]
    for k, start in enumerate(c2):
        M[k][0, 0] = start
    losses = [0.5 * sum(lam * M[k][0, 0] for k, lam in enumerate(lams))]
    for _ in range(steps):
        n = [float(r @ M[k] @ r) for k in range(modes)]
        for k in range(modes):
            noise = sum(lams[k] * coupling[k, j] * lams[j] * n[j] for j in range(modes))
            noise += lams[k] * float(label_variance)
            noise = (noise - own[k] * lams[k] ** 2 * n[k]) / float(B)
            M[k] = S[k] @ M[k] @ S[k].T + noise * np.outer(v, v)
        losses.append(0.5 * sum(lam * M[k][0, 0] for k, lam in enumerate(lams)))
    return np.array(losses)


def monte_carlo_losses(
    alg: Raw,
    eigenvalues: Sequence[Number],
    c: Sequence[Number],
    steps: int,
    B: int,
    seeds: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Return mean and standard error of L_0 ... L_steps over ``seeds`` runs of eq. (3).

    Each step draws B samples x ~ N(0, diag(eigenvalues)) and takes the gradient of
    ``(1/2B) sum <x, .>^2`` at w + a^T u: the case tau1 = 1, tau2 = -1.
    """
    alpha, b, c_memory, D, a = (np.array(part, float) for part in mapped(alg, float))
    lams = np.array(eigenvalues, float)
    w = np.tile(np.array(c, float), (seeds, 1))
    u = np.zeros((len(b), seeds, len(lams)))
    losses = [0.5 * (lams * w**2).sum(axis=1)]
    for _ in range(steps):
        x = rng.normal(size=(seeds, B, len(lams))) * np.sqrt(lams)
        y = w + np.tensordot(a, u, axes=1)
        g = np.einsum("sbi,sbj,sj->si", x, x, y) / B
        w = w - alpha * g + np.tensordot(b, u, axes=1)
        u = c_memory[:, None, None] * g + np.tensordot(D.reshape(len(b), len(b)), u, axes=1)
        losses.append(0.5 * (lams * w**2).sum(axis=1))
    runs = np.array(losses)
    return runs.mean(axis=1), runs.std(axis=1, ddof=1) / math.sqrt(seeds)


def losses_on_samples(
    algorithms: Sequence[Raw],
    jacobians: Array,
    labels: Array,
    shares: Array,
    batches: Sequence[Sequence[tuple[float, Sequence[int]]]],
    start: Array,
    weight_decay: float = 0.0,
    shrink: float = 0.0,
) -> Array:
    """Return the mean of 1/2 sum_i p_i |J_i w - y_i|^2 before each step and after the last one.

    Each step has its batches, each with its probability. The second moment of the state (w, u, 1)
    is averaged over all of them, in the coordinates of w.
    """
    d, size = len(start), len(algorithms[0].b) + 1
    state = np.concatenate([start, np.zeros(d * (size - 1)), [1.0]])
    moment = np.outer(state, state)
    residual = np.concatenate([jacobians, -labels[:, :, None]], axis=2)  # times (w, 1)
    reader = np.zeros((d + 1, len(state)))
    reader[:d, :d], reader[d, -1] = np.eye(d), 1.0
    losses = []
    for k in range(len(algorithms) + 1):
        read = residual @ reader @ moment @ reader.T
        losses.append(0.5 * float(np.einsum("n,nki,nki->", shares, read, residual)))
        if k == len(algorithms):
            return np.array(losses)
        alpha, b, c, D, a = mapped(algorithms[k], float)
        still = np.array([[1 - shrink, *b], *([0, *row] for row in D)], dtype=float)
        r, v = np.kron([1, *a], np.eye(d)), np.kron([[-alpha], *([x] for x in c)], np.eye(d))
        total = np.zeros_like(moment)
        for probability, batch in batches[k]:
            J, y = jacobians[list(batch)], labels[list(batch)]
            step = np.zeros_like(moment)
            step[-1, -1] = 1.0
            step[:-1, :-1] = np.kron(still, np.eye(d))
            step[:-1, :-1] += v @ np.einsum("nki,nkj->ij", J, J) @ r / len(batch)
            step[:-1, :-1] += weight_decay * v @ r
            step[:-1, -1] = -v @ np.einsum("nki,nk->i", J, y) / len(batch)
            total += probability * step @ moment @ step.T
        moment = total
    raise AssertionError


# Power-law sums


def power_law_sum_mp(
    summand: Callable[[Any], Any] | tuple[Sequence[Number], Sequence[Number]],
    exponent: Number,
    scale: Number = 1,
    digits: int = 40,
) -> Any:
    """Return the sum over k >= 1 of ``f(scale k^-exponent)``, f rational and f(0) = 0.

    f is a function of one mpmath number, or its numerator and denominator. Explicit terms up to K,
    then ``sum_n f_n scale^n zeta(n exponent, K+1)`` over the Taylor coefficients of f at 0. Two
    choices of K must agree. (``mpmath.nsum`` is silently wrong on these sums.)
    """
    if exponent <= 1:
        raise ValueError("the sum diverges for exponents <= 1")
    order = 2 * digits
    with mpmath.workdps(digits + 15):
        nu, scale = _mpf(exponent), _mpf(scale)
        if callable(summand):
            f, series = summand, list(mpmath.taylor(summand, 0, order))
        else:
            top, bottom = ([_mpf(x) for x in polynomial] for polynomial in summand)
            f = lambda x: mpmath.polyval(top[::-1], x) / mpmath.polyval(bottom[::-1], x)  # noqa: E731
            series = _quotient_series(top, bottom, order)
        growth = max(abs(series[n]) ** (mpmath.mpf(1) / n) for n in range(order // 2, order + 1))
        # The last term of the series must not matter.
        ratio = mpmath.mpf(10) ** (-mpmath.mpf(digits + 10) / order)
        least = int(mpmath.ceil((scale * growth / ratio) ** (1 / nu))) + 1
        if least > 300_000:
            raise ValueError(f"a pole too near 0: {least} explicit terms")
        total = []
        for K in (least, 2 * least + 5):
            head = mpmath.fsum(f(scale * mpmath.power(k, -nu)) for k in range(1, K + 1))
            tail = mpmath.fsum(
                series[n] * scale**n * _hurwitz_zeta(n * nu, K + 1) for n in range(1, order + 1)
            )
            total.append(head + tail)
        if abs(total[0] - total[1]) > mpmath.mpf(10) ** -digits * abs(total[1]):
            raise ArithmeticError(f"two lengths of the explicit sum disagree: {total}")
        return total[1]


def _hurwitz_zeta(s: Any, a: int) -> Any:
    """Return the sum of k^-s over k >= a. (``mpmath.zeta`` takes a hundred times as long.)"""
    with ctx.workprec(mpmath.mp.prec + 64):
        value = arb(s).zeta(a)
        assert value.rel_accuracy_bits() > mpmath.mp.prec
        return mpmath.mpf(tuple(map(int, value.mid().man_exp())))


def _quotient_series(top: list[Any], bottom: list[Any], order: int) -> list[Any]:
    """Return the Taylor coefficients of top/bottom at 0, common factors x cancelled."""
    while not bottom[0]:
        if top[0]:
            raise ZeroDivisionError("a pole at 0")
        top, bottom = top[1:], bottom[1:]
    series: list[Any] = []
    for n in range(order + 1):
        known = sum(bottom[m] * series[n - m] for m in range(1, min(n, len(bottom) - 1) + 1))
        series.append(((top[n] if n < len(top) else 0) - known) / bottom[0])
    return series
