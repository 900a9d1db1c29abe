"""Bringing a published release from its authors' repository at the Hub, to be imported."""

from __future__ import annotations

import glob
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from nape_bench.data.hub.repository import TYPE, Repository, asking, endpoint
from nape_bench.data.places import home
from nape_bench.errors import DataError, HubError

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = "releases"
"""Where releases are kept, below `places.home`, in the layout of huggingface_hub's cache."""


class Brought(NamedTuple):
    """What was brought.

    Attributes:
        folder: Where its files lie, with all below it.
        commit: The commit that they are of.
    """

    folder: Path
    commit: str


def bring(name: str, revision: str, wanted: Callable[[str], bool], files: str) -> Brought:
    """Download the files of a release that are wanted, or what is left of them to download.

    A download that was cut short goes on where it ended, and what is here is not asked for again.

    Args:
        name: The repository, `owner/name`, of a dataset.
        revision: A branch, a tag or a commit.
        wanted: Whether a file of this name is meant.
        files: The names that they have, for messages.

    Raises:
        HubError: The Hub has no such repository or revision, or cannot be asked.
        DataError: The repository has no such file.
    """
    from huggingface_hub import snapshot_download

    repository = Repository(name)
    commit = repository.commit(revision)
    if commit is None:
        raise HubError(f"The Hub ({endpoint()}) has no {revision} of {name}.")
    there = sorted(repository.files(commit))
    chosen = [path for path in there if wanted(PurePosixPath(path).name)]
    if not chosen:
        listed = ", ".join(there[:10]) + ", ..." * (len(there) > 10)
        raise DataError(
            f"{name} at {commit} has none of the files of this release ({files}), only {listed}: "
            "download what they are in, and give its path"
        )
    with asking(name):
        folder = snapshot_download(
            name,
            repo_type=TYPE,
            revision=commit,
            cache_dir=home() / FOLDER,
            allow_patterns=[glob.escape(path) for path in chosen],
            library_name="nape_bench",
        )
    return Brought(Path(folder), commit)
