"""Makes the embedded micro dataset of a family from a label store.

    python -m nape_bench.data.build_micro hiaml --store DIR --version v1.0

It is run in a checkout of the repository: README.md is made from `cards/<family>.md`, whose
figures (`$architectures` ...) are filled in from the data. It prints the content hash to pin in
`nape_bench/data/datasets/<family>.py`.
"""

from __future__ import annotations

import argparse
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.build import split_rows
from nape_bench.data.info import ConfigData
from nape_bench.data.manifest import ConfigInfo, Manifest, read_manifest
from nape_bench.data.micro_labels import ACCURACY, SECONDS, MicroResults, read_results
from nape_bench.data.readme import COLUMNS_TEXT, label_table, split_table
from nape_bench.data.registry import dataset_specs
from nape_bench.data.store import check_pin
from nape_bench.data.write import describe, write_folder
from nape_bench.errors import DataError, NapeError
from nape_bench.metrics import spearman
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from nape_bench.data.rows import Rows

CONFIG = "micro"
EMBEDDED = Path(__file__).parent / "embedded"
CARDS = Path(__file__).parents[2] / "cards"


def build_micro(
    family: str,
    store: Path,
    version: str,
    *,
    recipe: str | None = None,
    folder: Path | None = None,
    card: Path | None = None,
) -> tuple[Path, Manifest]:
    """Make `nape/<family>`, config micro, from a label store.

    Architectures that lack a seed, or one of whose trainings failed, are left out. Rows are in
    the order of the specifications' text, so that the order of measurement does not show.

    Args:
        family: The family, a registered dataset `nape/<family>`.
        store: Folder of the label store.
        version: The dataset version.
        recipe: Version of the micro recipe; by default the only one in the store.
        folder: Where to write; by default the package's embedded folder.
        card: Body of README.md with `$name` for figures; by default `cards/<family>.md`.

    Returns:
        The folder and its manifest. A folder with the same version and content stays as it is.

    Raises:
        DataError: The store does not hold what is needed, the card names a figure that there is
            not, or the folder holds something else already.
        IntegrityError: The registry pins other content for this version.
    """
    spec = dataset_specs()[f"nape/{family}"]
    results = read_results(store, family, recipe)
    rows = results.rows()
    provenance = {
        "measure": "micro training by this project",
        "recipe": results.settings,
        "seeds": list(results.seeds),
        "architectures_left_out": results.incomplete,
        "machines": results.machines,
    }
    data = ConfigData(ACCURACY, results.label_info(), provenance, split_rows(rows))
    manifest = describe(spec.name, version, spec.info, {CONFIG: data})
    check_pin(manifest, CONFIG, f"what {store} holds")
    body = _card(card or CARDS / f"{family}.md", figures(results, rows, manifest))
    folder = folder or EMBEDDED / family
    if folder.exists():
        present = read_manifest(folder)
        if present != manifest:
            raise DataError(
                f"{folder} holds {present.name} {present.version} with other content: a version "
                "is never changed; remove the folder to put a new version in its place"
            )
    else:
        write_folder(folder, manifest, {CONFIG: data}, card=body)
    return folder, manifest


def figures(results: MicroResults, rows: Rows, manifest: Manifest) -> dict[str, str]:
    """Return what a card's `$name`s stand for: figures of the data, and tables."""
    accuracy = rows.labels[ACCURACY]
    noise = results.accuracy.std(axis=1, ddof=1)
    between = results.seed_correlation
    count = len(results.seeds)
    # Spearman-Brown: reliability of a mean over seeds; its root bounds what correlates with it.
    reliability = count * between / (1 + (count - 1) * between)
    info: ConfigInfo = manifest.configs[CONFIG]
    nodes, edges = np.diff(rows.graphs.node_ptr), np.diff(rows.graphs.edge_ptr)
    flops, params = rows.graphs.flops(), rows.graphs.params()
    task, scale = results.settings["task"], results.settings["scale"]
    depth = "the family's own" if scale["depth"] is None else str(scale["depth"])
    values: dict[str, Any] = {
        "name": manifest.name,
        "version": manifest.version,
        "architectures": f"{len(rows):,}",
        "space_size": f"{space_of(results.space).size:,}",
        "left_out": results.incomplete,
        "graphs": f"{len(set(rows.texts['hash'].to_pylist())):,}",
        "groups": f"{len(set(rows.texts['group'].to_pylist())):,}",
        "nodes_min": nodes.min(),
        "nodes_mean": f"{nodes.mean():.0f}",
        "nodes_max": nodes.max(),
        "edges_mean": f"{edges.mean():.0f}",
        "flops_min": f"{flops.min() / 1e6:.0f}",
        "flops_max": f"{flops.max() / 1e6:.0f}",
        "params_min": f"{params.min() / 1e6:.2f}",
        "params_max": f"{params.max() / 1e6:.2f}",
        "seeds": count,
        "accuracy_min": f"{accuracy.min():.2f}",
        "accuracy_mean": f"{accuracy.mean():.2f}",
        "accuracy_max": f"{accuracy.max():.2f}",
        "accuracy_std": f"{accuracy.std(ddof=1):.2f}",
        "accuracy_distinct": f"{len(np.unique(accuracy)):,}",
        "seed_std": f"{np.sqrt(np.mean(noise**2)):.2f}",
        "seed_correlation": f"{between:.3f}",
        "ceiling": f"{np.sqrt(max(reliability, 0.0)):.3f}",
        "flops_correlation": f"{spearman(accuracy, flops):.3f}",
        "params_correlation": f"{spearman(accuracy, params):.3f}",
        "seconds_median": f"{np.median(rows.labels[SECONDS]):.1f}",
        "recipe": results.version,
        "width": scale["width"],
        "depth": depth,
        "resolution": scale["resolution"],
        "train_images": f"{task['train']:,}",
        "test_images": f"{task['test']:,}",
        "epochs": results.settings["epochs"],
        "averaged": results.settings["averaged"],
        "labels_table": label_table(info),
        "splits_table": split_table(info),
        "columns": COLUMNS_TEXT,
        "licence": manifest.info.licence,
        "citation": manifest.info.citation,
    }
    return {key: str(value) for key, value in values.items()}


def _card(path: Path, values: dict[str, str]) -> str:
    """Return a card with its figures filled in."""
    try:
        return string.Template(path.read_text(encoding="utf-8")).substitute(values)
    except OSError as error:
        raise DataError(f"{path}: a card is needed: {error}") from None
    except (KeyError, ValueError) as error:
        raise DataError(f"{path}: {error} is no figure; there are {', '.join(values)}") from None


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nape_bench.data.build_micro",
        description="Make the embedded micro dataset of a family from a label store.",
    )
    parser.add_argument("family", help="the family: nape/<family> is made")
    parser.add_argument("--store", type=Path, required=True, help="folder of the label store")
    parser.add_argument("--version", required=True, help="dataset version, as in v1.0")
    parser.add_argument("--recipe", help="version of the micro recipe, where the store has several")
    parser.add_argument("--out", type=Path, help="dataset folder (default: in the package)")
    given = parser.parse_args(arguments)
    try:
        folder, manifest = build_micro(
            given.family, given.store, given.version, recipe=given.recipe, folder=given.out
        )
    except NapeError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    info = manifest.configs[CONFIG]
    print(f"{manifest.name} {manifest.version}, {info.rows} architectures, is in {folder}")  # noqa: T201
    print(f'pins={{"{manifest.version}": {{"{CONFIG}": "{info.content_hash}"}}}},')  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
