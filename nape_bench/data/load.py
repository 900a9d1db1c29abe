"""load_dataset: find a dataset, read it, verify it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, overload

from nape_bench.data import cache
from nape_bench.data.dataset import Dataset
from nape_bench.data.info import default_config, is_name, is_version, version_key
from nape_bench.data.manifest import data_file
from nape_bench.data.places import HUB, find_all, places
from nape_bench.data.registry import dataset_specs
from nape_bench.data.split import Split
from nape_bench.data.store import check_pin
from nape_bench.data.verify import verified_rows
from nape_bench.errors import HubError, NapeError, StoredCopyWarning, UnknownNameError
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from nape_bench.data.places import Found
    from nape_bench.data.rows import Rows


@overload
def load_dataset(
    name: str,
    config: str | None = ...,
    *,
    split: None = ...,
    revision: str | None = ...,
    path: str | os.PathLike[str] | None = ...,
) -> Dataset: ...
@overload
def load_dataset(
    name: str,
    config: str | None = ...,
    *,
    split: str,
    revision: str | None = ...,
    path: str | os.PathLike[str] | None = ...,
) -> Split: ...
def load_dataset(
    name: str,
    config: str | None = None,
    *,
    split: str | None = None,
    revision: str | None = None,
    path: str | os.PathLike[str] | None = None,
) -> Dataset | Split:
    """Load a dataset, verified against the content hashes of its version.

        ds = nape_bench.load_dataset("nape/hiaml")
        ds["train"].graphs, ds["train"].y

    Args:
        name: The dataset, `owner/name`.
        config: The set of labels; by default "micro" if there is one, else the only one.
        split: A split to load alone ("train", "validation", "test"); by default all.
        revision: The version, as in "v1.0", which never changes: where it is at hand nothing is
            asked. By default the newest at hand that has the config; where that one was brought
            from the Hub, the Hub is asked for a newer one first.
        path: A dataset folder to read; nothing else is looked at then. By default these are, in
            order: the local store ($NAPE_BENCH_HOME), the package, what was brought from the Hub
            before, and the Hub itself. The Hub is asked only where nothing at hand has the config
            and the version, or as said above; what it gives is kept in the local folder, and is at
            hand from then on.

    Returns:
        The dataset (its `source` and `path` say which place it came from), or the split.

    Warns:
        StoredCopyWarning: No version was named, and the Hub cannot be asked whether it has a newer
            one than the one that was brought before, which is taken (once for each line of code
            that loads it, as Python shows warnings).

    Raises:
        UnknownNameError: No such dataset, config, version or split is at hand or at the Hub, or the
            Hub cannot be asked: another version is never taken instead. The message gives the
            nearest names, what the Hub said, and the command that makes it where the project knows
            one.
        DataError: The folder is no dataset, or its files cannot be read.
        IntegrityError: The content is not what the manifest, or for a published version the
            registry, says.
    """
    found = _choose(name, config, revision, path)
    check_pin(found.manifest, found.config, str(found.folder))
    names = list(found.info.splits)
    if split is not None:
        if split not in names:
            raise unknown_name(f"split of {name}", split, names)
        names = [split]
    splits = {each: Split(each, found.info.target, _rows(found, each)) for each in names}
    return Dataset(found, splits) if split is None else splits[split]


def _choose(
    name: str,
    config: str | None,
    revision: str | None,
    path: str | os.PathLike[str] | None,
) -> Found:
    """Return what is at hand; what is not is asked for at the Hub, and is an error if not there."""
    at_hand = find_all(name, path)
    wanted = config
    if wanted is None and at_hand:
        wanted = default_config(name, {key[1] for key in at_hand})
    versions = {key[2]: found for key, found in at_hand.items() if key[1] == wanted}
    if versions and revision is None:
        newest = versions[max(versions, key=version_key)]
        # What the package ships or a user made is not at the Hub, or need not be.
        return _newest(newest) if newest.source == HUB else newest
    if revision in versions:
        return versions[revision]
    lacking = _lacking(name, wanted, revision, at_hand)
    may_be_published = is_name(name) and (revision is None or is_version(revision))
    if path is not None or not may_be_published:
        raise lacking
    from nape_bench.data.hub.fetch import fetch

    try:
        return fetch(name, config, revision)
    except HubError as error:
        told = str(lacking)
        end = "" if told.endswith((".", "?")) else "."
        raise UnknownNameError(f"{told}{end} {error}") from error


def _newest(stored: Found) -> Found:
    """Return the newest version of a config at the Hub; what is stored, where it cannot be asked.

    Args:
        stored: The newest that was brought from there before.
    """
    from nape_bench.data.hub.fetch import newer

    try:
        return newer(stored)
    except NapeError as error:
        name, version = stored.manifest.name, stored.manifest.version
        warnings.warn(
            f"{str(error).rstrip('.')}. {name} {version}, which was brought before, is taken "
            f"(config {stored.config}, {stored.folder}); there may be a newer one: "
            f"revision={version!r} asks for this one and nothing else",
            StoredCopyWarning,
            stacklevel=4,
        )
        return stored


def _lacking(
    name: str,
    config: str | None,
    revision: str | None,
    at_hand: Mapping[tuple[str, str, str], Found],
) -> UnknownNameError:
    """Say which name is not at hand: of the dataset, its config, or the version."""
    if not at_hand:
        return no_dataset(name)
    specs = dataset_specs()
    how = dict(specs[name].how) if name in specs else {}
    configs = {key[1] for key in at_hand}
    if config not in configs:
        if config in how:
            return _not_at_hand(name, {config: how[config]})
        return unknown_name(f"config of {name}", str(config), configs | set(how))
    versions = {key[2] for key in at_hand if key[1] == config}
    return unknown_name(f"version of {name}, config {config},", str(revision), versions)


def no_dataset(name: str) -> UnknownNameError:
    """Say of a dataset of which nothing is at hand how it is made, or that nobody knows it."""
    specs = dataset_specs()
    if name in specs:
        return _not_at_hand(name, specs[name].how)
    known = {key[0] for key in find_all()} | set(specs)
    return unknown_name("dataset", name, known, "`nape-bench datasets` lists them.")


def _not_at_hand(name: str, how: Mapping[str, str]) -> UnknownNameError:
    looked = ", ".join(f"{place.source} {place.root}" for place in places())
    made = {
        command: [config for config in how if how[config] == command] for command in how.values()
    }
    commands = "; ".join(
        f"config{'s' * (len(configs) > 1)} {', '.join(configs)} "
        f"{'are' if len(configs) > 1 else 'is'} made by `{command}`"
        for command, configs in made.items()
    )
    return UnknownNameError(
        f"{name} is not at hand (looked in {looked}): {commands or 'no known way'}"
    )


def _rows(found: Found, split: str) -> Rows:
    """Return the rows of a split, whose content is what the manifest says."""
    content_hash = found.info.splits[split].content_hash
    path = found.folder / data_file(found.config, split)
    cached = cache.read(path, content_hash, list(found.info.labels))
    if cached is not None:
        return cached
    rows = verified_rows(found, split)
    cache.write(path, content_hash, rows)
    return rows
