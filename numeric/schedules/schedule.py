"""Schedules: an algorithm for each step, as arrays of its entries."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.symbolic.algebra.scalars import is_list, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm, require_algorithm
from sgdmem.symbolic.errors import InputError, shown


@dataclass(frozen=True)
class Steps:
    """The entries of T algorithms of one memory M, in floats.

    Attributes
    ----------
    alpha : ndarray, shape (T,)
    b, c, a : ndarray, shape (T, M)
    D : ndarray, shape (T, M, M)
    shrink : ndarray, shape (T,)
    """

    alpha: Array
    b: Array
    c: Array
    D: Array
    a: Array
    shrink: Array

    def __len__(self) -> int:
        return int(self.alpha.size)

    @classmethod
    def of_entries(cls, entries: Sequence[Any], memory: int, size: int) -> Steps:
        """Return the steps whose entries are in the order of `Algorithm.entries`.

        Each is a number or an array of shape (size,).
        """
        table = np.empty((size, len(entries)))
        for k, entry in enumerate(entries):
            table[:, k] = entry
        M, vectors = memory, table[:, 1:]
        return cls(
            alpha=table[:, 0],
            b=vectors[:, :M],
            c=vectors[:, M : 2 * M],
            D=vectors[:, 2 * M : 2 * M + M * M].reshape(size, M, M),
            a=vectors[:, 2 * M + M * M : 3 * M + M * M],
            shrink=vectors[:, -1] if len(entries) > (M + 1) ** 2 + M else np.zeros(size),
        )

    @property
    def table(self) -> Array:
        """All entries, one step a row, in the order of `Algorithm.entries`; shrink is the last."""
        D = self.D.reshape(len(self), -1)
        return np.column_stack([self.alpha, self.b, self.c, D, self.a, self.shrink])

    @property
    def state_matrices(self) -> tuple[Array, Array]:
        """S_0 and v r^T of every step: a mode's state moves by S_0 + lambda v r^T, eq. (7)."""
        v = np.column_stack([-self.alpha, self.c])
        r = np.column_stack([np.ones(len(self)), self.a])
        still = np.zeros((len(self), v.shape[1], v.shape[1]))
        still[:, 0, 0] = 1 - self.shrink
        still[:, 0, 1:], still[:, 1:, 1:] = self.b, self.D
        return still, v[:, :, None] * r[:, None, :]

    @property
    def effective_learning_rates(self) -> Array:
        """The effective learning rate of every step, eq. (22), as if w did not shrink.

        All NaN if D of some step has an eigenvalue 1.
        """
        M = self.b.shape[1]
        with np.errstate(invalid="ignore", divide="ignore"):
            try:
                inner = np.linalg.solve(np.eye(M) - self.D, self.c[:, :, None])[:, :, 0]
            except np.linalg.LinAlgError:
                return np.full(len(self), np.nan)
        return self.alpha - (self.b * inner).sum(axis=1)  # type: ignore[no-any-return]

    def speeds(self, steps: int) -> Array:
        """How far each algorithm moves w a step, in so many of its own, under a gradient of 1."""
        S = self.state_matrices[0]
        moved = np.column_stack([-self.alpha, self.c])[:, :, None]
        most, made = np.abs(moved[:, 0, 0]), 1
        with np.errstate(over="ignore", invalid="ignore"):
            while made < steps:  # twice as many steps each time
                moved, S, made = moved + S @ moved, S @ S, 2 * made
                most = np.maximum(most, np.abs(moved[:, 0, 0]))
        return most / made  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class Schedule:
    """An algorithm for each step t = 0, 1, ..., all of one memory.

    Usually made by `schedule`, `Schedule.constant` or a function such as `accelerated`.

    Attributes
    ----------
    memory : int
        M >= 0.
    name : str
    evaluate : function
        Takes an array of T step numbers 0, 1, ..., floats in any order, and returns the entries of
        their algorithms: a sequence alpha, b_1 ... b_M, c_1 ... c_M, D_11, D_12 ... D_MM, a_1 ...
        a_M as in `Algorithm.entries`, and the share by which w shrinks where it does; each one a
        number, or an array of shape (T,).
    stationary : Algorithm or None
        Set if it is the same one at every step.
    acceleration : float or None
        Theta, if it is known that under mini-batch noise the loss on a power law falls with theta
        times the exponent of SGD, min(zeta, 2 - 1/nu): a property of `sgdmem.methods.accelerated`.

    Raises
    ------
    InputError
        If memory is no integer >= 0 or ``evaluate`` no function; and, when steps are asked for, if
        ``evaluate`` returns anything else.

    Examples
    --------
    >>> falling = Schedule(0, "falling", lambda t: [0.5 / (t + 1)])
    >>> falling.steps(0, 4).alpha
    array([0.5       , 0.25      , 0.16666667, 0.125     ])
    """

    memory: int
    name: str
    evaluate: Callable[[Array], Sequence[Any]]  # of step numbers: entries as `Steps.of_entries`
    stationary: Algorithm | None = None
    acceleration: float | None = None

    def __post_init__(self) -> None:
        whole(self.memory, "memory", 0)
        if not callable(self.evaluate):
            raise InputError(
                f"evaluate must be a function of step numbers, got {shown(self.evaluate)}: "
                f"schedule() makes a Schedule of a family"
            )

    @classmethod
    def constant(cls, algorithm: Algorithm) -> Schedule:
        """Return the schedule that takes one algorithm at every step."""
        numeric_algorithm(algorithm)
        entries = [to_float(entry) for entry in algorithm.entries]
        name = algorithm.name or algorithm.label
        return cls(algorithm.memory, name, partial(_same, entries), algorithm)

    def steps(self, first: int, last: int) -> Steps:
        """Return the entries of the steps from ``first`` to ``last - 1``.

        Raises
        ------
        InputError
            If an entry is not finite, or the range is empty.
        """
        if not 0 <= first < last:
            raise InputError(f"steps must be a range such as 0 to 10, got {first} to {last}")
        return self.some_steps(np.arange(float(first), float(last)))

    def some_steps(self, t: Array) -> Steps:
        """Return the entries of the steps with these numbers, an array of floats."""
        found = Steps.of_entries(self._entries(t), self.memory, t.size)
        for name in ("alpha", "b", "c", "D", "a", "shrink"):
            bad = ~np.isfinite(getattr(found, name)).reshape(t.size, -1).all(axis=1)
            if bad.any():
                step = int(t[bad.argmax()])
                raise InputError(f"{name} of {self.name} is not a finite number at step {step}")
        return found

    def _entries(self, t: Array) -> list[Any]:
        """Return what `evaluate` returns, with its number and shapes checked."""
        given, needed = self.evaluate(t), (self.memory + 1) ** 2 + self.memory
        if not is_list(given) or len(entries := list(given)) not in (needed, needed + 1):
            found = f"{len(list(given))} of them" if is_list(given) else shown(given)
            raise InputError(
                f"evaluate of {self.name} must return {needed} entries for memory {self.memory}, "
                f"in the order of Algorithm.entries, got {found}"
            )
        for k, entry in enumerate(entries):
            try:
                shape = np.asarray(entry, dtype=float).shape
            except (TypeError, ValueError, OverflowError):
                raise InputError(
                    f"evaluate of {self.name} must return numbers, but entry {k} is {shown(entry)}"
                ) from None
            if shape not in ((), t.shape):
                raise InputError(
                    f"evaluate of {self.name} must return one number for each step, but entry {k} "
                    f"has shape {shape} for {t.size} steps"
                )
        return entries

    @property
    def shrinks(self) -> bool:
        """Whether the algorithm of some step may shrink w."""
        if self.stationary is not None:
            return bool(self.stationary.shrink != 0)
        return len(self._entries(np.zeros(1))) > (self.memory + 1) ** 2 + self.memory

    def at(self, step: int) -> Algorithm:
        """Return the algorithm of one step; its entries are floats unless it is stationary.

        Examples
        --------
        >>> from sgdmem.methods import schedule
        >>> falling = schedule("sgd", learning_rate=lambda t: 0.5 / (t + 1))
        >>> falling.at(1)
        Algorithm(alpha=0.25)
        """
        step = whole(step, "step", 0)
        if self.stationary is not None:
            return self.stationary
        found = self.steps(step, step + 1)
        names = ("b", "c", "D", "a", "shrink")
        vectors = {key: getattr(found, key)[0].tolist() for key in names}
        return Algorithm(float(found.alpha[0]), **vectors, name=f"{self.name} at step {step}")

    def __repr__(self) -> str:
        return f"Schedule({self.name!r}, memory {self.memory})"

    def __copy__(self) -> Schedule:
        return self  # nothing of it changes

    def __deepcopy__(self, memo: Any) -> Schedule:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        try:
            pickle.dumps(self.evaluate)
        except Exception as error:
            raise InputError(
                f"{self.name} can be pickled only if its functions of the step are found by their "
                f"names: use functions of a module instead of lambdas and local ones ({error})"
            ) from None
        return super().__reduce_ex__(protocol)


