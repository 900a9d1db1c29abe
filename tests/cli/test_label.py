"""`label`: what was asked for reaches the run, and its report is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nape_bench import labels
from nape_bench.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_label_hands_over_and_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}

    def label(space: str, n: int, **more: Any) -> labels.Report:
        asked.update(space=space, n=n, **more)
        return labels.Report(done=5, failed=2, elsewhere=1, ran=3)

    monkeypatch.setattr(labels, "label", label)
    argv = ["label", "--space", "hiaml", "--n", "4", "--store", str(tmp_path), "--jobs", "2"]
    assert main([*argv, "--retry", "--quiet"]) == 0
    assert asked == {
        "space": "hiaml",
        "n": 4,
        "store": tmp_path,
        "measure": "micro",
        "seeds": 2,
        "jobs": 2,
        "draw_seed": 0,
        "retry": True,
        "progress": False,
    }
    out = capsys.readouterr().out
    assert "5 measurements done, 3 of them now" in out
    assert "2 failed: --retry does them again" in out
    assert "1 at work in another run" in out


def test_unknown_spaces_and_measurements_are_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["label", "--n", "1", "--store", str(tmp_path / "store"), "--quiet"]
    assert main([*argv, "--space", "hiam"]) == 2
    assert "did you mean hiaml" in capsys.readouterr().err
    assert main([*argv, "--space", "hiaml", "--measure", "micr"]) == 2
    assert "did you mean micro" in capsys.readouterr().err
