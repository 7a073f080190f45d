"""The explorer's page in a real browser."""

from __future__ import annotations

import contextlib
import io
import math
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.image import imread

import sgdmem
from sgdmem import Algorithm, InputError, Spectrum, explore, stability
from sgdmem.cli.main import main
from sgdmem.phase_diagrams.pictures.map_colours import BRIGHTEST
from tests.asking import noisy
from tests.javascript import chromium

pytestmark = pytest.mark.slow

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    **{"device_scale_factor": 2, "is_mobile": True, "has_touch": True},
}
PIXEL = """([across, down]) => {
    const canvas = document.getElementById("colours");
    const [x, y] = [across * canvas.width, down * canvas.height].map(Math.floor);
    const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, x, y, 1, 1, 0, 0, 1, 1);
    return [...copy.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}"""
Opened = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("explorer") / "explorer.html"
    explore(derivations=False).save(target)
    return target


@pytest.fixture
def opened(browser: Any, path: Path) -> Opened:
    """Return what opens the page; it must ask for nothing, and have no complaints."""

    @contextmanager
    def open_page(link: str = "", kind: Any = DESKTOP, file: Path = path) -> Iterator[Any]:
        context = browser.new_context(**kind)
        page = context.new_page()
        complaints: list[str] = []
        requests: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"file://{file}#{link}")
        settle(page)
        yield page
        assert complaints == []
        assert [url for url in requests if not url.startswith(("file:", "blob:", "data:"))] == []
        context.close()

    return open_page


def settle(page: Any, *suffixes: str) -> None:
    """Wait until what was asked for (work starts with the next frame) is computed."""
    page.evaluate("() => new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")
    for suffix in ("", *suffixes):
        page.wait_for_selector(f'#verdict{suffix}[data-done="true"]', timeout=20_000)
        page.wait_for_selector(f'#map{suffix}[data-level="2"]', timeout=20_000)


def value(page: Any, name: str) -> float:
    text = page.input_value(f"#value-{name}")
    return float(text) if text else math.inf


def picture(page: Any) -> str:
    return str(page.evaluate("document.getElementById('colours').toDataURL()"))


def heavy_ball_verdict(page: Any) -> sgdmem.Verdict:
    """Return Python's verdict on what the sliders say."""
    method = sgdmem.heavy_ball(*(repr(value(page, x)) for x in ("learning_rate", "momentum")))
    spectrum = Spectrum.power_law(repr(value(page, "exponent")))
    batch_size, tau1, tau2 = (repr(value(page, x)) for x in ("batch_size", "tau1", "tau2"))
    return stability(method, noisy(spectrum, tau1, tau2), batch_size)


def assert_same(page: Any, verdict: sgdmem.Verdict) -> None:
    card = page.locator("#verdict")
    assert card.get_attribute("data-reason") == verdict.reason.value
    word = page.inner_text("#verdict-word")
    assert (
        word[2:] == {True: "Stable", False: "Not stable", None: "Too close to call"}[verdict.stable]
    )
    numbers = page.inner_text("#verdict-numbers")
    shown = re.search(r"noise sum U′.*\s+(\S+)", numbers)
    assert shown is not None
    if math.isinf(verdict.noise_sum):
        assert shown.group(1) == "∞"
    elif 1e-3 < verdict.noise_sum < 1e6:
        assert float(shown.group(1)) == pytest.approx(verdict.noise_sum, rel=1e-4)


def test_slider_and_click(opened: Opened) -> None:
    with opened("method=heavy-ball") as page:
        before = picture(page)
        page.focus("#range-batch_size")
        for key in ["PageDown"] * 3 + ["ArrowLeft"] * 5:
            page.keyboard.press(key)
        settle(page)
        assert value(page, "batch_size") < 32
        assert picture(page) != before
        assert_same(page, heavy_ball_verdict(page))
        seen = set()
        for across, up in ((0.3, 0.5), (0.75, 0.3), (0.97, 0.6), (0.85, 0.85)):
            box = page.locator("#map").bounding_box()
            page.mouse.click(
                box["x"] + 56 + across * (box["width"] - 66),
                box["y"] + 8 + (1 - up) * (box["height"] - 50),
            )
            settle(page)
            assert value(page, "momentum") == pytest.approx(0.999 * up, abs=0.01)
            verdict = heavy_ball_verdict(page)
            assert_same(page, verdict)
            seen.add(verdict.reason.value)
        assert seen == {"stable", "noise_sum", "noiseless"}


