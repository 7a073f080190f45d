"""The explorer from Python and from the command line."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import re
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

import sgdmem
from sgdmem import Algorithm, InputError, Noise, Problem, Spectrum, explore
from sgdmem.phase_diagrams.explorer import derivations
from sgdmem.phase_diagrams.explorer.derivations import packed_derivations
from sgdmem.phase_diagrams.explorer.server import page_server
from sgdmem.symbolic.zoo.families_by_name import USUAL_FAMILIES
from tests.asking import noisy
from tests.cli.running import assert_refused, run


def own(speed: Any, keep: Any) -> Algorithm:
    """My method: </script> & friends."""
    return sgdmem.heavy_ball(speed, keep)


def special(learning_rate: Any, keep: Any) -> Algorithm:
    if keep == 0.5:
        raise InputError("keep must not be 1/2")
    return sgdmem.heavy_ball(learning_rate, keep)


def test_all_named_methods_are_there() -> None:
    page = explore()
    assert [method.name for method in page.methods] == list(USUAL_FAMILIES)
    assert [method.title for method in page.methods][1:4] == [
        *("heavy ball", "Nesterov's method", "QHM")
    ]
    shown = {method.name: method for method in page.methods}
    assert shown["aggmo"].call == (
        "sgdmem.methods.aggmo(learning_rate={learning_rate}, momenta=[{momentum_1}, {momentum_2}])"
    )
    (found,) = shown["torch-sgd"].special  # without momentum the dampening is ignored
    assert (found.parameter, found.value, found.kept) == ("momentum", 0.0, (0,))


def test_the_page_needs_nothing_else() -> None:
    page = explore("sgd").html
    assert not re.search(r"https?://", page)
    assert not re.search(r"\b(src|href)=(?!\"data:)", page)
    assert not re.search(
        r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import)\s*\(", page
    )
    assert "@import" not in page and "url(" not in page
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert "default-src 'none'" in policy and "connect-src" not in policy
    assert len(page.encode()) < 142_000
    (packed,) = json.loads(re.findall(r'"derivations">(.*?)</script>', page, re.S)[0]).values()
    text = gzip.decompress(base64.b64decode(packed)).decode()
    assert "<math" in text and "<script" not in text


def test_words_do_not_end_the_script() -> None:
    page = explore(own, derivations=False).html
    assert page.count("</script>") == page.count("<script") == 3


def test_what_cannot_be_derived_says_why() -> None:
    long = explore(sgdmem.methods.delayed_sgd(learning_rate="0.1", delay=11)).methods
    (packed,) = packed_derivations(long, {}).values()
    text = gzip.decompress(base64.b64decode(packed)).decode()
    assert re.search("No derivation: .*memory.*11", text)


def test_derivations_of_named_methods_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SGDMEM_CACHE_DIR", str(tmp_path))
    derived: list[Any] = []

    def counted(source: Any, **options: Any) -> Any:
        derived.append(source)
        raise InputError(f"asked with {options}")

    monkeypatch.setattr(derivations, "derive", counted)

    @sgdmem.method
    def sgd(w, gradient, *, learning_rate):  # type: ignore[no-untyped-def]
        return w - learning_rate * gradient(w)

    named, own = explore("sgd").methods, explore(sgd).methods
    first = packed_derivations(named, {})
    assert packed_derivations(named, {}) == first and len(derived) == 1
    packed_derivations(own, {}), packed_derivations(own, {})
    assert len(derived) == 3  # another method of that name is derived each time
    other = packed_derivations(named, {"learning_rate": r"\eta"})
    assert len(derived) == 4 and other != first
    monkeypatch.setattr(derivations, "_state", lambda: "of another version")
    assert packed_derivations(named, {}) == first and len(derived) == 5


def test_own_methods() -> None:
    page = explore([own, special], ranges={"speed": (0.1, 10, "log"), "keep": (0, 1)})
    first, second = page.methods
    assert (first.name, first.command) == ("own", None)
    assert first.call == "own(speed={speed}, keep={keep})"
    speed, keep = first.parameters
    assert (speed.low, speed.high, speed.log, speed.value) == (0.1, 10, True, 1)
    assert (keep.low, keep.high, keep.log, keep.value) == (0, 1, False, 0.5)
    (found,) = second.special
    assert (found.parameter, found.value, found.functions) == ("keep", 0.5, None)


def test_sliders_have_the_letters_of_the_method() -> None:
    names = ["asgd", "mass", "pid", "two-rate"]
    found = explore(names, derivations=False).methods
    labels = [[parameter.label for parameter in method.parameters] for method in found]
    assert labels[:2] == [["α", "β", "γ", "δ"], ["η₁", "η₂", "γ"]]
    assert labels[2] == ["learning rate α", "momentum β", "derivative"]
    assert labels[3][0] == "velocity rate α₁"


def test_what_is_written_and_shown_of_own_methods() -> None:
    @sgdmem.method(ranges={"eta_1": (0.001, 4, "log")})
    def step(w, gradient, *, eta_1):  # type: ignore[no-untyped-def]
        """Mine."""
        return w - eta_1 * gradient(w)

    own = explore([step, "heavy-ball"], derivations=False)
    (slider,) = own.methods[0].parameters
    assert own.methods[0].summary == "Mine. w ← w − eta_1 gradient(w)."  # it has no reference
    assert (slider.value, slider.label) == (0.0632, "η₁")
    assert own.start["method"] == ""  # the first one that was named
    assert explore(derivations=False).start["method"] == "heavy-ball"


def test_algorithms() -> None:
    x = sympy.Symbol("x")
    numeric = explore(sgdmem.heavy_ball("0.1", "0.9")).methods[0]
    assert (numeric.name, numeric.parameters, numeric.call) == ("heavy ball", (), "algorithm")
    rounded = explore(sgdmem.heavy_ball(0.1, 0.9))
    assert rounded.methods[0].call == "algorithm"
    assert repr(rounded) == "Explorer(heavy ball)"
    symbolic = explore(sgdmem.heavy_ball(x, x**2)).methods[0]
    assert [parameter.name for parameter in symbolic.parameters] == ["x"]
    assert symbolic.call == 'algorithm.substitute({"x": {x}})'


def test_sliders_have_the_sign_of_their_symbols() -> None:
    x, y, z = sympy.Symbol("x", positive=True), sympy.Symbol("y", nonnegative=True), "z"
    method = sgdmem.Algorithm(x, [y], [1], [[sympy.Symbol(z)]])
    sliders = {parameter.name: parameter for parameter in explore(method).methods[0].parameters}
    assert (sliders["x"].low, sliders["x"].log) == (0.001, True)
    assert (sliders["y"].low, sliders["z"].low) == (0, -2)


@pytest.mark.parametrize(
    ("spectrum", "count"),
    [(Spectrum([1, 4, 2]), 3), (Spectrum(1 / np.arange(1.0, 3000)), 400), ([[1.0, 0], [1, 2]], 2)],
)
def test_listed_spectra(spectrum: Any, count: int) -> None:
    start = explore("sgd", spectrum).start["spectrum"]
    assert len(start["eigenvalues"]) == len(start["weights"]) <= count
    assert start["eigenvalues"] == sorted(start["eigenvalues"], reverse=True)
    whole = spectrum if isinstance(spectrum, Spectrum) else Problem.from_data(spectrum).spectrum
    trace = float(np.dot(start["eigenvalues"], start["weights"]))
    assert trace == pytest.approx(whole.trace, rel=1e-12)


def test_start() -> None:
    start = explore("sgd", noisy(Spectrum.power_law(2, 4, 100), tau2=-1), batch_size="inf").start
    assert start["spectrum"] == {"nu": 2.0, "scale": 4.0, "count": 100}
    assert (start["batch_size"], start["tau1"], start["tau2"]) == (None, 1, -1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"methods": "speedy"}, "unknown algorithm 'speedy'"),
        ({"methods": 3}, "methods must be names, functions .*, got 3"),
        ({"methods": []}, "methods must be names"),
        ({"methods": [3]}, "methods must be names, functions .*, got 3"),
        ({"methods": ["sgd", "sgd"]}, "different names, got sgd twice"),
        ({"methods": lambda tau1: sgdmem.sgd(tau1)}, "cannot have a parameter called tau1"),
        ({"methods": lambda rate: rate}, "must be an Algorithm, got rate"),
        ({"methods": lambda rate: sgdmem.sgd(sympy.sqrt(rate))}, "rational"),
        ({"methods": lambda rate: sgdmem.sgd(float(rate))}, "does not take symbols"),
        ({"methods": Algorithm(0, b=1, c=0, D="1/2")}, "must be stable at some eigenvalue"),
        ({"methods": "sgd", "ranges": {"momentum": (0, 1)}}, "'momentum', which is no parameter"),
        ({"methods": "sgd", "ranges": {"learning_rate": 3}}, r"\(low, high\)"),
        ({"methods": "sgd", "ranges": {"learning_rate": (1, 0)}}, "low must be below high"),
        ({"methods": "sgd", "ranges": {"learning_rate": (0, 1, "log")}}, "positive"),
        ({"methods": "sgd", "ranges": {"learning_rate": (0, 1, "lin")}}, "'log'"),
        ({"methods": "sgd", "problem": 3}, "problem"),
        ({"methods": "sgd", "batch_size": 0}, "batch_size"),
        ({"methods": "sgd", "problem": noisy(Spectrum([1, 2]), tau2=[0, 1])}, "two numbers"),
        (
            {"methods": "sgd", "problem": Problem(Spectrum([1, 2]), Noise(label_variance=1))},
            "without label_variance",
        ),
    ],
)
def test_bad_input(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        explore(**arguments)


def test_bad_files_and_ports(tmp_path: Path) -> None:
    page = explore("sgd")
    with pytest.raises(InputError, match=r"path must end in \.html"):
        page.save(tmp_path / "page.pdf")
    for port in (-1, 65536, 1.5, True):
        with pytest.raises(InputError, match="port must be an integer from 0 to 65535"):
            page.serve(port)  # type: ignore[arg-type]


def test_server_answers_on_loopback_alone() -> None:
    with page_server("<p>π</p>", 0) as server:
        host, port = server.server_address[:2]
        assert host == "127.0.0.1"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
                assert answer.read().decode() == "<p>π</p>"
                assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/other")
            for name, answered in {
                "localhost": True,
                f"LOCALHOST:{port}": True,
                "127.0.0.1:9": True,
                "example.org": False,
                f"example.org:{port}": False,
                "127.0.0.1.example.org": False,
                "localhost@example.org": False,
                "": False,
            }.items():
                for method in ("GET", "HEAD"):
                    connection = http.client.HTTPConnection(host, int(port), timeout=5)
                    connection.request(method, "/", headers={"Host": name})
                    found = connection.getresponse()
                    assert found.status == (200 if answered else 421)
                    assert (found.read() == "<p>π</p>".encode()) is (answered and method == "GET")
                    assert found.headers["Content-Length"] != "0"
                    connection.close()
            with pytest.raises(InputError, match=f"port {port} cannot be used"):
                page_server("", int(port))
        finally:
            server.shutdown()
            thread.join()


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "page.html"
    command = ["explore", "sgd", "nesterov", "-o", str(target), "--no-derivations"]
    code, out, _ = run(capsys, *command, "--power-law", "2", "--count", "50", "--batch-size", "8")
    assert code == 0
    assert re.fullmatch(rf"wrote {target}: \d+ kB, 2 methods\n", out)
    text = target.read_text(encoding="utf-8")
    assert '"nu": 2.0' in text and '"count": 50' in text and '"batch_size": 8.0' in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["speedy"], "unknown algorithm 'speedy'"),
        (["sgd", "sgd"], "got sgd twice"),
        (["-o", "x.pdf"], "-o must end in .html, got 'x.pdf'"),
        (["-o", "nowhere/x.html"], "there is no folder nowhere"),
        (["--port", "80"], "--port belongs to --serve"),
        (["--serve", "--port", "70000"], "port must be an integer from 0 to 65535, got 70000"),
        (["--count", "5"], "give one of --power-law NU, --spectrum FILE and --data FILE"),
        (["--power-law", "2", "--coupling", "x.csv"], "--coupling: the explorer has the noise"),
        (["--system", "mem-sgd", "--tau1", "2"], "--system has its own problem"),
        (["--system", "mem"], "system must be among stochastic-edge"),
        (["--batch-size", "-1"], "batch_size"),
    ],
)
def test_bad_arguments(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_refused(capsys, message, "explore", *arguments)
    assert not list(tmp_path.iterdir())
