"""The command ``sgdmem check``: whether a file proves what it claims."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from sgdmem.cli.arguments.algorithm import FileName

_LONGEST = 10**6  # seconds


def _seconds(context: Any, option: Any, given: str) -> float:
    """Return a time of at least a moment, as `within` waits it."""
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST:
        raise click.UsageError(
            f"--timeout must be a positive number of seconds, at most {_LONGEST:,}, got {given!r}"
        )
    return seconds


@click.command("check")
@click.argument("proof", type=FileName())
@click.option("-v", "--verbose", is_flag=True, help="The proof as a person reads it.")
@click.option(
    "--timeout",
    callback=_seconds,
    default="600",
    metavar="SECONDS",
    help="What takes longer to check is not proved.  [600]",
)
@click.option("--json", "as_json", is_flag=True, help="The same keys as `stable --certify --json`.")
def check_command(proof: str, verbose: bool, timeout: float, as_json: bool) -> int:
    """Check PROOF, a file that `sgdmem stable --certify -o PROOF.json` has written.

    Exact arithmetic, and no code of those who make proofs: it says what is proved, and of which
    method and problem, and ends with exit code 0, or 1 if the file proves nothing.

    \b
      sgdmem stable heavy-ball --set learning_rate=0.1 --set momentum=0.9 \\
             --power-law 1.7 --batch-size 8 --certify -o proof.json
      sgdmem check --verbose proof.json
    """
    from sgdmem.cli.process.limited import within
    from sgdmem.symbolic.errors import ProofError

    if verbose and as_json:
        raise click.UsageError("--json and --verbose exclude each other")
    path = Path(proof)
    if not path.exists():
        raise click.UsageError(f"there is no file {proof}")
    try:
        click.echo(within(timeout, _as_json if as_json else _checked, path, verbose))
    except MemoryError:
        click.echo(f"not proved: the check of {path} was ended, as where memory ends", err=True)
        return 1
    except TimeoutError:
        click.echo(
            f"not proved: {path} takes more than {timeout:g} s to check (--timeout)", err=True
        )
        return 1
    except ProofError as error:
        click.echo(" ".join(str(error).split()), err=True)
        return 1
    return 0


def _checked(path: Path, verbose: bool) -> str:
    """Return what a file proves, or the proof."""
    from sgdmem.symbolic.certificates.check import check_proof, read_proof
    from sgdmem.symbolic.certificates.proof_text import proof_text
    from sgdmem.symbolic.certificates.question import question_lines

    record = read_proof(path)
    if verbose:
        return proof_text(record)
    return "\n  ".join([str(check_proof(record)), *question_lines(record)])


def _as_json(path: Path, verbose: bool) -> str:
    """Return what a file proves as JSON."""
    from sgdmem.numeric.certificates.proof import Proof

    return json.dumps(Proof.load(path).to_dict(), indent=2)