def test_colours_are_the_verdicts(opened: Opened) -> None:
    """Hovering says what the colours show, at points compared with Python."""
    with opened("method=heavy-ball&batch_size=4") as page:
        box = page.locator("#map").bounding_box()
        seen = set()
        for across, up in ((0.5, 0.5), (0.75, 0.2), (0.75, 0.97), (0.84, 0.8), (0.95, 0.5)):
            page.mouse.move(
                box["x"] + 56 + across * (box["width"] - 66),
                box["y"] + 8 + (1 - up) * (box["height"] - 50),
            )
            text = page.inner_text("#readout")
            red, green, blue = page.evaluate(PIXEL, [across, 1 - up])
            rate, momentum = 0.001 * 1e4**across, 0.999 * up
            method = sgdmem.heavy_ball(rate, momentum)
            verdict = stability(method, Spectrum.power_law("1.5"), 4)
            if verdict.stable:
                found = float(text.rsplit(" ", 1)[1])
                assert found == pytest.approx(verdict.noise_sum, rel=0.05)
                share = max(0.0, 1 + math.log10(verdict.noise_sum) / 3)
                shade = colormaps["viridis"](BRIGHTEST * share, bytes=True)
                assert [red, green, blue] == pytest.approx(list(map(int, shade[:3])), abs=8)
            else:
                noiseless = math.isinf(verdict.noise_sum)
                kind = "without noise" if noiseless else "by mini-batch noise"
                assert text.endswith(f"diverges {kind}")
                assert (red, green, blue) == ((176, 176, 184) if noiseless else (213, 94, 0))
            seen.add(verdict.reason)
        assert len(seen) == 3


def test_keyboard_alone(opened: Opened) -> None:
    with opened("method=heavy-ball") as page:
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "map":
                break
        assert page.evaluate("document.activeElement.id") == "map"
        rate, momentum = value(page, "learning_rate"), value(page, "momentum")
        for key in ["Shift+ArrowRight"] * 6 + ["ArrowRight", "ArrowDown", "Shift+ArrowDown"]:
            page.keyboard.press(key)
        settle(page)
        assert value(page, "learning_rate") > 10 * rate
        assert value(page, "momentum") < momentum
        assert_same(page, heavy_ball_verdict(page))
        spoken = "(word) => document.getElementById('announcement').textContent.startsWith(word)"
        word = page.inner_text("#verdict-word")[2:]
        page.wait_for_function(spoken, arg=word)  # by itself, once nothing moves
        page.evaluate("document.getElementById('announcement').textContent = ''")
        page.keyboard.press("Enter")
        page.wait_for_function(spoken, arg=word)
        reached = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.id"))
        assert reached >= {"range-batch_size", "value-exponent", "x-name", "y-high", "reset"}


def test_fields_take_fractions(opened: Opened) -> None:
    with opened("method=heavy-ball") as page:
        for text, number in (("1/2", 0.5), (" 3 / 4 ", 0.75), ("0.9", 0.9), ("1/x", 0.9)):
            page.fill("#value-momentum", text)
            page.keyboard.press("Enter")
            page.evaluate("document.activeElement.blur()")
            settle(page)
            assert page.evaluate("valueOf(page.views[0].state, 'momentum')") == number


def test_the_map_is_saved(opened: Opened, tmp_path: Path) -> None:
    with opened("method=heavy-ball&momentum=0.7") as page:
        for ending in ("svg", "png"):
            with page.expect_download() as waiting:
                page.click(f"#save-{ending}")
            waiting.value.save_as(tmp_path / waiting.value.suggested_filename)
        legend = page.locator("#legend > span").all_inner_texts()
    root = ElementTree.parse(tmp_path / "heavy-ball.svg").getroot()
    texts = {
        "".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")
    }
    names = {"learning rate α", "momentum β", "stable, noise sum ≤ 0.001 to 1", *legend[1:]}
    assert {" ".join(text.split()) for text in names} <= {" ".join(text.split()) for text in texts}
    assert "--set momentum=0.7" in root.findtext("{http://www.w3.org/2000/svg}desc", "")
    pixels = np.round(255 * imread(tmp_path / "heavy-ball.png")[:, :, :3]).reshape(-1, 3)
    assert (np.abs(pixels - [176, 176, 184]).max(axis=1) < 2).mean() > 0.02  # as on the page


def test_noise_of_no_data_has_a_word(opened: Opened) -> None:
    with opened("method=heavy-ball&tau1=1&tau2=2") as page:
        assert page.evaluate(PIXEL, [0.5, 0.5]) == [236, 226, 240]
        assert page.inner_text("#legend") == "no data have such noise: τ2 > τ1"


