"""load_dataset: find a dataset, read it, verify it."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from nape_bench.data import cache
from nape_bench.data.dataset import Dataset
from nape_bench.data.info import version_key
from nape_bench.data.manifest import data_file
from nape_bench.data.parquet import read_rows
from nape_bench.data.places import find_all, places
from nape_bench.data.registry import dataset_specs
from nape_bench.data.split import Split
from nape_bench.data.store import check_pin
from nape_bench.errors import DataError, IntegrityError, UnknownNameError
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    import os

    from nape_bench.data.places import Found
    from nape_bench.data.rows import Rows

DEFAULT_CONFIG = "micro"


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
        revision: The version, as in "v1.0"; by default the newest at hand that has the config.
        path: A dataset folder to read; nothing else is looked at then. By default the local store
            ($NAPE_BENCH_HOME) and then the package are.

    Returns:
        The dataset (its `source` and `path` say which place it came from), or the split.

    Raises:
        UnknownNameError: No such dataset, config, version or split is at hand; the message gives
            the nearest names, or the command that makes it where the project knows one.
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
    splits = {each: Split(each, found.info.target, _verified(found, each)) for each in names}
    return Dataset(found, splits) if split is None else splits[split]


def _choose(
    name: str,
    config: str | None,
    revision: str | None,
    path: str | os.PathLike[str] | None,
) -> Found:
    at_hand = find_all(name, path)
    specs = dataset_specs()
    how = dict(specs[name].how) if name in specs else {}
    if not at_hand:
        known = {key[0] for key in find_all()} | set(specs)
        if name in known:
            raise _not_at_hand(name, how)
        raise unknown_name("dataset", name, known, "`nape-bench datasets` lists them.")
    configs = {key[1] for key in at_hand}
    if config is None:
        config = _only(name, configs)
    if config not in configs:
        if config in how:
            raise _not_at_hand(name, {config: how[config]})
        raise unknown_name(f"config of {name}", config, configs | set(how))
    versions = {key[2]: found for key, found in at_hand.items() if key[1] == config}
    if revision is None:
        return versions[max(versions, key=version_key)]
    if revision not in versions:
        raise unknown_name(f"version of {name}, config {config},", revision, versions)
    return versions[revision]


def _only(name: str, configs: set[str]) -> str:
    if DEFAULT_CONFIG in configs:
        return DEFAULT_CONFIG
    if len(configs) > 1:
        raise UnknownNameError(
            f"{name} has several configs, name one of them: {', '.join(sorted(configs))}"
        )
    return next(iter(configs))


def _not_at_hand(name: str, how: dict[str, str]) -> UnknownNameError:
    looked = ", ".join(f"{place.source} {place.root}" for place in places())
    commands = "; ".join(f"config {config} is made by `{text}`" for config, text in how.items())
    return UnknownNameError(
        f"{name} is not at hand (looked in {looked}): {commands or 'no known way'}"
    )


def _verified(found: Found, split: str) -> Rows:
    """Return the rows of a split, whose content is what the manifest says."""
    told = found.info.splits[split]
    labels = list(found.info.labels)
    path = found.folder / data_file(found.config, split)
    cached = cache.read(path, told.content_hash, labels)
    if cached is not None:
        return cached
    manifest = found.manifest
    what = f"{path} is not split {split} of {manifest.name} {manifest.version}"
    advice = f"remove {found.folder} and make it again, or load another copy with path="
    try:
        rows, content_hash = read_rows(path, labels)
    except DataError as error:
        raise IntegrityError(f"{what}: {error}; {advice}") from None
    if content_hash != told.content_hash:
        raise IntegrityError(
            f"{what}: expected content hash {told.content_hash}, found {content_hash}; {advice}"
        )
    if len(rows) != told.rows:
        raise IntegrityError(
            f"{what}: {len(rows)} rows, where the manifest tells of {told.rows}; {advice}"
        )
    cache.write(path, told.content_hash, rows)
    return rows
