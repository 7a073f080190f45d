"""Diagrams in chunks: the same to the last bit, and nothing computed twice after an accident."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

from sgdmem import Algorithm, InputError, Noise, Problem, Spectrum, aggmo, draw, phase_diagram
from sgdmem.numeric.compilation.cache_folder import ENVIRONMENT_VARIABLE
from sgdmem.phase_diagrams.maps import question as question_module
from sgdmem.phase_diagrams.maps.stored_map import read_stored_map
from sgdmem.phase_diagrams.pictures.palette import LIGHT_BLUE
from sgdmem.phase_diagrams.stores import filling
from sgdmem.phase_diagrams.stores.chunk_files import write_chunk
from sgdmem.phase_diagrams.stores.chunk_store import ChunkStore
from sgdmem.pictures import artists
from tests.cli.running import run
from tests.picture_checks import colour_at, is_colour, legend_words

pytestmark = pytest.mark.filterwarnings("ignore:.* is judged point by point")

pytest.importorskip("zarr")

LAW = Spectrum.power_law("1.5")
FEW = Spectrum([1, 0.4, 0.1])
LONG = Spectrum(np.linspace(0.1, 1, 1100))
RATES = ("learning_rate", np.linspace(0.05, 4.1, 47))
MOMENTA = ("momentum", np.linspace(0, 1, 31))
MAP: dict[str, Any] = {
    "family": "heavy-ball",
    "x": RATES,
    "y": MOMENTA,
    "problem": LAW,
    "batch_size": 8,
}


def refusing(learning_rate: Any, momentum: Any) -> Algorithm:
    """Return heavy ball, for numbers only: such a family is not compiled."""
    if not isinstance(learning_rate, Fraction):
        raise InputError("numbers only")
    rate, beta = learning_rate, momentum
    return Algorithm(alpha=rate, b=[beta], c=[-rate], D=[[beta]], a=[0])


MAPS: dict[str, dict[str, Any]] = {
    "in machine code": MAP,
    "with a reason": {**MAP, "problem": FEW, "quantities": ["reason", "critical_batch_size"]},
    "point by point": {**MAP, "family": refusing, "problem": FEW},
    "from none to negative tau2": {
        **MAP,
        "x": ("learning_rate", np.linspace(0.05, 4.1, 60)),
        "y": ("tau2", [-1, -1, *([0.5] * 5), *([0] * 9), 0.75, 1, 1.25]),
        "momentum": 0.5,
        "quantities": ["reason", "critical_batch_size"],
        "problem": FEW,
    },
    "to full batches": {
        **{key: value for key, value in MAP.items() if key != "batch_size"},
        "y": ("batch_size", [1, 2, 4, 1e3, math.inf, math.inf, *range(5, 30)]),
        "momentum": 0.5,
        "problem": Problem(LAW, Noise(tau2=-1)),
    },
    "memory 2": {
        **MAP,
        "family": "aggmo",
        "y": ("tau1", np.linspace(0, 3, 29)),
        "momenta": ["0.9", "0.5"],
    },
    "a series": {**MAP, "panels": ("batch_size", [1, 2, 64]), "batch_size": 1},
    "exponents": {
        "family": "sgd",
        "x": ("nu", np.linspace(0.4, 3, 13)),
        "y": ("zeta", np.linspace(0.1, 2.4, 11)),
        "learning_rate": "0.5",
        "batch_size": 16,
        "problem": lambda nu, zeta: Problem.power_law(nu, zeta),
        "quantities": ["regime", "loss_exponent"],
    },
}
MAPS["a series"].pop("batch_size")


@pytest.mark.slow
@pytest.mark.parametrize("name", MAPS)
def test_any_chunks_give_the_same_to_the_last_bit(name: str, tmp_path: Path) -> None:
    whole = phase_diagram(**MAPS[name])
    for chunk in (13, 1000) if name == "memory 2" else (13,):
        found = phase_diagram(**MAPS[name], store=tmp_path / f"{chunk}.zarr", chunk=chunk)
        xarray.testing.assert_identical(found.load(), whole)
    assert {0, 1} <= set(np.unique(whole.stable))


VERDICTS = ["stable", "noiseless"]


@pytest.mark.parametrize(
    "change",
    [
        MAP,
        {"problem": Spectrum.power_law("0.9"), "y": ("tau1", [0, 0, 1])},
        {"y": ("tau2", [-1, -0.5, 0, 1]), "problem": FEW, "quantities": ["reason"]},
        {"y": ("momentum", [0.1, 0.5, 1]), "family": refusing},
        {"problem": Problem.from_data(np.random.default_rng(3).normal(size=(12, 3)))},
    ],
)
def test_verdicts_alone_are_those_of_the_whole_map(change: dict[str, Any]) -> None:
    asked = {**MAP, "x": ("learning_rate", np.linspace(0.05, 4.1, 45)), **change}
    asked["y"] = change.get("y", ("momentum", [0, 0.5, 0.9]))
    asked |= {} if asked["y"][0] == "momentum" else {"momentum": 0.5}
    whole, alone = phase_diagram(**asked), phase_diagram(**asked, verdicts_only=True)
    assert {0, 1} <= set(np.unique(whole.stable))
    kept = [*VERDICTS, *asked.get("quantities", [])]
    assert [*alone.data_vars] == kept
    xarray.testing.assert_identical(alone, whole[kept])
    quiet = phase_diagram(**{**asked, "batch_size": math.inf}, verdicts_only=True)
    assert (alone.noiseless.values == quiet.stable.values).all()


class Counted:
    """Counts the chunks that are computed, and stops after some."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.computed: list[tuple[int, ...]] = []
        self.most = math.inf
        compute = filling.compute_chunk

        def counting(question: Any, store: ChunkStore, chunk: tuple[int, ...], room: Any) -> Any:
            if len(self.computed) >= self.most:
                raise KeyboardInterrupt
            self.computed.append(chunk)
            return compute(question, store, chunk, room)

        monkeypatch.setattr(filling, "compute_chunk", counting)


