"""BibTeX of a dataset version, of the rule that split it, and of the papers behind it."""

from __future__ import annotations

import re
from importlib import metadata
from typing import TYPE_CHECKING

from nape_bench.data.content import ALGORITHM
from nape_bench.data.info import version_key
from nape_bench.data.manifest import Manifest
from nape_bench.data.places import HUB, find_all
from nape_bench.data.registry import OUR_LABELS, dataset_specs, split_by_group
from nape_bench.data.splits import SCHEME
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

AUTHORS = "The nape_bench authors"
SOFTWARE = (
    "nape_bench: labelled neural architectures, protocols and baselines for performance predictors"
)
"""Title of the package, as in CITATION.cff."""

FULL_AUTHORS: Mapping[str, str] = {
    "GENNAPE: Towards Generalized Neural Architecture Performance Estimators": (
        "Mills, Keith G. and Han, Fred X. and Zhang, Jialin and Chudak, Fabian and "
        "Safari Mamaghani, Ali and Salameh, Mohammad and Lu, Wei and Jui, Shangling and Niu, Di"
    ),
}
"""Title -> all authors, of the papers that CITATION.cff has; of others the first is told."""

_PAPER = re.compile(r"(?P<authors>[^,]+), (?P<title>.+), (?P<venue>[^,]+) (?P<year>\d{4})")
_PARTS = re.compile(r" \((the family|the families|the setting|the labels)\)$")
_SPECIAL = re.compile(r"([&%$#_])")


def citation(name: str, version: str | None = None) -> str:
    """Return BibTeX to cite a dataset by.

    Args:
        name: The dataset, `owner/name`.
        version: A version at hand; by default the newest.

    Returns:
        Entries of the version with its content hashes, of the rule of its splits, of this package,
        and of each paper that the dataset names. Where no version is at hand the first is left out,
        and the rule where the dataset is split in a way of its own, which its card tells.

    Raises:
        UnknownNameError: No such dataset is known, or no such version is at hand.
    """
    specs, at_hand = dataset_specs(), find_all(name)
    versions = {key[2] for key in at_hand}
    if not versions and name not in specs:
        known = {key[0] for key in find_all()} | set(specs)
        raise unknown_name("dataset", name, known, "`nape-bench datasets` lists them.")
    if version is not None and version not in versions:
        raise unknown_name(f"version of {name}", version, versions)
    entries, sources = [], []
    if versions:
        version = version or max(versions, key=version_key)
        found = [each for (_, _, of), each in at_hand.items() if of == version]
        configs = {each.config: each.info for each in found}
        url = None
        if any(each.source == HUB for each in found):
            from nape_bench.data.hub.repository import Repository

            url = f"{Repository(name).url}/tree/{version}"
        entries.append(dataset_entry(Manifest(name, version, found[0].manifest.info, configs), url))
        sources = [each.manifest.info.citation for each in found]
    if name in specs:
        sources.append(specs[name].info.citation)
    papers = dict.fromkeys(part for source in sources for part in _parts(source))
    if split_by_group(found[0].manifest.info if versions else specs[name].info):
        entries.append(split_entry())
    entries += [software_entry(), *map(paper_entry, papers)]
    return "\n\n".join(entries)


def dataset_entry(manifest: Manifest, url: str | None = None) -> str:
    """Return the entry of a dataset version, which its content hashes tell from any other.

    Args:
        manifest: The version.
        url: Where it is published, if it is.
    """
    name, version = manifest.name, manifest.version
    hashes = ", ".join(f"{config} {it.content_hash}" for config, it in manifest.configs.items())
    title, dataset = _escaped(manifest.info.title), _escaped(name)
    fields = {
        "author": f"{{{_escaped(author(manifest))}}}",
        "title": f"{{{title}}}, dataset {dataset}, version {version}",
        "year": _year(manifest),
        "note": _escaped(f"Content hashes ({ALGORITHM}): {hashes}"),
        "url": url,
    }
    return _entry("misc", f"{name.replace('/', '-')}-{version}", fields)


def author(manifest: Manifest) -> str:
    """Return who made a dataset: its owner, unless the labels are of this project."""
    ours = manifest.name in dataset_specs() or OUR_LABELS in manifest.info.citation
    return AUTHORS if ours else manifest.name.partition("/")[0]


def split_entry() -> str:
    """Return the entry of the rule that datasets are split by."""
    fields = {
        "author": f"{{{_escaped(AUTHORS)}}}",
        "title": f"{{{SCHEME}}}: splits of neural architectures by the function that they compute",
        "howpublished": _escaped(f"nape_bench {_own_version()}, module nape_bench.data.splits"),
    }
    return _entry("misc", SCHEME, fields)


def software_entry() -> str:
    """Return the entry of this package."""
    fields = {
        "author": f"{{{_escaped(AUTHORS)}}}",
        "title": f"{{{_escaped(SOFTWARE)}}}",
        "version": _own_version(),
    }
    return _entry("software", "nape_bench", fields)


def paper_entry(source: str) -> str:
    """Return the entry of a paper.

    Args:
        source: BibTeX, which is returned as it is; "Authors, Title, Venue Year"; or any other text,
            which becomes a note.
    """
    if source.startswith("@"):
        return source
    match = _PAPER.fullmatch(source)
    if match is None:
        return _entry("misc", _key(source), {"note": _escaped(source)})
    authors, title = match["authors"], match["title"]
    family = re.split(r" et al\.| and ", authors)[0]
    fields = {
        "author": FULL_AUTHORS.get(title, authors.replace(" et al.", " and others")),
        "title": f"{{{_escaped(title)}}}",
        "booktitle": match["venue"],
        "year": match["year"],
    }
    key = f"{_key(family)}{match['year']}{_key(re.split(r'[ :]', title)[0])}"
    return _entry("inproceedings", key, fields)


def _own_version() -> str:
    return metadata.version("nape-bench")


def _parts(source: str) -> Iterable[str]:
    """Take apart what a dataset says is to be cited; what is of this package has its own entry."""
    if source.startswith("@"):
        return [source]
    parts = [_PARTS.sub("", part.strip()) for part in source.split(";")]
    return [part for part in parts if part not in {"", "nape_bench"}]


def _year(manifest: Manifest) -> str | None:
    """Return the year of the newest measurement, where the provenance tells of it."""
    newest = [str(config.provenance.get("newest", "")) for config in manifest.configs.values()]
    return max(newest)[:4] or None


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())[:24]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _entry(kind: str, key: str, fields: Mapping[str, str | None]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value is not None]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])