def test_two_methods(opened: Opened) -> None:
    """Each has its verdict, map and curves; the problem is one, and so are parameters of both."""
    both = "method=heavy-ball&batch_size=4"
    with opened(both) as page:
        page.click("#compare")
        settle(page, "-2")
        assert page.locator("#method-2 option:checked").inner_text() == "Nesterov's method"
        assert page.locator("#range-momentum-2").count() == 0  # one slider for both
        page.fill("#value-momentum", "3/5")
        page.keyboard.press("Enter")
        page.fill("#value-learning_rate", "1.7")
        page.keyboard.press("Enter")
        settle(page, "-2")
        for suffix, family in (("", sgdmem.heavy_ball), ("-2", sgdmem.nesterov)):
            verdict = stability(family("1.7", "0.6"), Spectrum.power_law("1.5"), 4)
            assert page.get_attribute(f"#verdict{suffix}", "data-reason") == verdict.reason.value
            assert page.locator(f"#losses{suffix} .other").count() == 1
            assert page.locator(f"#map{suffix} .other").count() > 0
        assert "edge of heavy ball" in page.inner_text("#legend-2")
        page.select_option("#method-2", label="heavy ball")  # itself, for other parameters
        assert not page.is_checked("#linked")
        page.select_option("#method-2", label="Nesterov's method")
        page.fill("#value-learning_rate-2", "0.1")
        page.keyboard.press("Enter")
        settle(page, "-2")
        assert value(page, "learning_rate") == 1.7
        assert page.get_attribute("#verdict-2", "data-stable") == "true"
        page.select_option("#y-name-2", "batch_size")  # other axes: no edge of the other map
        settle(page, "-2")
        assert page.locator("#map-2 .other").count() == 0
        page.wait_for_url(re.compile("2.axis_y=batch_size"))
        link = page.evaluate("decodeURIComponent(location.hash)")
        page.click("#compare")
        settle(page)
        assert page.locator("#map-2").count() == 0 and page.locator("#losses .other").count() == 0
    assert "2.method=nesterov&2.learning_rate=0.1&2.momentum=0.9" in link
    with opened(link.removeprefix("#")) as page:
        settle(page, "-2")
        assert value(page, "learning_rate-2") == 0.1 and not page.is_checked("#linked")


def test_derivations_are_in_the_page(opened: Opened, tmp_path: Path) -> None:
    target = tmp_path / "derived.html"
    explore(["heavy-ball", "sgd"]).save(target)
    with opened("method=heavy-ball", file=target) as page:
        page.focus("#derive")
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog[open] math")
        text = page.inner_text("dialog article")
        assert text.startswith("Heavy ball") and "critical batch size" in text
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.id") == "derive"
        page.select_option("#method", "1")
        page.click("#derive")
        page.wait_for_selector("dialog h1:has-text('SGD')")


def test_every_control_has_a_name(opened: Opened) -> None:
    with opened("method=qhm&2.method=aggmo") as page:
        nameless = page.evaluate("""() => [...document.querySelectorAll("input, select, button")]
            .filter((x) => !(x.labels && x.labels.length) && !x.ariaLabel && !x.textContent)
            .map((x) => x.id)""")
        assert nameless == []


def test_links_keep_the_view(opened: Opened) -> None:
    link = (
        "method=qhm&learning_rate=0.4&momentum=0.7&nu=0.3&exponent=2.5&count=1000"
        "&batch_size=inf&tau1=2&tau2=-1&zeta=1.5&axis_x=momentum:-0.5:0.5&axis_y=exponent:0.5:3"
    )
    with opened(link) as page:
        page.wait_for_function("page.ownHash !== ''")  # written when nothing has moved for a while
        hash_ = page.evaluate("decodeURIComponent(location.hash)")
        assert sorted(hash_[1:].split("&")) == sorted(link.split("&"))
    with opened("method=nothing") as page:
        assert page.input_value("#method") == "1"  # heavy ball
    with opened("method=sgd&learning_rate=x&axis_x=a:b:c&exponent=-3&batch_size=0") as page:
        assert page.input_value("#method") == "0" and value(page, "learning_rate") == 0.1
        assert value(page, "exponent") == 1.5 and value(page, "batch_size") == 32


def test_commands_give_the_same_verdict(opened: Opened) -> None:
    links = (
        "method=heavy-ball&learning_rate=2.5",
        "method=aggmo&batch_size=2&learning_rate=1",
        "method=qhm&batch_size=inf&count=100&exponent=1.1",
        "method=averaged-sgd&exponent=0.8",
    )
    for link in links:
        with opened(link) as page:
            command, python, derivation = (x.inner_text() for x in page.locator("pre").all())
            assert derivation.startswith("sgdmem derive ")
            word = {"✓ Stable": "stable:", "✕ Not stable": "NOT stable:"}
            expected = word[page.inner_text("#verdict-word")]
            shown = re.search(r"noise sum U′.*\s+(\S+)", page.inner_text("#verdict-numbers"))
            assert shown is not None
            told = io.StringIO()
            with contextlib.redirect_stdout(told):
                made: dict[str, Any] = {}
                exec(python, made)
            said = io.StringIO()
            with contextlib.redirect_stdout(said), pytest.raises(SystemExit):
                main(command.split()[1:])
            for text in (told.getvalue(), said.getvalue()):
                assert text.startswith(expected)
                (number,) = re.findall(r"noise sum U' +([^;]+);", text)
                assert float(shown.group(1).replace("∞", "inf")) == pytest.approx(
                    float(number), rel=1e-4
                )
            losses = re.findall(
                r"[\d.]+(?=(?: at the start| after))", page.inner_text("#losses-note")
            )
            if len(losses) == 2:  # others are written with powers of 10
                ends = made["losses"][[0, -1]]
                assert [float(x) for x in losses] == pytest.approx(ends, rel=0.01)


