"""Pull request: what it changes, told from git's objects alone.

Nothing of it is checked out, run or imported. Git's hooks, filters, attributes, replacements and
lazy fetches stay out of play, and how much of its output is read is bounded.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nape_bench.errors import DataError
from nape_bench.leaderboard.checking.finding import Finding, error, listed, shown
from nape_bench.leaderboard.checking.folder import MOST_BYTES, NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUBMISSIONS = "leaderboard/submissions"
"""Where submissions lie in the repository."""
BASELINES = "baselines"
"""Where recorded baselines lie, whose names are taken."""
PLAIN, DELETED = "100644", "000000"
MODES = {"100755": "an executable file", "120000": "a symbolic link", "160000": "a submodule"}
MOST_OUTPUT = 2**20
"""Bytes of a list of git's that are read: some ten thousand files."""
MOST_TOLD = 20
"""Findings that are told."""

_SETTINGS = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "--no-pager")
_ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class Blob(NamedTuple):
    """A file of a submission, as an object of git.

    Attributes:
        name: Its name in the submission's folder.
        oid: The object's id.
        size: Bytes.
    """

    name: str
    oid: str
    size: int


@dataclass(frozen=True)
class Changes:
    """What a pull request changes.

    Attributes:
        findings: What it must not do; empty if it adds or changes one submission and no more.
        submission: Its name; "" where there are findings.
        is_new: Whether the submission was not there before.
        blobs: All files of the submission, also those that are as they were.
    """

    findings: tuple[Finding, ...]
    submission: str = ""
    is_new: bool = False
    blobs: tuple[Blob, ...] = ()


class _Change(NamedTuple):
    mode: str
    oid: str
    path: str


def changes(repo: Path, base: str, head: str) -> Changes:
    """Tell what a pull request changes since it left its base.

    Args:
        repo: A clone that has the objects of both.
        base: The commit that it is to be merged into.
        head: Its commit.

    Raises:
        DataError: Git is not there, or has no such commit.
    """
    base, head = (_commit(repo, each) for each in (base, head))
    since = _git(repo, "merge-base", "--all", base, head, may_fail=True).decode().split()
    if len(since) != 1:
        told = f"{len(since)} commits in which it leaves {base[:12]}, one expected: rebase it"
        return Changes((error("history", head[:12], told),))
    made = _diff(repo, since[0], head)
    if made is None:
        return Changes((error("outside", head[:12], "changes more files than can be listed"),))
    findings = list(_misplaced(made))
    names = sorted({_parts(each.path)[0] for each in made}) if not findings else []
    if not made:
        findings.append(error("nothing", head[:12], "changes no file"))
    if len(names) > 1:
        told = f"{listed(names)} are {len(names)} submissions: make a pull request of each"
        findings.append(error("several", SUBMISSIONS, told))
    if findings:
        return Changes(_first(findings))
    return _of_submission(repo, names[0], made, base, since[0], head)


