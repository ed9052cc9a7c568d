"""The same blocks on Dask: the same bits, also when a worker dies in the middle."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import sim

distributed = pytest.importorskip("distributed")

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "micro_vs_macro.toml"
# Dask warns of what happens here on purpose.
pytestmark = [pytest.mark.scale, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def alone():
    return sim.simulate(sim.load(EXPERIMENT, worlds=400_000), memory_limit=8 << 30)


def assert_same(results, alone):
    for name in alone.data_vars:
        assert np.array_equal(results[name].values, alone[name].values, equal_nan=True), name


def test_local_processes_give_the_same_bits(alone):
    results = sim.simulate(sim.load(EXPERIMENT, worlds=400_000), workers=2, memory_limit=8 << 30)
    assert_same(results, alone)


def test_blocks_of_workers_on_disk_give_the_same_bits(alone, tmp_path):
    results = sim.simulate(sim.load(EXPERIMENT, worlds=400_000), workers=2, blocks_in=tmp_path)
    assert_same(results, alone)


def test_a_worker_killed_in_the_middle_changes_nothing(alone):
    killed = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:

        def kill_one() -> None:
            with distributed.Client(cluster, set_as_default=False) as client:
                while len(killed) == 0 and progress:
                    time.sleep(0.05)
                    if progress[-1] > 20_000:
                        process = next(iter(client.run(os.getpid).values()))
                        os.kill(process, signal.SIGKILL)
                        killed.append(process)

        progress = [0]
        watcher = threading.Thread(target=kill_one)
        watcher.start()
        results = sim.simulate(
            sim.load(EXPERIMENT, worlds=400_000),
            cluster=cluster.scheduler_address,
            progress=lambda done, total: progress.append(done),
            memory_limit=8 << 30,
        )
        watcher.join()
    assert killed
    assert_same(results, alone)


def test_no_cluster_is_one_message():
    from sim.engine.cluster import ClusterError

    with pytest.raises(ClusterError, match="no cluster answers there"):
        sim.simulate(sim.load(EXPERIMENT, worlds=1_024), cluster="tcp://127.0.0.1:9")
