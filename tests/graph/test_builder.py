"""GraphBuilder: inferred shapes and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nape_bench.errors import GraphError
from nape_bench.graph import ArchGraph, GraphBuilder

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(("size", "stride", "out"), [(8, 2, 4), (7, 2, 4), (5, 3, 2), (1, 2, 1)])
def test_windows_have_same_padding(size: int, stride: int, out: int) -> None:
    b = GraphBuilder(size)
    assert b.shape(b.conv(b.input, 5, 3, stride)) == (out, out, 5)
    assert b.shape(b.avg_pool(b.input, 2, stride)) == (out, out, 3)


def test_uneven_kernels_and_strides() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 2, (1, 3), (1, 2))
    graph = b.finish(x)
    assert b.shape(x) == (8, 4, 2)
    row = graph.to_dict()["nodes"][1]
    assert (row["kernel_h"], row["kernel_w"], row["stride_h"], row["stride_w"]) == (1, 3, 1, 2)


def test_reading_less_than_there_is() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 6, 3)
    graph = b.finish(b.conv(x, 2, 1, 2, read=(7, 7, 4)))
    node = ArchGraph(graph.nodes, graph.edges).to_dict()["nodes"][2]
    assert (node["h_in"], node["w_in"], node["c_in"], node["h_out"]) == (7, 7, 4, 4)
    with pytest.raises(GraphError, match=r"node 1 \(Conv\) puts out \(8, 8, 6\), of which"):
        b.conv(x, 2, read=(6, 8, 6))


def test_elementwise_operations_slice_or_spread() -> None:
    b = GraphBuilder(8)
    x, y = b.conv(b.input, 6, 3), b.conv(b.input, 4, 3)
    assert b.shape(b.add(x, y)) == (8, 8, 4)
    gate = b.mean(x)
    assert b.shape(b.mul(gate, x)) == (8, 8, 6)
    with pytest.raises(GraphError, match="differ by more than one pixel"):
        b.add(gate, x)
    with pytest.raises(GraphError, match=r"Add\) needs two inputs"):
        b.add(x)
    with pytest.raises(GraphError, match="different heights"):
        b.concat(gate, x)


def test_a_node_that_nothing_reads_is_named() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 6, 3)
    b.relu(x)
    with pytest.raises(GraphError, match=r"node 2 \(ReLU\) is read by no other node"):
        b.finish(b.batch_norm(x))


def test_the_same_source_may_feed_two_slots() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 6, 3)
    graph = b.finish(b.add(x, x))
    assert graph.edges.tolist() == [[0, 1], [1, 2], [1, 2], [2, 3]]


def test_bad_arguments_are_refused() -> None:
    b = GraphBuilder(8)
    with pytest.raises(GraphError, match="groups=2 does not divide 3 input"):
        b.conv(b.input, 6, 3, groups=2)
    with pytest.raises(GraphError, match="must be positive"):
        b.conv(b.input, 6, 0)
    with pytest.raises(GraphError, match="'Mean' is no activation"):
        b.activation(b.input, "Mean")
    for resolution in (0, 40_000):
        with pytest.raises(
            GraphError, match=rf"node 0 \(Input\): h_in={resolution} is outside 1..32767"
        ):
            GraphBuilder(resolution)
    with pytest.raises(GraphError, match=r"node 1 \(MatMul\): c_out=0 is outside"):
        b.dense(b.input, 0)
    with pytest.raises(GraphError, match=r"node 1 \(Conv\): kernel_h=300 is outside"):
        b.conv(b.input, 6, 300)


def test_a_node_number_that_is_not_there_is_refused() -> None:
    b = GraphBuilder(8)
    with pytest.raises(GraphError, match=r"node 1 \(ReLU\) reads a negative node number"):
        b.finish(b.relu(-1))


def test_blocks_are_added_again() -> None:
    def block(b: GraphBuilder, x: int) -> int:
        left, right = b.relu(b.conv(x, 4, 3)), b.conv(x, 4)
        return b.add(left, right, x)

    one_by_one, again = GraphBuilder(8), GraphBuilder(8)
    x = block(one_by_one, one_by_one.conv(one_by_one.input, 4))
    expected = one_by_one.finish(block(one_by_one, block(one_by_one, x)))
    read = again.conv(again.input, 4)
    start = len(again)
    x = block(again, read)
    y = again.again(x, start, read, x)
    assert again.shape(y) == again.shape(x)
    assert again.finish(again.again(y, start + x - read, x, y)) == expected


def test_a_block_of_convolutions_is_added_again_for_other_channels() -> None:
    def block(b: GraphBuilder, x: int) -> int:
        return b.add(b.relu(b.conv(x, 4, 3)), b.conv(x, 4), b.conv(x, 4))

    one_by_one = GraphBuilder(8)
    x = block(one_by_one, one_by_one.conv(one_by_one.input, 6))
    expected = one_by_one.finish(block(one_by_one, x))
    for _ in range(2):  # looked up the second time
        again = GraphBuilder(8)
        read = again.conv(again.input, 6)
        x = block(again, read)
        assert again.finish(again.again(x, read + 1, read, x)) == expected


def test_a_block_is_not_added_again_for_another_shape() -> None:
    b = GraphBuilder(8)
    wide = b.conv(b.input, 6)
    small = b.conv(b.input, 6, stride=2)
    cut = b.conv(wide, 4, read=(8, 8, 5))
    relu = b.relu(wide)
    for start, read, x in ((cut, wide, cut), (relu, wide, cut), (wide, b.input, small)):
        with pytest.raises(GraphError, match=r"\(Conv\) cannot be read in place of node \d"):
            b.again(start, start, read, x)


def test_a_convolution_with_norm_and_activation_is_the_three_added_one_by_one() -> None:
    def graph(b: GraphBuilder, block: Callable[..., int]) -> ArchGraph:
        x = block(b.input, 6, 3)
        y = block(x, 4, 1, read=(8, 8, 4))
        return b.finish(b.add(y, block(x, 4, 1), block(y, 4, 3)))

    one_by_one = GraphBuilder(8)
    expected = graph(
        one_by_one,
        lambda *given, **read: one_by_one.relu(
            one_by_one.batch_norm(one_by_one.conv(*given, **read))
        ),
    )
    for _ in range(2):  # looked up the second time
        b = GraphBuilder(8)
        assert graph(b, b.conv_bn_relu) == expected
    with pytest.raises(GraphError, match="cannot be read"):
        b.conv_bn_relu(b.input, 4, 3, read=(8, 8, 4))
