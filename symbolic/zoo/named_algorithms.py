"""Algorithms by name: what people call them, in the form (alpha, b, c, D, a).

Every `Family` takes numbers or SymPy expressions and returns an `Algorithm`. Values beyond a
method's usual range (a momentum of 1.5, a negative learning rate) describe algorithms too.
`families_by_name` has them under their command-line names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.constructors import family
from sgdmem.symbolic.algorithms.family import FAMILIES as FAMILIES
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
