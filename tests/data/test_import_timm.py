"""timm's results: tables as its repository has them, graphs as build_timm.py writes them."""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nape_bench import load_dataset
from nape_bench.cli.main import main
from nape_bench.data.importers import import_timm
from nape_bench.errors import DataError, NapeError
from nape_bench.spaces import space
from tests.data import tables

BLOCKS = {"neta": "z", "netb": "a22", "netc": "b23"}
"""Architecture -> the block of which a small network stands in for it."""
ROWS = [
    ("neta.a1_in1k", "32", "80.5"), ("neta.a2_in1k", "32", "81.25"), ("neta.a1_in1k", "64", "82.0"),
    ("netb.in1k", "32", "70.0"), ("netc", "32", "60.0"), ("netd.in1k", "32", "50.0"),
]  # fmt: skip
"""Weights, image size and top-1: netd has no graph."""


def graph_of(architecture: str, size: int) -> Any:
    hiaml = space("hiaml")
    spec = hiaml.parse("-".join([BLOCKS[architecture]] * 4))
    return hiaml.build(spec, resolution=size, num_classes=1000)


def told(architecture: str, size: int, **other: Any) -> dict[str, Any]:
    return {
        "architecture": architecture, "family": f"of_{architecture}", "img_size": size,
        "traced_by": "timm 1, torch 2", **graph_of(architecture, size).to_dict(), **other,
    }  # fmt: skip


def write_graphs(folder: Path) -> Path:
    folder.mkdir()
    for architecture, size in (("neta", 32), ("neta", 64), ("netb", 32), ("netc", 32)):
        path = folder / f"{architecture}-{size}.json"
        path.write_text(json.dumps(told(architecture, size)))
    left_out = {"architecture": "netd", "family": "of_d", "img_size": 32, "traced_by": "",
                "left_out": "GraphError: no word for it"}  # fmt: skip
    (folder / "netd-32.json").write_text(json.dumps(left_out))
    return folder


def write_results(folder: Path, file: str = "results-imagenet.csv", shift: float = 0.0) -> Path:
    folder.mkdir(exist_ok=True)
    params = {a: graph_of(a, 32).params() / 1e6 for a in BLOCKS}
    rows = [
        {
            "model": model, "img_size": size, "top1": str(float(top1) - shift), "top1_err": "",
            "top5": "90.0",
            "param_count": f"{params.get(model.partition('.')[0], 1013.01):,.2f}",
            "crop_pct": "0.9",
        }
        for model, size, top1 in ROWS
    ]  # fmt: skip
    tables.write(folder / file, rows)
    return folder


def write_speeds(folder: Path) -> None:
    """Write tables of speed: one counts less, one has no costs."""
    cost = graph_of("neta", 32).flops() / 1e9
    for name, share in (("amp-pt1", 0.9), ("amp-pt2", 1.0)):
        row = {"model": "neta", "infer_img_size": "32", "infer_gmacs": f"{cost * share:.4f}"}
        empty = {"model": "netb", "infer_img_size": "32", "infer_gmacs": ""}
        tables.write(folder / f"benchmark-infer-{name}.csv", [row, empty])
    tables.write(folder / "benchmark-infer-cpu.csv", [{"model": "neta", "infer_img_size": "32"}])


