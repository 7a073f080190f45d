"""Any method with memory as an optimizer of PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from sgdmem.numeric.training.methods.point_steps import PointStep, PointSteps, read_rule
from sgdmem.symbolic.errors import InputError, shown


class LinearMemory(torch.optim.Optimizer):
    r"""An Algorithm, a Schedule or a family as a ``torch.optim.Optimizer``.

    The learning rate multiplies the step, as in ``torch.optim.SGD``: with the rate
    :math:`\eta` it is the method
    :math:`(\eta\alpha,\eta b,c,D,\eta a,\eta\cdot\mathrm{shrink})`. Schedulers of PyTorch act on it
    as they do there: ``LinearMemory(params, torch_sgd(1, 0.9), lr=0.05)`` takes the same steps as
    ``torch.optim.SGD(params, lr=0.05, momentum=0.9)``.

    **What the tensors hold.** The points where gradients are taken. If the rule has a = 0, these
    are its w. If not (`sgdmem.nesterov`, averages), they are :math:`w+\eta a^Tu`; `eval` puts w
    into the tensors, for validation or a final result, and `train` puts the points back. A step
    between the two is refused. Where a is 0 the two change nothing.

    Parameters
    ----------
    params : iterable
        Tensors, pairs of names and tensors, or dictionaries of groups, which may have their own
        ``lr``, ``weight_decay`` and ``maximize``.
    rule : Algorithm, Schedule, list of Algorithm, family or its name
        Of any memory M. A Schedule counts the steps of each parameter, from 0.
    lr : float >= 0
        The factor on the step, 1 by default: the rule as it is.
    weight_decay : float >= 0
        In the gradient, as in ``torch.optim.SGD``. Decoupled decay is ``shrink`` of the rule.
    maximize : bool
        Whether to climb.
    **values : number or function of the step
        Parameters of a family; see `sgdmem.methods.schedule`. Its ``learning_rate`` is 1 unless
        given.

    Raises
    ------
    InputError
        For an argument outside its domain, complex parameters, sparse gradients, a step between
        `eval` and `train`, and a state of another memory.

    Notes
    -----
    The state has M tensors ``u_1`` ... for each parameter, of its type; of bfloat16 they lose a
    damping 1 - D below about 1/100 to rounding, so that weights are better kept in float32, as
    ``torch.autocast`` does. A step makes as many passes over the numbers as ``torch.optim.SGD`` for
    the heavy ball and Nesterov's method, and 1 + 3M in general (D diagonal). ``torch.optim.SGD``
    does not damp its first gradient: with a dampening d it is
    ``[Algorithm(1, -momentum, 1, momentum), torch_sgd(1, momentum, d)]``.

    Examples
    --------
    >>> from sgdmem import heavy_ball
    >>> w = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = LinearMemory([w], heavy_ball, lr=0.5, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w**2 / 2).sum().backward()
    ...     optimizer.step()
    >>> w.item()
    0.0
    """

    def __init__(
        self,
        params: Any,
        rule: Any,
        lr: float = 1.0,
        *,
        weight_decay: float = 0.0,
        maximize: bool = False,
        **values: Any,
    ) -> None:
        self.rule = read_rule(rule, values)
        self._read()
        defaults = {"lr": lr, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, {**defaults, "evaluating": False})

    def _read(self) -> None:
        self._steps = PointSteps(self.rule)
        self._keys = [f"u_{i}" for i in range(1, self.rule.memory + 1)]

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "rule": self.rule}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:  # of an optimizer of PyTorch without memory
            group.setdefault("evaluating", False)
        self._read()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters; their steps are counted from 0."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            for name in ("lr", "weight_decay"):
                _require_rate(group[name], name)
            if not isinstance(group["maximize"], bool):
                raise InputError(f"maximize must be True or False, got {shown(group['maximize'])}")
            if any(p.is_complex() for p in group["params"]):
                raise InputError("params must be real, got complex tensors")
        except InputError:
            self.param_groups.pop()
            raise

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up a state, as of `state_dict`: what follows is what would have followed there."""
        for found in state_dict["state"].values():
            keys = sorted(key for key in found if key not in ("step", "rate", "point"))
            if keys != sorted(self._keys) or "step" not in found:
                raise InputError(
                    f"state_dict must be of a LinearMemory of memory {self.rule.memory}, got one "
                    f"with {', '.join(keys) or 'no memory'}"
                )
        super().load_state_dict(state_dict)

    # Steps --------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step from the gradients in the parameters; return what the closure returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                if group["evaluating"]:
                    raise InputError("the tensors hold w: call train() before the next step")
                for (time, *_), params in self._alike(group["params"]).items():
                    self._move(params, self._steps.at(time, float(group["lr"])), group)
        return loss

    def _alike(self, params: list[Any]) -> dict[tuple[Any, ...], list[Any]]:
        """Return the parameters that have gradients by the step they take, device and type."""
        found: dict[tuple[Any, ...], list[Any]] = {}
        for p in params:
            if p.grad is None:
                continue
            if p.grad.layout is not torch.strided:
                raise InputError(f"gradients must be dense, got one of layout {p.grad.layout}")
            state = self.state[p]
            if not state:
                state["step"] = 0
                for key in self._keys:
                    state[key] = torch.zeros_like(p, memory_format=torch.preserve_format)
            alike = self._steps.clock(state["step"]), p.device, p.dtype
            found.setdefault(alike, []).append(p)
        return found

    def _move(self, params: list[Any], step: PointStep, group: dict[str, Any]) -> None:
        states = [self.state[p] for p in params]
        u = [[state[key] for state in states] for key in self._keys]
        gradients, sign = [p.grad for p in params], -1.0 if group["maximize"] else 1.0
        if group["weight_decay"]:
            gradients = torch._foreach_add(gradients, params, alpha=sign * group["weight_decay"])
        _multiply(params, 1 - step.shrink)
        _add(params, gradients, sign * step.gradient)
        for vectors, weight in zip(u, step.old, strict=bool(step.old)):
            _add(params, vectors, weight)
        u = _advanced(u, gradients, [sign * c for c in step.c], step.D)
        for vectors, weight in zip(u, step.new, strict=bool(step.new)):
            _add(params, vectors, weight)
        for state in states:
            state["step"] += 1
            state["rate"] = float(group["lr"])  # at which its tensors hold w + rate a u
        for key, vectors in zip(self._keys, u, strict=True):
            for state, vector in zip(states, vectors, strict=True):
                state[key] = vector

    # What the tensors hold ----------------------------------------------------------------------

    def eval(self) -> None:
        """Put w into the tensors instead of the points where gradients are taken.

        Of the rate of the last step: a scheduler may have set another one since.
        """
        with torch.no_grad():
            for group in self.param_groups:
                for p in [] if group["evaluating"] else group["params"]:
                    state = self.state.get(p, {})
                    shift = self._steps.shift(state["step"]) if state else []
                    if any(shift):
                        state["point"] = p.clone(memory_format=torch.preserve_format)
                        for key, weight in zip(self._keys, shift, strict=True):
                            p.add_(state[key], alpha=-state["rate"] * weight)
                group["evaluating"] = True

    def train(self) -> None:
        """Put the points where gradients are taken back into the tensors, exactly."""
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"] if group["evaluating"] else []:
                    if "point" in self.state.get(p, {}):
                        p.copy_(self.state[p].pop("point"))
                group["evaluating"] = False


