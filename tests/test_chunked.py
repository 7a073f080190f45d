"""Diagrams in chunks: the same to the last bit, and nothing computed twice after an accident."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

from sgdmem import Algorithm, InputError, Spectrum, phase_diagram, power_law_target
from sgdmem.phase_diagrams import chunked
from sgdmem.phase_diagrams.chunk_store import ChunkStore, read_stored

pytest.importorskip("zarr")

LAW = Spectrum.power_law("1.5")
FEW = Spectrum([1, 0.4, 0.1])
RATES = ("learning_rate", np.linspace(0.05, 4.1, 47))
MOMENTA = ("momentum", np.linspace(0, 1, 31))
MAP: dict[str, Any] = {
    "family": "heavy-ball",
    "x": RATES,
    "y": MOMENTA,
    "spectrum": LAW,
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
    "with a reason": {**MAP, "spectrum": FEW, "quantities": ["reason", "critical_batch_size"]},
    "point by point": {**MAP, "family": refusing, "spectrum": FEW},
    "from none to negative tau2": {
        **MAP,
        "x": ("learning_rate", np.linspace(0.05, 4.1, 60)),
        "y": ("tau2", [-1, -1, *([0.5] * 5), *([0] * 9), 0.75, 1, 1.25]),
        "momentum": 0.5,
        "quantities": ["reason"],
        "spectrum": FEW,
    },
    "to full batches": {
        **{key: value for key, value in MAP.items() if key != "batch_size"},
        "y": ("batch_size", [1, 2, 4, 1e3, math.inf, math.inf, *range(5, 30)]),
        "momentum": 0.5,
        "tau2": -1,
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
        "spectrum": lambda nu: Spectrum.power_law(nu),
        "target": lambda zeta: power_law_target(zeta),
        "quantities": ["regime", "loss_exponent"],
    },
}
MAPS["a series"].pop("batch_size")


@pytest.mark.slow
@pytest.mark.parametrize("name", MAPS)
def test_any_chunks_give_the_same_to_the_last_bit(name: str, tmp_path: Path) -> None:
    whole = phase_diagram(**MAPS[name])
    for chunk in (7, 16, 1000):
        found = phase_diagram(**MAPS[name], store=tmp_path / f"{chunk}.zarr", chunk=chunk)
        xarray.testing.assert_identical(found.load(), whole)
    assert {0, 1} <= set(np.unique(whole.stable))


class Counted:
    """Counts the chunks that are computed, and stops after some."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.computed: list[tuple[int, ...]] = []
        self.most = math.inf
        compute = chunked.compute_chunk

        def counting(question: Any, store: ChunkStore, chunk: tuple[int, ...]) -> bool:
            if len(self.computed) >= self.most:
                raise KeyboardInterrupt
            self.computed.append(chunk)
            return compute(question, store, chunk)

        monkeypatch.setattr(chunked, "compute_chunk", counting)


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


def test_a_chunk_without_its_verdicts_is_computed_again(tmp_path: Path, counted: Counted) -> None:
    store = tmp_path / "map.zarr"
    found = phase_diagram(**MAP, store=store, chunk=16).load()
    (store / "stable" / "c" / "1" / "2").unlink()
    assert (read_stored(store).stable.values[16:32, 32:] == -128).all()  # not yet
    counted.computed.clear()
    again = phase_diagram(**MAP, store=store).load()
    assert counted.computed == [(1, 2)]
    xarray.testing.assert_identical(found, again)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 9}, "batch_size was '8', now it is '9'"),
        ({"spectrum": FEW}, "spectrum was"),
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
    counted.most = 0
    with pytest.raises(KeyboardInterrupt):
        phase_diagram(**MAP, store=store, chunk=10)
    with pytest.raises(InputError, match=message):
        phase_diagram(**{**MAP, **change}, store=store)


def test_families_of_one_name_are_told_apart(tmp_path: Path, counted: Counted) -> None:
    def family_of(power: int) -> Callable[..., Algorithm]:
        def family(learning_rate: Any, momentum: Any) -> Algorithm:
            return refusing(learning_rate, momentum**power)

        return family

    store = tmp_path / "map.zarr"
    counted.most = 0
    settings = {**MAP, "y": ("momentum", [0, 0.3, 0.9])}
    with pytest.raises(KeyboardInterrupt):
        phase_diagram(**{**settings, "family": family_of(1)}, store=store)
    with pytest.raises(InputError, match="algorithms at the corners differs"):
        phase_diagram(**{**settings, "family": family_of(2)}, store=store)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"chunk": 10}, "chunk needs store"),
        ({"client": object()}, "client needs store"),
        ({"store": "none/map.zarr"}, "store: there is no folder none"),
        ({"store": ".", "chunk": 0}, "chunk must be an integer >= 1, got 0"),
        ({"store": "."}, "store . is there, and no phase diagram"),
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
        phase_diagram(
            **{**MAP, "spectrum": FEW}, quantities=["regime"], target=power_law_target(0.5)
        )
    with pytest.raises(InputError, match="target must be a PowerLawTarget"):
        phase_diagram(**MAP, quantities=["regime"], target=[1, 2])


