"""What publishing a version would change, found by looking at the repository alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from nape_bench.data.hub.croissant import croissant, date_of
from nape_bench.data.hub.release import CROISSANT
from nape_bench.data.hub.repository import Repository, digests
from nape_bench.data.info import version_key
from nape_bench.data.manifest import FILE_NAME, data_file, parse_manifest
from nape_bench.data.registry import dataset_specs
from nape_bench.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from nape_bench.data.hub.release import Release
    from nape_bench.data.manifest import Manifest


@dataclass(frozen=True)
class Change:
    """What publishing changes in a repository.

    Attributes:
        files: All files of the version, path -> content.
        parent: The commit that main is at; None where there is none yet.
        creates: Whether the repository is not there yet.
        added: Paths of files that main has not.
        changed: Paths of files that main has with another content.
        deleted: Paths of files that only main has.
        tagged: The commit that has the version's tag already, None where none has.
    """

    files: Mapping[str, bytes]
    parent: str | None = None
    creates: bool = False
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    tagged: str | None = None


def plan(release: Release) -> Change:
    """Look at the repository, and return what publishing would change; nothing is written.

    Raises:
        PublishError: The version's tag is on other content, main has a newer version, or one that
            comes before is missing.
        HubError: The Hub cannot be asked, or refuses.
    """
    repository, version = Repository(release.manifest.name), release.manifest.version
    refs = repository.refs()
    tagged = refs.versions.get(version) if refs is not None else None
    if refs is not None and tagged is not None:
        check_tag(release, repository, tagged)
        return Change(release.files, refs.main, tagged=tagged)
    _check_earlier(repository, version, () if refs is None else refs.versions)
    if refs is None or refs.main is None:
        files = _files(release, repository, _today())
        return Change(files, creates=refs is None, added=tuple(files))
    present = repository.files(refs.main)
    held = _manifest(repository, refs.main, present)
    if held is not None and version_key(held.version) > version_key(version):
        raise PublishError(
            f"main of {repository.url} has {held.version}, which is newer than {version}: versions "
            "are published in their order, so that main ends with the newest"
        )
    # The day is part of croissant.json. Where the files were committed before, it stays.
    day = None
    if held is not None and held.version == version and CROISSANT in present:
        day = date_of(repository.read(CROISSANT, refs.main))
    files = _files(release, repository, day or _today())
    return difference(Change(files, refs.main), present)


def _check_earlier(repository: Repository, version: str, published: Collection[str]) -> None:
    """Check that no version of a dataset of the project is left out: it could not come later."""
    specs = dataset_specs()
    pins = specs[repository.name].pins if repository.name in specs else {}
    for each in sorted(pins, key=version_key):
        if version_key(each) < version_key(version) and each not in published:
            raise PublishError(
                f"{repository.url} has no {each} yet: versions are published in their order; "
                f"publish it first (--version {each})"
            )


def _manifest(repository: Repository, commit: str, present: Mapping[str, str]) -> Manifest | None:
    """Return the manifest that a commit has, None where it has none."""
    if FILE_NAME not in present:
        return None
    where = f"{FILE_NAME} of {repository.url} at {commit}"
    return parse_manifest(repository.read(FILE_NAME, commit), where)


def check_tag(release: Release, repository: Repository, commit: str) -> None:
    """Check that what has the version's tag has its content; the card may be another one."""
    told = release.manifest
    present = repository.files(commit)
    held = _manifest(repository, commit, present)
    paths = {data_file(name, split) for name, it in told.configs.items() for split in it.splits}
    if held is None or _content(held) != _content(told) or not paths <= set(present):
        raise PublishError(
            f"tag {told.version} of {repository.url} is on other content (commit {commit}): a "
            "version is never changed, and its tag is never moved; publish the next version"
        )


def _content(manifest: Manifest) -> tuple[str, str, dict[str, str]]:
    hashes = {name: config.content_hash for name, config in manifest.configs.items()}
    return manifest.name, manifest.version, hashes


def _files(release: Release, repository: Repository, day: str) -> dict[str, bytes]:
    text = croissant(release.manifest, release.files, repository.url, day)
    return {**release.files, CROISSANT: text.encode()}


def _today() -> str:
    return datetime.now(timezone.utc).date().isoformat()


def difference(change: Change, present: Mapping[str, str]) -> Change:
    """Compare the files of a change with those of main (path -> digest)."""
    files = change.files
    added = [path for path in files if path not in present]
    changed = [
        p for p, content in files.items() if p in present and present[p] not in digests(content)
    ]
    # Files with a dot are the Hub's own, such as .gitattributes.
    deleted = [path for path in present if path not in files and not path.startswith(".")]
    return replace(
        change, added=tuple(added), changed=tuple(changed), deleted=tuple(sorted(deleted))
    )


def is_same(files: Mapping[str, bytes], present: Mapping[str, str]) -> bool:
    """Return whether a commit (path -> digest) has these files, and no others but the Hub's own."""
    found = difference(Change(files), present)
    return not (found.added or found.changed or found.deleted)
