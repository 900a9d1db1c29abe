"""croissant.json: what machines read of a dataset, Croissant 1.0 with some fields of RAI 1.0.

Each Parquet file is a FileObject with its SHA-256, at the address of the version's tag, and each
split of a config a RecordSet over it. All that is said comes from the manifest. The formats:
http://mlcommons.org/croissant/1.0 and http://mlcommons.org/croissant/RAI/1.0.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from nape_bench.data.citation import author, dataset_entry
from nape_bench.data.info import version_key
from nape_bench.data.manifest import data_file
from nape_bench.data.registry import split_by_group
from nape_bench.data.rows import TEXT_COLUMNS
from nape_bench.data.schema import LIST_DTYPES
from nape_bench.data.splits import SCHEME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nape_bench.data.info import LabelInfo
    from nape_bench.data.manifest import ConfigInfo, Manifest

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
ENCODING = "application/x-parquet"

_CROISSANT_TERMS = (
    "citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject",
    "fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField",
    "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator",
    "source", "subField", "transform",
)  # fmt: skip
CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{term: f"cr:{term}" for term in _CROISSANT_TERMS},
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}
"""The context that the format's specification gives."""

LIMITS = (
    "Labels stand for what their descriptions say, at the scale that the card states. All labels "
    "are public, those of the test split too."
)

_TEXT_MEANINGS = {
    "id": "<family>:<specification>, unique",
    "family": "the space that the architecture comes from",
    "spec": "the specification as JSON, which the space builds the graph from",
    "hash": "names the graph, whatever the order of its nodes",
    "group": "names the function: the graph after nested additions are flattened",
}


def croissant(manifest: Manifest, files: Mapping[str, bytes], url: str, date: str) -> str:
    """Return the text of croissant.json; the same arguments give the same text.

    Args:
        manifest: The version.
        files: Path in the repository -> content; of the Parquet files digest and size are told.
        url: The repository's page.
        date: When the version was first published, ISO 8601.
    """
    info, version = manifest.info, manifest.version
    value = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": manifest.name.partition("/")[2],
        "alternateName": manifest.name,
        "description": info.description,
        "url": url,
        **({} if info.licence == "unknown" else {"license": info.licence}),
        "version": _semantic(version),
        "datePublished": date,
        "creator": {"@type": "sc:Organization", "name": author(manifest)},
        "keywords": ["neural architecture search", "performance prediction", info.family],
        "citeAs": dataset_entry(manifest, f"{url}/tree/{version}"),
        **_responsible(manifest),
        "distribution": list(_file_objects(manifest, files, f"{url}/resolve/{version}")),
        "recordSet": list(_record_sets(manifest)),
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def date_of(text: str) -> str | None:
    """Return the date of publication that a croissant.json tells; None where it tells none."""
    try:
        date = json.loads(text)["datePublished"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return date if isinstance(date, str) else None


def _semantic(version: str) -> str:
    """Return a version as MAJOR.MINOR.PATCH: v1.1 as 1.1.0."""
    parts = version_key(version)
    return ".".join(map(str, (*parts, *[0] * (3 - len(parts)))))


def _responsible(manifest: Manifest) -> dict[str, Any]:
    """Return the RAI fields that can be told of any dataset in this layout."""
    sources = {
        f"{name}: {source}": None
        for name, config in manifest.configs.items()
        for source in dict.fromkeys(label.source for label in config.labels.values())
    }
    measured = any("measure" in config.provenance for config in manifest.configs.values())
    imported = any("importer" in config.provenance for config in manifest.configs.values())
    kinds = ["Experiments"] * measured + ["Secondary Data analysis"] * imported
    return {
        "rai:dataCollection": "; ".join(sources),
        **({"rai:dataCollectionType": kinds} if kinds else {}),
        "rai:dataPreprocessingProtocol": _splits(manifest),
        "rai:dataUseCases": (
            "Developing, testing and comparing predictors of the performance of neural "
            "architectures."
        ),
        "rai:dataLimitations": " ".join([LIMITS, *_noise(manifest)]),
        "rai:personalSensitiveInformation": "None: network architectures and measurements of them.",
        "rai:dataReleaseMaintenancePlan": (
            "A version is a tag, and is never changed; corrected or further labels are a new one."
        ),
    }


def _splits(manifest: Manifest) -> str:
    if split_by_group(manifest.info):
        return (
            f"Architectures are in a split by the function that they compute ({SCHEME}): no two "
            "splits share one."
        )
    return "The card says what is in which split: no two share a function."


def _noise(manifest: Manifest) -> Iterator[str]:
    for name, config in manifest.configs.items():
        ceiling = config.labels[config.target].noise_ceiling
        if ceiling is not None:
            yield (
                f"Single measurements of {config.target} ({name}) have a rank correlation of "
                f"{ceiling:.3f} with each other."
            )


def _file_objects(
    manifest: Manifest, files: Mapping[str, bytes], address: str
) -> Iterator[dict[str, Any]]:
    for name, config in manifest.configs.items():
        for split in config.splits:
            path = data_file(name, split)
            yield {
                "@type": "cr:FileObject",
                "@id": path,
                "name": path,
                "description": f"Split {split} of config {name}.",
                "contentUrl": f"{address}/{path}",
                "contentSize": f"{len(files[path])} B",
                "encodingFormat": ENCODING,
                "sha256": hashlib.sha256(files[path]).hexdigest(),
            }


def _record_sets(manifest: Manifest) -> Iterator[dict[str, Any]]:
    for name, config in manifest.configs.items():
        for split, told in config.splits.items():
            identifier = f"{name}/{split}"
            yield {
                "@type": "cr:RecordSet",
                "@id": identifier,
                "name": identifier,
                "description": f"Config {name}, split {split}: {told.rows} architectures.",
                "key": {"@id": f"{identifier}/id"},
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"{identifier}/{column}",
                        "name": column,
                        **facts,
                        "source": {
                            "fileObject": {"@id": data_file(name, split)},
                            "extract": {"column": column},
                        },
                    }
                    for column, facts in _columns(config)
                ],
            }


def _columns(config: ConfigInfo) -> Iterator[tuple[str, dict[str, Any]]]:
    """Go through the columns of a config: name, and what a field says of it."""
    for name in TEXT_COLUMNS:
        yield name, {"description": _TEXT_MEANINGS[name], "dataType": "sc:Text"}
    for name in LIST_DTYPES:
        part, _, what = name.partition("_")
        yield (
            name,
            {
                "description": f"{what.replace('_', ' ')} of each {part} of the graph",
                "dataType": "sc:Integer",
                "repeated": True,
            },
        )
    for name, label in config.labels.items():
        yield name, {"description": _meaning(label), "dataType": "sc:Float"}


def _meaning(label: LabelInfo) -> str:
    unit = f", in {label.unit}" if label.unit else ""
    return f"{label.meaning}{unit}; {'higher' if label.higher_is_better else 'lower'} is better"