def _add(params: list[Any], vectors: list[Any], weight: float) -> None:
    if weight:
        torch._foreach_add_(params, vectors, alpha=weight)


def _multiply(vectors: list[Any], weight: float) -> None:
    if weight == 1:
        return
    if vectors[0].device.type == "cpu" and vectors[0].itemsize < 4:
        for vector in vectors:  # with lists PyTorch rounds the weight to the type: .999 is 1
            vector.mul_(weight)
    else:
        torch._foreach_mul_(vectors, weight)


def _advanced(
    u: list[list[Any]], gradients: list[Any], c: list[float], D: tuple[tuple[float, ...], ...]
) -> list[list[Any]]:
    """Return c g + D u, in place where D is diagonal."""
    found = []
    mixed = any(D[i][j] for i in range(len(D)) for j in range(len(D)) if i != j)
    for i, own in enumerate(u):
        if mixed:
            moved = [vector.mul(D[i][i]) for vector in own]
            for j, other in enumerate(u):
                _add(moved, other, D[i][j] if i != j else 0.0)
        else:
            moved = own
            _multiply(moved, D[i][i])
        _add(moved, gradients, c[i])
        found.append(moved)
    return found


def _require_rate(value: Any, name: str) -> None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, str) or not 0 <= number < math.inf:
        raise InputError(f"{name} must be a number >= 0, got {shown(value)}")
