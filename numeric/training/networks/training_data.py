"""Samples of a network: what it is trained on, in pieces of some size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch

from sgdmem.numeric.training.networks.refused_modules import failed
from sgdmem.symbolic.errors import InputError, shown

_READ = 256  # samples of a dataset that are collated at once


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Inputs and targets of all samples, in memory, on the device that they came on.

    Attributes
    ----------
    inputs : tensor, or tuple or dict of tensors
        The first dimension of each counts samples.
    targets : tensor
    """

    inputs: Any
    targets: Any

    @classmethod
    def of(cls, data: Any) -> TrainingData:
        """Read a pair (inputs, targets), a Dataset, or the dataset of a DataLoader.

        Raises
        ------
        InputError
            For anything else, if inputs and targets differ in length, and for a DataLoader whose
            sampler leaves samples out, or repeats them.
        """
        if isinstance(data, tuple | list) and len(data) == 2:
            found = cls(_tensors(data[0]), _tensors(data[1]))
        elif isinstance(data, torch.utils.data.DataLoader):
            _refuse_uneven(data)
            found = _collated(data.dataset, data.collate_fn)
        elif hasattr(data, "__getitem__") and hasattr(data, "__len__"):
            found = _collated(data, torch.utils.data.default_collate)
        else:
            raise InputError(
                "data must be a pair (inputs, targets), a Dataset with a length, or a DataLoader "
                f"of one, got {shown(data)}"
            )
        if not torch.is_tensor(found.targets):
            raise InputError(
                f"data must have one tensor of targets, got {shown(found.targets)}: put several "
                "beside each other in one"
            )
        lengths = {len(part) for part in (*_parts(found.inputs), *_parts(found.targets))}
        if len(lengths) != 1 or 0 in lengths:
            raise InputError(
                "data must have as many targets as inputs, and at least one of each, got lengths "
                f"{sorted(lengths)}"
            )
        return found

    def __len__(self) -> int:
        return len(_parts(self.targets)[0])

    def piece(self, chosen: Any, device: Any = None) -> tuple[Any, Any]:
        """Return the inputs and targets of a slice, or of indices, on a device."""
        return _at(self.inputs, chosen, device), _at(self.targets, chosen, device)

    def pieces(self, size: int, device: Any = None) -> Iterator[tuple[slice, Any, Any]]:
        """Yield slices of so many samples, with their inputs and targets."""
        for first in range(0, len(self), size):
            chosen = slice(first, min(first + size, len(self)))
            yield chosen, *self.piece(chosen, device)


def batch_size_of(data: Any) -> int:
    """Return the batch size of a DataLoader; raise InputError where there is none."""
    loader = isinstance(data, torch.utils.data.DataLoader)
    if not loader or data.batch_size is None:
        raise InputError("batch_size must be given where data is no DataLoader that has one")
    return int(data.batch_size)


def _refuse_uneven(loader: Any) -> None:
    """Raise InputError if a loader does not draw all samples alike."""
    sampler, even = loader.sampler, torch.utils.data.RandomSampler
    if isinstance(sampler, even | torch.utils.data.distributed.DistributedSampler):
        return
    count = len(loader.dataset) if hasattr(loader.dataset, "__len__") else 0
    if not count:
        return  # which is refused by another name
    with torch.random.fork_rng(devices=[]):
        drawn = list(islice(sampler, count + 1))
    if len(drawn) != count or len(set(drawn)) != count:
        raise InputError(
            f"data must be a DataLoader that draws all {count} samples alike, but its "
            f"{type(sampler).__name__} leaves some out, or repeats them: give one of the samples "
            "that are trained, such as torch.utils.data.Subset, without a sampler"
        )


def _collated(dataset: Any, collate: Any) -> TrainingData:
    """Return all samples of a dataset, put together as a DataLoader would."""
    if not hasattr(dataset, "__len__") or not len(dataset):
        raise InputError(f"data must have a length above 0, got {shown(dataset)}")
    read = []
    for first in range(0, len(dataset), _READ):
        last = min(first + _READ, len(dataset))
        try:
            batch = collate([dataset[i] for i in range(first, last)])
        except Exception as error:  # whatever a dataset may raise
            raise failed("data", f"samples {first} to {last - 1} put together", error) from error
        if isinstance(batch, Mapping) and "labels" in batch:  # as tokenizers make them
            batch = ({k: v for k, v in batch.items() if k != "labels"}, batch["labels"])
        if not isinstance(batch, Sequence) or len(batch) != 2:
            raise InputError(f"data must have samples (input, target), got {shown(batch)}")
        read.append(batch)
    return TrainingData(_joined([x for x, _ in read]), _joined([y for _, y in read]))


def _tensors(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _tensors(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_tensors, value))
    try:
        table = hasattr(value, "__array__") and not torch.is_tensor(value)  # of pandas
        return torch.as_tensor(np.asarray(value) if table else value)
    except (TypeError, ValueError, RuntimeError, LookupError):
        raise InputError(
            f"data must have tensors or arrays as inputs and targets, or a tuple of them for "
            f"several inputs, got {shown(value)}"
        ) from None


def _joined(values: list[Any]) -> Any:
    first = values[0]
    if isinstance(first, Mapping):
        return {key: _joined([value[key] for value in values]) for key in first}
    if isinstance(first, tuple | list):
        return tuple(_joined([value[i] for value in values]) for i in range(len(first)))
    return torch.cat([torch.as_tensor(value) for value in values])


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [x for part in value.values() for x in _parts(part)]
    if isinstance(value, tuple):
        return [x for part in value for x in _parts(part)]
    return [value]


def _at(value: Any, chosen: Any, device: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _at(part, chosen, device) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_at(part, chosen, device) for part in value)
    return value[chosen].to(device)
