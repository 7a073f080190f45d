"""What is written at axes and above pictures, in the symbols of the field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.phase_diagrams.maps.dataset_description import OF_THE_DATA
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled
from sgdmem.symbolic.algorithms.parameters import known_parameter

if TYPE_CHECKING:
    from sgdmem.symbolic.algorithms.algorithm import Algorithm

_OF_THE_PROBLEM = {
    "batch_size": r"batch size $B$",
    "inverse_nu": r"$1/\nu$",
    "zeta": r"$\zeta$",
    "tau1": r"$\tau_1$",
    "tau2": r"$\tau_2$",
}


def axis_label(parameter: str, data: Labelled | None = None) -> str:
    """Return what is written at the axis of a parameter, in the letters of the data's family."""
    own = None if data is None else data.attrs.get(f"label_{parameter}")
    if own is not None:
        return str(own)
    return _OF_THE_PROBLEM.get(parameter) or known_parameter(parameter).label


def algorithm_label(algorithm: Algorithm) -> str:
    """Return what an algorithm is called above a picture."""
    _, bracket, values = (algorithm.name or "").partition("(")
    if algorithm.title is None or not bracket:
        return algorithm.label
    given = re.sub(r"(\w+)=", lambda found: f"{symbol(found[1])} = ", values.removesuffix(")"))
    return f"{algorithm.title}, {given}"


def question_label(spectrum: Any, noise: BatchNoise) -> str:
    """Return a spectrum and the noise as they are written above a picture."""
    how = re.sub(r"tau([12])", r"$\\tau_\1$", str(noise))
    return f"{spectrum_label(spectrum)}; {how}"


def spectrum_label(spectrum: Any) -> str:
    """Return a spectrum, or what a dataset says of it, with powers set as such."""
    return re.sub(r"k\^-([\d.]+)", r"$k^{-\1}$", str(spectrum))


def title(data: Labelled, varying: Sequence[str]) -> str:
    """Return the algorithm with its fixed parameters, the noise and the spectrum, on two lines."""
    settings = {key: x for key, x in data.attrs.items() if not key.startswith("label_")}
    shown = {**settings, **dict.fromkeys([*varying, *OF_THE_DATA], None)}
    name = str(data.attrs.get("display_name", shown.pop("algorithm", "")))
    spectrum = spectrum_label(shown.pop("spectrum", ""))
    size, tau1, tau2, kind = (
        shown.pop(key, None) for key in ("batch_size", "tau1", "tau2", "noise")
    )
    fixed = [f"{symbol(key, data)} = {value}" for key, value in shown.items() if value is not None]
    full = size in ("inf", "oo")
    noise = [] if size is None else ["full batches" if full else f"batch size {size}"]
    if not full:
        given = [f"{key} = {x}" for key, x in (("tau1", tau1), ("tau2", tau2)) if x is not None]
        if kind is not None:
            told = str(kind).partition(", misfit")[0].replace(", drawn anew for each batch,", ",")
            given = [told] if "tau1 = " in told else [told, *given]
        noise += [re.sub(r"tau([12])", r"$\\tau_\1$", text) for text in given]
    return f"{', '.join([name, *fixed, *noise])}\n{spectrum}"


def noise_measure(data: Labelled) -> str:
    """Return what is below 1 where noise is harmless: a radius where tau1 does not say all."""
    told = data.attrs.get("noise", "estimated")  # of a fit tau1 may be an axis
    return "noise sum" if told == "estimated" or "tau1" in data.attrs else "noise radius"


def symbol(key: str, data: Labelled | None = None) -> str:
    """Return the letter of a parameter, its name where it has none."""
    label = axis_label(key, data)
    return label.rpartition(" ")[2] if label.endswith("$") else key.replace("_", " ")
