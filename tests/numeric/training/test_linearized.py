"""Networks as problems, against Jacobians, Hessians and the dense noise operator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sgdmem
from tests import naive

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from sgdmem.numeric.training.methods.linear_memory import LinearMemory  # noqa: E402
from sgdmem.numeric.training.networks.gauss_newton import GaussNewton  # noqa: E402
from sgdmem.numeric.training.networks.linearized import linearization, linearized  # noqa: E402
from sgdmem.numeric.training.networks.network import Network  # noqa: E402
from sgdmem.numeric.training.optimizers.from_optimizer import from_optimizer  # noqa: E402

Array = np.ndarray[Any, np.dtype[Any]]


@pytest.fixture(autouse=True)
def double_precision() -> Any:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def mlp(outputs: int = 2, hidden: int = 3) -> Any:
    layers = torch.nn.Linear(4, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, outputs)
    return torch.nn.Sequential(*layers)


def loss_hessian(model: Any, loss: Any, x: Any, y: Any) -> Array:
    """Return the Hessian of the loss of all samples in all parameters."""
    names = dict(model.named_parameters())
    flat = torch.cat([p.detach().flatten() for p in names.values()])

    def value(vector: Any) -> Any:
        parts = vector.split([p.numel() for p in names.values()])
        given = {n: v.reshape(p.shape) for (n, p), v in zip(names.items(), parts, strict=True)}
        return loss(torch.func.functional_call(model, given, (x,)), y)

    return np.asarray(torch.func.hessian(value)(flat).numpy())


def eigenvalues(matrix: Array) -> Array:
    found = np.linalg.eigvalsh(matrix)[::-1]
    return np.asarray(found[found > 1e-9 * found[0]])


CLASSES = torch.tensor([0, 1, 1, 0, 1, 2, 2, 0, 1])
LOSSES = {
    "squares": (torch.nn.MSELoss(), None),
    "sum of squares": (torch.nn.MSELoss(reduction="sum"), None),
    "half squares": (lambda out, y: ((out - y) ** 2).sum() / 2 / len(y), None),
    "classes": (torch.nn.CrossEntropyLoss(), CLASSES),
    "smooth classes": (torch.nn.CrossEntropyLoss(label_smoothing=0.1), CLASSES),
    "probabilities": (
        torch.nn.CrossEntropyLoss(),
        torch.rand(9, 3, dtype=torch.float64).softmax(1),
    ),
    "weights": (
        torch.nn.CrossEntropyLoss(weight=torch.tensor([0.2, 1, 3], dtype=torch.float64)),
        CLASSES,
    ),
    "ignored": (torch.nn.CrossEntropyLoss(ignore_index=1), CLASSES),
    "two classes": (torch.nn.BCEWithLogitsLoss(), torch.rand(9, 3, dtype=torch.float64)),
    "counts": (torch.nn.PoissonNLLLoss(), torch.randint(0, 5, (9, 3)).double()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_of_a_linear_model_it_is_the_hessian(name: str) -> None:
    loss, y = LOSSES[name]
    x, model = torch.randn(9, 4), torch.nn.Linear(4, 3)
    y = torch.randn(9, 3) if y is None else y
    batch = 9 if "sum" in name else None
    problem = linearized(model, loss, (x, y), batch_size=batch)
    expected = eigenvalues(loss_hessian(model, loss, x, y))
    assert problem.spectrum.eigenvalues == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["squares", "smooth classes"])
def test_products_and_gradients_are_those_of_the_rows(name: str) -> None:
    loss, y = LOSSES[name]
    x, model = torch.randn(9, 4), mlp(3)
    y = torch.randn(9, 3) if y is None else y
    root = torch.rand(Network.of(model, loss, (x, y)).size) + 0.5
    found = GaussNewton(Network.of(model, loss, (x, y), at_once=4), root)
    rows, v = found.rows().numpy(), np.random.default_rng(0).normal(size=root.numel())
    flat = rows.reshape(-1, v.size)
    product, along = found.product(torch.as_tensor(v))
    assert product.numpy() == pytest.approx(flat.T @ (flat @ v) / 9, rel=1e-10)
    assert along.numpy() == pytest.approx(rows @ v, rel=1e-10)
    assert found.projected(v[:, None])[..., 0] == pytest.approx(rows @ v, rel=1e-10)
    loss(model(x), y).backward()
    gradient = torch.cat([p.grad.flatten() for p in model.parameters()]) * root
    assert found.gradient() == pytest.approx(gradient.numpy(), rel=1e-9, abs=1e-15)
    basis = np.linalg.svd(flat)[2][:2].T
    inside = ((rows @ basis) ** 2).sum(axis=(1, 2))
    left = found.left_out(basis, 400)
    error = left.std(axis=1, ddof=1) / 20
    expected = (rows**2).sum(axis=(1, 2)) - inside
    assert (abs(left.mean(axis=1) - expected) < 5 * error).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_radius_is_that_of_the_dense_operator(seed: int) -> None:
    torch.manual_seed(seed)
    model, method = mlp(2, 1), sgdmem.torch_sgd(0.05, 0.8)  # 9 parameters
    x, y = torch.randn(8, 4), torch.randint(0, 2, (8,))
    loss = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    found = linearization(model, loss, (x, y))
    rows = found.gauss_newton.rows().numpy()
    _, sizes, axes = np.linalg.svd(rows.reshape(-1, rows.shape[2]))
    inner = rows @ axes[: (sizes > 1e-9).sum()].T  # nothing moves elsewhere
    size = sgdmem.stability(method, found.problem, 1).critical_batch_size
    size *= sgdmem.stability(method, found.problem, size).noise_sum  # near 1 it is known best
    entries: Any = method.alpha, method.b, method.c, method.D, method.a
    alg = naive.mapped(entries, float)
    dense = naive.sampled_moment_radius(alg, inner, np.full(8, 1 / 8), 1 / size)
    assert dense == pytest.approx(1, abs=1e-8)


def test_few_modes_are_an_estimate_near_the_whole() -> None:
    x, model = torch.randn(60, 4), mlp(3, 6)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    y, method = torch.randint(0, 3, (60,)), sgdmem.torch_sgd(0.3, 0.9)
    whole = sgdmem.stability(method, linearized(model, loss, (x, y)), 4)
    found = linearization(model, loss, (x, y), modes=12)
    part = sgdmem.stability(method, found.problem, 4)
    assert not whole.is_estimated and part.is_estimated
    assert 0.9 < found.trace_share < 1
    low, high = part.noise_sum_interval
    assert low <= whole.noise_sum <= high
    assert part.noise_sum == pytest.approx(whole.noise_sum, rel=0.05)
    assert low == pytest.approx(part.noise_sum * found.trace_share, rel=1e-5)
    assert part.critical_batch_size == pytest.approx(4 * part.noise_sum, rel=1e-5)
    assert "modes with 9" in str(part) and part.to_dict()["problem"]["trace_share"] < 1


def test_an_estimate_near_the_edge_is_undecided() -> None:
    x, model = torch.randn(60, 4), mlp(3, 6)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    y, method = torch.randint(0, 3, (60,)), sgdmem.torch_sgd(0.3, 0.9)
    problem = linearized(model, loss, (x, y), modes=12)
    size = sgdmem.stability(method, problem, 4).critical_batch_size
    words = [sgdmem.stability(method, problem, factor * size).stable for factor in (0.5, 1.01, 2)]
    assert words == [False, None, True]


def test_modes_by_products_and_by_rows_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    x, model = torch.randn(40, 4), mlp(3, 6)
    y, loss = torch.randint(0, 3, (40,)), torch.nn.CrossEntropyLoss()
    by_rows = linearization(model, loss, (x, y), modes=8)
    monkeypatch.setattr("sgdmem.numeric.training.networks.linearized._KEPT", 0)
    by_products = linearization(model, loss, (x, y), modes=8, at_once=7)
    one, other = (found.problem.spectrum.eigenvalues for found in (by_rows, by_products))
    assert one == pytest.approx(other, rel=1e-4)
    assert by_products.trace_share == pytest.approx(
        by_rows.trace_share, abs=4 * by_products.trace_error
    )


def test_a_hessian_of_ones_own_gives_the_modes() -> None:
    from scipy.sparse.linalg import aslinearoperator

    x, model = torch.randn(40, 4), mlp(3, 6)
    y, loss = torch.randint(0, 3, (40,)), torch.nn.CrossEntropyLoss()
    found = linearization(model, loss, (x, y), modes=6)
    rows = found.gauss_newton.rows().numpy().reshape(-1, 51)
    given = aslinearoperator(rows.T @ rows / 40)
    again = linearization(model, loss, (x, y), modes=6, hessian=given)
    assert again.problem.spectrum.eigenvalues == pytest.approx(
        found.problem.spectrum.eigenvalues, rel=1e-6
    )
    axes = np.linalg.eigh(loss_hessian(model, loss, x, y))[1][:, ::-1][:, :6]
    of_loss = linearization(model, loss, (x, y), modes=6, hessian=True).basis
    assert of_loss is not None  # a basis of the same space, or nearly
    assert np.linalg.svd(axes.T @ of_loss)[1] == pytest.approx(1, abs=1e-3)
    with pytest.raises(sgdmem.InputError, match="hessian must be True or"):
        linearized(model, loss, (x, y), hessian=np.eye(3))


def test_losses_are_those_of_training_a_linear_model() -> None:
    torch.manual_seed(1)
    model, x, y = torch.nn.Linear(3, 2), torch.randn(7, 3), torch.randn(7, 2)
    problem = linearized(model, torch.nn.MSELoss(), (x, y))
    above = sgdmem.losses(sgdmem.torch_sgd(0.1, 0.5), problem, float("inf"), 5)
    optimizer, found = torch.optim.SGD(model.parameters(), 0.1, 0.5), []
    for _ in range(6):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        found.append(float(loss.detach()))
        loss.backward()
        optimizer.step()
    assert above - above[0] == pytest.approx(np.array(found) - found[0], abs=1e-12)


@pytest.mark.parametrize("decoupled", [False, True])
def test_weights_decay_to_zero_and_not_to_where_they_are(decoupled: bool) -> None:
    torch.manual_seed(1)
    model, x, y = torch.nn.Linear(3, 2, bias=False), torch.randn(7, 3), torch.randn(7, 2)
    rule = sgdmem.Algorithm(1, shrink=0.3) if decoupled else sgdmem.sgd(1)
    optimizer = LinearMemory(model.parameters(), rule, lr=0.1, weight_decay=0 if decoupled else 0.3)
    loss, read = torch.nn.MSELoss(), from_optimizer(optimizer)
    problem = linearized(model, loss, (x, y), read)
    assert isinstance(read.method, sgdmem.Algorithm)
    rests = [sgdmem.stability(read.method, problem, 4).loss_floor]
    expected, found = sgdmem.losses(read.method, problem, float("inf"), 5), []
    for _ in range(6):
        optimizer.zero_grad()
        value = loss(model(x), y)
        found.append(float(value.detach()))
        value.backward()
        optimizer.step()
    assert expected - expected[0] == pytest.approx(np.array(found) - found[0], abs=1e-12)
    problem = linearized(model, loss, (x, y), read)  # elsewhere
    rests.append(sgdmem.stability(read.method, problem, 4).loss_floor)
    assert rests[0] == pytest.approx(rests[1], rel=1e-8)


class Shared(nn.Module):
    """Tied weights, and a parameter that the outputs do not hear."""

    def __init__(self) -> None:
        super().__init__()
        self.one = torch.nn.Linear(4, 4)
        self.two = torch.nn.Linear(4, 4)
        self.two.weight = self.one.weight
        self.unused = torch.nn.Parameter(torch.zeros(3))

    def forward(self, x: Any) -> Any:
        return self.two(torch.tanh(self.one(x)))


def test_tied_frozen_and_unused_parameters() -> None:
    x, y, model = torch.randn(9, 4), torch.randn(9, 4), Shared()
    loss = torch.nn.MSELoss()
    network = Network.of(model, loss, (x, y))
    assert network.size == 16 + 4 + 4 + 3
    trace = sum(linearized(model, loss, (x, y)).spectrum.eigenvalues)
    rows = GaussNewton(network).rows().numpy()
    assert trace == pytest.approx((rows**2).sum() / 9)
    assert not rows[:, :, :3].any()
    model.one.weight.requires_grad = False
    assert Network.of(model, loss, (x, y)).size == 11
    assert Network.of(model, loss, (x, y), [model.two.bias]).size == 4


class Sequence(nn.Module):
    """A recurrent network: its layers have no rule for vmap."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.outer = torch.nn.LSTM(2, 3, batch_first=True), torch.nn.Linear(3, 2)

    def forward(self, x: Any) -> Any:
        return self.outer(self.inner(x)[0][:, -1])


