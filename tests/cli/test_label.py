"""`label`: what was asked for reaches the run, and what it measured is told."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING, Any

import pytest

import nape_bench
from nape_bench import labels
from nape_bench.cli.architectures import read_graph, read_specs
from nape_bench.cli.main import main
from nape_bench.data.splits import split_of
from nape_bench.errors import DataError
from nape_bench.labels import draw, read_labels
from tests.labels.fakes import Fake
from tests.labels.test_store import row, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def fake(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A measurement that takes no time, and locks that no other run has."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("turns")))
    monkeypatch.setitem(labels.MEASURES._entries, "fake", Fake())


def told(
    monkeypatch: pytest.MonkeyPatch, name: str, rows: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Replace a function of `labels` by one that notes what it was asked for."""
    asked: dict[str, Any] = {}

    def note(*given: Any, **more: Any) -> labels.Report:
        asked.update(given=list(given), **more)
        return labels.Report(
            done=5, failed=2, elsewhere=1, ran=3, failed_now=2, disturbed=1, rows=rows or []
        )

    monkeypatch.setattr(labels, name, note)
    return asked


def test_what_is_drawn_is_handed_over_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = told(monkeypatch, "label")
    argv = ["label", "--space", "hiaml", "--n", "4", "--store", str(tmp_path), "--jobs", "2"]
    assert main([*argv, "--retry", "--quiet", "--measure", "micro,latency"]) == 0
    assert asked == {
        "given": ["hiaml", 4],
        "store": tmp_path,
        "measure": ["micro", "latency"],
        "seeds": 2,
        "jobs": 2,
        "engine": "joblib",
        "address": None,
        "draw_seed": 0,
        "subset": "all",
        "among": None,
        "wanted": None,
        "exclude": [],
        "retry": True,
        "progress": False,
    }
    out = capsys.readouterr().out
    assert "5 measurements done, 3 of them now" in out
    assert "1 of them disturbed: --retry does them again" in out
    assert "2 failed: --retry does them again" in out
    assert "1 at work in another run" in out


def test_nb201_says_what_it_is_drawn_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = told(monkeypatch, "label")
    argv = ["label", "--space", "nb201", "--n", "4", "--store", str(tmp_path)]
    assert main(argv) == 0
    assert asked["subset"] == "no-none"
    assert "drawing from the subset no-none of nb201" in capsys.readouterr().err
    assert main([*argv, "--subset", "all"]) == 0
    assert asked["subset"] == "all"
    assert "subset" not in capsys.readouterr().err


