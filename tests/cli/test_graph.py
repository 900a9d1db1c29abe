"""`graph FAMILY SPEC`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from nape_bench import ArchGraph, space
from nape_bench.cli.main import main

SPEC = "z-t31-src8-l20"


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(["graph", *argv]) == 0
    return capsys.readouterr().out


def test_json_is_the_graph_and_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(printed(capsys, "hiaml", SPEC, "--json"))
    graph = space("hiaml").build(space("hiaml").parse(SPEC))
    assert ArchGraph.from_dict(told) == graph
    assert (told["hash"], told["group"]) == (graph.hash, graph.group)
    assert (told["flops"], told["params"]) == (graph.flops(), graph.params())
    assert (told["id"], told["family"]) == (f"hiaml:{SPEC}", "hiaml")
    assert told["spec"] == space("hiaml").parse(SPEC)


def test_mutations(capsys: pytest.CaptureFixture[str]) -> None:
    family = space("hiaml")
    rng = np.random.default_rng(5)
    spec = family.mutate(family.mutate(family.parse(SPEC), rng), rng)
    told = json.loads(printed(capsys, "hiaml", SPEC, "--mutate", "2", "--seed", "5", "--json"))
    assert told["spec"] == spec
    assert ArchGraph.from_dict(told) == family.build(spec)


def test_the_summary_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "hiaml", SPEC)
    graph = space("hiaml").build(space("hiaml").parse(SPEC))
    told = dict(line.split(maxsplit=1) for line in out.split("\n\n")[0].splitlines())
    assert told["id"] == f"hiaml:{SPEC}"
    assert told["nodes"] == str(len(graph))
    assert told["FLOPs"].startswith(f"{graph.flops():,} ")
    assert told["hash"].startswith(graph.hash)
    rows = [line.split() for line in out.split("\n\n")[1].splitlines()[2:]]
    sums = [sum(int(row[i].replace(",", "")) for row in rows) for i in (1, 2, 3)]
    assert sums == [len(graph), graph.flops(), graph.params()]
    assert {row[0] for row in rows} == set(graph.ops)


def test_scaled(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--width", "0.25", "--depth", "1", "--resolution", "16", "--num-classes", "7"]
    told = json.loads(printed(capsys, "hiaml", SPEC, "--json", *options))
    graph = space("hiaml").build(
        space("hiaml").parse(SPEC), width=0.25, depth=1, resolution=16, num_classes=7
    )
    assert told["hash"] == graph.hash
    assert told["nodes"][-1]["c_out"] == 7


def test_random_draws_by_seed(capsys: pytest.CaptureFixture[str]) -> None:
    told = [
        json.loads(printed(capsys, "hiaml", "--random", "--seed", seed, "--json"))["spec"]
        for seed in ("0", "0", "1")
    ]
    assert told[0] == told[1] == space("hiaml").sample(np.random.default_rng(0))
    assert told[0] != told[2]


def test_a_spec_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(space("hiaml").parse(SPEC)) + "\n"))
    assert printed(capsys, "hiaml", "-").splitlines()[0].split()[1] == f"hiaml:{SPEC}"


def test_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = space("hiaml").build(SPEC)
    monkeypatch.chdir(tmp_path)
    Path("model.onnx").write_bytes(graph.to_onnx(weights=False).SerializeToString())
    out = printed(capsys, "model.onnx", "--json")
    told = json.loads(out)
    assert ArchGraph.from_dict(told).hash == told["hash"] == graph.hash
    assert told["file"] == "model.onnx"
    Path("model.json").write_text(out)
    lines = [printed(capsys, name).splitlines() for name in ("model.onnx", "model.json")]
    assert [line[0].split() for line in lines] == [["file", "model.onnx"], ["file", "model.json"]]
    assert lines[0][1:] == lines[1][1:]


def test_pictures(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = printed(capsys, "hiaml", SPEC, "--svg", "a.svg")
    assert out == printed(capsys, "hiaml", SPEC)
    svg = Path("a.svg").read_text(encoding="utf-8")
    assert svg == space("hiaml").build(SPEC).draw(title=f"hiaml:{SPEC}")
    Path("a&b.json").write_text(printed(capsys, "hiaml", SPEC, "--json"))
    printed(capsys, "a&b.json", "--svg", "a.svg")
    assert ">a&amp;b.json</title>" in Path("a.svg").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a&b.json", "a.svg"]


@pytest.mark.parametrize("family", ["hiaml", "nb201", "nb301"])
def test_examples_of_families(family: str, capsys: pytest.CaptureFixture[str]) -> None:
    example = space(family).format(space(family).normalise(space(family).example))
    told = json.loads(printed(capsys, family, example, "--json"))
    assert told["id"] == f"{family}:{example}"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["hiam", SPEC], "did you mean hiaml"),
        (["hiaml", "z-z-z"], "4 block names expected"),
        (["hiaml", "z-z-z-zz"], "unknown block 'zz'"),
        (["hiaml"], "give either SPEC or --random"),
        (["hiaml", SPEC, "--random"], "give either SPEC or --random"),
        (["hiaml", "--random", "--seed", "-1"], "--seed is an integer of at least 0"),
        (["hiaml", SPEC, "--width", "-1"], "width is a positive factor"),
        (["hiaml", SPEC, "--svg", "gone/a.svg"], "gone/a.svg: there is no folder gone"),
        (["gone.onnx"], "gone.onnx: cannot be read"),
        (["gone.json"], "gone.json: a graph in the JSON"),
        (["gone.onnx", SPEC, "--width", "2"], "leave out SPEC, --width"),
        (["gone.json", "--resolution", "8"], "leave out --resolution"),
    ],
)
def test_what_is_wrong_is_said(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", *argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("nape-bench: error: ")
    assert message in err
    assert err.count("\n") == 1
