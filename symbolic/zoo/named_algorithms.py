"""Algorithms by name: what people call them, in the form (alpha, b, c, D, a).

Every `Family` takes numbers or SymPy expressions and returns an `Algorithm`. Values beyond a
method's usual range (a momentum of 1.5, a negative learning rate) describe algorithms too.
`FAMILIES` lists them under their command-line names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.algorithms.constructors import as_family, family
from sgdmem.symbolic.algorithms.family import FAMILIES as FAMILIES
from sgdmem.symbolic.algorithms.family import Family, FamilyLike
from sgdmem.symbolic.algorithms.printing import number_text
from sgdmem.symbolic.algorithms.update_notation import Publication
from sgdmem.symbolic.errors import InputError, shown


@family(
    "SGD",
    update=["w <- w - learning_rate g"],
    reference=Publication(
        *("H. Robbins and S. Monro", 1951, "Ann. Math. Statist. 22"),
        "A stochastic approximation method",
    ),
)
def sgd(learning_rate: Any) -> Algorithm:
    """Plain stochastic gradient descent.

    Examples
    --------
    >>> sgd("0.1").polynomials.Q
    (Fraction(-1, 10),)
    """
    return Algorithm(learning_rate)


@family(
    "heavy ball",
    update=["v <- momentum v - learning_rate g", "w <- w + v"],
    reference=Publication(
        *("B. T. Polyak", 1964, "USSR Comput. Math. Math. Phys. 4"),
        "Some methods of speeding up the convergence of iteration methods",
    ),
)
def heavy_ball(learning_rate: Any, momentum: Any) -> Algorithm:
    """Polyak's heavy ball.

    Examples
    --------
    >>> heavy_ball("0.1", "0.9").effective_learning_rate
    Fraction(1, 1)
    """
    return Algorithm(learning_rate, b=momentum, c=-learning_rate, D=momentum)


@family(
    "Nesterov's method",
    update=["v <- momentum v - learning_rate gradient(w + momentum v)", "w <- w + v"],
    reference=Publication(
        *(
            "Y. Nesterov",
            1983,
            "Soviet Math. Dokl. 27, in the form of I. Sutskever et al., 2013",
        ),
        "A method for solving the convex programming problem with convergence rate $O(1/k^2)$",
    ),
)
def nesterov(learning_rate: Any, momentum: Any) -> Algorithm:
    """Nesterov's method: the heavy ball with its gradient taken at ``w + momentum v``.

    PyTorch's ``nesterov=True`` follows that point instead of w: the same P and Q (see `torch_sgd`).

    Examples
    --------
    >>> nesterov("0.1", "0.9").to_recurrence() == torch_sgd(
    ...     "0.1", "0.9", nesterov=True
    ... ).to_recurrence()
    True
    """
    return Algorithm(learning_rate, b=momentum, c=-learning_rate, D=momentum, a=momentum)


@family(
    "QHM",
    update=["v <- momentum v + (1 - momentum) g", "w <- w - learning_rate ((1 - nu) g + nu v)"],
    reference=Publication(
        *("J. Ma and D. Yarats", 2019, "ICLR, arXiv 1810.06801"),
        "Quasi-hyperbolic momentum and Adam for deep learning",
    ),
)
def qhm(learning_rate: Any, momentum: Any, nu: Any) -> Algorithm:
    """Quasi-hyperbolic momentum: SGD with nu = 0, `sgdm` with nu = 1.

    Examples
    --------
    >>> qhm("0.1", "0.9", "0.7").effective_learning_rate
    Fraction(1, 10)
    """
    return Algorithm(
        learning_rate * (1 - nu * momentum),
        b=-learning_rate * nu * momentum,
        c=1 - momentum,
        D=momentum,
    )


@family(
    "PyTorch SGD",
    update=[
        "u <- momentum u + (1 - dampening) g",
        "w <- w - learning_rate (g + momentum u if nesterov else u)",
    ],
    reference=Publication(
        *("A. Paszke et al.", 2019, "NeurIPS, and the documentation of torch.optim.SGD"),
        "PyTorch: an imperative style, high-performance deep learning library",
    ),
)
def torch_sgd(
    learning_rate: Any, momentum: Any = 0, dampening: Any = 0, nesterov: bool = False
) -> Algorithm:
    """``torch.optim.SGD`` with the exact semantics of PyTorch's documentation.

    With ``momentum=0`` PyTorch keeps no buffer and ignores the dampening. It does not damp its very
    first step: its trajectory is this algorithm's from ``u_0 = dampening / momentum * g_0``.

    Raises
    ------
    InputError
        If ``nesterov`` goes without momentum or with dampening, as in PyTorch.

    Examples
    --------
    >>> torch_sgd("0.1", "0.9", dampening="0.9").effective_learning_rate
    Fraction(1, 10)
    """
    if not isinstance(nesterov, bool):
        raise InputError(f"nesterov must be True or False, got {shown(nesterov)}")
    if nesterov and (momentum == 0 or dampening != 0):
        raise InputError(
            "nesterov=True needs a momentum and zero dampening (as in PyTorch), "
            f"got momentum={number_text(momentum)}, dampening={number_text(dampening)}"
        )
    if momentum == 0:
        return Algorithm(learning_rate)
    if nesterov:
        return Algorithm(
            learning_rate * (1 + momentum), b=-learning_rate * momentum**2, c=1, D=momentum
        )
    return Algorithm(
        learning_rate * (1 - dampening), b=-learning_rate * momentum, c=1 - dampening, D=momentum
    )


@family(
    "SGDM",
    update=["m <- momentum m + (1 - momentum) g", "w <- w - learning_rate m"],
    reference=Publication(
        "R. Wang, S. Malladi, T. Wang, K. Lyu and Z. Li",
        *(2024, "ICLR, arXiv 2307.15196, Definition 3.3"),
        "The marginal value of momentum for small learning rate SGD",
    ),
)
def sgdm(learning_rate: Any, momentum: Any) -> Algorithm:
    """SGDM: an averaged gradient takes the step; in `torch_sgd`, the sum of gradients does.

    Examples
    --------
    >>> sgdm("0.1", "0.9").effective_learning_rate
    Fraction(1, 10)
    """
    return qhm(learning_rate, momentum, 1)


@family(
    "the two-rate method",
    update=["v <- momentum v + g", "w <- w - velocity_rate v - gradient_rate g"],
    reference=Publication(
        *("D. Yarotsky and M. Velikanov", 2024, "arXiv 2410.04228, eq. (250)"),
        "SGD with memory: fundamental properties and stochastic acceleration",
    ),
)
def two_rate(velocity_rate: Any, gradient_rate: Any, momentum: Any) -> Algorithm:
    """Two learning rates, of the velocity and of the gradient.

    Examples
    --------
    >>> two_rate("0.1", "0.2", "0.5").effective_learning_rate
    Fraction(2, 5)
    """
    return Algorithm(velocity_rate + gradient_rate, b=-velocity_rate * momentum, c=1, D=momentum)


@family(
    "memory 1 by Theorem 6",
    update=[
        "q1 <- -damping effective_learning_rate - q0",
        "w, u <- w + q1 g + u, (q0 + (1 - damping) q1) g + (1 - damping) u",
    ],
    reference=Publication(
        *("D. Yarotsky and M. Velikanov", 2024, "arXiv 2410.04228, Theorem 6"),
        "SGD with memory: fundamental properties and stochastic acceleration",
    ),
)
def memory_one(effective_learning_rate: Any, q0: Any, damping: Any) -> Algorithm:
    """Memory 1 in the coordinates of Theorem 6 of arXiv 2410.04228.

    ``P = (x - 1)(x - 1 + damping)``, ``Q = q1 x + q0``,
    ``damping effective_learning_rate = -(q0 + q1)``.

    Examples
    --------
    >>> memory_one(2, "0.1", "0.5").effective_learning_rate
    Fraction(2, 1)
    """
    q1 = -damping * effective_learning_rate - q0
    return Algorithm(-q1, b=1, c=q0 + (1 - damping) * q1, D=1 - damping)


@family(
    "AggMo",
    update=["v_i <- momenta_i v_i - g", "w <- w + learning_rate / K sum(v_i)"],
    reference=Publication(
        *("J. Lucas, S. Sun, R. Zemel and R. Grosse", 2019, "ICLR, arXiv 1804.00325"),
        "Aggregated momentum: stability through passive damping",
    ),
)
def aggmo(learning_rate: Any, momenta: Sequence[Any]) -> Algorithm:
    """Aggregated momentum: K velocities, averaged.

    Raises
    ------
    InputError
        If no momentum is given.

    Examples
    --------
    >>> aggmo("0.1", ["0", "0.9", "0.99"]).effective_learning_rate
    Fraction(37, 10)
    """
    if not isinstance(momenta, tuple):
        momenta = (momenta,)
    if not momenta:
        raise InputError("momenta must hold at least one momentum, got none")
    K = len(momenta)
    return Algorithm(
        learning_rate,
        b=tuple(learning_rate * momentum / K for momentum in momenta),
        c=(-1,) * K,
        D=tuple(tuple(m if i == j else 0 for j in range(K)) for i, m in enumerate(momenta)),
    )


def averaging(algorithm: Algorithm, rate: Any) -> Algorithm:
    """Exponential moving average of an algorithm's iterates, as an algorithm of memory M + 1.

    The output is ``w <- (1 - rate) w + rate z``, z being the iterate of ``algorithm``; the
    first auxiliary vector is ``z - w``. Exact for any loss. For 0 < rate < 2 stability and the
    noise sum U' are those of ``algorithm``; only U, that of the loss at the output, changes.

    Parameters
    ----------
    algorithm : Algorithm
        Of any memory.
    rate : number or expression
        Share of the newest iterate, usually from 0 (excluded) to 1. Beyond 0 < rate < 2 the average
        itself diverges.

    Examples
    --------
    >>> averaging(sgd("0.5"), "0.1").noise_summand(1) == sgd("0.5").noise_summand(1)
    True
    """
    require_algorithm(algorithm, "algorithm")
    rate = as_scalar(rate, "rate")
    keep = 1 - rate
    return Algorithm(
        rate * algorithm.alpha,
        b=(rate, *(rate * entry for entry in algorithm.b)),
        c=(-keep * algorithm.alpha, *algorithm.c),
        D=(
            (keep, *(keep * entry for entry in algorithm.b)),
            *((0, *row) for row in algorithm.D),
        ),
        a=(1, *algorithm.a),
        name=algorithm.name and f"averaging({algorithm.name}, rate={number_text(rate)})",
        title=algorithm.title and f"averaged {algorithm.title}",
        floats=algorithm.floats,
    )


@family(
    "averaged SGD",
    update=["z <- z - learning_rate gradient(z)", "w <- (1 - rate) w + rate z"],
    reference=Publication(
        "B. T. Polyak and A. B. Juditsky",
        *(1992, "SIAM J. Control Optim. 30, there with equal weights"),
        "Acceleration of stochastic approximation by averaging",
    ),
)
def averaged_sgd(learning_rate: Any, rate: Any) -> Algorithm:
    """Exponential moving average of SGD's iterates; see `averaging`.

    Examples
    --------
    >>> averaged_sgd("0.5", "0.1").memory
    1
    """
    return averaging(sgd(learning_rate), rate)


def general(memory: int, *, shifted: bool = False) -> Algorithm:
    """Return the algorithm of the given memory whose entries are free symbols.

    Memory 1 uses the letters of the matrix [[-alpha, beta], [gamma, delta]], a larger memory
    ``alpha, b_1 ..., c_1 ..., D_11 ...``, and ``a_1 ...`` if it is shifted.

    Parameters
    ----------
    memory : int
        From 0 to 20.
    shifted : bool
        Whether a is free too.

    Raises
    ------
    InputError
        If ``memory`` is not an integer from 0 to 20.

    Examples
    --------
    >>> general(1).effective_learning_rate
    (alpha*delta - alpha + beta*gamma)/(delta - 1)
    """
    if isinstance(memory, bool) or not isinstance(memory, int) or not 0 <= memory <= 20:
        raise InputError(f"memory must be an integer from 0 to 20, got {shown(memory)}")
    from sympy import Symbol

    def symbol(name: str) -> Any:
        return Symbol(name, real=True)

    places = range(1, memory + 1)
    if memory == 1:
        b, c, D, a = symbol("beta"), symbol("gamma"), symbol("delta"), symbol("a")
    else:
        b, c, a = (tuple(symbol(f"{key}_{i}") for i in places) for key in "bca")
        D = tuple(tuple(symbol(f"D_{i}{j}") for j in places) for i in places)
    name = f"general memory-{memory} algorithm"
    return Algorithm(symbol("alpha"), b, c, D, a if shifted else (), name=name, title=name)


USUAL_FAMILIES: dict[str, Family[...]] = {  # what people begin with
    named.name: named
    for named in (
        *(sgd, heavy_ball, nesterov, qhm, torch_sgd, sgdm, two_rate, memory_one, aggmo),
        averaged_sgd,
    )
}
_ELSEWHERE = {
    "several_sequences": ("triple-momentum", "asgd", "mass", "snag", "schedule-free"),
    "several_momenta": ("pid", "ademamix", "dana-step"),
    "past_gradients": (
        *("optimistic", "past-extragradient", "delayed-sgd", "aggregated-gradient", "storm"),
    ),
}
FAMILIES.add(USUAL_FAMILIES)
for module, names in _ELSEWHERE.items():
    FAMILIES.add_later(f"sgdmem.symbolic.zoo.{module}", names)
_NONLINEAR = {  # in the gradients
    *("adam", "adamw", "adamax", "nadam", "radam", "adagrad", "adadelta", "rmsprop", "lion"),
    *("signsgd", "sign-sgd", "muon", "shampoo"),
}


def find_family(family: FamilyLike) -> Family[...]:
    """Return the family of a command-line name, or of a function; a family as it is.

    Raises
    ------
    InputError
        If there is no such family, or a function does not say which parameters it has.
    """
    if callable(family) and not isinstance(family, type):
        return as_family(family)
    if isinstance(family, Algorithm):
        raise InputError(
            'family must be a family such as "heavy-ball" or heavy_ball, got one algorithm, '
            f"{family.name or 'without a name'}: of one, stability(…).critical_scale tells by how "
            "much its learning rate may be multiplied"
        )
    name = str(family).replace("_", "-")
    if name in FAMILIES:
        return FAMILIES[name]
    nonlinear = f"; {name} is not linear in the gradients" if name.lower() in _NONLINEAR else ""
    known = ", ".join(sorted(FAMILIES))
    raise InputError(f"unknown algorithm {shown(family)}; known are {known}{nonlinear}")