@pytest.mark.exhaustive
def test_all_methods_on_a_phone(opened: Opened) -> None:
    with opened(kind=PHONE) as page:
        for name in page.locator("#method option").all_inner_texts():
            page.select_option("#method", label=name)
            settle(page)
            wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            # a phone would show a wider page smaller: its own width must do
            assert wide[0] <= wide[1] == PHONE["viewport"]["width"], name
            assert page.inner_text("#verdict-word") == "✓ Stable", name
            assert "diverges" in page.inner_text("#legend"), name
            for svg in ("losses", "roots", "summand"):
                assert page.locator(f"#{svg} *").count() > 5
        box = page.locator("#map").bounding_box()
        page.touchscreen.tap(box["x"] + box["width"] * 0.95, box["y"] + box["height"] * 0.5)
        settle(page)
        assert page.inner_text("#verdict-word") == "✕ Not stable"


def test_own_spectrum_and_method(opened: Opened, tmp_path: Path) -> None:
    def scaled(speed: Any, keep: Any) -> Algorithm:
        """My heavy ball."""
        if keep == 0:
            raise InputError("keep must not be 0")
        return sgdmem.heavy_ball(speed, keep)

    target = tmp_path / "own.html"
    explore(scaled, Spectrum([3, 1, 0.5]), batch_size=2, derivations=False).save(target)
    with opened("method=scaled&keep=0.5&speed=0.5", file=target) as page:
        assert page.locator("#range-exponent").count() == 0
        verdict = stability(scaled("0.5", "0.5"), Spectrum([3, 1, 0.5]), 2)
        assert_same(page, verdict)
        assert page.inner_text("pre").startswith("import sgdmem")
        page.fill("#value-keep", "0")
        page.keyboard.press("Enter")
        page.wait_for_selector('#verdict[data-reason="undefined"]')
        assert "does not exist" in page.inner_text("#verdict-reason")


def test_axes_can_be_changed(opened: Opened) -> None:
    with opened("method=sgd") as page:
        before = picture(page)
        page.select_option("#y-name", "exponent")
        settle(page)
        assert picture(page) != before
        assert "an infinite sum" in page.inner_text("#legend")  # nu <= 1 is on the map
        page.fill("#y-low", "1.2")
        page.keyboard.press("Enter")
        settle(page)
        assert "an infinite sum" not in page.inner_text("#legend")
        page.fill("#y-low", "9")  # above the upper end: refused
        page.keyboard.press("Enter")
        assert page.input_value("#y-low") == "1.2"


def test_text_can_be_read() -> None:
    """Contrast of the page's colours, at least 4.5 as the WCAG ask of text."""
    css = (files("sgdmem.phase_diagrams.explorer") / "page" / "page.css").read_text()
    for theme in re.findall(r":root \{(.*?)\}", css, re.S):
        colours = dict(re.findall(r"--(\w+): (#\w{6})", theme))
        for text in ("ink", "soft", "accent", "good", "bad", "open"):
            for paper in ("paper", "card"):
                light, dark = sorted(map(luminance, (colours[text], colours[paper])))[::-1]
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, paper)


def luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["stochastic-edge", "sparse-momentum", "mem-sgd"])
def test_pages_of_papers(opened: Opened, tmp_path: Path, name: str) -> None:
    """Sliders of the problem move the map; what the page says to ask has the same answer."""
    file = tmp_path / "paper.html"
    explore(system=name, derivations=False).save(file)
    with opened(file=file, kind=PHONE) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with opened(file=file) as page:
        menu = page.locator("#inputs option").all_inner_texts() or [""]
        for inputs in menu:
            if inputs:
                page.select_option("#inputs", label=inputs)
                settle(page)
            names = page.evaluate("Object.keys(inputsOf(page.views[0].state).sliders)")
            for slider in names:
                before = picture(page)
                page.focus(f"#range-{slider}")
                for _ in range(3):
                    page.keyboard.press("PageUp")
                settle(page)
                assert picture(page) != before or slider in ("sharpness", "batch_size")
            code = page.locator("#codes pre").first.inner_text()
            words = io.StringIO()
            with contextlib.redirect_stdout(words):
                exec(code, {})
            word = page.inner_text("#verdict-word")[2:]
            assert words.getvalue().lower().startswith(f"{word.lower()}:")
