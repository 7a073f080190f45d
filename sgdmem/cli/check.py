"""The command ``sgdmem check``: whether a file proves what it claims."""

from __future__ import annotations

from pathlib import Path

import click

from sgdmem.cli.arguments import FileName


@click.command("check", short_help="Check a proof that `sgdmem stable --certify` has written.")
@click.argument("proof", type=FileName())
@click.option("-v", "--verbose", is_flag=True, help="The proof as a person reads it.")
def check_command(proof: str, verbose: bool) -> int:
    """Check PROOF, a file that `sgdmem stable --certify -o PROOF.json` has written.

    Exact arithmetic, and no code of those who make proofs: it says what is proved, and of which
    method and problem, and ends with exit code 0, or 1 if the file proves nothing.

    \b
      sgdmem stable heavy-ball --set learning_rate=0.1 --set momentum=0.9 \\
             --power-law 1.7 --batch-size 8 --certify -o proof.json
      sgdmem check --verbose proof.json
    """
    from sgdmem.symbolic.certificates.check import check_proof, read_proof
    from sgdmem.symbolic.certificates.proof_text import proof_text
    from sgdmem.symbolic.certificates.question import question_lines
    from sgdmem.symbolic.errors import ProofError

    path = Path(proof)
    if not path.exists():
        raise click.UsageError(f"there is no file {proof}")
    try:
        record = read_proof(path)
        if verbose:
            click.echo(proof_text(record))
        else:
            click.echo("\n  ".join([str(check_proof(record)), *question_lines(record)]))
    except ProofError as error:
        click.echo(" ".join(str(error).split()), err=True)
        return 1
    return 0
