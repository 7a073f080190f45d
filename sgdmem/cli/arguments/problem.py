"""How a problem and a batch size are given: spectrum, noise, target."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sgdmem.cli.arguments.algorithm import FileName

if TYPE_CHECKING:
    from sgdmem.numeric.spectra.data_files import DataTable
    from sgdmem.symbolic.algorithms.family import Family

_F = TypeVar("_F", bound=Callable[..., Any])
Options = Mapping[str, Any]
_OF_DATA = (
    *("labels", "target_column", "drop_column", "outputs"),
    *("without_replacement", "keep_last", "shuffle", "fit_noise"),
)

drop_column_option = click.option(
    "--drop-column",
    multiple=True,
    metavar="C",
    help="A column of the data to leave out, such as one of row numbers.",
)


def problem_options(
    simulated: bool = False, *, unused: Sequence[str] = (), batch_size: str | None = None
) -> Callable[[_F], _F]:
    """Add the options that describe the problem, and the batch size.

    Parameters
    ----------
    simulated
        Whether samples are drawn, so that tau1 and tau2 follow from them.
    unused
        Names of options that the command's help does not show.
    batch_size
        What the help says of it in place of the usual text.
    """
    file = FileName()  # so that the shell completes file names
    length = "[infinite]" if not simulated else "Needed with --power-law."
    batch = "[inf: full batches, without noise]" if not simulated else "Needed: samples in a batch."
    batch = batch if batch_size is None else batch_size
    tau1 = "[1]" if not simulated else "[by the data: Gaussian 1]"
    tau2 = "[0]" if not simulated else "[by the data: Gaussian -1]"
    options = [
        click.option("--power-law", metavar="NU", help="Eigenvalues scale * k^-NU."),
        click.option("--scale", metavar="S", help="Largest eigenvalue of the power law.  [1]"),
        click.option("--count", type=int, metavar="N", help=f"Its length.  {length}"),
        click.option(
            "--spectrum",
            "path",
            type=file,
            metavar="FILE",
            help="Eigenvalues: .npy .npz .csv .tsv .txt",
        ),
        click.option(
            "--positive-part",
            is_flag=True,
            help="Of the file: leave out eigenvalues that are not positive.",
        ),
        click.option(
            "--data",
            type=file,
            metavar="FILE",
            help="A data matrix, one sample a row. Batches draw its rows; the loss is half the "
            "mean square.",
        ),
        click.option("--labels", type=file, metavar="FILE", help="Labels of the data, one a row."),
        click.option(
            "--target-column",
            multiple=True,
            metavar="C",
            help="Or a column of the data: its name, or number from 0 (-1: the last).",
        ),
        drop_column_option,
        click.option(
            "--outputs", type=int, metavar="K", help="K rows one after the other are one sample."
        ),
        click.option(
            "--without-replacement", is_flag=True, help="No row is twice in a batch of the data."
        ),
        click.option(
            "--keep-last", is_flag=True, help="An epoch ends with a batch of the rows left over."
        ),
        click.option(
            "--shuffle", is_flag=True, help="Epochs of shuffled rows: judged by their reference."
        ),
        click.option(
            "--fit-noise", is_flag=True, help="Estimate tau1 and tau2 from the data instead."
        ),
        click.option("--batch-size", metavar="B", help=batch),
        click.option(
            "--tau1", metavar="T", help=f"Noise covariance tau1 Tr(HM)H - tau2 HMH.  {tau1}"
        ),
        click.option(
            "--tau2", metavar="T", help=f"-1: Gaussian data. A list T,T,…: by eigenvalue.  {tau2}"
        ),
        click.option(
            "--coupling",
            type=file,
            metavar="FILE",
            help="A matrix T in place of tau1: how the modes' noise is coupled.",
        ),
        click.option(
            "--label-variance",
            metavar="V",
            help="Of noise in the labels: the loss comes to rest above the least one.  [none]",
        ),
        click.option(
            "--weight-decay",
            metavar="W",
            help="In the gradient, as in torch.optim.SGD: it adds W to every eigenvalue's drift.  "
            "[0]",
        ),
    ]

    def add(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        for parameter in command.__click_params__:  # type: ignore[attr-defined]
            if parameter.name in unused:
                parameter.hidden = True
        return command

    return add


def target_options(command: _F) -> _F:
    """Add the options that describe the target."""
    zeta = click.option(
        "--zeta", metavar="Z", help="A power-law target: energy lambda^Z below lambda."
    )
    squares = click.option(
        "--target",
        "squares",
        type=FileName(),
        metavar="FILE",
        help="Or the squares of the start's coefficients, one for each eigenvalue.",
    )
    return zeta(squares(command))


def read_target(zeta: str | None, squares: str | None, options: Options | None = None) -> Any:
    """Return the target of --zeta Z or --target FILE; None where labels are given."""
    from sgdmem.numeric.arithmetic.inputs import positive_float
    from sgdmem.numeric.problems.target import PowerLawTarget
    from sgdmem.numeric.spectra.files import load_columns

    labelled = options is not None and bool(options["labels"] or options["target_column"])
    if (zeta is not None) + (squares is not None) + labelled != 1:
        raise click.UsageError(
            "give one of --zeta Z and --target FILE, or --labels or --target-column with --data"
        )
    if labelled:
        return None
    if zeta is not None and options is not None and options["power_law"] is None:
        raise click.UsageError(
            "--zeta belongs to --power-law: give --target FILE, or --labels or --target-column "
            "with --data"
        )
    if squares is not None:
        return load_columns(squares)[0]
    return PowerLawTarget(positive_float(zeta, "--zeta"))


def has_problem(options: Options) -> bool:
    """Whether a spectrum or data are given."""
    return any(options[key] is not None for key in ("power_law", "path", "data"))


def read_problem(
    options: Options,
    target: Any = None,
    otherwise: Any = None,
    exact: bool = False,
    spectrum: Any = None,
) -> Any:
    """Return the Problem that the `problem_options` describe.

    Parameters
    ----------
    options
        Of the command.
    target
        See `Problem`.
    otherwise : Noise, optional
        In place of the usual one where the noise is not given.
    exact : bool
        Whether decimals in files of text stand for themselves, as those of the command line do.
    spectrum : Spectrum, optional
        What was read of --spectrum FILE.
    """
    from sgdmem.numeric.arithmetic.inputs import positive_float
    from sgdmem.numeric.problems.noise import Noise
    from sgdmem.numeric.problems.problem import Problem
    from sgdmem.numeric.spectra.spectrum import Spectrum

    path, exponent, data = options["path"], options["power_law"], options["data"]
    if sum(value is not None for value in (path, exponent, data)) != 1:
        raise click.UsageError("give one of --power-law NU, --spectrum FILE and --data FILE")
    if exponent is None and (options["scale"] is not None or options["count"] is not None):
        raise click.UsageError("--scale and --count belong to --power-law")
    if path is None and options["positive_part"]:
        raise click.UsageError("--positive-part belongs to --spectrum")
    if data is not None:
        return _problem_of_data(data, options, target, exact)
    for name in _OF_DATA:
        if options[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} belongs to --data")
    noise = _noise(options, otherwise or Noise(), exact)
    if path is not None:
        from sgdmem.numeric.spectra.files import MOST_EXACT_ROWS

        spectrum = spectrum or Spectrum.load(path, positive_part=options["positive_part"])
        if exact and len(spectrum) > MOST_EXACT_ROWS:
            raise click.UsageError(f"{path}: a proof takes at most {MOST_EXACT_ROWS:,} eigenvalues")
        return Problem(spectrum, noise, target, weight_decay=_weight_decay(options))
    positive_float(exponent, "--power-law")
    spectrum = Spectrum.power_law(exponent, _scale(options), options["count"])
    return Problem(spectrum, noise, target, weight_decay=_weight_decay(options))


def _problem_of_data(path: str, options: Options, target: Any, exact: bool) -> Any:
    from dataclasses import replace
    from pathlib import Path

    from sgdmem.numeric.problems.noise import Noise
    from sgdmem.numeric.problems.problem import Problem
    from sgdmem.numeric.spectra.data_files import MOST_EXACT, load_labels

    if options["labels"] and options["target_column"]:
        raise click.UsageError("--labels and --target-column exclude each other")
    given_labels = load_labels(Path(options["labels"])) if options["labels"] else None
    table = read_data(path, options["target_column"], options["drop_column"], given_labels, exact)
    matrix, labels = table.rows, table.labels
    if exact and math.prod(matrix.shape) > MOST_EXACT:
        raise click.UsageError(f"{path}: a proof holds at most {MOST_EXACT:,} numbers of data")
    ways = {
        "--without-replacement": options["without_replacement"],
        "--shuffle": options["shuffle"],
        "--fit-noise": options["fit_noise"],
        "--tau1": options["tau1"] is not None,
        "--coupling": options["coupling"] is not None,
    }
    given = [name for name, said in ways.items() if said]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} and {given[1]} exclude each other")
    outputs = 1 if options["outputs"] is None else options["outputs"]
    if outputs > 1 and options["fit_noise"]:
        raise click.UsageError("--fit-noise is for samples with one output, not --outputs")
    found = Problem.from_data(
        matrix,
        labels,
        outputs=outputs,
        replacement=not options["without_replacement"],
        drop_last=not options["keep_last"],
        shuffle=options["shuffle"],
        noise=Noise.fit(matrix) if options["fit_noise"] else None,
        weight_decay=_weight_decay(options),
    )
    noise = _noise(options, found.noise, exact)
    if target is None:
        return replace(found, noise=noise)
    return replace(found, noise=noise, target=target, start=None)


def _weight_decay(options: Options) -> Any:
    return 0 if options["weight_decay"] is None else options["weight_decay"]


def _scale(options: Options) -> Any:
    return 1 if options["scale"] is None else options["scale"]


def read_data(
    path: str,
    targets: Sequence[str] = (),
    dropped: Sequence[str] = (),
    labels: Any = None,
    exact: bool = False,
) -> DataTable:
    """Return the data matrix of a file, and labels that are columns of it; notes go to stderr.

    A single column is refused, it may be a spectrum. See `load_data` for ``exact``.
    """
    from pathlib import Path

    from sgdmem.cli.arguments.column_notes import column_notes
    from sgdmem.numeric.spectra.data_files import load_data

    table = load_data(Path(path), targets, dropped, exact)
    if table.rows.ndim == 2 and table.rows.shape[1] == 1 and not (targets or dropped):
        raise click.UsageError(
            f"--data: {path} has a single column; eigenvalues are given with --spectrum"
        )
    table = table if labels is None else table._replace(labels=labels)
    notes = column_notes(table)
    if notes:
        click.echo(f"note: {'; '.join(notes)}", err=True)
    return table


def _noise(options: Options, otherwise: Any, exact: bool = False) -> Any:
    """Return the noise that is given, or the other one where none is."""
    found, label = _noise_of_features(options, otherwise, exact), options["label_variance"]
    if label is None:
        return found
    if found.samples is not None:
        raise click.UsageError(
            "--label-variance belongs to a model of the noise: give --fit-noise with --data"
        )
    return found.vary(label_variance=label)


def _noise_of_features(options: Options, otherwise: Any, exact: bool) -> Any:
    from sgdmem.numeric.problems.noise import Noise

    tau1, tau2, coupling = options["tau1"], options["tau2"], options["coupling"]
    if tau2 is not None and "," in tau2:
        tau2 = tau2.split(",")
    if coupling is not None:
        if tau1 is not None:
            raise click.UsageError("--tau1 and --coupling exclude each other")
        from pathlib import Path

        from sgdmem.numeric.spectra.data_files import load_matrix

        return Noise.coupled(load_matrix(Path(coupling), exact), 0 if tau2 is None else tau2)
    if tau1 is tau2 is None:
        return otherwise
    if options["data"] is not None and (tau1 is None or tau2 is None):
        raise click.UsageError("tau1 and tau2 take the place of the data's own noise: give both")
    return Noise(otherwise.tau1 if tau1 is None else tau1, otherwise.tau2 if tau2 is None else tau2)


def read_batch_size(options: Options) -> Any:
    """Return the batch size, infinite if it is not given."""
    return math.inf if options["batch_size"] is None else options["batch_size"]


def map_problem(
    options: Options, family: Family[...], axes: Sequence[str], zeta: str | None = None
) -> Any:
    """Return the problem of a map, or a function of those axes that vary it, ``nu`` and ``zeta``.

    An algorithm's own parameter of that name, QHM's nu, goes first.
    """
    from dataclasses import replace

    from sgdmem.numeric.problems.noise import Noise
    from sgdmem.numeric.problems.problem import Problem
    from sgdmem.numeric.problems.target import PowerLawTarget

    for name in ("batch_size", "tau1", "tau2", "zeta"):
        if name in axes and (zeta if name == "zeta" else options[name]) is not None:
            raise click.UsageError(f"{name} cannot both vary and have a fixed value")
    varied = [name for name in ("nu", "zeta") if name in axes and name not in family.parameters]
    target = None if zeta is None else read_target(zeta, None)
    if (target is not None or "zeta" in varied) and has_problem({**options, "power_law": None}):
        raise click.UsageError("zeta belongs to --power-law")
    if "nu" not in varied:
        problem = read_problem(options, target)
        if not varied:
            return problem
        return lambda zeta: replace(problem, target=PowerLawTarget(zeta), start=None)
    if has_problem(options):
        raise click.UsageError("nu cannot both vary and be given by the spectrum")
    law = {
        "scale": _scale(options),
        "count": options["count"],
        "noise": _noise(options, Noise()),
        "weight_decay": _weight_decay(options),
    }
    if "zeta" in varied:
        return lambda nu, zeta: Problem.power_law(nu, zeta, **law)
    return lambda nu: Problem.power_law(nu, zeta, **law)
