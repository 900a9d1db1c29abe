"""import_gennape: the caches and JSON files of GENNAPE's release (Mills et al., AAAI 2023)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from nape_bench.data.importers.computation_graphs import short
from nape_bench.data.importers.published import label
from nape_bench.data.importers.published_files import (
    FLOPS,
    PARAMS,
    Imported,
    Layout,
    Release,
    import_release,
)
from nape_bench.data.importers.repeats import ERROR
from nape_bench.data.pickles.plain import plain
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import os

SOURCE = (
    "Mills et al., GENNAPE: Towards Generalized Neural Architecture Performance Estimators, "
    "AAAI 2023"
)

_CIFAR10, _IMAGENET = ("cifar10", "CIFAR-10"), ("imagenet", "ImageNet")
CACHES: dict[str, tuple[dict[str, str], tuple[str, str]]] = {
    "nb101": ({"NB101": "nb101"}, _CIFAR10),
    "nb201c10": ({"NB201": "nb201"}, _CIFAR10),
    "nb201c100": ({"NB201": "nb201"}, ("cifar100", "CIFAR-100")),
    "nb201imgnet": ({"NB201": "nb201"}, ("imagenet16", "ImageNet-16-120")),
    "nb301": ({"NB301": "nb301"}, ("cifar10", "CIFAR-10, predicted by NAS-Bench-301's surrogate")),
    "ofa": ({"OFA-PN": "ofa_pn", "OFA-MBV3": "ofa_mbv3"}, _IMAGENET),
    "ofa_resnet": ({"OFA-ResNet": "ofa_resnet"}, _IMAGENET),
}
"""What stands in a cache's name -> beginning of a graph's name -> space; config and task."""

JSON = {"hiaml": "HiAMLNet", "two_path": "TwoPathNet", "inception": "InceptionNet"}
"""Families that are published as JSON -> beginning of a graph's name."""

_CACHE = re.compile(rf"gpi_({'|'.join(CACHES)})(_complete)?_comp_graph_cache\.pkl")
_JSON = re.compile(rf"(?:gpi_test_)?({'|'.join(JSON)})_cifar10_labelled_cg_data\.json")
_FRACTION = ("accuracy, as a fraction of 1 as the authors' file has it", "fraction")
_BEST = ("accuracy of the best epoch, as the authors' file has it (max_perf)", "%")


def import_gennape(
    path: str | os.PathLike[str] | None = None,
    *,
    revision: str | None = None,
    version: str = "v1.0",
    skip_bad: bool = False,
    on_duplicate: str = ERROR,
    progress: bool = True,
) -> list[Imported]:
    """Make datasets of GENNAPE's files, in the local store.

        import_gennape("GENNAPE/")  # or one file, or a zip or tar archive
        import_gennape()  # from its authors' repository at the Hub

    Each file becomes config `gennape_<task>` of `nape/<family>`; that of the two once-for-all
    families, of both. Labels are the authors' values, unchanged: fractions of 1 in the caches, per
    cent in the JSON files, whose label is the best epoch. Graphs are built from the specifications
    and compared with the published ones; the report and the provenance say how many are the same
    and how the others differ. No code of the files is run (`data.pickles`).

    Args:
        path: A file, a folder with all below it, or an archive; None brings the release from its
            authors' repository at the Hub.
        revision: What to bring from there: a branch, a tag or a commit; by default its main branch.
        version: The version of the datasets.
        skip_bad: Leave out entries that cannot be read and list them in `import_report.json` in the
            dataset folder; by default the first one stops the import.
        on_duplicate: What becomes of an architecture that comes with different labels: "error",
            "mean" or "first".
        progress: Whether to show progress on stderr.

    Returns:
        For each dataset its folder, and what was read, kept and left out.

    Raises:
        DataError: There is no such file, one cannot be read (with the entry and the byte), or the
            version is there with other content. Nothing of that file is imported then.
        HubError: The Hub cannot be asked, or has no such revision.
    """
    return import_release(
        RELEASE, path, revision=revision, version=version, skip_bad=skip_bad,
        on_duplicate=on_duplicate, progress=progress,
    )  # fmt: skip


def layout(name: str) -> Layout | None:
    """Return what a file of this name holds, None where it is none of the release."""
    cache, text = _CACHE.fullmatch(name), _JSON.fullmatch(name)
    if cache:
        families, (config, task) = CACHES[cache[1]]
        config = f"gennape_{config}{cache[2] or ''}"
        return Layout(families, config, task, True, _read_cached, _FRACTION)
    if text:
        families = {JSON[text[1]]: text[1]}
        return Layout(families, "gennape_cifar10", "CIFAR-10", False, _read_json, _BEST)
    return None


RELEASE = Release(
    "gennape",
    SOURCE,
    layout,
    "gpi_<family>_comp_graph_cache.pkl (" + ", ".join(CACHES) + ") or "
    "<family>_cifar10_labelled_cg_data.json (" + ", ".join(JSON) + ")",
    "kgmills/GENNAPE",
)


def config_of(entry: dict[str, Any], keys: tuple[str, ...]) -> Any:
    """Return the configuration of an entry, plain: genotypes as dictionaries, arrays as lists.

    Raises:
        DataError: The entry is no dictionary, or a key is missing.
    """
    if not isinstance(entry, dict):
        raise DataError(f"a dictionary expected, not {short(entry)}")
    missing = [key for key in keys if key not in entry]
    if missing:
        raise DataError(f"the entry has no {', '.join(missing)}")
    return plain(entry[keys[-1]])


def sizes(entry: dict[str, Any], params: str) -> dict[str, float]:
    """Return the labels that tell of sizes: FLOPs and parameters as the authors have them."""
    return {
        FLOPS: label(entry.get("flops"), "flops", 0, math.inf),
        PARAMS: label(entry.get(params), params, 0, math.inf),
    }


def _read_cached(entry: Any) -> tuple[Any, Any, dict[str, float]]:
    config = config_of(entry, ("compute graph", "acc", "original config"))
    accuracy = {"accuracy": label(entry["acc"], "acc", 0, 1, needed=True)}
    return entry["compute graph"], config, {**accuracy, **sizes(entry, "n_params")}


def _read_json(entry: Any) -> tuple[Any, Any, dict[str, float]]:
    config = config_of(entry, ("cg", "max_perf", "net_config"))
    accuracy = label(entry["max_perf"], "max_perf", 0, 100, needed=True)
    return entry["cg"], config, {"accuracy": accuracy}
