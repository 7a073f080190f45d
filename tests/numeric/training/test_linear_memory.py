"""Methods as optimizers of PyTorch, against PyTorch's own and against trajectories."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem.methods import averaged_sgd, heavy_ball, nesterov, schedule, torch_sgd, trajectory
from sgdmem.numeric.schedules.schedule import Schedule, read_schedule
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError

torch = pytest.importorskip("torch")

from sgdmem.training import LinearMemory  # noqa: E402

STEPS = 200
START = (np.array([[1.0, -2.0], [0.5, 0.1]]), np.array([0.3, -0.7, 1.5]))
NOISE = [
    0.1 * torch.cos(torch.rand(STEPS, *w.shape, generator=torch.Generator().manual_seed(1)) * 6)
    for w in START
]
STEPPED = torch.optim.lr_scheduler.StepLR


def parameters(dtype: Any = None) -> list[Any]:
    return [torch.nn.Parameter(torch.tensor(w, dtype=dtype)) for w in START]


def row(tensors: list[Any]) -> Any:
    """Return all numbers in an array of one dimension."""
    return torch.cat([w.detach().flatten() for w in tensors]).numpy().copy()


def put_gradients(params: list[Any], step: int, signs: tuple[float, float] = (1.0, 1.0)) -> None:
    """Put gradients of a loss that is not quadratic, with noise of the step, into parameters."""
    for i, p in enumerate(params):
        p.grad = torch.tanh(p.detach() * 2).add_(NOISE[i][step]).mul_(signs[i])


def run(
    optimizer: Any,
    params: list[Any],
    steps: int = STEPS,
    scheduler: Any = None,
    first: int = 0,
    signs: tuple[float, float] = (1.0, 1.0),
) -> list[Any]:
    """Return all parameters in a row after each step."""
    found = []
    for step in range(first, first + steps):
        put_gradients(params, step, signs)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        found.append(row(params))
    return found


def largest_difference(one: Any, other: Any) -> float:
    return float(np.abs(np.asarray(one) - np.asarray(other)).max())


def undamped_first(momentum: float, dampening: float) -> list[Algorithm]:
    rest = torch_sgd(1, momentum, dampening)
    return [Algorithm(1, -momentum, 1, momentum), rest]


OPTIONS: list[tuple[Any, dict[str, Any]]] = [
    (sgdmem.sgd(1), {}),
    (torch_sgd(1, 0.9), {"momentum": 0.9}),
    (heavy_ball(1, 0.9), {"momentum": 0.9}),
    (torch_sgd(1, 0.9, nesterov=True), {"momentum": 0.9, "nesterov": True}),
    (undamped_first(0.9, 0.3), {"momentum": 0.9, "dampening": 0.3}),
]


SCHEDULERS: dict[str, Any] = {
    "constant": lambda o: torch.optim.lr_scheduler.ConstantLR(o, 1.0),
    "steps": lambda o: STEPPED(o, 40, 0.5),
    "restarts": lambda o: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 30),
    "one cycle": lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.05, 250, cycle_momentum=False),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in ("steps", "one cycle") else pytest.mark.exhaustive)
        for name in SCHEDULERS
    ],
)
@pytest.mark.parametrize(("rule", "options"), OPTIONS, ids=str)
def test_takes_the_steps_of_torch(rule: Any, options: dict[str, Any], name: str) -> None:
    """In two groups, one with weight decay, the other climbing the loss times -1."""
    runs = []
    for kind in ("ours", "torch"):
        params = parameters()
        groups = [
            {"params": params[:1], "weight_decay": 0.1},
            {"params": params[1:], "lr": 0.02, "weight_decay": 0.05, "maximize": True},
        ]
        if kind == "ours":
            optimizer = LinearMemory(groups, rule, lr=0.05)
        else:
            optimizer = torch.optim.SGD(groups, lr=0.05, **options)
        scheduler = SCHEDULERS[name](optimizer)
        runs.append(run(optimizer, params, scheduler=scheduler, signs=(1.0, -1.0)))
    assert largest_difference(*runs) <= 1e-13
    assert largest_difference(runs[0][-1], runs[0][0]) > 0.1


def random_rule(memory: int, seed: int, *, shrink: bool, changing: bool) -> Schedule | Algorithm:
    """Return a stable method of random entries, with a."""
    rng = np.random.default_rng(seed)

    def one() -> Algorithm:
        D = rng.normal(size=(memory, memory))
        D *= 0.8 / max(1e-9, float(np.linalg.norm(D, 2))) if memory else 1
        b, c, a = (rng.normal(size=memory) / max(1, memory) / 4 for _ in range(3))
        return Algorithm(0.2, b.tolist(), c.tolist(), D.tolist(), a.tolist(), 0.05 * shrink)

    return read_schedule([one() for _ in range(30)]) if changing else one()


def of_trajectory(rule: Any, steps: int, params: list[Any]) -> list[np.ndarray]:
    """Return what `trajectory` makes of the same gradients."""
    sizes = np.cumsum([p.numel() for p in params])[:-1]

    def gradient(point: Any, step: int) -> Any:
        copies = [
            torch.tensor(part.reshape(p.shape))
            for part, p in zip(np.split(point, sizes), params, strict=True)
        ]
        put_gradients(copies, step)
        return row([p.grad for p in copies])

    start = row(params)
    return list(trajectory(rule, gradient, start, steps)[1:])


def iterates(optimizer: Any, params: list[Any], steps: int) -> list[np.ndarray]:
    """Return w after each step."""
    found = []
    for step in range(steps):
        run(optimizer, params, 1, first=step)
        optimizer.eval()
        found.append(row(params))
        optimizer.train()
    return found


@pytest.mark.parametrize("memory", [0, 1, 2, 3])
def test_takes_the_steps_of_trajectory(memory: int) -> None:
    worst = 0.0
    for seed in range(3):
        for shrink in (False, True):
            for changing in (False, True):
                rule = random_rule(memory, seed, shrink=shrink, changing=changing)
                params = parameters()
                expected = of_trajectory(rule, 25, params)
                found = iterates(LinearMemory(params, rule), params, 25)
                size = max(1.0, np.abs(expected).max())
                worst = max(worst, largest_difference(found, expected) / size)
    assert worst <= 1e-15


def test_nesterov_where_the_gradient_is_taken_ahead() -> None:
    params, others = parameters(), parameters()
    ahead = iterates(LinearMemory(params, nesterov, lr=0.05, momentum=0.9), params, 60)
    expected = of_trajectory(nesterov(0.05, 0.9), 60, parameters())
    assert largest_difference(ahead, expected) <= 1e-14
    torchs = torch.optim.SGD(others, lr=0.05, momentum=0.9, nesterov=True)
    points = run(torchs, others, 60)  # they hold the same points as ours
    assert largest_difference(row(params), points[-1]) < 1e-14
    assert largest_difference(ahead[-1], points[-1]) > 1e-3


def test_schedule_free_sgd_and_a_rate_that_multiplies_the_shift() -> None:
    """z <- z - g(y), x <- x + (z - x)/t, y = z + beta (x - z): a = 1 - beta of u = z - x."""
    beta, rate = 0.8, 0.1

    def entries(t: Any) -> Any:
        share = 1 / (t + 1)
        return [share, share, share - 1, 1 - share, 1 - beta]

    rule = Schedule(1, "schedule-free", entries)
    params = parameters()
    found = iterates(LinearMemory(params, rule, lr=rate), params, 60)
    z = [torch.tensor(w) for w in START]
    x = [w.clone() for w in z]
    for step in range(60):
        y = [one * (1 - beta) + other * beta for one, other in zip(z, x, strict=True)]
        put_gradients(y, step)
        z = [one - rate * point.grad for one, point in zip(z, y, strict=True)]
        x = [one + (other - one) / (step + 1) for one, other in zip(x, z, strict=True)]
        assert largest_difference(row(x), found[step]) <= 1e-14


def test_the_rate_makes_the_method_with_eigenvalues_times_it() -> None:
    rule, rate = random_rule(2, 7, shrink=True, changing=False), 0.3
    assert isinstance(rule, Algorithm)
    alpha, b, c, D, a, shrink = rule.blocks
    longer = [[rate * float(x) for x in vector] for vector in (b, a)]
    scaled = Algorithm(rate * float(alpha), longer[0], c, D, longer[1], rate * float(shrink))
    runs = []
    for made, lr in ((rule, rate), (scaled, 1.0)):
        params = parameters()
        runs.append(iterates(LinearMemory(params, made, lr=lr), params, 40))
    assert largest_difference(*runs) <= 1e-14


def am1_like(t: Any) -> Any:
    return 1 - 1 / (t + 1)


RULES: dict[str, Callable[[], Any]] = {
    "stationary": lambda: torch_sgd(1, 0.9),
    "changing": lambda: schedule("heavy-ball", learning_rate=1, momentum=am1_like),
    "ahead": lambda: averaged_sgd(1, 0.1),
    "mixing": lambda: random_rule(3, 5, shrink=True, changing=True),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("way", ["state_dict", "state_dict of w", "pickle", "deepcopy"])
def test_resumed_runs_are_identical(name: str, way: str) -> None:
    params = parameters()
    optimizer = LinearMemory(params, RULES[name](), lr=0.1, weight_decay=0.01)
    run(optimizer, params, 20)
    if way.startswith("state_dict"):
        if way.endswith("w"):
            optimizer.eval()
        file = io.BytesIO()
        torch.save({"weights": params, "optimizer": optimizer.state_dict()}, file)
        optimizer.train()
        saved = torch.load(io.BytesIO(file.getvalue()), weights_only=True)
        others = list(saved["weights"])
        again = LinearMemory(others, RULES[name](), lr=1)
        again.load_state_dict(saved["optimizer"])
        if way.endswith("w"):
            with pytest.raises(InputError, match="call train"):
                again.step()
            again.train()
    elif way == "pickle":
        again = pickle.loads(pickle.dumps(optimizer))
        others = again.param_groups[0]["params"]
    else:
        again = copy.deepcopy(optimizer)
        others = again.param_groups[0]["params"]
    expected = run(optimizer, params, 20, first=20)
    assert np.array_equal(run(again, others, 20, first=20), expected)


def test_takes_up_the_state_of_plain_sgd() -> None:
    params = parameters()
    theirs = torch.optim.SGD(params, lr=0.1, weight_decay=0.01)
    run(theirs, params, 3)
    ours = LinearMemory(params, sgdmem.sgd(1))
    ours.load_state_dict(theirs.state_dict())
    start = [p.detach().clone() for p in params]
    expected = run(theirs, params, 5)
    for p, w in zip(params, start, strict=True):
        p.data.copy_(w)
    assert largest_difference(run(ours, params, 5), expected) <= 1e-15


def test_the_evaluated_point_comes_back_exactly_though_the_rate_changes() -> None:
    params = parameters()
    optimizer = LinearMemory(params, nesterov, lr=0.1, momentum=0.9)
    optimizer.eval()
    optimizer.train()
    points = run(optimizer, params, 5)[-1]
    for _ in range(2):  # twice is once
        optimizer.eval()
    found = row(params)
    assert largest_difference(found, points) > 1e-3
    optimizer.param_groups[0]["lr"] = 0.01
    for _ in range(2):
        optimizer.train()
    assert np.array_equal(row(params), points)
    optimizer.eval()  # of the steps that were made, at the rate that they had
    assert np.array_equal(row(params), found)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_short_floats(dtype: str) -> None:
    kind = getattr(torch, dtype)
    params, others, mixed = parameters(kind), parameters(kind), parameters()
    mixed[0] = torch.nn.Parameter(mixed[0].detach().to(kind))
    ours = LinearMemory(params, torch_sgd(1, 0.9), lr=0.05)
    theirs = torch.optim.SGD(others, lr=0.05, momentum=0.9)
    both = LinearMemory(mixed, torch_sgd(1, 0.9), lr=0.05)
    for step in range(30):
        for optimizer, held in ((ours, params), (theirs, others), (both, mixed)):
            put_gradients(held, step)
            for p in held:
                p.grad = p.grad.to(p.dtype)
            optimizer.step()
    assert all(torch.equal(p, q) for p, q in zip(params, others, strict=True))
    assert torch.equal(mixed[0], params[0]) and mixed[1].dtype == torch.float64
    assert ours.state[params[0]]["u_1"].dtype == kind


def test_parameters_without_gradients_stay_and_have_their_own_clock() -> None:
    rule = schedule("sgd", learning_rate=lambda t: 1 / (t + 1))
    params = parameters()
    optimizer = LinearMemory(params[:1], rule, lr=0.1)
    run(optimizer, params[:1], 3)
    optimizer.add_param_group({"params": params[1:], "lr": 0.5})
    for p in params:
        p.grad = torch.ones_like(p)
    before = [p.detach().clone() for p in params]
    optimizer.step()
    assert torch.allclose(before[0] - params[0], torch.tensor(0.1 / 4, dtype=torch.float64))
    assert torch.allclose(before[1] - params[1], torch.tensor(0.5, dtype=torch.float64))
    params[0].grad = None
    kept = params[0].detach().clone()
    optimizer.step()
    assert torch.equal(kept, params[0])
    assert [optimizer.state[p]["step"] for p in params] == [4, 2]


def test_closures_and_tensors_of_rates() -> None:
    w = torch.nn.Parameter(torch.tensor([2.0]))
    optimizer = LinearMemory([("w", w)], sgdmem.sgd(1), lr=torch.tensor(0.25))

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4.0
    assert w.item() == 1.0


def test_a_table_of_rates_ends_with_its_last_step() -> None:
    rates = np.array([0.5, 0.25, 0.125])
    rule = schedule("sgd", learning_rate=lambda t: rates[t.astype(int)])
    w = torch.nn.Parameter(torch.zeros(1))
    optimizer = LinearMemory([w], rule)
    for _ in rates:
        w.grad = torch.ones(1)
        optimizer.step()
    assert w.item() == -rates.sum()
    with pytest.raises(InputError, match="out of bounds"):
        optimizer.step()
    ahead = schedule("averaged-sgd", learning_rate=1, rate=lambda t: rates[t.astype(int)])
    optimizer = LinearMemory([w], ahead)
    optimizer.step()
    optimizer.step()
    with pytest.raises(InputError, match="must know step 3"):
        optimizer.step()


def bad_arguments() -> Iterator[tuple[str, dict[str, Any]]]:
    heavy = {"rule": heavy_ball, "momentum": 0.9}
    yield "lr must be a number >= 0, got -1", {**heavy, "lr": -1}
    yield "lr must be a number >= 0, got 'fast'", {**heavy, "lr": "fast"}
    yield "weight_decay must be a number >= 0, got nan", {**heavy, "weight_decay": float("nan")}
    yield "maximize must be True or False, got 1", {**heavy, "maximize": 1}
    yield "momentum: only a family", {"rule": heavy_ball(1, 0.9), "momentum": 0.9}
    yield "needs a value for momentum", {"rule": heavy_ball}
    yield "unknown parameter 'nu'", {**heavy, "nu": 1}
    yield "adam is not linear in the gradients", {"rule": "adam"}
    yield "rule must be an Algorithm, a Schedule, or a family", {"rule": 3}
    yield "params must be real", {**heavy, "params": [torch.ones(1, dtype=torch.complex64)]}


@pytest.mark.parametrize(("message", "arguments"), list(bad_arguments()))
def test_bad_input_gets_one_line(message: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        LinearMemory(**{"params": parameters(), **arguments})
    assert message in str(error.value) and "\n" not in str(error.value)


def test_bad_gradients_and_states() -> None:
    embedding = torch.nn.Embedding(4, 2, sparse=True)
    optimizer = LinearMemory(embedding.parameters(), sgdmem.sgd(1))
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(InputError, match=r"gradients must be dense, got one of layout torch\.sp"):
        optimizer.step()
    params = parameters()
    one = LinearMemory(params, heavy_ball(1, 0.9))
    run(one, params, 1)
    with pytest.raises(InputError, match="of a LinearMemory of memory 2, got one with u_1"):
        LinearMemory(params, random_rule(2, 0, shrink=False, changing=False)).load_state_dict(
            one.state_dict()
        )
    theirs = torch.optim.SGD(params, lr=0.1, momentum=0.9)
    theirs.step()
    with pytest.raises(InputError, match="got one with momentum_buffer"):
        one.load_state_dict(theirs.state_dict())
    with pytest.raises(InputError, match="lr must"):
        one.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": -1})
    assert len(one.param_groups) == 1
