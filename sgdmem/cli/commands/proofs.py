"""Proofs on the command line: how `sgdmem stable --certify` makes, says and writes one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from sgdmem.cli.arguments.algorithm import print_json
from sgdmem.cli.arguments.outputs import output_path
from sgdmem.cli.arguments.problem import read_batch_size, read_problem
from sgdmem.symbolic.errors import UndecidedError


def proof_path(output: str | None) -> Path | None:
    """Return the file that -o names for a proof."""
    return None if output is None else output_path(output, [".json"])


def print_proof(
    algorithm: Any,
    options: Mapping[str, Any],
    path: Path | None,
    as_json: bool,
    workers: int = 1,
) -> bool | None:
    """Prove whether a method, or a list of steps, is stable, say so, and write the proof.

    Returns what is proved: None where nothing is.
    """
    from sgdmem.numeric.certificates.certify import certify
    from sgdmem.symbolic.certificates.question import question_lines

    problem, batch_size = read_problem(options, exact=True), read_batch_size(options)
    try:
        proof = certify(algorithm, problem, batch_size, workers=workers)
    except UndecidedError as error:
        click.echo(f"nothing is proved: {error}")
        return None
    if path is not None:
        proof.save(path)
    if as_json:
        print_json(proof.to_dict())
        return proof.stable
    click.echo(str(proof))
    for line in question_lines(proof.record):
        click.echo(f"  {line}")
    if options["labels"] or options["target_column"] or options["label_variance"]:
        click.echo("  about stability alone: labels decide where the loss comes to rest")
    if path is not None:
        size = path.stat().st_size
        click.echo(
            f"  {path}, {size:,} bytes; `sgdmem check {shlex.quote(str(path))}` checks it again"
        )
    return proof.stable
