"""`quickstart`, on tiny data: what it says, and that the commands it names are commands."""

from __future__ import annotations

import shlex

import pytest

from nape_bench.cli import main as cli
from nape_bench.cli import quickstart
from nape_bench.cli.main import main


@pytest.fixture
def told(tiny: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(quickstart, "DATASET", "nape/tiny")
    monkeypatch.setattr(quickstart, "PROTOCOL", "in-family/tiny")
    monkeypatch.setattr(quickstart, "PREDICTORS", ("flops", "params"))
    assert main(["quickstart"]) == 0
    out, err = capsys.readouterr()
    assert "[1/2] flops\n      SRCC 0." in err
    assert "[2/2] params\n" in err
    return out


def test_it_says_what_the_data_are(told: str) -> None:
    assert told.startswith("nape/tiny (micro) v1.0, from the store: Tiny\n")
    assert "120 architectures: " in told
    assert "label accuracy [%]: made up" in told
    assert "single seeds have 0.900 with each other" in told


def test_it_prints_one_table(told: str) -> None:
    rows = [line for line in told.splitlines() if line.startswith(("flops ", "params "))]
    assert len(rows) == 2
    assert all("[" in row for row in rows)


def test_it_ends_with_three_commands(told: str) -> None:
    lines = told.split("What next:\n")[1].splitlines()
    assert len(lines) == 3
    for line in lines:
        words = shlex.split(line[line.index("nape-bench ") :])
        assert cli._parser().parse_args(words[1:]).command.name == words[1]
