"""The builders give the graphs of the papers' authors' own code."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.spaces.golden import FILE, describe

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN: dict[str, list[dict[str, Any]]] = json.loads(FILE.read_text())


@pytest.mark.parametrize("family", GOLDEN)
def test_graphs_stay_those_that_were_compared(family: str) -> None:
    assert [describe(family, record["spec"]) for record in GOLDEN[family]] == GOLDEN[family]


def test_all_nine_families_are_covered() -> None:
    assert sorted(GOLDEN) == sorted(
        ["hiaml", "inception", "nb101", "nb201", "nb301", "ofa_mbv3", "ofa_pn", "ofa_resnet",
         "two_path"]
    )  # fmt: skip
    assert sum(map(len, GOLDEN.values())) == 136


def test_the_reference_itself(shared: Path) -> None:
    command = [sys.executable, str(shared / "golden" / "compare.py")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout.splitlines()[-1] == "136 of 136 graphs the same", result.stdout