def test_recurrent_networks_and_attention() -> None:
    layer = torch.nn.TransformerEncoderLayer(4, 2, 5, dropout=0.0, batch_first=True)
    tokens = torch.nn.Sequential(layer, torch.nn.Flatten(), torch.nn.Linear(12, 2))
    for model, x in ((Sequence(), torch.randn(5, 4, 2)), (tokens, torch.randn(5, 3, 4))):
        y, loss = torch.randn(5, 2), torch.nn.MSELoss()
        found = GaussNewton(Network.of(model, loss, (x, y)))
        rows = found.rows().numpy()
        v = np.random.default_rng(0).normal(size=rows.shape[2])
        flat = rows.reshape(-1, v.size)
        product = found.product(torch.as_tensor(v))[0].numpy()
        assert product == pytest.approx(flat.T @ (flat @ v) / 5, rel=1e-8)


REFUSED: dict[str, Any] = {
    "takes its statistics": lambda: torch.nn.Sequential(
        torch.nn.Linear(4, 2), torch.nn.BatchNorm1d(2)
    ),
    "drops 0.3 of its units": lambda: torch.nn.Sequential(
        torch.nn.Linear(4, 2), torch.nn.Dropout(0.3)
    ),
    "drops 0.2": lambda: torch.nn.LSTM(4, 2, 2, dropout=0.2),
    "single or double precision": lambda: torch.nn.Linear(4, 2, dtype=torch.bfloat16),
    "two different outputs": lambda: Noisy(),
    "mix the samples": lambda: Centred(),
    "must have a parameter": lambda: torch.nn.Tanh(),
}


