"""A run on a real Ray cluster of two workers on this machine, one of which is killed."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from nape_bench.errors import NapeError
from nape_bench.labels import label, ray_engine, read_labels
from tests.labels.fakes import Fake

if TYPE_CHECKING:
    from pathlib import Path

NO_CLUSTER = 77
SCRIPT = textwrap.dedent(
    """
    import json, os, sys, threading, time

    from ray.cluster_utils import Cluster

    from nape_bench.errors import StoreError
    from nape_bench.labels import label_specs, read_labels

    store = sys.argv[1]
    small = {"object_store_memory": 80_000_000, "include_dashboard": False}
    try:
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **small})
        nodes = [cluster.add_node(num_cpus=1, **small) for _ in range(2)]
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(77)


    class Slow:
        name, version = "slow", "slow-1"
        def check(self): pass
        def settings(self, space): return {}
        def build(self, space, spec): return None
        def run(self, graph, seed):
            import ray
            time.sleep(0.1)
            if seed == 7:
                os.kill(os.getpid(), 9)
            return {"node": ray.get_runtime_context().get_node_id()}


    class Full(Slow):
        name = "full"
        def run(self, graph, seed):
            raise StoreError("no room")


    def kill():
        while len({row.get("node") for row in rows()} - {None}) < 2:
            time.sleep(0.02)
        cluster.remove_node(nodes[0], allow_graceful=False)
        killed.append(len(rows()))


    def rows():
        return read_labels(store) if os.path.isdir(store + "/results") else []


    killed = []
    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    report = label_specs(
        "hiaml", ["z-z-z-z"], store=store, measure=Slow(), seeds=60, engine="ray",
        address=cluster.address, progress=False,
    )
    thread.join(60)
    last = nodes[1].node_id
    try:
        label_specs(
            "hiaml", ["z-z-z-z"], store=store, measure=Full(), seeds=9, engine="ray",
            address=cluster.address, progress=False,
        )
    except StoreError as error:
        ended = f"{type(error).__name__}: {error}"
    cluster.shutdown()
    print(json.dumps({
        "report": [report.done, report.failed, report.elsewhere, report.ran],
        "killed_at": killed, "survivor": last, "ended": ended,
    }))
    """
)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
def test_a_run_outlives_a_node_of_its_cluster(tmp_path: Path) -> None:
    script, store = tmp_path / "run.py", tmp_path / "store"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(store)],
        capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
    )  # fmt: skip
    if done.returncode == NO_CLUSTER:
        pytest.skip(f"Ray starts no cluster here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.strip().splitlines()[-1])
    (at,) = told["killed_at"]
    assert at < 60, "the node was killed during the run"
    assert told["report"] == [60, 1, 0, 60]
    assert told["ended"] == "StoreError: no room"
    rows = read_labels(store)
    assert sorted(row["seed"] for row in rows) == list(range(60))
    (bad,) = (row for row in rows if row["error"])
    assert bad["seed"] == 7
    assert bad["error"].startswith("its worker process was killed 2 times (WorkerCrashedError)")
    good = [row["node"] for row in rows if not row["error"]]
    assert len(set(good)) == 2
    assert set(good[-10:]) == {told["survivor"]}
    assert len(list((store / "results").iterdir())) == 1, "the run alone writes"


def test_what_ray_cannot_do_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(measure: Fake, **more: object) -> None:
        label("hiaml", 1, store=tmp_path, measure=measure, progress=False, **more)

    with pytest.raises(NapeError, match="latency: measured with nothing else running"):
        run(Fake(name="latency", alone=True), engine="ray")
    with pytest.raises(NapeError, match="jobs is at least 1, not 0"):
        run(Fake(), engine="ray", jobs=0)
    with pytest.raises(NapeError, match="unknown engine 'rey': did you mean ray"):
        run(Fake(), engine="rey")
    with pytest.raises(NapeError, match="address is of a Ray cluster, the engine is joblib"):
        run(Fake(), address="192.0.2.1:6379")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(NapeError, match=r"pip install \"nape-bench\[ray\]\""):
        ray_engine.Ray()
    assert list(tmp_path.iterdir()) == []


def test_an_address_where_nothing_answers_is_told_at_once(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # a port that nothing listens at
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(NapeError, match=f"no Ray cluster at {address}"):
            label(
                "hiaml", 1, store=tmp_path, measure=Fake(), engine="ray", address=address,
                progress=False,
            )  # fmt: skip
