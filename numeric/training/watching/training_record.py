"""What was measured along training, as a table."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from os import PathLike
from pathlib import Path

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.files.marks import checked_lines, marked_text
from sgdmem.symbolic.files.whole_files import write_text

COLUMNS = (
    *("step", "batch_size", "loss", "sharpness", "full_batch_edge"),
    *("batch_sharpness", "batch_sharpness_error", "small_batch_edge"),
    *("radius", "radius_low", "radius_high", "trace_share", "seconds", "step_seconds"),
)


@dataclass(eq=False)
class TrainingRecord:
    """A row of numbers for each of some steps; ``record["radius"]`` is a column.

    Attributes
    ----------
    rows : list of dict
        With the columns

        - ``step``: how many were made;
        - ``batch_size``: inf for the full batch;
        - ``loss``: that of all samples;
        - ``sharpness``: the largest curvature; without noise it rests at ``full_batch_edge``;
        - ``batch_sharpness``, with its standard error ``batch_sharpness_error``: it is said to rest
          at ``small_batch_edge``;
        - ``radius``: the noise sum of the linearised problem, which is stable in mean square below
          1; inf where it is unstable without noise;
        - ``radius_low``, ``radius_high``: its bounds, proved for the linearised problem where
          ``trace_share`` is 1, else estimated;
        - ``seconds``: what measuring cost, and ``step_seconds`` what a step of training did.

    Examples
    --------
    >>> record = TrainingRecord()
    >>> record.append(step=10, batch_size=8, radius=0.5)
    >>> record["radius"], record["loss"]
    (array([0.5]), array([nan]))
    """

    rows: list[dict[str, float]] = field(default_factory=list)

    def append(self, **values: float) -> None:
        """Add a row; what is not given is NaN."""
        self.rows.append({name: float(values.get(name, math.nan)) for name in COLUMNS})

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Array:
        if name not in COLUMNS:
            raise InputError(f"column must be one of {', '.join(COLUMNS)}, got {shown(name)}")
        return np.array([row[name] for row in self.rows], dtype=float)

    @property
    def sharpness_ratio(self) -> Array:
        """The sharpness, as a share of the edge without noise."""
        return np.asarray(self["sharpness"] / self["full_batch_edge"])

    @property
    def batch_sharpness_ratio(self) -> Array:
        """The Batch Sharpness, as a share of its edge: of a full batch that without noise."""
        whole = np.isinf(self["batch_size"])
        edge = np.where(whole, self["full_batch_edge"], self["small_batch_edge"])
        return np.asarray(self["batch_sharpness"] / edge)

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a CSV file, with every digit."""
        file = StringIO()
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(path, marked_text(file.getvalue()))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> TrainingRecord:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If a column is missing, what is in it is no number, or it is not as it was written.
        """
        found = cls()
        try:
            with Path(path).open(newline="", encoding="utf-8") as file:
                lines = checked_lines(path, file)
                reader = csv.DictReader(line for line in lines if not line.startswith("#"))
                if missing := set(COLUMNS) - set(reader.fieldnames or ()):
                    raise InputError(f"path must be a saved record, but lacks {min(missing)}")
                for row in reader:
                    found.append(**_numbers(row))
        except UnicodeDecodeError:
            raise InputError(f"path must be a saved record, {path} is not UTF-8 text") from None
        return found


def _numbers(row: Mapping[str, str]) -> dict[str, float]:
    try:
        return {name: float(row[name]) for name in COLUMNS}
    except (TypeError, ValueError):
        raise InputError(
            f"path must be a saved record of numbers, got {shown(dict(row))}"
        ) from None