def written(store: Path) -> dict[str, int]:
    """Return when each chunk was completed."""
    return {
        str(file.relative_to(store)): file.stat().st_mtime_ns
        for file in store.glob("stable/c/*/*")
        if not file.name.endswith(".partial")
    }


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def test_what_was_interrupted_goes_on(tmp_path: Path, counted: Counted) -> None:
    store = tmp_path / "map.zarr"
    counted.most = 5
    with pytest.raises(KeyboardInterrupt):
        phase_diagram(**MAP, store=store, chunk=10)
    counted.most = math.inf
    found = phase_diagram(**MAP, store=store)
    assert len(counted.computed) == len(set(counted.computed)) == 5 * 4
    xarray.testing.assert_identical(found.load(), phase_diagram(**MAP))
    phase_diagram(**MAP, store=store)
    assert len(counted.computed) == 20


def test_a_store_of_verdicts_goes_on_and_is_drawn(tmp_path: Path, counted: Counted) -> None:
    store = tmp_path / "map.zarr"
    asked: dict[str, Any] = {**MAP, "store": store, "verdicts_only": True}
    counted.most = 5
    with pytest.raises(KeyboardInterrupt):
        phase_diagram(**asked, chunk=10)
    counted.most = math.inf
    (store / "noiseless" / "c" / "0" / "1").write_bytes(b"")
    with pytest.warns(UserWarning, match="noiseless/c/0/1 is empty, and is computed again"):
        found = phase_diagram(**asked)
    assert len(counted.computed) == 21
    xarray.testing.assert_identical(found.load(), phase_diagram(**MAP)[VERDICTS])
    assert sorted(x.name for x in store.iterdir() if x.is_dir()) == sorted(
        [*VERDICTS, MOMENTA[0], RATES[0]]
    )
    with pytest.raises(InputError, match="quantities was 'verdicts only', now it is ''"):
        phase_diagram(**MAP, store=store)
    axes = draw(str(store))
    assert len(axes.figure.axes) == 1  # without a colour bar
    assert is_colour(colour_at(axes, 0.3, 0.3), LIGHT_BLUE)
    assert "edge, guessed between points" in legend_words(axes)
    with pytest.raises(InputError, match="quantity must be among stable, noiseless, got"):
        draw(str(store), quantity="noise_sum")


