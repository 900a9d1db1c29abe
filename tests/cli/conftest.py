"""Fixtures of what is above data: tiny datasets in a local store of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.evaluation.tiny import put_tiny

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tiny(own_home: Path) -> Path:
    """`nape/tiny`: 120 HiAML architectures with made-up labels; gives the home of the store."""
    put_tiny()
    return own_home
