"""The picture of training that was watched: what is measured, as shares of where it would rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.shares import percent
from sgdmem.numeric.training.watching.training_record import TrainingRecord
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, dashed, in_points, sized
from sgdmem.phase_diagrams.pictures.palette import BLUE, GREEN, GREY, MARKS, RED, STROKES
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    settle,
    write_legend,
    write_title,
)
from sgdmem.symbolic.errors import InputError, shown

_AROUND = 1.6  # what the picture shows beyond the least and the largest share
_DEEPEST = 1e-4  # share
_INSET = 0.04  # of the height, at which triangles stand
_MARKED = 20  # measurements, of more only some have marks
_FEW = 2.0  # decades, up to which they have ticks inside


@sized
def draw_training(
    watch: Any, *, ax: Any = None, explained: bool = True, size: FigureSize = None
) -> Any:
    r"""Draw the radius, the sharpness and the Batch Sharpness along training, and the loss.

    Each is a share of its edge, so that the dashed line at 1 is the edge of all of them: the
    linearised problem is stable in mean square where the radius is below it; the sharpness is
    divided by its edge without noise; Batch Sharpness by 2 / effective learning rate, with full
    batches by the edge without noise as well. Bands are bounds of the radius, where it is an
    estimate, and standard errors of the Batch Sharpness. What is beyond the picture, such as the
    radius where it is infinite, is a triangle at its border.

    Parameters
    ----------
    watch : Watch or TrainingRecord
        With a row at least.
    ax : matplotlib axes, optional
        Where to draw; a new figure otherwise. The loss has a scale of its own at the right.
    explained : bool
        Whether a legend is added.
    size : str or (float, float), optional
        "column", "page", "slide", or width and height in inches: of the figure, and of letters and
        lines.

    Returns
    -------
    matplotlib axes
        With the `artists` ``radius`` (not of full batches), ``sharpness``, ``batch-sharpness``,
        ``edge``, ``loss``, ``band`` and ``beyond``.

    Raises
    ------
    InputError
        If nothing was measured.

    Examples
    --------
    >>> from sgdmem.numeric.training.watching.training_record import TrainingRecord
    >>> record = TrainingRecord()
    >>> for step in range(100, 500, 100):
    ...     edges = {"full_batch_edge": 38, "small_batch_edge": 2}
    ...     sharp = {"sharpness": 0.05 * step, "batch_sharpness": 0.005 * step}
    ...     found = {"radius": 1 - 50 / step, "loss": 10 / step}
    ...     record.append(step=step, batch_size=8, **edges, **sharp, **found)
    >>> axes = draw_training(record)
    >>> axes.get_ylabel()
    'share of the edge'
    """
    record = getattr(watch, "record", watch)
    if not isinstance(record, TrainingRecord) or not len(record):
        raise InputError(
            f"watch must be a Watch or a TrainingRecord with something measured, got {shown(watch)}"
        )
    ax = new_axes(size) if ax is None else ax
    step, whole = record["step"], bool(np.isinf(record["batch_size"]).all())
    error = np.nan_to_num(record["batch_sharpness_error"]) / record["batch_sharpness"]
    batch = record.batch_sharpness_ratio
    curves: dict[str, tuple[Array, Array, Array, str, str]] = {
        "radius": (
            record["radius"],
            np.fmin(record["radius_low"], record["radius"]),
            np.fmax(record["radius_high"], record["radius"]),
            BLUE,
            r"radius $\rho$",
        ),
        "sharpness": (
            *(record.sharpness_ratio,) * 3,
            RED,
            r"$\lambda_{\max}$ / its edge",
        ),
        "batch-sharpness": (
            batch,
            batch * (1 - error),
            batch * (1 + error),
            GREEN,
            "Batch Sharpness / its edge",
        ),
    }
    if whole:
        del curves["radius"]  # there is no noise
    low, high = _limits([curve[0] for curve in curves.values()])
    ax.set(yscale="log", ylim=(low, high), xlabel="step", ylabel="share of the edge")
    _plain_ticks(ax)
    for place, (name, (share, below, above, colour, label)) in enumerate(curves.items()):
        look = {"color": colour, "marker": MARKS[place], "linestyle": STROKES[place]}
        _draw_curve(ax, name, step, share, (below, above), look, label)
    named("edge", ax.axhline(1, **dashed(), label="edge", zorder=3))
    twin = _draw_loss(ax, step, record["loss"])
    write_title(ax, _title(record, whole), "small")
    if explained:
        handles = ax.get_legend_handles_labels()[0] + twin.get_legend_handles_labels()[0]
        write_legend(ax, handles, most_columns=2)
    settle(ax)
    return ax


def _limits(shares: list[Array]) -> tuple[float, float]:
    every = np.concatenate([[1.0], *shares])
    seen = every[np.isfinite(every) & (every > _DEEPEST)]
    return seen.min() / _AROUND, seen.max() * _AROUND


def _draw_curve(
    ax: Any,
    name: str,
    step: Array,
    share: Array,
    band: tuple[Array, Array],
    look: dict[str, Any],
    label: str,
) -> None:
    low, high = ax.get_ylim()
    inside = (share >= low) & (share <= high)
    height = np.where(inside, share, np.nan)
    (line,) = ax.plot(
        step,
        height,
        **look,
        markersize=in_points(4),
        markevery=-(-step.size // _MARKED),
        linewidth=in_points(1.8),
        label=label,
        zorder=4,
    )
    named(name, line)
    if (band[0] < band[1]).any():
        below, above = (np.clip(np.where(inside, end, np.nan), low, high) for end in band)
        filled = ax.fill_between(step, below, above, color=look["color"], alpha=0.2, linewidth=0)
        named("band", filled)
    inset = (high / low) ** _INSET
    for marker, end, where in (("^", high / inset, share > high), ("v", low * inset, share < low)):
        if where.any():
            style: dict[str, Any] = {"linestyle": "none", "color": look["color"], "zorder": 5}
            points = ax.plot(step[where], 0 * step[where] + end, marker=marker, **style)
            named("beyond", *points)


def _draw_loss(ax: Any, step: Array, loss: Array) -> Any:
    twin = ax.twinx()
    style: dict[str, Any] = {"color": GREY, "linewidth": in_points(1.2), "zorder": 1}
    (line,) = twin.plot(step, loss, label="loss (right)", **style)
    named("loss", line)
    if (loss[np.isfinite(loss)] > 0).all():
        twin.set_yscale("log")
        _plain_ticks(twin)
    twin.set_ylabel("loss", color=GREY)
    twin.tick_params(axis="y", colors=GREY, which="both")
    ax.set_zorder(twin.get_zorder() + 1)  # shares are above the loss
    ax.patch.set_visible(False)
    return twin


def _plain_ticks(ax: Any) -> None:
    """Write numbers at decades alone, or between them too where there are few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = ax.get_ylim()
    decades = np.log10(high / low)
    subs = (1.0,) if decades > _FEW else (1.0, 2.0, 5.0) if decades > 1 else (1, 1.5, *range(2, 10))
    ax.yaxis.set_major_locator(LogLocator(subs=subs))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _title(record: TrainingRecord, whole: bool) -> str:
    sizes = sorted({f"{size:g}" for size in record["batch_size"]})
    drawn = "full batches" if whole else f"B = {', '.join(sizes)}"
    share = record["trace_share"]
    least = np.nanmin(share, initial=1.0)
    if whole or least >= 1:
        return drawn
    return f"{drawn}; radius estimated, {percent(least, 0)} of the trace"
