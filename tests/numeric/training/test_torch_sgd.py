"""torch.optim.SGD, alone and under schedulers, against its real steps."""

from __future__ import annotations

from copy import deepcopy
from itertools import product
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem.errors import InputError

torch = pytest.importorskip("torch")
from sgdmem.training import from_optimizer  # noqa: E402
from tests.numeric.training.real_steps import (  # noqa: E402
    START,
    flat,
    parameters,
    read_points,
    real,
)

S = torch.optim.lr_scheduler
STEPS = 200
OPTIONS = [
    {"momentum": m, "dampening": d, "nesterov": n, "weight_decay": w, "maximize": up}
    for m, d, n, w, up in product([0, 0.9], [0, 0.4], [False, True], [0, 0.03], [False, True])
    if not (n and (m == 0 or d))
]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(
            x, marks=[pytest.mark.exhaustive] if x["maximize"] != bool(x["weight_decay"]) else []
        )
        for x in OPTIONS
    ],
    ids=lambda x: "-".join(map(str, x.values())),
)
def test_every_option_makes_the_real_steps(options: dict[str, Any]) -> None:
    rate = 0.002 if options["maximize"] else 0.05
    optimizer = torch.optim.SGD(parameters(), lr=torch.tensor(rate), **options)
    optimizer.param_groups[0]["lr"] = torch.tensor(rate, dtype=torch.float64)
    read = from_optimizer(optimizer, steps=STEPS)
    plain = from_optimizer(optimizer)
    expected = sgdmem.torch_sgd(rate, *(options[x] for x in ("momentum", "dampening", "nesterov")))
    assert plain.method == expected
    damped = bool(options["momentum"] and options["dampening"])
    assert ("not damped" in str(plain)) == damped
    assert (read.method.stationary is None) == damped
    points = real(optimizer, STEPS)
    assert abs(points - read_points(read, START, STEPS)).max() <= 1e-13
    if options["momentum"]:  # from its state on
        buffers = flat(optimizer.state[p]["momentum_buffer"] for p in read.parameters)[None]
        plain = from_optimizer(optimizer)
        assert plain.notes == ()
        again = read_points(plain, points[-1], STEPS, buffers, first=STEPS)
        assert abs(real(optimizer, STEPS, first=STEPS) - again).max() <= 1e-13


SCHEDULES: dict[str, Any] = {
    "lambda": lambda o: S.LambdaLR(o, lambda t: 1 / (1 + 0.1 * t)),
    "step": lambda o: S.StepLR(o, 30, 0.5),
    "cosine": lambda o: S.CosineAnnealingLR(o, 150),
    "one-cycle": lambda o: S.OneCycleLR(o, 0.1, total_steps=STEPS + 1),
    "cyclic": lambda o: S.CyclicLR(o, 0.01, 0.1, 13, mode="triangular2"),
    "cyclic without momentum": lambda o: S.CyclicLR(o, 0.01, 0.1, 13, cycle_momentum=False),
    "to zero momentum": lambda o: S.CyclicLR(o, 0.01, 0.1, 9, base_momentum=0, max_momentum=0.5),
    "restarts": lambda o: S.CosineAnnealingWarmRestarts(o, 20, 2),
    "warm-up": lambda o: S.SequentialLR(
        o, [S.LinearLR(o, 0.01, total_iters=40), S.CosineAnnealingLR(o, 150)], [40]
    ),
    "from zero": lambda o: S.LambdaLR(o, lambda t: min(1, t / 20)),
    "chained": lambda o: S.ChainedScheduler(
        [S.LinearLR(o, 0.1, total_iters=30), S.ExponentialLR(o, 0.99)], optimizer=o
    ),
    "polynomial": lambda o: S.PolynomialLR(o, 180, 2),
    "milestones": lambda o: S.MultiStepLR(o, [20, 50], 0.3),
    "a list": lambda o: [S.LinearLR(o, 0.1, total_iters=30), S.StepLR(o, 40)],
}


