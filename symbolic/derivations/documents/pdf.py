"""PDF, by latexmk."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sgdmem.symbolic.errors import TypesettingError

_ADVICE = (
    "a PDF needs LaTeX: on Debian or Ubuntu, apt-get install latexmk texlive-latex-base "
    "texlive-latex-recommended; or write a .tex file"
)
_SECONDS = 120


def typeset(source: str, bibliography: str, name: str) -> tuple[bytes, str]:
    """Return the PDF of an article, and LaTeX's log.

    Parameters
    ----------
    source
        The article, which calls its BibTeX file by ``name``.
    bibliography
        The BibTeX file.

    Raises
    ------
    TypesettingError
        If latexmk is not there, fails, or takes more than two minutes.
    """
    program = shutil.which("latexmk")
    if program is None or shutil.which("pdflatex") is None:
        raise TypesettingError(_ADVICE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / f"{name}.tex").write_text(source, encoding="utf-8")
        (path / f"{name}.bib").write_text(bibliography, encoding="utf-8")
        command = [program, "-pdf", "-interaction=nonstopmode", "-halt-on-error"]
        command += ["-latexoption=-no-shell-escape", f"{name}.tex"]
        # LaTeX itself refuses to read or write files elsewhere
        environment = {**os.environ, "openin_any": "p", "openout_any": "p"}
        try:
            done = subprocess.run(
                command,
                cwd=path,
                env=environment,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TypesettingError(f"LaTeX took more than {_SECONDS} seconds") from None
        log = path / f"{name}.log"
        text = log.read_text(encoding="latin-1") if log.exists() else done.stderr.decode()
        result = path / f"{name}.pdf"
        if done.returncode or not result.exists():
            errors = [line for line in text.splitlines() if line.startswith("!")]
            raise TypesettingError(f"LaTeX failed: {'; '.join(errors) or text[-500:]}")
        return result.read_bytes(), text
