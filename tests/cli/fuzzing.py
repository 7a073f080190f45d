"""Fuzzing of the command line: commands from click's own tables, with values good and bad.

By hand, in a folder that may be filled with files::

    python -m tests.cli.fuzzing FOLDER --seed 1 --count 10000
"""

from __future__ import annotations

import io
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import click

from sgdmem.cli.arguments.algorithm import AlgorithmName, Setting
from sgdmem.cli.main import cli, main
from sgdmem.cli.process.exits import FAULT, INTERRUPTED, USAGE_ERROR

Files = dict[str, list[str]]

BAD = [
    *["", " ", "nan", "inf", "-inf", "-1", "0", "-0", "1e400", "1e-400", "1e308", "5e-324", "½"],
    *["1/0", "1/3", "²", "٣", "1_000", "0x10", "word", "[]", "{}", "$x$", "\\input{x}", "\udcff"],
    *["💥", "9" * 5000, "(" * 3000, "1" + "+1" * 2000, "__import__('os')", "x=x", "=", "a:b:c"],
    *["1,2", ",", "1,,2", "1:2", "1e99999999", "2**2**2**2**2**2", "1;2", "λ", "-", "--", "%s"],
    *["sqrt(2)", "I", "oo", "E", "None", "True", "1.5.", "+1", ".5", "1e5"],
    *["1000000000", "-1000000000", "1" + "0" * 20],
]
EXTREME = [  # numbers all the same
    *["1e308", "1e-308", "5e-324", "1e100", "1e-100", "-1e100", "-1", "0", "1", "2", "1e16"],
    *["1e-16", "0.9999999999999999", "1.0000000000000002", "3/7", "123456789/1000", "-0.5"],
]
GOOD = {
    "power_law": ["1.5", "2", "0.8"],
    "scale": ["1", "3", "1e-3"],
    "count": ["1", "4", "20"],
    "batch_size": ["1", "8", "32", "inf", "2.5"],
    "tau1": ["1", "0", "1,1,2"],
    "tau2": ["0", "-1", "1,0,1"],
    "label_variance": ["0", "0.5"],
    "weight_decay": ["0", "1e-3"],
    "outputs": ["1", "2"],
    "target_column": ["label", "-1", "0"],
    "drop_column": ["id", "0"],
    "zeta": ["0.5", "1"],
    "steps": ["0", "10", "50"],
    "seeds": ["1", "3"],
    "seed": ["0", "7"],
    "points": ["1", "5"],
    "resolution": ["5", "10"],
    "tolerance": ["1e-3", "1e-6"],
    "size": ["column", "slide", "3x2", "0.1x50"],
    "form": ["proposition", "full"],
    "level": ["section", "subsection"],
    "bibliography": ["refs.bib"],
    "columns": ["1", "2"],
    "label": ["here", "sec:one", "a b"],
    "symbols": ["momentum=\\mu", "learning_rate=\\eta", "weights=x"],
    "notation": ["2410.04228", "pytorch", "2307.15196"],
    "language": ["python", "c", "julia", "matlab", "javascript"],
    "memory": ["0", "1", "2"],
    "parameter": ["learning_rate", "momentum"],
    "search": ["0.01:10"],
    "lookahead": ["1", "3"],
    "lookahead_rate": ["1/2", "1"],
    "local_steps": ["1", "2"],
    "workers": ["1", "2"],
    "without_heaviest": ["1", "2"],
    "panels": ["batch_size=1,8", "momentum=0.1,0.5"],
    "chunk": ["2", "4"],
    "cluster": ["nonsense"],
    "first": ["1", "2"],
    "last": ["3", "4"],
    "system": ["sparse-momentum", "own", "kaczmarz"],
    "names": ["Theorem 3"],
    "port": ["0"],
    "quantity": ["noise_sum", "margin", "stable", "reason", "critical_eigenvalue"],
}
OUTPUTS = [
    *["out.png", "out.svg", "out.csv", "out.nc", "out.tex", "out.md", "out.html", "out.txt", "x"],
    *["nowhere/x.png", "folder.csv", "list.csv", "", ".", "\udcff.png", "$x$ %&.tex", "/dev/full"],
]
DIAGRAM_SETTINGS = ["points=9", "resolution=9", "steps=10", "family=nesterov", "batch_sizes=1,inf"]
OWN_METHODS = [
    *["own.py:nag", "own.py:plain", "own.py:fails", "own.py:leaves", "own.py:odd", "own.py:", ":"],
    *["own.py", "own.py:none", "broken.py:f", "exits.py:f", "missing.py:f", "math:sin", "no:f"],
]
NEEDED = {  # beside the problem
    "simulate": ("batch_size", "zeta"),
    "losses": ("zeta",),
    "spectrum": ("path",),
    "stable": ("batch_size",),
    "phase-diagram": ("count",),
}
OFTEN = {  # what is quick more often than what takes seconds
    **{"stable": 6.0, "largest-learning-rate": 4.0, "spectrum": 3.0, "check": 2.0, "draw": 2.0},
    **{"simulate": 2.0, "translate": 1.5, "verify": 0.1, "explore": 0.2, "diagram": 0.3},
}
VARIED = {"boundary", "phase-diagram", "largest-learning-rate"}  # the first parameter of a method
_SKIPPED = {"serve"}  # runs until it is interrupted


