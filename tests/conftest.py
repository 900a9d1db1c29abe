"""Shared by all tests: one torch thread, and the reference material where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def one_torch_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference material ($NAPE_SHARED, or ../shared beside the repository)."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("NAPE_SHARED", default))
    if not (folder / "golden").is_dir():
        pytest.skip(f"no reference material in {folder}: set NAPE_SHARED")
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a local store of its own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("NAPE_BENCH_HOME", str(home))
    return home
