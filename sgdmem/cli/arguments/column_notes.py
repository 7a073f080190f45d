"""What is often overlooked in a table of data: row numbers, scales, columns that do not vary."""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.spectra.data_files import DataTable

_LOOKED_AT = 10_000  # rows, and at most so many columns
_APART = 100.0  # ratio of the scales of columns
_FLAT = 1e-12  # deviations over the scale of a column that does not vary
_OFF = 0.1  # mean over the deviation of a column that is not centred


def column_notes(table: DataTable) -> list[str]:
    """Return short remarks about the columns of data, from the first 10,000 rows.

    Examples
    --------
    >>> rows = np.array([[0, 5, 0.01], [1, 7, 0.02], [2, 9, 0.01], [3, 3, 0.02]])
    >>> for note in column_notes(DataTable(rows, ["", "area", "share"])):
    ...     print(note)
    column 0 numbers the rows: --drop-column 0
    scales differ by a factor of 4.5e+02 (area, share)
    no column is constant: no intercept
    >>> centred = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    >>> column_notes(DataTable(centred, ["x"], np.array([[150.0], [152], [148], [151]])))
    ['the labels are not centred, and no column is constant: no intercept']
    >>> column_notes(DataTable(np.array([[1.0], [0], [-1], [0], [1]]), ["x"]))[-2:]
    ['rows all zero, and count as samples: 2', 'rows repeated: 1']
    """
    if table.rows.ndim != 2 or hasattr(table.rows, "tocsr"):
        return []
    rows = np.asarray(table.rows[:_LOOKED_AT, :_LOOKED_AT], dtype=float)
    if not rows.size or not np.isfinite(rows).all():  # said elsewhere
        return []
    unit, largest = _of_unit(rows)
    scale, spread = np.sqrt((unit**2).mean(axis=0)), unit.std(axis=0)
    notes = []
    numbering = np.arange(len(rows)) + rows[0, 0]
    numbered = len(rows) > 3 and rows[0, 0] % 1 == 0 and bool((rows[:, 0] == numbering).all())
    if numbered:
        notes.append("column 0 numbers the rows: --drop-column 0")
    flat = spread <= _FLAT * scale
    varying = np.flatnonzero(~flat & (np.arange(scale.size) >= numbered))
    if varying.size > 1:
        least, most = (varying[f((spread * largest)[varying])] for f in (np.argmin, np.argmax))
        factor = spread[most] / spread[least] * (float(largest[most]) / float(largest[least]))
        if factor > _APART:
            names = f"{_name(table, most)}, {_name(table, least)}"
            notes.append(f"scales differ by a factor of {factor:.2g} ({names})")
    if flat.any():
        some = ", ".join(_name(table, k) for k in np.flatnonzero(flat)[:3])
        notes.append(f"constant: {some}{', ...' if flat.sum() > 3 else ''}")
    elif _is_off(rows)[varying].any():
        notes.append("no column is constant: no intercept")
    elif table.labels is not None and _is_off(table.labels).any():
        notes.append("the labels are not centred, and no column is constant: no intercept")
    return [*notes, *_row_notes(rows)]


def _row_notes(rows: Array) -> list[str]:
    """Count rows that are zero, and that are there before."""
    zeros = int((~rows.any(axis=1)).sum())
    repeated = len(rows) - len({row.tobytes() for row in rows}) - max(zeros - 1, 0)
    counts = {"all zero, and count as samples": zeros, "repeated": repeated}
    return [f"rows {what}: {count:,}" for what, count in counts.items() if count]


def _of_unit(rows: Array) -> tuple[Array, Array]:
    """Return columns whose largest number is 1, of which squares are floats, and what it was."""
    largest = np.abs(rows).max(axis=0, initial=0.0)
    largest[largest == 0] = 1
    return rows / largest, largest


def _is_off(rows: Array) -> Array:
    """Whether the mean of a column is far from 0."""
    some = _of_unit(np.asarray(rows[:_LOOKED_AT], dtype=float))[0]
    return np.asarray(np.abs(some.mean(axis=0)) > _OFF * some.std(axis=0))


def _name(table: DataTable, place: int) -> str:
    name = table.names[place]
    return f"column {name or place}" if name.lstrip("-").isdigit() or not name else name