def test_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = write_results(tmp_path / "results")
    write_speeds(results)
    write_results(results, "results-imagenet-a.csv", shift=40)
    write_results(results, "results-imagenet-a-clean.csv", shift=-5)
    graphs = write_graphs(tmp_path / "graphs")
    assert main(["import", "timm", str(results), "--graphs", str(graphs)]) == 0
    out = capsys.readouterr().out
    assert "6 rows read, 5 architectures kept" in out
    assert "5 of 6 results have a graph" in out
    assert "1 networks have no graph for reasons that import_report.json names, the first: " in out
    assert "netd-32: GraphError: no word for it" in out
    assert "parameters of 4 of 4 graphs are within 1 % of the published ones" in out
    assert "multiply-adds of 1 of 1 graphs are within 1 % of the published ones" in out
    assert "nape/timm v1.0 (imagenet_a) is in " in out
    ds = load_dataset("nape/timm", "imagenet")
    rows = {i: (s, r) for s in ds for r, i in enumerate(ds[s].ids)}
    assert set(rows) == {
        f"of_{m.partition('.')[0]}:timm/{m}/{s}" for m, s, _ in ROWS if not m.startswith("netd")
    }
    split, row = rows["of_neta:timm/neta.a2_in1k/32"]
    assert ds[split].labels["top1"][row] == 81.25
    assert ds[split].specs[row] == {
        "zoo": "timm", "model": "neta", "weights": "a2_in1k", "resolution": 32,
    }  # fmt: skip
    assert rows["of_neta:timm/neta.a1_in1k/32"][0] == split, "they share a graph"
    assert ds[split].graphs[row] == graph_of("neta", 32)
    cost = graph_of("neta", 32).flops() / 1e9
    assert ds[split].labels["published_gmacs"][row] == pytest.approx(cost, abs=1e-4)
    assert ds.labels_info["published_gmacs"].unit == "10^9"
    assert "resolution" not in ds.labels_info
    assert ds.provenance["command"] == (
        "nape-bench import timm results --graphs graphs --version v1.0"
    )
    assert ds.provenance["networks_without_graph"] == 1
    assert ds.provenance["traced_by"] == "timm 1, torch 2"
    hard = load_dataset("nape/timm", "imagenet_a")
    assert list(hard.labels_info)[:2] == ["top1", "top5"]
    values = {
        i: (top, clean)
        for s in hard
        for i, top, clean in zip(
            hard[s].ids, hard[s].labels["top1"], hard[s].labels["top1_clean"], strict=True
        )
    }
    assert values["of_netb:timm/netb.in1k/32"] == (30.0, 75.0)
    report = json.loads((Path(ds.path) / "import_report.json").read_text())
    assert report["without_graph"] == {"GraphError: no word for it": ["netd-32"]}


def test_archives_and_networks_that_were_not_traced(tmp_path: Path) -> None:
    results = write_results(tmp_path / "results")
    graphs = write_graphs(tmp_path / "graphs")
    (graphs / "netd-32.json").unlink()
    (graphs / "neta-64.json").unlink()
    with tarfile.open(tmp_path / "graphs.tar.gz", "w:gz") as archive:
        archive.add(graphs, "graphs")
    ((_, report),) = import_timm(results, tmp_path / "graphs.tar.gz", progress=False)
    assert report.without_graph == {"it was not traced": ["neta-64", "netd-32"]}
    assert "2 networks were not traced, the first: neta-64" in report.summary()
    assert report.kept == 4


def test_costs_that_differ_are_named(tmp_path: Path) -> None:
    results = write_results(tmp_path / "results")
    text = (results / "results-imagenet.csv").read_text()
    (results / "results-imagenet.csv").write_text(text.replace("1,013.01", "1013.01"))
    graphs = write_graphs(tmp_path / "graphs")
    other = told("netb", 32) | graph_of("netc", 32).to_dict()
    (graphs / "netb-32.json").write_text(json.dumps(other))
    ((_, report),) = import_timm(results, graphs, progress=False)
    assert report.params == (3, 4)
    assert list(report.differing) == ["netb-32"]
    assert "published" in report.differing["netb-32"]