def extract(repo: Path, change: Changes, to: Path) -> Path:
    """Write the files of a submission, as they are in git's objects, to a new folder.

    Args:
        repo: The clone.
        change: What `changes` told of it, without findings.
        to: The folder in which one is made of the submission's name.

    Returns:
        The submission's folder, which appears whole or not at all.

    Raises:
        DataError: There are findings, the folder is there already, or an object is not what it
            was.
    """
    if change.findings or not change.submission:
        raise DataError("what has findings is not extracted")
    folder = to / change.submission
    if folder.exists():
        raise DataError(f"{folder}: is there already; name another folder")
    to.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{change.submission}-", dir=to))
    try:
        for blob in change.blobs:
            data = _git(repo, "cat-file", "blob", blob.oid, most=blob.size)
            if len(data) != blob.size:
                raise DataError(f"{blob.name}: object {blob.oid} is not of {blob.size} bytes")
            with (new / blob.name).open("xb") as file:
                file.write(data)
        new.rename(folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return folder


def _misplaced(made: Sequence[_Change]) -> Iterator[Finding]:
    """Find changes that are none to a plain file of a submission."""
    for mode, _, path in made:
        where, (name, file) = shown(path), _parts(path)
        if mode not in (PLAIN, DELETED):
            told = MODES.get(mode, f"a file of mode {mode}")
            yield error("kind", where, f"{told}: put a plain file in its place (mode {PLAIN})")
        elif not file:
            told = f"a submission changes files right in {SUBMISSIONS}/NAME/ alone: take this out"
            yield error("outside", where, told)
        elif not NAME.fullmatch(name):
            told = "a submission's folder is called by 2 to 40 of a-z, 0-9, _ and -"
            yield error("name", where, told)
        elif file not in MOST_BYTES:
            told = f"a submission holds {listed(sorted(MOST_BYTES))} and nothing else: take it out"
            yield error("extra-file", where, told)
        elif mode == DELETED:
            told = "is deleted: leave it; `lifecycle: withdrawn` takes a submission off the board"
            yield error("deleted", where, told)


def _of_submission(
    repo: Path, name: str, made: Sequence[_Change], base: str, since: str, head: str
) -> Changes:
    """Look at the submission as a whole."""
    folder = f"{SUBMISSIONS}/{name}"
    before = _oid(repo, since, folder)
    findings = []
    if _oid(repo, base, folder) != before:
        told = f"has changed on {base[:12]} since this left it: rebase"
        findings.append(error("behind", folder, told))
    if _oid(repo, base, f"{BASELINES}/{name}"):
        findings.append(error("name", folder, "a recorded baseline has this name: take another"))
    blobs, wrong = _blobs(repo, folder, head)
    findings += wrong
    found = {f"{folder}/{blob.name}": blob.oid for blob in blobs}
    # Git's own lists differ where a tree is malformed, as by a name with a slash in it.
    for each in made:
        if not wrong and found.get(each.path) != each.oid:
            told = "is not in its folder as the change says: make the commits with git itself"
            findings.append(error("malformed", shown(each.path), told))
    if findings:
        return Changes(_first(findings))
    return Changes((), name, before is None, tuple(blobs))


def _blobs(repo: Path, folder: str, head: str) -> tuple[list[Blob], list[Finding]]:
    """List the files of a submission, and what is wrong with them."""
    try:
        listing = _git(repo, "ls-tree", "-r", "-z", "-l", "--full-tree", head, f"{folder}/")
    except DataError as failed:
        # As where a large file was left out of the fetch, which git says in words of its own.
        return [], [error("size", folder, f"sizes of its files cannot be told: {failed}")]
    blobs: list[Blob] = []
    wrong = []
    for entry in listing.split(b"\0")[:-1]:
        facts, _, raw = entry.partition(b"\t")
        mode, _, oid, size = facts.decode().split()
        path = raw.decode("utf-8", "surrogateescape")
        file = _parts(path)[1]
        if file in {blob.name for blob in blobs} or file not in MOST_BYTES or mode != PLAIN:
            told = "no plain file of a submission, or there twice: take it out"
            wrong.append(error("extra-file", shown(path), told))
        elif not size.isdecimal() or int(size) > MOST_BYTES[file]:
            told = f"{int(size):,} bytes" if size.isdecimal() else "too large to be fetched"
            most = f"of at most {MOST_BYTES[file]:,} bytes: submit fewer protocols, or shorten it"
            wrong.append(error("size", shown(path), f"{told}, {most}"))
        else:
            blobs.append(Blob(file, oid, int(size)))
    return blobs, wrong


def _parts(path: str) -> tuple[str, str]:
    """Return submission and file of a path; no file where it does not lie in a submission."""
    inside = path.removeprefix(f"{SUBMISSIONS}/")
    name, _, file = inside.partition("/")
    return (name, file) if inside != path and "/" not in file else (name, "")


def _first(findings: list[Finding]) -> tuple[Finding, ...]:
    more = len(findings) - MOST_TOLD
    rest = [error("more", f"{more:,} more", "of the same kinds")] if more > 0 else []
    return (*findings[:MOST_TOLD], *rest)


def _diff(repo: Path, since: str, head: str) -> list[_Change] | None:
    """List what has changed, submodules and modes too; None where it is too much."""
    try:
        told = _git(
            repo, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev",
            "--no-ext-diff", "--no-textconv", "--ignore-submodules=none", since, head,
            most=MOST_OUTPUT,
        )  # fmt: skip
    except _TooMuchError:
        return None
    fields = told.split(b"\0")[:-1]
    made = []
    for facts, path in zip(fields[::2], fields[1::2], strict=True):
        _, mode, _, oid, _ = facts.decode().split()
        made.append(_Change(mode, oid, path.decode("utf-8", "surrogateescape")))
    return made


def _commit(repo: Path, name: str) -> str:
    told = _git(
        repo, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}",
        may_fail=True,
    )  # fmt: skip
    if not told:
        raise DataError(f"{repo}: git has no commit {shown(name)} there; fetch it first")
    return told.decode().strip()


def _oid(repo: Path, commit: str, path: str) -> str | None:
    """Return what a path is in a commit, or None where it has none."""
    told = _git(repo, "rev-parse", "--verify", "--quiet", f"{commit}:{path}", may_fail=True)
    return told.decode().strip() or None


class _TooMuchError(DataError):
    """Git has more to say than is read."""


def _git(repo: Path, *args: str, most: int = MOST_OUTPUT, may_fail: bool = False) -> bytes:
    """Ask git; `may_fail` where failing is an answer, which is then empty."""
    # What says where git's files are would lead it elsewhere than `repo`.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-C", str(repo), *_SETTINGS, *args]
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(  # noqa: S603
                command, stdout=subprocess.PIPE, stderr=errors, env=inherited | _ENVIRONMENT
            )
        except FileNotFoundError:
            raise DataError("git is not installed, and a pull request is read by it") from None
        with process:
            data = process.stdout.read(most + 1) if process.stdout is not None else b""
            if len(data) > most:
                process.kill()
                raise _TooMuchError(f"{repo}: git {args[0]} tells more than {most:,} bytes")
        errors.seek(0)
        said = errors.read(1000).decode("utf-8", "replace")
    if process.returncode:
        if may_fail:
            return b""
        raise DataError(f"{repo}: git {args[0]} failed: {shown(said.strip(), 500)}")
    return data