def test_verdicts_are_written_last(tmp_path: Path) -> None:
    store = tmp_path / "map.zarr"
    phase_diagram(**MAP, store=store, chunk=16, quantities=["reason", "critical_batch_size"])
    for name in written(store):
        place = name.removeprefix("stable/")
        others = ("noise_sum", "margin", "reason", "critical_batch_size")
        times = [(store / other / place).stat().st_mtime_ns for other in others]
        assert max(times) <= (store / name).stat().st_mtime_ns


# Accidents ---------------------------------------------------------------------------------------

SLOW_MAP = """
import sys, time
from fractions import Fraction
import numpy as np
from sgdmem import phase_diagram, Spectrum
from tests.test_chunked import refusing

def slow(learning_rate, momentum):
    time.sleep(0.0005)
    return refusing(learning_rate, momentum)

def diagram(**arguments):
    return phase_diagram(
        slow, ("learning_rate", np.linspace(0.1, 4, 40)), ("momentum", np.linspace(0, 0.9, 30)),
        spectrum=Spectrum([1, 0.4, 0.1]), batch_size=8, **arguments,
    )

if __name__ == "__main__":
    diagram(store=sys.argv[1], chunk=5)
"""


def written(store: Path) -> dict[str, int]:
    """Return when each chunk was completed."""
    return {
        str(file.relative_to(store)): file.stat().st_mtime_ns
        for file in store.glob("stable/c/*/*")
        if not file.name.endswith(".partial")
    }


@pytest.mark.slow
def test_a_killed_process_loses_the_chunk_it_was_at(tmp_path: Path) -> None:
    script, store = tmp_path / "slow_map.py", tmp_path / "map.zarr"
    script.write_text(SLOW_MAP)
    command = [sys.executable, str(script), str(store)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    kills = 0
    for enough in (3, 11, 25):
        process = subprocess.Popen(command, env=environment)
        while len(written(store)) < enough and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    before = written(store)
    assert kills == 3 and len(before) < 48
    subprocess.run(command, env=environment, check=True)
    after = written(store)
    assert len(after) == 6 * 8
    assert {name: after[name] for name in before} == before  # none was written again
    expected = phase_diagram(
        refusing,
        ("learning_rate", np.linspace(0.1, 4, 40)),
        ("momentum", np.linspace(0, 0.9, 30)),
        spectrum=FEW,
        batch_size=8,
    )
    found = read_stored(store).load()
    for name in expected.data_vars:
        np.testing.assert_array_equal(found[name], expected[name])


CLUSTER = """
import json, os, signal, sys, threading, time
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[0]).parent))
from slow_map import diagram

if __name__ == "__main__":
    from dask.distributed import Client, LocalCluster
    store = Path(sys.argv[1])
    def done():
        return len(list(store.glob("stable/c/*/*")))
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            pids = list(client.run(os.getpid).values())
            def kill():
                while done() < 10:
                    time.sleep(0.005)
                os.kill(pids[0], signal.SIGKILL)
            killer = threading.Thread(target=kill)
            killer.start()
            diagram(store=store, chunk=5, client=client)
            killer.join()
            later = list(client.run(os.getpid).values())
    print(json.dumps({"killed": pids[0], "later": later, "chunks": done()}))
"""
COUNTING = """
def slow(learning_rate, momentum):
    with open({log!r}, "a") as file:
        file.write(f"{{learning_rate}} {{momentum}}\\n")
    return refusing(learning_rate, momentum)
"""


@pytest.mark.slow
def test_a_killed_worker_costs_what_was_in_flight(tmp_path: Path) -> None:
    pytest.importorskip("dask.distributed")
    store, log = tmp_path / "map.zarr", tmp_path / "points.txt"
    source = SLOW_MAP.replace("def diagram", COUNTING.format(log=str(log)) + "\ndef diagram")
    (tmp_path / "slow_map.py").write_text(source)
    (tmp_path / "cluster.py").write_text(CLUSTER)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(tmp_path / "cluster.py"), str(store)],
        env={**os.environ, "PYTHONPATH": f"{Path(__file__).parents[1]}:{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["chunks"] == 48
    assert report["killed"] not in report["later"]
    expected = phase_diagram(
        refusing,
        ("learning_rate", np.linspace(0.1, 4, 40)),
        ("momentum", np.linspace(0, 0.9, 30)),
        spectrum=FEW,
        batch_size=8,
    )
    found = read_stored(store).load()
    for name in expected.data_vars:
        np.testing.assert_array_equal(found[name], expected[name])
    # a family is called once for each point, and some times to tell it apart and to try symbols
    points = [line for line in log.read_text().splitlines() if line[0].isdigit()]
    assert 1200 <= len(points) <= 1200 + 2 * 25 + 20


MEMORY = """
import sys
import numpy as np
from sgdmem import phase_diagram, Spectrum
side = int(sys.argv[2])
phase_diagram(
    "heavy-ball", ("learning_rate", np.linspace(0.1, 4, side)),
    ("momentum", np.linspace(0, 0.9, side)), spectrum=Spectrum([1, 0.4, 0.1]), batch_size=8,
    store=sys.argv[1], chunk=500,
)
status = open("/proc/self/status").read()
print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_memory_is_bounded_by_the_chunk(tmp_path: Path) -> None:
    peaks = [
        float(
            subprocess.run(
                [sys.executable, "-c", MEMORY, str(tmp_path / f"{side}.zarr"), str(side)],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for side in (500, 4000)
    ]
    assert peaks[1] - peaks[0] < 60  # megabytes; 16 million points are 270 of results alone
