"""`nape-bench build`: from a label store to a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nape_bench.cli.main import main
from nape_bench.data import load_dataset, places
from tests.data.measured import stores

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(stores.write(tmp_path / "labels", [*stores.micro(), *stores.latency()]))


def test_a_dataset_of_ones_own(
    store: str, capsys: pytest.CaptureFixture[str], own_home: Path
) -> None:
    argv = ["build", "hiaml", "--store", store, "--name", "jane/hiaml"]
    assert main(argv) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"jane/hiaml v1.0, {config}, 24 rows: {own_home / 'datasets/jane/hiaml/v1.0' / config}"
        for config in ("micro", "latency_cpu")
    ]
    ds = load_dataset("jane/hiaml")
    assert (ds.source, ds.config, ds.target) == ("store", "micro", "accuracy")
    assert ds.info.family == "hiaml"
    assert main(argv) == 0, "the same again is no change"
    assert main(["run", "flops", "--protocol", "zero-shot/jane/hiaml/latency_cpu"]) == 0
    capsys.readouterr()
    other = str(stores.write(own_home / "other", stores.micro(count=20)))
    assert main(["build", "hiaml", "--store", other, "--name", "jane/hiaml"]) == 2
    assert "a version is never changed" in capsys.readouterr().err


def test_the_name_of_a_dataset_of_the_project_is_taken(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["build", "hiaml", "--store", store, "--name", "nape/hiaml", "--version", "v9.0"]
    assert main(argv) == 2
    assert "give yours another name" in capsys.readouterr().err


def test_choices(store: str) -> None:
    argv = ["build", "hiaml", "--store", store, "--name", "jane/some", "--configs", "latency_cpu"]
    assert main([*argv, "--until", "2026-01-01T00:00:00+00:00", "--use", "latency-2"]) == 0
    assert load_dataset("jane/some").config == "latency_cpu"
    assert main([*argv, "--version", "v1.1", "--seeds", "2"]) == 2


def test_an_embedded_version_and_its_pins(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "EMBEDDED", tmp_path / "embedded")
    argv = ["build", "hiaml", "--store", store, "--embed", "--version", "v0.1"]
    assert main([*argv, "--configs", "micro"]) == 0
    ds = load_dataset("nape/hiaml")
    assert (ds.version, ds.source) == ("v0.1", "package")
    out = capsys.readouterr().out
    assert out == f'"v0.1": {{\n    "micro": "{ds.content_hash}",\n}},\n'
    assert main([*argv, "--configs", "micro,latency_cpu"]) == 2
    assert "other content in latency_cpu" in capsys.readouterr().err
    assert main(["build", "hiaml", "--store", store, "--name", "jane/x", "--card"]) == 2
    assert "are for --embed" in capsys.readouterr().err
