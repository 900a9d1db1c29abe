"""One published graph: AutoGO's files, wrappers of dilated convolutions, and what is malformed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from nape_bench.cli.main import main
from nape_bench.data.importers.graph_file import read_graph_file
from nape_bench.errors import DataError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.vocabulary import OP_INDEX
from nape_bench.spaces import space
from tests.data.caches import NAMES, dumps, sampled, state

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, graph: Any, protocol: int = 4) -> Path:
    path.write_bytes(dumps(graph, protocol))
    return path


@pytest.mark.parametrize("family", NAMES)
@pytest.mark.parametrize("weighted_first", [True, False])
def test_graphs_of_every_family(tmp_path: Path, family: str, weighted_first: bool) -> None:
    spec = sampled(family, 1, seed=4)[0]
    built = space(family).build(spec)
    published = state(built, "a graph", weighted_first=weighted_first)
    if not weighted_first:
        # Edges count the weighted nodes first, whatever the order of the two lists.
        count = len(published["regular_nodes"])
        total = count + len(published["weighted_nodes"])
        published["edge_pairs"] = [
            ((a - count) % total, (b - count) % total) for a, b in published["edge_pairs"]
        ]
    name, graph = read_graph_file(write(tmp_path / "g.pkl", published, 3))
    assert (name, graph.hash) == ("a graph", built.hash)
    assert graph.flops() == built.flops()


def wrapped(builder: GraphBuilder, dilation: int, pads: tuple[int, int]) -> dict[str, Any]:
    """Return a graph of a dilated convolution, and it again, wrapped as TensorFlow wraps it."""
    x = builder.depthwise(builder.input, 3, dilation=dilation)
    graph = builder.finish(builder.dense(builder.mean(x), 10))
    published = state(graph, "dilated")
    size, channels = builder.shape(builder.input)[0], 3
    inner = (size + sum(pads)) // dilation
    out = inner - 2
    conv = published["weighted_nodes"][0]
    conv["metadata"]["dilations"] = (1, 1, 1, 1)
    conv["resolution"] = (inner, out, inner, out, channels, channels)
    split = {
        "class": "RegularNode", "str_id": "1|split", "op_type_idx": OP_INDEX["SpacetoBatchND"],
        "resolution": (size, inner, size, inner, channels, channels), "strides": None,
        "metadata": {"pad_h": pads, "pad_w": pads},
    }  # fmt: skip
    join = {
        **split, "str_id": "2|join", "op_type_idx": OP_INDEX["BatchtoSpaceND"],
        "resolution": (out, size, out, size, channels, channels), "metadata": None,
    }  # fmt: skip
    first = len(published["weighted_nodes"]) + len(published["regular_nodes"])
    published["regular_nodes"] += [split, join]
    edges = [(first + 1 if a == 0 else a, first if b == 0 else b)
             for a, b in published["edge_pairs"]]  # fmt: skip
    published["edge_pairs"] = [*edges, (first, 0), (0, first + 1)]
    return {"published": published, "graph": graph}


@pytest.mark.parametrize(
    ("size", "dilation", "pads"),
    [(8, 2, (2, 2)), (16, 2, (2, 2)), (9, 3, (3, 3)), (7, 2, (2, 3))],
)
def test_wrappers_of_a_dilated_convolution_are_folded(
    tmp_path: Path, size: int, dilation: int, pads: tuple[int, int]
) -> None:
    made = wrapped(GraphBuilder(size), dilation, pads)
    _, graph = read_graph_file(write(tmp_path / "g.pkl", made["published"]))
    assert graph.hash == made["graph"].hash
    assert graph.column("dilation").max() == dilation


def test_a_wrapper_whose_sizes_do_not_fit(tmp_path: Path) -> None:
    published = wrapped(GraphBuilder(8), 2, (2, 2))["published"]
    published["regular_nodes"][-2]["metadata"]["pad_h"] = (2, 3)
    with pytest.raises(DataError, match=r"g\.pkl: node '1\|split': resolution is .*divide"):
        read_graph_file(write(tmp_path / "g.pkl", published))


def test_what_does_nothing_and_reads_two(tmp_path: Path) -> None:
    published = wrapped(GraphBuilder(8), 2, (2, 2))["published"]
    last = len(published["weighted_nodes"]) + len(published["regular_nodes"]) - 1
    published["edge_pairs"].append((2, last))
    with pytest.raises(DataError, match="a node that does nothing has no single input"):
        read_graph_file(write(tmp_path / "g.pkl", published))


def test_identities_in_a_circle(tmp_path: Path) -> None:
    b = GraphBuilder(8)
    published = state(b.finish(b.dense(b.mean(b.input), 10)), "x")
    first = len(published["weighted_nodes"]) + len(published["regular_nodes"])
    node = {**published["regular_nodes"][0], "op_type_idx": OP_INDEX["Identity"]}
    published["regular_nodes"] += [node, node]
    published["edge_pairs"] += [(first, first + 1), (first + 1, first), (first, 0)]
    with pytest.raises(DataError, match="nodes that do nothing are on a cycle"):
        read_graph_file(write(tmp_path / "g.pkl", published))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda g: g["edge_pairs"].pop(), "the first node must be the Input"),
        (
            lambda g: g["regular_nodes"][1].update(resolution=(8, 8, 8, 8, 3, 4)),
            "keeps the shape of its",
        ),
        (lambda g: g["regular_nodes"][1].update(op_type_idx=27), "has no place in a graph"),
        (lambda g: g.update(edge_pairs=[]), "edge_pairs are pairs of node numbers"),
    ],
)
def test_graphs_that_are_no_networks(tmp_path: Path, edit: Any, message: str) -> None:
    b = GraphBuilder(8)
    published = state(b.finish(b.dense(b.mean(b.relu(b.input)), 10)), "x")
    edit(published)
    with pytest.raises(DataError, match=message) as caught:
        read_graph_file(write(tmp_path / "g.pkl", published))
    assert str(caught.value).startswith(str(tmp_path / "g.pkl"))


def test_what_is_no_graph(tmp_path: Path) -> None:
    for value, message in (({"a": 1}, "has no edge_pairs"), (5, "a ComputeGraph expected, not 5")):
        with pytest.raises(DataError, match=message):
            read_graph_file(write(tmp_path / "g.pkl", value))
    with pytest.raises(DataError, match="is not there"):
        read_graph_file(tmp_path / "none.pkl")
    with pytest.raises(DataError, match="is a folder"):
        read_graph_file(tmp_path)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built = space("hiaml").build(space("hiaml").parse("z-t31-src8-l20"))
    path = write(tmp_path / "best.pkl", state(built, "HiAML\x1b[2JNet7"))
    assert main(["graph", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert ArchGraph.from_dict(told).hash == told["hash"] == built.hash
    assert (told["id"], told["flops"], told["group"]) == (
        "HiAML[2JNet7",
        built.flops(),
        built.group,
    )
    assert main(["graph", str(path)]) == 0
    assert built.hash in capsys.readouterr().out
    for options in (["z-z-z-z"], ["--random"], ["--mutate", "1"], ["--depth", "1"],
                    ["--width", "0.5"], ["--resolution", "8"], ["--num-classes", "2"]):  # fmt: skip
        assert main(["graph", str(path), *options]) == 2
        assert "a file is no family to build from: leave out" in capsys.readouterr().err
    assert main(["graph", str(tmp_path / "none.pkl")]) == 2
    assert "is not there" in capsys.readouterr().err


NB201_BEST = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
    "|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
)
AUTOGO = {
    "hiaml_autogo": ("HiAML_AutoGO_Best", 76, "8bb4c7bd2307a8488c910f372cd15695", None),
    "hiaml_best": (
        "HiAMLNet4153", 107, "197f7be405932a2d3658db4bca813c63", ("hiaml", "src1-src1-r30-src3"),
    ),
    "nb201_best": (
        "NB201-Net1552", 290, "02129f9fd8039509639dfc6521e85c24",
        ("nb201", NB201_BEST),
    ),
    "resnet50": ("ResNet-V1-50", 152, "f889c8f8f93336d3fea31499f158f3e6", None),
    "vgg16_bn": ("VGG16_BN", 48, "7ad5a8cc085e5aea3574501d92023ac3", None),
}  # fmt: skip
"""File -> name, nodes and hash of its graph, and the architecture of a space that it is.

The two that are of a space were found by building all architectures of it; the others are of none.
"""


@pytest.mark.shared
@pytest.mark.parametrize("file", AUTOGO)
def test_the_graphs_of_autogo(file: str, shared: Path) -> None:
    name, nodes, digest, known = AUTOGO[file]
    found, graph = read_graph_file(shared / "samples" / "autogo" / f"{file}.pkl")
    assert (found, len(graph), graph.hash) == (name, nodes, digest)
    if known:
        family, text = known
        assert space(family).build(space(family).parse(text)).hash == digest
    assert sum(parameter.numel() for parameter in graph.to_torch().parameters()) == graph.params()


@pytest.mark.shared
def test_all_of_them_are_tried(shared: Path) -> None:
    assert {path.stem for path in (shared / "samples" / "autogo").glob("*.pkl")} == set(AUTOGO)