def listed_schedule(algorithms: Sequence[Algorithm]) -> Schedule:
    """Return the schedule of some algorithms of one memory, one a step; the last one stays.

    Raises
    ------
    InputError
        For an empty list or different memories.
    """
    algorithms = list(algorithms) if is_list(algorithms) else []
    if not algorithms:
        raise InputError("algorithms must be a list of at least one Algorithm")
    memories = {
        require_algorithm(algorithm, f"algorithms[{i}]").memory
        for i, algorithm in enumerate(algorithms)
    }
    if len(memories) > 1:
        raise InputError(
            f"algorithms must have one memory, got {sorted(memories)}: a step that is written as "
            "code keeps no vectors that it does not use, Algorithm(alpha, b, c, D) does"
        )
    every = [numeric_algorithm(algorithm).blocks for algorithm in algorithms]
    shrink = any(blocks.shrink != 0 for blocks in every)
    rows = [
        [to_float(x) for x in (*blocks._replace(shrink=0).row, *[blocks.shrink][: int(shrink)])]
        for blocks in every
    ]
    return table_schedule(np.array(rows), memories.pop(), f"{len(rows)} listed algorithms")


def table_schedule(table: Array, memory: int, name: str) -> Schedule:
    """Return the schedule whose entries are the rows of a table, as `Steps.table`; the last stays.

    A column for shrink may be left out.
    """
    return Schedule(memory, name, partial(_listed, table))


def require_one_rest(schedule: Schedule) -> None:
    """Raise InputError if a schedule shrinks w, and does so in another way at each step."""
    if schedule.shrinks and schedule.stationary is None:
        raise InputError(
            "one algorithm must make all steps where w shrinks and there are labels: where it "
            "comes to rest depends on it"
        )


def _same(entries: list[float], t: Array) -> list[float]:
    return entries


def _listed(table: Array, t: Array) -> list[Array]:
    return list(table[np.minimum(t, len(table) - 1).astype(int)].T)


def read_schedule(value: Any) -> Schedule:
    """Return a schedule, or the constant one of an algorithm."""
    if isinstance(value, Schedule):
        return value
    if isinstance(value, Algorithm):
        return Schedule.constant(value)
    if is_list(value):
        return listed_schedule(value)
    raise InputError(f"an Algorithm or a Schedule is needed, got {shown(value)}")
