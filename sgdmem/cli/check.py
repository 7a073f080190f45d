"""The command ``sgdmem check``: whether a file proves what it claims."""

from __future__ import annotations

from pathlib import Path

import click

from sgdmem.cli.arguments import FileName

_LONGEST = 10**6  # seconds


@click.command("check", short_help="Check a proof that `sgdmem stable --certify` has written.")
@click.argument("proof", type=FileName())
@click.option("-v", "--verbose", is_flag=True, help="The proof as a person reads it.")
@click.option(
    "--timeout",
    type=click.IntRange(1, _LONGEST),
    default=600,
    metavar="SECONDS",
    help="What takes longer to check is not proved.  [600]",
)
def check_command(proof: str, verbose: bool, timeout: int) -> int:
    """Check PROOF, a file that `sgdmem stable --certify -o PROOF.json` has written.

    Exact arithmetic, and no code of those who make proofs: it says what is proved, and of which
    method and problem, and ends with exit code 0, or 1 if the file proves nothing.

    \b
      sgdmem stable heavy-ball --set learning_rate=0.1 --set momentum=0.9 \\
             --power-law 1.7 --batch-size 8 --certify -o proof.json
      sgdmem check --verbose proof.json
    """
    from sgdmem.cli.limited import within
    from sgdmem.symbolic.errors import ProofError

    path = Path(proof)
    if not path.exists():
        raise click.UsageError(f"there is no file {proof}")
    try:
        click.echo(within(timeout, _checked, path, verbose))
    except MemoryError:
        click.echo(f"not proved: the check of {path} was ended, as where memory ends", err=True)
        return 1
    except TimeoutError:
        click.echo(f"not proved: {path} takes more than {timeout} s to check (--timeout)", err=True)
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
