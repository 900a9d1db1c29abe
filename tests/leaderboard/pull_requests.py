"""A small repository, and pull requests to it that are made of git's objects."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NEW = "leaderboard/submissions/mine"
OLD = "leaderboard/submissions/old"
FILES = ("submission.yaml", "predictions.parquet")
PLAIN = "100644"
PEOPLE = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "t"), ("EMAIL", "t@t"), ("DATE", "2024-01-01T00:00:00Z"))
}


class Repository:
    """A bare repository whose `main` has code, a workflow, a baseline and a submission `old`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
        started = {
            "nape_bench/code.py": b"pass\n",
            ".github/workflows/ci.yml": b"on: push\n",
            "baselines/flops/submission.yaml": b"x\n",
            **{f"{OLD}/{name}": b"old\n" for name in FILES},
        }
        self.base = self.commit(started)
        self.git("update-ref", "refs/heads/main", self.base)

    def git(self, *args: str, given: bytes = b"", index: str = "index") -> str:
        told = subprocess.run(
            ["git", *args],
            cwd=self.path,
            input=given,
            env={**os.environ, **PEOPLE, "GIT_INDEX_FILE": str(self.path / index)},
            capture_output=True,
            check=True,
        )
        return told.stdout.decode().strip()

    def blob(self, data: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", given=data)

    def commit(
        self,
        files: Mapping[str, bytes | tuple[str, str] | None],
        *parents: str,
    ) -> str:
        """Commit files over the first parent's: content, (mode, object), or None to delete."""
        if parents:
            self.git("read-tree", parents[0])
        lines = []
        for path, told in files.items():
            mode, oid = told if isinstance(told, tuple) else (PLAIN, self.blob(told or b""))
            mode = "0" if told is None else mode
            lines.append(f"{mode} {oid}\t".encode() + path.encode("utf-8", "surrogateescape"))
        self.git("update-index", "-z", "--index-info", given=b"\0".join([*lines, b""]))
        return self.commit_tree(self.git("write-tree"), *parents)

    def commit_tree(self, tree: str, *parents: str) -> str:
        before = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *before, "-m", "t")

    def raw_tree(self, *entries: tuple[str, str, str]) -> str:
        """Write a tree that git's own commands refuse to make: (mode, name, object) each."""
        data = b"".join(
            f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, name, oid in entries
        )
        return self.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=data)


def submission(folder: str = NEW, content: bytes = b"mine\n") -> dict[str, bytes]:
    """The files of a submission."""
    return {f"{folder}/{name}": content for name in FILES}
