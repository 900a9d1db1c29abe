from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from nape_bench.labels.claims import Claims
from nape_bench.labels.locks import lock_byte, lock_file, unlock_byte, unlock_file

if TYPE_CHECKING:
    from pathlib import Path

ANOTHER = """
import os, sys
from nape_bench.labels.locks import lock_byte
file = os.open(sys.argv[1], os.O_RDWR)
print([lock_byte(file, int(place)) for place in sys.argv[2:]])
"""


def another_gets(file: Path, *places: int) -> str:
    """Whether another process gets the locks on some bytes."""
    argv = [sys.executable, "-c", ANOTHER, str(file), *map(str, places)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_a_byte_is_locked_against_other_processes_and_no_other_byte_is(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    path = tmp_path / "file"
    path.touch()
    file = os.open(path, os.O_RDWR)
    try:
        assert lock_byte(file, 1 << 40)
        assert lock_byte(file, 7)
        assert lock_file(file), "locks on bytes and on whole files are apart"
        assert another_gets(path, 1 << 40, 7, 8) == "[False, False, True]"
        unlock_byte(file, 7)
        assert another_gets(path, 1 << 40, 7) == "[False, True]"
    finally:
        os.close(file)
    assert path.stat().st_size == 0


def test_where_there_are_no_locks_all_are_granted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert lock_file(-1)
    unlock_file(-1)
    path = tmp_path / "store.json"
    path.touch()
    with Claims(path) as claims:
        assert claims.take("a")
        claims.release("a")


def test_a_file_is_opened_with_the_first_claim(tmp_path: Path) -> None:
    with Claims(tmp_path / "none") as claims:
        claims.release("a")
        with pytest.raises(FileNotFoundError):
            claims.take("a")
