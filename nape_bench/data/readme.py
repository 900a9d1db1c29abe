"""README.md of a dataset folder: the YAML that makes it open on the Hub, and the card below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nape_bench.data.manifest import data_file
from nape_bench.data.rows import TEXT_COLUMNS
from nape_bench.data.schema import LIST_DTYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nape_bench.data.manifest import ConfigInfo, Manifest


OWNER = "nape"
"""Whose datasets have parts of cards in the package."""
PARTS = Path(__file__).parent / "datasets"
"""The folder of parts."""


def readme(manifest: Manifest, sizes: Mapping[tuple[str, str], tuple[int, int]], body: str) -> str:
    """Return the text of README.md.

    Splits without rows are not named: `datasets` opens no config that has one.

    Args:
        manifest: What the folder holds.
        sizes: (config, split) -> (bytes of the file, bytes of the rows in memory).
        body: The card, Markdown.
    """
    import yaml

    front = {
        "license": manifest.info.licence,
        "pretty_name": manifest.info.title,
        "task_categories": ["graph-ml"],
        "tags": ["neural-architecture-search", "performance-prediction", "nape-bench"],
        "configs": [_data_files(manifest, name) for name in manifest.configs],
        "dataset_info": [
            _features(name, config, sizes) for name, config in manifest.configs.items()
        ],
    }
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{text}---\n\n{body.strip()}\n"


def plain_card(manifest: Manifest) -> str:
    """Return the card of an imported dataset: what the manifest says, in tables.

    A dataset of the project has its hand-written part before them (`written_part`).
    """
    info = manifest.info
    lines = [f"# {info.title}", "", info.description, ""]
    lines += [f"`{manifest.name}` {manifest.version}, family `{info.family}`.", ""]
    if part := written_part(manifest.name):
        lines += [part, ""]
    for name, config in manifest.configs.items():
        lines += [f"## Config `{name}`", "", label_table(config), "", split_table(config), ""]
        lines += ["Provenance:", ""]
        lines += [f"- {key}: {value}" for key, value in config.provenance.items()]
        lines.append("")
    lines += [COLUMNS_TEXT, "", f"## Licence\n\n{info.licence}"]
    if info.citation:
        lines += ["", f"## Citation\n\n{info.citation}"]
    return "\n".join(lines)


def written_part(name: str) -> str | None:
    """Return what was written by hand on the published labels of a dataset, None where nothing was.

    It lies in the package, as `datasets/<name>.md`: cards of imported datasets are made where they
    are imported.
    """
    owner, _, short = name.partition("/")
    path = PARTS / f"{short}.md"
    if owner != OWNER or not path.is_file():
        return None
    return path.read_text(encoding="utf-8").strip()


COLUMNS_TEXT = """## Columns

| column | type | what it holds |
|---|---|---|
| `id` | text | `<family>:<specification>`, unique |
| `family` | text | the space that the architecture comes from |
| `spec` | text | the specification as JSON, which the space builds the graph from |
| `hash` | text | names the graph, whatever the order of its nodes |
| `group` | text | names the function: the graph after nested additions are flattened |
| `node_op` | list of uint8 | operation of each node, an index into the vocabulary |
| `node_h_in` ... `node_bias` | lists of integers | sizes in pixels, channels, kernel, stride, \
dilation, groups and bias flag of each node |
| `edge_source`, `edge_target` | lists of int32 | edges between nodes of the graph, by target and \
then by input slot |

A group is in one split only. Values are float64; a missing label is NaN."""
"""The columns that all datasets have, for cards."""


def label_table(config: ConfigInfo) -> str:
    """Return the labels of a config as a Markdown table."""
    head = ["label", "meaning", "unit", "better", "seeds", "rank correlation between seeds"]
    rows = [
        [
            f"`{name}`" + (" (target)" if name == config.target else ""),
            said.meaning,
            said.unit,
            "higher" if said.higher_is_better else "lower",
            "" if said.seeds is None else str(said.seeds),
            "" if said.noise_ceiling is None else f"{said.noise_ceiling:.3f}",
            said.source,
        ]
        for name, said in config.labels.items()
    ]
    return markdown_table([*head, "source"], rows)


def split_table(config: ConfigInfo) -> str:
    """Return the splits of a config as a Markdown table."""
    rows = [[s, str(told.rows), f"`{told.content_hash}`"] for s, told in config.splits.items()]
    return markdown_table(["split", "rows", "content hash"], rows)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, *rows]
    texts = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([texts[0], "|---" * len(head) + "|", *texts[1:]])


def _data_files(manifest: Manifest, name: str) -> dict[str, Any]:
    splits = manifest.configs[name].splits.items()
    files = [{"split": s, "path": data_file(name, s)} for s, told in splits if told.rows]
    default = {"default": True} if name == manifest.default_config else {}
    return {"config_name": name, **default, "data_files": files}


def _features(
    name: str, config: ConfigInfo, sizes: Mapping[tuple[str, str], tuple[int, int]]
) -> dict[str, Any]:
    features: list[dict[str, str]] = [{"name": n, "dtype": "string"} for n in TEXT_COLUMNS]
    features += [{"name": n, "list": dtype} for n, dtype in LIST_DTYPES.items()]
    features += [{"name": n, "dtype": "float64"} for n in config.labels]
    splits = [
        {"name": split, "num_bytes": sizes[name, split][1], "num_examples": told.rows}
        for split, told in config.splits.items()
        if told.rows
    ]
    return {
        "config_name": name,
        "features": features,
        "splits": splits,
        "download_size": sum(sizes[name, split][0] for split in config.splits),
        "dataset_size": sum(sizes[name, split][1] for split in config.splits),
    }
