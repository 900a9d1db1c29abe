"""The built site as a static Space of the Hub: one commit, and none where nothing has changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nape_bench.data.hub.plan import Change, difference
from nape_bench.data.hub.publish import ATTEMPTS, check_token, commit_change
from nape_bench.data.hub.repository import SPACE, Repository, asking
from nape_bench.errors import PublishError
from nape_bench.leaderboard.site.build import read_site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CARD = "README.md"
CARD_TEXT = """---
title: nape_bench leaderboard
emoji: 📊
colorFrom: blue
colorTo: gray
sdk: static
app_file: index.html
pinned: true
license: mit
short_description: Predictors of neural-architecture performance, compared
---

# nape_bench leaderboard

A static site: `nape-bench leaderboard build` writes it, and `nape-bench leaderboard publish` brings
it here. Every score was computed by nape_bench's own code from submitted predictions.
"""
TITLE = "Publish the board"


@dataclass(frozen=True)
class Published:
    """What publishing came to.

    Attributes:
        change: What it changed.
        commit: The commit that has the site.
    """

    change: Change
    commit: str


def space_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a Space: those of a built site, and the card that the Hub asks for.

    Raises:
        DataError: The folder holds no site.
    """
    return dict(sorted({**read_site(folder), CARD: CARD_TEXT.encode()}.items()))


def plan_space(files: Mapping[str, bytes], repository: Repository) -> Change:
    """Look at the Space, and return what publishing would change; nothing is written.

    Raises:
        HubError: The Hub cannot be asked, or refuses.
    """
    refs = repository.refs()
    if refs is None or refs.main is None:
        return Change(files, creates=refs is None, added=tuple(files))
    return difference(Change(files, refs.main), repository.files(refs.main))


def publish_site(folder: Path, name: str) -> Published:
    """Publish a built site; what the Space has and the site has not is deleted.

    Args:
        folder: The site.
        name: The Space, `owner/name`, made where it is not there yet.

    Raises:
        DataError: The folder holds no site.
        PublishError: Others kept moving main.
        HubError: There is no token, the Hub cannot be asked, or it refuses.
    """
    files, repository = space_files(folder), Repository(name, SPACE)
    check_token(repository)
    for _ in range(ATTEMPTS):
        change = plan_space(files, repository)
        if change.creates:
            with asking(name, SPACE):
                repository.api.create_repo(name, repo_type=SPACE, space_sdk="static", exist_ok=True)
            change = replace(plan_space(files, repository), creates=True)
        if change.parent is not None and not (change.added or change.changed or change.deleted):
            return Published(change, change.parent)
        made = commit_change(repository, change, TITLE)
        if made is not None:
            return Published(change, made.oid)
    raise PublishError(
        f"the board was not published: others moved main of {repository.url} {ATTEMPTS} times in "
        "between; try again when they are done"
    )