class Noisy(nn.Linear):
    def __init__(self) -> None:
        super().__init__(4, 2)

    def forward(self, x: Any) -> Any:
        return super().forward(x) + torch.randn(2)


class Centred(Noisy):
    def forward(self, x: Any) -> Any:
        return torch.nn.Linear.forward(self, x - x.mean(0))


@pytest.mark.parametrize("message", REFUSED)
def test_models_that_are_refused(message: str) -> None:
    x, y = torch.randn(6, 4), torch.randn(6, 2)
    with pytest.raises(sgdmem.InputError, match=message):
        linearized(REFUSED[message](), torch.nn.MSELoss(), (x, y))


def test_in_eval_mode_they_are_not() -> None:
    parts = torch.nn.Linear(4, 2), torch.nn.BatchNorm1d(2), torch.nn.Dropout(0.3)
    model = torch.nn.DataParallel(torch.nn.Sequential(*parts).eval())
    x, y = torch.randn(6, 4), torch.randn(6, 2)
    assert linearized(model, torch.nn.MSELoss(), (x, y)).samples is not None


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (torch.nn.MSELoss(reduction="none"), "one number"),
        (torch.nn.MSELoss(reduction="sum"), "batch_size must be given"),
        (lambda out, y: ((out - y) ** 2).mean().sqrt(), "the mean or the sum"),
        (lambda out, y: torch.sin(out - y).mean(), "convex"),
        ("mse", "a function of outputs"),
        (torch.nn.L1Loss(), "curved in the outputs"),
    ],
)
def test_losses_that_are_refused(loss: Any, message: str) -> None:
    x, y = torch.randn(6, 4), torch.randn(6, 2)
    with pytest.raises(sgdmem.InputError, match=message):
        linearized(mlp(), loss, (x, y))


def test_every_way_to_give_data() -> None:
    x, y, model = torch.randn(6, 4), torch.randn(6, 2), mlp()
    pairs = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(pairs, batch_size=4, shuffle=True)
    loss = torch.nn.MSELoss()
    expected = linearized(model, loss, (x, y)).spectrum.eigenvalues
    for data in (pairs, loader, [x.numpy(), y.numpy()]):
        assert linearized(model, loss, data).spectrum.eigenvalues == pytest.approx(expected)
    with pytest.raises(sgdmem.InputError, match="as many targets"):
        linearized(model, loss, (x, y[:3]))
    with pytest.raises(sgdmem.InputError, match="data must be"):
        linearized(model, loss, iter(loader))
