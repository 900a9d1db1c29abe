"""import_gennape: published graphs that are not those of their specifications are named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nape_bench.data import load_dataset
from nape_bench.data.importers.computation_graphs import NodeRows, read_graph
from nape_bench.data.importers.graph_check import DIGITS, normalise
from nape_bench.errors import DataError
from nape_bench.graph.keys import graph_hashes
from nape_bench.spaces import space
from tests.data.caches import (
    cache,
    entry,
    json_record,
    other_op,
    run,
    sampled,
    state,
    write_json,
)

if TYPE_CHECKING:
    from pathlib import Path


def shifted(number: int, change: Any) -> dict[str, Any]:
    """Return an entry of which the graph, but not the specification, was changed."""
    found = entry("nb101", sampled("nb101", number + 1)[number], number)
    change(found["compute graph"])
    return found


def identity(graph: dict[str, Any]) -> None:
    """Put an Identity behind the first node, and one more behind that."""
    nodes = graph["regular_nodes"]
    first = len(graph["weighted_nodes"]) + len(nodes)
    node = {**nodes[1], "op_type_idx": 25, "str_id": "9|identity", "metadata": None}
    graph["regular_nodes"] = [*nodes, node, node]
    graph["edge_pairs"] = [
        (first + 1, b) if a == 0 else (a, b) for a, b in graph["edge_pairs"]
    ] + [(0, first), (first, first + 1)]  # fmt: skip


def other_kernel(graph: dict[str, Any]) -> None:
    graph["weighted_nodes"][0]["shape"] = [3, 128, 5, 5]


def test_rows_and_levels_that_are_known_change_no_hash() -> None:
    rows = NodeRows()
    built = [space("nb101").build(spec) for spec in sampled("nb101", 4)]
    graphs = [read_graph(state(graph, "x"), rows) for graph in built]
    found, hashes = normalise(graphs, rows)[::2]
    assert found.rows is not None
    assert found.level is not None
    anew = graph_hashes(found._replace(rows=None, level=None), 1)
    assert anew.tolist() == list(hashes)
    assert list(hashes) == [graph.hash[:DIGITS] for graph in built]
    part = found.part(1, 3)
    assert graph_hashes(part, 1).tolist() == list(hashes[1:3])


def test_graphs_that_differ_are_named(tmp_path: Path) -> None:
    changes = [lambda graph: None, identity, other_op, other_kernel, other_op]
    path = cache(tmp_path, "nb101", [shifted(i, change) for i, change in enumerate(changes)])
    ((_, report),) = run(path)
    assert (report.kept, report.graphs_same) == (5, 2)
    assert report.graphs_differing == {
        "more ReLU6 and fewer ReLU": {"count": 2, "first": ["NB101-Net2", "NB101-Net4"]},
        "other kernel_h, kernel_w of Conv": {"count": 1, "first": ["NB101-Net3"]},
    }
    assert "2 of 5 published graphs are those of their specifications" in report.summary()
    assert "2 differ: more ReLU6 and fewer ReLU (NB101-Net2, NB101-Net4)" in report.summary()
    ds = load_dataset("nape/nb101", "gennape_cifar10")
    assert ds.provenance["graphs_same"] == 2
    for split in ds:
        for i, graph in enumerate(ds[split].graphs):
            assert graph == space("nb101").build(ds[split].specs[i])


def test_wiring_that_differs_is_named(tmp_path: Path) -> None:
    record = json_record("hiaml", ["hiaml_t31", "hiaml_r30", "hiaml_g30", "hiaml_z"])
    graph = record["cg"]
    nodes = [*graph["weighted_nodes"], *graph["regular_nodes"]]
    adds = [i for i, node in enumerate(nodes) if node["op_type_idx"] == 9]
    # The two projections of the block r30 go into sums of their own: these are exchanged.
    into = {edge[0]: edge for edge in graph["edge_pairs"] if edge[1] in adds}
    alike = [
        (a, b)
        for a in into for b in into
        if a < b and into[a][1] != into[b][1] and {**nodes[a], "str_id": ""} == {
            **nodes[b], "str_id": ""}
    ]  # fmt: skip
    told = set()
    for number, (a, b) in enumerate(alike):
        into[a][1], into[b][1] = into[b][1], into[a][1]
        path = write_json(tmp_path / "hiaml_cifar10_labelled_cg_data.json", "hiaml", [record])
        try:
            told |= set(run(path, version=f"v{number}.0")[0][1].graphs_differing)
        except DataError as error:
            assert "it has a cycle" in str(error)  # noqa: PT017 (some lead back)
        into[a][1], into[b][1] = into[b][1], into[a][1]
    assert told == {"the same nodes, wired in another way"}


def test_a_sum_of_a_node_with_itself_is_no_difference(tmp_path: Path) -> None:
    skips = "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|{0}~0|{0}~1|{0}~2|"
    specs = [space("nb201").parse(skips.format(op)) for op in ("skip_connect", "nor_conv_3x3")]
    entries = [entry("nb201", spec, i) for i, spec in enumerate(specs)]
    built = space("nb201").build(specs[0])
    graph = entries[0]["compute graph"]
    assert len(graph["regular_nodes"]) + len(graph["weighted_nodes"]) < len(built)
    ((_, report),) = run(cache(tmp_path, "nb201c10", entries))
    assert (report.graphs_same, report.graphs_differing) == (2, {})


def test_an_input_of_another_size_is_named(tmp_path: Path) -> None:
    spec = sampled("ofa_resnet", 1)[0]
    usual = spec["resolution"]
    graph = state(space("ofa_resnet").build(spec, resolution=1024), "OFA-ResNet0")
    other = state(space("ofa_resnet").build(spec, resolution=512), "OFA-ResNet1")
    other_op(other)
    found = entry("ofa_resnet", spec, **{"compute graph": graph})
    path = cache(tmp_path, "ofa_resnet", [found, {**found, "compute graph": other}])
    ((_, report),) = run(path)
    assert list(report.graphs_differing) == [
        f"input of 1024 pixels, not {usual}; else the same",
        f"input of 512 pixels, not {usual}; more ReLU6 and fewer ReLU",
    ]
    assert report.repeated_same == 1