def test_margins_that_follow_are_not_stored(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But those of a store that has them, as of earlier versions, are filled in."""
    old, new = tmp_path / "old.zarr", tmp_path / "new.zarr"
    counted.most = 5
    with monkeypatch.context() as patch:
        patch.setattr(question_module.DiagramQuestion, "derived", set())
        with pytest.raises(KeyboardInterrupt):
            phase_diagram(**MAP, store=old, chunk=10)
    counted.most = math.inf
    again, found = phase_diagram(**MAP, store=old), phase_diagram(**MAP, store=new, chunk=10)
    assert len(counted.computed) == 20 + 20
    assert len([*old.glob("margin/c/*/*")]) == 20 and not (new / "margin").exists()
    part = {"momentum": slice(3, 17), "learning_rate": slice(None, None, 3)}
    whole = phase_diagram(**MAP)
    for one in (again, found):
        xarray.testing.assert_identical(one.isel(part).load(), whole.isel(part))
        assert float(one.margin[4, 7]) == float(whole.margin[4, 7])
        xarray.testing.assert_identical(one.load(), whole)
    assert np.isinf(whole.margin).any() and (whole.margin > 0).any()


def test_a_chunk_without_its_verdicts_is_computed_again(tmp_path: Path, counted: Counted) -> None:
    store = tmp_path / "map.zarr"
    found = phase_diagram(**MAP, store=store, chunk=16).load()
    (store / "stable" / "c" / "1" / "2").unlink()
    with pytest.warns(UserWarning, match="map.zarr: stable/c/1/2 is missing: the command"):
        assert (read_stored_map(store).stable.values[16:32, 32:] == -128).all()  # not yet
    counted.computed.clear()
    with pytest.warns(UserWarning, match="stable/c/1/2 is missing, and is computed again"):
        again = phase_diagram(**MAP, store=store).load()
    assert counted.computed == [(1, 2)]
    xarray.testing.assert_identical(found, again)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 9}, "batch_size was '8', now it is '9'"),
        ({"problem": FEW}, "spectrum was"),
        ({"x": ("learning_rate", np.linspace(0.05, 4.2, 47))}, "axis learning_rate differs"),
        ({"quantities": ["reason"]}, "quantities was '', now it is 'reason'"),
        ({"family": "nesterov"}, "algorithm was 'heavy-ball'"),
        ({"family": refusing}, "algorithm was 'heavy-ball', now it is 'refusing'"),
        ({"chunk": 11}, "chunks of 10 x 10, not of 11"),
    ],
)
def test_another_diagram_does_not_go_on(
    change: dict[str, Any], message: str, tmp_path: Path, counted: Counted
) -> None:
    store = tmp_path / "map.zarr"
    counted.most = 1
    with pytest.raises(KeyboardInterrupt):
        phase_diagram(**MAP, store=store, chunk=10)
    with pytest.raises(InputError, match=message):
        phase_diagram(**{**MAP, **change}, store=store)


@pytest.mark.slow
def test_the_same_question_in_other_words_goes_on(tmp_path: Path, counted: Counted) -> None:
    store = tmp_path / "map.zarr"
    phase_diagram(**{**MAP, "batch_size": "8", "quantities": []}, store=store, chunk=10)
    assert len(counted.computed) == 20
    phase_diagram(**{**MAP, "batch_size": Fraction(8)}, store=store)
    assert len(counted.computed) == 20


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            {"x": ("learning_rate", [0.1, 1, 3]), "y": ("batch_size", [1, 2])},
            {"y": ("learning_rate", [0.1, 1, 3]), "x": ("batch_size", [1, 2])},
            "axes was 'batch_size, learning_rate', now it is 'learning_rate, batch_size'",
        ),
        (
            {"problem": Problem(LONG, Noise(tau2=[0] * 1100)), "batch_size": 200},
            {
                "problem": Problem(LONG, Noise(tau2=[0] * 500 + [-5000] * 100 + [0] * 500)),
                "batch_size": 200,
            },
            "tau2 differs",
        ),
        (
            {"problem": Problem(FEW, Noise.coupled([[1] * 3] * 3)), "batch_size": 20},
            {"problem": Problem(FEW, Noise.coupled([[1, 1, 1 + 1e-15]] * 3)), "batch_size": 20},
            "coupling differs",
        ),
        (
            {"problem": Problem(FEW, target=[1, 1, 1])},
            {"problem": Problem(FEW, target=[1, 1, 2])},
            "target differs",
        ),
        (
            {"problem": lambda nu: Problem.power_law(nu), "batch_size": 4},
            {"problem": lambda nu: Spectrum.power_law(nu, 50 if nu == 2 else 1), "batch_size": 4},
            "problem along nu differs",
        ),
    ],
    ids=["axes", "tau2", "coupling", "target", "along an axis"],
)
def test_what_is_alike_is_told_apart(first: Any, second: Any, message: str, tmp_path: Path) -> None:
    question: dict[str, Any] = {
        "family": "sgd",
        "x": ("learning_rate", [0.1, 1, 3]),
        "problem": LONG,
    }
    if isinstance(first.get("problem"), Problem):
        question |= {"family": "heavy-ball", "y": ("momentum", [0, 0.5])}
    elif "problem" in first:
        question["y"] = ("nu", [1.5, 2, 3])
    store = tmp_path / "map.zarr"
    phase_diagram(**{**question, **first}, store=store)
    with pytest.raises(InputError, match=message):
        phase_diagram(**{**question, **second}, store=store)


def test_a_store_in_which_nothing_is_gives_way(tmp_path: Path, counted: Counted) -> None:
    store = tmp_path / "map.zarr"
    counted.most = 0
    with pytest.raises(KeyboardInterrupt):
        phase_diagram(**MAP, store=store)
    counted.most = math.inf
    found = phase_diagram(**{**MAP, "batch_size": 9}, store=store)
    assert found.attrs["batch_size"] == "9"
    assert [path.name for path in tmp_path.iterdir()] == ["map.zarr"]


def test_what_is_not_computed_yet_is_no_verdict(tmp_path: Path) -> None:
    store = tmp_path / "map.zarr"
    phase_diagram(**MAP, store=store, chunk=16)
    (store / "stable" / "c" / "1" / "2").unlink()
    with pytest.warns(UserWarning, match="stable/c/1/2 is missing"):
        found = read_stored_map(store)
    meanings = found.stable.attrs["flag_meanings"].split()
    code = int(found.stable[20, 40])
    assert meanings[list(found.stable.attrs["flag_values"]).index(code)] == "not_computed"
    axes = draw(found)
    names = (text.get_text().replace("\n", " ") for text in artists(axes)["region-name"])
    assert "not computed yet" in [*legend_words(axes), *names]
    assert is_colour(colour_at(axes, float(RATES[1][40]), float(MOMENTA[1][20])), "white")


def test_chunks_of_another_type_are_told_in_a_line(tmp_path: Path) -> None:
    store = tmp_path / "map.zarr"
    found = phase_diagram(**MAP, store=store, chunk=16)
    verdicts = store / "stable" / "c" / "0" / "0"
    verdicts.write_bytes((store / "noise_sum" / "c" / "0" / "0").read_bytes())
    with pytest.raises(InputError, match="data cannot be drawn: "):
        draw(found)


FAULTS: dict[str, Callable[[bytes], bytes | None]] = {
    "missing": lambda data: None,
    "empty": lambda data: b"",
    "cut off": lambda data: data[: len(data) // 2],
    "one bit": lambda data: data[:9] + bytes([data[9] ^ 1]) + data[10:],
}
STORED = {
    **MAP,
    "x": ("learning_rate", np.linspace(0.5, 4.1, 4)),
    "y": ("momentum", [0, 0.5, 1]),
    "quantities": ["effective_learning_rate"],  # NaN at 1: chunks of NaN alone are written, too
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_every_damaged_file_is_named_and_written_again(fault: str, tmp_path: Path) -> None:
    store = tmp_path / "map.zarr"
    whole = phase_diagram(**STORED, store=store, chunk=2).load()
    xarray.testing.assert_identical(whole, read_stored_map(store).load())
    before = {file: file.read_bytes() for file in store.rglob("*") if file.is_file()}
    assert np.isnan(whole.effective_learning_rate[-1]).all()
    kept = len(whole.data_vars) - 1  # margins follow from noise sums
    arrays = 2 + kept  # a description of each, and of the group, and the chunks
    assert len(before) == 1 + arrays + 2 + 4 * kept
    for file, data in before.items():
        name = str(file.relative_to(store))
        changed = FAULTS[fault](data)
        file.unlink() if changed is None else file.write_bytes(changed)
        if not (name.startswith("stable/c") and fault == "missing"):  # or it is not computed yet
            told = "zarr.json is|no zarr group" if name == "zarr.json" else f"{name} is"
            with pytest.raises(InputError, match=told):
                read_stored_map(store)
        if name == "zarr.json":  # who knows what it was a map of
            with pytest.raises(InputError, match=r"or its zarr\.json is damaged: name another"):
                phase_diagram(**STORED, store=store)
            file.write_bytes(data)
            continue
        with pytest.warns(UserWarning, match=rf"map\.zarr: {name} is .*, and is .* again"):
            again = phase_diagram(**STORED, store=store).load()
        xarray.testing.assert_identical(again, whole)
        assert file.read_bytes() == data
    assert {f: f.read_bytes() for f in store.rglob("*") if f.is_file()} == before


def test_families_of_one_name_are_told_apart(tmp_path: Path) -> None:
    def family_of(power: int) -> Callable[..., Algorithm]:
        def family(learning_rate: Any, momentum: Any) -> Algorithm:
            return refusing(learning_rate, momentum**power)

        return family

    store = tmp_path / "map.zarr"
    settings = {**MAP, "y": ("momentum", [0, 0.3, 1])}  # at whose ends they are the same
    phase_diagram(**{**settings, "family": family_of(1)}, store=store)
    with pytest.raises(InputError, match="algorithms differs"):
        phase_diagram(**{**settings, "family": family_of(2)}, store=store)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"verdicts_only": 1}, "verdicts_only must be True or False, got 1"),
        ({"chunk": 10}, "chunk needs store"),
        ({"client": object()}, "client needs store"),
        ({"store": "none/map.zarr"}, "store: there is no folder .*none"),
        ({"store": ".", "chunk": 0}, "chunk must be an integer >= 1, got 0"),
        ({"store": "."}, "store .* is there, and no phase diagram"),
        ({"store": 5}, "store must be a path, got 5"),
        ({"store": "map.zarr", "client": 3}, "client must be a dask.distributed.Client, got 3"),
    ],
)
def test_bad_input(
    arguments: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "something").write_text("else")
    with pytest.raises(InputError, match=message):
        phase_diagram(**MAP, **arguments)


def test_regimes_need_a_target_and_a_law(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="quantity 'regime' needs a target"):
        phase_diagram(**MAP, quantities=["regime"])
    with pytest.raises(InputError, match="those of infinite power laws"):
        few = Problem.power_law(1.5, 0.5, count=9)
        phase_diagram(**{**MAP, "problem": few}, quantities=["regime"])
    with pytest.raises(InputError, match="target must be a PowerLawTarget"):
        phase_diagram(**{**MAP, "problem": Problem(FEW, target=[1, 2, 3])}, quantities=["regime"])


def test_verdicts_are_written_last(tmp_path: Path) -> None:
    store = tmp_path / "map.zarr"
    phase_diagram(**MAP, store=store, chunk=16, quantities=["reason", "critical_batch_size"])
    for name in written(store):
        place = name.removeprefix("stable/")
        others = ("noise_sum", "reason", "critical_batch_size")
        times = [(store / other / place).stat().st_mtime_ns for other in others]
        assert max(times) <= (store / name).stat().st_mtime_ns


# The command -------------------------------------------------------------------------------------

COMMAND = ["phase-diagram", "heavy-ball", "--x", "learning_rate=0.05:4:30"]
COMMAND += ["--y", "momentum=0:0.95:20", "--power-law", "1.5", "--batch-size", "8"]


@pytest.mark.slow
def test_the_command_goes_on_and_draws_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], counted: Counted
) -> None:
    picture, store = tmp_path / "map.png", tmp_path / "map.zarr"
    command = [*COMMAND, "--zarr", "--verdicts-only", "--chunk", "8", "-o", str(picture)]
    counted.most = 4
    code, _, err = run(capsys, *command)
    assert code == 130 and f"the same command goes on from what is in {store}" in err
    assert len(written(store)) == 4
    counted.most = math.inf
    code, out, _ = run(capsys, *command)
    assert code == 0 and out.startswith(f"wrote {picture} and {store}: ")
    assert len(counted.computed) == 12
    first = picture.read_bytes()
    code, out, _ = run(capsys, "draw", str(store), "-o", str(tmp_path / "again.png"))
    assert code == 0
    assert (tmp_path / "again.png").read_bytes() == first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--chunk", "8"], "--chunk needs --zarr"),
        (["--cluster", "tcp://127.0.0.1:1"], "--cluster needs --zarr"),
        (["--quantity", "regime"], "quantity 'regime' needs a target"),
        (["--zarr", "--chunk", "0"], "chunk must be an integer >= 1, got 0"),
    ],
)
def test_bad_options(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, *COMMAND, *options, "-o", str(tmp_path / "map.png"))
    assert code == 2
    assert message in err


@pytest.mark.slow
def test_exponents_as_axes_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["phase-diagram", "sgd", "--set", "learning_rate=0.5", "--batch-size", "16"]
    axes = ["--x", "nu=0.4:3:6", "--y", "zeta=0.1:2.4:5"]
    output = ["-o", str(tmp_path / "map.png")]
    code, _, _ = run(capsys, *command, *axes, "--quantity", "loss_exponent", *output)
    assert code == 0
    found = xarray.load_dataset(tmp_path / "map.nc", engine="scipy")
    assert float(found.loss_exponent[0, -1]) == pytest.approx(0.1)
    assert float(found.loss_exponent[-1, -1]) == pytest.approx(2 - 1 / 3)
    for more in (["--power-law", "2"], ["--zeta", "1"]):
        code, _, err = run(capsys, *command, *axes, *more, *output)
        assert code == 2 and "cannot both vary" in err
    # QHM has a nu of its own
    own = ["--x", "nu=0:1:3", "--y", "learning_rate=0.1:1:3", "--set", "momentum=0.9"]
    code, _, err = run(capsys, "phase-diagram", "qhm", *own, *output)
    assert code == 2 and "give one of --power-law NU" in err


@pytest.mark.slow
def test_threads_of_a_worker_derive_and_compile_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All begin at once, on a cache that is empty."""
    from sgdmem.numeric.compilation import kernel_compiler, object_code

    cloudpickle: Any = pytest.importorskip("cloudpickle")
    done: dict[str, list[Any]] = {"derived": [], "compiled": []}

    def noted(module: Any, name: str, key: str) -> None:
        function = getattr(module, name)

        def call(given: Any, *others: Any) -> Any:
            done[key].append(given)
            time.sleep(0.05)  # the others are there by now
            return function(given, *others)

        monkeypatch.setattr(module, name, call)

    questions: list[tuple[Any, ChunkStore]] = []

    def kept(question: Any, store: ChunkStore, chunk: Any, room: Any) -> Any:
        questions.append((question, store))
        return {}

    with monkeypatch.context() as patch:
        patch.setattr(filling, "compute_chunk", kept)
        phase_diagram(**MAP, store=tmp_path / "map.zarr", chunk=16)
    question, store = questions[0]
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "cache"))
    noted(question_module, "family_program", "derived")
    noted(kernel_compiler, "compiled_kernels", "compiled")
    object_code._load.cache_clear()
    packed, chunks = tmp_path / "question", list(store.chunks)[:4]
    packed.write_bytes(cloudpickle.dumps((question, store)))
    with ThreadPoolExecutor(len(chunks)) as pool:
        found = list(pool.map(lambda chunk: filling._compute_packed(packed, chunk), chunks))
    assert found == chunks and not any(map(store.faults, chunks))
    assert len(done["derived"]) == 1
    assert len(done["compiled"]) == len(set(done["compiled"])) > 1


