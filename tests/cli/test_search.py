"""`nape-bench search`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from nape_bench.cli.main import main
from nape_bench.cli.search import COMMAND

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ["--steps", "3", "--batch", "20", "--quiet"]


def test_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["search", "--space", "hiaml", "--from", "z-t31-src8-l20", "--with", "gbdt"]
    argv += ["--flops", "-5%", "--out", str(tmp_path / "found"), *SMALL]
    assert main(argv) == 0
    out = capsys.readouterr().out
    rows = [line.split() for line in out.splitlines()[2:]]
    start, *found = ([int(cell.replace(",", "")) for cell in row[2:4]] for row in rows)
    assert rows[0][0] == "start"
    assert found
    assert all(flops <= 0.95 * start[0] for flops, _ in found)
    assert main(argv) == 0
    assert capsys.readouterr().out == out, "a search that has ended is told again"


def test_a_network_of_ones_own_is_a_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", "hiaml", "z-t31-src8-l20", "--json"]) == 0
    (tmp_path / "mine.json").write_text(capsys.readouterr().out)
    argv = ["search", "--space", "hiaml", "--with", "gbdt", *SMALL]
    told = []
    for start in ("z-t31-src8-l20", str(tmp_path / "mine.json")):
        assert main([*argv, "--from", start, "--out", str(tmp_path / str(len(told)))]) == 0
        told.append(capsys.readouterr().out.splitlines()[2].split())
    assert told[0][0] == told[1][0] == "start"
    # As it is given it has two blocks a stage, where the space's micro scale has one.
    assert int(told[1][2].replace(",", "")) > int(told[0][2].replace(",", ""))
    argv += ["--moves", "space", "--from", str(tmp_path / "mine.json"), "--out", "x"]
    assert main(argv) == 2
    assert "no specification" in capsys.readouterr().err


def test_search_in_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["search", "--table", "nape/hiaml/micro", "--with", "flops", "--runs", "2"]
    argv += ["--queries", "30", "--report", str(tmp_path / "report"), "--quiet"]
    assert main(argv) == 0
    assert "regularised evolution" in capsys.readouterr().out
    numbers = json.loads((tmp_path / "report" / "results.json").read_text())
    assert numbers["runs"] == 2
    assert numbers["command"].startswith("nape-bench search --table nape/hiaml/micro --queries 30")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--space", "hiaml"], "give --from"),
        (["--space", "hiaml", "--from", "best", "--out", "x", "--report", "y"], "--verify"),
        (
            [
                "--space",
                "hiaml",
                "--from",
                "best",
                "--out",
                "x",
                "--verify",
                "micro",
                "--scale",
                "full",
            ],
            "--scale micro",
        ),
        (["--table", "nape/hiaml/micro", "--space", "hiaml"], "goes without --space"),
        (["--space", "hiaml", "--from", "best", "--out", "x", "--moves", "up"], "graph or space"),
        (["--space", "hiaml", "--from", "best", "--out", "x", "--latency", "-5%"], "protocol"),
    ],
)
def test_wrong_arguments(argv: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", *argv, "--quiet"]) == 2
    assert told in capsys.readouterr().err


def test_changes_are_in_percent(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["search", "--flops", "0.2"])
    assert "a change in percent expected" in capsys.readouterr().err


def test_examples_are_read() -> None:
    for line in COMMAND.examples:
        assert re.match(r"nape-bench search --(space|table) ", line)
