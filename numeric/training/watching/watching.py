"""Where training is relative to its edge of stability, every so many steps."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any

import torch

from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.arithmetic.shares import percent
from sgdmem.numeric.training.networks.linearized import linearization
from sgdmem.numeric.training.networks.loss_curvature import extreme_curvatures, mean_batch_sharpness
from sgdmem.numeric.training.networks.network import undisturbed
from sgdmem.numeric.training.networks.refused_modules import unwrapped
from sgdmem.numeric.training.networks.trained_network import read_optimizer
from sgdmem.numeric.training.networks.training_data import TrainingData, batch_size_of
from sgdmem.numeric.training.optimizers.linear_optimizer import LinearOptimizer
from sgdmem.numeric.training.watching.training_record import TrainingRecord
from sgdmem.numeric.verdicts.sharpness_edges import sharpness_edges
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.errors import InputError

_ACCURACY = 2e-3  # of the sharpness: by its residual, most often far better
_WRAPPERS = {"AcceleratedOptimizer", "LightningOptimizer"}


class Watch:
    """Measures sharpness, Batch Sharpness, radius and loss while a network is trained.

    Call `step` after each ``optimizer.step()``, or give `lightning_callback` or
    `transformers_callback` of it to a Trainer. The model is measured in its mode ``eval()``, and
    left in the modes that it had; gradients and torch's random state are not touched.

    Parameters
    ----------
    model, loss, data
        See `linearized`. All samples are used, and kept in memory.
    optimizer : torch.optim.Optimizer or None
        Read anew each time, with its present rate. None where a Trainer makes it.
    batch_size : float, optional
        That of training, by default of the DataLoader given as data. All samples, or ``inf``, are
        the full batch, without noise.
    every : int, optional
        How many steps lie between two measurements. By default as many as keep measuring to
        a share of the time.
    share : float
        Of the time that measuring may take, where ``every`` is not given.
    modes : int, optional
        See `linearized`.
    batches : int
        How many are drawn for the Batch Sharpness.
    replacement, drop_last, shuffle : bool
        How batches are drawn, as in `linearized`.
    at_once : int
        How many samples go through the model together: memory.
    record : TrainingRecord, optional
        What was measured before: steps are counted on from its last one.

    Attributes
    ----------
    record : TrainingRecord
    steps : int
        How many were made.
    notes : tuple of str
        What the last measurement assumed, in sentences.

    Raises
    ------
    InputError
        By the first measurement, as `linearized`; later ones that fail warn, and leave a row
        without numbers.

    Examples
    --------
    >>> model = torch.nn.Linear(1, 1, dtype=torch.float64)
    >>> x = torch.tensor([[1.0], [2.0], [4.0]], dtype=torch.float64)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> watch = Watch(model, torch.nn.MSELoss(), (x, 2 * x), optimizer, batch_size=1, every=10)
    >>> for _ in range(20):
    ...     watch.step()  # and training before it
    >>> watch.record["step"], watch.record["radius"].round(2)
    (array([10., 20.]), array([2.57, 2.57]))
    """

    def __init__(
        self,
        model: Any,
        loss: Any,
        data: Any,
        optimizer: Any,
        batch_size: float | None = None,
        *,
        every: int | None = None,
        share: float = 0.1,
        modes: int | None = None,
        batches: int = 32,
        replacement: bool = True,
        drop_last: bool = True,
        shuffle: bool = False,
        at_once: int = 128,
        record: TrainingRecord | None = None,
    ) -> None:
        if batch_size is None:
            batch_size = batch_size_of(data)
        given = TrainingData.of(data)  # collated once
        self.model, self.loss, self.data = unwrapped(model), loss, (given.inputs, given.targets)
        self.optimizer, self.modes, self.at_once = optimizer, modes, at_once
        size = math.inf if batch_size == math.inf else whole(batch_size, "batch_size", 1)
        self.batch_size = size if size < len(given) else math.inf
        self.every = None if every is None else whole(every, "every", 1)
        self.share = positive_float(share, "share")
        self.batches = whole(batches, "batches", 1)
        self.drawing = {"replacement": replacement, "drop_last": drop_last, "shuffle": shuffle}
        self.record = TrainingRecord() if record is None else record
        self.steps = int(self.record["step"][-1]) if len(self.record) else 0
        self.notes: tuple[str, ...] = ()
        self._direction: Any = None
        self._due = self.steps + (self.every or 1)
        self._since = self.steps, time.perf_counter()

    def step(self, steps: int | None = None) -> None:
        """Count a step of training, and measure when it is time.

        Parameters
        ----------
        steps : int, optional
            How many were made, where something else counts them.
        """
        before, self.steps = self.steps, self.steps + 1 if steps is None else steps
        if self.steps > before + 1:  # others were not made here
            self._since = self.steps - 1, time.perf_counter()
        if self.steps >= self._due:
            self.measure()

    def measure(self) -> dict[str, float]:
        """Measure now, and return the row that was added to the record."""
        begin = time.perf_counter()
        before, since = self._since
        try:
            values = self._values()
        except InputError as error:
            if not len(self.record):
                raise
            warnings.warn(f"step {self.steps} is not measured: {error}", stacklevel=3)
            values = {}
        end = time.perf_counter()
        cost, a_step = end - begin, (begin - since) / max(1, self.steps - before)
        self.record.append(
            step=self.steps, batch_size=self.batch_size, seconds=cost, step_seconds=a_step, **values
        )
        wait = self.every or max(1, math.ceil(cost / (self.share * a_step)))
        self._due = self.steps + wait
        self._since = self.steps, end
        return self.record.rows[-1]

    def _values(self) -> dict[str, float]:
        with _untouched(self.model) as notes, undisturbed():
            read = self._read()
            method = read.present
            size = len(self.data[1]) if math.isinf(self.batch_size) else int(self.batch_size)
            found = linearization(
                self.model, self.loss, self.data, read, modes=self.modes, batch_size=size,
                at_once=self.at_once, **self.drawing,
            )  # fmt: skip
            network, root = found.network, found.gauss_newton.root
            verdict = stability(method, found.problem, self.batch_size)
            ends = extreme_curvatures(network, root, start=self._direction, accuracy=_ACCURACY)
            self._direction = ends.directions
            along, error = mean_batch_sharpness(
                network, root, self.batch_size, self.batches, seed=self.steps,
                replacement=self.drawing["replacement"],
            )  # fmt: skip
            edges = sharpness_edges(method, read.weight_decay)
            with torch.no_grad():
                targets = network.data.piece(slice(None), network.device)[1]
                loss = float(network.loss.values(network.all_outputs, targets).mean())
        self.notes = (*notes, *network.loss.notes, *read.notes)
        low, high = verdict.noise_sum_interval
        return {
            "loss": loss,
            "sharpness": ends.largest,
            "full_batch_edge": edges.full_batch,
            "batch_sharpness": along,
            "batch_sharpness_error": error,
            "small_batch_edge": edges.small_batch,
            "radius": verdict.noise_sum,
            "radius_low": low,
            "radius_high": high,
            "trace_share": found.trace_share,
        }

    def _read(self) -> LinearOptimizer:
        optimizer = self.optimizer
        if optimizer is None:
            raise InputError("optimizer must be given, or made by a Trainer, before measuring")
        if isinstance(optimizer, LinearOptimizer):
            return optimizer
        while hasattr(optimizer, "optimizer") and (
            not hasattr(optimizer, "defaults") or type(optimizer).__name__ in _WRAPPERS
        ):
            optimizer = optimizer.optimizer
        return read_optimizer(optimizer)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs."""
        return {"steps": self.steps, "rows": [dict(row) for row in self.record.rows]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.record.rows[:] = [dict(row) for row in state["rows"]]
        last = int(self.record["step"][-1]) if len(self.record) else 0
        self.steps = int(state["steps"])
        self._due = max(last + (self.every or 1), self.steps + 1)
        self._since = self.steps, time.perf_counter()

    def save(self, path: str | PathLike[str]) -> None:
        """Write the record to a CSV file, that ``TrainingRecord.load`` reads."""
        self.record.save(path)

    def __str__(self) -> str:
        if not len(self.record):
            return f"nothing measured yet, {self.steps} steps made"
        row, last = self.record.rows[-1], TrainingRecord(self.record.rows[-1:])
        if math.isnan(row["sharpness"]):
            return f"step {row['step']:.0f}: not measured"
        share = row["trace_share"]
        origin = "" if share == 1 else f", estimated from {percent(share)} of the trace"
        lines = [
            f"step {row['step']:.0f}: loss {row['loss']:.6g}",
            f"radius {row['radius']:.4g}{origin}: stable in mean square below 1",
            f"sharpness {row['sharpness']:.4g}, {last.sharpness_ratio[0]:.3g} of the edge without "
            "noise",
            f"Batch Sharpness {row['batch_sharpness']:.4g} +- {row['batch_sharpness_error']:.2g}, "
            f"{last.batch_sharpness_ratio[0]:.3g} of its edge",
            f"measuring took {row['seconds']:.2g} s, a step {row['step_seconds']:.2g} s",
        ]
        return "\n".join([*lines, *self.notes])


@contextmanager
def _untouched(model: Any) -> Iterator[tuple[str, ...]]:
    """Measure in eval mode, and leave modes and random states as they were."""
    training = [module for module in model.modules() if module.training]
    kinds = {type(module).__name__ for module in training if _differs(module)}
    devices = {p.device for p in model.parameters() if p.device.type == "cuda"}
    model.eval()
    try:
        with torch.random.fork_rng(devices=list(devices)):
            yield tuple(f"measured in eval mode: {kind} trains otherwise" for kind in sorted(kinds))
    finally:
        for module in training:
            module.training = True


def _differs(module: Any) -> bool:
    dropping = getattr(module, "p", getattr(module, "dropout", 0))
    named = type(module).__name__
    return "BatchNorm" in named or ("Drop" in named and bool(dropping)) or _drops(dropping)


def _drops(share: Any) -> bool:
    return isinstance(share, float) and share > 0
