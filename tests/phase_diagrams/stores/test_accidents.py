"""Diagrams that were killed in the middle, workers that were, and the memory that they take."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray

from sgdmem import Spectrum, phase_diagram
from sgdmem.phase_diagrams.maps.stored_map import read_stored_map
from tests.phase_diagrams.stores.test_chunked import refusing, written

pytestmark = pytest.mark.filterwarnings("ignore:.* is judged point by point")

pytest.importorskip("zarr")


SLOW_MAP = """
import sys, time
from fractions import Fraction
import numpy as np
from sgdmem import phase_diagram, Spectrum
from sgdmem.phase_diagrams.maps.stored_map import read_stored_map
from tests.phase_diagrams.stores.test_chunked import refusing

def slow(learning_rate, momentum):
    time.sleep(0.001)
    return refusing(learning_rate, momentum)

def diagram(**arguments):
    return phase_diagram(
        slow, Spectrum([1, 0.4, 0.1]), 8, x=("learning_rate", np.linspace(0.1, 4, 25)),
        y=("momentum", np.linspace(0, 0.9, 20)), **arguments,
    )

if __name__ == "__main__":
    diagram(store=sys.argv[1], chunk=5)
"""


def assert_whole(store: Path) -> None:
    """Compare a store with the same map made at once."""
    expected = phase_diagram(
        refusing,
        Spectrum([1, 0.4, 0.1]),
        8,
        x=("learning_rate", np.linspace(0.1, 4, 25)),
        y=("momentum", np.linspace(0, 0.9, 20)),
    )
    found: xarray.Dataset = read_stored_map(store).load()
    for name in expected.data_vars:
        np.testing.assert_array_equal(found[name], expected[name])


@pytest.mark.slow
def test_a_killed_process_loses_the_chunk_it_was_at(tmp_path: Path) -> None:
    script, store = tmp_path / "slow_map.py", tmp_path / "map.zarr"
    script.write_text(SLOW_MAP)
    command = [sys.executable, str(script), str(store)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    process = subprocess.Popen(command, env=environment)
    while len(written(store)) < 5 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    before = written(store)
    assert process.wait() == -signal.SIGKILL and len(before) < 20
    subprocess.run(command, env=environment, check=True)
    after = written(store)
    assert len(after) == 4 * 5
    assert {name: after[name] for name in before} == before  # none was written again
    assert_whole(store)


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
                while done() < 5:
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


@pytest.mark.exhaustive
def test_a_killed_worker_costs_what_was_in_flight(tmp_path: Path) -> None:
    pytest.importorskip("dask.distributed")
    store, log = tmp_path / "map.zarr", tmp_path / "points.txt"
    source = SLOW_MAP.replace("def diagram", COUNTING.format(log=str(log)) + "\ndef diagram")
    (tmp_path / "slow_map.py").write_text(source)
    (tmp_path / "cluster.py").write_text(CLUSTER)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(tmp_path / "cluster.py"), str(store)],
        env={**os.environ, "PYTHONPATH": f"{Path(__file__).parents[3]}:{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["chunks"] == 20
    assert report["killed"] not in report["later"]
    assert_whole(store)
    # a family is called once for each point, at 4 corners and along both axes to tell it apart
    points = [line for line in log.read_text().splitlines() if line[0].isdigit()]
    assert 500 <= len(points) - (4 + 25 + 20) <= 500 + 2 * 25


MEMORY = """
import sys
import numpy as np
from sgdmem import phase_diagram, Spectrum
side = int(sys.argv[2])
phase_diagram(
    "heavy-ball", Spectrum([1, 0.4, 0.1]), 8, x=("learning_rate", np.linspace(0.1, 4, side)),
    y=("momentum", np.linspace(0, 0.9, side)), store=sys.argv[1], chunk=500,
)
status = open("/proc/self/status").read()
print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""


@pytest.mark.exhaustive
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
        for side in (500, 1500)
    ]
    assert peaks[1] - peaks[0] < 20  # megabytes; 2 million points more are 34 of results alone
