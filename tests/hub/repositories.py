"""What a Hub keeps of a repository: commits, branches, tags, pull requests, uploaded objects."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

ATTRIBUTES = {".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"}
"""What a new repository has."""


@dataclass(frozen=True)
class Blob:
    """A file: stored in git, or as a large file beside it."""

    content: bytes
    large: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pointer(self) -> bytes:
        text = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"
        return text.format(self.sha256, len(self.content)).encode()

    @property
    def oid(self) -> str:
        """Its git object id."""
        stored = self.pointer if self.large else self.content
        return hashlib.sha1(b"blob %d\0" % len(stored) + stored).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.oid


@dataclass(frozen=True)
class Commit:
    sha: str
    parent: str | None
    title: str
    files: dict[str, Blob]


@dataclass
class PullRequest:
    number: int
    title: str
    commit: str
    status: str = "open"


@dataclass
class Repository:
    """A repository of a dataset or a Space; `main` has one commit when it is new."""

    name: str
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pull_requests: list[PullRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        files = {path: Blob(content) for path, content in ATTRIBUTES.items()}
        self.branches["main"] = self.add(None, "initial commit", files)

    def add(self, parent: str | None, title: str, files: dict[str, Blob]) -> str:
        """Keep a commit, and return its name."""
        told = [self.name, str(len(self.commits)), str(parent), title]
        told += [f"{path} {files[path].oid}" for path in sorted(files)]
        sha = hashlib.sha1("\n".join(told).encode()).hexdigest()
        self.commits[sha] = Commit(sha, parent, title, files)
        return sha

    def push(self, title: str, files: dict[str, bytes]) -> str:
        """Add or change files on main, as somebody else may do at any time."""
        main = self.commits[self.branches["main"]]
        blobs = {path: Blob(content) for path, content in files.items()}
        self.branches["main"] = self.add(main.sha, title, {**main.files, **blobs})
        return self.branches["main"]

    def merge(self, number: int) -> None:
        pull_request = self.pull_requests[number - 1]
        proposed = self.commits[pull_request.commit]
        self.branches["main"] = self.add(self.branches["main"], "Merge", proposed.files)
        pull_request.status = "merged"

    def resolve(self, revision: str) -> Commit | None:
        """Return the commit that a branch, tag, pull request or name of a commit stands for."""
        requests = {f"refs/pr/{each.number}": each.commit for each in self.pull_requests}
        known = {**requests, **self.tags, **self.branches}
        return self.commits.get(known.get(revision, revision))

    def contents(self, revision: str) -> dict[str, bytes]:
        """Return the files of a revision."""
        commit = self.resolve(revision)
        assert commit is not None
        return {path: blob.content for path, blob in sorted(commit.files.items())}
