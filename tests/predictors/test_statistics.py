"""Graph statistics, by hand on a small network and as a whole on real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.graph import GraphBuilder, GraphTable
from nape_bench.predictors.statistics import graph_statistics

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from tests.predictors.conftest import Labelled


def small() -> ArchGraph:
    """8x8 pixels: 3x3 convolution to 4 channels, twice itself plus a pooled 1x1, dense to 2."""
    b = GraphBuilder(8)
    x = b.conv(b.input, 4, 3, stride=2, bias=True)
    y = b.max_pool(b.conv(x, 4, 1), 3)
    return b.finish(b.dense(b.mean(b.add(x, x, y)), 2, bias=False))


def statistics(*graphs: ArchGraph) -> dict[str, np.ndarray]:
    values, names = graph_statistics(GraphTable.from_graphs(graphs))
    return dict(zip(names, values.T, strict=True))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nodes", 8),
        ("edges", 9),
        ("depth", 7),
        ("weighted_depth", 3),
        ("log_flops", np.log10(1 + 16 * 9 * 3 * 4 + 16 * 4 * 4 + 4 * 2)),
        ("log_params", np.log10(1 + 9 * 3 * 4 + 4 + 4 * 4 + 4 * 2)),
        ("log_activations", np.log10(1 + 16 * 4 + 16 * 4 + 2)),
        ("log_largest_activation", np.log10(1 + 16 * 4)),
        ("count_Conv", 2),
        ("count_Maxpool", 1),
        ("count_Mean", 1),
        ("count_ReLU", 0),
        ("residuals", 2),
        ("concat_inputs", 0),
        ("forks", 1),
        ("largest_fork", 3),
        ("doubled_edges", 1),
        # Edges span 1 level but for the two from the first convolution to the sum: 3 each.
        ("mean_span", 13 / 9),
        ("largest_span", 3),
        ("widest_level", 1),
        ("conv_square_3", 1),
        ("conv_1x1", 1),
        ("conv_oblong", 0),
        ("strided_conv", 1),
        ("strided_pool", 0),
        ("biased", 1),
        ("dilated", 0),
        ("channels_mean", (2 + 2 + 1) / 3),
        ("channels_deviation", np.std([2, 2, 1])),
        ("channels_largest", 2),
        ("channels_reduced", 2),
        ("expansion_mean", np.log2(4 / 3) / 2),
        ("height_input", 3),
        ("height_mean", (2 + 2 + 0) / 3),
        ("flops_share_conv_square", 1728 / 1992),
        ("flops_share_conv_1x1", 256 / 1992),
        ("flops_share_scale1", 1984 / 1992),
        ("flops_share_scale3", 8 / 1992),
        ("params_share_matmul", 8 / 136),
        ("conv_square_scale1", 1),
        ("pool_scale1", 1),
        ("add_scale0", 0),
    ],
)
def test_by_hand(name: str, expected: float) -> None:
    assert statistics(small())[name] == pytest.approx([expected])


def test_other_windows() -> None:
    b = GraphBuilder(16)
    x = b.conv(b.input, 8, (1, 3), stride=(1, 2))
    x = b.conv(x, 8, (3, 1), groups=4)
    x = b.depthwise(b.conv(x, 8, 3, dilation=2), 5, stride=2)
    x = b.conv(b.depthwise(x, 9), 8, 4)
    found = statistics(b.finish(b.dense(b.mean(x), 10)))
    wanted = {
        "conv_oblong": 2, "grouped": 1, "dilated": 1, "depthwise_5": 1, "depthwise_other": 1,
        "conv_square_3": 1, "conv_square_other": 1, "strided_conv": 1, "strided_depthwise": 1,
        "biased": 1, "weighted_depth": 7,
    }  # fmt: skip
    assert {name: found[name][0] for name in wanted} == wanted


def test_each_row_is_of_its_graph_alone(labelled: Labelled) -> None:
    graphs = labelled.graphs[:20]
    values, names = graph_statistics(graphs)
    assert values.shape == (20, len(names))
    assert values.dtype == np.float64
    assert np.isfinite(values).all()
    assert len(set(names)) == len(names)
    rows = [graph_statistics(graphs[i : i + 1])[0][0] for i in range(len(graphs))]
    np.testing.assert_allclose(values, np.stack(rows), rtol=1e-12)


def test_shares_add_up_and_kinds_are_all(labelled: Labelled) -> None:
    values, names = graph_statistics(labelled.graphs)
    for what in ("flops", "params"):
        by_scale = [i for i, name in enumerate(names) if name.startswith(f"{what}_share_scale")]
        np.testing.assert_allclose(values[:, by_scale].sum(axis=1), 1.0)
    kinds = ("conv_1x1", "conv_square", "conv_oblong", "depthwise", "matmul")
    by_kind = [names.index(f"flops_share_{kind}") for kind in kinds]
    np.testing.assert_allclose(values[:, by_kind].sum(axis=1), 1.0)


def test_a_graph_without_layers_has_no_shares() -> None:
    b = GraphBuilder(8)
    found = statistics(b.finish(b.relu(b.input)), small())
    assert found["log_flops"][0] == found["flops_share_scale0"][0] == found["channels_mean"][0] == 0
    assert all(np.isfinite(column).all() for column in found.values())
