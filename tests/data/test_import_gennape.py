"""import_gennape and import_aiop: from the authors' caches to datasets."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nape_bench.data import load_dataset
from nape_bench.data.importers import gennape, import_aiop
from nape_bench.data.importers.published import BATCH
from nape_bench.data.registry import dataset_specs
from nape_bench.errors import DataError
from nape_bench.spaces import space
from tests.data.caches import (
    cache,
    config,
    entry,
    json_record,
    other_op,
    run,
    sampled,
    write_json,
)

PICKLED = {
    "nb101": ("nb101", "gennape_cifar10"),
    "nb201c10": ("nb201", "gennape_cifar10"),
    "nb201c100": ("nb201", "gennape_cifar100"),
    "nb201imgnet": ("nb201", "gennape_imagenet16"),
    "nb201c10_complete": ("nb201", "gennape_cifar10_complete"),
    "nb301": ("nb301", "gennape_cifar10"),
    "ofa_resnet": ("ofa_resnet", "gennape_imagenet"),
}
AIOP = "gpi_ofa_pn_obj_det_coco_ind_comp_graph_cache.pkl"


def labels(name: str, config: str, label: str = "accuracy") -> dict[str, float]:
    ds = load_dataset(name, config)
    return {i: y for s in ds for i, y in zip(ds[s].ids, ds[s].labels[label].tolist(), strict=True)}


@pytest.mark.parametrize("kind", PICKLED)
def test_every_cache(tmp_path: Path, kind: str) -> None:
    family, name = PICKLED[kind]
    specs = sampled(family, 3)
    fields = {"flops": None} if family == "nb201" else {}
    entries = [entry(family, spec, i, **fields) for i, spec in enumerate(specs)]
    if family == "nb201":
        entries = [{k: v for k, v in each.items() if k != "n_params"} for each in entries]
    ((folder, report),) = run(cache(tmp_path, kind, entries))
    assert (report.read, report.kept, report.graphs_same) == (3, 3, 3)
    assert report.graphs_differing == {}
    ids = [f"{family}:{space(family).format(spec)}" for spec in specs]
    assert labels(f"nape/{family}", name) == dict(
        zip(ids, (0.9, 0.9 + 1 / 1024, 0.9 + 2 / 1024), strict=True)
    )
    ds = load_dataset(f"nape/{family}", name)
    assert Path(ds.path) == folder
    assert (ds.target, ds.version) == ("accuracy", "v1.0")
    assert ds.labels_info["accuracy"].unit == "fraction"
    assert "fraction of 1" in ds.labels_info["accuracy"].meaning
    if family == "nb201":
        assert list(ds.labels_info) == ["accuracy"]
    else:
        assert labels(f"nape/{family}", name, "flops")[ids[2]] == 3e8 + 2
        assert labels(f"nape/{family}", name, "params")[ids[2]] == 1e6 + 2
        assert (ds.labels_info["flops"].unit, ds.labels_info["flops"].higher_is_better) == (
            "FLOPs", False,
        )  # fmt: skip
    for split in ds:
        for i, graph in enumerate(ds[split].graphs):
            assert graph == space(family).build(ds[split].specs[i])


def test_the_two_families_of_a_cache(tmp_path: Path) -> None:
    mixed = [
        entry(family, spec, i)
        for i, family in enumerate(("ofa_pn", "ofa_mbv3", "ofa_pn"))
        for spec in sampled(family, 1, seed=i)
    ]
    found = run(cache(tmp_path, "ofa", mixed))
    assert [report.kept for _, report in found] == [2, 1]
    pn, mbv3 = (labels(f"nape/{name}", "gennape_imagenet") for name in ("ofa_pn", "ofa_mbv3"))
    assert sorted(pn.values()) == [0.9, 0.9 + 2 / 1024]
    assert list(mbv3.values()) == [0.9 + 1 / 1024]
    told = load_dataset("nape/ofa_mbv3", "gennape_imagenet").provenance
    assert (told["family"], told["task"], told["entries"]) == ("ofa_mbv3", "ImageNet", 1)
    mixed[1]["compute graph"]["name"] = "OFA-Net3"
    with pytest.raises(DataError, match=r"entry 2 .* begins with one of OFA-PN, OFA-MBV3"):
        run(cache(tmp_path, "ofa", mixed), version="v2.0")


@pytest.mark.parametrize("family", gennape.JSON)
def test_json(tmp_path: Path, family: str) -> None:
    specs = sampled(family, 3)
    records = [json_record(family, spec, i) for i, spec in enumerate(specs)]
    name = f"{family}_cifar10_labelled_cg_data.json"
    path = write_json(tmp_path / (name if family == "inception" else f"gpi_test_{name}"), family,
                      records)  # fmt: skip
    ((_, report),) = run(path)
    assert (report.kept, report.graphs_same) == (3, 3)
    found = labels(f"nape/{family}", "gennape_cifar10")
    assert list(found.values()) != []
    assert found[f"{family}:{space(family).format(specs[2])}"] == 91.25 + 2 / 64
    told = load_dataset(f"nape/{family}", "gennape_cifar10").labels_info["accuracy"]
    assert (told.unit, "best epoch" in told.meaning) == ("%", True)


def test_provenance(tmp_path: Path) -> None:
    path = cache(tmp_path, "nb101", [entry("nb101", spec) for spec in sampled("nb101", 1)])
    run(path, on_duplicate="first")
    told = load_dataset("nape/nb101", "gennape_cifar10").provenance
    assert told["importer"] == "gennape"
    assert told["file"] == path.name
    assert told["source"].startswith("Mills et al., GENNAPE")
    assert (told["entries"], told["entries_skipped"]) == (1, 0)
    assert (told["graphs_compared"], told["graphs_same"], told["graphs_differing"]) == (1, 1, {})
    assert told["command"] == (
        f"nape-bench import gennape {path.name} --version v1.0 --on-duplicate first"
    )


def changed(**fields: Any) -> dict[str, Any]:
    """Return an entry of nb101 whose graph, or a node of it, is another."""
    found = entry("nb101", sampled("nb101", 1)[0])
    graph = found["compute graph"]
    for key, change in fields.items():
        if key in graph:
            graph[key] = change(graph[key]) if callable(change) else change
        elif key in graph["weighted_nodes"][1]:
            graph["weighted_nodes"][1][key] = change
        else:
            found[key] = change
    return found


def conv(**fields: Any) -> dict[str, Any]:
    node = dict(changed()["compute graph"]["weighted_nodes"][0])
    return {**node, **fields}


WRONG = [
    ({"acc": math.nan}, "acc is nan, where a number of 0 to 1 expected"),
    ({"acc": math.inf}, "acc is inf, where"),
    ({"acc": 93.5}, "acc is 93.5, where a number of 0 to 1"),
    ({"acc": True}, "acc is True"),
    ({"acc": "0.9"}, "acc is '0.9'"),
    ({"acc": None}, "acc is None"),
    ({"flops": -1.0}, "flops is -1.0"),
    ({"flops": math.nan}, "flops is nan"),
    ({"compute graph": 5}, "a ComputeGraph expected, not 5"),
    ({"compute graph": {"a": 1}}, "has no edge_pairs, regular_nodes, weighted_nodes"),
    ({"original config": (["input"], [[0]])}, "nb101: "),
    ({"original config": b"bytes"}, "nb101: "),
    ({"edge_pairs": 5}, "edge_pairs of a ComputeGraph is a list, not 5"),
    ({"edge_pairs": [(0, 1, 2)]}, "edge_pairs are pairs"),
    ({"edge_pairs": [(0, 1), (0,)]}, "edge_pairs are pairs"),
    ({"edge_pairs": [("0", "1")]}, "edge_pairs are pairs"),
    ({"edge_pairs": [(0, 1.5)]}, "edge_pairs are pairs"),
    ({"edge_pairs": [(0, 10_000)]}, r"edge 0 \(0, 10000\) names a node that is not there"),
    ({"edge_pairs": lambda edges: [*edges, edges[-1][::-1]]}, "graph NB101-Net0: it has a cycle"),
    ({"edge_pairs": [(0, 0)]}, "it has a cycle"),
    ({"regular_nodes": lambda nodes: nodes[1:]}, "has an input and an output node|names a node"),
    ({"regular_nodes": [5]}, "a node expected, not 5"),
    ({"op_type_idx": 77}, "node '.*': op_type_idx is 77, where 0 to 31 expected"),
    ({"op_type_idx": "conv"}, "op_type_idx is 'conv'"),
    ({"resolution": (32, 32, 32)}, "resolution is .32, 32, 32., where 6 integers expected"),
    ({"resolution": (0, 32, 32, 32, 3, 3)}, "h_in is 0, where 1 to 32767 expected"),
    ({"resolution": (2**40, 32, 32, 32, 3, 3)}, "h_in is 1099511627776, where"),
    ({"strides": None}, "strides is None, where 4 integers expected"),
    ({"shape": [3, 3, "a", 3]}, "shape is .3, 3, 'a', 3., where 4 integers"),
    ({"metadata": 5}, "metadata is 5, where a dictionary"),
    ({"metadata": {"dilations": (1, 2, 1, 1)}}, "the same along height and width"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_what_is_wrong_stops_the_import_and_is_named(
    tmp_path: Path, own_home: Path, change: dict[str, Any], message: str
) -> None:
    good = [entry("nb101", spec, i) for i, spec in enumerate(sampled("nb101", 2, seed=5))]
    path = cache(tmp_path, "nb101", [good[0], changed(**change), good[1]])
    with pytest.raises(DataError, match=message) as caught:
        run(path)
    assert str(caught.value).startswith(f"{path}, entry 2 (byte ")
    assert "nothing was imported" in str(caught.value)
    assert list(own_home.iterdir()) == []
    ((folder, report),) = run(path, skip_bad=True)
    assert (report.read, report.kept, len(report.skipped)) == (3, 2, 1)
    on_disk = json.loads((folder / "import_report.json").read_text())
    assert on_disk["skipped"][0]["where"].startswith("entry 2 (byte ")
    assert load_dataset("nape/nb101", "gennape_cifar10").provenance["entries_skipped"] == 1


def test_a_file_of_bad_entries_alone(tmp_path: Path, own_home: Path) -> None:
    path = cache(tmp_path, "nb101", [changed(acc=math.nan), {"acc": 1}])
    with pytest.raises(DataError, match="none of its architectures of nb101 can be read"):
        run(path, skip_bad=True)
    with pytest.raises(DataError, match="none of its architectures"):
        run(cache(tmp_path, "nb101", []))
    path = cache(tmp_path, "nb101", [changed(**{"original config": ["input"]})])
    with pytest.raises(DataError, match="none of its architectures"):
        run(path, skip_bad=True)
    assert list(own_home.iterdir()) == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**40) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(("a", "str_id", "op_type_idx")), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(ANYTHING, st.lists(st.integers(0, 400), min_size=1, max_size=6))
def test_anything_in_place_of_anything(tmp_path: Path, value: Any, place: list[int]) -> None:
    def replaced(found: Any, steps: list[int]) -> Any:
        if steps and isinstance(found, dict) and found:
            key = list(found)[steps[0] % len(found)]
            return {**found, key: replaced(found[key], steps[1:])}
        if steps and isinstance(found, list) and found:
            at = steps[0] % len(found)
            return [*found[:at], replaced(found[at], steps[1:]), *found[at + 1 :]]
        return value

    record = json_record("two_path", sampled("two_path", 1)[0])
    path = write_json(tmp_path / "two_path_cifar10_labelled_cg_data.json", "two_path",
                      [replaced(record, place)])  # fmt: skip
    try:
        ((folder, report),) = run(path)
    except DataError as error:
        told = str(error)
        assert told.startswith(str(path)) or "with other content" in told
    else:
        assert report.kept == 1
        shutil.rmtree(folder)


def test_a_cache_that_is_cut_off_leaves_nothing(tmp_path: Path, own_home: Path) -> None:
    path = cache(
        tmp_path, "nb101", [entry("nb101", s, i) for i, s in enumerate(sampled("nb101", 3))]
    )
    whole = path.read_bytes()
    for share in (0.2, 0.5, 0.999):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(DataError, match="it is cut off"):
            run(path, skip_bad=True)
    assert list(own_home.iterdir()) == []


def test_more_than_a_batch(tmp_path: Path) -> None:
    specs = sampled("hiaml", 40)
    records = [json_record("hiaml", spec, i) for i, spec in enumerate(specs)]
    many = [records[i % 40] for i in range(BATCH + 41)]
    bad = json_record("hiaml", specs[3], 3)
    other_op(bad["cg"])
    path = write_json(tmp_path / "hiaml_cifar10_labelled_cg_data.json", "hiaml", [*many, bad])
    ((_, report),) = run(path)
    assert (report.read, report.kept) == (BATCH + 42, 40)
    assert report.repeated_same == BATCH + 2
    assert report.graphs_same == BATCH + 41
    assert report.graphs_differing["more ReLU6 and fewer ReLU"]["first"] == ["HiAMLNet3"]


def test_an_architecture_with_other_labels(tmp_path: Path) -> None:
    spec = sampled("nb101", 1)[0]
    path = cache(tmp_path, "nb101", [entry("nb101", spec, 0), entry("nb101", spec, 64)])
    with pytest.raises(DataError, match=r"entry 2 .* stood in entry 1 .* already, with accuracy"):
        run(path)
    run(path, on_duplicate="mean")
    assert list(labels("nape/nb101", "gennape_cifar10").values()) == [0.9 + 1 / 32]
    with pytest.raises(DataError, match="one of error, mean, first"):
        run(path, on_duplicate="last")


def test_importing_again(tmp_path: Path) -> None:
    path = cache(
        tmp_path, "nb101", [entry("nb101", s, i) for i, s in enumerate(sampled("nb101", 2))]
    )
    ((folder, _),) = run(path)
    assert run(path)[0][0] == folder
    other = cache(tmp_path, "nb101", [entry("nb101", sampled("nb101", 1, seed=9)[0])])
    with pytest.raises(DataError, match=r"is in .* with other content"):
        run(other)
    ((newer, _),) = run(other, version="v1.1")
    assert load_dataset("nape/nb101", "gennape_cifar10").path == str(newer)


def test_a_folder_of_a_release(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    cache(tmp_path / "cache", "nb101", [entry("nb101", sampled("nb101", 1)[0])])
    write_json(tmp_path / "hiaml_cifar10_labelled_cg_data.json", "hiaml",
               [json_record("hiaml", sampled("hiaml", 1)[0])])  # fmt: skip
    (tmp_path / "README.md").write_text("something else")
    assert [folder.parent.parent.name for folder, _ in run(tmp_path)] == ["nb101", "hiaml"]
    cache(tmp_path / "cache", "nb301", [{"acc": 0.5}])
    with pytest.raises(DataError, match=r"has no compute graph, .*imported before: .*nb101"):
        run(tmp_path)


def test_paths_that_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there: a file, folder or archive expected"):
        run(tmp_path / "nothing.pkl")
    with pytest.raises(DataError, match=r"has none of the files of this release: gpi_<family>"):
        run(tmp_path)
    (tmp_path / "cache.pkl").write_bytes(b"")
    with pytest.raises(DataError, match="has none of the files of this release"):
        run(tmp_path / "cache.pkl")
    with pytest.raises(DataError, match=r"gpi_ofa_<family>_<metric>_<data>"):
        import_aiop(tmp_path, progress=False)
    with pytest.raises(DataError, match=r"as in v1\.0"):
        run(tmp_path, version="1")


def test_commands_of_the_registry_name_files_that_are_known() -> None:
    from nape_bench.data.importers import aiop

    found = 0
    for name in dataset_specs():
        for config_name, how in dataset_specs()[name].how.items():
            words = how.split()
            if words[2] in {"gennape", "aiop"}:
                module = gennape if words[2] == "gennape" else aiop
                layout = module.layout(words[3])
                assert layout is not None, how
                assert layout.config == config_name
                assert name.removeprefix("nape/") in layout.families.values()
                found += 1
    assert found >= 12


def test_a_pair_of_nb201_reads_what_is_fixed() -> None:
    spec = sampled("nb201", 1)[0]
    assert space("nb201").normalise(config("nb201", spec)) == spec
    assert space("nb201").normalise([spec["ops"], [[0], [0], [1], [0], [1], [2, 3]]]) == spec
    for reads in (((0,), (0,), (1,), (0,), (1,), (3, 2)), None, 5):
        with pytest.raises(Exception, match="the operations of a pair read"):
            space("nb201").normalise((spec["ops"], reads))


@pytest.mark.shared
def test_the_samples(shared: Path) -> None:
    found = run(shared / "samples" / "gennape_release")
    found += import_aiop(shared / "samples" / "aiop_release", progress=False)
    kept = {(folder.parent.parent.name, folder.name): report for folder, report in found}
    assert {key: report.kept for key, report in kept.items()} == {
        ("nb101", "gennape_cifar10"): 4, ("nb201", "gennape_cifar10"): 4,
        ("nb301", "gennape_cifar10"): 2, ("ofa_pn", "gennape_imagenet"): 4,
        ("ofa_mbv3", "gennape_imagenet"): 4, ("ofa_resnet", "gennape_imagenet"): 4,
        ("hiaml", "gennape_cifar10"): 4, ("two_path", "gennape_cifar10"): 4,
        ("inception", "gennape_cifar10"): 4, ("ofa_resnet", "aiop_obj_det_ind"): 4,
    }  # fmt: skip
    for report in kept.values():
        assert (report.graphs_same, report.graphs_differing) == (report.kept, {})
    releases = [path for name in ("gennape_release", "aiop_release")
                for path in (shared / "samples" / name).rglob("*.*")]  # fmt: skip
    tried = {load_dataset(f"nape/{name}", of).provenance["file"] for name, of in kept}
    assert tried == {path.name for path in releases}
    # The one sample that has published labels: CIFAR-10 accuracies of NAS-Bench-201.
    assert max(labels("nape/nb201", "gennape_cifar10").values()) < 1
