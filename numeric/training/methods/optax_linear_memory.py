"""Any method with memory as a gradient transformation of optax."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np
import optax

from sgdmem.numeric.training.methods.point_steps import PointSteps, StepEntries, read_rule
from sgdmem.symbolic.errors import InputError


class LinearMemoryState(NamedTuple):
    """The state of `linear_memory`.

    Attributes
    ----------
    count : integer
        How many steps were made.
    u : tuple of M trees
    shift : array of shape (M,)
        Parameters are w + shift u.
    """

    count: Any
    u: tuple[Any, ...]
    shift: Any


def linear_memory(
    rule: Any, learning_rate: Any = 1.0, **values: Any
) -> optax.GradientTransformation:
    r"""Return a method as a transformation of optax, with the meaning of `LinearMemory`.

    With the learning rate :math:`\eta` it is the method
    :math:`(\eta\alpha,\eta b,c,D,\eta a,\eta\cdot\mathrm{shrink})`. Parameters are the points where
    gradients are taken; where the rule has a, `linear_memory_eval_params` makes w of them.

    Parameters
    ----------
    rule : Algorithm, Schedule, list of Algorithm, family or its name
        A Schedule is asked for its entries outside of compiled code, once a step.
    learning_rate : number, or schedule of optax
        The factor on the step.
    **values : number or function of the step
        Parameters of a family; see `sgdmem.methods.schedule`. Its ``learning_rate`` is 1 unless
        given.

    Raises
    ------
    InputError
        For what is no rule; in ``update`` if w shrinks and no ``params`` are given.

    Examples
    --------
    >>> from sgdmem import heavy_ball
    >>> transform = linear_memory(heavy_ball, 0.5, momentum=0.5)
    >>> w, state = 1.0, transform.init(1.0)
    >>> for _ in range(2):
    ...     updates, state = transform.update(w, state, w)  # the gradient of w**2 / 2 is w
    ...     w = optax.apply_updates(w, updates)
    >>> float(w)
    0.0
    """
    steps = PointSteps(read_rule(rule, values))
    memory, shrinks = steps.rule.memory, steps.rule.shrinks

    def init(params: Any) -> LinearMemoryState:
        u = tuple(jax.tree.map(jax.numpy.zeros_like, params) for _ in range(memory))
        zero = jax.numpy.zeros((), jax.numpy.int32)
        return LinearMemoryState(zero, u, jax.numpy.zeros(memory))

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, LinearMemoryState]:
        if shrinks and params is None:
            raise InputError("update needs params: w shrinks at each step")
        rate = learning_rate(state.count) if callable(learning_rate) else learning_rate
        alpha, b, c, D, a, following, shrink = _entries(steps, state.count)
        old = rate * (b - (1 - rate * shrink) * a + D.T @ following)
        of_gradient = -rate * (alpha - following @ c)

        def moved(gradient: Any, *u: Any) -> Any:
            """Return what is added to one array of parameters; its u, and itself, come after."""
            added = of_gradient * gradient + sum(old[i] * u[i] for i in range(memory))
            added = added - rate * shrink * u[memory] if shrinks else added
            return added.astype(gradient.dtype)

        def advanced(i: int, gradient: Any, *u: Any) -> Any:
            new = c[i] * gradient + sum(D[i, j] * u[j] for j in range(memory))
            return new.astype(u[i].dtype)

        updates = jax.tree.map(jax.numpy.asarray, updates)
        found = jax.tree.map(moved, updates, *state.u, *([params] if shrinks else []))
        u = tuple(
            jax.tree.map(lambda *arrays, i=i: advanced(i, *arrays), updates, *state.u)
            for i in range(memory)
        )
        return found, LinearMemoryState(state.count + 1, u, rate * following)

    return optax.GradientTransformation(init, update)


def linear_memory_eval_params(state: LinearMemoryState, params: Any) -> Any:
    """Return w, for validation or as the result, of parameters that `linear_memory` moves."""

    def iterate(point: Any, *u: Any) -> Any:
        shifted = point - sum(state.shift[i] * u[i] for i in range(len(u)))
        return shifted.astype(jax.numpy.asarray(point).dtype)

    return jax.tree.map(iterate, params, *state.u) if state.u else params


def _entries(steps: PointSteps, count: Any) -> Any:
    """Return the entries of a step, whose number may be traced, as arrays of JAX."""
    if steps.rule.stationary is not None:
        return [jax.numpy.asarray(entry) for entry in steps.entries(0)]
    dtype = jax.numpy.asarray(1.0).dtype

    def evaluated(step: Any) -> StepEntries:
        return StepEntries(*[np.asarray(x, dtype) for x in steps.entries(int(step))])

    shapes = [jax.ShapeDtypeStruct(np.shape(x), dtype) for x in steps.entries(0)]
    return jax.pure_callback(evaluated, StepEntries(*shapes), count, vmap_method="sequential")
