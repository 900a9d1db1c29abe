from __future__ import annotations

import numpy as np
import pytest
import torch

import nape_bench
from nape_bench.errors import GraphError
from nape_bench.graph.cap import cap_maps

FAMILIES = ["ofa_pn", "ofa_mbv3", "ofa_resnet", "fbnet", "hiaml"]


def built(family: str, resolution: int):  # type: ignore[no-untyped-def]
    space = nape_bench.space(family)
    return space.build(space.example, width=0.125, resolution=resolution, num_classes=10)


@pytest.mark.parametrize("family", FAMILIES)
def test_maps_above_the_cap_shrink_to_it_and_all_else_stays(family: str) -> None:
    graph, capped = built(family, 64), cap_maps(built(family, 64), 16)
    assert capped.column("h_out").max() == 16
    assert capped.column("w_out")[0] == 16
    for name in ("op", "c_in", "c_out", "kernel_h", "groups", "bias", "dilation"):
        np.testing.assert_array_equal(capped.column(name), graph.column(name))
    np.testing.assert_array_equal(capped.edges, graph.edges)
    small = graph.column("h_in") <= 16
    for name in ("h_in", "h_out", "stride_h", "stride_w"):
        np.testing.assert_array_equal(capped.column(name)[small], graph.column(name)[small])
    assert capped.params() == graph.params()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_capped_network_runs(family: str) -> None:
    capped = cap_maps(built(family, 64), 16)
    assert capped.to_torch().eval()(torch.zeros(1, 3, 16, 16)).shape == (1, 10)


def test_a_cap_that_nothing_exceeds_changes_nothing() -> None:
    graph = built("hiaml", 32)
    assert cap_maps(graph, 32).hash == graph.hash


def test_five_halvings_leave_a_map_once_two_are_skipped() -> None:
    assert built("ofa_pn", 16).column("h_out")[-4] == 1
    assert cap_maps(built("ofa_pn", 64), 16).column("h_in")[-3] == 2


def test_a_cap_of_nothing_is_refused() -> None:
    with pytest.raises(GraphError, match="1 pixel or more, not 0"):
        cap_maps(built("hiaml", 32), 0)