def test_a_spec_is_measured_and_its_labels_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["label", "--space", "hiaml", "--spec", "z-z-z-z", "--measure", "fake", "--quiet"]
    assert main([*argv, "--store", str(tmp_path / "new")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.split() for line in (out[0], *out[2:5])] == [
        ["architecture", "z-z-z-z", "z-z-z-z"],
        ["seed", "0", "1"],
        ["measured", "fake-1", "fake-1"],
        ["accuracy", "0", "1"],
    ]
    assert "2 measurements done, 2 of them now" in out[-1]


def test_a_mutated_graph_is_measured_from_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", "hiaml", "z-z-z-z", "--json", "--resolution", "16"]) == 0
    written = json.loads(capsys.readouterr().out)
    for node in written["nodes"]:
        if node["op"] == "ReLU":
            node["op"] = "Sigmoid"
    path = tmp_path / "mutated.json"
    path.write_text(json.dumps(written))
    graph = read_graph(str(path))
    assert graph.hash != written["hash"]
    argv = ["label", "--graph", str(path), "--measure", "fake", "--seeds", "1", "--quiet"]
    assert main([*argv, "--store", str(tmp_path / "store")]) == 0
    assert f"{graph.hash}" in capsys.readouterr().out
    (result,) = read_labels(tmp_path / "store")
    assert (result["space"], result["text"], result["spec"]) == ("graph", graph.hash, None)


def test_failures_are_printed_with_their_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row(seed, accuracy=81.2345678, answers={"hue": 9.5}) for seed in range(3)]
    rows.append(row(3, accuracy=None, error="diverged: it did"))
    told(monkeypatch, "label_specs", rows)
    assert main(["label", "--space", "hiaml", "--spec", "z-z-z-z", "--store", str(tmp_path)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == [
        "architecture", "seed", "measured", "accuracy", "answers.hue", "error"
    ]  # fmt: skip
    assert out[2].split() == ["z-z-z-z", "0", "v", "81.2346", "9.5"]
    assert "diverged: it did" in out[5]


def test_the_exit_status_tells_where_all_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    space = nape_bench.space("hiaml")
    bad = space.build(space.parse("z-z-z-z")).hash
    monkeypatch.setitem(labels.MEASURES._entries, "fake", Fake(fails=(bad,)))
    argv = ["label", "--space", "hiaml", "--measure", "fake", "--quiet", "--store", str(tmp_path)]
    argv += ["--spec", "z-z-z-z"]
    assert main(argv) == 1
    assert main(argv) == 0, "nothing was measured now"
    assert main([*argv, "--retry"]) == 1
    other = space.format(draw("hiaml", 1)[0])
    assert main([*argv, "--retry", "--spec", other]) == 0, "some did not fail"
    with pytest.raises(SystemExit):
        main(["label", "--help"])
    assert "the exit status is 1 only if" in " ".join(capsys.readouterr().out.split())


def test_a_store_is_packed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, row(0), row(1))
    assert main(["label", "--pack", "--store", str(tmp_path)]) == 0
    assert "2 results in 1 packed files" in capsys.readouterr().out
    assert [path.suffix for path in (tmp_path / "results").iterdir()] == [".parquet"]


def test_architectures_to_leave_out_are_read_from_files_stores_and_datasets(
    tmp_path: Path, tiny: Path
) -> None:
    space = nape_bench.space("nb201")
    specs = draw("nb201", 4)
    lines = [space.format(specs[0]), "", json.dumps(specs[1]), json.dumps({"spec": specs[2]})]
    file = tmp_path / "out.txt"
    file.write_text("\n".join(lines) + "\n")
    assert read_specs(space, str(file)) == specs[:3]
    file.write_text(lines[0] + "\nno architecture\n")
    with pytest.raises(DataError, match=r"out\.txt, line 2: an architecture of nb201 expected"):
        read_specs(space, str(file))
    store = tmp_path / "store"
    text = space.format(specs[3])
    write(store, *(row(s, space="nb201", text=text, spec=specs[3]) for s in (0, 1)), row(0))
    assert read_specs(space, str(store)) == [specs[3]]
    hiaml = read_specs(nape_bench.space("hiaml"), "nape/tiny")
    assert len(hiaml) == 120
    folder = nape_bench.load_dataset("nape/tiny").path
    assert read_specs(nape_bench.space("hiaml"), str(folder)) == hiaml
    assert read_specs(space, "nape/tiny") == []
    with pytest.raises(DataError, match="nape/tinny: a file of architectures, a label store, or"):
        read_specs(space, "nape/tinny")


def test_what_is_drawn_from_reaches_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = told(monkeypatch, "label")
    file = tmp_path / "some.txt"
    file.write_text("z-z-z-z\n")
    argv = ["label", "--space", "hiaml", "--n", "2", "--store", str(tmp_path / "store")]
    assert main([*argv, "--among", str(file)]) == 0
    assert asked["among"] == [["hiaml_z"] * 4]
    file.write_text("")
    assert main([*argv, "--among", str(file)]) == 0
    assert asked["among"] == [], "not the whole space"


def test_what_is_left_out_reaches_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = told(monkeypatch, "label")
    file = tmp_path / "out.txt"
    file.write_text("z-z-z-z\n")
    argv = ["label", "--space", "hiaml", "--n", "2", "--exclude", str(file)]
    assert main([*argv, "--store", str(tmp_path / "store")]) == 0
    assert asked["exclude"] == [["hiaml_z"] * 4]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--space", "hiaml"], "give one of --n, --spec, --graph and --pack"),
        (["--space", "hiaml", "--n", "2", "--spec", "z-z-z-z"], "give one of --n, --spec"),
        (["--n", "2"], "--n and --spec need --space"),
        (["--space", "hiaml", "--graph", "x"], "--graph is of no space"),
        (["--space", "hiaml", "--spec", "z-z-z-z", "--subset", "all"], "go with --n"),
        (["--space", "hiam", "--n", "1"], "did you mean hiaml"),
        (["--space", "hiaml", "--n", "1", "--measure", "micr"], "did you mean micro"),
        (["--space", "hiaml", "--spec", "nothing"], "hiaml"),
        (["--graph", "nothing.json"], "nothing.json: a graph in the JSON of"),
    ],
)
def test_what_cannot_be_done_is_told(
    argv: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["label", "--store", str(tmp_path / "store"), "--quiet", *argv]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_files_that_hold_no_graph_are_named(tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    for text in ("{", "[1]", "{}", '{"nodes": [{"op": "Inputt"}], "edges": []}'):
        path.write_text(text)
        with pytest.raises(DataError, match=r"graph\.json: a graph in the JSON of"):
            read_graph(str(path))


def test_splits_are_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = told(monkeypatch, "label")
    argv = ["label", "--space", "hiaml", "--n", "3", "--split", "train", "--split", "validation"]
    assert main(argv) == 0
    keys = [f"{i:064x}" for i in range(40)]
    assert [asked["wanted"](key) for key in keys] == [split_of(key) != "test" for key in keys]


def test_a_wrong_split_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", "--space", "hiaml", "--n", "3", "--split", "tset"]) == 2
    assert "did you mean test" in capsys.readouterr().err.lower()
