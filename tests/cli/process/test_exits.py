"""How the command line ends: the codes of verdicts are those of verdicts that were printed."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sgdmem.cli.main import main
from sgdmem.cli.process import exits, interrupts
from sgdmem.cli.process.exits import FAULT, INTERRUPTED, UNDELIVERED, USAGE_ERROR, ended
from tests.cli.running import heeds_interrupts

COMMAND = [sys.executable, "-m", "sgdmem", "stable", "sgd", "--power-law", "1.5", "--exit-code"]
STABLE = [*COMMAND, "--set", "learning_rate=0.1"]
UNSTABLE = [*COMMAND, "--set", "learning_rate=3"]


def raising(error: BaseException) -> Any:
    def run() -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ValueError("odd"), FAULT, "a fault of sgdmem"),
        (EOFError(), FAULT, "a fault of sgdmem"),  # the end of a file is no interrupt
        (MemoryError(), FAULT, "not enough memory"),
        (RecursionError("deep"), FAULT, "a fault of sgdmem"),
        (SystemExit(0), FAULT, "a fault of sgdmem"),
        (KeyboardInterrupt(), INTERRUPTED, "interrupted"),
        (FileNotFoundError(2, "absent", "x.csv"), USAGE_ERROR, "sgdmem: x.csv: absent"),
    ],
)
def test_what_fails_is_one_line_and_no_verdict(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(raising(error)) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert said in shown.err


def test_a_traceback_is_shown_when_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(exits.TRACEBACK_VARIABLE, "1")
    assert ended(raising(ValueError("odd"))) == FAULT
    assert "Traceback" in capsys.readouterr().err


def test_without_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert ended(raising(AssertionError("it must not run"))) == UNDELIVERED
    sys.stderr.close()


@pytest.mark.slow
@pytest.mark.parametrize(("command", "code"), [(STABLE, 0), (UNSTABLE, 1)])
def test_a_verdict_that_nobody_gets_has_another_code(command: list[str], code: int) -> None:
    assert subprocess.run(command, capture_output=True).returncode == code
    reading, writing = os.pipe()
    os.close(reading)
    closed = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (closed.returncode, closed.stderr) == (UNDELIVERED, "")
    shut = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *command], capture_output=True, text=True)
    assert (shut.returncode, shut.stderr.count("\n")) == (UNDELIVERED, 1)
    deaf = subprocess.run(["sh", "-c", '"$@" 2>&-', "sh", *command], capture_output=True)
    assert deaf.returncode == code
    if Path("/dev/full").exists():
        with open("/dev/full", "w") as full:
            no_room = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
        assert no_room.returncode == UNDELIVERED
        assert no_room.stderr == (
            "sgdmem: the answer could not be printed: No space left on device\n"
        )


def lost() -> None:
    """Do what libraries do with interrupts while they are imported."""
    with suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    time.sleep(5)


def made_another_error() -> None:
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise ImportError("a part is missing") from None


@pytest.mark.parametrize("run", [lost, made_another_error])
def test_an_interrupt_that_libraries_catch(
    run: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interrupts, "_PATIENCE", 0.05)
    monkeypatch.setattr(interrupts, "_heard", [])
    before = signal.signal(signal.SIGINT, lambda *_: None)  # as a process of its own does
    try:
        assert ended(run) == INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr() == ("", "interrupted\n")


def check_interrupted(code: int, out: str, err: str, answer: tuple[int, str]) -> None:
    """Check that there is a whole answer with its code, or none."""
    if (code, out, err) == (*answer, ""):
        return
    assert out == ""
    if code != -signal.SIGINT:  # Python itself was starting, and says more; a shell says 130, too
        assert (code, err) == (INTERRUPTED, "interrupted\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="copies of a process are needed")
@pytest.mark.parametrize(
    ("count", "arguments"),
    [(12, ["--version"]), pytest.param(40, UNSTABLE[3:], marks=pytest.mark.slow)],
)
def test_an_interrupt_at_any_line(count: int, arguments: list[str], tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.cli.interrupting", str(tmp_path), str(count)]
    done = subprocess.run(
        [*program, *arguments],
        preexec_fn=heeds_interrupts,
        capture_output=True,
        text=True,
        check=True,
    )
    alone, *ends = json.loads(done.stdout)
    answer = alone["code"], alone["texts"][0]
    assert answer[1] and len(ends) > 2 * count
    for end in ends:
        out, err = end["texts"]
        check_interrupted(end["code"], out, err, answer)
    # from where the answer is whole on, an interrupt changes nothing
    whole = [end["code"] == answer[0] for end in ends]
    assert whole == sorted(whole)
    assert sum(whole) > 10


@pytest.mark.slow
def test_interrupts_at_any_time() -> None:
    code = "print('there', flush=True); from sgdmem.__main__ import main; main()"
    command = [sys.executable, "-c", code, *UNSTABLE[3:]]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    start = time.monotonic()
    alone = subprocess.run(command, text=True, stdout=subprocess.PIPE)
    longest = time.monotonic() - start
    answer = alone.returncode, alone.stdout.removeprefix("there\n")
    for delay in np.linspace(0, 1.2 * longest, 24):
        running = subprocess.Popen(command, text=True, preexec_fn=heeds_interrupts, **pipes)
        assert running.stdout is not None and running.stdout.readline() == "there\n"
        time.sleep(delay)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate()
        check_interrupted(running.returncode, out, err, answer)


@pytest.mark.slow
def test_an_interrupt_is_one_line() -> None:
    command = [sys.executable, "-m", "sgdmem", "verify"]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = subprocess.Popen(command, text=True, preexec_fn=heeds_interrupts, **pipes)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate()
    assert (running.returncode, err) == (INTERRUPTED, "interrupted\n")


@pytest.mark.slow
def test_names_of_any_bytes(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe.md"
    words = [sys.executable, "-m", "sgdmem", "derive", "sgd", "-o"]
    command = [*map(os.fsencode, words), name]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONUTF8": "1"})
    assert done.returncode == 0
    assert b"wrote " in done.stdout
    assert os.path.getsize(name) > 100


def test_answers_go_to_streams_of_text_alone() -> None:
    text = io.StringIO()
    with redirect_stdout(text), pytest.raises(SystemExit):
        main(["translate", "nesterov", "--to", "qhm"])
    assert text.getvalue().startswith("nesterov is qhm on quadratics")
