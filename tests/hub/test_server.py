"""The Hub of these tests: the real client understands what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hub.conftest import User
    from tests.hub.server import Hub


def test_what_a_hub_is_expected_to_have(user: User, hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("n")
    done = user.client("me/numbers", tmp_path)
    assert done.error is None, done.message
    found = hub.repositories["me/numbers"]
    told = done.value
    assert told["who"] == "tester"
    assert told["x"] == [1, 2, 3]
    assert told["commits"][-1] == "initial commit"
    assert len(told["commits"]) == len(found.commits) - 1, "all but the proposed one"
    assert (told["tags"], told["branches"]) == (["v2"], ["main", "old"])
    assert "notes.txt" in told["proposed"]
    assert "notes.txt" not in found.contents("main")
    assert told["base"] == "refs/heads/main"
