"""A repository at the Hub: what it holds, asked for; failures told as `HubError`."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.data.info import is_version, version_key
from nape_bench.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

TYPE = "dataset"
SPACE = "space"
TIMEOUT = 10.0
"""Seconds to wait for the first answer of the Hub, which else may never be given up."""


@dataclass(frozen=True)
class Refs:
    """What the names in a repository stand for.

    Attributes:
        main: The commit that the branch main is at; None where there is none yet.
        versions: Version -> the commit that its tag names, oldest version first.
    """

    main: str | None
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Repository:
    """The repository of a dataset, or of a Space.

    Attributes:
        name: `owner/name`.
        type: "dataset" or "space".
    """

    name: str
    type: str = TYPE

    @property
    def api(self) -> HfApi:
        """The client of the Hub that the environment names ($HF_ENDPOINT, $HF_TOKEN)."""
        from huggingface_hub import HfApi

        return HfApi(library_name="nape_bench")

    @property
    def url(self) -> str:
        """Its page."""
        return f"{endpoint()}/{self.type}s/{self.name}"

    def refs(self) -> Refs | None:
        """Return its branch main and its versions; None where there is no such repository."""
        from huggingface_hub.errors import RepositoryNotFoundError

        with asking(self.name, self.type):
            try:
                refs = self.api.list_repo_refs(self.name, repo_type=self.type)
            except RepositoryNotFoundError:
                return None
        branches = {branch.name: branch.target_commit for branch in refs.branches}
        tags = {tag.name: tag.target_commit for tag in refs.tags if is_version(tag.name)}
        return Refs(
            branches.get("main"), {name: tags[name] for name in sorted(tags, key=version_key)}
        )

    def commit(self, revision: str) -> str | None:
        """Return the commit that a tag names; None where there is no such tag.

        Raises:
            HubError: There is no such repository, or the Hub cannot be asked.
        """
        from huggingface_hub.errors import RevisionNotFoundError

        with asking(self.name, self.type):
            try:
                return self.api.repo_info(
                    self.name, revision=revision, repo_type=self.type, timeout=TIMEOUT
                ).sha
            except RevisionNotFoundError:
                return None

    def files(self, revision: str) -> dict[str, str]:
        """Return the digest of each file (`digests`), path -> digest."""
        from huggingface_hub.hf_api import RepoFile

        with asking(self.name, self.type):
            tree = self.api.list_repo_tree(
                self.name, recursive=True, revision=revision, repo_type=self.type
            )
            files = [entry for entry in tree if isinstance(entry, RepoFile)]
        return {file.path: file.lfs.sha256 if file.lfs else file.blob_id for file in files}

    def read(self, path: str, revision: str) -> str:
        """Return the text of a small file."""
        with tempfile.TemporaryDirectory() as folder, asking(self.name, self.type):
            file = self.api.hf_hub_download(
                self.name, path, revision=revision, repo_type=self.type, local_dir=folder
            )
            return Path(file).read_text(encoding="utf-8")


def digests(content: bytes) -> tuple[str, str]:
    """Return what the Hub may tell of a file: its SHA-256 (large files) or its git object id."""
    git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return hashlib.sha256(content).hexdigest(), git.hexdigest()


def endpoint() -> str:
    """Return the address of the Hub that is asked."""
    from huggingface_hub import constants

    return constants.ENDPOINT


@contextlib.contextmanager
def asking(name: str, kind: str = TYPE) -> Iterator[None]:
    """Turn what goes wrong in asking the Hub about a repository into a `HubError`.

    Args:
        name: The repository, `owner/name`.
        kind: What it is, "dataset" or "space".

    Raises:
        HubError: The Hub cannot be reached, refuses, or gives no sensible answer.
    """
    from huggingface_hub.errors import (
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
    )
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # made when asked for

    known = (HfHubHTTPError, OfflineModeIsEnabled, LocalEntryNotFoundError, httpx.TransportError)
    try:
        yield
    # ValueError: an answer that is no JSON, or a name or a README.md that the Hub refuses.
    # RuntimeError: the upload of a large file failed, its cause says why.
    except (*known, ValueError, RuntimeError) as error:
        raise HubError(_told(name, kind, error)) from error


def _told(name: str, kind: str, error: BaseException) -> str:
    """Tell in a sentence what went wrong."""
    from huggingface_hub.errors import (
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
    )

    if isinstance(error, (LocalEntryNotFoundError, RuntimeError)) and error.__cause__ is not None:
        return _told(name, kind, error.__cause__)
    if isinstance(error, OfflineModeIsEnabled):
        return "The Hub was not asked: HF_HUB_OFFLINE is set."
    if isinstance(error, HfHubHTTPError):
        return _refusal(name, kind, error)
    if isinstance(error, (ValueError, RuntimeError)):
        return f"The Hub ({endpoint()}) and {name}: {error}."
    return f"The Hub ({endpoint()}) cannot be reached: {error}."


def _refusal(name: str, kind: str, error: HfHubHTTPError) -> str:
    """Tell in a sentence what the Hub answered, and what to do."""
    from huggingface_hub.errors import RepositoryNotFoundError

    hub, status = f"The Hub ({endpoint()})", error.response.status_code
    said = f" ({error.server_message})" if error.server_message else ""
    if isinstance(error, RepositoryNotFoundError):
        return f"{hub} has no {kind} {name}, or none that the token may read."
    if status == 401:
        return f"{hub} does not accept the token{said}: `hf auth login` or $HF_TOKEN gives another."
    if status == 403:
        return (
            f"{hub} does not allow that on {name}{said}: the token needs write access to it; take "
            "another token, another owner (--to), or propose the change (--pr)."
        )
    return f"{hub} answered {status} about {name}{said}."
