"""The process that reads a stranger's files: bounded, and without the heavy libraries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from nape_bench.leaderboard.checking.limited import check_limited
from tests.leaderboard.small_board import board, guesses, submit

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = (
    "torch", "torch_geometric", "datasets", "huggingface_hub", "sklearn", "onnx", "joblib",
)  # fmt: skip


@pytest.fixture
def without_heavy(tmp_path: Path) -> dict[str, str]:
    """An environment in which none of the heavy libraries can be imported."""
    stubs = tmp_path / "stubs"
    for name in HEAVY:
        (stubs / name).mkdir(parents=True)
        (stubs / name / "__init__.py").write_text(f"raise ImportError('{name} is not here')\n")
    before = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(stubs), before]))}


def test_the_command_checks_where_torch_is_not_installed(
    tmp_path: Path, without_heavy: dict[str, str]
) -> None:
    folders = board(tmp_path / "board")
    folder = submit(folders.root, "mine", guesses(1.0))
    gone = subprocess.run(
        [sys.executable, "-c", "import torch"], env=without_heavy, capture_output=True, check=False
    )
    assert gone.returncode != 0
    done = subprocess.run(
        [sys.executable, "-m", "nape_bench", "check", str(folder), "--board", str(folders.root),
         "--baselines", str(tmp_path / "none"), "--json"],
        env=without_heavy, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["holds"]
    assert set(report["scores"]) == {"in-family/hiaml", "few-shot/hiaml-20"}


def test_what_is_refused_exits_with_1_and_says_why(tmp_path: Path) -> None:
    folders = board(tmp_path / "board")
    folder = submit(folders.root, "copy", guesses(0.7, 1))
    done = subprocess.run(
        [sys.executable, "-m", "nape_bench", "check", str(folder), "--board", str(folders.root),
         "--baselines", str(tmp_path / "none")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "error (copy)" in done.stdout
    assert "copy: refused" in done.stdout


def test_too_much_memory_is_an_answer(tmp_path: Path) -> None:
    folders = board(tmp_path)
    folder = submit(folders.root, "mine", guesses(1.0))
    report = check_limited(folder, folders, memory=2**27)
    assert not report["holds"]
    assert report["findings"][0]["code"] in {"limits", "parquet"}


def test_too_much_time_is_an_answer(tmp_path: Path) -> None:
    folders = board(tmp_path)
    folder = submit(folders.root, "mine", guesses(1.0))
    report = check_limited(folder, folders, seconds=0.01)
    assert report["findings"][0]["code"] == "limits"
    assert "0.01 s" in report["findings"][0]["what"]


def test_a_crash_is_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = board(tmp_path)
    folder = submit(folders.root, "mine", guesses(1.0))
    crashing = tmp_path / "python"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crashing.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crashing))
    report = check_limited(folder, folders)
    assert report["findings"][0]["code"] == "limits"
    assert not report["holds"]
