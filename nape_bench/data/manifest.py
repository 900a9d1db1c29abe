"""The manifest of a dataset folder, `nape_bench.json`: what is in it, with content hashes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from nape_bench.data import info
from nape_bench.data.content import ALGORITHM, combine_splits
from nape_bench.data.info import DatasetInfo, LabelInfo
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE_NAME = "nape_bench.json"
FORMAT = 1
"""Version of the manifest's layout."""

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SplitInfo:
    """One Parquet file: its number of rows and its content hash (`content`)."""

    rows: int
    content_hash: str


@dataclass(frozen=True)
class ConfigInfo:
    """One config as the manifest has it; fields as in `info.ConfigData`."""

    target: str
    labels: dict[str, LabelInfo]
    provenance: dict[str, Any]
    splits: dict[str, SplitInfo]

    @property
    def split_hashes(self) -> dict[str, str]:
        """Content hash of each split."""
        return {name: split.content_hash for name, split in self.splits.items()}

    @property
    def content_hash(self) -> str:
        """One hash over all splits, the target, and units and directions of the labels."""
        labels = [(name, it.unit, it.higher_is_better) for name, it in self.labels.items()]
        return combine_splits(self.split_hashes.items(), self.target, labels)

    @property
    def rows(self) -> int:
        """Number of rows of all splits."""
        return sum(split.rows for split in self.splits.values())


@dataclass(frozen=True)
class Manifest:
    """What a dataset folder holds.

    Attributes:
        name: `owner/name`.
        version: The one version that is in the folder.
        info: Titles and licence.
        configs: Config -> labels, provenance and splits.
    """

    name: str
    version: str
    info: DatasetInfo
    configs: dict[str, ConfigInfo]

    @property
    def default_config(self) -> str:
        """The config that plain `datasets.load_dataset` opens: `micro` if there, else the first."""
        return "micro" if "micro" in self.configs else next(iter(self.configs))


def data_file(config: str, split: str) -> str:
    """Return where the Parquet file of a split lies in the folder."""
    return f"data/{config}/{split}-00000-of-00001.parquet"


def to_json(manifest: Manifest) -> str:
    """Return the text of the manifest's file."""
    configs = {
        name: {
            "target": config.target,
            "labels": {label: info.plain(said) for label, said in config.labels.items()},
            "provenance": config.provenance,
            "splits": {
                split: {
                    "file": data_file(name, split),
                    "rows": told.rows,
                    "content_hash": told.content_hash,
                }
                for split, told in config.splits.items()
            },
        }
        for name, config in manifest.configs.items()
    }
    value = {
        "format": FORMAT,
        "name": manifest.name,
        "version": manifest.version,
        **info.plain(manifest.info),
        "hash_algorithm": ALGORITHM,
        "configs": configs,
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a dataset folder.

    Raises:
        DataError: There is none, or it is not what this version of the package can read; the
            message names the file and what is wrong.
    """
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"{folder} is no dataset folder: it has no {FILE_NAME}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    return parse_manifest(text, str(path))


def parse_manifest(text: str, where: str) -> Manifest:
    """Read the text of a manifest.

    Args:
        text: The text of its file.
        where: What to call it in an error.

    Raises:
        DataError: It is not what this version of the package can read.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where} cannot be read: {error}") from None
    try:
        return _from_dict(value)
    except DataError as error:
        raise DataError(f"{where}: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{where} is not a manifest as expected: {error!r}") from None


def _from_dict(value: Mapping[str, Any]) -> Manifest:
    for key, ours in (("format", FORMAT), ("hash_algorithm", ALGORITHM)):
        if value[key] != ours:
            raise DataError(
                f"{key} is {value[key]!r}, this version of nape_bench reads {ours!r}: install the "
                "version that wrote it, or a newer one"
            )
    info.check_name(value["name"])
    info.check_version(value["version"])
    told = {field.name: str(value[field.name]) for field in fields(DatasetInfo)}
    configs = {name: _config(name, said) for name, said in value["configs"].items()}
    if not configs:
        raise DataError("it names no config")
    return Manifest(value["name"], value["version"], DatasetInfo(**told), configs)


def _config(name: str, value: Mapping[str, Any]) -> ConfigInfo:
    info.check_config(name)
    labels = {label: LabelInfo(**said) for label, said in value["labels"].items()}
    info.check_labels(labels)
    if value["target"] not in labels:
        raise DataError(f"config {name}: target {value['target']!r} is none of its labels")
    splits = {}
    for split, said in value["splits"].items():
        info.check_config(split)
        if not _HASH.fullmatch(said["content_hash"]):
            raise DataError(f"config {name}, split {split}: content_hash is no SHA-256")
        splits[split] = SplitInfo(int(said["rows"]), said["content_hash"])
    return ConfigInfo(value["target"], labels, dict(value["provenance"]), splits)
