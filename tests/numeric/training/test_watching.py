"""Watching training: what is recorded, and that training does not notice."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem.numeric.training.watching.training_record import COLUMNS, TrainingRecord

torch = pytest.importorskip("torch")

from sgdmem.numeric.training.networks.linearized import linearized  # noqa: E402
from sgdmem.numeric.training.networks.sharpness import batch_sharpness, sharpness  # noqa: E402
from sgdmem.numeric.training.watching.watch_callbacks import (  # noqa: E402
    lightning_callback,
    transformers_callback,
)
from sgdmem.numeric.training.watching.watching import Watch  # noqa: E402

x, y = torch.randn(24, 4), torch.randn(24, 2)
LOSS = torch.nn.MSELoss()


def mlp() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))


def train(model: Any, optimizer: Any, steps: int, watch: Watch | None = None) -> None:
    for _ in range(steps):
        chosen = torch.randint(24, (6,))
        optimizer.zero_grad()
        LOSS(model(x[chosen]), y[chosen]).backward()
        optimizer.step()
        if watch is not None:
            watch.step()


def test_rows_are_what_is_asked_for_singly() -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.05, 0.9, weight_decay=1e-3)
    watch = Watch(model, LOSS, (x, y), optimizer, 6, every=3, batches=8)
    train(model, optimizer, 7, watch)
    assert watch.record["step"].tolist() == [3, 6]
    optimizer.param_groups[0]["lr"] = 0.04
    row = watch.measure()
    problem = linearized(model, LOSS, (x, y), optimizer)
    verdict = sgdmem.stability(sgdmem.torch_sgd(0.04, 0.9), problem, 6)
    assert (row["step"], row["batch_size"], row["trace_share"]) == (7, 6, 1)
    assert row["radius"] == pytest.approx(verdict.noise_sum, rel=1e-5)
    assert row["radius_low"] <= row["radius"] <= row["radius_high"]
    assert row["sharpness"] == pytest.approx(sharpness(model, LOSS, (x, y)), rel=1e-3)
    along = batch_sharpness(model, LOSS, (x, y), None, 6, batches=8, seed=7)
    assert (row["batch_sharpness"], row["batch_sharpness_error"]) == pytest.approx(along, rel=1e-4)
    assert row["loss"] == pytest.approx(LOSS(model(x), y).item(), rel=1e-5)
    assert row["full_batch_edge"] == pytest.approx(3.8 / 0.04 - 1e-3)
    assert row["small_batch_edge"] == pytest.approx(0.2 / 0.04)
    assert row["seconds"] > row["step_seconds"] > 0
    ratio = row["batch_sharpness"] / row["small_batch_edge"]
    assert watch.record.batch_sharpness_ratio[-1] == pytest.approx(ratio)
    for word in ("step 7: loss", "radius", "of the edge without noise", "measuring took"):
        assert word in str(watch)


def test_training_does_not_notice() -> None:
    results = []
    for watched in (False, True):
        model = torch.nn.Sequential(mlp(), torch.nn.BatchNorm1d(2), torch.nn.Dropout(0.2))
        model[0].eval()  # a part that is kept so
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        watch = Watch(model, LOSS, (x, y), optimizer, 6, every=2) if watched else None
        torch.manual_seed(1)
        train(model, optimizer, 6, watch)
        modes = [module.training for module in model.modules()]
        state = [v.clone() for v in model.state_dict().values()]
        slopes = [p.grad.clone() for p in model.parameters()]
        results.append((modes, state, slopes, torch.get_rng_state()))
        if watch is not None:
            assert len(watch.record) == 3
            assert "measured in eval mode: BatchNorm1d trains otherwise" in str(watch)
            assert "measured in eval mode: Dropout" in str(watch) and "is frozen" in str(watch)
    (modes, state, slopes, random), (again, *others) = results
    assert modes == again and modes.count(False) == 4
    before, after = (*state, *slopes, random), (*others[0], *others[1], others[2])
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_as_often_as_a_share_of_the_time_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    model, clock = mlp(), iter(np.arange(0, 1000, 1.0))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    monkeypatch.setattr(
        "sgdmem.numeric.training.watching.watching.time.perf_counter", lambda: float(next(clock))
    )
    watch = Watch(model, LOSS, (x, y), optimizer, 6, share=0.1)
    train(model, optimizer, 25, watch)  # a step and a measurement of a second each
    assert watch.record["step"][:2].tolist() == [1, 11]
    assert watch.record["seconds"][0] == watch.record["step_seconds"][0] == 1


def test_a_full_batch() -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    for loss in (LOSS, torch.nn.MSELoss(reduction="sum")):
        watch = Watch(model, loss, (x, y), optimizer, 24, every=1)
        row = watch.measure()
        assert math.isinf(row["batch_size"])
        assert row["radius"] == (0 if row["sharpness"] < 40 else math.inf)
        expected = row["batch_sharpness"] / row["full_batch_edge"]
        assert watch.record.batch_sharpness_ratio[-1] == pytest.approx(expected)


def test_training_that_diverges_is_not_stopped_by_it() -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    watch = Watch(model, LOSS, (x, y), optimizer, 6, every=1)
    watch.step()
    with torch.no_grad():
        model[0].bias += math.nan
    with pytest.warns(UserWarning, match="step 2 is not measured.*diverged"):
        watch.step()
    assert np.isnan(watch.record["radius"]).tolist() == [False, True]
    with pytest.raises(sgdmem.InputError, match="diverged"):
        Watch(model, LOSS, (x, y), optimizer, 6).step()
    with pytest.raises(sgdmem.InputError, match="optimizer must be given"):
        Watch(mlp(), LOSS, (x, y), None, 6).step()


def test_records_are_saved_loaded_and_gone_on_with(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    watch = Watch(model, LOSS, (x, y), optimizer, 6, every=3)
    train(model, optimizer, 7, watch)
    watch.save(tmp_path / "record.csv")
    loaded = TrainingRecord.load(tmp_path / "record.csv")
    assert loaded.rows == watch.record.rows
    again = Watch(model, LOSS, (x, y), optimizer, 6, every=3, record=loaded)
    train(model, optimizer, 3, again)
    assert again.record["step"].tolist() == [3, 6, 9]
    other = Watch(model, LOSS, (x, y), optimizer, 6, every=3)
    other.load_state_dict(watch.state_dict())
    train(model, optimizer, 2, other)
    assert other.record["step"].tolist() == [3, 6, 9] and len(watch.record) == 2
    (tmp_path / "bad.csv").write_text("step,loss\n1,2\n")
    with pytest.raises(sgdmem.InputError, match="lacks"):
        TrainingRecord.load(tmp_path / "bad.csv")
    (tmp_path / "bad.csv").write_text(",".join(COLUMNS) + "\n1,word\n")
    with pytest.raises(sgdmem.InputError, match="record of numbers"):
        TrainingRecord.load(tmp_path / "bad.csv")
    (tmp_path / "bad.csv").write_bytes("step\u00f6".encode("latin-1"))
    with pytest.raises(sgdmem.InputError, match="is not UTF-8 text"):
        TrainingRecord.load(tmp_path / "bad.csv")
    saved = (tmp_path / "record.csv").read_text()
    (tmp_path / "bad.csv").write_text(saved[: saved.rindex("\n", 0, -1)])  # a row less
    with pytest.raises(sgdmem.InputError, match="is not as sgdmem wrote it"):
        TrainingRecord.load(tmp_path / "bad.csv")
    with pytest.raises(sgdmem.InputError, match="column must be one of"):
        loaded["rho"]


@pytest.mark.slow  # to import
@pytest.mark.filterwarnings("ignore")  # its own
def test_in_a_trainer_of_lightning(tmp_path: Path) -> None:
    lightning: Any = pytest.importorskip("lightning.pytorch")

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.inner = mlp()

        def forward(self, inputs: Any) -> Any:
            return self.inner(inputs)

        def training_step(self, batch: Any) -> Any:
            return LOSS(self(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), 0.05, 0.9)

    data = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(data, batch_size=6, shuffle=True)
    module = Module()
    watch = Watch(module, LOSS, data, None, 12, every=2, batches=4)  # two batches are accumulated
    options: dict[str, Any] = {
        "accelerator": "cpu",
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "default_root_dir": tmp_path,
        "accumulate_grad_batches": 2,
    }
    trainer = lightning.Trainer(max_epochs=2, callbacks=[lightning_callback(watch)], **options)
    trainer.fit(module, loader)
    assert watch.record["step"].tolist() == [2, 4] and watch.steps == 4
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    second = Watch(module, LOSS, data, None, 12, every=2, batches=4)
    again = lightning.Trainer(max_epochs=3, callbacks=[lightning_callback(second)], **options)
    again.fit(module, loader, ckpt_path=tmp_path / "last.ckpt", weights_only=False)
    assert second.record["step"].tolist() == [2, 4, 6]


def test_as_a_trainer_of_hugging_face_calls_it() -> None:
    transformers: Any = pytest.importorskip("transformers")
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    watch = Watch(model, LOSS, (x, y), None, 6, every=2, batches=4)
    callback = transformers_callback(watch)
    handler = transformers.trainer_callback.CallbackHandler(
        [callback], model, None, optimizer, None
    )
    state, control = transformers.TrainerState(), transformers.TrainerControl()
    arguments = None
    handler.on_train_begin(arguments, state, control)
    for step in range(101, 105):  # resumed
        state.global_step = step
        handler.on_step_end(arguments, state, control)
    assert watch.record["step"].tolist() == [101, 103] and watch.optimizer is optimizer
