"""A rectangle of two parameters, cut into boxes that are proved stable or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.arithmetic.scales import Scale, to_places
from sgdmem.numeric.arithmetic.shares import percent
from sgdmem.numeric.regions.boxes import OPEN, STABLE, UNSTABLE
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class ProvedRegion:
    """A rectangle of two parameters, cut into boxes.

    Attributes
    ----------
    x, y : str
        The parameters.
    x_scale, y_scale : "linear", "log" or "log1m"
        In which areas are measured, and boxes are halved.
    low, high : ndarray, shape (n, 2)
        Ends of the boxes in x and y, exactly; each box with its sides.
    verdicts : ndarray of int8, shape (n,)
        1 where every point of a box is proved stable, 0 where every point is proved not to be, -1
        where neither is.
    seconds : float
    exceptions : mapping of str to list of Fraction
        Values of the parameters for which the method is another one, or none, so that nothing is
        said of them.
    about : mapping of str to str
        What was asked.

    Examples
    --------
    >>> from sgdmem import Spectrum
    >>> from sgdmem.proofs import prove_region
    >>> region = prove_region(
    ...     "sgd", Spectrum([1, 0.5]), x=("learning_rate", 0.1, 3), y=("batch_size", 1, 9)
    ... )
    >>> region.at(0.5, 4), region.at(2.5, 4), region.open_share < 0.02
    (True, False, True)
    """

    x: str
    y: str
    x_scale: Scale
    y_scale: Scale
    low: Array
    high: Array
    verdicts: Array
    seconds: float
    exceptions: Mapping[str, Sequence[Fraction]] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def stable_share(self) -> float:
        """The share of the area that is proved stable."""
        return self._share(STABLE)

    @property
    def unstable_share(self) -> float:
        """The share of the area that is proved not to be stable."""
        return self._share(UNSTABLE)

    @property
    def open_share(self) -> float:
        """The share of the area that is neither, mostly a sliver around the edge of stability."""
        return self._share(OPEN)

    def _share(self, verdict: int) -> float:
        areas = box_areas(self.low, self.high, (self.x_scale, self.y_scale))
        return float(areas[self.verdicts == verdict].sum() / areas.sum())

    def __len__(self) -> int:
        return len(self.verdicts)

    def at(self, x: Any, y: Any) -> bool | None:
        """Return what is proved of a point: True for stable, False for not, None for nothing.

        Raises
        ------
        InputError
            If it is not in the region.
        """
        point = [number(value, name) for value, name in ((x, self.x), (y, self.y))]
        ends = [(self.low[:, k].min(), self.high[:, k].max()) for k in range(2)]
        for value, (low, high), name in zip(point, ends, (self.x, self.y), strict=True):
            if not low <= value <= high:
                raise InputError(
                    f"{name} must be in the region, from {low:g} to {high:g}, got {shown(value)}"
                )
            if value in self.exceptions.get(name, ()):
                return None
        near = [to_float(value) for value in point]
        around = (np.nextafter(self.low, -np.inf) <= near) & (
            near <= np.nextafter(self.high, np.inf)
        )
        for index in np.flatnonzero(around.all(axis=1)).tolist():
            box = zip(self.low[index].tolist(), point, self.high[index].tolist(), strict=True)
            inside = all(low <= value <= high for low, value, high in box)
            if inside and self.verdicts[index] != OPEN:
                return bool(self.verdicts[index] == STABLE)
        return None

    def __str__(self) -> str:
        proved, stable, unstable, left = map(
            percent, (1 - self.open_share, self.stable_share, self.unstable_share, self.open_share)
        )
        found = (
            f"proved: {proved} of the area (stable {stable}, unstable {unstable}), open {left}; "
            f"{len(self):,} boxes, {self.seconds:.1f} s"
        )
        return found + (f"; nothing is said of {self._left_out}" if self._left_out else "")

    @property
    def _left_out(self) -> str:
        return ", ".join(
            f"{name} = {value}" for name, values in self.exceptions.items() for value in values
        )

    def to_dataset(self) -> xarray.Dataset:
        """Return the boxes as a dataset, which a map can take in: ``diagram.merge(…)``.

        Along ``box`` the ends ``box_x_low``, ``box_x_high``, ``box_y_low`` and ``box_y_high``, and
        ``proved``: 1 stable, 0 not, -1 neither.
        """
        import xarray

        columns = {
            f"box_{axis}_{end}": ("box", values[:, k])
            for k, axis in enumerate("xy")
            for end, values in (("low", self.low), ("high", self.high))
        }
        meanings = {"flag_values": [1, 0, -1], "flag_meanings": "stable unstable open"}
        attributes = {
            "long_name": "proved by ball arithmetic",
            **meanings,
            "x": self.x, "y": self.y, "x_scale": self.x_scale, "y_scale": self.y_scale,
            "stable_share": self.stable_share,
            "unstable_share": self.unstable_share,
            "open_share": self.open_share,
            "seconds": self.seconds,
            "nothing_said_of": self._left_out,
        }  # fmt: skip
        return xarray.Dataset(
            {**columns, "proved": ("box", self.verdicts, attributes)}, attrs=dict(self.about)
        )


def box_areas(low: Array, high: Array, scales: Sequence[Scale]) -> Array:
    """Return the areas of boxes, measured in the scales of their axes."""
    widths = [to_places(high[:, k], x) - to_places(low[:, k], x) for k, x in enumerate(scales)]
    return np.asarray(widths[0] * widths[1])
