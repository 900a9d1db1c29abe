import numpy as np
import pytest
import torch

from nape_bench.errors import GraphError
from nape_bench.graph import GraphBuilder
from nape_bench.graph.joints import joints
from nape_bench.graph.pyramid import body_of, pyramid
from nape_bench.graph.torch_module import GraphModule
from nape_bench.spaces import space


def small_network():
    """Two stages: a residual one at 16 pixels, a strided inverted bottleneck to 8."""
    b = GraphBuilder(resolution=32)
    x = b.relu(b.batch_norm(b.conv(b.input, 8, 3, stride=2)))
    branch = b.batch_norm(b.conv(x, 8, 3))
    stage = b.relu(b.add(branch, x))
    wide = b.relu6(b.batch_norm(b.conv(stage, 24, 1)))
    narrow = b.batch_norm(b.conv(b.relu6(b.batch_norm(b.depthwise(wide, 3, 2))), 12, 1))
    features = b.relu(b.batch_norm(b.conv(narrow, 64, 1)))
    return b.finish(b.dense(b.mean(features), 10)), stage, narrow


def test_levels_end_before_the_expansion_of_what_follows() -> None:
    graph, stage, narrow = small_network()
    assert [tuple(level) for level in pyramid(graph)] == [(stage, 16, 8), (narrow, 8, 12)]


def test_joints_are_on_every_path() -> None:
    graph, stage, _ = small_network()
    found = joints(graph)
    ops = [graph.ops[node] for node in found]
    assert (ops[0], ops[-1]) == ("Input", "Output")
    assert stage in found
    assert ops.count("Add") == 1
    inside = stage - 2  # the branch that the first stage adds
    assert graph.ops[inside] == "BatchNorm"
    assert inside not in found


FAMILIES = "nb101 nb201 nb301 ofa_pn ofa_mbv3 ofa_resnet hiaml inception two_path nb_macro fbnet"


@pytest.mark.parametrize("name", FAMILIES.split())
def test_every_family_has_a_pyramid(name: str) -> None:
    family = space(name)
    graph = family.build(family.example)
    levels = pyramid(graph)
    sides = [level.side for level in levels]
    assert len(levels) >= 3
    assert sides == sorted(sides, reverse=True)
    assert all(graph.column("c_out")[level.node] == level.channels for level in levels)


def test_stages_of_once_for_all_families_end_in_their_last_block() -> None:
    family = space("ofa_mbv3")
    graph = family.build(family.example)
    ends = {nodes[-1] for nodes in family.parts(family.example).values()}
    levels = [level for level in pyramid(graph) if level.side <= 48]
    assert [level.side for level in levels] == [48, 24, 12, 6]
    assert {level.node for level in levels} <= ends
    assert [level.channels for level in levels] == [32, 48, 136, 192]


def test_body_gives_the_maps_that_the_classifier_is_of() -> None:
    graph, stage, narrow = small_network()
    levels = pyramid(graph)
    body = body_of(graph, levels)
    assert body.ops[-1] == "Output"
    assert len(body.ops) == narrow + 2
    assert body.flops() < graph.flops()
    torch.manual_seed(0)
    whole, part = graph.to_torch().eval(), GraphModule(body).eval()
    part.load_state_dict(whole.state_dict(), strict=False)
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        expected = whole.maps(images, [stage, narrow])
        found = part.maps(images, [stage, narrow])
        last = part(images)
    assert [maps.shape for maps in found] == [(2, 8, 16, 16), (2, 12, 8, 8)]
    assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
    assert torch.equal(last, found[-1])


def test_a_body_is_a_valid_graph_of_its_own() -> None:
    family = space("ofa_resnet")
    graph = family.build(family.example)
    body = body_of(graph, pyramid(graph))
    again = type(body)(np.array(body.nodes), np.array(body.edges))
    assert again.hash == body.hash


def test_cells_that_read_the_last_two_end_in_their_concat() -> None:
    family = space("nb301")
    graph = family.build(family.example)
    assert not [n for n in joints(graph)[1:] if graph.column("h_out")[n] in {32, 16}]
    levels = pyramid(graph)
    assert [(graph.ops[level.node], level.side, level.channels) for level in levels] == [
        ("Concat", 32, 192),
        ("Concat", 16, 384),
        ("Concat", 8, 768),
    ]


def test_a_path_of_two_is_no_level() -> None:
    family = space("two_path")
    graph = family.build(family.example)
    assert 8 in graph.column("h_out")  # inside each path
    assert [level.side for level in pyramid(graph)] == [32, 16, 4]


def test_a_graph_without_maps_has_no_pyramid() -> None:
    b = GraphBuilder(resolution=8)
    graph = b.finish(b.dense(b.mean(b.input), 3))
    with pytest.raises(GraphError, match="no square maps"):
        pyramid(graph)
