"""A version made ready to be published: its configs, verified, and the files to upload."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nape_bench.data.info import DEFAULT_CONFIG, check_name, version_key
from nape_bench.data.load import no_dataset
from nape_bench.data.manifest import FILE_NAME, Manifest, data_file, to_json
from nape_bench.data.pictures import pictures, with_section
from nape_bench.data.places import find_all
from nape_bench.data.readme import plain_card, readme
from nape_bench.data.registry import dataset_specs
from nape_bench.data.schema import to_arrow
from nape_bench.data.store import check_pin
from nape_bench.data.verify import verified_rows
from nape_bench.errors import PublishError
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nape_bench.data.places import Found
    from nape_bench.data.rows import Rows

CARD = "README.md"
CROISSANT = "croissant.json"
PICTURES = (".svg", ".png")
"""Endings of what a card shows."""


@dataclass(frozen=True)
class Release:
    """What a version's tag is to have.

    Attributes:
        manifest: The manifest; its name is the repository's.
        files: Path in the repository -> content, all files but croissant.json, which tells of them.
    """

    manifest: Manifest
    files: Mapping[str, bytes]


def release(name: str, version: str | None = None, owner: str | None = None) -> Release:
    """Make a version that is at hand ready to be published.

    Of a dataset of the project those configs are published whose content hash the registry pins,
    and no labels that users import, which may not be redistributed. Of another one all are.

    Args:
        name: The dataset, `owner/name`.
        version: The version; by default the newest that may be published.
        owner: Whose repository it goes to, by default the dataset's own owner; elsewhere it is the
            dataset `<owner>/<name>`.

    Returns:
        The verified release.

    Raises:
        UnknownNameError: No such dataset or version is at hand.
        PublishError: The project does not publish that version, or a config of it is missing.
        IntegrityError: A file does not hold what the manifest, or the registry, says.
    """
    version, there = _at_hand(name, version)
    chosen = _chosen(name, version, there)
    repository = name if owner is None else f"{owner}/{name.partition('/')[2]}"
    check_name(repository)
    manifest = _manifest(repository, version, chosen)
    return Release(manifest, _files(manifest, chosen))


def card(name: str, version: str | None = None) -> dict[str, bytes]:
    """Return the card of a version at hand with its pictures, as it would be published.

    Of a dataset whose labels users import, which the project does not publish, it is the card of
    all that is at hand.

    Args:
        name: The dataset, `owner/name`.
        version: The version; by default the newest.

    Returns:
        Path -> content: README.md, and what it shows.

    Raises:
        UnknownNameError: As `release`.
        PublishError: As `release`.
        IntegrityError: As `release`.
    """
    version, there = _at_hand(name, version)
    specs = dataset_specs()
    imported = name in specs and not specs[name].pins and bool(there)
    chosen = _in_order(there) if imported else _chosen(name, version, there)
    files = _files(_manifest(name, version, chosen), chosen)
    return {p: content for p, content in files.items() if p == CARD or p.endswith(PICTURES)}


def _at_hand(name: str, version: str | None) -> tuple[str, dict[str, Found]]:
    """Return the version that is meant, and config -> what is at hand of it."""
    at_hand = find_all(name)
    if not at_hand:
        raise no_dataset(name)
    specs = dataset_specs()
    published = specs[name].pins if name in specs else {}
    if version is None:
        version = max(published or {key[2] for key in at_hand}, key=version_key)
    return version, {c: found for (_, c, each), found in at_hand.items() if each == version}


def _manifest(name: str, version: str, chosen: Sequence[Found]) -> Manifest:
    infos = {found.manifest.info for found in chosen}
    if len(infos) > 1:
        licences = ", ".join(f"{found.config}: {found.manifest.info.licence}" for found in chosen)
        raise PublishError(
            f"the configs of {name} {version} differ in licence, title or citation ({licences}): "
            "give each such set a dataset of its own"
        )
    configs = {found.config: found.info for found in chosen}
    return Manifest(name, version, infos.pop(), configs)


def _chosen(name: str, version: str, there: Mapping[str, Found]) -> Sequence[Found]:
    """Return the configs to publish, the default one first."""
    specs = dataset_specs()
    if name in specs:
        pins = specs[name].pins
        if version not in pins:
            published = ", ".join(sorted(pins, key=version_key)) or "none"
            raise PublishError(
                f"{name} {version} is no version that the project publishes ({published}): pin its "
                "content hashes in the registry, or take another name"
            )
        missing = sorted(set(pins[version]) - set(there))
        if missing:
            raise PublishError(
                f"{name} {version} is not at hand with its configs {', '.join(missing)}: a version "
                "is published whole"
            )
        there = {config: there[config] for config in pins[version]}
    elif not there:
        versions = {found_version for _, _, found_version in find_all(name)}
        raise unknown_name(f"version of {name}", version, versions)
    return _in_order(there)


def _in_order(there: Mapping[str, Found]) -> Sequence[Found]:
    return sorted(there.values(), key=lambda found: found.config != DEFAULT_CONFIG)


def _files(manifest: Manifest, chosen: Sequence[Found]) -> dict[str, bytes]:
    """Read and verify all files, and draw the pictures.

    What lies in one folder is published as it lies there, but for the pictures in its card; a card
    and a manifest are made where configs come from several.
    """
    files, sizes = {}, {}
    rows: dict[str, list[Rows]] = {}
    for found in chosen:
        check_pin(found.manifest, found.config, str(found.folder))
        for split in found.info.splits:
            path = data_file(found.config, split)
            files[path] = (found.folder / path).read_bytes()
            read = verified_rows(found, split)
            sizes[found.config, split] = (len(files[path]), to_arrow(read).nbytes)
            rows.setdefault(found.config, []).append(read)
    folder, whole = chosen[0].folder, chosen[0].manifest
    if all(found.folder == folder for found in chosen) and set(whole.configs) == set(
        manifest.configs
    ):
        beside = [path for path in folder.iterdir() if path.is_file() and path.name[0] != "."]
        files.update({path.name: path.read_bytes() for path in beside if path.name != CROISSANT})
        manifest = replace(whole, name=manifest.name)
    if manifest != whole or FILE_NAME not in files:
        files[FILE_NAME] = to_json(manifest).encode()
    if CARD not in files:
        files[CARD] = readme(manifest, sizes, plain_card(manifest)).encode()
    section, images = pictures(manifest, rows)
    files[CARD] = with_section(files[CARD].decode(), section).encode()
    return dict(sorted((files | images).items()))
