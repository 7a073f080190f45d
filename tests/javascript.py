"""Running JavaScript in tests: under Node where there is one, else in Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NODE = shutil.which("node")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    "--disable-background-networking",
]
# JSON has no infinity
_READ = '(key, value) => value === "inf" ? Infinity : value'
_WRITE = '(key, value) => value === Infinity ? "inf" : value === -Infinity ? "-inf" : value'


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the system's Chromium; the test is skipped where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def evaluate(source: str, function: str, data: Any) -> Any:
    """Return what a function in JavaScript makes of ``data``, after running ``source``."""
    text = json.dumps(_readable(data), allow_nan=False)
    if NODE is not None:
        script = (
            f"{source}\nconst found = ({function})"
            f'(JSON.parse(require("fs").readFileSync(0, "utf8"), {_READ}));\n'
            f"process.stdout.write(JSON.stringify(found, {_WRITE}));"
        )
        done = subprocess.run(
            [NODE, "-e", script], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return _restored(json.loads(done.stdout))
    with chromium() as browser:
        page = browser.new_page()
        page.add_script_tag(content=source)
        call = f"(text) => JSON.stringify(({function})(JSON.parse(text, {_READ})), {_WRITE})"
        return _restored(json.loads(page.evaluate(call, text)))


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _readable(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(entry) for entry in value]
    return "inf" if value == float("inf") else value


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _restored(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_restored(entry) for entry in value]
    return float(value) if value in ("inf", "-inf") else value
