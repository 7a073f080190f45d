"""The picture of a phase diagram."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.ball import Array

if TYPE_CHECKING:
    import xarray

# Field symbols of the parameters that people plot.
_SYMBOLS = {
    "learning_rate": r"learning rate $\alpha$",
    "momentum": r"momentum $\beta$",
    "batch_size": r"batch size $B$",
    "damping": r"damping $\delta$",
    "effective_learning_rate": r"effective learning rate $\alpha_{\mathrm{eff}}$",
    "q0": r"$q_0$",
    "nu": r"$\nu$",
    "tau1": r"$\tau_1$",
    "tau2": r"$\tau_2$",
}
_OF_THE_DATA = ("sgdmem_version", "logarithmic", "tolerance", "x", "y")  # no settings of a problem
_NOISELESS, _NOISY, _UNDECIDED = "#b0b0b8", "#d55e00", "#000000"  # colour-blind safe (Okabe-Ito)
_BRIGHTEST = 0.9  # of the colour map: its yellow would vanish beside the neighbours


def draw(diagram: xarray.Dataset, ax: Any = None, *, log: tuple[str, ...] = ()) -> Any:
    """Draw a phase diagram: the noise sum where it is stable, the cause where it is not.

    A line marks the edge of stability.

    Parameters
    ----------
    diagram : xarray.Dataset
        From `phase_diagram`.
    ax : matplotlib axes, optional
        Where to draw; a new figure otherwise.
    log : tuple of str
        Dimensions with a logarithmic axis.

    Returns
    -------
    matplotlib axes

    Examples
    --------
    >>> import sgdmem
    >>> diagram = sgdmem.phase_diagram(
    ...     "heavy-ball",
    ...     ("learning_rate", [0.1, 1, 10]),
    ...     ("momentum", [0, 0.9]),
    ...     spectrum=sgdmem.Spectrum([1, 0.5]),
    ...     batch_size=8,
    ... )
    >>> axes = draw(diagram, log=("learning_rate",))
    >>> axes.figure.savefig("heavy-ball.png")  # doctest: +SKIP
    """
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    if ax is None:
        ax = Figure(figsize=(6.4, 4.8), layout="constrained").add_subplot()
    y_name, x_name = diagram.stable.dims
    x, y = diagram[x_name].values, diagram[y_name].values
    stable = diagram.stable.values
    noise_sum = diagram.noise_sum.values
    noiseless = (stable == 0) & np.isinf(noise_sum)
    edges = (_edges(x, x_name in log), _edges(y, y_name in log))
    kinds = np.select([noiseless, stable == -1], [0, 2], default=1)
    present = [kind for kind in range(3) if ((kinds == kind) & (stable != 1)).any()]
    ax.pcolormesh(
        *edges,
        np.ma.masked_where(stable == 1, kinds),
        cmap=ListedColormap([_NOISELESS, _NOISY, _UNDECIDED]),
        vmin=-0.5,
        vmax=2.5,
        rasterized=True,
    )
    inside = np.ma.masked_where(stable != 1, noise_sum)
    shades = ListedColormap(colormaps["viridis"](np.linspace(0, _BRIGHTEST, 256)))
    mesh = ax.pcolormesh(*edges, inside, cmap=shades, vmin=0, vmax=1, rasterized=True)
    ax.figure.colorbar(mesh, ax=ax, label=r"noise sum $U'_\Sigma$ where stable")
    if min(stable.shape) > 1 and (stable == 1).any() and (stable != 1).any():
        excess = np.clip(-diagram.margin.values, -1, 1)  # smoother than the verdicts themselves
        ax.contour(x, y, excess, levels=[0.0], colors="black", linewidths=1)
    if x_name in log:
        ax.set_xscale("log")
    if y_name in log:
        ax.set_yscale("log")
    ax.set_xlabel(axis_label(x_name))
    ax.set_ylabel(axis_label(y_name))
    ax.set_title(title(diagram, (x_name, y_name)), fontsize="medium")
    labels = ["diverges without noise", "diverges by mini-batch noise", "undecided"]
    colors = [_NOISELESS, _NOISY, _UNDECIDED]
    if present:
        ax.legend(
            handles=[Patch(color=colors[kind], label=labels[kind]) for kind in present],
            loc="upper center",
            bbox_to_anchor=(0.5, -0.14),
            ncols=len(present),
            frameon=False,
            fontsize="small",
        )
    return ax


def _edges(values: Array, logarithmic: bool) -> Array:
    """Return the edges of cells centred (on the axis's scale) at the values."""
    points = np.log(values) if logarithmic else np.asarray(values, dtype=float)
    if len(points) == 1:
        ends = np.array([points[0] - 0.5, points[0] + 0.5])
    else:
        middle = (points[1:] + points[:-1]) / 2
        ends = np.concatenate([[2 * points[0] - middle[0]], middle, [2 * points[-1] - middle[-1]]])
    return np.exp(ends) if logarithmic else ends


def axis_label(parameter: str) -> str:
    """Return what is written at the axis of a parameter."""
    return _SYMBOLS.get(parameter, parameter.replace("_", " "))


def title(data: xarray.Dataset, varying: tuple[str, str]) -> str:
    """Return the algorithm with its fixed parameters, the noise and the spectrum, on two lines."""
    shown = {**data.attrs, **dict.fromkeys([*varying, *_OF_THE_DATA], None)}
    name = str(shown.pop("algorithm", "")).replace("_", " ").replace("-", " ")
    spectrum = re.sub(r"k\^-([\d.]+)", r"$k^{-\1}$", str(shown.pop("spectrum", "")))
    size, tau1, tau2 = (shown.pop(key, None) for key in ("batch_size", "tau1", "tau2"))
    fixed = [
        f"{_SYMBOLS.get(key, key).rpartition(' ')[2]} = {value}"
        for key, value in shown.items()
        if value is not None
    ]
    full = size in ("inf", "oo")
    noise = [] if size is None else ["full batches" if full else f"batch size {size}"]
    if not full:
        noise += [
            rf"$\{name}_{place}$ = {value}"
            for name, place, value in (("tau", 1, tau1), ("tau", 2, tau2))
            if value is not None
        ]
    return f"{', '.join([name, *fixed, *noise])}\n{spectrum}"
