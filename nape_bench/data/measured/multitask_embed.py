"""Makes an embedded version of nape/multitask from a label store, with its card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data import places
from nape_bench.data.manifest import Manifest, read_manifest
from nape_bench.data.measured.card import taken
from nape_bench.data.measured.embed import CARDS, check_same
from nape_bench.data.measured.multitask import (
    FAMILIES,
    METRICS,
    Bodies,
    config_name,
    config_of,
    read_bodies,
)
from nape_bench.data.measured.multitask_card import compose
from nape_bench.data.measured.results import Choice
from nape_bench.data.registry import dataset_specs
from nape_bench.data.store import check_pin
from nape_bench.data.together import to_json, together
from nape_bench.data.write import describe, write_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAME = "nape/multitask"
TOGETHER_FILE = "tasks.json"
PICTURE_FILE = "scenes.png"
PICTURED = (0, 1, 2, 3)
"""Test scenes of the card's picture."""


def embed_multitask(
    store: Path,
    version: str,
    *,
    choice: Choice | None = None,
    against: str | None = None,
    families: Sequence[str] = FAMILIES,
    embedded: Path | None = None,
    cards: Path = CARDS,
) -> tuple[Path, Manifest]:
    """Make a version of nape/multitask in the package.

    A version that is there with the same content stays as it is.

    Args:
        store: Folder of the label store.
        version: The dataset version.
        choice: Which results are taken.
        against: A dataset of published multi-task labels at hand, a config for each task, whose
            correlations between tasks the card shows beside ours ("nape/transnas_micro"); what
            came of it is kept beside the card.
        families: Once-for-all families.
        embedded: Where versions lie; by default the package's folder of datasets.
        cards: The folder of the cards' parts.

    Returns:
        The folder and its manifest.

    Raises:
        DataError: The store has not what is needed, or the version is there with other content.
        IntegrityError: The registry pins other content for this version.
        UnknownNameError: `against` is not at hand.
    """
    spec = dataset_specs()[NAME]
    bodies = {family: read_bodies(store, family, choice or Choice()) for family in families}
    data = {
        config_name(family, task): config_of(found, task)
        for family, found in bodies.items()
        for task in METRICS
    }
    manifest = describe(NAME, version, spec.shipped_info, data)
    for config in manifest.configs:
        check_pin(manifest, config, f"what {store} holds")
    folder = (embedded or places.EMBEDDED) / "multitask" / version
    if folder.exists():
        present = read_manifest(folder)
        check_same(present, manifest, folder)
        return folder, present
    published = None if against is None else together(against)
    card = compose(cards, manifest, bodies, published, _command(version, bodies, against))
    extra: dict[str, str | bytes] = {PICTURE_FILE: _picture(bodies)}
    if published is not None:
        extra[TOGETHER_FILE] = to_json(published)
    write_folder(folder, manifest, data, card=card, extra=extra)
    return folder, manifest


def _command(version: str, families: dict[str, Bodies], against: str | None) -> str:
    """Return the command that makes a version again."""
    results = [r for bodies in families.values() for r in (bodies.individual, bodies.pseudo)]
    parts = [
        f"nape-bench build multitask --store cards/labels --embed --version {version}",
        *taken(results),
        *([] if against is None else [f"--against {against}"]),
    ]
    return " ".join(parts)


def _picture(families: dict[str, Bodies]) -> bytes:
    """Draw scenes of the recipe that the labels were made by."""
    from nape_bench.labels.multitask.recipe import RECIPES
    from nape_bench.labels.scenes.draw import scenes
    from nape_bench.labels.scenes.picture import picture, png

    version = next(iter(families.values())).individual.version
    _, test = scenes(RECIPES[version].scenes)
    return png(picture(test, list(PICTURED)))