class Outcome(NamedTuple):
    """How a command ended."""

    arguments: list[str]
    code: int
    out: str
    err: str
    seconds: float
    stopped: bool = False


def commands(group: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[Any]:
    """Yield the commands, with the words that name them."""
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def invocation(chance: random.Random, files: Files) -> list[str]:
    """Return the arguments of a command, drawn from what its table of parameters says."""
    known = list(commands())
    path, command = chance.choices(known, [OFTEN.get(path[-1], 1.0) for path, _ in known])[0]
    tidiness = chance.choice([0.7, 0.9, 0.97, 0.99, 1.0])  # how often a value is a good one
    words: list[str] = []
    given = _method(chance)
    for parameter in command.params:
        words += _words(parameter, given, chance, tidiness, files, path)
    mostly = 0.2 if path[-1] in ("derive", "diagram") else 0.95
    if any(p.name == "power_law" for p in command.params) and chance.random() < mostly:
        kind = chance.choice(["power_law", "power_law", "path", "data"])
        words = _without(words, {"--power-law", "--spectrum", "--data"})
        option = {"path": "--spectrum", "data": "--data"}.get(kind, "--power-law")
        parameter = next(p for p in command.params if option in p.opts)
        words += [option, _value(parameter, given, chance, tidiness, files, path)]
    if chance.random() > tidiness:
        words.insert(chance.randrange(len(words) + 1), chance.choice([*BAD, "--help", "--nothing"]))
    return [*path, *words]


def _without(words: list[str], options: set[str]) -> list[str]:
    """Return words without some options, which have one value each."""
    kept, skip = [], False
    for word in words:
        if not skip and word not in options:
            kept.append(word)
        skip = not skip and word in options
    return kept


def _method(chance: random.Random) -> tuple[str, list[str]]:
    """Return a method and the settings that it needs."""
    from sgdmem.symbolic.zoo.families_by_name import FAMILIES

    if chance.random() < 0.1:
        return chance.choice(OWN_METHODS), ["learning_rate=0.1", "momentum=0.9"]
    name = chance.choice([*FAMILIES, "sgd", "sgd", "heavy-ball", "heavy-ball"])
    settings = []
    for key, parameter in FAMILIES[name].parameters.items():
        start = {"flag": "true", "list": "0.5,0.9", "whole": "2"}.get(parameter.kind)
        settings.append(f"{key}={start or parameter.usual.start}")
    return name, settings


def _words(
    parameter: click.Parameter,
    given: tuple[str, list[str]],
    chance: random.Random,
    tidiness: float,
    files: Files,
    path: tuple[str, ...],
) -> list[str]:
    """Return what is written of one parameter, perhaps nothing."""
    argument = isinstance(parameter, click.Argument)
    if parameter.name in _SKIPPED:
        return []
    if parameter.name in ("settings", "at") and "=" in "".join(given[1]) and path[-1] != "diagram":
        if parameter.name == "settings" or chance.random() < 0.05:
            option = parameter.opts[0]
            return [
                word
                for setting in given[1][path[-1] in VARIED :]
                if chance.random() < tidiness
                for word in (option, _mangled(setting, chance, tidiness))
            ]
        return []
    wanted = argument or parameter.required or parameter.name in NEEDED.get(path[-1], ())
    if chance.random() > (tidiness if wanted else chance.choice([0.0, 0.0, 0.03, 0.12])):
        return []
    if getattr(parameter, "is_flag", False):
        return [parameter.opts[-1]]
    if parameter.name == "names":  # all statements would take minutes
        return ["Theorem 3" if chance.random() < tidiness else chance.choice(BAD)]
    count = chance.choice([1, 1, 2]) if parameter.multiple or parameter.nargs == -1 else 1
    values = [_value(parameter, given, chance, tidiness, files, path) for _ in range(count)]
    return values if argument else [w for value in values for w in (parameter.opts[-1], value)]


def _mangled(setting: str, chance: random.Random, tidiness: float) -> str:
    """Return a text, another number in its place, or something like it that is wrong."""
    if chance.random() < tidiness:
        name, sign, value = setting.rpartition("=")
        number = value.replace(".", "", 1).isdecimal() and chance.random() < 0.1
        return f"{name}{sign}{chance.choice(EXTREME)}" if number else setting
    name, _, value = setting.partition("=")
    bad = chance.choice(BAD)
    return chance.choice([f"{name}={bad}", f"{bad}={value}", name, bad, f"{setting}={bad}"])


def _value(
    parameter: click.Parameter,
    given: tuple[str, list[str]],
    chance: random.Random,
    tidiness: float,
    files: Files,
    path: tuple[str, ...],
) -> str:
    """Return a value of a parameter, good or bad."""
    good, name = chance.random() < tidiness, parameter.name or ""
    if isinstance(parameter.type, AlgorithmName):
        return given[0] if good else chance.choice([*OWN_METHODS, *BAD])
    if isinstance(parameter.type, click.Choice):
        return chance.choice([*map(str, parameter.type.choices)] if good else BAD)
    if name == "output":
        ends = {"simulate": ".csv", "spectrum": ".csv", "explore": ".html", "derive": ".md"}
        return "out" + ends.get(path[-1], ".png") if good else chance.choice(OUTPUTS)
    if isinstance(parameter.type, click.Path):
        if path[0] in ("draw", "check"):
            return chance.choice(
                files["maps" if path[0] == "draw" else "proofs"] if good else files["any"]
            )
        kind = "good data" if name in ("data", "labels", "coupling") else "good lists"
        return chance.choice(files[kind if good else "any"])
    if isinstance(parameter.type, Setting):
        if path[-1] == "diagram":
            return _mangled(chance.choice(DIAGRAM_SETTINGS), chance, tidiness)
        return _mangled("learning_rate=0.1,1*2", chance, tidiness)
    if path == ("plot", "diagram") and name == "name":
        from sgdmem.phase_diagrams.systems.diagram_names import DIAGRAMS

        return chance.choice([*DIAGRAMS] if good else BAD)
    if name in ("x_axis", "y_axis") and good:
        axis = "batch_size=1:9" if name == "y_axis" else f"{given[1][0].partition('=')[0]}=0.1:1"
        return _mangled(axis + ":5" * (path[-1] == "phase-diagram"), chance, tidiness)
    known = GOOD.get(name)
    if not good or known is None:
        return chance.choice(BAD)
    return _mangled(chance.choice(known), chance, tidiness)


class TooLong(KeyboardInterrupt):
    """The time of a command is over: it is interrupted, as by Ctrl-C."""


@contextmanager
def limited(seconds: float) -> Iterator[list[bool]]:
    """Interrupt what takes longer."""

    def stop(*_: object) -> None:
        stopped.append(True)
        raise TooLong

    stopped: list[bool] = []
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield stopped
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def outcome(arguments: Sequence[str], seconds: float = 60.0) -> Outcome:
    """Run a command in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors=how) for how in (
        "strict", "backslashreplace",
    ))  # fmt: skip
    start, code, over = time.monotonic(), -1, []
    with redirect_stdout(out), redirect_stderr(err):
        try:
            with limited(seconds) as over:
                main(list(arguments))
        except SystemExit as stopped:
            code = stopped.code if isinstance(stopped.code, int) else -1
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]
    err.flush()
    return Outcome(list(arguments), code, texts[0], texts[1], time.monotonic() - start, bool(over))


def wrong(ended: Outcome) -> str | None:
    """Return what is wrong with the way a command ended, or None."""
    if ended.stopped:  # the compiler of machine code says more of an interrupt than one line
        return None
    lines = ended.err.splitlines()
    notes = [line for line in lines if line.startswith("note: ")]
    if "Traceback" in ended.err:
        return "a traceback"
    if any(word in note for note in notes for word in ("RuntimeWarning", "encountered in")):
        return f"a warning: {notes}"
    if ended.code in (0, INTERRUPTED):
        return None
    verdict = ended.arguments[:1] == ["stable"] and bool(
        {"--exit-code", "--certify"} & set(ended.arguments)
    )
    if ended.code in (1, 3):
        if ended.arguments[0] == "check":  # which says on stderr why there is no proof
            return None if ended.code == 1 and len(lines) == 1 else "no line about a proof"
        asked = verdict or ended.arguments[:1] == ["verify"]
        return None if asked and ended.out.strip() else "the code of a verdict without one"
    if ended.code != USAGE_ERROR:
        return f"code {ended.code}"
    said = [line for line in lines if line not in notes]
    if len(said) != 1 and not ended.out.startswith("Usage"):
        return "not one line"
    if said and not said[0].startswith("sgdmem: "):
        return "no line of ours"
    return None if said and len(said[0]) < 1500 else "no short line"


def run_many(folder: Path, seed: int, count: int, seconds: float) -> Iterator[Outcome]:
    """Run commands in a folder that is filled with files."""
    from tests.cli.fuzzed_files import write_files

    os.chdir(folder)
    files = write_files(folder, seed)
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        arguments = invocation(chance, files)
        (folder / "last.txt").write_text(f"{number} {arguments!r}")
        yield outcome(arguments, seconds)
        import matplotlib.pyplot as plt

        plt.close("all")


@click.command()
@click.argument("folder", type=Path, required=False)
@click.option("--seed", default=0)
@click.option("--count", default=1000)
@click.option("--seconds", default=3.0, help="After which a command is interrupted.")
def by_hand(folder: Path | None, seed: int, count: int, seconds: float) -> None:
    """Run many generated commands, and print those that ended wrongly."""
    place = Path(tempfile.mkdtemp() if folder is None else folder).resolve()
    ends: Counter[int] = Counter()
    faults, slowest = 0, 0.0
    for ended in run_many(place, seed, count, seconds):
        ends[ended.code] += 1
        slowest = max(slowest, ended.seconds)
        told = wrong(ended)
        if told is not None:
            faults += 1
            click.echo(f"{told}: {ended.arguments!r} {ended.code} {ended.err[-600:]}")
        if ended.stopped:
            click.echo(f"# {ended.seconds:.1f} s: {ended.arguments!r}")
        if sum(ends.values()) % 100 == 0:
            click.echo(f"# {sum(ends.values())} commands, ends {dict(ends)}, wrong {faults}")
        sys.stdout.flush()
    of = ends[FAULT]
    click.echo(f"{count} commands, ends {dict(ends)}, faults {of}, wrong {faults}")


if __name__ == "__main__":
    by_hand()