WRONG_ROWS = {
    "no number": ("80.5", "high", "line 2: top1 is 'high', where a number of 0 to 100 expected"),
    "too much": ("80.5", "180.5", "line 2: top1 is '180.5'"),
    "nan": ("80.5", "nan", "line 2: top1 is 'nan'"),
    "below": ("80.5", "-1", "line 2: top1 is '-1'"),
    "size": ("neta.a2_in1k,32", "neta.a2_in1k,0", "line 3: a model and its image size expected"),
    "no size": ("neta.a2_in1k,32", "neta.a2_in1k,", "line 3: a model and its image size expected"),
    "no model": ("neta.a2_in1k,32", ",32", "line 3: a model and its image size expected"),
    "twice": (
        "neta.a2_in1k,32", "neta.a1_in1k,32", "line 3: neta.a1_in1k at 32 pixels stands there twice"
    ),
    "cells": ("neta.a2_in1k,32", "neta.a2_in1k,32,1", "line 3: 8 cells where the header has 7"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_ROWS)
def test_wrong_rows_are_named(tmp_path: Path, own_home: Path, name: str) -> None:
    before, after, message = WRONG_ROWS[name]
    results = write_results(tmp_path / "results")
    path = results / "results-imagenet.csv"
    path.write_text(path.read_text().replace(before, after, 1))
    graphs = write_graphs(tmp_path / "graphs")
    with pytest.raises(DataError, match=re.escape(f"results-imagenet.csv, {message}")):
        import_timm(results, graphs, progress=False)
    assert list(own_home.iterdir()) == []
    ((_, report),) = import_timm(results, graphs, skip_bad=True, progress=False)
    assert len(report.skipped) == 1
    assert report.kept == 4


WRONG_GRAPHS: dict[str, tuple[Any, str]] = {
    "no JSON": ("{", "is no JSON"),
    "twice": ('{"nodes": [], "nodes": []}', "key 'nodes' occurs more than once"),
    "a list": ("[]", "the graph of neta at 32 pixels expected"),
    "another network": (told("netb", 32), "the graph of neta at 32 pixels expected"),
    "another size": (told("neta", 64), "the graph of neta at 32 pixels expected"),
    "no family": (told("neta", 32, family=3), "are to be text"),
    "a path": (told("neta", 32, family="../x"), "are to be text"),
    "no nodes": ({k: v for k, v in told("neta", 32).items() if k != "nodes"}, "nodes missing"),
    "no graph": (told("neta", 32, nodes=3), "neta-32.json: "),
    "a cycle": (told("neta", 32, edges=[[0, 1], [1, 2], [2, 1]]), "neta-32.json: "),
    "another image": (told("neta", 64, img_size=32), "its Input has not 32 x 32 pixels"),
    "deep": ("[" * 100_000, "is no JSON"),
}


@pytest.mark.parametrize("name", WRONG_GRAPHS)
def test_wrong_graphs_are_named(tmp_path: Path, own_home: Path, name: str) -> None:
    value, message = WRONG_GRAPHS[name]
    results, graphs = write_results(tmp_path / "results"), write_graphs(tmp_path / "graphs")
    path = graphs / "neta-32.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        import_timm(results, graphs, progress=False)
    assert "neta-32.json: " in str(caught.value)
    assert list(own_home.iterdir()) == []
    ((_, report),) = import_timm(results, graphs, skip_bad=True, progress=False)
    assert report.without_graph["its file cannot be read"] == ["neta-32"]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    results, graphs = write_results(tmp_path / "results"), write_graphs(tmp_path / "graphs")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"none of the files of this release: results-imagenet"):
        import_timm(tmp_path / "empty", graphs)
    with pytest.raises(DataError, match=r"<architecture>-<pixels>\.json"):
        import_timm(results, tmp_path / "empty")
    (tmp_path / "others").mkdir()
    (graphs / "netd-32.json").rename(tmp_path / "others" / "netd-32.json")
    with pytest.raises(DataError, match=r"no result of results-imagenet\.csv has a graph"):
        import_timm(results, tmp_path / "others", progress=False)
    (results / "results-imagenet.csv").rename(results / "results-imagenet-a-clean.csv")
    with pytest.raises(DataError, match=r"has none of results-imagenet\.csv"):
        import_timm(results, graphs)
    tables.write(results / "benchmark-infer-x.csv", [
        {"model": "neta", "infer_img_size": "32", "infer_gmacs": "much"}])  # fmt: skip
    with pytest.raises(DataError, match=r"benchmark-infer-x\.csv, line 2: infer_gmacs is 'much'"):
        import_timm(results, graphs)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_files_are_named(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    results, graphs = write_results(folder / "results"), write_graphs(folder / "graphs")
    path = data.draw(
        st.sampled_from([results / "results-imagenet.csv", graphs / "neta-32.json"]), label="file"
    )
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, 10**6))])
    version = f"v{data.draw(st.integers(0, 10**12))}"
    try:
        import_timm(results, graphs, version=version, progress=False)
    except NapeError as error:
        assert path.name in str(error) or "with other content" in str(error)  # noqa: PT017
        return
    found = load_dataset("nape/timm", "imagenet", revision=version)
    assert all(np.isfinite(found[split].y).all() for split in found)


@pytest.mark.shared
def test_the_real_tables(shared: Path, tmp_path: Path) -> None:
    results = shared / "labels" / "timm_results"
    if not results.is_dir():
        pytest.skip(f"no tables of timm's in {results}")
    graphs = tmp_path / "graphs"
    graphs.mkdir()
    stands_in = told("neta", 224) | {"architecture": "resnet50", "family": "resnet"}
    (graphs / "resnet50-224.json").write_text(json.dumps(stands_in))
    done = {folder.name: report for folder, report in import_timm(results, graphs, progress=False)}
    assert {report.read for report in done.values()} == {1556}
    assert done["imagenet"].params == (0, 1), "it is no ResNet"
    assert len(done["imagenet"].without_graph["it was not traced"]) == 1192
    ds = load_dataset("nape/timm", "imagenet")
    top1 = {i: y for s in ds for i, y in zip(ds[s].ids, ds[s].y.tolist(), strict=True)}
    assert top1["resnet:timm/resnet50.a1_in1k/224"] > 79