@pytest.mark.parametrize(
    ("name", "nesterov"),
    [
        pytest.param(name, n, marks=[pytest.mark.exhaustive] if (i + n) % 2 else [])
        for i, name in enumerate(SCHEDULES)
        for n in (False, True)
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_schedulers_make_the_real_steps_and_are_left_alone(name: str, nesterov: bool) -> None:
    dampening = 0.0 if nesterov else 0.3
    optimizer = torch.optim.SGD(
        parameters(), lr=0.05, momentum=0.8, dampening=dampening, nesterov=nesterov
    )
    scheduler = SCHEDULES[name](optimizer)
    listed = scheduler if isinstance(scheduler, list) else [scheduler]
    before = real(optimizer, 25, listed)  # not from the start
    seen = deepcopy([optimizer.state_dict(), [x.state_dict() for x in listed]])
    kept = [(p.data_ptr(), p.grad.data_ptr()) for p in optimizer.param_groups[0]["params"]]
    read = from_optimizer(optimizer, scheduler, STEPS - 25)
    present = from_optimizer(optimizer, scheduler)
    assert [(p.data_ptr(), p.grad.data_ptr()) for p in read.parameters] == kept
    assert str(seen) == str([optimizer.state_dict(), [x.state_dict() for x in listed]])
    assert float(present.method.alpha) == pytest.approx(read.method.steps(0, 1).alpha[0], rel=1e-15)
    buffers = flat(optimizer.state[p]["momentum_buffer"] for p in read.parameters)[None]
    points = real(optimizer, STEPS - 25, listed, first=25)
    found = read_points(read, before[-1], STEPS - 25, buffers, first=25)
    assert abs(points - found).max() <= 1e-13


def test_a_scheduler_that_steps_once_an_epoch() -> None:
    optimizer = torch.optim.SGD(parameters(), lr=0.1, momentum=0.5, dampening=0.2)
    scheduler = S.ExponentialLR(optimizer, 0.7)
    read = from_optimizer(optimizer, scheduler, STEPS, every=30)
    points = real(optimizer, STEPS, [scheduler], every=30)
    assert abs(points - read_points(read, START, STEPS)).max() <= 1e-13
    assert read.method.steps(0, 500).alpha[-1] == read.method.steps(0, 500).alpha[STEPS - 1]
    assert str(read.method) == "Schedule('torch.optim.SGD with ExponentialLR', memory 1)"


@pytest.mark.parametrize("scheduled", [False, True])
def test_groups_that_differ_in_rate_are_a_preconditioner(scheduled: bool) -> None:
    first, second = parameters()
    still = torch.zeros(2)
    groups = [{"params": [still], "momentum": 0.1}, {"params": [first]}]
    groups.append({"params": [second], "lr": 0.02})
    optimizer = torch.optim.SGD(groups, lr=0.05, momentum=0.9)
    schedulers = [S.CosineAnnealingLR(optimizer, 170)] if scheduled else []
    read = from_optimizer(optimizer, schedulers, STEPS)
    assert read.preconditioner == (1, 0.02 / 0.05)
    assert [*map(id, read.parameters)] == [id(first), id(second)]
    del optimizer.param_groups[0]
    if scheduled:
        schedulers[0].base_lrs = schedulers[0].base_lrs[1:]
    points = real(optimizer, STEPS, schedulers)
    assert abs(points - read_points(read, START, STEPS)).max() <= 1e-13


class Mine(torch.optim.SGD):  # type: ignore[name-defined]
    """A class of the user's with the steps of another."""


def test_classes_that_inherit_their_steps_are_known() -> None:
    read = from_optimizer(Mine(parameters(), lr=0.1))
    assert read.name == "torch.optim.SGD" and read.method == sgdmem.sgd(0.1)


def two(**second: Any) -> Any:
    first, other = parameters()
    return torch.optim.SGD(
        [{"params": [first]}, {"params": [other], **second}], lr=0.1, momentum=0.9
    )


def half_made() -> Any:
    optimizer = torch.optim.SGD(parameters(), lr=0.1, momentum=0.9, dampening=0.1)
    for p in optimizer.param_groups[0]["params"][:1]:
        p.grad = torch.zeros_like(p)
    optimizer.step()
    return optimizer


def with_decay() -> Any:
    optimizer = two(lr=0.2)
    for group in optimizer.param_groups:
        group["weight_decay"] = 0.01
    return optimizer


REFUSALS: list[tuple[Any, str]] = [
    (lambda: from_optimizer(two(momentum=0.5)), "groups 0 and 1 of torch.optim.SGD differ in mom"),
    (lambda: from_optimizer(two(weight_decay=0.5)), "differ in weight_decay, 0.0 and 0.5: one me"),
    (lambda: from_optimizer(two(lr=0)), "lr of group 1 is 0: leave out what does not move"),
    (lambda: from_optimizer(with_decay()), "weight_decay must be 0 where groups of torch.optim"),
    (lambda: from_optimizer(half_made()), "made a step with some of its parameters only"),
    (
        lambda: from_optimizer(parameters()),
        "optimizer must be one of torch.optim or a transformation of op",
    ),
    (lambda: from_optimizer(two(), steps=0), "steps must be an integer from 1"),
    (lambda: from_optimizer(two(), every=0), "every must be an integer"),
    (lambda: from_optimizer(two(), "cosine"), "scheduler must be one of torch.optim.lr_scheduler"),
    (
        lambda: from_optimizer(torch.optim.SGD([torch.zeros(2)], lr=0.1)),
        "torch.optim.SGD moves nothing: no parameter asks for gradients",
    ),
    (
        lambda: from_optimizer(two(), S.ExponentialLR(two(), 0.9), 5),
        "scheduler ExponentialLR belongs to another optimizer",
    ),
]


@pytest.mark.parametrize(("ask", "message"), REFUSALS)
def test_refusals(ask: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        ask()
    assert "\n" not in str(caught.value)


def test_rates_that_do_not_stay_in_proportion() -> None:
    optimizer = two(lr=0.2)
    scheduler = S.LambdaLR(optimizer, [lambda t: 1, lambda t: 1 if t < 7 else 0.5])
    assert from_optimizer(optimizer, scheduler, 7).preconditioner == (1, 2)
    with pytest.raises(InputError, match=r"in proportion .* at step 7 it is 0\.1, and of group 0 "):
        from_optimizer(optimizer, scheduler, 8)


def test_plateaus_are_refused_alone_and_inside() -> None:
    optimizer = two()
    plateau = S.ReduceLROnPlateau(optimizer)
    inside = S.ChainedScheduler([S.ConstantLR(optimizer)], optimizer=optimizer)
    inside._schedulers = [plateau]
    for scheduler in (plateau, inside, [plateau]):
        with pytest.raises(InputError, match="ReduceLROnPlateau sets rates by metrics"):
            from_optimizer(optimizer, scheduler, 10)


def test_schedulers_that_end_or_change_something_else() -> None:
    optimizer = two()
    once = S.OneCycleLR(optimizer, 0.1, total_steps=10)
    assert len(from_optimizer(optimizer, once, 10).method.steps(0, 10)) == 10
    with pytest.raises(InputError, match=r"OneCycleLR fails before step 11: .*at most 11 steps"):
        from_optimizer(optimizer, once, 20)

    class Decay(S.LRScheduler):  # type: ignore[name-defined]
        def get_lr(self) -> Any:
            for group in self.optimizer.param_groups:
                group["weight_decay"] = 0.1 * self.last_epoch
            return [0.1, 0.1]

    with pytest.raises(InputError, match="scheduler must leave weight_decay alone, which goes fr"):
        from_optimizer(optimizer, Decay(optimizer), 10)


def test_float_rates_of_single_precision_are_what_they_are() -> None:
    optimizer = torch.optim.SGD(parameters(), lr=torch.tensor(0.1))
    assert from_optimizer(optimizer).method.alpha == np.float64(np.float32(0.1))
