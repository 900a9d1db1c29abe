"""`datasets`, `protocols`, `predictors`, `spaces`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.cli.main import main
from nape_bench.data import load_dataset, places
from nape_bench.data.registry import dataset_specs
from nape_bench.evaluation import protocol_families
from nape_bench.predictors import predictors
from nape_bench.spaces import spaces

if TYPE_CHECKING:
    import pytest


def test_datasets_lists_the_store_and_what_a_command_brings(
    tiny: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["datasets"]) == 0
    at_hand, lacking = capsys.readouterr().out.split("a command away")
    row = next(line for line in at_hand.splitlines() if line.startswith("nape/tiny"))
    assert row.split()[1:7] == ["v1.0", "micro", "120", "accuracy", "0.900", "local"]
    assert "nape-bench import table" in lacking
    row = next(x for x in at_hand.splitlines() if x.split()[:2] == ["nape/hiaml", "v1.0"])
    assert "accuracy, accuracy_seed0..2, train_seconds" in row
    assert "embedded" in row


def test_all_that_one_dataset_has(tiny: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "nape/tiny"]) == 0
    out = capsys.readouterr().out
    assert "nape/hiaml" not in out
    row = next(line for line in out.splitlines() if line.startswith("accuracy "))
    assert row.split() == ["accuracy", "made", "up", "%", "higher", "2", "0.900"]
    assert main(["datasets", "nape/tine"]) == 2
    assert "did you mean nape/tiny" in capsys.readouterr().err


def test_a_known_dataset_of_which_nothing_is_at_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "EMBEDDED", tmp_path)
    monkeypatch.delitem(dataset_specs()["nape/two_path"].how, "gennape_cifar10")
    assert main(["datasets", "nape/two_path"]) == 0
    assert capsys.readouterr().out.startswith("nothing of nape/two_path is at hand")


def test_configs_of_a_release_are_one_entry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets"]) == 0
    out = capsys.readouterr().out
    assert out.count("nape-bench import aiop ") == 3
    assert "and 10 more (nape-bench datasets nape/ofa_pn)" in out
    assert out.count("nape/nb201, ") == 5
    assert main(["datasets", "nape/ofa_pn"]) == 0
    out = capsys.readouterr().out
    assert out.count("nape-bench import aiop ") == 11
    assert "aiop_sem_seg_shared:" in out


def test_configs_that_one_command_makes_are_one_entry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "nape/transnas_micro"]) == 0
    out = capsys.readouterr().out
    assert out.count("nape-bench import transnas") == 2
    assert "normal_test, room_layout_test, segmentsemantic_test:" in out


def test_datasets_as_json(tiny: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    facts = next(each for each in listed["at_hand"] if each["name"] == "nape/tiny")
    dataset = load_dataset("nape/tiny")
    assert facts["content_hash"] == dataset.content_hash
    assert facts["splits"] == {split: len(dataset[split]) for split in dataset}
    told = facts["labels"]["accuracy"]
    assert (told["unit"], told["higher_is_better"], told["noise_ceiling"]) == ("%", True, 0.9)
    assert facts["path"] == dataset.path
    assert facts["bytes"] == sum(f.stat().st_size for f in Path(dataset.path).rglob("*.parquet"))
    assert ("nape/nb201", "cifar10") in [(e["name"], e["config"]) for e in listed["to_make"]]


def test_protocols(tiny: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["protocols"]) == 0
    told = {
        cells[0]: int(cells[-1])
        for cells in map(str.split, capsys.readouterr().out.splitlines()[2:])
        if cells and cells[0] in protocol_families()
    }
    assert set(told) == set(protocol_families())
    assert told["zero-shot"] >= told["in-family"] > 0
    assert main(["protocols", "tiny"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]]
    assert {"in-family/tiny", "zero-shot/tiny", "few-shot/tiny-20"} <= set(names)
    assert all("tiny" in name for name in names)
    assert main(["protocols", "no such"]) == 2
    assert "nape-bench datasets" in capsys.readouterr().err


def test_predictors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predictors"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]]
    assert names == list(predictors())


def test_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spaces"]) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split()[0] for line in lines] == list(spaces())
    assert "38,416" in next(line for line in lines if line.startswith("hiaml"))


def test_distributions_are_drawn(
    tiny: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "labels.svg"
    argv = ["datasets", "nape/tiny", "--histogram", str(file)]
    assert main([*argv, "--config", "micro", "--label", "accuracy", "--revision", "v1.0"]) == 0
    assert capsys.readouterr() == ("", "")
    assert file.read_text() == load_dataset("nape/tiny").histogram("accuracy")
    for wrong, told in {
        ("datasets", "--histogram", str(file)): "give its NAME",
        ("datasets", "nape/tiny", "--label", "accuracy"): "--label says what --histogram draws",
        (*argv, "--label", "acuracy"): "did you mean accuracy",
        (*argv[:-1], str(tmp_path / "none" / "a.svg")): "there is no folder",
    }.items():
        assert main(list(wrong)) == 2
        assert told in capsys.readouterr().err
