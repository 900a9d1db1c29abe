"""`compare`: entries by folder or name, one protocol or several."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from nape_bench.cli.main import main
from tests.cli.test_run_and_evaluate import failed
from tests.evaluation.tiny import put_tiny

if TYPE_CHECKING:
    from pathlib import Path

TINY = "in-family/tiny"


@pytest.fixture
def root(tiny: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Recorded baselines: flops on two protocols, params on three."""
    put_tiny("nape/more", family="two_path")
    root = tmp_path / "baselines"
    for name, more in (("flops", []), ("params", ["zero-shot/tiny"])):
        for protocol in (TINY, "in-family/more", *more):
            argv = ["run", name, "--protocol", protocol, "--record", str(root), "--quiet"]
            assert main(argv) == 0
    capsys.readouterr()
    return root


def test_one_protocol(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["compare", "flops", "params", "--root", str(root), "--protocol", TINY]
    assert main([*argv, "--top", "2", "--svg", str(tmp_path / "e.svg")]) == 0
    out = capsys.readouterr().out
    assert out.startswith("in-family/tiny, ")
    assert out.count("\nhiaml:") == 2
    assert (tmp_path / "e.svg").read_text().startswith("<svg")
    assert main([*argv, "--metric", "kendall", "--top", "0"]) == 0
    assert "Kendall tau-b" in capsys.readouterr().out


def test_several_protocols(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["compare", "flops", "params", "--root", str(root)]
    assert main(argv) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines() if "/" in line] == [TINY, "in-family/more"]
    assert " of 2, " in out
    twice = [*argv, "--protocol", TINY, "--protocol", TINY]
    assert main(twice) == 0
    assert capsys.readouterr().out.startswith("in-family/tiny, ")


def test_what_is_not_at_hand_is_left_out(
    root: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["compare", "flops", "params", "--root", str(root)]
    (more,) = own_home.rglob("more")
    shutil.rmtree(more)
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert out.startswith("in-family/tiny, ")
    assert err == "of 2 protocols 1 are left out, whose labels are not at hand\n"
    (tiny,) = own_home.rglob("tiny")
    shutil.rmtree(tiny)
    assert "labels of none of 2 protocols are at hand" in failed(capsys, *argv)
    assert "unknown dataset 'nape/tiny'" in failed(capsys, *argv, "--protocol", TINY)


def test_folders_of_results(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for parent, name in (("x", "flops"), ("y", "params")):
        argv = ["run", name, "--protocol", TINY, "--out", str(tmp_path / parent / "mine")]
        assert main(argv) == 0
    capsys.readouterr()
    one, two = str(tmp_path / "x" / "mine"), str(tmp_path / "y" / "mine")
    assert main(["compare", one, "flops", "--root", str(root)]) == 0
    assert "mine and flops cannot be told apart" in capsys.readouterr().out
    assert main(["compare", one, two]) == 0
    out = capsys.readouterr().out
    assert one in out
    assert two in out
    assert main(["compare", one, one, "--top", "0"]) == 0
    assert "mine (A) and mine (B) cannot be told apart" in capsys.readouterr().out


def test_what_is_not_there(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["compare", "flops", "params", "--root", str(root)]
    assert "--svg draws one protocol, and there are 2" in failed(capsys, *argv, "--svg", "e.svg")
    svg = ["--protocol", TINY, "--svg", str(tmp_path / "no" / "e.svg")]
    assert "there is no folder" in failed(capsys, *argv, *svg)
    assert "did you mean spearman" in failed(capsys, *argv, "--metric", "spearmn")
    told = failed(capsys, *argv, "--protocol", "zero-shot/tiny")
    assert "unknown protocol of flops 'zero-shot/tiny'" in told
    argv[1] = "flop"
    assert "unknown folder or recorded baseline 'flop': did you mean flops" in failed(capsys, *argv)
    argv[1] = str(tmp_path)
    assert "no result.json and no results.json" in failed(capsys, *argv)
    main(["run", "flops", "--protocol", "zero-shot/more", "--out", str(tmp_path / "alone")])
    capsys.readouterr()
    assert "no protocol in common" in failed(capsys, "compare", str(tmp_path / "alone"), *argv[2:])
