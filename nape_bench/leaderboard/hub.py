"""A submission as a pull request at the Hub's leaderboard repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.hub.repository import Repository, asking
from nape_bench.errors import HubError
from nape_bench.leaderboard.checking.folder import NEEDED

if TYPE_CHECKING:
    from pathlib import Path


def open_pull_request(folder: Path, repository: str) -> str:
    """Open a pull request that adds a submission to a dataset repository of the Hub.

    Args:
        folder: The submission's folder, checked.
        repository: The repository, "<owner>/<name>".

    Returns:
        The address of the pull request.

    Raises:
        HubError: The Hub cannot be reached, has no such repository, or refuses.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    files = [
        CommitOperationAdd(f"submissions/{folder.name}/{name}", str(folder / name))
        for name in (*NEEDED, "README.md")
        if (folder / name).is_file()
    ]
    # Asked first, since the client tries an upload for half a minute where nobody answers.
    if Repository(repository).refs() is None:
        raise HubError(f"{repository}: the Hub has no such dataset repository; name one with --to")
    with asking(repository):
        done = HfApi().create_commit(
            repository,
            files,
            commit_message=f"Submit {folder.name}",
            repo_type="dataset",
            create_pr=True,
        )
    if done.pr_url is None:
        raise HubError(f"{repository}: the Hub took the files, and opened no pull request")
    return done.pr_url
