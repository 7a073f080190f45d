"""The command ``sgdmem derive``: what follows from an algorithm, as text, document or code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sgdmem.cli.arguments.algorithm import (
    AlgorithmName,
    built,
    is_given,
    output_option,
    read_method,
    read_settings,
    set_option,
    symbolic_member,
)
from sgdmem.cli.arguments.outputs import require_outputs
from sgdmem.cli.arguments.problem import has_problem, problem_options, read_batch_size, read_problem
from sgdmem.symbolic.errors import shown
from sgdmem.symbolic.files.whole_files import write_text

if TYPE_CHECKING:
    from sgdmem.symbolic.algorithms.algorithm import Algorithm

_LARGEST_GENERAL_MEMORY = 5  # a minute and a megabyte of formulas beyond
_HIDDEN = (  # as for ``stable``
    *("scale", "count", "positive_part", "labels", "target_column", "drop_column", "outputs"),
    *("without_replacement", "keep_last", "shuffle", "fit_noise", "tau1", "tau2", "coupling"),
    *("label_variance", "weight_decay"),
)
_DOCUMENTS, _TEXTS = (".tex", ".pdf", ".md", ".html"), (".txt", "")


@click.command("derive")
@click.argument("algorithm", required=False, type=AlgorithmName())
@click.option(
    "--memory",
    type=int,
    metavar="M",
    help=f"The general algorithm of memory M, at most {_LARGEST_GENERAL_MEMORY}.",
)
@set_option
@output_option("Write a .tex (and its .bib), .pdf, .md, .html or .txt file.")
@click.option(
    "--form",
    metavar="FORM",
    help="A proposition with its proof, or full: every step.  [proposition]",
)
@click.option("--fragment", is_flag=True, help="LaTeX without a preamble, for \\input.")
@click.option(
    "--level", metavar="LEVEL", help="Headings of a fragment: section, subsection ...  [section]"
)
@click.option(
    "--bibliography", metavar="FILE", help="A .bib of several documents: what it lacks is added."
)
@click.option("--columns", type=int, metavar="N", help="Of the page, 1 or 2.  [1]")
@click.option("--label", metavar="TEXT", help="What the labels of equations begin with.  [title]")
@click.option(
    "--symbol",
    "symbols",
    multiple=True,
    metavar="NAME=LATEX",
    help="How to write a parameter, or weights, eigenvalue, batch_size ...; repeatable.",
)
@click.option(
    "--notation", metavar="NAME", help="Letters of 2410.04228, pytorch or 2307.15196.  [2410.04228]"
)
@click.option(
    "--as",
    "language",
    metavar="LANGUAGE",
    help="Noise summand and verdict as code: python, c, julia, matlab or javascript.",
)
@click.option(
    "--at",
    multiple=True,
    metavar="NAME=VALUE",
    help="With a problem: a parameter of the numbers at the end, beside those of --set.",
)
@problem_options(unused=_HIDDEN)
def derive_command(
    algorithm: str | None,
    memory: int | None,
    settings: tuple[str, ...],
    output: str | None,
    form: str | None,
    fragment: bool,
    level: str | None,
    bibliography: str | None,
    columns: int | None,
    symbols: tuple[str, ...],
    notation: str | None,
    label: str | None,
    language: str | None,
    at: tuple[str, ...],
    **options: Any,
) -> None:
    """Derive what follows from an algorithm, every step checked.

    Parameters that are not set stay symbols. Without -o the results are printed as text. A document
    is what a paper prints, a proposition and its proof, or with --form full every step. It is about
    the method, on any problem. With data, a spectrum or a power law, given as
    for ``sgdmem stable``, the verdict on that problem stands at its end.

    \b
      sgdmem derive heavy-ball
      sgdmem derive heavy-ball -o heavy-ball.pdf --symbol momentum=\\mu
      sgdmem derive nesterov --set momentum=9/10 -o section.tex --fragment
      sgdmem derive --memory 2 -o general.html
      sgdmem derive qhm --as c
      sgdmem derive sgd --at learning_rate=0.01 --data X.npy --batch-size 8
    """
    suffix = Path(output).suffix if output is not None else ""
    if output is not None and language is None and suffix not in (*_DOCUMENTS, *_TEXTS):
        raise click.UsageError(f"-o writes {', '.join(_DOCUMENTS)} or .txt; got {shown(output)}")
    _require_free(output, bibliography, language)
    verdict = _verdict(algorithm, (*settings, *at), options)
    if verdict is None and (at or options["batch_size"] is not None):
        given = "--at" if at else "--batch-size"
        raise click.UsageError(f"{given} belongs to --data, --spectrum or --power-law")
    if verdict is not None and language is not None:
        raise click.UsageError("--as writes code for any problem: give none")
    if fragment and (suffix != ".tex" or language is not None):
        raise click.UsageError("--fragment needs -o FILE.tex")
    if (level and not fragment) or (bibliography and suffix != ".tex"):
        raise click.UsageError("--level needs --fragment, --bibliography needs -o FILE.tex")
    if (symbols or notation or label or form or columns) and (
        suffix not in _DOCUMENTS or language is not None
    ):
        raise click.UsageError(
            "--form, --columns, --symbol, --notation and --label need -o with "
            f"{', '.join(_DOCUMENTS)}"
        )
    described = _described(algorithm, memory, settings)
    if language is not None:
        from sgdmem.numeric.exported_code.source_code import source_code

        _write(source_code(described, language), output)
    elif suffix in _DOCUMENTS:
        assert output is not None
        method: Any = described
        if algorithm is not None:
            from sgdmem.symbolic.zoo.families_by_name import find_family

            method = find_family(algorithm).fix(**read_settings(settings))
        own = {"notation": notation, "label": label, "form": form, "columns": columns}
        chosen = {key: value for key, value in own.items() if value is not None}
        saved = {"fragment": fragment, "level": level, "bibliography": bibliography}
        _document(method, output, saved, symbols=_letters(symbols), verdict=verdict, **chosen)
    else:
        from sgdmem.symbolic.derivations.documents.text import derivation_text

        numbers = "" if verdict is None else f"\nIn numbers, on one problem\n  {verdict}\n"
        _write(f"{derivation_text(described)}\n{numbers}", output)


def _require_free(output: str | None, bibliography: str | None, language: str | None) -> None:
    """Raise a usage error unless all that is written is free, the .bib of a .tex file too."""
    if output is None:
        return
    named = [Path(output)]
    require_outputs(named, [])
    if bibliography is not None:
        named.append(Path(bibliography))
        require_outputs(named, [], "--bibliography")
    if named[0].suffix == ".tex" and len(named) == 1 and language is None:
        entries = named[0].with_suffix(".bib")
        try:
            require_outputs(named, [entries])
        except click.UsageError as error:
            hint = f"or add to it by --bibliography {entries}"
            raise click.UsageError(f"{error.message}, {hint}") from None


def _described(algorithm: str | None, memory: int | None, settings: tuple[str, ...]) -> Algorithm:
    from sgdmem.symbolic.zoo.general_algorithm import general

    if (algorithm is None) == (memory is None):
        raise click.UsageError("give either an ALGORITHM or --memory M")
    if algorithm is not None:
        return symbolic_member(algorithm, settings)
    assert memory is not None
    if memory > _LARGEST_GENERAL_MEMORY:
        raise click.UsageError(
            f"--memory must be at most {_LARGEST_GENERAL_MEMORY}, got {memory}: the formulas of a "
            f"general algorithm grow eightfold with each step of memory"
        )
    described = general(memory)
    return described.substitute(read_settings(settings)) if settings else described


def _verdict(algorithm: str | None, settings: tuple[str, ...], options: Any) -> Any:
    """Return the verdict on the problem that is given; None without one."""
    if not has_problem(options):
        for name in _HIDDEN:
            if is_given(options[name]):
                raise click.UsageError(
                    f"--{name.replace('_', '-')} is of a problem: give --power-law, --spectrum or "
                    "--data, too"
                )
        return None
    if algorithm is None:
        raise click.UsageError("numbers on a problem need an ALGORITHM")
    from sgdmem.numeric.verdicts.stability import stability

    family, values = read_method(algorithm, settings)
    missing = family.missing(values)
    if missing:
        raise click.UsageError(f"numbers on a problem need --at {missing[0]}=VALUE")
    return stability(built(family, values), read_problem(options), read_batch_size(options))


def _letters(symbols: tuple[str, ...]) -> dict[str, str]:
    letters = {}
    for text in symbols:
        name, sign, latex = text.partition("=")
        if not sign or not name or not latex:
            raise click.UsageError(f"--symbol must be NAME=LATEX, got {shown(text)}")
        letters[name] = latex
    return letters


def _document(method: Any, output: str, saved: dict[str, Any], **options: Any) -> None:
    from sgdmem.symbolic.derivations.derive import derive

    with _status("deriving and checking ..."):
        derivation = derive(method, **options)
    with _status("writing ..."):
        written = derivation.save(output, **saved)
    names = " and ".join(str(path) for path in written)
    click.echo(f"wrote {names}: {derivation.checked} equalities and conditions checked")


def _status(text: str) -> Any:
    """Return a context in which a terminal shows what is being done."""
    from contextlib import nullcontext

    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(text)


def _write(text: str, output: str | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    write_text(output, text)
    click.echo(f"wrote {output}", err=not Path(output).is_file())  # it may be /dev/stdout
