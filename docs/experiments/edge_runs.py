"""Tables and pictures of runs that were watched: every run, against its edges."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sgdmem.phase_diagrams.pictures.figure_size import dashed
from sgdmem.phase_diagrams.pictures.palette import BLACK, CURVES, GREY, LIGHT_GREY

PANELS = {
    "radius": r"radius $\rho$",
    "sharpness_share": r"$\lambda_{\max}$ / its full-batch edge",
    "batch_sharpness_share": "Batch Sharpness / its edge",
}
LIMITS = (0.01, 10)
STYLES = ("-", (0, (1.2, 1)), "-.", (0, (5, 2)))


def with_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Add what was measured as shares of its edges; that of a full batch is the full-batch edge."""
    whole = np.isinf(table.batch_size)
    edge = table.small_batch_edge.where(~whole, table.full_batch_edge)
    return table.assign(
        sharpness_share=table.sharpness / table.full_batch_edge,
        batch_sharpness_share=table.batch_sharpness / edge,
        batch_sharpness_share_of_full=table.batch_sharpness / table.full_batch_edge,
    )


def medians(table: pd.DataFrame, first: float, by: list[str]) -> pd.DataFrame:
    """Return medians from some step on, for each run; NaN for those that had ended before."""
    columns = [*PANELS, "batch_sharpness_share_of_full", "loss", "trace_share"]
    late = with_shares(table)
    late.loc[late.step <= first, columns] = np.nan
    return late.groupby([*by, "batch_size"])[columns].median()


def draw_runs(table: pd.DataFrame, first: float, by: str | None = None, symbol: str = "") -> Figure:
    """Draw every run, in a row of panels for each value of ``by``; colours tell the batch size.

    What is beyond the picture, such as a radius that is infinite, lies on its border. Medians are
    taken of what is in the shaded part.
    """
    table = with_shares(table)
    values = sorted(table[by].unique()) if by else [None]
    sizes = sorted(table.batch_size.unique())
    figure = Figure(figsize=(9.6, 3.1 * len(values) + 0.7), layout="constrained")
    grid = figure.subplots(len(values), len(PANELS), sharex=True, sharey=True, squeeze=False)
    for row, value in enumerate(values):
        some = table if by is None else table[table[by] == value]
        rates = sorted(some.learning_rate.unique())
        for axes, (name, label) in zip(grid[row], PANELS.items(), strict=True):
            axes.axhline(1, **dashed())
            axes.axvspan(first, table.step.max(), color=LIGHT_GREY, alpha=0.3, linewidth=0)
            lines = zip(STYLES, rates, strict=False)
            for (place, size), (style, rate) in product(enumerate(sizes), lines):
                if name == "radius" and np.isinf(size):
                    continue  # there is no noise
                run = some[(some.batch_size == size) & (some.learning_rate == rate)]
                height = np.clip(run[name], *LIMITS)
                colour = BLACK if np.isinf(size) else CURVES[place]
                axes.plot(run.step, height, color=colour, linestyle=style, linewidth=1.4)
            axes.set(yscale="log", ylim=LIMITS, title=label if row == 0 else "")
            axes.title.set_fontsize("medium")
            handles = [
                Line2D([], [], color=GREY, linestyle=style, label=f"rate {rate:g}")
                for style, rate in zip(STYLES, rates, strict=False)
            ]
        grid[row][0].set_ylabel(f"{symbol} = {value:g}" if by else "share of the edge")
        place = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
        grid[row][-1].legend(handles=handles, fontsize="small", frameon=False, **place)
    for axes in grid[-1]:
        axes.set_xlabel("step")
    handles = [
        Line2D([], [], color=BLACK if np.isinf(size) else CURVES[place], label=_name(size))
        for place, size in enumerate(sizes)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(sizes), frameon=False)
    return figure


def _name(size: float) -> str:
    return "full batch" if np.isinf(size) else f"B = {size:.0f}"
