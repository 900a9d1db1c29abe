"""Publishing a version: all its files in one commit, then its tag on that commit.

Each step looks at what is there already. Cut short anywhere, the same call again comes to the same
end: a repository without the files gets them, a commit without its tag gets that, and a version
that has its tag is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nape_bench.data.hub.plan import check_tag, is_same, plan
from nape_bench.data.hub.release import CROISSANT
from nape_bench.data.hub.repository import TYPE, Repository, asking, endpoint
from nape_bench.errors import HubError, PublishError

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo

    from nape_bench.data.hub.plan import Change
    from nape_bench.data.hub.release import Release

ATTEMPTS = 4
"""How often a commit is tried while others move the branch between reading and writing it."""


@dataclass(frozen=True)
class Outcome:
    """What publishing came to.

    Attributes:
        change: What it changed; nothing where the version had its tag already.
        commit: The commit that has the version's files, on main or proposed.
        pull_request: The address of the pull request that proposes them, None where there is none.
    """

    change: Change
    commit: str
    pull_request: str | None = None


def publish(release: Release, *, pull_request: bool = False) -> Outcome:
    """Publish a version, or propose it.

    Args:
        release: The verified version.
        pull_request: Whether to open a pull request with the files instead, unless one with them is
            open. Once that is merged, publishing sets the tag.

    Raises:
        PublishError: As `plan`; or there is nothing to propose, or others kept moving main.
        HubError: There is no token, the Hub cannot be asked, or it refuses.
    """
    repository, version = Repository(release.manifest.name), release.manifest.version
    check_token(repository)
    for _ in range(ATTEMPTS):
        change = plan(release)
        if change.tagged is not None:
            return Outcome(change, change.tagged)
        if pull_request:
            return _propose(release, repository, change)
        if change.creates:
            with asking(repository.name):
                repository.api.create_repo(repository.name, repo_type=TYPE, exist_ok=True)
            change = replace(plan(release), creates=True)
        if change.added or change.changed or change.deleted:
            made = commit_change(repository, change, _title(release))
            commit = made.oid if made is not None else None
        else:
            commit = change.parent
        # A commit that came out as others wanted it is not tagged.
        if commit is not None and is_same(change.files, repository.files(commit)):
            _tag(release, repository, commit)
            return Outcome(change, commit)
    raise PublishError(
        f"{version} was not published: others moved main of {repository.url} {ATTEMPTS} times in "
        "between; try again when they are done"
    )


def check_token(repository: Repository) -> None:
    """Check that there is a token; whether it may write is seen when it does.

    Raises:
        HubError: There is none.
    """
    from huggingface_hub import get_token

    with asking(repository.name, repository.type):
        token = get_token()
    if token is None:
        raise HubError(
            f"Publishing {repository.name} needs a token of {endpoint()} that may write to it: set "
            "HF_TOKEN, or run `hf auth login`."
        )


def commit_change(
    repository: Repository, change: Change, title: str, *, propose: bool = False
) -> CommitInfo | None:
    """Make one commit of a change.

    Args:
        repository: Where to.
        change: What it adds, changes and deletes, from which parent.
        title: Its title.
        propose: Whether to open a pull request with it.

    Returns:
        The commit; None where main was moved meanwhile.

    Raises:
        HubError: The Hub cannot be asked, or refuses.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.errors import HfHubHTTPError

    paths = [*change.added, *change.changed]
    additions = [CommitOperationAdd(path, change.files[path]) for path in paths]
    deletions = [CommitOperationDelete(path) for path in change.deleted]
    with asking(repository.name, repository.type):
        try:
            return repository.api.create_commit(
                repository.name,
                [*additions, *deletions],
                commit_message=title,
                repo_type=repository.type,
                parent_commit=change.parent,
                create_pr=propose,
            )
        except HfHubHTTPError as error:
            if error.response.status_code == 412:
                return None
            raise


def _title(release: Release) -> str:
    return f"Publish {release.manifest.version}"


def _tag(release: Release, repository: Repository, commit: str) -> None:
    """Set the version's tag; one that another process set meanwhile must be on the same content."""
    from huggingface_hub.errors import HfHubHTTPError

    version = release.manifest.version
    with asking(repository.name):
        try:
            repository.api.create_tag(repository.name, tag=version, revision=commit, repo_type=TYPE)
        except HfHubHTTPError as error:
            if error.response.status_code != 409:
                raise
    refs = repository.refs()
    tagged = refs.versions.get(version) if refs is not None else None
    if tagged is None:
        raise HubError(f"{repository.url} has no tag {version}, though it was set.")
    if tagged != commit:
        check_tag(release, repository, tagged)


def _propose(release: Release, repository: Repository, change: Change) -> Outcome:
    """Open a pull request with the files, or find the open one that has them."""
    if change.creates:
        raise PublishError(
            f"there is no {repository.url} to propose {release.manifest.version} to: publish it "
            "without a pull request"
        )
    if not (change.added or change.changed or change.deleted):
        raise PublishError(
            f"main of {repository.url} has the files of {release.manifest.version}, there is "
            "nothing to propose: publish it to set its tag"
        )
    with asking(repository.name):
        opened = list(
            repository.api.get_repo_discussions(
                repository.name,
                repo_type=TYPE,
                discussion_type="pull_request",
                discussion_status="open",
            )
        )
    for each in opened:
        reference = f"refs/pr/{each.num}"
        if each.title == _title(release) and is_same(
            release.files, _without(repository, reference)
        ):
            commit = repository.commit(reference)
            if commit is not None:
                return Outcome(change, commit, each.url)
    made = commit_change(repository, change, _title(release), propose=True)
    if made is None or made.pr_url is None:
        raise HubError(f"{repository.url} opened no pull request.")
    return Outcome(change, made.oid, made.pr_url)


def _without(repository: Repository, reference: str) -> dict[str, str]:
    """Return the files of a pull request but croissant.json, which has the day that it was made."""
    return {p: digest for p, digest in repository.files(reference).items() if p != CROISSANT}
