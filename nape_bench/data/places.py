"""Where datasets lie: a path that was named, the local store, the package, downloads from the Hub.

A place holds dataset folders; each folder holds one version of one dataset, with one config or
several. Places are looked through in order and merged by (name, config, version): the first that
has it gives it, and none hides what another has.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.data.info import is_name, version_key
from nape_bench.data.manifest import FILE_NAME, data_file, read_manifest
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nape_bench.data.manifest import ConfigInfo, Manifest

HOME_VARIABLE = "NAPE_BENCH_HOME"
HUB = "hub"
"""What `Found.source` is for what was brought from the Hub."""

EMBEDDED = Path(__file__).parent / "embedded"
"""What the package ships: `<name>/<version>`, each version whole and beside the others."""


@dataclass(frozen=True)
class Found:
    """One config of one version of one dataset, and where it lies.

    Attributes:
        source: The kind of place: "path", "store", "package" or "hub".
        folder: The dataset folder.
        manifest: Its manifest.
        config: The config.
    """

    source: str
    folder: Path
    manifest: Manifest
    config: str

    @property
    def info(self) -> ConfigInfo:
        """What the manifest says of the config."""
        return self.manifest.configs[self.config]

    @property
    def removable(self) -> Path:
        """What to remove to be rid of it: a download's folder has links to files beside it."""
        return self.folder.parents[1] if self.source == HUB else self.folder


@dataclass(frozen=True)
class Place:
    """A folder of dataset folders.

    Attributes:
        source: What kind of place it is.
        root: The folder.
        layout: Where manifests lie below it, as a pattern; `{owner}` and `{name}` stand for the two
            parts of a dataset's name.
    """

    source: str
    root: Path
    layout: str

    def found(self, name: str | None = None) -> Iterator[Found]:
        """Go through all configs here, or those of one dataset."""
        if name is not None and not is_name(name):
            return
        owner, _, short = (name or "*/*").partition("/")
        for path in sorted(self.root.glob(self.layout.format(owner=owner, name=short))):
            if path.parent.name.startswith("."):  # a folder that is still being written
                continue
            try:
                manifest = read_manifest(path.parent)
            except DataError as error:
                self.broken(error, name)
                continue
            if name in {None, manifest.name}:
                for config in manifest.configs:
                    yield Found(self.source, path.parent, manifest, config)

    def broken(self, error: DataError, name: str | None) -> None:
        """Say that a folder has no manifest that can be read, which `name` was looked for in."""
        if name is not None:
            raise error
        # A broken folder must not keep one from what lies beside it.
        warnings.warn(f"{error}; it is passed over: remove or mend it", stacklevel=3)


class Downloads(Place):
    """What was brought from the Hub, in the layout of huggingface_hub's cache.

        datasets--<owner>--<name>/refs/<version>         the commit that the version's tag names
        datasets--<owner>--<name>/snapshots/<commit>/    the dataset folder, as far as it was needed

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(HUB, root, f"datasets--{{owner}}--{{name}}/snapshots/*/{FILE_NAME}")

    def broken(self, error: DataError, name: str | None) -> None:
        """Pass over it: it may be of a newer nape_bench, and whoever asks for it is told then."""

    def found(self, name: str | None = None) -> Iterator[Found]:
        """Go through the configs that are here whole, under the commit of their version's tag.

        A download fetches one config and may be cut short.
        """
        return (found for found in super().found(name) if self._whole(found))

    def _whole(self, found: Found) -> bool:
        name, version = found.manifest.name, found.manifest.version
        repository = self.root / f"datasets--{name.replace('/', '--')}"
        try:
            commit = (repository / "refs" / version).read_text(encoding="utf-8").strip()
        except OSError:
            return False
        return found.folder == repository / "snapshots" / commit and all(
            (found.folder / data_file(found.config, split)).is_file() for split in found.info.splits
        )


def home() -> Path:
    """Return the local folder: $NAPE_BENCH_HOME, by default the platform's cache folder."""
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("nape_bench"))


def store_folder(name: str, version: str, config: str) -> Path:
    """Return where the local store keeps a config of a version: each has a folder of its own."""
    return home() / "datasets" / name / version / config


def places(path: str | os.PathLike[str] | None = None) -> list[Place]:
    """Return the places to look in, in order.

    Args:
        path: A dataset folder; then nothing else is looked at.
    """
    if path is not None:
        return [Place("path", Path(path).expanduser(), FILE_NAME)]
    return [
        Place("store", home() / "datasets", f"{{owner}}/{{name}}/*/*/{FILE_NAME}"),
        Place("package", EMBEDDED, f"{{name}}/*/{FILE_NAME}"),
        downloads(),
    ]


def downloads() -> Downloads:
    """Return the place of what was brought from the Hub."""
    return Downloads(home() / "hub")


def find_all(
    name: str | None = None, path: str | os.PathLike[str] | None = None
) -> dict[tuple[str, str, str], Found]:
    """Return what is at hand, by (name, config, version).

    Args:
        name: A dataset; all by default.
        path: A dataset folder to look in, and nowhere else.

    Raises:
        DataError: `path` is no dataset folder or holds another dataset, or a manifest is broken.
    """
    if path is not None:
        held = read_manifest(Path(path).expanduser()).name
        if name not in {None, held}:
            raise DataError(f"{path} holds {held}, not {name}")
    merged: dict[tuple[str, str, str], Found] = {}
    for place in places(path):
        for found in place.found(name):
            manifest = found.manifest
            merged.setdefault((manifest.name, found.config, manifest.version), found)
    return dict(sorted(merged.items(), key=lambda item: (*item[0][:2], version_key(item[0][2]))))
