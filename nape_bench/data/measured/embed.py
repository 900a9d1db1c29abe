"""Makes an embedded version of a dataset from a label store, with its card.

It is done in a checkout of the repository, whose folder `cards` has the parts of cards.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data import places
from nape_bench.data.manifest import Manifest, read_manifest
from nape_bench.data.measured.build import measured_configs
from nape_bench.data.measured.card import ACCURACY, MICRO, compose
from nape_bench.data.measured.results import Choice
from nape_bench.data.measured.validity import Validity, from_json, to_json, validity
from nape_bench.data.registry import dataset_specs
from nape_bench.data.store import check_pin
from nape_bench.data.write import describe, rewrite_card, write_folder
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.data.measured.build import Measured

CARDS = Path(__file__).parents[3] / "cards"
VALIDITY_FILE = "validity.json"


def embed(
    store: Path,
    family: str,
    version: str,
    *,
    configs: Sequence[str] | None = None,
    choice: Choice | None = None,
    against: Sequence[str] = (),
    card: bool = False,
    embedded: Path | None = None,
    cards: Path = CARDS,
) -> tuple[Path, Manifest]:
    """Make a version of `nape/<family>` in the package.

    A version is whole: it has all its configs, beside those of other versions. One that is there
    with the same content stays as it is, and only its card may be made anew.

    Args:
        store: Folder of the label store.
        family: The family, a registered dataset `nape/<family>`.
        version: The dataset version.
        configs: As in `measured_configs`.
        choice: As in `measured_configs`; where it names no subset, that is taken which labelling
            runs draw from (nb201 without `none`).
        against: Configs of published labels that the micro accuracies are compared with, of
            this dataset ("cifar10") or another ("jane/mine/cifar10"). What came of it is kept
            beside the card, which can be made again where they are not at hand.
        card: Whether to make the card of a version that is there anew.
        embedded: Where versions lie; by default the package's folder of datasets.
        cards: The folder of the cards' parts.

    Returns:
        The folder and its manifest.

    Raises:
        UnknownNameError: No such dataset or config.
        DataError: The store has not what is needed, a part of the card is missing or names a
            figure that there is not, or the version is there with other content.
        IntegrityError: The registry pins other content for this version.
    """
    spec = dataset_specs()[f"nape/{family}"]
    from nape_bench.labels.choose import DRAWN_FROM

    choice = choice or Choice()
    if choice.subset is None:
        choice = replace(choice, subset=DRAWN_FROM.get(family))
    made = measured_configs(store, family, configs, choice)
    data = {config: each.data for config, each in made.items()}
    manifest = describe(spec.name, version, spec.shipped_info, data)
    for config in manifest.configs:
        check_pin(manifest, config, f"what {store} holds")
    folder = (embedded or places.EMBEDDED) / family / version
    present = read_manifest(folder) if folder.exists() else None
    if present is not None:
        check_same(present, manifest, folder)
        if against and not card:
            raise DataError(
                f"{folder} is there already, with its card: --card makes that again, and compares "
                "its labels with published ones"
            )
        if not card:
            return folder, present
    validities = _validities(folder / VALIDITY_FILE, spec.name, made, against)
    body = compose(cards, manifest, made, validities)
    extra = {VALIDITY_FILE: to_json(validities)} if validities else {}
    if present is None:
        write_folder(folder, manifest, data, card=body, extra=extra)
        return folder, manifest
    rewrite_card(folder, present, data, body, extra)
    return folder, present


def check_same(present: Manifest, made: Manifest, folder: Path) -> None:
    """Check that a version which is there holds what was made: rows, labels and what they mean."""
    told, found = (
        {name: (c.target, c.labels, c.split_hashes) for name, c in manifest.configs.items()}
        for manifest in (made, present)
    )
    differing = sorted(name for name in {*told, *found} if told.get(name) != found.get(name))
    if (present.name, present.version) != (made.name, made.version) or differing:
        raise DataError(
            f"{folder} holds {present.name} {present.version} with other content in "
            f"{', '.join(differing)}: a version is never changed; make the next one"
        )


def _validities(
    path: Path, name: str, made: dict[str, Measured], against: Sequence[str]
) -> list[Validity]:
    if not against:
        return from_json(path.read_text(encoding="utf-8")) if path.exists() else []
    if MICRO not in made:
        raise DataError(f"only {MICRO} accuracies are compared with published labels")
    rows = made[MICRO].rows
    ours = {
        "micro accuracy": made[MICRO].labels[ACCURACY].values,
        "multiply-adds": rows.graphs.flops().astype(np.float64),
        "parameters": rows.graphs.params().astype(np.float64),
    }
    named = [each.rpartition("/") for each in against]
    return [validity(rows, ours, dataset or name, config) for dataset, _, config in named]
