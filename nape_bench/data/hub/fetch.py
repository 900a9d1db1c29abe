"""Bringing a version from the Hub: by its tag, one config of it, into the local folder.

What `datasets.load_dataset(name, revision=...)` does when the Hub is down, to take the newest
version that was ever loaded, never happens here: a version is looked for by its own tag alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.data.hub.repository import TYPE, Repository, asking, endpoint
from nape_bench.data.info import default_config, version_key
from nape_bench.data.manifest import FILE_NAME, read_manifest
from nape_bench.data.places import downloads
from nape_bench.errors import DataError, HubError, IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nape_bench.data.manifest import Manifest
    from nape_bench.data.places import Found

ABOUT = ("README.md", FILE_NAME)
"""What is fetched of a version in any case: with it, plain `datasets` opens the folder too."""


def fetch(name: str, config: str | None, version: str | None) -> Found:
    """Bring a config of a version from the Hub; its content is verified when it is loaded.

    Args:
        name: The dataset, `owner/name`.
        config: The config; None stands for `micro`, or the only one.
        version: The version; None stands for the newest that has the config.

    Returns:
        Where it lies now.

    Raises:
        HubError: The Hub has no such dataset, version or config, or cannot be asked.
        UnknownNameError: No config is named, and the version has several.
        IntegrityError: What has the tag is another dataset or version.
        DataError: What has the tag is no dataset folder, or one of a newer nape_bench.
    """
    seen = []
    for each in _to_look_at(Repository(name), version):
        commit, manifest = _manifest(name, each)
        wanted = config or default_config(f"{name} {each}", manifest.configs)
        if wanted in manifest.configs:
            return _config(commit, manifest, wanted)
        seen.append(f"{each} with {', '.join(manifest.configs)}")
    raise HubError(f"The Hub ({endpoint()}) has of {name}: {'; '.join(seen) or 'no version'}.")


def newer(stored: Found) -> Found:
    """Bring the newest version that has a config, where it is newer than the one that is stored.

    Two small requests where there is none.

    Args:
        stored: What was brought before.

    Returns:
        The newest, which may be `stored`.

    Raises:
        HubError: The Hub cannot be asked.
        IntegrityError, DataError: The newer version is not what its tag says, or one of a newer
            nape_bench.
    """
    name, version = stored.manifest.name, stored.manifest.version
    versions = _to_look_at(Repository(name), None)
    if not versions or version_key(versions[0]) <= version_key(version):
        return stored
    return fetch(name, stored.config, None)


def _to_look_at(repository: Repository, version: str | None) -> list[str]:
    """Return the version that was asked for, which must be there, or all, the newest first."""
    # This is asked first in any case: other requests wait for an answer without end.
    commit = repository.commit(version or "main")
    if version is not None and commit is not None:
        return [version]
    refs = repository.refs()
    there = [] if refs is None else list(refs.versions)
    if version is None:
        return there[::-1]
    hub, has = f"The Hub ({endpoint()})", ", ".join(there) or "no version of it"
    raise HubError(f"{hub} has no {version} of {repository.name}; it has {has}.")


def _manifest(name: str, version: str) -> tuple[str, Manifest]:
    """Fetch the manifest of a version, and check that its tag is on that version.

    Returns:
        The commit that has the tag, and the manifest.
    """
    folder = _snapshot(name, version, ABOUT)
    try:
        manifest = read_manifest(folder)
    except DataError as error:
        raise DataError(f"tag {version} of {name} at {endpoint()}: {error}") from None
    if (manifest.name, manifest.version) != (name, version):
        raise IntegrityError(
            f"tag {version} of {name} at {endpoint()} is on {manifest.name} {manifest.version}: "
            "whoever published it must correct that"
        )
    return folder.name, manifest


def _config(commit: str, manifest: Manifest, config: str) -> Found:
    """Fetch the files of a config, of the commit that the manifest is of."""
    name, version = manifest.name, manifest.version
    _snapshot(name, commit, [*ABOUT, f"data/{config}/*"])
    for found in downloads().found(name):
        if (found.manifest.version, found.config) == (version, config):
            return found
    raise HubError(
        f"Not all files of {name} {version}, config {config}, could be had from {endpoint()}."
    )


def _snapshot(name: str, revision: str, patterns: Iterable[str]) -> Path:
    from huggingface_hub import snapshot_download

    with asking(name):
        folder = snapshot_download(
            name,
            repo_type=TYPE,
            revision=revision,
            cache_dir=downloads().root,
            allow_patterns=list(patterns),
            library_name="nape_bench",
        )
    return Path(folder)
