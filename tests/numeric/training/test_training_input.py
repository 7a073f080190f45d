"""What scripts give by mistake: a right answer, or one line that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import sgdmem

torch = pytest.importorskip("torch")

from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset  # noqa: E402

from sgdmem.numeric.training.methods.linear_memory import LinearMemory  # noqa: E402
from sgdmem.numeric.training.networks.linearized import linearized  # noqa: E402
from sgdmem.numeric.training.networks.sharpness import batch_sharpness  # noqa: E402
from sgdmem.numeric.training.networks.verdict_in_place import verdict  # noqa: E402
from sgdmem.numeric.training.optimizers.from_optimizer import from_optimizer  # noqa: E402
from sgdmem.numeric.training.watching.watching import Watch  # noqa: E402

nn = torch.nn
functional = nn.functional


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def mlp(outputs: int = 1) -> Any:
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, outputs))


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_an_output_without_a_dimension_is_one_of_length_1() -> None:
    model, x, y = mlp(), torch.randn(20, 3), torch.randn(20)
    flat = nn.Sequential(model, nn.Flatten(0))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    one = verdict(flat, nn.MSELoss(), (x, y), optimizer, 4)
    other = verdict(model, nn.MSELoss(), (x, y[:, None]), optimizer, 4)
    assert one.radius == other.radius
    assert one.sharpness == pytest.approx(other.sharpness)
    with pytest.raises(sgdmem.InputError, match=r"shape \(16, 1\) and targets of \(16,\)"):
        linearized(model, nn.MSELoss(), (x, y))  # which PyTorch spreads over all pairs


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("count", [2, 20])
def test_a_sum_is_told_from_a_mean(fitted: bool, count: int) -> None:
    model, x = nn.Linear(3, 1), torch.randn(count, 3)
    y = model(x).detach() if fitted else torch.randn(count, 1)
    mean = linearized(model, nn.MSELoss(), (x, y))
    summed = linearized(model, nn.MSELoss(reduction="sum"), (x, y), batch_size=4)
    size = min(4, count)  # 4 of 2 samples are the full batch
    assert summed.spectrum.largest == pytest.approx(size * mean.spectrum.largest)


def test_a_single_ignored_target_of_a_wrapped_loss_is_seen() -> None:
    x, y = torch.randn(64, 3), torch.randint(0, 2, (64,))
    y[5] = -100
    with pytest.raises(sgdmem.InputError, match="the mean or the sum"):
        linearized(mlp(2), lambda out, target: functional.cross_entropy(out, target), (x, y))
    assert linearized(mlp(2), nn.CrossEntropyLoss(), (x, y)).samples is not None


def test_weights_of_a_wrapped_loss_are_seen_where_all_losses_are_alike() -> None:
    model, x, classes = mlp(3), torch.randn(20, 3), torch.arange(20) % 3
    for parameter in model.parameters():
        nn.init.zeros_(parameter)  # so that each loss is log 3
    weighted = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 4.0]))
    assert linearized(model, weighted, (x, classes)).spectrum.largest > 0
    with pytest.raises(sgdmem.InputError, match="CrossEntropyLoss itself"):
        linearized(model, lambda out, y: weighted(out, y), (x, classes))


MODEL: Any = mlp(2)
LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "weight_decay of the optimizer": lambda out, y: (
        functional.mse_loss(out, y) + sum(p.square().sum() for p in MODEL.parameters())
    ),
    "does not hear": lambda out, y: functional.mse_loss(out.detach(), y),
    "it is linear": functional.l1_loss,
    "second derivatives of": lambda out, y: functional.multi_margin_loss(out, (y[:, 0] > 0).long()),
    r"loss fails with outputs of shape \(8, 2\), targets of \(8, 2\)": lambda out, y: (
        functional.nll_loss(out, y)
    ),
    "finite derivatives": lambda out, y: functional.mse_loss(out, y / 0),
}


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("message", LOSSES)
def test_losses_that_cannot_be_are_said_to_be(message: str) -> None:
    data = torch.randn(8, 3), torch.randn(8, 2)
    with pytest.raises(sgdmem.InputError, match=message):
        linearized(MODEL.double(), LOSSES[message], data)


class Framed:
    def __getitem__(self, key: Any) -> Any:
        raise KeyError(key)  # as a table does, of columns

    def __len__(self) -> int:
        return 8


def test_data_that_cannot_be_are_said_to_be() -> None:
    x, y, loss = torch.randn(8, 3), torch.randn(8, 2), nn.MSELoss()
    for data, message in (
        ((x.float(), y), r"model fails with inputs \(3, 3\) of torch.float32: RuntimeError"),
        ((x[:, :2], y), "model fails with inputs"),
        ((x, (y, y)), "one tensor of targets"),
        ([(x[:5], y[:5]), (x[5:], y[5:]), (x, y)], "samples 0 to 2 put together"),
        ([[x, x], y], "a tuple of them"),
        ((x, Framed()), "tensors or arrays"),
    ):
        with pytest.raises(sgdmem.InputError, match=message):
            linearized(mlp(2), loss, data)
    with pytest.raises(sgdmem.InputError, match="batch_size must be an integer"):
        batch_sharpness(mlp(2), loss, (x, y), batch_size="8")  # type: ignore[arg-type]
    with pytest.raises(sgdmem.InputError, match="at_once must be"):
        linearized(mlp(2), loss, (x, y), at_once=0)


def test_a_sampler_must_draw_all_alike() -> None:
    pairs, model, loss = TensorDataset(torch.randn(8, 3), torch.randn(8, 2)), mlp(2), nn.MSELoss()
    state = torch.get_rng_state()
    expected = linearized(model, loss, pairs).spectrum.eigenvalues
    permuted = DataLoader(pairs, 2, sampler=SubsetRandomSampler(range(8)))
    assert linearized(model, loss, permuted).spectrum.eigenvalues == pytest.approx(expected)
    assert torch.equal(state, torch.get_rng_state())
    weighted = torch.utils.data.WeightedRandomSampler([1.0, *7 * [0.1]], 8)
    for sampler in (SubsetRandomSampler(range(5)), weighted):
        with pytest.raises(sgdmem.InputError, match=type(sampler).__name__):
            linearized(model, loss, DataLoader(pairs, 2, sampler=sampler))


def test_what_was_read_keeps_its_rate() -> None:
    data, model = (torch.randn(8, 3), torch.randn(8, 2)), mlp(2)
    groups = [
        {"params": model[0].parameters(), "momentum": 0.5},
        {"params": model[2].parameters(), "lr": 0.02},
    ]
    optimizer = torch.optim.SGD(groups, 0.1, momentum=0.9)
    with pytest.raises(sgdmem.InputError, match=r"from_optimizer\(optimizer, group=\.\.\.\)"):
        verdict(model, nn.MSELoss(), data, optimizer, 4)
    found = verdict(model, nn.MSELoss(), data, from_optimizer(optimizer, group=1), 4)
    assert found.learning_rate == 0.02 and found.edge_formula == "2(1+β)/lr"


@pytest.mark.parametrize("options", [{"lr": 0.0}, {"lr": 0.1, "momentum": 1.0}])
def test_optimizers_at_the_border_have_a_verdict(options: dict[str, float]) -> None:
    data, model = (torch.randn(8, 3), torch.randn(8, 2)), mlp(2)
    optimizer = torch.optim.SGD(model.parameters(), **options)
    found = verdict(model, nn.MSELoss(), data, optimizer, 4)
    assert found.stable is False and str(found)
    with pytest.raises(sgdmem.InputError, match="drop_last must be"):
        verdict(model, nn.MSELoss(), data, optimizer, 4, drop_last="yes")  # type: ignore[arg-type]


def test_a_schedule_is_said_to_change() -> None:
    model = nn.Linear(3, 1)
    schedule = sgdmem.methods.schedule(
        sgdmem.heavy_ball, learning_rate=0.1, momentum=lambda t: 1 - 1 / (t + 2)
    )
    read = from_optimizer(LinearMemory(model.parameters(), schedule))
    assert "those of step 0" in str(read)


def test_watching_takes_the_batches_of_a_loader() -> None:
    x = torch.randn(20, 3)
    model, loss = nn.Linear(3, 1), nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    watch = Watch(model, loss, DataLoader(TensorDataset(x, x[:, :1]), 4), optimizer, every=1)
    watch.step()
    assert watch.record["batch_size"] == [4]
    with pytest.raises(sgdmem.InputError, match="batch_size must be given"):
        Watch(model, loss, (x, x[:, :1]), optimizer)
    with pytest.raises(sgdmem.InputError, match="optimizer must be one of"):
        Watch(model, loss, (x, x[:, :1]), "sgd", 4).measure()
    nn.init.constant_(model.bias, float("nan"))
    with pytest.warns(UserWarning, match="not measured"):
        watch.step()
    assert str(watch) == "step 2: not measured"


def test_the_radius_is_near_0_at_small_rates() -> None:
    model, x = mlp(), torch.randn(8, 3)
    radii = [
        verdict(model, nn.MSELoss(), (x, x[:, :1]), optimizer, 2).radius
        for optimizer in (torch.optim.SGD(model.parameters(), rate) for rate in (1e-4, 2e-4))
    ]
    assert radii[0] < 1e-2 and radii[1] == pytest.approx(2 * radii[0], rel=1e-2)
