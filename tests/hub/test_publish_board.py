"""`nape-bench leaderboard publish`: the site as a static Space, one commit or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from nape_bench.leaderboard.publish import CARD
from nape_bench.leaderboard.site.environment import ASSETS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hub.conftest import User
    from tests.hub.server import Hub

SPACE = "spaces/me/board"
NEW = {".gitattributes"}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder that is as a built site is."""
    folder = tmp_path / "site"
    files = {f"assets/{path.name}": path.read_bytes() for path in ASSETS.iterdir()}
    files |= {"index.html": b"<h1>Board</h1>", "protocols/a.html": b"a", "tracks/b.html": b"b"}
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def publish(user: User, site: Path, *options: str, to: str = "me/board") -> str:
    done = user.cli("leaderboard", "publish", "--site", str(site), "--to", to, *options)
    assert done.value == 0, done.err
    return done.out


def refused(user: User, site: Path, to: str = "me/board") -> str:
    done = user.cli("leaderboard", "publish", "--site", str(site), "--to", to)
    assert done.value == 2
    return done.err.splitlines()[-1]


def on_disk(site: Path) -> dict[str, bytes]:
    found = (path for path in site.rglob("*") if path.is_file())
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in found}


def test_a_site_becomes_a_space_in_one_commit(user: User, hub: Hub, site: Path) -> None:
    assert publish(user, site) == f"{hub.address}/spaces/me/board\n"
    files = hub.repositories[SPACE].contents("main")
    card = files.pop(CARD).decode()
    assert {path: files[path] for path in files if path not in NEW} == on_disk(site)
    front = yaml.safe_load(card.split("---\n")[1])
    assert front["sdk"] == "static"
    assert front["app_file"] in files
    assert len(front["short_description"]) <= 60
    assert hub.requests.count("commit") == 1


def test_again_is_no_commit_and_a_change_is_one(user: User, hub: Hub, site: Path) -> None:
    publish(user, site)
    found = hub.repositories[SPACE]
    before = found.branches["main"]
    publish(user, site)
    assert found.branches["main"] == before
    (site / "index.html").write_bytes(b"new")
    (site / "tracks/b.html").unlink()
    (site / "tracks/c.html").write_bytes(b"c")
    out = publish(user, site, "--dry-run")
    lines = [line.split() for line in out.splitlines()]
    kinds = {"add", "change", "delete"}
    assert {line[1]: line[0] for line in lines if line and line[0] in kinds} == {
        "index.html": "change", "tracks/b.html": "delete", "tracks/c.html": "add",
    }  # fmt: skip
    assert found.branches["main"] == before
    publish(user, site)
    files = found.contents("main")
    assert {path: files[path] for path in files if path not in NEW | {CARD}} == on_disk(site)
    assert len(found.commits) == 3


def test_others_move_main_in_between(user: User, hub: Hub, site: Path) -> None:
    publish(user, site)
    found = hub.repositories[SPACE]
    (site / "index.html").write_bytes(b"new")
    hub.on("commit", lambda handle: (found.push("Other", {"x": b"x"}), handle())[1])
    publish(user, site)
    assert "x" not in found.contents("main")
    assert found.contents("main")["index.html"] == b"new"
    (site / "index.html").write_bytes(b"newer")
    for nth in range(1, 5):
        hub.fail("commit", 412, nth)
    assert "others moved main" in refused(user, site)


def test_what_was_cut_short_goes_on(user: User, hub: Hub, site: Path) -> None:
    hub.fail("commit")
    assert "501" in refused(user, site)
    assert set(hub.repositories[SPACE].contents("main")) == NEW
    publish(user, site)
    assert "index.html" in hub.repositories[SPACE].contents("main")


def test_dry_run_needs_no_token_and_makes_nothing(user: User, hub: Hub, site: Path) -> None:
    user.token = ""
    out = publish(user, site, "--dry-run")
    assert "the repository would be created" in out
    assert f"{len(on_disk(site)) + 1} files added" in out
    assert set(hub.requests) == {"refs"}
    assert hub.repositories == {}


def test_refusals(user: User, hub: Hub, site: Path, tmp_path: Path) -> None:
    assert "does not allow that on closed/board" in refused(user, site, "closed/board")
    assert "OWNER/NAME expected" in refused(user, site, "board")
    (tmp_path / "other").mkdir()
    assert "leaderboard build" in refused(user, tmp_path / "other")
    user.token = ""
    assert "needs a token" in refused(user, site)
    assert hub.repositories == {}
