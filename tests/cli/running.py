"""Running the command line in this process, and the arguments that many tests give."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from sgdmem.cli.main import main

NUMBERS = ["--set", "learning_rate=0.1", "--set", "momentum=0.9"]
HEAVY_BALL = ["stable", "--algorithm", "heavy-ball", *NUMBERS]
LAW = ["--power-law", "1.5", "--batch-size", "32"]
OWN = """
import sgdmem

@sgdmem.method
def nag(w, v, gradient, *, learning_rate, momentum):
    v = momentum * v - learning_rate * gradient(w + momentum * v)
    return w + v, v

def plain(learning_rate, momentum):
    return sgdmem.Algorithm(learning_rate * (1 - momentum), b=1 - momentum, c=-1, D=momentum)
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    captured = capsys.readouterr()
    assert isinstance(stopped.value.code, int)
    return stopped.value.code, captured.out, captured.err


def assert_refused(capsys: pytest.CaptureFixture[str], message: str, *arguments: str) -> None:
    """Assert that arguments are refused in one line, which holds a message."""
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert message in err
    assert len(err.strip().splitlines()) == 1


def imported_by(*arguments: str) -> set[str]:
    """Return the modules that a process of the command line has imported when it ends."""
    code = (
        "import sys\n"
        "from sgdmem.cli.main import main\n"
        f"try: main({[*arguments]})\n"
        "except SystemExit as ended: assert ended.code == 0\n"
        "print(*sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def heeds_interrupts() -> None:
    """Undo, in a child, that what a shell starts in the background ignores interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