def test_stores_of_another_codec_go_on(tmp_path: Path) -> None:
    """As those of earlier versions have, and with chunks that are not full."""
    from zarr import codecs, open_group

    expected, path = phase_diagram(**MAP), tmp_path / "map.zarr"
    phase_diagram(**MAP, store=path, chunk=20)
    group = open_group(path, mode="a")
    old = group.create_array(
        "old",
        shape=(31, 47),
        chunks=(20, 20),
        dtype=float,
        fill_value=np.nan,
        compressors=[codecs.ZstdCodec(), codecs.Crc32cCodec()],
    )
    for i, j in ((0, 0), (0, 2), (1, 0), (1, 2)):
        part = expected.noise_sum.values[20 * i : 20 * i + 20, 20 * j : 20 * j + 20]
        write_chunk(path, "old", (i, j), part)
        assert (old[20 * i : 20 * i + 20, 20 * j : 20 * j + 20] == part).all()
    assert not list(path.rglob("*.partial"))


@pytest.mark.slow
def test_few_open_points_of_a_chunk_are_judged_as_many(tmp_path: Path) -> None:
    """Their sums are the same to the last bit, beside whichever others they are judged."""
    slow = [1 - Fraction(1, 10**k) for k in (2, 4, 6)]
    asked: dict[str, Any] = {
        "family": lambda rate, momentum: aggmo(rate, [momentum, *slow]),
        "problem": LAW,
        "batch_size": 256,
        "x": ("rate", np.linspace(0.1, 1.5, 25)),
        "y": ("momentum", [0, 0.1, 0.2, 0.5]),
    }
    whole = phase_diagram(**asked).noise_sum.values
    for chunk in (25, 4):
        stored = phase_diagram(**asked, store=tmp_path / f"{chunk}.zarr", chunk=chunk)
        assert stored.noise_sum.values.tobytes() == whole.tobytes()
    assert np.isfinite(whole).any()
